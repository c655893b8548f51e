//! `wavec reject`: answer a question of a run with no.

use super::Global;
use crate::error::{Exit, Result};
use crate::event::Answer;

/// Answer a question of a run with no
///
/// The reason goes into the record, and with `on no-go retry` to the agents that try again.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  wavec reject 3 ship.gate --reason \"the canary shows errors\"
  wavec reject @last")]
pub struct Args {
    /// The run: its number, or @last
    #[arg(value_name = "RUN")]
    run: String,
    /// The gate or task that asks; needless when only one question is open
    #[arg(value_name = "GATE")]
    gate: Option<String>,
    /// Why
    #[arg(short, long, value_name = "TEXT", default_value = "")]
    reason: String,
}

/// Carries the command out.
pub fn run(args: Args, global: &Global) -> Result<Exit> {
    super::approve::answer(&args.run, args.gate.as_deref(), Answer::Rejected, args.reason, global)
}
