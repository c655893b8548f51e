//! The plan as Mermaid diagrams: a flowchart of the order, and a Gantt chart of the forecast.
//!
//! Knows what Mermaid's parser trips over: names become plain ids, and texts lose what it would read as syntax.

use super::{View, own_name};
use crate::plan::{GateId, Group, GroupId, GroupKind, Item, Need, NeedSource, StepId, StepKind, TaskId};
use crate::report::words::one_line;
use std::fmt::Write as _;

/// The order: groups as boxes in boxes, gates as diamonds, the critical tasks set off.
pub fn flowchart(view: &View) -> String {
    let mut text = String::from("flowchart TD\n");
    if let Some(plan) = view.plan.groups.first() {
        boxes(view, plan, 1, &mut text);
    }
    for id in view.plan.step_ids() {
        edges(view, id, &mut text);
    }
    let is_critical = |step: &StepId| {
        let slot = view.forecast.step(*step);
        slot.is_critical && !slot.duration().is_zero()
    };
    let is_task = |step: &StepId| matches!(view.plan.step(*step).kind, StepKind::Task(_));
    let critical = view.plan.step_ids().filter(is_task).filter(is_critical);
    let critical: Vec<String> = critical.filter_map(|step| node(view, step)).collect();
    text.push_str("  classDef critical stroke:#c2410c,stroke-width:3px\n");
    text.push_str("  classDef leftout stroke-dasharray:4 4,opacity:0.6\n");
    if !critical.is_empty() {
        let _ = writeln!(text, "  class {} critical", critical.join(","));
    }
    let left_out: Vec<String> = (view.plan.task_ids())
        .filter(|task| view.plan.task(*task).left_out.is_some() && view.plan.task(*task).step.is_some())
        .map(task_id)
        .collect();
    if !left_out.is_empty() {
        let _ = writeln!(text, "  class {} leftout", left_out.join(","));
    }
    text
}

/// The forecast: a section a wave, gates as milestones, critical tasks marked. Its clock starts at zero.
pub fn gantt(view: &View) -> String {
    let mut text = String::from("gantt\n");
    let title = if view.plan.title.is_empty() { &view.plan.name } else { &view.plan.title };
    let _ = writeln!(text, "  title {}", plain(title));
    // The times are moments since the start, in milliseconds, as the axis shows hours and minutes of a day at most.
    text.push_str("  dateFormat x\n");
    let is_long = view.forecast.makespan.as_secs() >= 86_400;
    let _ = writeln!(text, "  axisFormat {}", if is_long { "%-jd %H:%M" } else { "%H:%M" });
    if let Some(plan) = view.plan.groups.first() {
        let mut is_open = false;
        for item in &plan.items {
            match item {
                Item::Group(group) => {
                    let group = view.plan.group(*group);
                    let name = match (group.title.is_empty(), group.name.contains('@')) {
                        (false, _) => &group.title,
                        (true, true) => kind_word(group.kind),
                        (true, false) => &group.name,
                    };
                    let _ = writeln!(text, "  section {}", plain(name));
                    bars(view, group, &mut text);
                    is_open = false;
                }
                Item::Task(_) | Item::Gate(_) => {
                    if !std::mem::replace(&mut is_open, true) {
                        let _ = writeln!(text, "  section {}", plain(&plan.name));
                    }
                    bar(view, plan, item, &mut text);
                }
            }
        }
    }
    text
}

fn bars(view: &View, group: &Group, text: &mut String) {
    for item in &group.items {
        match item {
            Item::Group(inner) => bars(view, view.plan.group(*inner), text),
            Item::Task(_) | Item::Gate(_) => bar(view, group, item, text),
        }
    }
}

fn bar(view: &View, holder: &Group, item: &Item, text: &mut String) {
    let (name, id, step, is_gate) = match item {
        Item::Task(task) => {
            (own_name(&view.plan.task(*task).name, holder), task_id(*task), view.plan.task(*task).step, false)
        }
        Item::Gate(gate) => {
            let of = view.plan.gate(*gate);
            let name = if of.title.is_empty() { own_name(&of.name, holder) } else { &of.title };
            (name, gate_id(*gate), view.gate_step(*gate), true)
        }
        Item::Group(_) => return,
    };
    let Some(step) = step else { return };
    let slot = view.forecast.step(step);
    if slot.is_skipped {
        return;
    }
    let duration = slot.duration().as_millis();
    let tags = match (is_gate || duration == 0, slot.is_critical) {
        (true, true) => "milestone, crit, ",
        (true, false) => "milestone, ",
        (false, true) => "crit, ",
        (false, false) => "",
    };
    let _ = writeln!(text, "  {} :{tags}{id}, {}, {duration}ms", plain(name), slot.start.as_millis());
}

fn boxes(view: &View, group: &Group, depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    for item in &group.items {
        match item {
            Item::Task(id) => {
                let task = view.plan.task(*id);
                let name = quoted(own_name(&task.name, group));
                let time = task.estimate.as_ref().map(super::words::estimate);
                let below =
                    [Some(view.who(task).to_string()), time].into_iter().flatten().collect::<Vec<_>>();
                let _ = writeln!(
                    text,
                    "{indent}{}[\"{name}<br/><small>{}</small>\"]",
                    task_id(*id),
                    quoted(&below.join(" · "))
                );
            }
            Item::Gate(id) => {
                let gate = view.plan.gate(*id);
                let question = if gate.title.is_empty() { "go?" } else { &gate.title };
                let _ = writeln!(text, "{indent}{}{{\"{}\"}}", gate_id(*id), quoted(question));
            }
            Item::Group(id) => {
                let inner = view.plan.group(*id);
                let name = own_name(&inner.name, group);
                let label = match (inner.title.is_empty(), name.contains('@')) {
                    (false, true) => quoted(&inner.title),
                    (false, false) => format!("{} — {}", quoted(name), quoted(&inner.title)),
                    (true, true) => kind_word(inner.kind).to_string(),
                    (true, false) => quoted(name),
                };
                let _ = writeln!(text, "{indent}subgraph {}[\"{label}\"]", group_id(*id));
                boxes(view, inner, depth + 1, text);
                let _ = writeln!(text, "{indent}end");
            }
        }
    }
}

fn edges(view: &View, id: StepId, text: &mut String) {
    let step = view.plan.step(id);
    let target = match step.kind {
        StepKind::Enter(group) if view.plan.group(group).parent.is_some() => group_id(group),
        StepKind::Task(_) | StepKind::Gate(_) => node(view, id).expect("BUG: tasks and gates are nodes"),
        StepKind::Enter(_) | StepKind::Success(_) | StepKind::Leave(_) => return,
    };
    let is_gate = matches!(step.kind, StepKind::Gate(_));
    let mut seen: Vec<String> = Vec::new();
    for need in &step.needs {
        let arrow = match need {
            // That an item is in its group is seen; that a last gate closes its items is not.
            Need::Succeeded(_, NeedSource::Group) if !is_gate => continue,
            Need::Succeeded(..) => "-->",
            Need::AnySucceeded(_) => "-- any of --->",
            Need::Finished(_) => "-. finished .->",
        };
        for needed in need.steps().flat_map(|needed| view.behind(needed)) {
            if let Some(from) = node(view, needed) {
                let edge = format!("  {from} {arrow} {target}\n");
                if !seen.contains(&edge) {
                    text.push_str(&edge);
                    seen.push(edge);
                }
            }
        }
    }
}

fn node(view: &View, step: StepId) -> Option<String> {
    match view.plan.step(step).kind {
        StepKind::Task(task) => Some(task_id(task)),
        StepKind::Gate(gate) => Some(gate_id(gate)),
        StepKind::Leave(group) if view.plan.group(group).parent.is_some() => Some(group_id(group)),
        StepKind::Enter(_) | StepKind::Success(_) | StepKind::Leave(_) => None,
    }
}

fn task_id(task: TaskId) -> String {
    format!("t{}", task.0)
}

fn gate_id(gate: GateId) -> String {
    format!("g{}", gate.0)
}

fn group_id(group: GroupId) -> String {
    format!("w{}", group.0)
}

fn kind_word(kind: GroupKind) -> &'static str {
    match kind {
        GroupKind::Plan => "plan",
        GroupKind::Wave => "wave",
        GroupKind::Parallel => "parallel",
        GroupKind::Serial => "serial",
    }
}

/// For between quotes in a flowchart: entities for what would end them or be markup.
fn quoted(text: &str) -> String {
    let mut safe = String::new();
    for char in one_line(text, usize::MAX).chars() {
        match char {
            '"' => safe.push_str("#quot;"),
            '#' => safe.push_str("#35;"),
            '<' => safe.push_str("#lt;"),
            '>' => safe.push_str("#gt;"),
            '&' => safe.push_str("#amp;"),
            '`' | '*' | '_' | '[' | ']' | '{' | '}' | '\\' | '$' => {
                let _ = write!(safe, "#{};", u32::from(char));
            }
            char => safe.push(char),
        }
    }
    // Even between quotes it reads a line with `direction LR` as a statement.
    const WORD: &str = "direction";
    while let Some(at) = safe.to_ascii_lowercase().find(WORD) {
        let letter = u32::from(safe.as_bytes()[at]);
        safe.replace_range(at..=at, &format!("#{letter};"));
    }
    safe
}

/// For a Gantt chart, which knows no quotes: what it reads as syntax becomes something alike.
fn plain(text: &str) -> String {
    let safe: String = one_line(text, usize::MAX)
        .chars()
        .map(|char| match char {
            ':' => '∶',
            ';' | ',' => '‚',
            '#' => '♯',
            '%' => '٪',
            '{' | '[' => '(',
            '}' | ']' => ')',
            '<' => '‹',
            '>' => '›',
            '"' | '`' => '\'',
            char => char,
        })
        .collect();
    if safe.is_empty() {
        return "–".to_string();
    }
    // What would read as a statement of the chart's own gets a mark before it that nobody sees.
    if begins_as_statement(&safe) { format!("\u{2060}{safe}") } else { safe }
}

/// Whether Mermaid would take a line that begins so for something else than a task: a word of its own, or a date.
fn begins_as_statement(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "gantt",
        "dateformat",
        "inclusiveenddates",
        "topaxis",
        "axisformat",
        "tickinterval",
        "includes",
        "excludes",
        "todaymarker",
        "weekday",
        "weekend",
        "title",
        "acctitle",
        "accdescr",
        "accdescription",
        "section",
        "href",
        "call",
        "click",
    ];
    let word =
        text.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default().to_ascii_lowercase();
    let is_number = word.len() == 4 && word.bytes().all(|byte| byte.is_ascii_digit());
    is_number || WORDS.contains(&word.as_str())
}
