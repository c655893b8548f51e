//! `wavec run`: carry a plan out.

use super::Global;
use crate::error::{Exit, Result};

/// Carry a plan out
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  wavec run release.wave --set env=prod")]
pub struct Args {}

/// Carries the command out.
pub fn run(_args: Args, _global: &Global) -> Result<Exit> {
    Ok(Exit::Success)
}
