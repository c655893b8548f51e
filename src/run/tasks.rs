//! The lives of tasks: attempts, what follows from their ends, retries, the end.
//!
//! Each task is a [`Stage`] with one door, [`Dispatcher::set`]. Whether a criterion holds is `judging`'s.

use super::attempt::{Assignment, Session, Work, milliseconds};
use super::dispatch::{Dispatcher, Effect, Hurry, Stage, Tally};
use super::timers::Timer;
use super::words;
use crate::backend::Urgency;
use crate::event::{ApprovalOwner, AttemptEnd, CheckOwner, ErrorClass, Event, Outcome, Usage};
use crate::plan::{Action, Retries, TaskId};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// How often an agent that cannot work for now is tried again, beside its task's own retries.
const TRANSIENT_RETRIES: u32 = 3;

/// The pause before such a try where the task names no backoff; it doubles with each.
const TRANSIENT_BACKOFF: Duration = Duration::from_secs(5);

impl Tally {
    fn count(&mut self, stage: &Stage, is_cleanup: bool, by: isize) {
        let count = match stage {
            Stage::Working { .. } | Stage::Merging => Some(&mut self.working),
            Stage::Pausing { .. } => Some(&mut self.pausing),
            Stage::Idle | Stage::Waiting { .. } | Stage::Asking { .. } | Stage::Checking => None,
        };
        let is_active = is_cleanup && !matches!(stage, Stage::Idle);
        for count in count.into_iter().chain(is_active.then_some(&mut self.cleanup)) {
            *count = count.checked_add_signed(by).expect("BUG: what leaves a stage was in it");
        }
    }
}

impl Dispatcher<'_> {
    /// The one door to a task's stage.
    pub fn set(&mut self, task: TaskId, stage: Stage) -> Stage {
        let is_cleanup = self.plan.task(task).step.is_none();
        self.tally.count(&stage, is_cleanup, 1);
        let before = std::mem::replace(&mut self.tasks[task.index()].stage, stage);
        self.tally.count(&before, is_cleanup, -1);
        before
    }

    pub fn start_task(&mut self, task: TaskId) {
        let life = &mut self.tasks[task.index()];
        (life.failed, life.transient) = (0, 0);
        if let Some(reason) = self.beyond_budget(task) {
            return self.park_by_budget(task, &reason);
        }
        if self.resume_checking(task) {
            return;
        }
        match self.resume_committed(task) {
            Ok(true) => {
                self.set(task, Stage::Checking);
                self.check_task(task);
            }
            Ok(false) => self.begin_attempt(task),
            Err(error) => self.trouble = Some(error),
        }
    }

    /// Nothing more may be spent on it.
    fn park_by_budget(&mut self, task: TaskId, reason: &str) {
        self.parked.push(format!("`{}`: {reason}", self.plan.task(task).name));
        self.end_task(task, Outcome::Parked, reason);
    }

    pub fn begin_attempt(&mut self, task: TaskId) {
        // A retry, too, has to fit.
        let life = &self.tasks[task.index()];
        if life.failed + life.transient > 0
            && let Some(reason) = self.beyond_budget(task)
        {
            return self.park_by_budget(task, &reason);
        }
        let life = &mut self.tasks[task.index()];
        life.attempt += 1;
        let attempt = life.attempt;
        self.events.push(Event::AttemptStarting { task, attempt });
        match &self.plan.task(task).action {
            Action::Wait(time) => {
                self.events.push(Event::AttemptRunning { task, attempt, pid: None });
                let begin = Instant::now();
                let timer = self.timers.add(*time, Timer::WaitOver(task));
                self.set(task, Stage::Waiting { timer, begin });
            }
            Action::Approve(approval) => {
                let approval = approval.clone();
                self.events.push(Event::AttemptRunning { task, attempt, pid: None });
                self.set(task, Stage::Asking { begin: Instant::now() });
                if let Err(reason) = self.ask_approval(ApprovalOwner::Task(task), 0, &approval) {
                    self.attempt_over(
                        task,
                        AttemptEnd::CouldNotStart { reason },
                        Duration::ZERO,
                        Usage::default(),
                    );
                }
            }
            Action::Shell(_) | Action::Program(_) | Action::Prompt(_) | Action::PromptFile(_) => {
                let (cancel, receiver) = watch::channel(Urgency::None);
                let tree = self.tree_for(task, attempt);
                let assignment = Assignment {
                    context: Arc::clone(&self.context),
                    task,
                    attempt,
                    feedback: self.tasks[task.index()].feedback.clone(),
                    outputs: Arc::clone(&self.outputs),
                    session: self.tasks[task.index()].session.clone(),
                    tree,
                    conflict: self.tasks[task.index()].conflict.clone(),
                    cancel: receiver,
                };
                self.effects.push(Effect::Work(Box::new(assignment)));
                self.set(task, Stage::Working { cancel, is_cancelled: false });
            }
        }
    }

    pub fn worked(&mut self, task: TaskId, work: Work) {
        let is_cancelled =
            matches!(self.tasks[task.index()].stage, Stage::Working { is_cancelled: true, .. });
        let Work { end, usage, took, outputs, missing, last_lines, session, has_lost_session, snapshot } =
            work;
        let life = &mut self.tasks[task.index()];
        life.usage.add(&usage);
        if let Some(name) = session {
            let earlier = life.session.take().filter(|earlier| earlier.name == name);
            let mut spent = earlier.map(|earlier| earlier.spent).unwrap_or_default();
            spent.add(&usage);
            life.session = Some(Session { name, spent });
        } else if has_lost_session {
            life.session = None;
        }
        let end = match end {
            AttemptEnd::TimedOut { .. } => end,
            _ if is_cancelled => AttemptEnd::Cancelled,
            _ => end,
        };
        let life = &mut self.tasks[task.index()];
        life.last_lines = last_lines;
        life.details.clear();
        if !matches!(end, AttemptEnd::CouldNotStart { .. }) && life.conflict.take().is_some() {
            // It has begun where the conflict was mended: what goes wrong now is another matter.
            life.snapshot = None;
        }
        let is_done = end == AttemptEnd::Done;
        self.set(task, Stage::Checking);
        if !is_done {
            return self.attempt_over(task, end, took, usage);
        }
        let attempt = self.tasks[task.index()].attempt;
        self.events.push(Event::AttemptEnded { task, attempt, end, milliseconds: milliseconds(took), usage });
        self.committed(task, snapshot);
        for (index, value) in outputs {
            self.events.push(Event::OutputTaken { task, index, value: value.clone() });
            Arc::make_mut(&mut self.outputs).insert((task, index), value);
        }
        match missing {
            Some(reason) => self.attempt_failed(task, &reason, None),
            None => self.check_task(task),
        }
    }

    /// The agent of an attempt has begun a session: it is written down at once, so that a resume can go on with it.
    pub fn session_opened(&mut self, task: TaskId, attempt: u32, session: String) {
        let Some(agent) = self.plan.task(task).agent else { return };
        let driver = self.plan.agent(agent).driver.clone();
        let session = self.context.mask(&session);
        self.events.push(Event::SessionOpened { task, attempt, driver, session });
    }

    pub fn wait_over(&mut self, task: TaskId) {
        if let Stage::Waiting { begin, .. } = self.set(task, Stage::Checking) {
            self.attempt_over(task, AttemptEnd::Done, begin.elapsed(), Usage::default());
        }
    }

    /// A person has answered an `approve` task.
    pub fn approval_over(&mut self, task: TaskId, end: AttemptEnd) {
        if let Stage::Asking { begin } = self.set(task, Stage::Checking) {
            self.attempt_over(task, end, begin.elapsed(), Usage::default());
        }
    }

    /// The work of an attempt is over: says so, and goes on from there.
    pub fn attempt_over(&mut self, task: TaskId, end: AttemptEnd, took: Duration, usage: Usage) {
        let attempt = self.tasks[task.index()].attempt;
        self.events.push(Event::AttemptEnded {
            task,
            attempt,
            end: end.clone(),
            milliseconds: milliseconds(took),
            usage,
        });
        match &end {
            AttemptEnd::Done => self.check_task(task),
            AttemptEnd::Cancelled => self.end_task(task, Outcome::Cancelled, &self.stop_reason()),
            AttemptEnd::AgentError { class: ErrorClass::Quota, .. } => {
                self.park(task, &words::attempt_end(&end))
            }
            _ => self.attempt_failed(task, &words::attempt_end(&end), Some(&end)),
        }
    }

    fn check_task(&mut self, task: TaskId) {
        if self.plan.task(task).success.is_empty() {
            return self.task_passed(task);
        }
        self.start_judging(CheckOwner::Task(task, self.tasks[task.index()].attempt), Vec::new());
    }

    fn park(&mut self, task: TaskId, reason: &str) {
        self.parked.push(format!("`{}`: {reason}", self.plan.task(task).name));
        self.end_task(task, Outcome::Parked, reason);
        let agent = self.plan.task(task).agent.map(|agent| self.plan.agent(agent));
        if let Some(driver) = agent.map(|agent| agent.driver.clone()) {
            // Judges of that driver are not asked either.
            self.context.quotas.spent(&driver, reason);
            self.schedule.park_driver(&driver);
        }
    }

    /// An attempt has failed, in its work or by its criteria: another follows, or the task has failed.
    pub fn attempt_failed(&mut self, task: TaskId, reason: &str, end: Option<&AttemptEnd>) {
        let is_cleanup = self.plan.task(task).step.is_none();
        let retries = self.plan.task(task).retries;
        let life = &mut self.tasks[task.index()];
        let class = match end {
            Some(AttemptEnd::AgentError { class, .. }) => Some(*class),
            _ => None,
        };
        let may_help = !matches!(class, Some(ErrorClass::Auth | ErrorClass::Fatal))
            && !matches!(end, Some(AttemptEnd::Rejected { .. }));
        let is_transient = class == Some(ErrorClass::Transient) && life.transient < TRANSIENT_RETRIES;
        let is_free = is_transient && life.failed >= retries.count;
        let has_left = life.failed < retries.count || is_transient;
        let is_stopping = if is_cleanup { self.hurry == Hurry::Kill } else { self.hurry > Hurry::None };
        if !(may_help && has_left) || is_stopping {
            return self.end_task(task, Outcome::Failed, reason);
        }
        life.transient += u32::from(is_transient);
        life.failed += u32::from(!is_free);
        let (least, turn) = match is_transient {
            true => (TRANSIENT_BACKOFF, life.transient),
            false => (Duration::ZERO, life.failed),
        };
        let pause = Retries { backoff: retries.backoff.max(least), ..retries }.pause(turn);
        let attempt = life.attempt + 1;
        // A conflict is told whatever the plan says: without it the same would come again.
        if let Some(feedback) = self.feedback_of_conflict(task) {
            self.tasks[task.index()].told_conflict.clone_from(&feedback);
            self.tasks[task.index()].feedback = Some(feedback);
        } else if retries.feedback {
            let before = match self.tasks[task.index()].told_conflict.as_str() {
                "" => String::new(),
                told => format!("{}\n\n", told.trim_end()),
            };
            self.tasks[task.index()].feedback = Some(before + &self.feedback_of(task, reason));
        }
        self.events.push(Event::RetryScheduled {
            task,
            attempt,
            milliseconds: milliseconds(pause),
            reason: reason.into(),
        });
        let timer = self.timers.add(pause, Timer::Retry(task));
        self.set(task, Stage::Pausing { timer, reason: reason.into() });
    }

    /// The task is over.
    pub fn end_task(&mut self, task: TaskId, outcome: Outcome, reason: &str) {
        self.set(task, Stage::Idle);
        self.leave_tree(task, outcome);
        self.events.push(Event::TaskEnded { task, outcome, reason: reason.into() });
        let plan = Arc::clone(&self.plan);
        let ended = plan.task(task);
        self.is_cut |= outcome == Outcome::Cancelled;
        if outcome == Outcome::Failed {
            self.failures.push(format!("`{}` failed: {reason}", ended.name));
        }
        let Some(step) = ended.step else { return };
        self.schedule.finish(step, outcome);
        self.note_pace(step);
        if outcome == Outcome::Failed {
            self.policy(ended.on_failure, &format!("`{}` failed", ended.name));
        }
    }

    /// A gate starts a stretch over: its tasks have all their tries again, and know why.
    pub fn begin_round(&mut self, task: TaskId, feedback: &str) {
        let life = &mut self.tasks[task.index()];
        life.feedback = Some(feedback.to_owned());
        life.told_conflict.clear();
        (life.tree, life.snapshot, life.conflict, life.session) = (None, None, None, None);
        Arc::make_mut(&mut self.outputs).retain(|(owner, _), _| *owner != task);
    }
}
