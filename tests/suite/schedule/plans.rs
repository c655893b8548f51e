//! Plans built by hand, for tests of what works on a resolved plan.
//!
//! `plan([wave("a", [task("x").minutes(5), task("y").after("x")])])` reads as the file would.

#![expect(dead_code, reason = "a vocabulary; not every test says everything")]

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;
use wavec::plan::*;
use wavec::source::{FileId, Span};

/// An item of a plan to build.
#[derive(Clone, Debug)]
pub struct Node {
    pub kind: NodeKind,
    pub name: String,
    pub items: Vec<Node>,
    pub after: Vec<String>,
    pub after_any: Vec<Vec<String>>,
    pub after_finished: Vec<String>,
    pub output_of: Vec<String>,
    pub estimate: Option<(u64, Option<u64>, u64)>,
    pub priority: i32,
    pub workers: Option<u32>,
    pub agent: Option<String>,
    pub uses: Vec<(String, u32)>,
    pub has_unknown_claims: bool,
    pub writes: Vec<String>,
    pub isolation: Isolation,
    pub on_failure: OnFailure,
    pub is_left_out: bool,
    pub has_success: bool,
    pub cost: Cost,
    pub retries: u32,
    pub no_go: NoGo,
}

#[derive(Clone, Debug, PartialEq)]
pub enum NodeKind {
    Task,
    Gate,
    Group(GroupKind),
}

#[derive(Clone, Debug)]
pub enum NoGo {
    Stop,
    Continue,
    Retry(u32),
    SkipTo(String),
}

fn node(kind: NodeKind, name: &str, items: Vec<Node>) -> Node {
    Node {
        kind,
        name: name.into(),
        items,
        after: vec![],
        after_any: vec![],
        after_finished: vec![],
        output_of: vec![],
        estimate: None,
        priority: 0,
        workers: None,
        agent: None,
        uses: vec![],
        has_unknown_claims: false,
        writes: vec![],
        isolation: Isolation::Shared,
        on_failure: OnFailure::Stop,
        is_left_out: false,
        has_success: false,
        cost: Cost::default(),
        retries: 0,
        no_go: NoGo::Stop,
    }
}

pub fn task(name: &str) -> Node {
    node(NodeKind::Task, name, vec![])
}

pub fn gate(name: &str) -> Node {
    node(NodeKind::Gate, name, vec![])
}

pub fn wave(name: &str, items: impl Into<Vec<Node>>) -> Node {
    node(NodeKind::Group(GroupKind::Wave), name, items.into())
}

pub fn parallel(name: &str, items: impl Into<Vec<Node>>) -> Node {
    node(NodeKind::Group(GroupKind::Parallel), name, items.into())
}

pub fn serial(name: &str, items: impl Into<Vec<Node>>) -> Node {
    node(NodeKind::Group(GroupKind::Serial), name, items.into())
}

fn words(names: &str) -> Vec<String> {
    names.split(' ').map(str::to_string).collect()
}

impl Node {
    pub fn after(mut self, names: &str) -> Node {
        self.after.extend(words(names));
        self
    }
    pub fn after_any(mut self, names: &str) -> Node {
        self.after_any.push(words(names));
        self
    }
    pub fn after_finished(mut self, names: &str) -> Node {
        self.after_finished.extend(words(names));
        self
    }
    pub fn output_of(mut self, names: &str) -> Node {
        self.output_of.extend(words(names));
        self
    }
    pub fn minutes(mut self, minutes: u64) -> Node {
        self.estimate = Some((minutes, None, minutes));
        self
    }
    pub fn range(mut self, least: u64, most: u64) -> Node {
        self.estimate = Some((least, None, most));
        self
    }
    pub fn points(mut self, least: u64, likeliest: u64, most: u64) -> Node {
        self.estimate = Some((least, Some(likeliest), most));
        self
    }
    pub fn priority(mut self, priority: i32) -> Node {
        self.priority = priority;
        self
    }
    pub fn workers(mut self, workers: u32) -> Node {
        self.workers = Some(workers);
        self
    }
    pub fn agent(mut self, name: &str) -> Node {
        self.agent = Some(name.into());
        self
    }
    pub fn uses(mut self, name: &str, amount: u32) -> Node {
        self.uses.push((name.into(), amount));
        self
    }
    pub fn unknown_claims(mut self) -> Node {
        self.has_unknown_claims = true;
        self
    }
    pub fn writes(mut self, glob: &str) -> Node {
        self.writes.push(glob.into());
        self
    }
    pub fn worktree(mut self) -> Node {
        self.isolation = Isolation::Worktree;
        self
    }
    pub fn on_failure(mut self, on_failure: OnFailure) -> Node {
        self.on_failure = on_failure;
        self
    }
    pub fn left_out(mut self) -> Node {
        self.is_left_out = true;
        self
    }
    pub fn success(mut self) -> Node {
        self.has_success = true;
        self
    }
    pub fn dollars(mut self, least: u64, most: u64) -> Node {
        self.cost.money = Some((least * 1_000_000, most * 1_000_000));
        self
    }
    pub fn retries(mut self, count: u32) -> Node {
        self.retries = count;
        self
    }
    pub fn no_go(mut self, no_go: NoGo) -> Node {
        self.no_go = no_go;
        self
    }
}

/// Settings of a plan to build.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub workers: Option<u32>,
    pub resources: Vec<(String, u32)>,
    /// Agents, their instances and drivers.
    pub agents: Vec<(String, Option<u32>, String)>,
    pub conflicts: Vec<(String, String)>,
    pub has_success: bool,
}

/// A plan of these items, one after another, without limits.
pub fn plan(items: impl Into<Vec<Node>>) -> Plan {
    plan_with(Settings::default(), items)
}

/// A plan of these items, one after another.
pub fn plan_with(settings: Settings, items: impl Into<Vec<Node>>) -> Plan {
    let mut root = node(NodeKind::Group(GroupKind::Plan), "test", items.into());
    root.workers = settings.workers;
    root.has_success = settings.has_success;
    Builder::new(settings).build(&root)
}

struct Builder {
    settings: Settings,
    plan: Plan,
    steps: Vec<(StepKind, GroupId, Vec<Draft>)>,
    /// By name: the first and the last step.
    by_name: HashMap<String, (usize, usize)>,
    later: Vec<(usize, Node)>,
    skips: Vec<(GateId, String)>,
}

/// A need by the place of a step before sorting.
enum Draft {
    Succeeded(usize, NeedSource),
    Any(Vec<usize>),
    Finished(usize),
}

impl Draft {
    fn places(&self) -> Vec<usize> {
        match self {
            Draft::Succeeded(place, _) | Draft::Finished(place) => vec![*place],
            Draft::Any(places) => places.clone(),
        }
    }
}

pub fn span() -> Span {
    Span::new(FileId(0), 0, 0)
}

fn criterion() -> Criterion {
    Criterion { title: "it works".into(), test: Test::Manual, shell: [].into(), span: span() }
}

impl Builder {
    fn new(settings: Settings) -> Builder {
        let agent = |(name, instances, driver): &(String, Option<u32>, String)| Agent {
            name: name.clone(),
            driver: driver.clone(),
            command: None,
            model: String::new(),
            instructions: String::new(),
            allow: vec![],
            deny: vec![],
            instances: *instances,
            budget: Budget::default(),
            cost: Cost::default(),
            timeout: None,
            env: vec![],
            definition_file: None,
            span: span(),
        };
        let resource = |(name, capacity): &(String, u32)| Resource {
            name: name.clone(),
            capacity: *capacity,
            span: span(),
        };
        let plan = Plan {
            name: "test".into(),
            title: String::new(),
            docs: String::new(),
            params: vec![],
            workers: settings.workers,
            isolation: Isolation::Shared,
            budget: Budget::default(),
            agents: settings.agents.iter().map(agent).collect(),
            resources: settings.resources.iter().map(resource).collect(),
            secrets: vec![],
            groups: vec![],
            tasks: vec![],
            definitions: vec![],
            gates: vec![],
            steps: vec![],
            preflight: vec![],
            finally: vec![],
            asserts: vec![],
            conflicts: vec![],
        };
        Builder { settings, plan, steps: vec![], by_name: HashMap::new(), later: vec![], skips: vec![] }
    }

    fn build(mut self, root: &Node) -> Plan {
        self.add(root, None, &[]);
        for (place, node) in std::mem::take(&mut self.later) {
            let ends = |names: &[String]| names.iter().map(|name| self.by_name[name].1).collect::<Vec<_>>();
            let mut drafts: Vec<Draft> =
                ends(&node.after).into_iter().map(|end| Draft::Succeeded(end, NeedSource::After)).collect();
            drafts.extend(node.after_any.iter().map(|names| Draft::Any(ends(names))));
            drafts.extend(ends(&node.after_finished).into_iter().map(Draft::Finished));
            drafts.extend(
                ends(&node.output_of).into_iter().map(|end| Draft::Succeeded(end, NeedSource::Output)),
            );
            self.steps[place].2.extend(drafts);
        }
        self.sort();
        for (gate, name) in std::mem::take(&mut self.skips) {
            let place = self.by_name[&name].0;
            self.plan.gates[gate.index()].on_no_go = OnNoGo::SkipTo(StepId(place as u32));
        }
        let id = |name: &String| {
            TaskId(self.plan.tasks.iter().position(|task| task.name == **name).expect("a name of the plan")
                as u32)
        };
        let mut conflicts: Vec<_> =
            self.settings.conflicts.iter().map(|(a, b)| (id(a).min(id(b)), id(a).max(id(b)))).collect();
        conflicts.sort();
        conflicts.dedup();
        self.plan.conflicts = conflicts;
        self.plan
    }

    /// Adds an item that needs `needs`, and gives its last step.
    fn add(&mut self, node: &Node, parent: Option<GroupId>, needs: &[(usize, NeedSource)]) -> usize {
        let drafts = needs.iter().map(|(place, source)| Draft::Succeeded(*place, *source)).collect();
        let group = parent.unwrap_or(GroupId(0));
        let first = self.steps.len();
        self.later.push((first, node.clone()));
        let last = match &node.kind {
            NodeKind::Task => {
                let id = TaskId(self.plan.tasks.len() as u32);
                let task = self.task(node, group);
                self.plan.tasks.push(task);
                self.steps.push((StepKind::Task(id), group, drafts));
                self.plan.groups[group.index()].items.push(Item::Task(id));
                first
            }
            NodeKind::Gate => {
                let id = GateId(self.plan.gates.len() as u32);
                let on_no_go = match &node.no_go {
                    NoGo::Stop => OnNoGo::Stop,
                    NoGo::Continue => OnNoGo::Continue,
                    NoGo::Retry(times) => OnNoGo::Retry(*times),
                    NoGo::SkipTo(name) => {
                        self.skips.push((id, name.clone()));
                        OnNoGo::Stop
                    }
                };
                self.plan.gates.push(Gate {
                    name: node.name.clone(),
                    title: String::new(),
                    group,
                    checks: vec![criterion()],
                    approvals: vec![],
                    on_no_go,
                    left_out: node.is_left_out.then(|| "env == \"prod\"".to_string()),
                    span: span(),
                });
                self.steps.push((StepKind::Gate(id), group, drafts));
                self.plan.groups[group.index()].items.push(Item::Gate(id));
                first
            }
            NodeKind::Group(kind) => self.add_group(node, *kind, parent, drafts),
        };
        self.by_name.insert(node.name.clone(), (first, last));
        last
    }

    fn add_group(
        &mut self,
        node: &Node,
        kind: GroupKind,
        parent: Option<GroupId>,
        drafts: Vec<Draft>,
    ) -> usize {
        let id = GroupId(self.plan.groups.len() as u32);
        self.plan.groups.push(Group {
            kind,
            name: node.name.clone(),
            title: String::new(),
            docs: String::new(),
            because: String::new(),
            parent,
            items: vec![],
            workers: node.workers,
            budget: Budget::default(),
            success: if node.has_success { vec![criterion()] } else { vec![] },
            rollback: vec![],
            on_failure: OnFailure::Stop,
            env: vec![],
            overlaps: vec![],
            left_out: node.is_left_out.then(|| "env == \"prod\"".to_string()),
            span: span(),
        });
        if let Some(parent) = parent {
            self.plan.groups[parent.index()].items.push(Item::Group(id));
        }
        let enter = self.steps.len();
        self.steps.push((StepKind::Enter(id), id, drafts));
        let is_sequence = matches!(kind, GroupKind::Plan | GroupKind::Serial);
        let mut ends = Vec::new();
        let last_is_gate = node.items.last().is_some_and(|item| item.kind == NodeKind::Gate);
        for (index, item) in node.items.iter().enumerate() {
            let is_close = last_is_gate && index + 1 == node.items.len();
            if is_close && node.has_success {
                ends = vec![self.add_success(id, &ends)];
            }
            let mut needs = vec![(enter, NeedSource::Group)];
            if is_close {
                needs.extend(ends.iter().map(|end| (*end, NeedSource::Group)));
            } else if is_sequence && let Some(end) = ends.last() {
                needs.push((*end, NeedSource::Sequence));
            }
            ends.push(self.add(item, Some(id), &needs));
        }
        if node.has_success && !last_is_gate {
            ends.push(self.add_success(id, &ends));
        }
        let leave = self.steps.len();
        let needs = ends.iter().map(|end| Draft::Succeeded(*end, NeedSource::Group)).collect();
        self.steps.push((StepKind::Leave(id), id, needs));
        leave
    }

    fn add_success(&mut self, group: GroupId, ends: &[usize]) -> usize {
        let needs = ends.iter().map(|end| Draft::Succeeded(*end, NeedSource::Group)).collect();
        self.steps.push((StepKind::Success(group), group, needs));
        self.steps.len() - 1
    }

    fn task(&self, node: &Node, group: GroupId) -> Task {
        let estimate = node.estimate.map(|(least, likeliest, most)| {
            let minutes = |value| Duration::from_secs(60 * value);
            Estimate {
                least: minutes(least),
                likeliest: likeliest.map(minutes),
                most: minutes(most),
                span: span(),
            }
        });
        let agent = node.agent.as_ref().map(|name| {
            AgentId(
                self.settings
                    .agents
                    .iter()
                    .position(|(agent, _, _)| agent == name)
                    .expect("a name of the plan") as u32,
            )
        });
        let uses = node.uses.iter().map(|(name, amount)| {
            let index = self
                .settings
                .resources
                .iter()
                .position(|(resource, _)| resource == name)
                .expect("a name of the plan");
            (ResourceId(index as u32), *amount)
        });
        let action = match agent {
            Some(_) => Action::Prompt(Template::literal("work")),
            None => Action::Shell(Template::literal("true")),
        };
        let claims = node.writes.iter().map(|glob| Claim {
            kind: ClaimKind::Writes,
            glob: glob.clone(),
            section: None,
            except: vec![],
            span: span(),
        });
        let settings = wavec::plan::Settings {
            retries: Retries { count: node.retries, ..Retries::default() },
            isolation: node.isolation,
            on_failure: node.on_failure,
            left_out: node.is_left_out.then(|| "env == \"prod\"".to_string()),
            ..wavec::plan::Settings::default()
        };
        let details = Details {
            claims: Claims { is_known: !node.has_unknown_claims, is_said: true, claims: claims.collect() },
            uses: uses.collect(),
            estimate,
            cost: node.cost,
            priority: node.priority,
            ..Details::none(settings.into())
        };
        Task {
            name: node.name.as_str().into(),
            title: Default::default(),
            group,
            action,
            agent,
            step: None,
            span: span(),
            details: details.into(),
        }
    }

    /// Puts the steps into topological order, the first in the file first.
    fn sort(&mut self) {
        let mut missing: Vec<usize> = vec![0; self.steps.len()];
        let mut behind: Vec<Vec<usize>> = vec![vec![]; self.steps.len()];
        for (place, (_, _, drafts)) in self.steps.iter().enumerate() {
            for needed in drafts.iter().flat_map(Draft::places) {
                missing[place] += 1;
                behind[needed].push(place);
            }
        }
        let mut open: BTreeMap<usize, ()> =
            (0..missing.len()).filter(|place| missing[*place] == 0).map(|place| (place, ())).collect();
        let mut new_place = vec![usize::MAX; missing.len()];
        let mut sorted = Vec::new();
        while let Some((place, ())) = open.pop_first() {
            new_place[place] = sorted.len();
            sorted.push(place);
            for next in &behind[place] {
                missing[*next] -= 1;
                if missing[*next] == 0 {
                    open.insert(*next, ());
                }
            }
        }
        assert_eq!(sorted.len(), missing.len(), "the plan has a cycle");
        let id = |place: usize| StepId(new_place[place] as u32);
        for place in sorted {
            let (kind, group, drafts) = &self.steps[place];
            let needs = drafts.iter().map(|draft| match draft {
                Draft::Succeeded(place, source) => Need::Succeeded(id(*place), *source),
                Draft::Any(places) => Need::AnySucceeded(places.iter().map(|place| id(*place)).collect()),
                Draft::Finished(place) => Need::Finished(id(*place)),
            });
            if let StepKind::Task(task) = kind {
                self.plan.tasks[task.index()].step = Some(id(place));
            }
            self.plan.steps.push(Step { kind: *kind, group: *group, needs: needs.collect() });
        }
        for (first, last) in self.by_name.values_mut() {
            *first = new_place[*first];
            *last = new_place[*last];
        }
    }
}
