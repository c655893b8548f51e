//! The first pass: what is declared, in the plan and in the libraries that it uses.

use super::model::{Agent, AgentSource, Criterion, Header, Model, Names, Param, Resource, Secret};
use super::{Findings, Input, Purpose, messages, values};
use crate::source::{FileId, Span};
use crate::syntax::ast::{self, StatementKind};
use std::borrow::Cow;

/// Fills the tables of declarations, finds the header, and refuses work in libraries.
pub(super) fn declarations<'a>(model: &mut Model<'a>, input: &Input<'a>, findings: &mut Findings) {
    for (index, tree) in input.trees.iter().enumerate() {
        let file = FileId(index as u32);
        let is_plan = index == 0;
        for statement in &tree.body.statements {
            if is_plan {
                header(model, statement);
            } else if let Some(word) = work_word(&statement.kind) {
                findings.add(messages::library_with_work(statement.keyword(), word));
                continue;
            }
            declare(model, statement, findings);
            misplaced(model, statement, findings);
        }
        if is_plan && model.header.is_none() && !input.has_junk && !is_library(input) {
            findings.add(messages::missing_plan(first_line(input, file)));
        }
    }
}

/// Keeps the first header; that there are two, or that it is not the first statement, the parser has said.
fn header<'a>(model: &mut Model<'a>, statement: &'a ast::Statement<'a>) {
    if let (StatementKind::Plan { name, title }, None) = (&statement.kind, model.header) {
        model.header = Some(Header { name, title: title.as_deref(), statement });
    }
}

/// Whether the file is one for others to use, and may be checked by itself: it declares something and does nothing.
fn is_library(input: &Input<'_>) -> bool {
    let statements = &input.trees[0].body.statements;
    input.options.purpose == Purpose::Check
        && !statements.is_empty()
        && statements.iter().all(|statement| work_word(&statement.kind).is_none())
}

/// The word of a statement that a library cannot have.
fn work_word(kind: &StatementKind<'_>) -> Option<&'static str> {
    match kind {
        StatementKind::Use { .. }
        | StatementKind::Param(_)
        | StatementKind::Agent { .. }
        | StatementKind::Secret { .. }
        | StatementKind::Resource { .. }
        | StatementKind::Criterion { .. }
        | StatementKind::Junk => None,
        kind => crate::syntax::vocabulary::of(kind).map(|word| word.keyword),
    }
}

fn first_line(input: &Input<'_>, file: FileId) -> Span {
    let body = &input.trees[file.0 as usize].body;
    match body.statements.first() {
        Some(statement) => statement.keyword(),
        None => {
            let range = input.sources.file(file).line_range(0);
            Span::new(file, range.start, range.end)
        }
    }
}

/// An agent that is declared inside an item: the parser has said where it belongs, and it is meant all the same.
fn misplaced<'a>(model: &mut Model<'a>, statement: &'a ast::Statement<'a>, findings: &mut Findings) {
    for inner in super::texts::body_of(&statement.kind).into_iter().flat_map(|body| &body.statements) {
        if let StatementKind::Agent { .. } = inner.kind {
            declare(model, inner, findings);
        }
        misplaced(model, inner, findings);
    }
}

fn declare<'a>(model: &mut Model<'a>, statement: &'a ast::Statement<'a>, findings: &mut Findings) {
    let sources = model.sources;
    match &statement.kind {
        StatementKind::Param(param) => {
            let is_new =
                enter(&mut model.param_names, &param.name, model.params.len(), findings, "param", |at| {
                    model.params[at].declaration.name.span()
                });
            if !is_new {
                return;
            }
            model.params.push(Param { declaration: param, statement, value: None, is_set: false });
        }
        StatementKind::Agent { name, body } => {
            let is_new = enter(&mut model.agent_names, name, model.agents.len(), findings, "agent", |at| {
                model.agents[at].span
            });
            if !is_new {
                return;
            }
            let source = AgentSource::Declared(body);
            model.agents.push(Agent { name: Cow::Borrowed(name.text), span: name.span(), source });
        }
        StatementKind::Secret { name, source, value } => {
            let is_new =
                enter(&mut model.secret_names, name, model.secrets.len(), findings, "secret", |at| {
                    model.secrets[at].name.span()
                });
            if !is_new {
                return;
            }
            model.secrets.push(Secret { name, source: *source, value, span: statement.span });
        }
        StatementKind::Resource { name, capacity } => {
            let amount = values::count(sources, **capacity, "a capacity", 1, findings);
            let is_new =
                enter(&mut model.resource_names, name, model.resources.len(), findings, "resource", |at| {
                    model.resources[at].name.span()
                });
            if !is_new {
                return;
            }
            let capacity_span = capacity.span;
            let capacity = amount.unwrap_or(u32::MAX);
            model.resources.push(Resource { name, capacity, capacity_span, span: statement.span });
        }
        StatementKind::Criterion { name, title, test } => {
            let is_new =
                enter(&mut model.criterion_names, name, model.criteria.len(), findings, "criterion", |at| {
                    model.criteria[at].name.span()
                });
            if !is_new {
                return;
            }
            let (title, test) = (title.as_deref(), test.as_deref());
            model.criteria.push(Criterion { name, title, test, span: statement.span });
        }
        _ => {}
    }
}

/// Enters a name into its table; says so where it is taken.
fn enter<'a>(
    names: &mut Names<'a>,
    name: &'a ast::Name<'a>,
    index: usize,
    findings: &mut Findings,
    kind: &str,
    place: impl Fn(usize) -> Span,
) -> bool {
    if name.is_pattern() {
        findings.add(messages::hole_in_declaration(name.span(), kind));
        return false;
    }
    match names.get(name.text) {
        Some(first) => {
            findings.add(messages::duplicate_declaration(name.text, kind, name.span(), place(*first)));
            false
        }
        None => {
            names.insert(Cow::Borrowed(name.text), index);
            true
        }
    }
}
