//! One round of a simulation: what `run` does with attempts, questions, stops and cleanup, on a virtual clock.
//!
//! The order and the capacities are the machine's; what follows from a failure is here as it is in `run`. Criteria take
//! no time unless a person is asked.

mod memory;

use super::{Culprit, End, Round, Troubles};
use crate::plan::{
    Action, Approval, Criterion, GateId, GroupId, OnFailure, OnNoGo, Plan, StepId, StepKind, TaskId, Test,
};
use crate::schedule::sample::{Dice, Draw};
use crate::schedule::shape::milliseconds;
use crate::schedule::{Change, Limits, Outcome, Passage, Schedule, Work};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;

/// Carries rounds out, one after another, in the same memory.
pub(super) struct Machine {
    plan: Arc<Plan>,
    schedule: Schedule,
    seed: u64,
    kinds: Vec<Kind>,
    no_goes: Vec<f64>,
    answer: Option<(u64, u64)>,
    /// By driver, its name and when its quota is spent.
    quotas: Vec<(String, u64)>,
    /// By gate, its step.
    gate_steps: Vec<StepId>,
    has_rollbacks: bool,
    state: State,
}

/// What a task is for a simulation.
struct Kind {
    draw: Draw,
    failure: f64,
    /// Milliseconds.
    timeout: u64,
    /// The place in `quotas` of its agent's driver.
    quota: Option<usize>,
    money: (u64, u64),
    tokens: (u64, u64),
    /// How many of its criteria a person judges.
    questions: u32,
    is_cleanup: bool,
}

/// Where a task is. In life order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Not handed out, or over.
    Idle,
    /// An attempt's work is done, since when.
    Working(u64),
    /// A soak or cool-down.
    Waiting,
    /// A person is asked.
    Asking,
    /// A failed attempt will be followed by another.
    Pausing,
}

/// What a task has gone through.
#[derive(Clone, Copy)]
struct Life {
    stage: Stage,
    /// Over all rounds of a gate.
    attempt: u32,
    /// Attempts since it was handed out that failed.
    failed: u32,
    /// What is to come of this number, and nothing else, counts.
    token: u32,
    /// Whether the attempt that runs will fail, and what it will have taken and cost at its end.
    fails: bool,
    length: u64,
    money: u64,
    tokens: u64,
}

/// What happens at a time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// The quota of the driver is spent: before all else of that moment.
    Quota(usize),
    /// The task goes on from the stage that it is in.
    Task(TaskId, u32),
    /// The gate is decided: go, or not.
    Gate(GateId, bool),
    /// The criteria of a group that a person judges have passed.
    Success(StepId),
}

/// How urgently the round is to end. In order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Hurry {
    None,
    Stop,
    Cancel,
}

/// What changes in a round.
struct State {
    now: u64,
    dice_seed: u64,
    due: BinaryHeap<Reverse<(u64, u32, Due)>>,
    count: u32,
    lives: Vec<Life>,
    /// By gate: how often it has started its stretch over, whether it is being asked, how often it was judged.
    gates: Vec<GateLife>,
    /// Group criteria that a person judges.
    successes: Vec<StepId>,
    is_spent: Vec<bool>,
    hurry: Hurry,
    failure: Option<Culprit>,
    parked: Option<Culprit>,
    rollbacks: VecDeque<GroupId>,
    cleanup: VecDeque<TaskId>,
    /// How many tasks work or pause, and how many cleanup tasks are at it.
    working: u32,
    cleaning: u32,
    has_begun_finally: bool,
    retries: u32,
    money: u64,
    tokens: u64,
}

#[derive(Clone, Copy, Default)]
struct GateLife {
    rounds: u32,
    judged: u32,
    is_asking: bool,
}

impl Machine {
    pub fn new(plan: &Arc<Plan>, limits: &Limits, troubles: &Troubles, seed: u64) -> Machine {
        let schedule = Schedule::new(Arc::clone(plan), *limits);
        let quotas: Vec<(String, u64)> =
            troubles.quotas.iter().map(|(driver, time)| (driver.clone(), milliseconds(*time))).collect();
        let share = |shares: &[f64], index: usize| shares.get(index).copied().unwrap_or(0.0);
        let mut gate_steps = vec![StepId(0); plan.gates.len()];
        for step in plan.step_ids() {
            if let StepKind::Gate(gate) = plan.step(step).kind {
                gate_steps[gate.index()] = step;
            }
        }
        let kinds = plan
            .task_ids()
            .map(|task| Kind::of(plan, task, share(&troubles.failures, task.index()), &quotas));
        Machine {
            kinds: kinds.collect(),
            no_goes: (0..plan.gates.len()).map(|gate| share(&troubles.no_goes, gate)).collect(),
            answer: troubles.answer.map(|(least, most)| (milliseconds(least), milliseconds(most))),
            has_rollbacks: plan.groups.iter().any(|group| !group.rollback.is_empty()),
            state: State::new(plan, quotas.len()),
            quotas,
            gate_steps,
            schedule,
            seed,
            plan: Arc::clone(plan),
        }
    }

    /// Carries out one round.
    pub fn play(&mut self, round: u32) -> Round {
        self.schedule.rewind();
        self.state.clear(Dice::new(self.seed, u64::from(round)).next());
        for index in 0..self.quotas.len() {
            self.at(self.quotas[index].1, Due::Quota(index));
        }
        self.state.now = self.questions(&self.plan.preflight, 0);
        loop {
            self.advance();
            if self.is_over() {
                break;
            }
            let Some(Reverse((time, _, _))) = self.state.due.peek() else {
                panic!("BUG: nothing is to come, and the round is not over");
            };
            self.state.now = self.state.now.max(*time);
            // What comes together is heard together.
            while let Some(Reverse((time, _, due))) = self.state.due.peek().copied()
                && time <= self.state.now
            {
                self.state.due.pop();
                self.happen(due);
            }
        }
        let state = &self.state;
        let (end, culprit) = match (state.failure, state.parked) {
            (Some(culprit @ Culprit::Task(_)), _) => (End::Failed, Some(culprit)),
            (Some(culprit @ Culprit::Gate(_)), _) => (End::NoGo, Some(culprit)),
            (None, Some(culprit)) => (End::Parked, Some(culprit)),
            (None, None) => (End::Succeeded, None),
        };
        Round {
            finish: state.now,
            end,
            culprit,
            retries: state.retries,
            money: state.money,
            tokens: state.tokens,
        }
    }

    /// Whether all is done: the plan, and what comes after it.
    fn is_over(&self) -> bool {
        self.schedule.is_over() && self.state.has_begun_finally && !self.is_cleaning_up()
    }

    fn is_cleaning_up(&self) -> bool {
        let state = &self.state;
        !state.rollbacks.is_empty() || !state.cleanup.is_empty() || state.cleaning > 0
    }

    /// Moves on as far as nothing has to be waited for.
    fn advance(&mut self) {
        loop {
            self.note_changes();
            if !self.state.has_begun_finally
                && !self.is_cleaning_up()
                && let Some((step, work)) = self.schedule.take()
            {
                self.start(step, work);
            } else if !self.wind_up() {
                return;
            }
        }
    }

    /// Groups that have failed want their rollback.
    fn note_changes(&mut self) {
        for change in self.schedule.drain_changes() {
            if let Change::GroupEnded(group, Outcome::Failed, _) = change
                && self.has_rollbacks
                && !self.plan.group(group).rollback.is_empty()
            {
                self.state.rollbacks.push_back(group);
            }
        }
    }

    /// When nothing of the plan can start by itself: the next cleanup task, or what comes next. Whether anything was done.
    fn wind_up(&mut self) -> bool {
        let plan = Arc::clone(&self.plan);
        let state = &mut self.state;
        if state.cleaning > 0 {
            return false;
        }
        if let Some(task) = state.cleanup.pop_front() {
            if plan.task(task).left_out.is_none() {
                self.start_task(task);
            }
            return true;
        }
        if state.has_begun_finally {
            return false;
        }
        if !state.rollbacks.is_empty() {
            if state.working > 0 {
                return false;
            }
            if let Some(group) = state.rollbacks.pop_front() {
                state.cleanup.extend(&plan.group(group).rollback);
            }
            return true;
        }
        if !self.schedule.is_over() {
            return false;
        }
        state.has_begun_finally = true;
        let is_pause = state.failure.is_none() && state.parked.is_some();
        if !is_pause {
            state.cleanup.extend(&plan.finally);
        }
        true
    }

    fn start(&mut self, step: StepId, work: Work) {
        match work {
            Work::Task(task) => self.start_task(task),
            Work::Gate(gate) => self.start_gate(gate),
            Work::Success(group) => {
                let time = self.questions(&self.plan.group(group).success, u64::from(step.0));
                if time == 0 {
                    self.schedule.finish(step, Outcome::Succeeded);
                } else {
                    self.state.successes.push(step);
                    self.at(self.state.now.saturating_add(time), Due::Success(step));
                }
            }
        }
    }

    fn happen(&mut self, due: Due) {
        match due {
            Due::Quota(quota) => self.spend(quota),
            Due::Gate(gate, is_go) => {
                if std::mem::take(&mut self.state.gates[gate.index()].is_asking) {
                    self.decide(gate, is_go);
                }
            }
            Due::Success(step) => {
                if let Some(place) = self.state.successes.iter().position(|open| *open == step) {
                    self.state.successes.swap_remove(place);
                    self.schedule.finish(step, Outcome::Succeeded);
                }
            }
            Due::Task(task, token) => {
                let life = self.state.lives[task.index()];
                if life.token != token {
                    return;
                }
                match life.stage {
                    Stage::Idle => {}
                    Stage::Pausing => {
                        self.state.working -= 1;
                        self.state.lives[task.index()].stage = Stage::Idle;
                        self.begin_attempt(task);
                    }
                    Stage::Working(_) => self.worked(task),
                    Stage::Waiting | Stage::Asking if life.fails => self.end_task(task, Outcome::Failed),
                    Stage::Waiting => self.judge(task),
                    Stage::Asking => self.end_task(task, Outcome::Succeeded),
                }
            }
        }
    }

    fn start_task(&mut self, task: TaskId) {
        self.state.lives[task.index()].failed = 0;
        self.state.cleaning += u32::from(self.kinds[task.index()].is_cleanup);
        self.begin_attempt(task);
    }

    fn begin_attempt(&mut self, task: TaskId) {
        let kind = &self.kinds[task.index()];
        let life = &mut self.state.lives[task.index()];
        life.attempt += 1;
        let stream = u64::from(task.0) << 24 | u64::from(life.attempt);
        let mut dice = Dice::new(self.state.dice_seed, stream);
        let plan = &self.plan;
        match &plan.task(task).action {
            Action::Wait(_) => {
                let time = kind.draw.draw(&mut dice);
                life.fails = false;
                self.stay(task, Stage::Waiting, time);
            }
            Action::Approve(approval) => {
                let time = match self.answer {
                    Some(range) => within(range, dice.unit()),
                    None => kind.draw.draw(&mut dice),
                };
                let (time, is_yes) = answered(approval, time);
                life.fails = !is_yes || dice.unit() < kind.failure;
                self.stay(task, Stage::Asking, time);
            }
            _ => {
                life.fails = dice.unit() < kind.failure;
                life.money = within(kind.money, dice.unit());
                life.tokens = within(kind.tokens, dice.unit());
                life.length = kind.draw.draw(&mut dice);
                if kind.quota.is_some_and(|quota| self.state.is_spent[quota]) {
                    life.stage = Stage::Idle;
                    return self.park(task);
                }
                life.fails |= life.length > kind.timeout;
                let time = life.length.min(kind.timeout);
                self.state.working += 1;
                self.stay(task, Stage::Working(self.state.now), time);
            }
        }
    }

    /// The task is in that stage for so long.
    fn stay(&mut self, task: TaskId, stage: Stage, time: u64) {
        let life = &mut self.state.lives[task.index()];
        life.stage = stage;
        life.token += 1;
        let due = Due::Task(task, life.token);
        self.at(self.state.now.saturating_add(time), due);
    }

    fn at(&mut self, time: u64, due: Due) {
        self.state.count += 1;
        self.state.due.push(Reverse((time, self.state.count, due)));
    }

    /// Takes the task out of its work; what it has cost so far counts.
    fn leave_work(&mut self, task: TaskId) {
        let now = self.state.now;
        let life = &mut self.state.lives[task.index()];
        let Stage::Working(begin) = std::mem::replace(&mut life.stage, Stage::Idle) else { return };
        let done = if life.length == 0 { 1.0 } else { ((now - begin) as f64 / life.length as f64).min(1.0) };
        self.state.money = self.state.money.saturating_add((life.money as f64 * done).round() as u64);
        self.state.tokens = self.state.tokens.saturating_add((life.tokens as f64 * done).round() as u64);
        self.state.working -= 1;
    }

    fn worked(&mut self, task: TaskId) {
        self.leave_work(task);
        let life = self.state.lives[task.index()];
        if !life.fails {
            return self.judge(task);
        }
        let retries = self.plan.task(task).retries;
        let is_stopping = !self.kinds[task.index()].is_cleanup && self.state.hurry > Hurry::None;
        if life.failed >= retries.count || is_stopping {
            return self.end_task(task, Outcome::Failed);
        }
        self.state.retries += 1;
        self.state.working += 1;
        self.state.lives[task.index()].failed += 1;
        self.stay(task, Stage::Pausing, milliseconds(retries.pause(life.failed + 1)));
    }

    /// The work is done; a person may have to look at it.
    fn judge(&mut self, task: TaskId) {
        let is_asked = self.kinds[task.index()].questions > 0 && self.answer.is_some();
        if !is_asked {
            return self.end_task(task, Outcome::Succeeded);
        }
        if self.state.hurry > Hurry::None && !self.kinds[task.index()].is_cleanup {
            return self.end_task(task, Outcome::Cancelled);
        }
        let stream = u64::from(task.0) << 24 | u64::from(self.state.lives[task.index()].attempt);
        let time = self.questions(&self.plan.task(task).success, stream);
        self.state.lives[task.index()].fails = false;
        self.stay(task, Stage::Asking, time);
    }

    /// How long people take to judge those criteria that only they can, one after another.
    fn questions(&self, criteria: &[Criterion], stream: u64) -> u64 {
        let Some(range) = self.answer else { return 0 };
        let mut dice = Dice::new(self.state.dice_seed ^ QUESTIONS, stream);
        let manual = criteria.iter().filter(|criterion| matches!(criterion.test, Test::Manual));
        manual.fold(0u64, |time, _| time.saturating_add(within(range, dice.unit())))
    }

    fn end_task(&mut self, task: TaskId, outcome: Outcome) {
        let life = &mut self.state.lives[task.index()];
        life.stage = Stage::Idle;
        life.token += 1;
        if outcome == Outcome::Failed {
            self.state.failure.get_or_insert(Culprit::Task(task));
        }
        let Some(step) = self.plan.task(task).step else {
            self.state.cleaning -= 1;
            return;
        };
        self.schedule.finish(step, outcome);
        if outcome == Outcome::Failed {
            match self.plan.task(task).on_failure {
                OnFailure::Stop => self.stop(Hurry::Stop),
                OnFailure::Cancel => self.stop(Hurry::Cancel),
                OnFailure::Continue => {}
            }
        }
    }

    /// The driver's quota is spent: what works with it is parked.
    fn spend(&mut self, quota: usize) {
        self.state.is_spent[quota] = true;
        for task in self.plan.task_ids() {
            if self.kinds[task.index()].quota == Some(quota)
                && matches!(self.state.lives[task.index()].stage, Stage::Working(_))
            {
                self.leave_work(task);
                self.park(task);
            }
        }
    }

    fn park(&mut self, task: TaskId) {
        self.state.parked.get_or_insert(Culprit::Task(task));
        let quota = self.kinds[task.index()].quota;
        self.end_task(task, Outcome::Parked);
        if let Some(quota) = quota {
            self.schedule.park_driver(&self.quotas[quota].0);
        }
    }

    /// Nothing new starts; questions and pauses are cut short, and under `cancel` what works, too.
    fn stop(&mut self, hurry: Hurry) {
        if hurry <= self.state.hurry {
            return;
        }
        self.state.hurry = hurry;
        self.schedule.stop();
        for gate in 0..self.state.gates.len() {
            if std::mem::take(&mut self.state.gates[gate].is_asking) {
                self.schedule.finish(self.gate_steps[gate], Outcome::NotRun);
            }
        }
        for step in std::mem::take(&mut self.state.successes) {
            self.schedule.finish(step, Outcome::NotRun);
        }
        for task in self.plan.task_ids() {
            if self.kinds[task.index()].is_cleanup && hurry < Hurry::Cancel {
                continue;
            }
            match self.state.lives[task.index()].stage {
                Stage::Waiting | Stage::Asking => self.end_task(task, Outcome::Cancelled),
                Stage::Pausing => {
                    self.state.working -= 1;
                    self.end_task(task, Outcome::Failed);
                }
                Stage::Working(_) if hurry == Hurry::Cancel => {
                    self.leave_work(task);
                    self.end_task(task, Outcome::Cancelled);
                }
                Stage::Working(_) | Stage::Idle => {}
            }
        }
    }

    /// Judges a gate: its checks at once, then people, one after another.
    fn start_gate(&mut self, gate: GateId) {
        let life = &mut self.state.gates[gate.index()];
        life.judged += 1;
        let stream = 1 << 62 | u64::from(gate.0) << 24 | u64::from(life.judged);
        let mut dice = Dice::new(self.state.dice_seed, stream);
        let mut is_go = dice.unit() >= self.no_goes[gate.index()];
        let asked = &self.plan.gate(gate).approvals;
        let mut time = self.questions(&self.plan.gate(gate).checks, stream);
        for approval in asked {
            let own = self.answer.map_or(0, |range| within(range, dice.unit()));
            let (own, is_yes) = answered(approval, own);
            time = time.saturating_add(own);
            is_go &= is_yes;
            if !is_yes {
                break;
            }
        }
        if time == 0 {
            return self.decide(gate, is_go);
        }
        self.state.gates[gate.index()].is_asking = true;
        self.at(self.state.now.saturating_add(time), Due::Gate(gate, is_go));
    }

    fn decide(&mut self, gate: GateId, is_go: bool) {
        let step = self.gate_steps[gate.index()];
        if is_go {
            self.schedule.pass(step, Passage::Open);
            return;
        }
        match self.plan.gate(gate).on_no_go {
            OnNoGo::Retry(times)
                if self.state.gates[gate.index()].rounds < times && self.state.hurry == Hurry::None =>
            {
                self.state.gates[gate.index()].rounds += 1;
                let again = self.schedule.pass(step, Passage::Again);
                let is_task = |step: &&StepId| matches!(self.plan.step(**step).kind, StepKind::Task(_));
                self.state.retries += again.iter().filter(is_task).count() as u32;
                return;
            }
            OnNoGo::Continue => drop(self.schedule.pass(step, Passage::Open)),
            OnNoGo::SkipTo(target) => drop(self.schedule.pass(step, Passage::SkipTo(target))),
            OnNoGo::Stop | OnNoGo::Retry(_) => {
                self.state.failure.get_or_insert(Culprit::Gate(gate));
                self.schedule.pass(step, Passage::Closed);
                self.stop(Hurry::Stop);
            }
        }
        self.state.failure.get_or_insert(Culprit::Gate(gate));
    }
}

/// Sets the draws of criteria that people judge apart from those of attempts.
const QUESTIONS: u64 = 0x5155_4553_5449_4f4e;

/// A number in a range, by a number from 0 to 1.
fn within((least, most): (u64, u64), share: f64) -> u64 {
    least + (most.saturating_sub(least) as f64 * share).round() as u64
}

/// When a question is over whose answer would come after `time`, and whether it is a yes.
fn answered(approval: &Approval, time: u64) -> (u64, bool) {
    match approval.within.map(milliseconds) {
        Some(within) if within < time => (within, approval.otherwise_continue),
        _ => (time, true),
    }
}
