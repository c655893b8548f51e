//! The pass over what the language has and this engine cannot do yet: said, never skipped.

use super::model::Model;
use super::{Findings, Input, Purpose, messages};
use crate::diagnostic::Severity;
use crate::source::Span;
use crate::syntax::ast::{Body, Isolation, StatementKind};

/// Says of each statement that the engine cannot carry out yet that it cannot.
pub(super) fn support<'a>(_model: &mut Model<'a>, input: &Input<'a>, findings: &mut Findings) {
    let severity = match input.options.purpose {
        Purpose::Run => Severity::Error,
        Purpose::Check | Purpose::Plan => Severity::Warning,
    };
    let mut say = |span: Span, what: &str, help: &str| {
        let mut finding = messages::not_supported(span, what, help);
        finding.severity = severity;
        findings.add(finding);
    };
    for tree in input.trees {
        body(&tree.body, &mut say);
    }
}

fn body(inside: &Body<'_>, say: &mut impl FnMut(Span, &str, &str)) {
    for statement in &inside.statements {
        match &statement.kind {
            StatementKind::Isolation(isolation) => match isolation.value {
                Isolation::Shared | Isolation::Worktree => {}
                Isolation::Copy => say(isolation.span, "`isolation copy`", "write `isolation worktree`"),
            },
            kind => {
                if let Some(inner) = super::texts::body_of(kind) {
                    body(inner, say);
                }
            }
        }
    }
}
