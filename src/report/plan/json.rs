//! The plan as JSON, for tools: everything by name, times in milliseconds. Its schema is `docs/schema/plan.json`.
//!
//! Fields are only ever added within a version.

use super::{View, Wait, words};
use crate::plan::{
    Action, Claim, Criterion, GroupId, GroupKind, Isolation, Item, NeedSource, OnFailure, OnNoGo, Test,
};
use crate::plan::{StepKind, TaskId};
use crate::report::json::document;
use crate::schedule::Slot;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// The version of the format.
pub const VERSION: u32 = 1;

/// The whole plan on one line, or laid out for people.
pub fn render(view: &View, is_pretty: bool) -> String {
    document(&value(view), is_pretty)
}

/// The whole plan.
pub fn value(view: &View) -> Value {
    let (plan, forecast) = (view.plan, view.forecast);
    let name = |task: &TaskId| &plan.task(*task).name;
    let params = plan.params.iter().map(|p| json!({ "name": p.name, "value": p.value, "is_set": p.is_set }));
    let agents = plan.agents.iter().map(|agent| {
        json!({ "name": agent.name, "driver": agent.driver, "model": some(&agent.model), "instances": agent.instances })
    });
    let resources = plan.resources.iter().map(|r| json!({ "name": r.name, "capacity": r.capacity }));
    json!({
        "version": VERSION,
        "name": plan.name,
        "title": plan.title,
        "workers": plan.workers,
        "params": params.collect::<Vec<_>>(),
        "agents": agents.collect::<Vec<_>>(),
        "resources": resources.collect::<Vec<_>>(),
        "preflight": criteria(view, &plan.preflight),
        "groups": (0..plan.groups.len() as u32).map(|id| group(view, GroupId(id))).collect::<Vec<_>>(),
        "tasks": plan.task_ids().map(|id| task(view, id)).collect::<Vec<_>>(),
        "gates": (0..plan.gates.len() as u32).map(|id| gate(view, id)).collect::<Vec<_>>(),
        "finally": plan.finally.iter().map(name).collect::<Vec<_>>(),
        "forecast": {
            "tasks": forecast.tasks,
            "makespan": milliseconds(forecast.makespan),
            "serial": milliseconds(forecast.serial),
            "longest_path": milliseconds(forecast.longest_path),
            "finally": milliseconds(forecast.finally),
            "speedup": forecast.speedup(),
            "workers": forecast.workers,
            "width": forecast.width,
            "critical": forecast.critical.iter().filter_map(|step| view.name(*step)).collect::<Vec<_>>(),
            "timeline": forecast.timeline.iter().map(|(t, n)| json!([milliseconds(*t), n])).collect::<Vec<_>>(),
            "missing": forecast.missing.iter().map(name).collect::<Vec<_>>(),
            "corrections": view.corrections.map(|(corrections, own)| json!({
                "runs": corrections.runs(),
                "confidence": corrections.confidence().word(),
                "own_makespan": milliseconds(own),
                "tasks": plan.task_ids().filter_map(|task| corrections.of(task).map(|(basis, factor)| json!({
                    "task": name(&task),
                    "by": basis.word(),
                    "factor": factor.factor,
                    "runs": factor.runs.len(),
                    "confidence": factor.confidence.word(),
                }))).collect::<Vec<_>>(),
            })),
            "uncertainty": view.samples.map(|samples| json!({
                "rounds": samples.rounds(),
                "p10": milliseconds(samples.quantile(0.1)),
                "p50": milliseconds(samples.quantile(0.5)),
                "p90": milliseconds(samples.quantile(0.9)),
            })),
            "levers": view.levers.iter().map(|lever| {
                json!({ "change": view.lever(lever.change), "saves": milliseconds(lever.saves) })
            }).collect::<Vec<_>>(),
            "cost": {
                "money": forecast.cost.money.map(|(least, most)| json!([least, most])),
                "tokens": forecast.cost.tokens.map(|(least, most)| json!([least, most])),
                "missing": forecast.cost.missing.iter().map(name).collect::<Vec<_>>(),
            },
        },
    })
}

fn group(view: &View, id: GroupId) -> Value {
    let group = view.plan.group(id);
    let items = group.items.iter().map(|item| match item {
        Item::Group(group) => json!({ "group": view.plan.group(*group).name }),
        Item::Task(task) => json!({ "task": view.plan.task(*task).name }),
        Item::Gate(gate) => json!({ "gate": view.plan.gate(*gate).name }),
    });
    let kind = match group.kind {
        GroupKind::Plan => "plan",
        GroupKind::Wave => "wave",
        GroupKind::Parallel => "parallel",
        GroupKind::Serial => "serial",
    };
    json!({
        "name": group.name,
        "kind": kind,
        "title": group.title,
        "docs": some(&group.docs),
        "because": some(&group.because),
        "parent": group.parent.map(|parent| &view.plan.group(parent).name),
        "items": items.collect::<Vec<_>>(),
        "after": view.enter_step(id).map_or_else(Vec::new, |step| waits(view, step)),
        "overlaps": group.overlaps,
        "workers": group.workers,
        "success": criteria(view, &group.success),
        "rollback": group.rollback.iter().map(|task| &view.plan.task(*task).name).collect::<Vec<_>>(),
        "left_out": group.left_out,
        "forecast": slot(view.forecast.group(id)),
    })
}

fn task(view: &View, id: TaskId) -> Value {
    let task = view.plan.task(id);
    let plan = view.plan;
    let mut action = Map::new();
    let kind = match &task.action {
        Action::Shell(_) | Action::Program(_) => "run",
        Action::Prompt(_) => "prompt",
        Action::PromptFile(_) => "prompt_file",
        Action::Wait(_) => "wait",
        Action::Approve(_) => "approve",
    };
    action.insert("kind".into(), kind.into());
    action.insert("text".into(), words::action(plan, &task.action).into());
    let range = |pair: Option<(u64, u64)>| pair.map(|(least, most)| json!([least, most]));
    json!({
        "name": task.name,
        "title": task.title,
        "id": some(&task.id),
        "docs": some(&task.docs),
        "because": some(&task.because),
        "group": plan.group(task.group).name,
        "action": action,
        "agent": task.agent.map(|agent| &plan.agent(agent).name),
        "after": task.step.map_or_else(Vec::new, |step| waits(view, step)),
        "claims": {
            "is_known": task.claims.is_known,
            "paths": task.claims.claims.iter().map(claim).collect::<Vec<_>>(),
        },
        "uses": task.uses.iter().map(|(resource, amount)| {
            json!({ "resource": plan.resources[resource.index()].name, "amount": amount })
        }).collect::<Vec<_>>(),
        "estimate": task.estimate.map(|estimate| json!({
            "least": milliseconds(estimate.least),
            "likeliest": estimate.likeliest.map(milliseconds),
            "most": milliseconds(estimate.most),
            "expected": milliseconds(estimate.expected()),
        })),
        "cost": { "money": range(task.cost.money), "tokens": range(task.cost.tokens) },
        "timeout": task.timeout.map(milliseconds),
        "retries": task.retries.count,
        "isolation": match task.isolation {
            Isolation::Shared => "shared",
            Isolation::Worktree => "worktree",
            Isolation::Copy => "copy",
        },
        "on_failure": match task.on_failure {
            OnFailure::Stop => "stop",
            OnFailure::Cancel => "cancel",
            OnFailure::Continue => "continue",
        },
        "priority": task.priority,
        "tags": task.tags,
        "outputs": task.outputs.iter().map(|output| &output.name).collect::<Vec<_>>(),
        "success": criteria(view, &task.success),
        "left_out": task.left_out,
        "criticality": view.samples.map(|samples| samples.criticality(id)),
        "forecast": task.step.map(|step| slot(view.forecast.step(step))),
    })
}

fn gate(view: &View, id: u32) -> Value {
    let id = crate::plan::GateId(id);
    let gate = view.plan.gate(id);
    let step = view.gate_step(id);
    let approvals = gate.approvals.iter().map(|approval| {
        json!({
            "question": words::template(view.plan, &approval.question),
            "by": some(&approval.by),
            "within": approval.within.map(milliseconds),
            "otherwise": approval.within.map(|_| if approval.otherwise_continue { "continue" } else { "stop" }),
        })
    });
    let on_no_go = match gate.on_no_go {
        OnNoGo::Stop => json!({ "action": "stop" }),
        OnNoGo::Continue => json!({ "action": "continue" }),
        OnNoGo::Retry(times) => json!({ "action": "retry", "up_to": times }),
        OnNoGo::SkipTo(step) => {
            let to = match view.plan.step(step).kind {
                StepKind::Enter(group) => Some(&*view.plan.group(group).name),
                _ => view.name(step),
            };
            json!({ "action": "skip_to", "to": to })
        }
    };
    json!({
        "name": gate.name,
        "title": gate.title,
        "group": view.plan.group(gate.group).name,
        "after": step.map_or_else(Vec::new, |step| waits(view, step)),
        "checks": criteria(view, &gate.checks),
        "approvals": approvals.collect::<Vec<_>>(),
        "on_no_go": on_no_go,
        "left_out": gate.left_out,
        "forecast": step.map(|step| slot(view.forecast.step(step))),
    })
}

fn waits(view: &View, step: crate::plan::StepId) -> Vec<Value> {
    let wait = |wait| match wait {
        Wait::For(name, source) => {
            let why = match source {
                NeedSource::Group => "group",
                NeedSource::Sequence => "sequence",
                NeedSource::After => "after",
                NeedSource::Output => "output",
            };
            json!({ "until": "succeeded", "names": [name], "why": why })
        }
        Wait::ForAny(names) => json!({ "until": "any_succeeded", "names": names, "why": "after" }),
        Wait::ForEnd(name) => json!({ "until": "finished", "names": [name], "why": "after" }),
    };
    view.waits(step).into_iter().map(wait).collect()
}

fn claim(claim: &Claim) -> Value {
    json!({ "kind": claim.kind.word(), "glob": claim.glob, "section": claim.section, "except": claim.except })
}

fn criteria(view: &View, criteria: &[Criterion]) -> Vec<Value> {
    let test = |test: &Test| match test {
        Test::Runs { command, .. } => ("runs", words::command(view.plan, command)),
        Test::Exists(glob) => ("exists", words::template(view.plan, glob)),
        Test::Missing(glob) => ("missing", words::template(view.plan, glob)),
        Test::Contains { pattern, .. } => ("contains", pattern.clone()),
        Test::Lacks { pattern, .. } => ("lacks", pattern.clone()),
        Test::ValueAt { pointer, .. } => ("value_at", pointer.clone()),
        Test::ValueOf { command, .. } => ("value_of", words::command(view.plan, command)),
        Test::Judged { question, .. } => ("judged", words::template(view.plan, question)),
        Test::Manual => ("manual", String::new()),
    };
    let criterion = |criterion: &Criterion| {
        let (kind, text) = test(&criterion.test);
        json!({ "title": criterion.title, "test": kind, "text": some(&text) })
    };
    criteria.iter().map(criterion).collect()
}

fn slot(slot: &Slot) -> Value {
    json!({
        "start": milliseconds(slot.start),
        "end": milliseconds(slot.end),
        "slack": milliseconds(slot.slack),
        "waited": milliseconds(slot.waited),
        "is_critical": slot.is_critical,
        "is_skipped": slot.is_skipped,
    })
}

fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
