//! A task: what every one has, what few say of themselves, and the settings that most have in common.
//!
//! A large plan has a hundred thousand of them, and most say no more than what is done: what they have in common is there once.
//! Knows what a task does and touches by [`super::work`].

use super::{
    Action, AgentId, Budget, Claims, Cost, Criterion, EnvValue, Estimate, GroupId, Isolation, OnFailure,
    Output, ResourceId, Retries, StepId,
};
use crate::source::{Excerpt, Span};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

/// One piece of work. Its [`Details`] and [`Settings`] are read as its own fields.
#[derive(Clone, Debug)]
pub struct Task {
    /// Its qualified name, unique in the plan: `foundations.schema`; nameless blocks add nothing to it.
    pub name: Excerpt,
    /// Its title, or empty.
    pub title: Excerpt,
    /// The group that it stands in.
    pub group: GroupId,
    /// What is done.
    pub action: Action,
    /// Who does it, where the action is a prompt.
    pub agent: Option<AgentId>,
    /// The step of it; none for rollback and `finally` tasks.
    pub step: Option<StepId>,
    /// The header, from keyword to title.
    pub span: Span,
    /// What else it says; tasks that say nothing share it. A change makes it the task's own.
    pub details: Arc<Details>,
}

/// What a task may say of itself. Its [`Settings`] are read as its own fields.
#[derive(Clone, Debug)]
pub struct Details {
    /// Its doc comment, or empty.
    pub docs: String,
    /// `because`, or empty.
    pub because: String,
    /// The author's own id, or empty.
    pub id: String,
    /// What it touches.
    pub claims: Claims,
    /// What it holds while it runs, each resource once, the amount at least 1.
    pub uses: Vec<(ResourceId, u32)>,
    /// How long it is expected to take.
    pub estimate: Option<Estimate>,
    /// What one attempt is expected to cost.
    pub cost: Cost,
    /// The higher goes first; 0 when not written.
    pub priority: i32,
    /// What it hands on.
    pub outputs: Vec<Output>,
    /// What must hold at its end.
    pub success: Vec<Criterion>,
    /// `may change nothing`.
    pub may_change_nothing: bool,
    /// What applies to it; tasks of one group mostly share it. A change makes it the task's own.
    pub settings: Arc<Settings>,
}

/// What applies inside a group or to a task, narrowed from the plan inwards.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Settings {
    /// When an attempt is ended.
    pub timeout: Option<Duration>,
    /// How often a task is tried again.
    pub retries: Retries,
    /// What the group or the task itself may spend.
    pub budget: Budget,
    /// Where a task works.
    pub isolation: Isolation,
    /// What a failure means.
    pub on_failure: OnFailure,
    /// Environment, outermost first, each name once.
    pub env: Vec<(String, EnvValue)>,
    /// Where a task starts, relative to the plan's directory; empty for that itself.
    pub directory: String,
    /// The shell of its `run` and of its checks, split into words: `["sh", "-ec"]`.
    pub shell: Arc<[String]>,
    /// Why it is left out: the `when` that does not hold, as written. None: it runs.
    pub left_out: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            timeout: None,
            retries: Retries::default(),
            budget: Budget::default(),
            isolation: Isolation::default(),
            on_failure: OnFailure::default(),
            env: Vec::new(),
            directory: String::new(),
            shell: ["sh".to_owned(), "-ec".to_owned()].into(),
            left_out: None,
            tags: Vec::new(),
        }
    }
}

impl Details {
    /// Those of a task that says nothing more than what is done, under these settings.
    pub fn none(settings: Arc<Settings>) -> Details {
        Details {
            docs: String::new(),
            because: String::new(),
            id: String::new(),
            claims: Claims::default(),
            uses: Vec::new(),
            estimate: None,
            cost: Cost::default(),
            priority: 0,
            outputs: Vec::new(),
            success: Vec::new(),
            may_change_nothing: false,
            settings,
        }
    }
}

impl Deref for Task {
    type Target = Details;

    fn deref(&self) -> &Details {
        &self.details
    }
}

impl DerefMut for Task {
    fn deref_mut(&mut self) -> &mut Details {
        Arc::make_mut(&mut self.details)
    }
}

impl Deref for Details {
    type Target = Settings;

    fn deref(&self) -> &Settings {
        &self.settings
    }
}

impl DerefMut for Details {
    fn deref_mut(&mut self) -> &mut Settings {
        Arc::make_mut(&mut self.settings)
    }
}
