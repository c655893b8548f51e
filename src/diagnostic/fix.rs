//! Fixes as text edits: which to take together, and the text after them.
//!
//! Knows nothing of what a fix means.

use super::{Diagnostic, Edit};
use crate::source::{FileId, SourceMap};
use std::collections::BTreeMap;

/// The safe fixes that can be made at once: those whose edits touch none of an earlier one's. Each is the index of its
/// diagnostic. Only fixes whose edits are all in files that `may_edit` says yes to are taken.
pub fn choose(diagnostics: &[Diagnostic], may_edit: impl Fn(FileId) -> bool) -> Vec<usize> {
    let mut taken: Vec<&Edit> = Vec::new();
    let mut chosen = Vec::new();
    let mut has_alone = false;
    for (index, diagnostic) in diagnostics.iter().enumerate() {
        let Some(fix) = diagnostic.fix.as_ref().filter(|fix| fix.is_safe && !fix.edits.is_empty()) else {
            continue;
        };
        let is_new = |edit: &Edit| may_edit(edit.span.file) && !taken.iter().any(|other| meets(edit, other));
        let is_sound =
            fix.edits.iter().enumerate().all(|(at, edit)| {
                is_new(edit) && !fix.edits[at + 1..].iter().any(|other| meets(edit, other))
            });
        if is_sound && !(fix.is_alone && has_alone) {
            has_alone |= fix.is_alone;
            taken.extend(&fix.edits);
            chosen.push(index);
        }
    }
    chosen
}

/// Whether two edits cannot be made together: they share bytes, or insert at one place.
fn meets(a: &Edit, b: &Edit) -> bool {
    if a.span.file != b.span.file {
        return false;
    }
    let share = a.span.start < b.span.end && b.span.start < a.span.end;
    let touch =
        (a.span.is_empty() || b.span.is_empty()) && a.span.start <= b.span.end && b.span.start <= a.span.end;
    share || touch
}

/// The texts of the files that the edits change. The edits do not overlap.
pub fn apply<'a>(sources: &SourceMap, edits: impl IntoIterator<Item = &'a Edit>) -> BTreeMap<FileId, String> {
    let mut by_file: BTreeMap<FileId, Vec<&Edit>> = BTreeMap::new();
    for edit in edits {
        by_file.entry(edit.span.file).or_default().push(edit);
    }
    by_file
        .into_iter()
        .map(|(id, mut edits)| {
            edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
            let text = sources.file(id).text();
            let mut out = String::with_capacity(text.len());
            let mut at = 0;
            for edit in edits {
                let range = edit.span.range();
                assert!(at <= range.start, "BUG: edits overlap at byte {}", range.start);
                out.push_str(&text[at..range.start]);
                out.push_str(&edit.text);
                at = range.end;
            }
            out.push_str(&text[at..]);
            (id, out)
        })
        .collect()
}
