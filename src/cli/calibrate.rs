//! `wavec calibrate`: show what earlier runs teach about estimates.

use super::{Global, output, project};
use crate::error::{Exit, Result};
use crate::report::calibration;
use crate::schedule::calibrate::Calibration;
use clap::ValueEnum;
use std::io::IsTerminal;

/// Show what earlier runs teach about estimates, and from what
#[derive(clap::Args, Debug)]
#[command(
    after_help = "`wavec plan` and `wavec simulate` correct their forecasts by it; `--no-history` leaves it out.

Examples:
  wavec calibrate
  wavec calibrate --format json | jq '.agents[] | {agent, factor}'"
)]
pub struct Args {
    /// How to show it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// How to show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table for people
    Text,
    /// One document; its schema is docs/schema/calibration.json
    Json,
}

/// Carries the command out.
pub fn run(args: Args, global: &Global) -> Result<Exit> {
    let calibration = Calibration::learn(&project::open()?.samples()?);
    let stdout = std::io::stdout();
    output::print(&match args.format {
        Format::Text => calibration::render(&calibration, &project::look(global, &stdout)),
        Format::Json => calibration::json(&calibration, stdout.is_terminal()),
    })?;
    Ok(Exit::Success)
}
