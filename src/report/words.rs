//! Times, counts and endings in words: the same everywhere.

use crate::event::progress::{Attempt, Progress};
use crate::event::{
    Answer, ApprovalOwner, AttemptEnd, ChangeSize, CheckOwner, Decision, ErrorClass, Outcome, RunOutcome,
    Timestamp, Usage,
};
use crate::plan::{Action, Task};
use jiff::tz::TimeZone;

/// A length of time for people, two units at most: `0.4 s`, `12 s`, `1m 03s`, `2h 05m`, `3d 4h`.
pub fn duration(milliseconds: u64) -> String {
    let seconds = milliseconds.saturating_add(500) / 1000;
    match seconds {
        _ if milliseconds < 9_950 => {
            format!("{}.{} s", (milliseconds + 50) / 1000, (milliseconds + 50) % 1000 / 100)
        }
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{}h {:02}m", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{}d {}h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

/// A length of time that is only roughly known, one unit mostly: `12 s`, `4 min`, `2h 05m`.
pub fn about(milliseconds: u64) -> String {
    match milliseconds.saturating_add(500) / 1000 {
        seconds @ 0..90 => format!("{} s", seconds.max(1)),
        seconds @ 90..5_400 => format!("{} min", (seconds + 30) / 60),
        _ => duration(milliseconds),
    }
}

/// A time of the day: `14:03:07`.
pub fn clock(at: Timestamp, zone: &TimeZone) -> String {
    strftime(at, zone, "%H:%M:%S")
}

/// A date with the time: `2026-10-17 14:03`.
pub fn date(at: Timestamp, zone: &TimeZone) -> String {
    strftime(at, zone, "%Y-%m-%d %H:%M")
}

/// A time that is to come, as short as it is clear: `14:03`, or with its date when it is not within a day.
pub fn until(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    if at.abs_diff(now) < 20 * 3_600_000 { strftime(at, zone, "%H:%M") } else { date(at, zone) }
}

fn strftime(at: Timestamp, zone: &TimeZone, format: &str) -> String {
    match jiff::Timestamp::from_millisecond(at) {
        Ok(time) => time.to_zoned(zone.clone()).strftime(format).to_string(),
        // A clock that is tens of thousands of years off.
        Err(_) => "??:??:??".to_string(),
    }
}

/// How many ended how, by what `number` gives for each outcome: `3 succeeded, 1 failed`.
pub fn tally(number: impl Fn(Outcome) -> usize) -> String {
    let order = [
        Outcome::Succeeded,
        Outcome::Failed,
        Outcome::Cancelled,
        Outcome::Parked,
        Outcome::NotRun,
        Outcome::Skipped,
    ];
    let some = order.into_iter().map(|outcome| (number(outcome), outcome)).filter(|(number, _)| *number > 0);
    some.map(|(number, outcome)| format!("{number} {}", outcome.word())).collect::<Vec<_>>().join(", ")
}

/// `1 task`, `2 tasks`.
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// By how much something is longer: `×1.8`, `×0.25`, `×12`.
pub fn times(factor: f64) -> String {
    match factor {
        0.0..0.0995 => format!("×{factor:.3}"),
        0.0995..0.995 => format!("×{factor:.2}"),
        0.995..9.95 => format!("×{factor:.1}"),
        _ => format!("×{factor:.0}"),
    }
}

/// `a`, `a and b`, `a, b and c`; after `most` of them, `… and 7 more`.
pub fn list(names: &[impl AsRef<str>], most: usize) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match names.as_slice() {
        [] => String::new(),
        [name] => name.to_string(),
        names if names.len() <= most => {
            let (last, rest) = names.split_last().expect("BUG: two arms above take the short lists");
            format!("{} and {last}", rest.join(", "))
        }
        names => format!("{} and {} more", names[..most].join(", "), names.len() - most),
    }
}

/// How an attempt's work ended.
pub fn attempt_end(end: &AttemptEnd) -> String {
    match end {
        AttemptEnd::Done => "done".to_string(),
        AttemptEnd::Exit { code: 127 } => "exit code 127 (command not found)".to_string(),
        AttemptEnd::Exit { code: 126 } => "exit code 126 (not executable)".to_string(),
        AttemptEnd::Exit { code } => format!("exit code {code}"),
        AttemptEnd::Signal { signal } => format!("ended by {}", signal_name(*signal)),
        AttemptEnd::CouldNotStart { reason } => format!("could not be started: {reason}"),
        AttemptEnd::TimedOut { limit_milliseconds } => {
            format!("ended at its timeout of {}", duration(*limit_milliseconds))
        }
        AttemptEnd::Cancelled => "cancelled".to_string(),
        AttemptEnd::Lost => "lost: wavec died while it ran".to_string(),
        AttemptEnd::AgentError { class, message, .. } => format!("{}: {message}", error_class(*class)),
        AttemptEnd::Rejected { reason } if reason.is_empty() => "rejected".to_string(),
        AttemptEnd::Rejected { reason } => format!("rejected: {reason}"),
        AttemptEnd::Claims { violations } => {
            format!("its changes are not what it claims: {}", list(violations, 3))
        }
    }
}

fn error_class(class: ErrorClass) -> &'static str {
    match class {
        ErrorClass::Transient => "the agent failed for now",
        ErrorClass::Quota => "the agent's quota is spent",
        ErrorClass::Auth => "the agent was not let in",
        ErrorClass::Failed => "the agent says that it failed",
        ErrorClass::Fatal => "the agent failed",
    }
}

/// A signal's name, for those that are met.
pub fn signal_name(signal: i32) -> String {
    let name = match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        15 => "SIGTERM",
        _ => return format!("signal {signal}"),
    };
    name.to_string()
}

/// How a gate is decided, in a word.
pub fn decision(decision: Decision) -> &'static str {
    match decision {
        Decision::Go => "go",
        Decision::NoGo => "no-go",
        Decision::Blocked => "blocked",
        Decision::NotRun => "not run",
        Decision::Skipped => "skipped",
    }
}

/// How a process is done with a run, in a word.
pub fn run_outcome(outcome: RunOutcome) -> &'static str {
    match outcome {
        RunOutcome::Succeeded => "succeeded",
        RunOutcome::Failed => "failed",
        RunOutcome::Parked => "parked",
        RunOutcome::Waiting => "waits for a person",
        RunOutcome::Interrupted => "interrupted",
    }
}

/// What was said.
pub fn answer(answer: Answer) -> &'static str {
    match answer {
        Answer::Approved => "approved",
        Answer::Rejected => "rejected",
    }
}

/// Whose criterion, by name.
pub fn check_owner(progress: &Progress, owner: CheckOwner) -> String {
    match owner {
        CheckOwner::Preflight => "preflight".to_string(),
        CheckOwner::Task(task, _) => super::task_name(progress, task).to_string(),
        CheckOwner::Group(group) => super::group_name(progress, group).to_string(),
        CheckOwner::Gate(gate) => super::gate_name(progress, gate).to_string(),
    }
}

/// Who asks, by the name that `approve` and `reject` take.
pub fn approval_owner(progress: &Progress, owner: ApprovalOwner) -> String {
    match owner {
        ApprovalOwner::Gate(gate) => super::gate_name(progress, gate).to_string(),
        ApprovalOwner::Task(task) => super::task_name(progress, task).to_string(),
        ApprovalOwner::Check(owner) => check_owner(progress, owner),
    }
}

/// A criterion's title.
pub fn criterion_title(progress: &Progress, owner: CheckOwner, index: u32) -> &str {
    let plan = &progress.plan;
    let criteria = match owner {
        CheckOwner::Preflight => Some(plan.preflight.as_slice()),
        CheckOwner::Task(task, _) => plan.tasks.get(task.index()).map(|task| task.success.as_slice()),
        CheckOwner::Group(group) => plan.groups.get(group.index()).map(|group| group.success.as_slice()),
        CheckOwner::Gate(gate) => plan.gates.get(gate.index()).map(|gate| gate.checks.as_slice()),
    };
    criteria.and_then(|criteria| criteria.get(index as usize)).map_or("?", |criterion| &criterion.title)
}

/// A commit's id, as people read it.
pub fn commit(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}

/// How much a commit changes: `3 files, +40 −2`.
pub fn change(size: &ChangeSize) -> String {
    format!("{}, +{} −{}", count(size.files as usize, "file"), size.insertions, size.deletions)
}

/// Whether an agent worked and nobody knows what that cost.
pub fn is_cost_unknown(task: &Task, attempt: &Attempt) -> bool {
    let is_prompt = matches!(task.action, Action::Prompt(_) | Action::PromptFile(_));
    let has_worked = !matches!(attempt.end, None | Some(AttemptEnd::CouldNotStart { .. }));
    is_prompt && has_worked && attempt.usage.money.is_none()
}

/// What was spent, where something is known: `12k tokens, $0.42`.
pub fn usage(usage: &Usage) -> String {
    let mut parts = Vec::new();
    if usage.input_tokens.is_some() || usage.output_tokens.is_some() {
        parts.push(tokens(usage.input_tokens.unwrap_or(0).saturating_add(usage.output_tokens.unwrap_or(0))));
    }
    if let Some(money) = usage.money {
        parts.push(format!("${}.{:02}", money / 1_000_000, money % 1_000_000 / 10_000));
    }
    parts.join(", ")
}

fn tokens(number: u64) -> String {
    match number {
        0..10_000 => format!("{number} tokens"),
        10_000..10_000_000 => format!("{}k tokens", (number + 500) / 1000),
        _ => format!("{}M tokens", (number + 500_000) / 1_000_000),
    }
}

/// The text on one line, without what a terminal would act on; cut to `width` columns.
pub fn one_line(text: &str, width: usize) -> String {
    let clean: String = text
        .trim()
        .chars()
        .map(|char| if char.is_control() { ' ' } else { char })
        .filter(|char| !is_invisible(*char))
        .collect();
    cut(&clean, width)
}

/// Marks that turn the direction of text or take no room: they would make a line say what it does not hold.
fn is_invisible(char: char) -> bool {
    matches!(char, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The most that a character adds to the width of a text. The mark that makes the one before it a picture widens that one.
pub fn most_columns(char: char) -> usize {
    const AS_PICTURE: char = '\u{fe0f}';
    if char == AS_PICTURE { 1 } else { unicode_width::UnicodeWidthChar::width(char).unwrap_or(0) }
}

/// The text, cut to `width` columns with `…` at the end where it was longer.
pub fn cut(text: &str, width: usize) -> String {
    use unicode_width::UnicodeWidthStr;
    if text.width() <= width {
        return text.to_string();
    }
    let mut kept = String::new();
    let mut columns = 0;
    for char in text.chars() {
        let wide = most_columns(char);
        if columns + wide + 1 > width {
            break;
        }
        kept.push(char);
        columns += wide;
    }
    if width > 0 {
        kept.push('…');
    }
    kept
}

/// The text, filled with spaces to `width` columns.
pub fn pad(text: &str, width: usize) -> String {
    use unicode_width::UnicodeWidthStr;
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}
