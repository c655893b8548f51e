//! What stands around the tree of a plan: what its marks mean, how many work when, what barriers and edges cost, what
//! earlier runs say.
//!
//! Words for numbers that are known; it works none out but sums.

use super::{View, words};
use crate::plan::{Action, StepKind, TaskId};
use crate::report::words::{count, cut, list, times};
use crate::report::{Look, Tone};
use crate::schedule::calibrate::Basis;
use crate::schedule::levers::{Lever, LeverChange};
use crate::schedule::{Forecast, Slot};
use std::time::Duration;

/// The most changes that are shown.
const MOST_LEVERS: usize = 6;

/// A task's estimate as written, and by what earlier runs correct it: `30m ×1.8`. None where nothing is written.
pub(super) fn estimate(view: &View, task: TaskId) -> Option<String> {
    let written = words::estimate(view.plan.task(task).estimate.as_ref()?);
    Some(match view.factor(task) {
        Some(factor) => format!("{written} {}", times(factor)),
        None => written,
    })
}

/// How much later a step may end, as short as it is worth: `+10m`. Nothing where it may not.
pub(super) fn slack(slot: &Slot) -> String {
    let seconds = slot.slack.as_secs();
    let unit = match seconds {
        0..120 => 1,
        120..36_000 => 60,
        _ => 3_600,
    };
    match seconds / unit * unit {
        0 => String::new(),
        seconds => format!("+{}", words::literal(Duration::from_secs(seconds))),
    }
}

/// What earlier runs made of the forecast.
pub(super) fn corrections(view: &View) -> Option<String> {
    let (corrections, own) = view.corrections?;
    let mut parts = vec![format!("estimates corrected by {}", count(corrections.runs(), "run"))];
    let by = [(Basis::Task, "by the task's own"), (Basis::Agent, "by its agent's")];
    let by = by.map(|(basis, whose)| (corrections.count(basis), whose));
    let by = by.iter().filter(|(number, _)| *number > 0).map(|(number, whose)| format!("{number} {whose}"));
    parts.push(by.collect::<Vec<_>>().join(", "));
    let (least, most) = corrections.range();
    let range = if times(least) == times(most) {
        times(least)
    } else {
        format!("{} to {}", times(least), times(most))
    };
    parts.push(format!("{range}, confidence {}", corrections.confidence().word()));
    parts.push(format!("by the plan's own words {} (--no-history)", words::time(own)));
    Some(parts.join(" · "))
}

/// What stands below the tree.
pub(super) fn below(view: &View, look: &Look, has_slack: bool, has_index: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let forecast = view.forecast;
    let is_marked = |slot: &Slot| slot.is_critical && !slot.duration().is_zero();
    let slots = || view.plan.tasks.iter().filter_map(|task| task.step).map(|step| forecast.step(step));
    if slots().any(is_marked) {
        lines.push(String::new());
        let mark = look.paint(Tone::Attention, look.mark("●", "*"));
        let dot = look.mark("·", "-");
        let mut legend = format!("{mark} decides when the plan ends");
        if has_slack && slots().any(|slot| !slack(slot).is_empty()) {
            legend += &format!(" {dot} +5m is slack");
        }
        if has_index {
            legend += &format!(" {dot} 50% in half the draws");
        }
        lines.push(legend);
        lines.extend(strip(forecast, look));
    }
    let (costs, free): (Vec<&Lever>, Vec<&Lever>) =
        view.levers.iter().partition(|lever| !lever.saves.is_zero());
    if !costs.is_empty() {
        lines.push(String::new());
        lines.push("It would end sooner by".to_string());
    }
    for lever in costs.iter().take(MOST_LEVERS) {
        let time = words::time(lever.saves);
        lines.push(cut(&format!("{time:>12}  {}", view.lever(lever.change)), look.width));
    }
    if costs.len() > MOST_LEVERS {
        lines.push(format!("{:>12}  {} more in --format json", "", costs.len() - MOST_LEVERS));
    }
    let barriers: Vec<String> = (free.iter())
        .filter_map(|lever| match lever.change {
            LeverChange::Overlap { second, .. } => Some(view.plan.group(second).name.clone()),
            _ => None,
        })
        .collect();
    if !barriers.is_empty() {
        let plural = if barriers.len() == 1 { "" } else { "s" };
        lines.push(cut(
            &format!("{:>12}  the barrier{plural} before {}", "nothing", list(&barriers, 4)),
            look.width,
        ));
    }
    if let Some(line) = people(view) {
        lines.push(String::new());
        lines.push(cut(&line, look.width));
    }
    lines
}

/// How many tasks work when: a strip from the start to the end.
fn strip(forecast: &Forecast, look: &Look) -> Option<String> {
    let end = forecast.makespan.as_secs_f64();
    if end <= 0.0 || forecast.width == 0 {
        return None;
    }
    let average = forecast.serial.as_secs_f64() / end;
    let told = format!("  {} at most, {average:.1} on average", forecast.width);
    let room = look.width.saturating_sub(told.len() + 9).min(50);
    if room < 10 {
        return None;
    }
    let heights: Vec<char> = look.mark("▁▂▃▄▅▆▇█", "123456789").chars().collect();
    let mut bar = String::new();
    let mut place = 0;
    for column in 0..room {
        // The most of what works in the column's part of the time.
        let until = end * (column + 1) as f64 / room as f64;
        let mut most = forecast.timeline.get(place).map_or(0, |(_, width)| *width);
        while let Some((time, width)) = forecast.timeline.get(place + 1)
            && time.as_secs_f64() < until
        {
            place += 1;
            most = most.max(*width);
        }
        let height = (f64::from(most) / f64::from(forecast.width) * heights.len() as f64).ceil() as usize;
        bar.push(if most == 0 { ' ' } else { heights[height.clamp(1, heights.len()) - 1] });
    }
    Some(format!("at work  {}{}", look.paint(Tone::Good, &bar), look.paint(Tone::Dim, &told)))
}

/// What the forecast leaves out because only people know: how long they take.
fn people(view: &View) -> Option<String> {
    let asks = |step: &&crate::plan::Step| match step.kind {
        StepKind::Gate(gate) => {
            view.plan.gate(gate).left_out.is_none() && !view.plan.gate(gate).approvals.is_empty()
        }
        StepKind::Task(task) => {
            let task = view.plan.task(task);
            task.left_out.is_none() && task.estimate.is_none() && matches!(task.action, Action::Approve(_))
        }
        _ => false,
    };
    let number = view.plan.steps.iter().filter(asks).count();
    (number > 0).then(|| {
        let what = count(number, "answer");
        format!("not counted: how long people take for {what} (wavec simulate --gate-delay)")
    })
}
