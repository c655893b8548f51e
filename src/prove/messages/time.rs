//! What the proofs by the forecast say.

use super::claims::chain;
use crate::diagnostic::{Diagnostic, codes};
use crate::plan::{Comparison, Cost, StepKind, TaskId};
use crate::prove::Proof;
use crate::prove::names::{count, duration, list, money, tokens};
use crate::schedule::Forecast;
use crate::schedule::estimate::cost_of;
use crate::source::Span;
use std::time::Duration;

/// `at most 2h`, `less than 3`.
fn bound(comparison: Comparison, limit: &str) -> String {
    let words = match comparison {
        Comparison::Less => "less than",
        Comparison::AtMost => "at most",
        Comparison::Equal => "exactly",
        Comparison::NotEqual => "other than",
        Comparison::AtLeast => "at least",
        Comparison::More => "more than",
    };
    format!("{words} {limit}")
}

pub fn makespan_refuted(
    proof: &Proof,
    claim: Span,
    comparison: Comparison,
    limit: Duration,
    forecast: &Forecast,
) -> Diagnostic {
    let took = forecast.makespan.max(forecast.longest_path);
    let least = if forecast.missing.is_empty() { "" } else { "at least " };
    let message =
        format!("the plan takes {least}{}, not {}", duration(took), bound(comparison, &duration(limit)));
    let mut finding = Diagnostic::new(codes::MAKESPAN_REFUTED, message, claim, "refuted by the forecast");
    let tasks: Vec<(TaskId, Duration)> = forecast
        .critical
        .iter()
        .filter_map(|step| match proof.plan.step(*step).kind {
            StepKind::Task(task) => {
                Some((task, forecast.steps[step.index()].end - forecast.steps[step.index()].start))
            }
            _ => None,
        })
        .collect();
    if matches!(comparison, Comparison::Less | Comparison::AtMost) {
        let by_order =
            forecast.longest_path > limit || comparison == Comparison::Less && forecast.longest_path == limit;
        if let Some((longest, time)) = tasks.iter().max_by_key(|(id, time)| (*time, std::cmp::Reverse(*id))) {
            let task = proof.plan.task(*longest);
            let span = task.estimate.map_or(task.span, |estimate| estimate.span);
            finding = finding.label(span, format!("the longest of the critical path: {}", duration(*time)));
        }
        finding = match (by_order, forecast.workers) {
            (true, _) => finding.help("shorten the critical path, or let its tasks wait for less"),
            (false, Some(workers)) => finding.help(format!(
                "raise `workers` above {workers}, or lift another limit: the order alone takes {}",
                duration(forecast.longest_path)
            )),
            (false, None) => finding.help(format!(
                "lift a limit (instances, resources, `workers` of a group): the order alone takes {}",
                duration(forecast.longest_path)
            )),
        };
    } else {
        finding = finding.help("mend the claim or the estimates");
    }
    finding.note(format!("the critical path is {}", chain(proof, &forecast.critical)))
}

pub fn speedup_refuted(
    proof: &Proof,
    claim: Span,
    comparison: Comparison,
    limit: f64,
    forecast: &Forecast,
) -> Diagnostic {
    let speedup = forecast.speedup();
    let message = format!(
        "the plan is {} times as fast as one task after another, not {}",
        round(speedup),
        bound(comparison, &limit.to_string())
    );
    let finding = Diagnostic::new(codes::SPEEDUP_REFUTED, message, claim, "refuted by the forecast");
    let finding = match comparison {
        Comparison::AtLeast | Comparison::More => {
            finding.help("shorten the critical path, or let more run side by side")
        }
        _ => finding.help("mend the claim or the estimates"),
    };
    finding
        .note(format!(
            "one after another: {}; as planned: {}",
            duration(forecast.serial),
            duration(forecast.makespan)
        ))
        .note(format!("the critical path is {}", chain(proof, &forecast.critical)))
}

fn round(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn amount(number: u64, is_money: bool) -> String {
    if is_money { money(number) } else { tokens(number) }
}

fn range((least, most): (u64, u64), is_money: bool) -> String {
    match least == most {
        true => amount(least, is_money),
        false => format!("{} to {}", amount(least, is_money), amount(most, is_money)),
    }
}

pub fn cost_refuted(
    proof: &Proof,
    claim: Span,
    comparison: Comparison,
    limit: u64,
    sum: (u64, u64),
    is_money: bool,
) -> Diagnostic {
    let own = |task: TaskId| {
        let Cost { money, tokens } = cost_of(proof.plan, task);
        Some((task, if is_money { money? } else { tokens? }))
    };
    let mut tasks: Vec<(TaskId, (u64, u64))> = proof.plan.task_ids().filter_map(own).collect();
    tasks.sort_by_key(|(task, (_, most))| (std::cmp::Reverse(*most), *task));
    let shown = if tasks.len() > 5 { 4 } else { tasks.len() };
    let told =
        |(task, cost): &(TaskId, _)| format!("`{}` {}", proof.names.task(*task), range(*cost, is_money));
    let told: Vec<String> = tasks[..shown].iter().map(told).collect();
    let more = if shown < tasks.len() { format!(" and {} more", tasks.len() - shown) } else { String::new() };
    let dearest = format!("the dearest first: {}{more}", told.join(", "));
    let message = format!(
        "the plan costs {}, not {}",
        range(sum, is_money),
        bound(comparison, &amount(limit, is_money))
    );
    Diagnostic::new(codes::COST_REFUTED, message, claim, "refuted by the sum of what the tasks cost")
        .help("plan less work or cheaper agents, or mend the claim")
        .note(dearest)
}

pub fn cost_open(claim: Span, limit: u64, sum: (u64, u64), is_money: bool) -> Diagnostic {
    let message = format!(
        "the plan costs {}, so a claim about {} stays open",
        range(sum, is_money),
        amount(limit, is_money)
    );
    Diagnostic::new(codes::UNPROVED_ASSERT, message, claim, "neither proved nor refuted")
        .help("narrow what the tasks cost, or mend the claim")
}

pub fn unproved(proof: &Proof, claim: Span, what: &str, missing: &[TaskId]) -> Diagnostic {
    let names = list(missing.iter().map(|task| proof.names.task(*task)), 4);
    let message = match missing.len() {
        0 => format!("this cannot be proved: no task says its {what}"),
        1 => format!("this cannot be proved: {names} has no {what}"),
        many => format!("this cannot be proved: {} have no {what}", count(many, "task")),
    };
    let mut finding = Diagnostic::new(codes::UNPROVED_ASSERT, message, claim, "neither proved nor refuted");
    if let Some(first) = missing.first() {
        finding = finding.label(proof.plan.task(*first).span, format!("no `{what}`"));
    }
    if missing.len() > 1 {
        finding = finding.note(format!("these are {names}"));
    }
    let help = match what {
        "cost" => "add `cost` to the tasks or their agents",
        _ => "add `estimate` to these tasks; `estimate 0s` for what takes no time",
    };
    finding.help(help)
}

pub fn width_refuted(
    proof: &Proof,
    claim: Span,
    comparison: Comparison,
    limit: u32,
    widest: &[TaskId],
) -> Diagnostic {
    let width = widest.len();
    let message =
        format!("the plan can use {}, not {}", count(width, "worker"), bound(comparison, &limit.to_string()));
    let help = match comparison {
        Comparison::AtLeast | Comparison::More => "let more tasks run side by side, or mend the claim",
        _ => "mend the claim, or order more of the tasks",
    };
    let finding =
        Diagnostic::new(codes::WIDTH_REFUTED, message, claim, "refuted by the plan's order").help(help);
    let side_by_side = list(widest.iter().map(|task| proof.names.task(*task)), 6);
    if width > 1 { finding.note(format!("side by side at most: {side_by_side}")) } else { finding }
}
