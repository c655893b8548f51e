//! Tasks in worktrees: where each works, what becomes of its change, and the branch that all good work goes into.
//!
//! The tip is the journal's: a merge is an event first, and git's branch follows. One merge at a time, so that each is made on the
//! tip that it becomes. What a worktree holds and nothing else does is never removed.

use super::Setup;
use super::context::{Context, directory_name};
use super::desk::Line;
use super::dispatch::{Dispatcher, Effect, Message, Stage, pass_panic_on};
use crate::error::{Error, Exit, Result};
use crate::event::{ChangeSize, CheckOwner, Event, Outcome, Verdict};
use crate::glob::Pattern;
use crate::plan::{Action, Isolation, Plan, Task, TaskId};
use crate::workspace::{
    Conflict, Merged, Repository, Size, Snapshot, Taken, Tree, Whose, Workspace, apply::some, check_version,
    claims,
};
use std::path::Path;
use std::sync::Arc;

/// Whether any task works in a place of its own.
pub fn has_trees(plan: &Plan) -> bool {
    plan.tasks.iter().any(|task| task.isolation != Isolation::Shared)
}

/// The repository of a plan whose tasks work in worktrees or copies; none where none does.
pub fn open(plan: &Plan, setup: &Setup) -> Result<Option<Workspace>> {
    if !has_trees(plan) {
        return Ok(None);
    }
    let trees = setup.state.join("trees");
    // `.wavec/runs/<id>`
    let copies = setup.state.ancestors().nth(2).filter(|_| plan.has_copies());
    Workspace::open(&setup.directory, copies, &trees, setup.run, &setup.trees).map(Some)
}

/// Whether tasks can work in worktrees or copies here, before anything is written down.
pub fn ready(plan: &Plan, setup: &Setup) -> Result<()> {
    if plan.has_copies() {
        check_version(&setup.directory)?;
        let repository =
            Repository::of_copies(&setup.directory, setup.state.ancestors().nth(2).unwrap_or(&setup.state))?;
        let has_begun = setup.progress.as_ref().is_some_and(|progress| progress.branch.is_some());
        if has_begun && !repository.is_there() {
            let cause = "what its tasks merged is there no more";
            return Err(Error::new("go on with the run", cause).help("run the plan anew").exit(Exit::Usage));
        }
        return repository.check_copied();
    }
    let Some(workspace) = open(plan, setup)? else { return Ok(()) };
    let head = workspace.repository().head()?;
    if setup.progress.is_none() && !setup.trees.allows_dirty {
        check_clean(plan, workspace.repository(), workspace.prefix(), &setup.directory)?;
    }
    let (links, repositories) = workspace.unusual(&head)?;
    for task in plan.tasks.iter().filter(|task| task.isolation != Isolation::Shared) {
        for claim in task.claims.claims.iter().filter(|claim| claim.kind.is_write()) {
            let path = format!("{}{}", workspace.prefix(), claim.glob);
            let is_below = |above: &&String| path.starts_with(&format!("{above}/"));
            let refused = |what: String| {
                Error::new(format!("give `{}` a worktree", task.name), what)
                    .help("write `isolation shared` in that task")
                    .exit(Exit::Usage)
            };
            if let Some(link) = links.iter().find(is_below) {
                return Err(refused(format!(
                    "it writes `{}`, and `{link}` is a link out of the repository",
                    claim.glob
                )));
            }
            if let Some(inner) = repositories.iter().find(is_below) {
                return Err(refused(format!(
                    "it writes `{}`, and `{inner}` is a submodule, whose changes cannot be merged",
                    claim.glob
                )));
            }
        }
    }
    Ok(())
}

/// Tasks start from the last commit: what it does not hold they would not see.
fn check_clean(plan: &Plan, repository: &Repository, prefix: &str, directory: &Path) -> Result<()> {
    // A plan is often younger than the last commit, and is read from where it is.
    let is_plan = |path: &String| path.ends_with(".wave") || path.ends_with("wavec.toml");
    let changed: Vec<String> =
        repository.uncommitted(false)?.into_iter().filter(|path| !is_plan(path)).collect();
    let refused = |cause: String| {
        Error::new("fork worktrees from the last commit of", cause)
            .at(directory)
            .help("commit or stash it first, or start from the last commit as it is with `--allow-dirty`")
            .exit(Exit::Usage)
    };
    if !changed.is_empty() {
        return Err(refused(format!("there are changes that it does not hold: {}", some(&changed))));
    }
    let new: Vec<String> = repository.uncommitted(true)?.into_iter().filter(|path| !is_plan(path)).collect();
    for task in plan.tasks.iter().filter(|task| task.isolation != Isolation::Shared) {
        for claim in &task.claims.claims {
            let pattern = Pattern::parse(&claim.glob).ok();
            let Some(path) = pattern.as_ref().and_then(Pattern::literal) else { continue };
            let path = format!("{prefix}{path}");
            let is_it =
                |new: &&String| **new == path || (new.ends_with('/') && path.starts_with(new.as_str()));
            if new.iter().any(|new| is_it(&new)) && directory.join(&claim.glob).exists() {
                let (name, verb) = (&task.name, claim.kind.word());
                return Err(refused(format!("`{name}` {verb} `{}`, which it does not hold", claim.glob)));
            }
        }
    }
    Ok(())
}

/// Does something slow with the repository, aside.
pub async fn aside<T: Send + 'static>(
    workspace: &Arc<Workspace>,
    work: impl FnOnce(&Workspace) -> Result<T> + Send + 'static,
) -> Result<T> {
    let workspace = Arc::clone(workspace);
    match tokio::task::spawn_blocking(move || work(&workspace)).await {
        Ok(result) => result,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(error) => Err(Error::new("work with git", error)),
    }
}

/// Makes the tree of an attempt, or brings it up to the tip that its work conflicted with.
pub async fn prepare(
    context: &Context,
    tree: &Tree,
    conflict: Option<&Conflict>,
) -> std::result::Result<(), String> {
    let Some(workspace) = &context.workspace else { return Ok(()) };
    let tree = tree.clone();
    let made = match conflict.cloned() {
        _ if !workspace.is_forked(&tree) => super::ahead::fork(workspace, &context.forks, tree).await,
        Some(conflict) => aside(workspace, move |it| it.rebase(&tree, &conflict).map(drop)).await,
        None => Ok(()),
    };
    made.map_err(|error| error.to_string())
}

/// What the work in a tree came to.
#[derive(Default)]
pub struct Harvest {
    /// Its change, if there is one.
    pub snapshot: Option<Snapshot>,
    /// What of it is not claimed, and what is missing.
    pub violations: Vec<String>,
}

/// Commits what is in a tree and holds it against the task's claims. An `Err` is a reason why that could not be done.
pub async fn harvest(
    context: &Arc<Context>,
    task: TaskId,
    attempt: u32,
    tree: &Tree,
) -> std::result::Result<Harvest, String> {
    let Some(workspace) = &context.workspace else { panic!("BUG: a tree without a repository") };
    let (tree, shared) = (tree.clone(), Arc::clone(context));
    let work = move |workspace: &Workspace| {
        let task = shared.plan.task(task);
        let (snapshot, mut violations) = match workspace.snapshot(&tree, &message(&shared, task, attempt))? {
            Taken::Nothing => (None, Vec::new()),
            Taken::Work(snapshot) => (Some(snapshot), Vec::new()),
            Taken::Unfit(why) => (None, why),
        };
        if let Some(snapshot) = &snapshot {
            let is_open = !task.claims.is_said;
            let read = |object: &str| workspace.object(object);
            violations =
                claims::violations(&snapshot.changes, &task.claims, workspace.prefix(), is_open, &read)?;
        }
        for inner in workspace.inner_work(&tree)? {
            violations.push(format!("worked in the submodule `{inner}`: what is in it cannot be merged"));
        }
        let write_claims = || task.claims.claims.iter().filter(|claim| claim.kind.is_write());
        let named: Vec<String> = write_claims().map(|claim| literal_beginning(&claim.glob)).collect();
        let named: Vec<String> = named.into_iter().filter(|path| !path.is_empty()).collect();
        for path in workspace.ignored(&tree, &named)? {
            let who = if workspace.repository().is_copied() { "a `.gitignore`" } else { "git" };
            violations.push(format!("wrote `{path}`, which {who} ignores: it cannot be merged"));
        }
        Ok(Harvest { snapshot, violations })
    };
    aside(workspace, work).await.map_err(|error| error.to_string())
}

/// The part of a pattern before its first wildcard, whole parts of a path only.
fn literal_beginning(glob: &str) -> String {
    let parts = glob.split('/').take_while(|part| !part.contains(['*', '?', '[', '{', '\\']));
    parts.collect::<Vec<_>>().join("/")
}

/// The message of a task's commit.
fn message(context: &Context, task: &Task, attempt: u32) -> String {
    let subject = if task.title.is_empty() { &task.name } else { &task.title };
    let subject = subject.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut text = format!("{subject}\n\n");
    if !task.because.is_empty() {
        text.push_str(&format!("{}\n\n", task.because.trim()));
    }
    text.push_str(&format!("Wavec-Run: {}\nWavec-Task: {}\n", context.run, task.name));
    if let (Some(agent), Action::Prompt(_) | Action::PromptFile(_)) = (task.agent, &task.action) {
        text.push_str(&format!("Wavec-Agent: {}\n", context.plan.agent(agent).name));
    }
    text.push_str(&format!("Wavec-Attempt: {attempt}\n"));
    context.mask(&text)
}

/// What a merge is made of.
pub struct Merging {
    pub task: TaskId,
    pub tip: String,
    pub base: String,
    pub snapshot: Snapshot,
    pub whose: Whose,
}

/// Makes it.
pub async fn merge(workspace: &Arc<Workspace>, merging: Merging) -> Result<Merged> {
    let Merging { tip, base, snapshot, whose, .. } = merging;
    aside(workspace, move |workspace| workspace.merge(&tip, &base, &snapshot, &whose)).await
}

fn size(size: Size) -> ChangeSize {
    ChangeSize { files: size.files, insertions: size.insertions, deletions: size.deletions }
}

/// What the dispatcher knows of the branch.
#[derive(Default)]
pub(super) struct Tip {
    /// The branch's name.
    pub branch: String,
    /// The commit that all good work is in.
    pub commit: String,
    /// Every commit that it has stood on.
    history: Vec<String>,
    /// Tasks whose work is to be merged, in order.
    queue: std::collections::VecDeque<TaskId>,
    is_merging: bool,
    is_showing: bool,
    /// Trees of the tip that criteria were tested in.
    tested: Vec<Tree>,
}

impl Dispatcher {
    /// Begins the branch, or goes on with it.
    pub fn begin_branch(&mut self) -> Result<()> {
        let Some(workspace) = &self.context.workspace else { return Ok(()) };
        let known = self.before.as_ref().and_then(|before| before.branch.clone());
        match known {
            Some(branch) => {
                workspace.sweep()?;
                self.context.clear_temporary();
                self.tip.branch = branch.name;
                self.tip.commit = branch.tip;
                self.tip.history = branch.history;
            }
            None => {
                let base = workspace.repository().head()?;
                let branch = workspace.free_branch(&format!("wavec/{}", self.context.run))?;
                self.tip.branch.clone_from(&branch);
                self.tip.commit.clone_from(&base);
                self.tip.history = vec![base.clone()];
                self.events.push(Event::BranchStarted { branch, base });
            }
        }
        self.show_tip();
        self.begin_ahead();
        Ok(())
    }

    /// Has git's branch follow.
    fn show_tip(&mut self) {
        if !std::mem::replace(&mut self.tip.is_showing, true) {
            self.effects.push(Effect::Show {
                branch: self.tip.branch.clone(),
                commit: self.tip.commit.clone(),
                known: self.tip.history.clone(),
            });
        }
    }

    /// git's branch shows that commit, or could not; the last word on that is at the end.
    pub fn shown(&mut self, commit: &str) {
        self.tip.is_showing = false;
        if commit != self.tip.commit {
            self.show_tip();
        }
    }

    /// The tree that the task's next attempt works in; made anew unless it has one.
    pub fn tree_for(&mut self, task: TaskId, attempt: u32) -> Option<Tree> {
        let workspace = self.context.workspace.clone()?;
        if self.plan.task(task).isolation == Isolation::Shared {
            return None;
        }
        let life = &mut self.tasks[task.index()];
        if let Some(tree) = &mut life.tree {
            if let Some(conflict) = &life.conflict {
                tree.base.clone_from(&conflict.tip);
            }
            return Some(tree.clone());
        }
        let name = format!("{}-{}-{attempt}", self.context.run, directory_name(&self.plan.task(task).name));
        let tree = workspace.tree(&name, &self.tip.commit);
        life.tree = Some(tree.clone());
        let base = tree.base.clone();
        self.events.push(Event::TreeForked { task, attempt, tree: name, base });
        Some(tree)
    }

    /// Takes over what the work came to.
    pub fn committed(&mut self, task: TaskId, snapshot: Option<Snapshot>) {
        let life = &mut self.tasks[task.index()];
        life.conflict = None;
        life.snapshot = snapshot;
        if let (Some(snapshot), Some(tree)) = (&life.snapshot, &life.tree) {
            self.events.push(Event::TaskCommitted {
                task,
                attempt: life.attempt,
                base: tree.base.clone(),
                commit: snapshot.commit.clone(),
                size: size(snapshot.size),
            });
        }
    }

    /// The task's criteria have passed: its change is merged, then it has succeeded.
    pub fn task_passed(&mut self, task: TaskId) {
        let life = &self.tasks[task.index()];
        if life.tree.is_some() && life.snapshot.is_some() {
            self.set(task, Stage::Merging);
            self.tip.queue.push_back(task);
            return self.merge_next();
        }
        self.end_task(task, Outcome::Succeeded, "");
    }

    fn merge_next(&mut self) {
        if self.tip.is_merging {
            return;
        }
        let Some(task) = self.tip.queue.pop_front() else { return };
        let life = &self.tasks[task.index()];
        let (Some(tree), Some(snapshot)) = (&life.tree, &life.snapshot) else {
            panic!("BUG: only what was committed is merged")
        };
        self.tip.is_merging = true;
        self.effects.push(Effect::Merge(Box::new(Merging {
            task,
            tip: self.tip.commit.clone(),
            base: tree.base.clone(),
            snapshot: snapshot.clone(),
            whose: Whose {
                name: format!("`{}`", self.plan.task(task).name),
                message: message(&self.context, self.plan.task(task), life.attempt),
                claims: self.plan.task(task).claims.clone(),
            },
        })));
    }

    /// A merge is made, or cannot be.
    pub fn merged(&mut self, task: TaskId, result: Result<Merged>) {
        self.tip.is_merging = false;
        let attempt = self.tasks[task.index()].attempt;
        match result {
            Ok(Merged::Clean { tip, size: changed }) => {
                self.tip.commit.clone_from(&tip);
                self.tip.history.push(tip.clone());
                let size = size(changed);
                self.events.push(Event::TaskMerged { task, attempt, commit: tip.clone(), size });
                self.events.push(Event::BranchMoved { tip });
                self.show_tip();
                self.end_task(task, Outcome::Succeeded, "");
            }
            Ok(Merged::Conflict(conflict)) => {
                let masked: Vec<String> = conflict.paths.iter().map(|path| self.context.mask(path)).collect();
                let paths: Vec<String> = masked.iter().map(|path| format!("`{path}`")).collect();
                let shown = super::words::some_of(&paths[..paths.len().min(3)], paths.len());
                let reason =
                    format!("conflict: what it changed in {shown} does not go with what is merged already");
                self.events.push(Event::MergeConflicted {
                    task,
                    attempt,
                    tip: conflict.tip.clone(),
                    paths: masked,
                    hunks: self.context.mask(&conflict.text),
                });
                self.tasks[task.index()].conflict = Some(conflict);
                self.attempt_failed(task, &reason, None);
            }
            Err(error) => self.trouble = Some(error),
        }
        self.merge_next();
    }

    /// What the next attempt is told of a conflict.
    pub fn feedback_of_conflict(&self, task: TaskId) -> Option<String> {
        let life = &self.tasks[task.index()];
        let (conflict, snapshot) = (life.conflict.as_ref()?, life.snapshot.as_ref()?);
        let paths = conflict.paths.iter().map(|path| format!("`{}`", self.context.mask(path)));
        let paths: Vec<String> = paths.collect();
        let text = self.context.mask(&conflict.text);
        Some(format!(
            "## What went wrong before\n\n\
             Attempt {} of this task did its work, but other tasks were merged meanwhile, and what it changed in {} conflicts \
             with theirs. Those files are now as the others left them; everything else that was done is still in place. \
             Make the change to those files again, on top of what stands there now, and keep what the others wrote. The whole \
             earlier change can be seen with `git show {}`.\n\nThe lines in conflict:\n\n```\n{}\n```\n",
            life.attempt,
            super::words::some_of(&paths, paths.len()),
            snapshot.commit,
            text.trim_end(),
        ))
    }

    /// The task has ended: its tree goes, if nothing in it would be lost.
    pub fn leave_tree(&mut self, task: TaskId, outcome: Outcome) {
        let life = &mut self.tasks[task.index()];
        if outcome == Outcome::Parked {
            return;
        }
        let Some(tree) = life.tree.take() else { return };
        let is_merged = outcome == Outcome::Succeeded;
        let saved = life.snapshot.take().filter(|_| is_merged).map_or(tree.base.clone(), |it| it.commit);
        self.effects.push(Effect::Discard(tree, saved));
    }

    /// The tree in which an owner's criteria are tested that are no task's own: one that holds the tip.
    pub fn tip_tree(&mut self, owner: CheckOwner) -> Option<Tree> {
        let workspace = self.context.workspace.as_ref()?;
        if owner == CheckOwner::Preflight {
            return None;
        }
        let name = format!("{}-{}", self.context.run, directory_name(&self.context.owner_name(owner)));
        let tree = workspace.tree(&name.replace(['/', '@'], "+"), &self.tip.commit);
        if !self.tip.tested.iter().any(|known| known.name == tree.name) {
            self.tip.tested.push(tree.clone());
        }
        Some(tree)
    }

    /// Goes on with an attempt whose work was done, and committed, when wavec died. Whether there was one.
    pub fn resume_committed(&mut self, task: TaskId) -> Result<bool> {
        // The first time only: what follows is of this session.
        let (Some(before), Some(workspace)) = (self.before.clone(), self.context.workspace.clone()) else {
            return Ok(false);
        };
        let progress = &before.tasks[task.index()];
        let Some(attempt) = progress.last_attempt() else { return Ok(false) };
        let Some(tree) = &attempt.tree else { return Ok(false) };
        let is_newest = self.tasks[task.index()].attempt == attempt.number;
        let is_done = attempt.end == Some(crate::event::AttemptEnd::Done);
        // Parked after its work: a judge's quota was spent.
        let is_parked = progress.outcome() == Some(Outcome::Parked);
        let is_open_still = |verdict| match verdict {
            Verdict::Pass => true,
            Verdict::Blocked | Verdict::NotRun => is_parked,
            Verdict::Fail => false,
        };
        let checks = || attempt.checks.iter().flatten();
        let is_judged = attempt.conflict.is_some() || !checks().all(|check| is_open_still(check.verdict));
        let is_open = is_parked || progress.state == crate::event::progress::TaskState::Checking;
        let tree = workspace.tree(&tree.name, &tree.base);
        if !(is_newest && is_done && is_open && !is_judged && workspace.is_forked(&tree)) {
            return Ok(false);
        }
        let snapshot = match &attempt.commit {
            Some(commit) => Some(workspace.known(&tree, &commit.commit)?),
            None => None,
        };
        let life = &mut self.tasks[task.index()];
        life.tree = Some(tree);
        life.snapshot = snapshot;
        Ok(true)
    }

    /// The last things before the run's end is written down: the branch shows the tip, and what was only for tests is gone.
    pub async fn settle(&mut self) -> Result<()> {
        let Some(workspace) = self.context.workspace.clone() else { return Ok(()) };
        self.end_ahead().await;
        while let Some(job) = self.jobs.join_next().await {
            pass_panic_on(job);
        }
        let (branch, commit) = (self.tip.branch.clone(), self.tip.commit.clone());
        let (history, tested) = (self.tip.history.clone(), std::mem::take(&mut self.tip.tested));
        aside(&workspace, move |workspace| {
            workspace.show(&branch, &commit, &history)?;
            for tree in &tested {
                // What checks leave behind is for nobody.
                let _ = workspace.remove(tree);
            }
            let _ = workspace.drop_ahead();
            Ok(())
        })
        .await
    }

    /// Carries out an effect on the repository.
    pub fn with_repository(&mut self, effect: Effect, line: Line) {
        let Some(workspace) = self.context.workspace.clone() else { return };
        let watch = line.watch();
        let work = async move {
            let _watched = watch;
            match effect {
                Effect::Merge(merging) => {
                    let task = merging.task;
                    let result = merge(&workspace, *merging).await;
                    line.tell(Message::Merged { task, result: Box::new(result) });
                }
                Effect::Show { branch, commit, known } => {
                    let shown = commit.clone();
                    // What fails now is tried, and told, at the end.
                    let _ = aside(&workspace, move |it| it.show(&branch, &commit, &known)).await;
                    line.tell(Message::Shown { commit: shown });
                }
                Effect::Discard(tree, saved) => {
                    // One that cannot be removed stays: `wavec clean` says why.
                    let _ = aside(&workspace, move |it| it.discard(&tree, &saved)).await;
                }
                Effect::Work(_) | Effect::Test(..) | Effect::Hurry(..) => {}
            }
        };
        self.jobs.spawn_on(work, &self.home);
    }
}
