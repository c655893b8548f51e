//! The forecast: when everything starts and ends if each task takes as long as its estimate says.
//!
//! Drives the same machine as a run, on a virtual clock. It does not know ranges (one number a task, see
//! [`crate::plan::Estimate::expected`]); a task without an estimate counts as no time, and is named.

use super::clock::Times;
use super::flow::Flow;
use super::shape::{Edge, expected_milliseconds};
use super::{Limits, Order, Outcome, Schedule, State};
use crate::plan::{Action, Cost, GroupId, Plan, StepId, StepKind, TaskId};
use std::sync::Arc;
use std::time::Duration;

/// When everything starts and ends, what rules it, and what it costs.
#[derive(Clone, Debug)]
pub struct Forecast {
    /// From the start to the end of the last step. `finally` comes on top.
    pub makespan: Duration,
    /// All tasks one after another.
    pub serial: Duration,
    /// What the order alone takes, without any limit on who works at once: no number of workers makes it shorter.
    pub longest_path: Duration,
    /// What `finally` takes, after the makespan.
    pub finally: Duration,
    /// The run's `workers` in force; none is no limit.
    pub workers: Option<u32>,
    /// The most tasks at once.
    pub width: u32,
    /// How many tasks are at work from when on, in order of time; the last is 0 at the end.
    pub timeline: Vec<(Duration, u32)>,
    /// By [`StepId`].
    pub steps: Vec<Slot>,
    /// By [`GroupId`].
    pub groups: Vec<Slot>,
    /// The chain of tasks and gates that makes the makespan, from the first to the last. Each starts when the one
    /// before it ends.
    pub critical: Vec<StepId>,
    /// Tasks without an estimate, in the order of the file: they count as no time.
    pub missing: Vec<TaskId>,
    /// How many tasks were counted: those with a place in the order that are not left out.
    pub tasks: u32,
    /// What one attempt of each task costs together.
    pub cost: CostSum,
}

/// When a step or a group is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slot {
    /// From the start of the plan.
    pub start: Duration,
    /// From the start of the plan.
    pub end: Duration,
    /// How much later it may end, all else as forecast and each capacity handed on as forecast, and the plan still ends
    /// when it does.
    pub slack: Duration,
    /// How long it stood ready and waited for a worker, an instance, a resource or a claim.
    pub waited: Duration,
    /// Whether it was left out.
    pub is_skipped: bool,
    /// Whether it is a part of what makes the makespan: it has no slack, and was not left out.
    pub is_critical: bool,
}

/// Expected cost of everything, one attempt each. Sums of what is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CostSum {
    /// Millionths of a dollar, least and most; none when no task says.
    pub money: Option<(u64, u64)>,
    /// Tokens, least and most; none when no task says.
    pub tokens: Option<(u64, u64)>,
    /// Agents' tasks that do not say what they cost, in money or tokens.
    pub missing: Vec<TaskId>,
}

impl Forecast {
    /// How many times faster than one after another: at least as many workers are needed. 1 for a plan of no time.
    pub fn speedup(&self) -> f64 {
        if self.makespan.is_zero() { 1.0 } else { self.serial.as_secs_f64() / self.makespan.as_secs_f64() }
    }

    /// When the step is on.
    pub fn step(&self, step: StepId) -> &Slot {
        &self.steps[step.index()]
    }

    /// When the group is on.
    pub fn group(&self, group: GroupId) -> &Slot {
        &self.groups[group.index()]
    }

    /// When the task is on; none for rollback and `finally` tasks.
    pub fn task(&self, plan: &Plan, task: TaskId) -> Option<&Slot> {
        plan.task(task).step.map(|step| self.step(step))
    }
}

impl Slot {
    /// From start to end.
    pub fn duration(&self) -> Duration {
        self.end.saturating_sub(self.start)
    }
}

/// Forecasts a plan under limits. Every task takes its expected time, everything succeeds, every gate is a go and takes
/// no time.
pub fn estimate(plan: &Arc<Plan>, limits: &Limits) -> Forecast {
    estimate_in_order(&mut Schedule::new(Arc::clone(plan), *limits))
}

/// The same in another order of urgency than the machine's own.
pub fn estimate_by(plan: &Arc<Plan>, limits: &Limits, order: Arc<Order>) -> Forecast {
    estimate_in_order(&mut Schedule::in_order(Arc::clone(plan), *limits, order))
}

fn estimate_in_order(schedule: &mut Schedule) -> Forecast {
    let plan = Arc::clone(schedule.plan());
    let shape = Arc::clone(&schedule.shape);
    let durations: Vec<u64> =
        plan.tasks.iter().map(|task| expected_milliseconds(task).unwrap_or_default()).collect();
    let mut times = Times::default();
    let mut flow = Flow::new(&shape);
    let makespan = times.drive(schedule, |task| durations[task.index()], &mut flow);

    let first_of_any = first_of_any(schedule);
    let latest = latest_ends(schedule, &times, &flow, makespan, &first_of_any);
    let ready = ready_times(schedule, &times, &first_of_any);
    let is_skipped = |step: StepId| schedule.state(step) == State::Ended(Outcome::Skipped);
    let slot = |step: StepId| {
        let (start, end) = (times.start[step.index()], times.end[step.index()]);
        let slack = latest[step.index()] - end;
        Slot {
            start: Duration::from_millis(start),
            end: Duration::from_millis(end),
            slack: Duration::from_millis(slack),
            waited: Duration::from_millis(start - ready[step.index()].min(start)),
            is_skipped: is_skipped(step),
            is_critical: slack == 0 && !is_skipped(step),
        }
    };
    let steps: Vec<Slot> = plan.step_ids().map(slot).collect();
    let groups = group_slots(&plan, &steps);
    let counted: Vec<TaskId> =
        plan.task_ids().filter(|task| plan.task(*task).step.is_some_and(|step| !is_skipped(step))).collect();
    let sum = |tasks: &[TaskId]| {
        let total = tasks.iter().fold(0u64, |sum, task| sum.saturating_add(durations[task.index()]));
        Duration::from_millis(total)
    };
    let all = counted.iter().chain(&plan.finally).copied();
    let timeline = timeline(&plan, &steps);
    Forecast {
        makespan: Duration::from_millis(makespan),
        serial: sum(&counted),
        longest_path: Duration::from_millis(longest_path(schedule, &durations)),
        finally: sum(&plan.finally),
        workers: schedule.workers(),
        width: timeline.iter().map(|(_, width)| *width).max().unwrap_or(0),
        timeline,
        critical: critical_chain(schedule, &times, &flow, &first_of_any),
        missing: all.filter(|task| expected_milliseconds(plan.task(*task)).is_none()).collect(),
        tasks: counted.len() as u32,
        cost: cost(&plan, &counted),
        steps,
        groups,
    }
}

/// By step, the latest end that leaves the makespan as it is. The order in which the steps ended is a topological
/// order of needs and hand-overs together, so one pass backwards finds it.
pub(super) fn latest_ends(
    schedule: &Schedule,
    times: &Times,
    flow: &Flow,
    makespan: u64,
    first_of_any: &[u32],
) -> Vec<u64> {
    let shape = &schedule.shape;
    let mut latest = vec![makespan; times.end.len()];
    for step in schedule.ended().iter().rev().copied() {
        for dependent in shape.dependents(step) {
            if !dependent.edge.is_decided_by(step, first_of_any) {
                continue;
            }
            let next = dependent.step.index();
            let latest_start = latest[next] - (times.end[next] - times.start[next]);
            latest[step.index()] = latest[step.index()].min(latest_start);
        }
        let latest_start = latest[step.index()] - (times.end[step.index()] - times.start[step.index()]);
        for before in flow.before(step) {
            latest[before.index()] = latest[before.index()].min(latest_start);
        }
    }
    latest
}

/// By `after any of`, the step whose end met it: the first that succeeded, or the last where all were left out.
pub(super) fn first_of_any(schedule: &Schedule) -> Vec<u32> {
    let mut first: Vec<(bool, u32)> = vec![(false, u32::MAX); schedule.shape.any_needs.len()];
    for step in schedule.ended() {
        let has_succeeded = schedule.state(*step) == State::Ended(Outcome::Succeeded);
        for dependent in schedule.shape.dependents(*step) {
            if let Edge::Any(index) = dependent.edge
                && !first[index as usize].0
            {
                first[index as usize] = (has_succeeded, step.0);
            }
        }
    }
    first.into_iter().map(|(_, step)| step).collect()
}

impl Edge {
    /// Whether this end counts for the dependent's start: who waits for any of several waits for the first.
    fn is_decided_by(self, step: StepId, first_of_any: &[u32]) -> bool {
        !matches!(self, Edge::Any(index) if first_of_any[index as usize] != step.0)
    }
}

/// By step, when all its needs were met.
fn ready_times(schedule: &Schedule, times: &Times, first_of_any: &[u32]) -> Vec<u64> {
    let mut ready = vec![0u64; times.end.len()];
    for step in schedule.ended() {
        for dependent in schedule.shape.dependents(*step) {
            if dependent.edge.is_decided_by(*step, first_of_any) {
                let ready = &mut ready[dependent.step.index()];
                *ready = (*ready).max(times.end[step.index()]);
            }
        }
    }
    ready
}

/// Goes back from the last step to the first, each time to one whose end decided the start. Tasks and gates of it.
fn critical_chain(schedule: &Schedule, times: &Times, flow: &Flow, first_of_any: &[u32]) -> Vec<StepId> {
    let plan = schedule.plan();
    // By step, the last to end of those it needs and whose end was its start. The order of ends is also that of
    // gates and groups, which take no time: so the chain goes through them.
    let mut before: Vec<Option<StepId>> = vec![None; plan.steps.len()];
    let mut place = vec![0u32; plan.steps.len()];
    for (index, step) in schedule.ended().iter().enumerate() {
        place[step.index()] = index as u32;
        for dependent in schedule.shape.dependents(*step) {
            let next = dependent.step.index();
            if times.end[step.index()] == times.start[next]
                && dependent.edge.is_decided_by(*step, first_of_any)
            {
                before[next] = Some(*step);
            }
        }
    }
    let mut chain = Vec::new();
    let mut at = schedule.ended().last().copied();
    while let Some(step) = at {
        let is_work = matches!(plan.step(step).kind, StepKind::Task(_) | StepKind::Gate(_));
        if is_work && schedule.state(step) == State::Ended(Outcome::Succeeded) {
            chain.push(step);
        }
        // The order before the limits.
        at = before[step.index()].or_else(|| {
            let decides = |other: &StepId| times.end[other.index()] == times.start[step.index()];
            flow.before(step).iter().copied().filter(decides).max_by_key(|other| place[other.index()])
        });
        // Who left its place to another started when that one did: what decided that decides this.
        at = at.or_else(|| {
            let first = schedule
                .turn_of(step)
                .filter(|first| times.start[first.index()] == times.start[step.index()])?;
            before[first.index()].or_else(|| {
                let decides = |other: &StepId| times.end[other.index()] == times.start[first.index()];
                flow.before(first).iter().copied().filter(decides).max_by_key(|other| place[other.index()])
            })
        });
    }
    chain.reverse();
    chain
}

/// The end of the plan when nothing limits who works at once.
fn longest_path(schedule: &Schedule, durations: &[u64]) -> u64 {
    let plan = schedule.plan();
    let mut start = vec![0u64; plan.steps.len()];
    let mut end = 0;
    // By `after any of`: the first end of a step that succeeds, the last of one that is left out, and how many are
    // still to come. The order of steps is topological, so the last to come knows all.
    let mut any: Vec<(u64, u64, u32)> =
        schedule.shape.any_needs.iter().map(|need| (u64::MAX, 0, need.count)).collect();
    for step in plan.step_ids() {
        let is_skipped = schedule.state(step) == State::Ended(Outcome::Skipped);
        let time = match plan.step(step).kind {
            StepKind::Task(task) if schedule.state(step) != State::Ended(Outcome::Skipped) => {
                durations[task.index()]
            }
            _ => 0,
        };
        let own_end = start[step.index()].saturating_add(time);
        end = end.max(own_end);
        for dependent in schedule.shape.dependents(step) {
            let next = &mut start[dependent.step.index()];
            match dependent.edge {
                Edge::Any(index) => {
                    let (first, last_skipped, open) = &mut any[index as usize];
                    match is_skipped {
                        true => *last_skipped = (*last_skipped).max(own_end),
                        false => *first = (*first).min(own_end),
                    }
                    *open -= 1;
                    if *open == 0 {
                        *next = (*next).max(if *first == u64::MAX { *last_skipped } else { *first });
                    }
                }
                _ => *next = (*next).max(own_end),
            }
        }
    }
    end
}

/// By group, from its `Enter` to its `Leave`.
fn group_slots(plan: &Plan, steps: &[Slot]) -> Vec<Slot> {
    let mut groups = vec![Slot::default(); plan.groups.len()];
    for (step, slot) in plan.steps.iter().zip(steps) {
        match step.kind {
            StepKind::Enter(group) => groups[group.index()].start = slot.start,
            StepKind::Leave(group) => {
                let start = groups[group.index()].start;
                groups[group.index()] = Slot { start, ..*slot };
            }
            StepKind::Task(_) | StepKind::Gate(_) | StepKind::Success(_) => {}
        }
    }
    groups
}

/// How many tasks work from when on.
fn timeline(plan: &Plan, steps: &[Slot]) -> Vec<(Duration, u32)> {
    let mut moves: Vec<(Duration, i64)> = Vec::new();
    for (step, slot) in plan.steps.iter().zip(steps) {
        if matches!(step.kind, StepKind::Task(_)) && !slot.is_skipped && slot.start < slot.end {
            moves.push((slot.start, 1));
            moves.push((slot.end, -1));
        }
    }
    moves.sort_unstable();
    let mut timeline: Vec<(Duration, u32)> = Vec::new();
    let mut width = 0;
    for (time, change) in moves {
        width += change;
        match timeline.last_mut() {
            Some((last, count)) if *last == time => *count = width as u32,
            _ => timeline.push((time, width as u32)),
        }
    }
    timeline.dedup_by_key(|(_, width)| *width);
    timeline
}

/// What one attempt of a task costs in money and in tokens, least and most: as it says, else as its agent says.
pub fn cost_of(plan: &Plan, task: TaskId) -> Cost {
    let task = plan.task(task);
    let is_agents = matches!(task.action, Action::Prompt(_) | Action::PromptFile(_));
    let agent = task.agent.filter(|_| is_agents).map(|agent| plan.agent(agent).cost).unwrap_or_default();
    Cost { money: task.cost.money.or(agent.money), tokens: task.cost.tokens.or(agent.tokens) }
}

/// What the tasks cost together. An agent's task that says nothing costs as its agent says.
fn cost(plan: &Plan, tasks: &[TaskId]) -> CostSum {
    let mut sum = CostSum::default();
    let add = |sum: &mut Option<(u64, u64)>, part: (u64, u64)| {
        let (least, most) = sum.unwrap_or_default();
        *sum = Some((least.saturating_add(part.0), most.saturating_add(part.1)));
    };
    for task in tasks {
        let Cost { money, tokens } = cost_of(plan, *task);
        let is_agents = matches!(plan.task(*task).action, Action::Prompt(_) | Action::PromptFile(_));
        if let Some(money) = money {
            add(&mut sum.money, money);
        }
        if let Some(tokens) = tokens {
            add(&mut sum.tokens, tokens);
        }
        if is_agents && money.is_none() && tokens.is_none() {
            sum.missing.push(*task);
        }
    }
    sum
}
