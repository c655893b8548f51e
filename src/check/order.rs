//! What comes before what: the graph that the language's rules make of the items.
//!
//! Each group has an `Enter` and a `Leave`, so that a barrier between two waves of 200 tasks is 400 edges and not
//! 40,000. `plan::lower` turns the graph into steps; the passes over it find cycles and edges that say nothing new.

use super::model::{Model, NodeId, NodeKind};
use super::{Findings, Input, graph, messages};
use crate::source::{FileId, Span};
use crate::syntax::ast::{AfterMode, StatementKind};

/// A vertex of the graph, in the order of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VertexId(pub u32);

impl VertexId {
    /// The id as an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The kinds of vertex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VertexKind {
    /// A group begins.
    Enter,
    /// A task or gate.
    Item,
    /// A group's criteria are tested.
    Success,
    /// A group is done.
    Leave,
}

/// A vertex and what it waits for.
#[derive(Clone, Debug)]
pub struct Vertex {
    /// Which.
    pub kind: VertexKind,
    /// Of which node.
    pub node: NodeId,
    /// What it waits for.
    pub edges: Vec<Edge>,
}

/// One thing that a vertex waits for. A large plan has some hundred thousand of them.
#[derive(Clone, Copy, Debug)]
pub struct Edge {
    /// For what.
    pub to: VertexId,
    /// How.
    pub mode: AfterMode,
    /// Why.
    pub source: Source,
    /// Whether one of it and of what stands before it is enough; in an `after any of`, from its second name on.
    pub is_joined: bool,
    /// Where that is written: the beginning and the end. All items stand in the plan's own file.
    start: u32,
    end: u32,
}

impl Edge {
    /// An edge that waits for `to`, written at `place`.
    fn new(to: VertexId, source: Source, place: Span) -> Edge {
        Edge { to, mode: AfterMode::All, source, is_joined: false, start: place.start, end: place.end }
    }

    /// Where that is written: a name in `after`, a hole, the header of what follows.
    pub fn place(&self) -> Span {
        Span::new(FileId(0), self.start as usize, self.end as usize)
    }
}

impl Vertex {
    /// The vertex, which has no edges any more where it was.
    pub fn take(&mut self) -> Vertex {
        Vertex { edges: std::mem::take(&mut self.edges), ..*self }
    }

    /// What it waits for: all of the needs, each of several edges for `after any of` only.
    pub fn needs(&self) -> impl Iterator<Item = &[Edge]> {
        self.edges.chunk_by(|_, next| next.is_joined)
    }
}

/// Why an edge is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A member and its container.
    Group,
    /// The order of a sequence.
    Sequence,
    /// `after`.
    After,
    /// `{{task.output}}`.
    Output,
}

/// The graph.
#[derive(Debug, Default)]
pub struct Order {
    /// The vertices, in the order of the file.
    pub vertices: Vec<Vertex>,
    /// By node: what starts it.
    pub first: Vec<VertexId>,
    /// By node: what ends it.
    pub last: Vec<VertexId>,
    /// The vertices so that each comes after what it waits for; shorter than the vertices where there is a cycle.
    pub sorted: Vec<VertexId>,
}

impl Order {
    /// What starts a node.
    pub fn first(&self, node: NodeId) -> VertexId {
        self.first[node.index()]
    }

    /// What ends a node.
    pub fn last(&self, node: NodeId) -> VertexId {
        self.last[node.index()]
    }

    /// The vertex with this id.
    pub fn vertex(&self, id: VertexId) -> &Vertex {
        &self.vertices[id.index()]
    }

    /// The edges that the `after`s of a node are: what it waits for ends a node, and each has the place of a name.
    pub fn afters(&self, node: NodeId) -> impl Iterator<Item = &Edge> {
        self.vertex(self.first(node)).edges.iter().filter(|edge| edge.source == Source::After)
    }

    fn need(&mut self, from: VertexId, to: VertexId, source: Source, place: Span) {
        self.vertices[from.index()].edges.push(Edge::new(to, source, place));
    }
}

/// Makes the graph, finds its cycles, and sorts it.
pub(super) fn order<'a>(model: &mut Model<'a>, _input: &Input<'a>, findings: &mut Findings) {
    let mut order = Order::default();
    order.vertices.reserve_exact(
        model.nodes.len() + 2 * model.node_ids().filter(|id| model.node(*id).kind.is_group()).count(),
    );
    vertices(model, &mut order);
    for id in model.node_ids() {
        if model.node(id).kind.is_group() {
            group(model, &mut order, findings, id);
        }
    }
    for id in model.node_ids() {
        if !is_of_set(model, id) {
            written(model, &mut order, findings, id);
        }
    }
    order.sorted = graph::sort(&order);
    if order.sorted.len() < order.vertices.len() {
        graph::cycles(model, &order, findings);
    }
    model.order = order;
}

/// Whether a group has criteria of its own.
pub fn has_success(model: &Model<'_>, id: NodeId) -> bool {
    let node = model.node(id);
    node.kind.is_group()
        && node.body().statements.iter().any(|statement| match &statement.kind {
            StatementKind::Success(body) => {
                body.statements.iter().any(|inner| matches!(inner.kind, StatementKind::Check(_)))
            }
            _ => false,
        })
}

/// One vertex a task or gate; `Enter`, perhaps `Success`, and `Leave` a group. In the order of the file, but for a wave's
/// own last gate, which comes after its `Success`.
fn vertices(model: &Model<'_>, order: &mut Order) {
    let unset = VertexId(u32::MAX);
    order.first = vec![unset; model.nodes.len()];
    order.last = vec![unset; model.nodes.len()];
    let mut open: Vec<NodeId> = Vec::new();
    for id in model.node_ids() {
        while let Some(group) = open.last().copied().filter(|group| !model.holds(*group, id)) {
            open.pop();
            close(model, order, group);
        }
        let node = model.node(id);
        if node.kind.is_group() {
            order.first[id.index()] = push(order, VertexKind::Enter, id);
            open.push(id);
        } else if !is_last_gate(model, id) {
            let vertex = push(order, VertexKind::Item, id);
            order.first[id.index()] = vertex;
            order.last[id.index()] = vertex;
        }
    }
    while let Some(group) = open.pop() {
        close(model, order, group);
    }
}

/// Ends a group: its criteria, its own last gate, its `Leave`.
fn close(model: &Model<'_>, order: &mut Order, group: NodeId) {
    if has_success(model, group) {
        push(order, VertexKind::Success, group);
    }
    if let Some(gate) = last_gate(model, group) {
        let vertex = push(order, VertexKind::Item, gate);
        order.first[gate.index()] = vertex;
        order.last[gate.index()] = vertex;
    }
    order.last[group.index()] = push(order, VertexKind::Leave, group);
}

fn push(order: &mut Order, kind: VertexKind, node: NodeId) -> VertexId {
    order.vertices.push(Vertex { kind, node, edges: Vec::new() });
    VertexId(order.vertices.len() as u32 - 1)
}

/// The gate that ends a wave.
pub fn last_gate(model: &Model<'_>, group: NodeId) -> Option<NodeId> {
    let node = model.node(group);
    let last = *node.children().last()?;
    let is_gate = matches!(node.kind, NodeKind::Wave(_)) && model.node(last).kind.is_gate();
    is_gate.then_some(last)
}

fn is_last_gate(model: &Model<'_>, id: NodeId) -> bool {
    let node = model.node(id);
    node.kind.is_gate() && node.parent.is_some_and(|parent| last_gate(model, parent) == Some(id))
}

/// Whether it is a task or gate whose edges are all made with those of the set that holds it.
fn is_of_set(model: &Model<'_>, id: NodeId) -> bool {
    let node = model.node(id);
    let is_in_set = node.parent.is_some_and(|parent| !model.node(parent).kind.is_sequence());
    is_in_set && !node.kind.is_group() && !is_last_gate(model, id)
}

/// The edges of containment and of sequence; of the tasks and gates of a set all of them, item by item, so that the room of what
/// is written there is free for the next.
fn group(model: &mut Model<'_>, order: &mut Order, findings: &mut Findings, id: NodeId) {
    let (enter, leave) = (order.first(id), order.last(id));
    let gate = last_gate(model, id);
    let count = model.node(id).children().len() - usize::from(gate.is_some());
    if !model.node(id).kind.is_sequence() {
        for at in 0..count {
            let item = model.node(id).children()[at];
            let (node, first) = (model.node(item), order.first(item));
            let written: usize = node.after.iter().map(|after| after.targets.len()).sum();
            order.vertices[first.index()].edges.reserve_exact(1 + written + node.uses_outputs.len());
            order.need(first, enter, Source::Group, model.place(item));
            if is_of_set(model, item) {
                self::written(model, order, findings, item);
            }
        }
    }
    let node = model.node(id);
    let items = &node.children()[..count];
    if node.kind.is_sequence() {
        sequence(model, order, id, items);
    }
    // Behind the items: criteria, then the gate, then the end.
    let mut behind = leave.index() - 1;
    let mut ends: Vec<VertexId> = Vec::new();
    if gate.is_some() {
        ends.push(VertexId(behind as u32));
        behind = behind.saturating_sub(1);
    }
    let success = VertexId(behind as u32);
    if order.vertex(success).kind == VertexKind::Success && order.vertex(success).node == id {
        ends.push(success);
    }
    ends.reverse();
    for end in ends.iter().take(1).chain([&leave]) {
        order.vertices[end.index()].edges.reserve_exact(items.len() + ends.len());
    }
    for item in items {
        let last = order.last(*item);
        let place = model.place(*item);
        if let Some(end) = ends.first() {
            order.need(*end, last, Source::Group, place);
        }
        order.need(leave, last, Source::Group, place);
    }
    for pair in ends.windows(2) {
        order.need(pair[1], pair[0], Source::Group, node.name_span());
    }
    for end in &ends {
        order.need(leave, *end, Source::Group, node.name_span());
    }
    if items.is_empty() {
        let end = ends.first().copied().unwrap_or(leave);
        order.need(end, enter, Source::Group, node.name_span());
    }
}

/// Each item after the one before, but for waves that overlap.
fn sequence(model: &Model<'_>, order: &mut Order, id: NodeId, items: &[NodeId]) {
    let enter = order.first(id);
    // What has not ended for sure when the next item may start, and for a wave that others overlap what it waits for itself.
    let mut frontier: Vec<NodeId> = Vec::new();
    let mut waits: std::collections::HashMap<NodeId, Vec<VertexId>> = std::collections::HashMap::new();
    for item in items {
        let overlapped = model.node(*item).overlaps();
        let is_free = |other: &NodeId| overlapped.iter().any(|(free, _)| free == other);
        let mut needs: Vec<VertexId> = Vec::new();
        for before in &frontier {
            if !is_free(before) {
                needs.push(order.last(*before));
            }
        }
        for (free, _) in overlapped {
            // What waits for an inner gate waits for all that the gate waits for.
            let gates = gates_in(model, *free);
            match gates.is_empty() {
                false => needs.extend(gates.iter().map(|gate| order.last(*gate))),
                true => {
                    let theirs = waits.get(free).map_or(&[][..], |theirs| theirs);
                    // Of two that are overlapped, the later need not wait for the earlier on this one's behalf.
                    let is_other = |vertex: &&VertexId| {
                        let vertex = order.vertex(**vertex);
                        !(vertex.kind == VertexKind::Leave && is_free(&vertex.node))
                    };
                    needs.extend(theirs.iter().filter(is_other));
                }
            }
        }
        needs.sort();
        needs.dedup();
        let first = order.first(*item);
        let place = model.node(*item).header();
        for need in &needs {
            order.need(first, *need, Source::Sequence, place);
        }
        if needs.is_empty() {
            order.need(first, enter, Source::Group, model.place(*item));
            needs.push(enter);
        }
        frontier.retain(is_free);
        frontier.push(*item);
        if matches!(model.node(*item).kind, NodeKind::Wave(_)) {
            waits.insert(*item, needs);
        }
    }
}

/// The gates in a wave, its own last among them.
pub(super) fn gates_in(model: &Model<'_>, wave: NodeId) -> Vec<NodeId> {
    if let Some(last) = last_gate(model, wave) {
        return vec![last];
    }
    (wave.0 + 1..model.node(wave).end).map(NodeId).filter(|id| model.node(*id).kind.is_gate()).collect()
}

/// The edges that are written: `after`, and outputs that are used. The node has no `after`s behind it.
fn written(model: &mut Model<'_>, order: &mut Order, findings: &mut Findings, id: NodeId) {
    let afters = std::mem::take(&mut model.nodes[id.index()].after);
    let node = model.node(id);
    if afters.is_empty() && node.uses_outputs.is_empty() {
        return;
    }
    let first = order.first(id);
    for after in &afters {
        for (at, (target, place)) in after.targets.iter().enumerate() {
            let is_joined = after.mode == AfterMode::Any && at > 0;
            let edge = Edge::new(order.last(*target), Source::After, *place);
            let edge = Edge { mode: after.mode, is_joined, ..edge };
            order.vertices[first.index()].edges.push(edge);
        }
    }
    // A group's own texts that use outputs are its criteria.
    let user = match node.kind.is_group() {
        false => first,
        true => {
            let leave = order.last(id);
            let before = leave.index() - 1 - usize::from(last_gate(model, id).is_some());
            let is_success = order.vertices[before].kind == VertexKind::Success;
            if is_success { VertexId(before as u32) } else { leave }
        }
    };
    let own_cleanup = model.cleanup_of(id);
    for used in &node.uses_outputs {
        match (model.cleanup_of(used.task), own_cleanup) {
            (theirs, own) if theirs == own => {
                order.need(user, order.last(used.task), Source::Output, used.span);
            }
            // What runs at the end may look back at what has run.
            (None, Some(_)) => {}
            _ => findings.add_to_order(messages::output_of_cleanup(model, used.task, used.span)),
        }
    }
}
