//! Worktrees made ahead of their need: whole ones in which nobody has worked, kept apart from those of tasks until one becomes a task's.
//!
//! Knows not who will want them: a tree is brought to the commit that is asked for when it is taken.

use super::{Tree, Workspace, remove_all};
use crate::error::{Error, Result};
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Where they are, in the folder of the trees. No task's tree begins with a dot.
const FOLDER: &str = ".ahead";

/// What is there.
#[derive(Default)]
pub struct Ahead {
    ready: Mutex<Vec<Tree>>,
    /// How many were begun.
    begun: AtomicU32,
}

impl Ahead {
    fn ready(&self) -> MutexGuard<'_, Vec<Tree>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Workspace {
    /// How many trees are there that were made ahead.
    pub fn ahead(&self) -> usize {
        self.ahead.ready().len()
    }

    /// Makes one, of a commit. Whether it was: it is given up when `is_wanted` says no more.
    pub fn make_ahead(&self, commit: &str, is_wanted: &dyn Fn() -> bool) -> Result<bool> {
        let folder = self.trees.join(FOLDER);
        fs::create_dir_all(&folder).map_err(|cause| Error::new("make a worktree", cause).at(&folder))?;
        let number = self.ahead.begun.fetch_add(1, Ordering::Relaxed);
        let name = format!("ahead-{}-{number}", std::process::id());
        let root = folder.join(&name);
        let tree = Tree { name, directory: root.clone(), root, base: commit.to_owned() };
        let made = self.add(&tree, Some(is_wanted));
        if matches!(made, Ok(true)) {
            self.ahead.ready().push(tree);
        } else {
            let _list = self.listed();
            let _ = self.forget(&tree);
        }
        made
    }

    /// Has a tree become one that was made ahead, at the commit that it is to hold. Whether there was one.
    pub(super) fn take_ahead(&self, tree: &Tree) -> Result<bool> {
        let Some(spare) = self.ahead.ready().pop() else { return Ok(false) };
        let moved =
            self.rename(&spare, tree).map_err(|cause| Error::new("move a worktree", cause).at(&tree.root));
        let moved = moved.and_then(|()| {
            if spare.base == tree.base {
                return Ok(());
            }
            let words = ["reset", "--quiet", "--hard", &tree.base];
            self.within(tree, "bring a worktree up to date").args(words).run()
        });
        if moved.is_ok() {
            return Ok(true);
        }
        // One made anew tells what is wrong, if it cannot be made either.
        let _list = self.listed();
        self.forget(&spare)?;
        self.forget(tree)?;
        Ok(false)
    }

    /// As `git worktree move` does it, with git's own folder of the tree, which has the tree's name.
    fn rename(&self, from: &Tree, to: &Tree) -> io::Result<()> {
        let _list = self.listed();
        let (before, own) = (self.own_of(from), self.own_of(to));
        fs::rename(&from.root, &to.root)?;
        fs::rename(before, &own)?;
        fs::write(own.join("gitdir"), format!("{}\n", to.root.join(".git").display()))?;
        fs::write(to.root.join(".git"), format!("gitdir: {}\n", own.display()))
    }

    /// Takes all of them away, of a wavec that died too.
    pub fn drop_ahead(&self) -> Result<()> {
        self.ahead.ready().clear();
        // What git keeps of one whose folder was being moved when wavec died.
        let ours = format!("{}-ahead-", self.tag);
        for entry in fs::read_dir(self.common.join("worktrees")).into_iter().flatten().flatten() {
            let is_ours = entry.file_name().to_string_lossy().starts_with(&ours);
            let place = fs::read_to_string(entry.path().join("gitdir")).unwrap_or_default();
            if is_ours && (place.is_empty() || !entry.path().join(place.trim()).exists()) {
                remove_all(&entry.path())?;
            }
        }
        let folder = self.trees.join(FOLDER);
        let Ok(entries) = fs::read_dir(&folder) else { return Ok(()) };
        for entry in entries.flatten() {
            let root: PathBuf = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            let tree = Tree { name, directory: root.clone(), root, base: String::new() };
            let _list = self.listed();
            self.forget(&tree)?;
        }
        remove_all(&folder)
    }
}
