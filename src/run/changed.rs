//! What follows when the schedule moves by itself: groups begin and end, steps end without having run.
//!
//! Says so, with the reason in words, and decides nothing else.

use super::dispatch::{Dispatcher, Hurry};
use crate::event::{Event, Outcome};
use crate::plan::{StepId, StepKind};
use crate::schedule::{Change, State};

impl Dispatcher<'_> {
    /// The schedule moved by itself.
    pub fn changed(&mut self, change: Change) {
        match change {
            Change::GroupStarted(group) => {
                if !self.is_known_group(group, None) {
                    self.events.push(Event::GroupStarted { group });
                }
            }
            Change::GroupEnded(group, outcome, cause) => {
                let reason = match outcome {
                    Outcome::Succeeded => String::new(),
                    _ => self.because(outcome, cause),
                };
                if !self.is_known_group(group, Some(outcome)) {
                    self.events.push(Event::GroupEnded { group, outcome, reason });
                }
                if outcome == Outcome::Failed && !self.plan.group(group).rollback.is_empty() {
                    self.rollbacks.push_back(group);
                }
            }
            Change::StepEnded(step, outcome, cause) => {
                self.is_cut |= outcome != Outcome::Skipped;
                match self.plan.step(step).kind {
                    StepKind::Task(task) => {
                        if !self.is_known_task(task) {
                            let reason = match &self.plan.task(task).left_out {
                                Some(why) if cause.is_none() => why.clone(),
                                _ => self.because(outcome, cause),
                            };
                            self.events.push(Event::TaskEnded { task, outcome, reason });
                        }
                    }
                    StepKind::Gate(gate) => self.gate_not_judged(gate, outcome, cause),
                    StepKind::Enter(_) | StepKind::Leave(_) | StepKind::Success(_) => {}
                }
            }
        }
    }

    /// Why something ended as it did through no doing of its own, in words.
    pub fn because(&self, outcome: Outcome, cause: Option<StepId>) -> String {
        let ended = cause.map(|cause| self.schedule.state(cause));
        let Some(cause) = cause.filter(|_| ended != Some(State::Ended(Outcome::NotRun))) else {
            return match outcome {
                Outcome::Skipped => "all in it was left out".into(),
                _ if self.hurry > Hurry::None => "the run stopped before it could start".into(),
                _ if !self.parked.is_empty() => "the quota of its driver is spent".into(),
                _ => String::new(),
            };
        };
        let ended = match ended {
            Some(State::Ended(outcome)) => outcome,
            _ => outcome,
        };
        match self.plan.step(cause).kind {
            StepKind::Task(task) => {
                let name = &self.plan.task(task).name;
                match ended {
                    Outcome::Failed => format!("`{name}` failed"),
                    Outcome::Cancelled => format!("`{name}` was cancelled"),
                    Outcome::Skipped => format!("`{name}` was left out"),
                    Outcome::Parked => format!("`{name}` is parked"),
                    Outcome::NotRun => format!("`{name}` did not run"),
                    Outcome::Succeeded => format!("`{name}` succeeded"),
                }
            }
            StepKind::Gate(gate) if outcome == Outcome::Skipped => {
                format!("the gate `{}` skips it", self.plan.gate(gate).name)
            }
            StepKind::Gate(gate) => format!("the gate `{}` said no-go", self.plan.gate(gate).name),
            StepKind::Success(group) | StepKind::Enter(group) | StepKind::Leave(group) => {
                format!("the criteria of `{}` did not all pass", self.plan.group(group).name)
            }
        }
    }
}
