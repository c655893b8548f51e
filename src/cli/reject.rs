//! `wavec reject`: answer a gate of a run with no.

use super::Global;
use crate::error::{Exit, Result};

/// Answer a gate of a run with no
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  wavec reject 3 ship.gate --reason \"p95 is up\"")]
pub struct Args {}

/// Carries the command out.
pub fn run(_args: Args, _global: &Global) -> Result<Exit> {
    Ok(Exit::Success)
}
