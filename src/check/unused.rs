//! The pass over what is declared and never used.
//!
//! A library shares what it declares: only the plan's own declarations are judged.

use super::model::{AgentSource, Model};
use super::{Findings, Input, messages};
use crate::source::{FileId, Span};

/// Warns of the plan's declarations that nothing refers to.
pub(super) fn unused<'a>(model: &mut Model<'a>, input: &Input<'a>, findings: &mut Findings) {
    // In a library all is shared, and in text that could not be read anything may be used.
    if model.header.is_none() || input.has_junk {
        return;
    }
    let is_own = |span: Span| span.file == FileId(0);
    let used = std::mem::take(&mut findings.used);
    for (index, param) in model.params.iter().enumerate() {
        let name = &param.declaration.name;
        if is_own(name.span()) && !used.params.contains(&index) {
            findings.add(messages::unused_param(name.span(), name.text));
        }
    }
    for (index, agent) in model.agents.iter().enumerate() {
        let is_declared = matches!(agent.source, AgentSource::Declared(_));
        if is_declared && is_own(agent.span) && !used.agents.contains(&index) {
            findings.add(messages::unused_agent(agent.span, &agent.name));
        }
    }
    for (index, resource) in model.resources.iter().enumerate() {
        if is_own(resource.span) && !used.resources.contains(&index) {
            findings.add(messages::unused_resource(resource.name.span(), resource.name.text));
        }
    }
    for (index, secret) in model.secrets.iter().enumerate() {
        if is_own(secret.span) && !used.secrets.contains(&index) {
            findings.add(messages::unused_secret(secret.name.span(), secret.name.text));
        }
    }
    for (index, criterion) in model.criteria.iter().enumerate() {
        if is_own(criterion.span) && !used.criteria.contains(&index) {
            findings.add(messages::unused_criterion(criterion.name.span(), criterion.name.text));
        }
    }
    findings.used = used;
}
