//! What a team has decided to live with: diagnostics known by what they say and where, not by line.
//!
//! Knows nothing of files on disk.

use super::Diagnostic;
use crate::source::SourceMap;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The diagnostics of a project on the day it began to be checked.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// The version of this format: 1.
    pub version: u32,
    /// One for each diagnostic, by file and place.
    pub entries: Vec<Entry>,
}

/// One known diagnostic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The file, as it was named.
    pub file: String,
    /// The code.
    pub code: String,
    /// What it said, for people.
    pub message: String,
    /// See [`fingerprint`].
    pub fingerprint: String,
}

impl Baseline {
    /// A baseline of these.
    pub fn of(sources: &SourceMap, diagnostics: &[Diagnostic]) -> Baseline {
        let entries = diagnostics
            .iter()
            .map(|diagnostic| Entry {
                file: file_name(sources, diagnostic),
                code: diagnostic.code.name().to_string(),
                message: diagnostic.message.clone(),
                fingerprint: fingerprint(sources, diagnostic),
            })
            .collect();
        Baseline { version: 1, entries }
    }

    /// Takes out of `diagnostics` those that are known, each entry once, and the entries that were met.
    pub fn subtract(&mut self, sources: &SourceMap, diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let mut known: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, entry) in self.entries.iter().enumerate().rev() {
            known.entry(entry.fingerprint.clone()).or_default().push(index);
        }
        let mut met = vec![false; self.entries.len()];
        let rest = diagnostics
            .into_iter()
            .filter(|diagnostic| match known.get_mut(&fingerprint(sources, diagnostic)).and_then(Vec::pop) {
                Some(index) => {
                    met[index] = true;
                    false
                }
                None => true,
            })
            .collect();
        let mut at = 0;
        self.entries.retain(|_| {
            at += 1;
            !met[at - 1]
        });
        rest
    }
}

/// What stays the same of a diagnostic when lines move: file, code, message and the marked text.
pub fn fingerprint(sources: &SourceMap, diagnostic: &Diagnostic) -> String {
    let marked = sources.text(diagnostic.span());
    // A mark over a whole body would change with every line in it.
    let marked = marked.lines().next().unwrap_or_default();
    let mut hasher = blake3::Hasher::new();
    for part in [&file_name(sources, diagnostic), diagnostic.code.name(), &diagnostic.message, marked] {
        hasher.update(part.as_bytes());
        hasher.update(&[0]);
    }
    hasher.finalize().to_hex()[..16].to_string()
}

fn file_name(sources: &SourceMap, diagnostic: &Diagnostic) -> String {
    sources.file(diagnostic.span().file).path().display().to_string().replace('\\', "/")
}
