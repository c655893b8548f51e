//! The dispatcher: one state that carries out a plan, one closed message enum, turns that exclude each other.
//!
//! It alone emits events, and acts on nothing before its sink has made the event durable. It knows no terminal and no
//! SQLite: both are behind the sink. Processes are behind the backend, and time is tokio's, so that a whole run can be
//! tested with the clock paused.

mod ahead;
mod attempt;
mod budget;
mod changed;
mod changes;
mod cleanup;
mod context;
mod criteria;
mod desk;
mod dispatch;
mod gates;
mod hands;
mod judging;
mod pace;
mod process;
mod resume;
mod sandbox;
mod tasks;
mod timers;
mod trees;
mod words;

pub use context::{attempt_log, check_log, mark_of};
pub use sandbox::{is_there as can_confine, is_wanted as is_confined};
pub use trees::has_trees;

use crate::backend::Backend;
use crate::error::{Error, Exit, Result};
use crate::event::progress::Progress;
use crate::event::{Answer, ApprovalOwner, Event, RunOutcome, Timestamp};
use crate::plan::{Action, AgentId, Command, Plan, Test};
use crate::schedule::{Limits, Order, brief_order};
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;

/// What a run needs to know beyond its plan.
pub struct Setup {
    /// The run's number in its project.
    pub run: i64,
    /// 1 for the first process of the run, one more with each resume.
    pub session: u32,
    /// The plan's directory, absolute: what its paths and commands are relative to.
    pub directory: PathBuf,
    /// Where the run's logs, prompts and results go, absolute: `.wavec/runs/<id>`.
    pub state: PathBuf,
    /// Where the earlier sessions left the run, for a resume.
    pub progress: Option<Progress>,
    /// At most so many tasks at once, in place of the plan's `workers`.
    pub workers: Option<u32>,
    /// Whether to wait when nothing is left but questions to a person; else the run ends as waiting.
    pub waits_for_people: bool,
    /// The environment that wavec itself was given.
    pub environment: Vec<(OsString, OsString)>,
    /// The time now; from it and from tokio's clock come deadlines.
    pub now: Timestamp,
    /// On how many threads of their own processes are started and followed; with none, on the one that carries the run out.
    pub hands: usize,
    /// Where commands run.
    pub backend: Arc<dyn Backend>,
    /// What is wished of worktrees, where tasks work in such.
    pub trees: crate::workspace::Options,
}

/// Where events go: the journal, then the reporters.
pub trait Sink: Send {
    /// Takes the events in. When it returns they are durable, and what follows from them may happen.
    fn record(&mut self, events: Vec<Event>) -> Result<()>;
    /// What may wait until that which follows has been begun: to show them. Whatever is told of the sink's state is told of it settled.
    fn settle(&mut self) {}
}

/// The sink of a run, as its threads share it. The run has let go of it when it is over.
pub type Ledger = Arc<Mutex<dyn Sink>>;

/// What a person asks of a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Answers a question. One that is not open yet is kept for when it is asked.
    Answer {
        /// Whose question.
        owner: ApprovalOwner,
        /// Its place among the owner's questions.
        index: u32,
        /// What is said.
        answer: Answer,
        /// Who says it.
        by: String,
        /// Why, or empty.
        reason: String,
    },
    /// Ctrl-C. The first stops the starting of tasks, the second cancels what runs, the third kills it.
    Interrupt,
    /// SIGTERM: cancels what runs; the second kills it.
    Terminate,
}

/// Carries the plan out to its end, and says how it ended. Answers that people gave while no wavec ran are to be among the
/// `requests` before this is called. An error is the world's: the run is not at its end then, and
/// `resume` goes on with it.
pub async fn run(
    plan: Arc<Plan>,
    setup: Setup,
    sink: Ledger,
    requests: mpsc::Receiver<Request>,
) -> Result<RunOutcome> {
    let order = brief_order(&plan, Limits { workers: setup.workers });
    run_in_order(plan, setup, order, sink, requests).await
}

/// The same in an order of urgency that is known already, as long as reality keeps to the plan.
pub async fn run_in_order(
    plan: Arc<Plan>,
    setup: Setup,
    order: Arc<Order>,
    sink: Ledger,
    requests: mpsc::Receiver<Request>,
) -> Result<RunOutcome> {
    ready(&plan, &setup)?;
    let desk = desk::Desk::new(requests, Arc::clone(&sink));
    dispatch::Dispatcher::new(plan, setup, order, sink, &desk)?.carry_out(&desk).await
}

/// Whether the run could begin: what it needs of this engine and of the world is there. For the caller to ask before it
/// writes the run down; [`run`] asks too.
pub fn ready(plan: &Plan, setup: &Setup) -> Result<()> {
    programs(plan, setup)?;
    trees::ready(plan, setup)?;
    sandbox::ready(plan, setup)?;
    context::secrets(plan, setup).map(drop)
}

/// Whether every agent that the plan calls can be called here.
fn programs(plan: &Plan, setup: &Setup) -> Result<()> {
    let is_called = |place: usize| {
        let is_it = |agent: &AgentId| agent.index() == place;
        plan.tasks.iter().any(|task| {
            let is_prompt = matches!(task.action, Action::Prompt(_) | Action::PromptFile(_));
            is_prompt && task.left_out.is_none() && task.agent.as_ref().is_some_and(is_it)
        }) || plan
            .criteria()
            .any(|criterion| matches!(&criterion.test, Test::Judged { agent, .. } if is_it(agent)))
    };
    let path = setup.environment.iter().rev().find(|(name, _)| name == "PATH").map(|(_, value)| value);
    for (place, agent) in plan.agents.iter().enumerate() {
        crate::driver::Driver::of(agent)?;
        let Some(program) = called(plan, AgentId(place as u32)).filter(|_| is_called(place)) else {
            continue;
        };
        // Without any PATH only a shell knows where it looks.
        if path.is_none() && matches!(agent.command, Some(Command::Shell(_))) {
            continue;
        }
        // One with a PATH of its own is looked for when it is called.
        let has_own_path = agent.env.iter().any(|(name, _)| name == "PATH");
        if find_program(&program, path.map(OsString::as_os_str)).is_none() && !has_own_path {
            let action = format!("call the agent `{}`", agent.name);
            let help = match crate::driver::Driver::install(&program) {
                Some(install) => format!("install it: `{install}`; `wavec agents` shows what is there"),
                None => "install it, or name another program in the agent's `run`".into(),
            };
            return Err(Error::new(action, format!("the program `{program}` is not installed"))
                .help(help)
                .exit(Exit::Usage));
        }
    }
    Ok(())
}

/// The program that calls an agent of a plan: its driver's, or the one that it names. None where that is told only when it is called.
pub fn called(plan: &Plan, id: AgentId) -> Option<String> {
    let agent = plan.agent(id);
    let driver = crate::driver::Driver::of(agent).ok()?;
    driver.called(agent).or_else(|| {
        let Some(Command::Shell(template)) = &agent.command else { return None };
        let text = template.fill(|_, _| "", str::to_owned);
        let of_tasks = plan.tasks.iter().filter(|task| task.agent == Some(id)).map(|task| &task.shell);
        let is_judge = |test: &Test| matches!(test, Test::Judged { agent, .. } if *agent == id);
        let of_criteria = plan.criteria().filter(|it| is_judge(&it.test)).map(|it| &it.shell);
        let mut shells = of_tasks.chain(of_criteria);
        let first = shells.next()?;
        let program = crate::shell::program(first, &text).filter(|_| shells.all(|shell| shell == first))?;
        // What is given by a path from the task's directory may be made by another.
        (!program.contains('/') || program.starts_with('/')).then(|| program.to_owned())
    })
}

/// Where a program is that can be executed.
pub fn find_program(program: &str, path: Option<&OsStr>) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt;
    let is_program = |file: &PathBuf| {
        file.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
    };
    if program.starts_with('/') {
        return Some(PathBuf::from(program)).filter(is_program);
    }
    std::env::split_paths(path?).map(|directory| directory.join(program)).find(is_program)
}

/// The code to exit with.
pub fn exit(outcome: RunOutcome) -> Exit {
    match outcome {
        RunOutcome::Succeeded => Exit::Success,
        RunOutcome::Failed => Exit::RunFailed,
        RunOutcome::Parked | RunOutcome::Waiting => Exit::Parked,
        RunOutcome::Interrupted => Exit::Interrupted,
    }
}
