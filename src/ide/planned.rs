//! A plan without errors and its forecast, with ways to find a task or a group by its name.
//!
//! Looked up by name and not by place: while the text has an error, the last plan without one still tells who runs beside
//! whom.

use crate::plan::{GateId, GroupId, Item, Plan, StepId, StepKind, TaskId};
use crate::schedule::{Forecast, Limits, estimate};
use crate::source::Excerpt;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

/// A plan and what follows from it.
#[derive(Debug)]
pub struct Planned {
    /// The plan.
    pub plan: Arc<Plan>,
    forecast: OnceLock<Forecast>,
    tasks: HashMap<Excerpt, TaskId>,
    groups: HashMap<String, GroupId>,
    gates: HashMap<String, GateId>,
    /// By step, the steps that need it.
    dependents: OnceLock<Vec<Vec<StepId>>>,
}

impl Planned {
    /// Of a plan.
    pub fn new(plan: Arc<Plan>) -> Planned {
        let tasks = plan.task_ids().map(|id| (plan.task(id).name.clone(), id)).collect();
        let groups =
            plan.groups.iter().enumerate().map(|(at, group)| (group.name.clone(), GroupId(at as u32)));
        let gates = plan.gates.iter().enumerate().map(|(at, gate)| (gate.name.clone(), GateId(at as u32)));
        let (groups, gates) = (groups.collect(), gates.collect());
        let (forecast, dependents) = (OnceLock::new(), OnceLock::new());
        Planned { plan, forecast, tasks, groups, gates, dependents }
    }

    /// When everything is on; made when it is first asked for.
    pub fn forecast(&self) -> &Forecast {
        self.forecast.get_or_init(|| estimate(&self.plan, &Limits::default()))
    }

    /// The task of that name.
    pub fn task(&self, name: &str) -> Option<TaskId> {
        self.tasks.get(name).copied()
    }

    /// The wave or block of that name.
    pub fn group(&self, name: &str) -> Option<GroupId> {
        self.groups.get(name).copied()
    }

    /// The gate of that name.
    pub fn gate(&self, name: &str) -> Option<GateId> {
        self.gates.get(name).copied()
    }

    /// Whether a task, a group or a gate has that name.
    pub fn knows(&self, name: &str) -> bool {
        self.task(name).is_some() || self.group(name).is_some() || self.gate(name).is_some()
    }

    fn dependents(&self) -> &[Vec<StepId>] {
        self.dependents.get_or_init(|| {
            let mut dependents = vec![Vec::new(); self.plan.steps.len()];
            for step in self.plan.step_ids() {
                for needed in self.plan.step(step).needs.iter().flat_map(|need| need.steps()) {
                    dependents[needed.index()].push(step);
                }
            }
            dependents
        })
    }

    /// The tasks that nothing orders before or after this one.
    pub fn beside(&self, task: TaskId) -> Vec<TaskId> {
        let Some(step) = self.plan.task(task).step else { return Vec::new() };
        let mut is_ordered = vec![false; self.plan.steps.len()];
        is_ordered[step.index()] = true;
        let needs = |at: StepId| -> Vec<StepId> {
            self.plan.step(at).needs.iter().flat_map(|need| need.steps()).collect()
        };
        let dependents = self.dependents();
        let after = |at: StepId| dependents[at.index()].clone();
        for next in [&needs as &dyn Fn(StepId) -> Vec<StepId>, &after] {
            let mut open = vec![step];
            while let Some(at) = open.pop() {
                for step in next(at) {
                    if !std::mem::replace(&mut is_ordered[step.index()], true) {
                        open.push(step);
                    }
                }
            }
        }
        let steps = self.plan.step_ids().filter(|step| !is_ordered[step.index()]);
        let tasks = steps.filter_map(|step| match self.plan.step(step).kind {
            StepKind::Task(task) => Some(task),
            _ => None,
        });
        let mut tasks: Vec<TaskId> = tasks.collect();
        tasks.sort();
        tasks
    }

    /// The tasks that this one waits for, as near as tasks go: through barriers and gates.
    pub fn before(&self, task: TaskId) -> Vec<TaskId> {
        let Some(step) = self.plan.task(task).step else { return Vec::new() };
        self.nearest(step, |at| self.plan.step(at).needs.iter().flat_map(|need| need.steps()).collect())
    }

    /// The tasks that wait for this one, as near as tasks go.
    pub fn after(&self, task: TaskId) -> Vec<TaskId> {
        let Some(step) = self.plan.task(task).step else { return Vec::new() };
        self.nearest(step, |at| self.dependents()[at.index()].clone())
    }

    /// The names of all that cannot start before the task, the group or the gate of that name has ended.
    pub fn later(&self, name: &str) -> HashSet<&str> {
        let (task, group, gate) = (self.task(name), self.group(name), self.gate(name));
        let is_end = |step: &StepId| match self.plan.step(*step).kind {
            StepKind::Task(own) => Some(own) == task,
            StepKind::Leave(own) => Some(own) == group,
            StepKind::Gate(own) => Some(own) == gate,
            _ => false,
        };
        let mut open: Vec<StepId> = self.plan.step_ids().filter(is_end).collect();
        let mut is_seen = vec![false; self.plan.steps.len()];
        let mut found = HashSet::new();
        while let Some(at) = open.pop() {
            for step in &self.dependents()[at.index()] {
                if std::mem::replace(&mut is_seen[step.index()], true) {
                    continue;
                }
                open.push(*step);
                match self.plan.step(*step).kind {
                    StepKind::Task(task) => found.insert(self.plan.task(task).name.as_str()),
                    StepKind::Enter(group) => found.insert(self.plan.group(group).name.as_str()),
                    StepKind::Gate(gate) => found.insert(self.plan.gate(gate).name.as_str()),
                    StepKind::Success(_) | StepKind::Leave(_) => false,
                };
            }
        }
        found
    }

    /// A shortest way by which the end of one item leads to the start of another: the tasks and gates on it, both ends included.
    pub fn path(&self, first: Item, second: Item) -> Option<Vec<String>> {
        let step_of = |item: Item, is_end: bool| {
            self.plan.step_ids().find(|step| match (item, self.plan.step(*step).kind) {
                (Item::Task(task), StepKind::Task(own)) => task == own,
                (Item::Gate(gate), StepKind::Gate(own)) => gate == own,
                (Item::Group(group), StepKind::Leave(own)) => is_end && group == own,
                (Item::Group(group), StepKind::Enter(own)) => !is_end && group == own,
                _ => false,
            })
        };
        let (end, start) = (step_of(first, true)?, step_of(second, false)?);
        let mut next: Vec<Option<StepId>> = vec![None; self.plan.steps.len()];
        let mut open = std::collections::VecDeque::from([start]);
        while let Some(at) = open.pop_front() {
            for step in self.plan.step(at).needs.iter().flat_map(|need| need.steps()) {
                if step != start && next[step.index()].is_none() {
                    next[step.index()] = Some(at);
                    open.push_back(step);
                }
            }
        }
        next[end.index()]?;
        let way = std::iter::successors(Some(end), |at| next[at.index()]);
        let named = way.filter_map(|step| match self.plan.step(step).kind {
            StepKind::Task(task) => Some(format!("`{}`", self.plan.task(task).name)),
            StepKind::Gate(gate) => Some(format!("gate `{}`", self.plan.gate(gate).name)),
            StepKind::Leave(group) if step == end => Some(format!("`{}`", self.plan.group(group).name)),
            StepKind::Enter(group) if step == start => Some(format!("`{}`", self.plan.group(group).name)),
            _ => None,
        });
        Some(named.collect())
    }

    fn nearest(&self, from: StepId, next: impl Fn(StepId) -> Vec<StepId>) -> Vec<TaskId> {
        let mut is_seen = vec![false; self.plan.steps.len()];
        let mut open = vec![from];
        let mut found = Vec::new();
        while let Some(at) = open.pop() {
            for step in next(at) {
                if std::mem::replace(&mut is_seen[step.index()], true) {
                    continue;
                }
                match self.plan.step(step).kind {
                    StepKind::Task(task) => found.push(task),
                    _ => open.push(step),
                }
            }
        }
        found.sort();
        found
    }

    /// The most tasks of a group that can be at work at one time in the forecast.
    pub fn width(&self, group: GroupId) -> usize {
        let forecast = self.forecast();
        let mut edges: Vec<(std::time::Duration, i32)> = Vec::new();
        for (id, task) in self.plan.task_ids().map(|id| (id, self.plan.task(id))) {
            if self.is_in(task.group, group)
                && let Some(slot) = forecast.task(&self.plan, id).filter(|slot| !slot.is_skipped)
            {
                // A task of no time is at work too, as far as one can tell.
                let end = slot.end.max(slot.start + std::time::Duration::from_millis(1));
                edges.push((slot.start, 1));
                edges.push((end, -1));
            }
        }
        edges.sort();
        let mut now = 0;
        edges
            .iter()
            .map(|(_, step)| {
                now += step;
                now
            })
            .max()
            .unwrap_or(0)
            .max(0) as usize
    }

    fn is_in(&self, inner: GroupId, outer: GroupId) -> bool {
        let mut at = Some(inner);
        while let Some(group) = at {
            if group == outer {
                return true;
            }
            at = self.plan.group(group).parent;
        }
        false
    }
}
