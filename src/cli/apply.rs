//! `wavec apply`: bring what a run merged into the checkout.

use super::{Global, output, project};
use crate::error::{Error, Exit, Result};
use crate::event::RunOutcome;
use crate::event::progress::{Branch, Progress};
use crate::journal::RunId;
use crate::plan::Plan;
use crate::workspace::apply::{Applied, apply};
use crate::workspace::{Repository, short};
use std::path::Path;

/// Bring what a run merged into the checkout
///
/// The tasks of a run with `isolation worktree` merge their work into a branch of wavec's own and leave the checkout alone. This
/// brings that branch into the checkout's branch: forward where it can, by a merge where both went on. Refused, and nothing
/// touched, while the checkout has changes that are not committed or both changed the same lines. With `isolation copy` it brings
/// what was merged into the folder, together with what changed there since.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  wavec apply             the latest run
  wavec apply 3
  wavec apply 3 --partial what there is of a run that did not succeed")]
pub struct Args {
    /// The run: its number, or @last
    #[arg(value_name = "RUN")]
    run: Option<String>,
    /// Also the part that is there of a run that did not succeed
    #[arg(long)]
    partial: bool,
}

/// Carries the command out.
pub fn run(args: Args, global: &Global) -> Result<Exit> {
    let replayed = project::replay(args.run.as_deref())?;
    let run = replayed.run.id;
    let refuse = |cause: String| Error::new(format!("apply run {run}"), cause).exit(Exit::Usage);
    if replayed.is_live {
        return Err(refuse("it is still running".into()).help("wait for its end"));
    }
    let Some(branch) = &replayed.progress.branch else {
        return Err(refuse(
            "none of its tasks worked in a worktree: what they did is in place already".into(),
        ));
    };
    let has_succeeded = replayed.progress.run_end().is_some_and(|(end, _)| end == RunOutcome::Succeeded);
    if !has_succeeded && !args.partial {
        let merged = replayed.progress.tasks.iter().filter(|task| !task.merged.is_empty()).count();
        let cause = format!("it did not succeed; the work of {merged} of its tasks is merged");
        return Err(refuse(cause).help(format!(
            "`wavec resume {run}` goes on with it, `wavec apply {run} --partial` takes what is there"
        )));
    }
    let repository = repository(&replayed.progress.plan, &replayed.run.directory, replayed.journal.root())?;
    let text = bring(&repository, run, branch)?;
    if !global.quiet {
        output::print(&text)?;
    }
    Ok(Exit::Success)
}

/// The repository that a plan's tasks were merged in.
pub fn repository(plan: &Plan, directory: &Path, root: &Path) -> Result<Repository> {
    match plan.has_copies() {
        true => Repository::of_copies(directory, &root.join(".wavec")),
        false => Ok(Repository::around(directory)?.0),
    }
}

/// Brings a run's branch into the checkout, and says in a line what that did.
fn bring(repository: &Repository, run: RunId, branch: &Branch) -> Result<String> {
    if !repository.is_there() {
        let cause = "what it merged was removed by `wavec clean`, after it was applied".to_owned();
        return Err(Error::new(format!("apply run {run}"), cause).exit(Exit::Usage));
    }
    let is_copied = repository.is_copied();
    // Named where it is not at hand.
    let place = std::env::current_dir().ok().filter(|here| !here.starts_with(&repository.root));
    let place = place.map_or(String::new(), |_| format!(" {}", repository.root.display()));
    let checkout = format!("{}{place}", if is_copied { "the folder" } else { "the checkout" });
    let of = if place.is_empty() { String::new() } else { format!(" of{place}") };
    let onto = |onto: &str| if onto.is_empty() { checkout.clone() } else { format!("`{onto}`{of}") };
    Ok(match apply(repository, &branch.tip, &format!("wavec run {run}"))? {
        Applied::Nothing => format!("{checkout} holds all of run {run} already\n"),
        Applied::Forwarded { .. } if is_copied => {
            format!("applied run {run}: {checkout} has what it did\n")
        }
        Applied::Merged { .. } if is_copied => {
            format!("applied run {run}: merged with what changed in {checkout} since\n")
        }
        Applied::Forwarded { onto: name, commit } => {
            format!("applied run {run}: {} went forward to {}\n", onto(&name), short(&commit))
        }
        Applied::Merged { onto: name, commit } => {
            format!("applied run {run}: merged into {} as {}\n", onto(&name), short(&commit))
        }
    })
}

/// What the checkout of a plan whose tasks have worktrees stands on; empty on no branch.
pub fn standing(plan: &Plan, directory: &Path, root: &Path) -> Result<String> {
    repository(plan, directory, root)?.branch()
}

/// As `--apply` wishes it, at the end of a run that succeeded. `before` is what the checkout stood on at its beginning.
pub fn after(
    directory: &Path,
    root: &Path,
    run: RunId,
    progress: &Progress,
    before: &str,
    global: &Global,
) -> Result<()> {
    let Some(branch) = &progress.branch else { return Ok(()) };
    let repository = repository(&progress.plan, directory, root)?;
    let now = repository.branch()?;
    if now != before {
        let named = |branch: &str| if branch.is_empty() { "no branch".into() } else { format!("`{branch}`") };
        let cause = format!(
            "the checkout stands on {} now, and stood on {} when the run began",
            named(&now),
            named(before)
        );
        return Err(Error::new(format!("apply run {run}"), cause)
            .help(format!("`wavec apply {run}` applies it to what is checked out then; nothing was touched"))
            .exit(Exit::Usage));
    }
    let text = bring(&repository, run, branch)?;
    if global.quiet { Ok(()) } else { output::say(&text) }
}
