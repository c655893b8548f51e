//! What earlier runs teach about estimates, for people and for tools. The schema of the JSON is
//! `docs/schema/calibration.json`.
//!
//! It does not know how it was learned.

use super::plan::words::literal;
use super::words::{count, cut, list, pad, times};
use super::{Look, Tone};
use crate::report::json::document;
use crate::schedule::calibrate::{CLAMP, Calibration, FEWEST_RUNS, Factor};
use serde_json::{Map, Value, json};
use std::time::Duration;
use unicode_width::UnicodeWidthStr;

/// The version of the format.
pub const VERSION: u32 = 1;

/// A table: what was measured, how surely, and what a forecast makes of it.
pub fn render(calibration: &Calibration, look: &Look) -> String {
    if calibration.runs == 0 {
        return format!(
            "No run has measured an estimate yet.\n\nA task with an `estimate` that succeeds is measured; from {FEWEST_RUNS} runs on, forecasts are corrected.\n"
        );
    }
    let mut text =
        format!("{} measured what tasks took, against what was estimated\n", count(calibration.runs, "run"));
    let tasks = calibration.tasks.iter().map(|it| {
        let expected = literal(Duration::from_millis(it.expected));
        (format!("{}: {}", it.plan, it.task), expected, &it.factor)
    });
    let agents = calibration.agents.iter().map(|(agent, factor)| (agent.clone(), String::new(), factor));
    let tables = [("task", tasks.collect::<Vec<_>>()), ("agent", agents.collect())];
    let widest = tables.iter().flat_map(|(_, rows)| rows).map(|(name, _, _)| name.width()).max().unwrap_or(0);
    let width = widest.clamp(8, look.width.saturating_sub(57).max(12));
    for (head, rows) in tables {
        if rows.is_empty() {
            continue;
        }
        let head = format!(
            "\n{}  {:>8}  {:>4}  {:>6}  {:>12}  {:>6}  {}",
            pad(head, width),
            if head == "task" { "estimate" } else { "" },
            "runs",
            "median",
            "middle half",
            "used",
            "confidence"
        );
        text += &format!("{}\n", look.paint(Tone::Dim, &head));
        for (name, expected, factor) in rows {
            text += &format!(
                "{}  {expected:>8}  {:>4}  {:>6}  {:>12}  {}  {}\n",
                pad(&cut(&name, width), width),
                factor.runs.len(),
                times(factor.median),
                format!("{}–{}", times(factor.quartiles.0), times(factor.quartiles.1)),
                look.paint(Tone::Strong, &format!("{:>6}", times(factor.factor))),
                factor.confidence.word()
            );
        }
    }
    let factors =
        calibration.tasks.iter().map(|it| &it.factor).chain(calibration.agents.iter().map(|it| &it.1));
    if factors.clone().any(Factor::is_clamped) {
        let (least, most) = CLAMP;
        text +=
            &format!("\nA forecast is corrected by {} at least and {} at most.\n", times(least), times(most));
    }
    let tasks: Vec<String> =
        calibration.too_few_tasks.iter().map(|(plan, task, _)| format!("{plan}: {task}")).collect();
    let agents: Vec<&str> = calibration.too_few_agents.iter().map(|(agent, _)| agent.as_str()).collect();
    if !tasks.is_empty() || !agents.is_empty() {
        text += &format!("\nNothing is learned from fewer than {FEWEST_RUNS} runs:\n");
    }
    for (number, noun, names) in
        [(tasks.len(), "task", list(&tasks, 4)), (agents.len(), "agent", list(&agents, 4))]
    {
        if number > 0 {
            text += &format!("{}\n", cut(&format!("  {} ({names})", count(number, noun)), look.width));
        }
    }
    text
}

/// All of it on one line, or laid out for people.
pub fn json(calibration: &Calibration, is_pretty: bool) -> String {
    let with = |head: Value, factor: &Factor| {
        let mut fields: Map<String, Value> = head.as_object().cloned().unwrap_or_default();
        fields.insert("median".into(), factor.median.into());
        fields.insert("quartiles".into(), json!([factor.quartiles.0, factor.quartiles.1]));
        fields.insert("factor".into(), factor.factor.into());
        fields.insert("runs".into(), json!(factor.runs));
        fields.insert("samples".into(), factor.samples.into());
        fields.insert("confidence".into(), factor.confidence.word().into());
        fields
    };
    let tasks = calibration
        .tasks
        .iter()
        .map(|it| with(json!({ "plan": it.plan, "task": it.task, "expected": it.expected }), &it.factor));
    let agents = calibration.agents.iter().map(|(agent, factor)| with(json!({ "agent": agent }), factor));
    let value = json!({
        "version": VERSION,
        "runs": calibration.runs,
        "fewest_runs": FEWEST_RUNS,
        "limits": [CLAMP.0, CLAMP.1],
        "tasks": tasks.collect::<Vec<_>>(),
        "agents": agents.collect::<Vec<_>>(),
        "too_few": {
            "tasks": calibration.too_few_tasks.iter().map(|(plan, task, runs)| {
                json!({ "plan": plan, "task": task, "runs": runs })
            }).collect::<Vec<_>>(),
            "agents": calibration.too_few_agents.iter().map(|(agent, runs)| {
                json!({ "agent": agent, "runs": runs })
            }).collect::<Vec<_>>(),
        },
    });
    document(&value, is_pretty)
}
