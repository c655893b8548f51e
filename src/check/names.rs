//! What a name means where it stands: items, params and the holes of texts.
//!
//! Pure look-ups over the [`Model`]; whoever asks reports what is not found.

use super::model::{Model, NodeId, NodeKind, ScopeId};
use crate::source::Span;
use crate::syntax::ast;
use std::borrow::Cow;

/// What a reference to an item found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// One item.
    One(NodeId),
    /// Several, equally near.
    Several(Vec<NodeId>),
    /// None.
    Nothing,
}

/// What a hole stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hole<'m> {
    /// The value of a param or a `for` variable.
    Value(&'m str),
    /// A param that has no value yet, by its index.
    Unset(usize),
    /// A task's output: the task and the output's place in its body.
    Output(NodeId, u32),
    /// A task that has no output of that name.
    NoOutput(NodeId),
    /// An item where a value is wanted.
    Item(NodeId),
    /// Several items, equally near.
    Several(Vec<NodeId>),
    /// Nothing.
    Unknown,
}

/// A piece of a name such as `endpoint-{{name}}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamePart<'s> {
    /// Letters as they are.
    Literal(&'s str),
    /// What stands between `{{` and `}}`.
    Hole(&'s str),
}

/// The pieces of a name.
pub fn name_parts(text: &str) -> impl Iterator<Item = NamePart<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        match rest.find("{{") {
            Some(0) => {
                let end = rest.find("}}").unwrap_or(rest.len());
                let hole = rest[2..end].trim();
                rest = rest.get(end + 2..).unwrap_or("");
                Some(NamePart::Hole(hole))
            }
            found => {
                let (literal, after) = rest.split_at(found.unwrap_or(rest.len()));
                rest = after;
                Some(NamePart::Literal(literal))
            }
        }
    })
}

impl<'a> Model<'a> {
    /// The value of a param or `for` variable; none for a param without a value yet, and for what is neither.
    pub fn value(&self, scope: ScopeId, name: &str) -> Option<&str> {
        if let Some(scope) = self.variable(scope, name) {
            return Some(&scope.value);
        }
        self.params[*self.param_names.get(name)?].value.as_deref()
    }

    /// Whether a param or `for` variable has this name.
    pub fn is_value(&self, scope: ScopeId, name: &str) -> bool {
        self.variable(scope, name).is_some() || self.param_names.contains_key(name)
    }

    /// A name with its holes filled. A hole without a value stays as it is written.
    pub fn filled(&self, scope: ScopeId, text: &'a str) -> Cow<'a, str> {
        if !text.contains("{{") {
            return Cow::Borrowed(text);
        }
        Cow::Owned(self.filled_name(scope, text))
    }

    /// As [`Model::filled`], of a text that lives shorter than the tree.
    pub fn filled_name(&self, scope: ScopeId, text: &str) -> String {
        let mut filled = String::new();
        for part in name_parts(text) {
            match part {
                NamePart::Literal(literal) => filled.push_str(literal),
                NamePart::Hole(hole) => match self.value(scope, hole) {
                    Some(value) => filled.push_str(value),
                    None => {
                        filled.push_str("{{");
                        filled.push_str(hole);
                        filled.push_str("}}");
                    }
                },
            }
        }
        filled
    }

    /// A text with the values of its params and variables. What only a run can fill, or nobody has set, stays as it is written.
    pub fn text(&self, scope: ScopeId, text: &ast::Text<'a>) -> Cow<'a, str> {
        match (text.standing(), text.parts()) {
            (Some(standing), _) => Cow::Borrowed(standing),
            (_, [ast::TextPart::Literal(literal)]) => literal.clone(),
            (_, parts) => {
                let mut filled = String::new();
                for part in parts {
                    match part {
                        ast::TextPart::Literal(literal) => filled.push_str(literal),
                        ast::TextPart::Hole(reference) => match self.hole_value(scope, reference) {
                            Some(value) => filled.push_str(value),
                            None => {
                                filled.push_str("{{");
                                filled.push_str(self.sources.text(reference.span()));
                                filled.push_str("}}");
                            }
                        },
                    }
                }
                Cow::Owned(filled)
            }
        }
    }

    fn hole_value(&self, scope: ScopeId, reference: &ast::Reference<'a>) -> Option<&str> {
        self.value(scope, reference.single()?.text)
    }

    /// The parts of a reference, filled.
    pub fn parts(&self, scope: ScopeId, reference: &ast::Reference<'a>) -> Vec<Cow<'a, str>> {
        reference.parts().map(|part| self.filled(scope, part.text)).collect()
    }

    /// The item that a reference in `from` means: nearest first, from what holds `from` outwards.
    pub fn item(&self, from: NodeId, reference: &ast::Reference<'a>) -> Found {
        self.item_named(from, &self.parts(self.node(from).scope, reference))
    }

    /// What holds `from` and has a name, outwards, the plan last; `from` itself first, where it can hold something.
    fn namespaces(&self, from: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let own = self.node(from);
        let start = if own.kind.is_group() && !own.name.is_empty() { from } else { own.namespace };
        std::iter::successors(Some(start), |id| (*id != NodeId::PLAN).then(|| self.node(*id).namespace))
    }

    /// The item that a plain name in `from` means, where it stands right in what holds `from`: nine references of ten.
    pub fn item_around(&self, from: NodeId, name: &str) -> Option<NodeId> {
        self.namespaces(from).find_map(|namespace| self.members.inside(&self.nodes, namespace, name))
    }

    /// As [`Model::item`], of a name in parts.
    pub fn item_named(&self, from: NodeId, parts: &[Cow<'_, str>]) -> Found {
        let Some((last, _)) = parts.split_last() else { return Found::Nothing };
        // Written out from a container outwards: `a`, or `wave.a`.
        for namespace in self.namespaces(from) {
            if let Some(found) = self.member(namespace, parts) {
                return Found::One(found);
            }
        }
        // Somewhere inside a container, the nearest container first.
        let candidates = self.called(last);
        if candidates.is_empty() {
            return Found::Nothing;
        }
        for namespace in self.namespaces(from) {
            let end = self.node(namespace).end;
            let first = candidates.partition_point(|id| *id < namespace);
            let inside = candidates[first..].iter().take_while(|id| id.0 < end);
            let mut found: Vec<NodeId> =
                inside.copied().filter(|id| self.ends_with(*id, parts)).take(MOST_SHOWN + 1).collect();
            match found.len() {
                0 => {}
                1 => return Found::One(found.remove(0)),
                _ => return Found::Several(found),
            }
        }
        Found::Nothing
    }

    fn member(&self, namespace: NodeId, parts: &[Cow<'_, str>]) -> Option<NodeId> {
        parts.iter().try_fold(namespace, |at, part| self.members.inside(&self.nodes, at, part))
    }

    /// Whether the qualified name of an item ends with these parts.
    fn ends_with(&self, id: NodeId, parts: &[Cow<'_, str>]) -> bool {
        let mut at = id;
        for part in parts.iter().rev() {
            if at == NodeId::PLAN || self.node(at).name != *part {
                return false;
            }
            at = self.node(at).namespace;
        }
        true
    }

    /// What a hole in `from`'s text stands for.
    pub fn hole(&self, from: NodeId, reference: &ast::Reference<'a>) -> Hole<'_> {
        let scope = self.node(from).scope;
        if let Some(name) = reference.single() {
            let name = self.filled(scope, name.text);
            if let Some(scope) = self.variable(scope, &name) {
                return Hole::Value(&scope.value);
            }
            if let Some(index) = self.param_names.get(&name) {
                return match &self.params[*index].value {
                    Some(value) => Hole::Value(value),
                    None => Hole::Unset(*index),
                };
            }
            return match self.item_named(from, &[name]) {
                Found::One(item) => Hole::Item(item),
                _ => Hole::Unknown,
            };
        }
        let parts = self.parts(scope, reference);
        let (output, task) = parts.split_last().expect("BUG: a reference has a part");
        match self.item_named(from, task) {
            Found::One(id) if self.node(id).kind.is_task() => {
                match self.outputs(id).position(|name| self.filled(self.node(id).scope, name.text) == *output)
                {
                    Some(index) => Hole::Output(id, index as u32),
                    None => Hole::NoOutput(id),
                }
            }
            Found::One(id) => match self.item_named(from, &parts) {
                Found::One(inner) => Hole::Item(inner),
                _ => Hole::Item(id),
            },
            Found::Several(several) => Hole::Several(several),
            Found::Nothing => match self.item_named(from, &parts) {
                Found::One(item) => Hole::Item(item),
                _ => Hole::Unknown,
            },
        }
    }

    /// The names of a task's outputs, in the order of its body.
    pub fn outputs(&self, task: NodeId) -> impl Iterator<Item = &'a ast::Name<'a>> + use<'a> {
        self.node(task).body().statements.iter().filter_map(|statement| match &statement.kind {
            ast::StatementKind::Output { name, .. } => Some(&**name),
            _ => None,
        })
    }

    /// The agent that applies to a node, by its index: its own, or the nearest container's.
    pub fn agent_of(&self, id: NodeId) -> Option<usize> {
        std::iter::once(id)
            .chain(self.containers(id))
            .find_map(|id| self.node(id).agent)
            .map(|index| index as usize)
    }

    /// The place of the name in a statement that declares an item, for messages.
    pub fn place(&self, id: NodeId) -> Span {
        match self.node(id).kind {
            NodeKind::Plan(_) => self.header.map_or(self.node(id).header(), |header| header.name.span()),
            _ => self.node(id).name_span(),
        }
    }
}

/// How many places an ambiguous name shows at most.
pub const MOST_SHOWN: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_falls_into_letters_and_holes() {
        let parts: Vec<_> = name_parts("endpoint-{{ name }}-v{{n}}x").collect();
        assert_eq!(
            parts,
            [
                NamePart::Literal("endpoint-"),
                NamePart::Hole("name"),
                NamePart::Literal("-v"),
                NamePart::Hole("n"),
                NamePart::Literal("x")
            ]
        );
        assert_eq!(name_parts("a{{b").last(), Some(NamePart::Hole("b")));
    }
}
