//! Events and plans to what people and tools read: terminal, lines, JSON, graphs.
//!
//! A fold over events; decides nothing, and reads no clock: whoever calls says what time it is.

pub mod calibration;
pub mod forecast;
pub mod json;
pub mod lines;
pub mod live;
pub mod log;
pub mod plan;
pub mod screen;
pub mod show;
pub mod simulation;
pub mod summary;
pub mod why;
pub mod words;

use crate::event::CheckOwner;
use crate::event::progress::Progress;
use crate::plan::{GateId, GroupId, GroupKind, Plan, Task, TaskId};
use jiff::tz::TimeZone;
use std::path::{Path, PathBuf};

/// How much is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Only what went wrong, and what a person is asked.
    Quiet,
    /// What a person who watches wants to know.
    #[default]
    Normal,
    /// Every event.
    Verbose,
}

/// How it looks.
#[derive(Clone, Debug)]
pub struct Look {
    /// Whether colours are used.
    pub has_color: bool,
    /// Whether characters beyond ASCII are used for marks and bars.
    pub has_unicode: bool,
    /// How many columns there are.
    pub width: usize,
    /// The zone of the times that are shown.
    pub zone: TimeZone,
    /// How much is said.
    pub verbosity: Verbosity,
}

/// What of a run stands outside its plan and its events.
#[derive(Clone, Debug)]
pub struct RunPlace {
    /// The run's number.
    pub run: i64,
    /// The folder of its logs: `.wavec/runs/3`.
    pub logs: PathBuf,
    /// Where in it the log of a task's attempt is.
    pub attempt_log: fn(&Path, &Task, u32) -> PathBuf,
    /// Where in it the log of a criterion's command is.
    pub check_log: fn(&Path, &Plan, CheckOwner, u32) -> PathBuf,
    /// What the forecast said that it would take, in milliseconds, where every task has an estimate.
    pub forecast: Option<u64>,
}

/// A colour, by what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Well.
    Good,
    /// Not well.
    Bad,
    /// A person should look.
    Attention,
    /// A name.
    Strong,
    /// Less important.
    Dim,
}

impl Look {
    /// Plain text, 80 columns, UTC: what tests and files want.
    pub fn plain() -> Look {
        Look {
            has_color: false,
            has_unicode: true,
            width: 80,
            zone: TimeZone::UTC,
            verbosity: Verbosity::Normal,
        }
    }

    /// The text in that colour.
    pub fn paint(&self, tone: Tone, text: &str) -> String {
        if !self.has_color || text.is_empty() {
            return text.to_string();
        }
        let code = match tone {
            Tone::Good => "32",
            Tone::Bad => "1;31",
            Tone::Attention => "1;33",
            Tone::Strong => "1",
            Tone::Dim => "2",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }

    /// One of two texts, by whether characters beyond ASCII can be shown.
    pub fn mark(&self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.has_unicode { unicode } else { ascii }
    }
}

/// The name of a task.
pub(crate) fn task_name(progress: &Progress, task: TaskId) -> &str {
    progress.plan.tasks.get(task.index()).map_or("?", |task| &task.name)
}

/// The name of a gate.
pub(crate) fn gate_name(progress: &Progress, gate: GateId) -> &str {
    progress.plan.gates.get(gate.index()).map_or("?", |gate| &gate.name)
}

/// The name of a group.
pub(crate) fn group_name(progress: &Progress, group: GroupId) -> &str {
    progress.plan.groups.get(group.index()).map_or("?", |group| &group.name)
}

/// The word for a kind of group.
pub(crate) fn group_word(kind: GroupKind) -> &'static str {
    match kind {
        GroupKind::Plan => "plan",
        GroupKind::Wave => "wave",
        GroupKind::Parallel => "parallel block",
        GroupKind::Serial => "serial block",
    }
}

impl RunPlace {
    /// Where the log of an attempt is.
    pub fn log_of(&self, progress: &Progress, task: TaskId, attempt: u32) -> PathBuf {
        (self.attempt_log)(&self.logs, progress.plan.task(task), attempt)
    }
}
