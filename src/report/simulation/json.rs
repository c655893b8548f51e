//! What a simulation found, as JSON, for tools. Its schema is `docs/schema/simulation.json`.
//!
//! Fields are only ever added within a version. Times are in milliseconds, money in millionths of a dollar.

use super::{Scenario, View, bins};
use crate::plan::TaskId;
use crate::report::json::document;
use crate::schedule::simulate::{Culprit, End, Round, Simulation, quantile};
use serde_json::{Value, json};
use std::time::Duration;

/// The version of the format.
pub const VERSION: u32 = 1;

/// The whole on one line, or laid out for people.
pub fn render(view: &View, is_pretty: bool) -> String {
    document(&value(view), is_pretty)
}

/// The whole.
pub fn value(view: &View) -> Value {
    let asked = view.asked;
    json!({
        "version": VERSION,
        "plan": view.plan.name,
        "seed": view.seed,
        "runs": view.scenarios.first().map_or(0, |scenario| scenario.simulation.rounds.len()),
        "troubles": {
            "fail": asked.fail.iter().map(|(name, share)| json!({ "name": name, "share": share })).collect::<Vec<_>>(),
            "quota_at": asked.quota.iter().map(|(driver, time)| {
                json!({ "driver": driver, "time": milliseconds(*time) })
            }).collect::<Vec<_>>(),
            "gate_delay": asked.answer.map(|(least, most)| json!([milliseconds(least), milliseconds(most)])),
        },
        "corrected_by_runs": view.corrected_by,
        "scenarios": view.scenarios.iter().map(|it| scenario(view, it)).collect::<Vec<_>>(),
    })
}

fn scenario(view: &View, scenario: &Scenario) -> Value {
    let Scenario { forecast, simulation } = scenario;
    let name = |task: &TaskId| &view.plan.task(*task).name;
    let culprit = |(culprit, runs): (Culprit, usize)| match culprit {
        Culprit::Task(task) => json!({ "kind": "task", "name": name(&task), "runs": runs }),
        Culprit::Gate(gate) => json!({ "kind": "gate", "name": view.plan.gate(gate).name, "runs": runs }),
    };
    let bin = |bin: bins::Bin| {
        json!({
            "from": bin.from,
            "to": bin.to,
            "succeeded": bin.succeeded,
            "failed": bin.failed,
            "no_go": bin.no_go,
            "parked": bin.parked,
        })
    };
    let money = forecast.cost.money.map(|_| spread(simulation, None, |round| round.money));
    let tokens = forecast.cost.tokens.map(|_| spread(simulation, None, |round| round.tokens));
    json!({
        "workers": forecast.workers,
        "forecast": milliseconds(forecast.makespan + forecast.finally),
        "outcomes": {
            "succeeded": simulation.count(End::Succeeded),
            "failed": simulation.count(End::Failed),
            "no_go": simulation.count(End::NoGo),
            "parked": simulation.count(End::Parked),
        },
        "finish": spread(simulation, None, |round| round.finish),
        "finish_succeeded": spread(simulation, Some(End::Succeeded), |round| round.finish),
        "money": money,
        "tokens": tokens,
        "retries": simulation.mean_retries(),
        "culprits": simulation.culprits().into_iter().map(culprit).collect::<Vec<_>>(),
        "histogram": bins::bins(simulation).into_iter().map(bin).collect::<Vec<_>>(),
        "missing": forecast.missing.iter().map(name).collect::<Vec<_>>(),
        "missing_costs": forecast.cost.missing.iter().map(name).collect::<Vec<_>>(),
    })
}

/// Where the numbers lie; null where there are none.
fn spread(simulation: &Simulation, end: Option<End>, number: impl Fn(&Round) -> u64) -> Value {
    let sorted = simulation.sorted(end, number);
    if sorted.is_empty() {
        return Value::Null;
    }
    let sum: f64 = sorted.iter().map(|number| *number as f64).sum();
    json!({
        "least": quantile(&sorted, 0.0),
        "p10": quantile(&sorted, 0.1),
        "p50": quantile(&sorted, 0.5),
        "p90": quantile(&sorted, 0.9),
        "p99": quantile(&sorted, 0.99),
        "most": quantile(&sorted, 1.0),
        "mean": sum / sorted.len() as f64,
    })
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
