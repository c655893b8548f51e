//! The run on a terminal while it goes on: what a frame of it shows, and a question's prompt in it.
//!
//! Pure: the time, the size of the terminal and the last lines of logs come from outside. Drawing is `screen`'s.

mod prompt;

pub use prompt::{Key, Prompt};

use super::lines::passed;
use super::{Look, RunPlace, Tone, forecast, task_name, words};
use crate::event::progress::{ApprovalProgress, Progress, TaskState};
use crate::event::{Answer, ApprovalOwner, Outcome, Timestamp, Verdict};
use crate::plan::{Action, GateId, GroupId, Item, TaskId};
use std::path::Path;

/// Cells of a bar.
const BAR: usize = 10;
/// The column of names is at most so wide.
const NAMES: usize = 28;

/// The size of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Columns.
    pub columns: usize,
    /// Rows.
    pub rows: usize,
}

/// What a frame is made from, beside the run itself.
pub struct Moment<'a> {
    /// The time.
    pub now: Timestamp,
    /// The terminal.
    pub size: Size,
    /// The question that is answered here, if the keyboard is read.
    pub prompt: Option<&'a Prompt>,
    /// The last line of a log.
    pub last_line: &'a dyn Fn(&Path) -> Option<String>,
    /// What remains, as it was last worked out.
    pub remaining: Option<forecast::Remaining>,
}

/// The lines of a frame: at most one fewer than the terminal has rows, none wider than it.
pub fn frame(progress: &Progress, place: &RunPlace, look: &Look, moment: &Moment<'_>) -> Vec<String> {
    let budget = moment.size.rows.saturating_sub(1).max(3);
    let mut top = vec![head(progress, place, look, moment)];
    top.extend(stopping(progress, look));
    let question = question(progress, place, look, moment);

    let mut sections = Vec::new();
    for item in &progress.plan.group(GroupId(0)).items {
        sections.push(Section::of(progress, *item));
    }
    let cleanup: Vec<TaskId> =
        outside_tasks(progress).filter(|task| progress.tasks[task.index()].state.is_active()).collect();

    let room = budget.saturating_sub(top.len() + question.len());
    let mut done: Vec<String> =
        lines_of(&sections, Stage::Done, |section| done_line(progress, look, section));
    let mut waiting: Vec<String> =
        lines_of(&sections, Stage::Waiting, |section| waiting_line(progress, look, section));
    let mut active: Vec<(String, Vec<String>)> = Vec::new();
    let names = name_width(progress, &sections, &cleanup);
    for section in sections.iter().filter(|section| section.stage == Stage::Active) {
        let tasks = section.active_tasks.iter();
        let tasks = tasks.map(|task| task_line(progress, place, look, moment, section, *task, names));
        let gates = section.gates.iter().filter_map(|gate| gate_line(progress, look, *gate));
        let mut rows: Vec<String> = tasks.chain(gates).collect();
        if matches!(section.item, Some(Item::Group(_))) || rows.is_empty() {
            active.push((active_line(progress, look, section), rows));
        } else {
            // It is its own section.
            let own = rows.remove(0);
            active.push((format!("{} {}", look.mark("▸", ">"), own.trim_start()), rows));
        }
    }
    if !cleanup.is_empty() {
        let is_finally = progress.cleanups.last().is_none_or(|(_, is_finally)| *is_finally);
        let title = look.paint(Tone::Strong, if is_finally { "finally" } else { "rollback" });
        let none = Section::none();
        let rows = cleanup
            .iter()
            .map(|task| task_line(progress, place, look, moment, &none, *task, names))
            .collect();
        active.push((format!("{} {title}", look.mark("▸", ">")), rows));
    }

    // What is least worth a row goes first: what waits, what is done, then running tasks.
    let size =
        |active: &[(String, Vec<String>)]| active.iter().map(|(_, rows)| 1 + rows.len()).sum::<usize>();
    if done.len() + waiting.len() + size(&active) > room && waiting.len() > 1 {
        let number = waiting.len();
        waiting = vec![look.paint(Tone::Dim, &format!("  then {number} more to come"))];
    }
    if done.len() + waiting.len() + size(&active) > room && done.len() > 1 {
        let good = sections
            .iter()
            .filter(|section| section.stage == Stage::Done && section.is_good(progress))
            .count();
        let bad = done.len() - good;
        let bad = if bad == 0 { String::new() } else { look.paint(Tone::Bad, &format!(", {bad} not")) };
        done = vec![format!("{} {good} done{bad}", look.paint(Tone::Good, look.mark("✓", "+")))];
    }
    let mut left = room.saturating_sub(done.len() + waiting.len());
    let mut lines = top;
    lines.extend(done);
    for (title, rows) in active {
        if left == 0 {
            break;
        }
        lines.push(title);
        left -= 1;
        if rows.len() <= left {
            left -= rows.len();
            lines.extend(rows);
        } else if left > 0 {
            let hidden = rows.len() - (left - 1);
            lines.extend(rows.into_iter().take(left - 1));
            lines.push(look.paint(Tone::Dim, &format!("    {} {hidden} more run", look.mark("…", "..."))));
            left = 0;
        }
    }
    lines.extend(waiting);
    lines.extend(question);
    lines.truncate(budget);
    lines
        .into_iter()
        .map(|line| cut_painted(line.trim_end(), moment.size.columns.saturating_sub(1)))
        .collect()
}

/// What a top-level item of the plan looks like now.
struct Section {
    item: Option<Item>,
    name: String,
    title: String,
    stage: Stage,
    tasks: Vec<TaskId>,
    gates: Vec<GateId>,
    active_tasks: Vec<TaskId>,
    ended: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Waiting,
    Active,
    Done,
}

impl Section {
    fn none() -> Section {
        Section {
            item: None,
            name: String::new(),
            title: String::new(),
            stage: Stage::Active,
            tasks: Vec::new(),
            gates: Vec::new(),
            active_tasks: Vec::new(),
            ended: 0,
        }
    }

    fn of(progress: &Progress, item: Item) -> Section {
        let plan = &progress.plan;
        let (name, title) = match item {
            Item::Group(group) => (plan.group(group).name.as_str(), plan.group(group).title.as_str()),
            Item::Task(task) => (plan.task(task).name.as_str(), plan.task(task).title.as_str()),
            Item::Gate(gate) => (plan.gate(gate).name.as_str(), plan.gate(gate).title.as_str()),
        };
        let mut section =
            Section { item: Some(item), name: name.to_owned(), title: title.to_owned(), ..Section::none() };
        let mut stack = vec![item];
        while let Some(item) = stack.pop() {
            match item {
                Item::Group(group) => stack.extend(plan.group(group).items.iter().rev()),
                Item::Task(task) => section.tasks.push(task),
                Item::Gate(gate) => section.gates.push(gate),
            }
        }
        for task in &section.tasks {
            let state = progress.tasks[task.index()].state;
            section.ended += usize::from(matches!(state, TaskState::Ended(_)));
            if state.is_active() {
                section.active_tasks.push(*task);
            }
        }
        // The longest running first: it stays where it is while others come and go.
        section.active_tasks.sort_by_key(|task| {
            progress.tasks[task.index()].last_attempt().map_or(Timestamp::MAX, |attempt| attempt.starting_at)
        });
        let is_judged = section.gates.iter().any(|gate| {
            let gate = &progress.gates[gate.index()];
            gate.started_at.is_some() && gate.decision.is_none()
        });
        let has_begun = section.ended > 0
            || match item {
                Item::Group(group) => progress.groups[group.index()].started_at.is_some(),
                _ => false,
            };
        let is_done = match item {
            Item::Group(group) => progress.groups[group.index()].outcome.is_some(),
            Item::Task(_) => section.ended == 1,
            Item::Gate(gate) => progress.gates[gate.index()].decision.is_some(),
        };
        section.stage = if is_done && section.active_tasks.is_empty() {
            Stage::Done
        } else if has_begun || is_judged || !section.active_tasks.is_empty() {
            Stage::Active
        } else {
            Stage::Waiting
        };
        section
    }

    fn is_good(&self, progress: &Progress) -> bool {
        match self.item {
            Some(Item::Group(group)) => {
                matches!(progress.groups[group.index()].outcome, Some(Outcome::Succeeded | Outcome::Skipped))
            }
            Some(Item::Task(task)) => progress.tasks[task.index()].is_done(),
            Some(Item::Gate(gate)) => progress.gates[gate.index()].is_passed(),
            None => true,
        }
    }
}

fn lines_of(sections: &[Section], stage: Stage, line: impl Fn(&Section) -> String) -> Vec<String> {
    sections.iter().filter(|section| section.stage == stage).map(line).collect()
}

fn outside_tasks(progress: &Progress) -> impl Iterator<Item = TaskId> {
    progress.plan.task_ids().filter(|task| progress.plan.task(*task).step.is_none())
}

/// The run in one line.
fn head(progress: &Progress, place: &RunPlace, look: &Look, moment: &Moment<'_>) -> String {
    let counts = progress.counts();
    let dot = look.mark(" · ", " - ");
    let mut parts = vec![look.paint(Tone::Strong, &progress.plan.name), format!("run {}", place.run)];
    if let Some(session) = progress.session() {
        parts.push(words::about(passed(session.started_at, moment.now)));
    }
    parts.push(format!("{} of {} done", counts.ended(), words::count(counts.total(), "task")));
    if counts.failed > 0 {
        parts.push(look.paint(Tone::Bad, &format!("{} failed", counts.failed)));
    }
    if counts.cancelled > 0 {
        parts.push(look.paint(Tone::Attention, &format!("{} cancelled", counts.cancelled)));
    }
    let usage = words::usage(&progress.usage());
    if !usage.is_empty() {
        parts.push(usage);
    }
    if let Some(remaining) = moment.remaining.filter(|remaining| remaining.milliseconds > 0) {
        // With unknown parts it is a least; the word for that is short.
        let about = if remaining.unknown > 0 { "at least" } else { "about" };
        let left = words::about(remaining.milliseconds);
        let end = moment.now.saturating_add(i64::try_from(remaining.milliseconds).unwrap_or(i64::MAX));
        parts.push(match remaining.milliseconds {
            // Nobody looks at the clock for less.
            0..120_000 => format!("{about} {left} left"),
            _ => format!("{about} {left} left ({})", words::until(end, moment.now, &look.zone)),
        });
    }
    parts.join(&look.paint(Tone::Dim, dot))
}

/// That it is stopping, and what one more Ctrl-C does.
fn stopping(progress: &Progress, look: &Look) -> Option<String> {
    let stop = progress.stop.as_ref()?;
    let how = if stop.is_cancel {
        "running tasks are being ended (Ctrl-C kills them)"
    } else {
        "nothing new starts, running tasks go on to their end (Ctrl-C ends them)"
    };
    Some(look.paint(Tone::Attention, &format!("stopping, {}: {how}", stop.reason)))
}

fn done_line(progress: &Progress, look: &Look, section: &Section) -> String {
    let is_good = section.is_good(progress);
    let mark = if is_good {
        look.paint(Tone::Good, look.mark("✓", "+"))
    } else {
        look.paint(Tone::Bad, look.mark("✗", "x"))
    };
    let times = match section.item {
        Some(Item::Group(group)) => {
            let group = &progress.groups[group.index()];
            (group.started_at, group.ended_at)
        }
        Some(Item::Task(task)) => {
            let task = &progress.tasks[task.index()];
            (task.last_attempt().map(|attempt| attempt.starting_at), task.ended_at)
        }
        Some(Item::Gate(gate)) => {
            let gate = &progress.gates[gate.index()];
            (gate.started_at, gate.ended_at)
        }
        None => (None, None),
    };
    let mut text = section.name.clone();
    let how = outcomes(progress, section);
    if !how.is_empty() {
        text += &format!("  {how}");
    }
    if let (Some(from), Some(to)) = times {
        text += &format!("  {}", words::duration(passed(from, to)));
    }
    format!("{mark} {text}")
}

/// How a section's tasks came out: `3 tasks`, `1 failed, 2 not run`.
fn outcomes(progress: &Progress, section: &Section) -> String {
    if !matches!(section.item, Some(Item::Group(_))) {
        return match section.item {
            Some(Item::Task(task)) => match progress.tasks[task.index()].outcome() {
                Some(Outcome::Succeeded) | None => String::new(),
                Some(outcome) => outcome.word().to_string(),
            },
            Some(Item::Gate(gate)) => progress.gates[gate.index()]
                .decision
                .map_or(String::new(), |it| words::decision(it).to_string()),
            _ => String::new(),
        };
    }
    let number = |outcome| {
        section.tasks.iter().filter(|task| progress.tasks[task.index()].outcome() == Some(outcome)).count()
    };
    if number(Outcome::Succeeded) == section.tasks.len() {
        return words::count(section.tasks.len(), "task");
    }
    words::tally(number)
}

fn active_line(progress: &Progress, look: &Look, section: &Section) -> String {
    let mark = look.paint(Tone::Strong, look.mark("▸", ">"));
    let name = look.paint(Tone::Strong, &section.name);
    let title = if section.title.is_empty() { String::new() } else { format!("  {}", section.title) };
    let failed = section
        .tasks
        .iter()
        .filter(|task| progress.tasks[task.index()].outcome() == Some(Outcome::Failed))
        .count();
    let bad = if failed == 0 { String::new() } else { look.paint(Tone::Bad, &format!(", {failed} failed")) };
    let count = match section.item {
        Some(Item::Group(_)) => format!("  {}/{}{bad}", section.ended, section.tasks.len()),
        _ => String::new(),
    };
    format!("{mark} {name}{}{count}", look.paint(Tone::Dim, &title))
}

fn waiting_line(_progress: &Progress, look: &Look, section: &Section) -> String {
    let number = match section.item {
        Some(Item::Group(_)) => format!("  {}", words::count(section.tasks.len(), "task")),
        _ => String::new(),
    };
    look.paint(Tone::Dim, &format!("  {}{number}", section.name))
}

/// A task's name inside its section.
fn short_name<'n>(name: &'n str, section: &Section) -> &'n str {
    name.strip_prefix(section.name.as_str()).and_then(|rest| rest.strip_prefix('.')).unwrap_or(name)
}

fn name_width(progress: &Progress, sections: &[Section], cleanup: &[TaskId]) -> usize {
    use unicode_width::UnicodeWidthStr;
    let inside = sections.iter().flat_map(|section| {
        section.active_tasks.iter().map(|task| short_name(task_name(progress, *task), section))
    });
    let outside = cleanup.iter().map(|task| task_name(progress, *task));
    inside.chain(outside).map(UnicodeWidthStr::width).max().unwrap_or(0).min(NAMES)
}

fn task_line(
    progress: &Progress,
    place: &RunPlace,
    look: &Look,
    moment: &Moment<'_>,
    section: &Section,
    task: TaskId,
    names: usize,
) -> String {
    let state = &progress.tasks[task.index()];
    let full_name = task_name(progress, task);
    let name = words::pad(&words::cut(short_name(full_name, section), names), names);
    let Some(attempt) = state.last_attempt() else { return format!("    {name}") };
    if let Some(retry) = state.retry.as_ref().filter(|_| state.state == TaskState::Retrying) {
        let pause = words::about(passed(moment.now, retry.due));
        let text = format!("attempt {} in {pause}: {}", retry.attempt, words::one_line(&retry.reason, 200));
        return format!("    {name}  {}", look.paint(Tone::Attention, &text));
    }
    let elapsed = passed(attempt.starting_at, moment.now);
    let time = format!("{:>7}", words::about(elapsed));
    let bar = match forecast::expected(progress, task).filter(|expected| *expected > 0) {
        Some(expected) => {
            let cells = usize::try_from(elapsed.saturating_mul(BAR as u64) / expected).unwrap_or(BAR);
            let full = cells.min(BAR);
            let bar =
                format!("{}{}", look.mark("█", "#").repeat(full), look.mark("░", "-").repeat(BAR - full));
            let bar = if elapsed > expected { look.paint(Tone::Attention, &bar) } else { bar };
            format!("  {bar} of {:<7}", words::about(expected))
        }
        None => String::new(),
    };
    let again = if attempt.number > 1 { format!("  attempt {}", attempt.number) } else { String::new() };
    let doing = match state.state {
        TaskState::Checking if state.is_merging(progress.plan.task(task)) => "merging".to_string(),
        TaskState::Checking => "checking its criteria".to_string(),
        TaskState::Starting => "starting".to_string(),
        _ if attempt.pid.is_none() && is_asking(progress, task) => "waits for an answer".to_string(),
        _ => (moment.last_line)(&place.log_of(progress, task, attempt.number)).unwrap_or_default(),
    };
    format!("    {name}  {time}{bar}{again}  {}", look.paint(Tone::Dim, &words::one_line(&doing, 400)))
}

fn is_asking(progress: &Progress, task: TaskId) -> bool {
    progress.open_approvals().any(|approval| approval.owner == ApprovalOwner::Task(task))
}

/// A gate that is judged now.
fn gate_line(progress: &Progress, look: &Look, gate: GateId) -> Option<String> {
    let state = &progress.gates[gate.index()];
    if state.started_at.is_none() || state.decision.is_some() {
        return None;
    }
    let known = state.checks.iter().flatten().count();
    let bad = state.checks.iter().flatten().filter(|check| check.verdict != Verdict::Pass).count();
    let is_asked = progress.open_approvals().any(|approval| approval.owner.gate() == Some(gate));
    let what = match (is_asked, bad) {
        (true, _) => "waits for an answer".to_string(),
        (false, 0) => format!("{known}/{} checks", state.checks.len()),
        (false, bad) => format!("{known}/{} checks, {bad} not passed", state.checks.len()),
    };
    Some(format!(
        "    {}  {}",
        look.paint(Tone::Attention, &progress.plan.gate(gate).name),
        look.paint(Tone::Dim, &what)
    ))
}

/// The question that a person is asked, with its prompt where the keyboard is read.
fn question(progress: &Progress, place: &RunPlace, look: &Look, moment: &Moment<'_>) -> Vec<String> {
    let open: Vec<&ApprovalProgress> = progress.open_approvals().collect();
    let asked = moment.prompt.and_then(|prompt| open.iter().find(|approval| prompt.is_for(approval)));
    let Some(approval) = asked.or(open.first()) else { return Vec::new() };
    let who = words::approval_owner(progress, approval.owner);
    let mut about = Vec::new();
    let by = asked_of(progress, approval);
    if !by.is_empty() {
        about.push(format!("for {by}"));
    }
    if let Some(deadline) = approval.deadline {
        about.push(format!("until {}", words::until(deadline, moment.now, &look.zone)));
    }
    if open.len() > 1 {
        about.push(format!("{} more after it", open.len() - 1));
    }
    let about = if about.is_empty() { String::new() } else { format!("  ({})", about.join("; ")) };
    let ask = format!("? {who}: {}", words::one_line(&approval.question, 1000));
    let mut lines = vec![String::new()];
    // A long question is shown whole: it is what a person decides on.
    let width = moment.size.columns.saturating_sub(3).max(20);
    lines.extend(
        wrap(&format!("{ask}{about}"), width).iter().take(6).map(|line| look.paint(Tone::Attention, line)),
    );
    let elsewhere = format!("wavec approve|reject {} {who}", place.run);
    lines.push(match moment.prompt.filter(|prompt| prompt.is_for(approval)) {
        Some(prompt) if prompt.answer().is_none() => {
            format!("  y yes, n no{}", look.paint(Tone::Dim, &format!("   or elsewhere: {elsewhere}")))
        }
        Some(prompt) => {
            let is_yes = prompt.answer() == Some(Answer::Approved);
            let word = if is_yes { "yes" } else { "no" };
            let tone = if is_yes { Tone::Good } else { Tone::Bad };
            let cursor = look.mark("▏", "_");
            let hint = look.paint(Tone::Dim, "   (Enter sends, Esc goes back)");
            format!(
                "  {}, because: {}{cursor}{hint}",
                look.paint(tone, word),
                words::one_line(prompt.reason(), width / 2)
            )
        }
        None => format!("  {}", look.paint(Tone::Dim, &elsewhere)),
    });
    lines
}

/// Who should answer, or empty.
fn asked_of<'p>(progress: &'p Progress, approval: &ApprovalProgress) -> &'p str {
    match approval.owner {
        ApprovalOwner::Gate(gate) => {
            let approvals = &progress.plan.gate(gate).approvals;
            approvals.get(approval.index as usize).map_or("", |approval| &approval.by)
        }
        ApprovalOwner::Task(task) => match &progress.plan.task(task).action {
            Action::Approve(approval) => &approval.by,
            _ => "",
        },
        ApprovalOwner::Check(_) => "",
    }
}

/// The text in lines of at most so many columns, broken at spaces where there are any.
fn wrap(text: &str, width: usize) -> Vec<String> {
    use unicode_width::UnicodeWidthStr;
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && line.width() + 1 + word.width() > width {
            lines.push(std::mem::replace(&mut line, "  ".to_string()));
        } else if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

/// The line cut to so many columns; what paints it is not counted and stays whole.
fn cut_painted(line: &str, columns: usize) -> String {
    let mut kept = String::new();
    let mut width = 0;
    let mut is_cut = false;
    let mut chars = line.chars();
    while let Some(char) = chars.next() {
        if char == '\x1b' {
            kept.push(char);
            for char in chars.by_ref() {
                kept.push(char);
                if char.is_ascii_alphabetic() {
                    break;
                }
            }
            continue;
        }
        let wide = words::most_columns(char);
        if is_cut || width + wide > columns {
            is_cut = true;
            continue;
        }
        width += wide;
        kept.push(char);
    }
    kept
}
