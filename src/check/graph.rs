//! The graph's own questions: an order that respects every edge, and the cycles that make one impossible.

use super::model::{Model, NodeId};
use super::order::{Edge, Order, Source, Vertex, VertexId, VertexKind};
use super::{Findings, messages};
use crate::source::Span;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet, VecDeque};

/// The vertices so that each comes after what it waits for, as near to the order of the file as that allows.
/// Those on a cycle, or behind one, are left out.
pub(super) fn sort(order: &Order) -> Vec<VertexId> {
    let is_sorted = |(at, vertex): (usize, &Vertex)| vertex.edges.iter().all(|edge| edge.to.index() < at);
    if order.vertices.iter().enumerate().all(is_sorted) {
        return (0..order.vertices.len() as u32).map(VertexId).collect();
    }
    let mut missing: Vec<usize> = Vec::with_capacity(order.vertices.len());
    let mut dependents: Vec<Vec<u32>> = vec![Vec::new(); order.vertices.len()];
    for (at, vertex) in order.vertices.iter().enumerate() {
        let mut count = 0;
        for edge in &vertex.edges {
            dependents[edge.to.index()].push(at as u32);
            count += 1;
        }
        missing.push(count);
    }
    let ready = missing.iter().enumerate().filter(|(_, count)| **count == 0);
    let mut ready: BinaryHeap<Reverse<u32>> = ready.map(|(at, _)| Reverse(at as u32)).collect();
    let mut sorted = Vec::with_capacity(order.vertices.len());
    while let Some(Reverse(at)) = ready.pop() {
        sorted.push(VertexId(at));
        for dependent in &dependents[at as usize] {
            let count = &mut missing[*dependent as usize];
            *count -= 1;
            if *count == 0 {
                ready.push(Reverse(*dependent));
            }
        }
    }
    sorted
}

/// One edge of a cycle: `from` waits for `to`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    /// What waits.
    pub from: VertexId,
    /// For what.
    pub to: VertexId,
    /// Why.
    pub source: Source,
    /// Where that is written.
    pub place: Span,
}

/// How many cycles are told at most, and how many steps the search for them may take.
const MOST_CYCLES: usize = 20;
const MOST_STEPS: usize = 20_000_000;

/// Tells the cycles, each by the written edge that runs against the order of the file. Edges of sequence and
/// containment run with it, so each cycle has one.
pub(super) fn cycles(model: &Model<'_>, order: &Order, findings: &mut Findings) {
    let done: HashSet<VertexId> = order.sorted.iter().copied().collect();
    let mut dropped: HashSet<(VertexId, VertexId)> = HashSet::new();
    let mut told = 0;
    let mut steps = 0;
    for (at, vertex) in order.vertices.iter().enumerate() {
        let from = VertexId(at as u32);
        if done.contains(&from) {
            continue;
        }
        for edge in &vertex.edges {
            let Edge { to, source, .. } = *edge;
            if to.0 < from.0 || done.contains(&to) || dropped.contains(&(from, to)) {
                continue;
            }
            let Some(mut way) = shortest(order, to, from, &done, &dropped, &mut steps) else { continue };
            dropped.insert((from, to));
            way.insert(0, Link { from, to, source, place: edge.place() });
            findings.add_to_order(messages::dependency_cycle(model, order, &way));
            told += 1;
            if told == MOST_CYCLES || steps > MOST_STEPS {
                return;
            }
        }
    }
    findings.is_order_unsure = true;
}

/// The shortest chain of waiting from one vertex to another.
fn shortest(
    order: &Order,
    from: VertexId,
    goal: VertexId,
    done: &HashSet<VertexId>,
    dropped: &HashSet<(VertexId, VertexId)>,
    steps: &mut usize,
) -> Option<Vec<Link>> {
    let mut reached: HashMap<VertexId, Link> = HashMap::new();
    let mut queue = VecDeque::from([from]);
    while let Some(at) = queue.pop_front() {
        if at == goal {
            let mut way = Vec::new();
            let mut back = goal;
            while back != from {
                let link = reached[&back];
                way.push(link);
                back = link.from;
            }
            way.reverse();
            return Some(way);
        }
        for edge in &order.vertex(at).edges {
            let Edge { to, source, .. } = *edge;
            *steps += 1;
            let is_new = to != from && !reached.contains_key(&to);
            if is_new && !done.contains(&to) && !dropped.contains(&(at, to)) {
                reached.insert(to, Link { from: at, to, source, place: edge.place() });
                queue.push_back(to);
            }
        }
        if *steps > MOST_STEPS {
            return None;
        }
    }
    None
}

/// The nodes along a cycle, each once in a row: vertices of one group are one node.
pub(super) fn nodes_along(order: &Order, way: &[Link]) -> Vec<NodeId> {
    let mut nodes: Vec<NodeId> = way.iter().map(|link| order.vertex(link.from).node).collect();
    nodes.dedup();
    nodes
}

/// Whether the vertex is the end of a group.
pub(super) fn is_end(order: &Order, id: VertexId) -> bool {
    matches!(order.vertex(id).kind, VertexKind::Leave | VertexKind::Success)
}
