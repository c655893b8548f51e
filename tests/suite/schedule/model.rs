//! The machine explored to the last state: every order in which a small plan's steps can start and end, well or badly, with
//! every word of its gates, a stop and a spent quota at every moment.
//!
//! Held in each state: nothing starts twice, before its needs or beyond a capacity; whatever may start is handed out (no
//! wake-up is lost); if nothing runs and nothing may start, all is over (no deadlock); and a run that dies there is
//! resumed to its end without repeating what was finished.

use super::plans::*;
use super::properties::{random_plan, why_not};
use std::collections::HashSet;
use std::sync::Arc;
use wavec::plan::{OnNoGo, Plan, StepId, StepKind};
use wavec::schedule::{Limits, Outcome, Passage, Schedule, State, Work};

/// A state of the world: the machine, and what the driver of the machine knows.
#[derive(Clone)]
struct World {
    schedule: Schedule,
    /// By step, how often a gate's word has started its stretch over.
    rounds: Vec<u8>,
    /// Gates that were judged and have let the run skip: their word is no go.
    skipping: Vec<StepId>,
    is_parked: bool,
}

/// What makes two states the same for all that can follow.
type Key = (Vec<State>, Vec<u8>, Vec<StepId>, bool, bool);

struct Explorer {
    plan: Arc<Plan>,
    seen: HashSet<Key>,
    /// The most states; beyond, the plan is too large to be explored to the last.
    most: usize,
    moves: usize,
}

impl Explorer {
    fn key(&self, world: &World) -> Key {
        let states = self.plan.step_ids().map(|step| world.schedule.state(step)).collect();
        let is_stopped = world.schedule.is_stopped();
        (states, world.rounds.clone(), world.skipping.clone(), world.is_parked, is_stopped)
    }

    fn running(&self, world: &World) -> Vec<StepId> {
        self.plan.step_ids().filter(|step| world.schedule.state(*step) == State::Running).collect()
    }

    /// Explores all that can follow. False when there was too much.
    fn explore(&mut self, begin: World) -> bool {
        let mut open = vec![begin];
        while let Some(world) = open.pop() {
            if !self.seen.insert(self.key(&world)) {
                continue;
            }
            if self.seen.len() > self.most {
                return false;
            }
            self.hold(&world);
            self.resume(&world);
            let before = open.len();
            self.follow(&world, &mut open);
            self.moves += open.len() - before;
        }
        true
    }

    /// Every move that is possible now.
    fn follow(&self, world: &World, open: &mut Vec<World>) {
        let mut push = |change: &dyn Fn(&mut World)| {
            let mut next = world.clone();
            change(&mut next);
            next.schedule.drain_changes();
            open.push(next);
        };
        let running = self.running(world);
        if let Some((step, _)) = world.clone().schedule.take() {
            assert_eq!(world.schedule.state(step), State::Ready, "{step:?} is handed out twice");
            let why = why_not(&self.plan, &world.schedule, &running, step);
            assert!(why.is_none(), "{step:?} is handed out, but {why:?}");
            push(&|next| assert!(next.schedule.take().is_some()));
        }
        for &step in &running {
            let StepKind::Gate(gate) = self.plan.step(step).kind else {
                for outcome in [Outcome::Succeeded, Outcome::Failed, Outcome::Cancelled] {
                    push(&|next| next.schedule.finish(step, outcome));
                }
                continue;
            };
            for passage in [Passage::Open, Passage::Closed] {
                push(&|next| drop(next.schedule.pass(step, passage)));
            }
            match self.plan.gate(gate).on_no_go {
                OnNoGo::Retry(_) if world.rounds[step.index()] == 0 => push(&|next| {
                    next.schedule.pass(step, Passage::Again);
                    next.rounds[step.index()] = 1;
                }),
                OnNoGo::SkipTo(target) => push(&|next| {
                    next.schedule.pass(step, Passage::SkipTo(target));
                    next.skipping.push(step);
                }),
                _ => {}
            }
        }
        if !world.schedule.is_stopped() {
            push(&|next| next.schedule.stop());
        }
        if !world.is_parked && !self.plan.agents.is_empty() {
            push(&|next| {
                next.schedule.park_driver(&self.plan.agents[0].driver);
                next.is_parked = true;
            });
        }
    }

    /// What must hold in every state.
    fn hold(&self, world: &World) {
        let running = self.running(world);
        assert_eq!(world.schedule.running() as usize, running.len());
        let mut asked = world.schedule.clone();
        let next = asked.take();
        for step in self.plan.step_ids() {
            let is_held = match self.plan.step(step).kind {
                StepKind::Task(task) => world.is_parked && self.is_of_parked(task),
                _ => false,
            };
            match world.schedule.state(step) {
                State::Waiting => {
                    let is_leave = matches!(self.plan.step(step).kind, StepKind::Leave(_));
                    let why = why_not(&self.plan, &world.schedule, &[], step);
                    assert!(
                        is_leave || why == Some("a need is not met"),
                        "{step:?} waits for nothing: {why:?}"
                    );
                }
                State::Ready if next.is_none() && !is_held => {
                    let why = why_not(&self.plan, &world.schedule, &running, step);
                    assert!(why.is_some(), "{step:?} could start, and is not handed out");
                }
                _ => {}
            }
        }
        if next.is_none() && running.is_empty() {
            assert!(world.schedule.is_over(), "nothing runs, nothing may start, and it is not over");
        }
    }

    fn is_of_parked(&self, task: wavec::plan::TaskId) -> bool {
        let driver = &self.plan.agents[0].driver;
        self.plan.task(task).agent.is_some_and(|agent| &self.plan.agent(agent).driver == driver)
    }

    /// A process that dies in this state: the next takes over what was finished, and comes to the end.
    fn resume(&self, world: &World) {
        let mut next = Schedule::new(Arc::clone(&self.plan), Limits::default());
        let mut kept = HashSet::new();
        for step in self.plan.step_ids() {
            let is_kept = match (self.plan.step(step).kind, world.schedule.state(step)) {
                (StepKind::Enter(_) | StepKind::Leave(_), _) => false,
                (StepKind::Gate(_), State::Ended(Outcome::Succeeded)) => !world.skipping.contains(&step),
                (_, State::Ended(Outcome::Succeeded)) => true,
                // What a gate skipped waits for that gate's word again.
                (_, State::Ended(Outcome::Skipped)) => world.skipping.is_empty(),
                _ => false,
            };
            if is_kept && let State::Ended(outcome) = world.schedule.state(step) {
                next.restore(step, outcome);
                kept.insert(step);
            }
        }
        while let Some((step, work)) = next.take() {
            assert!(!kept.contains(&step), "{step:?} was finished, and is handed out again");
            match work {
                Work::Gate(_) => drop(next.pass(step, Passage::Open)),
                Work::Task(_) | Work::Success(_) => next.finish(step, Outcome::Succeeded),
            }
        }
        assert!(next.is_over(), "resumed from here, the run does not end: kept {kept:?}");
        for step in self.plan.step_ids() {
            let is_good = matches!(next.state(step), State::Ended(Outcome::Succeeded | Outcome::Skipped));
            assert!(is_good, "{step:?} is {:?} at the end of a resumed run", next.state(step));
        }
    }
}

/// Explores a plan to the last state; how many states and moves there were. None when there are more than `most`.
fn explore(plan: Plan, most: usize) -> Option<(usize, usize)> {
    let plan = Arc::new(plan);
    let mut schedule = Schedule::new(Arc::clone(&plan), Limits::default());
    schedule.drain_changes();
    let rounds = vec![0; plan.steps.len()];
    let mut explorer = Explorer { plan, seen: HashSet::new(), most, moves: 0 };
    let begin = World { schedule, rounds, skipping: Vec::new(), is_parked: false };
    explorer.explore(begin).then_some((explorer.seen.len(), explorer.moves))
}

#[test]
fn every_history_of_small_plans_is_sound() {
    let agents = |instances| Settings {
        agents: vec![("one".into(), instances, "x".into()), ("other".into(), None, "y".into())],
        resources: vec![("gpu".into(), 2)],
        ..Settings::default()
    };
    let retried = || gate("again?").no_go(NoGo::Retry(1));
    let plans = [
        plan([task("a"), parallel("p", [task("b"), task("c")]), task("d")]),
        plan_with(
            Settings { workers: Some(2), ..Settings::default() },
            [parallel("p", [task("a"), task("b"), task("c"), task("d").after("a b")])],
        ),
        plan([wave("w", [task("a"), task("b").after("a"), retried()]), task("c")]),
        plan([task("a"), retried(), wave("w", [task("b"), gate("inner").no_go(NoGo::Retry(1))]), retried()]),
        plan([
            wave("v", [task("a"), gate("out?").no_go(NoGo::SkipTo("x".into()))]),
            wave("w", [task("b"), gate("on?")]),
            wave("x", [task("c")]),
        ]),
        plan([parallel(
            "p",
            [task("a"), task("b"), task("any").after_any("a b"), task("fin").after_finished("a")],
        )]),
        plan([parallel(
            "p",
            [task("a").left_out(), task("b").output_of("a"), task("c").after("b"), task("d")],
        )]),
        plan_with(
            agents(Some(1)),
            [parallel(
                "p",
                [
                    task("a").agent("one"),
                    task("b").agent("one"),
                    task("c").agent("other").uses("gpu", 2),
                    task("d").uses("gpu", 1),
                ],
            )],
        ),
        plan_with(
            Settings { conflicts: vec![("a".into(), "b".into())], has_success: true, ..Settings::default() },
            [parallel("p", [task("a").writes("x"), task("b").writes("x"), task("c")]).success().workers(2)],
        ),
        plan_with(
            agents(None),
            [parallel("p", [task("a").agent("one").unknown_claims(), task("b").writes("y"), task("c")])],
        ),
    ];
    let mut sum = (0, 0);
    for plan in plans {
        let (states, moves) = explore(plan, 200_000).expect("a small plan");
        sum = (sum.0 + states, sum.1 + moves);
    }
    eprintln!("{} states, {} moves of 10 plans", sum.0, sum.1);
}

#[test]
fn every_history_of_random_small_plans_is_sound() {
    let (mut states, mut moves, mut plans, mut large) = (0, 0, 0, 0);
    let count = std::env::var("WAVEC_MODELS").ok().and_then(|count| count.parse().ok()).unwrap_or(24);
    // `WAVEC_MODELS=300` explores as many, and larger ones.
    let most = if count > 24 { 20_000 } else { 800 };
    for seed in 0..count {
        let workers = [None, Some(1), Some(2)][seed as usize % 3];
        match explore(random_plan(seed, 1 + seed as usize % 5, workers), most) {
            Some((more, further)) => (states, moves, plans) = (states + more, moves + further, plans + 1),
            None => large += 1,
        }
    }
    eprintln!("{states} states, {moves} moves of {plans} plans; {large} were left off as too large");
    assert!(plans > large, "nearly all are too large");
}
