//! The resolved tree: every item of the plan once a repetition, with its names, its place and what it refers to.
//!
//! Dense nodes that point into the syntax tree; `for` is unrolled. It knows no order and no files: it is what the
//! passes read and fill, and what `plan::lower` turns into a plan.

use super::members::Members;
use super::order::Order;
use crate::source::{FileId, SourceMap, Span};
use crate::syntax::ast;
use crate::syntax::few::Few;
use crate::syntax::vocabulary::Place;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// A node of the tree, dense from 0 in the order of the file, containers before members. 0 is the plan.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct NodeId(pub u32);

impl NodeId {
    /// The plan itself.
    pub const PLAN: NodeId = NodeId(0);

    /// The id as an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What the `for`s around a place bind, dense; 0 binds nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct ScopeId(pub u32);

/// One turn of a `for`.
#[derive(Debug)]
pub struct Scope<'a> {
    /// The scope around it.
    pub parent: ScopeId,
    /// `for NAME`.
    pub variable: &'a str,
    /// The value of this turn.
    pub value: Cow<'a, str>,
    /// Where the value is written.
    pub span: Span,
}

/// The kinds of node.
#[derive(Clone, Copy, Debug)]
pub enum NodeKind<'a> {
    /// The plan: the sequence of the file.
    Plan(&'a ast::Body<'a>),
    /// A wave.
    Wave(&'a ast::Wave<'a>),
    /// A block.
    Block(&'a ast::Block<'a>),
    /// A task.
    Task(&'a ast::Task<'a>),
    /// A gate.
    Gate(&'a ast::Gate<'a>),
    /// `rollback { … }`; its tasks stand outside the plan's order.
    Rollback(&'a ast::Body<'a>),
    /// `finally { … }`; likewise.
    Finally(&'a ast::Body<'a>),
}

impl<'a> NodeKind<'a> {
    /// Its statements.
    pub fn body(&self) -> &'a ast::Body<'a> {
        match self {
            NodeKind::Plan(body) | NodeKind::Rollback(body) | NodeKind::Finally(body) => body,
            NodeKind::Wave(wave) => &wave.body,
            NodeKind::Block(block) => &block.body,
            NodeKind::Task(task) => &task.body,
            NodeKind::Gate(gate) => &gate.body,
        }
    }

    /// The word that it is written with.
    pub fn word(&self) -> &'static str {
        match self {
            NodeKind::Plan(_) => "plan",
            NodeKind::Wave(_) => "wave",
            NodeKind::Block(block) if block.is_serial => "serial",
            NodeKind::Block(_) => "parallel",
            NodeKind::Task(_) => "task",
            NodeKind::Gate(_) => "gate",
            NodeKind::Rollback(_) => "rollback",
            NodeKind::Finally(_) => "finally",
        }
    }

    /// What it is, as one says it: both kinds of block are a block.
    pub fn noun(&self) -> &'static str {
        match self {
            NodeKind::Block(_) => "block",
            other => other.word(),
        }
    }

    /// The body that its statements stand in.
    pub fn place(&self) -> Place {
        match self {
            NodeKind::Plan(_) => Place::File,
            NodeKind::Wave(_) => Place::Wave,
            NodeKind::Block(block) if block.is_serial => Place::Serial,
            NodeKind::Block(_) => Place::Parallel,
            NodeKind::Task(_) => Place::Task,
            NodeKind::Gate(_) => Place::Gate,
            NodeKind::Rollback(_) => Place::Rollback,
            NodeKind::Finally(_) => Place::Finally,
        }
    }

    /// Whether it holds items.
    pub fn is_group(&self) -> bool {
        !matches!(self, NodeKind::Task(_) | NodeKind::Gate(_))
    }

    /// Whether it is a task.
    pub fn is_task(&self) -> bool {
        matches!(self, NodeKind::Task(_))
    }

    /// Whether it is a gate.
    pub fn is_gate(&self) -> bool {
        matches!(self, NodeKind::Gate(_))
    }

    /// Whether its items come one after another.
    pub fn is_sequence(&self) -> bool {
        match self {
            NodeKind::Plan(_) | NodeKind::Rollback(_) | NodeKind::Finally(_) => true,
            NodeKind::Block(block) => block.is_serial,
            NodeKind::Wave(_) | NodeKind::Task(_) | NodeKind::Gate(_) => false,
        }
    }

    /// Whether it is `rollback` or `finally`.
    pub fn is_cleanup(&self) -> bool {
        matches!(self, NodeKind::Rollback(_) | NodeKind::Finally(_))
    }
}

/// One item of the plan, or the plan.
#[derive(Debug)]
pub struct Node<'a> {
    /// Which.
    pub kind: NodeKind<'a>,
    /// Its own name with its holes filled; empty where it has none.
    pub name: Cow<'a, str>,
    /// Its statement; of the plan its header, none where that is missing.
    pub statement: Option<&'a ast::Statement<'a>>,
    /// What holds it; none for the plan.
    pub parent: Option<NodeId>,
    /// How many items of the same container stand before it.
    pub position: u32,
    /// The nearest container that has a name, or the plan: its names are unique there.
    pub namespace: NodeId,
    /// What it holds and overlaps; none for most, which are tasks.
    pub(super) inside: Option<Box<Inside>>,
    /// One past the last node inside it.
    pub end: u32,
    /// What the `for`s around it bind.
    pub scope: ScopeId,
    /// Its `after`s that name something, until the order has them.
    pub after: Box<[After]>,
    /// The outputs that its text uses, each with the place of the hole; criteria of a group included.
    pub uses_outputs: Few<OutputUse>,
    /// The agent that it names itself, by its index.
    pub agent: Option<u32>,
}

/// What few nodes have, and those that do are no tasks.
#[derive(Debug, Default)]
pub(super) struct Inside {
    pub children: Vec<NodeId>,
    pub cleanups: Vec<NodeId>,
    pub overlaps: Vec<(NodeId, Span)>,
}

impl<'a> Node<'a> {
    /// Its statements.
    pub fn body(&self) -> &'a ast::Body<'a> {
        self.kind.body()
    }

    /// Its items, in order; `rollback` and `finally` are not among them.
    pub fn children(&self) -> &[NodeId] {
        self.inside.as_ref().map_or(&[], |inside| &inside.children)
    }

    /// Its `rollback` and `finally`.
    pub fn cleanups(&self) -> &[NodeId] {
        self.inside.as_ref().map_or(&[], |inside| &inside.cleanups)
    }

    /// The waves that it overlaps, each with its place.
    pub fn overlaps(&self) -> &[(NodeId, Span)] {
        self.inside.as_ref().map_or(&[], |inside| &inside.overlaps)
    }

    /// What it holds and overlaps, to add to it.
    pub(super) fn inside_mut(&mut self) -> &mut Inside {
        self.inside.get_or_insert_default()
    }

    /// Its name and its title as they are written.
    fn named(&self) -> (Option<Span>, Option<Span>) {
        let (name, title) = match self.kind {
            NodeKind::Plan(_) => match self.statement.map(|statement| &statement.kind) {
                Some(ast::StatementKind::Plan { name, title }) => (Some(&**name), title.as_deref()),
                _ => (None, None),
            },
            NodeKind::Wave(wave) => (Some(&wave.name), wave.title.as_ref()),
            NodeKind::Block(block) => (block.name.as_ref(), block.title.as_ref()),
            NodeKind::Task(task) => (Some(&task.name), task.title.as_deref()),
            NodeKind::Gate(gate) => (gate.name.as_ref(), gate.title.as_ref()),
            NodeKind::Rollback(_) | NodeKind::Finally(_) => (None, None),
        };
        (name.map(|name| name.span()), title.map(|title| title.span()))
    }

    /// Its keyword; the beginning of the text for a plan without a header.
    fn keyword(&self) -> Span {
        self.statement.map_or(Span::new(FileId(0), 0, 0), |statement| statement.keyword())
    }

    /// Where the name is written; the keyword where it has none.
    pub fn name_span(&self) -> Span {
        self.named().0.unwrap_or(self.keyword())
    }

    /// From the keyword to the title.
    pub fn header(&self) -> Span {
        let (name, title) = self.named();
        match title.or(name) {
            Some(last) => self.keyword().to(last),
            None => self.keyword(),
        }
    }

    /// The whole statement; the whole text of the plan.
    pub fn span(&self) -> Span {
        match (self.kind, self.statement) {
            (NodeKind::Plan(_), _) | (_, None) => self.body().span,
            (_, Some(statement)) => statement.span,
        }
    }
}

/// One `after` statement, resolved.
#[derive(Clone, Debug)]
pub struct After {
    /// How it waits.
    pub mode: ast::AfterMode,
    /// For what, each with its place. Those that are no mistake.
    pub targets: Box<[(NodeId, Span)]>,
    /// The whole statement.
    pub span: Span,
}

/// A hole that names an output.
#[derive(Clone, Copy, Debug)]
pub struct OutputUse {
    /// The task whose output it is.
    pub task: NodeId,
    /// Where the hole is.
    pub span: Span,
}

/// `plan NAME "title"`.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    /// Its name.
    pub name: &'a ast::Name<'a>,
    /// Its title.
    pub title: Option<&'a ast::Text<'a>>,
    /// The statement.
    pub statement: &'a ast::Statement<'a>,
}

/// A param with its value.
#[derive(Debug)]
pub struct Param<'a> {
    /// Its declaration.
    pub declaration: &'a ast::Param<'a>,
    /// The statement.
    pub statement: &'a ast::Statement<'a>,
    /// Its value; none while nobody has given one.
    pub value: Option<String>,
    /// Whether the command line gave it.
    pub is_set: bool,
}

/// An agent, declared or found on disk.
#[derive(Debug)]
pub struct Agent<'a> {
    /// Its name.
    pub name: Cow<'a, str>,
    /// Its declaration, or where it is first named.
    pub span: Span,
    /// What it says of itself.
    pub source: AgentSource<'a>,
}

/// What an agent says of itself.
#[derive(Debug)]
pub enum AgentSource<'a> {
    /// `agent NAME { … }`
    Declared(&'a ast::Body<'a>),
    /// `.claude/agents/NAME.md`, or its like of another program
    File(AgentFile),
}

/// What a definition file says in its front matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentFile {
    /// The driver that calls it.
    pub driver: &'static str,
    /// The file, relative to the plan's directory.
    pub path: String,
    /// `model`
    pub model: String,
    /// `tools`
    pub tools: Vec<String>,
    /// `disallowedTools`
    pub denied: Vec<String>,
}

/// `resource NAME N`
#[derive(Debug)]
pub struct Resource<'a> {
    /// Its name.
    pub name: &'a ast::Name<'a>,
    /// How much there is; 1 where what is written is no count.
    pub capacity: u32,
    /// Where that is written.
    pub capacity_span: Span,
    /// The statement.
    pub span: Span,
}

/// `secret NAME from …`
#[derive(Debug)]
pub struct Secret<'a> {
    /// Its name.
    pub name: &'a ast::Name<'a>,
    /// Where from.
    pub source: ast::SecretSource,
    /// The variable or the file.
    pub value: &'a ast::Text<'a>,
    /// The statement.
    pub span: Span,
}

/// `criterion NAME "title" TEST`
#[derive(Debug)]
pub struct Criterion<'a> {
    /// Its name.
    pub name: &'a ast::Name<'a>,
    /// Its title.
    pub title: Option<&'a ast::Text<'a>>,
    /// Its test.
    pub test: Option<&'a ast::Test<'a>>,
    /// The statement.
    pub span: Span,
}

/// The names of one kind of declaration.
pub type Names<'a> = HashMap<Cow<'a, str>, usize>;

/// The resolved plan.
#[derive(Debug)]
pub struct Model<'a> {
    /// The texts.
    pub sources: &'a SourceMap,
    /// The tree of each.
    trees: &'a [ast::File<'a>],
    /// The plan's header; none when it is missing.
    pub header: Option<Header<'a>>,
    /// The params, in the order of declaration.
    pub params: Vec<Param<'a>>,
    /// The agents, declared ones first.
    pub agents: Vec<Agent<'a>>,
    /// The resources.
    pub resources: Vec<Resource<'a>>,
    /// The secrets.
    pub secrets: Vec<Secret<'a>>,
    /// The shared criteria.
    pub criteria: Vec<Criterion<'a>>,
    /// Params by name.
    pub param_names: Names<'a>,
    /// Agents by name.
    pub agent_names: Names<'a>,
    /// Resources by name.
    pub resource_names: Names<'a>,
    /// Secrets by name.
    pub secret_names: Names<'a>,
    /// Criteria by name.
    pub criterion_names: Names<'a>,
    /// The plan, its items and theirs.
    pub nodes: Vec<Node<'a>>,
    /// Whether any of them is a `rollback` or a `finally`.
    pub has_cleanups: bool,
    /// What `for`s bind; the first binds nothing.
    pub scopes: Vec<Scope<'a>>,
    /// The items by their names.
    pub members: Members,
    /// Names whose declaration could not be read.
    pub half_read: HashSet<&'a str>,
    /// What comes before what.
    pub order: Order,
}

impl<'a> Model<'a> {
    /// Nothing but the texts and their trees.
    pub fn new(sources: &'a SourceMap, trees: &'a [ast::File<'a>]) -> Model<'a> {
        let nothing = Span::new(FileId(0), 0, 0);
        Model {
            sources,
            trees,
            header: None,
            params: Vec::new(),
            agents: Vec::new(),
            resources: Vec::new(),
            secrets: Vec::new(),
            criteria: Vec::new(),
            param_names: Names::new(),
            agent_names: Names::new(),
            resource_names: Names::new(),
            secret_names: Names::new(),
            criterion_names: Names::new(),
            nodes: Vec::new(),
            has_cleanups: false,
            scopes: vec![Scope { parent: ScopeId(0), variable: "", value: Cow::Borrowed(""), span: nothing }],
            members: Members::default(),
            half_read: HashSet::new(),
            order: Order::default(),
        }
    }

    /// Whether the declaration of `name` may stand in text that could not be read.
    pub fn is_half_read(&self, name: &str) -> bool {
        self.half_read.contains(name)
            || name.rsplit_once('.').is_some_and(|(_, own)| self.half_read.contains(own))
            || !self.half_read.is_empty()
                && self.members.own_names(&self.nodes).any(|known| fits(known, name))
    }

    /// The items of that name, in order.
    pub fn called(&self, name: &str) -> &[NodeId] {
        self.members.called(&self.nodes, name)
    }

    /// The node with this id.
    pub fn node(&self, id: NodeId) -> &Node<'a> {
        &self.nodes[id.index()]
    }

    /// The ids of all nodes, containers before members.
    pub fn node_ids(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.nodes.len() as u32).map(NodeId)
    }

    /// Whether `inner` is `outer` or lies in it.
    pub fn holds(&self, outer: NodeId, inner: NodeId) -> bool {
        outer <= inner && inner.0 < self.node(outer).end
    }

    /// The doc comment of a node, line by line.
    pub fn docs(&self, id: NodeId) -> Vec<&'a str> {
        self.node(id).statement.map_or_else(Vec::new, |statement| self.tree_of(statement).docs(statement))
    }

    /// The tree that a statement is of.
    pub fn tree_of(&self, statement: &ast::Statement<'_>) -> &'a ast::File<'a> {
        &self.trees[statement.span.file.0 as usize]
    }

    /// What holds a node, outwards, the plan last; the node itself is not among them.
    pub fn containers(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        std::iter::successors(self.node(id).parent, |id| self.node(*id).parent)
    }

    /// The `rollback` or `finally` that a node stands in or is.
    pub fn cleanup_of(&self, id: NodeId) -> Option<NodeId> {
        if !self.has_cleanups {
            return None;
        }
        std::iter::once(id).chain(self.containers(id)).find(|id| self.node(*id).kind.is_cleanup())
    }

    /// The names of the named containers and its own, joined by dots; empty for the plan and for what has no
    /// name and stands in nothing that has one.
    pub fn qualified(&self, id: NodeId) -> String {
        let own = self.node(id);
        if own.namespace == NodeId::PLAN && id != NodeId::PLAN {
            return own.name.clone().into_owned();
        }
        let mut parts = Vec::new();
        let mut at = id;
        while at != NodeId::PLAN {
            let node = self.node(at);
            if !node.name.is_empty() {
                parts.push(&*node.name);
            }
            at = node.namespace;
        }
        parts.reverse();
        parts.join(".")
    }

    /// How a message calls a node: its own name, or its kind and line where it has none.
    pub fn shown(&self, id: NodeId) -> String {
        let node = self.node(id);
        match node.kind {
            NodeKind::Plan(_) => self.header.map_or("plan".into(), |header| header.name.text.into()),
            _ if node.name.is_empty() => format!("{}@{}", node.kind.word(), self.line(node.span())),
            _ => node.name.clone().into_owned(),
        }
    }

    /// The line of a place, from 1.
    pub fn line(&self, span: Span) -> u32 {
        let file = self.sources.file(span.file);
        file.position(span.start as usize, crate::source::ColumnUnit::Utf8).line + 1
    }

    /// The value that the `for`s around a place give to a name.
    pub fn variable(&self, scope: ScopeId, name: &str) -> Option<&Scope<'a>> {
        let mut at = scope;
        while at != ScopeId(0) {
            let scope = &self.scopes[at.0 as usize];
            if scope.variable == name {
                return Some(scope);
            }
            at = scope.parent;
        }
        None
    }
}

/// Whether `name` may be `known` with its holes filled.
fn fits(known: &str, name: &str) -> bool {
    let (Some(from), Some(to)) = (known.find("{{"), known.rfind("}}")) else { return false };
    let (start, end) = (&known[..from], &known[to + 2..]);
    name.len() > start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
}
