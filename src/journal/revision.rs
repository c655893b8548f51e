//! A run that goes on with another text: what changed, and what its earlier events mean there.
//!
//! Things are the same by kind and name; a task stays finished only where its definition is the same.

use super::items::{Item, ItemKind, items};
use super::{Journal, RunId};
use crate::error::Result;
use crate::event::progress::Progress;
use crate::event::{ApprovalOwner, CheckOwner, Entry, Event, Outcome};
use crate::plan::{GateId, GroupId, Plan, TaskId};
use std::collections::HashMap;

/// An item that another text has, has not, or defines otherwise.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChangedItem {
    /// What it is.
    pub kind: ItemKind,
    /// Its name.
    pub name: String,
}

/// What another text means for a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Items that only the new text has.
    pub added: Vec<ChangedItem>,
    /// Items that only the old text has.
    pub removed: Vec<ChangedItem>,
    /// Items that are defined otherwise.
    pub changed: Vec<ChangedItem>,
    /// Those of the removed and the changed that are tasks that have succeeded: the run cannot go on as if they
    /// had not.
    pub finished: Vec<String>,
}

impl Changes {
    /// Whether the new text means the same.
    pub fn is_none(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

impl Journal {
    /// What a newly compiled plan changes for a run that stands at `progress` with its newest recorded one.
    pub fn changes(&self, run: RunId, progress: &Progress, plan: &Plan) -> Result<Changes> {
        let old = self.newest_items(run).map_err(self.told("read the run's plan in"))?;
        let new = items(plan);
        let mut changes = Changes::default();
        let by_name = index(&new);
        for item in &old {
            let changed = ChangedItem { kind: item.kind, name: item.name.clone() };
            let list = match by_name.get(&(item.kind, item.name.as_str())) {
                Some(now) if now.definition == item.definition => continue,
                Some(_) => &mut changes.changed,
                None => &mut changes.removed,
            };
            // Groups are defined by what is in them: they are told by that.
            if item.kind != ItemKind::Group {
                list.push(changed);
            }
            let has_succeeded = item.kind == ItemKind::Task
                && progress
                    .tasks
                    .get(item.id as usize)
                    .is_some_and(|task| task.outcome() == Some(Outcome::Succeeded));
            if has_succeeded {
                changes.finished.push(item.name.clone());
            }
        }
        let by_name = index(&old);
        for item in &new {
            if item.kind != ItemKind::Group && !by_name.contains_key(&(item.kind, item.name.as_str())) {
                changes.added.push(ChangedItem { kind: item.kind, name: item.name.clone() });
            }
        }
        Ok(changes)
    }
}

fn index(items: &[Item]) -> HashMap<(ItemKind, &str), &Item> {
    items.iter().map(|item| ((item.kind, item.name.as_str()), item)).collect()
}

/// What the ids of one revision are in another.
struct Map {
    tasks: HashMap<u32, (TaskId, bool)>,
    groups: HashMap<u32, (GroupId, bool)>,
    gates: HashMap<u32, (GateId, bool)>,
}

impl Map {
    fn new(from: &[Item], to: &[Item]) -> Map {
        let names = index(to);
        let mut map = Map { tasks: HashMap::new(), groups: HashMap::new(), gates: HashMap::new() };
        for item in from {
            let Some(now) = names.get(&(item.kind, item.name.as_str())) else { continue };
            let is_same = now.definition == item.definition;
            match item.kind {
                ItemKind::Task => drop(map.tasks.insert(item.id, (TaskId(now.id), is_same))),
                ItemKind::Group => drop(map.groups.insert(item.id, (GroupId(now.id), is_same))),
                ItemKind::Gate => drop(map.gates.insert(item.id, (GateId(now.id), is_same))),
            }
        }
        map
    }

    fn task(&self, task: TaskId) -> Option<TaskId> {
        self.tasks.get(&task.0).map(|(task, _)| *task)
    }

    fn same_task(&self, task: TaskId) -> Option<TaskId> {
        self.tasks.get(&task.0).filter(|(_, is_same)| *is_same).map(|(task, _)| *task)
    }

    fn group(&self, group: GroupId) -> Option<GroupId> {
        self.groups.get(&group.0).map(|(group, _)| *group)
    }

    fn same_group(&self, group: GroupId) -> Option<GroupId> {
        self.groups.get(&group.0).filter(|(_, is_same)| *is_same).map(|(group, _)| *group)
    }

    fn same_gate(&self, gate: GateId) -> Option<GateId> {
        self.gates.get(&gate.0).filter(|(_, is_same)| *is_same).map(|(gate, _)| *gate)
    }

    fn check_owner(&self, owner: CheckOwner) -> Option<CheckOwner> {
        Some(match owner {
            CheckOwner::Preflight => CheckOwner::Preflight,
            CheckOwner::Task(task, attempt) => CheckOwner::Task(self.same_task(task)?, attempt),
            CheckOwner::Group(group) => CheckOwner::Group(self.same_group(group)?),
            CheckOwner::Gate(gate) => CheckOwner::Gate(self.same_gate(gate)?),
        })
    }

    fn approval_owner(&self, owner: ApprovalOwner) -> Option<ApprovalOwner> {
        Some(match owner {
            ApprovalOwner::Gate(gate) => ApprovalOwner::Gate(self.same_gate(gate)?),
            ApprovalOwner::Task(task) => ApprovalOwner::Task(self.same_task(task)?),
            ApprovalOwner::Check(check) => ApprovalOwner::Check(self.check_owner(check)?),
        })
    }

    /// The event with the new ids; none where it says nothing about the new text. Attempts stay even where the task
    /// is defined otherwise: their numbers and logs are taken.
    fn event(&self, mut event: Event) -> Option<Event> {
        match &mut event {
            Event::RunStarted { .. }
            | Event::BranchStarted { .. }
            | Event::BranchMoved { .. }
            | Event::StopRequested { .. }
            | Event::RunEnded { .. } => {}
            Event::CheckEnded { owner, .. } => *owner = self.check_owner(*owner)?,
            Event::GroupStarted { group } | Event::CleanupStarted { group, .. } => {
                *group = self.group(*group)?
            }
            Event::GroupEnded { group, .. } => *group = self.same_group(*group)?,
            Event::AttemptStarting { task, .. }
            | Event::AttemptRunning { task, .. }
            | Event::SessionOpened { task, .. }
            | Event::TreeForked { task, .. }
            | Event::TaskCommitted { task, .. }
            | Event::TaskMerged { task, .. }
            | Event::MergeConflicted { task, .. }
            | Event::AttemptEnded { task, .. }
            | Event::RetryScheduled { task, .. } => *task = self.task(*task)?,
            Event::OutputTaken { task, .. } | Event::TaskEnded { task, .. } => {
                *task = self.same_task(*task)?
            }
            Event::GateStarted { gate } | Event::GateEnded { gate, .. } => *gate = self.same_gate(*gate)?,
            Event::ApprovalAsked { owner, .. } | Event::ApprovalAnswered { owner, .. } => {
                *owner = self.approval_owner(*owner)?;
            }
            Event::Restarted { gate, tasks, .. } => {
                *gate = self.same_gate(*gate)?;
                *tasks = tasks.iter().filter_map(|task| self.task(*task)).collect();
            }
        }
        Some(event)
    }
}

/// How the entries of several revisions read in the ids of the last.
pub(super) struct Translation {
    /// Of each older revision: the place from which on it counts.
    older: Vec<(u64, Map)>,
    /// From here on there is nothing to translate.
    newest_first: u64,
}

impl Translation {
    /// Of revisions in order, each with the place from which on it counts. Without any, nothing is translated.
    pub fn new(revisions: Vec<(u64, Vec<Item>)>) -> Translation {
        let Some(((newest_first, newest), older)) = revisions.split_last() else {
            return Translation { older: Vec::new(), newest_first: 0 };
        };
        let older = older.iter().map(|(first, items)| (*first, Map::new(items, newest))).collect();
        Translation { older, newest_first: *newest_first }
    }

    /// The entry in the ids of the last revision, if what it is of is there.
    pub fn entry(&self, entry: Entry) -> Option<Entry> {
        if entry.seq >= self.newest_first {
            return Some(entry);
        }
        let (_, map) = self.older.iter().rfind(|(first, _)| *first <= entry.seq)?;
        Some(Entry { event: map.event(entry.event)?, ..entry })
    }
}
