//! Which files an analysis depends on: all that it asked for, there or not, and whether a change on disk is one of them.
//!
//! Knows paths only; what the client can be asked to watch is told here, and sent by the server.

use super::capabilities::Client;
use super::uri;
use crate::check::agents::homes;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// What was asked of a path, and what there was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Answer {
    /// Nothing is there.
    Absent,
    /// Something is there.
    There,
    /// What the directory holds was told.
    Listed,
}

/// All that was asked for while a text was analysed.
#[derive(Debug, Default)]
pub struct Asked(Mutex<BTreeMap<PathBuf, Answer>>);

/// What became of a file on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is new.
    Created,
    /// Its text is another.
    Changed,
    /// It is gone.
    Deleted,
}

impl Asked {
    fn note(&self, path: PathBuf, answer: Answer) {
        // What was told twice, once there and once listed, is listed.
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = asked.entry(path).or_insert(answer);
        *known = (*known).max(answer);
    }

    /// Something was looked for.
    pub fn sought(&self, path: PathBuf, is_there: bool) {
        self.note(path, if is_there { Answer::There } else { Answer::Absent });
    }

    /// A directory was asked for what it holds.
    pub fn listed(&self, path: PathBuf, is_there: bool) {
        self.note(path, if is_there { Answer::Listed } else { Answer::Absent });
    }

    /// Whether a change on disk may have changed an answer.
    pub fn concerns(&self, path: &Path, change: Change) -> bool {
        let asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.contains_key(path) {
            return true;
        }
        let is_in = |directory: Option<&Path>, answer| {
            directory.is_some_and(|directory| asked.get(directory) == Some(&answer))
        };
        match change {
            Change::Changed => false,
            Change::Created => {
                is_in(path.parent(), Answer::Listed)
                    || path.ancestors().any(|above| is_in(Some(above), Answer::Absent))
            }
            Change::Deleted => {
                let mut below = asked.range(path.to_path_buf()..);
                is_in(path.parent(), Answer::Listed)
                    || below.next().is_some_and(|(it, _)| it.starts_with(path))
            }
        }
    }
}

/// The directories outside the workspace that hold one of these files.
pub fn outside<'p>(files: impl Iterator<Item = &'p Path>, folders: &[PathBuf]) -> BTreeSet<PathBuf> {
    let outside = files.filter(|file| !folders.iter().any(|folder| file.starts_with(folder)));
    outside.filter_map(|file| Some(file.parent()?.to_path_buf())).collect()
}

/// What is to be watched in the workspace: plans and libraries, settings, agents; and which other files come and go, for a
/// plan may speak of any.
pub fn in_workspace() -> Vec<Value> {
    let mut globs = vec!["**/*.wave".to_owned(), "**/wavec.toml".to_owned()];
    globs.extend(homes().map(|(directory, ending)| format!("**/{directory}/*{ending}")));
    let mut watchers: Vec<Value> = globs.iter().map(|glob| json!({ "globPattern": glob })).collect();
    // Created and deleted: what stands in the others is asked for when it is shown.
    watchers.push(json!({ "globPattern": "**/*", "kind": 5 }));
    watchers
}

/// What is to be watched elsewhere.
pub fn in_directories(directories: &BTreeSet<PathBuf>, client: &Client) -> Vec<Value> {
    let one = |directory: &PathBuf| match client.has_relative_patterns {
        true => json!({ "globPattern": { "baseUri": uri::of_path(directory), "pattern": "*" } }),
        false => json!({ "globPattern": format!("{}/*", directory.display()) }),
    };
    directories.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_concerns_those_who_asked_for_it() {
        let asked = Asked::default();
        asked.sought("/w/lib.wave".into(), true);
        asked.sought("/w/data/table.csv".into(), false);
        asked.sought("/w/data".into(), false);
        asked.listed("/w/src".into(), true);
        let concerns = |path: &str, change| asked.concerns(Path::new(path), change);
        assert!(concerns("/w/lib.wave", Change::Changed));
        assert!(concerns("/w/lib.wave", Change::Deleted));
        assert!(!concerns("/w/other.wave", Change::Changed));
        assert!(!concerns("/w/other.wave", Change::Created));
        assert!(concerns("/w/data/table.csv", Change::Created));
        assert!(concerns("/w/data/deep/down", Change::Created), "the directory is new with it");
        assert!(concerns("/w/src/new.rs", Change::Created));
        assert!(concerns("/w/src/old.rs", Change::Deleted));
        assert!(!concerns("/w/src/old.rs", Change::Changed));
        assert!(!concerns("/w/src/deep/new.rs", Change::Created));
        assert!(concerns("/w", Change::Deleted), "a directory went with all that it held");
    }

    #[test]
    fn what_is_outside_is_watched_where_it_is() {
        let folders = [PathBuf::from("/w")];
        let files = ["/w/a.wave", "/lib/b.wave", "/lib/c.wave"].map(Path::new);
        let found = outside(files.into_iter(), &folders);
        assert_eq!(found, BTreeSet::from([PathBuf::from("/lib")]));
    }
}
