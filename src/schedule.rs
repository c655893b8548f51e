//! When what may start: a pure state machine over a plan's steps.
//!
//! No clock and no I/O: a driver asks [`Schedule::next`], does the work, and says how it ended. `run` drives it in
//! real time and `estimate` in virtual time, so a forecast and a run differ in durations and outcomes, never in rules.
//! It does not know attempts, retries or verdicts: a step ends once, with the outcome that counts.

use crate::plan::{GateId, GroupId, Plan, StepId, TaskId};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How a task or a group is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Its work ended well and its criteria passed.
    Succeeded,
    /// It did not.
    Failed,
    /// It was ended before its own end.
    Cancelled,
    /// It was left out: its `when` does not hold, or a gate skipped it, or what it needs was left out.
    Skipped,
    /// It waits for a quota.
    Parked,
    /// It was never started.
    NotRun,
}

/// The life of a step. In life order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Something that it needs is not there yet.
    Waiting,
    /// All it needs is there; a worker, an instance, a resource or a claim may still be held by others.
    Ready,
    /// Handed out by `next`; holds its capacities.
    Running,
    /// Over.
    Ended(Outcome),
}

/// Work that the machine hands out. `Enter` and `Leave` steps are never handed out: they pass by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Work {
    /// Do the task. Holds a worker, and the task's instance, resources and claims.
    Task(TaskId),
    /// Judge the gate. Holds no worker.
    Gate(GateId),
    /// Test the group's `success` criteria. Holds no worker.
    Success(GroupId),
}

/// A transition that the machine made by itself or on being told, in the order in which they happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The first item of the group may start.
    GroupStarted(GroupId),
    /// The group is over. `cause`: the step that decided a bad outcome.
    GroupEnded(GroupId, Outcome, Option<StepId>),
    /// A step that was never handed out is over: skipped, or not run. `cause`: the step that decided it, if one did.
    StepEnded(StepId, Outcome, Option<StepId>),
}

/// How a gate came out, for the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// Go; also a no-go with `on no-go continue`.
    Open,
    /// No-go with `on no-go stop`, retries used up, or blocked: the gate has failed.
    Closed,
    /// No-go with `on no-go retry`: the stretch before the gate runs again.
    Again,
    /// No-go with `on no-go skip to`: every step between the gate and there that has not started is skipped.
    SkipTo(StepId),
}

/// The machine.
pub struct Schedule {
    plan: Arc<Plan>,
}

/// What limits a run beyond the plan's own words.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// At most so many tasks at once, in place of the plan's `workers`.
    pub workers: Option<u32>,
}

impl Schedule {
    /// Every step waiting; what needs nothing is ready.
    pub fn new(plan: Arc<Plan>, _limits: Limits) -> Schedule {
        Schedule { plan }
    }

    /// The plan that it runs.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Marks a step as over before the run goes on: what an earlier session of the run has finished. Call before the first `next`.
    pub fn restore(&mut self, _step: StepId, _outcome: Outcome) {}

    /// Hands out the most urgent work that may start now, and takes its capacities. None when nothing may start
    /// before something running ends.
    pub fn next(&mut self) -> Option<(StepId, Work)> {
        None
    }

    /// A task or success step is over.
    pub fn finish(&mut self, _step: StepId, _outcome: Outcome) {}

    /// A gate is judged. `Again` gives the steps that are waiting once more.
    pub fn pass(&mut self, _gate: StepId, _passage: Passage) -> Vec<StepId> {
        Vec::new()
    }

    /// Nothing new starts from now on; what waits ends as not run. Running steps may still finish.
    pub fn stop(&mut self) {}

    /// Nothing new of that driver starts from now on (its quota is spent); its waiting tasks end as not run when all else is over.
    pub fn park_driver(&mut self, _driver: &str) {}

    /// The transitions since the last call.
    pub fn drain_changes(&mut self) -> Vec<Change> {
        Vec::new()
    }

    /// The state of a step.
    pub fn state(&self, _step: StepId) -> State {
        State::Waiting
    }

    /// Why a ready or waiting step does not start, for `why`.
    pub fn obstacles(&self, _step: StepId) -> Vec<Obstacle> {
        Vec::new()
    }

    /// Whether every step is over.
    pub fn is_over(&self) -> bool {
        true
    }
}

/// Why a step does not start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// A step that it needs has not ended.
    Needs(StepId),
    /// None of these has succeeded yet.
    NeedsAny(Vec<StepId>),
    /// All `workers` of that group (or the run, for the plan) are busy.
    Workers(GroupId),
    /// All instances of its agent are busy.
    Instances,
    /// The resource is held, wholly or in part.
    Resource(crate::plan::ResourceId),
    /// That task runs, and their claims overlap or are unknown.
    Claims(TaskId),
    /// The quota of its driver is spent.
    Quota,
    /// The run is stopping.
    Stopped,
}

impl Outcome {
    /// The word for it, the same everywhere.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Succeeded => "succeeded",
            Outcome::Failed => "failed",
            Outcome::Cancelled => "cancelled",
            Outcome::Skipped => "skipped",
            Outcome::Parked => "parked",
            Outcome::NotRun => "not run",
        }
    }
}
