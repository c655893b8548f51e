//! The times that the dispatcher waits for.

use crate::event::ApprovalOwner;
use crate::plan::TaskId;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// What is to happen at a time.
#[derive(Clone, Copy, Debug)]
pub enum Timer {
    /// The next attempt of a task.
    Retry(TaskId),
    /// The end of a `wait`.
    WaitOver(TaskId),
    /// The end of the time to answer.
    Deadline(ApprovalOwner, u32),
    /// What a place is kept for is late.
    Turn,
}

/// One of the times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimerId(Instant, u64);

/// The times, soonest first; of equal ones the earlier set first.
#[derive(Default)]
pub struct Timers {
    timers: BTreeMap<TimerId, Timer>,
    count: u64,
}

impl Timers {
    pub fn add(&mut self, after: Duration, timer: Timer) -> TimerId {
        // So far away that nobody will see it.
        const CENTURY: Duration = Duration::from_secs(100 * 365 * 86_400);
        self.count += 1;
        let id = TimerId(Instant::now() + after.min(CENTURY), self.count);
        self.timers.insert(id, timer);
        id
    }

    pub fn remove(&mut self, id: TimerId) {
        self.timers.remove(&id);
    }

    /// When the next is due.
    pub fn next(&self) -> Option<Instant> {
        self.timers.keys().next().map(|id| id.0)
    }

    /// The next, if it is due.
    pub fn pop(&mut self) -> Option<Timer> {
        let is_due = self.next().is_some_and(|due| due <= Instant::now());
        if is_due { self.timers.pop_first().map(|(_, timer)| timer) } else { None }
    }

    pub fn is_empty(&self) -> bool {
        self.timers.is_empty()
    }
}
