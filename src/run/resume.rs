//! The beginning of a session: what earlier sessions have finished is kept, what they left in flight is told.

use super::attempt::Session;
use super::criteria::Tested;
use super::dispatch::Dispatcher;
use crate::driver::Driver;
use crate::error::Result;
use crate::event::progress::{GateProgress, Progress, TaskProgress, TaskState};
use crate::event::{
    ApprovalOwner, AttemptEnd, CheckOwner, Decision, ErrorClass, Event, Outcome, RunOutcome, Usage, Verdict,
};
use crate::plan::{Gate, GateId, GroupId, Isolation, OnNoGo, StepKind, Task, TaskId};
use std::sync::Arc;

impl Dispatcher {
    /// Says that the run has begun, takes over what is done, and starts the preflight.
    pub fn begin(&mut self) -> Result<()> {
        self.events.push(Event::RunStarted {
            pid: std::process::id(),
            session: self.session,
            workers: self.schedule.workers(),
        });
        if let Some(before) = self.before.clone() {
            self.take_over(&before);
        }
        self.begin_branch()?;
        if !self.plan.preflight.is_empty() {
            self.start_judging(CheckOwner::Preflight, Vec::new());
        }
        Ok(())
    }

    fn take_over(&mut self, before: &Progress) {
        // A session that ended by itself had only questions in flight.
        let end = if before.run_end().is_some() { AttemptEnd::Cancelled } else { AttemptEnd::Lost };
        for (task, attempt) in before.in_flight() {
            self.events.push(Event::AttemptEnded {
                task,
                attempt: attempt.number,
                end: end.clone(),
                milliseconds: 0,
                usage: Usage::default(),
            });
        }
        for ((life, progress), task) in self.tasks.iter_mut().zip(&before.tasks).zip(&self.plan.tasks) {
            life.attempt = progress.next_attempt() - 1;
            for attempt in &progress.attempts {
                life.usage.add(&attempt.usage);
            }
            if !progress.feedback.is_empty() {
                life.feedback = Some(progress.feedback.clone());
            }
            let driver = task.agent.and_then(|agent| Driver::of(self.plan.agent(agent)).ok());
            // In a worktree it is another one that the resume works in.
            let can_go_on =
                |driver: &Driver| driver.sessions_can_move() || task.isolation == Isolation::Shared;
            life.session =
                driver.filter(can_go_on).and_then(|driver| session_to_go_on_with(progress, driver));
            if life.session.is_some() && life.feedback.is_none() {
                life.feedback = Some(interrupted(life.attempt, task));
            }
        }
        for (owner, index, usage) in &before.judgements {
            self.spent_on(*owner, *index, *usage);
        }
        let outputs = Arc::make_mut(&mut self.outputs);
        for (task, progress) in (0..).map(TaskId).zip(&before.tasks) {
            for (index, value) in (0..).zip(&progress.outputs) {
                outputs.extend(value.clone().map(|value| ((task, index), value)));
            }
        }
        // What a gate skipped waits for that gate's word again, if the gate is judged again.
        let has_skipped = |(gate, progress): (&Gate, &GateProgress)| {
            matches!(gate.on_no_go, OnNoGo::SkipTo(_))
                && matches!(progress.decision, Some(Decision::NoGo | Decision::Blocked))
        };
        let is_open_again = self.plan.gates.iter().zip(&before.gates).any(has_skipped);
        for step in self.plan.step_ids() {
            let outcome = match self.plan.step(step).kind {
                StepKind::Task(task) => before.tasks[task.index()].outcome(),
                StepKind::Gate(gate) => match before.gates[gate.index()].decision {
                    Some(Decision::Go) => Some(Outcome::Succeeded),
                    Some(Decision::Skipped) => Some(Outcome::Skipped),
                    _ => None,
                },
                StepKind::Success(group) => before.groups[group.index()].outcome,
                StepKind::Enter(_) | StepKind::Leave(_) => None,
            };
            match outcome {
                Some(Outcome::Succeeded) => self.schedule.restore(step, Outcome::Succeeded),
                Some(Outcome::Skipped) if !is_open_again => self.schedule.restore(step, Outcome::Skipped),
                _ => {}
            }
        }
    }

    /// What an earlier session has told of, while its doings are taken over.
    fn known(&self) -> Option<&Progress> {
        self.before.as_deref().filter(|_| self.is_taking_over)
    }

    /// Whether an earlier session has told of this end of a group, or of its beginning when it has ended.
    pub fn is_known_group(&self, group: GroupId, outcome: Option<Outcome>) -> bool {
        let told = self.known().and_then(|before| before.groups[group.index()].outcome);
        let is_kept = matches!(told, Some(Outcome::Succeeded | Outcome::Skipped));
        is_kept && (outcome.is_none() || outcome == told)
    }

    /// Whether an earlier session has told of the end of this task.
    pub fn is_known_task(&self, task: TaskId) -> bool {
        self.known().is_some_and(|before| before.tasks[task.index()].is_done())
    }

    /// Whether an earlier session has told of this gate.
    pub fn is_known_gate(&self, gate: GateId) -> bool {
        self.known().is_some_and(|before| before.gates[gate.index()].is_passed())
    }

    /// Goes on with an attempt whose work was done and of which only a person's word was missing when the run ended as
    /// waiting. Whether there was one.
    pub fn resume_checking(&mut self, task: TaskId) -> bool {
        let Some(before) = &self.before else { return false };
        let progress = &before.tasks[task.index()];
        let is_waiting = matches!(before.run_end(), Some((RunOutcome::Waiting, _)));
        let Some(attempt) = progress.last_attempt() else { return false };
        let is_first = self.tasks[task.index()].attempt == attempt.number;
        let owner = CheckOwner::Task(task, attempt.number);
        let is_asked = before.approvals.iter().any(|asked| {
            asked.owner == ApprovalOwner::Check(owner) && !asked.is_superseded && asked.answer.is_none()
        });
        if !(is_waiting && is_first && is_asked && progress.state == TaskState::Checking) {
            return false;
        }
        let known = attempt.checks.iter().map(|check| {
            let check = check.as_ref().filter(|check| check.verdict == Verdict::Pass)?;
            Some(Tested::new(check.verdict, check.evidence.clone()))
        });
        let known = known.collect();
        self.set(task, super::dispatch::Stage::Checking);
        self.start_judging(owner, known);
        true
    }
}

/// The session of an attempt that was ended in its midst, where the task is still its driver's.
fn session_to_go_on_with(progress: &TaskProgress, driver: Driver) -> Option<Session> {
    let attempt = progress.last_attempt()?;
    let is_cut = match &attempt.end {
        None | Some(AttemptEnd::Lost | AttemptEnd::Cancelled) => true,
        Some(AttemptEnd::AgentError { class, .. }) => *class == ErrorClass::Quota,
        Some(_) => false,
    };
    let (of, name) = attempt.agent_session.as_ref()?;
    let is_over = progress.outcome().is_some_and(|it| matches!(it, Outcome::Succeeded | Outcome::Skipped));
    if !is_cut || is_over || of != driver.name() {
        return None;
    }
    let mut spent = Usage::default();
    for of_it in progress.attempts.iter().filter(|other| other.agent_session == attempt.agent_session) {
        spent.add(&of_it.usage);
    }
    Some(Session { name: name.clone(), spent })
}

/// What an agent is told that was ended in the midst of its work.
fn interrupted(attempt: u32, task: &Task) -> String {
    let files = match task.isolation {
        Isolation::Shared => "What was changed in files before is still there, and may be half done.",
        Isolation::Worktree | Isolation::Copy => {
            "You work in another directory now, the current one: the files in it are as they were before your work began."
        }
    };
    format!(
        "## What happened before\n\nAttempt {attempt} of this task was interrupted before it was done. {files} \
         Do what is still to be done, to its end.\n"
    )
}
