//! Proofs of what the plan claims about its time, its cost and its width, by the forecast that `plan` shows.
//!
//! Knows numbers, not where they come from. A claim that the estimates at hand leave open is said to be unproved, never
//! taken for true.

use super::Proof;
use super::messages::time as messages;
use crate::diagnostic::Diagnostic;
use crate::plan::{AssertClaim, Comparison, Estimate, Plan, TaskId};
use crate::schedule::{Forecast, Limits, estimate};
use std::sync::Arc;
use std::time::Duration;

pub(super) fn check(proof: &Proof, conflicts: &[(TaskId, TaskId)], findings: &mut Vec<Diagnostic>) {
    let is_numeric =
        |claim: &AssertClaim| !matches!(claim, AssertClaim::Before(..) | AssertClaim::Alongside(..));
    if !proof.plan.asserts.iter().any(|assert| is_numeric(&assert.claim)) {
        return;
    }
    let plan = Arc::new(Plan { conflicts: conflicts.to_vec(), ..proof.plan.clone() });
    let forecast = estimate(&plan, &Limits::default());
    for assert in &proof.plan.asserts {
        let span = assert.span;
        let missing = &forecast.missing;
        let finding = match assert.claim {
            AssertClaim::Makespan(comparison, limit) => {
                // Whoever works and however many: no run is shorter than the longest path.
                let least = if missing.is_empty() {
                    forecast.makespan
                } else {
                    forecast.longest_path.max(forecast.makespan)
                };
                let most = missing.is_empty().then_some(forecast.makespan);
                match holds(comparison, least, most, limit) {
                    Some(true) => None,
                    Some(false) => {
                        Some(messages::makespan_refuted(proof, span, comparison, limit, &forecast))
                    }
                    None => Some(messages::unproved(proof, span, "estimate", missing)),
                }
            }
            AssertClaim::Speedup(comparison, limit) => {
                let speedup = (forecast.speedup() * 1e6).round() / 1e6;
                match (comparison.holds(speedup, limit), missing.is_empty()) {
                    (true, true) => None,
                    (false, true) => {
                        Some(messages::speedup_refuted(proof, span, comparison, limit, &forecast))
                    }
                    (_, false) => Some(messages::unproved(proof, span, "estimate", missing)),
                }
            }
            AssertClaim::Money(comparison, limit) => {
                cost(proof, span, comparison, limit, forecast.cost.money, &forecast, true)
            }
            AssertClaim::Tokens(comparison, limit) => {
                cost(proof, span, comparison, limit, forecast.cost.tokens, &forecast, false)
            }
            AssertClaim::Workers(comparison, limit) => {
                let widest = widest(proof.plan, conflicts);
                (!comparison.holds(widest.len() as u32, limit))
                    .then(|| messages::width_refuted(proof, span, comparison, limit, &widest))
            }
            AssertClaim::Before(..) | AssertClaim::Alongside(..) => None,
        };
        findings.extend(finding);
    }
}

fn cost(
    proof: &Proof,
    span: crate::source::Span,
    comparison: Comparison,
    limit: u64,
    sum: Option<(u64, u64)>,
    forecast: &Forecast,
    is_money: bool,
) -> Option<Diagnostic> {
    let missing = &forecast.cost.missing;
    let (least, most) = sum.unwrap_or_default();
    match holds(comparison, least, (sum.is_some() && missing.is_empty()).then_some(most), limit) {
        Some(true) => None,
        Some(false) => Some(messages::cost_refuted(proof, span, comparison, limit, (least, most), is_money)),
        None if missing.is_empty() && sum.is_some() => {
            Some(messages::cost_open(span, limit, (least, most), is_money))
        }
        None => Some(messages::unproved(proof, span, "cost", missing)),
    }
}

/// Whether `value OP limit` holds, for a value from `least` to `most` (none: no one knows how much). None: it depends.
fn holds<T: PartialOrd + Copy>(comparison: Comparison, least: T, most: Option<T>, limit: T) -> Option<bool> {
    let below = |strict: bool| match most {
        _ if (strict && least >= limit) || least > limit => Some(false),
        Some(most) if most < limit || !strict && most == limit => Some(true),
        _ => None,
    };
    match comparison {
        Comparison::AtMost => below(false),
        Comparison::Less => below(true),
        Comparison::More => below(false).map(|is_below| !is_below),
        Comparison::AtLeast => below(true).map(|is_below| !is_below),
        Comparison::Equal | Comparison::NotEqual => {
            let is_equal = match most {
                Some(most) if most == least => Some(least == limit),
                Some(most) if most < limit => Some(false),
                _ if least > limit => Some(false),
                _ => None,
            };
            is_equal.map(|is_equal| is_equal == (comparison == Comparison::Equal))
        }
    }
}

/// The tasks at work where most are when no number of workers limits them, each taking some time.
pub(super) fn widest(plan: &Plan, conflicts: &[(TaskId, TaskId)]) -> Vec<TaskId> {
    let mut plan = Plan { conflicts: conflicts.to_vec(), ..plan.clone() };
    plan.workers = None;
    plan.groups[0].workers = None;
    for task in &mut plan.tasks {
        let is_timed = task.estimate.is_some_and(|estimate| !estimate.expected().is_zero());
        if !is_timed {
            let minute = Duration::from_secs(60);
            task.estimate = Some(Estimate { least: minute, likeliest: None, most: minute, span: task.span });
        }
    }
    let plan = Arc::new(plan);
    let forecast = estimate(&plan, &Limits::default());
    let widest = forecast.timeline.iter().find(|(_, width)| *width == forecast.width);
    let Some((at, _)) = widest.filter(|_| forecast.width > 0) else { return Vec::new() };
    let is_on = |task: &TaskId| {
        forecast
            .task(&plan, *task)
            .is_some_and(|slot| !slot.is_skipped && slot.start <= *at && *at < slot.end)
    };
    plan.task_ids().filter(is_on).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_range_neither_proves_nor_refutes() {
        use Comparison::*;
        assert_eq!(holds(AtMost, 3, Some(5), 5), Some(true));
        assert_eq!(holds(AtMost, 3, Some(5), 4), None);
        assert_eq!(holds(AtMost, 3, Some(5), 2), Some(false));
        assert_eq!(holds(AtMost, 3, None, 9), None);
        assert_eq!(holds(AtMost, 3, None, 2), Some(false));
        assert_eq!(holds(Less, 3, Some(3), 3), Some(false));
        assert_eq!(holds(AtLeast, 3, Some(5), 3), Some(true));
        assert_eq!(holds(AtLeast, 3, None, 3), Some(true));
        assert_eq!(holds(More, 3, None, 3), None);
        assert_eq!(holds(Equal, 3, Some(3), 3), Some(true));
        assert_eq!(holds(Equal, 3, Some(5), 6), Some(false));
        assert_eq!(holds(NotEqual, 3, Some(5), 4), None);
    }
}
