//! Views of a plan before it runs: what a person reads at a terminal, and what other tools read.
//!
//! Each takes the plan and its forecast and gives text. They decide nothing and know no file and no clock.

mod below;
mod chart;
pub mod dot;
pub mod gantt;
pub mod html;
pub mod json;
pub mod mermaid;
pub mod svg;
pub mod tree;
pub(in crate::report) mod words;

use crate::plan::{Action, GateId, GroupId, Need, NeedSource, Plan, StepId, StepKind, Task, TaskId};
use crate::schedule::Forecast;
use crate::schedule::calibrate::Corrections;
use crate::schedule::levers::{Lever, LeverChange};
use crate::schedule::sample::Samples;
use std::time::Duration;

/// A plan with its forecast, for the views.
pub struct View<'p> {
    plan: &'p Plan,
    forecast: &'p Forecast,
    /// How sure the forecast is.
    samples: Option<&'p Samples>,
    /// What would make it shorter.
    levers: &'p [Lever],
    /// How earlier runs corrected it, and the makespan by the plan's own words.
    corrections: Option<(&'p Corrections, Duration)>,
    /// By gate, its step.
    gates: Vec<Option<StepId>>,
    /// By group, its `Enter`.
    enters: Vec<Option<StepId>>,
}

/// Something that a step waits for, by the name that a person gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wait<'p> {
    /// It has succeeded.
    For(&'p str, NeedSource),
    /// One of them has.
    ForAny(Vec<&'p str>),
    /// It has ended, however.
    ForEnd(&'p str),
}

impl<'p> View<'p> {
    /// The plan as `forecast` sees it.
    pub fn new(plan: &'p Plan, forecast: &'p Forecast) -> View<'p> {
        let mut gates = vec![None; plan.gates.len()];
        let mut enters = vec![None; plan.groups.len()];
        for step in plan.step_ids() {
            match plan.step(step).kind {
                StepKind::Gate(gate) => gates[gate.index()] = Some(step),
                StepKind::Enter(group) => enters[group.index()] = Some(step),
                StepKind::Task(_) | StepKind::Success(_) | StepKind::Leave(_) => {}
            }
        }
        View { plan, forecast, samples: None, levers: &[], corrections: None, gates, enters }
    }

    /// With how sure it is.
    pub fn samples(mut self, samples: Option<&'p Samples>) -> View<'p> {
        self.samples = samples.filter(|samples| samples.rounds() > 0);
        self
    }

    /// With what would make it shorter.
    pub fn levers(mut self, levers: &'p [Lever]) -> View<'p> {
        self.levers = levers;
        self
    }

    /// With what earlier runs made of it: the forecast is of the corrected plan. `own`: the makespan by the plan's own words.
    pub fn corrected(mut self, corrections: Option<&'p Corrections>, own: Duration) -> View<'p> {
        self.corrections = corrections.map(|corrections| (corrections, own));
        self
    }

    /// By what a task's estimate was corrected, where it was by more than a hundredth.
    fn factor(&self, task: TaskId) -> Option<f64> {
        let (_, factor) = self.corrections?.0.of(task)?;
        Some(factor.factor).filter(|factor| (factor - 1.0).abs() >= 0.01)
    }

    /// A change in words: `api overlaps foundations`.
    fn lever(&self, change: LeverChange) -> String {
        let name = |group: GroupId| &self.plan.group(group).name;
        match change {
            LeverChange::Overlap { first, second, has_gate } => {
                let gate = if has_gate { " and its gate were gone" } else { "" };
                format!("if {} overlapped {}{gate}", name(second), name(first))
            }
            LeverChange::Edge { first, second } => {
                let second = match self.plan.step(second).kind {
                    StepKind::Enter(group) => name(group),
                    _ => self.name(second).unwrap_or_default(),
                };
                format!("if {second} did not wait for {}", self.name(first).unwrap_or_default())
            }
            LeverChange::Workers(workers) => format!("with {workers} workers"),
        }
    }

    /// What a step waits for, in the words of the plan: containment apart, and what its group waits for apart.
    fn waits(&self, step: StepId) -> Vec<Wait<'p>> {
        let mut waits = Vec::new();
        for need in &self.plan.step(step).needs {
            let wait = match need {
                Need::Succeeded(_, NeedSource::Group) => None,
                Need::Succeeded(needed, source) => self.name(*needed).map(|name| Wait::For(name, *source)),
                Need::Finished(needed) => self.name(*needed).map(Wait::ForEnd),
                Need::AnySucceeded(needed) => {
                    Some(Wait::ForAny(needed.iter().filter_map(|needed| self.name(*needed)).collect()))
                }
            };
            waits.extend(wait.filter(|wait| !waits.contains(wait)));
        }
        // What `after` or an output says, the order of the sequence need not say again.
        let said: Vec<&str> = (waits.iter())
            .filter_map(|wait| match wait {
                Wait::For(name, source) if *source != NeedSource::Sequence => Some(*name),
                _ => None,
            })
            .collect();
        waits.retain(|wait| !matches!(wait, Wait::For(name, NeedSource::Sequence) if said.contains(name)));
        waits
    }

    /// The name of what a step ends: a task, a gate, a group. None for what has no name of its own.
    fn name(&self, step: StepId) -> Option<&'p str> {
        match self.plan.step(step).kind {
            StepKind::Task(task) => Some(&self.plan.task(task).name),
            StepKind::Gate(gate) => Some(&self.plan.gate(gate).name),
            StepKind::Leave(group) => Some(&self.plan.group(group).name),
            StepKind::Enter(_) | StepKind::Success(_) => None,
        }
    }

    /// The steps that a need on `step` is about, for graphs: criteria stand for what they close.
    fn behind(&self, step: StepId) -> Vec<StepId> {
        match self.plan.step(step).kind {
            StepKind::Success(_) => self.plan.step(step).needs.iter().flat_map(Need::steps).collect(),
            _ => vec![step],
        }
    }

    /// The step of a gate.
    fn gate_step(&self, gate: GateId) -> Option<StepId> {
        self.gates[gate.index()]
    }

    /// The step with which a group begins.
    fn enter_step(&self, group: GroupId) -> Option<StepId> {
        self.enters[group.index()]
    }

    /// Who does a task: its agent, or what it is.
    fn who(&self, task: &Task) -> &'p str {
        match (&task.action, task.agent) {
            (Action::Prompt(_) | Action::PromptFile(_), Some(agent)) => &self.plan.agent(agent).name,
            (Action::Prompt(_) | Action::PromptFile(_), None) => "agent",
            (Action::Shell(_) | Action::Program(_), _) => "run",
            (Action::Wait(_), _) => "wait",
            (Action::Approve(_), _) => "approve",
        }
    }
}

/// The name without the names of what holds it.
fn own_name<'n>(name: &'n str, group: &crate::plan::Group) -> &'n str {
    name.strip_prefix(&group.name).and_then(|rest| rest.strip_prefix('.')).unwrap_or_else(|| {
        // A nameless block adds nothing to the names in it.
        name.rsplit('.').next().unwrap_or(name)
    })
}
