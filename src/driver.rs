//! How each agent is called and its output read.
//!
//! Knows nothing of where a command runs (that is `backend`) and does no I/O: it says which words, variables and files make the
//! call, and reads what came back. What an agent says of itself can only make an end worse: whether the work is done is for the
//! diff, the claims and the criteria.

pub mod acp;
mod claude;
mod codex;
mod command;
mod folders;
mod gemini;
mod lines;
mod opencode;
mod qwen;

pub use folders::{COMMON, Folder};

use crate::error::{Error, Exit, Result};
use crate::event::{AttemptEnd, Usage, Verdict};
use crate::plan::{Agent, Command, Part};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The ways to call an agent that this wavec has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Driver {
    /// Any program.
    Command,
    /// `claude`.
    Claude,
    /// `codex`.
    Codex,
    /// `opencode`.
    Opencode,
    /// `gemini`.
    Gemini,
    /// `qwen`.
    Qwen,
    /// Any program that speaks the Agent Client Protocol.
    Acp,
}

/// What a judging agent must answer in.
pub const VERDICT_SCHEMA: &str = r#"{"type":"object","properties":{"verdict":{"type":"string","enum":["pass","fail","blocked"]},"reason":{"type":"string"}},"required":["verdict","reason"],"additionalProperties":false}"#;

/// The longest prompt that stands on a command line; a longer one is named by its file.
const LONGEST_ARGUMENT: usize = 100_000;

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

/// Who the agent is to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// What it is told beside its prompt.
    pub text: String,
    /// What it is for, by its definition; or empty.
    pub description: String,
    /// Whether it comes from a definition file, and is the whole of what the agent is.
    pub is_definition: bool,
}

/// A call to be made.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// Of whom.
    pub agent: &'a Agent,
    /// What it is told.
    pub prompt: &'a str,
    /// Its files.
    pub files: &'a Files,
    /// Where it works.
    pub directory: &'a Path,
    /// Who it is to be.
    pub role: Option<&'a Role>,
    /// The session to go on with.
    pub session: Option<&'a str>,
    /// Whether it is asked for a judgement, and is to change nothing.
    pub is_judge: bool,
    /// The words of the agent's own program, where it names one.
    pub program: Vec<String>,
    /// wavec itself, to speak protocols for it.
    pub wavec: &'a Path,
    /// The environment that the plan gives it.
    pub environment: &'a BTreeMap<OsString, OsString>,
}

/// How a call is made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Invocation {
    /// Program and arguments.
    pub words: Vec<String>,
    /// Variables, beside those of the task.
    pub variables: Vec<(String, String)>,
    /// Files to be written first.
    pub files: Vec<(PathBuf, String)>,
}

/// How a call came back.
#[derive(Clone, Debug)]
pub struct Answered<'a> {
    /// How the process ended, in the backend's terms: its code, or none when a signal ended it.
    pub code: Option<i32>,
    /// What it printed on standard output.
    pub stdout: &'a str,
    /// What it printed at all, the middle of much left out.
    pub log: &'a str,
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
    /// The session, where another call can go on with it.
    pub session: Option<String>,
    /// The tools that it was denied.
    pub denied: Vec<String>,
}

impl Default for Reading {
    fn default() -> Reading {
        Reading {
            end: AttemptEnd::Done,
            text: String::new(),
            usage: Usage::default(),
            session: None,
            denied: Vec::new(),
        }
    }
}

impl Call<'_> {
    /// The prompt as an argument.
    fn argument(&self) -> String {
        argument(self.prompt, self.files)
    }

    /// The prompt as an argument, after who the agent is to be.
    fn argument_with_role(&self) -> String {
        argument(&self.prompt_with_role(), self.files)
    }

    /// The prompt, after who the agent is to be: for programs that cannot be told otherwise.
    pub fn prompt_with_role(&self) -> String {
        match self.role {
            Some(role) => format!("{}\n\n---\n\n{}", role.text.trim_end(), self.prompt),
            None => self.prompt.to_owned(),
        }
    }
}

fn argument(prompt: &str, files: &Files) -> String {
    if prompt.len() > LONGEST_ARGUMENT {
        return format!("Read the file {} and do what it says.", files.prompt.display());
    }
    // What begins with a dash would be taken for an option.
    if prompt.starts_with('-') { format!("\n{prompt}") } else { prompt.to_owned() }
}

/// Why there is no answer, from what there is.
fn without_result(answered: &Answered<'_>, code: i32) -> String {
    let lines = || {
        let lines = answered.log.lines().rev().map(lines::without_escapes);
        lines.map(|line| line.trim().to_owned()).filter(|line| !line.is_empty() && !line.starts_with('{'))
    };
    // What is printed behind the error, as a backtrace, tells less.
    let is_error = |line: &String| line.to_lowercase().starts_with("error");
    match lines().find(is_error).or_else(|| lines().next()) {
        Some(line) => format!("it ended with code {code} and without a result: {line}"),
        None => format!("it ended with code {code} and without a result"),
    }
}

impl Driver {
    /// All of them.
    pub const ALL: [Driver; 7] = [
        Driver::Command,
        Driver::Claude,
        Driver::Codex,
        Driver::Opencode,
        Driver::Gemini,
        Driver::Qwen,
        Driver::Acp,
    ];

    /// Its name in plans.
    pub fn name(self) -> &'static str {
        match self {
            Driver::Command => "command",
            Driver::Claude => "claude",
            Driver::Codex => "codex",
            Driver::Opencode => "opencode",
            Driver::Gemini => "gemini",
            Driver::Qwen => "qwen",
            Driver::Acp => "acp",
        }
    }

    /// Its program and how that is had; none where the agent names its own.
    pub fn program(self) -> Option<(&'static str, &'static str)> {
        match self {
            Driver::Command | Driver::Acp => None,
            Driver::Claude => Some(claude::PROGRAM),
            Driver::Codex => Some(codex::PROGRAM),
            Driver::Opencode => Some(opencode::PROGRAM),
            Driver::Gemini => Some(gemini::PROGRAM),
            Driver::Qwen => Some(qwen::PROGRAM),
        }
    }

    /// The program that calls an agent: the driver's, or the one that the agent names. None where only a shell, or the task's
    /// directory, can tell.
    pub fn called(self, agent: &Agent) -> Option<String> {
        if let Some((program, _)) = self.program() {
            return Some(program.to_owned());
        }
        let Some(Command::Program(words)) = &agent.command else { return None };
        let parts = words.first()?.parts();
        let text = parts.iter().map(|part| match part {
            Part::Literal(text) | Part::Value(text) => Some(text.as_str()),
            Part::Output(..) => None,
        });
        text.collect::<Option<String>>().filter(|program| !program.is_empty() && !program.contains('/'))
    }

    /// The driver of a program that wavec knows, by its name or a path to it.
    pub fn of_program(program: &str) -> Option<Driver> {
        let name = program.rsplit('/').next()?;
        Driver::ALL.into_iter().find(|driver| driver.program().is_some_and(|(it, _)| it == name))
    }

    /// How one of the programs that wavec knows is had.
    pub fn install(program: &str) -> Option<&'static str> {
        let known = Driver::ALL.into_iter().filter_map(Driver::program);
        known.filter(|(name, _)| *name == program).map(|(_, install)| install).next()
    }

    /// The driver of an agent, or why this wavec has none for it: what a program cannot be told is refused, not left out.
    pub fn of(agent: &Agent) -> Result<Driver> {
        let action = || format!("call the agent `{}`", agent.name);
        let refuse =
            |cause: String, help: &str| Err(Error::new(action(), cause).help(help).exit(Exit::PlanErrors));
        let Some(driver) = Driver::ALL.into_iter().find(|driver| driver.name() == agent.driver) else {
            return refuse(
                format!("this wavec has no driver `{}`", agent.driver),
                "write `driver command` and `run \"program\"` in the agent",
            );
        };
        let names_tools = agent.allow.iter().any(|tool| tool != "*") || !agent.deny.is_empty();
        match driver {
            Driver::Command | Driver::Acp if agent.command.is_none() => {
                refuse("no program is named".into(), "write `run \"program\"` in the agent")
            }
            Driver::Qwen if agent.allow.iter().all(|tool| tool == "*") => Ok(driver),
            Driver::Codex | Driver::Gemini | Driver::Qwen if names_tools => refuse(
                match driver {
                    Driver::Qwen => "`qwen` cannot be told which tools alone to allow".into(),
                    _ => {
                        format!("`{}` cannot be told which tools to allow or deny one by one", driver.name())
                    }
                },
                "leave them out, or use a driver that knows them: claude, opencode, acp; qwen knows `deny`",
            ),
            driver => Ok(driver),
        }
    }

    /// How the call is made.
    pub fn invoke(self, call: &Call<'_>) -> Invocation {
        let mut invocation = match self {
            Driver::Command => Invocation { words: call.program.clone(), ..Invocation::default() },
            Driver::Claude => claude::invoke(call),
            Driver::Codex => codex::invoke(call),
            Driver::Opencode => opencode::invoke(call),
            Driver::Gemini => gemini::invoke(call),
            Driver::Qwen => qwen::invoke(call),
            Driver::Acp => acp::invoke(call),
        };
        let shared = command::variables(call.agent, call.files);
        invocation.variables.extend(shared.into_iter().map(|(name, value)| (name.to_owned(), value)));
        invocation
    }

    /// What an answer means.
    pub fn read(self, answered: &Answered<'_>) -> Reading {
        match self {
            Driver::Command | Driver::Acp => command::read(answered),
            Driver::Claude => claude::read(answered),
            Driver::Codex => codex::read(answered),
            Driver::Opencode => opencode::read(answered),
            Driver::Gemini => gemini::read(answered),
            Driver::Qwen => qwen::read(answered),
        }
    }

    /// Whether another call can go on with the session of one before.
    pub fn has_sessions(self) -> bool {
        self != Driver::Command
    }

    /// Whether its program confines what an agent writes by itself, in a way that cannot stand in a confinement of wavec's.
    pub fn confines(self, agent: &Agent) -> bool {
        self == Driver::Codex && !codex::is_free(agent)
    }

    /// Whether a session can be gone on with in another directory than the one it began in.
    pub fn sessions_can_move(self) -> bool {
        matches!(self, Driver::Claude | Driver::Codex | Driver::Acp)
    }

    /// What it tells again of what was spent in a session before, when it goes on with that.
    pub fn told_again(self, spent: &Usage) -> Usage {
        match self {
            Driver::Codex | Driver::Qwen => *spent,
            // The protocol has the cost as the session's.
            Driver::Acp => Usage { money: spent.money, ..Usage::default() },
            _ => Usage::default(),
        }
    }

    /// The name of the session that a line of the output tells of.
    pub fn session(self, line: &str) -> Option<String> {
        let at = match self {
            Driver::Command => return None,
            Driver::Acp => return acp::session(line),
            Driver::Claude | Driver::Gemini | Driver::Qwen => "/session_id",
            Driver::Codex => "/thread_id",
            Driver::Opencode => "/sessionID",
        };
        let line = lines::objects(line).next()?;
        Some(lines::text(&line, at).to_owned()).filter(|session| !session.is_empty())
    }

    /// The prompt that asks for a judgement.
    pub fn judgement(self, question: &str) -> String {
        command::judgement(question, self == Driver::Command)
    }

    /// The judgement in an answer, and its reason; blocked where there is none.
    pub fn verdict(self, answered: &Answered<'_>) -> (Verdict, String) {
        let reading = self.read(answered);
        match &reading.end {
            AttemptEnd::Done => command::verdict(&reading.text),
            AttemptEnd::AgentError { message, .. } => {
                (Verdict::Blocked, format!("the agent judged nothing: {message}"))
            }
            AttemptEnd::Exit { code } => {
                (Verdict::Blocked, format!("the agent ended with {code} and judged nothing"))
            }
            _ => (Verdict::Blocked, "the agent was ended by a signal and judged nothing".into()),
        }
    }
}
