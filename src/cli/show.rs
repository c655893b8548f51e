//! `wavec show`: show how a run, or one of its tasks, came out.

use super::Global;
use crate::error::{Exit, Result};

/// Show how a run, or one of its tasks, came out
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  wavec show 3 schema")]
pub struct Args {}

/// Carries the command out.
pub fn run(_args: Args, _global: &Global) -> Result<Exit> {
    Ok(Exit::Success)
}
