//! `wavec why`: say what a task waits for, and what would make it sooner.

use super::Global;
use crate::error::{Exit, Result};

/// Say what a task waits for, and what would make it sooner
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  wavec why 3 release")]
pub struct Args {}

/// Carries the command out.
pub fn run(_args: Args, _global: &Global) -> Result<Exit> {
    Ok(Exit::Success)
}
