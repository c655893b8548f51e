//! `wavec resume`: go on with a run where it stopped.

use super::session::{self, Options, Session};
use super::stage::{self, Staged};
use super::{Global, output, project};
use crate::error::{Error, Exit, Result};
use crate::event::RunOutcome;
use crate::event::progress::Progress;
use crate::journal::{Changes, Journal, Run, hash_of};
use crate::report::words;

/// Go on with a run where it stopped
///
/// What succeeded or was left out is not repeated; gates that said go stay; all else runs again. If the plan's file has
/// changed since, the run goes on with the new text, unless a finished task is defined otherwise in it.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  wavec resume            the latest run
  wavec resume 3
  wavec resume 3 --recorded")]
pub struct Args {
    /// The run: its number, or @last
    #[arg(value_name = "RUN")]
    run: Option<String>,
    /// Give a param another value from here on
    #[arg(long, value_name = "NAME=VALUE", value_parser = super::loader::assignment)]
    set: Vec<(String, String)>,
    /// Go on with the plan as it was recorded, whatever its file says now
    #[arg(long, conflicts_with = "set")]
    recorded: bool,
    #[command(flatten)]
    options: Options,
}

/// Carries the command out.
pub fn run(args: Args, global: &Global) -> Result<Exit> {
    let root = project::open()?.root().to_path_buf();
    let mut journal = Journal::open(&root)?;
    let run = project::find_run(&journal, args.run.as_deref())?;
    let lock = journal.lock_run(journal.lock_plan(&run.plan_path)?, run.id)?;
    let recorded = match stage::from_journal(journal.sources(run.id)?, &run.params) {
        Some(staged) => {
            let progress = project::progress(&journal, run.id, &staged.plan)?;
            Some((staged, progress))
        }
        None => None,
    };
    if let Some((_, progress)) = &recorded
        && has_succeeded(progress)
    {
        output::say(&format!("run {} has succeeded: there is nothing to go on with\n", run.id))?;
        return Ok(Exit::Success);
    }
    let staged = match changed_text(&journal, &run, &args, global)? {
        Text::Wrong => return Ok(Exit::PlanErrors),
        Text::Same => None,
        Text::Changed(staged) => Some(staged),
    };
    let (staged, mut progress) = match (staged, recorded) {
        (None, Some(recorded)) => recorded,
        (None, None) => {
            return Err(Error::new(
                format!("go on with run {}", run.id),
                format!("its plan does not compile with this wavec (it was run with {})", run.version),
            )
            .help("mend the plan's file and resume again, or use the wavec that it was run with"));
        }
        (Some(staged), recorded) => {
            let changes = match &recorded {
                Some((_, progress)) => journal.changes(run.id, progress, &staged.plan)?,
                None => Changes::default(),
            };
            tell(&run, &changes, global)?;
            journal.revise_run(run.id, &staged.as_new_run())?;
            let progress = project::progress(&journal, run.id, &staged.plan)?;
            (*staged, progress)
        }
    };
    progress.last_seq = journal.last_seq(run.id)?;
    let mut options = args.options;
    // It goes on from where its own branch is.
    options.allows_dirty = true;
    if options.workers.is_none() {
        options.workers = progress.session().and_then(|session| session.workers).filter(|workers| {
            // What the plan itself says needs no repeating, and may have been changed in it.
            staged.plan.workers != Some(*workers)
        });
    }
    session::ready(&staged.plan, &staged, &options)?;
    let foretold = options.search.forecast(&staged.plan, options.limits());
    let progress = Some(progress);
    session::carry_out(Session { journal, run: run.id, lock, staged, foretold, progress, options }, global)
}

/// Whether nothing is left to do.
fn has_succeeded(progress: &Progress) -> bool {
    progress.run_end().is_some_and(|(outcome, _)| outcome == RunOutcome::Succeeded)
}

/// The plan's file, against what the journal holds.
enum Text {
    /// It says the same, or is not asked.
    Same,
    /// It says something else, which compiles.
    Changed(Box<Staged>),
    /// It has errors; they have been told.
    Wrong,
}

fn changed_text(journal: &Journal, run: &Run, args: &Args, global: &Global) -> Result<Text> {
    if args.recorded {
        return Ok(Text::Same);
    }
    if !run.plan_path.exists() {
        if !global.quiet {
            let path = stage::shown(&run.plan_path);
            output::say(&format!(
                "`{}` is gone: going on with the plan as it was recorded\n",
                path.display()
            ))?;
        }
        return Ok(Text::Same);
    }
    let mut params = run.params.clone();
    for (name, value) in &args.set {
        params.retain(|(other, _)| other != name);
        params.push((name.clone(), value.clone()));
    }
    // Quickly: what was read then reads the same now.
    let recorded = journal.sources(run.id)?;
    let is_same =
        recorded.iter().all(|(path, text)| std::fs::read_to_string(path).is_ok_and(|now| now == *text));
    if is_same && params == run.params {
        return Ok(Text::Same);
    }
    let quiet = Global { quiet: true, verbose: false, ..global.clone() };
    Ok(match stage::from_file(&stage::shown(&run.plan_path), &params, &quiet)? {
        None => {
            output::say(&format!(
                "help: mend it, or go on with the plan as it was recorded: `wavec resume {} --recorded`\n",
                run.id
            ))?;
            Text::Wrong
        }
        Some(staged) if hash_of(&staged.sources) == run.hash && staged.params == run.params => Text::Same,
        Some(staged) => Text::Changed(Box::new(staged)),
    })
}

/// Tells what changed; refuses where the run cannot go on with it.
fn tell(run: &Run, changes: &Changes, global: &Global) -> Result<()> {
    if !changes.finished.is_empty() {
        let verb = if changes.finished.len() == 1 { "is" } else { "are" };
        let what = format!(
            "{} {verb} finished, and {verb} defined otherwise in the plan's file now",
            words::list(&changes.finished, 5)
        );
        return Err(Error::new(format!("go on with run {}", run.id), what)
            .help(format!(
                "`wavec resume {} --recorded` goes on with the plan as it was; `wavec run {}` starts anew",
                run.id,
                stage::shown(&run.plan_path).display()
            ))
            .exit(Exit::Usage));
    }
    if global.quiet || changes.is_none() {
        return Ok(());
    }
    let mut text = "the plan has changed since:\n".to_string();
    for (verb, items) in
        [("added", &changes.added), ("removed", &changes.removed), ("changed", &changes.changed)]
    {
        if !items.is_empty() {
            let names: Vec<&str> = items.iter().map(|item| item.name.as_str()).collect();
            text += &format!("  {verb}  {}\n", words::list(&names, 10));
        }
    }
    text += "no finished task is concerned: going on with the new text\n";
    output::say(&text)
}
