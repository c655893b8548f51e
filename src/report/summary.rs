//! What stands at the end of a run: how it came out, why, and what to do now.

use super::lines::{outcome_tone, passed, verdict_tone};
use super::{Look, RunPlace, Tone, Verbosity, log, words};
use crate::event::progress::{CheckResult, Progress, TaskState};
use crate::event::{CheckOwner, Decision, Outcome, RunOutcome, Verdict};
use crate::plan::{Criterion, GateId, GroupId, Item, TaskId};
use std::collections::BTreeMap;
use unicode_width::UnicodeWidthStr;

/// How many names of one reason are shown unless everything is.
const MANY: usize = 5;

/// The summary, as lines.
pub fn lines(progress: &Progress, place: &RunPlace, look: &Look) -> Vec<String> {
    let outcome = progress.run_end().map(|(outcome, _)| outcome);
    if look.verbosity == Verbosity::Quiet && outcome == Some(RunOutcome::Succeeded) {
        return Vec::new();
    }
    let mut lines = vec![headline(progress, place, look)];
    lines.push(counts(progress, look));
    lines.extend(merged(progress));
    for outcome in [Outcome::Failed, Outcome::Cancelled, Outcome::Parked] {
        ended_badly(progress, place, look, outcome, &mut lines);
    }
    not_done(progress, look, &mut lines);
    waiting(progress, place, look, &mut lines);
    criteria(progress, look, &mut lines);
    next(progress, place, look, &mut lines);
    lines
}

/// How it came out, in one line.
fn headline(progress: &Progress, place: &RunPlace, look: &Look) -> String {
    let (word, reason, tone) = match progress.run_end() {
        Some((outcome, reason)) => {
            let tone = match outcome {
                RunOutcome::Succeeded => Tone::Good,
                RunOutcome::Failed => Tone::Bad,
                _ => Tone::Attention,
            };
            (words::run_outcome(outcome), reason, tone)
        }
        None => ("did not end", "", Tone::Attention),
    };
    let because =
        if reason.is_empty() { String::new() } else { format!(": {}", words::one_line(reason, 200)) };
    let what = look.paint(tone, &format!("run {} of {} {word}", place.run, progress.plan.name));
    format!("{what}{because}{}", took(progress, place))
}

/// How long it took, against what was forecast.
fn took(progress: &Progress, place: &RunPlace) -> String {
    let sessions = &progress.sessions;
    let elapsed: u64 = sessions
        .iter()
        .map(|session| {
            let end = session.end.as_ref().map(|(_, _, at)| *at);
            // One that died: to the last that is known, if it is the last.
            let end = end.or(if session.number == sessions.len() as u32 { progress.last_at } else { None });
            end.map_or(0, |end| passed(session.started_at, end))
        })
        .sum();
    if sessions.is_empty() {
        return String::new();
    }
    let in_sessions = match sessions.len() {
        1 => String::new(),
        number => format!(" in {number} sessions"),
    };
    let forecast = match place.forecast {
        Some(forecast) if forecast > 0 => format!(", forecast {}", words::about(forecast)),
        _ => String::new(),
    };
    format!(" ({}{in_sessions}{forecast})", words::duration(elapsed))
}

/// How many tasks came out how, in words.
fn counts(progress: &Progress, look: &Look) -> String {
    let counts = progress.counts();
    let parts = [
        (counts.succeeded, Outcome::Succeeded),
        (counts.failed, Outcome::Failed),
        (counts.cancelled, Outcome::Cancelled),
        (counts.parked, Outcome::Parked),
        (counts.not_run, Outcome::NotRun),
        (counts.skipped, Outcome::Skipped),
    ];
    let mut texts: Vec<String> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, outcome)| {
            let text = format!("{number} {}", outcome.word());
            outcome_tone(*outcome).map_or(text.clone(), |tone| look.paint(tone, &text))
        })
        .collect();
    if counts.waiting + counts.active > 0 {
        texts.push(format!("{} not ended", counts.waiting + counts.active));
    }
    let usage = words::usage(&progress.usage());
    let is_told = !usage.is_empty() || has_budget(progress);
    if !usage.is_empty() {
        texts.push(usage);
    }
    let tasks = progress.plan.tasks.iter().zip(&progress.tasks);
    let attempts = tasks.flat_map(|(task, state)| state.attempts.iter().map(move |attempt| (task, attempt)));
    let unknown = attempts.filter(|(task, attempt)| words::is_cost_unknown(task, attempt)).count();
    // Not known is not nothing.
    if unknown > 0 && is_told {
        texts.push(format!("cost of {} unknown", words::count(unknown, "attempt")));
    }
    let dot = look.mark(" · ", ", ");
    format!("  {}: {}", words::count(counts.total(), "task"), texts.join(dot))
}

/// Whether anything limits what may be spent.
fn has_budget(progress: &Progress) -> bool {
    let plan = &progress.plan;
    let groups = plan.groups.iter().map(|group| &group.budget);
    let tasks = plan.tasks.iter().map(|task| &task.budget);
    let agents = plan.agents.iter().map(|agent| &agent.budget);
    groups.chain(tasks).chain(agents).any(|budget| budget.money.is_some() || budget.tokens.is_some())
}

/// What was merged, and where it is.
fn merged(progress: &Progress) -> Option<String> {
    let branch = progress.branch.as_ref()?;
    let commits = progress.tasks.iter().flat_map(|task| &task.merged);
    let mut sum = crate::event::ChangeSize::default();
    for commit in commits {
        sum.insertions = sum.insertions.saturating_add(commit.size.insertions);
        sum.deletions = sum.deletions.saturating_add(commit.size.deletions);
    }
    let tasks = progress.tasks.iter().filter(|task| !task.merged.is_empty()).count();
    if tasks == 0 {
        let into = if progress.plan.has_copies() { String::new() } else { format!(" into {}", branch.name) };
        return Some(format!("  nothing was merged{into}"));
    }
    let into = match progress.plan.has_copies() {
        // wavec's own, which nobody else sees.
        true => String::new(),
        false => format!(" into {} at {}", branch.name, words::commit(&branch.tip)),
    };
    Some(format!("  merged: {}{into}, +{} −{}", words::count(tasks, "task"), sum.insertions, sum.deletions))
}

/// The trees of tasks that ended badly: what they hold is nowhere else.
fn kept_trees(progress: &Progress, place: &RunPlace) -> Vec<String> {
    let mut trees = Vec::new();
    for task in &progress.tasks {
        if !matches!(task.state, TaskState::Ended(Outcome::Failed | Outcome::Cancelled)) {
            continue;
        }
        let tree = task.last_attempt().and_then(|attempt| attempt.tree.as_ref());
        let path = tree.map(|tree| place.logs.join("trees").join(&tree.name)).filter(|path| path.exists());
        trees.extend(path.map(|path| path.display().to_string()));
    }
    trees
}

fn head(look: &Look, text: &str, lines: &mut Vec<String>) {
    lines.push(String::new());
    lines.push(look.paint(Tone::Strong, text));
}

/// The tasks with a bad outcome, each with its reason, its last lines and its log.
fn ended_badly(
    progress: &Progress,
    place: &RunPlace,
    look: &Look,
    outcome: Outcome,
    lines: &mut Vec<String>,
) {
    let tasks: Vec<TaskId> = with_outcome(progress, outcome).collect();
    if tasks.is_empty() {
        return;
    }
    head(look, outcome.word(), lines);
    let names = width(tasks.iter().map(|task| progress.plan.task(*task).name.as_str()));
    for (place_in_list, task) in tasks.iter().enumerate() {
        let is_short = outcome != Outcome::Failed && look.verbosity < Verbosity::Verbose;
        if is_short && place_in_list >= MANY * 2 {
            lines.push(format!("  … and {} more", tasks.len() - place_in_list));
            break;
        }
        let state = &progress.tasks[task.index()];
        let name = &progress.plan.task(*task).name;
        let painted = outcome_tone(outcome).map_or(name.to_string(), |tone| look.paint(tone, name));
        let fill = " ".repeat(names.saturating_sub(name.width()));
        let attempts = match state.attempts.len() {
            0 | 1 => String::new(),
            number => format!(" (after {number} attempts)"),
        };
        lines.push(format!("  {painted}{fill}  {}{attempts}", words::one_line(&state.reason, 300)));
        let Some(attempt) = state.last_attempt() else { continue };
        if outcome == Outcome::Failed {
            let path = place.log_of(progress, *task, attempt.number);
            let bar = look.mark("│ ", "| ");
            for line in log::tail(&path, 3, look.width.saturating_sub(8).max(20)) {
                lines.push(format!("    {}", look.paint(Tone::Dim, &format!("{bar}{line}"))));
            }
            if path.exists() {
                lines.push(format!("    {}", look.paint(Tone::Dim, &format!("log: {}", path.display()))));
            }
        }
    }
}

/// What was not run, and what was left out, each reason once with its tasks.
fn not_done(progress: &Progress, look: &Look, lines: &mut Vec<String>) {
    for outcome in [Outcome::NotRun, Outcome::Skipped] {
        let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for task in with_outcome(progress, outcome) {
            let reason = progress.tasks[task.index()].reason.as_str();
            by_reason.entry(reason).or_default().push(&progress.plan.task(task).name);
        }
        if by_reason.is_empty() {
            continue;
        }
        head(look, outcome.word(), lines);
        let most = if look.verbosity == Verbosity::Verbose { usize::MAX } else { MANY };
        for (reason, names) in by_reason {
            let because =
                if reason.is_empty() { String::new() } else { format!(": {}", words::one_line(reason, 200)) };
            lines.push(format!("  {}{because}", words::list(&names, most)));
        }
    }
}

/// The questions that wait for a person.
fn waiting(progress: &Progress, place: &RunPlace, look: &Look, lines: &mut Vec<String>) {
    let open: Vec<_> = progress.open_approvals().collect();
    if open.is_empty() {
        return;
    }
    head(look, "waits for an answer", lines);
    for approval in open {
        let who = words::approval_owner(progress, approval.owner);
        lines.push(format!(
            "  {}  {}",
            look.paint(Tone::Attention, &who),
            words::one_line(&approval.question, 300)
        ));
        lines.push(format!("    wavec approve {} {who}", place.run));
        lines.push(format!("    wavec reject {} {who} --reason \"…\"", place.run));
    }
}

/// The criteria of the plan, its groups and gates, and of tasks where they did not pass, with their verdicts.
fn criteria(progress: &Progress, look: &Look, lines: &mut Vec<String>) {
    let plan = &progress.plan;
    let mut rows: Vec<(String, String, Verdict, String)> = Vec::new();
    let mut passed_tasks = 0usize;
    let mut add = |owner: &str, criteria: &[Criterion], checks: &[Option<CheckResult>], is_of_task: bool| {
        for (criterion, check) in criteria.iter().zip(checks) {
            let (verdict, evidence) = match check {
                Some(check) => (check.verdict, check.evidence.as_str()),
                None => (Verdict::NotRun, ""),
            };
            let is_dull = matches!(verdict, Verdict::Pass | Verdict::NotRun);
            if is_of_task && is_dull && look.verbosity < Verbosity::Verbose {
                passed_tasks += usize::from(verdict == Verdict::Pass);
            } else {
                rows.push((owner.to_string(), criterion.title.clone(), verdict, evidence.to_string()));
            }
        }
    };
    add("preflight", &plan.preflight, &progress.preflight, false);
    for item in items_in_order(progress) {
        match item {
            Item::Task(task) => {
                if let Some(attempt) = progress.tasks[task.index()].last_attempt() {
                    let criteria = &plan.task(task).success;
                    let checks = progress.checks(CheckOwner::Task(task, attempt.number));
                    add(&plan.task(task).name, criteria, checks, true);
                }
            }
            Item::Gate(gate) => {
                // What was left out or never reached is told by what stood before it.
                let state = &progress.gates[gate.index()];
                if state.started_at.is_some() && state.decision != Some(Decision::Skipped) {
                    add(&plan.gate(gate).name, &plan.gate(gate).checks, &state.checks, false);
                }
            }
            Item::Group(group) => {
                add(
                    &plan.group(group).name,
                    &plan.group(group).success,
                    &progress.groups[group.index()].checks,
                    false,
                );
            }
        }
    }
    if rows.is_empty() {
        return;
    }
    head(look, "criteria", lines);
    let owners = width(rows.iter().map(|row| row.0.as_str()));
    for (owner, title, verdict, evidence) in &rows {
        let word = words::pad(verdict.word(), "blocked".len());
        let word = verdict_tone(*verdict).map_or(word.clone(), |tone| look.paint(tone, &word));
        let seen = match verdict {
            Verdict::Fail | Verdict::Blocked if !evidence.is_empty() => {
                format!(": {}", words::one_line(evidence, 160))
            }
            _ => String::new(),
        };
        lines.push(format!("  {word}  {}  {title}{seen}", words::pad(owner, owners)));
    }
    if passed_tasks > 0 {
        let good = look.paint(Tone::Good, &words::pad("pass", "blocked".len()));
        let noun = if passed_tasks == 1 { "criterion" } else { "criteria" };
        lines.push(format!("  {good}  {passed_tasks} {noun} of tasks"));
    }
}

/// The plan's items in the order of the file, a group after what it holds.
fn items_in_order(progress: &Progress) -> Vec<Item> {
    fn walk(progress: &Progress, group: GroupId, into: &mut Vec<Item>) {
        for item in &progress.plan.group(group).items {
            match item {
                Item::Group(group) => walk(progress, *group, into),
                Item::Task(_) | Item::Gate(_) => into.push(*item),
            }
        }
        into.push(Item::Group(group));
    }
    let mut items = Vec::new();
    walk(progress, GroupId(0), &mut items);
    let outside = progress.plan.task_ids().filter(|task| progress.plan.task(*task).step.is_none());
    items.extend(outside.map(Item::Task));
    items
}

/// What to do now.
fn next(progress: &Progress, place: &RunPlace, look: &Look, lines: &mut Vec<String>) {
    let run = place.run;
    let mut commands: Vec<(String, &str)> = Vec::new();
    let failed = with_outcome(progress, Outcome::Failed).next();
    let closed = progress
        .gates
        .iter()
        .position(|gate| matches!(gate.decision, Some(Decision::NoGo | Decision::Blocked)))
        .map(|index| GateId(index as u32));
    match progress.run_end().map(|(outcome, _)| outcome) {
        Some(RunOutcome::Succeeded) => {
            if progress.branch.as_ref().is_some_and(|branch| branch.tip != branch.base) {
                let what = match progress.plan.has_copies() {
                    true => "bring what was merged into this directory",
                    false => "bring the branch into the checkout",
                };
                commands.push((format!("wavec apply {run}"), what));
            }
        }
        Some(RunOutcome::Waiting) => {
            commands.push((format!("wavec resume {run}"), "go on once it is answered"));
        }
        Some(RunOutcome::Parked) => {
            commands.push((format!("wavec resume {run}"), "go on when there is quota again"));
        }
        _ => {
            if let Some(task) = failed {
                commands.push((
                    format!("wavec show {run} {}", progress.plan.task(task).name),
                    "what it did, its whole log",
                ));
            } else if let Some(gate) = closed {
                commands.push((
                    format!("wavec show {run} {}", progress.plan.gate(gate).name),
                    "what the gate saw",
                ));
            }
            commands.push((format!("wavec resume {run}"), "go on from here; what succeeded is not repeated"));
        }
    }
    let trees = kept_trees(progress, place);
    if !trees.is_empty() {
        head(look, "not merged, kept for a look", lines);
        lines.extend(trees.iter().take(MANY).map(|tree| format!("  {tree}")));
        if trees.len() > MANY {
            lines.push(format!("  and {} more", trees.len() - MANY));
        }
    }
    if commands.is_empty() {
        return;
    }
    head(look, "next", lines);
    let commands_width = width(commands.iter().map(|(command, _)| command.as_str()));
    for (command, why) in &commands {
        lines.push(format!("  {}  {}", words::pad(command, commands_width), look.paint(Tone::Dim, why)));
    }
}

fn with_outcome(progress: &Progress, outcome: Outcome) -> impl Iterator<Item = TaskId> {
    progress
        .tasks
        .iter()
        .enumerate()
        .filter(move |(_, task)| task.state == TaskState::Ended(outcome))
        .map(|(index, _)| TaskId(index as u32))
}

/// The width of a column that holds these, within reason.
fn width<'t>(texts: impl Iterator<Item = &'t str>) -> usize {
    texts.map(UnicodeWidthStr::width).filter(|width| *width <= 40).max().unwrap_or(0)
}
