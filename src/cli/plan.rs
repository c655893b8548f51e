//! `wavec plan`: show who does what, after what, and when it ends.

use super::Global;
use crate::error::{Exit, Result};

/// Show who does what, after what, and when it ends
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  wavec plan release.wave")]
pub struct Args {}

/// Carries the command out.
pub fn run(_args: Args, _global: &Global) -> Result<Exit> {
    Ok(Exit::Success)
}
