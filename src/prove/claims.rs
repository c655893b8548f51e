//! Proofs on what the plan says about itself: order, limits, budgets, counts.
//!
//! Knows order and numbers. What needs the forecast stands in `time`.

use super::Proof;
use super::messages::claims as messages;
use crate::diagnostic::Diagnostic;
use crate::plan::{Action, AssertClaim, ClaimKind, GroupId, GroupKind, Item, Need, Plan, StepKind, TaskId};
use crate::source::Span;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

pub(super) fn check(proof: &Proof, findings: &mut Vec<Diagnostic>) {
    asserts(proof, findings);
    timeouts(proof, findings);
    budgets(proof, findings);
    starts(proof, findings);
    rulers(proof, findings);
    independent(proof, findings);
    counts(proof, findings);
}

fn is_left_out(plan: &Plan, item: Item) -> bool {
    match item {
        Item::Task(task) => plan.task(task).left_out.is_some(),
        Item::Group(group) => plan.group(group).left_out.is_some(),
        Item::Gate(gate) => plan.gate(gate).left_out.is_some(),
    }
}

fn asserts(proof: &Proof, findings: &mut Vec<Diagnostic>) {
    let plan = proof.plan;
    for assert in &plan.asserts {
        match assert.claim {
            AssertClaim::Before(a, b) => {
                if is_left_out(plan, a) || is_left_out(plan, b) {
                    continue;
                }
                let Some((from, to)) = proof.order.gap(a, b) else { continue };
                let is_reverse = proof.order.gap(b, a).is_none();
                findings.push(messages::before_refuted(proof, assert.span, a, b, (from, to), is_reverse));
            }
            AssertClaim::Alongside(a, b) => {
                if is_left_out(plan, a) || is_left_out(plan, b) {
                    continue;
                }
                let ordered = [(a, b), (b, a)].into_iter().find(|(a, b)| proof.order.gap(*a, *b).is_none());
                let Some((first, second)) = ordered else { continue };
                let (Some(from), Some(to)) = (proof.order.end(first), proof.order.begin(second)) else {
                    continue;
                };
                let chain = proof.order.path(from, to).unwrap_or_default();
                findings.push(messages::alongside_refuted(proof, assert.span, first, second, &chain));
            }
            _ => {}
        }
    }
}

/// Tasks that are ended before the time they are said to take.
fn timeouts(proof: &Proof, findings: &mut Vec<Diagnostic>) {
    // One `timeout` that the plan sets for all is one mistake, however many tasks it is too short for.
    let mut short: BTreeMap<Duration, Vec<(TaskId, Duration)>> = BTreeMap::new();
    for id in proof.tasks() {
        let task = proof.plan.task(id);
        let agent = task.agent.and_then(|agent| proof.plan.agent(agent).timeout);
        let Some(timeout) = task.timeout.or(agent) else { continue };
        let expected = match (&task.action, &task.estimate) {
            (Action::Wait(wait), _) => *wait,
            (Action::Approve(_), _) => continue,
            (_, Some(estimate)) => estimate.expected(),
            (_, None) => continue,
        };
        if timeout < expected {
            short.entry(timeout).or_default().push((id, expected));
        }
    }
    for (timeout, tasks) in short {
        findings.push(messages::timeout_below_estimate(proof, timeout, &tasks));
    }
}

fn budgets(proof: &Proof, findings: &mut Vec<Diagnostic>) {
    let plan = proof.plan;
    for (index, group) in plan.groups.iter().enumerate() {
        let budget = if index == 0 && group.budget.span.is_none() { plan.budget } else { group.budget };
        let Some(span) = budget.span else { continue };
        let tasks: Vec<TaskId> = proof
            .order
            .tasks_of(Item::Group(GroupId(index as u32)))
            .iter()
            .copied()
            .filter(|id| plan.task(*id).left_out.is_none())
            .collect();
        // A budget that a task has from its group is the group's own, not a part of it.
        let mut outer: HashSet<Span> = HashSet::from([span]);
        let mut parent = group.parent;
        while let Some(id) = parent {
            outer.extend(plan.group(id).budget.span);
            parent = plan.group(id).parent;
        }
        let inner_groups =
            plan.groups.iter().filter_map(|inner| inner.budget.span).filter(|span| !outer.contains(span));
        let inherited: HashSet<Span> = outer.iter().copied().chain(inner_groups).collect();
        let own = |id: &TaskId| plan.task(*id).budget.span.is_some_and(|span| !inherited.contains(&span));
        let parts: Vec<(TaskId, u64)> = tasks
            .iter()
            .filter(|id| own(id))
            .filter_map(|id| plan.task(*id).budget.money.map(|money| (*id, money)))
            .collect();
        let sum: u64 = parts.iter().map(|(_, money)| money).sum();
        if let Some(limit) = budget.money.filter(|limit| sum > *limit && parts.len() > 1) {
            findings.push(messages::budget_below_parts(
                proof,
                span,
                GroupId(index as u32),
                limit,
                sum,
                &parts,
            ));
            continue;
        }
        let least = |id: &TaskId| {
            let task = plan.task(*id);
            let agent = task.agent.map(|agent| plan.agent(agent).cost).unwrap_or_default();
            (task.cost.money.or(agent.money), task.cost.tokens.or(agent.tokens))
        };
        let money: u64 = tasks.iter().filter_map(|id| least(id).0).map(|(least, _)| least).sum();
        let tokens: u64 = tasks.iter().filter_map(|id| least(id).1).map(|(least, _)| least).sum();
        if budget.money.is_some_and(|limit| money > limit) {
            findings.push(messages::budget_below_cost(
                proof,
                span,
                GroupId(index as u32),
                budget.money,
                money,
                None,
                0,
            ));
        } else if budget.tokens.is_some_and(|limit| tokens > limit) {
            findings.push(messages::budget_below_cost(
                proof,
                span,
                GroupId(index as u32),
                None,
                0,
                budget.tokens,
                tokens,
            ));
        }
    }
}

/// Sets of which more members may start at once than workers, or instances of their agent, there are.
fn starts(proof: &Proof, findings: &mut Vec<Diagnostic>) {
    let plan = proof.plan;
    for set in proof.order.sets() {
        if !matches!(plan.group(set.group).kind, GroupKind::Wave | GroupKind::Parallel) {
            continue;
        }
        let Some(enter) = proof.order.begin(Item::Group(set.group)) else { continue };
        // Members that wait for nothing but the set itself.
        let first = |item: &&Item| {
            proof.order.begin(**item).is_some_and(|step| {
                plan.step(step)
                    .needs
                    .iter()
                    .all(|need| matches!(need, Need::Succeeded(step, _) if *step == enter))
            })
        };
        let works = |item: &&Item| match item {
            Item::Task(task) => {
                let task = plan.task(*task);
                task.left_out.is_none() && !matches!(task.action, Action::Wait(_) | Action::Approve(_))
            }
            Item::Group(group) => plan.group(*group).left_out.is_none(),
            Item::Gate(_) => false,
        };
        let mut limit: Option<(u32, GroupId)> = None;
        let mut group = Some(set.group);
        while let Some(id) = group {
            let workers =
                if id.0 == 0 { plan.workers.or(plan.group(id).workers) } else { plan.group(id).workers };
            if let Some(workers) = workers
                && limit.is_none_or(|(least, _)| workers < least)
            {
                limit = Some((workers, id));
            }
            group = plan.group(id).parent;
        }
        if limit.is_none() && plan.agents.is_empty() {
            continue;
        }
        let together: Vec<Item> = set.items.iter().filter(first).filter(works).copied().collect();
        if let Some((workers, by)) = limit
            && together.len() > workers as usize
        {
            findings.push(messages::wider_than_workers(proof, set.group, together.len(), workers, by));
            continue;
        }
        let mut agents: BTreeMap<u32, Vec<TaskId>> = BTreeMap::new();
        for item in together {
            if let Item::Task(task) = item
                && let Some(agent) = plan.task(task).agent
            {
                agents.entry(agent.0).or_default().push(task);
            }
        }
        for (agent, tasks) in agents {
            let agent = &plan.agents[agent as usize];
            if let Some(instances) = agent.instances.filter(|instances| tasks.len() > *instances as usize) {
                findings.push(messages::wider_than_instances(
                    proof,
                    set.group,
                    tasks.len(),
                    instances,
                    agent,
                ));
            }
        }
    }
}

/// Sets whose end one task alone decides.
fn rulers(proof: &Proof, findings: &mut Vec<Diagnostic>) {
    let plan = proof.plan;
    for set in proof.order.sets() {
        let mut times: Vec<(Duration, TaskId)> = Vec::new();
        let is_plain = set.items.iter().all(|item| match item {
            Item::Task(id) => {
                let task = plan.task(*id);
                let has_own_edges = task.step.is_none_or(|step| plan.step(step).needs.len() > 1);
                if task.left_out.is_some() {
                    return true;
                }
                match task.estimate {
                    Some(estimate) if !has_own_edges => {
                        times.push((estimate.expected(), *id));
                        true
                    }
                    _ => false,
                }
            }
            _ => false,
        });
        times.sort_by_key(|(time, id)| (std::cmp::Reverse(*time), *id));
        if let [(longest, ruler), (second, _), _, ..] = times[..]
            && is_plain
            && longest >= second * 2
            && longest - second >= Duration::from_secs(300)
        {
            findings.push(messages::ruled_by_one(proof, set.group, ruler, longest, second));
        }
    }
}

/// Sequences whose members share nothing: no file, no output, no resource, no gate.
fn independent(proof: &Proof, findings: &mut Vec<Diagnostic>) {
    let plan = proof.plan;
    for (index, group) in plan.groups.iter().enumerate() {
        if !matches!(group.kind, GroupKind::Serial | GroupKind::Plan)
            || group.left_out.is_some()
            || !(2..=30).contains(&group.items.len())
        {
            continue;
        }
        let tasks: Option<Vec<TaskId>> = group
            .items
            .iter()
            .map(|item| match item {
                Item::Task(task) if plan.task(*task).left_out.is_none() => Some(*task),
                _ => None,
            })
            .collect();
        let Some(tasks) = tasks else { continue };
        // Only what says both what it reads and what it writes, in full, is known to need nothing of the others.
        let is_open = |id: &TaskId| {
            let task = plan.task(*id);
            let has =
                |test: &dyn Fn(ClaimKind) -> bool| task.claims.claims.iter().any(|claim| test(claim.kind));
            let says_all =
                has(&|kind| kind == ClaimKind::Reads) && has(&ClaimKind::is_write) && task.claims.is_known;
            let is_work = matches!(task.action, Action::Prompt(_) | Action::PromptFile(_));
            !says_all || !is_work || !task.because.is_empty() || !task.uses.is_empty()
        };
        if tasks.iter().any(is_open) || !group.because.is_empty() || has_edges_inside(plan, &tasks) {
            continue;
        }
        let shares = tasks.iter().enumerate().any(|(at, a)| {
            tasks[at + 1..].iter().any(|b| {
                let same_agent = plan.task(*a).agent == plan.task(*b).agent;
                let one_at_a_time = same_agent
                    && plan.task(*a).agent.is_some_and(|agent| plan.agent(agent).instances == Some(1));
                one_at_a_time
                    || proof.table.uses(*a).iter().any(|p| {
                        proof.table.uses(*b).iter().any(|q| {
                            (p.kind.is_write() || q.kind.is_write())
                                && proof.table.paths(p.paths).overlaps(proof.table.paths(q.paths))
                        })
                    })
            })
        });
        if !shares {
            let times: Option<Vec<Duration>> = tasks
                .iter()
                .map(|task| plan.task(*task).estimate.map(|estimate| estimate.expected()))
                .collect();
            let saved = times.map(|times| {
                times.iter().sum::<Duration>() - times.iter().max().copied().unwrap_or_default()
            });
            findings.push(messages::could_run_together(proof, GroupId(index as u32), &tasks, saved));
        }
    }
}

fn has_edges_inside(plan: &Plan, tasks: &[TaskId]) -> bool {
    tasks.iter().filter_map(|task| plan.task(*task).step).any(|step| {
        plan.step(step).needs.iter().any(|need| match need {
            Need::Succeeded(_, crate::plan::NeedSource::Sequence | crate::plan::NeedSource::Group) => false,
            need => need
                .steps()
                .any(|step| matches!(plan.step(step).kind, StepKind::Task(task) if tasks.contains(&task))),
        })
    })
}

/// `Wave 1 (9 agents)` above eight tasks.
fn counts(proof: &Proof, findings: &mut Vec<Diagnostic>) {
    let plan = proof.plan;
    for (index, group) in plan.groups.iter().enumerate().skip(1) {
        let Some((number, noun)) = stated_count(&group.title) else { continue };
        let tasks = proof.order.tasks_of(Item::Group(GroupId(index as u32)));
        let running = tasks.iter().filter(|task| plan.task(**task).left_out.is_none()).count();
        let agents: HashMap<_, ()> =
            tasks.iter().filter_map(|task| plan.task(*task).agent).map(|agent| (agent, ())).collect();
        let fits = [tasks.len(), running, group.items.len()].contains(&number)
            || noun == "agent" && agents.len() == number;
        if !fits {
            findings.push(messages::title_disagrees(group, number, noun, tasks.len()));
        }
    }
}

/// `(9 agents)`, `(3 tasks)`, `(4 agents in parallel)`: a count in brackets, which is said of the group itself.
fn stated_count(title: &str) -> Option<(usize, &'static str)> {
    title.split('(').skip(1).find_map(|inside| {
        let inside = inside.split(')').next()?;
        let mut words = inside.split_whitespace();
        let number = words.next()?.parse().ok()?;
        match words.next()?.trim_matches(',').to_lowercase().as_str() {
            "agent" | "agents" => Some((number, "agent")),
            "task" | "tasks" => Some((number, "task")),
            _ => None,
        }
    })
}
