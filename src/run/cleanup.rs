//! Stopping, rollback, `finally`, and the end of a run.
//!
//! A rollback runs when its group has ended in failure and nothing else works: no new task starts before it is done, so it
//! needs no claims of its own. `finally` comes last of all, whatever happened, but for a kill. A run that only pauses
//! (parked, waiting for a person) is not at its end, and cleans nothing up.

use super::dispatch::{Dispatcher, Effect, Hurry, Phase, Stage};
use crate::backend::Urgency;
use crate::event::progress::Progress;
use crate::event::{AttemptEnd, CheckOwner, Event, Outcome, RunOutcome};
use crate::plan::{GroupId, TaskId};

impl Dispatcher {
    /// Stops the run as far as `hurry` says, unless it stops so already.
    pub fn stop(&mut self, hurry: Hurry, reason: &str) {
        if hurry > self.hurry {
            self.hurry_up(hurry, reason);
        }
    }

    /// A person, or the system, wants the run to end.
    pub fn interrupt(&mut self, hurry: Hurry, reason: &str) {
        self.is_interrupted = true;
        self.hurry_up(hurry, reason);
    }

    fn hurry_up(&mut self, hurry: Hurry, reason: &str) {
        self.hurry = self.hurry.max(hurry);
        let reason = if hurry == Hurry::Kill { "killed" } else { reason };
        self.stop_reason = reason.into();
        self.events.push(Event::StopRequested { reason: reason.into(), is_cancel: hurry >= Hurry::Cancel });
        self.schedule.stop();
        if hurry == Hurry::Kill {
            self.cleanup.clear();
            self.rollbacks.clear();
        }
        self.drop_questions();
        self.cut_pauses();
        let urgency = match hurry {
            Hurry::None | Hurry::Stop => Urgency::None,
            Hurry::Cancel => Urgency::Cancel,
            Hurry::Kill => Urgency::Kill,
        };
        if urgency > Urgency::None {
            for life in &mut self.tasks {
                if let Stage::Working { cancel, is_cancelled } = &mut life.stage {
                    *is_cancelled = true;
                    self.effects.push(Effect::Hurry(cancel.clone(), urgency));
                }
            }
            self.hurry_judgings(urgency);
        } else if matches!(self.phase, Phase::Preflight) {
            self.hurry_judgings(Urgency::Cancel);
        }
    }

    /// Nothing is lost when a soak or a pause between attempts is cut short.
    fn cut_pauses(&mut self) {
        for task in self.plan.task_ids() {
            let is_cleanup = self.plan.task(task).step.is_none();
            if is_cleanup && self.hurry < Hurry::Cancel {
                continue;
            }
            match &self.tasks[task.index()].stage {
                Stage::Waiting { timer, .. } => {
                    self.timers.remove(*timer);
                    self.wait_cut(task);
                }
                Stage::Pausing { timer, reason } => {
                    let reason = reason.clone();
                    self.timers.remove(*timer);
                    self.end_task(task, Outcome::Failed, &reason);
                }
                _ => {}
            }
        }
    }

    fn wait_cut(&mut self, task: TaskId) {
        if let Stage::Waiting { begin, .. } = self.set(task, Stage::Checking) {
            self.attempt_over(task, AttemptEnd::Cancelled, begin.elapsed(), Default::default());
        }
    }

    /// Why the run stops.
    pub fn stop_reason(&self) -> String {
        self.stop_reason.clone()
    }

    /// Whether tasks of a rollback or `finally` are at work or to come, so that nothing else may start.
    pub fn is_cleaning_up(&self) -> bool {
        !self.rollbacks.is_empty() || !self.cleanup.is_empty() || self.is_cleanup_running()
    }

    fn is_cleanup_running(&self) -> bool {
        self.tally.cleanup > 0
    }

    /// Whether any task is at work, or will be without anything else happening.
    fn is_working(&self) -> bool {
        self.is_testing() || self.tally.working + self.tally.pausing > 0
    }

    /// When nothing of the plan can start by itself: the next cleanup task, the next phase, the end. Whether anything
    /// was done.
    pub fn wind_up(&mut self) -> bool {
        if self.is_cleanup_running() {
            return self.wait_for_people();
        }
        if let Some(task) = self.cleanup.pop_front() {
            self.start_cleanup(task);
            return true;
        }
        match self.phase {
            Phase::Preflight => self.wait_for_people(),
            Phase::Ending(..) => false,
            Phase::Running if !self.rollbacks.is_empty() => {
                if self.is_working() {
                    return false;
                }
                if let Some(group) = self.rollbacks.pop_front() {
                    self.begin_cleanup(group, false);
                }
                true
            }
            Phase::Running if self.schedule.is_over() => {
                let is_pause = self.failures.is_empty() && !self.parked.is_empty() && !self.is_interrupted;
                let is_skipped = is_pause || self.hurry == Hurry::Kill || self.plan.finally.is_empty();
                self.phase = Phase::Finally;
                if !is_skipped && !self.has_failed_preflight {
                    self.begin_cleanup(GroupId(0), true);
                }
                true
            }
            Phase::Running => self.wait_for_people(),
            Phase::Finally => {
                let (outcome, reason) = self.outcome();
                self.phase = Phase::Ending(outcome, reason);
                true
            }
        }
    }

    fn begin_cleanup(&mut self, group: GroupId, is_finally: bool) {
        self.events.push(Event::CleanupStarted { group, is_finally });
        let tasks = if is_finally { &self.plan.finally } else { &self.plan.group(group).rollback };
        self.cleanup = tasks.iter().copied().collect();
    }

    fn start_cleanup(&mut self, task: TaskId) {
        // A session that died inside its `finally` has left that much done.
        let is_done =
            |before: &Progress| before.has_only_cleanup_left() && before.tasks[task.index()].is_done();
        if self.before.as_deref().is_some_and(is_done) {
            return;
        }
        match &self.plan.task(task).left_out {
            Some(why) => {
                let reason = why.clone();
                self.events.push(Event::TaskEnded { task, outcome: Outcome::Skipped, reason });
            }
            None => self.start_task(task),
        }
    }

    /// Ends the run as waiting when nothing but questions without a deadline are left and nobody is there to answer.
    pub fn wait_for_people(&mut self) -> bool {
        let is_stuck = !self.questions.is_empty()
            && !self.is_testing()
            && self.timers.is_empty()
            && self.tally.working == 0;
        if self.waits_for_people || !is_stuck {
            let is_anything = is_stuck || self.is_testing() || !self.timers.is_empty() || self.is_working();
            assert!(is_anything, "BUG: nothing runs, and the run is not over");
            return false;
        }
        let names: Vec<String> = self.questions.iter().map(|question| self.asker(question.owner)).collect();
        let shown = &names[..names.len().min(3)];
        let reason = format!("{} waits for an answer", super::words::some_of(shown, names.len()));
        self.phase = Phase::Ending(RunOutcome::Waiting, reason);
        true
    }

    /// Who asks, in words.
    fn asker(&self, owner: crate::event::ApprovalOwner) -> String {
        use crate::event::ApprovalOwner;
        match owner {
            ApprovalOwner::Gate(gate) => format!("the gate `{}`", self.plan.gate(gate).name),
            ApprovalOwner::Task(task) => format!("`{}`", self.plan.task(task).name),
            ApprovalOwner::Check(CheckOwner::Task(task, _)) => format!("`{}`", self.plan.task(task).name),
            ApprovalOwner::Check(CheckOwner::Gate(gate)) => {
                format!("the gate `{}`", self.plan.gate(gate).name)
            }
            ApprovalOwner::Check(CheckOwner::Group(group)) => format!("`{}`", self.plan.group(group).name),
            ApprovalOwner::Check(CheckOwner::Preflight) => "the preflight".into(),
        }
    }

    /// How the run has ended, and why.
    fn outcome(&self) -> (RunOutcome, String) {
        let first = |reasons: &[String]| match reasons {
            [] => String::new(),
            [one] => one.clone(),
            [first, rest @ ..] => format!("{first} (and {} more)", rest.len()),
        };
        if self.is_interrupted && (self.is_cut || !self.failures.is_empty()) {
            let reason = self.stop_reason();
            // The outcome's own word is reason enough.
            return (RunOutcome::Interrupted, if reason == "interrupted" { String::new() } else { reason });
        }
        if !self.failures.is_empty() {
            return (RunOutcome::Failed, first(&self.failures));
        }
        if !self.parked.is_empty() {
            return (RunOutcome::Parked, first(&self.parked));
        }
        (RunOutcome::Succeeded, String::new())
    }
}
