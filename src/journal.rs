//! The durable record of runs: append, replay, list. What a run is of stands in SQLite, what happens in it in a log that only grows.
//!
//! Knows events and plans, not how events come about nor how they are shown; it reads no clock and compiles nothing.
//! Layout: `.wavec/journal.db` at the project root; `.wavec/runs/<id>/` for the run's log, what its tasks printed, and
//! the lock of the process that carries the run out. See `docs/journal.md`.

mod answers;
mod history;
mod items;
mod lock;
mod log;
mod read;
mod revision;
mod schema;
mod store;
mod sync;
mod trouble;

pub use answers::PersonAnswer;
pub use items::ItemKind;
pub use lock::{Holder, RunLock};
pub use revision::{ChangedItem, Changes};

use crate::error::{Error, Result};
use crate::event::Timestamp;
use crate::plan::{Action, Plan};
use rusqlite::Connection;
use std::fs;
use std::path::{Path, PathBuf};

/// The number of a run, from 1, unique in its project.
pub type RunId = i64;

/// The journal of a project.
pub struct Journal {
    connection: Connection,
    root: PathBuf,
    file: PathBuf,
    /// The log of the run that is carried out; not there before its first entry.
    writer: Option<log::Writer>,
}

/// A run as it is written down before its first event; also what a resume with another text writes down.
#[derive(Clone, Debug)]
pub struct NewRun<'p> {
    /// The plan's file, absolute.
    pub plan_path: &'p Path,
    /// The plan's directory, absolute: what its paths and commands are relative to.
    pub directory: &'p Path,
    /// The params that the command line gave.
    pub params: &'p [(String, String)],
    /// The texts that it was compiled from, the plan's own first.
    pub sources: &'p [(PathBuf, String)],
    /// The plan.
    pub plan: &'p Plan,
    /// When.
    pub at: Timestamp,
}

/// A run as the journal knows it.
#[derive(Clone, Debug)]
pub struct Run {
    /// Its number.
    pub id: RunId,
    /// The plan's name.
    pub plan_name: String,
    /// The plan's file, absolute.
    pub plan_path: PathBuf,
    /// The plan's directory, absolute.
    pub directory: PathBuf,
    /// When it was begun.
    pub created: Timestamp,
    /// The version of wavec that began it.
    pub version: String,
    /// The params that the command line gave, of its newest revision.
    pub params: Vec<(String, String)>,
    /// A hash of the texts of its newest revision.
    pub hash: String,
    /// Its newest revision, from 1: one more each time that a resume goes on with another text.
    pub revision: u32,
}

/// How sure a batch must be before `append` returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// No death of wavec can lose it; on disk, safe from a power cut, within 20 ms.
    Written,
    /// On disk.
    Synced,
}

/// The directory that holds the journal of the plans in `directory`: the nearest of it and what is above it that
/// has a `.wavec` or a `.git`; itself where there is none.
pub fn root_of(directory: &Path) -> PathBuf {
    directory
        .ancestors()
        .find(|ancestor| ancestor.join(".wavec").is_dir() || ancestor.join(".git").exists())
        .unwrap_or(directory)
        .to_path_buf()
}

/// Whether the events are of the kind that must be on disk before anyone acts on them: starts of agents' tasks
/// (dear, and not repeatable), what git is told of, gates, people's answers, and the ends of a run.
pub fn durability(plan: &Plan, events: &[crate::event::Entry]) -> Durability {
    use crate::event::Event;
    let is_strict = events.iter().any(|entry| match &entry.event {
        Event::AttemptStarting { task, .. } => plan
            .tasks
            .get(task.index())
            .is_some_and(|task| matches!(task.action, Action::Prompt(_) | Action::PromptFile(_))),
        Event::GateEnded { .. }
        | Event::BranchStarted { .. }
        | Event::TaskCommitted { .. }
        | Event::BranchMoved { .. }
        | Event::ApprovalAsked { .. }
        | Event::ApprovalAnswered { .. }
        | Event::Restarted { .. }
        | Event::RunStarted { .. }
        | Event::RunEnded { .. } => true,
        _ => false,
    });
    if is_strict { Durability::Synced } else { Durability::Written }
}

impl Journal {
    /// Opens the journal of the project at `root` to write, and makes it where there is none.
    pub fn open(root: &Path) -> Result<Journal> {
        let directory = root.join(".wavec");
        let make = |path: &Path| -> Result<()> {
            fs::create_dir_all(path).map_err(|cause| trouble::file("make the folder", path, &cause))
        };
        make(&directory)?;
        let ignore = directory.join(".gitignore");
        if !ignore.exists() {
            fs::write(&ignore, "*\n").map_err(|cause| trouble::file("write", &ignore, &cause))?;
        }
        make(&directory.join("runs"))?;
        let file = directory.join("journal.db");
        let connection = Connection::open(&file).map_err(trouble::opening(&file))?;
        schema::prepare(&connection).map_err(|problem| problem.told(&file))?;
        Ok(Journal { connection, root: root.to_path_buf(), file, writer: None })
    }

    /// Opens the journal of the project at `root` to look; none where there is no journal. Where the folder cannot
    /// be written (another's project, a read-only disk) what is in the file is read.
    pub fn open_existing(root: &Path) -> Result<Option<Journal>> {
        let file = root.join(".wavec").join("journal.db");
        match file.try_exists() {
            Ok(false) => return Ok(None),
            Ok(true) => {}
            Err(cause) => return Err(trouble::file("open the journal", &file, &cause)),
        }
        let connection = schema::open_to_read(&file).map_err(|problem| problem.told(&file))?;
        Ok(Some(Journal { connection, root: root.to_path_buf(), file, writer: None }))
    }

    /// The project's root.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The database file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The folder of a run: its events, its logs and its lock.
    pub fn run_directory(&self, run: RunId) -> PathBuf {
        self.root.join(".wavec").join("runs").join(run.to_string())
    }

    fn told(&self, action: &str) -> impl FnOnce(rusqlite::Error) -> Error {
        trouble::told(action, &self.file)
    }
}

/// A hash over texts and their paths: whether two compilations had the same input.
pub fn hash_of(sources: &[(PathBuf, String)]) -> String {
    let mut hasher = blake3::Hasher::new();
    for (path, text) in sources {
        for part in [path.as_os_str().as_encoded_bytes(), text.as_bytes()] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
    }
    hasher.finalize().to_hex().to_string()
}
