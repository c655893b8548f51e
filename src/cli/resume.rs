//! `wavec resume`: go on with a run that ended early, repeating nothing that is done.

use super::Global;
use crate::error::{Exit, Result};

/// Go on with a run that ended early, repeating nothing that is done
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  wavec resume")]
pub struct Args {}

/// Carries the command out.
pub fn run(_args: Args, _global: &Global) -> Result<Exit> {
    Ok(Exit::Success)
}
