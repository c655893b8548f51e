//! The run for programs: one event a line, with names in place of ids. The schema is `docs/schema/event.json`.
//! Also how any whole document is laid out as JSON.

use super::{gate_name, group_name, task_name, words};
use crate::event::progress::Progress;
use crate::event::{ApprovalOwner, CheckOwner, Entry, Event};
use serde_json::{Map, Value, json};

/// The version of the stream: one more whenever a field changes its meaning or goes.
pub const VERSION: u32 = 1;

/// A document with its line break: on one line, or laid out for people.
pub fn document(value: &Value, is_pretty: bool) -> String {
    if is_pretty { format!("{value:#}\n") } else { format!("{value}\n") }
}

/// An entry as a line of JSON, without the line break.
pub fn line(progress: &Progress, run: i64, entry: &Entry) -> String {
    let event =
        serde_json::to_value(&entry.event).expect("BUG: an event has only string keys and finite numbers");
    let mut object = match event {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    let kind = object.remove("event").unwrap_or_default();
    name(progress, &entry.event, &mut object);
    // What every line has comes first, in one order: lines can be read by eye and cut by simple tools.
    let head =
        format!("{{\"v\":{VERSION},\"run\":{run},\"seq\":{},\"at\":{},\"event\":{kind}", entry.seq, entry.at);
    let rest = Value::Object(object).to_string();
    match rest.strip_prefix('{') {
        Some("}") | None => format!("{head}}}"),
        Some(rest) => format!("{head},{rest}"),
    }
}

/// Puts names where ids stand, and beside places what they mean.
fn name(progress: &Progress, event: &Event, object: &mut Map<String, Value>) {
    match event {
        Event::RunStarted { .. } => {
            object.insert("plan".into(), json!(progress.plan.name));
            object.insert("tasks".into(), json!(progress.plan.tasks.len()));
        }
        Event::CheckEnded { owner, index, .. } => {
            object.insert("owner".into(), check_owner(progress, *owner));
            object.insert("criterion".into(), json!(words::criterion_title(progress, *owner, *index)));
        }
        Event::AttemptStarting { task, .. } => {
            object.insert("task".into(), json!(task_name(progress, *task)));
            let agent = progress.plan.tasks.get(task.index()).and_then(|task| task.agent);
            if let Some(agent) = agent {
                object.insert("agent".into(), json!(progress.plan.agent(agent).name));
            }
        }
        Event::OutputTaken { task, index, .. } => {
            object.insert("task".into(), json!(task_name(progress, *task)));
            let outputs = progress.plan.tasks.get(task.index()).map(|task| &task.outputs);
            if let Some(output) = outputs.and_then(|outputs| outputs.get(*index as usize)) {
                object.insert("output".into(), json!(output.name));
            }
        }
        Event::AttemptRunning { task, .. }
        | Event::SessionOpened { task, .. }
        | Event::TreeForked { task, .. }
        | Event::TaskCommitted { task, .. }
        | Event::TaskMerged { task, .. }
        | Event::MergeConflicted { task, .. }
        | Event::AttemptEnded { task, .. }
        | Event::RetryScheduled { task, .. }
        | Event::TaskEnded { task, .. } => {
            object.insert("task".into(), json!(task_name(progress, *task)));
        }
        Event::GateStarted { gate } | Event::GateEnded { gate, .. } => {
            object.insert("gate".into(), json!(gate_name(progress, *gate)));
        }
        Event::Restarted { gate, tasks, .. } => {
            object.insert("gate".into(), json!(gate_name(progress, *gate)));
            let names: Vec<&str> = tasks.iter().map(|task| task_name(progress, *task)).collect();
            object.insert("tasks".into(), json!(names));
        }
        Event::ApprovalAsked { owner, .. } | Event::ApprovalAnswered { owner, .. } => {
            let value = match owner {
                ApprovalOwner::Gate(gate) => json!({ "kind": "gate", "name": gate_name(progress, *gate) }),
                ApprovalOwner::Task(task) => json!({ "kind": "task", "name": task_name(progress, *task) }),
                ApprovalOwner::Check(owner) => {
                    let mut value = check_owner(progress, *owner);
                    value["is_criterion"] = json!(true);
                    value
                }
            };
            object.insert("owner".into(), value);
        }
        Event::GroupStarted { group }
        | Event::GroupEnded { group, .. }
        | Event::CleanupStarted { group, .. } => {
            object.insert("group".into(), json!(group_name(progress, *group)));
        }
        Event::BranchStarted { .. }
        | Event::BranchMoved { .. }
        | Event::StopRequested { .. }
        | Event::RunEnded { .. } => {}
    }
}

fn check_owner(progress: &Progress, owner: CheckOwner) -> Value {
    match owner {
        CheckOwner::Preflight => json!({ "kind": "preflight" }),
        CheckOwner::Task(task, attempt) => {
            json!({ "kind": "task", "name": task_name(progress, task), "attempt": attempt })
        }
        CheckOwner::Group(group) => json!({ "kind": "group", "name": group_name(progress, group) }),
        CheckOwner::Gate(gate) => json!({ "kind": "gate", "name": gate_name(progress, gate) }),
    }
}
