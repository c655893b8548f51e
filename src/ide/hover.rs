//! What a person should know of the thing under the cursor.
//!
//! Markdown. What needs the order or the time is told from the last plan without errors.

use super::index::{Symbol, SymbolKind};
use super::mentions::{Mention, Role, mentions};
use super::{Analysis, Planned, around, files, words};
use crate::check::Loader;
use crate::check::values::{inside, split_section};
use crate::glob::Pattern;
use crate::plan::{Action, AssertClaim, Criterion, GateId, GroupId, Plan, StepId, StepKind, TaskId};
use crate::source::{FileId, Span};
use crate::syntax::ast::{Statement, StatementKind, Text};
use crate::syntax::{self, vocabulary};
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

/// What there is to say of a place. `planned` is the last plan without errors.
pub fn hover(
    analysis: &Analysis,
    planned: Option<&Planned>,
    file: FileId,
    offset: usize,
    loader: &dyn Loader,
) -> Option<Hover> {
    if let Some(found) = analysis.index.at(file, offset) {
        let text = of_symbol(analysis, planned, analysis.index.symbol(found.symbol));
        return Some(Hover { span: found.span, text });
    }
    let source = analysis.sources.file(file);
    let parsed = syntax::parse_around(file, source.text(), offset);
    let around = around(source.text(), &parsed, offset);
    let statement = *around.statements.last()?;
    let mut text: Option<(&Text, Role)> = None;
    mentions(statement, &mut |mention| {
        if let Mention::Text(found, role) = mention
            && found.span.touches(offset)
        {
            text = Some((found, role));
        }
    });
    if let Some((text, Role::Claim | Role::Glob)) = text {
        let plan = analysis.sources.files().next().map(|(_, file)| file.path())?;
        return Some(Hover { span: text.span, text: of_glob(plan, text, loader)? });
    }
    let derived = derived(analysis, planned, file, statement, &around.statements);
    if statement.keyword.touches(offset) {
        let mut text = of_keyword(statement)?;
        if let Some(derived) = derived {
            let _ = write!(text, "\n\n---\n\n{derived}");
        }
        return Some(Hover { span: statement.keyword, text });
    }
    Some(Hover { span: statement.span, text: derived? })
}

/// What follows for a statement: how an estimate counts, by how much an assert holds, how a check is tested.
fn derived(
    analysis: &Analysis,
    planned: Option<&Planned>,
    file: FileId,
    statement: &Statement<'_>,
    outer: &[&Statement<'_>],
) -> Option<String> {
    match &statement.kind {
        StatementKind::Estimate(_) | StatementKind::Timeout(_) | StatementKind::Wait(_) => {
            let task = outer.iter().rev().find_map(|outer| match &outer.kind {
                StatementKind::Task(task) => Some(task.name.span),
                _ => None,
            })?;
            let planned = planned?;
            let found = analysis.index.at(file, task.start as usize)?;
            let name = analysis.index.symbol(found.symbol).names.first()?;
            of_estimate(planned, planned.task(name)?, &statement.kind)
        }
        StatementKind::Assert(_) => of_assert(planned?, statement.span),
        StatementKind::Check(_) => of_check(&planned?.plan, statement.span),
        _ => None,
    }
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
        example(word.snippet)
    )
}

/// A snippet with its places to fill in filled in.
fn example(snippet: &str) -> String {
    let mut text = String::new();
    let mut chars = snippet.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('$', Some('0')) => {
                chars.next();
            }
            ('$', Some(digit)) if digit.is_ascii_digit() => {
                chars.next();
                text.push('…');
            }
            _ => text.push(c),
        }
    }
    text
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).chain(['.']).collect(),
        None => String::new(),
    }
}

fn of_glob(plan: &std::path::Path, text: &Text<'_>, loader: &dyn Loader) -> Option<String> {
    let (path, section) = split_section(text.plain()?);
    let glob = inside(path).ok()?;
    let pattern = Pattern::parse(&glob).ok()?;
    let found = files::matches(plan, &pattern, loader, 12);
    let more = if found.is_cut { " or more" } else { "" };
    let mut out = match found.count {
        0 => format!("`{path}` matches no file now"),
        count => format!("`{path}` matches {}{more} now", words::count(count, "file")),
    };
    if let Some(section) = section {
        let _ = write!(out, ", of which the part `{section}` is claimed");
    }
    if pattern.literal().is_none() && found.count > 0 {
        out.push('\n');
        found.shown.iter().for_each(|path| {
            let _ = write!(out, "\n- `{path}`");
        });
        if found.count > found.shown.len() {
            let _ = write!(out, "\n- … and {} more", found.count - found.shown.len());
        }
    }
    Some(out)
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
            if task.estimate.is_some() || !slot.start.is_zero() {
                let mut when = words::slot(slot.start, slot.end);
                if !slot.waited.is_zero() {
                    let _ = write!(when, ", after {} of waiting for a place", words::duration(slot.waited));
                }
                line("forecast", when);
            }
            if task.estimate.is_none() && !matches!(task.action, Action::Wait(_)) {
                line("estimate", "none: it counts as no time".to_owned());
            } else if slot.is_critical {
                line("slack", "none: it is on the critical path".to_owned());
            } else {
                line("slack", words::duration(slot.slack));
            }
        }
    }
    line("cost", cost(&task.cost));
    let writes =
        task.claims.claims.iter().filter(|claim| claim.kind.is_write()).map(|claim| claim.glob.as_str());
    match task.claims.is_known {
        true => line("writes", words::list(writes, 6)),
        false => line("writes", "unknown: it runs alone among those that write".to_owned()),
    }
    let tested: Vec<String> = task.success.iter().map(|criterion| criterion.title.clone()).collect();
    line("done when", words::list(tested.iter().map(String::as_str), 6));
}

fn cost(cost: &crate::plan::Cost) -> String {
    let range = |(least, most): (u64, u64), shown: fn(u64) -> String| match least == most {
        true => shown(least),
        false => format!("{} to {}", shown(least), shown(most)),
    };
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
        let critical = critical(plan, &forecast.critical);
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

fn critical(plan: &Plan, steps: &[StepId]) -> String {
    let names = steps.iter().filter_map(|step| match plan.step(*step).kind {
        StepKind::Task(task) => Some(plan.task(task).name.as_str()),
        _ => None,
    });
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
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

fn of_estimate(planned: &Planned, id: TaskId, kind: &StatementKind<'_>) -> Option<String> {
    let plan = &planned.plan;
    let task = plan.task(id);
    let estimate = task.estimate;
    let mut text = match (kind, &estimate) {
        (StatementKind::Estimate(_), Some(estimate)) => {
            let how = match estimate.likeliest {
                Some(_) => "the mean of three points, (least + 4 × likeliest + most) / 6",
                None if estimate.least == estimate.most => "as written",
                None => "the middle of the range",
            };
            format!("The forecast counts {}: {how}.", words::duration(estimate.expected()))
        }
        (StatementKind::Timeout(_), _) => {
            let timeout = task.timeout?;
            match estimate {
                Some(estimate) => format!(
                    "Each attempt of `{}` is ended after {}; it is expected to take {}.",
                    task.name,
                    words::duration(timeout),
                    words::duration(estimate.expected())
                ),
                None => {
                    format!("Each attempt of `{}` is ended after {}.", task.name, words::duration(timeout))
                }
            }
        }
        _ => "The forecast counts the wait in full.".to_owned(),
    };
    if let Some(slot) = planned.forecast().task(plan, id) {
        let _ = write!(text, " `{}` is on at {}", task.name, words::slot(slot.start, slot.end));
        match slot.is_critical {
            true => text.push_str(" and on the critical path."),
            false => {
                let _ = write!(text, ", with {} of slack.", words::duration(slot.slack));
            }
        }
    }
    Some(text)
}

fn of_assert(planned: &Planned, span: Span) -> Option<String> {
    let plan = &planned.plan;
    let assert = plan.asserts.iter().find(|assert| assert.span == span)?;
    let forecast = planned.forecast();
    let workers = match forecast.workers {
        Some(workers) => format!("on {}", words::count(workers as usize, "worker")),
        None => "on as many workers as it can use".to_owned(),
    };
    Some(match &assert.claim {
        AssertClaim::Makespan(..) => format!(
            "Holds: the makespan is {} {workers}. Critical path: {}",
            words::duration(forecast.makespan),
            critical(plan, &forecast.critical)
        ),
        AssertClaim::Speedup(..) => format!(
            "Holds: {} one after another, {} {workers}, which is {:.2}×.",
            words::duration(forecast.serial),
            words::duration(forecast.makespan),
            forecast.speedup()
        ),
        AssertClaim::Money(..) => {
            let (least, most) = forecast.cost.money?;
            format!("Holds: the tasks cost {} to {} together.", words::money(least), words::money(most))
        }
        AssertClaim::Tokens(..) => {
            let (least, most) = forecast.cost.tokens?;
            format!("Holds: the tasks take {} to {} together.", words::tokens(least), words::tokens(most))
        }
        AssertClaim::Workers(..) => {
            format!("Holds: the plan can use {} at once.", words::count(forecast.width as usize, "worker"))
        }
        AssertClaim::Before(..) => "Holds: the order has a path from the first to the second.".to_owned(),
        AssertClaim::Alongside(..) => "Holds: nothing orders the two.".to_owned(),
    })
}

fn of_check(plan: &Plan, span: Span) -> Option<String> {
    let of_groups = plan.groups.iter().flat_map(|group| &group.success);
    let of_tasks = plan.tasks.iter().flat_map(|task| &task.success);
    let of_gates = plan.gates.iter().flat_map(|gate| &gate.checks);
    let mut all = of_groups.chain(of_tasks).chain(of_gates).chain(&plan.preflight);
    let criterion: &Criterion = all.find(|criterion| criterion.span == span)?;
    Some(format!(
        "**{}**\n\nPasses when {}. wavec tests it itself, after the work.",
        criterion.title,
        words::tested(plan, criterion)
    ))
}
