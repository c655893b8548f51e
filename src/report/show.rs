//! A run, or one thing in it, looked at: while it goes on, and long after.
//!
//! Like every report a fold over events; the logs' last lines come from where the place says they are.

use super::lines::{outcome_tone, passed, verdict_tone};
use super::{Look, RunPlace, Tone, Verbosity, forecast, log, summary, words};
use crate::event::progress::{Attempt, CheckResult, Progress, TaskState};
use crate::event::{ApprovalOwner, CheckOwner, Decision, Outcome, Timestamp, Verdict};
use crate::plan::{Criterion, GateId, GroupId, Item, TaskId};
use unicode_width::UnicodeWidthStr;

/// How many of a log's last lines are shown.
const TAIL: usize = 20;

/// A run as it is looked at, once.
pub struct Sight<'a> {
    /// Where it stands.
    pub progress: &'a Progress,
    /// Where its logs are.
    pub place: &'a RunPlace,
    /// How it looks.
    pub look: &'a Look,
    /// The time.
    pub now: Timestamp,
    /// Whether a process carries it out now.
    pub is_live: bool,
}

impl Sight<'_> {
    /// The run: a tree of its plan with where everything stands, then what the summary says. `holder` is the process that
    /// carries it out now, if one does.
    pub fn run(&self, holder: Option<u32>) -> Vec<String> {
        let Sight { progress, place, look, .. } = *self;
        let mut lines = Vec::new();
        let mut rest = summary::lines(
            progress,
            place,
            &Look { verbosity: look.verbosity.max(Verbosity::Normal), ..look.clone() },
        );
        match holder {
            Some(pid) => {
                let counts = progress.counts();
                let what = look
                    .paint(Tone::Strong, &format!("run {} of {} is running", place.run, progress.plan.name));
                lines.push(format!(
                    "{what}: {} of {} done (process {pid})",
                    counts.ended(),
                    words::count(counts.total(), "task")
                ));
                // The headline and what to do next are of a run that is over.
                let next = rest.iter().position(|line| line == &look.paint(Tone::Strong, "next"));
                rest.truncate(next.map_or(rest.len(), |next| next.saturating_sub(1)));
                rest.drain(..2.min(rest.len()));
            }
            None => {
                if progress.run_end().is_none() {
                    let what = format!(
                        "run {} of {} was broken off: wavec ended before it did",
                        place.run, progress.plan.name
                    );
                    lines.push(look.paint(Tone::Attention, &what));
                    rest.remove(0);
                } else {
                    lines.push(rest.remove(0));
                }
                lines.push(rest.remove(0));
            }
        }
        if look.verbosity > Verbosity::Quiet {
            lines.push(String::new());
            self.tree(GroupId(0), 0, &mut lines);
            let outside: Vec<TaskId> = progress
                .plan
                .task_ids()
                .filter(|task| progress.plan.task(*task).step.is_none())
                .filter(|task| progress.tasks[task.index()].state != TaskState::Waiting)
                .collect();
            if !outside.is_empty() {
                lines.push(look.paint(Tone::Strong, "cleanup"));
                lines.extend(outside.iter().map(|task| self.task_row(*task, 1, "")));
            }
        }
        lines.extend(rest);
        lines
    }

    fn tree(&self, group: GroupId, depth: usize, lines: &mut Vec<String>) {
        let Sight { progress, look, now, is_live, .. } = *self;
        let plan = &progress.plan;
        let inside = plan.group(group);
        for item in &inside.items {
            match item {
                Item::Task(task) => lines.push(self.task_row(*task, depth, &inside.name)),
                Item::Gate(gate) => {
                    let state = &progress.gates[gate.index()];
                    let word = match (state.decision, state.started_at) {
                        (Some(decision), _) => words::decision(decision),
                        (None, Some(_)) if is_live => "being judged",
                        (None, Some(_)) => "not decided",
                        (None, None) => "waiting",
                    };
                    let tone = match state.decision {
                        Some(Decision::Go) => Some(Tone::Good),
                        Some(Decision::NoGo | Decision::Blocked) => Some(Tone::Bad),
                        _ => None,
                    };
                    let name = short(&plan.gate(*gate).name, &inside.name);
                    lines.push(self.row(depth, name, "gate: ", word, tone, "", &state.reason));
                }
                Item::Group(inner) => {
                    let it = plan.group(*inner);
                    let state = &progress.groups[inner.index()];
                    let word = state.outcome.map_or_else(|| self.group_word(state.started_at), Outcome::word);
                    let took = match (state.started_at, state.ended_at) {
                        (Some(from), Some(to)) => words::duration(passed(from, to)),
                        (Some(from), None) => words::about(passed(from, now)),
                        _ => String::new(),
                    };
                    let name =
                        look.paint(Tone::Strong, short(&it.name, if depth == 0 { "" } else { &inside.name }));
                    let title = if it.title.is_empty() {
                        String::new()
                    } else {
                        look.paint(Tone::Dim, &format!("  {}", it.title))
                    };
                    let word = state
                        .outcome
                        .and_then(outcome_tone)
                        .map_or(word.to_string(), |tone| look.paint(tone, word));
                    let took = if took.is_empty() { took } else { format!("  {took}") };
                    lines.push(format!("{:indent$}{name}{title}  {word}{took}", "", indent = depth * 2));
                    self.tree(*inner, depth + 1, lines);
                }
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the columns of a row")]
    fn row(
        &self,
        depth: usize,
        name: &str,
        kind: &str,
        word: &str,
        tone: Option<Tone>,
        took: &str,
        reason: &str,
    ) -> String {
        let Sight { look, .. } = *self;
        let width = 30usize.saturating_sub(depth * 2);
        let painted = tone.map_or(word.to_string(), |tone| look.paint(tone, word));
        let fill = " ".repeat(9usize.saturating_sub(kind.len() + word.width()));
        let reason =
            if reason.is_empty() { String::new() } else { format!("  {}", words::one_line(reason, 120)) };
        format!(
            "{:indent$}{}  {kind}{painted}{fill}  {took:>7}{reason}",
            "",
            words::pad(name, width),
            indent = depth * 2
        )
        .trim_end()
        .to_string()
    }

    fn task_row(&self, task: TaskId, depth: usize, group: &str) -> String {
        let Sight { progress, now, .. } = *self;
        let state = &progress.tasks[task.index()];
        let took = match (state.state, state.last_attempt()) {
            (TaskState::Waiting, _) | (_, None) => String::new(),
            (state, Some(attempt)) if state.is_active() => words::about(passed(attempt.starting_at, now)),
            (_, Some(attempt)) => attempt.milliseconds.map_or(String::new(), words::duration),
        };
        let mut reason = state.reason.clone();
        if state.attempts.len() > 1 {
            let attempts = words::count(state.attempts.len(), "attempt");
            reason = if reason.is_empty() { attempts } else { format!("{attempts}: {reason}") };
        }
        let tone = state.outcome().and_then(outcome_tone).or(state.state.is_active().then_some(Tone::Strong));
        self.row(
            depth,
            short(&progress.plan.task(task).name, group),
            "",
            state.state.word(),
            tone,
            &took,
            &reason,
        )
    }

    /// One thing of the run.
    pub fn item(&self, item: Item) -> Vec<String> {
        match item {
            Item::Task(id) => self.task(id),
            Item::Gate(id) => self.gate(id),
            Item::Group(id) => self.group(id),
        }
    }

    fn task(&self, id: TaskId) -> Vec<String> {
        let Sight { progress, place, look, .. } = *self;
        let plan = &progress.plan;
        let task = plan.task(id);
        let state = &progress.tasks[id.index()];
        let word = state.state.word();
        let word =
            state.outcome().and_then(outcome_tone).map_or(word.to_string(), |tone| look.paint(tone, word));
        let because = if state.reason.is_empty() {
            String::new()
        } else {
            format!(": {}", words::one_line(&state.reason, 400))
        };
        let mut lines = vec![format!("{}  {word}{because}", look.paint(Tone::Strong, &task.name))];
        if !task.title.is_empty() {
            lines.push(format!("  {}", task.title));
        }
        let mut facts = Vec::new();
        if let Some(agent) = task.agent {
            facts.push(format!("agent {}", plan.agent(agent).name));
        }
        if let Some(expected) = forecast::expected(progress, id) {
            facts.push(format!("expected {}", words::about(expected)));
        }
        if task.retries.count > 0 {
            facts.push(format!("up to {} attempts", task.retries.count + 1));
        }
        if let Some(timeout) = task.timeout {
            facts.push(format!(
                "timeout {}",
                words::about(u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX))
            ));
        }
        if !facts.is_empty() {
            lines.push(look.paint(Tone::Dim, &format!("  {}", facts.join(look.mark(" · ", ", ")))));
        }
        if !state.feedback.is_empty() {
            lines.push(format!("  sent back: {}", words::one_line(&state.feedback, 300)));
        }
        for attempt in &state.attempts {
            lines.push(String::new());
            self.attempt_lines(id, attempt, &mut lines);
        }
        for (output, value) in task.outputs.iter().zip(&state.outputs) {
            if let Some(value) = value {
                lines.push(String::new());
                lines.push(format!("output {} = {}", output.name, words::one_line(value, 400)));
            }
        }
        if let Some(attempt) = state.last_attempt() {
            let path = place.log_of(progress, id, attempt.number);
            let tail = log::tail(&path, TAIL, look.width.saturating_sub(4).max(20));
            lines.push(String::new());
            if tail.is_empty() {
                lines.push(match path.exists() {
                    true => format!("it printed nothing ({})", path.display()),
                    false => "it has no log".to_string(),
                });
            } else {
                lines.push(format!("last lines of {}", path.display()));
                let bar = look.mark("│ ", "| ");
                lines.extend(tail.into_iter().map(|line| format!("  {}{line}", look.paint(Tone::Dim, bar))));
                lines.push(
                    look.paint(
                        Tone::Dim,
                        &format!("all of it: wavec show {} {} --log", place.run, task.name),
                    ),
                );
            }
        }
        lines
    }

    fn attempt_lines(&self, id: TaskId, attempt: &Attempt, lines: &mut Vec<String>) {
        let Sight { progress, look, now, .. } = *self;
        let end = match (&attempt.end, attempt.milliseconds) {
            (Some(end), Some(took)) => format!("{}  {}", words::duration(took), words::attempt_end(end)),
            (Some(end), None) => words::attempt_end(end),
            (None, _) => {
                let pid = attempt.pid.map_or(String::new(), |pid| format!(" (process {pid})"));
                format!("{} so far{pid}", words::about(passed(attempt.starting_at, now)))
            }
        };
        let mut usage = words::usage(&attempt.usage);
        if words::is_cost_unknown(progress.plan.task(id), attempt) && !attempt.usage.is_unknown() {
            usage.push_str(", cost unknown");
        }
        let usage = if usage.is_empty() { usage } else { format!("  {usage}") };
        lines.push(format!(
            "attempt {}  {}  {end}{usage}",
            attempt.number,
            words::date(attempt.starting_at, &look.zone)
        ));
        self.work(id, attempt, lines);
        let owner = CheckOwner::Task(id, attempt.number);
        self.checks(owner, &progress.plan.task(id).success, &attempt.checks, lines);
        for approval in progress
            .approvals
            .iter()
            .filter(|it| it.owner == ApprovalOwner::Task(id) && it.session == attempt.session)
        {
            lines.push(format!("  {}", words::one_line(&approval.question, 300)));
            lines.push(format!("    {}", answered(approval)));
        }
    }

    /// What an attempt changed in its worktree, and where that is.
    fn work(&self, task: TaskId, attempt: &Attempt, lines: &mut Vec<String>) {
        let Some(tree) = &attempt.tree else { return };
        let path = self.place.logs.join("trees").join(&tree.name);
        if path.exists() {
            lines.push(format!("  worktree {}", path.display()));
        }
        if let Some(commit) = &attempt.commit {
            let merged = if attempt.is_merged { "merged" } else { "not merged" };
            let (id, size) = (words::commit(&commit.commit), words::change(&commit.size));
            let (run, name) = (self.place.run, &self.progress.plan.task(task).name);
            let which = match self.progress.tasks[task.index()].last_attempt() {
                Some(last) if last.number == attempt.number => String::new(),
                _ => format!(" --attempt {}", attempt.number),
            };
            lines.push(format!("  commit {id}, {size}, {merged}: wavec show {run} {name} --diff{which}"));
        }
        if let Some(conflict) = &attempt.conflict {
            let paths: Vec<&str> = conflict.paths.iter().map(String::as_str).collect();
            lines.push(format!("  conflict in {}", words::list(&paths, 5)));
            let bar = self.look.mark("│ ", "| ");
            lines.extend(
                conflict.hunks.lines().map(|line| format!("    {bar}{}", words::one_line(line, 160))),
            );
        }
    }

    /// Criteria with their verdicts, and what was seen.
    fn checks(
        &self,
        owner: CheckOwner,
        criteria: &[Criterion],
        results: &[Option<CheckResult>],
        lines: &mut Vec<String>,
    ) {
        let Sight { progress, place, look, .. } = *self;
        for (index, (criterion, result)) in criteria.iter().zip(results).enumerate() {
            let verdict = result.as_ref().map_or(Verdict::NotRun, |result| result.verdict);
            let word = words::pad(verdict.word(), "blocked".len());
            let word = verdict_tone(verdict).map_or(word.clone(), |tone| look.paint(tone, &word));
            let took = result
                .as_ref()
                .map_or(String::new(), |result| format!(" ({})", words::duration(result.milliseconds)));
            lines.push(format!("  {word}  {}{took}", criterion.title));
            let Some(result) = result else { continue };
            for line in result.evidence.lines().take(6) {
                lines.push(format!(
                    "           {}",
                    words::one_line(line, look.width.saturating_sub(12).max(40))
                ));
            }
            let path = (place.check_log)(&place.logs, &progress.plan, owner, index as u32);
            if result.verdict != Verdict::Pass && path.exists() {
                lines.push(look.paint(Tone::Dim, &format!("           log: {}", path.display())));
            }
        }
    }

    fn gate(&self, id: GateId) -> Vec<String> {
        let Sight { progress, place, look, is_live, .. } = *self;
        let gate = progress.plan.gate(id);
        let state = &progress.gates[id.index()];
        let (word, tone) = match (state.decision, state.started_at) {
            (Some(Decision::Go), _) => ("go", Some(Tone::Good)),
            (Some(decision @ (Decision::NoGo | Decision::Blocked)), _) => {
                (words::decision(decision), Some(Tone::Bad))
            }
            (Some(decision), _) => (words::decision(decision), None),
            (None, Some(_)) if is_live => ("is being judged", Some(Tone::Strong)),
            (None, Some(_)) => ("not decided", Some(Tone::Attention)),
            (None, None) => ("not judged yet", None),
        };
        let word = tone.map_or(word.to_string(), |tone| look.paint(tone, word));
        let because = if state.reason.is_empty() {
            String::new()
        } else {
            format!(": {}", words::one_line(&state.reason, 400))
        };
        let mut lines = vec![format!("{}  gate: {word}{because}", look.paint(Tone::Strong, &gate.name))];
        if !gate.title.is_empty() {
            lines.push(format!("  {}", gate.title));
        }
        if state.rounds > 0 {
            lines.push(format!("  sent its tasks back {}", words::count(state.rounds as usize, "time")));
        }
        if !gate.checks.is_empty() {
            lines.push(String::new());
            self.checks(CheckOwner::Gate(id), &gate.checks, &state.checks, &mut lines);
        }
        let asked: Vec<_> = progress.approvals.iter().filter(|it| it.owner.gate() == Some(id)).collect();
        for approval in asked {
            lines.push(String::new());
            lines.push(format!(
                "{}  {}",
                words::date(approval.asked_at, &look.zone),
                words::one_line(&approval.question, 400)
            ));
            lines.push(format!("  {}", answered(approval)));
            if approval.is_open() {
                lines.push(format!("  wavec approve {} {}", place.run, gate.name));
                lines.push(format!("  wavec reject {} {} --reason \"…\"", place.run, gate.name));
            }
        }
        lines
    }

    fn group(&self, id: GroupId) -> Vec<String> {
        let Sight { progress, look, .. } = *self;
        let it = progress.plan.group(id);
        let state = &progress.groups[id.index()];
        let word = state.outcome.map_or_else(|| self.group_word(state.started_at), Outcome::word);
        let word =
            state.outcome.and_then(outcome_tone).map_or(word.to_string(), |tone| look.paint(tone, word));
        let because = if state.reason.is_empty() {
            String::new()
        } else {
            format!(": {}", words::one_line(&state.reason, 400))
        };
        let kind = super::group_word(it.kind);
        let mut lines = vec![format!("{}  {kind}: {word}{because}", look.paint(Tone::Strong, &it.name))];
        if !it.title.is_empty() {
            lines.push(format!("  {}", it.title));
        }
        lines.push(String::new());
        self.tree(id, 0, &mut lines);
        if !it.success.is_empty() {
            lines.push(String::new());
            self.checks(CheckOwner::Group(id), &it.success, &state.checks, &mut lines);
        }
        lines
    }
    fn group_word(&self, started_at: Option<Timestamp>) -> &'static str {
        match (started_at, self.is_live) {
            (Some(_), true) => "running",
            (Some(_), false) => "not ended",
            (None, _) => "waiting",
        }
    }
}

/// A name inside its group.
fn short<'n>(name: &'n str, group: &str) -> &'n str {
    name.strip_prefix(group).and_then(|rest| rest.strip_prefix('.')).unwrap_or(name)
}

fn answered(approval: &crate::event::progress::ApprovalProgress) -> String {
    match &approval.answer {
        Some(said) => {
            let because = if said.reason.is_empty() { String::new() } else { format!(": {}", said.reason) };
            format!("{} by {}{because}", words::answer(said.answer), said.by)
        }
        None if approval.is_superseded => "was not answered".to_string(),
        None => "waits for an answer".to_string(),
    }
}
