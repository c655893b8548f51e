//! Why a step does not start, for `why`.
//!
//! Only looks; a schedule that nobody asks pays nothing for it.

use super::shape::{CapacitySource, NONE};
use super::{Outcome, Schedule, State};
use crate::plan::{GroupId, Isolation, Need, ResourceId, StepId, StepKind, TaskId};

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
    Resource(ResourceId),
    /// That task runs, and their claims overlap or are unknown.
    Claims(TaskId),
    /// It leaves its place to that step, which is about to come and is more urgent.
    Turn(StepId),
    /// The quota of its driver is spent.
    Quota,
    /// The run is stopping.
    Stopped,
}

impl Schedule {
    /// Why a ready or waiting step does not start.
    pub fn obstacles(&self, step: StepId) -> Vec<Obstacle> {
        match self.state(step) {
            State::Waiting => self.unmet_needs(step),
            State::Ready if self.shape.class_of[step.index()] != NONE => self.busy_capacities(step),
            State::Ended(Outcome::NotRun) if self.is_stopped => vec![Obstacle::Stopped],
            State::Ready | State::Running | State::Ended(_) => Vec::new(),
        }
    }

    fn unmet_needs(&self, step: StepId) -> Vec<Obstacle> {
        let is_open = |step: StepId| !matches!(self.state(step), State::Ended(_));
        let mut obstacles = Vec::new();
        for need in &self.plan.step(step).needs {
            match need {
                Need::Succeeded(needed, _) | Need::Finished(needed) if is_open(*needed) => {
                    obstacles.push(Obstacle::Needs(*needed));
                }
                Need::AnySucceeded(needed)
                    if !needed.iter().any(|step| self.state(*step) == State::Ended(Outcome::Succeeded)) =>
                {
                    obstacles.push(Obstacle::NeedsAny(
                        needed.iter().copied().filter(|step| is_open(*step)).collect(),
                    ));
                }
                _ => {}
            }
        }
        if let StepKind::Leave(group) = self.plan.step(step).kind {
            let members = self.shape.members[group.index()].iter().copied().filter(|member| is_open(*member));
            obstacles.extend(members.map(Obstacle::Needs));
        }
        if obstacles.is_empty() {
            // A step that will be skipped waits for all of its needs, so that the order holds through it.
            let needs = self.plan.step(step).needs.iter().flat_map(Need::steps);
            obstacles.extend(needs.filter(|needed| is_open(*needed)).map(Obstacle::Needs));
        }
        dedup(obstacles)
    }

    fn busy_capacities(&self, step: StepId) -> Vec<Obstacle> {
        let mut obstacles: Vec<Obstacle> = self.kept_for(step).map(Obstacle::Turn).into_iter().collect();
        if self.queue.is_held(&self.shape, step) {
            obstacles.push(Obstacle::Quota);
        }
        if self.queue.is_full() {
            obstacles.push(Obstacle::Workers(GroupId(0)));
        }
        for source in self.queue.all_lacking(&self.shape, step) {
            match source {
                CapacitySource::Workers(group) => obstacles.push(Obstacle::Workers(group)),
                CapacitySource::Instances(_) => obstacles.push(Obstacle::Instances),
                CapacitySource::Resource(resource) => obstacles.push(Obstacle::Resource(resource)),
                CapacitySource::Claims(task) => obstacles.push(Obstacle::Claims(task)),
                CapacitySource::Writers => {
                    let is_alone = matches!(self.plan.step(step).kind,
                        StepKind::Task(task) if !self.plan.task(task).claims.is_known);
                    let running = self.plan.step_ids().filter(|other| self.state(*other) == State::Running);
                    obstacles.extend(running.filter_map(|other| match self.plan.step(other).kind {
                        StepKind::Task(other) => {
                            let task = self.plan.task(other);
                            let is_writer = task.claims.may_write() && task.isolation == Isolation::Shared;
                            let is_in_the_way = is_writer && (is_alone || !task.claims.is_known);
                            is_in_the_way.then_some(Obstacle::Claims(other))
                        }
                        _ => None,
                    }));
                }
            }
        }
        dedup(obstacles)
    }
}

/// Drops repeats, the first stays.
fn dedup(obstacles: Vec<Obstacle>) -> Vec<Obstacle> {
    let mut seen = Vec::with_capacity(obstacles.len());
    for obstacle in obstacles {
        if !seen.contains(&obstacle) {
            seen.push(obstacle);
        }
    }
    seen
}
