//! Proofs on files: what concurrent tasks write and read, each by a path that both claim.
//!
//! Knows claims and order, not the disk.

use super::Proof;
use super::messages::files as messages;
use super::names;
use super::order::Set;
use super::overlap::{PathsId, Use, claim, meetings};
use crate::diagnostic::Diagnostic;
use crate::glob::Pattern;
use crate::plan::{ClaimKind, GroupId, Isolation, Plan, TaskId};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Past so many pairs of tasks in conflict, only the first of each two patterns is noted: such a plan is refused anyway.
const MOST_CONFLICTS: usize = 500_000;

/// Two claims of concurrent tasks that cannot both hold; `first` stands first in the file.
#[derive(Clone, Copy)]
pub(super) struct Clash {
    pub first: (TaskId, Use),
    pub second: (TaskId, Use),
    pub kind: ClashKind,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ClashKind {
    Write,
    /// Written by one, read by the other.
    Stale,
    Case,
}

/// Finds them; in `conflicts` the pairs that must not run at one time, and gives those of them that are errors.
pub(super) fn check(
    proof: &Proof,
    findings: &mut Vec<Diagnostic>,
    conflicts: &mut Vec<(TaskId, TaskId)>,
) -> HashSet<(TaskId, TaskId)> {
    let mut reported: HashSet<(TaskId, TaskId)> = HashSet::new();
    if proof.tasks.claiming.is_empty() && !proof.tasks.has_unknown {
        return reported;
    }
    let locks = Locks::new(proof.plan);
    let folded = proof.table.folded();
    let mut alone: HashSet<TaskId> = HashSet::new();
    for set in proof.order.sets() {
        if proof.facts.is_stale() {
            return reported;
        }
        let members = Members::of(proof, set);
        let clashes = clashes(proof, &locks, &members, proof.table.all(), None, conflicts);
        report(proof, set, clashes, &mut reported, findings);
        if let Some(folded) = &folded {
            let clashes =
                self::clashes(proof, &locks, &members, folded, Some(proof.table.all()), &mut Vec::new());
            report(proof, set, clashes, &mut reported, findings);
        }
        unknown(proof, &locks, set, &members, &mut alone, findings);
        hot(proof, &locks, &members, findings);
    }
    for task in proof.claiming() {
        own(proof, task, findings);
    }
    reported
}

/// The claims of a set's members, by pattern.
struct Members {
    /// By pattern: the member, the task, the claim; in the order of the file.
    users: BTreeMap<PathsId, Vec<(u32, TaskId, Use)>>,
    /// By member: its tasks that will run.
    tasks: Vec<Vec<TaskId>>,
}

impl Members {
    fn of(proof: &Proof, set: &Set) -> Members {
        let mut members = Members { users: BTreeMap::new(), tasks: Vec::with_capacity(set.ranges.len()) };
        for (index, range) in set.ranges.iter().enumerate() {
            let runs = |task: &&TaskId| proof.plan.task(**task).left_out.is_none();
            let tasks: Vec<TaskId> = proof.order.tasks(range).iter().filter(runs).copied().collect();
            for task in &tasks {
                for used in proof.table.uses(*task) {
                    members.users.entry(used.paths).or_default().push((index as u32, *task, *used));
                }
            }
            members.tasks.push(tasks);
        }
        members
    }
}

/// What keeps two tasks apart in time without ordering them.
pub(super) struct Locks<'p> {
    plan: &'p Plan,
    /// The outermost group around each task that lets one task run at a time.
    narrow: Vec<Option<GroupId>>,
}

impl<'p> Locks<'p> {
    pub fn new(plan: &'p Plan) -> Locks<'p> {
        let mut of_group: Vec<Option<GroupId>> = Vec::with_capacity(plan.groups.len());
        for (index, group) in plan.groups.iter().enumerate() {
            let outer = group.parent.and_then(|parent| of_group[parent.index()]);
            let workers = if index == 0 { plan.workers.or(group.workers) } else { group.workers };
            of_group.push(outer.or((workers == Some(1)).then_some(GroupId(index as u32))));
        }
        Locks { plan, narrow: plan.tasks.iter().map(|task| of_group[task.group.index()]).collect() }
    }

    /// Whether they never run at one time: a group with `workers 1`, an agent with `instances 1`, or a resource that
    /// does not hold both. Then one writes after the other, and though nobody knows which, no write is lost.
    pub fn keep_apart(&self, a: TaskId, b: TaskId) -> bool {
        let narrow = self.narrow[a.index()].is_some() && self.narrow[a.index()] == self.narrow[b.index()];
        let (a, b) = (self.plan.task(a), self.plan.task(b));
        let agent = a.agent.is_some() && a.agent == b.agent;
        let agent = agent && a.agent.is_some_and(|agent| self.plan.agent(agent).instances == Some(1));
        let resource = a.uses.iter().any(|(resource, amount)| {
            let capacity = self.plan.resources[resource.index()].capacity;
            b.uses.iter().any(|(other, more)| other == resource && amount.saturating_add(*more) > capacity)
        });
        narrow || agent || resource
    }
}

/// The clashes among the claims of different members. `exact`: only those that are none by exact letters.
fn clashes(
    proof: &Proof,
    locks: &Locks,
    members: &Members,
    all: &[crate::glob::Paths],
    exact: Option<&[crate::glob::Paths]>,
    conflicts: &mut Vec<(TaskId, TaskId)>,
) -> Vec<Clash> {
    let is_written = |users: &Vec<(u32, TaskId, Use)>| users.iter().any(|(_, _, used)| used.kind.is_write());
    let present: Vec<_> = members.users.iter().map(|(id, users)| (*id, is_written(users))).collect();
    let mut pairs = meetings(all, &present);
    match exact {
        None => {
            let shared = members.users.iter().filter(|(_, users)| users.len() > 1 && is_written(users));
            pairs.extend(shared.map(|(id, _)| (*id, *id)));
        }
        // Two names that differ in case alone are wildcards' matter or literals', never of one pattern with itself.
        Some(exact) => pairs.retain(|(p, q)| !exact[*p as usize].overlaps(&exact[*q as usize])),
    }
    if exact.is_some() {
        pairs.extend(same_but_for_case(all, &present));
    }
    pairs.sort_unstable();
    let mut clashes = Vec::new();
    let mut chains = HashMap::new();
    for (p, q) in pairs {
        if is_chain(proof, members, &mut chains, p, q) {
            continue;
        }
        let (left, right) = (&members.users[&p], &members.users[&q]);
        'pairs: for (i, a) in left.iter().enumerate() {
            let right = if p == q { &right[i + 1..] } else { &right[..] };
            for b in right {
                let Some(kind) = clash(proof, a, b) else { continue };
                if !proof.order.are_concurrent(a.1, b.1) {
                    continue;
                }
                let (first, second) = if a.1 < b.1 { (a, b) } else { (b, a) };
                conflicts.push((first.1, second.1));
                if locks.keep_apart(a.1, b.1) {
                    continue;
                }
                let kind = if exact.is_some() { ClashKind::Case } else { kind };
                clashes.push(Clash { first: (first.1, first.2), second: (second.1, second.2), kind });
                if conflicts.len() > MOST_CONFLICTS {
                    break 'pairs;
                }
            }
        }
    }
    clashes
}

/// Literal patterns that become the same one when case is not told: `meetings` looks at wildcards alone.
fn same_but_for_case(all: &[crate::glob::Paths], present: &[(PathsId, bool)]) -> Vec<(PathsId, PathsId)> {
    let mut by_path: HashMap<&str, Vec<(PathsId, bool)>> = HashMap::new();
    for (id, is_written) in present {
        if let Some(literal) = all[*id as usize].pattern.literal() {
            by_path.entry(literal).or_default().push((*id, *is_written));
        }
    }
    let mut pairs = Vec::new();
    for same in by_path.values() {
        for (i, (p, p_written)) in same.iter().enumerate() {
            let others = same[i + 1..].iter().filter(|(_, q_written)| *p_written || *q_written);
            pairs.extend(others.map(|(q, _)| (*p.min(q), *p.max(q))));
        }
    }
    pairs
}

/// The users of a pattern, each after the one before it; none where two of them are concurrent.
type Chain = Option<Vec<TaskId>>;

/// Whether the users of the two patterns all come one after another, so that no two are concurrent.
fn is_chain(
    proof: &Proof,
    members: &Members,
    chains: &mut HashMap<PathsId, Chain>,
    p: PathsId,
    q: PathsId,
) -> bool {
    let by_step = |task: &TaskId| (proof.plan.task(*task).step, *task);
    for id in [p, q] {
        chains.entry(id).or_insert_with(|| {
            let mut tasks: Vec<TaskId> = members.users[&id].iter().map(|(_, task, _)| *task).collect();
            tasks.sort_unstable_by_key(by_step);
            tasks.dedup();
            tasks.windows(2).all(|pair| proof.order.is_before(pair[0], pair[1])).then_some(tasks)
        });
    }
    let (Some(left), Some(right)) = (&chains[&p], &chains[&q]) else { return false };
    let (short, long) = if left.len() < right.len() { (left, right) } else { (right, left) };
    // In a chain, whoever comes between two neighbours is ordered with all.
    short.iter().all(|task| match long.binary_search_by_key(&by_step(task), by_step) {
        Ok(_) => true,
        Err(at) => {
            (at == 0 || proof.order.is_before(long[at - 1], *task))
                && long.get(at).is_none_or(|next| proof.order.is_before(*task, *next))
        }
    })
}

fn clash(proof: &Proof, a: &(u32, TaskId, Use), b: &(u32, TaskId, Use)) -> Option<ClashKind> {
    if a.0 == b.0 || a.1 == b.1 {
        return None;
    }
    let kind = match (a.2.kind, b.2.kind) {
        (ClaimKind::Appends, ClaimKind::Appends) => return None,
        (a, b) if a.is_write() && b.is_write() => ClashKind::Write,
        (a, b) if a.is_write() || b.is_write() => ClashKind::Stale,
        _ => return None,
    };
    let sections = (&claim(proof.plan, a.1, a.2).section, &claim(proof.plan, b.1, b.2).section);
    match sections {
        (Some(left), Some(right)) if left != right => {
            let path = &claim(proof.plan, a.1, a.2).glob;
            let is_one = claim(proof.plan, b.1, b.2).glob == *path;
            (is_one && proof.sections.overlap(path, left, right)).then_some(kind)
        }
        _ => Some(kind),
    }
}

/// One diagnostic for what one edit would mend: all clashes on one pattern, or of one pattern with many.
fn report(
    proof: &Proof,
    set: &Set,
    mut clashes: Vec<Clash>,
    reported: &mut HashSet<(TaskId, TaskId)>,
    findings: &mut Vec<Diagnostic>,
) {
    let tasks = |clash: &Clash| (clash.first.0, clash.second.0);
    let patterns = |clash: &Clash| (clash.first.1.paths, clash.second.1.paths);
    let mut partners: HashMap<PathsId, HashSet<PathsId>> = HashMap::new();
    for clash in &clashes {
        let (p, q) = patterns(clash);
        partners.entry(p).or_default().insert(q);
        partners.entry(q).or_default().insert(p);
    }
    // Of the two patterns of a clash, the one with more partners is the one to blame.
    let hub = |clash: &Clash| {
        let (p, q) = patterns(clash);
        let weight = |id: PathsId| (partners[&id].len(), std::cmp::Reverse(id));
        if weight(p) >= weight(q) { p } else { q }
    };
    clashes.sort_by_key(|clash| (clash.kind, hub(clash), clash.first.0, clash.second.0));
    for group in clashes.chunk_by(|a, b| a.kind == b.kind && hub(a) == hub(b)) {
        let fresh: Vec<&Clash> = group.iter().filter(|clash| !reported.contains(&tasks(clash))).collect();
        let Some(clash) = fresh.first() else { continue };
        if let Some(finding) = messages::clash(proof, set, clash, &fresh) {
            findings.push(finding);
            reported.extend(fresh.iter().map(|clash| tasks(clash)));
        }
    }
}

/// Agents' tasks that claim nothing to write, beside others that write.
fn unknown(
    proof: &Proof,
    locks: &Locks,
    set: &Set,
    members: &Members,
    alone: &mut HashSet<TaskId>,
    findings: &mut Vec<Diagnostic>,
) {
    let plan = proof.plan;
    let may_write = |task: &TaskId| plan.task(*task).claims.may_write();
    let writers: Vec<Vec<TaskId>> =
        members.tasks.iter().map(|tasks| tasks.iter().copied().filter(may_write).collect()).collect();
    let total: usize = writers.iter().map(Vec::len).sum();
    let mut found = Vec::new();
    let mut other = None;
    for (index, tasks) in members.tasks.iter().enumerate() {
        if writers[index].len() == total {
            continue;
        }
        for task in tasks {
            if plan.task(*task).claims.is_known || alone.contains(task) {
                continue;
            }
            let beside = writers
                .iter()
                .enumerate()
                .filter(|(member, _)| *member != index)
                .flat_map(|(_, tasks)| tasks);
            // A task that nothing keeps apart is soon found; where a long row is ordered, the rest is taken to be too.
            let beside = beside.take(5_000).find(|writer| {
                proof.order.are_concurrent(*task, **writer) && !locks.keep_apart(*task, **writer)
            });
            if let Some(writer) = beside {
                found.push(*task);
                other.get_or_insert(*writer);
            }
        }
    }
    if let (Some(first), Some(writer)) = (found.first(), other) {
        let is_isolated = |task: &TaskId| plan.task(*task).isolation != Isolation::Shared;
        let are_isolated = found.iter().all(is_isolated) && is_isolated(&writer);
        findings.push(messages::unknown_claims(proof, set, *first, &found, writer, are_isolated));
        alone.extend(found);
    }
}

/// Files that tools write whole: their sections cannot be claimed apart.
const LOCK_FILES: &[&str] = &[
    "Cargo.lock",
    "package-lock.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "bun.lock",
    "bun.lockb",
    "deno.lock",
    "poetry.lock",
    "uv.lock",
    "pdm.lock",
    "Pipfile.lock",
    "Gemfile.lock",
    "composer.lock",
    "go.sum",
    "mix.lock",
    "pubspec.lock",
    "Podfile.lock",
    "flake.lock",
    "packages.lock.json",
    "gradle.lockfile",
    "npm-shrinkwrap.json",
];

/// Manifests whose lock file changes with them.
const MANIFESTS: &[(&str, &str)] = &[
    ("Cargo.toml", "Cargo.lock"),
    ("package.json", "package-lock.json"),
    ("pyproject.toml", "uv.lock"),
    ("Pipfile", "Pipfile.lock"),
    ("Gemfile", "Gemfile.lock"),
    ("composer.json", "composer.lock"),
    ("go.mod", "go.sum"),
    ("mix.exs", "mix.lock"),
    ("pubspec.yaml", "pubspec.lock"),
];

/// Sections of lock files and of manifests, written side by side.
fn hot(proof: &Proof, locks: &Locks, members: &Members, findings: &mut Vec<Diagnostic>) {
    let mut by_path: BTreeMap<&str, Vec<(u32, TaskId, Use)>> = BTreeMap::new();
    for (id, users) in &members.users {
        let Some(literal) = proof.table.paths(*id).pattern.literal() else { continue };
        let name = literal.rsplit('/').next().unwrap_or(literal);
        if LOCK_FILES.contains(&name) || MANIFESTS.iter().any(|(manifest, _)| *manifest == name) {
            by_path
                .entry(literal)
                .or_default()
                .extend(users.iter().filter(|(_, _, used)| used.kind.is_write()));
        }
    }
    for (path, users) in by_path {
        let pair = users.iter().enumerate().find_map(|(i, a)| {
            let beside = |b: &&(u32, TaskId, Use)| {
                a.0 != b.0
                    && clash(proof, a, b).is_none()
                    && proof.order.are_concurrent(a.1, b.1)
                    && !locks.keep_apart(a.1, b.1)
            };
            users[i + 1..].iter().take(1_000).find(beside).map(|b| (*a, *b))
        });
        let Some((a, b)) = pair else { continue };
        let name = path.rsplit('/').next().unwrap_or(path);
        let lock = MANIFESTS.iter().find(|(manifest, _)| *manifest == name).map(|(_, lock)| *lock);
        let others = users.iter().map(|(_, task, _)| *task).collect::<std::collections::BTreeSet<_>>().len();
        findings.push(messages::hot_file(proof, path, lock, (a.1, a.2), (b.1, b.2), others));
    }
}

/// A part that is one word in brackets, as web frameworks name directories: `app/[slug]/page.tsx`. As a pattern it is one
/// letter of that word, which no one writes so.
fn bracketed(glob: &str) -> Option<&str> {
    glob.split('/').find(|part| {
        let name = part.strip_prefix('[').and_then(|part| part.strip_suffix(']')).unwrap_or_default();
        let name = name.trim_start_matches(['[', '.']).trim_end_matches(']');
        name.len() > 1 && name.chars().all(|c| c.is_alphanumeric() || c == '_')
    })
}

/// What a task's claims say against themselves.
fn own(proof: &Proof, task: TaskId, findings: &mut Vec<Diagnostic>) {
    let claims = &proof.plan.task(task).claims.claims;
    for used in proof.table.uses(task) {
        let claim = claim(proof.plan, task, *used);
        let paths = proof.table.paths(used.paths);
        if used.kind.is_write()
            && let Some(area) = protected(proof, &paths.pattern)
        {
            findings.push(messages::protected_path(proof, task, claim, area));
            continue;
        }
        if let Some(part) = bracketed(&claim.glob) {
            findings.push(messages::bracketed_name(claim, part));
        }
        if !claim.except.is_empty() {
            let except: Vec<Pattern> =
                claim.except.iter().filter_map(|text| Pattern::parse(text).ok()).collect();
            let Ok(whole) = Pattern::parse(&claim.glob).map(crate::glob::Paths::of) else { continue };
            if whole.is_within(&except.iter().collect::<Vec<_>>()) {
                findings.push(messages::empty_claim(proof, task, claim));
                continue;
            }
            let idle =
                except.into_iter().find(|except| !whole.overlaps(&crate::glob::Paths::of(except.clone())));
            // An `except` goes with all patterns of its statement; one of them is enough for it to have a use.
            let has_use = |idle: &Pattern| {
                let same = |other: &&crate::plan::Claim| {
                    other.kind == claim.kind && other.except.iter().any(|text| text == idle.text())
                };
                let mut others =
                    claims.iter().filter(same).filter_map(|other| Pattern::parse(&other.glob).ok());
                others.any(|other| {
                    crate::glob::Paths::of(other).overlaps(&crate::glob::Paths::of(idle.clone()))
                })
            };
            if let Some(idle) = idle.filter(|idle| !has_use(idle)) {
                findings.push(messages::idle_except(proof, claim, idle.text()));
            }
        }
        // Without exceptions every pattern matches something.
        if used.kind.is_write() && !paths.except.is_empty() && paths.is_empty() {
            let whole = Pattern::parse(&claim.glob).map(crate::glob::Paths::of);
            let forbid = claims.iter().find(|other| {
                other.kind == ClaimKind::Forbids
                    && other.section.is_none()
                    && whole.as_ref().is_ok_and(|whole| {
                        Pattern::parse(&other.glob)
                            .is_ok_and(|other| whole.overlaps(&crate::glob::Paths::of(other)))
                    })
            });
            if let Some(forbid) = forbid {
                findings.push(messages::forbidden_claim(proof, task, claim, forbid));
            }
        }
    }
    redundant(proof, task, findings);
}

/// A claim that another of the same task and kind holds whole.
fn redundant(proof: &Proof, task: TaskId, findings: &mut Vec<Diagnostic>) {
    let uses = proof.table.uses(task);
    // Quadratic in one task's claims, so only where there are few.
    if uses.len() > 100 {
        return;
    }
    for (index, used) in uses.iter().enumerate() {
        let own = claim(proof.plan, task, *used);
        let is_held_by = |(at, other): &(usize, &Use)| {
            let wide = claim(proof.plan, task, **other);
            if *at == index || other.kind != used.kind || own.span == wide.span || !wide.except.is_empty() {
                return false;
            }
            if wide.section.is_some() && wide.section != own.section {
                return false;
            }
            if other.paths == used.paths {
                // Of two that say the same, the later one is too much.
                return own.section != wide.section || *at < index;
            }
            let (paths, wide) = (proof.table.paths(used.paths), proof.table.paths(other.paths));
            !paths.pattern.is_plainly_disjoint(&wide.pattern)
                && paths.is_within(&[&wide.pattern])
                && (*at < index || !wide.is_within(&[&paths.pattern]))
        };
        if let Some((_, wide)) = uses.iter().enumerate().find(is_held_by) {
            findings.push(messages::redundant_claim(own, claim(proof.plan, task, *wide)));
        }
    }
}

/// What no task may write: said outright, not by a wildcard that happens to match.
fn protected(proof: &Proof, pattern: &Pattern) -> Option<&'static str> {
    let fixed = pattern.literal().unwrap_or(pattern.prefix());
    // The last piece of a prefix may go on in the wildcard: `.git*`.
    let names = fixed.split('/').collect::<Vec<_>>();
    let whole = if pattern.literal().is_some() { &names[..] } else { &names[..names.len() - 1] };
    if whole.contains(&".git") {
        return Some("git's own state");
    }
    if whole.contains(&".wavec") {
        return Some("wavec's own state");
    }
    let plan_file = proof.facts.plan_file();
    (plan_file.is_some() && pattern.literal() == plan_file.as_deref()).then_some("the plan itself")
}

/// The name by which messages call what a set's members have in common.
pub(super) fn beside(proof: &Proof, set: &Set) -> String {
    let group = proof.plan.group(set.group);
    match group.kind {
        crate::plan::GroupKind::Plan | crate::plan::GroupKind::Serial => {
            let overlapping = set.items.iter().rev().find_map(|item| match item {
                crate::plan::Item::Group(id) if !proof.plan.group(*id).overlaps.is_empty() => Some(*id),
                _ => None,
            });
            match overlapping {
                Some(id) => format!(
                    "{} overlaps {}",
                    names::group_name(proof.plan, id),
                    names::list(proof.plan.group(id).overlaps.iter().map(String::as_str), 3)
                ),
                None => "no edge orders them".to_owned(),
            }
        }
        _ => format!("the items of {} run side by side", names::group_name(proof.plan, set.group)),
    }
}
