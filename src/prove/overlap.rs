//! Which claims can meet: the patterns of a plan, each once, and the pairs of them that share a path.
//!
//! Knows patterns, not tasks' order. Patterns sorted by what they begin with make a trie of ranges: only a pattern
//! whose range holds another can meet it. One that begins with a wildcard is looked up by what it ends with.

use crate::glob::{Paths, Pattern};
use crate::plan::{Claim, ClaimKind, Plan, TaskId};
use std::collections::HashMap;

/// A pattern of the plan, by number.
pub(super) type PathsId = u32;

/// The patterns of a plan's claims, and who claims what.
pub(super) struct Table {
    paths: Vec<Paths>,
    uses: Vec<Vec<Use>>,
}

/// A claim of a task, and its paths.
#[derive(Clone, Copy, Debug)]
pub(super) struct Use {
    /// The claim's index in the task's claims.
    pub claim: u32,
    pub paths: PathsId,
    pub kind: ClaimKind,
}

impl Table {
    /// Reads every claim but what is forbidden; claims that are no patterns have been reported and are left out.
    pub fn new(plan: &Plan) -> Table {
        let mut ids: HashMap<(String, Vec<String>), PathsId> = HashMap::new();
        let mut table = Table { paths: Vec::new(), uses: Vec::with_capacity(plan.tasks.len()) };
        for task in &plan.tasks {
            let forbidden: Vec<&String> = task
                .claims
                .claims
                .iter()
                .filter(|claim| {
                    claim.kind == ClaimKind::Forbids && claim.section.is_none() && claim.except.is_empty()
                })
                .map(|claim| &claim.glob)
                .collect();
            let mut uses = Vec::new();
            for (index, claim) in task.claims.claims.iter().enumerate() {
                if claim.kind == ClaimKind::Forbids {
                    continue;
                }
                let mut except = claim.except.clone();
                if claim.kind.is_write() {
                    except.extend(forbidden.iter().map(|glob| (*glob).clone()));
                }
                let key = (claim.glob.clone(), except);
                let id = match ids.get(&key) {
                    Some(id) => *id,
                    None => {
                        let except: Vec<&str> = key.1.iter().map(String::as_str).collect();
                        let Ok(paths) = Paths::parse(&key.0, &except) else { continue };
                        table.paths.push(paths);
                        ids.insert(key, table.paths.len() as PathsId - 1);
                        table.paths.len() as PathsId - 1
                    }
                };
                uses.push(Use { claim: index as u32, paths: id, kind: claim.kind });
            }
            table.uses.push(uses);
        }
        table
    }

    pub fn paths(&self, id: PathsId) -> &Paths {
        &self.paths[id as usize]
    }

    /// What the task claims to read and write.
    pub fn uses(&self, task: TaskId) -> &[Use] {
        &self.uses[task.index()]
    }

    /// The same patterns as a file system sees them that does not tell `A` from `a`; none when no pattern has a capital.
    pub fn folded(&self) -> Option<Vec<Paths>> {
        let has_capital = |paths: &Paths| paths.pattern.text().chars().any(char::is_uppercase);
        self.paths.iter().any(has_capital).then(|| self.paths.iter().map(Paths::folded).collect())
    }

    /// All patterns.
    pub fn all(&self) -> &[Paths] {
        &self.paths
    }
}

/// The claim that a use stands for.
pub(super) fn claim(plan: &Plan, task: TaskId, used: Use) -> &Claim {
    &plan.task(task).claims.claims[used.claim as usize]
}

/// The pairs of different patterns that share a path and of which at least one is written, the smaller number first.
/// `present` are the patterns to compare, each once, and whether any task writes it.
pub(super) fn meetings(all: &[Paths], present: &[(PathsId, bool)]) -> Vec<(PathsId, PathsId)> {
    let index = Index::new(all, present);
    let mut pairs = Vec::new();
    for (id, is_written) in present {
        let paths = &all[*id as usize];
        if paths.pattern.literal().is_some() {
            continue;
        }
        let side = if *is_written { &index.any } else { &index.written };
        side.candidates(&paths.pattern, |other_id, other| {
            // Two wildcards: met from the one with the shorter beginning, and of equals from the smaller number.
            let is_met_here = other_id != *id
                && (other.literal().is_some()
                    || (other.prefix().len(), other_id) > (paths.pattern.prefix().len(), *id));
            if is_met_here && paths.overlaps(&all[other_id as usize]) {
                pairs.push((other_id.min(*id), other_id.max(*id)));
            }
        });
    }
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

struct Index<'p> {
    any: Side<'p>,
    written: Side<'p>,
}

/// Patterns sorted by their beginnings, and by their ends from behind.
struct Side<'p> {
    by_prefix: Vec<(&'p str, PathsId, &'p Pattern)>,
    by_suffix: Vec<(String, PathsId, &'p Pattern)>,
}

impl<'p> Index<'p> {
    fn new(all: &'p [Paths], present: &[(PathsId, bool)]) -> Index<'p> {
        let pick = |only_written: bool| {
            let ids =
                present.iter().filter(|(_, is_written)| *is_written || !only_written).map(|(id, _)| *id);
            Side::new(ids.map(|id| (id, &all[id as usize].pattern)))
        };
        Index { any: pick(false), written: pick(true) }
    }
}

impl<'p> Side<'p> {
    fn new(patterns: impl Iterator<Item = (PathsId, &'p Pattern)>) -> Side<'p> {
        let mut by_prefix: Vec<_> = patterns.map(|(id, pattern)| (pattern.prefix(), id, pattern)).collect();
        by_prefix.sort_unstable_by_key(|(prefix, id, _)| (*prefix, *id));
        let mut by_suffix: Vec<_> = by_prefix
            .iter()
            .map(|(_, id, pattern)| (pattern.suffix().chars().rev().collect(), *id, *pattern))
            .collect();
        by_suffix.sort_unstable_by(|(a, a_id, _): &(String, _, _), (b, b_id, _)| (a, a_id).cmp(&(b, b_id)));
        Side { by_prefix, by_suffix }
    }

    /// Every pattern that begins as `pattern` does and may end as it does.
    fn candidates(&self, pattern: &Pattern, mut each: impl FnMut(PathsId, &Pattern)) {
        let prefix = pattern.prefix();
        let start = self.by_prefix.partition_point(|(other, _, _)| *other < prefix);
        let count = self.by_prefix[start..].partition_point(|(other, _, _)| other.starts_with(prefix));
        let behind: String = pattern.suffix().chars().rev().collect();
        // Longer ends stand in one range; shorter ones each in their own.
        let mut ranges = Vec::new();
        let from = self.by_suffix.partition_point(|(other, _, _)| *other < behind);
        ranges.push(
            from..from + self.by_suffix[from..].partition_point(|(other, _, _)| other.starts_with(&behind)),
        );
        for (at, _) in behind.char_indices() {
            let shorter = &behind[..at];
            let from = self.by_suffix.partition_point(|(other, _, _)| other.as_str() < shorter);
            ranges
                .push(from..from + self.by_suffix[from..].partition_point(|(other, _, _)| other == shorter));
        }
        if ranges.iter().map(ExactSizeIterator::len).sum::<usize>() < count {
            for (_, id, other) in ranges.into_iter().flat_map(|range| &self.by_suffix[range]) {
                if other.prefix().starts_with(prefix) {
                    each(*id, other);
                }
            }
        } else {
            self.by_prefix[start..start + count].iter().for_each(|(_, id, other)| each(*id, other));
        }
    }
}
