//! `wavec runs`: list the runs of this project.

use super::{Global, output, project, stage};
use crate::error::{Exit, Result};
use crate::event::{Event, Outcome, RunOutcome};
use crate::journal::{Journal, Run};
use crate::report::{Look, Tone, words};
use std::collections::HashMap;

/// List the runs of this project
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  wavec runs
  wavec runs --all")]
pub struct Args {
    /// All of them, not only the latest twenty
    #[arg(short, long)]
    all: bool,
}

/// Carries the command out.
pub fn run(args: Args, global: &Global) -> Result<Exit> {
    let journal = project::open()?;
    let runs = journal.runs(if args.all { usize::MAX } else { 21 })?;
    let look = project::look(global, &std::io::stdout());
    let shown = if args.all { &runs[..] } else { &runs[..runs.len().min(20)] };
    if shown.is_empty() {
        output::say("no plan was run here yet\n")?;
        return Ok(Exit::Success);
    }
    let mut rows = Vec::new();
    let mut troubles = Vec::new();
    for run in shown {
        let row = row(&journal, run, &look).unwrap_or_else(|error| {
            // The others are not concerned.
            troubles.push(error);
            unreadable(run, &look)
        });
        rows.push(row);
    }
    let width = |column: fn(&Row) -> &str| {
        use unicode_width::UnicodeWidthStr;
        rows.iter().map(|row| column(row).width()).max().unwrap_or(0)
    };
    let (ids, plans, states) = (width(|row| &row.id), width(|row| &row.plan), width(|row| &row.state));
    let mut text = String::new();
    for row in &rows {
        let state = words::pad(&row.state, states);
        let state = row.tone.map_or(state.clone(), |tone| look.paint(tone, &state));
        text += &format!(
            "{:>ids$}  {}  {state}  {}  {}\n",
            row.id,
            words::pad(&row.plan, plans),
            look.paint(Tone::Dim, &row.when),
            row.tasks
        );
    }
    if runs.len() > shown.len() {
        text += &look.paint(Tone::Dim, "older ones: wavec runs --all\n");
    }
    output::print(&text)?;
    for error in &troubles {
        super::report(error, global);
    }
    Ok(if troubles.is_empty() { Exit::Success } else { Exit::World })
}

struct Row {
    id: String,
    plan: String,
    state: String,
    tone: Option<Tone>,
    when: String,
    tasks: String,
}

/// A run of which only what it is of can be read.
fn unreadable(run: &Run, look: &Look) -> Row {
    Row {
        id: run.id.to_string(),
        plan: plan(run),
        state: "unreadable".into(),
        tone: Some(Tone::Bad),
        when: words::date(run.created, &look.zone),
        tasks: String::new(),
    }
}

/// The plan's file and its params, on one line.
fn plan(run: &Run) -> String {
    let mut plan = stage::shown(&run.plan_path).display().to_string();
    for (name, value) in &run.params {
        plan += &format!(" {name}={value}");
    }
    words::one_line(&plan, 60)
}

fn row(journal: &Journal, run: &Run, look: &Look) -> Result<Row> {
    let holder = journal.holder(run.id);
    let last = journal.last_entry(run.id)?;
    let end = last.as_ref().and_then(|entry| match &entry.event {
        Event::RunEnded { outcome, .. } => Some(*outcome),
        _ => None,
    });
    let (state, tone) = match (&holder, end) {
        (Some(_), _) => ("running".to_string(), Some(Tone::Strong)),
        (None, Some(outcome)) => {
            let tone = match outcome {
                RunOutcome::Succeeded => Tone::Good,
                RunOutcome::Failed => Tone::Bad,
                _ => Tone::Attention,
            };
            (words::run_outcome(outcome).to_string(), Some(tone))
        }
        (None, None) => ("broken off".to_string(), Some(Tone::Attention)),
    };
    let took = match (journal.first_at(run.id)?, last) {
        (Some(first), Some(last)) => {
            words::duration(u64::try_from(last.at.saturating_sub(first)).unwrap_or(0))
        }
        _ => String::new(),
    };
    Ok(Row {
        id: run.id.to_string(),
        plan: plan(run),
        state,
        tone,
        when: format!("{}  {took:>7}", words::date(run.created, &look.zone)),
        tasks: tasks(journal, run)?,
    })
}

/// How many tasks ended how: the last word on each counts. No plan is compiled for it.
fn tasks(journal: &Journal, run: &Run) -> Result<String> {
    let mut ends: HashMap<u32, Outcome> = HashMap::new();
    journal.each_end(run.id, |entry| match entry.event {
        Event::TaskEnded { task, outcome, .. } => drop(ends.insert(task.0, outcome)),
        Event::AttemptStarting { task, .. } => drop(ends.remove(&task.0)),
        _ => {}
    })?;
    Ok(words::tally(|outcome| ends.values().filter(|end| **end == outcome).count()))
}
