//! `wavec completions`: print the completions for a shell.

use super::Global;
use crate::error::{Exit, Result};

/// Print the completions for a shell
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  wavec completions bash")]
pub struct Args {}

/// Carries the command out.
pub fn run(_args: Args, _global: &Global) -> Result<Exit> {
    Ok(Exit::Success)
}
