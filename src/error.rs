//! What the world did to wavec: a file that cannot be read, a full disk, a git that failed.
//!
//! Not for mistakes in a plan (those are diagnostics) nor for failed tasks (those are outcomes).

use std::fmt;
use std::path::PathBuf;

/// A failure of the world, told so that a person knows what to do: what was being done, to what,
/// why it failed, and what to do now.
#[derive(Debug)]
pub struct Error {
    /// What was being done, as a verb with its object: `read the plan`.
    pub action: String,
    /// What it was done to, where that is a path.
    pub path: Option<PathBuf>,
    /// Why it failed, in the system's own words.
    pub cause: String,
    /// What to do now, one imperative sentence; empty when the cause says it all.
    pub help: String,
    /// How the process ends because of it.
    pub exit: Exit,
}

/// The ways a wavec process ends. One table, documented in `docs/cli.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything that was asked for was done, and every criterion passed.
    Success = 0,
    /// The plan has errors.
    PlanErrors = 1,
    /// The command line was wrong.
    Usage = 2,
    /// A task, criterion or gate failed.
    RunFailed = 3,
    /// The run is parked, or waits for a person.
    Parked = 4,
    /// The world failed: disk, git, journal.
    World = 5,
    /// Interrupted from the keyboard (SIGINT).
    Interrupted = 130,
    /// Told to end (SIGTERM).
    Terminated = 143,
}

/// What fallible work outside the compiler's core returns.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of the world while `action` was being done; exit code 5.
    pub fn new(action: impl Into<String>, cause: impl fmt::Display) -> Error {
        Error {
            action: action.into(),
            path: None,
            cause: cause.to_string(),
            help: String::new(),
            exit: Exit::World,
        }
    }

    /// Names the path that it was about.
    pub fn at(mut self, path: impl Into<PathBuf>) -> Error {
        self.path = Some(path.into());
        self
    }

    /// Says what to do now.
    pub fn help(mut self, help: impl Into<String>) -> Error {
        self.help = help.into();
        self
    }

    /// Ends the process with this code instead.
    pub fn exit(mut self, exit: Exit) -> Error {
        self.exit = exit;
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "could not {}", self.action)?;
        if let Some(path) = &self.path {
            write!(f, " `{}`", path.display())?;
        }
        write!(f, ": {}", self.cause)
    }
}

impl std::error::Error for Error {}
