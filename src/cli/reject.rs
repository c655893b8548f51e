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
    /// What is answered.
    #[command(flatten)]
    what: super::approve::What,
}

/// Carries the command out.
pub fn run(args: Args, global: &Global) -> Result<Exit> {
    super::approve::answer(args.what, Answer::Rejected, global)
}
