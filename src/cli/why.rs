//! `wavec why`: what a task waits for, or why it ended as it did.

use super::{Global, output, project};
use crate::error::{Exit, Result};
use crate::report::why;
use crate::schedule::{Limits, estimate};

/// Say what a task waits for, and what would make it sooner; or why it ended as it did
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  wavec why 3 ship.release
  wavec why @last ship.gate")]
pub struct Args {
    /// The run: its number, or @last
    #[arg(value_name = "RUN")]
    run: String,
    /// A task, gate, wave or block in it
    #[arg(value_name = "TASK")]
    task: String,
}

/// Carries the command out.
pub fn run(args: Args, global: &Global) -> Result<Exit> {
    let replayed = project::replay(Some(&args.run))?;
    let item = project::find_item(&replayed.progress.plan, &args.task)?;
    let place = project::place(
        &replayed.journal,
        replayed.run.id,
        &estimate(&replayed.progress.plan, &Limits::default()),
    );
    let look = project::look(global, &std::io::stdout());
    let lines = why::lines(&replayed.progress, &place, &look, project::now(), replayed.is_live, item);
    output::print(&(lines.join("\n") + "\n"))?;
    Ok(Exit::Success)
}
