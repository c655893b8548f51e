//! What a task may write: its worktree, its temporary folder, its own files of the run, and what its agent's program needs.
//!
//! Knows paths; the backend does the confining. A commit is none of it: git's store of objects is not open, and wavec commits itself.

use super::Setup;
use super::attempt::Assignment;
use super::context::Context;
use crate::backend::environment::Environment;
use crate::backend::local::sandbox;
use crate::driver::{COMMON, Driver, Folder};
use crate::error::{Error, Exit, Result};
use crate::plan::{Action, Agent, Isolation, Plan, Task};
use crate::workspace::Sandbox;
use std::path::{Path, PathBuf};

/// What programs say when a write is denied.
const DENIALS: [&str; 4] =
    ["Permission denied", "EACCES", "permission denied", "insufficient permission for adding an object"];

/// What a task that met that is told.
const TOLD: [&str; 2] = [
    "a task writes in its worktree and in $TMPDIR, and wavec commits",
    "`--sandbox off`, or `[sandbox] writes` in wavec.toml, allows more",
];

/// Whether the kernel here can confine at all.
pub fn is_there() -> bool {
    sandbox::is_there()
}

/// Whether any agent of the plan works where it can be confined.
pub fn is_wanted(plan: &Plan) -> bool {
    plan.tasks.iter().any(|task| is_agents(task) && task.isolation != Isolation::Shared)
}

fn is_agents(task: &Task) -> bool {
    matches!(task.action, Action::Prompt(_) | Action::PromptFile(_)) && task.left_out.is_none()
}

/// Whether an agent's program has a sandbox of its own that is in force.
fn confines_itself(agent: &Agent) -> bool {
    Driver::of(agent).is_ok_and(|driver| driver.confines(agent))
}

/// Whether what was asked for can be had, before anything starts.
pub fn ready(plan: &Plan, setup: &Setup) -> Result<()> {
    if setup.trees.sandbox != Sandbox::Require {
        return Ok(());
    }
    let refuse = |cause: String, help: &str| {
        Err(Error::new("confine what tasks write", cause).help(help).exit(Exit::Usage))
    };
    if let Some(task) = plan.tasks.iter().find(|task| is_agents(task) && task.isolation == Isolation::Shared)
    {
        let cause = format!("`{}` works in the plan's own directory, not in a place of its own", task.name);
        return refuse(
            cause,
            "write `isolation worktree` or `isolation copy`, or take `--sandbox best-effort`",
        );
    }
    let own =
        |task: &&Task| is_agents(task) && task.agent.is_some_and(|agent| confines_itself(plan.agent(agent)));
    if let Some(task) = plan.tasks.iter().find(own) {
        let cause =
            format!("the agent of `{}` has a sandbox of its own, which cannot stand in wavec's", task.name);
        return refuse(
            cause,
            "lift it by `allow \"*\"` in the agent, so that wavec's holds alone, or take `--sandbox best-effort`",
        );
    }
    if !is_there() {
        return refuse(
            "the kernel here has no Landlock, or it is switched off".into(),
            "take `--sandbox best-effort`, with which tasks run unconfined here, or a Linux of 5.13 or newer with \
             `landlock` among the `lsm` of its boot line",
        );
    }
    Ok(())
}

/// A task's confinement.
pub struct Confined {
    /// Where it may write.
    pub writes: Vec<PathBuf>,
    /// Its temporary folder, which goes with it.
    temporary: PathBuf,
}

impl Confined {
    /// Of an attempt, where it is to be and can be confined. Makes its folders, and tells the program of its temporary one.
    pub fn of(
        assignment: &Assignment,
        agent: Option<&Agent>,
        environment: &mut Environment,
    ) -> Option<Confined> {
        let context = &assignment.context;
        let (tree, workspace) = (assignment.tree.as_ref()?, context.workspace.as_ref()?);
        let is_meant = match context.sandbox.mode {
            Sandbox::Off => false,
            Sandbox::BestEffort => agent.is_some_and(|agent| !confines_itself(agent)),
            Sandbox::Require => true,
        };
        if !is_meant || !context.sandbox.is_there {
            return None;
        }
        let log = context.attempt_file(assignment.task, assignment.attempt, "log");
        let own = log.parent()?.to_path_buf();
        // Short: sockets are made there, and their paths have an end.
        let name = blake3::hash(log.as_os_str().as_encoded_bytes()).to_hex();
        let temporary = context.state.join("tmp").join(&name[..8]);
        std::fs::create_dir_all(&own).and_then(|()| std::fs::create_dir_all(&temporary)).ok()?;
        let mut writes = vec![tree.root.clone(), own, temporary.clone(), workspace.own_of(tree)];
        writes.extend(["/dev", "/proc"].map(PathBuf::from));
        writes.extend(context.sandbox.more.iter().cloned());
        let driver = agent.and_then(|agent| Driver::of(agent).ok());
        // One that speaks the Agent Client Protocol, too, has the folders of its program.
        let id = context.plan.task(assignment.task).agent;
        let program = id.and_then(|id| super::called(&context.plan, id));
        let of_program = program.and_then(|program| Driver::of_program(&program));
        let named = of_program.map(Driver::folders).unwrap_or_default();
        let of_driver = driver.map(Driver::folders).unwrap_or_default();
        for folder in of_driver.into_iter().chain(COMMON) {
            let Some(path) = place(folder, environment) else { continue };
            let is_made = match COMMON.contains(&folder) {
                true => folder.variable.starts_with("XDG_"),
                false => named.contains(&folder),
            };
            if is_made && !folder.path.ends_with(".json") {
                // Its program would make it, and could not.
                let _ = std::fs::create_dir_all(&path);
            }
            writes.push(path);
        }
        for variable in ["TMPDIR", "TMP", "TEMP"] {
            environment.insert(variable.into(), temporary.clone().into());
        }
        writes.retain(|path| path.exists());
        Some(Confined { writes, temporary })
    }

    /// Whether a text says that a write was denied; tells so at the end of the log.
    pub fn told(&self, tail: &str, log: &Path) -> bool {
        use std::io::Write;
        let is_denied = DENIALS.iter().any(|denial| tail.contains(denial));
        if is_denied {
            let file = std::fs::File::options().create(true).append(true).open(log);
            // A log that cannot be written has been told of.
            let _ = file.and_then(|mut file| writeln!(file, "[wavec: {}]\n[wavec: {}]", TOLD[0], TOLD[1]));
        }
        is_denied
    }
}

impl Drop for Confined {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.temporary);
    }
}

/// Where a folder is, by the environment of the program that uses it.
fn place(folder: Folder, environment: &Environment) -> Option<PathBuf> {
    let value = |name: &str| environment.get(name).map(Path::new);
    let named = value(folder.variable).filter(|value| !value.as_os_str().is_empty());
    folder.place(named, value("HOME"))
}

/// What a run holds of its sandbox.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    mode: Sandbox,
    is_there: bool,
    more: Vec<PathBuf>,
}

impl Wanted {
    pub fn of(setup: &Setup) -> Wanted {
        let mode = setup.trees.sandbox;
        Wanted { mode, is_there: mode != Sandbox::Off && is_there(), more: setup.trees.writes.clone() }
    }
}

impl Context {
    /// Takes away the temporary folders of tasks that a dead wavec has left.
    pub fn clear_temporary(&self) {
        let _ = std::fs::remove_dir_all(self.state.join("tmp"));
    }
}
