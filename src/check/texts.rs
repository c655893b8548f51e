//! Which texts a statement has, and when each must be known: before the run, or only when its task starts.
//!
//! One walk for everything that looks into texts: holes, outputs, edges.

use super::model::{Model, NodeId, ScopeId};
use super::names::Hole;
use super::{Findings, messages};
use crate::diagnostic::suggest;
use crate::syntax::ast::{self, Command, EnvValue, OutputSource, StatementKind, TestKind, Text};

/// When a text must be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Time {
    /// When its task, criterion or gate starts: outputs of other tasks may stand in it.
    Start,
    /// Before anything runs; with the words for what it is.
    Before(&'static str),
}

/// Whether some text in a body, or deeper, is no statement.
pub(super) fn has_junk(body: &ast::Body<'_>) -> bool {
    body.statements.iter().any(|statement| match &statement.kind {
        StatementKind::Junk => true,
        kind => body_of(kind).is_some_and(has_junk),
    })
}

/// The body of a statement that has one.
pub(super) fn body_of<'t, 's>(kind: &'t StatementKind<'s>) -> Option<&'t ast::Body<'s>> {
    match kind {
        StatementKind::Agent { body, .. } | StatementKind::For { body, .. } => Some(body),
        StatementKind::Preflight(body)
        | StatementKind::Success(body)
        | StatementKind::Rollback(body)
        | StatementKind::Finally(body) => Some(body),
        StatementKind::Wave(wave) => Some(&wave.body),
        StatementKind::Block(block) => Some(&block.body),
        StatementKind::Task(task) => Some(&task.body),
        StatementKind::Gate(gate) => Some(&gate.body),
        _ => None,
    }
}

/// Shows every text of a statement of a task's, group's or agent's body. `is_task`: settings such as `env` are the
/// task's own, and known only when it starts.
pub(super) fn of_statement<'t, 's>(
    kind: &'t StatementKind<'s>,
    is_task: bool,
    show: &mut dyn FnMut(&'t Text<'s>, Time),
) {
    let at_start = if is_task { Time::Start } else { Time::Before("a setting of more than one task") };
    match kind {
        StatementKind::Env { value, .. } => {
            if let EnvValue::Text(text) = &**value {
                show(text, at_start);
            }
        }
        StatementKind::Directory(text) => show(text, Time::Before("a directory")),
        StatementKind::Shell(text) => show(text, Time::Before("a shell")),
        StatementKind::Because(text) => show(text, Time::Before("a reason")),
        StatementKind::Id(text) => show(text, Time::Before("an id")),
        StatementKind::When { value, .. } => {
            if let ast::Value::Text(text) = &**value {
                show(text, Time::Before("a condition"));
            }
        }
        StatementKind::Run(command) => of_command(command, at_start, show),
        StatementKind::Prompt { text, .. } => show(text, Time::Start),
        StatementKind::Approve(approve) => of_approve(approve, show),
        StatementKind::Claim(claim) => {
            let all = claim.paths.iter().chain(&claim.except);
            all.for_each(|text| show(text, Time::Before("a claim")));
        }
        StatementKind::Output { source, .. } => {
            if let OutputSource::File(text) = &**source {
                show(text, Time::Start);
            }
        }
        StatementKind::Model(text) => show(text, Time::Before("a model")),
        StatementKind::Instructions(text) => show(text, Time::Before("a path of instructions")),
        StatementKind::Allow(texts) | StatementKind::Deny(texts) => {
            texts.iter().for_each(|text| show(text, Time::Before("a tool")));
        }
        StatementKind::Check(check) => {
            if let Some(title) = &check.title {
                show(title, Time::Before("a title"));
            }
            if let Some(test) = &check.test {
                of_test(&test.kind, show);
            }
        }
        StatementKind::Success(body) => {
            body.statements.iter().for_each(|inner| of_statement(&inner.kind, is_task, show));
        }
        _ => {}
    }
}

fn of_approve<'t, 's>(approve: &'t ast::Approve<'s>, show: &mut dyn FnMut(&'t Text<'s>, Time)) {
    show(&approve.question, Time::Start);
    if let Some(by) = &approve.by {
        show(by, Time::Before("a person's name"));
    }
}

fn of_command<'t, 's>(command: &'t Command<'s>, time: Time, show: &mut dyn FnMut(&'t Text<'s>, Time)) {
    match command {
        Command::Shell(text) => show(text, time),
        Command::Program(program) => program.words.iter().for_each(|text| show(text, time)),
    }
}

/// Shows every text of a test.
pub(super) fn of_test<'t, 's>(kind: &'t TestKind<'s>, show: &mut dyn FnMut(&'t Text<'s>, Time)) {
    let pattern = Time::Before("a regular expression");
    match kind {
        TestKind::Runs { command, prints, .. } => {
            of_command(command, Time::Start, show);
            if let Some(prints) = prints {
                show(prints, pattern);
            }
        }
        TestKind::Exists(glob) | TestKind::Missing(glob) => show(glob, Time::Start),
        TestKind::Contains { pattern: text, glob } | TestKind::Lacks { pattern: text, glob } => {
            show(text, pattern);
            show(glob, Time::Start);
        }
        TestKind::ValueAt { file, pointer, .. } => {
            show(file, Time::Start);
            show(pointer, Time::Before("a pointer"));
        }
        TestKind::ValueOf { command, .. } => of_command(command, Time::Start, show),
        TestKind::Judged { question, .. } => show(question, Time::Start),
        TestKind::Manual | TestKind::Named(_) => {}
    }
}

/// The names that `{{…}}` may hold at a place: `for` variables, inmost first, and params.
pub(super) fn value_names<'m>(model: &'m Model<'_>, scope: ScopeId) -> Vec<&'m str> {
    let mut names = Vec::new();
    let mut at = scope;
    while at != ScopeId(0) {
        let scope = &model.scopes[at.0 as usize];
        names.push(scope.variable);
        at = scope.parent;
    }
    names.extend(model.params.iter().map(|param| param.declaration.name.text));
    names
}

/// Checks the holes of a text that must be known before anything runs and that belongs to no item:
/// only params and `for` variables may stand in it.
pub(super) fn early<'a>(
    model: &Model<'a>,
    findings: &mut Findings,
    scope: ScopeId,
    text: &Text<'a>,
    what: &'static str,
) {
    for reference in text.holes() {
        if let Some(name) = reference.single() {
            let name = model.filled_name(scope, name.text);
            if model.variable(scope, &name).is_some() {
                continue;
            }
            if let Some(index) = model.param_names.get(&*name) {
                findings.used.params.insert(*index);
                continue;
            }
            if model.is_half_read(&name) {
                continue;
            }
            let known = value_names(model, scope);
            let near = suggest::nearest(&name, known.iter().copied()).map(str::to_owned);
            use_param(model, findings, near.as_deref());
            findings.add(messages::unknown_value(reference.span(), &name, near.as_deref()));
        } else {
            findings.add(messages::output_too_early(
                reference.span(),
                model.sources.text(reference.span()),
                what,
            ));
        }
    }
}

/// Marks a param as used: it is what a wrong name most likely meant.
fn use_param(model: &Model<'_>, findings: &mut Findings, name: Option<&str>) {
    if let Some(index) = name.and_then(|name| model.param_names.get(name)) {
        findings.used.params.insert(*index);
    }
}

/// Checks one text of an item and gives the outputs that it uses.
pub(super) fn holes<'a>(
    model: &Model<'a>,
    findings: &mut Findings,
    node: NodeId,
    text: &Text<'a>,
    time: Time,
    mut used: impl FnMut(NodeId, crate::source::Span),
) {
    let scope = model.node(node).scope;
    for reference in text.holes() {
        let span = reference.span();
        let written = || model.parts(scope, reference).join(".");
        match model.hole(node, reference) {
            Hole::Value(_) | Hole::Unset(_) => {
                if let Some(name) = reference.single() {
                    let name = model.filled_name(scope, name.text);
                    if model.variable(scope, &name).is_none() {
                        use_param(model, findings, Some(&name));
                    }
                }
            }
            Hole::Output(task, _) if task == node => findings.add(messages::own_output(span, &written())),
            Hole::Output(task, _) => match time {
                Time::Start => used(task, span),
                Time::Before(what) => findings.add(messages::output_too_early(span, &written(), what)),
            },
            // The output may stand in what could not be read.
            Hole::NoOutput(task) if has_junk(model.node(task).body()) => {}
            Hole::NoOutput(task) => {
                let wanted = written();
                let wanted = wanted.rsplit('.').next().unwrap_or("");
                let known: Vec<&str> = model.outputs(task).map(|name| name.text).collect();
                let near = suggest::nearest(wanted, known.iter().copied());
                findings.add_to_order(messages::unknown_output(model, task, span, wanted, &known, near));
            }
            Hole::Item(item) => findings.add_to_order(messages::hole_names_item(model, item, span)),
            Hole::Several(several) => {
                findings.add_to_order(messages::ambiguous(model, span, &written(), &several));
            }
            Hole::Unknown => unknown(model, findings, node, reference),
        }
    }
}

fn unknown<'a>(model: &Model<'a>, findings: &mut Findings, node: NodeId, reference: &ast::Reference<'a>) {
    let scope = model.node(node).scope;
    let parts = model.parts(scope, reference);
    let written = parts.join(".");
    match &parts[..] {
        [name] if model.is_half_read(name) => {}
        [name] => {
            let known = value_names(model, scope);
            let near = suggest::nearest(name, known.iter().copied()).map(str::to_owned);
            use_param(model, findings, near.as_deref());
            // `{{verdict}}` for `{{review.verdict}}`.
            let output = match near {
                None if findings.may_search() => output_called(model, name),
                _ => None,
            };
            let finding = match output {
                Some(full) => messages::unknown_value_but_output(reference.span(), name, &full),
                None => messages::unknown_value(reference.span(), name, near.as_deref()),
            };
            findings.add_to_order(finding);
        }
        [task @ .., output] => {
            let task = task.join(".");
            if model.is_half_read(&task) {
                return;
            }
            let mut near = super::references::near_items(model, findings, &task, |kind| kind.is_task());
            // A task that has such an output before one that is merely called so; and any that has it, where none is.
            near.sort_by_key(|near| !has_output(model, near, output));
            if near.is_empty() && findings.may_search() {
                let full = output_called(model, output);
                near.extend(full.and_then(|full| Some(full.rsplit_once('.')?.0.to_owned())));
            }
            findings.add_to_order(messages::unknown_task_of_output(reference.span(), &written, &task, &near));
        }
        [] => {}
    }
}

/// Whether the task that is called so from anywhere has an output of that name.
fn has_output(model: &Model<'_>, task: &str, output: &str) -> bool {
    let last = task.rsplit('.').next().unwrap_or(task);
    let mut called = model.called(last).iter().filter(|id| model.qualified(**id) == task);
    called.any(|id| model.outputs(*id).any(|name| name.text == output))
}

/// The first output of that name in the plan, with its task.
fn output_called(model: &Model<'_>, name: &str) -> Option<String> {
    let tasks = model.node_ids().filter(|id| model.node(*id).kind.is_task());
    let mut found = tasks.filter(|id| model.outputs(*id).any(|output| output.text == name));
    found.next().map(|id| format!("{}.{name}", model.qualified(id)))
}
