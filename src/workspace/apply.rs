//! Bringing a run's result into the user's own checkout: the one place that touches it, and only when nothing can be lost.

use super::{Repository, short};
use crate::error::{Error, Exit, Result};

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

/// Brings `tip` into the checkout, or into the folder that was copied. Refuses what could lose anything: all is then as it was.
pub fn apply(repository: &Repository, tip: &str, what: &str) -> Result<Applied> {
    let action = format!("apply {what} to");
    let is_copied = repository.is_copied();
    let git = || repository.git(&action);
    let refuse = |cause: String| Error::new(&action, cause).at(&repository.root).exit(Exit::Usage);
    // Of a folder that is copied this is its state now: nothing in it is uncommitted.
    let head = repository.head()?;
    let is_ancestor = |old: &str, new: &str| -> Result<bool> {
        Ok(git().args(["merge-base", "--is-ancestor", old, new]).answer()?.code == 0)
    };
    if is_ancestor(tip, &head)? {
        return Ok(Applied::Nothing);
    }
    let changed = if is_copied { Vec::new() } else { repository.uncommitted(false)? };
    if !changed.is_empty() {
        return Err(refuse(format!("it has changes that are not committed: {}", some(&changed)))
            .help("commit or stash them, then `wavec apply`; nothing was touched"));
    }
    // Given up, it would take with it what was applied in its midst.
    for (folder, what) in
        [("rebase-merge", "a rebase"), ("rebase-apply", "a rebase"), ("BISECT_LOG", "a bisect")]
    {
        let place = git().args(["rev-parse", "--git-path", folder]).text()?;
        if !is_copied && repository.root.join(place).exists() {
            return Err(refuse(format!("{what} is under way in it"))
                .help("end it, then `wavec apply`; nothing was touched"));
        }
    }
    let onto = repository.branch()?;
    let is_forward = is_ancestor(&head, tip)?;
    if !is_forward && git().args(["merge-base", &head, tip]).answer()?.code != 0 {
        return Err(refuse("what it stands on has no commit in common with the run's".into())
            .help("check out the branch that the run began on, then `wavec apply`; nothing was touched"));
    }
    if !is_forward {
        let trial = repository.merge_of(&head, tip)?;
        if !trial.paths.is_empty() {
            let hunks = repository.hunks_of(&trial, "the run");
            let hunks = hunks.replace(&head, if is_copied { "the folder" } else { "the checkout" });
            let help = match is_copied {
                true => {
                    "have those lines in the folder as they were, then `wavec apply`; `wavec show RUN TASK \
                         --diff` shows what a task did; nothing was touched"
                        .to_owned()
                }
                false => format!("merge by hand: `git merge {}`; nothing was touched", short(tip)),
            };
            let cause = format!("it has gone on since, and both changed {}", some(&trial.paths));
            return Err(refuse(format!("{cause}\n{}", hunks.trim_end())).help(help));
        }
    }
    let mut words = vec!["merge", "--quiet", "--no-edit", "--no-overwrite-ignore"];
    let message = format!("Merge {what}");
    words.extend(if is_forward { vec!["--ff-only"] } else { vec!["--no-ff", "-m", &message] });
    // The user's checkout and the user's rules: hooks run here.
    let git_of_merge = if is_copied { repository.by(git(), super::NOBODY) } else { git().own_hooks() };
    let answer = git_of_merge.args(words).args([tip]).answer()?;
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
