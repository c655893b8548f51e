//! What the client has been told of each file: the findings of every open plan, each said once.

use super::convert;
use crate::diagnostic::Diagnostic;
use crate::source::{ColumnUnit, SourceMap};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The findings by the plan that has them, and what was sent.
#[derive(Default)]
pub struct Results {
    by_root: BTreeMap<PathBuf, BTreeMap<PathBuf, Vec<Value>>>,
    sent: BTreeMap<PathBuf, Vec<Value>>,
}

impl Results {
    /// Puts the findings of a plan in place of those before; gives the files of which something else is to be said now.
    pub fn set(
        &mut self,
        root: &Path,
        sources: &SourceMap,
        found: &[Diagnostic],
        unit: ColumnUnit,
    ) -> Vec<PathBuf> {
        let mut files: BTreeMap<PathBuf, Vec<Value>> = BTreeMap::new();
        for diagnostic in found {
            let value = convert::diagnostic(sources, diagnostic, unit);
            files.entry(convert::path_of(sources, diagnostic)).or_default().push(value);
        }
        let touched: BTreeSet<PathBuf> = files.keys().cloned().collect();
        let before = self.by_root.insert(root.to_path_buf(), files).unwrap_or_default();
        self.changed(touched.into_iter().chain(before.into_keys()).chain([root.to_path_buf()]))
    }

    /// Forgets a plan.
    pub fn remove(&mut self, root: &Path) -> Vec<PathBuf> {
        let before = self.by_root.remove(root).unwrap_or_default();
        self.changed(before.into_keys().chain([root.to_path_buf()]))
    }

    /// Whether a plan has been judged.
    pub fn knows(&self, root: &Path) -> bool {
        self.by_root.contains_key(root)
    }

    fn changed(&mut self, files: impl Iterator<Item = PathBuf>) -> Vec<PathBuf> {
        let mut changed = Vec::new();
        for file in files.collect::<BTreeSet<_>>() {
            let now = self.of(&file);
            let is_new = match self.sent.get(&file) {
                Some(before) => *before != now,
                None => true,
            };
            if is_new {
                self.sent.insert(file.clone(), now);
                changed.push(file);
            }
        }
        changed
    }

    /// What there is to say of a file.
    pub fn of(&self, file: &Path) -> Vec<Value> {
        let mut all: Vec<Value> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        for value in self.by_root.values().filter_map(|files| files.get(file)).flatten() {
            // Several plans may use one library.
            if seen.insert((
                value["range"].to_string(),
                value["code"].to_string(),
                value["message"].to_string(),
            )) {
                all.push(value.clone());
            }
        }
        all
    }
}
