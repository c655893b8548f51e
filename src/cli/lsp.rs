//! `wavec lsp`: the language server, over standard input and output.

use super::loader::Disk;
use super::settings::{self, LevelArgs};
use super::{Global, loader};
use crate::check::Loader;
use crate::diagnostic::levels::Levels;
use crate::error::{Exit, Result};
use crate::lsp::{self, World, transport};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Serve an editor: the Language Server Protocol over standard input and output
#[derive(clap::Args, Debug)]
#[command(after_help = "Nothing is run. docs/editors.md shows how editors are told of it.")]
pub struct Args {
    /// What editors may say; there is no other way
    #[arg(long, hide = true)]
    stdio: bool,
}

/// The disk, as the server sees it.
#[derive(Default)]
struct Around {
    disk: Disk,
}

impl Loader for Around {
    fn read(&self, path: &Path) -> io::Result<String> {
        self.disk.read(path)
    }

    fn exists(&self, path: &Path) -> bool {
        self.disk.exists(path)
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        self.disk.list(directory)
    }
}

impl World for Around {
    fn levels(&self, directory: &Path) -> std::result::Result<Levels, String> {
        settings::levels(directory, &LevelArgs::default()).map_err(|error| error.to_string())
    }

    fn plans_under(&self, directory: &Path) -> Vec<PathBuf> {
        loader::find_plans(&[directory.to_path_buf()]).unwrap_or_default()
    }
}

/// Carries the command out.
pub fn run(args: Args, _global: &Global) -> Result<Exit> {
    let Args { stdio: _ } = args;
    let (connection, threads) = transport::connect(io::BufReader::new(io::stdin()), io::stdout());
    let is_good = lsp::serve(connection, Arc::new(Around::default()));
    threads.join();
    Ok(if is_good { Exit::Success } else { Exit::PlanErrors })
}
