//! `wavec clean`: remove the worktrees, branches and refs of runs that nobody needs any more.

use super::{Global, output, project};
use crate::backend::local::left_running;
use crate::error::{Exit, Result};
use crate::event::RunOutcome;
use crate::event::progress::{Attempt, Progress};
use crate::journal::{Journal, Run};
use crate::report::words;
use crate::workspace::{Held, Options, Workspace};
use std::path::PathBuf;

/// Remove the worktrees and branches of runs whose work is in the checkout
///
/// A worktree goes when all that is in it is merged, and a run's branch when the checkout holds it. What holds work that is nowhere
/// else stays, and is listed with the reason; `--discard RUN` throws a run's unmerged worktrees away all the same.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  wavec clean --dry-run       what would go, what stays, and why
  wavec clean                 all runs of the project
  wavec clean 3 --discard     the worktrees of run 3, unmerged work too")]
pub struct Args {
    /// Only this run: its number, or @last
    #[arg(value_name = "RUN")]
    run: Option<String>,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
    /// Remove worktrees with unmerged work too; what was committed in them stays in git for a while
    #[arg(long, requires = "run")]
    discard: bool,
}

/// Carries the command out.
pub fn run(args: Args, global: &Global) -> Result<Exit> {
    let journal = project::open()?;
    let runs = match &args.run {
        Some(run) => vec![project::find_run(&journal, Some(run))?],
        None => journal.runs(usize::MAX)?,
    };
    let mut lines = Vec::new();
    for run in &runs {
        if journal.holder(run.id).is_some() {
            lines.push(format!("run {}: still running", run.id));
            continue;
        }
        match clean(&journal, run, &args, &mut lines) {
            // One that is in trouble does not keep the others from it.
            Err(error) if args.run.is_none() => lines.push(format!("run {}: left alone: {error}", run.id)),
            result => result?,
        }
    }
    if lines.is_empty() {
        lines.push("nothing to clean".into());
    }
    if !global.quiet {
        output::print(&(lines.join("\n") + "\n"))?;
    }
    Ok(Exit::Success)
}

fn clean(journal: &Journal, run: &Run, args: &Args, lines: &mut Vec<String>) -> Result<()> {
    let trees: PathBuf = journal.run_directory(run.id).join("trees");
    let Ok(replayed) = project::replay(Some(&run.id.to_string())) else {
        if trees.exists() {
            lines.push(format!("run {}: its plan cannot be read any more: its worktrees stay", run.id));
        }
        return Ok(());
    };
    let progress = &replayed.progress;
    let Some(branch) = &progress.branch else { return Ok(()) };
    let trees = std::path::absolute(&trees).unwrap_or(trees);
    let state = journal.root().join(".wavec");
    let copies = progress.plan.has_copies().then_some(state.as_path());
    let workspace = Workspace::open(&run.directory, copies, &trees, run.id, &Options::default())?;
    let repository = workspace.repository();
    if !repository.is_there() {
        return Ok(());
    }
    if progress.run_end().is_none() {
        let state = trees.parent().unwrap_or(&trees);
        let running = left_running(&crate::run::mark_of(state, run.id));
        if let Some(first) = running.first() {
            let more = match running.len() - 1 {
                0 => "still runs".to_owned(),
                more => format!("and {more} more still run"),
            };
            lines.push(format!(
                "run {}: left alone: it was killed, and of what it started {first} {more} (`wavec resume {}` ends that)",
                run.id, run.id
            ));
            return Ok(());
        }
    }
    let verb = if args.dry_run { "would remove" } else { "removed" };
    if !args.dry_run {
        workspace.sweep()?;
    }
    let mut kept = 0;
    for name in workspace.names() {
        let (base, merged) = known(progress, &name);
        let tree = workspace.tree(&name, &base);
        let is_saved = |commit: &String| workspace.is_saved(&tree, commit).unwrap_or(false);
        let saved = merged.iter().find(|commit| is_saved(commit));
        match saved {
            _ if args.discard => {
                if !args.dry_run {
                    workspace.remove(&tree)?;
                    let is_kept = |(of, _): &(String, String)| *of == name;
                    if workspace.kept()?.iter().any(is_kept) {
                        workspace.forget_kept(std::slice::from_ref(&name))?;
                    }
                }
                lines.push(format!("run {}: {verb} the worktree {name}", run.id));
            }
            Some(commit) => {
                if !args.dry_run {
                    workspace.discard(&tree, commit)?;
                }
                let why = if *commit == base { "nothing in it was changed" } else { "all in it is merged" };
                lines.push(format!("run {}: {verb} the worktree {name}: {why}", run.id));
            }
            None => {
                kept += 1;
                let at = super::stage::shown(&tree.root);
                let why = match workspace.is_forked(&tree) {
                    true => "it holds work that is not merged",
                    false => "it is not laid out whole, and may hold work",
                };
                lines.push(format!("run {}: kept {}: {why}", run.id, at.display()));
            }
        }
    }
    if kept > 0 {
        return Ok(());
    }
    let is_merged = |commit: &String| {
        let attempts = progress.tasks.iter().flat_map(|task| &task.attempts).filter(|it| it.is_merged);
        attempts.filter_map(|attempt| attempt.commit.as_ref()).any(|merged| merged.commit == *commit)
    };
    let (gone, nowhere): (Vec<_>, Vec<_>) =
        workspace.kept()?.into_iter().partition(|(_, commit)| args.discard || is_merged(commit));
    for (tree, _) in &nowhere {
        let name = workspace.ref_of(tree);
        lines.push(format!(
            "run {}: kept {name}: its worktree is gone, and what was done in it is not merged (`git show {name}`)",
            run.id
        ));
    }
    let checkout = if repository.is_copied() { "the folder" } else { "the checkout" };
    let held = repository.holds(&branch.tip)?;
    let is_there = workspace.has_branch(&branch.name)?;
    match held {
        Held::Folder => {
            if is_there && (args.dry_run || repository.remove_branch(&branch.name, &branch.tip)?) {
                lines.push(format!("run {}: {verb} the branch {}: {checkout} holds it", run.id, branch.name));
            }
            if !args.dry_run {
                let gone: Vec<String> = gone.into_iter().map(|(tree, _)| tree).collect();
                workspace.forget_kept(&gone)?;
                let is_over = progress.run_end().is_some_and(|(end, _)| end == RunOutcome::Succeeded);
                if is_over && !args.discard && repository.dissolve()? {
                    lines.push(format!("removed what was kept for copies of {}", repository.root.display()));
                }
            }
        }
        Held::Loosely if is_there => lines.push(format!(
            "run {}: kept the branch {}: {checkout} holds it, but stands on no branch (`git switch -c NAME`)",
            run.id, branch.name
        )),
        Held::Nowhere if is_there => {
            let tasks = progress.tasks.iter().filter(|task| !task.merged.is_empty()).count();
            lines.push(format!(
                "run {}: kept the branch {}: the work of {} in it is not in {checkout} (`wavec apply {}`)",
                run.id,
                branch.name,
                words::count(tasks, "task"),
                run.id
            ));
        }
        _ => {}
    }
    Ok(())
}

/// The base of a tree by the journal, and the commits whose content is safe: that, and what was merged from it.
fn known(progress: &Progress, name: &str) -> (String, Vec<String>) {
    for task in &progress.tasks {
        // The newest that worked there: its base is the tree's.
        let has_it = |attempt: &&Attempt| attempt.tree.as_ref().is_some_and(|tree| tree.name == name);
        let Some(attempt) = task.attempts.iter().rev().find(has_it) else { continue };
        let base = attempt.tree.as_ref().map(|tree| tree.base.clone()).unwrap_or_default();
        let mut safe = vec![base.clone()];
        if attempt.is_merged {
            safe.extend(attempt.commit.iter().map(|commit| commit.commit.clone()));
        }
        return (base, safe);
    }
    let tip = progress.branch.as_ref().map(|branch| branch.tip.clone()).unwrap_or_default();
    (tip.clone(), vec![tip])
}
