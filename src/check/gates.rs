//! The pass over gates and what runs at the end: where a gate stands, what it asks, and what a no-go can do.

use super::model::{Model, NodeId, NodeKind};
use super::{Findings, Input, messages, references, texts};
use crate::syntax::ast::{self, OnNoGo, StatementKind};

/// Judges every gate.
pub(super) fn gates<'a>(model: &mut Model<'a>, _input: &Input<'a>, findings: &mut Findings) {
    for id in model.node_ids() {
        let node = model.node(id);
        if let NodeKind::Gate(_) = node.kind {
            content(model, findings, id);
            place(model, findings, id);
            no_go(model, findings, id);
        }
    }
}

fn content(model: &Model<'_>, findings: &mut Findings, id: NodeId) {
    let node = model.node(id);
    let asks = |statement: &ast::Statement<'_>| {
        matches!(statement.kind, StatementKind::Check(_) | StatementKind::Approve(_))
    };
    if !node.body().statements.iter().any(asks) && !texts::has_junk(node.body()) {
        let question = match node.kind {
            NodeKind::Gate(gate) => gate.title.as_ref().and_then(|title| title.plain()),
            _ => None,
        };
        findings.add(messages::empty_gate(node.header(), question));
    }
}

fn place(model: &Model<'_>, findings: &mut Findings, id: NodeId) {
    let node = model.node(id);
    let Some(parent) = node.parent else { return };
    let siblings = model.node(parent).children();
    let at = node.position as usize;
    match model.node(parent).kind {
        NodeKind::Wave(wave) => {
            if let Some(next) = siblings.get(at + 1) {
                let next = model.node(*next);
                findings.add_to_order(messages::gate_not_last(node.header(), next, wave.name.text));
            }
        }
        kind if kind.is_sequence() && at == 0 => {
            findings.add(messages::gate_before_anything(node.header(), kind.word()));
        }
        _ => {}
    }
}

/// The stretch that runs again after a no-go: the wave, or the item before.
pub(super) fn stretch(model: &Model<'_>, gate: NodeId) -> Option<NodeId> {
    let parent = model.node(gate).parent?;
    if let NodeKind::Wave(_) = model.node(parent).kind {
        return Some(parent);
    }
    let before = (model.node(gate).position as usize).checked_sub(1)?;
    model.node(parent).children().get(before).copied()
}

fn no_go<'a>(model: &Model<'a>, findings: &mut Findings, id: NodeId) {
    for statement in &model.node(id).body().statements {
        let StatementKind::OnNoGo(on_no_go) = &statement.kind else { continue };
        match &on_no_go.value {
            OnNoGo::Stop | OnNoGo::Continue => {}
            OnNoGo::Retry(_) => {
                let stretch = stretch(model, id);
                let can_retry = stretch.is_some_and(|stretch| has_work(model, stretch));
                if !can_retry {
                    let shown = stretch.map(|stretch| (model.shown(stretch), model.node(stretch).header()));
                    findings.add(messages::retry_of_nothing(on_no_go.span, shown));
                }
            }
            OnNoGo::SkipTo(reference) => {
                let Some(target) = references::resolve(model, findings, id, reference) else { continue };
                if !is_later(model, id, target) {
                    findings.add_to_order(messages::skip_to_not_later(model, id, target, reference.span()));
                }
            }
        }
    }
}

/// Whether some task in it could come out differently when it runs again.
fn has_work(model: &Model<'_>, stretch: NodeId) -> bool {
    let end = model.node(stretch).end;
    (stretch.0..end).map(NodeId).any(|id| {
        let node = model.node(id);
        let only_waits = |statement: &ast::Statement<'_>| {
            matches!(statement.kind, StatementKind::Wait(_) | StatementKind::Approve(_))
        };
        node.kind.is_task() && !node.body().statements.iter().any(only_waits)
    })
}

/// Whether `target` comes later than the gate in the sequences that hold it: only then is there something to skip.
pub(super) fn is_later(model: &Model<'_>, gate: NodeId, target: NodeId) -> bool {
    if model.cleanup_of(gate).is_some() || model.cleanup_of(target).is_some() || model.holds(target, gate) {
        return false;
    }
    let common = model.containers(gate).find(|container| model.holds(*container, target));
    common.is_some_and(|common| model.node(common).kind.is_sequence() && target > gate)
}
