//! `wavec fmt`: lay plans out in the one canonical way.

use super::Global;
use crate::error::{Exit, Result};

/// Lay plans out in the one canonical way
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  wavec fmt release.wave")]
pub struct Args {}

/// Carries the command out.
pub fn run(_args: Args, _global: &Global) -> Result<Exit> {
    Ok(Exit::Success)
}
