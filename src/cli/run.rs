//! `wavec run`: carry a plan out.

use super::session::{self, Options, Session};
use super::{Global, loader, output, project, stage};
use crate::error::{Exit, Result};
use crate::journal::{Journal, root_of};
use crate::plan::{Action, Plan, StepKind, Template};
use crate::report::{Tone, words};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Carry a plan out
///
/// Starts every task as soon as what it needs is done, tests the criteria itself, asks at gates, and records each step
/// in `.wavec/` at the project's root, so that `wavec resume` goes on after any interruption. Ctrl-C once starts
/// nothing new, twice ends what runs, three times kills it.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  wavec run release.wave --set env=prod
  wavec run release.wave --workers 8 --format lines
  wavec run release.wave --dry-run

Exit codes: 0 success, 1 the plan has errors, 3 a task, criterion or gate failed, 4 parked or
waiting for a person, 5 the disk or the journal failed, 130 or 143 interrupted.

A plan whose first line is `#!/usr/bin/env -S wavec run` runs by its own name.")]
pub struct Args {
    /// The plan
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Give a param its value
    #[arg(long, value_name = "NAME=VALUE", value_parser = loader::assignment)]
    set: Vec<(String, String)>,
    #[command(flatten)]
    options: Options,
    /// Let worktrees start from the last commit though the checkout has changes that it does not hold
    #[arg(long)]
    allow_dirty: bool,
    /// Show what would start, in order, and run nothing
    #[arg(long)]
    dry_run: bool,
}

/// Carries the command out.
pub fn run(mut args: Args, global: &Global) -> Result<Exit> {
    args.options.allows_dirty = args.allow_dirty || args.dry_run;
    let Some(staged) = stage::from_file(&args.file, &args.set, global)? else { return Ok(Exit::PlanErrors) };
    session::ready(&staged.plan, &staged, &args.options)?;
    if args.dry_run {
        return dry_run(&staged.plan, &args, global);
    }
    let begin = || {
        let mut journal = Journal::open(&root_of(&staged.directory))?;
        let plan_lock = journal.lock_plan(&staged.path)?;
        let run = journal.start_run(&staged.as_new_run())?;
        let lock = journal.lock_run(plan_lock, run)?;
        Ok((journal, run, lock))
    };
    let options = args.options;
    let (foretold, begun) = options.search.forecast_beside(&staged.plan, options.limits(), begin);
    let (journal, run, lock) = begun?;
    session::carry_out(Session { journal, run, lock, staged, foretold, progress: None, options }, global)
}

/// What would start when, if every task took as long as its estimate says and every gate said go.
fn dry_run(plan: &Arc<Plan>, args: &Args, global: &Global) -> Result<Exit> {
    let look = project::look(global, &std::io::stdout());
    let (forecast, _) = args.options.search.forecast(plan, args.options.limits());
    let mut steps: Vec<_> = plan
        .step_ids()
        .filter(|step| matches!(plan.step(*step).kind, StepKind::Task(_) | StepKind::Gate(_)))
        .collect();
    steps.sort_by_key(|step| (forecast.step(*step).start, *step));
    let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let names = plan
        .tasks
        .iter()
        .map(|task| task.name.chars().count())
        .filter(|width| *width <= 40)
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for step in steps {
        let slot = forecast.step(step);
        let at =
            format!("{:>8}", format!("+{}", words::about(milliseconds(slot.start)).replace("+1 s", "0 s")));
        let at = if slot.start.is_zero() { format!("{:>8}", "+0 s") } else { at };
        let (name, what) = match plan.step(step).kind {
            StepKind::Task(task) => {
                let task = plan.task(task);
                let what = match &task.left_out {
                    Some(when) => format!("left out: {when}"),
                    None => {
                        let long = if task.estimate.is_some() || matches!(task.action, Action::Wait(_)) {
                            format!("{}  ", words::about(milliseconds(slot.duration())))
                        } else {
                            "no estimate  ".to_string()
                        };
                        let who =
                            task.agent.map_or(String::new(), |agent| format!("{}: ", plan.agent(agent).name));
                        format!("{long}{who}{}", words::one_line(&action(&task.action), 60))
                    }
                };
                (task.name.as_str(), what)
            }
            StepKind::Gate(gate) => (plan.gate(gate).name.as_str(), "gate, taken as go".to_string()),
            StepKind::Enter(_) | StepKind::Leave(_) | StepKind::Success(_) => continue,
        };
        text += &format!("{}  {}  {}\n", look.paint(Tone::Dim, &at), words::pad(name, names), what);
    }
    let missing = match forecast.missing.len() {
        0 => String::new(),
        number => format!(", with {} of unknown length", words::count(number, "task")),
    };
    text += &format!(
        "\nnothing was run; forecast: {}{missing}, at most {} at once\n",
        words::about(milliseconds(forecast.makespan)),
        words::count(forecast.width as usize, "task"),
    );
    output::print(&text)?;
    Ok(Exit::Success)
}

/// What a task does, as its author wrote it.
pub fn action(action: &Action) -> String {
    let text = |template: &Template| {
        use crate::plan::Part;
        let parts = template.parts().iter().map(|part| match part {
            Part::Literal(text) | Part::Value(text) => text.as_str(),
            Part::Output(..) => "{{…}}",
        });
        parts.collect::<String>()
    };
    match action {
        Action::Shell(command) => text(command),
        Action::Program(words) => words.iter().map(text).collect::<Vec<_>>().join(" "),
        Action::Prompt(prompt) => text(prompt),
        Action::PromptFile(file) => format!("prompt from {}", text(file)),
        Action::Wait(time) => {
            format!("wait {}", words::about(u64::try_from(time.as_millis()).unwrap_or(u64::MAX)))
        }
        Action::Approve(approval) => format!("approve: {}", text(&approval.question)),
    }
}
