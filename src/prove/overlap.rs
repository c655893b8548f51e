//! Which claims can meet: the patterns of a plan, each once, and the pairs of them that share a path.
//!
//! Knows patterns, not tasks' order. Patterns sorted by what they begin with make a trie of ranges: only a pattern
//! whose range holds another can meet it. One that begins with a wildcard is looked up by what it ends with, and where
//! too many end so, by the names that stand at fixed places from either end.

use crate::glob::{MOST_PLACES, Paths, Pattern};
use crate::plan::{Claim, ClaimKind, Plan, TaskId};
use std::cell::OnceCell;
use std::collections::HashMap;

/// A pattern of the plan, by number.
pub(super) type PathsId = u32;

/// The patterns of a plan's claims, and who claims what.
pub(super) struct Table {
    paths: Vec<Paths>,
    uses: ByTask,
    forbids: ByTask,
}

/// Claims by task, all in one list.
#[derive(Default)]
struct ByTask {
    list: Vec<Use>,
    /// Where those of a task end, up to the last task that has some.
    ends: Vec<u32>,
}

impl ByTask {
    /// Ends the lists of the tasks up to this one, what has been added since being its own.
    fn end(&mut self, task: TaskId, count_before: u32) {
        self.ends.resize(task.index(), count_before);
        self.ends.push(self.list.len() as u32);
    }

    fn of(&self, task: TaskId) -> &[Use] {
        let Some(end) = self.ends.get(task.index()) else { return &[] };
        let start = task.index().checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.list[start as usize..*end as usize]
    }
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
    /// Reads every claim; those that are no patterns have been reported and are left out.
    pub fn new(plan: &Plan, claimants: &[TaskId]) -> Table {
        let mut ids: HashMap<(&str, Vec<&str>), PathsId> = HashMap::new();
        let mut table = Table { paths: Vec::new(), uses: ByTask::default(), forbids: ByTask::default() };
        for id in claimants {
            let task = plan.task(*id);
            let forbidden: Vec<&str> = task
                .claims
                .claims
                .iter()
                .filter(|claim| {
                    claim.kind == ClaimKind::Forbids && claim.section.is_none() && claim.except.is_empty()
                })
                .map(|claim| claim.glob.as_str())
                .collect();
            let before = (table.uses.list.len() as u32, table.forbids.list.len() as u32);
            for (index, claim) in task.claims.claims.iter().enumerate() {
                let mut except: Vec<&str> = claim.except.iter().map(String::as_str).collect();
                if claim.kind.is_write() {
                    except.extend(&forbidden);
                }
                let key = (claim.glob.as_str(), except);
                let paths = match ids.get(&key) {
                    Some(id) => *id,
                    None => {
                        let Ok(paths) = Paths::parse(key.0, &key.1) else { continue };
                        table.paths.push(paths);
                        ids.insert(key, table.paths.len() as PathsId - 1);
                        table.paths.len() as PathsId - 1
                    }
                };
                let by_task =
                    if claim.kind == ClaimKind::Forbids { &mut table.forbids } else { &mut table.uses };
                by_task.list.push(Use { claim: index as u32, paths, kind: claim.kind });
            }
            table.uses.end(*id, before.0);
            table.forbids.end(*id, before.1);
        }
        table
    }

    pub fn paths(&self, id: PathsId) -> &Paths {
        &self.paths[id as usize]
    }

    /// What the task claims to read and write.
    pub fn uses(&self, task: TaskId) -> &[Use] {
        self.uses.of(task)
    }

    /// What the task claims, and what it forbids itself.
    pub fn all_of(&self, task: TaskId) -> impl Iterator<Item = &Use> {
        self.uses.of(task).iter().chain(self.forbids.of(task))
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

/// Past so many candidates by beginnings and ends alone, the names at fixed places are looked at too.
const MANY: usize = 48;

/// Patterns sorted by their beginnings, and by their ends from behind.
struct Side<'p> {
    by_prefix: Vec<(&'p str, PathsId, &'p Pattern)>,
    by_suffix: Vec<(String, PathsId, &'p Pattern)>,
    places: OnceCell<Places<'p>>,
}

/// For each place from the beginning and from the end: the patterns with that name there, and those with any.
/// Patterns stand for their index in `by_suffix`, in its order.
struct Places<'p> {
    named: HashMap<(u8, &'p str), Vec<u32>>,
    open: Vec<Vec<u32>>,
}

/// The name at a place: the first ones are counted from the beginning, the others from the end.
fn name_at(pattern: &Pattern, place: u8) -> Option<&str> {
    match usize::from(place).checked_sub(MOST_PLACES) {
        None => pattern.head(place.into()),
        Some(place) => pattern.tail(place),
    }
}

const ALL_PLACES: u8 = 2 * MOST_PLACES as u8;

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
        Side { by_prefix, by_suffix, places: OnceCell::new() }
    }

    fn places(&self) -> &Places<'p> {
        self.places.get_or_init(|| {
            let mut places = Places { named: HashMap::new(), open: vec![Vec::new(); ALL_PLACES.into()] };
            for (index, (_, _, pattern)) in self.by_suffix.iter().enumerate() {
                for place in 0..ALL_PLACES {
                    let list = match name_at(pattern, place) {
                        Some(name) => places.named.entry((place, name)).or_default(),
                        None => &mut places.open[usize::from(place)],
                    };
                    list.push(index as u32);
                }
            }
            places
        })
    }

    /// Every pattern that begins as `pattern` does, may end as it does, and may have its names where it has them.
    fn candidates(&self, pattern: &Pattern, mut each: impl FnMut(PathsId, &Pattern)) {
        let prefix = pattern.prefix();
        let start = self.by_prefix.partition_point(|(other, _, _)| *other < prefix);
        let count = self.by_prefix[start..].partition_point(|(other, _, _)| other.starts_with(prefix));
        if count <= MANY {
            self.by_prefix[start..start + count].iter().for_each(|(_, id, other)| each(*id, other));
            return;
        }
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
        let mut least = ranges.iter().map(ExactSizeIterator::len).sum::<usize>();
        let mut found: Option<Vec<&[u32]>> = None;
        if least > MANY {
            let places = self.places();
            for place in 0..ALL_PLACES {
                let Some(name) = name_at(pattern, place) else { continue };
                let named = places.named.get(&(place, name)).map_or(&[][..], Vec::as_slice);
                let open = places.open[usize::from(place)].as_slice();
                let inside = |list: &'_ [u32], range: &std::ops::Range<usize>| {
                    let at = |bound: usize| list.partition_point(|index| (*index as usize) < bound);
                    at(range.start)..at(range.end)
                };
                let lists: Vec<&[u32]> = ranges
                    .iter()
                    .flat_map(|range| [&named[inside(named, range)], &open[inside(open, range)]])
                    .collect();
                let size = lists.iter().map(|list| list.len()).sum();
                if size < least {
                    (least, found) = (size, Some(lists));
                }
            }
        }
        if count <= least {
            self.by_prefix[start..start + count].iter().for_each(|(_, id, other)| each(*id, other));
            return;
        }
        let mut meet = |index: usize| {
            let (_, id, other) = &self.by_suffix[index];
            if other.prefix().starts_with(prefix) {
                each(*id, other);
            }
        };
        match found {
            Some(lists) => lists.into_iter().flatten().for_each(|index| meet(*index as usize)),
            None => ranges.into_iter().flatten().for_each(meet),
        }
    }
}
