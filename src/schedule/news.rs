//! What the end of a step means for those that wait for it.
//!
//! It does not know how a step came to its end, nor who competes with whom.

use super::shape::Edge;
use super::{AnyState, Outcome, Schedule, Skip, State};
use crate::plan::StepId;

impl Schedule {
    /// Tells the dependents of all that has newly ended, and theirs, until nothing moves by itself.
    pub(super) fn tell(&mut self) {
        while let Some(step) = self.news.pop_front() {
            let State::Ended(outcome) = self.states[step.index()] else { continue };
            let from = self.shape.dependents_from[step.index()];
            for index in from..self.shape.dependents_from[step.index() + 1] {
                let dependent = self.shape.dependents[index as usize];
                if self.states[dependent.step.index()] == State::Waiting {
                    self.hear(dependent.step, dependent.edge, step, outcome);
                }
            }
        }
    }

    /// A waiting step learns that one of its needs has ended.
    fn hear(&mut self, step: StepId, edge: Edge, needed: StepId, outcome: Outcome) {
        let is_good = matches!(outcome, Outcome::Succeeded | Outcome::Skipped);
        let is_met = match edge {
            Edge::Finished => true,
            Edge::Succeeded => is_good,
            Edge::Output => {
                if outcome == Outcome::Skipped && self.skips[step.index()] == Skip::No {
                    self.skips[step.index()] = Skip::By(needed);
                }
                is_good
            }
            Edge::Any(index) => {
                let any = &mut self.any_needs[index as usize];
                if any.is_met {
                    any.hear(outcome);
                    return;
                }
                any.hear(outcome);
                if !any.is_met && any.open > 0 {
                    return;
                }
                any.is_met
            }
        };
        if !is_met {
            let cause = self.root(needed);
            self.end_unstarted(step, Outcome::NotRun, Some(cause));
            return;
        }
        self.unmet[step.index()] -= 1;
        if self.unmet[step.index()] == 0 {
            self.promote(step);
        }
    }

    /// When nothing is left but tasks whose quota is spent, they are not run.
    pub(super) fn settle(&mut self) {
        while self.running == 0 && self.held > 0 && self.ready == self.held {
            for step in self.queue.drain_held(&self.shape) {
                if self.states[step.index()] == State::Ready {
                    self.end_unstarted(step, Outcome::NotRun, None);
                }
            }
            self.tell();
        }
    }
}

impl AnyState {
    /// One of the steps has ended. Where all were left out, it is as if there were none to wait for.
    pub(super) fn hear(&mut self, outcome: Outcome) {
        self.open -= 1;
        self.has_failed |= !matches!(outcome, Outcome::Succeeded | Outcome::Skipped);
        self.is_met |= outcome == Outcome::Succeeded || self.open == 0 && !self.has_failed;
    }
}
