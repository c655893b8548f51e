//! The tests of criteria: carried out by wavec itself, in the plan's directory, after the work.
//!
//! Each gives a verdict and its evidence: a few lines that a person can act on. A test that could not be made is *blocked*,
//! never passed or failed. Criteria that a person decides are the dispatcher's; this knows nothing of them.

pub mod files;
mod number;

use super::context::{Context, Outputs};
use super::process::attend;
use super::words::{attempt_end, duration, last_lines, lines_at_end, short, signal_name, some_of};
use crate::backend::environment::Environment;
use crate::backend::{JobStatus, Urgency};
use crate::driver::{Answered, Driver, Files, Reading};
use crate::event::{AttemptEnd, CheckOwner, ErrorClass, Usage, Verdict};
use crate::plan::{AgentId, Command, Comparison, Criterion, Template, Test};
use crate::workspace::Tree;
use regex::bytes::{Regex, RegexBuilder};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How many matching lines or paths are shown.
const SHOWN: usize = 3;

/// How many lines of an output, or of a judge's reason, whoever has to mend it is told.
const TOLD: usize = 40;

/// How a test came out.
#[derive(Clone, Debug, PartialEq)]
pub struct Tested {
    pub verdict: Verdict,
    pub evidence: String,
    /// More of what was said or printed, for whoever has to mend it; the journal does without.
    pub output: String,
    /// The driver of a judge whose quota is spent, which is why nothing was judged.
    pub spent: Option<String>,
    /// What a judge spent on it, where known.
    pub usage: Usage,
}

impl Tested {
    /// One that says nothing beyond its evidence.
    pub fn new(verdict: Verdict, evidence: impl Into<String>) -> Tested {
        Tested {
            verdict,
            evidence: evidence.into(),
            output: String::new(),
            spent: None,
            usage: Usage::default(),
        }
    }

    fn with(self, output: String) -> Tested {
        Tested { output, ..self }
    }
}

/// Whose criteria are tested, and what their commands are given.
#[derive(Clone)]
pub struct Subject {
    pub context: Arc<Context>,
    pub owner: CheckOwner,
    pub outputs: Arc<Outputs>,
    /// Or why it cannot be made.
    pub environment: Result<Environment, String>,
    pub cancel: watch::Receiver<Urgency>,
    /// Where the plan's directory is for them.
    pub directory: PathBuf,
    /// The worktree that has to be made first, and where they are tested then.
    pub tree: Option<Tree>,
    /// Why nothing can be tested.
    pub trouble: Option<String>,
}

impl Subject {
    /// Makes the worktree that they are tested in, with what it is to hold.
    pub async fn prepare(&mut self) {
        let (Some(tree), Some(workspace)) = (self.tree.take(), &self.context.workspace) else { return };
        self.directory.clone_from(&tree.directory);
        let made = if workspace.is_forked(&tree) {
            super::trees::aside(workspace, move |workspace| workspace.refresh(&tree)).await
        } else {
            super::ahead::fork(workspace, &self.context.forks, tree).await
        };
        self.trouble = made.err().map(|error| error.to_string());
    }
}

fn pass(evidence: impl Into<String>) -> Tested {
    Tested::new(Verdict::Pass, evidence)
}

fn fail(evidence: impl Into<String>) -> Tested {
    Tested::new(Verdict::Fail, evidence)
}

fn blocked(evidence: impl Into<String>) -> Tested {
    Tested::new(Verdict::Blocked, evidence)
}

/// Tests one criterion; `index` is its place among the owner's.
pub async fn test(subject: &Subject, index: u32, criterion: &Criterion) -> Tested {
    let mut tested = match carry_out(subject, index, criterion).await {
        Ok(tested) => tested,
        Err(reason) => blocked(reason),
    };
    if *subject.cancel.borrow() != Urgency::None {
        let usage = tested.usage;
        tested = Tested { usage, ..Tested::new(Verdict::NotRun, "the run was cancelled meanwhile") };
    }
    tested.evidence = subject.context.mask(&tested.evidence);
    tested.output = subject.context.mask(&tested.output);
    tested
}

/// An `Err` is a reason why the test could not be made.
async fn carry_out(subject: &Subject, index: u32, criterion: &Criterion) -> Result<Tested, String> {
    if let Some(trouble) = &subject.trouble {
        return Err(trouble.clone());
    }
    match &criterion.test {
        Test::Runs { command, exits, prints, within } => {
            runs(subject, index, criterion, command, *exits, prints.as_deref(), *within).await
        }
        Test::ValueOf { command, comparison, number } => {
            value_of(subject, index, criterion, command, *comparison, *number).await
        }
        Test::Judged { agent, question } => judged(subject, index, criterion, *agent, question).await,
        Test::Exists(glob) => {
            let found = find(subject, glob).await?;
            Ok(match found.paths.first() {
                Some(path) => pass(format!("`{path}` is there")),
                None => fail(format!("nothing matches `{}`", found.pattern)),
            })
        }
        Test::Missing(glob) => {
            let found = find(subject, glob).await?;
            if found.paths.is_empty() {
                return Ok(pass(format!("nothing matches `{}`", found.pattern)));
            }
            let shown: Vec<String> = found.paths.iter().take(SHOWN).map(|path| format!("`{path}`")).collect();
            let verb = if found.paths.len() == 1 { "is" } else { "are" };
            Ok(fail(format!("{} {verb} there", some_of(&shown, found.paths.len()))))
        }
        Test::Contains { pattern, glob } => {
            let found = search(subject, pattern, glob).await?;
            Ok(match found.lines.first() {
                Some(line) => pass(line),
                None => fail(found.nothing(pattern)),
            })
        }
        Test::Lacks { pattern, glob } => {
            let found = search(subject, pattern, glob).await?;
            if found.total == 0 {
                return Ok(pass(found.nothing(pattern)));
            }
            let mut evidence = found.lines;
            if found.total > evidence.len() {
                evidence.push(format!("and {} more", count(found.total - evidence.len(), "line")));
            }
            Ok(fail(evidence.join("\n")))
        }
        Test::ValueAt { file, pointer, comparison, number } => {
            let file = subject.context.fill(file, &subject.outputs)?;
            let value = number::in_file(&subject.directory, &file, pointer)?;
            Ok(compare(&format!("`{pointer}` of `{file}`"), &value, *comparison, *number))
        }
        Test::Manual => Err("a person decides it".into()),
    }
}

fn count(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn compare(what: &str, value: &number::Number, comparison: Comparison, wanted: f64) -> Tested {
    let symbol = comparison.symbol();
    if comparison.holds(value.value, wanted) {
        return pass(format!("{what} is {}: {symbol} {wanted} holds", value.text));
    }
    fail(format!("{what} is {}, and should be {symbol} {wanted}", value.text))
}

/// How a command of a criterion ended.
struct Ran {
    status: JobStatus,
    is_timed_out: bool,
    stdout: String,
    /// All that it printed, in the order in which it did.
    output: Vec<u8>,
}

impl Ran {
    fn last_lines(&self) -> String {
        let lines = last_lines(&String::from_utf8_lossy(&self.output));
        if lines.is_empty() { lines } else { format!("\n{lines}") }
    }

    /// As much of it as an agent is told.
    fn told(&self) -> String {
        lines_at_end(&String::from_utf8_lossy(&self.output), TOLD)
    }
}

/// Runs a command of a criterion.
async fn command(
    subject: &Subject,
    index: u32,
    words: Vec<String>,
    environment: Environment,
    within: Option<Duration>,
) -> Ran {
    let context = &subject.context;
    let log = super::check_log(&context.state, &context.plan, subject.owner, index);
    let mut name = context.owner_name(subject.owner);
    if let CheckOwner::Task(_, attempt) = subject.owner {
        name.push_str(&format!("/{attempt}"));
    }
    let mut job = context.job(format!("{name}/check-{}", index + 1), log.clone(), words, environment);
    job.captures_stdout = true;
    job.directory.clone_from(&subject.directory);
    let attended = attend(context.backend.start(job), subject.cancel.clone(), within, |_| ()).await;
    // Read aside when it is long.
    const SHORT: u64 = 1 << 20;
    let is_short = std::fs::metadata(&log).map_or(true, |data| data.len() <= SHORT);
    let output = match is_short {
        true => Ok(std::fs::read(log)),
        false => tokio::task::spawn_blocking(move || std::fs::read(log)).await,
    };
    Ran {
        status: attended.end.status,
        is_timed_out: attended.is_timed_out,
        stdout: String::from_utf8_lossy(&attended.end.stdout).into_owned(),
        output: output.ok().and_then(Result::ok).unwrap_or_default(),
    }
}

async fn runs(
    subject: &Subject,
    index: u32,
    criterion: &Criterion,
    what: &Command,
    exits: i32,
    prints: Option<&str>,
    within: Option<Duration>,
) -> Result<Tested, String> {
    let words = subject.context.words(what, &criterion.shell, &subject.outputs)?;
    let prints = prints.map(|pattern| expression(pattern, true)).transpose()?;
    let ran = command(subject, index, words, subject.environment.clone()?, within).await;
    let lines = ran.last_lines();
    if ran.is_timed_out {
        let within = within.map(duration).unwrap_or_default();
        return Ok(fail(format!("did not end within {within}{lines}")).with(ran.told()));
    }
    match &ran.status {
        JobStatus::CouldNotStart(reason) => return Err(reason.clone()),
        JobStatus::Signal(signal) => {
            let told = format!("was ended by {}{lines}", signal_name(*signal));
            return Ok(fail(told).with(ran.told()));
        }
        JobStatus::Exit(code) if *code == exits => {}
        // What a shell says of a command that is not there.
        JobStatus::Exit(code @ (126 | 127)) => {
            return Err(format!("the command could not be run: it exited with {code}{lines}"));
        }
        JobStatus::Exit(code) => {
            return Ok(fail(format!("exited with {code}, not {exits}{lines}")).with(ran.told()));
        }
    }
    let Some(prints) = prints else { return Ok(pass(format!("exited with {exits}"))) };
    Ok(match prints.find(&ran.output) {
        Some(found) => {
            let begin =
                ran.output[..found.start()].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            let line = ran.output[begin..].split(|byte| *byte == b'\n').next().unwrap_or_default();
            pass(format!("exited with {exits} and printed: {}", short(&String::from_utf8_lossy(line))))
        }
        None => fail(format!("exited with {exits}, and no line of its output matches `{prints}`{lines}"))
            .with(ran.told()),
    })
}

async fn value_of(
    subject: &Subject,
    index: u32,
    criterion: &Criterion,
    what: &Command,
    comparison: Comparison,
    wanted: f64,
) -> Result<Tested, String> {
    let words = subject.context.words(what, &criterion.shell, &subject.outputs)?;
    let ran = command(subject, index, words, subject.environment.clone()?, None).await;
    match &ran.status {
        JobStatus::Exit(0) => {}
        JobStatus::Exit(code) => return Err(format!("the command exited with {code}{}", ran.last_lines())),
        JobStatus::Signal(signal) => {
            return Err(format!("the command was ended by {}", signal_name(*signal)));
        }
        JobStatus::CouldNotStart(reason) => return Err(reason.clone()),
    }
    let value = number::printed(&ran.stdout)?;
    Ok(compare("the number that it prints", &value, comparison, wanted))
}

/// Asks an agent.
async fn judged(
    subject: &Subject,
    index: u32,
    criterion: &Criterion,
    agent: AgentId,
    question: &Template,
) -> Result<Tested, String> {
    let context = &subject.context;
    let agent = context.plan.agent(agent);
    let driver = Driver::of(agent).map_err(|error| error.to_string())?;
    // Nothing more is asked of it.
    if let Some(reason) = context.quotas.of(&agent.driver) {
        return Ok(Tested { spent: Some(agent.driver.clone()), ..blocked(reason) });
    }
    let question = context.fill(question, &subject.outputs)?;
    let place = super::check_log(&context.state, &context.plan, subject.owner, index);
    let files = Files {
        prompt: place.with_extension("prompt.md"),
        result: place.with_extension("result"),
        instructions: Some(&agent.instructions)
            .filter(|path| !path.is_empty())
            .map(|path| context.directory.join(path)),
    };
    let task = match subject.owner {
        CheckOwner::Task(task, attempt) => Some((task, attempt)),
        _ => None,
    };
    let mut environment = context.agent_environment(&agent.env, task, &subject.outputs)?;
    let asked = super::attempt::Asked {
        agent,
        prompt: &driver.judgement(&question),
        files: &files,
        directory: &subject.directory,
        session: None,
        is_judge: true,
    };
    let words = asked.words(context, &criterion.shell, &subject.outputs, &mut environment)?;
    let ran = command(subject, index, words, environment, agent.timeout).await;
    if ran.is_timed_out {
        return Err(format!(
            "`{}` did not answer within {}",
            agent.name,
            duration(agent.timeout.unwrap_or_default())
        ));
    }
    let code = match ran.status {
        JobStatus::Exit(code) => Some(code),
        JobStatus::Signal(_) => None,
        JobStatus::CouldNotStart(reason) => return Err(reason),
    };
    context.mask_file(&files.result);
    let result = std::fs::read(&files.result).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let log = super::attempt::both_ends(&place);
    let answered = Answered { code, stdout: &ran.stdout, log: &log, result: result.as_deref() };
    let Reading { end, usage, .. } = driver.read(&answered);
    if matches!(end, AttemptEnd::AgentError { class: ErrorClass::Quota, .. }) {
        let reason = context.mask(&format!("`{}`: {}", agent.name, attempt_end(&end)));
        context.quotas.spent(&agent.driver, &reason);
        return Ok(Tested { spent: Some(agent.driver.clone()), usage, ..blocked(reason) });
    }
    let (verdict, reason) = driver.verdict(&answered);
    let told = reason.lines().skip(1).take(TOLD).map(short).collect::<Vec<_>>().join("\n");
    let reason = reason.lines().take(SHOWN).map(short).collect::<Vec<_>>().join("\n");
    Ok(Tested { usage, ..Tested::new(verdict, format!("`{}`: {reason}", agent.name)).with(told) })
}

/// The paths that a pattern matches.
struct Found {
    pattern: String,
    paths: Vec<String>,
}

async fn find(subject: &Subject, glob: &Template) -> Result<Found, String> {
    let pattern = subject.context.fill(glob, &subject.outputs)?;
    let directory = subject.directory.clone();
    blocking(move || Ok(Found { paths: files::find(&directory, &pattern)?, pattern })).await
}

/// The lines that a regular expression matches.
struct Lines {
    pattern: String,
    /// How many files were looked through.
    files: usize,
    lines: Vec<String>,
    total: usize,
}

impl Lines {
    /// That no line matches, in words.
    fn nothing(&self, expression: &str) -> String {
        match self.files {
            0 => format!("no file matches `{}`", self.pattern),
            1 => format!("no line of `{}` matches `{expression}`", self.pattern),
            files => format!("no line of the {files} files of `{}` matches `{expression}`", self.pattern),
        }
    }
}

async fn search(subject: &Subject, expression_text: &str, glob: &Template) -> Result<Lines, String> {
    let expression = expression(expression_text, false)?;
    let pattern = subject.context.fill(glob, &subject.outputs)?;
    let directory = subject.directory.clone();
    blocking(move || {
        let paths = files::only_files(&directory, files::find(&directory, &pattern)?);
        let mut found = Lines { pattern, files: paths.len(), lines: Vec::new(), total: 0 };
        for path in paths {
            let most = SHOWN - found.lines.len();
            let (lines, total) = files::lines(&directory, &path, &expression, most)?;
            found.lines.extend(lines.into_iter().map(|line| line.text));
            found.total += total;
        }
        Ok(found)
    })
    .await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(format!("the test was not finished: {error}")))
}

/// A regular expression over bytes. `has_lines`: `^` and `$` are those of each line.
fn expression(text: &str, has_lines: bool) -> Result<Regex, String> {
    let expression = RegexBuilder::new(text).multi_line(has_lines).crlf(has_lines).build();
    expression.map_err(|error| format!("the regular expression `{text}` cannot be read: {error}"))
}
