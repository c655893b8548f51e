//! The passes over a graph without cycles: `after`s that say nothing new, and `overlaps` that free nothing or too much.

use super::model::{Model, NodeId, NodeKind, ScopeId};
use super::order::{Order, Source, VertexId, gates_in, last_gate};
use super::{Findings, Input, messages};
use crate::source::Span;
use crate::syntax::ast::AfterMode;
use std::collections::HashMap;

/// How many edges the whole pass may follow: past it a note is left unsaid, never a mistake.
const MOST_STEPS: usize = 5_000_000;

/// Why an `after` says nothing new.
#[derive(Clone, Debug)]
pub(super) enum Already {
    /// Two members of a sequence: the later one's and the earlier one's branch.
    Sequence(NodeId, NodeId),
    /// Other edges lead there: the nodes on the way, both ends among them, and where each edge is written.
    Way(Vec<NodeId>, Vec<Span>),
}

/// Notes redundant `after`s and judges `overlaps`: nothing here is an error.
pub(super) fn redundant<'a>(model: &mut Model<'a>, input: &Input<'a>, findings: &mut Findings) {
    let order = &model.order;
    let is_sorted = order.sorted.len() == order.vertices.len();
    if !is_sorted || findings.is_order_unsure || input.options.is_brief() {
        return;
    }
    let has_overlaps = model.nodes.iter().any(|node| !node.overlaps().is_empty());
    let seen = vec![0; order.vertices.len()];
    let position = positions(order);
    let mut search =
        Search { model, order, position, has_overlaps, steps: 0, seen, turn: 0, open: Vec::new() };
    afters(&mut search, findings);
    overlaps(&mut search, findings);
}

fn positions(order: &Order) -> Vec<u32> {
    let mut position = vec![0; order.vertices.len()];
    for (at, vertex) in order.sorted.iter().enumerate() {
        position[vertex.index()] = at as u32;
    }
    position
}

struct Search<'m, 'a> {
    model: &'m Model<'a>,
    order: &'m Order,
    position: Vec<u32>,
    has_overlaps: bool,
    steps: usize,
    /// By vertex: the last search that has met it.
    seen: Vec<u32>,
    /// How many searches there have been.
    turn: u32,
    /// What the search has met, in the order in which it met it.
    open: Vec<Reached>,
}

/// What a search has met.
#[derive(Clone, Copy)]
struct Reached {
    at: VertexId,
    /// From where: the index of what was met before.
    from: u32,
    /// Where the edge that led here is written, if it is.
    place: Option<Span>,
}

fn afters(search: &mut Search<'_, '_>, findings: &mut Findings) {
    let (model, order) = (search.model, search.order);
    let mut told: Vec<Told> = Vec::new();
    // A name in a `for` says something new as long as it does so in one turn: where each is in `told`.
    let mut turns: HashMap<Span, usize> = HashMap::new();
    for id in model.node_ids() {
        let is_repeated = model.node(id).scope != ScopeId(0);
        for after in order.afters(id).filter(|after| after.mode == AfterMode::All) {
            let (target, place) = (order.vertex(after.to).node, after.place());
            let before = if is_repeated { turns.get(&place).copied() } else { None };
            if before.is_some_and(|at| told[at].already.is_none()) {
                continue;
            }
            let already = search.already(id, target, place);
            let now = Told { id, target, place, already };
            match before {
                Some(at) => told[at] = now,
                None if is_repeated => {
                    turns.insert(place, told.len());
                    told.push(now);
                }
                None if now.already.is_some() => told.push(now),
                None => {}
            }
        }
    }
    // What one statement says too much is told in one go.
    let mut statements: Vec<(NodeId, Span, Vec<Redundant>)> = Vec::new();
    for Told { id, target, place, already } in told {
        let Some(already) = already else { continue };
        let Some(statement) = statement_around(model, id, place) else { continue };
        let name = Redundant { target, place, already };
        let has_comment = model.sources.text(statement).contains('#');
        match statements.last_mut().filter(|(_, last, _)| *last == statement && !has_comment) {
            Some((_, _, names)) => names.push(name),
            None => statements.push((id, statement, vec![name])),
        }
    }
    for (id, statement, names) in statements {
        findings.add(messages::redundant_after(model, id, statement, &names));
    }
}

/// A name in an `after`, and why it says nothing new; none where it does.
struct Told {
    id: NodeId,
    target: NodeId,
    place: Span,
    already: Option<Already>,
}

/// The statement of a node that a place is in.
fn statement_around(model: &Model<'_>, id: NodeId, place: Span) -> Option<Span> {
    let mut spans = model.node(id).body().statements.iter().map(|statement| statement.span);
    spans.find(|span| span.contains(place))
}

/// A name in an `after` that says nothing new, and why.
pub(super) struct Redundant {
    pub target: NodeId,
    pub place: Span,
    pub already: Already,
}

impl Search<'_, '_> {
    /// Whether something else orders `id` after `target` than the name at `place`.
    fn already(&mut self, id: NodeId, target: NodeId, place: Span) -> Option<Already> {
        let model = self.model;
        let common = model.containers(id).find(|container| model.holds(*container, target))?;
        if model.node(common).kind.is_sequence() {
            let branch = |inner: NodeId| {
                let children = model.node(common).children();
                children[children.partition_point(|child| *child <= inner) - 1]
            };
            // Cleanups are no children; what stands in them stands in a sequence of their own.
            let is_child =
                |inner: NodeId| model.node(common).children().first().is_some_and(|first| *first <= inner);
            if is_child(id) && is_child(target) {
                let (later, earlier) = (branch(id), branch(target));
                // Where an `overlaps` says that the two are not in sequence, an `after` says what is meant.
                if model.node(later).overlaps().iter().any(|(other, _)| *other == earlier) {
                    return None;
                }
                // Waves stand in the plan only; where they overlap, the graph must be asked.
                let is_plain = common != NodeId::PLAN || !self.has_overlaps;
                if earlier < later && is_plain {
                    return Some(Already::Sequence(later, earlier));
                }
            }
        }
        let way = self.way(self.order.first(id), self.order.last(target), Some(place))?;
        let mut nodes: Vec<NodeId> = way.iter().map(|(vertex, _)| self.order.vertex(*vertex).node).collect();
        nodes.dedup();
        Some(Already::Way(nodes, way.iter().filter_map(|(_, place)| *place).collect()))
    }

    /// A chain of edges, each of which waits for success, from one vertex down to another; with the places of the
    /// written ones. The edge that is written at `without` does not count.
    fn way(
        &mut self,
        from: VertexId,
        goal: VertexId,
        without: Option<Span>,
    ) -> Option<Vec<(VertexId, Option<Span>)>> {
        let lowest = self.position[goal.index()];
        self.turn += 1;
        self.seen[from.index()] = self.turn;
        self.open.clear();
        self.open.push(Reached { at: from, from: 0, place: None });
        let mut next = 0;
        while let Some(Reached { at, .. }) = self.open.get(next).copied() {
            for edge in &self.order.vertex(at).edges {
                self.steps += 1;
                if self.steps > MOST_STEPS {
                    return None;
                }
                let (to, place) = (edge.to, edge.place());
                let is_left_out = at == from && edge.source == Source::After && without == Some(place);
                if edge.mode != AfterMode::All
                    || is_left_out
                    || self.position[to.index()] < lowest
                    || std::mem::replace(&mut self.seen[to.index()], self.turn) == self.turn
                {
                    continue;
                }
                let is_written = matches!(edge.source, Source::After | Source::Output);
                let place = is_written.then_some(place);
                if to == goal {
                    let mut way = vec![(goal, None), (at, place)];
                    let mut back = next;
                    while back != 0 {
                        let Reached { from, place, .. } = self.open[back];
                        way.push((self.open[from as usize].at, place));
                        back = from as usize;
                    }
                    way.reverse();
                    return Some(way);
                }
                self.open.push(Reached { at: to, from: next as u32, place });
            }
            next += 1;
        }
        None
    }
}

fn overlaps(search: &mut Search<'_, '_>, findings: &mut Findings) {
    let (model, order) = (search.model, search.order);
    for id in model.node_ids() {
        let node = model.node(id);
        let mut freed: Vec<(NodeId, Span)> = Vec::new();
        for (other, place) in node.overlaps() {
            let gate = last_gate(model, *other);
            let end = order.last(gate.unwrap_or(*other));
            match search.way(order.first(id), end, None) {
                Some(way) => {
                    let between = way.iter().rev().map(|(vertex, _)| order.vertex(*vertex).node);
                    let between = between.into_iter().find(|between| {
                        *between != *other
                            && Some(*between) != gate
                            && *between != id
                            && *between != NodeId::PLAN
                    });
                    findings.add(messages::overlaps_frees_nothing(model, id, *other, *place, gate, between));
                }
                None => freed.push((*other, *place)),
            }
        }
        if let Some((other, place)) = freed.first() {
            let mut free = Vec::new();
            unordered(model, id, false, &mut free);
            if !free.is_empty() {
                let has_gates = !gates_in(model, *other).is_empty();
                findings.add(messages::unordered_overlap(model, id, *other, *place, &free, has_gates));
            }
        }
    }
}

/// Collects the tasks that nothing written orders; gives whether anything in the node is ordered.
fn unordered(model: &Model<'_>, id: NodeId, is_ordered: bool, free: &mut Vec<NodeId>) -> bool {
    let node = model.node(id);
    let has_after = model.order.afters(id).next().is_some();
    let mut is_ordered = is_ordered || has_after || !node.uses_outputs.is_empty();
    match node.kind {
        NodeKind::Task(_) => {
            if !is_ordered {
                free.push(id);
            }
        }
        NodeKind::Gate(_) => {}
        kind => {
            let mut any = is_ordered;
            for child in node.children() {
                let inner = unordered(model, *child, is_ordered, free);
                any |= inner;
                is_ordered |= inner && kind.is_sequence();
            }
            return any;
        }
    }
    is_ordered
}
