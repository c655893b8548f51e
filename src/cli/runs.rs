//! `wavec runs`: list the runs of this project.

use super::Global;
use crate::error::{Exit, Result};

/// List the runs of this project
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  wavec runs")]
pub struct Args {}

/// Carries the command out.
pub fn run(_args: Args, _global: &Global) -> Result<Exit> {
    Ok(Exit::Success)
}
