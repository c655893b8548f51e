//! The resolved tree to the plan: ids made dense, settings narrowed, texts filled, the order turned into steps.
//!
//! Cannot fail. What a mistake has left unclear is left out; whoever runs a plan has seen to it that there is none.
//! Linear in the size of the plan.

mod criteria;
mod definition;
mod settings;
mod steps;
mod task;

use super::{
    AgentId, Approval, Assert, AssertClaim, Budget, Comparison, Details, Gate, GateId, Group, GroupId,
    GroupKind, Isolation, Item, OnNoGo, Plan, Resource, ResourceId, Secret, SecretId, SecretSource, Settings,
    StepId, TaskId,
};
use crate::check::Model;
use crate::check::model::{NodeId, NodeKind};
use crate::syntax::ast::{self, StatementKind};
use foldhash::fast::RandomState;
use settings::Inside;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

/// Makes the plan of a resolved tree. Where the tree's order has a cycle, the items on it have no step.
pub fn lower(model: Model<'_>) -> Plan {
    make(model, true, None)
}

/// As [`lower`], of a plan that is not carried out: the definitions of its tasks are left out. `give_back` is called where the
/// order of a large plan has been freed.
pub fn lower_unrun(model: Model<'_>, give_back: Option<fn()>) -> Plan {
    make(model, false, give_back)
}

/// So many items are a large plan.
const MANY: usize = 10_000;

fn make(mut model: Model<'_>, has_definitions: bool, give_back: Option<fn()>) -> Plan {
    let order = std::mem::take(&mut model.order);
    let mut lower = Lower::new(&model, has_definitions);
    lower.ids();
    lower.steps(order);
    // The tasks stand in one piece, which does not fit where the order's many small ones were.
    if let Some(give_back) = give_back.filter(|_| lower.made.len() > MANY) {
        give_back();
    }
    lower.plan.tasks.reserve_exact(lower.nodes_of_tasks.len());
    lower.items();
    lower.finish()
}

/// What a node has become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Made {
    Group(GroupId),
    Task(TaskId),
    Gate(GateId),
    Cleanup,
}

/// The details of tasks that say nothing of themselves under the same settings.
struct Nothing {
    details: Arc<Details>,
    /// Their part in a task's definition.
    described: String,
}

struct Lower<'m, 'a> {
    model: &'m Model<'a>,
    has_definitions: bool,
    /// By node.
    made: Vec<Made>,
    /// The node of each task.
    nodes_of_tasks: Vec<NodeId>,
    /// The settings of groups and cleanups, by node; those of tasks are made when they are.
    settings: HashMap<NodeId, Inside>,
    /// The step that begins a node, by node.
    first: Vec<Option<StepId>>,
    agents: HashMap<usize, AgentId>,
    secrets: HashMap<usize, SecretId>,
    /// Names given to what has none.
    given: HashSet<String>,
    /// The definition of each agent, for the hashes.
    agent_texts: HashMap<AgentId, String>,
    /// Settings that differ from those around them, each once.
    known_settings: HashSet<Arc<Settings>, RandomState>,
    /// The details of tasks that say nothing of themselves: by the place of their settings, and whether a prompt is all that is
    /// known of what they do.
    none: HashMap<(*const Settings, bool), Nothing, RandomState>,
    /// Room for the definition of a task, which is hashed and gone.
    definition_text: String,
    plan: Plan,
}

impl<'m, 'a> Lower<'m, 'a> {
    fn new(model: &'m Model<'a>, has_definitions: bool) -> Lower<'m, 'a> {
        let title = model.header.and_then(|header| header.title);
        let root = &model.nodes[0];
        let plan = Plan {
            name: model.header.map_or("plan", |header| header.name.text).to_owned(),
            title: title.map_or_else(String::new, |title| model.text(root.scope, title).into_owned()),
            docs: model.docs(NodeId::PLAN).join("\n"),
            params: model.params.iter().map(param).collect(),
            workers: None,
            isolation: Isolation::Shared,
            budget: Budget::default(),
            agents: Vec::new(),
            resources: model.resources.iter().map(resource).collect(),
            secrets: Vec::new(),
            groups: Vec::new(),
            tasks: Vec::new(),
            definitions: Vec::new(),
            gates: Vec::new(),
            steps: Vec::new(),
            preflight: Vec::new(),
            finally: Vec::new(),
            asserts: Vec::new(),
            conflicts: Vec::new(),
        };
        Lower {
            model,
            has_definitions,
            made: Vec::with_capacity(model.nodes.len()),
            nodes_of_tasks: Vec::new(),
            settings: HashMap::new(),
            first: Vec::new(),
            agents: HashMap::new(),
            secrets: HashMap::new(),
            given: HashSet::new(),
            agent_texts: HashMap::new(),
            known_settings: HashSet::default(),
            none: HashMap::default(),
            definition_text: String::new(),
            plan,
        }
    }

    fn ids(&mut self) {
        let (mut groups, mut tasks, mut gates) = (0, 0, 0);
        for id in self.model.node_ids() {
            let node = self.model.node(id);
            if node.kind.is_task() {
                self.nodes_of_tasks.push(id);
            }
            let next = |count: &mut u32| {
                *count += 1;
                *count - 1
            };
            self.made.push(match node.kind {
                NodeKind::Plan(_) | NodeKind::Wave(_) | NodeKind::Block(_) => {
                    Made::Group(GroupId(next(&mut groups)))
                }
                NodeKind::Task(_) => Made::Task(TaskId(next(&mut tasks))),
                NodeKind::Gate(_) => Made::Gate(GateId(next(&mut gates))),
                NodeKind::Rollback(_) | NodeKind::Finally(_) => Made::Cleanup,
            });
        }
    }

    fn items(&mut self) {
        for id in self.model.node_ids() {
            let parent = self.model.node(id).parent;
            let outer = match parent {
                Some(parent) => self.settings[&parent].clone(),
                None => Inside::default(),
            };
            let settings = self.narrowed(id, &outer);
            match self.made[id.index()] {
                Made::Group(_) => {
                    let group = self.group(id, &settings);
                    self.plan.groups.push(group);
                    self.settings.insert(id, settings);
                }
                Made::Cleanup => {
                    self.settings.insert(id, settings);
                }
                Made::Task(_) => {
                    let task = self.task(id, settings.settings);
                    if self.has_definitions {
                        let definition = self.definition(&task);
                        self.plan.definitions.push(definition);
                    }
                    self.plan.tasks.push(task);
                }
                Made::Gate(_) => {
                    let gate = self.gate(id, &settings);
                    self.plan.gates.push(gate);
                }
            }
        }
        self.settings.clear();
    }

    fn group(&mut self, id: NodeId, settings: &Inside) -> Group {
        let model = self.model;
        let node = model.node(id);
        let (kind, title) = match node.kind {
            NodeKind::Wave(wave) => (GroupKind::Wave, wave.title.as_ref()),
            NodeKind::Block(block) if block.is_serial => (GroupKind::Serial, block.title.as_ref()),
            NodeKind::Block(block) => (GroupKind::Parallel, block.title.as_ref()),
            _ => (GroupKind::Plan, model.header.and_then(|header| header.title)),
        };
        let cleanup = |wanted: fn(&NodeKind<'_>) -> bool| -> Vec<TaskId> {
            let found = node.cleanups().iter().filter(|id| wanted(&model.node(**id).kind));
            let tasks = found.flat_map(|id| model.node(*id).children());
            tasks.filter_map(|id| self.task_id(*id)).collect()
        };
        let rollback = cleanup(|kind| matches!(kind, NodeKind::Rollback(_)));
        let finally = cleanup(|kind| matches!(kind, NodeKind::Finally(_)));
        let items = node.children().iter().filter_map(|child| self.item(*child)).collect();
        if id == NodeId::PLAN {
            self.plan.finally = finally;
        }
        Group {
            kind,
            name: self.group_name(id),
            title: title.map_or_else(String::new, |title| model.text(node.scope, title).into_owned()),
            docs: model.docs(id).join("\n"),
            because: self.because(id),
            parent: node.parent.and_then(|parent| self.group_id(parent)),
            items,
            workers: settings.workers,
            budget: settings.budget,
            success: self.success(id, settings),
            rollback,
            on_failure: settings.on_failure,
            env: settings.env.clone(),
            overlaps: node.overlaps().iter().map(|(other, _)| model.qualified(*other)).collect(),
            left_out: settings.left_out.clone(),
            span: node.header(),
        }
    }

    fn gate(&mut self, id: NodeId, settings: &Inside) -> Gate {
        let model = self.model;
        let node = model.node(id);
        let title = match node.kind {
            NodeKind::Gate(gate) => gate.title.as_ref(),
            _ => None,
        };
        let mut gate = Gate {
            name: self.gate_name(id),
            title: title.map_or_else(String::new, |title| model.text(node.scope, title).into_owned()),
            group: self.group_around(id),
            checks: Vec::new(),
            approvals: Vec::new(),
            on_no_go: OnNoGo::Stop,
            left_out: settings.left_out.clone(),
            span: node.header(),
        };
        for statement in &node.body().statements {
            match &statement.kind {
                StatementKind::Check(check) => {
                    gate.checks.push(self.criterion(id, statement, check, settings));
                }
                StatementKind::Approve(approve) => gate.approvals.push(self.approval(id, statement, approve)),
                StatementKind::OnNoGo(on_no_go) => gate.on_no_go = self.on_no_go(id, &on_no_go.value),
                _ => {}
            }
        }
        gate
    }

    fn on_no_go(&self, id: NodeId, on_no_go: &ast::OnNoGo<'a>) -> OnNoGo {
        match on_no_go {
            ast::OnNoGo::Stop => OnNoGo::Stop,
            ast::OnNoGo::Continue => OnNoGo::Continue,
            ast::OnNoGo::Retry(count) => OnNoGo::Retry(settings::count(*count).unwrap_or(1)),
            ast::OnNoGo::SkipTo(reference) => match self.model.item(id, reference) {
                crate::check::names::Found::One(target) => {
                    self.first[target.index()].map_or(OnNoGo::Stop, OnNoGo::SkipTo)
                }
                _ => OnNoGo::Stop,
            },
        }
    }

    fn approval(&self, id: NodeId, statement: &ast::Statement<'a>, approve: &ast::Approve<'a>) -> Approval {
        let scope = self.model.node(id).scope;
        Approval {
            question: self.template(id, &approve.question),
            by: approve.by.as_ref().map_or_else(String::new, |by| self.model.text(scope, by).into_owned()),
            within: approve.within.map(|(within, _)| Duration::from_millis(within.milliseconds)),
            otherwise_continue: matches!(approve.within, Some((_, ast::Otherwise::Continue))),
            span: statement.span,
        }
    }

    /// What closes over the whole plan, once all else is made.
    fn finish(mut self) -> Plan {
        let root = self.model.node(NodeId::PLAN);
        let settings = self.narrowed(NodeId::PLAN, &Inside::default());
        self.plan.workers = settings.workers;
        self.plan.isolation = settings.isolation;
        self.plan.budget = settings.budget;
        for statement in &root.body().statements {
            match &statement.kind {
                StatementKind::Preflight(body) => {
                    self.plan.preflight = self.checks(NodeId::PLAN, body, &settings);
                }
                StatementKind::Assert(assert) => {
                    if let Some(claim) = self.assert(assert) {
                        self.plan.asserts.push(Assert { claim, span: statement.span });
                    }
                }
                _ => {}
            }
        }
        self.leave_out();
        self.plan
    }

    fn assert(&self, assert: &ast::Assert<'a>) -> Option<AssertClaim> {
        let item = |reference| match self.model.item(NodeId::PLAN, reference) {
            crate::check::names::Found::One(id) => self.item(id),
            _ => None,
        };
        Some(match assert {
            ast::Assert::Makespan(op, limit) => {
                AssertClaim::Makespan(comparison(op.value), Duration::from_millis(limit.milliseconds))
            }
            ast::Assert::Speedup(op, number) => AssertClaim::Speedup(comparison(op.value), number.value),
            ast::Assert::Cost(op, amount) => match amount.most {
                ast::Quantity::Money(money) => AssertClaim::Money(comparison(op.value), money),
                ast::Quantity::Tokens(tokens) => AssertClaim::Tokens(comparison(op.value), tokens),
            },
            ast::Assert::Workers(op, number) => {
                AssertClaim::Workers(comparison(op.value), settings::count(*number)?)
            }
            ast::Assert::Before(first, second) => AssertClaim::Before(item(first)?, item(second)?),
            ast::Assert::Alongside(first, second) => AssertClaim::Alongside(item(first)?, item(second)?),
        })
    }

    /// A task that uses the output of one that is left out is left out too, and so on.
    fn leave_out(&mut self) {
        let users: HashMap<TaskId, Vec<TaskId>> = self.output_users();
        if users.is_empty() {
            return;
        }
        let in_order = self.plan.steps.iter().filter_map(|step| match step.kind {
            super::StepKind::Task(task) => Some(task),
            _ => None,
        });
        let cleanups = self.plan.task_ids().filter(|id| self.plan.task(*id).step.is_none());
        let order: Vec<TaskId> = in_order.chain(cleanups).collect();
        for id in order {
            if self.plan.task(id).left_out.is_some() {
                continue;
            }
            let Some(used) = users.get(&id) else { continue };
            if let Some(gone) = used.iter().find(|other| self.plan.task(**other).left_out.is_some()) {
                let name = &self.plan.task(*gone).name;
                let why = format!("uses an output of `{name}`, which is left out");
                self.plan.tasks[id.index()].left_out = Some(why);
            }
        }
    }

    /// The tasks whose outputs each task uses.
    fn output_users(&self) -> HashMap<TaskId, Vec<TaskId>> {
        let mut users: HashMap<TaskId, Vec<TaskId>> = HashMap::new();
        for id in self.model.node_ids() {
            let Some(user) = self.task_id(id) else { continue };
            for used in &self.model.node(id).uses_outputs {
                if let Some(task) = self.task_id(used.task) {
                    users.entry(user).or_default().push(task);
                }
            }
        }
        users
    }

    fn task_id(&self, id: NodeId) -> Option<TaskId> {
        match self.made[id.index()] {
            Made::Task(task) => Some(task),
            _ => None,
        }
    }

    fn group_id(&self, id: NodeId) -> Option<GroupId> {
        match self.made[id.index()] {
            Made::Group(group) => Some(group),
            _ => None,
        }
    }

    fn item(&self, id: NodeId) -> Option<Item> {
        match self.made[id.index()] {
            Made::Group(group) => Some(Item::Group(group)),
            Made::Task(task) => Some(Item::Task(task)),
            Made::Gate(gate) => Some(Item::Gate(gate)),
            Made::Cleanup => None,
        }
    }

    /// The group that a node stands in; that of a `rollback` is the wave that rolls back.
    fn group_around(&self, id: NodeId) -> GroupId {
        self.model.containers(id).find_map(|id| self.group_id(id)).unwrap_or(GroupId(0))
    }

    /// The qualified name; a nameless block is called by its kind and line, and by its turn of a `for`.
    fn group_name(&mut self, id: NodeId) -> String {
        let model = self.model;
        let node = model.node(id);
        if id == NodeId::PLAN || !node.name.is_empty() {
            return if id == NodeId::PLAN { self.plan.name.clone() } else { model.qualified(id) };
        }
        let mut name = format!("{}@{}", node.kind.word(), model.line(node.span()));
        if let Some(turn) = model.scopes.get(node.scope.0 as usize).filter(|_| node.scope.0 > 0) {
            name = format!("{name}[{}]", turn.value);
        }
        self.give(name)
    }

    /// The qualified name; a nameless gate is called after what it closes.
    fn gate_name(&mut self, id: NodeId) -> String {
        let model = self.model;
        let node = model.node(id);
        if !node.name.is_empty() {
            return model.qualified(id);
        }
        let parent = node.parent.unwrap_or(NodeId::PLAN);
        let closed = match model.node(parent).kind {
            NodeKind::Wave(_) => Some(parent),
            _ => node.position.checked_sub(1).map(|before| model.node(parent).children()[before as usize]),
        };
        let closed = closed.filter(|closed| {
            let is_taken = model.members.inside(&model.nodes, *closed, "gate").is_some();
            !model.node(*closed).name.is_empty() && !is_taken
        });
        let name = match closed {
            Some(closed) => format!("{}.gate", model.qualified(closed)),
            None => format!("gate-{}", self.plan.gates.len() + 1),
        };
        self.give(name)
    }

    /// Makes a given name one that no other has.
    fn give(&mut self, name: String) -> String {
        let mut own = name.clone();
        let mut count = 1;
        while !self.given.insert(own.clone()) {
            count += 1;
            own = format!("{name}-{count}");
        }
        own
    }

    fn because(&self, id: NodeId) -> String {
        let node = self.model.node(id);
        let found = node.body().statements.iter().find_map(|statement| match &statement.kind {
            StatementKind::Because(text) => Some(text),
            _ => None,
        });
        found.map_or_else(String::new, |text| self.model.text(node.scope, text).into_owned())
    }

    fn secret(&mut self, index: usize) -> SecretId {
        let secrets = &mut self.plan.secrets;
        let declared = &self.model.secrets[index];
        *self.secrets.entry(index).or_insert_with(|| {
            let value = self.model.text(Default::default(), declared.value).into_owned();
            let source = match declared.source {
                ast::SecretSource::Env => SecretSource::Env(value),
                ast::SecretSource::File => SecretSource::File(value),
            };
            secrets.push(Secret { name: declared.name.text.to_owned(), source });
            SecretId(secrets.len() as u32 - 1)
        })
    }

    fn resource(&self, name: &str) -> Option<ResourceId> {
        self.model.resource_names.get(name).map(|index| ResourceId(*index as u32))
    }
}

fn param(param: &crate::check::model::Param<'_>) -> super::Param {
    let name = param.declaration.name.text;
    let value = param.value.clone().unwrap_or_else(|| format!("{{{{{name}}}}}"));
    super::Param { name: name.to_owned(), value, is_set: param.is_set }
}

fn resource(resource: &crate::check::model::Resource<'_>) -> Resource {
    let name = resource.name.text.to_owned();
    Resource { name, capacity: resource.capacity, span: resource.name.span() }
}

fn comparison(comparison: ast::Comparison) -> Comparison {
    match comparison {
        ast::Comparison::Less => Comparison::Less,
        ast::Comparison::AtMost => Comparison::AtMost,
        ast::Comparison::Equal => Comparison::Equal,
        ast::Comparison::NotEqual => Comparison::NotEqual,
        ast::Comparison::AtLeast => Comparison::AtLeast,
        ast::Comparison::More => Comparison::More,
    }
}
