//! From a plan to the order by which it is best carried out: the plan as jobs that compete, the search among their orders,
//! and the machine's own word on what an order is worth.
//!
//! An order is taken only when the machine itself, driven by it, ends sooner than by the order that it has: so no order is
//! ever worse. What is searched is a likeness: of an `after any of` the step that met it counts, and a task without an
//! estimate takes as long as the mean of the others. It does not know the time: who asks says when it is enough.

use super::clock::Times;
use super::estimate::first_of_any;
use super::search::{Effort, Problem, search};
use super::shape::{Edge, NONE, Shape, expected_milliseconds, mean_milliseconds};
use super::turns::Turns;
use super::{Limits, Order, Outcome, Passage, Schedule, State};
use crate::plan::{Plan, StepId, StepKind, TaskId};
use std::collections::HashMap;
use std::sync::Arc;

/// The most steps of a plan that is searched without being asked to, and what that may cost: so many jobs placed, in so
/// many schedules. A millisecond or two for a plan of 20 tasks, ten for one of 1,000.
const MOST_STEPS: usize = 3_000;
const MOST_PLACED: u64 = 120_000;
const MOST_SCHEDULES: u64 = 1_000;
/// Of a large plan a schedule costs more than its jobs: each is held against the moments at which something starts.
const MOST_COMPARED: u64 = 30_000_000;
const MOST_SCHEDULES_A_STEP: u64 = 20;

/// The most pairs of tasks with overlapping claims.
const MOST_PAIRS: usize = 400;

/// The order of a short search that gives the same each time. None where it finds none that is better.
pub(super) fn briefly(schedule: &Schedule) -> Option<Arc<Order>> {
    let steps = schedule.plan.steps.len();
    if steps > MOST_STEPS {
        return None;
    }
    let steps = steps.max(1) as u64;
    let most = MOST_SCHEDULES.min(MOST_SCHEDULES_A_STEP * steps);
    let schedules = (MOST_PLACED / steps).min(MOST_COMPARED / (steps * steps)).min(most);
    Ground::new(schedule, &|_| 0).improve(Effort { schedules, seed: 1 }, &mut || true)
}

/// The best order that is found while `go_on` says yes; it is asked often. Never worse than what [`Schedule::new`] goes
/// by.
pub fn order_within(plan: &Arc<Plan>, limits: Limits, go_on: &mut dyn FnMut() -> bool) -> Arc<Order> {
    if !go_on() {
        return by_critical_path(plan, limits);
    }
    let mut schedule = Schedule::new(Arc::clone(plan), limits);
    let effort = Effort { schedules: u64::MAX, seed: 1 };
    if let Some(order) = Ground::new(&schedule, &|_| 0).improve(effort, go_on) {
        schedule.reorder(order);
    }
    Arc::clone(schedule.order())
}

/// The order that [`Schedule::new`] goes by.
pub fn brief_order(plan: &Arc<Plan>, limits: Limits) -> Arc<Order> {
    Arc::clone(Schedule::new(Arc::clone(plan), limits).order())
}

/// The order without a search: the longest remaining path first.
pub fn by_critical_path(plan: &Arc<Plan>, limits: Limits) -> Arc<Order> {
    Arc::clone(Schedule::by_critical_path(Arc::clone(plan), limits).order())
}

impl Schedule {
    /// A better order for what is left of a run, of a short search: `elapsed` says how long a running step has run, in
    /// milliseconds. None where none is found, or there is too much to look at in passing.
    pub fn better_order(&self, elapsed: &dyn Fn(StepId) -> u64) -> Option<Arc<Order>> {
        let left = self.states.len() - self.over as usize;
        if self.is_stopped || left == 0 || self.states.len() > MOST_STEPS {
            return None;
        }
        let schedules = (MOST_PLACED / 4 / left as u64).min(MOST_SCHEDULES / 4);
        Ground::new(self, elapsed).improve(Effort { schedules, seed: 1 }, &mut || true)
    }
}

/// Where a search starts from: a machine, at its beginning or on its way.
struct Ground<'s> {
    schedule: &'s Schedule,
    /// How much longer the running tasks run.
    running: Vec<(u64, StepId)>,
    /// By task, how long it takes; the mean for one that does not say.
    weights: Vec<u64>,
    /// By task, how long it takes; nothing for one that does not say. None when all say.
    known: Option<Vec<u64>>,
}

/// A machine that was driven to its end.
struct Driven {
    schedule: Schedule,
    times: Times,
    makespan: u64,
}

impl<'s> Ground<'s> {
    fn new(schedule: &'s Schedule, elapsed: &dyn Fn(StepId) -> u64) -> Ground<'s> {
        let plan = &schedule.plan;
        let mean = mean_milliseconds(plan);
        let weights: Vec<u64> =
            plan.tasks.iter().map(|task| expected_milliseconds(task).unwrap_or(mean)).collect();
        let is_missing = plan.tasks.iter().any(|task| expected_milliseconds(task).is_none());
        let known = || plan.tasks.iter().map(|task| expected_milliseconds(task).unwrap_or(0)).collect();
        let is_running = |step: &StepId| schedule.states[step.index()] == State::Running;
        let running = match schedule.tasks_running {
            0 => Vec::new(),
            _ => plan.step_ids().filter(is_running).collect(),
        };
        let left = |step: StepId| match plan.step(step).kind {
            StepKind::Task(task) => {
                let (weight, elapsed) = (weights[task.index()], elapsed(step));
                // Who is late already may be so for a while.
                Some((weight.saturating_sub(elapsed).max(elapsed / 4).max(1), step))
            }
            _ => None,
        };
        let running = running.into_iter().filter_map(left).collect();
        Ground { schedule, running, known: is_missing.then(known), weights }
    }

    /// The machine, carried out to its end by an order from where it stands.
    fn drive(&self, order: &Arc<Order>, durations: &[u64]) -> Driven {
        let mut schedule = self.schedule.clone();
        if !Arc::ptr_eq(order, &schedule.order) {
            schedule.reorder(Arc::clone(order));
        }
        if schedule.running > schedule.tasks_running {
            // What is being judged is taken as go.
            let judged =
                schedule.plan.step_ids().filter(|step| schedule.states[step.index()] == State::Running);
            for step in judged.collect::<Vec<_>>() {
                match schedule.plan.step(step).kind {
                    StepKind::Gate(_) => drop(schedule.pass(step, Passage::Open)),
                    StepKind::Success(_) => schedule.finish(step, Outcome::Succeeded),
                    _ => {}
                }
            }
        }
        let mut times = Times::default();
        let makespan =
            times.drive_on(&mut schedule, &self.running, |task: TaskId| durations[task.index()], &mut ());
        Driven { schedule, times, makespan }
    }

    /// A better order than the machine has.
    fn improve(&self, effort: Effort, go_on: &mut dyn FnMut() -> bool) -> Option<Arc<Order>> {
        let own = Arc::clone(&self.schedule.order);
        let driven = self.drive(&own, &self.weights);
        let (problem, first) = self.problem(&driven)?;
        if problem.lower_bound() >= driven.makespan {
            return None;
        }
        let found = search(&problem, Some(&first), effort, go_on)?;
        let plan = &self.schedule.plan;
        let behind = problem.heads_and_tails().1;
        let key = |step: StepId| (found.starts[step.index()], std::cmp::Reverse(behind[step.index()]), step);
        let mut best = (driven.makespan, None);
        let mut offer = |order: Order| {
            let order = Arc::new(order);
            let makespan = self.drive(&order, &self.weights).makespan;
            if makespan < best.0 && self.is_no_worse_as_known(&own, &order) {
                best = (makespan, Some(order));
            }
            best.0
        };
        let reached = offer(Order::by_key(plan, key));
        if reached > found.makespan && is_of_one_priority(plan) {
            let end = |job: usize| found.starts[job] + problem.durations[job];
            let turns = Turns::new(
                found.starts.clone(),
                (0..problem.len()).map(end).collect(),
                turns(&problem, &found.starts),
            );
            offer(Order { turns: Some(Arc::new(turns)), ..Order::by_key(plan, key) });
        }
        best.1
    }

    /// Where some tasks say nothing: whether the forecast, which counts them as nothing, is no worse for it.
    fn is_no_worse_as_known(&self, own: &Arc<Order>, other: &Arc<Order>) -> bool {
        self.known
            .as_ref()
            .is_none_or(|known| self.drive(other, known).makespan <= self.drive(own, known).makespan)
    }

    /// What is left of the plan as a problem, a job a step, and its jobs in the order in which the machine starts them.
    /// None when there is nothing to choose, or too much.
    fn problem(&self, driven: &Driven) -> Option<(Problem, Vec<u32>)> {
        let Ground { schedule, running, .. } = self;
        let (plan, shape) = (&schedule.plan, &schedule.shape);
        let first_of_any = first_of_any(&driven.schedule);
        let mut problem = Problem { durations: vec![0; plan.steps.len()], ..Problem::default() };
        for step in plan.step_ids() {
            if let StepKind::Task(task) = plan.step(step).kind
                && matches!(schedule.states[step.index()], State::Waiting | State::Ready)
                && driven.schedule.states[step.index()] == State::Ended(Outcome::Succeeded)
            {
                problem.durations[step.index()] = self.weights[task.index()];
            }
        }
        for (left, step) in running {
            problem.durations[step.index()] = *left;
        }
        // Sums of them are to stay numbers.
        let longest = u64::MAX / 4 / problem.len().max(1) as u64;
        problem.durations.iter_mut().for_each(|time| *time = (*time).min(longest));
        (problem.demands, problem.capacities) = demands(shape, &problem.durations)?;
        if problem.capacities.is_empty() {
            return None;
        }
        problem.needs = vec![Vec::new(); plan.steps.len()];
        for step in plan.step_ids() {
            for dependent in shape.dependents(step) {
                let is_other =
                    matches!(dependent.edge, Edge::Any(index) if first_of_any[index as usize] != step.0);
                if is_other {
                    continue;
                }
                if dependent.step <= step {
                    return None;
                }
                problem.needs[dependent.step.index()].push(step.0);
            }
        }
        let mut first: Vec<u32> = (0..plan.steps.len() as u32).collect();
        let is_over =
            |step: &u32| !matches!(schedule.states[*step as usize], State::Ended(_) | State::Running);
        first.sort_by_key(|step| (is_over(step), driven.times.start[*step as usize], *step));
        let mut place = vec![0; first.len()];
        for (at, step) in first.iter().enumerate() {
            place[*step as usize] = at;
        }
        // What needs any of several may start before the others that the machine counts as its needs.
        let is_sorted = (0..first.len())
            .all(|step| problem.needs[step].iter().all(|needed| place[*needed as usize] < place[step]));
        Some((problem, if is_sorted { first } else { (0..plan.steps.len() as u32).collect() }))
    }
}

fn is_of_one_priority(plan: &Plan) -> bool {
    let mut tasks = plan.tasks.iter().filter(|task| task.step.is_some());
    let first = tasks.next().map_or(0, |task| task.priority);
    tasks.all(|task| task.priority == first)
}

/// What the jobs hold, by job, and how much there is of it. What there is enough of for all at once is left out.
type Demands = (Vec<Vec<(u32, u32)>>, Vec<u32>);

fn demands(shape: &Shape, durations: &[u64]) -> Option<Demands> {
    let mut users: Vec<Vec<(u32, u32)>> = vec![Vec::new(); shape.capacities.len() + 1];
    let mut amounts: Vec<u32> = shape.capacities.iter().map(|capacity| capacity.amount).collect();
    amounts.push(shape.workers);
    let workers = shape.capacities.len();
    let mut locks: HashMap<u32, (u32, Vec<u32>)> = HashMap::new();
    let jobs = (0..).zip(durations).filter(|(job, time)| **time > 0 && shape.class_of[*job as usize] != NONE);
    for (job, _) in jobs {
        let job: u32 = job;
        let class = &shape.classes[shape.class_of[job as usize] as usize];
        users[workers].push((job, 1));
        for (capacity, amount) in &class.takes {
            users[*capacity as usize].push((job, *amount));
        }
        if let Some(lock) = class.own_lock {
            locks.insert(lock, (job, class.other_locks.clone()));
        }
    }
    for (lock, (job, others)) in &locks {
        for other in others.iter().filter(|other| *other > lock) {
            if let Some((second, _)) = locks.get(other) {
                users.push(vec![(*job.min(second), 1), (*job.max(second), 1)]);
                amounts.push(1);
            }
        }
    }
    if users.len() > shape.capacities.len() + 1 + MOST_PAIRS {
        return None;
    }
    // The locks came in no order that lasts.
    users[workers + 1..].sort_unstable();
    let mut demands = vec![Vec::new(); durations.len()];
    let mut capacities = Vec::new();
    for (users, amount) in users.iter().zip(amounts) {
        let is_part = |user: &&(u32, u32)| user.1 < amount;
        let parts = users.iter().filter(is_part).fold(0u32, |sum, (_, part)| sum.saturating_add(*part));
        // Never more than all that take a part take together; who takes the whole takes the whole of that.
        let capacity = amount.min(parts.max(1));
        let most = users.iter().fold(0u64, |sum, (_, part)| sum + u64::from((*part).min(capacity)));
        if most <= u64::from(capacity) {
            continue;
        }
        let index = capacities.len() as u32;
        capacities.push(capacity);
        for (job, part) in users {
            demands[*job as usize].push((index, (*part).min(capacity)));
        }
    }
    Some((demands, capacities))
}

/// By job, to which other it has to leave its place for the schedule to come about: what it needs is over and all that
/// it holds is free before its start, and it would be in the way of one that starts meanwhile.
fn turns(problem: &Problem, starts: &[u64]) -> Vec<u32> {
    let count = problem.len();
    let end = |job: usize| starts[job] + problem.durations[job];
    // What is held, at each start: capacities change then and at ends.
    let mut moments: Vec<u64> = (0..count).flat_map(|job| [starts[job], end(job)]).collect();
    moments.sort_unstable();
    moments.dedup();
    let width = problem.capacities.len();
    let mut changes = vec![0i64; (moments.len() + 1) * width];
    let place = |time: u64| moments.partition_point(|moment| *moment < time);
    for (job, start) in starts.iter().enumerate() {
        let (from, to) = (place(*start), place(end(job)));
        for (capacity, amount) in &problem.demands[job] {
            changes[from * width + *capacity as usize] += i64::from(*amount);
            changes[to * width + *capacity as usize] -= i64::from(*amount);
        }
    }
    for index in width..changes.len() {
        changes[index] += changes[index - width];
    }
    let mut by_start: Vec<u32> =
        (0..count as u32).filter(|job| !problem.demands[*job as usize].is_empty()).collect();
    by_start.sort_unstable_by_key(|job| (starts[*job as usize], *job));
    let mut turns = vec![NONE; count];
    for job in by_start.iter().map(|job| *job as usize) {
        let ready = problem.needs[job].iter().map(|needed| end(*needed as usize)).max().unwrap_or(0);
        let demand = &problem.demands[job];
        let fits = |at: &usize| {
            demand.iter().all(|(capacity, amount)| {
                let held = changes[at * width + *capacity as usize];
                held + i64::from(*amount) <= i64::from(problem.capacities[*capacity as usize])
            })
        };
        let Some(at) = (place(ready)..place(starts[job])).find(fits) else { continue };
        let shares = |other: &&u32| {
            let others = &problem.demands[**other as usize];
            others.iter().any(|(capacity, _)| demand.iter().any(|(own, _)| own == capacity))
        };
        let last = by_start.partition_point(|other| starts[*other as usize] < starts[job]);
        let from = by_start.partition_point(|other| starts[*other as usize] <= moments[at]);
        if let Some(first) = by_start[from.min(last)..last].iter().rev().find(shares) {
            turns[job] = *first;
        }
    }
    turns
}
