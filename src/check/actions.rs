//! The pass over what each task does: one action, and an agent where the action needs one.

use super::model::{Model, NodeId, NodeKind};
use super::{Findings, Input, messages, texts};
use crate::source::Span;
use crate::syntax::ast::{self, ClaimKind, StatementKind};

/// Judges the action and the claims of every task.
pub(super) fn actions<'a>(model: &mut Model<'a>, input: &Input<'a>, findings: &mut Findings) {
    for id in model.node_ids() {
        if let NodeKind::Task(task) = model.node(id).kind {
            action(model, input, findings, id, task);
            claims(&task.body, findings);
        }
    }
}

/// The word and the place of an action.
fn action_of(statement: &ast::Statement<'_>) -> Option<(&'static str, Span)> {
    let word = match &statement.kind {
        StatementKind::Run(_) => "run",
        StatementKind::Prompt { .. } => "prompt",
        StatementKind::Wait(_) => "wait",
        StatementKind::Approve(_) => "approve",
        _ => return None,
    };
    Some((word, statement.span))
}

/// Whether a task's body says what is done; otherwise its title does.
pub fn has_action(body: &ast::Body<'_>) -> bool {
    body.statements.iter().any(|statement| action_of(statement).is_some())
}

fn action(model: &Model<'_>, input: &Input<'_>, findings: &mut Findings, id: NodeId, task: &ast::Task<'_>) {
    let node = model.node(id);
    let mut actions = task.body.statements.iter().filter_map(action_of);
    let first = actions.next();
    if let (Some((word, first_span)), Some((second, span))) = (first, actions.next()) {
        findings.add(messages::second_action(
            span,
            first_span,
            node.name_span(),
            word,
            second,
            task.name.text,
        ));
        return;
    }
    let own = task.body.statements.iter().find_map(|statement| match &statement.kind {
        StatementKind::AgentRef(name) => Some(name.span()),
        _ => None,
    });
    match first {
        Some(("prompt", span)) if !has_agent(model, id) => {
            findings.add(messages::missing_agent(span, task.name.text, &agents(model)));
        }
        Some(("prompt", _)) => {}
        Some((word, span)) => {
            if let Some(own) = own {
                findings.add(messages::idle_agent(own, span, word));
            }
        }
        // The action may be in what could not be read.
        None if texts::has_junk(&task.body) || input.has_junk && task.body.statements.is_empty() => {}
        None => match (has_agent(model, id), &task.title) {
            (true, Some(title)) => {
                if title.plain().is_some_and(|title| title.trim().is_empty()) {
                    findings.add(messages::empty_text(title.span(), "a prompt"));
                }
            }
            (true, None) => findings.add(messages::missing_prompt(node.header(), task.name.text)),
            (false, title) => {
                let known = agents(model);
                findings.add(messages::missing_action(
                    node.header(),
                    task.name.text,
                    title.is_some(),
                    &known,
                ));
            }
        },
    }
}

fn agents(model: &Model<'_>) -> Vec<String> {
    model.agents.iter().take(3).map(|agent| agent.name.to_string()).collect()
}

/// Whether an agent applies, be it one that is not known: that has been told.
fn has_agent(model: &Model<'_>, id: NodeId) -> bool {
    let names_one = |id: NodeId| {
        let body = model.node(id).body();
        body.statements.iter().any(|statement| matches!(statement.kind, StatementKind::AgentRef(_)))
    };
    names_one(id) || model.agent_of(id).is_some() || model.containers(id).any(names_one)
}

fn claims(body: &ast::Body<'_>, findings: &mut Findings) {
    let claims = || {
        body.statements.iter().filter_map(|statement| match &statement.kind {
            StatementKind::Claim(claim) => Some((claim, statement.span)),
            _ => None,
        })
    };
    let is_write =
        |kind: ClaimKind| matches!(kind, ClaimKind::Writes | ClaimKind::Creates | ClaimKind::Appends);
    for (nothing, span) in claims().filter(|(claim, _)| claim.is_nothing) {
        let kind = nothing.kind;
        let contrary = claims().find(|(claim, _)| {
            !claim.is_nothing && (claim.kind == kind || is_write(kind) && is_write(claim.kind))
        });
        if let Some((other, place)) = contrary {
            findings.add(messages::nothing_beside_something(span, place, kind.word(), other.kind.word()));
        }
    }
}
