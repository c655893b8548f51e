//! `wavec show`: where a run stands, or how one task of it went.

use super::{Global, output, project};
use crate::error::{Error, Exit, Result};
use crate::plan::Item;
use crate::report::show::Sight;
use crate::schedule::{Limits, estimate};
use std::io::{Read, Write};
use std::path::Path;

/// Show where a run stands, or how one task of it went
///
/// A task is shown with its attempts, verdicts and the last lines of its log; a gate with what it saw and who answered.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  wavec show                            the latest run
  wavec show 3 foundations.schema       how a task went
  wavec show @last schema --log         its whole log
  wavec show @last schema --diff        what it changed")]
pub struct Args {
    /// The run: its number, or @last
    #[arg(value_name = "RUN")]
    run: Option<String>,
    /// A task, gate, wave or block in it
    #[arg(value_name = "TASK")]
    task: Option<String>,
    /// The whole log of the task's newest attempt, as it is
    #[arg(short, long, requires = "task", group = "whole")]
    log: bool,
    /// What the task's newest attempt changed in its worktree or copy, line by line
    #[arg(short, long, requires = "task", group = "whole")]
    diff: bool,
    /// The log, or the change, of that attempt
    #[arg(long, value_name = "N", requires = "whole")]
    attempt: Option<u32>,
}

/// Carries the command out.
pub fn run(args: Args, global: &Global) -> Result<Exit> {
    let replayed = project::replay(args.run.as_deref())?;
    let progress = &replayed.progress;
    let place =
        project::place(&replayed.journal, replayed.run.id, &estimate(&progress.plan, &Limits::default()));
    let look = project::look(global, &std::io::stdout());
    let now = project::now();
    let sight = Sight { progress, place: &place, look: &look, now, is_live: replayed.is_live };
    let Some(name) = &args.task else {
        let holder = replayed.is_live.then(|| replayed.journal.holder(replayed.run.id)).flatten();
        let lines = sight.run(holder.map(|holder| holder.pid));
        output::print(&(lines.join("\n") + "\n"))?;
        return Ok(Exit::Success);
    };
    let item = project::find_item(&progress.plan, name)?;
    if !args.log && !args.diff {
        let lines = sight.item(item);
        output::print(&(lines.join("\n") + "\n"))?;
        return Ok(Exit::Success);
    }
    let wish = if args.diff { "show a change" } else { "show a log" };
    let Item::Task(task) = item else {
        return Err(
            Error::new(wish, format!("`{name}` is no task, and only tasks have one")).exit(Exit::Usage)
        );
    };
    let state = &progress.tasks[task.index()];
    let full_name = &progress.plan.task(task).name;
    let number = args.attempt.or(state.last_attempt().map(|attempt| attempt.number));
    let Some(number) = number.filter(|number| state.attempt(*number).is_some()) else {
        return Err(match args.attempt {
            Some(number) => Error::new(
                wish,
                format!("`{full_name}` has no attempt {number}, it has {}", state.attempts.len()),
            ),
            None => Error::new(wish, format!("`{full_name}` was never started")),
        }
        .exit(Exit::Usage));
    };
    if args.diff {
        let commit = state
            .attempt(number)
            .and_then(|attempt| Some((&attempt.tree.as_ref()?.base, attempt.commit.as_ref()?)));
        let Some((base, commit)) = commit else {
            let cause = format!("no commit holds what attempt {number} of `{full_name}` did");
            return Err(Error::new(wish, cause)
                .help("only what is done in a worktree or a copy is committed, once its work has ended")
                .exit(Exit::Usage));
        };
        let repository =
            super::apply::repository(&progress.plan, &replayed.run.directory, replayed.journal.root())?;
        let is_colored = global.has_color(&std::io::stdout());
        output::print_bytes(&repository.difference(base, &commit.commit, is_colored)?)?;
        return Ok(Exit::Success);
    }
    copy(&place.log_of(progress, task, number))?;
    Ok(Exit::Success)
}

/// Writes a file to standard output, however large it is.
fn copy(path: &Path) -> Result<()> {
    let failed = |cause: &std::io::Error| Error::new("read the log", super::loader::told(cause)).at(path);
    let mut file = std::fs::File::open(path).map_err(|cause| failed(&cause))?;
    let mut stdout = std::io::stdout().lock();
    let mut chunk = vec![0; 64 << 10];
    loop {
        let length = file.read(&mut chunk).map_err(|cause| failed(&cause))?;
        if length == 0 {
            break;
        }
        match stdout.write_all(&chunk[..length]) {
            // Whoever read it has read enough.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Ok(()),
            result => {
                result.map_err(|cause| Error::new("write to standard output", super::loader::told(&cause)))?
            }
        }
    }
    stdout.flush().or_else(|error| match error.kind() {
        std::io::ErrorKind::BrokenPipe => Ok(()),
        _ => Err(Error::new("write to standard output", super::loader::told(&error))),
    })
}
