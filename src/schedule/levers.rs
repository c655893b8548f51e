//! What would make a plan end sooner: what each barrier costs, which edge would buy most, what more workers would.
//!
//! Asks the forecast of plans that lack one edge. It does not know whether the edge may go: that is the author's.

use super::estimate::{Forecast, estimate, estimate_by};
use super::{Limits, brief_order, by_critical_path};
use crate::plan::{GroupId, GroupKind, Need, NeedSource, Plan, StepId, StepKind};
use std::sync::Arc;
use std::time::Duration;

/// A change and what it would buy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lever {
    /// The change.
    pub change: LeverChange,
    /// How much sooner the plan would end.
    pub saves: Duration,
}

/// A change that may make a plan end sooner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeverChange {
    /// The second wave starts with the first and not behind it: `overlaps`. With a last gate in the first, the gate
    /// would have to go too.
    Overlap {
        /// The wave before.
        first: GroupId,
        /// The wave behind.
        second: GroupId,
        /// Whether a gate stands between them.
        has_gate: bool,
    },
    /// The second does not wait for the first.
    Edge {
        /// The task, gate or `Leave` that is waited for.
        first: StepId,
        /// What waits.
        second: StepId,
    },
    /// So many workers instead of those in force.
    Workers(u32),
}

/// The most forecasts that are asked, and the most steps of all of them together.
const MOST_FORECASTS: usize = 200;
const MOST_STEPS: usize = 400_000;

/// The most steps of all forecasts together for which each is searched for the best order.
const MOST_SEARCHED: usize = 1_000;

/// What would make the plan end sooner, the best first. None when the plan is too large to try.
pub fn levers(plan: &Arc<Plan>, limits: &Limits, forecast: &Forecast) -> Option<Vec<Lever>> {
    let changes = changes(plan, forecast);
    if changes.len() > MOST_FORECASTS || changes.len() * plan.steps.len() > MOST_STEPS {
        return None;
    }
    // As well searched as the forecast itself where that takes no time that one would notice; else in its order or by
    // the critical path, whichever is better.
    let is_small = changes.len() * plan.steps.len() <= MOST_SEARCHED;
    let own = (!is_small).then(|| brief_order(plan, *limits));
    let makespan = |plan: &Arc<Plan>, limits: &Limits| match &own {
        None => estimate(plan, limits).makespan,
        Some(own) => {
            let by_path = estimate_by(plan, limits, by_critical_path(plan, *limits)).makespan;
            estimate_by(plan, limits, Arc::clone(own)).makespan.min(by_path)
        }
    };
    let mut levers = Vec::new();
    for change in changes {
        let other = match change {
            LeverChange::Workers(workers) => makespan(plan, &Limits { workers: Some(workers) }),
            LeverChange::Overlap { first, second, .. } => {
                makespan(&Arc::new(overlapped(plan, first, second)), limits)
            }
            LeverChange::Edge { first, second } => {
                let mut without = Plan::clone(plan);
                without.steps[second.index()].needs.retain(|need| !is_edge(need, first));
                makespan(&Arc::new(without), limits)
            }
        };
        let saves = forecast.makespan.saturating_sub(other);
        // What a barrier costs is told of each, also that it is nothing.
        if !saves.is_zero() || matches!(change, LeverChange::Overlap { .. }) {
            levers.push(Lever { change, saves });
        }
    }
    levers.sort_by_key(|lever| std::cmp::Reverse(lever.saves));
    Some(levers)
}

/// What may be tried: the barriers between waves, the edges that bind, one worker more.
fn changes(plan: &Plan, forecast: &Forecast) -> Vec<LeverChange> {
    let mut changes = Vec::new();
    let has_gate = |group: GroupId| plan.gates.iter().any(|gate| gate.group == group);
    for step in &plan.steps {
        let StepKind::Enter(second) = step.kind else { continue };
        for need in &step.needs {
            let Need::Succeeded(needed, NeedSource::Sequence) = need else { continue };
            let (leave, is_gate) = behind_gates(plan, *needed);
            if let StepKind::Leave(first) = plan.step(leave).kind
                && plan.group(first).kind == GroupKind::Wave
                && plan.group(second).kind == GroupKind::Wave
            {
                changes.push(LeverChange::Overlap { first, second, has_gate: is_gate || has_gate(first) });
            }
        }
    }
    for second in plan.step_ids() {
        let slot = forecast.step(second);
        let is_work = matches!(plan.step(second).kind, StepKind::Task(_) | StepKind::Enter(_));
        if !is_work || !slot.is_critical {
            continue;
        }
        for need in &plan.step(second).needs {
            if let Need::Succeeded(first, NeedSource::After | NeedSource::Sequence) = need
                && forecast.step(*first).end == slot.start
                && !matches!((plan.step(*first).kind, plan.step(second).kind),
                    (StepKind::Leave(a), StepKind::Enter(b)) if plan.group(a).kind == GroupKind::Wave && plan.group(b).kind == GroupKind::Wave)
                && !matches!(plan.step(*first).kind, StepKind::Gate(_))
                && !changes.contains(&LeverChange::Edge { first: *first, second })
            {
                changes.push(LeverChange::Edge { first: *first, second });
            }
        }
    }
    if let Some(workers) = forecast.workers {
        changes.push(LeverChange::Workers(workers.saturating_add(1)));
    }
    changes
}

/// What stands before the gates between two items, and whether there are any.
fn behind_gates(plan: &Plan, step: StepId) -> (StepId, bool) {
    let mut at = step;
    while let StepKind::Gate(_) = plan.step(at).kind {
        let before = plan.step(at).needs.iter().find_map(|need| match need {
            Need::Succeeded(needed, NeedSource::Sequence) => Some(*needed),
            _ => None,
        });
        match before {
            Some(before) => at = before,
            None => break,
        }
    }
    (at, at != step)
}

fn is_edge(need: &Need, first: StepId) -> bool {
    matches!(need, Need::Succeeded(needed, NeedSource::After | NeedSource::Sequence) if *needed == first)
}

/// The plan with the second wave needing what the first one's start needs, in place of its end.
fn overlapped(plan: &Plan, first: GroupId, second: GroupId) -> Plan {
    let mut other = plan.clone();
    let step_of = |kind| plan.step_ids().find(|step| plan.step(*step).kind == kind);
    if let (Some(enter), Some(leave), Some(behind)) =
        (step_of(StepKind::Enter(first)), step_of(StepKind::Leave(first)), step_of(StepKind::Enter(second)))
    {
        let needs = plan.step(enter).needs.clone();
        let is_behind = |need: &Need| {
            matches!(need, Need::Succeeded(needed, NeedSource::After | NeedSource::Sequence)
                if behind_gates(plan, *needed).0 == leave)
        };
        other.steps[behind.index()].needs.retain(|need| !is_behind(need));
        other.steps[behind.index()].needs.extend(needs);
        // What followed the second wave followed the first one too.
        let end = step_of(StepKind::Leave(second));
        for step in &mut other.steps {
            let follows = step.needs.iter().any(|need| end.is_some_and(|end| is_edge(need, end)));
            if follows {
                step.needs.push(Need::Succeeded(leave, NeedSource::Sequence));
            }
        }
    }
    other
}
