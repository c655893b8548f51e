//! `wavec explain`: explain a diagnostic code, or list them all.

use super::Global;
use crate::error::{Exit, Result};

/// Explain a diagnostic code, or list them all
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  wavec explain write-conflict")]
pub struct Args {}

/// Carries the command out.
pub fn run(_args: Args, _global: &Global) -> Result<Exit> {
    Ok(Exit::Success)
}
