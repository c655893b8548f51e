//! The pass over what the language has and this engine cannot do yet: said, never skipped.

use super::agents::{DRIVERS, driver, driver_of};
use super::model::{AgentSource, Model};
use super::{Findings, Input, Purpose, messages};
use crate::diagnostic::Severity;
use crate::source::Span;
use crate::syntax::ast::{Body, Isolation, StatementKind};

/// Says of each statement that the engine cannot carry out yet that it cannot.
pub(super) fn support<'a>(model: &mut Model<'a>, input: &Input<'a>, findings: &mut Findings) {
    let severity = match input.options.purpose {
        Purpose::Run => Severity::Error,
        Purpose::Check | Purpose::Plan => Severity::Warning,
    };
    let used = std::mem::take(&mut findings.used.agents);
    let mut say = |span: Span, what: &str, help: &str| {
        let mut finding = messages::not_supported(span, what, help);
        finding.severity = severity;
        findings.add(finding);
    };
    // An agent that nothing calls needs no driver that works.
    for (_, agent) in model.agents.iter().enumerate().filter(|(index, _)| used.contains(index)) {
        let name = driver(agent);
        if name == "command" || !DRIVERS.contains(&name) {
            continue;
        }
        let span = match &agent.source {
            AgentSource::Declared(body) => driver_of(body).1.unwrap_or(agent.span),
            AgentSource::File(_) => agent.span,
        };
        let what = format!("the driver `{name}`");
        say(span, &what, "use `driver command` with the agent's program in `run`");
    }
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
            StatementKind::Budget(_) => {
                say(statement.span, "`budget`", "remove it until spending is measured");
            }
            kind => {
                if let Some(inner) = super::texts::body_of(kind) {
                    body(inner, say);
                }
            }
        }
    }
}
