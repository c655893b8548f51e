//! `wavec approve`: answer a gate of a run with yes.

use super::Global;
use crate::error::{Exit, Result};

/// Answer a gate of a run with yes
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  wavec approve 3 ship.gate")]
pub struct Args {}

/// Carries the command out.
pub fn run(_args: Args, _global: &Global) -> Result<Exit> {
    Ok(Exit::Success)
}
