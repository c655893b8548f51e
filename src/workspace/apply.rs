//! Bringing a run's result into the user's own checkout: the one place that touches it, and only when nothing can be lost.

use super::git::Git;
use super::{short, uncommitted};
use crate::error::{Error, Exit, Result};
use std::path::{Path, PathBuf};

/// How many paths are named.
const MOST: usize = 5;

/// What applying did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// The checkout holds it already.
    Nothing,
    /// The branch went on to it.
    Forwarded {
        /// The user's branch; empty where the checkout stands on no branch.
        onto: String,
        /// The commit.
        commit: String,
    },
    /// The branch had gone on by itself: both were merged.
    Merged {
        /// The user's branch; empty where the checkout stands on no branch.
        onto: String,
        /// The commit that merges both.
        commit: String,
    },
}

/// Brings `tip` into the checkout that `directory` is in. Refuses what could lose anything: the checkout is then as it was.
pub fn apply(directory: &Path, tip: &str, what: &str) -> Result<Applied> {
    let action = format!("apply {what} to");
    let root = PathBuf::from(
        Git::new(directory, "find the git repository of").args(["rev-parse", "--show-toplevel"]).text()?,
    );
    let git = || Git::new(&root, &action);
    let refuse = |cause: String| Error::new(&action, cause).at(&root).exit(Exit::Usage);
    let head = git().args(["rev-parse", "HEAD"]).text()?;
    let is_ancestor = |old: &str, new: &str| -> Result<bool> {
        Ok(git().args(["merge-base", "--is-ancestor", old, new]).answer()?.code == 0)
    };
    if is_ancestor(tip, &head)? {
        return Ok(Applied::Nothing);
    }
    let changed = uncommitted(&root, false)?;
    if !changed.is_empty() {
        return Err(refuse(format!("it has changes that are not committed: {}", some(&changed)))
            .help("commit or stash them, then `wavec apply`; nothing was touched"));
    }
    let onto = git().args(["symbolic-ref", "--short", "-q", "HEAD"]).answer()?;
    let onto = String::from_utf8_lossy(&onto.stdout).trim().to_owned();
    let is_forward = is_ancestor(&head, tip)?;
    if !is_forward {
        let tried = git().args(["merge-tree", "--write-tree", "--name-only", "-z", &head, tip]).answer()?;
        if tried.code != 0 {
            let fields = tried
                .stdout
                .split(|byte| *byte == 0)
                .map(|field| String::from_utf8_lossy(field).into_owned());
            let paths: Vec<String> = fields.skip(1).take_while(|path| !path.is_empty()).collect();
            return Err(refuse(format!("it has gone on since, and both changed {}", some(&paths)))
                .help(format!("merge by hand: `git merge {}`; nothing was touched", short(tip))));
        }
    }
    let mut words = vec!["merge", "--quiet", "--no-edit"];
    let message = format!("Merge {what}");
    words.extend(if is_forward { vec!["--ff-only"] } else { vec!["--no-ff", "-m", &message] });
    // The user's checkout and the user's rules: hooks run here.
    let answer = Git::new(&root, &action).own_hooks().args(words).args([tip]).answer()?;
    if answer.code != 0 {
        if !is_forward {
            let _ = git().args(["merge", "--abort"]).answer();
        }
        let lost: Vec<String> =
            answer.stderr.lines().filter_map(|line| line.strip_prefix('\t')).map(str::to_owned).collect();
        let cause = match lost.is_empty() {
            true => answer.complaint(),
            false => format!("files that git does not know stand in the way: {}", some(&lost)),
        };
        return Err(refuse(cause).help("move them away, then `wavec apply`; nothing was touched"));
    }
    let commit = git().args(["rev-parse", "HEAD"]).text()?;
    Ok(if is_forward { Applied::Forwarded { onto, commit } } else { Applied::Merged { onto, commit } })
}

/// Whether a commit is part of what a checkout stands on.
pub fn is_applied(directory: &Path, tip: &str) -> bool {
    let git = Git::new(directory, "compare commits of").args(["merge-base", "--is-ancestor", tip, "HEAD"]);
    git.answer().is_ok_and(|answer| answer.code == 0)
}

/// Removes a branch that shows `tip`; one that shows anything else stays. Whether it was there and is gone.
pub fn remove_branch(directory: &Path, branch: &str, tip: &str) -> Result<bool> {
    let name = format!("refs/heads/{branch}");
    let git = Git::new(directory, "remove wavec's branch in");
    Ok(git.args(["update-ref", "-d", &name, tip]).answer()?.code == 0)
}

/// A few of the paths, in words.
pub fn some(paths: &[String]) -> String {
    let mut shown: Vec<String> = paths.iter().take(MOST).map(|path| format!("`{path}`")).collect();
    let more = paths.len().saturating_sub(MOST);
    if more > 0 {
        return format!("{} and {more} more", shown.join(", "));
    }
    match shown.pop() {
        Some(last) if !shown.is_empty() => format!("{} and {last}", shown.join(", ")),
        last => last.unwrap_or_default(),
    }
}
