//! When a run will be done: the longest path that remains, by the estimates that the plan's author wrote.
//!
//! Rough on purpose: it is asked while the run goes on. What is forecast before a run is the schedule's estimate.

use crate::event::Timestamp;
use crate::event::progress::{Progress, TaskState};
use crate::plan::{Action, StepKind, TaskId};

/// What remains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Remaining {
    /// Milliseconds to the end: along the longest path, or by the work that remains for the workers there are.
    pub milliseconds: u64,
    /// How many tasks that remain have no estimate: they count as nothing, so it takes longer than that.
    pub unknown: usize,
}

/// What a task is expected to take, in milliseconds.
pub fn expected(progress: &Progress, task: TaskId) -> Option<u64> {
    let task = progress.plan.task(task);
    let time = match (&task.action, &task.estimate) {
        (Action::Wait(time), _) => *time,
        (_, Some(estimate)) => estimate.expected(),
        (_, None) => return None,
    };
    u64::try_from(time.as_millis()).ok()
}

/// What remains of the run at `now`.
pub fn remaining(progress: &Progress, now: Timestamp) -> Remaining {
    let plan = &progress.plan;
    let mut unknown = 0;
    let mut work = 0u64;
    let mut longest = 0u64;
    let mut paths = vec![0u64; plan.steps.len()];
    for (place, step) in plan.steps.iter().enumerate() {
        let needed = step.needs.iter().flat_map(|need| need.steps()).map(|step| paths[step.index()]).max();
        let own = match step.kind {
            StepKind::Task(task) => {
                let left = task_remaining(progress, task, now);
                unknown += usize::from(left.is_none());
                left.unwrap_or(0)
            }
            _ => 0,
        };
        work = work.saturating_add(own);
        paths[place] = needed.unwrap_or(0).saturating_add(own);
        longest = longest.max(paths[place]);
    }
    let workers = progress.session().and_then(|session| session.workers);
    let by_work = workers.map_or(0, |workers| work / u64::from(workers.max(1)));
    Remaining { milliseconds: longest.max(by_work), unknown }
}

/// What remains of a task; none where nobody knows.
fn task_remaining(progress: &Progress, task: TaskId, now: Timestamp) -> Option<u64> {
    let state = progress.tasks[task.index()].state;
    if matches!(state, TaskState::Ended(_)) || progress.plan.task(task).left_out.is_some() {
        return Some(0);
    }
    let expected = expected(progress, task)?;
    match state {
        TaskState::Starting | TaskState::Running | TaskState::Checking => {
            let begun =
                progress.tasks[task.index()].last_attempt().map_or(now, |attempt| attempt.starting_at);
            let passed = u64::try_from(now.saturating_sub(begun)).unwrap_or(0);
            Some(expected.saturating_sub(passed))
        }
        _ => Some(expected),
    }
}

/// The tasks of the longest path that remains to a task, the first to do first; itself last.
pub fn chain_to(progress: &Progress, task: TaskId, now: Timestamp) -> Vec<TaskId> {
    let plan = &progress.plan;
    let Some(target) = plan.task(task).step else { return vec![task] };
    let count = target.index() + 1;
    let mut paths = vec![0u64; count];
    let mut before: Vec<Option<usize>> = vec![None; count];
    for place in 0..count {
        let step = &plan.steps[place];
        for needed in step.needs.iter().flat_map(|need| need.steps()) {
            let is_first = before[place].is_none_or(|other| paths[other] < paths[needed.index()]);
            if is_first {
                before[place] = Some(needed.index());
            }
        }
        let own = match step.kind {
            // A task without an estimate is still a step on the way.
            StepKind::Task(task) => match progress.tasks[task.index()].state {
                TaskState::Ended(_) => 0,
                _ => task_remaining(progress, task, now).unwrap_or(0).max(1),
            },
            _ => 0,
        };
        paths[place] = before[place].map_or(0, |before| paths[before]).saturating_add(own);
    }
    let mut chain = Vec::new();
    let mut place = Some(target.index());
    while let Some(at) = place {
        if let StepKind::Task(task) = plan.steps[at].kind
            && !matches!(progress.tasks[task.index()].state, TaskState::Ended(_))
        {
            chain.push(task);
        }
        place = before[at];
    }
    chain.reverse();
    chain
}
