//! The pass over params: defaults of their type, values from the command line, and what `when` compares.

use super::model::{Model, NodeId};
use super::{Findings, Input, messages};
use crate::diagnostic::suggest;
use crate::source::Span;
use crate::syntax::ast::{self, ParamKind, Value};

/// Judges the defaults and the values of `--set`, and gives every param its value.
pub(super) fn values<'a>(model: &mut Model<'a>, input: &Input<'a>, findings: &mut Findings) {
    for index in 0..model.params.len() {
        let declaration = model.params[index].declaration;
        choices(declaration, findings);
        let Some(default) = &declaration.default else { continue };
        if let Value::Text(text) = default
            && text.holes().next().is_some()
        {
            findings.add(messages::hole_in_declaration(text.span(), "param's default"));
            continue;
        }
        let written = model.sources.text(default.span());
        match fits(declaration, default, written) {
            Ok(value) => model.params[index].value = Some(value),
            Err(Misfit::Type) => {
                findings.add(messages::default_of_wrong_type(declaration, default.span(), written));
            }
            Err(Misfit::Choice) => {
                let choices = choices_of(declaration);
                let near = suggest::nearest(written.trim_matches('"'), choices.iter().copied());
                findings.add(messages::default_not_a_choice(
                    declaration,
                    default.span(),
                    written,
                    &choices,
                    near,
                ));
            }
        }
    }
    set(model, input, findings);
    let has_plan = model.header.is_some();
    if input.options.require_params && has_plan {
        for param in &model.params {
            if param.value.is_none() && param.declaration.default.is_none() && !param.is_set {
                findings.add(messages::missing_param(param.declaration, &example(param.declaration)));
            }
        }
    }
}

fn set<'a>(model: &mut Model<'a>, input: &Input<'a>, findings: &mut Findings) {
    let header = match model.header {
        Some(header) => header.statement.keyword().to(header.name.span()),
        None => Span::new(crate::source::FileId(0), 0, 0),
    };
    let mut strangers: Vec<&str> = Vec::new();
    for (name, value) in &input.options.set {
        let Some(index) = model.param_names.get(name.as_str()).copied() else {
            if strangers.contains(&name.as_str()) {
                continue;
            }
            strangers.push(name);
            let known: Vec<&str> = model.params.iter().map(|param| param.declaration.name.text).collect();
            let near = suggest::nearest(name, known.iter().copied());
            // Several strangers have one place, and each is a mistake of its own.
            findings.list.push(messages::unknown_set(header, name, &known, near));
            continue;
        };
        let declaration = model.params[index].declaration;
        match fits_text(declaration, value) {
            Ok(value) => {
                model.params[index].value = Some(value);
            }
            Err(Misfit::Type) => findings.add(messages::set_of_wrong_type(declaration, value)),
            Err(Misfit::Choice) => {
                let choices = choices_of(declaration);
                let near = suggest::nearest(value, choices.iter().copied());
                findings.add(messages::set_not_a_choice(declaration, value, &choices, near));
            }
        }
        model.params[index].is_set = true;
    }
}

fn choices(declaration: &ast::Param<'_>, findings: &mut Findings) {
    for (at, choice) in declaration.choices.iter().enumerate() {
        let Some(text) = choice.plain() else {
            findings.add(messages::hole_in_declaration(choice.span(), "param's choice"));
            continue;
        };
        let first = declaration.choices[..at].iter().find(|other| other.plain() == Some(text));
        if let Some(first) = first {
            findings.add(messages::repeated_value(choice.span(), first.span(), text));
        }
    }
}

/// The choices of `one of`.
pub(super) fn choices_of<'p>(declaration: &'p ast::Param<'_>) -> Vec<&'p str> {
    declaration.choices.iter().filter_map(|choice| choice.plain()).collect()
}

/// Why a value is none of a param's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Misfit {
    /// It is of another type.
    Type,
    /// It is not among the choices.
    Choice,
}

/// The value as `{{name}}` shows it, when it is one of the param's type.
pub(super) fn fits(declaration: &ast::Param<'_>, value: &Value<'_>, written: &str) -> Result<String, Misfit> {
    match (declaration.kind.value, value) {
        (ParamKind::Text | ParamKind::Path | ParamKind::OneOf, Value::Text(text)) => {
            fits_text(declaration, text.plain().unwrap_or(written))
        }
        (ParamKind::Integer | ParamKind::Number, Value::Number(_))
        | (ParamKind::Flag, Value::Flag(_))
        | (ParamKind::Duration, Value::Duration(_)) => fits_text(declaration, written),
        _ => Err(Misfit::Type),
    }
}

/// As [`fits`], of a value from the command line.
pub(super) fn fits_text(declaration: &ast::Param<'_>, value: &str) -> Result<String, Misfit> {
    let is_one = match declaration.kind.value {
        ParamKind::Text => true,
        ParamKind::Path => !value.trim().is_empty() && !value.contains('\0'),
        ParamKind::Integer => value.parse::<i64>().is_ok(),
        ParamKind::Number => number_of(value).is_some(),
        ParamKind::Flag => matches!(value, "true" | "false"),
        ParamKind::Duration => duration_of(value).is_some(),
        ParamKind::OneOf => {
            if !choices_of(declaration).contains(&value) {
                return Err(Misfit::Choice);
            }
            true
        }
    };
    if is_one { Ok(value.to_owned()) } else { Err(Misfit::Type) }
}

/// The number that a text writes; `5%` is 0.05.
fn number_of(text: &str) -> Option<f64> {
    let number = match text.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().ok()? / 100.0,
        None => text.parse::<f64>().ok()?,
    };
    number.is_finite().then_some(number)
}

/// The milliseconds that a text such as `1h30m` writes.
fn duration_of(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut total: f64 = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let amount: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        total += amount
            * match &rest[..letters] {
                "ms" => 1.0,
                "s" => 1_000.0,
                "m" => 60_000.0,
                "h" => 3_600_000.0,
                "d" => 86_400_000.0,
                _ => return None,
            };
        rest = &rest[letters..];
    }
    (!text.is_empty() && total.is_finite()).then_some(total as u64)
}

/// A value to show in `--set NAME=…`.
fn example(declaration: &ast::Param<'_>) -> String {
    match declaration.kind.value {
        ParamKind::OneOf => choices_of(declaration).first().unwrap_or(&"…").to_string(),
        ParamKind::Integer => "1".into(),
        ParamKind::Number => "0.5".into(),
        ParamKind::Flag => "true".into(),
        ParamKind::Duration => "30m".into(),
        ParamKind::Text | ParamKind::Path => "…".into(),
    }
}

/// The word of a type, as it is written in a declaration.
pub(super) fn type_word(kind: ParamKind) -> &'static str {
    match kind {
        ParamKind::Text => "text",
        ParamKind::Integer => "integer",
        ParamKind::Number => "number",
        ParamKind::Flag => "flag",
        ParamKind::Duration => "duration",
        ParamKind::Path => "path",
        ParamKind::OneOf => "one of",
    }
}

/// Judges a `when`: its param is there and can have the value.
pub(super) fn when<'a>(
    model: &Model<'a>,
    findings: &mut Findings,
    node: NodeId,
    param: &'a ast::Name<'a>,
    value: &'a Value<'a>,
) {
    let scope = model.node(node).scope;
    if model.variable(scope, param.text).is_some() {
        return;
    }
    let Some(index) = model.param_names.get(param.text).copied() else {
        if model.is_half_read(param.text) {
            return;
        }
        let known = super::texts::value_names(model, scope);
        let near = suggest::nearest(param.text, known.iter().copied());
        if let Some(index) = near.and_then(|near| model.param_names.get(near)) {
            findings.used.params.insert(*index);
        }
        findings.add(messages::unknown_param(param.span(), param.text, near));
        return;
    };
    findings.used.params.insert(index);
    let declaration = model.params[index].declaration;
    let written = model.sources.text(value.span());
    if let Value::Text(text) = value
        && text.holes().next().is_some()
    {
        return;
    }
    match fits(declaration, value, written) {
        Ok(_) => {}
        Err(Misfit::Type) => findings.add(messages::when_of_wrong_type(declaration, value.span(), written)),
        Err(Misfit::Choice) => {
            let choices = choices_of(declaration);
            let near = suggest::nearest(written.trim_matches('"'), choices.iter().copied());
            findings.add(messages::when_not_a_choice(declaration, value.span(), written, &choices, near));
        }
    }
}

/// Whether `when` holds for a node; none while the param has no value.
pub fn holds<'a>(
    model: &Model<'a>,
    node: NodeId,
    param: &ast::Name<'a>,
    is_equal: bool,
    value: &Value<'a>,
) -> Option<bool> {
    let scope = model.node(node).scope;
    let actual = model.value(scope, param.text)?;
    let wanted = match value {
        Value::Text(text) => model.text(scope, text).into_owned(),
        other => model.sources.text(other.span()).to_owned(),
    };
    let is_same = actual == wanted
        || match value {
            Value::Number(number) => number_of(actual) == Some(number.value),
            Value::Duration(duration) => duration_of(actual) == Some(duration.milliseconds),
            Value::Text(_) | Value::Flag(_) => false,
        };
    Some(is_same == is_equal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_numbers_of_the_command_line() {
        assert_eq!(duration_of("1h30m"), Some(5_400_000));
        assert_eq!(duration_of("500ms"), Some(500));
        assert_eq!(duration_of("30"), None);
        assert_eq!(duration_of(""), None);
        assert_eq!(duration_of("5 m"), None);
        assert_eq!(number_of("5%"), Some(0.05));
        assert_eq!(number_of("inf"), None);
    }
}
