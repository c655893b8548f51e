//! Names: what is not there, there twice, there as something else, or there for nothing.

use super::{a, list, or_near};
use crate::check::model::{Model, Node, NodeId, NodeKind};
use crate::diagnostic::{Diagnostic, Edit, codes};
use crate::source::{FileId, SourceMap, Span};
use std::io;
use std::path::Path;

/// `after shcema`
pub(in crate::check) fn unknown_item(span: Span, name: &str, near: &[String]) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        codes::UNKNOWN_NAME,
        format!("nothing in this plan is called `{name}`"),
        span,
        "no task, wave, block or gate of this name",
    );
    match near {
        [] => diagnostic.help("name a task, wave, block or gate of this plan"),
        [only] => or_near(diagnostic, span, Some(only), ""),
        several => diagnostic.help(format!("write {}, if that is what you mean", list(several, "or"))),
    }
}

/// `after coder`, where `coder` is an agent
pub(in crate::check) fn name_of_other_kind(span: Span, name: &str, kind: &str, place: Span) -> Diagnostic {
    let what = a(kind);
    Diagnostic::new(
        codes::WRONG_KIND_OF_NAME,
        format!("`{name}` is {what}, and a task, wave, block or gate belongs here"),
        span,
        format!("{what}, not an item of the plan"),
    )
    .label(place, "declared here")
    .help("name a task, wave, block or gate")
}

/// A name that several items have, none nearer than the others
pub(in crate::check) fn ambiguous(
    model: &Model<'_>,
    span: Span,
    name: &str,
    several: &[NodeId],
) -> Diagnostic {
    let shown = &several[..several.len().min(crate::check::names::MOST_SHOWN)];
    let full: Vec<String> = shown.iter().map(|id| model.qualified(*id)).collect();
    let mut diagnostic = Diagnostic::new(
        codes::AMBIGUOUS_NAME,
        format!("`{name}` could be any of several items"),
        span,
        "which one is not clear",
    );
    for (id, full) in shown.iter().zip(&full) {
        diagnostic = diagnostic.label(model.place(*id), format!("`{full}`"));
    }
    diagnostic.help(format!("write {}", list(&full, "or")))
}

/// Two items of one name in one container
pub(in crate::check) fn duplicate_item(
    node: &Node<'_>,
    other: &Node<'_>,
    name: &str,
    container: Option<&str>,
) -> Diagnostic {
    let place = match container {
        Some(container) => format!("`{container}`"),
        None => "the plan".to_owned(),
    };
    Diagnostic::new(
        codes::DUPLICATE_NAME,
        format!("two items of {place} are called `{name}`"),
        node.name_span(),
        format!("a {} of this name again", node.kind.noun()),
    )
    .label(other.name_span(), format!("the first: a {}", other.kind.noun()))
    .help("rename one of them")
}

/// A name in a `for` that is the same at every turn
pub(in crate::check) fn repeated_name(node: &Node<'_>, name: &str, variable: &str) -> Diagnostic {
    Diagnostic::new(
        codes::DUPLICATE_NAME,
        format!("`for` makes more than one item called `{name}`"),
        node.name_span(),
        "the same name at more than one turn",
    )
    .help(format!("put the variable of the `for` into the name, as in `{name}-{{{{{variable}}}}}`"))
}

/// Two declarations of one name
pub(in crate::check) fn duplicate_declaration(name: &str, kind: &str, span: Span, first: Span) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        codes::DUPLICATE_NAME,
        format!("the {kind} `{name}` is declared twice"),
        span,
        "declared again here",
    )
    .label(first, "declared first here");
    match span.file == first.file {
        true => diagnostic.help("rename or remove one of them"),
        false => diagnostic
            .help(format!("rename one of the two {kind}s: files that use each other share their names")),
    }
}

/// Two outputs of one name in a task
pub(in crate::check) fn duplicate_output(span: Span, first: Span, name: &str) -> Diagnostic {
    Diagnostic::new(
        codes::DUPLICATE_NAME,
        format!("the task has two outputs called `{name}`"),
        span,
        "an output of this name again",
    )
    .label(first, "the first")
    .help("rename one of them")
}

/// `id "7"` twice
pub(in crate::check) fn duplicate_id(span: Span, first: Span, value: &str, is_repeated: bool) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        codes::DUPLICATE_ID,
        format!("two tasks have the id `{value}`"),
        span,
        "this id again",
    );
    match is_repeated {
        true => diagnostic.help("put the variable of the `for` into the id"),
        false => diagnostic.label(first, "the first task with it").help("give each task an id of its own"),
    }
}

/// `{{nmae}}`
pub(in crate::check) fn unknown_value(span: Span, name: &str, near: Option<&str>) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        codes::UNKNOWN_PARAM,
        format!("no param and no `for` variable is called `{name}`"),
        span,
        "nothing to fill in here",
    );
    match near {
        // The hole may be one of several in a name; only a person knows where to write it.
        Some(near) => diagnostic.help(format!("write `{{{{{near}}}}}`, if that is what you mean")),
        None => diagnostic.help(format!("declare it: `param {name} text`")),
    }
}

/// `{{verdict}}` for `{{review.verdict}}`
pub(in crate::check) fn unknown_value_but_output(span: Span, name: &str, output: &str) -> Diagnostic {
    Diagnostic::new(
        codes::UNKNOWN_PARAM,
        format!("no param and no `for` variable is called `{name}`"),
        span,
        "an output is named with its task",
    )
    .help(format!("write `{{{{{output}}}}}`, if that is what you mean"))
    .fix(format!("write `{output}`"), vec![Edit { span, text: output.to_owned() }], false)
}

/// `when evn == "prod"`
pub(in crate::check) fn unknown_param(span: Span, name: &str, near: Option<&str>) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        codes::UNKNOWN_PARAM,
        format!("no param is called `{name}`"),
        span,
        "`when` compares a param or a `for` variable",
    );
    or_near(diagnostic, span, near, format!("declare it: `param {name} text`"))
}

/// `--set evn=prod`
pub(in crate::check) fn unknown_set(
    header: Span,
    name: &str,
    known: &[&str],
    near: Option<&str>,
) -> Diagnostic {
    let message = format!("`--set {name}=…` sets a param that the plan does not have");
    let diagnostic = Diagnostic::new(codes::UNKNOWN_SET, message, header, "no such param in this plan");
    match (near, known) {
        (Some(near), _) => diagnostic.help(format!("say `--set {near}=…`, if that is what you mean")),
        (None, []) => diagnostic.help(format!("leave it out, or declare it: `param {name} text`")),
        (None, known) => diagnostic.help(format!("set {}", list(known, "or"))),
    }
}

/// `{{review.verdit}}`
pub(in crate::check) fn unknown_output(
    model: &Model<'_>,
    task: NodeId,
    span: Span,
    output: &str,
    known: &[&str],
    near: Option<&str>,
) -> Diagnostic {
    let name = model.shown(task);
    let diagnostic = Diagnostic::new(
        codes::UNKNOWN_OUTPUT,
        format!("the task `{name}` has no output called `{output}`"),
        span,
        "no such output",
    )
    .label(model.place(task), "the task");
    match (near, known) {
        (Some(near), _) => {
            diagnostic.help(format!("write `{{{{{name}.{near}}}}}`, if that is what you mean"))
        }
        (None, []) => diagnostic.help(format!("give the task an output: `output {output} from stdout`")),
        (None, known) => diagnostic.help(format!("name one that it has: {}", list(known, "or"))),
    }
}

/// `{{reviwe.verdict}}`
pub(in crate::check) fn unknown_task_of_output(
    span: Span,
    written: &str,
    task: &str,
    near: &[String],
) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        codes::UNKNOWN_NAME,
        format!("`{{{{{written}}}}}` names the output of a task `{task}`, and there is none"),
        span,
        "no task of this name",
    );
    let output = written.rsplit('.').next().unwrap_or("");
    match near {
        [] => diagnostic.help("name a task of this plan, and one of its outputs"),
        [near, ..] => {
            let full = format!("{near}.{output}");
            diagnostic.help(format!("write `{{{{{full}}}}}`, if that is what you mean")).fix(
                format!("write `{full}`"),
                vec![Edit { span, text: full }],
                false,
            )
        }
    }
}

/// `{{review}}` or `{{wave.task}}`
pub(in crate::check) fn hole_names_item(model: &Model<'_>, item: NodeId, span: Span) -> Diagnostic {
    let (kind, name) = (model.node(item).kind, model.shown(item));
    let diagnostic = Diagnostic::new(
        codes::NOT_A_VALUE,
        format!("`{name}` is a {}, which has no text to fill in", kind.noun()),
        span,
        "a param, a `for` variable or an output belongs here",
    )
    .label(model.place(item), format!("the {}", kind.noun()));
    let output = match kind {
        NodeKind::Task(_) => model.outputs(item).next().map(|output| output.text),
        _ => None,
    };
    match (kind, output) {
        (_, Some(output)) => diagnostic.help(format!("name its output: `{{{{{name}.{output}}}}}`")),
        (NodeKind::Task(_), None) => {
            diagnostic.help("give the task an output, and name that: `output result from stdout`")
        }
        _ => diagnostic.help("name the output of a task in it"),
    }
}

/// A task that uses what it only hands on
pub(in crate::check) fn own_output(span: Span, written: &str) -> Diagnostic {
    Diagnostic::new(
        codes::OWN_OUTPUT,
        format!("the task uses its own output `{written}`"),
        span,
        "not there before the task has ended",
    )
    .help("use the output in a task that comes after this one")
}

/// An output where the text is needed before anything runs
pub(in crate::check) fn output_too_early(span: Span, written: &str, what: &str) -> Diagnostic {
    let written = written.trim_matches(['{', '}']).trim();
    Diagnostic::new(
        codes::MISPLACED_HOLE,
        format!("`{{{{{written}}}}}` stands in {what}, which must be known before anything runs"),
        span,
        "an output is known only when its task has ended",
    )
    .help("use a param or a `for` variable, or use the output in the task's own command or prompt")
}

/// `use "{{lib}}.wave"`
pub(in crate::check) fn use_with_hole(span: Span) -> Diagnostic {
    Diagnostic::new(
        codes::MISPLACED_HOLE,
        "the path of a `use` has a hole, and files are read before params are known",
        span,
        "a path without holes belongs here",
    )
    .help("write the path out")
}

/// `agent {{x}} { … }`
pub(in crate::check) fn hole_in_declaration(span: Span, kind: &str) -> Diagnostic {
    Diagnostic::new(
        codes::MISPLACED_HOLE,
        format!("a {kind} is declared with a hole, and nothing is there yet to fill it"),
        span,
        "written out here",
    )
    .help("write it without a hole")
}

/// `agent codr`
pub(in crate::check) fn unknown_agent(
    span: Span,
    name: &str,
    near: Option<&str>,
    found: &[(String, &str)],
    item: Option<&str>,
) -> Diagnostic {
    let here = match item {
        Some(kind) => format!("that is {}, not an agent", a(kind)),
        None => "no such agent".to_owned(),
    };
    let mut diagnostic =
        Diagnostic::new(codes::UNKNOWN_AGENT, format!("no agent is called `{name}`"), span, here);
    if !found.is_empty() && near.is_none() {
        let homes: std::collections::BTreeSet<&str> = found.iter().map(|(_, home)| *home).collect();
        for home in homes {
            let names: Vec<&String> =
                found.iter().filter(|(_, at)| *at == home).map(|(name, _)| name).collect();
            let shown = list(&names[..names.len().min(8)], "and");
            diagnostic = diagnostic.note(format!("`{home}` has {shown}"));
        }
    }
    let declare = format!("declare it: `agent {name} {{ driver … }}`, or write `.claude/agents/{name}.md`");
    or_near(diagnostic, span, near, declare)
}

/// `.claude/agents/NAME.md` that cannot be used
pub(in crate::check) fn bad_agent_file(
    span: Span,
    name: &str,
    path: &Path,
    cause: &str,
    help: String,
) -> Diagnostic {
    Diagnostic::new(
        codes::BAD_AGENT_FILE,
        format!("the agent `{name}` is defined in `{}`, but {cause}", path.display()),
        span,
        "this agent",
    )
    .help(help)
}

/// `uses gpus`
pub(in crate::check) fn unknown_resource(span: Span, name: &str, near: Option<&str>) -> Diagnostic {
    let message = format!("no resource is called `{name}`");
    let diagnostic = Diagnostic::new(codes::UNKNOWN_RESOURCE, message, span, "no such resource");
    or_near(diagnostic, span, near, format!("declare it at the end of the plan: `resource {name} 1`"))
}

/// `env X from secret tokn`
pub(in crate::check) fn unknown_secret(span: Span, name: &str, near: Option<&str>) -> Diagnostic {
    let message = format!("no secret is called `{name}`");
    let diagnostic = Diagnostic::new(codes::UNKNOWN_SECRET, message, span, "no such secret");
    or_near(diagnostic, span, near, format!("declare it: `secret {name} from env \"…\"`"))
}

/// `check buidls`
pub(in crate::check) fn unknown_criterion(span: Span, name: &str, near: Option<&str>) -> Diagnostic {
    let message = format!("no criterion is called `{name}`");
    let diagnostic = Diagnostic::new(codes::UNKNOWN_CRITERION, message, span, "no such criterion");
    or_near(diagnostic, span, near, format!("declare it: `criterion {name} \"…\" runs \"…\"`"))
}

/// `driver cluade`
pub(in crate::check) fn unknown_driver(
    span: Span,
    name: &str,
    near: Option<&str>,
    known: &[&str],
) -> Diagnostic {
    let message = format!("wavec has no driver `{name}`");
    let diagnostic = Diagnostic::new(codes::UNKNOWN_DRIVER, message, span, "no such driver");
    or_near(diagnostic, span, near, format!("write {}", list(known, "or")))
}

/// A param, agent or the like that nothing refers to
fn unused(kind: &str, span: Span, name: &str, help: String) -> Diagnostic {
    let message = format!("the {kind} `{name}` is never used");
    Diagnostic::new(codes::UNUSED_DECLARATION, message, span, "nothing refers to it").help(help)
}

/// A param that no hole and no `when` names
pub(in crate::check) fn unused_param(span: Span, name: &str) -> Diagnostic {
    unused("param", span, name, format!("use it as `{{{{{name}}}}}` or in `when {name} == …`, or remove it"))
}

/// An agent that no task and no criterion names
pub(in crate::check) fn unused_agent(span: Span, name: &str) -> Diagnostic {
    unused("agent", span, name, format!("name it where it works: `agent {name}`, or remove it"))
}

/// A resource that no task uses
pub(in crate::check) fn unused_resource(span: Span, name: &str) -> Diagnostic {
    unused("resource", span, name, format!("say `uses {name}` in the tasks that need it, or remove it"))
}

/// A secret that no task gets
pub(in crate::check) fn unused_secret(span: Span, name: &str) -> Diagnostic {
    unused("secret", span, name, format!("hand it on with `env NAME from secret {name}`, or remove it"))
}

/// A criterion that no block cites
pub(in crate::check) fn unused_criterion(span: Span, name: &str) -> Diagnostic {
    unused("criterion", span, name, format!("cite it with `check {name}`, or remove it"))
}

/// `use "lib.wave"` that cannot be read
pub(in crate::check) fn use_not_found(
    span: Span,
    path: &Path,
    error: &io::Error,
    near: Option<&str>,
) -> Diagnostic {
    let path = path.display();
    let diagnostic = match error.kind() {
        io::ErrorKind::NotFound => Diagnostic::new(
            codes::USE_NOT_FOUND,
            format!("the library `{path}` is not there"),
            span,
            "looked for beside the file that uses it",
        ),
        _ => {
            let cause = error.to_string();
            let cause = cause.split(" (os error").next().unwrap_or("").to_lowercase();
            let message = format!("the library `{path}` cannot be read: {cause}");
            Diagnostic::new(codes::USE_NOT_FOUND, message, span, "used here")
        }
    };
    match (near, error.kind()) {
        (Some(near), _) => diagnostic.help(format!("use `{near}`, which is there, if that is what you mean")),
        (None, io::ErrorKind::NotFound) => diagnostic.help("write the path from the file that it stands in"),
        (None, io::ErrorKind::InvalidData) => diagnostic.help("save the library as UTF-8"),
        _ => diagnostic.help("make the file readable"),
    }
}

/// Files that use each other
pub(in crate::check) fn use_cycle(sources: &SourceMap, chain: &[(FileId, Option<Span>)]) -> Diagnostic {
    let name = |file: FileId| sources.file(file).path().display().to_string();
    let uses: Vec<(FileId, Span)> = chain.iter().filter_map(|(file, span)| Some((*file, (*span)?))).collect();
    let (last, span) = *uses.last().expect("BUG: a cycle has a use");
    let mut way: Vec<String> = uses.iter().map(|(file, _)| name(*file)).collect();
    way.push(way[0].clone());
    let first = uses[0].0;
    let message = match uses.len() {
        1 => format!("`{}` uses itself", name(first)),
        _ => format!("`{}` uses `{}`, which leads back to it", name(last), name(first)),
    };
    let mut diagnostic = Diagnostic::new(codes::USE_CYCLE, message, span, "the circle closes here");
    for (file, place) in &uses[..uses.len() - 1] {
        diagnostic = diagnostic.label(*place, format!("`{}` leads here", name(*file)));
    }
    diagnostic.note(format!("the circle: {}", list(&way, "→").replace(", ", " → "))).help(match uses.len() {
        1 => "remove the `use`",
        _ => "move what the files share into a library of its own",
    })
}

/// Libraries that use libraries without end
pub(in crate::check) fn use_too_deep(span: Span, limit: usize) -> Diagnostic {
    Diagnostic::new(
        codes::USE_CYCLE,
        format!("libraries use libraries more than {limit} deep"),
        span,
        "one too many",
    )
    .help("use the libraries from the plan itself")
}

/// A `for` variable that hides another name
pub(in crate::check) fn hidden_name(span: Span, name: &str, kind: &str, first: Span) -> Diagnostic {
    Diagnostic::new(
        codes::HIDDEN_NAME,
        format!("the `for` variable `{name}` hides another `{name}`"),
        span,
        "in here, this one is meant",
    )
    .label(first, format!("the {kind} that is hidden"))
    .help("rename the variable")
}
