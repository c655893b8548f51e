//! Random plans, random ends: what must hold of every schedule.

use super::plans::*;
use proptest::prelude::*;
use std::collections::BinaryHeap;
use std::sync::Arc;
use wavec::plan::{GroupKind, Isolation, Need, Plan, StepId, StepKind, Task, TaskId};
use wavec::schedule::{Change, Limits, Outcome, Passage, Schedule, State, Work};

/// A plan of groups in groups, with every kind of need and capacity. Edges go from earlier names to later ones, so
/// there is no cycle.
pub fn any_plan() -> impl Strategy<Value = Plan> {
    (any::<u64>(), 1..40usize, prop::option::of(1..5u32))
        .prop_map(|(seed, size, workers)| random_plan(seed, size, workers))
}

/// The plan of a seed, of about so many tasks and gates.
pub fn random_plan(seed: u64, size: usize, workers: Option<u32>) -> Plan {
    let mut dice = Dice(seed);
    let settings = Settings {
        workers,
        resources: vec![("gpu".into(), 2), ("port".into(), 1)],
        agents: vec![("one".into(), Some(1), "x".into()), ("many".into(), None, "y".into())],
        conflicts: vec![],
        has_success: dice.one_in(3),
    };
    let mut names = Vec::new();
    let mut left = size;
    let mut items = Vec::new();
    while left > 0 {
        let is_first = items.is_empty();
        items.push(random_node(&mut dice, &mut names, &mut left, 0, !is_first));
    }
    let mut conflicts = Vec::new();
    if dice.one_in(2) {
        for _ in 0..names.len() / 3 {
            let pair = (dice.pick(&names).clone(), dice.pick(&names).clone());
            if pair.0 != pair.1 {
                conflicts.push(pair);
            }
        }
    }
    plan_with(Settings { conflicts, ..settings }, items)
}

/// A small generator of one's own, so that a plan is a function of one seed.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((value ^ (value >> 31)) % sides as u64) as usize
    }
    pub fn one_in(&mut self, sides: usize) -> bool {
        self.roll(sides) == 0
    }
    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.roll(from.len())]
    }
}

fn random_node(
    dice: &mut Dice,
    names: &mut Vec<String>,
    left: &mut usize,
    depth: usize,
    may_gate: bool,
) -> Node {
    if depth < 4 && dice.one_in(3) {
        let name = format!("g{}", *left * 100 + dice.roll(100));
        let count = 1 + dice.roll(6);
        let is_sequence = dice.one_in(3);
        let mut items: Vec<Node> = Vec::new();
        for _ in 0..count {
            let may_gate = is_sequence && !items.is_empty();
            items.push(random_node(dice, names, left, depth + 1, may_gate));
        }
        if dice.one_in(3) {
            items.push(random_gate(dice, names, left));
        }
        let mut group = match is_sequence {
            true => serial(&name, items),
            false => wave(&name, items),
        };
        if dice.one_in(4) {
            group = group.workers(1 + dice.roll(3) as u32);
        }
        if dice.one_in(4) {
            group = group.success();
        }
        return group;
    }
    if may_gate && dice.one_in(6) {
        return random_gate(dice, names, left);
    }
    let mut node = task(&format!("t{}", names.len()));
    for _ in 0..dice.roll(3) {
        if names.is_empty() {
            break;
        }
        let other = dice.pick(names).clone();
        node = match dice.roll(6) {
            0 => node.after_any(&format!("{other} {}", dice.pick(names))),
            1 => node.after_finished(&other),
            2 => node.output_of(&other),
            _ => node.after(&other),
        };
    }
    node = match dice.roll(8) {
        0 => node.agent("one"),
        1 => node.agent("many").unknown_claims(),
        2 => node.agent("one").unknown_claims().worktree(),
        3 => node.uses("gpu", 1 + dice.roll(2) as u32),
        4 => node.uses("port", 1).uses("gpu", 1),
        5 => node.writes("x"),
        _ => node,
    };
    if dice.one_in(8) {
        node = node.left_out();
    }
    if dice.one_in(8) {
        node = node.priority(dice.roll(3) as i32 - 1);
    }
    if !dice.one_in(4) {
        node = node.minutes(dice.roll(30) as u64);
    }
    *left = left.saturating_sub(1);
    names.push(node.name.clone());
    node
}

fn random_gate(dice: &mut Dice, names: &mut Vec<String>, left: &mut usize) -> Node {
    *left = left.saturating_sub(1);
    let gate = gate(&format!("t{}", names.len()));
    // Its name is spent, so that names stay unique, but no edge goes to it: that could cross its own stretch.
    let node = if dice.one_in(4) { gate.no_go(NoGo::Retry(1)) } else { gate };
    names.push(format!("t{}", names.len()));
    names.pop();
    Node { name: format!("q{}-{}", names.len(), *left * 1000 + dice.roll(1000)), ..node }
}

/// Why a step may not start now beside those that run, by the plan's own words; none if it may.
pub fn why_not(plan: &Plan, schedule: &Schedule, running: &[StepId], step: StepId) -> Option<&'static str> {
    let is_in = |step: StepId, outcomes: &[Outcome]| matches!(schedule.state(step), State::Ended(outcome) if outcomes.contains(&outcome));
    for need in &plan.step(step).needs {
        let is_met = match need {
            Need::Succeeded(needed, _) => is_in(*needed, &[Outcome::Succeeded, Outcome::Skipped]),
            Need::Finished(needed) => matches!(schedule.state(*needed), State::Ended(_)),
            Need::AnySucceeded(needed) => {
                needed.iter().any(|step| is_in(*step, &[Outcome::Succeeded]))
                    || needed.iter().all(|step| is_in(*step, &[Outcome::Skipped]))
            }
        };
        if !is_met {
            return Some("a need is not met");
        }
    }
    let task_of = |step: StepId| match plan.step(step).kind {
        StepKind::Task(task) => Some(task),
        _ => None,
    };
    let mut tasks: Vec<TaskId> = running.iter().filter_map(|step| task_of(*step)).collect();
    tasks.push(task_of(step)?);
    let count = |is: &dyn Fn(&Task) -> bool| tasks.iter().filter(|task| is(plan.task(**task))).count() as u32;
    if tasks.len() as u32 > plan.workers.unwrap_or(u32::MAX) {
        return Some("all workers of the run are busy");
    }
    for (index, group) in plan.groups.iter().enumerate() {
        let inside = |task: &Task| {
            let mut around = Some(task.group);
            while let Some(group) = around {
                if group.index() == index {
                    return true;
                }
                around = plan.group(group).parent;
            }
            false
        };
        if inside(plan.task(tasks[tasks.len() - 1])) && count(&inside) > group.workers.unwrap_or(u32::MAX) {
            return Some("all workers of the group are busy");
        }
    }
    for (index, resource) in plan.resources.iter().enumerate() {
        let used: u32 = (tasks.iter())
            .flat_map(|task| &plan.task(*task).uses)
            .filter(|(used, _)| used.index() == index)
            .map(|(_, amount)| amount)
            .sum();
        if used > resource.capacity {
            return Some("a resource is used up");
        }
    }
    for (index, agent) in plan.agents.iter().enumerate() {
        let is_his = |task: &Task| task.agent.is_some_and(|agent| agent.index() == index);
        if count(&is_his) > agent.instances.unwrap_or(u32::MAX) {
            return Some("all instances of the agent are busy");
        }
    }
    let is_shared = |task: &Task| task.isolation == Isolation::Shared;
    let unknown = count(&|task| is_shared(task) && !task.claims.is_known);
    let writers = count(&|task| is_shared(task) && task.claims.may_write());
    if unknown > 0 && writers > 1 {
        return Some("unknown claims stand beside a writer");
    }
    for (a, b) in &plan.conflicts {
        let both = tasks.contains(a) && tasks.contains(b);
        let apart = !is_shared(plan.task(*a)) || !is_shared(plan.task(*b));
        if both && !apart {
            return Some("conflicting tasks would run together");
        }
    }
    None
}

/// What a test does with a schedule: ends things at random, and holds every rule against every start.
struct Judge {
    plan: Arc<Plan>,
    schedule: Schedule,
    dice: Dice,
    /// One in so many tasks fails; 0 for none.
    failing: usize,
    running: Vec<(StepId, Work)>,
    /// The outcome of each step that ended, and how often it ended.
    ends: Vec<u32>,
    restarts: u32,
    /// Task, gate and success steps in the order in which they ended.
    history: Vec<(StepId, Outcome)>,
}

impl Judge {
    fn new(plan: &Arc<Plan>, seed: u64, failing: usize) -> Judge {
        let schedule = Schedule::by_critical_path(Arc::clone(plan), Limits::default());
        Judge {
            plan: Arc::clone(plan),
            schedule,
            dice: Dice(seed),
            failing,
            running: Vec::new(),
            ends: vec![0; plan.steps.len()],
            restarts: 0,
            history: Vec::new(),
        }
    }

    /// Carries the plan out to its end.
    fn play(&mut self) {
        for _ in 0..100_000 {
            self.note_changes();
            if self.dice.one_in(2)
                && let Some((step, work)) = self.schedule.take()
            {
                self.hold_start(step);
                self.running.push((step, work));
                continue;
            }
            if self.running.is_empty() {
                let Some((step, work)) = self.schedule.take() else {
                    assert!(
                        self.schedule.is_over(),
                        "nothing runs, nothing starts, and it is not over: {:?}",
                        self.open()
                    );
                    self.note_changes();
                    return;
                };
                self.hold_start(step);
                self.running.push((step, work));
                continue;
            }
            let (step, work) = self.running.swap_remove(self.dice.roll(self.running.len()));
            self.end(step, work);
        }
        panic!("it does not end");
    }

    fn open(&self) -> Vec<(StepId, State)> {
        let state = |step| (step, self.schedule.state(step));
        self.plan.step_ids().map(state).filter(|(_, state)| !matches!(state, State::Ended(_))).collect()
    }

    fn end(&mut self, step: StepId, work: Work) {
        let fails = self.failing > 0 && self.dice.one_in(self.failing);
        match work {
            Work::Gate(_) => {
                let passage = match self.dice.roll(6) {
                    0 if self.restarts < 5 => Passage::Again,
                    1 if self.failing > 0 => Passage::Closed,
                    2 if self.failing > 0 => {
                        let target = self.plan.steps.len() as u32 - step.0;
                        let target = StepId(step.0 + self.dice.roll(target as usize) as u32);
                        if target == step { Passage::Open } else { Passage::SkipTo(target) }
                    }
                    _ => Passage::Open,
                };
                let again = self.schedule.pass(step, passage);
                self.restarts += u32::from(passage == Passage::Again);
                match passage {
                    Passage::Again => {
                        assert!(again.contains(&step));
                        for step in again {
                            self.ends[step.index()] = 0;
                        }
                    }
                    _ => self.note_end(
                        step,
                        if passage == Passage::Closed { Outcome::Failed } else { Outcome::Succeeded },
                    ),
                }
            }
            Work::Task(_) | Work::Success(_) => {
                let outcome = if fails { Outcome::Failed } else { Outcome::Succeeded };
                self.schedule.finish(step, outcome);
                self.note_end(step, outcome);
            }
        }
    }

    fn note_end(&mut self, step: StepId, outcome: Outcome) {
        assert_eq!(self.schedule.state(step), State::Ended(outcome));
        self.ends[step.index()] += 1;
        self.history.push((step, outcome));
    }

    fn note_changes(&mut self) {
        for change in self.schedule.drain_changes() {
            if let Change::StepEnded(step, outcome, _) = change {
                self.note_end(step, outcome);
            }
        }
    }

    /// Every rule, at the moment when `step` starts.
    fn hold_start(&self, step: StepId) {
        let running: Vec<StepId> = self.running.iter().map(|(step, _)| *step).collect();
        let why = why_not(&self.plan, &self.schedule, &running, step);
        assert!(why.is_none(), "{step:?} starts, but {why:?}");
    }

    /// When all is over: everything ended once, and groups are what their members are.
    fn hold_end(&self) {
        for (id, step) in self.plan.step_ids().zip(&self.plan.steps) {
            let State::Ended(outcome) = self.schedule.state(id) else { panic!("{id:?} has not ended") };
            match step.kind {
                StepKind::Enter(_) => {}
                StepKind::Leave(group) => {
                    let members: Vec<Outcome> = (self.plan.step_ids())
                        .filter(|member| match self.plan.step(*member).kind {
                            StepKind::Enter(_) => false,
                            StepKind::Leave(inner) => self.plan.group(inner).parent == Some(group),
                            _ => self.plan.step(*member).group == group,
                        })
                        .map(|member| match self.schedule.state(member) {
                            State::Ended(outcome) => outcome,
                            other => panic!("{other:?}"),
                        })
                        .collect();
                    let has = |outcome| members.contains(&outcome);
                    let expected = if has(Outcome::Failed) {
                        Outcome::Failed
                    } else if has(Outcome::NotRun) {
                        Outcome::NotRun
                    } else if members.iter().all(|outcome| *outcome == Outcome::Skipped) {
                        Outcome::Skipped
                    } else {
                        Outcome::Succeeded
                    };
                    assert_eq!(outcome, expected, "{group:?}: {members:?}");
                }
                StepKind::Task(_) | StepKind::Gate(_) | StepKind::Success(_) => {
                    assert_eq!(self.ends[id.index()], 1, "{id:?} ended more or less than once");
                }
            }
        }
    }
}

/// The outcome of every step.
fn outcomes(schedule: &Schedule) -> Vec<State> {
    schedule.plan().step_ids().map(|step| schedule.state(step)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_rule_is_ever_broken_and_everything_ends_once(plan in any_plan(), seed: u64, failing in 0..6usize) {
        let mut judge = Judge::new(&Arc::new(plan), seed, failing);
        judge.play();
        judge.hold_end();
    }

    #[test]
    fn it_may_be_stopped_at_any_time(plan in any_plan(), seed: u64, steps in 0..30usize) {
        let mut judge = Judge::new(&Arc::new(plan), seed, 5);
        for _ in 0..steps {
            judge.note_changes();
            if let Some((step, work)) = judge.schedule.take() {
                judge.hold_start(step);
                judge.running.push((step, work));
            }
            if judge.dice.one_in(2) && !judge.running.is_empty() {
                let (step, work) = judge.running.swap_remove(0);
                judge.end(step, work);
                judge.note_changes();
            }
        }
        judge.schedule.stop();
        prop_assert!(judge.schedule.take().is_none());
        for (step, _) in std::mem::take(&mut judge.running) {
            judge.schedule.finish(step, Outcome::Cancelled);
            prop_assert!(judge.schedule.take().is_none());
        }
        prop_assert!(judge.schedule.is_over(), "{:?}", judge.open());
    }

    #[test]
    fn a_driver_may_be_parked_at_any_time(plan in any_plan(), seed: u64, steps in 0..30usize) {
        let mut judge = Judge::new(&Arc::new(plan), seed, 0);
        for _ in 0..steps {
            judge.note_changes();
            if let Some((step, work)) = judge.schedule.take() {
                judge.running.push((step, work));
            } else if !judge.running.is_empty() {
                let (step, work) = judge.running.swap_remove(0);
                judge.end(step, work);
            }
        }
        judge.schedule.park_driver("y");
        judge.play();
        judge.note_changes();
        prop_assert!(judge.schedule.is_over());
    }

    /// What an earlier session has finished, in any prefix of its history, leads to the same end.
    #[test]
    fn a_restored_prefix_goes_on_to_the_same_end(plan in any_plan(), seed: u64, cut in 0..60usize) {
        let plan = Arc::new(plan);
        let mut first = Judge::new(&plan, seed, 0);
        first.restarts = u32::MAX;
        first.play();
        let mut second = Judge::new(&plan, seed ^ 1, 0);
        second.restarts = u32::MAX;
        for (step, outcome) in first.history.iter().take(cut) {
            second.schedule.restore(*step, *outcome);
            second.ends[step.index()] = 1;
        }
        second.schedule.drain_changes();
        second.play();
        prop_assert_eq!(outcomes(&first.schedule), outcomes(&second.schedule));
    }

    /// `rewind` is as good as new.
    #[test]
    fn a_rewound_schedule_is_as_new(plan in any_plan(), seed: u64) {
        let plan = Arc::new(plan);
        let mut judge = Judge::new(&plan, seed, 4);
        judge.play();
        judge.schedule.rewind();
        let mut new = Schedule::by_critical_path(Arc::clone(&plan), Limits::default());
        prop_assert_eq!(judge.schedule.drain_changes(), new.drain_changes());
        let mut running = BinaryHeap::new();
        loop {
            while let Some(taken) = new.take() {
                prop_assert_eq!(judge.schedule.take(), Some(taken));
                running.push(taken.0);
            }
            prop_assert_eq!(judge.schedule.take(), None);
            let Some(step) = running.pop() else { break };
            new.finish(step, Outcome::Succeeded);
            judge.schedule.finish(step, Outcome::Succeeded);
            prop_assert_eq!(judge.schedule.drain_changes(), new.drain_changes());
        }
        prop_assert!(new.is_over() && judge.schedule.is_over());
    }

    /// The machine never holds back what could start: when it gives nothing, everything ready is short of something.
    #[test]
    fn whatever_is_ready_and_does_not_start_has_an_obstacle(plan in any_plan(), seed: u64) {
        let plan = Arc::new(plan);
        let mut judge = Judge::new(&plan, seed, 5);
        loop {
            while let Some((step, work)) = judge.schedule.take() {
                judge.hold_start(step);
                judge.running.push((step, work));
            }
            for step in plan.step_ids() {
                let is_ready = judge.schedule.state(step) == State::Ready;
                prop_assert!(!is_ready || !judge.schedule.obstacles(step).is_empty(), "{step:?}");
                let is_waiting = judge.schedule.state(step) == State::Waiting;
                prop_assert!(!is_waiting || !judge.schedule.obstacles(step).is_empty(), "{step:?}");
            }
            if judge.running.is_empty() {
                break;
            }
            let (step, work) = judge.running.swap_remove(judge.dice.roll(judge.running.len()));
            judge.end(step, work);
            judge.note_changes();
        }
        prop_assert!(judge.schedule.is_over());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// The same in the order of a search, which may keep places, and with other orders on the way.
    #[test]
    fn a_searched_order_keeps_every_rule_too(plan in any_plan(), seed: u64, failing in 0..6usize) {
        let plan = Arc::new(plan);
        let mut judge = Judge::new(&plan, seed, failing);
        judge.schedule = Schedule::new(Arc::clone(&plan), Limits::default());
        for _ in 0..judge.dice.roll(12) {
            judge.note_changes();
            if let Some((step, work)) = judge.schedule.take() {
                judge.hold_start(step);
                judge.running.push((step, work));
            }
            if judge.dice.one_in(2) && !judge.running.is_empty() {
                let (step, work) = judge.running.swap_remove(0);
                judge.end(step, work);
            }
        }
        judge.note_changes();
        let before = outcomes(&judge.schedule);
        if let Some(order) = judge.schedule.better_order(&|_| 60_000) {
            judge.schedule.reorder(order);
        }
        prop_assert_eq!(outcomes(&judge.schedule), before);
        if judge.dice.one_in(4) {
            judge.schedule.park_driver("y");
        }
        judge.play();
        judge.note_changes();
        prop_assert!(judge.schedule.is_over());
    }
}

#[test]
fn random_plans_have_groups_and_gates() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let plans: Vec<Plan> = (0..50).map(|_| any_plan().new_tree(&mut runner).unwrap().current()).collect();
    assert!(plans.iter().any(|plan| plan.groups.iter().any(|group| group.kind == GroupKind::Serial)));
    assert!(plans.iter().filter(|plan| !plan.gates.is_empty()).count() > 20);
    assert!(plans.iter().map(|plan| plan.tasks.len()).max() > Some(20));
}
