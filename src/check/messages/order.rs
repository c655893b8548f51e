//! Order: what waits for itself, for what holds it, for nothing new, or for what never comes.

use super::list;
use crate::check::graph::{Link, is_end, nodes_along};
use crate::check::model::{Model, Node, NodeId, NodeKind};
use crate::check::order::{Order, Source};
use crate::check::redundant::{Already, Redundant};
use crate::diagnostic::{Diagnostic, Edit, codes};
use crate::source::Span;

/// How an item is called in the middle of a sentence: ``task `a` ``.
fn called(model: &Model<'_>, id: NodeId) -> String {
    let node = model.node(id);
    match node.kind {
        NodeKind::Plan(_) => "the plan".to_owned(),
        _ if node.name.is_empty() => format!("the {} on line {}", node.kind.noun(), model.line(node.span())),
        kind => format!("{} `{}`", kind.noun(), node.name),
    }
}

/// `task a { after a }`
pub(in crate::check) fn after_itself(node: &Node<'_>, span: Span, others: &[String]) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        codes::AFTER_ITSELF,
        format!("the {} `{}` comes after itself", node.kind.noun(), node.name),
        span,
        "names the item that it stands in",
    )
    .label(node.name_span(), "this one");
    match others {
        [] => diagnostic.help("remove the name"),
        [first, ..] => diagnostic.help(format!("write `{first}`, if you mean that one, or remove the name")),
    }
}

/// A task after its own wave
pub(in crate::check) fn after_container(
    model: &Model<'_>,
    id: NodeId,
    container: NodeId,
    span: Span,
) -> Diagnostic {
    Diagnostic::new(
        codes::AFTER_CONTAINER,
        format!("{} comes after {}, which holds it", called(model, id), called(model, container)),
        span,
        "is done only when all it holds is done",
    )
    .label(model.node(container).header(), "holds it")
    .help("name the items in it that must come first, or remove the name")
}

/// A wave after its own task
pub(in crate::check) fn after_member(
    model: &Model<'_>,
    id: NodeId,
    member: NodeId,
    span: Span,
) -> Diagnostic {
    Diagnostic::new(
        codes::AFTER_MEMBER,
        format!("{} comes after {}, which it holds", called(model, id), called(model, member)),
        span,
        "starts only when what holds it has started",
    )
    .label(model.place(member), "held by it")
    .help("move the `after` into the items that must wait, or take the item out")
}

/// `after` between the plan's order and a `rollback` or `finally`
pub(in crate::check) fn after_cleanup(
    model: &Model<'_>,
    id: NodeId,
    target: NodeId,
    span: Span,
) -> Diagnostic {
    let (message, here, place, help) = match (model.cleanup_of(id), model.cleanup_of(target)) {
        (Some(own), _) => {
            let word = model.node(own).kind.noun();
            let message = format!(
                "{} stands in `{word}`, and comes after {} outside of it",
                called(model, id),
                called(model, target)
            );
            let help = "remove the name: the tasks in here run one after another, in the order of the file";
            (message, format!("`{word}` starts when all else is over"), model.node(own).header(), help)
        }
        (None, theirs) => {
            let cleanup = theirs.unwrap_or(target);
            let word = model.node(cleanup).kind.noun();
            let message = format!(
                "{} comes after {}, which stands in `{word}`",
                called(model, id),
                called(model, target)
            );
            let help = "remove the name, or move that task into the plan's order";
            (message, "runs only when all else is over".to_owned(), model.node(cleanup).header(), help)
        }
    };
    Diagnostic::new(codes::AFTER_CLEANUP, message, span, here)
        .label(place, "outside the plan's order")
        .help(help)
}

/// A hole that names the output of a task in `rollback` or `finally`
pub(in crate::check) fn output_of_cleanup(model: &Model<'_>, task: NodeId, span: Span) -> Diagnostic {
    let cleanup = model.cleanup_of(task).unwrap_or(task);
    let word = model.node(cleanup).kind.noun();
    Diagnostic::new(
        codes::AFTER_CLEANUP,
        format!("{} hands its output on only in `{word}`", called(model, task)),
        span,
        "not there before all else is over",
    )
    .label(model.node(cleanup).header(), "outside the plan's order")
    .help("use the output of a task that comes before")
}

/// `assert a before b` with a task of `finally`
pub(in crate::check) fn assert_on_cleanup(
    model: &Model<'_>,
    item: NodeId,
    cleanup: NodeId,
    span: Span,
) -> Diagnostic {
    let word = model.node(cleanup).kind.noun();
    Diagnostic::new(
        codes::AFTER_CLEANUP,
        format!("{} stands in `{word}`, of whose order nothing can be claimed", called(model, item)),
        span,
        "runs only when all else is over",
    )
    .label(model.node(cleanup).header(), "outside the plan's order")
    .help("claim something of the plan's own items")
}

/// How many edges of a cycle are shown in the text; the note shows them all.
const MOST_LABELS: usize = 8;

/// Items that wait for each other
pub(in crate::check) fn dependency_cycle(model: &Model<'_>, order: &Order, way: &[Link]) -> Diagnostic {
    let nodes = nodes_along(order, way);
    let mut names: Vec<String> = nodes.iter().map(|id| model.shown(*id)).collect();
    if names.len() < 2 || names.first() != names.last() {
        names.push(names[0].clone());
    }
    let first = &way[0];
    let (from, to) = (order.vertex(first.from).node, order.vertex(first.to).node);
    let message = format!("{} waits for {}, which waits for it", called(model, from), called(model, to));
    let mut diagnostic =
        Diagnostic::new(codes::DEPENDENCY_CYCLE, message, first.place, here(model, order, first));
    let mut shown = 1;
    let mut is_whole = true;
    for link in &way[1..] {
        let (from, to) = (order.vertex(link.from), order.vertex(link.to));
        if from.node == to.node {
            continue;
        }
        if shown == MOST_LABELS {
            is_whole = false;
            break;
        }
        shown += 1;
        diagnostic = diagnostic.label(link.place, here(model, order, link));
    }
    diagnostic = diagnostic.note(format!("the circle: {}", names.join(" → ")));
    if !is_whole {
        let steps: Vec<String> = way.iter().filter_map(|link| edge(model, order, link)).collect();
        diagnostic = diagnostic.note(format!("because {}", steps.join(", ")));
    }
    diagnostic.help("remove one of the edges that are written: an `after`, or the use of an output")
}

/// What is to be seen at the place of an edge.
fn here(model: &Model<'_>, order: &Order, link: &Link) -> String {
    let (from, to) = (order.vertex(link.from).node, order.vertex(link.to).node);
    let (from_name, to_name) = (model.shown(from), model.shown(to));
    match link.source {
        Source::After => format!("`{from_name}` comes after `{to_name}`"),
        Source::Output => format!("`{from_name}` uses an output of `{to_name}`"),
        Source::Sequence => format!("`{from_name}` follows `{to_name}` in the sequence"),
        Source::Group if is_end(order, link.from) => format!("`{to_name}` is part of `{from_name}`"),
        Source::Group => format!("`{from_name}` is part of `{to_name}`"),
    }
}

fn edge(model: &Model<'_>, order: &Order, link: &Link) -> Option<String> {
    let (from, to) = (order.vertex(link.from).node, order.vertex(link.to).node);
    if from == to {
        return None;
    }
    let word = match link.source {
        Source::After => "after",
        Source::Output => "output",
        Source::Sequence => "sequence",
        Source::Group => "group",
    };
    Some(format!("{} ({word})", here(model, order, link).replace('`', "")))
}

/// An `after` that something else says already
pub(in crate::check) fn redundant_after(
    model: &Model<'_>,
    id: NodeId,
    statement: Span,
    names: &[Redundant],
) -> Diagnostic {
    let first = &names[0];
    let message = match names {
        [one] => format!("{} comes after {} anyway", called(model, id), called(model, one.target)),
        _ => {
            let shown: Vec<String> = names.iter().map(|name| model.shown(name.target)).collect();
            format!("{} comes after {} anyway", called(model, id), list(&shown, "and"))
        }
    };
    let place = names.iter().skip(1).fold(first.place, |span, name| span.to(name.place));
    let mut diagnostic = Diagnostic::new(codes::REDUNDANT_AFTER, message, place, "says nothing new");
    let mut notes: Vec<String> = Vec::new();
    for name in names {
        let note = match &name.already {
            Already::Sequence(later, earlier) => {
                let (later_name, earlier_name) = (called(model, *later), called(model, *earlier));
                if names.len() == 1 {
                    diagnostic = diagnostic
                        .label(model.node(*later).header(), format!("starts when {earlier_name} is done"));
                }
                format!("{later_name} follows {earlier_name} in a sequence")
            }
            Already::Way(nodes, places) => {
                let label =
                    |diagnostic: Diagnostic, place: &Span| diagnostic.label(*place, "orders them already");
                if names.len() == 1 {
                    diagnostic = places.iter().take(4).fold(diagnostic, label);
                }
                let names: Vec<String> = nodes.iter().map(|id| model.shown(*id)).collect();
                format!("the way: {}", names.join(" → "))
            }
        };
        if !notes.contains(&note) && notes.len() < 4 {
            notes.push(note);
        }
    }
    let diagnostic = notes.into_iter().fold(diagnostic, Diagnostic::note);
    let diagnostic = diagnostic.help(if names.len() == 1 { "remove it" } else { "remove them" });
    let edits = match names {
        [one] => without(model, one.place, statement),
        _ => without_several(model, id, names, statement),
    };
    match edits {
        edits if edits.is_empty() => diagnostic,
        edits => diagnostic.fix("remove what says nothing new", edits, true),
    }
}

/// Takes several names out of an `after` without comments.
fn without_several(model: &Model<'_>, id: NodeId, names: &[Redundant], statement: Span) -> Vec<Edit> {
    let is_gone = |place: &Span| names.iter().any(|name| name.place == *place);
    let places = model.order.afters(id).map(|edge| edge.place());
    let places: Vec<Span> = places.filter(|place| statement.contains(*place)).collect();
    let kept: Vec<&str> =
        places.iter().filter(|place| !is_gone(place)).map(|place| model.sources.text(*place)).collect();
    let (Some(first), Some(last)) = (places.first(), places.last()) else { return Vec::new() };
    match kept.is_empty() {
        true => vec![whole(model, statement)],
        false => vec![Edit { span: first.to(*last), text: kept.join(", ") }],
    }
}

/// `after a, a`
pub(in crate::check) fn after_twice(span: Span, first: Span, name: &str) -> Diagnostic {
    Diagnostic::new(codes::REDUNDANT_AFTER, format!("`{name}` is named twice"), span, "says nothing new")
        .label(first, "named first here")
        .help("remove one of the two")
}

/// The edits that take a name out of its statement, and the statement with it when nothing is left; none when a
/// comment would go too.
fn without(model: &Model<'_>, name: Span, statement: Span) -> Vec<Edit> {
    let text = model.sources.file(name.file).text();
    let behind = &text[name.end as usize..statement.end as usize];
    let before = &text[statement.start as usize..name.start as usize];
    let gone = |span: Span| Edit { span, text: String::new() };
    let comma_at = |at: u32| Span { start: at, end: at + 1, ..name };
    if let Some(comma) = commas(behind).first() {
        let rest = &behind[comma + 1..];
        let blanks = rest.len() - rest.trim_start().len();
        if behind[..*comma].contains('#') {
            return vec![gone(name), gone(comma_at(name.end + *comma as u32))];
        }
        return vec![gone(Span { end: name.end + (comma + 1 + blanks) as u32, ..name })];
    }
    if let Some(comma) = commas(before).last() {
        if before[*comma..].contains('#') {
            return vec![gone(comma_at(statement.start + *comma as u32)), gone(name)];
        }
        return vec![gone(Span { start: statement.start + *comma as u32, ..name })];
    }
    if before.contains('#') || behind.contains('#') {
        return Vec::new();
    }
    vec![whole(model, statement)]
}

/// Takes a statement out; its line too, where nothing else stands on it.
fn whole(model: &Model<'_>, statement: Span) -> Edit {
    let text = model.sources.file(statement.file).text();
    let start = statement.start as usize;
    let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let end =
        text[statement.end as usize..].find('\n').map_or(text.len(), |at| statement.end as usize + at + 1);
    let is_alone = text[line..start].trim().is_empty() && text[statement.end as usize..end].trim().is_empty();
    let span = match is_alone {
        true => Span { start: line as u32, end: end as u32, ..statement },
        false => statement,
    };
    Edit { span, text: String::new() }
}

/// Where the commas are that stand in no comment.
fn commas(text: &str) -> Vec<usize> {
    let mut is_comment = false;
    let found = text.char_indices().filter(|(_, c)| {
        is_comment = *c == '#' || (is_comment && *c != '\n');
        *c == ',' && !is_comment
    });
    found.map(|(at, _)| at).collect()
}

/// `wave a overlaps a`
pub(in crate::check) fn overlaps_itself(node: &Node<'_>, span: Span) -> Diagnostic {
    Diagnostic::new(
        codes::OVERLAPS_ITSELF,
        format!("the wave `{}` overlaps itself", node.name),
        span,
        "this very wave",
    )
    .help("name the wave that it need not wait for, or remove the `overlaps`")
}

/// `wave a overlaps task`
pub(in crate::check) fn overlaps_no_wave(model: &Model<'_>, target: NodeId, span: Span) -> Diagnostic {
    Diagnostic::new(
        codes::OVERLAPS_NO_WAVE,
        format!("{} is no wave, and only waves overlap", called(model, target)),
        span,
        "not a wave",
    )
    .label(model.place(target), format!("a {}", model.node(target).kind.noun()))
    .help("name a wave that comes before this one")
}

/// `wave a overlaps b`, where `b` comes later
pub(in crate::check) fn overlaps_later(
    model: &Model<'_>,
    id: NodeId,
    target: NodeId,
    span: Span,
) -> Diagnostic {
    let (own, other) = (model.shown(id), model.shown(target));
    Diagnostic::new(
        codes::OVERLAPS_LATER,
        format!("the wave `{own}` overlaps `{other}`, which comes later"),
        span,
        "does not hold this wave up",
    )
    .label(model.node(target).header(), "comes later")
    .help(format!("write `wave {other} overlaps {own}` in its place"))
}

/// `overlaps a, a`
pub(in crate::check) fn overlaps_twice(span: Span, first: Span, name: &str) -> Diagnostic {
    Diagnostic::new(codes::REPEATED_VALUE, format!("the wave `{name}` is listed twice"), span, "again")
        .label(first, "the first")
        .help("remove one of the two")
}

/// An `overlaps` without effect
pub(in crate::check) fn overlaps_frees_nothing(
    model: &Model<'_>,
    id: NodeId,
    other: NodeId,
    span: Span,
    gate: Option<NodeId>,
    between: Option<NodeId>,
) -> Diagnostic {
    let (own, name) = (model.shown(id), model.shown(other));
    let message = format!("`{own}` waits for `{name}` all the same");
    let mut diagnostic = Diagnostic::new(codes::OVERLAPS_FREES_NOTHING, message, span, "frees nothing");
    match (gate, between) {
        (_, Some(between)) => {
            let shown = called(model, between);
            diagnostic =
                diagnostic.label(model.node(between).header(), format!("{shown} stands between them"));
            diagnostic.help(format!("remove the `overlaps`, or let `{own}` not wait for {shown}"))
        }
        (Some(gate), None) => {
            diagnostic = diagnostic.label(model.node(gate).header(), "no task overtakes a gate");
            diagnostic.help("remove the `overlaps`, or the gate")
        }
        (None, None) => diagnostic.help("remove the `overlaps`, or the `after` that orders the two"),
    }
}

/// Tasks that start with the wave that theirs overlaps
pub(in crate::check) fn unordered_overlap(
    model: &Model<'_>,
    id: NodeId,
    other: NodeId,
    span: Span,
    free: &[NodeId],
    has_gates: bool,
) -> Diagnostic {
    let (own, name) = (model.shown(id), model.shown(other));
    let tasks = match free {
        [only] => called(model, *only),
        several => format!("{} tasks of `{own}`", several.len()),
    };
    let when = if has_gates {
        format!("with what follows the gates in `{name}`")
    } else {
        format!("together with `{name}`")
    };
    let message = format!(
        "{tasks} may start {when}: nothing else orders {}",
        if free.len() == 1 { "it" } else { "them" }
    );
    let mut diagnostic =
        Diagnostic::new(codes::UNORDERED_OVERLAP, message, span, "drops the barrier between the two");
    for id in free.iter().take(3) {
        diagnostic = diagnostic.label(model.node(*id).name_span(), "waits for nothing");
    }
    let first: Vec<String> = free.iter().take(3).map(|id| model.shown(*id)).collect();
    diagnostic.help(format!("say what {} must come after, with `after`", list(&first, "and")))
}

/// An item behind a wave's gate
pub(in crate::check) fn gate_not_last(span: Span, next: &Node<'_>, wave: &str) -> Diagnostic {
    Diagnostic::new(
        codes::GATE_NOT_LAST,
        format!("the gate is not the last item of the wave `{wave}`"),
        span,
        "ends the wave",
    )
    .label(next.header(), "comes behind it")
    .help("move the gate to the end of the wave, or put it and what it divides into a `serial` block")
}

/// A gate at the start of a sequence
pub(in crate::check) fn gate_before_anything(span: Span, sequence: &str) -> Diagnostic {
    let what = if sequence == "plan" { "the plan" } else { "the block" };
    Diagnostic::new(
        codes::GATE_BEFORE_ANYTHING,
        format!("the gate is the first item of {what}"),
        span,
        "nothing has been done that it could judge",
    )
    .help(match sequence {
        "plan" => "write `preflight { … }` for what must hold before the first task starts",
        _ => "move it behind the item that it judges, or before the block",
    })
}

/// `on no-go retry` where nothing can come out differently
pub(in crate::check) fn retry_of_nothing(span: Span, stretch: Option<(String, Span)>) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        codes::RETRY_OF_NOTHING,
        "the gate retries, and nothing before it can come out differently",
        span,
        "nothing to run again",
    );
    let help = "write `on no-go stop`, or put the gate behind the work that it judges";
    match stretch {
        Some((name, place)) => diagnostic.label(place, format!("`{name}` only waits or asks")).help(help),
        None => diagnostic.help(help),
    }
}

/// `on no-go skip to` something that is not later
pub(in crate::check) fn skip_to_not_later(
    model: &Model<'_>,
    gate: NodeId,
    target: NodeId,
    span: Span,
) -> Diagnostic {
    let here = match () {
        _ if target == gate => "the gate itself",
        _ if model.holds(target, gate) => "holds the gate",
        _ if model.cleanup_of(target).is_some() => "runs only when all else is over",
        _ if target < gate => "comes before the gate",
        _ => "runs side by side with the gate's own sequence",
    };
    Diagnostic::new(
        codes::SKIP_TO_NOT_LATER,
        format!("a gate skips ahead, and {} is not ahead of it", called(model, target)),
        span,
        here,
    )
    .label(model.node(gate).header(), "the gate")
    .help("name an item that comes later in the same sequence, such as a later wave")
}
