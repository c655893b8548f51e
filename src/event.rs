//! The public facts of a run: what happened, in order. The journal stores them, reports fold over them.
//!
//! Holds no channel and no display policy. Tasks, gates and groups are by id; ids are of the plan whose text
//! the run's journal holds; reports give their names.

pub mod progress;

use crate::plan::{GateId, GroupId, TaskId};
pub use crate::schedule::Outcome;
use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01 UTC, by the clock of the machine.
pub type Timestamp = i64;

/// An event with its place in the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place in the run, from 1, without gaps.
    pub seq: u64,
    /// When it happened. Not guaranteed to grow: clocks jump.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What happened. In the order of a run's life.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A wavec process began to carry out the run: the first time, or after `resume`.
    RunStarted {
        /// The wavec process.
        pid: u32,
        /// 1 for the first process of the run, one more with each resume.
        session: u32,
        /// `workers` in force; none is no limit.
        workers: Option<u32>,
    },
    /// A criterion was tested.
    CheckEnded {
        /// Whose it is.
        owner: CheckOwner,
        /// Its place among the owner's criteria, from 0.
        index: u32,
        /// How it came out.
        verdict: Verdict,
        /// What was seen: the reason for the verdict, for people. At most a few lines.
        evidence: String,
        /// How long it took.
        milliseconds: u64,
        /// What the agent that judged it spent, where known.
        #[serde(default, skip_serializing_if = "Usage::is_unknown")]
        usage: Usage,
    },
    /// The plan, a wave or a block began.
    GroupStarted {
        /// Which.
        group: GroupId,
    },
    /// An attempt is about to start: journalled before its process is.
    AttemptStarting {
        /// Of which task.
        task: TaskId,
        /// From 1; goes on over resumes and gate retries.
        attempt: u32,
    },
    /// wavec's own branch begins, for tasks that work in worktrees. `branch_moved` goes on with it.
    BranchStarted {
        /// Its name: `wavec/3`.
        branch: String,
        /// The commit that it begins from.
        base: String,
    },
    /// The attempt gets a worktree of its own: journalled before it is made. Later attempts go on in it.
    TreeForked {
        /// Of which task.
        task: TaskId,
        /// The attempt that it is made for.
        attempt: u32,
        /// Its name in the run's `trees` folder.
        tree: String,
        /// The commit that it holds.
        base: String,
    },
    /// The attempt's process runs.
    AttemptRunning {
        /// Of which task.
        task: TaskId,
        /// Which attempt.
        attempt: u32,
        /// Its process, and the leader of its session; none where no process is (wait, approve).
        pid: Option<u32>,
    },
    /// The attempt's agent has begun a session, or goes on with one: another attempt can go on with it.
    SessionOpened {
        /// Of which task.
        task: TaskId,
        /// Which attempt.
        attempt: u32,
        /// The driver whose session it is.
        driver: String,
        /// What the agent's program calls it.
        session: String,
    },
    /// The attempt's work has ended; its criteria are tested next where it went well.
    AttemptEnded {
        /// Of which task.
        task: TaskId,
        /// Which attempt.
        attempt: u32,
        /// How its work ended, criteria apart.
        end: AttemptEnd,
        /// How long its work took.
        milliseconds: u64,
        /// What it spent, where known.
        #[serde(default, skip_serializing_if = "Usage::is_unknown")]
        usage: Usage,
    },
    /// What the attempt changed in its worktree is committed; nothing shows it yet.
    TaskCommitted {
        /// Of which task.
        task: TaskId,
        /// Which attempt.
        attempt: u32,
        /// The commit that the worktree was forked from.
        base: String,
        /// The commit.
        commit: String,
        /// How much it changes.
        size: ChangeSize,
    },
    /// What the task changed is merged.
    TaskMerged {
        /// Which.
        task: TaskId,
        /// Which attempt.
        attempt: u32,
        /// The commit that the branch stands on with it.
        commit: String,
        /// How much it changes there.
        size: ChangeSize,
    },
    /// What the task changed does not go with what others have merged meanwhile.
    MergeConflicted {
        /// Which.
        task: TaskId,
        /// Which attempt.
        attempt: u32,
        /// The tip that it does not go with.
        tip: String,
        /// The files, from the repository's root.
        paths: Vec<String>,
        /// The lines of both sides, with marks.
        hunks: String,
    },
    /// wavec's branch stands on another commit now.
    BranchMoved {
        /// Which.
        tip: String,
    },
    /// The failed attempt will be followed by another.
    RetryScheduled {
        /// Of which task.
        task: TaskId,
        /// The attempt to come.
        attempt: u32,
        /// The pause before it.
        milliseconds: u64,
        /// Why: what failed, for people; with `feedback` the next prompt carries it.
        reason: String,
    },
    /// An output's value was taken.
    OutputTaken {
        /// The task.
        task: TaskId,
        /// The output's place in the task's outputs.
        index: u32,
        /// The value, secrets masked.
        value: String,
    },
    /// The task is over.
    TaskEnded {
        /// Which.
        task: TaskId,
        /// How.
        outcome: Outcome,
        /// Why, for people; empty for a success.
        reason: String,
    },
    /// A gate began to be judged.
    GateStarted {
        /// Which.
        gate: GateId,
    },
    /// A person is asked.
    ApprovalAsked {
        /// By whom.
        owner: ApprovalOwner,
        /// Its place among the owner's approvals, from 0.
        index: u32,
        /// The question, holes filled.
        question: String,
        /// When the time to answer is over.
        deadline: Option<Timestamp>,
    },
    /// A person has answered, or the time was over.
    ApprovalAnswered {
        /// By whom it was asked.
        owner: ApprovalOwner,
        /// Its place among the owner's approvals.
        index: u32,
        /// What was said.
        answer: Answer,
        /// Who said it: a user name, `timeout`.
        by: String,
        /// Why, or empty.
        reason: String,
    },
    /// The gate is decided.
    GateEnded {
        /// Which.
        gate: GateId,
        /// How.
        decision: Decision,
        /// Why, for people; empty for a go.
        reason: String,
    },
    /// A no-go starts a stretch of the plan over: the tasks and gates in it are waiting again.
    Restarted {
        /// The gate that said so.
        gate: GateId,
        /// How often it has now said so.
        round: u32,
        /// The tasks that run again.
        tasks: Vec<TaskId>,
        /// What the tasks are told.
        feedback: String,
    },
    /// The plan, a wave or a block is over.
    GroupEnded {
        /// Which.
        group: GroupId,
        /// How.
        outcome: Outcome,
        /// Why, for people; empty for a success.
        reason: String,
    },
    /// Rollback or `finally` tasks begin.
    CleanupStarted {
        /// Of which group; `finally` is the plan's.
        group: GroupId,
        /// Whether it is `finally`.
        is_finally: bool,
    },
    /// The run was asked to stop.
    StopRequested {
        /// Why: `interrupted`, `terminated`, `a task failed`.
        reason: String,
        /// Whether running tasks are ended too.
        is_cancel: bool,
    },
    /// This process is done with the run.
    RunEnded {
        /// How.
        outcome: RunOutcome,
        /// Why, for people; empty for a success.
        reason: String,
    },
}

/// How much a commit changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeSize {
    /// Files.
    pub files: u32,
    /// Lines added, those of binary files not counted.
    pub insertions: u64,
    /// Lines removed.
    pub deletions: u64,
}

/// Whose criterion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckOwner {
    /// The plan's `preflight`.
    Preflight,
    /// A task's `success`, for this attempt.
    Task(TaskId, u32),
    /// A group's `success`.
    Group(GroupId),
    /// A gate's checks.
    Gate(GateId),
}

/// Who asks a person. `manual` criteria ask too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalOwner {
    /// A gate's `approve`.
    Gate(GateId),
    /// An `approve` task.
    Task(TaskId),
    /// A `manual` criterion: whose, and the approval's index is the criterion's.
    Check(CheckOwner),
}

/// How a criterion came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It holds.
    Pass,
    /// It does not hold.
    Fail,
    /// It could not be evaluated: the tool is missing, the file has no such field.
    Blocked,
    /// It was not tested.
    NotRun,
}

/// How an attempt's work ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "end", rename_all = "snake_case")]
pub enum AttemptEnd {
    /// The work was done; the criteria decide.
    Done,
    /// The process ended with another code than 0.
    Exit {
        /// The code.
        code: i32,
    },
    /// The process was ended by a signal that wavec did not send.
    Signal {
        /// The signal's number.
        signal: i32,
    },
    /// It could not be started.
    CouldNotStart {
        /// Why.
        reason: String,
    },
    /// Its time was over.
    TimedOut {
        /// The limit.
        limit_milliseconds: u64,
    },
    /// wavec ended it.
    Cancelled,
    /// wavec died while it ran; found at resume.
    Lost,
    /// The agent said that it failed.
    AgentError {
        /// What kind of failure.
        class: ErrorClass,
        /// What it said.
        message: String,
        /// When a quota is said to be back.
        resets_at: Option<Timestamp>,
    },
    /// A person rejected it (approve task).
    Rejected {
        /// Why.
        reason: String,
    },
    /// It changed what it does not claim, or nothing where it should.
    Claims {
        /// What, each with its path.
        violations: Vec<String>,
    },
}

/// The kinds of failure that an agent program reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// It did not get its work done; another try may help.
    Failed,
    /// Worth another try soon.
    Transient,
    /// The quota is spent.
    Quota,
    /// Not allowed in.
    Auth,
    /// Another try will not help.
    Fatal,
}

/// What a person said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Yes.
    Approved,
    /// No.
    Rejected,
}

/// How a gate is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// On.
    Go,
    /// Not on; what follows is the gate's `on no-go`.
    NoGo,
    /// A check could not be tested, or nobody could be asked.
    Blocked,
    /// Was not judged to its end: the run stopped before, or what it stands behind did not succeed.
    NotRun,
    /// Was left out by another gate's `skip to`.
    Skipped,
}

/// How a process is done with a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunOutcome {
    /// Every task and every criterion.
    Succeeded,
    /// A task, a criterion or a gate failed.
    Failed,
    /// It waits for a quota or a budget.
    Parked,
    /// It waits for a person.
    Waiting,
    /// It was interrupted.
    Interrupted,
}

/// What an attempt or a judge spent. None is unknown, not zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens in.
    pub input_tokens: Option<u64>,
    /// Tokens out.
    pub output_tokens: Option<u64>,
    /// Millionths of a dollar.
    pub money: Option<u64>,
}

impl Usage {
    /// Whether nothing is known.
    pub fn is_unknown(&self) -> bool {
        *self == Usage::default()
    }
}

impl Verdict {
    /// The word for it, the same everywhere.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Fail => "fail",
            Verdict::Blocked => "blocked",
            Verdict::NotRun => "not run",
        }
    }
}
