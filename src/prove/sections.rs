//! Sections of files that are there: which of them claims name, which share lines, which are missing.
//!
//! What two claims mean by different names may be the same lines: a heading below another, a method of a class. Reads each such file
//! once, and knows nothing of order.

use super::Proof;
use super::messages::files as messages;
use super::overlap::claim;
use super::world::may_write_anything;
use crate::diagnostic::{Diagnostic, suggest};
use crate::glob::Pattern;
use crate::plan::{ClaimKind, Plan, TaskId};
use crate::section::Sections as Text;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// The files that sections are claimed of and that are there, by path.
pub(super) struct Sections {
    files: BTreeMap<String, Known>,
}

/// What is known of a file.
struct Known {
    /// The lines of every section that a claim names; none where it is not there.
    claimed: BTreeMap<String, Vec<Range<usize>>>,
    /// The sections that it has.
    names: Vec<String>,
}

impl Sections {
    pub fn new(plan: &Plan, claimants: &[TaskId], facts: &dyn super::Facts) -> Sections {
        let mut wanted: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for claim in claimants.iter().flat_map(|task| &plan.task(*task).claims.claims) {
            let Some(name) = claim.section.as_deref() else { continue };
            if Pattern::parse(&claim.glob).is_ok_and(|pattern| pattern.literal().is_some()) {
                wanted.entry(&claim.glob).or_default().insert(name);
            }
        }
        let known = |(path, names): (&str, BTreeSet<&str>)| {
            let text = facts.text(path)?;
            let text = Text::of(text.as_bytes(), path);
            let claimed = names.into_iter().map(|name| (name.to_owned(), text.find(name))).collect();
            Some((path.to_owned(), Known { claimed, names: text.names() }))
        };
        Sections { files: wanted.into_iter().filter_map(known).collect() }
    }

    /// Whether two names mean lines of each other: by the file where both are in it, else by the names themselves.
    pub fn overlap(&self, path: &str, a: &str, b: &str) -> bool {
        if a == b {
            return true;
        }
        let lines = |name: &str| self.files.get(path)?.claimed.get(name).filter(|ranges| !ranges.is_empty());
        match (lines(a), lines(b)) {
            (Some(a), Some(b)) => a.iter().any(|a| b.iter().any(|b| a.start < b.end && b.start < a.end)),
            _ => is_within(a, b) || is_within(b, a),
        }
    }
}

/// Whether a name says that it is part of another: `Type::method` of `Type`.
fn is_within(name: &str, other: &str) -> bool {
    name.strip_prefix(other).is_some_and(|rest| rest.starts_with("::") || rest.starts_with('.'))
}

/// Sections that a task is to change and that the file does not have.
pub(super) fn check(proof: &Proof, findings: &mut Vec<Diagnostic>) {
    for task in proof.claiming() {
        for used in proof.table.uses(task).iter().filter(|used| used.kind.is_write()) {
            let own = claim(proof.plan, task, *used);
            let Some(name) = own.section.as_deref().filter(|_| own.kind != ClaimKind::Creates) else {
                continue;
            };
            let Some(known) = proof.sections.files.get(&own.glob) else { continue };
            let is_there = known.claimed.get(name).is_none_or(|ranges| !ranges.is_empty());
            if is_there || is_made_before(proof, task, &own.glob, name) {
                continue;
            }
            let near = suggest::nearest(name, known.names.iter().map(String::as_str));
            findings.push(messages::missing_section(own, name, near));
        }
    }
}

/// Whether another task may have made the section by the time that this one begins.
fn is_made_before(proof: &Proof, task: TaskId, path: &str, name: &str) -> bool {
    proof.tasks().filter(|other| *other != task && !proof.order.is_before(task, *other)).any(|other| {
        may_write_anything(proof, other)
            || proof.table.uses(other).iter().filter(|used| used.kind.is_write()).any(|used| {
                let claim = claim(proof.plan, other, *used);
                let is_it = claim.section.as_deref().is_none_or(|section| section == name);
                is_it && proof.table.paths(used.paths).matches(path)
            })
    })
}
