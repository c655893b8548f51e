//! The resolved plan: what the scheduler orders, the forecast times and the run carries out.
//!
//! Everything is owned, dense and by id. It names no AST type and holds no text that is still to be
//! resolved, but for `{{task.output}}` holes, which only a run can fill. It does not know time or the disk.

mod criterion;
mod lower;
mod task;
mod work;

use crate::source::Span;
use std::ops::Deref;
use std::time::Duration;

pub use criterion::*;
pub use lower::{lower, lower_unrun};
pub use task::*;
pub use work::*;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl $name {
            /// The id as an index.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

id! {
    /// A task, dense from 0 in the order of the file; rollback and `finally` tasks included.
    TaskId
}
id! {
    /// A group: the plan (0), a wave, a block. In the order of the file, containers before members.
    GroupId
}
id! {
    /// A gate, in the order of the file.
    GateId
}
id! {
    /// An agent that some task or criterion names.
    AgentId
}
id! {
    /// A declared resource.
    ResourceId
}
id! {
    /// A secret that some task gets.
    SecretId
}
id! {
    /// A step of the order graph.
    StepId
}

/// A plan, ready to be forecast and run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// `plan NAME`.
    pub name: String,
    /// Its title, or empty.
    pub title: String,
    /// Its doc comment, or empty.
    pub docs: String,
    /// The params with the values of this compilation, in the order of declaration.
    pub params: Vec<Param>,
    /// `workers N`; none is no limit of the plan's own.
    pub workers: Option<u32>,
    /// The default isolation; a task carries its own.
    pub isolation: Isolation,
    /// What the whole plan may spend.
    pub budget: Budget,
    /// The agents that are used, by [`AgentId`].
    pub agents: Vec<Agent>,
    /// The resources, by [`ResourceId`].
    pub resources: Vec<Resource>,
    /// The secrets that are used, by [`SecretId`].
    pub secrets: Vec<Secret>,
    /// The plan, its waves and blocks, by [`GroupId`]; the plan is the first.
    pub groups: Vec<Group>,
    /// The tasks, by [`TaskId`].
    pub tasks: Vec<Task>,
    /// By [`TaskId`], a hash of all that a task's result depends on in the plan's text (action, agent, claims, criteria, params
    /// in it, …): resume goes on from a finished task only where this is the same. Empty in a plan that is not carried out.
    pub definitions: Vec<blake3::Hash>,
    /// The gates, by [`GateId`].
    pub gates: Vec<Gate>,
    /// The order, by [`StepId`], topologically sorted: a step's needs have smaller ids.
    pub steps: Vec<Step>,
    /// What must hold before the first task starts.
    pub preflight: Vec<Criterion>,
    /// `finally { … }` of the plan: its tasks, one after another in the order of the file.
    pub finally: Vec<TaskId>,
    /// `assert …`, for the prover.
    pub asserts: Vec<Assert>,
    /// Pairs of concurrent tasks that must not run at one time: their claims overlap. Found by the
    /// prover; empty in a plan that checks clean. The smaller id first; sorted.
    pub conflicts: Vec<(TaskId, TaskId)>,
}

/// A step of the order graph. Edges point backwards, from a step to what it needs.
///
/// Each group has an `Enter` and a `Leave`, so that a barrier between waves of 200 tasks is 400 edges
/// and not 40,000. Rollback and `finally` tasks have no step: they run when their time has come.
#[derive(Clone, Debug)]
pub struct Step {
    /// What it is.
    pub kind: StepKind,
    /// The group that it stands in; for `Enter` and `Leave`, the group itself.
    pub group: GroupId,
    /// What it waits for. All of the needs must be met.
    pub needs: Vec<Need>,
}

/// The kinds of step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StepKind {
    /// A group begins. Takes no time.
    Enter(GroupId),
    /// A task.
    Task(TaskId),
    /// A gate between items, or last in a wave.
    Gate(GateId),
    /// A group's `success` criteria are tested, where it has any. Stands before the group's own last gate.
    Success(GroupId),
    /// A group is done. Takes no time. (The plan's own `success` is tested before its `Leave`.)
    Leave(GroupId),
}

/// One thing that a step waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// The step has succeeded (or was left out by `when`).
    Succeeded(StepId, NeedSource),
    /// One of them has succeeded: `after any of`.
    AnySucceeded(Steps),
    /// The step has ended, however: `after finished`.
    Finished(StepId),
}

/// Several steps, behind one pointer: few needs name more than one, and a large plan has some hundred thousand needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Steps(
    #[expect(clippy::box_collection, reason = "a pointer, and not three words")] Box<Vec<StepId>>,
);

impl Deref for Steps {
    type Target = [StepId];

    fn deref(&self) -> &[StepId] {
        &self.0
    }
}

impl FromIterator<StepId> for Steps {
    fn from_iter<I: IntoIterator<Item = StepId>>(steps: I) -> Steps {
        Steps(Box::new(steps.into_iter().collect()))
    }
}

impl<'s> IntoIterator for &'s Steps {
    type Item = &'s StepId;
    type IntoIter = std::slice::Iter<'s, StepId>;

    fn into_iter(self) -> std::slice::Iter<'s, StepId> {
        self.iter()
    }
}

/// Why an edge is there; what `plan` and `why` say of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NeedSource {
    /// Containment: an item after its group's `Enter`, a `Leave` after its items.
    Group,
    /// The order of a sequence.
    Sequence,
    /// `after`.
    After,
    /// `{{task.output}}`.
    Output,
}

/// The plan, a wave or a block.
#[derive(Clone, Debug)]
pub struct Group {
    /// Which.
    pub kind: GroupKind,
    /// Its qualified name: `ship`, `ship.checks`; a nameless block is called by its kind and line: `serial@41`. The plan's is its own name.
    pub name: String,
    /// Its title, or empty.
    pub title: String,
    /// Its doc comment, or empty.
    pub docs: String,
    /// `because`, or empty.
    pub because: String,
    /// The group that holds it; none for the plan.
    pub parent: Option<GroupId>,
    /// What it holds, in the order of the file.
    pub items: Vec<Item>,
    /// `workers N`: at most so many tasks at once inside it.
    pub workers: Option<u32>,
    /// What it may spend.
    pub budget: Budget,
    /// Its `success` criteria.
    pub success: Vec<Criterion>,
    /// `rollback { … }`: tasks that run, one after another, when it ends in failure.
    pub rollback: Vec<TaskId>,
    /// What it means when its `success` criteria do not all pass.
    pub on_failure: OnFailure,
    /// Environment of what is tested in it (criteria, gates), outermost first, each name once. Tasks carry their own.
    pub env: Vec<(String, EnvValue)>,
    /// The waves that it `overlaps`, by name, for display.
    pub overlaps: Vec<String>,
    /// Why it is left out with all that it holds: the `when` that does not hold. Its `Success` step is skipped. None: it runs.
    pub left_out: Option<String>,
    /// The header, from keyword to title.
    pub span: Span,
}

/// The kinds of group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupKind {
    /// The plan itself: a sequence.
    Plan,
    /// A wave: a set.
    Wave,
    /// A set.
    Parallel,
    /// A sequence.
    Serial,
}

/// What a group holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Item {
    /// A wave or block.
    Group(GroupId),
    /// A task.
    Task(TaskId),
    /// A gate.
    Gate(GateId),
}

/// A go/no-go checkpoint.
#[derive(Clone, Debug)]
pub struct Gate {
    /// Its qualified name; a nameless gate is called after what it closes: `foundations.gate`, `gate-2`.
    pub name: String,
    /// What it asks, or empty.
    pub title: String,
    /// The group that it stands in.
    pub group: GroupId,
    /// What is tested.
    pub checks: Vec<Criterion>,
    /// Who is asked, after the checks have passed.
    pub approvals: Vec<Approval>,
    /// What a no-go means.
    pub on_no_go: OnNoGo,
    /// Why it is left out, unasked: the `when` of what holds it does not hold. None: it is judged.
    pub left_out: Option<String>,
    /// The header, from keyword to title.
    pub span: Span,
}

/// What a no-go means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnNoGo {
    /// The plan ends as failed.
    Stop,
    /// The plan goes on; it cannot end in success.
    Continue,
    /// The gate's wave (or, between items, the item before it) runs again, at most so often.
    Retry(u32),
    /// Every step up to there is skipped.
    SkipTo(StepId),
}

/// Who does a task.
#[derive(Clone, Debug)]
pub struct Agent {
    /// Its name.
    pub name: String,
    /// How it is called: `command`, `claude`, …
    pub driver: String,
    /// The program of the `command` driver.
    pub command: Option<Command>,
    /// Its model, or empty.
    pub model: String,
    /// A file of instructions, relative to the plan's directory; or empty.
    pub instructions: String,
    /// Tools that it may use.
    pub allow: Vec<String>,
    /// Tools that it may not use.
    pub deny: Vec<String>,
    /// How many of it may work at once.
    pub instances: Option<u32>,
    /// What it may spend in the run.
    pub budget: Budget,
    /// What one attempt is expected to cost.
    pub cost: Cost,
    /// When an attempt is ended.
    pub timeout: Option<Duration>,
    /// Environment of its own.
    pub env: Vec<(String, EnvValue)>,
    /// Where it was found, when no plan declares it: `.claude/agents/NAME.md` or its like.
    pub definition_file: Option<String>,
    /// Where it is declared, or first used when no plan declares it.
    pub span: Span,
}

/// A named capacity.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Its name.
    pub name: String,
    /// How much there is; at least 1.
    pub capacity: u32,
    /// Where it is declared.
    pub span: Span,
}

/// A value that wavec masks wherever it writes.
#[derive(Clone, Debug)]
pub struct Secret {
    /// Its name in the plan.
    pub name: String,
    /// Where the run finds it.
    pub source: SecretSource,
}

/// Where the run finds a secret.
#[derive(Clone, Debug)]
pub enum SecretSource {
    /// An environment variable of wavec's own.
    Env(String),
    /// A file, relative to the plan's directory; trailing line breaks removed.
    File(String),
}

/// The value of an environment variable.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum EnvValue {
    /// Text.
    Text(Template),
    /// A secret's value.
    Secret(SecretId),
}

/// A param with its value in this compilation.
#[derive(Clone, Debug)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// Its value, as `{{name}}` shows it.
    pub value: String,
    /// Whether the command line gave it.
    pub is_set: bool,
}

/// Where a task works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Isolation {
    /// In the plan's directory, with all others.
    #[default]
    Shared,
    /// In a git worktree of its own.
    Worktree,
    /// In a copy of the directory.
    Copy,
}

/// What a failure means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum OnFailure {
    /// Running tasks end, nothing new starts.
    #[default]
    Stop,
    /// Running tasks are ended too.
    Cancel,
    /// Whatever does not depend on the failure goes on.
    Continue,
}

/// A claim of the plan about itself.
#[derive(Clone, Debug)]
pub struct Assert {
    /// What is claimed.
    pub claim: AssertClaim,
    /// From `assert` to its end.
    pub span: Span,
}

/// What an assert claims.
#[derive(Clone, Debug)]
pub enum AssertClaim {
    /// `makespan OP D`
    Makespan(Comparison, Duration),
    /// `speedup OP N`
    Speedup(Comparison, f64),
    /// `cost OP $`, in millionths of a dollar.
    Money(Comparison, u64),
    /// `cost OP tokens`
    Tokens(Comparison, u64),
    /// `workers OP N`: the width that the plan can use.
    Workers(Comparison, u32),
    /// `a before b`: the end of the first, the start of the second.
    Before(Item, Item),
    /// `a alongside b`: nothing orders them.
    Alongside(Item, Item),
}

impl Plan {
    /// The group with this id.
    pub fn group(&self, id: GroupId) -> &Group {
        &self.groups[id.index()]
    }

    /// Whether any task works in a copy of the plan's directory. No other works in a worktree then.
    pub fn has_copies(&self) -> bool {
        self.tasks.iter().any(|task| task.isolation == Isolation::Copy)
    }

    /// The task with this id.
    pub fn task(&self, id: TaskId) -> &Task {
        &self.tasks[id.index()]
    }

    /// The definition of the task with this id.
    pub fn definition(&self, id: TaskId) -> blake3::Hash {
        self.definitions.get(id.index()).copied().unwrap_or(blake3::Hash::from_bytes([0; 32]))
    }

    /// The gate with this id.
    pub fn gate(&self, id: GateId) -> &Gate {
        &self.gates[id.index()]
    }

    /// The step with this id.
    pub fn step(&self, id: StepId) -> &Step {
        &self.steps[id.index()]
    }

    /// The agent with this id.
    pub fn agent(&self, id: AgentId) -> &Agent {
        &self.agents[id.index()]
    }

    /// Every criterion: the preflight's, the tasks', the groups' and the gates'.
    pub fn criteria(&self) -> impl Iterator<Item = &Criterion> {
        let tasks = self.tasks.iter().flat_map(|task| &task.success);
        let groups = self.groups.iter().flat_map(|group| &group.success);
        let gates = self.gates.iter().flat_map(|gate| &gate.checks);
        self.preflight.iter().chain(tasks).chain(groups).chain(gates)
    }

    /// The ids of all tasks.
    pub fn task_ids(&self) -> impl Iterator<Item = TaskId> + use<> {
        (0..self.tasks.len() as u32).map(TaskId)
    }

    /// The ids of all steps, in topological order.
    pub fn step_ids(&self) -> impl Iterator<Item = StepId> + use<> {
        (0..self.steps.len() as u32).map(StepId)
    }
}

impl Need {
    /// The steps that it names.
    pub fn steps(&self) -> impl Iterator<Item = StepId> {
        match self {
            Need::Succeeded(step, _) | Need::Finished(step) => std::slice::from_ref(step),
            Need::AnySucceeded(steps) => &steps[..],
        }
        .iter()
        .copied()
    }
}
