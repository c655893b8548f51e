//! What does not change while a plan runs: who waits for whom, who competes for what, who is more urgent.
//!
//! Worked out once from a plan and shared by every schedule of it. Does not know what has happened so far.

use super::Limits;
use super::turns::Turns;
use crate::plan::{
    Action, GroupId, Isolation, Need, NeedSource, Plan, ResourceId, StepId, StepKind, Task, TaskId,
};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// No step, no class, no capacity.
pub(super) const NONE: u32 = u32::MAX;

/// The whole of the claims lock: what a task with unknown claims takes, and a known writer takes 1 of.
const ALL_WRITERS: u32 = u32::MAX / 2;

/// The unchanging part of a [`super::Schedule`].
pub(super) struct Shape {
    /// By step, where its dependents start in `dependents`; one more at the end.
    pub dependents_from: Vec<u32>,
    /// Every edge of the order, forwards.
    pub dependents: Vec<Dependent>,
    /// By step, how many needs it has.
    pub needs: Vec<u32>,
    /// Every `after any of`.
    pub any_needs: Vec<AnyNeed>,
    /// By group: its steps of tasks, gates and criteria, and the `Leave`s of the groups in it.
    pub members: Vec<Vec<StepId>>,
    /// By step: its class when it is a task.
    pub class_of: Vec<u32>,
    /// The kinds of competitor.
    pub classes: Vec<Class>,
    /// What is competed for.
    pub capacities: Vec<Capacity>,
    /// How many tasks may run at once.
    pub workers: u32,
    /// The drivers of the agents, each once.
    pub drivers: Vec<String>,
}

/// A step that waits for another.
#[derive(Clone, Copy)]
pub(super) struct Dependent {
    pub step: StepId,
    pub edge: Edge,
}

/// How it waits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    /// It must have succeeded.
    Succeeded,
    /// It must have succeeded, and its output is used.
    Output,
    /// One of several must have succeeded: the index of the need.
    Any(u32),
    /// It must have ended.
    Finished,
}

/// One `after any of`.
#[derive(Clone, Copy)]
pub(super) struct AnyNeed {
    /// Whose need it is. They stand in the order of steps.
    pub step: StepId,
    /// How many it names.
    pub count: u32,
}

/// Tasks that compete for the same things in the same amounts: when one of them cannot start, none can.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Class {
    /// Capacities and amounts.
    pub takes: Vec<(u32, u32)>,
    /// The driver of its agent.
    pub driver: Option<u32>,
    /// The capacity that its running uses up for those whose claims overlap; a class of one task.
    pub own_lock: Option<u32>,
    /// The locks of the tasks that must not run with it.
    pub other_locks: Vec<u32>,
}

/// Something of which there is only so much.
#[derive(Clone, Copy)]
pub(super) struct Capacity {
    pub source: CapacitySource,
    pub amount: u32,
}

/// What a capacity is.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum CapacitySource {
    Workers(GroupId),
    Instances(u32),
    Resource(ResourceId),
    /// Shared among writers with known claims, whole for one with unknown claims.
    Writers,
    /// Used up while the task runs.
    Claims(TaskId),
}

impl Shape {
    pub fn new(plan: &Plan, limits: Limits) -> Shape {
        let members = members(plan);
        let mut order = OrderGraph::new(plan, &members);
        let competition = Competition::new(plan);
        let workers = limits.workers.or(plan.workers).or(plan.groups.first().and_then(|plan| plan.workers));
        Shape {
            dependents_from: std::mem::take(&mut order.dependents_from),
            dependents: order.dependents,
            needs: order.needs,
            any_needs: order.any_needs,
            members,
            class_of: competition.class_of,
            classes: competition.classes,
            capacities: competition.capacities,
            workers: workers.unwrap_or(u32::MAX).max(1),
            drivers: competition.drivers,
        }
    }

    /// The steps that wait for `step`.
    pub fn dependents(&self, step: StepId) -> &[Dependent] {
        let from = self.dependents_from[step.index()] as usize;
        &self.dependents[from..self.dependents_from[step.index() + 1] as usize]
    }
}

/// By group, what its `Leave` looks at.
fn members(plan: &Plan) -> Vec<Vec<StepId>> {
    let mut members = vec![Vec::new(); plan.groups.len()];
    for (id, step) in plan.step_ids().zip(&plan.steps) {
        match step.kind {
            StepKind::Task(_) | StepKind::Gate(_) | StepKind::Success(_) => {
                members[step.group.index()].push(id)
            }
            StepKind::Leave(group) => {
                if let Some(parent) = plan.group(group).parent {
                    members[parent.index()].push(id);
                }
            }
            StepKind::Enter(_) => {}
        }
    }
    members
}

struct OrderGraph {
    dependents_from: Vec<u32>,
    dependents: Vec<Dependent>,
    needs: Vec<u32>,
    any_needs: Vec<AnyNeed>,
}

impl OrderGraph {
    fn new(plan: &Plan, members: &[Vec<StepId>]) -> OrderGraph {
        let mut needs = vec![0; plan.steps.len()];
        let mut any_needs = Vec::new();
        let mut edges: Vec<(StepId, Dependent)> = Vec::new();
        // The `Leave` that last saw this step: a `Leave` counts each member once.
        let mut seen_by = vec![NONE; plan.steps.len()];
        for (id, step) in plan.step_ids().zip(&plan.steps) {
            if let StepKind::Leave(group) = step.kind {
                // A `Leave` waits for the end of all that is in the group, whatever its needs spell out.
                let named = step.needs.iter().flat_map(Need::steps);
                for member in members[group.index()].iter().copied().chain(named) {
                    if seen_by[member.index()] != id.0 {
                        seen_by[member.index()] = id.0;
                        edges.push((member, Dependent { step: id, edge: Edge::Finished }));
                        needs[id.index()] += 1;
                    }
                }
                continue;
            }
            for need in &step.needs {
                needs[id.index()] += 1;
                match need {
                    Need::Succeeded(needed, source) => {
                        let edge = if *source == NeedSource::Output { Edge::Output } else { Edge::Succeeded };
                        edges.push((*needed, Dependent { step: id, edge }));
                    }
                    Need::Finished(needed) => {
                        edges.push((*needed, Dependent { step: id, edge: Edge::Finished }));
                    }
                    Need::AnySucceeded(steps) => {
                        let index = any_needs.len() as u32;
                        any_needs.push(AnyNeed { step: id, count: steps.len() as u32 });
                        edges.extend(
                            steps.iter().map(|step| (*step, Dependent { step: id, edge: Edge::Any(index) })),
                        );
                    }
                }
            }
        }
        let mut dependents_from = vec![0u32; plan.steps.len() + 1];
        for (needed, _) in &edges {
            dependents_from[needed.index() + 1] += 1;
        }
        for index in 1..dependents_from.len() {
            dependents_from[index] += dependents_from[index - 1];
        }
        let mut next = dependents_from.clone();
        let mut dependents = vec![Dependent { step: StepId(NONE), edge: Edge::Finished }; edges.len()];
        for (needed, dependent) in edges {
            dependents[next[needed.index()] as usize] = dependent;
            next[needed.index()] += 1;
        }
        OrderGraph { dependents_from, dependents, needs, any_needs }
    }
}

#[derive(Default)]
struct Competition {
    class_of: Vec<u32>,
    classes: Vec<Class>,
    capacities: Vec<Capacity>,
    drivers: Vec<String>,
}

impl Competition {
    fn new(plan: &Plan) -> Competition {
        let mut competition =
            Competition { class_of: vec![NONE; plan.steps.len()], ..Competition::default() };
        let mut by_source: HashMap<CapacitySource, u32> = HashMap::new();
        let mut drivers: HashMap<&str, u32> = HashMap::new();
        let mut known: HashMap<Class, u32> = HashMap::new();
        let is_in_order = |task: &Task| task.step.is_some();
        let has_unknown = plan.tasks.iter().any(|task| is_in_order(task) && locks_all(task));
        let mut conflicts: HashMap<TaskId, Vec<TaskId>> = HashMap::new();
        for (a, b) in &plan.conflicts {
            if is_shared(plan.task(*a)) && is_shared(plan.task(*b)) && a != b {
                conflicts.entry(*a).or_default().push(*b);
                conflicts.entry(*b).or_default().push(*a);
            }
        }
        // The limited groups around each group, from the inside out; the plan's own limit is the run's.
        let mut limited: Vec<Vec<(GroupId, u32)>> = Vec::with_capacity(plan.groups.len());
        for (index, group) in plan.groups.iter().enumerate() {
            let mut around = Vec::new();
            if let (Some(workers), Some(_)) = (group.workers, group.parent) {
                around.push((GroupId(index as u32), workers));
            }
            if let Some(outer) = group.parent.and_then(|parent| limited.get(parent.index())) {
                around.extend_from_slice(outer);
            }
            limited.push(around);
        }
        let mut capacity = |capacities: &mut Vec<Capacity>, source, amount: u32| {
            *by_source.entry(source).or_insert_with(|| {
                capacities.push(Capacity { source, amount: amount.max(1) });
                capacities.len() as u32 - 1
            })
        };
        for (id, task) in plan.task_ids().zip(&plan.tasks) {
            let Some(step) = task.step else { continue };
            let capacities = &mut competition.capacities;
            let mut class =
                Class { takes: Vec::new(), driver: None, own_lock: None, other_locks: Vec::new() };
            for (group, workers) in &limited[task.group.index()] {
                class.takes.push((capacity(capacities, CapacitySource::Workers(*group), *workers), 1));
            }
            if let (Some(agent), Action::Prompt(_) | Action::PromptFile(_)) = (task.agent, &task.action) {
                let declared = plan.agent(agent);
                if let Some(instances) = declared.instances {
                    class
                        .takes
                        .push((capacity(capacities, CapacitySource::Instances(agent.0), instances), 1));
                }
                class.driver = Some(*drivers.entry(&declared.driver).or_insert_with(|| {
                    competition.drivers.push(declared.driver.clone());
                    competition.drivers.len() as u32 - 1
                }));
            }
            for (resource, amount) in &task.uses {
                let most = plan.resources[resource.index()].capacity;
                let index = capacity(capacities, CapacitySource::Resource(*resource), most);
                // More than there is would never start; the checker has said so.
                class.takes.push((index, (*amount).clamp(1, most.max(1))));
            }
            if has_unknown && is_shared(task) && task.claims.may_write() {
                let amount = if locks_all(task) { ALL_WRITERS } else { 1 };
                class.takes.push((capacity(capacities, CapacitySource::Writers, ALL_WRITERS), amount));
            }
            if let Some(others) = conflicts.get(&id) {
                class.own_lock = Some(capacity(capacities, CapacitySource::Claims(id), 1));
                class.other_locks = others
                    .iter()
                    .map(|other| capacity(capacities, CapacitySource::Claims(*other), 1))
                    .collect();
            }
            let classes = &mut competition.classes;
            competition.class_of[step.index()] = *known.entry(class).or_insert_with_key(|class| {
                classes.push(class.clone());
                classes.len() as u32 - 1
            });
        }
        competition
    }
}

fn is_shared(task: &Task) -> bool {
    task.isolation == Isolation::Shared
}

/// Whether it must run alone among writers.
fn locks_all(task: &Task) -> bool {
    is_shared(task) && !task.claims.is_known
}

/// Which of two steps goes first when both may: a total order of all steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// By step, its place; 0 is the most urgent.
    pub(super) rank: Vec<u32>,
    /// By place, its step.
    pub(super) by_rank: Vec<StepId>,
    /// Who leaves its place to whom.
    pub(super) turns: Option<Arc<Turns>>,
}

impl Order {
    /// By `priority`, then the longest remaining path, then the order of the file.
    pub(super) fn of(plan: &Plan, shape: &Shape) -> Order {
        let remaining = remaining_paths(plan, shape);
        Order::by_key(plan, |step| std::cmp::Reverse(remaining[step.index()]))
    }

    /// By `priority`, then `key` (the least first), then the order of the file.
    pub(super) fn by_key<K: Ord>(plan: &Plan, key: impl Fn(StepId) -> K) -> Order {
        let mut by_rank: Vec<StepId> = plan.step_ids().collect();
        by_rank.sort_by_cached_key(|id| {
            let (priority, place) = match plan.step(*id).kind {
                StepKind::Task(task) => (plan.task(task).priority, task.0),
                _ => (0, 0),
            };
            (std::cmp::Reverse(priority), key(*id), place, *id)
        });
        let mut rank = vec![0; by_rank.len()];
        for (place, step) in by_rank.iter().enumerate() {
            rank[step.index()] = place as u32;
        }
        Order { rank, by_rank, turns: None }
    }
}

/// By step: how much work at least stands between its start and the end of the plan, in milliseconds. A task
/// without an estimate weighs as the mean of the others: only the order follows from it, no forecast.
fn remaining_paths(plan: &Plan, shape: &Shape) -> Vec<u64> {
    let unit = mean_milliseconds(plan);
    let mut remaining = vec![0u64; plan.steps.len()];
    for id in (0..plan.steps.len() as u32).rev().map(StepId) {
        let weight = match plan.step(id).kind {
            StepKind::Task(task) if plan.task(task).left_out.is_some() => 0,
            StepKind::Task(task) => expected_milliseconds(plan.task(task)).unwrap_or(unit),
            _ => 0,
        };
        let behind =
            shape.dependents(id).iter().map(|dependent| remaining[dependent.step.index()]).max().unwrap_or(0);
        remaining[id.index()] = behind.saturating_add(weight);
    }
    remaining
}

/// The mean of the tasks that say how long they take; at least 1.
pub(super) fn mean_milliseconds(plan: &Plan) -> u64 {
    let known = plan.tasks.iter().filter(|task| task.step.is_some()).filter_map(expected_milliseconds);
    let (sum, count) = known.fold((0u128, 0u128), |(sum, count), time| (sum + u128::from(time), count + 1));
    (sum / count.max(1)).max(1) as u64
}

/// The one number of a task for a forecast; `wait` says its own. None without an estimate.
pub(super) fn expected_milliseconds(task: &Task) -> Option<u64> {
    match (&task.estimate, &task.action) {
        (Some(estimate), _) => Some(milliseconds(estimate.expected())),
        (None, Action::Wait(time)) => Some(milliseconds(*time)),
        (None, _) => None,
    }
}

/// Whole milliseconds; more than fits is as much as fits.
pub(super) fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
