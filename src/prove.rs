//! What a plan proves or refutes about itself: files, order, time, cost, secrets, on the resolved `Plan`.
//!
//! Knows no syntax: its places come with the plan, and the texts only serve to point more closely and to place
//! edits. It does not know the disk either: what is there it asks of [`Facts`]. What it proves is what is run: the same
//! steps, the same claims, the same forecast.

mod claims;
mod criteria;
mod files;
mod mentions;
mod messages;
mod names;
mod order;
mod overlap;
mod secrets;
mod sections;
mod shell;
mod time;
mod world;

/// Counts, lengths of time and amounts as a message says them; for the editor, which says the same.
pub(crate) mod words {
    pub(crate) use super::names::{count, duration, list, money, tokens};
}

use crate::diagnostic::Diagnostic;
use crate::plan::{Action, Plan, TaskId};
use crate::source::SourceMap;
use names::Names;
use order::Order;
use overlap::Table;
use sections::Sections;
use std::collections::HashSet;

/// The tasks at work where most are when no number of workers limits them: what `assert workers` claims something of.
pub fn widest(plan: &Plan) -> Vec<TaskId> {
    time::widest(plan, &plan.conflicts)
}

/// What is on the disk, as far as the caller will tell. Paths are relative to the plan's directory.
pub trait Facts {
    /// What is at `path`; none when that is not known.
    fn kind(&self, path: &str) -> Option<Kind>;
    /// The names in a directory; none when that is not known or it is no directory. Empty `directory`: the plan's own.
    fn list(&self, directory: &str) -> Option<Vec<String>>;
    /// The plan's own file, relative to its directory; none for a plan from standard input.
    fn plan_file(&self) -> Option<String>;
    /// The text of a file; none when that is not known or there is none.
    fn text(&self, path: &str) -> Option<String>;
    /// Whether nobody wants the proofs any more.
    fn is_stale(&self) -> bool {
        false
    }
}

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A directory.
    Directory,
    /// Nothing.
    Nothing,
}

/// Nothing is known of the disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFacts;

impl Facts for NoFacts {
    fn kind(&self, _path: &str) -> Option<Kind> {
        None
    }

    fn list(&self, _directory: &str) -> Option<Vec<String>> {
        None
    }

    fn plan_file(&self) -> Option<String> {
        None
    }

    fn text(&self, _path: &str) -> Option<String> {
        None
    }
}

/// Everything that can be proved against the plan or that looks wrong with it, and in `plan.conflicts` the pairs
/// of tasks that must not run at one time.
pub fn prove(plan: &mut Plan, sources: &SourceMap, facts: &dyn Facts) -> Vec<Diagnostic> {
    let mut conflicts = Vec::new();
    let tasks = Tasks::new(plan);
    let proof = Proof {
        table: Table::new(plan, &tasks.claimants),
        sections: Sections::new(plan, &tasks.claimants, facts),
        tasks,
        order: Order::new(plan),
        names: Names::new(plan),
        plan,
        sources,
        facts,
    };
    let mut findings = Vec::new();
    let refused = files::check(&proof, &mut findings, &mut conflicts);
    for part in [mentions::check, world::check, sections::check, criteria::check, shell::check, claims::check]
    {
        if facts.is_stale() {
            return findings;
        }
        part(&proof, &mut findings);
    }
    conflicts.sort_unstable();
    conflicts.dedup();
    // What the forecast would say of a conflict that has been refused is no second mistake.
    let open: Vec<_> = conflicts.iter().copied().filter(|pair| !refused.contains(pair)).collect();
    time::check(&proof, &open, &mut findings);
    secrets::check(&proof, &mut findings);
    // The repetitions of a `for` share their places, and so their mistakes: each is said once.
    let mut seen = HashSet::new();
    findings.retain(|finding| seen.insert((finding.code.name(), finding.span())));
    plan.conflicts = conflicts;
    findings
}

/// What all proofs look at.
struct Proof<'p> {
    plan: &'p Plan,
    sources: &'p SourceMap,
    facts: &'p dyn Facts,
    tasks: Tasks,
    order: Order<'p>,
    table: Table,
    names: Names<'p>,
    sections: Sections,
}

impl Proof<'_> {
    /// The tasks that will run: not left out by `when`.
    fn tasks(&self) -> impl Iterator<Item = TaskId> {
        self.tasks.running.iter().copied()
    }

    /// Those of them that claim something.
    fn claiming(&self) -> impl Iterator<Item = TaskId> {
        self.tasks.claiming.iter().copied()
    }
}

/// The tasks by what they say, in the order of the file. Many a proof is about a few of them: a large plan is not gone
/// through for each.
#[derive(Default)]
struct Tasks {
    /// Those with a claim, left out or not.
    claimants: Vec<TaskId>,
    /// Whether one of them asks a person, left out or not.
    has_approval: bool,
    /// Those that will run.
    running: Vec<TaskId>,
    /// Those that will run, with a claim.
    claiming: Vec<TaskId>,
    /// Those that will run, with criteria.
    tested: Vec<TaskId>,
    /// Whether one that will run may write what nobody knows.
    has_unknown: bool,
}

impl Tasks {
    fn new(plan: &Plan) -> Tasks {
        let mut tasks = Tasks { running: Vec::with_capacity(plan.tasks.len()), ..Tasks::default() };
        for id in plan.task_ids() {
            let task = plan.task(id);
            tasks.has_approval |= matches!(task.action, Action::Approve(_));
            let has_claim = !task.claims.claims.is_empty();
            if has_claim {
                tasks.claimants.push(id);
            }
            if task.left_out.is_some() {
                continue;
            }
            tasks.running.push(id);
            if has_claim {
                tasks.claiming.push(id);
            }
            if !task.success.is_empty() {
                tasks.tested.push(id);
            }
            tasks.has_unknown |= !task.claims.is_known;
        }
        tasks
    }
}
