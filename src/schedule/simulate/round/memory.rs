//! What a simulation keeps: what each task is to it, worked out once, and what changes in a round.
//!
//! Holds no rule.

use super::{GateLife, Hurry, Kind, Life, Stage, State};
use crate::plan::{Action, Cost, Plan, TaskId, Test};
use crate::schedule::estimate::cost_of;
use crate::schedule::sample::Draw;
use crate::schedule::shape::milliseconds;
use std::collections::{BinaryHeap, VecDeque};

impl Kind {
    pub fn of(plan: &Plan, task: TaskId, failure: f64, quotas: &[(String, u64)]) -> Kind {
        let id = task;
        let task = plan.task(id);
        let is_agents = matches!(task.action, Action::Prompt(_) | Action::PromptFile(_));
        let agent = task.agent.filter(|_| is_agents).map(|agent| plan.agent(agent));
        let Cost { money, tokens } = cost_of(plan, id);
        let manual = task.success.iter().filter(|criterion| matches!(criterion.test, Test::Manual));
        Kind {
            draw: Draw::of(task),
            failure,
            timeout: task.timeout.or(agent.and_then(|agent| agent.timeout)).map_or(u64::MAX, milliseconds),
            quota: agent.and_then(|agent| quotas.iter().position(|(driver, _)| *driver == agent.driver)),
            money: money.unwrap_or_default(),
            tokens: tokens.unwrap_or_default(),
            questions: manual.count() as u32,
            is_cleanup: task.step.is_none(),
        }
    }
}

impl State {
    pub fn new(plan: &Plan, quotas: usize) -> State {
        let life = Life {
            stage: Stage::Idle,
            attempt: 0,
            failed: 0,
            token: 0,
            fails: false,
            length: 0,
            money: 0,
            tokens: 0,
        };
        State {
            now: 0,
            dice_seed: 0,
            due: BinaryHeap::new(),
            count: 0,
            lives: vec![life; plan.tasks.len()],
            gates: vec![GateLife::default(); plan.gates.len()],
            successes: Vec::new(),
            is_spent: vec![false; quotas],
            hurry: Hurry::None,
            failure: None,
            parked: None,
            rollbacks: VecDeque::new(),
            cleanup: VecDeque::new(),
            working: 0,
            cleaning: 0,
            has_begun_finally: false,
            retries: 0,
            money: 0,
            tokens: 0,
        }
    }

    /// As it was when new; keeps its memory.
    pub fn clear(&mut self, dice_seed: u64) {
        self.dice_seed = dice_seed;
        (self.now, self.count, self.working, self.cleaning) = (0, 0, 0, 0);
        (self.retries, self.money, self.tokens) = (0, 0, 0);
        (self.hurry, self.failure, self.parked) = (Hurry::None, None, None);
        self.has_begun_finally = false;
        self.due.clear();
        self.successes.clear();
        self.rollbacks.clear();
        self.cleanup.clear();
        self.is_spent.fill(false);
        self.gates.fill(GateLife::default());
        for life in &mut self.lives {
            (life.stage, life.attempt, life.failed, life.token) = (Stage::Idle, 0, 0, 0);
        }
    }
}
