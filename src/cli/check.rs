//! `wavec check`: find what is wrong with plans, before anything runs.

use super::Global;
use crate::error::{Exit, Result};

/// Find what is wrong with plans, before anything runs
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  wavec check plans/*.wave")]
pub struct Args {}

/// Carries the command out.
pub fn run(_args: Args, _global: &Global) -> Result<Exit> {
    Ok(Exit::Success)
}
