//! What a task has done in its worktree: read, committed, and whether a commit holds all of it.
//!
//! What git cannot read or keep is told, and never left out in silence: a tree that holds such a thing is not saved. Knows no claims.

use super::claims::{self, Change};
use super::git::{self, Git};
use super::{Tree, Workspace};
use crate::error::{Error, Result};
use std::fs;
use std::path::PathBuf;

/// What a task did, as a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The commit, on top of the tree's base.
    pub commit: String,
    /// How much it changed.
    pub size: Size,
    /// The paths.
    pub changes: Vec<Change>,
}

/// How much a commit changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Files.
    pub files: u32,
    /// Lines added, those of binary files not counted.
    pub insertions: u64,
    /// Lines removed.
    pub deletions: u64,
}

/// What was found in a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// All is as it was.
    Nothing,
    /// Work, which is a commit now.
    Work(Snapshot),
    /// Something that no commit can hold, each in words. Nothing was committed.
    Unfit(Vec<String>),
}

/// What a tree holds.
enum Content {
    /// git's id of all of it.
    Whole(String),
    /// Not all of it can be read, each in words.
    Unfit(Vec<String>),
}

/// An index for a moment.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// What a line of git's complaints says that it cannot take, in words.
fn unfit(line: &str) -> Option<String> {
    let quoted = |sign: char| line.split_once(sign)?.1.rsplit_once(sign).map(|(path, _)| path);
    if line.ends_with("does not have a commit checked out") {
        let path = quoted('\'')?.trim_end_matches('/');
        return Some(format!("made `{path}` a git repository of its own: what is in it cannot be merged"));
    }
    if line.ends_with(": Permission denied") {
        let path = quoted('"').or_else(|| quoted('\'')).unwrap_or(line);
        return Some(format!("left `{path}` so that it cannot be read, and so not merged"));
    }
    None
}

impl Workspace {
    /// What a tree holds now, as git's id of it. What git ignores is not in it.
    fn content(&self, tree: &Tree) -> Result<Content> {
        const ACTION: &str = "read what is in the worktree";
        let (mut index, mut scratch) = (self.index(tree), None);
        if !index.exists() {
            // wavec died while it was laid out: what git was about to put there counts as there.
            index = self.trees.join(format!(".{}.scratch", tree.name));
            scratch = Some(Scratch(index.clone()));
            let words = ["read-tree", "--reset", &tree.base];
            self.within(tree, ACTION).env("GIT_INDEX_FILE", &index).args(words).run()?;
        }
        let _scratch = scratch;
        let _ = fs::remove_file(format!("{}.lock", index.display()));
        let git = || self.within(tree, ACTION).env("GIT_INDEX_FILE", &index);
        let answer = git().args(["add", "--all", "--", "."]).answer()?;
        // Of a folder that it cannot read git only warns, and leaves out what is in it.
        let unfit: Vec<String> = answer.stderr.lines().filter_map(unfit).collect();
        if !unfit.is_empty() {
            return Ok(Content::Unfit(unfit));
        }
        if answer.code != 0 {
            return Err(Error::new(ACTION, answer.complaint()).at(&tree.root));
        }
        git().args(["write-tree"]).text().map(Content::Whole)
    }

    /// Commits what is in a tree, on top of its base, under a ref of wavec's own.
    pub fn snapshot(&self, tree: &Tree, message: &str) -> Result<Taken> {
        let content = match self.content(tree)? {
            Content::Whole(content) => content,
            Content::Unfit(why) => return Ok(Taken::Unfit(why)),
        };
        let base = format!("{}^{{tree}}", tree.base);
        let before = self.git("read the base of a worktree in").args(["rev-parse", &base]).text()?;
        if content == before {
            return Ok(Taken::Nothing);
        }
        let commit = self.commit(&content, &[&tree.base], message)?;
        let kept = format!("{}/{}", self.refs, tree.name);
        self.git("keep a commit in").args(["update-ref", &kept, &commit]).run()?;
        let (size, changes) = self.difference(&tree.base, &commit)?;
        Ok(Taken::Work(Snapshot { commit, size, changes }))
    }

    /// A commit that was made before, of which the journal knows.
    pub fn known(&self, tree: &Tree, commit: &str) -> Result<Snapshot> {
        let (size, changes) = self.difference(&tree.base, commit)?;
        Ok(Snapshot { commit: commit.to_owned(), size, changes })
    }

    /// The submodules of a tree in which there is work that neither a commit of the tree nor a remote of theirs holds.
    pub fn inner_work(&self, tree: &Tree) -> Result<Vec<String>> {
        const ACTION: &str = "look into the submodules of";
        if !tree.root.join(".gitmodules").exists() {
            return Ok(Vec::new());
        }
        let words = ["ls-files", "--stage", "-z"];
        let listed = self.within(tree, ACTION).env("GIT_INDEX_FILE", self.index(tree)).args(words).bytes()?;
        let mut found = Vec::new();
        for entry in listed.split(|byte| *byte == 0).filter(|entry| entry.starts_with(b"160000 ")) {
            let Some(at) = entry.iter().position(|byte| *byte == b'\t') else { continue };
            let path = git::path_of(&entry[at + 1..]);
            let inner = tree.root.join(&path);
            if !inner.join(".git").exists() {
                // An empty folder, as worktrees have it; what is put there no commit can hold.
                if fs::read_dir(&inner).is_ok_and(|mut entries| entries.next().is_some()) {
                    found.push(path.display().to_string());
                }
                continue;
            }
            let changed = Git::new(&inner, ACTION).args(["status", "--porcelain"]).text()?;
            let known =
                Git::new(&inner, ACTION).args(["branch", "--remotes", "--contains", "HEAD"]).answer()?;
            if !changed.is_empty() || known.code != 0 || known.stdout.is_empty() {
                found.push(path.display().to_string());
            }
        }
        Ok(found)
    }

    /// Whether a tree holds just what a commit does.
    pub fn is_saved(&self, tree: &Tree, commit: &str) -> Result<bool> {
        if !self.inner_work(tree)?.is_empty() {
            return Ok(false);
        }
        let saved = format!("{commit}^{{tree}}");
        let saved = self.git("read a commit of").args(["rev-parse", "--verify", "-q", &saved]).text()?;
        Ok(matches!(self.content(tree)?, Content::Whole(content) if content == saved))
    }

    pub(super) fn difference(&self, from: &str, to: &str) -> Result<(Size, Vec<Change>)> {
        let list = |form: &str| {
            let words = ["diff-tree", "-r", "-z", "--no-renames", "--no-ext-diff", form, from, to];
            self.git("compare commits of").args(words).bytes()
        };
        let changes = claims::changes(&list("--raw")?);
        let mut size = Size { files: changes.len() as u32, ..Size::default() };
        for entry in list("--numstat")?.split(|byte| *byte == 0) {
            let entry = String::from_utf8_lossy(entry);
            let mut numbers = entry.split('\t').map(|number| number.parse::<u64>().unwrap_or(0));
            size.insertions += numbers.next().unwrap_or(0);
            size.deletions += numbers.next().unwrap_or(0);
        }
        Ok((size, changes))
    }

    /// Writes a commit. No ref shows it yet.
    pub(super) fn commit(&self, tree: &str, parents: &[&str], message: &str) -> Result<String> {
        let (name, address) = &self.author;
        let git = self.repository.by(self.git("commit in"), (name, address)).args(["commit-tree", tree]);
        let parents: Vec<&str> = parents.iter().flat_map(|parent| ["-p", parent]).collect();
        git.args(parents).args(["-F", "-"]).input(message).text()
    }

    /// The files in a tree that git ignores and that lie where one of these paths does, from the plan's directory. What is claimed by
    /// name and ignored could not be merged.
    pub fn ignored(&self, tree: &Tree, claimed: &[String]) -> Result<Vec<String>> {
        if claimed.is_empty() {
            return Ok(Vec::new());
        }
        let words = ["ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z"];
        let listed = self
            .within(tree, "list what git ignores in")
            .env("GIT_INDEX_FILE", self.index(tree))
            .args(words)
            .bytes()?;
        let mut found = Vec::new();
        for path in listed.split(|byte| *byte == 0) {
            let path = String::from_utf8_lossy(path).into_owned();
            let Some(path) = path.strip_prefix(&self.prefix).filter(|path| !path.is_empty()) else {
                continue;
            };
            let is_named = |claimed: &&String| match path.strip_suffix('/') {
                Some(directory) => {
                    let is_below = claimed.starts_with(path) || claimed.as_str() == directory;
                    is_below && tree.directory.join(claimed).exists()
                }
                None => claimed.as_str() == path,
            };
            found.extend(claimed.iter().find(is_named).cloned());
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_cannot_take_is_told_by_its_path() {
        let told = |line| unfit(line).unwrap();
        let unread = "left `np/` so that it cannot be read, and so not merged";
        assert_eq!(told("warning: could not open directory 'np/': Permission denied"), unread);
        let unread = "left `it's` so that it cannot be read, and so not merged";
        assert_eq!(told("error: open(\"it's\"): Permission denied"), unread);
        let inner = "made `a/sub` a git repository of its own: what is in it cannot be merged";
        assert_eq!(told("error: 'a/sub/' does not have a commit checked out"), inner);
        assert_eq!(unfit("warning: LF will be replaced by CRLF"), None);
    }
}
