//! The turns of a run: hear messages, decide, record, act.
//!
//! What is decided goes into `events` and `effects`; the events are made durable before any effect happens. Tasks' lives
//! are in `tasks`, criteria and questions in `judging`, gates in `gates`, rollback, `finally` and the end in `cleanup`, the
//! beginning of a resume in `resume`.

use super::ahead::Ahead;
use super::attempt::{self, Assignment, Session, Work};
use super::context::{Context, Outputs};
use super::criteria::{self, Subject, Tested};
use super::desk::{Desk, Line, lock};
use super::hands::{Hand, Hands};
use super::judging::{Judging, Question};
use super::pace::Pace;
use super::timers::{Timer, TimerId, Timers};
use super::trees::{Merging, Tip};
use super::{Ledger, Request, Setup};
use crate::backend::{Urgency, raise};
use crate::error::{Error, Result};
use crate::event::progress::Progress;
use crate::event::{ApprovalOwner, CheckOwner, Event, RunOutcome, Timestamp, Usage};
use crate::plan::{GateId, GroupId, OnFailure, Plan, StepId, StepKind, TaskId};
use crate::schedule::{Limits, Order, Schedule, Work as Step};
use crate::workspace::{Conflict, Merged, Snapshot, Tree};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

/// All that the loop hears. Nothing else changes a run.
pub(super) enum Message {
    /// A person asks for something.
    Request(Request),
    /// An attempt's process runs.
    Running { task: TaskId, attempt: u32, pid: Option<u32> },
    /// An attempt's agent has begun a session.
    SessionOpened { task: TaskId, attempt: u32, session: String },
    /// An attempt's work has ended.
    Worked { task: TaskId, work: Box<Work> },
    /// A criterion was tested.
    Checked { owner: CheckOwner, index: u32, tested: Tested, took: Duration },
    /// All criteria of an owner that can be tested were.
    TestsOver { owner: CheckOwner },
    /// A merge was made, or could not be.
    Merged { task: TaskId, result: Box<Result<Merged>> },
    /// git's branch was to show a commit.
    Shown { commit: String },
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
    /// Merge what a task changed.
    Merge(Box<Merging>),
    /// Have git's branch show a commit.
    Show { branch: String, commit: String, known: Vec<String> },
    /// Take a worktree away whose content is saved in that commit.
    Discard(Tree, String),
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
    /// What it changed is merged, or waits for that.
    Merging,
    /// A failed attempt will be followed by another.
    Pausing { timer: TimerId, reason: String },
}

/// How many tasks are in the stages that the loop asks for again and again.
#[derive(Default)]
pub(super) struct Tally {
    /// Whose work is being done.
    pub working: usize,
    /// Between two attempts.
    pub pausing: usize,
    /// Of a rollback or `finally`, and not over.
    pub cleanup: usize,
}

/// What the dispatcher knows of a task.
pub(super) struct TaskLife {
    pub stage: Stage,
    /// The number of the newest attempt; 0 before the first.
    pub attempt: u32,
    /// Attempts of this round that failed, and those among them of an agent that could not work for now.
    pub failed: u32,
    pub transient: u32,
    /// What the next attempt is told.
    pub feedback: Option<String>,
    /// The last lines that the newest attempt printed.
    pub last_lines: String,
    /// Which of its criteria did not pass, with what they printed; empty where the newest attempt failed otherwise.
    pub details: String,
    /// What all its attempts have spent, where known.
    pub usage: Usage,
    /// The agent's session, where the next attempt can go on with it.
    pub session: Option<Session>,
    /// The worktree that its attempts work in.
    pub tree: Option<Tree>,
    pub snapshot: Option<Snapshot>,
    /// What its newest work conflicted with, until another attempt has begun on top of that.
    pub conflict: Option<Conflict>,
    /// What was told of the last conflict: what follows adds to it.
    pub told_conflict: String,
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
pub(super) struct Dispatcher {
    pub plan: Arc<Plan>,
    pub context: Arc<Context>,
    pub schedule: Schedule,
    pub timers: Timers,
    pub pace: Pace,
    pub tasks: Vec<TaskLife>,
    pub tally: Tally,
    pub outputs: Arc<Outputs>,
    pub judgings: BTreeMap<CheckOwner, Judging>,
    pub judgements: Vec<super::budget::Judgement>,
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
    pub tip: Tip,
    pub ahead: Ahead,
    /// What the world did meanwhile: the run ends with it.
    pub trouble: Option<Error>,
    started: (Timestamp, Instant),
    sink: Ledger,
    /// Where it is told what came of what it does.
    line: Line,
    /// The run's own thread.
    pub home: Handle,
    pub jobs: JoinSet<()>,
    /// After the jobs: they end with them.
    hands: Hands,
    pub events: Vec<Event>,
    pub effects: Vec<Effect>,
    /// When the events that may wait for others are recorded at the latest.
    commit_by: Option<Instant>,
}

/// How long it may stay unrecorded that a process runs.
const RUNNING_WAITS: Duration = Duration::from_millis(20);

/// What was done aside is over: a bug there is one here.
pub(super) fn pass_panic_on(job: std::result::Result<(), JoinError>) {
    if let Err(error) = job
        && error.is_panic()
    {
        std::panic::resume_unwind(error.into_panic());
    }
}

/// What came of a turn.
pub(super) enum Turn {
    /// Others follow.
    Taken,
    /// The run ends.
    Last,
}

impl Dispatcher {
    pub fn new(
        plan: Arc<Plan>,
        setup: Setup,
        order: Arc<Order>,
        sink: Ledger,
        desk: &Arc<Desk>,
    ) -> Result<Dispatcher> {
        let life = || TaskLife {
            stage: Stage::Idle,
            attempt: 0,
            failed: 0,
            transient: 0,
            feedback: None,
            last_lines: String::new(),
            usage: Usage::default(),
            session: None,
            tree: None,
            snapshot: None,
            conflict: None,
            told_conflict: String::new(),
            details: String::new(),
        };
        Ok(Dispatcher {
            context: Arc::new(Context::new(Arc::clone(&plan), &setup)?),
            schedule: Schedule::in_order(Arc::clone(&plan), Limits { workers: setup.workers }, order),
            timers: Timers::default(),
            pace: Pace::new(),
            tasks: plan.tasks.iter().map(|_| life()).collect(),
            tally: Tally::default(),
            outputs: Arc::default(),
            judgings: BTreeMap::new(),
            judgements: Vec::new(),
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
            tip: Tip::default(),
            ahead: Ahead::default(),
            trouble: None,
            started: (setup.now, Instant::now()),
            sink,
            line: desk.home().clone(),
            home: Handle::current(),
            jobs: JoinSet::new(),
            hands: Hands::start(setup.hands, |hand, line| Arc::clone(desk).listen(hand, line)),
            events: Vec::new(),
            effects: Vec::new(),
            commit_by: None,
            plan,
        })
    }

    /// Carries the run out.
    pub async fn carry_out(mut self, desk: &Arc<Desk>) -> Result<RunOutcome> {
        if self.before.is_some() {
            self.context.backend.end_leftovers(self.context.mark.clone()).await;
        }
        // What people have said while no wavec ran is there from the beginning.
        for message in desk.requests() {
            self.hear(message);
        }
        self.begin()?;
        let (mut dispatcher, last) = desk.carry_out(self).await;
        match last {
            Ok(()) => dispatcher.end().await,
            Err(error) => {
                dispatcher.abandon().await;
                Err(error)
            }
        }
    }

    /// One turn, on the thread of that hand or the run's own. Whether a time has come is to be asked where it `is_due`.
    pub fn turn(&mut self, messages: Vec<Message>, is_due: bool, hand: Option<usize>) -> Result<Turn> {
        while let Some(job) = self.jobs.try_join_next() {
            pass_panic_on(job);
        }
        if messages.is_empty()
            && is_due
            && let Some(timer) = self.timers.pop()
        {
            self.hear(Message::Due(timer));
        }
        // What came together is recorded together.
        for message in messages {
            self.hear(message);
        }
        self.advance();
        self.wish_ahead();
        self.watch_turns();
        if let Some(error) = self.trouble.take() {
            let _ = self.commit(hand);
            return Err(error);
        }
        if self.may_wait() {
            self.commit_by.get_or_insert_with(|| Instant::now() + RUNNING_WAITS);
        } else {
            self.commit(hand)?;
        }
        Ok(if matches!(self.phase, Phase::Ending(..)) { Turn::Last } else { Turn::Taken })
    }

    /// When the next turn is due though nobody tells it anything.
    pub fn wakes(&self) -> Option<Instant> {
        self.timers.next().into_iter().chain(self.commit_by).min()
    }

    /// The run is at its end: sees that nothing is left of it, and says so.
    async fn end(&mut self) -> Result<RunOutcome> {
        let Phase::Ending(outcome, reason) = &self.phase else { panic!("BUG: the run is not at its end") };
        let (outcome, reason) = (*outcome, reason.clone());
        // Whatever escaped from its job has no one but wavec left.
        self.context.backend.end_escaped(self.context.mark.clone()).await;
        self.settle().await?;
        self.record(vec![Event::RunEnded { outcome, reason }])?;
        Ok(outcome)
    }

    fn record(&self, events: Vec<Event>) -> Result<()> {
        lock(&self.sink).record(events)
    }

    /// Whether what is to be recorded is only that processes run: nothing follows from that, and soon there will be
    /// more to record with it.
    fn may_wait(&self) -> bool {
        let is_running = |event: &Event| matches!(event, Event::AttemptRunning { pid: Some(_), .. });
        !self.events.is_empty()
            && self.events.iter().all(is_running)
            && self.effects.is_empty()
            && !matches!(self.phase, Phase::Ending(..))
            && self.commit_by.is_none_or(|by| Instant::now() < by)
    }

    fn hear(&mut self, message: Message) {
        match message {
            Message::Request(request) => self.asked_for(request),
            Message::Running { task, attempt, pid } => {
                self.events.push(Event::AttemptRunning { task, attempt, pid });
            }
            Message::SessionOpened { task, attempt, session } => self.session_opened(task, attempt, session),
            Message::Worked { task, work } => self.worked(task, *work),
            Message::Checked { owner, index, tested, took } => self.checked(owner, index, tested, took),
            Message::TestsOver { owner } => self.tests_over(owner),
            Message::Merged { task, result } => self.merged(task, *result),
            Message::Shown { commit } => self.shown(&commit),
            Message::Due(Timer::Retry(task)) => self.begin_attempt(task),
            Message::Due(Timer::WaitOver(task)) => self.wait_over(task),
            Message::Due(Timer::Deadline(owner, index)) => self.nobody_answered(owner, index),
            Message::Due(Timer::Turn) => self.turn_is_late(),
        }
    }

    /// Makes what was decided durable, then does it.
    fn commit(&mut self, hand: Option<usize>) -> Result<()> {
        self.commit_by = None;
        if !self.events.is_empty() {
            let events = std::mem::take(&mut self.events);
            self.record(events)?;
        }
        for effect in std::mem::take(&mut self.effects) {
            match effect {
                Effect::Work(assignment) => self.give(hand, |line| async move {
                    let (task, attempt) = (assignment.task, assignment.attempt);
                    let running = line.clone();
                    let on_running = move |pid| running.tell(Message::Running { task, attempt, pid });
                    let opened = line.clone();
                    let on_session =
                        move |session| opened.tell(Message::SessionOpened { task, attempt, session });
                    // In a place of its own: what is handed to a thread is moved again and again on its way.
                    let work = Box::pin(attempt::work(*assignment, on_running, on_session)).await;
                    line.tell(Message::Worked { task, work: Box::new(work) });
                }),
                Effect::Test(mut subject, indices) => self.give(hand, |line| async move {
                    subject.prepare().await;
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
                        line.tell(Message::Checked { owner, index, tested, took });
                    }
                    line.tell(Message::TestsOver { owner });
                }),
                Effect::Hurry(cancel, urgency) => raise(&cancel, urgency),
                effect @ (Effect::Merge(_) | Effect::Show { .. } | Effect::Discard(..)) => {
                    let line = self.line.clone();
                    self.with_repository(effect, line);
                }
            }
        }
        Ok(())
    }

    /// Has work done by the hand that has the least to do, best the one whose turn this is; by the run's own thread where there
    /// are none.
    fn give<W>(&mut self, hand: Option<usize>, work: impl FnOnce(Line) -> W)
    where
        W: Future<Output = ()> + Send + 'static,
    {
        let hand = self.hands.least(hand);
        let line = hand.map_or(&self.line, |hand| &hand.line).clone();
        let busy = hand.map(Hand::busy);
        let watch = line.watch();
        let work = work(line);
        let work = async move {
            let _counted = (busy, watch);
            work.await;
        };
        self.jobs.spawn_on(work, hand.map_or(&self.home, |hand| &hand.runtime));
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
        self.end_ahead().await;
        let over = async { while self.jobs.join_next().await.is_some() {} };
        // What hangs in the kernel is left to the system.
        let _ = tokio::time::timeout(Duration::from_secs(30), over).await;
        self.context.backend.end_escaped(self.context.mark.clone()).await;
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
                self.begin_pace();
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
            Step::Task(task) => {
                self.pace.note_start(step);
                self.start_task(task);
            }
            Step::Gate(gate) => self.start_gate(gate),
            Step::Success(group) => {
                debug_assert_eq!(self.plan.step(step).kind, StepKind::Success(group));
                self.start_judging(CheckOwner::Group(group), Vec::new());
            }
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
