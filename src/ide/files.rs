//! The files that a glob matches now, as the loader tells.

use crate::check::Loader;
use crate::glob::Pattern;
use std::path::{Path, PathBuf};

/// So many directory entries are looked at.
const MOST_LOOKED_AT: usize = 20_000;

/// What a glob matches.
#[derive(Debug, Default)]
pub struct Matches {
    /// The first paths, relative to the plan's directory.
    pub shown: Vec<String>,
    /// How many there are.
    pub count: usize,
    /// Whether the search ended early: there may be more.
    pub is_cut: bool,
}

/// The directory that a plan's paths are relative to.
pub fn directory(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

/// The files below the plan's directory that a pattern matches and none of `except`; `most` of them are named.
pub fn matches(
    plan: &Path,
    pattern: &Pattern,
    except: &[Pattern],
    loader: &dyn Loader,
    most: usize,
) -> Matches {
    let is_wanted = |path: &str| !except.iter().any(|except| except.matches(path));
    let root = directory(plan);
    let mut found = Matches::default();
    if let Some(literal) = pattern.literal() {
        if loader.exists(&root.join(literal)) && is_wanted(literal) {
            found.count = 1;
            found.shown.push(literal.to_owned());
        }
        return found;
    }
    let mut open = vec![pattern.literal_prefix().trim_end_matches('/').to_owned()];
    let mut looked_at = 0;
    while let Some(below) = open.pop() {
        let path = if below.is_empty() { root.clone() } else { root.join(&below) };
        let Ok(mut names) = loader.list(&path) else { continue };
        names.sort_by(|a, b| b.cmp(a));
        for name in names {
            looked_at += 1;
            if looked_at > MOST_LOOKED_AT {
                found.is_cut = true;
                break;
            }
            if matches!(name.as_str(), ".git" | ".wavec" | "node_modules" | "target") {
                continue;
            }
            let inner = if below.is_empty() { name } else { format!("{below}/{name}") };
            // A directory that no path below can match is not asked for what it holds.
            let is_directory = pattern.may_match_below(&inner) && loader.list(&root.join(&inner)).is_ok();
            if is_directory {
                open.push(inner);
            } else if pattern.matches(&inner) && is_wanted(&inner) {
                found.count += 1;
                found.shown.push(inner);
            }
        }
    }
    found.shown.sort();
    found.shown.truncate(most);
    found
}
