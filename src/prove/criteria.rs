//! Proofs on criteria: tests that cannot fail or cannot pass, judges of their own work, plans that nothing tests.
//!
//! Knows tests, not the disk.

use super::Proof;
use super::mentions::plain;
use super::messages::criteria as messages;
use crate::diagnostic::Diagnostic;
use crate::glob::{Paths, Pattern};
use crate::plan::{Action, Command, Criterion, Item, TaskId, Test};
use regex::Regex;
use regex_syntax::hir::Hir;
use std::cell::LazyCell;
use std::mem::discriminant;

/// A criterion where it stands.
pub(super) struct Place<'p> {
    pub criterion: &'p Criterion,
    /// The task whose work it tests, when it is one task's.
    pub task: Option<TaskId>,
    pub is_preflight: bool,
}

/// Every criterion of what will run.
pub(super) fn all<'p>(proof: &'p Proof) -> impl Iterator<Item = Place<'p>> {
    lists(proof).flat_map(|(task, is_preflight, list)| {
        list.iter().map(move |criterion| Place { criterion, task, is_preflight })
    })
}

fn lists<'p>(proof: &'p Proof) -> impl Iterator<Item = (Option<TaskId>, bool, &'p [Criterion])> {
    let plan = proof.plan;
    let preflight = std::iter::once((None, true, &plan.preflight[..]));
    let groups = plan.groups.iter().filter(|group| group.left_out.is_none());
    let gates = plan.gates.iter().filter(|gate| gate.left_out.is_none());
    preflight
        .chain(groups.map(|group| (None, false, &group.success[..])))
        .chain(gates.map(|gate| (None, false, &gate.checks[..])))
        .chain(proof.tasks.tested.iter().map(|id| (Some(*id), false, &plan.task(*id).success[..])))
}

pub(super) fn check(proof: &Proof, findings: &mut Vec<Diagnostic>) {
    for place in all(proof) {
        match verdict(proof, place.criterion) {
            Some((true, why)) => findings.push(messages::cannot_fail(place.criterion, why)),
            Some((false, why)) => findings.push(messages::cannot_pass(place.criterion, why)),
            None => {}
        }
        if matches!(place.criterion.test, Test::Manual) && has_no_test(proof, place.criterion) {
            findings.push(messages::untested_criterion(place.criterion));
        }
        if let (Test::Judged { agent, .. }, Some(task)) = (&place.criterion.test, place.task)
            && proof.plan.task(task).agent == Some(*agent)
            && matches!(proof.plan.task(task).action, Action::Prompt(_) | Action::PromptFile(_))
        {
            let agent = &proof.plan.agent(*agent).name;
            findings.push(messages::self_judged(place.criterion, proof.names.task(task), agent));
        }
    }
    for (_, _, list) in lists(proof).filter(|(_, _, list)| list.len() < 200) {
        for (index, criterion) in list.iter().enumerate() {
            if matches!(criterion.test, Test::Manual | Test::Judged { .. }) {
                continue;
            }
            let kind = discriminant(&criterion.test);
            let test = LazyCell::new(|| format!("{:?}", criterion.test));
            let is_same = |other: &&Criterion| {
                other.span != criterion.span
                    && discriminant(&other.test) == kind
                    && format!("{:?}", other.test) == *test
            };
            if let Some(before) = list[..index].iter().find(is_same) {
                findings.push(messages::repeated_criterion(criterion, before));
            }
        }
    }
    untested(proof, findings);
    idle_approvals(proof, findings);
}

/// Whether nothing is written behind the title. The plan takes such a check for `manual`; only the text tells them apart.
fn has_no_test(proof: &Proof, criterion: &Criterion) -> bool {
    let text = proof.sources.text(criterion.span);
    text.strip_prefix("check").is_some_and(|rest| {
        let rest = rest.trim_start();
        rest.is_empty() || rest.starts_with(['"', '\'']) && rest.ends_with(['"', '\''])
    })
}

/// Whether the test holds (true) or fails (false) whatever the work was, and why. None: it depends, as it should.
fn verdict(proof: &Proof, criterion: &Criterion) -> Option<(bool, String)> {
    match &criterion.test {
        Test::Runs { command, exits, prints, .. } => {
            let (code, why) = exit_code(command)?;
            if code != *exits {
                return Some((false, format!("{why} ends with {code}, not with {exits}")));
            }
            prints.is_none().then(|| (true, format!("{why} always ends with {code}")))
        }
        Test::Exists(glob) => {
            let pattern = constant(glob)?;
            let plan_file = proof.facts.plan_file().filter(|file| pattern.matches(file));
            match plan_file {
                Some(file) => Some((true, format!("the plan's own file matches it: `{file}`"))),
                None => is_everything(&pattern).then(|| (true, "the plan's own file matches it".to_owned())),
            }
        }
        Test::Missing(glob) => {
            let pattern = constant(glob)?;
            let plan_file = proof.facts.plan_file().filter(|file| pattern.matches(file));
            match plan_file {
                Some(file) => Some((false, format!("the plan's own file matches it: `{file}`"))),
                None => is_everything(&pattern).then(|| (false, "the plan's own file matches it".to_owned())),
            }
        }
        Test::Contains { pattern, .. } => {
            matches_all(pattern).then(|| (true, format!("every line matches `{pattern}`")))
        }
        Test::Lacks { pattern, .. } => {
            matches_all(pattern).then(|| (false, format!("every line matches `{pattern}`")))
        }
        Test::ValueAt { .. } | Test::ValueOf { .. } | Test::Judged { .. } | Test::Manual => None,
    }
}

fn constant(template: &crate::plan::Template) -> Option<Pattern> {
    template.outputs().next().is_none().then(|| Pattern::parse(&plain(template)).ok())?
}

fn is_everything(pattern: &Pattern) -> bool {
    Pattern::parse("**").is_ok_and(|all| Paths::of(all).is_within(&[pattern]))
}

/// Whether the regular expression is found in any line: it is found in the empty one and in ones that share nothing.
fn matches_all(pattern: &str) -> bool {
    // Few are found in the empty line, and that can be told without compiling them, of most without reading them.
    if has_letter(pattern) {
        return false;
    }
    let may_be_empty = |parsed: Hir| parsed.properties().minimum_len() == Some(0);
    if !regex_syntax::parse(pattern).is_ok_and(may_be_empty) {
        return false;
    }
    let Ok(regex) = Regex::new(pattern) else { return false };
    ["", "a", "\u{1}", "  0-Zq~\t%é"].iter().all(|line| regex.is_match(line))
}

/// Whether a regular expression has a letter that whatever it matches has too: none that it may leave out.
fn has_letter(pattern: &str) -> bool {
    let is_sure = !pattern.contains(['*', '?', '|', '{']);
    is_sure && pattern.as_bytes().windows(2).any(|pair| pair[0] != b'\\' && pair[1].is_ascii_alphanumeric())
}

/// The exit code of a command that always ends with the same, and what says so.
fn exit_code(command: &Command) -> Option<(i32, String)> {
    let text = match command {
        Command::Shell(template) if template.outputs().next().is_none() => plain(template),
        Command::Shell(_) => return None,
        Command::Program(words) => {
            let words: Vec<_> = words.iter().map(plain).collect();
            return match &**words.first()? {
                "true" | "echo" => Some((0, format!("`{}`", words[0]))),
                "false" => Some((1, "`false`".to_owned())),
                _ => None,
            };
        }
    };
    let text = text.trim().trim_end_matches(';').trim_end();
    for (tail, name) in
        [("|| true", "|| true"), ("|| :", "|| :"), ("||true", "|| true"), ("|| exit 0", "|| exit 0")]
    {
        // In a script of several lines, a line before may end it.
        if text.ends_with(tail) && !text.contains(['\n', '&', ';', '\'', '"', '(']) {
            return Some((0, format!("a command with `{name}` behind it")));
        }
    }
    if text.contains(['\n', '&', '|', ';', '<', '>', '`', '$', '(', '#', '{', '!']) {
        return None;
    }
    let mut words = text.split_whitespace();
    match words.next()? {
        word @ ("true" | ":" | "echo" | "printf") => Some((0, format!("`{word}`"))),
        "false" => Some((1, "`false`".to_owned())),
        "exit" => match (words.next().map(str::parse::<u8>), words.next()) {
            (None, _) => Some((0, "`exit`".to_owned())),
            (Some(Ok(code)), None) => Some((i32::from(code), format!("`exit {code}`"))),
            _ => None,
        },
        _ => None,
    }
}

/// A plan whose agents change files, in several tasks, and in which nothing at all tests what they did.
fn untested(proof: &Proof, findings: &mut Vec<Diagnostic>) {
    let plan = proof.plan;
    let has_criteria = lists(proof).any(|(_, is_preflight, list)| !is_preflight && !list.is_empty());
    let asks = |gate: &crate::plan::Gate| !gate.approvals.is_empty();
    if has_criteria || plan.agents.is_empty() || proof.tasks.has_approval || plan.gates.iter().any(asks) {
        return;
    }
    let writes = |id: &TaskId| {
        let task = plan.task(*id);
        task.agent.is_some()
            && task.claims.may_write()
            && matches!(task.action, Action::Prompt(_) | Action::PromptFile(_))
    };
    let writers: Vec<TaskId> = proof.tasks().filter(writes).collect();
    if let [first, _, ..] = writers[..] {
        findings.push(messages::untested_plan(plan, plan.task(first).span));
    }
}

/// Approvals that nothing waits for, beside work that goes on.
fn idle_approvals(proof: &Proof, findings: &mut Vec<Diagnostic>) {
    let plan = proof.plan;
    if !proof.tasks.has_approval {
        return;
    }
    for set in proof.order.sets() {
        for item in &set.items {
            let Item::Task(id) = *item else { continue };
            let task = plan.task(id);
            if !matches!(task.action, Action::Approve(_)) || task.left_out.is_some() {
                continue;
            }
            let Some(step) = task.step else { continue };
            let waits = |other: &TaskId| {
                plan.task(*other).step.is_some_and(|other| other > step) && proof.order.is_before(id, *other)
            };
            let has_gate = plan.steps[step.index() + 1..].iter().any(|later| {
                matches!(later.kind, crate::plan::StepKind::Gate(_) | crate::plan::StepKind::Success(_))
            });
            if has_gate || proof.tasks().any(|other| waits(&other)) {
                continue;
            }
            let beside = set.items.iter().find_map(|other| match other {
                Item::Task(other) if *other != id && plan.task(*other).left_out.is_none() => Some(*other),
                Item::Group(_) => proof.order.tasks_of(*other).first().copied(),
                _ => None,
            });
            if let Some(beside) = beside.filter(|beside| proof.order.are_concurrent(id, *beside)) {
                findings.push(messages::idle_approval(
                    task,
                    proof.names.task(id),
                    proof.names.task(beside),
                    plan.task(beside).span,
                ));
            }
        }
    }
}
