//! What the proofs on order, time, cost and counts say.

use crate::diagnostic::{Diagnostic, Edit, codes};
use crate::plan::{Agent, Group, GroupId, GroupKind, Item, StepId, StepKind, TaskId};
use crate::prove::Proof;
use crate::prove::names::{add_statement, count, duration, group_name, list, money, tokens};
use crate::source::Span;
use std::time::Duration;

fn span(proof: &Proof, item: Item) -> Span {
    match item {
        Item::Task(task) => proof.plan.task(task).span,
        Item::Group(group) => proof.plan.group(group).span,
        Item::Gate(gate) => proof.plan.gate(gate).span,
    }
}

/// A step as messages call it.
pub fn step_name(proof: &Proof, step: StepId) -> String {
    match proof.plan.step(step).kind {
        StepKind::Task(task) => format!("`{}`", proof.names.task(task)),
        StepKind::Gate(gate) => format!("gate `{}`", proof.plan.gate(gate).name),
        StepKind::Enter(group) | StepKind::Leave(group) => group_name(proof.plan, group),
        StepKind::Success(group) => format!("the checks of {}", group_name(proof.plan, group)),
    }
}

/// `a → b → c`, steps that take no time and repeats left out, the middle of a long one too.
pub fn chain(proof: &Proof, steps: &[StepId]) -> String {
    let mut names: Vec<String> = steps.iter().map(|step| step_name(proof, *step)).collect();
    names.dedup();
    if names.len() > 8 {
        let left = names.len() - 6;
        names.splice(3..names.len() - 3, [format!("({left} more)")]);
    }
    names.join(" → ")
}

pub fn before_refuted(
    proof: &Proof,
    claim: Span,
    a: Item,
    b: Item,
    gap: (StepId, StepId),
    is_reverse: bool,
) -> Diagnostic {
    let (first, second) = (proof.names.item(proof.plan, a), proof.names.item(proof.plan, b));
    let message = match is_reverse {
        true => format!("{first} does not come before {second}: it comes after it"),
        false => format!("{first} does not surely come before {second}"),
    };
    let finding = Diagnostic::new(codes::BEFORE_REFUTED, message, claim, "refuted by the plan's order");
    if is_reverse {
        return finding
            .label(span(proof, b), "this comes first")
            .help("turn the claim round, or the order of the two in the plan");
    }
    let (from, to) = (step_name(proof, gap.0), step_name(proof, gap.1));
    let finding = finding.label(span(proof, b), format!("{to} may start while {from} runs"));
    let name = match a {
        Item::Task(task) => proof.names.task(task).to_owned(),
        Item::Group(group) => proof.plan.group(group).name.clone(),
        Item::Gate(gate) => proof.plan.gate(gate).name.clone(),
    };
    let finding = finding.help(format!("add `after {name}` to {second}"));
    // A gate has no `after`, a nameless block no name, and a repeated item one header for all.
    let has_body = !matches!(b, Item::Gate(_)) && !name.contains('@');
    let is_repeated = proof.plan.tasks.iter().filter(|task| task.span == span(proof, b)).count() > 1;
    match has_body && !is_repeated {
        true => {
            let statement = format!("after {name}");
            let edit: Edit = add_statement(proof.sources, span(proof, b), &statement);
            finding.fix(format!("add `{statement}` to {second}"), vec![edit], true).alone()
        }
        false => finding,
    }
}

pub fn alongside_refuted(
    proof: &Proof,
    claim: Span,
    first: Item,
    second: Item,
    steps: &[StepId],
) -> Diagnostic {
    let (a, b) = (proof.names.item(proof.plan, first), proof.names.item(proof.plan, second));
    Diagnostic::new(
        codes::ALONGSIDE_REFUTED,
        format!("{b} never runs alongside {a}: it waits for it"),
        claim,
        "refuted by the plan's order",
    )
    .label(span(proof, second), format!("starts only after {a}"))
    .help("take out the edge between them, or the claim")
    .note(format!("the order goes {}", chain(proof, steps)))
}

pub fn timeout_below_estimate(proof: &Proof, timeout: Duration, tasks: &[(TaskId, Duration)]) -> Diagnostic {
    let (first, expected) = tasks[0];
    let task = proof.plan.task(first);
    let message = match tasks.len() {
        1 => format!(
            "`{}` is ended after {}, but is expected to take {}",
            proof.names.task(first),
            duration(timeout),
            duration(expected)
        ),
        many => format!(
            "{} are ended after {}, before they are expected to be done",
            count(many, "task"),
            duration(timeout)
        ),
    };
    let span = task.estimate.map_or(task.span, |estimate| estimate.span);
    let mut finding = Diagnostic::new(
        codes::TIMEOUT_BELOW_ESTIMATE,
        message,
        span,
        format!("expected to take {}", duration(expected)),
    );
    if tasks.len() > 1 {
        let names = tasks.iter().map(|(task, _)| proof.names.task(*task));
        finding = finding.note(format!("these are {}", list(names, 6)));
    }
    finding.help("give it more time, or mend the estimate")
}

pub fn budget_below_parts(
    proof: &Proof,
    span: Span,
    group: GroupId,
    limit: u64,
    sum: u64,
    parts: &[(TaskId, u64)],
) -> Diagnostic {
    let name = group_name(proof.plan, group);
    let message = format!("{name} may spend {}, but its tasks together {}", money(limit), money(sum));
    let largest = parts.iter().max_by_key(|(_, money)| *money).expect("BUG: there are parts");
    let part = proof.plan.task(largest.0);
    let finding = Diagnostic::new(codes::BUDGET_BELOW_PARTS, message, span, "this ends first");
    let finding = match part.budget.span {
        Some(span) => finding
            .label(span, format!("`{}` alone may spend {}", proof.names.task(largest.0), money(largest.1))),
        None => finding,
    };
    finding.help(format!("raise it to {}, or lower the budgets of the tasks", money(sum)))
}

pub fn budget_below_cost(
    proof: &Proof,
    span: Span,
    group: GroupId,
    limit: Option<u64>,
    least: u64,
    token_limit: Option<u64>,
    least_tokens: u64,
) -> Diagnostic {
    let (limit, least) = match (limit, token_limit) {
        (Some(limit), _) => (money(limit), money(least)),
        (None, limit) => (tokens(limit.unwrap_or_default()), tokens(least_tokens)),
    };
    let name = group_name(proof.plan, group);
    let message = format!("{name} may spend {limit}, but its tasks cost at least {least}");
    Diagnostic::new(codes::BUDGET_BELOW_COST, message, span, "is spent before the work is done")
        .help(format!("raise it to {least} or more, or plan less work"))
}

pub fn wider_than_workers(
    proof: &Proof,
    group: GroupId,
    wide: usize,
    workers: u32,
    by: GroupId,
) -> Diagnostic {
    let name = group_name(proof.plan, group);
    let message = format!("{wide} items of {name} may start at once, but only {workers} may work at a time");
    let whose = if by == group {
        "its own `workers`".to_owned()
    } else {
        format!("the `workers` of {}", group_name(proof.plan, by))
    };
    Diagnostic::new(
        codes::WIDER_THAN_WORKERS,
        message,
        proof.plan.group(group).span,
        format!("{whose} let {workers} run at a time"),
    )
    .help(format!("raise `workers` to {wide} to run them all at once"))
}

pub fn wider_than_instances(
    proof: &Proof,
    group: GroupId,
    wide: usize,
    instances: u32,
    agent: &Agent,
) -> Diagnostic {
    let name = group_name(proof.plan, group);
    let work = if instances == 1 { "works" } else { "work" };
    let message =
        format!("{wide} tasks of {name} are for `{}`, of which {instances} {work} at a time", agent.name);
    Diagnostic::new(
        codes::WIDER_THAN_INSTANCES,
        message,
        proof.plan.group(group).span,
        "these do not all run at once",
    )
    .label(agent.span, format!("`instances {instances}`"))
    .help(format!("raise `instances` to {wide}, or give some of them to another agent"))
}

pub fn ruled_by_one(
    proof: &Proof,
    group: GroupId,
    ruler: TaskId,
    longest: Duration,
    second: Duration,
) -> Diagnostic {
    let name = group_name(proof.plan, group);
    let task = proof.plan.task(ruler);
    let message = format!(
        "{name} takes {}, but only for `{}`: all else is done after {}",
        duration(longest),
        proof.names.task(ruler),
        duration(second)
    );
    let span = task.estimate.map_or(task.span, |estimate| estimate.span);
    Diagnostic::new(codes::RULED_BY_ONE, message, span, "the longest by far")
        .help("split it, or let what follows wait only for what it needs")
}

pub fn could_run_together(
    proof: &Proof,
    group: GroupId,
    tasks: &[TaskId],
    saved: Option<Duration>,
) -> Diagnostic {
    let name = group_name(proof.plan, group);
    let message = match saved.filter(|saved| !saved.is_zero()) {
        Some(saved) => format!(
            "the tasks of {name} share nothing: side by side they would be done {} sooner",
            duration(saved)
        ),
        None => format!("the tasks of {name} share nothing and could run side by side"),
    };
    let names = list(tasks.iter().map(|task| proof.names.task(*task)), 4);
    let span = proof.plan.group(group).span;
    let finding = Diagnostic::new(codes::COULD_RUN_TOGETHER, message, span, "one after another")
        .note(format!("{names} claim no path, output or resource in common"));
    if proof.plan.group(group).kind == GroupKind::Plan {
        return finding.help("put them into a `parallel { … }`, or say with `because` what the order is for");
    }
    let finding = finding.help("make it `parallel`, or say with `because` what the order is for");
    let is_repeated = proof.plan.groups.iter().filter(|other| other.span == span).count() > 1;
    match proof.sources.text(span).starts_with("serial") && !is_repeated {
        true => {
            let word = Span::new(span.file, span.start as usize, span.start as usize + "serial".len());
            let edits = vec![Edit { span: word, text: "parallel".to_owned() }];
            finding.fix("make it `parallel`", edits, true)
        }
        false => finding,
    }
}

pub fn title_disagrees(group: &Group, number: usize, noun: &str, tasks: usize) -> Diagnostic {
    let holds = count(tasks, "task");
    Diagnostic::new(
        codes::TITLE_DISAGREES,
        format!(
            "the title says {}, but there {} {holds}",
            count(number, noun),
            if tasks == 1 { "is" } else { "are" }
        ),
        group.span,
        format!("holds {holds}"),
    )
    .help("mend the title, or add what is missing")
}
