//! The pass that makes the items: `for` unrolled, names filled, each name once in its container.

use super::model::{Model, Node, NodeId, NodeKind, Scope, ScopeId};
use super::names::{NamePart, name_parts};
use super::{Findings, Input, messages, texts};
use crate::diagnostic::suggest;
use crate::source::Span;
use crate::syntax::ast::{self, StatementKind};
use crate::syntax::few::Few;
use crate::syntax::vocabulary::{self, Place};
use std::borrow::Cow;
use std::collections::HashMap;

/// Makes a node of every item of the plan.
pub(super) fn items<'a>(model: &mut Model<'a>, input: &Input<'a>, findings: &mut Findings) {
    let body = &input.trees[0].body;
    let mut builder = Builder { model, findings };
    builder.plan(body);
    let has_task = model.nodes.iter().any(|node| node.kind.is_task());
    if !has_task && !input.has_junk {
        // A wave without a task, or a file without anything, has been told already.
        let is_told = findings.list.iter().any(|found| found.message.contains("nothing in it"));
        if let (Some(header), false) = (model.header, is_told) {
            findings
                .add(messages::no_task(header.statement.keyword().to(header.name.span()), header.name.text));
        }
    }
}

/// A body with more statements is a large one.
const MANY: usize = 1_000;

struct Builder<'b, 'a> {
    model: &'b mut Model<'a>,
    findings: &'b mut Findings,
}

/// What the items of a body are put into.
#[derive(Clone, Copy)]
struct Position {
    parent: NodeId,
    namespace: NodeId,
    scope: ScopeId,
    place: Place,
}

impl<'a> Builder<'_, 'a> {
    fn plan(&mut self, body: &'a ast::Body<'a>) {
        self.model.nodes.push(Node {
            kind: NodeKind::Plan(body),
            name: Cow::Borrowed(""),
            statement: self.model.header.map(|header| header.statement),
            parent: None,
            position: 0,
            namespace: NodeId::PLAN,
            inside: None,
            end: 0,
            scope: ScopeId(0),
            after: Box::default(),
            uses_outputs: Few::default(),
            agent: None,
        });
        let position =
            Position { parent: NodeId::PLAN, namespace: NodeId::PLAN, scope: ScopeId(0), place: Place::File };
        self.body(body, position);
        self.model.nodes[0].end = self.model.nodes.len() as u32;
    }

    fn body(&mut self, body: &'a ast::Body<'a>, position: Position) {
        // Of a large set all at once: what grows step by step is copied as often.
        if body.statements.len() > MANY {
            let count = body.statements.len();
            self.model.nodes.reserve(count);
            self.model.nodes[position.parent.index()].inside_mut().children.reserve_exact(count);
            self.model.members.reserve(&self.model.nodes, count);
        }
        for statement in &body.statements {
            let Some(word) = vocabulary::of(&statement.kind) else { continue };
            if !word.may_stand_in(position.place) {
                // The parser has said so.
                continue;
            }
            match &statement.kind {
                StatementKind::Wave(wave) => {
                    self.item(statement, NodeKind::Wave(wave), Some(&wave.name), position);
                }
                StatementKind::Block(block) => {
                    self.item(statement, NodeKind::Block(block), block.name.as_ref(), position);
                }
                StatementKind::Task(task) => {
                    self.item(statement, NodeKind::Task(task), Some(&task.name), position);
                }
                StatementKind::Gate(gate) => {
                    self.item(statement, NodeKind::Gate(gate), gate.name.as_ref(), position);
                }
                StatementKind::Rollback(body) => {
                    self.item(statement, NodeKind::Rollback(body), None, position);
                }
                StatementKind::Finally(body) => {
                    self.item(statement, NodeKind::Finally(body), None, position);
                }
                StatementKind::For { variable, values, body } => {
                    self.repeat(statement, variable, values, body, position);
                }
                _ => {}
            }
        }
    }

    fn item(
        &mut self,
        statement: &'a ast::Statement<'a>,
        kind: NodeKind<'a>,
        name: Option<&'a ast::Name<'a>>,
        position: Position,
    ) {
        let id = NodeId(self.model.nodes.len() as u32);
        let own = match name {
            Some(name) => self.name(name, position.scope),
            None => Cow::Borrowed(""),
        };
        let has_name = !own.is_empty();
        self.model.nodes.push(Node {
            kind,
            name: own,
            statement: Some(statement),
            parent: Some(position.parent),
            position: self.model.node(position.parent).children().len() as u32,
            namespace: position.namespace,
            inside: None,
            end: 0,
            scope: position.scope,
            after: Box::default(),
            uses_outputs: Few::default(),
            agent: None,
        });
        let parent = &mut self.model.nodes[position.parent.index()];
        match kind.is_cleanup() {
            true => {
                parent.inside_mut().cleanups.push(id);
                self.model.has_cleanups = true;
            }
            false => parent.inside_mut().children.push(id),
        }
        if has_name {
            self.enter(id, position);
        }
        if kind.is_group() {
            let place = kind.place();
            let namespace = if has_name { id } else { position.namespace };
            let body = kind.body();
            self.body(body, Position { parent: id, namespace, place, ..position });
            if is_empty(body) {
                self.findings.add(messages::empty_group(self.model.node(id)));
            }
        }
        self.model.nodes[id.index()].end = self.model.nodes.len() as u32;
    }

    /// The name of an item, its holes filled with what can be part of a name.
    fn name(&mut self, name: &'a ast::Name<'a>, scope: ScopeId) -> Cow<'a, str> {
        if !name.is_pattern() {
            return Cow::Borrowed(name.text);
        }
        for part in name_parts(name.text) {
            let NamePart::Hole(hole) = part else { continue };
            match self.model.value(scope, hole) {
                Some(value) if !is_name_part(value) => {
                    let given = self.model.variable(scope, hole).map(|scope| scope.span);
                    self.findings.add(messages::value_not_in_name(name.span(), hole, value, given));
                }
                _ if self.model.is_value(scope, hole) || self.model.is_half_read(hole) => {}
                _ => {
                    let known = texts::value_names(self.model, scope);
                    let near = suggest::nearest(hole, known.iter().copied()).map(str::to_owned);
                    self.findings.add(messages::unknown_value(name.span(), hole, near.as_deref()));
                }
            }
        }
        if let Some(index) = name_parts(name.text).find_map(|part| match part {
            NamePart::Hole(hole) if self.model.variable(scope, hole).is_none() => {
                self.model.param_names.get(hole).copied()
            }
            _ => None,
        }) {
            self.findings.used.params.insert(index);
        }
        self.model.filled(scope, name.text)
    }

    fn enter(&mut self, id: NodeId, position: Position) {
        if let Err(first) = self.model.members.enter(&self.model.nodes, id) {
            let (node, other) = (self.model.node(id), self.model.node(first));
            let name = &node.name;
            let container = match position.namespace {
                NodeId::PLAN => None,
                namespace => Some(self.model.qualified(namespace)),
            };
            let finding = if node.name_span() == other.name_span() {
                {
                    let turn = &self.model.scopes[position.scope.0 as usize];
                    messages::repeated_name(node, name, turn.variable)
                }
            } else {
                messages::duplicate_item(node, other, name, container.as_deref())
            };
            self.findings.add_to_order(finding);
        }
    }

    fn repeat(
        &mut self,
        statement: &'a ast::Statement<'a>,
        variable: &'a ast::Name<'a>,
        values: &'a [ast::Text<'a>],
        body: &'a ast::Body<'a>,
        position: Position,
    ) {
        if values.is_empty() {
            self.findings.add(messages::for_over_nothing(statement.keyword().to(variable.span())));
            return;
        }
        let has_items = body.statements.iter().any(|statement| {
            let is_item = |word: &vocabulary::Word| word.may_stand_in(Place::For);
            matches!(statement.kind, StatementKind::Junk)
                || vocabulary::of(&statement.kind).is_some_and(is_item)
        });
        if !has_items {
            let keyword = statement.keyword();
            self.findings.add(messages::empty_for(keyword.to(variable.span()), variable.text));
            return;
        }
        self.shadowed(variable, position.scope);
        let mut seen: HashMap<Cow<'a, str>, Span> = HashMap::with_capacity(values.len());
        for text in values {
            texts::early(self.model, self.findings, position.scope, text, "a value of `for`");
            let value = self.model.text(position.scope, text);
            if let Some(first) = seen.get(&value) {
                self.findings.add(messages::repeated_value(text.span(), *first, &value));
                continue;
            }
            seen.insert(value.clone(), text.span());
            let scope = ScopeId(self.model.scopes.len() as u32);
            self.model.scopes.push(Scope {
                parent: position.scope,
                variable: variable.text,
                value,
                span: text.span(),
            });
            // What may stand in the `for` depends on what the `for` stands in: a gate not in a set.
            self.body(body, Position { scope, ..position });
        }
    }

    fn shadowed(&mut self, variable: &'a ast::Name<'a>, scope: ScopeId) {
        if let Some(outer) = self.model.variable(scope, variable.text) {
            let span = outer.span;
            self.findings.add(messages::hidden_name(variable.span(), variable.text, "variable", span));
        } else if let Some(index) = self.model.param_names.get(variable.text) {
            let place = self.model.params[*index].declaration.name.span();
            self.findings.add(messages::hidden_name(variable.span(), variable.text, "param", place));
        }
    }
}

/// Whether nothing is in a group that could be done; text that could not be read may be something.
fn is_empty(body: &ast::Body<'_>) -> bool {
    !body.statements.iter().any(|statement| {
        matches!(
            statement.kind,
            StatementKind::Wave(_)
                | StatementKind::Block(_)
                | StatementKind::Task(_)
                | StatementKind::For { .. }
                | StatementKind::Junk
        )
    })
}

/// Whether a value may stand inside a name.
fn is_name_part(value: &str) -> bool {
    let is_letter = |c: char| c == '_' || c == '-' || unicode_ident::is_xid_continue(c);
    !value.is_empty() && value.chars().all(is_letter)
}
