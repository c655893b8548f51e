//! What a person should know of the thing under the cursor.
//!
//! Markdown. What needs the order or the time is told from the last plan that could be made.

mod derived;

use super::index::{Symbol, SymbolKind};
use super::mentions::{Mention, Role, mentions};
use super::reference::{self, Inner};
use super::{Analysis, Planned, around, words};
use crate::check::Loader;
use crate::plan::{Action, GateId, GroupId, Plan, StepId, StepKind, TaskId};
use crate::source::{FileId, Span};
use crate::syntax::ast::{Statement, StatementKind, Text};
use crate::syntax::{self, vocabulary};
use derived::Subject;
use std::fmt::Write as _;
use std::time::Duration;

/// What is shown, and for which place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    /// The place that it is about.
    pub span: Span,
    /// Markdown.
    pub text: String,
}

/// What there is to say of a place. `planned` is the last plan that could be made.
pub fn hover(
    analysis: &Analysis,
    planned: Option<&Planned>,
    file: FileId,
    offset: usize,
    loader: &dyn Loader,
) -> Option<Hover> {
    let subject = |around| Subject { analysis, planned, loader, around };
    if let Some(found) = analysis.index.at(file, offset) {
        let symbol = analysis.index.symbol(found.symbol);
        let mut text = of_symbol(analysis, planned, symbol);
        if symbol.kind == SymbolKind::Task && planned.is_none() {
            text.push_str(&written(analysis, symbol));
        }
        if symbol.kind == SymbolKind::Criterion
            && let Some(said) = subject(&[]).of_criterion(symbol)
        {
            let _ = write!(text, "\n{said}");
        }
        return Some(Hover { span: found.span, text });
    }
    let source = analysis.sources.file(file);
    let parsed = syntax::parse_around(file, source.text(), offset);
    let around = around(source.text(), &parsed, offset);
    let statement = *around.statements.last()?;
    let subject = subject(&around.statements);
    let mut text: Option<(&Text, Role)> = None;
    mentions(statement, &mut |mention| {
        if let Mention::Text(found, role) = mention
            && found.span().touches(offset)
        {
            text = Some((found, role));
        }
    });
    if let Some((text, Role::Claim | Role::Glob)) = text {
        return Some(Hover { span: text.span(), text: subject.glob(text)? });
    }
    let derived = subject.derived();
    let with_derived = |mut text: String| {
        if let Some(derived) = &derived {
            let _ = write!(text, "\n\n---\n\n{derived}");
        }
        text
    };
    if statement.keyword().touches(offset) {
        return Some(Hover { span: statement.keyword(), text: with_derived(of_keyword(statement)?) });
    }
    if text.is_none()
        && let Some((inner, span)) = inner(source.text(), statement, offset)
    {
        return Some(Hover { span, text: with_derived(of_inner(inner)) });
    }
    if let Some(text) = derived {
        return Some(Hover { span: head(source.text(), statement), text });
    }
    let (span, text) = length(source.text(), statement, offset).filter(|_| text.is_none())?;
    Some(Hover { span, text })
}

/// What is written of a task, where there is no plan to tell what it means.
fn written(analysis: &Analysis, symbol: &Symbol) -> String {
    let source = analysis.sources.file(symbol.span.file);
    let parsed = syntax::parse(symbol.span.file, source.text());
    let around = around(source.text(), &parsed.file, symbol.span.start as usize);
    let mut bodies = vec![&parsed.file.body];
    bodies.extend(around.statements.iter().filter_map(|statement| statement.kind.body()));
    let mut text = String::new();
    let settings = bodies.iter().rev().flat_map(|body| &body.statements);
    let agent = settings.into_iter().find_map(|statement| match &statement.kind {
        StatementKind::AgentRef(name) => Some(name.text),
        _ => None,
    });
    let own = bodies.last().map_or(&[][..], |body| &body.statements);
    if own.iter().any(|statement| matches!(statement.kind, StatementKind::Run(_))) {
        text.push_str("\n- done by: a command");
    } else if let Some(agent) = agent {
        let _ = write!(text, "\n- done by: agent `{agent}`");
    }
    for statement in own {
        let is_told = matches!(
            statement.kind,
            StatementKind::After { .. }
                | StatementKind::Estimate(_)
                | StatementKind::Cost(_)
                | StatementKind::Claim(_)
        );
        let written = analysis.sources.text(statement.span);
        if let Some((keyword, rest)) = written.split_once(' ').filter(|_| is_told && !written.contains('\n'))
        {
            let _ = write!(text, "\n- {keyword}: {}", rest.trim());
        }
    }
    text.push_str("\n\n*Who runs beside it, and when, is told once its order has no mistake.*");
    text
}

/// A statement up to its body.
fn head(text: &str, statement: &Statement<'_>) -> Span {
    let Some(body) = statement.kind.body() else { return statement.span };
    let end = text[..body.span.start as usize].trim_end().len().max(statement.keyword().end as usize);
    Span { end: end as u32, ..statement.span }
}

/// The word within a statement that stands at a place, the longest where several do.
fn inner(text: &str, statement: &Statement<'_>, offset: usize) -> Option<(&'static Inner, Span)> {
    let keyword = vocabulary::of(&statement.kind)?.keyword;
    let span = head(text, statement);
    let head = &text[span.range()];
    let is_letter = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let place = |inner: &'static Inner| {
        let mut found = head.match_indices(inner.word);
        found.find_map(|(at, word)| {
            let (start, end) = (span.start as usize + at, span.start as usize + at + word.len());
            let is_whole = !text[..start].ends_with(is_letter) && !text[end..].starts_with(is_letter);
            (is_whole && start <= offset && offset <= end).then(|| Span::new(span.file, start, end))
        })
    };
    let fitting = reference::INNER.iter().filter(|inner| inner.of.contains(&keyword));
    fitting.filter_map(|inner| Some((inner, place(inner)?))).max_by_key(|(inner, _)| inner.word.len())
}

/// A length of time that stands at a place, in other words.
fn length(text: &str, statement: &Statement<'_>, offset: usize) -> Option<(Span, String)> {
    let is_letter = |c: char| c.is_ascii_alphanumeric();
    let start = text[..offset].trim_end_matches(is_letter).len();
    let end = text[offset..].find(|c| !is_letter(c)).map_or(text.len(), |at| offset + at);
    let milliseconds = syntax::duration(&text[start..end])?;
    let seconds = milliseconds as f64 / 1e3;
    let said = words::duration(Duration::from_millis(milliseconds));
    let minutes = if seconds >= 60.0 { format!(", {} minutes", seconds / 60.0) } else { String::new() };
    Some((Span::new(statement.span.file, start, end), format!("{said} is {seconds} seconds{minutes}.")))
}

fn of_keyword(statement: &Statement<'_>) -> Option<String> {
    vocabulary::of(&statement.kind).map(word)
}

/// What the reference says of a keyword.
pub(super) fn word(word: &vocabulary::Word) -> String {
    format!(
        "```wave\n{}\n```\n{}\n\nStands in {}. Example:\n\n```wave\n{}\n```",
        word.form,
        capital(word.help),
        word.belongs(),
        reference::example(word.keyword)
    )
}

/// What the reference says of a word within a statement.
pub(super) fn of_inner(inner: &Inner) -> String {
    format!("`{}`: {}. Example:\n\n```wave\n{}\n```", inner.word, inner.help, inner.example)
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).chain(['.']).collect(),
        None => String::new(),
    }
}

fn of_symbol(analysis: &Analysis, planned: Option<&Planned>, symbol: &Symbol) -> String {
    let mut text = format!("```wave\n{}\n```", symbol.detail);
    if !symbol.docs.is_empty() {
        let _ = write!(text, "\n{}", symbol.docs);
    }
    let is_stale = analysis.planned.is_none();
    let first = symbol.names.first().map_or(symbol.name.as_str(), String::as_str);
    match (symbol.kind, planned) {
        (SymbolKind::Task, Some(planned)) => {
            if let Some(task) = planned.task(first) {
                of_task(&mut text, planned, task);
            }
            if symbol.names.len() > 1 {
                let names = words::list(symbol.names.iter().map(String::as_str), 6);
                let _ = write!(text, "\n\nRepeated {} times: {names}", symbol.names.len());
            }
        }
        (SymbolKind::Wave | SymbolKind::Block | SymbolKind::Plan, Some(planned)) => {
            let group = match symbol.kind {
                SymbolKind::Plan => Some(GroupId(0)),
                _ => planned.group(first),
            };
            if let Some(group) = group {
                of_group(&mut text, planned, group);
            }
        }
        (SymbolKind::Gate, Some(planned)) => {
            if let Some(gate) = planned.gate(first) {
                of_gate(&mut text, planned, gate);
            }
        }
        (SymbolKind::Agent, Some(planned)) => of_agent(&mut text, planned, symbol),
        (SymbolKind::Param, Some(planned)) => {
            if let Some(param) = planned.plan.params.iter().find(|param| param.name == symbol.name) {
                let how = if param.is_set { "set" } else { "its default" };
                let _ = write!(
                    text,
                    "\n\nIs `{}`, {how}; `--set {}=VALUE` gives another.",
                    param.value, param.name
                );
            }
        }
        (SymbolKind::Resource, Some(planned)) => of_resource(&mut text, planned, symbol),
        (SymbolKind::Output, Some(planned)) => {
            let _ = write!(text, "\n\nUsed as `{{{{{first}}}}}`.");
            let _ = planned;
        }
        _ => {}
    }
    if is_stale && planned.is_some() && matches!(symbol.kind, SymbolKind::Task | SymbolKind::Wave) {
        text.push_str("\n\n*As of the last text without errors.*");
    }
    text
}

fn of_task(text: &mut String, planned: &Planned, id: TaskId) {
    let plan = &planned.plan;
    let task = plan.task(id);
    if !task.because.is_empty() {
        let _ = write!(text, "\n\n> {}", task.because);
    }
    let mut line = |head: &str, what: String| {
        if !what.is_empty() {
            let _ = write!(text, "\n- {head}: {what}");
        }
    };
    let who = match (&task.action, task.agent) {
        (Action::Prompt(_) | Action::PromptFile(_), Some(agent)) => {
            let agent = plan.agent(agent);
            match agent.model.is_empty() {
                true => format!("agent `{}`", agent.name),
                false => format!("agent `{}` ({})", agent.name, agent.model),
            }
        }
        (Action::Prompt(_) | Action::PromptFile(_), None) => String::new(),
        (Action::Shell(_) | Action::Program(_), _) => "a command".to_owned(),
        (Action::Wait(time), _) => format!("waits {}", words::duration(*time)),
        (Action::Approve(_), _) => "a person answers".to_owned(),
    };
    line("done by", who);
    if let Some(why) = &task.left_out {
        line("left out", format!("`{why}` does not hold"));
        return;
    }
    line("after", words::tasks(plan, &planned.before(id), 6));
    let beside = planned.beside(id);
    let forecast = planned.forecast();
    match forecast.task(plan, id) {
        None => line("runs", "when its time has come, outside the order".to_owned()),
        Some(slot) => {
            let (now, may): (Vec<TaskId>, Vec<TaskId>) = beside.iter().partition(|other| {
                forecast
                    .task(plan, **other)
                    .is_some_and(|other| other.start < slot.end && slot.start < other.end)
            });
            let beside = match (now.is_empty(), may.is_empty()) {
                (true, true) => "nobody".to_owned(),
                (false, true) => words::tasks(plan, &now, 6),
                (true, false) => {
                    format!("nobody in the forecast; might beside {}", words::tasks(plan, &may, 6))
                }
                (false, false) => {
                    format!("{}; might beside {}", words::tasks(plan, &now, 6), words::tasks(plan, &may, 3))
                }
            };
            line("runs beside", beside);
            let mut when = words::slot(slot.start, slot.end);
            if !slot.waited.is_zero() {
                let _ = write!(when, ", after {} of waiting for a place", words::duration(slot.waited));
            }
            if task.estimate.is_none() && !matches!(task.action, Action::Wait(_)) {
                when.push_str("; it has no estimate, and counts as no time");
            }
            line("forecast", when);
            match slot.is_critical {
                true => line("slack", "none: it is on the critical path".to_owned()),
                false => line("slack", words::duration(slot.slack)),
            }
        }
    }
    let is_paid = matches!(task.action, Action::Prompt(_) | Action::PromptFile(_));
    match cost(&task.cost) {
        unknown if unknown.is_empty() && is_paid => {
            line("cost", "unknown: neither it nor its agent says".to_owned())
        }
        known => line("cost", known),
    }
    let writes =
        task.claims.claims.iter().filter(|claim| claim.kind.is_write()).map(|claim| claim.glob.as_str());
    match task.claims.is_known {
        true => line("writes", words::list(writes, 6)),
        false => line("writes", "unknown: it runs alone among those that write".to_owned()),
    }
    let tested: Vec<String> = task.success.iter().map(|criterion| criterion.title.clone()).collect();
    line("done when", words::list(tested.iter().map(String::as_str), 6));
}

/// From the least to the most; one where they are equal.
fn range((least, most): (u64, u64), shown: fn(u64) -> String) -> String {
    match least == most {
        true => shown(least),
        false => format!("{} to {}", shown(least), shown(most)),
    }
}

fn cost(cost: &crate::plan::Cost) -> String {
    let money = cost.money.map(|sum| range(sum, words::money));
    let tokens = cost.tokens.map(|sum| range(sum, words::tokens));
    money.into_iter().chain(tokens).collect::<Vec<_>>().join(", ")
}

fn of_group(text: &mut String, planned: &Planned, id: GroupId) {
    let plan = &planned.plan;
    let group = plan.group(id);
    if !group.because.is_empty() {
        let _ = write!(text, "\n\n> {}", group.because);
    }
    let _ = write!(
        text,
        "\n{}",
        group_line(planned, id).split(" · ").map(|part| format!("\n- {part}")).collect::<String>()
    );
    if id == GroupId(0) {
        let forecast = planned.forecast();
        let critical = critical(planned, &forecast.critical);
        if !critical.is_empty() {
            let _ = write!(text, "\n- critical path: {critical}");
        }
        if !forecast.missing.is_empty() {
            let _ = write!(text, "\n- without an estimate: {}", words::tasks(plan, &forecast.missing, 4));
        }
    }
}

/// The facts of a group in one line: `4 tasks · 3 at once · 0s–45m`.
pub(super) fn group_line(planned: &Planned, id: GroupId) -> String {
    let plan = &planned.plan;
    let forecast = planned.forecast();
    let tasks = plan.tasks.iter().filter(|task| task.step.is_some() && holds(plan, id, task.group)).count();
    let mut parts = vec![words::count(tasks, "task")];
    let width = planned.width(id);
    if width > 1 {
        parts.push(format!("{width} at once"));
    }
    let slot = forecast.group(id);
    if slot.is_skipped {
        parts.push("left out".to_owned());
    } else if slot.end > Duration::ZERO {
        parts.push(match slot.start.is_zero() {
            true => words::duration(slot.end),
            false => format!("{}, {}", words::duration(slot.duration()), words::slot(slot.start, slot.end)),
        });
    }
    if id == GroupId(0) && forecast.speedup() > 1.05 {
        parts.push(format!("{:.1}× as fast as one after another", forecast.speedup()));
    }
    parts.join(" · ")
}

fn holds(plan: &Plan, outer: GroupId, inner: GroupId) -> bool {
    std::iter::successors(Some(inner), |at| plan.group(*at).parent).any(|at| at == outer)
}

/// A chain of steps with what each takes; of a long one the beginning and the end.
fn critical(planned: &Planned, steps: &[StepId]) -> String {
    let plan = &planned.plan;
    let names = steps.iter().filter_map(|step| match plan.step(*step).kind {
        StepKind::Task(task) => {
            let took = words::duration(planned.forecast().step(*step).duration());
            Some(format!("`{}` {took}", plan.task(task).name))
        }
        _ => None,
    });
    let names: Vec<String> = names.collect();
    match names.len() {
        0..=8 => names.join(" → "),
        more => format!("{} → … → {} ({more} tasks)", names[..3].join(" → "), names[more - 2..].join(" → ")),
    }
}

fn of_gate(text: &mut String, planned: &Planned, id: GateId) {
    let plan = &planned.plan;
    let gate = plan.gate(id);
    for criterion in &gate.checks {
        let _ = write!(text, "\n- {}: {}", criterion.title, words::tested(plan, criterion));
    }
    for approval in &gate.approvals {
        let within = match approval.within {
            Some(within) if approval.otherwise_continue => {
                format!(", within {}, else it opens", words::duration(within))
            }
            Some(within) => format!(", within {}, else it stays shut", words::duration(within)),
            None => String::new(),
        };
        let _ = write!(text, "\n- a person answers{within}");
    }
}

fn of_agent(text: &mut String, planned: &Planned, symbol: &Symbol) {
    let plan = &planned.plan;
    let Some(at) = plan.agents.iter().position(|agent| agent.name == symbol.name) else { return };
    let agent = &plan.agents[at];
    let _ = write!(text, "\n\nDriver `{}`", agent.driver);
    if !agent.model.is_empty() {
        let _ = write!(text, ", model `{}`", agent.model);
    }
    if let Some(instances) = agent.instances {
        let _ = write!(text, ", {instances} at once");
    }
    let tasks: Vec<TaskId> = plan
        .task_ids()
        .filter(|task| plan.task(*task).agent.is_some_and(|agent| agent.index() == at))
        .collect();
    let _ = write!(text, ". Does {}", words::count(tasks.len(), "task"));
    if !tasks.is_empty() {
        let _ = write!(text, ": {}", words::tasks(plan, &tasks, 6));
    }
    text.push('.');
}

fn of_resource(text: &mut String, planned: &Planned, symbol: &Symbol) {
    let plan = &planned.plan;
    let users: Vec<TaskId> = plan
        .task_ids()
        .filter(|task| {
            plan.task(*task).uses.iter().any(|(id, _)| plan.resources[id.index()].name == symbol.name)
        })
        .collect();
    if !users.is_empty() {
        let _ = write!(text, "\n\nHeld by {}.", words::tasks(plan, &users, 6));
    }
}
