//! Values: of the wrong type or unit, out of range, or in a form that means nothing.

use super::{list, or_near};
use crate::check::model::Resource;
use crate::check::params::type_word;
use crate::diagnostic::{Diagnostic, Edit, codes};
use crate::source::Span;
use crate::syntax::ast;

/// `workers 0`
pub(in crate::check) fn out_of_range(span: Span, what: &str, written: &str, range: &str) -> Diagnostic {
    Diagnostic::new(
        codes::OUT_OF_RANGE,
        format!("{what} cannot be `{written}`"),
        span,
        format!("goes from {range}"),
    )
    .help(format!("write a whole number from {range}"))
}

/// `timeout 0s`
pub(in crate::check) fn zero_duration(span: Span, what: &str) -> Diagnostic {
    Diagnostic::new(
        codes::OUT_OF_RANGE,
        format!("{what} of no time at all ends everything at once"),
        span,
        "no time",
    )
    .help("write a longer time, or remove it")
}

/// `40m..20m`
pub(in crate::check) fn upside_down(span: Span, written: &str, turned: &str) -> Diagnostic {
    Diagnostic::new(
        codes::UPSIDE_DOWN_RANGE,
        format!("the range `{written}` goes down"),
        span,
        "a range goes from the least to the most",
    )
    .help(format!("write `{turned}`"))
    .fix("turn the range round", vec![Edit { span, text: turned.to_owned() }], false)
}

/// `$2..200k tokens`
pub(in crate::check) fn mixed_units(span: Span, written: &str) -> Diagnostic {
    Diagnostic::new(
        codes::MIXED_UNITS,
        format!("`{written}` goes from money to tokens"),
        span,
        "both ends of a range are of one kind",
    )
    .help("write both ends in dollars, or both in tokens")
}

/// `budget $40, $50`
pub(in crate::check) fn unit_twice(span: Span, first: Span, what: &str) -> Diagnostic {
    Diagnostic::new(codes::MIXED_UNITS, format!("{what} is given twice in the same unit"), span, "the second")
        .label(first, "the first")
        .help("keep one of the two; the other may be of the other unit")
}

/// `budget $20..$40`
pub(in crate::check) fn range_for_limit(span: Span, written: &str) -> Diagnostic {
    let most = written.rsplit("..").next().unwrap_or(written).trim();
    Diagnostic::new(
        codes::RANGE_FOR_LIMIT,
        format!("a budget is a limit, and `{written}` is a range"),
        span,
        "where does it end?",
    )
    .help(format!("write the most that may be spent: `{most}`"))
}

/// `run ""`
pub(in crate::check) fn empty_text(span: Span, what: &str) -> Diagnostic {
    Diagnostic::new(codes::EMPTY_TEXT, format!("{what} is empty"), span, "nothing in here")
        .help("write something, or remove the statement")
}

/// A glob that does not parse
pub(in crate::check) fn bad_glob(span: Span, glob: &str, cause: &str) -> Diagnostic {
    Diagnostic::new(codes::BAD_GLOB, format!("`{glob}` is no pattern of paths: {cause}"), span, cause)
        .help("mend the pattern; `\\` before a character takes it for itself")
}

/// A regular expression that does not parse
pub(in crate::check) fn bad_regex(span: Span, pattern: &str, cause: &str) -> Diagnostic {
    Diagnostic::new(codes::BAD_REGEX, format!("`{pattern}` is no regular expression"), span, cause.to_owned())
        .help("mend the expression; `\\` before a character takes it for itself")
}

/// `at "errors"`
pub(in crate::check) fn bad_pointer(span: Span, written: &str) -> Diagnostic {
    let with = format!("/{}", written.replace('.', "/"));
    Diagnostic::new(
        codes::BAD_POINTER,
        format!("`{written}` is no JSON pointer"),
        span,
        "a pointer begins with `/`",
    )
    .help(format!("write `\"{with}\"`"))
    .fix("write a pointer", vec![Edit { span, text: format!("\"{with}\"") }], false)
}

/// `writes "/etc/hosts"`
pub(in crate::check) fn absolute_path(span: Span, path: &str) -> Diagnostic {
    Diagnostic::new(
        codes::PATH_OUTSIDE,
        format!("the claim `{path}` is an absolute path"),
        span,
        "claims are relative to the plan's directory",
    )
    .help("write the path from the directory of the plan file")
}

/// `writes "../x"`
pub(in crate::check) fn path_above(span: Span, path: &str) -> Diagnostic {
    Diagnostic::new(
        codes::PATH_OUTSIDE,
        format!("the claim `{path}` leads out of the plan's directory"),
        span,
        "above the directory of the plan file",
    )
    .help("move the plan file up to the directory that holds all it touches")
}

/// `writes "a.rs#"`
pub(in crate::check) fn empty_section(span: Span) -> Diagnostic {
    Diagnostic::new(codes::EMPTY_TEXT, "the section behind `#` is empty", span, "which part of the file?")
        .help("name the section, as in `\"src/mod.rs#routes\"`, or remove the `#`")
}

/// `uses gpu 9` of 8
pub(in crate::check) fn above_capacity(span: Span, amount: u64, resource: &Resource<'_>) -> Diagnostic {
    let (name, capacity) = (resource.name.text, resource.capacity);
    Diagnostic::new(
        codes::ABOVE_CAPACITY,
        format!("the task uses {amount} of `{name}`, and there is only {capacity}"),
        span,
        "more than there ever is: the task could never start",
    )
    .label(resource.capacity_span, format!("{capacity} in all"))
    .help(format!("use at most {capacity}, or raise the capacity"))
}

fn kind_of(param: &ast::Param<'_>) -> String {
    match param.kind.value {
        ast::ParamKind::OneOf => "a text in quotes".to_owned(),
        ast::ParamKind::Integer => "an integer".to_owned(),
        ast::ParamKind::Text => "a text in quotes".to_owned(),
        ast::ParamKind::Path => "a path in quotes".to_owned(),
        ast::ParamKind::Flag => "`true` or `false`".to_owned(),
        ast::ParamKind::Duration => "a length of time, such as `30m`".to_owned(),
        ast::ParamKind::Number => "a number".to_owned(),
    }
}

/// `param n integer = "x"`
pub(in crate::check) fn default_of_wrong_type(
    param: &ast::Param<'_>,
    span: Span,
    written: &str,
) -> Diagnostic {
    let (name, kind) = (param.name.text, type_word(param.kind.value));
    Diagnostic::new(
        codes::WRONG_TYPE,
        format!("the default `{written}` of `{name}` is not of its type `{kind}`"),
        span,
        "of another type",
    )
    .label(param.kind.span, "the type")
    .help(format!("write {}", kind_of(param)))
}

/// `param e one of "a", "b" = "c"`
pub(in crate::check) fn default_not_a_choice(
    param: &ast::Param<'_>,
    span: Span,
    written: &str,
    choices: &[&str],
    near: Option<&str>,
) -> Diagnostic {
    let message = format!("the default `{written}` of `{}` is not among its choices", param.name.text);
    let diagnostic = Diagnostic::new(codes::NOT_A_CHOICE, message, span, "not a choice")
        .label(param.kind.span, "the choices");
    choose(diagnostic, span, choices, near)
}

fn choose(diagnostic: Diagnostic, span: Span, choices: &[&str], near: Option<&str>) -> Diagnostic {
    let near = near.map(|near| format!("\"{near}\""));
    or_near(diagnostic, span, near.as_deref(), format!("choose {}", list(choices, "or")))
}

/// `--set n=x`
pub(in crate::check) fn set_of_wrong_type(param: &ast::Param<'_>, value: &str) -> Diagnostic {
    let (name, kind) = (param.name.text, type_word(param.kind.value));
    let help = kind_of(param).replace(" in quotes", "");
    Diagnostic::new(
        codes::WRONG_TYPE,
        format!("`--set {name}={value}` is not of the type `{kind}`"),
        param.name.span(),
        "the param that is set",
    )
    .label(param.kind.span, "its type")
    .help(format!("set it to {help}"))
}

/// `--set env=prd`
pub(in crate::check) fn set_not_a_choice(
    param: &ast::Param<'_>,
    value: &str,
    choices: &[&str],
    near: Option<&str>,
) -> Diagnostic {
    let name = param.name.text;
    let diagnostic = Diagnostic::new(
        codes::NOT_A_CHOICE,
        format!("`--set {name}={value}` is not among the choices of `{name}`"),
        param.name.span(),
        "the param that is set",
    )
    .label(param.kind.span, "the choices");
    match near {
        Some(near) => diagnostic.help(format!("say `--set {name}={near}`, if that is what you mean")),
        None => diagnostic.help(format!("choose {}", list(choices, "or"))),
    }
}

/// `when n == "x"` of an integer
pub(in crate::check) fn when_of_wrong_type(param: &ast::Param<'_>, span: Span, written: &str) -> Diagnostic {
    let (name, kind) = (param.name.text, type_word(param.kind.value));
    Diagnostic::new(
        codes::WRONG_TYPE,
        format!("`{name}` is of the type `{kind}`, which `{written}` never is"),
        span,
        "never equal",
    )
    .label(param.kind.span, "the type of the param")
    .help(format!("compare with {}", kind_of(param)))
}

/// `when env == "prd"`
pub(in crate::check) fn when_not_a_choice(
    param: &ast::Param<'_>,
    span: Span,
    written: &str,
    choices: &[&str],
    near: Option<&str>,
) -> Diagnostic {
    let message = format!("`{}` is never {written}", param.name.text);
    let diagnostic = Diagnostic::new(codes::NOT_A_CHOICE, message.replace('"', "`"), span, "not a choice")
        .label(param.kind.span, "the choices");
    choose(diagnostic, span, choices, near)
}

/// A param that a run needs and nobody has set
pub(in crate::check) fn missing_param(param: &ast::Param<'_>, example: &str) -> Diagnostic {
    let name = param.name.text;
    Diagnostic::new(
        codes::MISSING_PARAM,
        format!("the param `{name}` has no value"),
        param.name.span(),
        "no default, and not set",
    )
    .help(format!("set it on the command line: `--set {name}={example}`"))
}

/// A value twice in a `for` or in `one of`
pub(in crate::check) fn repeated_value(span: Span, first: Span, value: &str) -> Diagnostic {
    Diagnostic::new(codes::REPEATED_VALUE, format!("the value `{value}` is listed twice"), span, "again")
        .label(first, "the first")
        .help("remove one of the two")
}

/// `task fix-{{file}}` over `"src/a.rs"`
pub(in crate::check) fn value_not_in_name(
    span: Span,
    hole: &str,
    value: &str,
    given: Option<Span>,
) -> Diagnostic {
    let mut diagnostic = Diagnostic::new(
        codes::UNNAMEABLE_VALUE,
        format!("`{value}` cannot be part of a name"),
        span,
        format!("`{{{{{hole}}}}}` is filled in here"),
    );
    if let Some(given) = given {
        diagnostic = diagnostic.label(given, "only letters, digits, `_` and `-` make a name");
    }
    diagnostic.help("repeat over short names, and write what they stand for in the items")
}
