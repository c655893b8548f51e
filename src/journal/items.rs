//! The tasks, groups and gates of a revision: what the ids in its events mean, and whether they mean the same in another.
//!
//! Kept as one text a revision; a journal of an older wavec has a row for each. Knows no events.

use super::answers::{json, parsed};
use super::{Journal, RunId};
use crate::plan::{Criterion, GroupId, Item as PlanItem, Plan, TaskId};
use rusqlite::params;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// A task, group or gate of a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub kind: ItemKind,
    pub id: u32,
    pub name: String,
    pub definition: String,
}

/// What an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// A task.
    Task,
    /// The plan, a wave or a block.
    Group,
    /// A gate.
    Gate,
}

impl ItemKind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            ItemKind::Task => "task",
            ItemKind::Group => "group",
            ItemKind::Gate => "gate",
        }
    }
}

impl Journal {
    /// The items of the run's newest revision.
    pub(super) fn newest_items(&self, run: RunId) -> rusqlite::Result<Vec<Item>> {
        let newest: u32 =
            self.connection
                .query_row("SELECT max(revision) FROM revisions WHERE run = ?", [run], |row| row.get(0))?;
        self.items_of(run, newest)
    }

    /// The items of a revision.
    pub(super) fn items_of(&self, run: RunId, revision: u32) -> rusqlite::Result<Vec<Item>> {
        let mut statement =
            self.connection.prepare_cached("SELECT items FROM revisions WHERE run = ? AND revision = ?")?;
        match statement.query_row(params![run, revision], |row| row.get::<_, Option<String>>(0))? {
            Some(text) => read(&text),
            None => self.items_in_rows(run, revision),
        }
    }

    /// The same, as older wavecs wrote them.
    fn items_in_rows(&self, run: RunId, revision: u32) -> rusqlite::Result<Vec<Item>> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT kind, id, name, definition FROM items WHERE run = ? AND revision = ?")?;
        let rows = statement.query_map(params![run, revision], |row| {
            Ok(Item {
                kind: parsed(0, &format!("{:?}", row.get_ref(0)?.as_str()?))?,
                id: row.get(1)?,
                name: row.get(2)?,
                definition: row.get(3)?,
            })
        })?;
        rows.collect()
    }
}

/// A plan's items as the journal keeps them: `[kind, name, definition]` each, those of a kind in the order of their ids.
pub(super) fn text(plan: &Plan) -> String {
    let items = items(plan);
    let written: Vec<_> = items.iter().map(|item| (item.kind, &item.name, &item.definition)).collect();
    json(&written)
}

fn read(text: &str) -> rusqlite::Result<Vec<Item>> {
    let written: Vec<(ItemKind, String, String)> = parsed(0, text)?;
    let mut next = HashMap::new();
    let numbered = written.into_iter().map(|(kind, name, definition)| {
        let next = next.entry(kind).or_insert(0);
        let id = *next;
        *next += 1;
        Item { kind, id, name, definition }
    });
    Ok(numbered.collect())
}

/// The plan's tasks, groups and gates.
pub(super) fn items(plan: &Plan) -> Vec<Item> {
    let tasks = plan.tasks.iter().enumerate().map(|(id, task)| Item {
        kind: ItemKind::Task,
        id: id as u32,
        name: task.name.to_string(),
        definition: plan.definition(TaskId(id as u32)).to_hex().to_string(),
    });
    let groups = plan.groups.iter().enumerate().map(|(id, group)| Item {
        kind: ItemKind::Group,
        id: id as u32,
        name: if id == 0 { String::new() } else { group.name.clone() },
        definition: hash(&[&members(plan, GroupId(id as u32)), &criteria(&group.success)]),
    });
    let gates = plan.gates.iter().enumerate().map(|(id, gate)| Item {
        kind: ItemKind::Gate,
        id: id as u32,
        name: gate.name.clone(),
        // A gate speaks for what stands before it: with other work there it is another gate.
        definition: hash(&[
            &members(plan, gate.group),
            &criteria(&gate.checks),
            &gate
                .approvals
                .iter()
                .map(|it| format!("{:?}{:?}", it.question, it.otherwise_continue))
                .collect::<String>(),
        ]),
    });
    tasks.chain(groups).chain(gates).collect()
}

/// The names and definitions of all tasks in a group.
fn members(plan: &Plan, group: GroupId) -> String {
    let mut text = String::new();
    let mut stack = vec![group];
    while let Some(group) = stack.pop() {
        for item in &plan.group(group).items {
            match item {
                PlanItem::Task(task) => {
                    text.push_str(&format!("{} {}\n", plan.task(*task).name, plan.definition(*task)));
                }
                PlanItem::Group(inner) => stack.push(*inner),
                PlanItem::Gate(_) => {}
            }
        }
    }
    text
}

fn criteria(criteria: &[Criterion]) -> String {
    criteria
        .iter()
        .map(|criterion| format!("{:?}", Criterion { span: Default::default(), ..criterion.clone() }))
        .collect()
}

fn hash(parts: &[&str]) -> String {
    blake3::hash(json(&parts).as_bytes()).to_hex()[..16].to_string()
}
