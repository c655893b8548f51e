//! Places that are kept: who leaves what it could take to a more urgent task that is about to come.
//!
//! A machine that starts whatever may start is sometimes slower than one that waits a moment: a long task takes the worker
//! that the critical path needs a minute later. Where the search found that waiting pays, the order says who waits for whom.
//! It is a courtesy, never a need: it ends when the other has started, when the plan is no longer kept to, and when
//! nothing else could run. It does not know the time.

use super::shape::NONE;
use super::{Schedule, State};
use crate::plan::StepId;
use std::time::Duration;

/// Who leaves its place to whom, and when everything was meant to start and end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Turns {
    /// By step, in milliseconds from when the order was made.
    start: Vec<u64>,
    end: Vec<u64>,
    /// By step, the step that goes first; `NONE` for most.
    first: Vec<u32>,
    /// Who goes first, and who waits for it; sorted.
    behind: Vec<(u32, u32)>,
}

impl Turns {
    pub fn new(start: Vec<u64>, end: Vec<u64>, first: Vec<u32>) -> Turns {
        let pairs = (0..).zip(&first).filter(|(_, first)| **first != NONE);
        let mut behind: Vec<(u32, u32)> = pairs.map(|(step, first)| (*first, step)).collect();
        behind.sort_unstable();
        Turns { start, end, first, behind }
    }

    /// Who waits for a step.
    fn behind(&self, first: StepId) -> &[(u32, u32)] {
        let from = self.behind.partition_point(|(step, _)| *step < first.0);
        let to = self.behind.partition_point(|(step, _)| *step <= first.0);
        &self.behind[from..to]
    }
}

impl Schedule {
    /// The step to which a ready task leaves its place.
    pub(super) fn goes_first(&self, step: StepId) -> Option<StepId> {
        let turns = self.order.turns.as_ref().filter(|_| !self.has_let_go)?;
        let first = StepId(turns.first[step.index()]);
        let is_to_come =
            first.0 != NONE && matches!(self.states[first.index()], State::Waiting | State::Ready);
        is_to_come.then_some(first)
    }

    /// The step to which a step leaves its place by the order, whatever has happened since.
    pub(super) fn turn_of(&self, step: StepId) -> Option<StepId> {
        let turns = self.order.turns.as_ref()?;
        Some(StepId(turns.first[step.index()])).filter(|first| first.0 != NONE)
    }

    /// The step to which this ready task leaves its place just now.
    pub(super) fn kept_for(&self, step: StepId) -> Option<StepId> {
        self.kept.contains(&step).then(|| self.goes_first(step)).flatten()
    }

    /// That step has started or is over: who waited for it may start.
    pub(super) fn end_turn(&mut self, first: StepId) {
        let Some(turns) = self.order.turns.clone() else { return };
        for (_, step) in turns.behind(first) {
            self.release(|kept| kept.0 == *step);
        }
    }

    /// A task has ended. Where it was meant to end later than what others wait for was meant to start, the plan is no longer
    /// kept to, and they wait no longer.
    pub(super) fn end_turns_behind(&mut self, ended: StepId) {
        let Some(turns) = self.order.turns.clone() else { return };
        self.release(|kept| turns.start[turns.first[kept.index()] as usize] < turns.end[ended.index()]);
    }

    /// No place is kept from now on, by this order.
    pub fn let_go(&mut self) {
        self.has_let_go = true;
        self.release(|_| true);
    }

    /// No place is kept any longer for what was meant to have started by then, in time from when the order was made.
    pub fn let_go_overdue(&mut self, now: Duration) {
        let Some(turns) = self.order.turns.clone() else { return };
        let now = super::shape::milliseconds(now);
        self.release(|kept| turns.start[turns.first[kept.index()] as usize] <= now);
    }

    /// Until when the first of the places is kept, in time from when the order was made.
    pub fn keeps_until(&self) -> Option<Duration> {
        let turns = self.order.turns.as_ref()?;
        let until = self.kept.iter().map(|kept| turns.start[turns.first[kept.index()] as usize]);
        until.min().map(Duration::from_millis)
    }

    pub(super) fn release(&mut self, is_free: impl Fn(StepId) -> bool) {
        let mut place = 0;
        while place < self.kept.len() {
            if is_free(self.kept[place]) {
                let step = self.kept.remove(place);
                self.queue.push(&self.shape, step);
            } else {
                place += 1;
            }
        }
    }
}
