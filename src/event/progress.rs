//! The state of a run, as a fold over its events: what resume starts from and what reports show.
//!
//! The same fold serves the live view, `show`, `why` and resume, so that none can believe what another does not.
//! It knows no clock (an entry carries its own time), no disk, and decides nothing about what comes next.

mod fold;

use super::{
    Answer, ApprovalOwner, AttemptEnd, ChangeSize, CheckOwner, Decision, Entry, Outcome, RunOutcome,
    Timestamp, Usage, Verdict,
};
use crate::plan::{GateId, GroupId, Plan, TaskId};
use std::sync::Arc;

/// Where a run stands.
#[derive(Clone, Debug)]
pub struct Progress {
    /// The plan that it carries out.
    pub plan: Arc<Plan>,
    /// By [`TaskId`].
    pub tasks: Vec<TaskProgress>,
    /// By [`GroupId`].
    pub groups: Vec<GroupProgress>,
    /// By [`GateId`].
    pub gates: Vec<GateProgress>,
    /// The plan's preflight, by the criterion's place.
    pub preflight: Vec<Option<CheckResult>>,
    /// Every question to a person that was ever asked, in the order of the asking. One that is asked again (a
    /// gate that is judged again, a resume) stands here again; the last one of its kind counts.
    pub approvals: Vec<ApprovalProgress>,
    /// What agents that were asked for a verdict have spent: on whose criterion, its place, how much.
    pub judgements: Vec<(CheckOwner, u32, Usage)>,
    /// The processes that carried the run out, in order.
    pub sessions: Vec<Session>,
    /// Why the running session was asked to stop, if it was.
    pub stop: Option<Stop>,
    /// The cleanups (rollbacks, `finally`) that have begun, in order: whose, and whether it is `finally`.
    pub cleanups: Vec<(GroupId, bool)>,
    /// wavec's own branch, where tasks work in worktrees.
    pub branch: Option<Branch>,
    /// The place of the last entry; 0 before the first.
    pub last_seq: u64,
    /// When the last entry was written; none before the first.
    pub last_at: Option<Timestamp>,
}

/// Where a task stands.
#[derive(Clone, Debug, Default)]
pub struct TaskProgress {
    /// Its place in its life.
    pub state: TaskState,
    /// All its attempts, those of earlier sessions and rounds too, by number.
    pub attempts: Vec<Attempt>,
    /// Why it ended as it did; empty for a success, or when it has not ended.
    pub reason: String,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// What it hands on, by the output's place.
    pub outputs: Vec<Option<String>>,
    /// The attempt to come, after a failed one.
    pub retry: Option<Retry>,
    /// What the gate that sent it back told it; empty when none did.
    pub feedback: String,
    /// What it changed on wavec's branch, all its rounds, in order.
    pub merged: Vec<Commit>,
}

/// wavec's own branch in the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// Its name.
    pub name: String,
    /// The commit that it began from.
    pub base: String,
    /// The commit that it stands on, by the journal; git's branch follows.
    pub tip: String,
    /// Every commit that it has stood on, from the base on.
    pub history: Vec<String>,
}

/// A worktree of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    /// Its name in the run's `trees` folder.
    pub name: String,
    /// The commit that it was made from.
    pub base: String,
}

/// What a task changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The commit.
    pub commit: String,
    /// How much it changes.
    pub size: ChangeSize,
}

/// What could not be merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The files, from the repository's root.
    pub paths: Vec<String>,
    /// The lines of both sides, with marks.
    pub hunks: String,
}

/// The life of a task. In life order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TaskState {
    /// No attempt of this round has begun.
    #[default]
    Waiting,
    /// An attempt is journalled; its process may or may not be there.
    Starting,
    /// The attempt's process runs.
    Running,
    /// The attempt's work has ended; its criteria are tested.
    Checking,
    /// The attempt failed and the next one is waited for.
    Retrying,
    /// Over.
    Ended(Outcome),
}

/// One attempt of a task.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Its number, from 1.
    pub number: u32,
    /// The session that made it.
    pub session: u32,
    /// When it was about to start.
    pub starting_at: Timestamp,
    /// When its process ran.
    pub running_at: Option<Timestamp>,
    /// Its process.
    pub pid: Option<u32>,
    /// How its work ended; none while it runs.
    pub end: Option<AttemptEnd>,
    /// When its work ended.
    pub ended_at: Option<Timestamp>,
    /// How long its work took, by a clock that does not jump.
    pub milliseconds: Option<u64>,
    /// What it spent.
    pub usage: Usage,
    /// The driver and the name of its agent's session, where it has one that can be gone on with.
    pub agent_session: Option<(String, String)>,
    /// Its task's criteria, by place.
    pub checks: Vec<Option<CheckResult>>,
    /// The worktree that it works in; its base is that of the newest commit.
    pub tree: Option<Tree>,
    /// What it changed there.
    pub commit: Option<Commit>,
    /// Whether that is merged.
    pub is_merged: bool,
    /// What of that could not be merged.
    pub conflict: Option<Conflict>,
}

/// The attempt to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Its number.
    pub attempt: u32,
    /// When it may start.
    pub due: Timestamp,
    /// What failed.
    pub reason: String,
}

/// How a criterion came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckResult {
    /// The verdict.
    pub verdict: Verdict,
    /// What was seen.
    pub evidence: String,
    /// How long the test took.
    pub milliseconds: u64,
    /// When it ended.
    pub at: Timestamp,
}

/// Where a group stands.
#[derive(Clone, Debug, Default)]
pub struct GroupProgress {
    /// When it began (the last time, if a gate or a resume started it over).
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How it ended; none while it has not.
    pub outcome: Option<Outcome>,
    /// Why; empty for a success.
    pub reason: String,
    /// Its `success` criteria, by place.
    pub checks: Vec<Option<CheckResult>>,
}

/// Where a gate stands.
#[derive(Clone, Debug, Default)]
pub struct GateProgress {
    /// When it began to be judged.
    pub started_at: Option<Timestamp>,
    /// When it was decided.
    pub ended_at: Option<Timestamp>,
    /// How it was decided; none while it was not.
    pub decision: Option<Decision>,
    /// Why; empty for a go.
    pub reason: String,
    /// Its checks, by place.
    pub checks: Vec<Option<CheckResult>>,
    /// How often it has sent its stretch back.
    pub rounds: u32,
}

/// A question to a person.
#[derive(Clone, Debug, PartialEq)]
pub struct ApprovalProgress {
    /// Who asks.
    pub owner: ApprovalOwner,
    /// Its place among the owner's approvals (or criteria).
    pub index: u32,
    /// The question, holes filled.
    pub question: String,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// The session that asked.
    pub session: u32,
    /// When the time to answer is over.
    pub deadline: Option<Timestamp>,
    /// What was said; none while it is open.
    pub answer: Option<Answered>,
    /// Whether it was asked again since, or what asked was started over: no answer to it counts any more.
    pub is_superseded: bool,
}

/// A person's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// What.
    pub answer: Answer,
    /// Who.
    pub by: String,
    /// Why, or empty.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// One process that carried the run out.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// From 1.
    pub number: u32,
    /// The wavec process.
    pub pid: u32,
    /// `workers` in force; none is no limit.
    pub workers: Option<u32>,
    /// When it began.
    pub started_at: Timestamp,
    /// How and why it was done with the run, and when; none while it runs, or when it died.
    pub end: Option<(RunOutcome, String, Timestamp)>,
}

/// A request to stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Why.
    pub reason: String,
    /// Whether running tasks are ended too.
    pub is_cancel: bool,
    /// When.
    pub at: Timestamp,
}

/// How many tasks are where. Rollback and `finally` tasks count once they have begun.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Not begun.
    pub waiting: usize,
    /// Starting, running, being checked, or in the pause before a retry.
    pub active: usize,
    /// Ended so.
    pub succeeded: usize,
    /// Ended so.
    pub failed: usize,
    /// Ended so.
    pub cancelled: usize,
    /// Ended so.
    pub skipped: usize,
    /// Ended so.
    pub parked: usize,
    /// Ended so.
    pub not_run: usize,
}

impl Progress {
    /// A run of which nothing has happened yet.
    pub fn new(plan: Arc<Plan>) -> Progress {
        Progress {
            tasks: plan
                .tasks
                .iter()
                .map(|task| TaskProgress {
                    outputs: vec![None; task.outputs.len()],
                    ..TaskProgress::default()
                })
                .collect(),
            groups: plan
                .groups
                .iter()
                .map(|group| GroupProgress {
                    checks: vec![None; group.success.len()],
                    ..GroupProgress::default()
                })
                .collect(),
            gates: plan
                .gates
                .iter()
                .map(|gate| GateProgress { checks: vec![None; gate.checks.len()], ..GateProgress::default() })
                .collect(),
            preflight: vec![None; plan.preflight.len()],
            approvals: Vec::new(),
            judgements: Vec::new(),
            sessions: Vec::new(),
            stop: None,
            cleanups: Vec::new(),
            branch: None,
            last_seq: 0,
            last_at: None,
            plan,
        }
    }

    /// Where a run stands after these entries.
    pub fn replay<'e>(plan: Arc<Plan>, entries: impl IntoIterator<Item = &'e Entry>) -> Progress {
        let mut progress = Progress::new(plan);
        for entry in entries {
            progress.apply(entry);
        }
        progress
    }

    /// How an owner's criteria came out, by place; none for one that was not tested.
    pub fn checks(&self, owner: CheckOwner) -> &[Option<CheckResult>] {
        match owner {
            CheckOwner::Preflight => &self.preflight,
            CheckOwner::Task(task, number) => {
                self.tasks[task.index()].attempt(number).map_or(&[], |attempt| &attempt.checks)
            }
            CheckOwner::Group(group) => &self.groups[group.index()].checks,
            CheckOwner::Gate(gate) => &self.gates[gate.index()].checks,
        }
    }

    /// The attempts that began and of which no end is known: at resume, those that the dead process left behind.
    pub fn in_flight(&self) -> impl Iterator<Item = (TaskId, &Attempt)> {
        self.tasks.iter().enumerate().flat_map(|(index, task)| {
            task.attempts
                .iter()
                .filter(|attempt| attempt.end.is_none())
                .map(move |attempt| (TaskId(index as u32), attempt))
        })
    }

    /// The questions that a person is to answer, in the order of the asking.
    pub fn open_approvals(&self) -> impl Iterator<Item = &ApprovalProgress> {
        self.approvals.iter().filter(|approval| approval.is_open())
    }

    /// The session that runs, or ran last.
    pub fn session(&self) -> Option<&Session> {
        self.sessions.last()
    }

    /// How and why the last session was done with the run; none while it runs, or when it died.
    pub fn run_end(&self) -> Option<(RunOutcome, &str)> {
        self.session()?.end.as_ref().map(|(outcome, reason, _)| (*outcome, reason.as_str()))
    }

    /// Whether all of the group's `success` criteria have passed.
    pub fn has_passed_success(&self, group: GroupId) -> bool {
        self.groups[group.index()].checks.iter().all(CheckResult::is_pass)
    }

    /// The value of a task's output, empty when it was not taken.
    pub fn output(&self, task: TaskId, index: u32) -> &str {
        self.tasks[task.index()].outputs.get(index as usize).and_then(Option::as_deref).unwrap_or_default()
    }

    /// How many tasks are where.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for (task, progress) in self.plan.tasks.iter().zip(&self.tasks) {
            if task.step.is_none() && progress.state == TaskState::Waiting {
                continue;
            }
            counts.add(progress.state);
        }
        counts
    }

    /// What all attempts and judges of all sessions have spent, where known.
    pub fn usage(&self) -> Usage {
        let mut sum = Usage::default();
        for attempt in self.tasks.iter().flat_map(|task| &task.attempts) {
            sum.add(&attempt.usage);
        }
        for (_, _, usage) in &self.judgements {
            sum.add(usage);
        }
        sum
    }
}

impl TaskProgress {
    /// The attempt with this number; the last one, should a number stand twice.
    pub fn attempt(&self, number: u32) -> Option<&Attempt> {
        self.attempts.iter().rfind(|attempt| attempt.number == number)
    }

    /// The newest attempt.
    pub fn last_attempt(&self) -> Option<&Attempt> {
        self.attempts.last()
    }

    /// The number that the next attempt has.
    pub fn next_attempt(&self) -> u32 {
        self.attempts.last().map_or(1, |attempt| attempt.number + 1)
    }

    /// How it ended, if it has.
    pub fn outcome(&self) -> Option<Outcome> {
        match self.state {
            TaskState::Ended(outcome) => Some(outcome),
            _ => None,
        }
    }

    /// Whether a resume leaves it as it is: it succeeded or was left out.
    pub fn is_done(&self) -> bool {
        matches!(self.state, TaskState::Ended(Outcome::Succeeded | Outcome::Skipped))
    }
}

impl TaskState {
    /// The word for it, the same everywhere.
    pub fn word(self) -> &'static str {
        match self {
            TaskState::Waiting => "waiting",
            TaskState::Starting => "starting",
            TaskState::Running => "running",
            TaskState::Checking => "checking",
            TaskState::Retrying => "retrying",
            TaskState::Ended(outcome) => outcome.word(),
        }
    }

    /// Whether it is between its first attempt's start and its end.
    pub fn is_active(self) -> bool {
        matches!(self, TaskState::Starting | TaskState::Running | TaskState::Checking | TaskState::Retrying)
    }
}

impl TaskProgress {
    /// Whether its newest attempt has passed all its criteria, and what it changed is being merged.
    pub fn is_merging(&self, task: &crate::plan::Task) -> bool {
        let passed = |attempt: &Attempt| {
            let checks = attempt.checks.iter().filter(|check| CheckResult::is_pass(check)).count();
            attempt.commit.is_some() && !attempt.is_merged && checks == task.success.len()
        };
        self.state == TaskState::Checking && self.last_attempt().is_some_and(passed)
    }
}

impl CheckResult {
    /// Whether a criterion was tested and passed.
    pub fn is_pass(check: &Option<CheckResult>) -> bool {
        check.as_ref().is_some_and(|check| check.verdict == Verdict::Pass)
    }
}

impl GateProgress {
    /// Whether a resume leaves it as it is: it said go, or was left out.
    pub fn is_passed(&self) -> bool {
        matches!(self.decision, Some(Decision::Go | Decision::Skipped))
    }
}

impl ApprovalProgress {
    /// Whether an answer is waited for.
    pub fn is_open(&self) -> bool {
        self.answer.is_none() && !self.is_superseded
    }
}

impl ApprovalOwner {
    /// The gate that asks, by an `approve` or by a manual check.
    pub fn gate(self) -> Option<GateId> {
        match self {
            ApprovalOwner::Gate(gate) | ApprovalOwner::Check(CheckOwner::Gate(gate)) => Some(gate),
            _ => None,
        }
    }
}

impl Counts {
    fn add(&mut self, state: TaskState) {
        *match state {
            TaskState::Waiting => &mut self.waiting,
            TaskState::Starting | TaskState::Running | TaskState::Checking | TaskState::Retrying => {
                &mut self.active
            }
            TaskState::Ended(Outcome::Succeeded) => &mut self.succeeded,
            TaskState::Ended(Outcome::Failed) => &mut self.failed,
            TaskState::Ended(Outcome::Cancelled) => &mut self.cancelled,
            TaskState::Ended(Outcome::Skipped) => &mut self.skipped,
            TaskState::Ended(Outcome::Parked) => &mut self.parked,
            TaskState::Ended(Outcome::NotRun) => &mut self.not_run,
        } += 1;
    }

    /// All of them.
    pub fn total(&self) -> usize {
        self.waiting + self.active + self.ended()
    }

    /// Those that are over.
    pub fn ended(&self) -> usize {
        self.succeeded + self.failed + self.cancelled + self.skipped + self.parked + self.not_run
    }
}

impl Usage {
    /// What of this is not in `other`.
    pub fn beyond(&self, other: &Usage) -> Usage {
        let less = |all: Option<u64>, part: Option<u64>| all.map(|all| all.saturating_sub(part.unwrap_or(0)));
        Usage {
            input_tokens: less(self.input_tokens, other.input_tokens),
            output_tokens: less(self.output_tokens, other.output_tokens),
            money: less(self.money, other.money),
        }
    }

    /// Adds what is known of another.
    pub fn add(&mut self, other: &Usage) {
        for (mine, theirs) in [
            (&mut self.input_tokens, other.input_tokens),
            (&mut self.output_tokens, other.output_tokens),
            (&mut self.money, other.money),
        ] {
            if let Some(theirs) = theirs {
                *mine = Some(mine.unwrap_or(0).saturating_add(theirs));
            }
        }
    }
}
