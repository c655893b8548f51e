//! Proofs that need the disk: inputs that are not there, criteria on files that nothing makes, directories claimed as files.
//!
//! Asks [`Facts`](super::Facts) and says nothing where they say nothing.

use super::Proof;
use super::mentions::plain;
use super::messages::{criteria as criteria_messages, files as messages};
use super::overlap::{Use, claim};
use super::{Kind, criteria};
use crate::diagnostic::Diagnostic;
use crate::glob::{Paths, Pattern};
use crate::plan::{Action, ClaimKind, TaskId, Test};
use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

/// A walk that met so many names without an answer gives up.
const MOST_NAMES: usize = 20_000;

pub(super) fn check(proof: &Proof, findings: &mut Vec<Diagnostic>) {
    directories(proof, findings);
    if proof.facts.list("").is_none() {
        return;
    }
    let reach = Reach::new(proof);
    inputs(proof, &reach, findings);
    looked_at(proof, &reach, findings);
}

/// What the plan's tasks can make, and what is there.
pub(super) struct Reach<'p, 'q> {
    proof: &'q Proof<'p>,
    /// Whether some task may write what nobody knows.
    is_unknown: bool,
    /// Whether anything is known of the disk.
    has_disk: OnceCell<bool>,
}

impl<'p, 'q> Reach<'p, 'q> {
    pub fn new(proof: &'q Proof<'p>) -> Reach<'p, 'q> {
        let is_unknown = proof.tasks().any(|task| may_write_anything(proof, task));
        Reach { proof, is_unknown, has_disk: OnceCell::new() }
    }

    /// Whether no file of the pattern is on the disk and no task can make one.
    pub fn is_surely_nowhere(&self, glob: &str) -> bool {
        if self.is_unknown || !self.has_disk.get_or_init(|| self.proof.facts.list("").is_some()) {
            return false;
        }
        let Ok(pattern) = Pattern::parse(glob) else { return false };
        let as_directory = Pattern::parse(&format!("{}/**", glob.trim_end_matches('/')));
        let mut all = vec![Paths::of(pattern.clone())];
        all.extend(as_directory.ok().map(Paths::of));
        !self.is_made(&all) && self.is_there(&pattern) == Some(false)
    }

    fn is_made(&self, any: &[Paths]) -> bool {
        self.proof.claiming().any(|task| {
            self.proof.table.uses(task).iter().filter(|used| used.kind.is_write()).any(|used| {
                let made = self.proof.table.paths(used.paths);
                any.iter().any(|paths| made.overlaps(paths))
            })
        })
    }

    /// Whether some file or directory on the disk matches; none when that would take too long to tell.
    pub fn is_there(&self, pattern: &Pattern) -> Option<bool> {
        let facts = self.proof.facts;
        if let Some(literal) = pattern.literal() {
            return facts.kind(literal).map(|kind| kind != Kind::Nothing);
        }
        let mut left = MOST_NAMES;
        let mut stack = vec![pattern.literal_prefix().to_owned()];
        while let Some(directory) = stack.pop() {
            for name in facts.list(&directory).unwrap_or_default() {
                left = left.checked_sub(1)?;
                let path = if directory.is_empty() { name } else { format!("{directory}/{name}") };
                if pattern.matches(&path) {
                    return Some(true);
                }
                let is_open = !path.ends_with("/.git") && path != ".git" && pattern.may_match_below(&path);
                if is_open && facts.kind(&path) == Some(Kind::Directory) {
                    stack.push(path);
                }
            }
        }
        Some(false)
    }
}

/// An agent's task with unknown claims, or a command that claims nothing to write: it is the author's own and may write.
pub(super) fn may_write_anything(proof: &Proof, task: TaskId) -> bool {
    let task = proof.plan.task(task);
    !task.claims.is_known
        || matches!(task.action, Action::Shell(_) | Action::Program(_)) && !task.claims.may_write()
}

/// Literal paths that are read and are not there.
fn inputs(proof: &Proof, reach: &Reach, findings: &mut Vec<Diagnostic>) {
    let mut makers: HashMap<&str, Vec<TaskId>> = HashMap::new();
    let mut wild: Vec<(&Paths, TaskId)> = Vec::new();
    for task in proof.claiming() {
        for used in proof.table.uses(task).iter().filter(|used| used.kind.is_write()) {
            let paths = proof.table.paths(used.paths);
            match paths.pattern.literal() {
                Some(literal) => makers.entry(literal).or_default().push(task),
                None => wild.push((paths, task)),
            }
        }
    }
    if proof.tasks.claiming.is_empty() {
        return;
    }
    let free: Vec<TaskId> = proof.tasks().filter(|task| may_write_anything(proof, *task)).collect();
    for reader in proof.claiming() {
        for used in proof.table.uses(reader).iter().filter(|used| used.kind == ClaimKind::Reads) {
            let Some(path) = proof.table.paths(used.paths).pattern.literal() else { continue };
            if proof.facts.kind(path) != Some(Kind::Nothing) {
                continue;
            }
            let own = claim(proof.plan, reader, *used);
            let literal = makers.get(path).into_iter().flatten().copied();
            let all: Vec<TaskId> = literal
                .chain(wild.iter().filter(|(paths, _)| paths.matches(path)).map(|(_, task)| *task))
                .collect();
            // One that is not surely later may have made it by then; what runs beside it is a stale read of its own.
            let is_later = |task: &TaskId| proof.order.is_before(reader, *task);
            if all.iter().any(|task| !is_later(task)) || free.iter().any(|task| !is_later(task)) {
                continue;
            }
            let is_parent =
                Pattern::parse(&format!("{path}/**")).is_ok_and(|below| reach.is_made(&[Paths::of(below)]));
            if is_parent {
                continue;
            }
            let later = all.first().map(|task| (proof.names.task(*task), proof.plan.task(*task).span));
            findings.push(messages::missing_input(proof.names.task(reader), own, later));
        }
    }
}

/// Criteria that look at files which are not there and which nothing makes.
fn looked_at(proof: &Proof, reach: &Reach, findings: &mut Vec<Diagnostic>) {
    for place in criteria::all(proof).filter(|place| !place.is_preflight) {
        let (glob, passes) = match &place.criterion.test {
            Test::Exists(glob) | Test::Contains { glob, .. } => (glob, false),
            Test::Lacks { glob, .. } => (glob, true),
            Test::ValueAt { file, .. } => (file, false),
            _ => continue,
        };
        if glob.outputs().next().is_some() {
            continue;
        }
        let glob = plain(glob);
        if reach.is_surely_nowhere(&glob) {
            findings.push(criteria_messages::unwritten_file(place.criterion, &glob, passes));
        }
    }
}

/// Claims on a directory by its bare name.
fn directories(proof: &Proof, findings: &mut Vec<Diagnostic>) {
    let mut parents: HashMap<&str, (TaskId, Use)> = HashMap::new();
    for task in proof.claiming() {
        for used in proof.table.all_of(task) {
            let mut below = proof.table.paths(used.paths).pattern.literal_prefix();
            while !below.is_empty() && !parents.contains_key(below) {
                parents.insert(below, (task, *used));
                below = below.rsplit_once('/').map_or("", |(above, _)| above);
            }
        }
    }
    let mut seen = HashSet::new();
    for task in proof.claiming() {
        for used in proof.table.all_of(task) {
            let Some(path) = proof.table.paths(used.paths).pattern.literal() else { continue };
            let own = claim(proof.plan, task, *used);
            let below = parents.get(path).map(|(task, used)| claim(proof.plan, *task, *used));
            if (below.is_some() || proof.facts.kind(path) == Some(Kind::Directory)) && seen.insert(own.span) {
                findings.push(messages::directory_claim(own, below));
            }
        }
    }
}
