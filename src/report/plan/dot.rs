//! The plan as a Graphviz graph: groups as clusters, gates as diamonds, edges between clusters where groups wait.
//!
//! Knows only the language of `dot`; the order is the plan's.

use super::{View, own_name};
use crate::plan::{Group, GroupId, Item, Need, NeedSource, StepId, StepKind};
use crate::report::words::one_line;
use std::fmt::Write as _;

/// The whole graph.
pub fn render(view: &View) -> String {
    let mut text = format!("digraph {} {{\n", quoted(&view.plan.name));
    text.push_str(
        "  graph [compound=true, rankdir=LR, fontname=\"Helvetica\", style=rounded, color=\"#94a3b8\"]\n",
    );
    text.push_str("  node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"Helvetica\"]\n");
    text.push_str("  edge [color=\"#475569\", fontname=\"Helvetica\", fontsize=10]\n");
    if let Some(plan) = view.plan.groups.first() {
        let _ = writeln!(
            text,
            "  label={}; labelloc=t",
            quoted(if plan.title.is_empty() { &plan.name } else { &plan.title })
        );
        cluster(view, plan, 1, &mut text);
    }
    for id in view.plan.step_ids() {
        edges(view, id, &mut text);
    }
    text.push_str("}\n");
    text
}

fn cluster(view: &View, group: &Group, depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    for item in &group.items {
        match item {
            Item::Task(id) => {
                let task = view.plan.task(*id);
                let mut label = own_name(&task.name, group).to_string();
                let time = task.estimate.as_ref().map(super::words::estimate);
                let below =
                    [Some(view.who(task).to_string()), time].into_iter().flatten().collect::<Vec<_>>();
                let _ = write!(label, "\n{}", below.join(" · "));
                let is_critical = task.step.is_some_and(|step| {
                    let slot = view.forecast.step(step);
                    slot.is_critical && !slot.duration().is_zero()
                });
                let style = match (&task.left_out, is_critical) {
                    (Some(_), _) => ", style=\"rounded,dashed\", fontcolor=\"#94a3b8\"",
                    (None, true) => ", color=\"#c2410c\", penwidth=2.5",
                    (None, false) => "",
                };
                let _ = writeln!(text, "{indent}t{} [label={}{style}]", id.0, quoted(&label));
            }
            Item::Gate(id) => {
                let gate = view.plan.gate(*id);
                let question = if gate.title.is_empty() { "go?" } else { &gate.title };
                let _ = writeln!(
                    text,
                    "{indent}g{} [label={}, shape=diamond, style=filled, fillcolor=\"#fef3c7\"]",
                    id.0,
                    quoted(question)
                );
            }
            Item::Group(id) => {
                let inner = view.plan.group(*id);
                let name = own_name(&inner.name, group);
                let label = match (inner.title.is_empty(), name.contains('@')) {
                    (false, true) => inner.title.clone(),
                    (false, false) => format!("{name}: {}", inner.title),
                    (true, true) => String::new(),
                    (true, false) => name.to_string(),
                };
                let _ = writeln!(text, "{indent}subgraph cluster_{} {{", id.0);
                let _ = writeln!(text, "{indent}  label={}", quoted(&label));
                cluster(view, inner, depth + 1, text);
                let _ = writeln!(text, "{indent}}}");
            }
        }
    }
}

/// A node, and the cluster that it stands for.
type End = (String, Option<GroupId>);

fn edges(view: &View, id: StepId, text: &mut String) {
    let step = view.plan.step(id);
    let Some((target, head)) = (match step.kind {
        StepKind::Enter(group) if view.plan.group(group).parent.is_some() => {
            any_node(view, group, true).map(|node| (node, Some(group)))
        }
        StepKind::Task(task) => Some((format!("t{}", task.0), None)),
        StepKind::Gate(gate) => Some((format!("g{}", gate.0), None)),
        StepKind::Enter(_) | StepKind::Success(_) | StepKind::Leave(_) => None,
    }) else {
        return;
    };
    let is_gate = matches!(step.kind, StepKind::Gate(_));
    let mut seen: Vec<End> = Vec::new();
    for need in &step.needs {
        let mut style = match need {
            // That an item is in its group is seen; that a last gate closes its items is not.
            Need::Succeeded(_, NeedSource::Group) if !is_gate => continue,
            Need::Succeeded(..) => Vec::new(),
            Need::AnySucceeded(_) => vec!["label=\"any of\"".to_string()],
            Need::Finished(_) => vec!["label=finished".to_string(), "style=dashed".to_string()],
        };
        for needed in need.steps().flat_map(|needed| view.behind(needed)) {
            let Some(end) = tail(view, needed) else { continue };
            if seen.contains(&end) {
                continue;
            }
            let (from, tail) = end.clone();
            seen.push(end);
            let plain = style.len();
            style.extend(tail.map(|group| format!("ltail=cluster_{}", group.0)));
            style.extend(head.map(|group| format!("lhead=cluster_{}", group.0)));
            let attributes =
                if style.is_empty() { String::new() } else { format!(" [{}]", style.join(", ")) };
            let _ = writeln!(text, "  {from} -> {target}{attributes}");
            style.truncate(plain);
        }
    }
}

fn tail(view: &View, step: StepId) -> Option<End> {
    match view.plan.step(step).kind {
        StepKind::Task(task) => Some((format!("t{}", task.0), None)),
        StepKind::Gate(gate) => Some((format!("g{}", gate.0), None)),
        StepKind::Leave(group) => any_node(view, group, false).map(|node| (node, Some(group))),
        StepKind::Enter(_) | StepKind::Success(_) => None,
    }
}

/// The first or the last node in a group: an edge needs one to point at.
fn any_node(view: &View, group: GroupId, is_first: bool) -> Option<String> {
    let items = &view.plan.group(group).items;
    let node = |item: &Item| match item {
        Item::Task(task) => Some(format!("t{}", task.0)),
        Item::Gate(gate) => Some(format!("g{}", gate.0)),
        Item::Group(inner) => any_node(view, *inner, is_first),
    };
    if is_first { items.iter().find_map(node) } else { items.iter().rev().find_map(node) }
}

fn quoted(text: &str) -> String {
    let mut safe = String::from("\"");
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            safe.push_str("\\n");
        }
        for char in one_line(line, usize::MAX).chars() {
            if matches!(char, '"' | '\\') {
                safe.push('\\');
            }
            safe.push(char);
        }
    }
    safe.push('"');
    safe
}
