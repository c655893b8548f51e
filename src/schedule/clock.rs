//! A schedule carried out on a virtual clock: every task takes the time that it is said to take.
//!
//! Drives the same machine as a run does. Does not know where durations come from nor what follows from the times.

use super::{Outcome, Passage, Schedule, Work};
use crate::plan::{StepId, TaskId};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// When everything started and ended, in milliseconds from the start. Its memory serves many drives.
#[derive(Default)]
pub(super) struct Times {
    /// By step.
    pub start: Vec<u64>,
    /// By step.
    pub end: Vec<u64>,
    /// What runs, the first to end on top.
    running: BinaryHeap<Reverse<(u64, StepId)>>,
}

/// Who wants to know what starts and ends, in the order in which it does.
pub(super) trait Watcher {
    /// A task takes its capacities.
    fn starts(&mut self, _step: StepId) {}
    /// A task gives them back.
    fn ends(&mut self, _step: StepId) {}
}

/// Nobody.
impl Watcher for () {}

impl Times {
    /// Carries `schedule` out from where it stands; every gate is a go and everything succeeds. Gives when all
    /// is over.
    pub fn drive(
        &mut self,
        schedule: &mut Schedule,
        mut duration: impl FnMut(TaskId) -> u64,
        watcher: &mut impl Watcher,
    ) -> u64 {
        self.drive_on(schedule, &[], &mut duration, watcher)
    }

    /// The same from the middle: what runs already, and how much longer.
    pub fn drive_on(
        &mut self,
        schedule: &mut Schedule,
        running: &[(u64, StepId)],
        mut duration: impl FnMut(TaskId) -> u64,
        watcher: &mut impl Watcher,
    ) -> u64 {
        let count = schedule.plan().steps.len();
        self.start.clear();
        self.start.resize(count, 0);
        self.end.clear();
        self.end.resize(count, 0);
        self.running.clear();
        self.running.extend(running.iter().map(|running| Reverse(*running)));
        let mut now = 0;
        let mut told = 0;
        loop {
            while let Some((step, work)) = schedule.take() {
                self.start[step.index()] = now;
                match work {
                    Work::Task(task) => {
                        watcher.starts(step);
                        self.running.push(Reverse((duration(task).saturating_add(now), step)));
                    }
                    Work::Gate(_) => {
                        schedule.pass(step, Passage::Open);
                    }
                    Work::Success(_) => schedule.finish(step, Outcome::Succeeded),
                }
            }
            told = self.note_ends(schedule, told, now);
            let Some(Reverse((time, _))) = self.running.peek() else { break };
            now = *time;
            while let Some(Reverse((time, step))) = self.running.peek().copied()
                && time == now
            {
                self.running.pop();
                watcher.ends(step);
                schedule.finish(step, Outcome::Succeeded);
            }
            told = self.note_ends(schedule, told, now);
        }
        now
    }

    /// Everything that has newly ended has ended now; what never ran has started now, too.
    fn note_ends(&mut self, schedule: &Schedule, told: usize, now: u64) -> usize {
        for step in &schedule.ended()[told..] {
            self.end[step.index()] = now;
            if !matches!(schedule.plan().step(*step).kind, crate::plan::StepKind::Task(_))
                || schedule.state(*step) != super::State::Ended(Outcome::Succeeded)
            {
                self.start[step.index()] = now;
            }
        }
        schedule.ended().len()
    }
}
