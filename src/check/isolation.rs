//! The pass over where tasks work: a plan's work is merged in one place, so its tasks work in worktrees or in copies, not in both.

use super::model::Model;
use super::{Findings, Input, messages};
use crate::source::Span;
use crate::syntax::ast::{Body, Isolation, StatementKind};

/// The first `isolation worktree` and the first `isolation copy`.
type Seen = [Option<Span>; 2];

/// Says it of the first statement that differs from those before.
pub(super) fn isolation<'a>(_model: &mut Model<'a>, input: &Input<'a>, findings: &mut Findings) {
    let mut seen: Seen = [None, None];
    for tree in input.trees {
        body(&tree.body, &mut seen);
    }
    if let [Some(worktree), Some(copy)] = seen {
        let (first, second) = if worktree < copy { (worktree, copy) } else { (copy, worktree) };
        findings.add(messages::mixed_isolation(first, second));
    }
}

fn body(inside: &Body<'_>, seen: &mut Seen) {
    for statement in &inside.statements {
        match &statement.kind {
            StatementKind::Isolation(isolation) => {
                let place = match isolation.value {
                    Isolation::Shared => continue,
                    Isolation::Worktree => 0,
                    Isolation::Copy => 1,
                };
                seen[place].get_or_insert(isolation.span);
            }
            kind => {
                if let Some(inner) = super::texts::body_of(kind) {
                    body(inner, seen);
                }
            }
        }
    }
}
