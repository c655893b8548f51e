//! The loop of a run: hear a message, decide, record, act.
//!
//! What is decided goes into `events` and `effects`; the events are made durable before any effect happens. Tasks' lives
//! are here, with one door for their stages; criteria and questions are in `judging`, gates in `gates`, rollback, `finally` and
//! the end in `cleanup`, the beginning of a resume in `resume`.

use super::attempt::{self, Assignment, Work, milliseconds};
use super::context::{Context, Outputs};
use super::criteria::{self, Subject, Tested};
use super::judging::{Judging, Question};
use super::timers::{Timer, TimerId, Timers};
use super::words;
use super::{Request, Setup, Sink};
use crate::backend::{Urgency, raise};
use crate::error::Result;
use crate::event::progress::Progress;
use crate::event::{
    ApprovalOwner, AttemptEnd, CheckOwner, ErrorClass, Event, Outcome, RunOutcome, Timestamp, Usage,
};
use crate::plan::{Action, GateId, GroupId, OnFailure, Plan, StepId, StepKind, TaskId};
use crate::schedule::{Change, Limits, Schedule, State, Work as Step};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How often an agent that cannot work for now is tried again, beside its task's own retries.
const TRANSIENT_RETRIES: u32 = 3;

/// The pause before such a try where the task names no backoff; it doubles with each.
const TRANSIENT_BACKOFF: Duration = Duration::from_secs(5);

/// The longest pause before a try.
const LONGEST_BACKOFF: Duration = Duration::from_secs(3600);

/// All that the loop hears. Nothing else changes a run.
pub(super) enum Message {
    /// A person asks for something.
    Request(Request),
    /// An attempt's process runs.
    Running { task: TaskId, attempt: u32, pid: Option<u32> },
    /// An attempt's work has ended.
    Worked { task: TaskId, work: Box<Work> },
    /// A criterion was tested.
    Checked { owner: CheckOwner, index: u32, tested: Tested, took: Duration },
    /// All criteria of an owner that can be tested were.
    TestsOver { owner: CheckOwner },
    /// A time has come.
    Due(Timer),
}

/// What is done once the events that say so are durable.
pub(super) enum Effect {
    /// Do the work of an attempt.
    Work(Box<Assignment>),
    /// Test criteria, one after another.
    Test(Box<Subject>, Vec<u32>),
    /// End work or tests sooner.
    Hurry(watch::Sender<Urgency>, Urgency),
}

/// The life of a task, in life order.
pub(super) enum Stage {
    /// Not handed out, or over.
    Idle,
    /// An attempt's work is done.
    Working { cancel: watch::Sender<Urgency>, is_cancelled: bool },
    /// A soak or cool-down.
    Waiting { timer: TimerId, begin: Instant },
    /// A person is asked.
    Asking { begin: Instant },
    /// The attempt's criteria are tested.
    Checking,
    /// A failed attempt will be followed by another.
    Pausing { timer: TimerId, reason: String },
}

/// What the dispatcher knows of a task.
pub(super) struct TaskLife {
    pub stage: Stage,
    /// The number of the newest attempt; 0 before the first.
    pub attempt: u32,
    /// Attempts of this round that failed, and those among them of an agent that could not work for now.
    failed: u32,
    transient: u32,
    /// What the next attempt is told.
    pub feedback: Option<String>,
    /// The last lines that the newest attempt printed.
    pub last_lines: String,
}

/// How far the run is.
pub(super) enum Phase {
    /// The preflight is tested.
    Preflight,
    /// The plan's own steps, with rollbacks between.
    Running,
    /// `finally`.
    Finally,
    /// Nothing is left to do but to say so.
    Ending(RunOutcome, String),
}

/// How urgently the run is to end. In order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hurry {
    /// It goes on.
    None,
    /// Nothing new starts.
    Stop,
    /// What runs is ended.
    Cancel,
    /// What runs is killed, and nothing is cleaned up.
    Kill,
}

/// The dispatcher.
pub(super) struct Dispatcher<'s> {
    pub plan: Arc<Plan>,
    pub context: Arc<Context>,
    pub schedule: Schedule,
    pub timers: Timers,
    pub tasks: Vec<TaskLife>,
    pub outputs: Arc<Outputs>,
    pub judgings: BTreeMap<CheckOwner, Judging>,
    pub questions: Vec<Question>,
    /// Answers to what has not been asked yet.
    pub early: Vec<(ApprovalOwner, u32, super::judging::Said)>,
    pub asked: BTreeSet<(ApprovalOwner, u32)>,
    /// By gate, how often it has started its stretch over.
    pub rounds: Vec<u32>,
    pub phase: Phase,
    pub hurry: Hurry,
    pub is_interrupted: bool,
    /// Why it is to end.
    pub stop_reason: String,
    /// Whether the run ended before its first task could start.
    pub has_failed_preflight: bool,
    /// Whether anything did not run or was cancelled.
    pub is_cut: bool,
    /// What failed, in order.
    pub failures: Vec<String>,
    /// What waits for a quota.
    pub parked: Vec<String>,
    /// Groups whose rollback has not begun.
    pub rollbacks: VecDeque<GroupId>,
    /// Rollback or `finally` tasks to come, after the one that runs.
    pub cleanup: VecDeque<TaskId>,
    pub waits_for_people: bool,
    /// Where the earlier sessions left the run.
    pub before: Option<Arc<Progress>>,
    /// Whether the first changes of a session are still to come: those that an earlier session has told of.
    pub is_taking_over: bool,
    pub session: u32,
    started: (Timestamp, Instant),
    sink: &'s mut dyn Sink,
    requests: mpsc::Receiver<Request>,
    is_listening: bool,
    sender: mpsc::UnboundedSender<Message>,
    messages: mpsc::UnboundedReceiver<Message>,
    jobs: JoinSet<()>,
    pub events: Vec<Event>,
    pub effects: Vec<Effect>,
}

impl<'s> Dispatcher<'s> {
    pub fn new(
        plan: Arc<Plan>,
        setup: Setup,
        sink: &'s mut dyn Sink,
        requests: mpsc::Receiver<Request>,
    ) -> Result<Dispatcher<'s>> {
        let (sender, messages) = mpsc::unbounded_channel();
        let life = || TaskLife {
            stage: Stage::Idle,
            attempt: 0,
            failed: 0,
            transient: 0,
            feedback: None,
            last_lines: String::new(),
        };
        Ok(Dispatcher {
            context: Arc::new(Context::new(Arc::clone(&plan), &setup)?),
            schedule: Schedule::new(Arc::clone(&plan), Limits { workers: setup.workers }),
            timers: Timers::default(),
            tasks: plan.tasks.iter().map(|_| life()).collect(),
            outputs: Arc::default(),
            judgings: BTreeMap::new(),
            questions: Vec::new(),
            early: Vec::new(),
            asked: BTreeSet::new(),
            rounds: vec![0; plan.gates.len()],
            phase: Phase::Preflight,
            hurry: Hurry::None,
            is_interrupted: false,
            stop_reason: String::new(),
            has_failed_preflight: false,
            is_cut: false,
            failures: Vec::new(),
            parked: Vec::new(),
            rollbacks: VecDeque::new(),
            cleanup: VecDeque::new(),
            waits_for_people: setup.waits_for_people,
            is_taking_over: setup.progress.is_some(),
            before: setup.progress.map(Arc::new),
            session: setup.session,
            started: (setup.now, Instant::now()),
            sink,
            requests,
            is_listening: true,
            sender,
            messages,
            jobs: JoinSet::new(),
            events: Vec::new(),
            effects: Vec::new(),
            plan,
        })
    }

    /// The loop.
    pub async fn carry_out(mut self) -> Result<RunOutcome> {
        if self.before.is_some() {
            self.context.backend.end_leftovers(self.context.mark.clone()).await;
        }
        // What people have said while no wavec ran is there from the beginning.
        while let Ok(request) = self.requests.try_recv() {
            self.hear(Message::Request(request));
        }
        self.begin();
        loop {
            // Before anything is decided: what people have said may be what it waits for.
            while let Ok(request) = self.requests.try_recv() {
                self.asked_for(request);
            }
            self.advance();
            if let Err(error) = self.commit() {
                self.abandon().await;
                return Err(error);
            }
            if let Phase::Ending(outcome, reason) = &self.phase {
                let (outcome, reason) = (*outcome, reason.clone());
                // Whatever escaped from its job has no one but wavec left.
                self.context.backend.end_escaped().await;
                self.sink.record(&[Event::RunEnded { outcome, reason }])?;
                return Ok(outcome);
            }
            let message = self.next().await;
            self.hear(message);
            // What came together is recorded together.
            while let Ok(message) = self.messages.try_recv() {
                self.hear(message);
            }
        }
    }

    async fn next(&mut self) -> Message {
        loop {
            let due = self.timers.next();
            tokio::select! {
                biased;
                request = self.requests.recv(), if self.is_listening => match request {
                    Some(request) => return Message::Request(request),
                    None => self.is_listening = false,
                },
                Some(message) = self.messages.recv() => return message,
                () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    if let Some(timer) = self.timers.pop() {
                        return Message::Due(timer);
                    }
                }
                Some(job) = self.jobs.join_next() => {
                    if let Err(error) = job && error.is_panic() {
                        std::panic::resume_unwind(error.into_panic());
                    }
                }
            }
        }
    }

    fn hear(&mut self, message: Message) {
        match message {
            Message::Request(request) => self.asked_for(request),
            Message::Running { task, attempt, pid } => {
                self.events.push(Event::AttemptRunning { task, attempt, pid });
            }
            Message::Worked { task, work } => self.worked(task, *work),
            Message::Checked { owner, index, tested, took } => self.checked(owner, index, tested, took),
            Message::TestsOver { owner } => self.tests_over(owner),
            Message::Due(Timer::Retry(task)) => self.begin_attempt(task),
            Message::Due(Timer::WaitOver(task)) => self.wait_over(task),
            Message::Due(Timer::Deadline(owner, index)) => self.nobody_answered(owner, index),
        }
    }

    /// Makes what was decided durable, then does it.
    fn commit(&mut self) -> Result<()> {
        if !self.events.is_empty() {
            self.sink.record(&self.events)?;
            self.events.clear();
        }
        for effect in std::mem::take(&mut self.effects) {
            let sender = self.sender.clone();
            // A receiver that is gone belongs to a run that is over.
            match effect {
                Effect::Work(assignment) => {
                    self.jobs.spawn(async move {
                        let (task, attempt) = (assignment.task, assignment.attempt);
                        let running = sender.clone();
                        let on_running = move |pid| {
                            let _ = running.send(Message::Running { task, attempt, pid });
                        };
                        let work = Box::new(attempt::work(*assignment, on_running).await);
                        let _ = sender.send(Message::Worked { task, work });
                    });
                }
                Effect::Test(subject, indices) => {
                    self.jobs.spawn(async move {
                        let owner = subject.owner;
                        let plan = Arc::clone(&subject.context.plan);
                        for index in indices {
                            if *subject.cancel.borrow() != Urgency::None {
                                break;
                            }
                            let begin = Instant::now();
                            let Some(criterion) = super::judging::criterion(&plan, owner, index) else {
                                continue;
                            };
                            let tested = criteria::test(&subject, index, criterion).await;
                            let took = begin.elapsed();
                            let _ = sender.send(Message::Checked { owner, index, tested, took });
                        }
                        let _ = sender.send(Message::TestsOver { owner });
                    });
                }
                Effect::Hurry(cancel, urgency) => raise(&cancel, urgency),
            }
        }
        Ok(())
    }

    /// The journal cannot be written: nothing may happen any more. Ends all that runs.
    async fn abandon(&mut self) {
        for life in &self.tasks {
            if let Stage::Working { cancel, .. } = &life.stage {
                raise(cancel, Urgency::Kill);
            }
        }
        for judging in self.judgings.values() {
            raise(&judging.cancel, Urgency::Kill);
        }
        let over = async { while self.jobs.join_next().await.is_some() {} };
        // What hangs in the kernel is left to the system.
        let _ = tokio::time::timeout(Duration::from_secs(30), over).await;
        self.context.backend.end_escaped().await;
    }

    /// Moves on as far as nothing has to be waited for.
    fn advance(&mut self) {
        loop {
            if matches!(self.phase, Phase::Preflight) {
                if self.judgings.contains_key(&CheckOwner::Preflight) {
                    self.wait_for_people();
                    return;
                }
                self.phase = Phase::Running;
            }
            let changes = self.schedule.drain_changes();
            let is_quiet = changes.is_empty();
            for change in changes {
                self.changed(change);
            }
            self.is_taking_over = false;
            if matches!(self.phase, Phase::Running)
                && !self.is_cleaning_up()
                && let Some((step, work)) = self.schedule.take()
            {
                self.start(step, work);
                continue;
            }
            if is_quiet && !self.wind_up() {
                return;
            }
        }
    }

    fn start(&mut self, step: StepId, work: Step) {
        match work {
            Step::Task(task) => self.start_task(task),
            Step::Gate(gate) => self.start_gate(gate),
            Step::Success(group) => {
                debug_assert_eq!(self.plan.step(step).kind, StepKind::Success(group));
                self.start_judging(CheckOwner::Group(group), Vec::new());
            }
        }
    }

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
                    Outcome::Parked => format!("`{name}` waits for a quota"),
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

    /// The one door to a task's stage.
    pub fn set(&mut self, task: TaskId, stage: Stage) -> Stage {
        std::mem::replace(&mut self.tasks[task.index()].stage, stage)
    }

    pub fn start_task(&mut self, task: TaskId) {
        let life = &mut self.tasks[task.index()];
        (life.failed, life.transient) = (0, 0);
        if !self.resume_checking(task) {
            self.begin_attempt(task);
        }
    }

    fn begin_attempt(&mut self, task: TaskId) {
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
                let assignment = Assignment {
                    context: Arc::clone(&self.context),
                    task,
                    attempt,
                    feedback: self.tasks[task.index()].feedback.clone(),
                    outputs: Arc::clone(&self.outputs),
                    cancel: receiver,
                };
                self.effects.push(Effect::Work(Box::new(assignment)));
                self.set(task, Stage::Working { cancel, is_cancelled: false });
            }
        }
    }

    fn worked(&mut self, task: TaskId, work: Work) {
        let is_cancelled =
            matches!(self.tasks[task.index()].stage, Stage::Working { is_cancelled: true, .. });
        let Work { end, usage, took, outputs, missing, last_lines } = work;
        let end = match end {
            AttemptEnd::TimedOut { .. } => end,
            _ if is_cancelled => AttemptEnd::Cancelled,
            _ => end,
        };
        self.tasks[task.index()].last_lines = last_lines;
        let is_done = end == AttemptEnd::Done;
        self.set(task, Stage::Checking);
        if !is_done {
            return self.attempt_over(task, end, took, usage);
        }
        let attempt = self.tasks[task.index()].attempt;
        self.events.push(Event::AttemptEnded { task, attempt, end, milliseconds: milliseconds(took), usage });
        for (index, value) in outputs {
            self.events.push(Event::OutputTaken { task, index, value: value.clone() });
            Arc::make_mut(&mut self.outputs).insert((task, index), value);
        }
        match missing {
            Some(reason) => self.attempt_failed(task, &reason, None),
            None => self.check_task(task),
        }
    }

    fn wait_over(&mut self, task: TaskId) {
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
            return self.end_task(task, Outcome::Succeeded, "");
        }
        self.start_judging(CheckOwner::Task(task, self.tasks[task.index()].attempt), Vec::new());
    }

    fn park(&mut self, task: TaskId, reason: &str) {
        self.parked.push(format!("`{}`: {reason}", self.plan.task(task).name));
        self.end_task(task, Outcome::Parked, reason);
        let agent = self.plan.task(task).agent.map(|agent| self.plan.agent(agent));
        if let Some(driver) = agent.map(|agent| agent.driver.clone()) {
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
        let pause = retries
            .backoff
            .max(least)
            .saturating_mul(1 << (turn - 1).min(20))
            .min(LONGEST_BACKOFF.max(retries.backoff));
        let attempt = life.attempt + 1;
        if retries.feedback {
            self.tasks[task.index()].feedback = Some(self.feedback_of(task, reason));
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
        self.events.push(Event::TaskEnded { task, outcome, reason: reason.into() });
        let plan = Arc::clone(&self.plan);
        let ended = plan.task(task);
        self.is_cut |= outcome == Outcome::Cancelled;
        if outcome == Outcome::Failed {
            self.failures.push(format!("`{}` failed: {reason}", ended.name));
        }
        let Some(step) = ended.step else { return };
        self.schedule.finish(step, outcome);
        if outcome == Outcome::Failed {
            self.policy(ended.on_failure, &format!("`{}` failed", ended.name));
        }
    }

    /// What a failure means for the rest of the run.
    pub fn policy(&mut self, on_failure: OnFailure, reason: &str) {
        match on_failure {
            OnFailure::Stop => self.stop(Hurry::Stop, reason),
            OnFailure::Cancel => self.stop(Hurry::Cancel, reason),
            OnFailure::Continue => {}
        }
    }

    /// What a person asks for.
    fn asked_for(&mut self, request: Request) {
        match request {
            Request::Answer { owner, index, answer, by, reason } => {
                self.answer(owner, index, super::judging::Said { answer, by, reason });
            }
            Request::Interrupt => {
                let next = match (self.is_interrupted, self.hurry) {
                    (false, hurry) => hurry.max(Hurry::Stop),
                    (true, Hurry::None | Hurry::Stop) => Hurry::Cancel,
                    (true, Hurry::Cancel | Hurry::Kill) => Hurry::Kill,
                };
                self.interrupt(next, "interrupted");
            }
            Request::Terminate => {
                let is_second = self.is_interrupted && self.hurry >= Hurry::Cancel;
                self.interrupt(if is_second { Hurry::Kill } else { Hurry::Cancel }, "terminated");
            }
        }
    }

    /// The time now, as the wall clock has it.
    pub fn now(&self) -> Timestamp {
        let (timestamp, begin) = self.started;
        timestamp.saturating_add(i64::try_from(begin.elapsed().as_millis()).unwrap_or(i64::MAX))
    }

    /// A gate starts a stretch over: its tasks have all their tries again, and know why.
    pub fn begin_round(&mut self, task: TaskId, feedback: &str) {
        self.tasks[task.index()].feedback = Some(feedback.to_owned());
        Arc::make_mut(&mut self.outputs).retain(|(owner, _), _| *owner != task);
    }

    /// The step of a gate.
    pub fn gate_step(&self, gate: GateId) -> StepId {
        let is_it = |step: &StepId| self.plan.step(*step).kind == StepKind::Gate(gate);
        self.plan.step_ids().find(is_it).expect("BUG: every gate has a step")
    }

    /// The step of a group's criteria.
    pub fn success_step(&self, group: GroupId) -> StepId {
        let is_it = |step: &StepId| self.plan.step(*step).kind == StepKind::Success(group);
        self.plan.step_ids().find(is_it).expect("BUG: every group with criteria has a step for them")
    }
}
