//! When what may start: a pure state machine over a plan's steps.
//!
//! No clock and no I/O: a driver asks [`Schedule::take`], does the work, and says how it ended. `run` drives it in
//! real time and `estimate` in virtual time, so a forecast and a run differ in durations and outcomes, never in rules.
//! It does not know attempts, retries or verdicts: a step ends once, with the outcome that counts.

pub mod calibrate;
mod clock;
pub mod estimate;
mod flow;
mod improve;
pub mod levers;
mod news;
mod obstacle;
pub mod quantile;
mod queue;
pub mod sample;
pub mod search;
mod shape;
pub mod simulate;
mod stretch;
mod turns;

use crate::plan::{GateId, GroupId, GroupKind, Plan, StepId, StepKind, TaskId};
use queue::Queue;
use serde::{Deserialize, Serialize};
use shape::{NONE, Shape};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;

pub use estimate::{Forecast, Slot, estimate, estimate_by};
pub use improve::{brief_order, by_critical_path, order_within};
pub use obstacle::Obstacle;
pub use shape::Order;

/// How a task or a group is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Its work ended well and its criteria passed.
    Succeeded,
    /// It did not.
    Failed,
    /// It was ended before its own end.
    Cancelled,
    /// It was left out: its `when` does not hold, or a gate skipped it, or what it needs was left out.
    Skipped,
    /// It waits for a quota.
    Parked,
    /// It was never started.
    NotRun,
}

/// The life of a step. In life order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Something that it needs is not there yet.
    Waiting,
    /// All it needs is there; a worker, an instance, a resource or a claim may still be held by others.
    Ready,
    /// Handed out by `take`; holds its capacities.
    Running,
    /// Over.
    Ended(Outcome),
}

/// Work that the machine hands out. `Enter` and `Leave` steps are never handed out: they pass by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Work {
    /// Do the task. Holds a worker, and the task's instance, resources and claims.
    Task(TaskId),
    /// Judge the gate. Holds no worker.
    Gate(GateId),
    /// Test the group's `success` criteria. Holds no worker.
    Success(GroupId),
}

/// A transition that the machine made by itself or on being told, in the order in which they happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The first item of the group may start.
    GroupStarted(GroupId),
    /// The group is over. `cause`: the step that decided a bad outcome.
    GroupEnded(GroupId, Outcome, Option<StepId>),
    /// A step that was never handed out is over: skipped, or not run. `cause`: the step that decided it, if one did.
    StepEnded(StepId, Outcome, Option<StepId>),
}

/// How a gate came out, for the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// Go; also a no-go with `on no-go continue`.
    Open,
    /// No-go with `on no-go stop`, retries used up, or blocked: the gate has failed.
    Closed,
    /// No-go with `on no-go retry`: the stretch before the gate runs again.
    Again,
    /// No-go with `on no-go skip to`: every step between the gate and there that has not started is skipped.
    SkipTo(StepId),
}

/// What limits a run beyond the plan's own words.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// At most so many tasks at once, in place of the plan's `workers`.
    pub workers: Option<u32>,
}

/// The machine.
#[derive(Clone)]
pub struct Schedule {
    plan: Arc<Plan>,
    shape: Arc<Shape>,
    order: Arc<Order>,
    queue: Queue,
    /// Gates and criteria that are ready: they need no worker.
    free_work: BinaryHeap<Reverse<u32>>,
    /// By step.
    states: Vec<State>,
    /// By step, how many of its needs are not met.
    unmet: Vec<u32>,
    /// By step that ended badly or was skipped, the step that decided it.
    causes: Vec<u32>,
    /// By step, whether it ends as skipped when its turn comes.
    skips: Vec<Skip>,
    /// By `after any of`.
    any_needs: Vec<AnyState>,
    /// Ended, and their dependents do not know yet.
    news: VecDeque<StepId>,
    /// Every step in the order in which it ended.
    ended: Vec<StepId>,
    changes: Vec<Change>,
    /// How many steps are ready, how many of these are held by a spent quota, how many run, how many are over.
    ready: u32,
    held: u32,
    running: u32,
    over: u32,
    /// How many tasks run.
    tasks_running: u32,
    /// Ready tasks that leave their place to a more urgent one that is about to come.
    kept: Vec<StepId>,
    /// Whether nobody leaves his place to anybody any more.
    has_let_go: bool,
    is_stopped: bool,
}

/// Whether a step is left out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Skip {
    /// It is not.
    No,
    /// By its own `when`.
    Own,
    /// By that step: a gate that skips, or a skipped task whose output it needs.
    By(StepId),
}

/// How far an `after any of` is.
#[derive(Clone, Copy, Default)]
struct AnyState {
    /// How many of its steps have not ended.
    open: u32,
    /// Whether one has succeeded.
    is_met: bool,
    /// Whether one has ended otherwise than succeeded or skipped.
    has_failed: bool,
}

impl Schedule {
    /// Every step waiting; what needs nothing is ready. By the best order that a short search finds, always the same one.
    pub fn new(plan: Arc<Plan>, limits: Limits) -> Schedule {
        let mut schedule = Schedule::by_critical_path(plan, limits);
        if let Some(order) = improve::briefly(&schedule) {
            schedule.reorder(order);
        }
        schedule
    }

    /// The same in an order that is known already.
    pub fn in_order(plan: Arc<Plan>, limits: Limits, order: Arc<Order>) -> Schedule {
        let mut schedule = Schedule::by_critical_path(plan, limits);
        schedule.reorder(order);
        schedule
    }

    /// The same without a search: the longest remaining path first.
    pub fn by_critical_path(plan: Arc<Plan>, limits: Limits) -> Schedule {
        let shape = Arc::new(Shape::new(&plan, limits));
        let order = Arc::new(Order::of(&plan, &shape));
        let count = plan.steps.len();
        let mut schedule = Schedule {
            queue: Queue::new(&shape, Arc::clone(&order)),
            free_work: BinaryHeap::new(),
            states: vec![State::Waiting; count],
            unmet: Vec::with_capacity(count),
            causes: vec![NONE; count],
            skips: vec![Skip::No; count],
            any_needs: Vec::with_capacity(shape.any_needs.len()),
            news: VecDeque::new(),
            ended: Vec::with_capacity(count),
            changes: Vec::new(),
            ready: 0,
            held: 0,
            running: 0,
            over: 0,
            tasks_running: 0,
            kept: Vec::new(),
            has_let_go: false,
            is_stopped: false,
            plan,
            shape,
            order,
        };
        schedule.rewind();
        schedule
    }

    /// Back to the beginning, at less cost than a new one. The order of urgency stays.
    pub fn rewind(&mut self) {
        self.queue.clear(&self.shape);
        self.free_work.clear();
        self.states.fill(State::Waiting);
        self.unmet.clone_from(&self.shape.needs);
        self.causes.fill(NONE);
        for (skip, step) in self.skips.iter_mut().zip(&self.plan.steps) {
            *skip = Skip::of(&self.plan, step.kind);
        }
        self.any_needs.clear();
        self.any_needs.extend(
            self.shape.any_needs.iter().map(|need| AnyState { open: need.count, ..AnyState::default() }),
        );
        self.news.clear();
        self.ended.clear();
        self.changes.clear();
        (self.ready, self.held, self.running, self.over, self.is_stopped) = (0, 0, 0, 0, false);
        (self.tasks_running, self.has_let_go) = (0, false);
        self.kept.clear();
        for step in self.plan.step_ids() {
            if self.unmet[step.index()] == 0 && self.states[step.index()] == State::Waiting {
                self.promote(step);
                self.tell();
            }
        }
    }

    /// The plan that it runs.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// At most so many tasks at once, by the limits or the plan's own words.
    pub fn workers(&self) -> Option<u32> {
        (self.shape.workers != u32::MAX).then_some(self.shape.workers)
    }

    /// Goes on by another order of urgency; what may start at all does not change by it.
    pub fn reorder(&mut self, order: Arc<Order>) {
        self.order = Arc::clone(&order);
        self.has_let_go = self.has_let_go && self.is_holding();
        let ready: Vec<StepId> =
            self.plan.step_ids().filter(|step| self.states[step.index()] == State::Ready).collect();
        let is_task = |step: &StepId| self.shape.class_of[step.index()] != NONE;
        self.free_work = ready
            .iter()
            .filter(|step| !is_task(step))
            .map(|step| Reverse(order.rank[step.index()]))
            .collect();
        let shape = Arc::clone(&self.shape);
        let (kept, free) =
            ready.into_iter().filter(is_task).partition(|step| self.goes_first(*step).is_some());
        self.kept = kept;
        let free: Vec<StepId> = free;
        self.queue.reorder(&shape, order, free.into_iter());
    }

    /// The order of urgency in force.
    pub fn order(&self) -> &Arc<Order> {
        &self.order
    }

    /// Whether some driver's quota is spent.
    fn is_holding(&self) -> bool {
        self.queue.is_holding()
    }

    /// Marks a task, gate or success step as over before the run goes on: what an earlier session of the run has
    /// finished, succeeded or skipped, in any order. Call before the first `take`. Groups that are over by
    /// it are among the changes.
    pub fn restore(&mut self, step: StepId, outcome: Outcome) {
        let is_group = matches!(self.plan.step(step).kind, StepKind::Enter(_) | StepKind::Leave(_));
        if !is_group && matches!(self.states[step.index()], State::Waiting | State::Ready) {
            self.end(step, outcome, None);
            self.tell();
        }
    }

    /// Hands out the most urgent work that may start now, and takes its capacities. None when nothing may start
    /// before something running ends.
    pub fn take(&mut self) -> Option<(StepId, Work)> {
        let mut step = self.take_free_work().or_else(|| self.take_task());
        if step.is_none() && self.tasks_running == 0 && !self.kept.is_empty() {
            // Nothing is under way that could bring what the places are kept for.
            self.release(|_| true);
            step = self.take_task();
        }
        let step = step?;
        self.set(step, State::Running);
        let work = match self.plan.step(step).kind {
            StepKind::Task(task) => Work::Task(task),
            StepKind::Gate(gate) => Work::Gate(gate),
            StepKind::Success(group) => Work::Success(group),
            StepKind::Enter(_) | StepKind::Leave(_) => panic!("BUG: a group's own steps pass by themselves"),
        };
        Some((step, work))
    }

    fn take_task(&mut self) -> Option<StepId> {
        let states = &self.states;
        self.queue.take(&self.shape, |step| states[step.index()] == State::Ready)
    }

    fn take_free_work(&mut self) -> Option<StepId> {
        while let Some(Reverse(rank)) = self.free_work.pop() {
            let step = self.order.by_rank[rank as usize];
            if self.states[step.index()] == State::Ready {
                return Some(step);
            }
        }
        None
    }

    /// A task or success step is over. For a gate that was not judged to its end, too.
    pub fn finish(&mut self, step: StepId, outcome: Outcome) {
        self.end_running(step, outcome);
        self.settle();
    }

    /// A gate is judged. `Again` gives the steps that are waiting once more; after `stop` it is as `Closed`.
    pub fn pass(&mut self, gate: StepId, passage: Passage) -> Vec<StepId> {
        let mut again = Vec::new();
        match passage {
            Passage::Open => self.end_running(gate, Outcome::Succeeded),
            Passage::Again if !self.is_stopped => again = self.start_over(gate),
            Passage::Closed | Passage::Again => self.end_running(gate, Outcome::Failed),
            Passage::SkipTo(target) => {
                for step in self.between(gate, target) {
                    self.skips[step.index()] = Skip::By(gate);
                    if self.states[step.index()] == State::Ready {
                        self.end_unstarted(step, Outcome::Skipped, Some(gate));
                    }
                }
                self.end_running(gate, Outcome::Succeeded);
            }
        }
        self.settle();
        again
    }

    fn end_running(&mut self, step: StepId, outcome: Outcome) {
        assert!(self.states[step.index()] == State::Running, "BUG: only what runs can end: {step:?}");
        self.end(step, outcome, None);
        self.tell();
    }

    /// Nothing new starts from now on; what waits ends as not run. Running steps may still finish.
    pub fn stop(&mut self) {
        if std::mem::replace(&mut self.is_stopped, true) {
            return;
        }
        for step in self.plan.step_ids() {
            let is_leave = matches!(self.plan.step(step).kind, StepKind::Leave(_));
            if !is_leave && matches!(self.states[step.index()], State::Waiting | State::Ready) {
                self.end_unstarted(step, Outcome::NotRun, None);
            }
        }
        self.tell();
    }

    /// Whether it was told to stop.
    pub fn is_stopped(&self) -> bool {
        self.is_stopped
    }

    /// Nothing new of that driver starts from now on (its quota is spent); its waiting tasks end as not run when all else is over.
    pub fn park_driver(&mut self, driver: &str) {
        let Some(driver) = self.shape.drivers.iter().position(|known| known == driver) else { return };
        self.queue.hold_driver(driver as u32);
        self.let_go();
        let held = |step: &StepId| {
            self.states[step.index()] == State::Ready && self.queue.is_held(&self.shape, *step)
        };
        self.held = self.plan.step_ids().filter(held).count() as u32;
        self.settle();
    }

    /// The transitions since the last call.
    pub fn drain_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    /// The state of a step.
    pub fn state(&self, step: StepId) -> State {
        self.states[step.index()]
    }

    /// The step that decided how this one ended, where it was another.
    pub fn cause(&self, step: StepId) -> Option<StepId> {
        Some(StepId(self.causes[step.index()])).filter(|cause| cause.0 != NONE)
    }

    /// Every step that is over, in the order in which they ended; one that ran again stands there each time.
    pub fn ended(&self) -> &[StepId] {
        &self.ended
    }

    /// How many tasks, gates and success steps run.
    pub fn running(&self) -> u32 {
        self.running
    }

    /// Whether every step is over.
    pub fn is_over(&self) -> bool {
        self.over as usize == self.states.len()
    }

    /// The one door: every change of a state goes through here.
    fn set(&mut self, step: StepId, state: State) {
        let is_task = self.shape.class_of[step.index()] != NONE;
        let before = std::mem::replace(&mut self.states[step.index()], state);
        match before {
            State::Waiting => {}
            State::Ready => {
                self.ready -= 1;
                self.held -= u32::from(is_task && self.held > 0 && self.queue.is_held(&self.shape, step));
                if !self.kept.is_empty() {
                    self.kept.retain(|kept| *kept != step);
                }
            }
            State::Running => {
                self.running -= 1;
                if is_task {
                    self.queue.release(&self.shape, step);
                    self.tasks_running -= 1;
                    if !self.kept.is_empty() {
                        self.end_turns_behind(step);
                    }
                }
            }
            State::Ended(_) => self.over -= 1,
        }
        match state {
            State::Waiting => {}
            State::Ready => {
                self.ready += 1;
                if is_task {
                    self.held += u32::from(self.queue.is_held(&self.shape, step));
                    match self.goes_first(step) {
                        Some(_) => self.kept.push(step),
                        None => self.queue.push(&self.shape, step),
                    }
                } else {
                    self.free_work.push(Reverse(self.order.rank[step.index()]));
                }
            }
            State::Running => {
                self.running += 1;
                self.tasks_running += u32::from(is_task);
            }
            State::Ended(_) => {
                self.over += 1;
                self.ended.push(step);
                self.news.push_back(step);
            }
        }
        if !self.kept.is_empty() && matches!(state, State::Running | State::Ended(_)) {
            self.end_turn(step);
        }
    }

    fn end(&mut self, step: StepId, outcome: Outcome, cause: Option<StepId>) {
        self.causes[step.index()] = cause.map_or(NONE, |cause| cause.0);
        self.set(step, State::Ended(outcome));
    }

    /// Ends a step that was never handed out, and says so; of groups the `Leave` speaks.
    fn end_unstarted(&mut self, step: StepId, outcome: Outcome, cause: Option<StepId>) {
        self.end(step, outcome, cause);
        if !matches!(self.plan.step(step).kind, StepKind::Enter(_) | StepKind::Leave(_)) {
            self.changes.push(Change::StepEnded(step, outcome, cause));
        }
    }

    /// All needs of a waiting step are met.
    fn promote(&mut self, step: StepId) {
        match self.plan.step(step).kind {
            StepKind::Enter(group) => {
                self.end(step, Outcome::Succeeded, None);
                self.changes.push(Change::GroupStarted(group));
            }
            StepKind::Leave(group) => {
                let (outcome, cause) = self.outcome_of(group);
                self.end(step, outcome, cause);
                self.changes.push(Change::GroupEnded(group, outcome, cause));
            }
            StepKind::Task(_) | StepKind::Gate(_) | StepKind::Success(_) => match self.skips[step.index()] {
                Skip::Own => self.end_unstarted(step, Outcome::Skipped, None),
                Skip::By(cause) => self.end_unstarted(step, Outcome::Skipped, Some(cause)),
                Skip::No if self.is_idle_close(step) => self.end_unstarted(step, Outcome::Skipped, None),
                Skip::No => self.set(step, State::Ready),
            },
        }
    }

    /// Whether it is the criteria or the last gate of a wave or block of which everything was left out.
    fn is_idle_close(&self, step: StepId) -> bool {
        let close = self.plan.step(step);
        let group = self.plan.group(close.group);
        let is_close = match close.kind {
            StepKind::Success(_) => group.kind != GroupKind::Plan,
            StepKind::Gate(_) => matches!(group.kind, GroupKind::Wave | GroupKind::Parallel),
            _ => false,
        };
        let mut work = self.shape.members[close.group.index()]
            .iter()
            .filter(|member| matches!(self.plan.step(**member).kind, StepKind::Task(_) | StepKind::Leave(_)))
            .peekable();
        is_close
            && work.peek().is_some()
            && work.all(|member| self.states[member.index()] == State::Ended(Outcome::Skipped))
    }

    /// How a group has ended whose members all have.
    fn outcome_of(&self, group: GroupId) -> (Outcome, Option<StepId>) {
        let gravity = |outcome| match outcome {
            Outcome::Skipped => 0,
            Outcome::Succeeded => 1,
            Outcome::NotRun => 2,
            Outcome::Parked => 3,
            Outcome::Cancelled => 4,
            Outcome::Failed => 5,
        };
        let mut worst = None;
        // Among equals the one that ended without another's doing, then the first in the file.
        for member in &self.shape.members[group.index()] {
            let State::Ended(outcome) = self.states[member.index()] else { continue };
            let key = (gravity(outcome), self.causes[member.index()] == NONE);
            if worst.is_none_or(|(worst, _, _)| key > worst) {
                worst = Some((key, outcome, *member));
            }
        }
        match worst {
            None => (Outcome::Succeeded, None),
            Some((_, outcome @ (Outcome::Succeeded | Outcome::Skipped), _)) => (outcome, None),
            Some((_, outcome, member)) => (outcome, Some(self.root(member))),
        }
    }

    /// The step that decided a bad end: its cause, or itself.
    fn root(&self, step: StepId) -> StepId {
        self.cause(step).unwrap_or(step)
    }
}

impl Skip {
    fn of(plan: &Plan, kind: StepKind) -> Skip {
        let is_left_out = match kind {
            StepKind::Task(task) => plan.task(task).left_out.is_some(),
            StepKind::Gate(gate) => plan.gate(gate).left_out.is_some(),
            StepKind::Success(group) => plan.group(group).left_out.is_some(),
            StepKind::Enter(_) | StepKind::Leave(_) => false,
        };
        if is_left_out { Skip::Own } else { Skip::No }
    }
}

impl Outcome {
    /// The word for it, the same everywhere.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Succeeded => "succeeded",
            Outcome::Failed => "failed",
            Outcome::Cancelled => "cancelled",
            Outcome::Skipped => "skipped",
            Outcome::Parked => "parked",
            Outcome::NotRun => "not run",
        }
    }
}
