//! The work of one attempt: fill the texts, write the prompt, run the command, read what came back, take the outputs.
//!
//! Says how it ended and decides nothing: whether the task has succeeded is for its criteria and the dispatcher.

use super::changes::Picture;
use super::context::{Context, Outputs};
use super::process::{Attended, attend};
use super::sandbox::Confined;
use super::trees::Harvest;
use super::words::last_lines;
use crate::backend::environment::Environment;
use crate::backend::{CAPTURE_LIMIT, Job, JobStatus, Urgency};
use crate::driver::{Answered, Driver, Files, Reading, Role};
use crate::event::{AttemptEnd, ErrorClass, Usage};
use crate::plan::{Action, Agent, OutputSource, Task, TaskId};
use crate::shell;
use crate::workspace::{Conflict, Snapshot, Tree};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// What an attempt is about to do.
pub struct Assignment {
    pub context: Arc<Context>,
    pub task: TaskId,
    pub attempt: u32,
    /// What failed before, for the next to know.
    pub feedback: Option<String>,
    /// The agent's session to go on with.
    pub session: Option<Session>,
    pub outputs: Arc<Outputs>,
    /// The worktree that it works in; none: the plan's directory.
    pub tree: Option<Tree>,
    /// What its earlier work conflicted with.
    pub conflict: Option<Conflict>,
    pub cancel: watch::Receiver<Urgency>,
}

/// A session of an agent, as its program calls it.
#[derive(Clone, Debug)]
pub struct Session {
    pub name: String,
    /// What was spent in it.
    pub spent: Usage,
}

impl Assignment {
    /// Where the plan's directory is for it.
    fn directory(&self) -> &Path {
        self.tree.as_ref().map_or(&self.context.directory, |tree| &tree.directory)
    }
}

/// How the work of an attempt ended.
#[derive(Debug)]
pub struct Work {
    pub end: AttemptEnd,
    pub usage: Usage,
    pub took: Duration,
    /// The outputs that were taken, by place, secrets masked.
    pub outputs: Vec<(u32, String)>,
    /// Why an output could not be taken.
    pub missing: Option<String>,
    /// The last lines that it printed.
    pub last_lines: String,
    /// The agent's session, where another attempt can go on with it.
    pub session: Option<String>,
    /// Whether the session that it was to go on with is not there any more.
    pub has_lost_session: bool,
    /// What it changed in its worktree, where it works in one and changed anything.
    pub snapshot: Option<Snapshot>,
}

/// Does the work. Says when its process runs, and what its agent's session is called.
pub async fn work(
    assignment: Assignment,
    on_running: impl FnOnce(Option<u32>),
    on_session: impl FnOnce(String) + Send + 'static,
) -> Work {
    let begin = Instant::now();
    let mut work = match carry_out(&assignment, on_running, on_session).await {
        Ok(work) => work,
        Err(reason) => Work {
            end: AttemptEnd::CouldNotStart { reason },
            usage: Usage::default(),
            took: Duration::ZERO,
            outputs: Vec::new(),
            missing: None,
            last_lines: String::new(),
            session: None,
            has_lost_session: false,
            snapshot: None,
        },
    };
    work.took = begin.elapsed();
    work
}

/// An `Err` is a reason why it could not be started.
async fn carry_out(
    assignment: &Assignment,
    on_running: impl FnOnce(Option<u32>),
    on_session: impl FnOnce(String) + Send + 'static,
) -> Result<Work, String> {
    let Assignment { context, task: id, attempt, outputs, .. } = assignment;
    let task = context.plan.task(*id);
    // What few tasks need has a place of its own, so that the others need not carry it about.
    if let Some(tree) = &assignment.tree {
        Box::pin(super::trees::prepare(context, tree, assignment.conflict.as_ref())).await?;
    }
    let mut call = Call::of(assignment, task)?;
    if let Some(tree) = &assignment.tree {
        call.environment.insert("WAVEC_TREE".into(), tree.root.clone().into());
    }
    let confined = Confined::of(assignment, call.agent, &mut call.environment);
    let mut job = context.job(
        format!("{}/{attempt}", task.name),
        context.attempt_file(*id, *attempt, "log"),
        call.words,
        call.environment,
    );
    job.directory = assignment.directory().join(&task.directory);
    job.direct = call.direct;
    // Attempts are numbered: none has the log of another.
    job.is_log_new = context.has_no_logs();
    job.writes = confined.as_ref().map(|confined| confined.writes.clone().into());
    let hands_on_stdout = task.outputs.iter().any(|output| output.source == OutputSource::Stdout);
    job.captures_stdout = hands_on_stdout || call.agent.is_some();
    let watching = call.agent.and_then(|agent| watch_for_session(agent, &mut job, on_session));
    let log = job.log.clone();
    let before = picture(assignment, task, call.agent.is_some()).await;
    let execution = context.backend.start(job);
    let limit = task.timeout.or(call.agent.and_then(|agent| agent.timeout));
    let Attended { end, is_timed_out } =
        attend(execution, assignment.cancel.clone(), limit, on_running).await;
    if let Some(watching) = watching {
        // What it has to say comes before the end.
        let _ = watching.await;
    }

    let mut stdout = String::from_utf8_lossy(&end.stdout).into_owned();
    if end.is_stdout_cut && call.agent.is_some() {
        // The last word comes last: it is in the log.
        stdout = std::fs::read(&log).map_or(stdout, |bytes| String::from_utf8_lossy(&bytes).into_owned());
    }
    if let Some(files) = &call.files {
        context.mask_file(&files.result);
    }
    let reading = match &call.agent {
        Some(agent) => answer(agent, call.files.as_ref(), &end.status, &stdout, &log),
        None => Reading {
            end: by_status(&end.status),
            text: stdout.trim_end_matches(['\n', '\r']).to_owned(),
            ..Reading::default()
        },
    };
    let Reading { end: mut how, text, mut usage, mut session, mut denied } = reading;
    let has_lost_session = assignment.session.is_some() && is_without_session(&how, &usage);
    if has_lost_session {
        (how, session) = (in_a_new_session(how), None);
    }
    let driver = call.agent.and_then(|agent| Driver::of(agent).ok());
    if let Some(before) = assignment.session.as_ref().filter(|before| session.as_ref() == Some(&before.name))
        && let Some(driver) = driver
    {
        usage = usage.beyond(&driver.told_again(&before.spent));
    }
    // Only where it went wrong is it of interest: many a program tries and can do without.
    let is_denied = |how: &AttemptEnd| {
        *how != AttemptEnd::Done && confined.as_ref().is_some_and(|it| it.told(&tail(&log), &log))
    };
    if is_timed_out {
        how = AttemptEnd::TimedOut { limit_milliseconds: milliseconds(limit.unwrap_or_default()) };
    }
    if how == AttemptEnd::Done && before.is_some() && before == picture(assignment, task, true).await {
        how = AttemptEnd::Claims { violations: vec![no_change(task, &denied)] };
    }
    let (mut snapshot, mut missing) = (None, None);
    if let (AttemptEnd::Done, Some(tree)) = (&how, &assignment.tree) {
        let harvest = Box::pin(super::trees::harvest(context, *id, *attempt, tree)).await;
        // The work is done, and what it cost is spent, also where git cannot take it over.
        let harvest = harvest.unwrap_or_else(|reason| {
            missing = Some(format!("its work could not be taken over: {reason}"));
            Harvest::default()
        });
        let mut violations = harvest.violations;
        if missing.is_none()
            && harvest.snapshot.is_none()
            && violations.is_empty()
            && must_change(task, call.agent.is_some())
        {
            if confined.as_ref().is_some_and(|it| it.told(&tail(&log), &log)) {
                denied.push("writing outside of its worktree".into());
            }
            violations.push(no_change(task, &denied));
        }
        if !violations.is_empty() {
            how = AttemptEnd::Claims { violations };
        }
        snapshot = harvest.snapshot;
    }
    let mut taken = Vec::new();
    if how == AttemptEnd::Done && missing.is_none() {
        for (index, output) in (0..).zip(&task.outputs) {
            let value = match &output.source {
                OutputSource::Stdout if end.is_stdout_cut => {
                    Err(format!("it printed more than {} MiB: hand it on in a file", CAPTURE_LIMIT >> 20))
                }
                OutputSource::Stdout => Ok(text.clone()),
                OutputSource::File(file) => {
                    context.fill(file, outputs).and_then(|file| read_output(assignment.directory(), &file))
                }
            };
            match value {
                Ok(value) => taken.push((index, context.mask(&value))),
                Err(reason) => {
                    missing.get_or_insert(format!("output `{}`: {reason}", output.name));
                }
            }
        }
    }
    if !matches!(how, AttemptEnd::Claims { .. }) {
        is_denied(&how);
    }
    let tail = if end.is_silent { String::new() } else { tail(&log) };
    Ok(Work {
        end: masked(how, context),
        usage,
        took: Duration::ZERO,
        outputs: taken,
        missing: missing.map(|reason| context.mask(&reason)),
        last_lines: context.mask(&last_lines(&tail)),
        session,
        has_lost_session,
        snapshot,
    })
}

/// A command that is ready to be run.
struct Call<'a> {
    words: Vec<String>,
    /// The same without a shell, where it needs none.
    direct: Option<Vec<String>>,
    environment: Environment,
    /// Who does it, where it is an agent's work.
    agent: Option<&'a Agent>,
    files: Option<Files>,
}

impl<'a> Call<'a> {
    fn of(assignment: &'a Assignment, task: &'a Task) -> Result<Call<'a>, String> {
        let Assignment { context, task: id, attempt, feedback, outputs, .. } = assignment;
        let prompt = match &task.action {
            Action::Shell(command) => {
                let words = context.shell_words(command, &task.shell, outputs)?;
                let direct = shell::direct(&words);
                return Ok(Call { direct, ..Call::command(assignment, words)? });
            }
            Action::Program(words) => {
                let words = words.iter().map(|word| context.fill(word, outputs)).collect::<Result<_, _>>()?;
                return Call::command(assignment, words);
            }
            Action::Prompt(prompt) => context.fill(prompt, outputs)?,
            Action::PromptFile(file) => {
                let file = context.fill(file, outputs)?;
                // As earlier tasks have left it; one that no commit holds is where the plan is.
                let text = std::fs::read_to_string(assignment.directory().join(&file))
                    .or_else(|_| std::fs::read_to_string(context.directory.join(&file)));
                text.map_err(|error| format!("the prompt `{file}` cannot be read: {error}"))?
            }
            Action::Wait(_) | Action::Approve(_) => panic!("BUG: nothing is to be carried out"),
        };
        let agent = task.agent.map(|agent| context.plan.agent(agent));
        let agent = agent.ok_or("nobody is named to do it")?;
        let files = Files {
            prompt: context.attempt_file(*id, *attempt, "prompt.md"),
            result: context.attempt_file(*id, *attempt, "result"),
            instructions: Some(&agent.instructions)
                .filter(|path| !path.is_empty())
                .map(|path| context.directory.join(path)),
        };
        let prompt = match feedback {
            Some(feedback) => format!("{prompt}\n\n{feedback}"),
            None => prompt,
        };
        let mut environment = context.agent_environment(&agent.env, Some((*id, *attempt)), outputs)?;
        let asked = Asked {
            agent,
            prompt: &prompt,
            files: &files,
            directory: &assignment.directory().join(&task.directory),
            session: assignment.session.as_ref().map(|session| session.name.as_str()),
            is_judge: false,
        };
        let words = asked.words(context, &task.shell, outputs, &mut environment)?;
        add_feedback(assignment, &mut environment)?;
        Ok(Call { words, direct: None, environment, agent: Some(agent), files: Some(files) })
    }

    fn command(assignment: &Assignment, words: Vec<String>) -> Result<Call<'a>, String> {
        let Assignment { context, task, attempt, outputs, .. } = assignment;
        let mut environment = context.task_environment(*task, *attempt, outputs)?;
        add_feedback(assignment, &mut environment)?;
        Ok(Call { words, direct: None, environment, agent: None, files: None })
    }
}

/// Looks at what a job prints for the name of its agent's session.
fn watch_for_session(
    agent: &Agent,
    job: &mut Job,
    on_session: impl FnOnce(String) + Send + 'static,
) -> Option<tokio::task::JoinHandle<()>> {
    let driver = Driver::of(agent).ok().filter(|driver| driver.has_sessions())?;
    let (lines, mut printed) = tokio::sync::mpsc::unbounded_channel::<String>();
    job.lines = Some(lines);
    Some(tokio::spawn(async move {
        while let Some(line) = printed.recv().await {
            if let Some(session) = driver.session(&line) {
                return on_session(session);
            }
        }
    }))
}

/// Whether an agent says that it cannot go on with its session, before it has asked its model anything.
fn is_without_session(end: &AttemptEnd, usage: &Usage) -> bool {
    let AttemptEnd::AgentError { message, .. } = end else { return false };
    let message = message.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| message.contains(word));
    usage.output_tokens.unwrap_or(0) == 0
        && has(&["session", "conversation", "thread", "rollout"])
        && has(&[
            "not found",
            "no conversation",
            "no rollout",
            "no saved session",
            "invalid session",
            "error resuming",
            "does not exist",
        ])
}

/// Such an end as one that is worth another try.
fn in_a_new_session(end: AttemptEnd) -> AttemptEnd {
    match end {
        AttemptEnd::AgentError { message, resets_at, .. } => {
            AttemptEnd::AgentError { class: ErrorClass::Transient, message, resets_at }
        }
        end => end,
    }
}

/// Hands what failed before on in a file.
fn add_feedback(assignment: &Assignment, environment: &mut Environment) -> Result<(), String> {
    let Assignment { context, task, attempt, feedback, .. } = assignment;
    let Some(feedback) = feedback else { return Ok(()) };
    let path = context.attempt_file(*task, *attempt, "feedback.md");
    write(&path, feedback).map_err(|error| format!("its feedback cannot be written: {error}"))?;
    environment.insert("WAVEC_FEEDBACK_FILE".into(), path.into());
    Ok(())
}

/// Writes what an agent is told, and clears the place where it may answer.
fn write_prompt(files: &Files, prompt: &str) -> io::Result<()> {
    write(&files.prompt, prompt)?;
    match std::fs::remove_file(&files.result) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)?;
    }
    let is_lined = text.ends_with('\n');
    std::fs::write(path, if is_lined { text.to_owned() } else { format!("{text}\n") })
}

/// What the claimed files are like, where it matters whether the task changes any.
async fn picture(assignment: &Assignment, task: &Task, is_agent: bool) -> Option<Picture> {
    if assignment.tree.is_some() || !must_change(task, is_agent) {
        return None;
    }
    let context = Arc::clone(&assignment.context);
    let id = assignment.task;
    let take = move || Picture::take(&context.directory, &context.plan.task(id).claims);
    tokio::task::spawn_blocking(take).await.ok()
}

/// Whether a task that changes nothing has failed.
fn must_change(task: &Task, is_agent: bool) -> bool {
    is_agent && !task.may_change_nothing && task.claims.is_known && task.claims.may_write()
}

fn no_change(task: &Task, denied: &[String]) -> String {
    let globs: Vec<String> = task
        .claims
        .claims
        .iter()
        .filter(|claim| claim.kind.is_write())
        .map(|claim| format!("`{}`", claim.glob))
        .collect();
    let shown = &globs[..globs.len().min(3)];
    let denied: Vec<String> = denied.iter().map(|tool| format!("`{tool}`")).collect();
    let because = match denied.len() {
        0 => String::new(),
        count => format!("; it was denied {}", super::words::some_of(&denied[..count.min(3)], count)),
    };
    format!(
        "no change: it claims to write {}, and changed none of it{because}",
        super::words::some_of(shown, globs.len())
    )
}

/// How an agent's call came back, by its driver.
fn answer(agent: &Agent, files: Option<&Files>, status: &JobStatus, stdout: &str, log: &Path) -> Reading {
    let unread = || Reading { end: by_status(status), ..Reading::default() };
    let code = match status {
        JobStatus::Exit(code) => Some(*code),
        JobStatus::Signal(_) => None,
        JobStatus::CouldNotStart(_) => return unread(),
    };
    let Ok(driver) = Driver::of(agent) else { return unread() };
    let result = files.and_then(|files| std::fs::read(&files.result).ok());
    let result = result.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let log = both_ends(log);
    let mut reading = driver.read(&Answered { code, stdout, log: &log, result: result.as_deref() });
    if matches!(reading.end, AttemptEnd::Signal { .. }) {
        reading.end = by_status(status);
    }
    reading
}

fn by_status(status: &JobStatus) -> AttemptEnd {
    match status {
        JobStatus::Exit(0) => AttemptEnd::Done,
        JobStatus::Exit(code) => AttemptEnd::Exit { code: *code },
        JobStatus::Signal(signal) => AttemptEnd::Signal { signal: *signal },
        JobStatus::CouldNotStart(reason) => AttemptEnd::CouldNotStart { reason: reason.clone() },
    }
}

/// An end with the secrets masked in what it quotes.
fn masked(end: AttemptEnd, context: &Context) -> AttemptEnd {
    match end {
        AttemptEnd::CouldNotStart { reason } => AttemptEnd::CouldNotStart { reason: context.mask(&reason) },
        AttemptEnd::AgentError { class, message, resets_at } => {
            AttemptEnd::AgentError { class, message: context.mask(&message), resets_at }
        }
        // Paths, and lines outside of a section.
        AttemptEnd::Claims { violations } => {
            AttemptEnd::Claims { violations: violations.iter().map(|it| context.mask(it)).collect() }
        }
        end => end,
    }
}

/// The value of an output that a file holds.
fn read_output(directory: &Path, file: &str) -> Result<String, String> {
    let path = directory.join(file);
    let length = std::fs::metadata(&path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => format!("`{file}` is not there"),
        _ => format!("`{file}` cannot be read: {error}"),
    })?;
    if length.len() > CAPTURE_LIMIT as u64 {
        return Err(format!("`{file}` is larger than {} MiB: hand its path on", CAPTURE_LIMIT >> 20));
    }
    let bytes = std::fs::read(&path).map_err(|error| format!("`{file}` cannot be read: {error}"))?;
    let text = String::from_utf8(bytes).map_err(|_| format!("`{file}` is not UTF-8: hand its path on"))?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}

/// The end of a log. Short, so that it need not be read aside.
fn tail(log: &Path) -> String {
    use std::io::{Read, Seek, SeekFrom};
    const TAIL: u64 = 8192;
    let read = || -> io::Result<Vec<u8>> {
        let mut file = std::fs::File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
        let mut bytes = Vec::new();
        file.take(TAIL).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    String::from_utf8_lossy(&read().unwrap_or_default()).into_owned()
}

/// The beginning and the end of a log.
pub fn both_ends(log: &Path) -> String {
    use std::io::Read;
    const HEAD: u64 = 32 << 10;
    let mut bytes = Vec::new();
    let read = std::fs::File::open(log).and_then(|file| file.take(HEAD).read_to_end(&mut bytes));
    let head = String::from_utf8_lossy(&bytes).into_owned();
    match read {
        Ok(length) if length as u64 == HEAD => format!("{head}\n{}", tail(log)),
        _ => head,
    }
}

/// What an agent is asked, before it is known how its program is called.
pub struct Asked<'a> {
    pub agent: &'a Agent,
    pub prompt: &'a str,
    pub files: &'a Files,
    pub directory: &'a Path,
    pub session: Option<&'a str>,
    pub is_judge: bool,
}

impl Asked<'_> {
    /// The words of the call; its files are written, its variables added. An `Err` is a reason why it cannot be made.
    pub fn words(
        &self,
        context: &Context,
        shell: &[String],
        outputs: &Outputs,
        environment: &mut Environment,
    ) -> Result<Vec<String>, String> {
        let driver = Driver::of(self.agent).map_err(|error| error.to_string())?;
        let program = match &self.agent.command {
            Some(program) => context.words(program, shell, outputs)?,
            None => Vec::new(),
        };
        let role = role(self.agent, context)?;
        let wavec = std::env::current_exe().map_err(|error| format!("wavec cannot find itself: {error}"))?;
        let given = environment.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let call = crate::driver::Call {
            agent: self.agent,
            prompt: self.prompt,
            files: self.files,
            directory: self.directory,
            role: role.as_ref(),
            session: self.session.filter(|_| driver.has_sessions()),
            is_judge: self.is_judge,
            program,
            wavec: &wavec,
            environment: &given,
        };
        let prompt = if driver == Driver::Acp { call.prompt_with_role() } else { self.prompt.to_owned() };
        let invocation = driver.invoke(&call);
        let failed = |error: io::Error| format!("its prompt cannot be written: {error}");
        write_prompt(self.files, &prompt).map_err(failed)?;
        for (path, text) in &invocation.files {
            write(path, text).map_err(failed)?;
        }
        environment.extend(invocation.variables.into_iter().map(|(name, value)| (name.into(), value.into())));
        Ok(invocation.words)
    }
}

/// Who an agent is to be: by its definition, or its instructions. Programs of the plan's own find the file by themselves.
fn role(agent: &Agent, context: &Context) -> Result<Option<Role>, String> {
    if agent.driver == "command" {
        return Ok(None);
    }
    let read = |path: &Path| {
        std::fs::read_to_string(path).map_err(|error| format!("`{}` cannot be read: {error}", path.display()))
    };
    if let Some(file) = &agent.definition_file {
        let text = read(&context.directory.join(file))?;
        if file.ends_with(".toml") {
            let table: toml::Table =
                toml::from_str(&text).map_err(|error| format!("`{file}` is no TOML: {}", error.message()))?;
            let value_of =
                |key: &str| table.get(key).and_then(toml::Value::as_str).unwrap_or_default().trim();
            return Ok(Some(Role {
                text: value_of("developer_instructions").to_owned(),
                description: value_of("description").to_owned(),
                is_definition: true,
            }));
        }
        let (head, body) = text
            .trim_start_matches('\u{feff}')
            .strip_prefix("---")
            .and_then(|rest| rest.split_once("\n---"))
            .unwrap_or(("", &text));
        let description = head.lines().find_map(|line| line.strip_prefix("description:"));
        let description = description.unwrap_or(&agent.name).trim().trim_matches(['"', '\'']).to_owned();
        let text = body.split_once('\n').map_or("", |(_, body)| body).trim().to_owned();
        return Ok(Some(Role { text, description, is_definition: true }));
    }
    if agent.instructions.is_empty() {
        return Ok(None);
    }
    let text = read(&context.directory.join(&agent.instructions))?;
    Ok(Some(Role { text, description: agent.name.clone(), is_definition: false }))
}

/// A length of time as events carry it.
pub fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
