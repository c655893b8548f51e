//! How each agent is called and its output read.
//!
//! Knows nothing of where a command runs (that is `backend`) and does no I/O: it says which words and variables make the
//! call and which files it needs, and reads what came back.

mod command;

use crate::error::{Error, Exit, Result};
use crate::event::{AttemptEnd, Usage, Verdict};
use crate::plan::Agent;
use std::path::PathBuf;

/// The ways to call an agent that this wavec has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Driver {
    /// Any program.
    Command,
}

/// The files of a call: what the agent is told, and where it may answer.
#[derive(Clone, Debug)]
pub struct Files {
    /// Holds the prompt; written before the call.
    pub prompt: PathBuf,
    /// May hold the answer after it.
    pub result: PathBuf,
    /// The agent's instructions, where it has any.
    pub instructions: Option<PathBuf>,
}

/// How a call came back.
#[derive(Clone, Debug)]
pub struct Answered<'a> {
    /// How the process ended, in the backend's terms: its code, or none when a signal ended it.
    pub code: Option<i32>,
    /// What it printed on standard output.
    pub stdout: &'a str,
    /// What it wrote into its result file; none when it wrote none.
    pub result: Option<&'a str>,
}

/// What an answer means.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// How the attempt ended, by the agent's own word: `Done` is still to be proved.
    pub end: AttemptEnd,
    /// Its final text.
    pub text: String,
    /// What it spent, where it says so.
    pub usage: Usage,
}

impl Driver {
    /// The driver of an agent, or why this wavec has none for it. The checker has refused such a plan before.
    pub fn of(agent: &Agent) -> Result<Driver> {
        let action = || format!("call the agent `{}`", agent.name);
        match agent.driver.as_str() {
            "command" if agent.command.is_some() => Ok(Driver::Command),
            "command" => Err(Error::new(action(), "no program is named")
                .help("write `run \"program\"` in the agent")
                .exit(Exit::PlanErrors)),
            other => Err(Error::new(action(), format!("this wavec has no driver `{other}`"))
                .help("write `driver command` and `run \"program\"` in the agent")
                .exit(Exit::PlanErrors)),
        }
    }

    /// The variables that tell the agent what to do, beside those of its task.
    pub fn variables(self, agent: &Agent, files: &Files) -> Vec<(&'static str, String)> {
        match self {
            Driver::Command => command::variables(agent, files),
        }
    }

    /// What an answer means.
    pub fn read(self, answered: &Answered<'_>) -> Reading {
        match self {
            Driver::Command => command::read(answered),
        }
    }

    /// The prompt that asks for a judgement.
    pub fn judgement(self, question: &str) -> String {
        match self {
            Driver::Command => command::judgement(question),
        }
    }

    /// The judgement in an answer, and its reason; blocked where there is none.
    pub fn verdict(self, answered: &Answered<'_>) -> (Verdict, String) {
        match self {
            Driver::Command => command::verdict(answered),
        }
    }
}
