//! `wavec approve`: answer a question of a run with yes.

use super::project::{self, Replayed};
use super::{Global, output};
use crate::error::{Error, Exit, Result};
use crate::event::Answer;
use crate::event::progress::{ApprovalProgress, Progress};
use crate::journal::{Journal, PersonAnswer};
use crate::report::words;

/// Answer a question of a run with yes
///
/// A run that goes on takes the answer in at once; one that has ended as waiting goes on with it at `wavec resume`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  wavec approve 3 ship.gate
  wavec approve @last --reason \"looked at the canary\"")]
pub struct Args {
    /// What is answered.
    #[command(flatten)]
    what: What,
}

/// A question, and why it is answered so.
#[derive(clap::Args, Debug)]
pub struct What {
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
    answer(args.what, Answer::Approved, global)
}

/// Answers a question: keeps the answer for the run to take in.
pub fn answer(what: What, answer: Answer, global: &Global) -> Result<Exit> {
    let replayed = project::replay(Some(&what.run))?;
    let id = replayed.run.id;
    let approval = question(&replayed, what.gate.as_deref())?;
    let (owner, index) = (approval.owner, approval.index);
    let mut journal = Journal::open(replayed.journal.root())?;
    let is_answered = journal.open_answers(id)?.iter().any(|(_, it)| it.owner == owner && it.index == index);
    let who = words::approval_owner(&replayed.progress, owner);
    if is_answered {
        return Err(Error::new(
            format!("answer `{who}`"),
            "it was answered already; the run has yet to take that in",
        )
        .help(if replayed.is_live { String::new() } else { format!("`wavec resume {id}` goes on with it") })
        .exit(Exit::Usage));
    }
    journal.answer(
        id,
        &PersonAnswer { owner, index, answer, by: project::user(), reason: what.reason, at: project::now() },
    )?;
    if !global.quiet {
        let next = if replayed.is_live {
            "the run takes it in now".to_string()
        } else {
            format!("go on with `wavec resume {id}`")
        };
        let question = words::one_line(&approval.question, 200);
        output::say(&format!("{}: {who}: {question}\n{next}\n", words::answer(answer)))?;
    }
    Ok(Exit::Success)
}

/// The open question that is meant.
fn question<'r>(replayed: &'r Replayed, gate: Option<&str>) -> Result<&'r ApprovalProgress> {
    let progress = &replayed.progress;
    let run = replayed.run.id;
    let open: Vec<&ApprovalProgress> = progress.open_approvals().collect();
    let name = |approval: &ApprovalProgress| words::approval_owner(progress, approval.owner);
    let wrong = |cause: String| Error::new(format!("answer in run {run}"), cause).exit(Exit::Usage);
    let names = || open.iter().map(|approval| name(approval)).collect::<Vec<_>>();
    let Some(gate) = gate else {
        return match open.as_slice() {
            [approval] => Ok(approval),
            [] => Err(nothing_open(replayed, wrong("it asks nothing now".into()))),
            _ => Err(wrong(format!("{} are open", words::count(open.len(), "question")))
                .help(format!("name one: {}", words::list(&names(), 6)))),
        };
    };
    let is_meant = |approval: &&&ApprovalProgress| {
        let name = name(approval);
        // The gate of a wave may be called by the wave.
        project::ends_with(&name, gate) || name.strip_prefix(gate).is_some_and(|rest| rest.starts_with('.'))
    };
    if let Some(approval) = open.iter().find(is_meant) {
        return Ok(approval);
    }
    let known = project::find_item(&progress.plan, gate);
    match (known, open.is_empty()) {
        (Err(error), true) => Err(nothing_open(replayed, error)),
        (Err(error), false) => Err(error.help(format!("open is: {}", words::list(&names(), 6)))),
        (Ok(_), _) => {
            let error = wrong(format!("`{gate}` asks nothing now{}", said(progress, gate)));
            Err(match open.is_empty() {
                true => nothing_open(replayed, error),
                false => error.help(format!("open is: {}", words::list(&names(), 6))),
            })
        }
    }
}

/// What was answered to a question that is not open any more.
fn said(progress: &Progress, gate: &str) -> String {
    let asked = progress.approvals.iter().rev();
    let mut meant = asked.filter(|it| project::ends_with(&words::approval_owner(progress, it.owner), gate));
    match meant.next().and_then(|it| it.answer.as_ref()) {
        Some(said) => format!(": it was {} by {}", words::answer(said.answer), said.by),
        None => String::new(),
    }
}

fn nothing_open(replayed: &Replayed, error: Error) -> Error {
    if !error.help.is_empty() {
        return error;
    }
    let run = replayed.run.id;
    error.help(format!("`wavec show {run}` says where it stands"))
}
