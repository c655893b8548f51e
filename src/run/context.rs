//! What every part of a run shares and nobody changes: the plan, its places, its environment, its secrets.
//!
//! Also the one place where texts with holes are filled. Knows nothing of what has happened.

use super::Setup;
use super::desk::lock;
use super::sandbox::Wanted;
use crate::backend::environment::Environment;
use crate::backend::mask::mask;
use crate::backend::{Backend, Job};
use crate::error::{Error, Result};
use crate::event::CheckOwner;
use crate::plan::{Command, EnvValue, GroupId, Part, Plan, SecretSource, Task, TaskId, Template};
use crate::shell::{self, Piece};
use crate::workspace::{Workspace, is_of_git};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::hash::{BuildHasher, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// The values of outputs, by task and place.
pub type Outputs = BTreeMap<(TaskId, u32), String>;

/// Where the logs stand that nothing has been written to. No task is called so.
const SPOOL: &str = "@spool";

/// The longest name of a directory that comes from a task's name.
const LONGEST_NAME: usize = 120;

/// What every part of a run shares.
pub struct Context {
    pub plan: Arc<Plan>,
    pub run: i64,
    pub directory: PathBuf,
    pub state: PathBuf,
    pub backend: Arc<dyn Backend>,
    /// The repository, where tasks work in worktrees.
    pub workspace: Option<Arc<Workspace>>,
    /// Whose turn it is to make one.
    pub forks: Arc<super::ahead::Forks>,
    /// What tasks in it may write.
    pub sandbox: Wanted,
    /// The drivers whose quota is spent.
    pub quotas: Quotas,
    /// Begins every mark of this run, of all its sessions, and of no other run.
    pub mark: String,
    /// wavec's own environment, without its secrets and what an outer wavec told its task, and with the run's number.
    environment: Environment,
    /// Whether no log of this run can be there yet.
    has_no_logs: bool,
    /// By [`crate::plan::SecretId`].
    secrets: Vec<String>,
    masks: Arc<[String]>,
}

/// The drivers whose quota this session has found spent, each with what was said of it.
#[derive(Default)]
pub struct Quotas(Mutex<BTreeMap<String, String>>);

impl Quotas {
    /// That of a driver is.
    pub fn spent(&self, driver: &str, reason: &str) {
        lock(&self.0).insert(driver.to_owned(), reason.to_owned());
    }

    /// What was said of a driver's.
    pub fn of(&self, driver: &str) -> Option<String> {
        lock(&self.0).get(driver).cloned()
    }
}

impl Context {
    pub fn new(plan: Arc<Plan>, setup: &Setup) -> Result<Context> {
        let secrets = secrets(&plan, setup)?;
        let workspace = super::trees::open(&plan, setup)?;
        // What an outer wavec told its task is not for ours, nor is a secret for those that are not given it.
        let is_secret = |name: &OsString| {
            plan.secrets.iter().any(
                |secret| matches!(&secret.source, SecretSource::Env(variable) if name == variable.as_str()),
            )
        };
        let is_own = |name: &OsString| {
            let is_outer = name != "WAVEC_MARK" && name.as_encoded_bytes().starts_with(b"WAVEC_");
            // A wavec that git started, as from a hook, does not have its tasks work on that git's files.
            let is_of_git = workspace.is_some() && is_of_git(name);
            !is_outer && !is_secret(name) && !is_of_git
        };
        let mut environment: Environment =
            setup.environment.iter().filter(|(name, _)| is_own(name)).cloned().collect();
        environment.insert("WAVEC_RUN".into(), setup.run.to_string().into());
        Ok(Context {
            run: setup.run,
            directory: setup.directory.clone(),
            state: setup.state.clone(),
            backend: Arc::clone(&setup.backend),
            mark: mark_of(&setup.state, setup.run),
            environment: environment.shared(),
            has_no_logs: setup.session == 1 && is_new(&setup.state),
            sandbox: workspace.as_ref().map(|_| Wanted::of(setup)).unwrap_or_default(),
            workspace: workspace.map(Arc::new),
            forks: Arc::default(),
            quotas: Quotas::default(),
            masks: secrets.iter().filter(|secret| !secret.is_empty()).cloned().collect(),
            secrets,
            plan,
        })
    }

    /// A text with the secrets masked.
    pub fn mask(&self, text: &str) -> String {
        mask(text, &self.masks)
    }

    /// Takes the secrets out of a file that an agent has written for wavec.
    pub fn mask_file(&self, path: &Path) {
        let text = std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        if let Some(text) = text.ok().filter(|_| !self.masks.is_empty()) {
            let masked = self.mask(&text);
            if masked != text {
                // One that cannot be written is its owner's alone, and stays so.
                let _ = std::fs::write(path, masked);
            }
        }
    }

    /// Whether the log of an attempt cannot be there yet: then nobody needs to look.
    pub fn has_no_logs(&self) -> bool {
        self.has_no_logs
    }

    /// A job of this run. `name` says which within the run, and stands in its mark.
    pub fn job(&self, name: String, log: PathBuf, words: Vec<String>, environment: Environment) -> Job {
        let random = std::collections::hash_map::RandomState::new().build_hasher().finish();
        Job {
            mark: format!("{}{name}-{:08x}", self.mark, random as u32),
            label: name,
            words,
            direct: None,
            spool: Some(self.state.join(SPOOL)),
            environment,
            directory: self.directory.clone(),
            log,
            is_log_new: false,
            captures_stdout: false,
            lines: None,
            // What is not given a secret may find it all the same: in its file, or in what another left.
            secrets: Arc::clone(&self.masks),
            writes: None,
        }
    }

    /// The environment of whatever wavec carries out itself: its own.
    pub fn environment(&self) -> Environment {
        self.environment.clone()
    }

    /// The environment of a task's command, and of its checks.
    pub fn task_environment(
        &self,
        id: TaskId,
        attempt: u32,
        outputs: &Outputs,
    ) -> std::result::Result<Environment, String> {
        let mut environment = self.environment();
        self.extend(&mut environment, &self.plan.task(id).env, outputs)?;
        self.name_attempt(&mut environment, id, attempt);
        Ok(environment)
    }

    /// The environment of the criteria of a group, and of the gates in it.
    pub fn group_environment(
        &self,
        group: GroupId,
        outputs: &Outputs,
    ) -> std::result::Result<Environment, String> {
        let mut environment = self.environment();
        self.extend(&mut environment, &self.plan.group(group).env, outputs)?;
        Ok(environment)
    }

    /// The environment of an agent at work on a task: of wavec's own only what programs need to run at all, then the agent's
    /// and the task's.
    pub fn agent_environment(
        &self,
        agent: &[(String, EnvValue)],
        task: Option<(TaskId, u32)>,
        outputs: &Outputs,
    ) -> std::result::Result<Environment, String> {
        let mut environment = self.environment();
        environment.retain(|name| name.to_str().is_some_and(is_for_agents));
        self.extend(&mut environment, agent, outputs)?;
        if let Some((id, attempt)) = task {
            self.extend(&mut environment, &self.plan.task(id).env, outputs)?;
            self.name_attempt(&mut environment, id, attempt);
        }
        Ok(environment)
    }

    fn name_attempt(&self, environment: &mut Environment, id: TaskId, attempt: u32) {
        environment.insert("WAVEC_TASK".into(), self.plan.task(id).name.as_str().into());
        environment.insert("WAVEC_ATTEMPT".into(), attempt.to_string().into());
    }

    fn extend(
        &self,
        environment: &mut Environment,
        variables: &[(String, EnvValue)],
        outputs: &Outputs,
    ) -> std::result::Result<(), String> {
        for (name, value) in variables {
            let value = match value {
                EnvValue::Text(template) => self.fill(template, outputs)?,
                EnvValue::Secret(secret) => self.secrets[secret.index()].clone(),
            };
            environment.insert(name.into(), value.into());
        }
        Ok(())
    }

    /// The value of an output, or why there is none.
    fn output<'o>(
        &self,
        outputs: &'o Outputs,
        task: TaskId,
        index: u32,
    ) -> std::result::Result<&'o str, String> {
        outputs.get(&(task, index)).map(String::as_str).ok_or_else(|| {
            let task = self.plan.task(task);
            let output = task.outputs.get(index as usize).map_or("output", |output| &output.name);
            format!("`{}.{output}` has no value", task.name)
        })
    }

    /// The text, holes filled as they are.
    pub fn fill(&self, template: &Template, outputs: &Outputs) -> std::result::Result<String, String> {
        let mut text = String::new();
        for part in template.parts() {
            text.push_str(match part {
                Part::Literal(part) | Part::Value(part) => part,
                Part::Output(task, index) => self.output(outputs, *task, *index)?,
            });
        }
        Ok(text)
    }

    /// The text for a shell, values quoted for their places.
    pub fn fill_shell(
        &self,
        template: &Template,
        shell: &[String],
        outputs: &Outputs,
    ) -> std::result::Result<String, String> {
        let mut pieces = Vec::with_capacity(template.parts().len());
        for part in template.parts() {
            pieces.push(match part {
                Part::Literal(text) => Piece::Text(text),
                Part::Value(value) => Piece::Value(value),
                Part::Output(task, index) => Piece::Value(self.output(outputs, *task, *index)?),
            });
        }
        let has_value = pieces.iter().any(|piece| matches!(piece, Piece::Value(_)));
        if has_value && !shell::is_known(shell) {
            return Err(shell::Hazard::UnknownShell.to_string());
        }
        shell::fill(pieces).map_err(|refusal| refusal.hazard.to_string())
    }

    /// The words of a command, holes filled.
    pub fn words(
        &self,
        command: &Command,
        shell: &[String],
        outputs: &Outputs,
    ) -> std::result::Result<Vec<String>, String> {
        match command {
            Command::Shell(template) => self.shell_words(template, shell, outputs),
            Command::Program(words) => words.iter().map(|word| self.fill(word, outputs)).collect(),
        }
    }

    /// The words that have a shell carry out a text.
    pub fn shell_words(
        &self,
        template: &Template,
        shell: &[String],
        outputs: &Outputs,
    ) -> std::result::Result<Vec<String>, String> {
        let text = self.fill_shell(template, shell, outputs)?;
        Ok(shell.iter().cloned().chain([text]).collect())
    }

    /// Where the files of an attempt go: its log and, with another ending, its prompt and result.
    pub fn attempt_file(&self, task: TaskId, attempt: u32, ending: &str) -> PathBuf {
        task_directory(&self.state, self.plan.task(task)).join(format!("{attempt}.{ending}"))
    }

    /// What an owner of criteria is called: in marks, labels and places of logs.
    pub fn owner_name(&self, owner: CheckOwner) -> String {
        match owner {
            CheckOwner::Preflight => "@preflight".into(),
            CheckOwner::Task(task, _) => self.plan.task(task).name.to_string(),
            CheckOwner::Group(group) => format!("@success/{}", self.plan.group(group).name),
            CheckOwner::Gate(gate) => format!("@gate/{}", self.plan.gate(gate).name),
        }
    }
}

/// Whether a run's folder holds nothing but what the journal keeps there.
fn is_new(state: &Path) -> bool {
    let is_the_journals = |name: &OsStr| name == "@lock" || name == "@events";
    let Ok(entries) = std::fs::read_dir(state) else { return false };
    entries.into_iter().all(|entry| entry.is_ok_and(|entry| is_the_journals(&entry.file_name())))
}

/// Where the log of an attempt is. `state` is the run's directory, `.wavec/runs/<id>`.
pub fn attempt_log(state: &Path, task: &Task, attempt: u32) -> PathBuf {
    task_directory(state, task).join(format!("{attempt}.log"))
}

/// Where the log of a criterion's command is: that of its newest test. Criteria that run no command have none.
pub fn check_log(state: &Path, plan: &Plan, owner: CheckOwner, index: u32) -> PathBuf {
    let directory = match owner {
        CheckOwner::Preflight => state.join("@preflight"),
        CheckOwner::Task(task, _) => task_directory(state, plan.task(task)),
        CheckOwner::Group(group) => state.join("@success").join(directory_name(&plan.group(group).name)),
        CheckOwner::Gate(gate) => state.join("@gate").join(directory_name(&plan.gate(gate).name)),
    };
    directory.join(format!("check-{}.log", index + 1))
}

fn task_directory(state: &Path, task: &Task) -> PathBuf {
    state.join(directory_name(&task.name))
}

/// What begins every mark of a run, by the folder that its files are in.
pub fn mark_of(state: &Path, run: i64) -> String {
    let place = blake3::hash(state.as_os_str().as_encoded_bytes()).to_hex();
    format!("{}-{run}/", &place[..12])
}

/// A qualified name as the name of a directory: itself, unless it is too long for one.
pub fn directory_name(name: &str) -> String {
    if name.len() <= LONGEST_NAME {
        return name.to_owned();
    }
    let hash = blake3::hash(name.as_bytes()).to_hex();
    let cut = (0..=LONGEST_NAME - 20).rev().find(|at| name.is_char_boundary(*at)).unwrap_or(0);
    format!("{}-{}", &name[..cut], &hash[..16])
}

/// Whether a variable of wavec's own environment is handed on to agents.
fn is_for_agents(name: &str) -> bool {
    const NAMES: [&str; 17] = [
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "SHELL",
        "LANG",
        "LANGUAGE",
        "TZ",
        "TERM",
        "TMPDIR",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "http_proxy",
        "https_proxy",
        "no_proxy",
        "SSH_AUTH_SOCK",
    ];
    NAMES.contains(&name)
        || ["LC_", "XDG_", "SSL_CERT_", "WAVEC_"].iter().any(|prefix| name.starts_with(prefix))
}

/// The values of the plan's secrets, or which cannot be had.
pub fn secrets(plan: &Plan, setup: &Setup) -> Result<Vec<String>> {
    let secret = |secret: &crate::plan::Secret| {
        let action = format!("get the secret `{}`", secret.name);
        match &secret.source {
            SecretSource::Env(variable) => {
                let value = setup.environment.iter().rev().find(|(name, _)| name == variable.as_str());
                let value = value.ok_or_else(|| {
                    Error::new(&action, format!("the environment variable `{variable}` is not set"))
                        .help(format!("set `{variable}` in the environment of wavec"))
                })?;
                value
                    .1
                    .to_str()
                    .map(str::to_owned)
                    .ok_or_else(|| Error::new(&action, "its value is not UTF-8"))
            }
            SecretSource::File(file) => {
                let path = setup.directory.join(file);
                let text = std::fs::read_to_string(&path);
                let text = text.map_err(|error| Error::new(&action, error).at(&path))?;
                Ok(text.trim_end_matches(['\n', '\r']).to_owned())
            }
        }
    };
    let whole = |of: &crate::plan::Secret| match secret(of) {
        Ok(value) if value.contains('\0') => {
            let action = format!("get the secret `{}`", of.name);
            Err(Error::new(action, "it holds a NUL byte, which no environment variable can"))
        }
        result => result,
    };
    plan.secrets.iter().map(whole).collect()
}
