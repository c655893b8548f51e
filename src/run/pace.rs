//! Whether reality keeps to the plan, and what follows when it does not: another order of what is left.
//!
//! Changes only who goes first among those that may start, never who may. It asks the schedule for a better order when a
//! task took another time than expected, not more often than nobody notices, and ends the keeping of places for what is late.

use super::dispatch::Dispatcher;
use super::timers::{Timer, TimerId};
use crate::plan::{Action, StepId, StepKind, Task};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The least time between two searches, and how many times as long as the last one took.
const PAUSE: Duration = Duration::from_secs(1);
const PAUSE_FACTOR: u32 = 50;

/// What a task may be off its estimate, as a share of it and in any case, before the rest is looked at anew.
const TOLERANCE: f64 = 0.2;
const LEAST_TOLERANCE: Duration = Duration::from_secs(1);

/// How far the run is from what was expected of it.
pub(super) struct Pace {
    /// When the order in force was made.
    begin: Instant,
    /// When the running tasks started.
    starts: BTreeMap<StepId, Instant>,
    /// Before when nothing is searched again.
    rest_until: Instant,
    /// Set for when the first kept place ends.
    timer: Option<(TimerId, Duration)>,
}

impl Pace {
    pub fn new() -> Pace {
        let now = Instant::now();
        Pace { begin: now, starts: BTreeMap::new(), rest_until: now, timer: None }
    }

    /// A task starts.
    pub fn note_start(&mut self, step: StepId) {
        self.starts.insert(step, Instant::now());
    }
}

impl Dispatcher {
    /// The first task may start. What an earlier session has done is not in the order yet.
    pub fn begin_pace(&mut self) {
        self.pace.begin = Instant::now();
        if self.before.is_some() {
            self.schedule.let_go();
            self.look_for_order();
        }
    }

    /// A task is over: if it took much more or less time than expected, what is left may be better done in another
    /// order.
    pub fn note_pace(&mut self, step: StepId) {
        let Some(start) = self.pace.starts.remove(&step) else { return };
        let StepKind::Task(task) = self.plan.step(step).kind else { return };
        let Some(expected) = expected(self.plan.task(task)) else { return };
        let tolerance = expected.mul_f64(TOLERANCE).max(LEAST_TOLERANCE);
        if start.elapsed().abs_diff(expected) > tolerance && Instant::now() >= self.pace.rest_until {
            self.look_for_order();
        }
    }

    fn look_for_order(&mut self) {
        let begin = Instant::now();
        let starts = &self.pace.starts;
        let elapsed = |step: StepId| {
            starts
                .get(&step)
                .map_or(0, |start| u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX))
        };
        if let Some(order) = self.schedule.better_order(&elapsed) {
            self.schedule.reorder(Arc::clone(&order));
            self.pace.begin = begin;
        }
        self.pace.rest_until = Instant::now() + PAUSE.max(begin.elapsed() * PAUSE_FACTOR);
    }

    /// Sets the timer for when places are no longer kept: when what they are kept for is late.
    pub fn watch_turns(&mut self) {
        let until = self.schedule.keeps_until();
        if self.pace.timer.map(|(_, until)| until) == until {
            return;
        }
        if let Some((timer, _)) = self.pace.timer.take() {
            self.timers.remove(timer);
        }
        if let Some(until) = until {
            // A little late is not late.
            let grace = until.mul_f64(TOLERANCE / 2.0).max(LEAST_TOLERANCE);
            let after = until.saturating_add(grace).saturating_sub(self.pace.begin.elapsed());
            self.pace.timer = Some((self.timers.add(after, Timer::Turn), until));
        }
    }

    /// What a place is kept for has not come.
    pub fn turn_is_late(&mut self) {
        if let Some((_, until)) = self.pace.timer.take() {
            self.schedule.let_go_overdue(until);
        }
    }
}

/// How long a task should take.
fn expected(task: &Task) -> Option<Duration> {
    match (&task.estimate, &task.action) {
        (Some(estimate), _) => Some(estimate.expected()),
        (None, Action::Wait(time)) => Some(*time),
        (None, _) => None,
    }
}
