//! `wavec new`: write a commented first plan that runs as it stands.

use super::Global;
use crate::error::{Exit, Result};

/// Write a commented first plan that runs as it stands
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  wavec new release")]
pub struct Args {}

/// Carries the command out.
pub fn run(_args: Args, _global: &Global) -> Result<Exit> {
    Ok(Exit::Success)
}
