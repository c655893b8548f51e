//! Worktrees are made before their tasks can start: while others work, one after another, as many as will be wanted at once.
//!
//! Knows how many are wanted and of which commit, not by whom. Making them gives way to tasks that wait for theirs.

use super::dispatch::{Dispatcher, Hurry, pass_panic_on};
use super::trees::aside;
use crate::plan::{Isolation, StepId};
use crate::schedule::State;
use crate::workspace::{Tree, Workspace};
use std::sync::Arc;
use tokio::sync::{Notify, Semaphore, SemaphorePermit, watch};
use tokio::task::JoinHandle;

/// As many are kept ready at most, where the run's workers are not counted.
const MOST: usize = 9;

/// How many are made at once: a processor each, as making one is all work.
pub struct Forks {
    processors: usize,
    permits: Semaphore,
    /// A task has its tree: perhaps one that was made ahead.
    made: Notify,
}

impl Default for Forks {
    fn default() -> Forks {
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Forks { processors, permits: Semaphore::new(processors), made: Notify::new() }
    }
}

impl Forks {
    /// The turn to make one; none is needed where there is one that was made ahead.
    pub async fn turn(&self, workspace: &Workspace) -> Option<SemaphorePermit<'_>> {
        if workspace.ahead() > 0 {
            return None;
        }
        self.permits.acquire().await.ok()
    }

    /// Whether no task waits for its own.
    fn is_free(&self) -> bool {
        self.permits.available_permits() == self.processors
    }
}

/// What is wanted.
#[derive(Clone, Default, PartialEq, Eq)]
struct Wish {
    commit: String,
    count: usize,
    is_over: bool,
}

/// What the dispatcher knows of them.
#[derive(Default)]
pub(super) struct Ahead {
    /// The steps of tasks with trees that have not started.
    waiting: Vec<StepId>,
    maker: Option<(watch::Sender<Wish>, JoinHandle<()>)>,
}

impl Dispatcher {
    /// Begins to make them.
    pub fn begin_ahead(&mut self) {
        let Some(workspace) = self.context.workspace.clone() else { return };
        let tasks = self.plan.tasks.iter().filter(|task| task.isolation != Isolation::Shared);
        self.ahead.waiting = tasks.filter_map(|task| task.step).collect();
        let (sender, receiver) = watch::channel(Wish::default());
        let forks = Arc::clone(&self.context.forks);
        self.ahead.maker = Some((sender, self.home.spawn(make(workspace, forks, receiver))));
    }

    /// Says how many are wanted now.
    pub fn wish_ahead(&mut self) {
        let Some((sender, _)) = &self.ahead.maker else { return };
        let is_to_come = |step: &StepId| matches!(self.schedule.state(*step), State::Waiting | State::Ready);
        self.ahead.waiting.retain(is_to_come);
        let most = self.schedule.workers().map_or(MOST, |workers| workers as usize).min(MOST);
        let count = if self.hurry == Hurry::None { self.ahead.waiting.len().min(most) } else { 0 };
        let commit = &self.tip.commit;
        sender.send_if_modified(|wish| {
            let is_new = wish.count != count || wish.commit != *commit;
            if is_new {
                (wish.count, wish.commit) = (count, commit.clone());
            }
            is_new
        });
    }

    /// Ends the making of them, at once.
    pub async fn end_ahead(&mut self) {
        let Some((sender, maker)) = self.ahead.maker.take() else { return };
        sender.send_modify(|wish| wish.is_over = true);
        pass_panic_on(maker.await);
    }
}

async fn make(workspace: Arc<Workspace>, forks: Arc<Forks>, mut wishes: watch::Receiver<Wish>) {
    loop {
        let wish = wishes.borrow_and_update().clone();
        if wish.is_over {
            return;
        }
        if workspace.ahead() >= wish.count || !forks.is_free() {
            tokio::select! {
                changed = wishes.changed() => if changed.is_err() { return },
                () = forks.made.notified() => {}
            }
            continue;
        }
        let permit = forks.permits.acquire().await;
        let look = wishes.clone();
        let made = aside(&workspace, move |workspace| {
            workspace.make_ahead(&wish.commit, &|| {
                let now = look.borrow();
                !now.is_over && now.count > 0
            })
        });
        let made = made.await;
        drop(permit);
        // What cannot be made ahead cannot be made later either, and is told then.
        if made.is_err() {
            return;
        }
    }
}

/// Makes the tree of a task, in its turn.
pub async fn fork(workspace: &Arc<Workspace>, forks: &Forks, tree: Tree) -> crate::error::Result<()> {
    let turn = forks.turn(workspace).await;
    let made = aside(workspace, move |workspace| workspace.fork(&tree)).await;
    drop(turn);
    forks.made.notify_one();
    made
}
