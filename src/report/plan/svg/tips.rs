//! What one reads who points at a mark, and what a script finds at it.
//!
//! Draws nothing.

use super::draw::Pen;
use crate::plan::{Need, NeedSource, StepId, StepKind};
use crate::report::plan::chart::{Mark, Weight, What};
use crate::report::plan::words;
use crate::report::words::one_line;
use std::time::Duration;

impl Pen<'_> {
    /// What one reads about a mark who points at it.
    pub(super) fn tip(&self, mark: &Mark) -> String {
        let view = self.layout.view;
        let mut lines = Vec::new();
        let timed = |lines: &mut Vec<String>| {
            if self.layout.chart.is_timed {
                let slack = |slack: Duration| match slack.is_zero() {
                    true => "no slack".to_string(),
                    false => format!("{} of slack", words::time(slack)),
                };
                let step = match mark.what {
                    What::Task(task) => view.plan.task(task).step,
                    What::Gate(gate) => view.gate_step(gate),
                };
                let mut parts = match mark.length() {
                    0 => vec![format!("at {}", self.moment(mark.start))],
                    _ => vec![format!("{}–{}", self.moment(mark.start), self.moment(mark.end))],
                };
                parts.extend(step.map(|step| slack(view.forecast.step(step).slack)));
                if mark.weight == Weight::Path {
                    parts.push("on the critical path".to_string());
                }
                lines.push(parts.join(" · "));
            }
        };
        match mark.what {
            What::Task(id) => {
                let task = view.plan.task(id);
                lines.push(task.name.to_string());
                if !task.title.is_empty() {
                    lines.push(task.title.to_string());
                }
                let estimate = task.estimate.as_ref().map_or("no estimate".to_string(), words::estimate);
                lines.push(format!("{} · {estimate}", view.who(task)));
                timed(&mut lines);
            }
            What::Gate(id) => {
                let gate = view.plan.gate(id);
                lines.push(format!("gate {}", gate.name));
                if !gate.title.is_empty() {
                    lines.push(gate.title.clone());
                }
                lines.extend(gate.checks.iter().take(8).map(|check| format!("· {}", check.title)));
                timed(&mut lines);
            }
        }
        let lines: Vec<String> = lines.iter().map(|line| one_line(line, 160)).collect();
        lines.join("\n")
    }

    /// For a script: which mark this is, what holds it, and what it waits for.
    pub(super) fn links(&self, mark: &Mark) -> String {
        if !self.layout.frame.has_links {
            return String::new();
        }
        let view = self.layout.view;
        let (id, step, group) = match mark.what {
            What::Task(task) => {
                (format!("t{}", task.0), view.plan.task(task).step, view.plan.task(task).group)
            }
            What::Gate(gate) => (format!("g{}", gate.0), view.gate_step(gate), view.plan.gate(gate).group),
        };
        let mut needs = Vec::new();
        let mut holders = Vec::new();
        if let Some(step) = step {
            self.needs(step, &mut needs);
            let mut at = Some(group);
            while let Some(group) = at {
                // What holds the item waits for it, too.
                if let Some(enter) = view.enter_step(group) {
                    self.needs(enter, &mut needs);
                }
                holders.push(format!("w{}", group.0));
                at = view.plan.group(group).parent;
            }
        }
        needs.sort_unstable();
        needs.dedup();
        format!(
            " class=\"mark\" id=\"{id}\" data-in=\"{}\" data-needs=\"{}\"",
            holders.join(" "),
            needs.join(" ")
        )
    }

    fn needs(&self, step: StepId, needs: &mut Vec<String>) {
        let plan = self.layout.view.plan;
        let is_gate = matches!(plan.step(step).kind, StepKind::Gate(_));
        for need in &plan.step(step).needs {
            if matches!(need, Need::Succeeded(_, NeedSource::Group)) && !is_gate {
                continue;
            }
            for needed in need.steps().flat_map(|needed| self.layout.view.behind(needed)) {
                match plan.step(needed).kind {
                    StepKind::Task(task) => needs.push(format!("t{}", task.0)),
                    StepKind::Gate(gate) => needs.push(format!("g{}", gate.0)),
                    StepKind::Leave(group) => needs.push(format!("w{}", group.0)),
                    StepKind::Enter(_) | StepKind::Success(_) => {}
                }
            }
        }
    }
}
