//! The run as lines, one an event: where there is no terminal, and for what a live view prints for good.

use super::{Look, RunPlace, Tone, Verbosity, gate_name, group_name, group_word, log, task_name, words};
use crate::event::progress::{Progress, TaskProgress};
use crate::event::{Answer, AttemptEnd, CheckOwner, Decision, Entry, Event, Outcome, RunOutcome, Verdict};
use crate::plan::{GroupKind, TaskId};
use unicode_width::UnicodeWidthStr;

/// How many of a failed attempt's last lines are shown.
const TAIL: usize = 5;
/// The column of names is at most so wide.
const NAMES: usize = 36;

/// What a line says, before it is laid out.
struct Line {
    who: String,
    text: String,
    tone: Option<Tone>,
    /// From which verbosity on it is said.
    from: Verbosity,
    /// More lines, under it.
    more: Vec<String>,
}

/// How wide the column of names is for this plan.
pub fn name_width(progress: &Progress) -> usize {
    let plan = &progress.plan;
    let tasks = plan.tasks.iter().map(|task| task.name.width());
    let gates = plan.gates.iter().map(|gate| gate.name.width());
    tasks.chain(gates).filter(|width| *width <= NAMES).max().unwrap_or(0).max("preflight".len())
}

/// How many lines of a conflict are shown.
const HUNKS: usize = 16;

/// The lines for an entry that `progress` has already taken in; none when the look's verbosity leaves it out.
pub fn lines(progress: &Progress, place: &RunPlace, look: &Look, names: usize, entry: &Entry) -> Vec<String> {
    let Some(line) = line(progress, place, look, &entry.event) else { return Vec::new() };
    if look.verbosity < line.from {
        return Vec::new();
    }
    let time = look.paint(Tone::Dim, &words::clock(entry.at, &look.zone));
    let text = words::one_line(&line.text, usize::MAX);
    let text = line.tone.map_or_else(|| text.clone(), |tone| look.paint(tone, &text));
    let mut lines = vec![format!("{time}  {}  {text}", words::pad(&line.who, names))];
    let more = |text: String| format!("{:10}{}", "", look.paint(Tone::Dim, &text));
    lines.extend(line.more.into_iter().map(more));
    lines
}

fn line(progress: &Progress, place: &RunPlace, look: &Look, event: &Event) -> Option<Line> {
    use Verbosity::{Normal, Quiet, Verbose};
    let run = place.run;
    let say =
        |from, who: &str, text: String| Line { who: who.into(), text, tone: None, from, more: Vec::new() };
    Some(match event {
        Event::RunStarted { session, workers, .. } => {
            let plan = &progress.plan;
            let steps = plan.tasks.iter().filter(|task| task.step.is_some()).count();
            let mut text = format!("{}, {}", plan.name, words::count(steps, "task"));
            if let Some(workers) = workers {
                text += &format!(", {}", words::count(*workers as usize, "worker"));
            }
            match session {
                1 => say(Normal, &format!("run {run}"), format!("started: {text}")),
                _ => {
                    let done = progress.counts().succeeded;
                    say(Normal, &format!("run {run}"), format!("resumed: {text}; {done} already succeeded"))
                }
            }
        }
        Event::CheckEnded { owner, index, verdict, evidence, milliseconds, .. } => {
            let title = words::criterion_title(progress, *owner, *index);
            let who = words::check_owner(progress, *owner);
            let mut text = format!("{}: {title} ({})", verdict.word(), words::duration(*milliseconds));
            if *verdict != Verdict::Pass && !evidence.is_empty() {
                text += &format!(": {}", evidence.trim());
            }
            let is_of_task = matches!(owner, CheckOwner::Task(..));
            let from = match verdict {
                Verdict::Pass if is_of_task => Verbose,
                Verdict::Pass => Normal,
                _ => Quiet,
            };
            Line { tone: verdict_tone(*verdict), ..say(from, &who, text) }
        }
        Event::GroupStarted { group } => {
            let it = progress.plan.groups.get(group.index())?;
            let from = if it.kind == GroupKind::Wave { Normal } else { Verbose };
            let title = if it.title.is_empty() { String::new() } else { format!(": {}", it.title) };
            Line {
                tone: Some(Tone::Strong),
                ..say(from, &it.name, format!("{} begins{title}", group_word(it.kind)))
            }
        }
        Event::AttemptStarting { task, attempt } => {
            let agent =
                progress.plan.tasks.get(task.index())?.agent.map(|agent| &progress.plan.agent(agent).name);
            let text = match agent {
                Some(agent) => format!("started (attempt {attempt}, {agent})"),
                None => format!("started (attempt {attempt})"),
            };
            say(Normal, task_name(progress, *task), text)
        }
        Event::BranchStarted { branch, base } => {
            let text = if progress.plan.has_copies() {
                format!(
                    "tasks work in copies of the directory as it is now; `wavec apply {run}` brings their work back"
                )
            } else {
                format!("work is merged into the branch {branch}, from {}", words::commit(base))
            };
            say(Normal, &format!("run {run}"), text)
        }
        Event::BranchMoved { .. } => return None,
        Event::TreeForked { task, tree, base, .. } => {
            let text = format!("works in the worktree {tree}, from {}", words::commit(base));
            say(Verbose, task_name(progress, *task), text)
        }
        Event::TaskCommitted { task, commit, size, .. } => {
            let text = format!("committed {}: {}", words::commit(commit), words::change(size));
            say(Verbose, task_name(progress, *task), text)
        }
        Event::TaskMerged { task, commit, size, .. } => {
            let text = format!("merged as {}: {}", words::commit(commit), words::change(size));
            say(Normal, task_name(progress, *task), text)
        }
        Event::MergeConflicted { task, paths, hunks, .. } => {
            let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
            let text = format!("conflict in {}", words::list(&paths, 5));
            let bar = look.mark("│ ", "| ");
            let more = hunks
                .lines()
                .take(HUNKS)
                .map(|line| format!("{bar}{}", words::one_line(line, 160)))
                .collect();
            Line { tone: Some(Tone::Attention), more, ..say(Normal, task_name(progress, *task), text) }
        }
        Event::AttemptRunning { task, pid, .. } => {
            let text = pid.map_or("under way".to_string(), |pid| format!("runs as process {pid}"));
            say(Verbose, task_name(progress, *task), text)
        }
        Event::SessionOpened { task, session, .. } => {
            say(Verbose, task_name(progress, *task), format!("in the session {session}"))
        }
        Event::AttemptEnded { task, attempt, end, milliseconds, .. } => {
            let text = format!(
                "attempt {attempt}: {} ({})",
                words::attempt_end(end),
                words::duration(*milliseconds)
            );
            // Whether it counts is said by what follows: another attempt, or the task's end.
            let from = if *end == AttemptEnd::Lost { Normal } else { Verbose };
            say(from, task_name(progress, *task), text)
        }
        Event::RetryScheduled { task, attempt, milliseconds, reason } => {
            let when = match milliseconds {
                0 => "at once".to_string(),
                pause => format!("in {}", words::duration(*pause)),
            };
            let text = format!("attempt {} failed: {reason}; attempt {attempt} {when}", attempt - 1);
            Line {
                tone: Some(Tone::Attention),
                more: tail(progress, place, look, *task),
                ..say(Normal, task_name(progress, *task), text)
            }
        }
        Event::OutputTaken { task, index, value } => {
            let name = progress.plan.tasks.get(task.index())?.outputs.get(*index as usize)?.name.as_str();
            say(Verbose, task_name(progress, *task), format!("{name} = {}", words::one_line(value, 60)))
        }
        Event::TaskEnded { task, outcome, reason } => {
            task_ended(progress, place, look, *task, *outcome, reason)
        }
        Event::GateStarted { gate } => say(Verbose, gate_name(progress, *gate), "gate: judged now".into()),
        Event::ApprovalAsked { owner, question, deadline, .. } => {
            let who = words::approval_owner(progress, *owner);
            let until = deadline
                .map_or(String::new(), |deadline| format!(" (until {})", words::clock(deadline, &look.zone)));
            Line {
                tone: Some(Tone::Attention),
                more: vec![
                    format!("wavec approve {run} {who}"),
                    format!("wavec reject {run} {who} --reason \"…\""),
                ],
                ..say(Quiet, &who, format!("asks{until}: {question}"))
            }
        }
        Event::ApprovalAnswered { owner, answer, by, reason, .. } => {
            let because = if reason.is_empty() { String::new() } else { format!(": {reason}") };
            let text = format!("{} by {by}{because}", words::answer(*answer));
            let tone = if *answer == Answer::Approved { Tone::Good } else { Tone::Bad };
            Line { tone: Some(tone), ..say(Normal, &words::approval_owner(progress, *owner), text) }
        }
        Event::GateEnded { gate, decision, reason } => {
            let because = if reason.is_empty() { String::new() } else { format!(": {reason}") };
            let text = format!("gate: {}{because}", words::decision(*decision));
            let (from, tone) = match decision {
                Decision::Go => (Normal, Some(Tone::Good)),
                Decision::NoGo | Decision::Blocked => (Quiet, Some(Tone::Bad)),
                Decision::Skipped | Decision::NotRun => (Normal, None),
            };
            Line { tone, ..say(from, gate_name(progress, *gate), text) }
        }
        Event::Restarted { gate, round, tasks, .. } => {
            let text = format!("sends {} back (time {round})", words::count(tasks.len(), "task"));
            Line { tone: Some(Tone::Attention), ..say(Normal, gate_name(progress, *gate), text) }
        }
        Event::GroupEnded { group, outcome, reason } => {
            let it = progress.plan.groups.get(group.index())?;
            let started = progress.groups.get(group.index())?.started_at;
            let from = match (it.kind, outcome) {
                (GroupKind::Plan, _) => Verbose,
                (GroupKind::Wave, Outcome::Succeeded | Outcome::Skipped | Outcome::Failed) => Normal,
                _ => Verbose,
            };
            let ended = progress.groups.get(group.index())?.ended_at;
            let took = match (started, ended) {
                (Some(started), Some(ended)) => format!(" ({})", words::duration(passed(started, ended))),
                _ => String::new(),
            };
            let because = if reason.is_empty() { String::new() } else { format!(": {reason}") };
            let text = format!("{} {}{took}{because}", group_word(it.kind), outcome.word());
            Line { tone: outcome_tone(*outcome).or(Some(Tone::Strong)), ..say(from, &it.name, text) }
        }
        Event::CleanupStarted { group, is_finally } => {
            let text = if *is_finally { "finally" } else { "rollback begins" };
            say(Normal, group_name(progress, *group), text.into())
        }
        Event::StopRequested { reason, is_cancel } => {
            let how = if *is_cancel {
                "running tasks are ended"
            } else {
                "nothing new starts, running tasks go on to their end"
            };
            Line {
                tone: Some(Tone::Attention),
                ..say(Quiet, &format!("run {run}"), format!("{reason}: {how}"))
            }
        }
        Event::RunEnded { outcome, reason } => {
            let because = if reason.is_empty() { String::new() } else { format!(": {reason}") };
            let from = if *outcome == RunOutcome::Succeeded { Normal } else { Quiet };
            let tone = if *outcome == RunOutcome::Succeeded { Tone::Good } else { Tone::Bad };
            let text = format!("{}{because}", words::run_outcome(*outcome));
            Line { tone: Some(tone), ..say(from, &format!("run {run}"), text) }
        }
    })
}

fn task_ended(
    progress: &Progress,
    place: &RunPlace,
    look: &Look,
    task: TaskId,
    outcome: Outcome,
    reason: &str,
) -> Line {
    let from = match outcome {
        Outcome::Failed => Verbosity::Quiet,
        // There can be thousands of one cause; the summary tells them.
        Outcome::NotRun => Verbosity::Verbose,
        _ => Verbosity::Normal,
    };
    let state = progress.tasks.get(task.index());
    let took = state.and_then(TaskProgress::last_attempt).and_then(|attempt| attempt.milliseconds);
    let mut text = outcome.word().to_string();
    if let (Some(took), true) =
        (took, matches!(outcome, Outcome::Succeeded | Outcome::Failed | Outcome::Cancelled))
    {
        text += &format!(" ({})", words::duration(took));
    }
    if !reason.is_empty() {
        text += &format!(": {reason}");
    }
    let more = if outcome == Outcome::Failed { tail(progress, place, look, task) } else { Vec::new() };
    Line { who: task_name(progress, task).into(), text, tone: outcome_tone(outcome), from, more }
}

/// The last lines of the task's newest attempt, and where the rest is.
fn tail(progress: &Progress, place: &RunPlace, look: &Look, task: TaskId) -> Vec<String> {
    let Some(attempt) = progress.tasks.get(task.index()).and_then(TaskProgress::last_attempt) else {
        return Vec::new();
    };
    let path = place.log_of(progress, task, attempt.number);
    let bar = look.mark("│ ", "| ");
    let last = log::tail(&path, TAIL, look.width.saturating_sub(14).max(20));
    let is_there = !last.is_empty();
    let mut lines: Vec<String> = last.into_iter().map(|line| format!("{bar}{line}")).collect();
    if is_there {
        lines.push(format!("log: {}", path.display()));
    }
    lines
}

/// The milliseconds from one time to another, 0 where the clock jumped back.
pub(super) fn passed(from: i64, to: i64) -> u64 {
    u64::try_from(to.saturating_sub(from)).unwrap_or(0)
}

pub(super) fn verdict_tone(verdict: Verdict) -> Option<Tone> {
    match verdict {
        Verdict::Pass => Some(Tone::Good),
        Verdict::Fail | Verdict::Blocked => Some(Tone::Bad),
        Verdict::NotRun => None,
    }
}

pub(super) fn outcome_tone(outcome: Outcome) -> Option<Tone> {
    match outcome {
        Outcome::Succeeded => Some(Tone::Good),
        Outcome::Failed => Some(Tone::Bad),
        Outcome::Cancelled | Outcome::Parked => Some(Tone::Attention),
        Outcome::Skipped | Outcome::NotRun => None,
    }
}
