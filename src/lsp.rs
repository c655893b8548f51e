//! The language server: what [`crate::ide`] knows, as the Language Server Protocol asks for it.
//!
//! Knows messages, documents and threads, and nothing of plans. Reads the disk only through the [`World`] that it is
//! given, and runs nothing: no command of a plan, no tool.
//!
//! Three kinds of thread beside those that read and write: `server` owns the documents and never does long work;
//! `work` analyses, the names at once and the proofs beside them, always of the newest text; `answer` answers requests
//! from what has been analysed. So a keystroke waits for nothing, and what has become stale is not done.

mod answer;
mod capabilities;
mod convert;
mod documents;
mod results;
mod server;
pub mod transport;
mod uri;
mod watch;
mod work;

use crate::check::Loader;
use crate::diagnostic::levels::Levels;
use lsp_server::Connection;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is around the documents: the disk, or a test's own.
pub trait World: Loader + Send + Sync {
    /// How grave the project takes which code, for a plan in `directory`; or why that cannot be told.
    fn levels(&self, directory: &Path) -> Result<Levels, String>;
    /// Every plan and library below a directory that is not ignored.
    fn plans_under(&self, directory: &Path) -> Vec<PathBuf>;
}

/// Serves a client until it says goodbye. Whether it did so as the protocol has it: `shutdown`, then `exit`.
pub fn serve(connection: Connection, world: Arc<dyn World>) -> bool {
    crate::memory::keep(crate::memory::AT_A_DESK);
    server::run(connection, world)
}
