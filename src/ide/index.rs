//! Which name stands where and what it means: every declaration of a plan and every place that names it.
//!
//! Owned, so that it outlives the text it was made of. Made from the resolved model, also of a plan with mistakes: what
//! could not be resolved is not in it.

use super::mentions::{Mention, mentions};
use crate::check::model::{AgentSource, Model, NodeId, ScopeId};
use crate::check::names::{Found, NamePart, name_parts};
use crate::compile::Seen;
use crate::source::{FileId, SourceMap, Span};
use crate::syntax::ast::{self, Body, Name, Reference, Statement, StatementKind};
use std::collections::HashMap;

/// A symbol of an [`Index`], dense from 0.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SymbolId(pub u32);

/// The kinds of symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SymbolKind {
    /// The plan itself.
    Plan,
    /// A wave.
    Wave,
    /// A named block.
    Block,
    /// A task.
    Task,
    /// A named gate.
    Gate,
    /// An agent, declared or found in a file.
    Agent,
    /// A resource.
    Resource,
    /// A secret.
    Secret,
    /// A shared criterion.
    Criterion,
    /// A param.
    Param,
    /// A `for` variable.
    Variable,
    /// An output of a task.
    Output,
}

impl SymbolKind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            SymbolKind::Plan => "plan",
            SymbolKind::Wave => "wave",
            SymbolKind::Block => "block",
            SymbolKind::Task => "task",
            SymbolKind::Gate => "gate",
            SymbolKind::Agent => "agent",
            SymbolKind::Resource => "resource",
            SymbolKind::Secret => "secret",
            SymbolKind::Criterion => "criterion",
            SymbolKind::Param => "param",
            SymbolKind::Variable => "variable",
            SymbolKind::Output => "output",
        }
    }

    /// Whether it is a part of the order: what `after` may name.
    pub fn is_item(self) -> bool {
        matches!(self, SymbolKind::Wave | SymbolKind::Block | SymbolKind::Task | SymbolKind::Gate)
    }
}

/// Something that has a name.
#[derive(Clone, Debug)]
pub struct Symbol {
    /// What it is.
    pub kind: SymbolKind,
    /// Its name as written; holes of a `for` included.
    pub name: String,
    /// How it is called from anywhere, once for each turn of the `for`s around it.
    pub names: Vec<String>,
    /// Its title, or the head of its declaration.
    pub detail: String,
    /// Its doc comment.
    pub docs: String,
    /// Where its name is declared.
    pub span: Span,
    /// The whole declaration.
    pub full: Span,
    /// What holds it: a group, or for an output its task.
    pub container: Option<SymbolId>,
    /// The file that defines it, for an agent that no plan declares.
    pub file: Option<String>,
    /// The values that it takes, for a param of `one of`.
    pub choices: Vec<String>,
    /// Whether it stands in `rollback` or `finally`, outside the order.
    pub is_cleanup: bool,
}

/// A place that names a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// Where.
    pub span: Span,
    /// What.
    pub symbol: SymbolId,
    /// Whether it is the declaration.
    pub is_declaration: bool,
}

/// All symbols and where they are named.
#[derive(Clone, Debug, Default)]
pub struct Index {
    /// The symbols.
    pub symbols: Vec<Symbol>,
    /// Where they are named, in order of place.
    pub occurrences: Vec<Occurrence>,
}

impl Index {
    /// The symbol with this id.
    pub fn symbol(&self, id: SymbolId) -> &Symbol {
        &self.symbols[id.0 as usize]
    }

    /// What is named at a place; the shortest where several touch it.
    pub fn at(&self, file: FileId, offset: usize) -> Option<Occurrence> {
        let end = self
            .occurrences
            .partition_point(|found| (found.span.file, found.span.start as usize) <= (file, offset));
        let near = self.occurrences[..end].iter().rev().take_while(|found| found.span.file == file).take(16);
        near.filter(|found| found.span.touches(offset))
            .min_by_key(|found| found.span.end - found.span.start)
            .copied()
    }

    /// Where a symbol is named, its declaration included.
    pub fn of(&self, symbol: SymbolId) -> impl Iterator<Item = &Occurrence> {
        self.occurrences.iter().filter(move |found| found.symbol == symbol)
    }

    /// All symbols with their ids.
    pub fn all(&self) -> impl Iterator<Item = (SymbolId, &Symbol)> {
        self.symbols.iter().enumerate().map(|(id, symbol)| (SymbolId(id as u32), symbol))
    }

    /// The symbol of that kind that is called so from anywhere.
    pub fn named(&self, kind: SymbolKind, name: &str) -> Option<SymbolId> {
        self.all()
            .find(|(_, symbol)| symbol.kind == kind && symbol.names.iter().any(|own| own == name))
            .map(|(id, _)| id)
    }
}

/// Makes the index of a plan; half of it, once nobody wants it any more.
pub fn index<'c, 'a>(seen: &Seen<'c, 'a>, is_stale: &dyn Fn() -> bool) -> Index {
    let model = seen.model;
    let mut builder = Builder {
        model,
        sources: seen.sources,
        index: Index::default(),
        by_place: HashMap::new(),
        of_node: vec![None; model.nodes.len()],
        bodies: HashMap::with_capacity(model.nodes.len()),
        lists: Lists::default(),
        variables: Vec::new(),
    };
    builder.declarations(seen.trees);
    builder.nodes(is_stale);
    for (at, tree) in seen.trees.iter().enumerate() {
        let nodes: &[NodeId] = if at == 0 && !model.nodes.is_empty() { &[NodeId::PLAN] } else { &[] };
        for statement in tree.body.statements.iter().take_while(|_| !is_stale()) {
            builder.statement(statement, nodes);
        }
    }
    let mut index = builder.index;
    index.occurrences.sort_by_key(|found| (found.span.file, found.span.start, found.span.end, found.symbol));
    index.occurrences.dedup_by_key(|found| (found.span, found.symbol));
    index
}

/// The symbols of what is declared in lists, by their index in the model.
#[derive(Default)]
struct Lists {
    params: Vec<SymbolId>,
    agents: Vec<SymbolId>,
    resources: Vec<SymbolId>,
    secrets: Vec<SymbolId>,
    criteria: Vec<SymbolId>,
}

struct Builder<'m, 'a> {
    model: &'m Model<'a>,
    sources: &'m SourceMap,
    index: Index,
    /// The symbol that is declared at a place.
    by_place: HashMap<Span, SymbolId>,
    of_node: Vec<Option<SymbolId>>,
    /// The nodes of a body: several where a `for` repeats it.
    bodies: HashMap<*const Body<'a>, Vec<NodeId>>,
    lists: Lists,
    /// The `for` variables around the place, outermost first.
    variables: Vec<(&'m str, SymbolId)>,
}

impl<'m, 'a> Builder<'m, 'a> {
    fn add(&mut self, symbol: Symbol) -> SymbolId {
        let id = SymbolId(self.index.symbols.len() as u32);
        self.by_place.insert(symbol.span, id);
        self.index.symbols.push(symbol);
        id
    }

    /// The text of a place in one line, cut where it is long.
    fn line(&self, span: Span) -> String {
        let text = self.sources.text(span);
        let first = text.lines().next().unwrap_or_default();
        let first = first.trim_end().trim_end_matches('{').trim_end();
        match first.char_indices().nth(120) {
            Some((at, _)) => format!("{}…", &first[..at]),
            None => first.to_owned(),
        }
    }

    fn declared(&mut self, kind: SymbolKind, name: &str, span: Span, full: Span, docs: &[&str]) -> SymbolId {
        let symbol = Symbol {
            kind,
            name: name.to_owned(),
            names: vec![name.to_owned()],
            detail: self.line(full),
            docs: docs.join("\n"),
            span,
            full,
            container: None,
            file: None,
            choices: Vec::new(),
            is_cleanup: false,
        };
        self.add(symbol)
    }

    fn declarations(&mut self, trees: &[ast::File<'_>]) {
        let model = self.model;
        let mut docs: HashMap<Span, Vec<&str>> = HashMap::new();
        let mut agents: HashMap<Span, &Statement<'_>> = HashMap::new();
        for statement in trees.iter().flat_map(|tree| &tree.body.statements) {
            if let StatementKind::Agent { name, .. } = &statement.kind {
                agents.insert(name.span(), statement);
            }
            let said = model.tree_of(statement).docs(statement);
            if !said.is_empty() {
                docs.insert(statement.span, said);
            }
        }
        let docs = |span: Span| docs.get(&span).map_or(&[][..], |said| said);
        for param in &model.params {
            let (name, full) = (&param.declaration.name, param.statement.span);
            let said = model.tree_of(param.statement).docs(param.statement);
            let id = self.declared(SymbolKind::Param, name.text, name.span(), full, &said);
            let choices = param.declaration.choices.iter();
            self.index.symbols[id.0 as usize].choices =
                choices.map(|choice| choice.plain().unwrap_or_default().to_owned()).collect();
            self.lists.params.push(id);
        }
        for agent in &model.agents {
            let declared = agents.get(&agent.span);
            let full = declared.map_or(agent.span, |statement| statement.span);
            let said = declared.map_or(&[][..], |statement| docs(statement.span));
            let id = self.declared(SymbolKind::Agent, &agent.name, agent.span, full, said);
            if let AgentSource::File(file) = &agent.source {
                let symbol = &mut self.index.symbols[id.0 as usize];
                symbol.file = Some(file.path.clone());
                let home = self.sources.files().next().and_then(|(_, plan)| plan.path().parent());
                let path = std::path::Path::new(&file.path);
                let path = home.and_then(|home| path.strip_prefix(home).ok()).unwrap_or(path);
                symbol.detail = format!("agent {} from {}", agent.name, path.display());
            }
            self.lists.agents.push(id);
        }
        for resource in &model.resources {
            let (name, full) = (resource.name, resource.span);
            let id = self.declared(SymbolKind::Resource, name.text, name.span(), full, docs(full));
            self.lists.resources.push(id);
        }
        for secret in &model.secrets {
            let (name, full) = (secret.name, secret.span);
            let id = self.declared(SymbolKind::Secret, name.text, name.span(), full, docs(full));
            self.lists.secrets.push(id);
        }
        for criterion in &model.criteria {
            let (name, full) = (criterion.name, criterion.span);
            let id = self.declared(SymbolKind::Criterion, name.text, name.span(), full, docs(full));
            self.lists.criteria.push(id);
        }
    }

    fn nodes(&mut self, is_stale: &dyn Fn() -> bool) {
        let model = self.model;
        for id in model.node_ids() {
            if id.index().is_multiple_of(256) && is_stale() {
                return;
            }
            let node = model.node(id);
            self.bodies.entry(std::ptr::from_ref(node.body())).or_default().push(id);
            let (name, qualified) = match (id, model.header) {
                (NodeId::PLAN, Some(header)) => (header.name.text.to_owned(), header.name.text.to_owned()),
                (NodeId::PLAN, None) => continue,
                _ if node.name.is_empty() => continue,
                _ => (self.sources.text(node.name_span()).to_owned(), model.qualified(id)),
            };
            let span = model.place(id);
            if let Some(known) = self.by_place.get(&span) {
                self.of_node[id.index()] = Some(*known);
                self.index.symbols[known.0 as usize].names.push(qualified);
                continue;
            }
            use crate::check::model::NodeKind;
            let kind = match node.kind {
                NodeKind::Plan(_) => SymbolKind::Plan,
                NodeKind::Wave(_) => SymbolKind::Wave,
                NodeKind::Block(_) => SymbolKind::Block,
                NodeKind::Gate(_) => SymbolKind::Gate,
                _ => SymbolKind::Task,
            };
            let namespace = if id == NodeId::PLAN { None } else { Some(node.namespace) };
            let container = namespace
                .filter(|namespace| *namespace != NodeId::PLAN)
                .and_then(|namespace| self.of_node[namespace.index()]);
            let detail = self.line(node.header());
            let symbol = Symbol {
                kind,
                name,
                names: vec![qualified],
                detail,
                docs: model.docs(id).join("\n"),
                span,
                full: node.span(),
                container,
                file: None,
                choices: Vec::new(),
                is_cleanup: model.cleanup_of(id).is_some(),
            };
            let symbol = self.add(symbol);
            self.of_node[id.index()] = Some(symbol);
            if node.kind.is_task() {
                self.outputs(id, symbol);
            }
        }
    }

    fn outputs(&mut self, task: NodeId, symbol: SymbolId) {
        for statement in &self.model.node(task).body().statements {
            if let StatementKind::Output { name, .. } = &statement.kind
                && !self.by_place.contains_key(&name.span())
            {
                let id = self.declared(
                    SymbolKind::Output,
                    name.text,
                    name.span(),
                    statement.span,
                    &self.model.tree_of(statement).docs(statement),
                );
                let qualified = format!("{}.{}", self.model.qualified(task), name.text);
                let output = &mut self.index.symbols[id.0 as usize];
                output.names = vec![qualified];
                output.container = Some(symbol);
            }
        }
    }

    fn occurs(&mut self, span: Span, symbol: SymbolId, is_declaration: bool) {
        self.index.occurrences.push(Occurrence { span, symbol, is_declaration });
    }

    fn body(&mut self, body: &'m Body<'a>, nodes: &[NodeId]) {
        for statement in &body.statements {
            self.statement(statement, nodes);
        }
    }

    /// A statement of the bodies of `nodes`: several where a `for` repeats it, none in a library.
    fn statement(&mut self, statement: &'m Statement<'a>, nodes: &[NodeId]) {
        let inner = statement.kind.body();
        let own = inner.and_then(|body| {
            // The tree is the model's own, so that its bodies are known by where they lie.
            self.bodies.get(&std::ptr::from_ref(body)).cloned()
        });
        let is_node = own.is_some();
        let inside = own.unwrap_or_else(|| nodes.to_vec());
        mentions(statement, &mut |mention| self.mention(mention, nodes, &inside, is_node));
        let Some(body) = inner else { return };
        let is_for = if let StatementKind::For { variable, .. } = &statement.kind {
            let full = Span { end: body.span.start.max(variable.span().end), ..statement.span };
            let id = self.declared(SymbolKind::Variable, variable.text, variable.span(), full, &[]);
            self.occurs(variable.span(), id, true);
            self.variables.push((variable.text, id));
            true
        } else {
            false
        };
        self.body(body, &inside);
        if is_for {
            self.variables.pop();
        }
    }

    fn mention(&mut self, mention: Mention<'m, 'a>, nodes: &[NodeId], inside: &[NodeId], is_node: bool) {
        match mention {
            Mention::Declared(name) => {
                if let Some(id) = self.by_place.get(&name.span()).copied() {
                    self.occurs(name.span(), id, true);
                }
                self.holes_of_name(name);
            }
            Mention::Item(reference) => {
                reference.parts().for_each(|part| self.holes_of_name(&part));
                let from = if is_node { inside } else { nodes };
                for node in from.iter().copied().take(MOST_TURNS) {
                    let parts = self.filled_parts(node, &reference);
                    if let Found::One(item) = self.model.item_named(node, &parts) {
                        self.item(&reference, item, parts.len());
                    }
                }
            }
            Mention::Agent(name) => {
                self.listed(name, nodes, |model| &model.agent_names, |lists| &lists.agents)
            }
            Mention::Resource(name) => {
                self.listed(name, nodes, |model| &model.resource_names, |lists| &lists.resources);
            }
            Mention::Secret(name) => {
                self.listed(name, nodes, |model| &model.secret_names, |lists| &lists.secrets);
            }
            Mention::Criterion(name) => {
                self.listed(name, nodes, |model| &model.criterion_names, |lists| &lists.criteria);
            }
            Mention::Param(name) => {
                self.value(name.text, name.span());
            }
            Mention::Word(name) => self.holes_of_name(name),
            Mention::Text(text, _) => {
                let from = if is_node { inside } else { nodes };
                for reference in text.holes() {
                    self.hole(reference, from);
                }
            }
        }
    }

    fn listed(
        &mut self,
        name: &Name<'_>,
        nodes: &[NodeId],
        names: impl Fn(&'m Model<'a>) -> &'m crate::check::model::Names<'a>,
        list: impl Fn(&Lists) -> &Vec<SymbolId>,
    ) {
        self.holes_of_name(name);
        let model = self.model;
        let scopes: Vec<ScopeId> = match nodes {
            [] => vec![ScopeId(0)],
            nodes => nodes.iter().take(MOST_TURNS).map(|node| model.node(*node).scope).collect(),
        };
        for scope in scopes {
            let wanted = model.filled_name(scope, name.text);
            if let Some(index) = names(model).get(wanted.as_str()) {
                let symbol = list(&self.lists)[*index];
                let is_first = self.index.symbol(symbol).span == name.span();
                self.occurs(name.span(), symbol, is_first);
            }
        }
    }

    /// The params and variables in the holes of a name.
    fn holes_of_name(&mut self, name: &Name<'_>) {
        if !name.is_pattern() {
            return;
        }
        let start = name.text.as_ptr() as usize;
        for part in name_parts(name.text) {
            if let NamePart::Hole(hole) = part {
                let at = name.span().start as usize + (hole.as_ptr() as usize - start);
                self.value(hole, Span::new(name.span().file, at, at + hole.len()));
            }
        }
    }

    /// A `for` variable or a param; gives whether there is one.
    fn value(&mut self, name: &str, span: Span) -> bool {
        let variable = self.variables.iter().rev().find(|(known, _)| *known == name).map(|(_, id)| *id);
        let param = || self.model.param_names.get(name).map(|index| self.lists.params[*index]);
        let found = variable.or_else(param);
        if let Some(symbol) = found {
            self.occurs(span, symbol, false);
        }
        found.is_some()
    }

    fn filled_parts(&self, node: NodeId, reference: &Reference<'_>) -> Vec<std::borrow::Cow<'a, str>> {
        let scope = self.model.node(node).scope;
        reference.parts().map(|part| self.model.filled_name(scope, part.text).into()).collect()
    }

    fn hole(&mut self, reference: &Reference<'_>, nodes: &[NodeId]) {
        if let Some(name) = reference.single()
            && (name.is_pattern() || self.value(name.text, name.span()))
        {
            self.holes_of_name(&name);
            return;
        }
        reference.parts().for_each(|part| self.holes_of_name(&part));
        for node in nodes.iter().copied().take(MOST_TURNS) {
            let parts = self.filled_parts(node, reference);
            let Some((output, task)) = parts.split_last() else { continue };
            let Found::One(id) = self.model.item_named(node, task) else { continue };
            self.item(reference, id, task.len());
            let declared = self
                .model
                .outputs(id)
                .find(|name| self.model.filled_name(self.model.node(id).scope, name.text) == **output);
            if let (Some(declared), Some(last)) = (declared, reference.parts().last())
                && let Some(symbol) = self.by_place.get(&declared.span()).copied()
            {
                self.occurs(last.span(), symbol, false);
            }
        }
    }

    /// The parts of a reference before `end`, the last of which names `item` and those before it what holds it.
    fn item(&mut self, reference: &Reference<'_>, item: NodeId, end: usize) {
        let mut at = item;
        let parts: Vec<Name<'_>> = reference.parts().take(end).collect();
        for part in parts.iter().rev() {
            if at == NodeId::PLAN {
                break;
            }
            if let Some(symbol) = self.of_node[at.index()] {
                self.occurs(part.span(), symbol, false);
            }
            at = self.model.node(at).namespace;
        }
    }
}

/// So many turns of the `for`s around a name are looked at.
const MOST_TURNS: usize = 50;
