//! What was proved of the text before, shown on the text as it is now, until it is proved anew.
//!
//! Knows the two texts and no more: what stands before the change stays, what stands behind it moves along, what touches
//! it is dropped.

use super::Analysis;
use crate::diagnostic::{Diagnostic, codes::Group};
use crate::source::{FileId, Span};
use std::ops::Range;

/// The findings of proofs in `before` that the change to `now` has not touched, with their places in `now`.
pub fn carry(before: &Analysis, now: &Analysis) -> Vec<Diagnostic> {
    let moves: Vec<Option<(usize, usize, i64)>> = before
        .sources
        .files()
        .map(|(id, file)| {
            let same = now.sources.files().find(|(other, _)| *other == id)?;
            (same.1.path() == file.path()).then(|| change(file.text(), same.1.text()))
        })
        .collect();
    let moved = |span: Span| -> Option<Span> {
        let (start, end, by) = (*moves.get(span.file.0 as usize)?)?;
        if (span.end as usize) < start {
            Some(span)
        } else if span.start as usize > end {
            let place = |at: u32| u32::try_from(i64::from(at) + by).ok();
            Some(Span { file: FileId(span.file.0), start: place(span.start)?, end: place(span.end)? })
        } else {
            None
        }
    };
    let proved = before.diagnostics.iter().filter(|found| is_proved(found));
    proved
        .filter_map(|found| {
            let mut found = found.clone();
            for label in &mut found.labels {
                label.span = moved(label.span)?;
            }
            // Its edits were for the text before.
            found.fix = None;
            Some(found)
        })
        .collect()
}

fn is_proved(found: &Diagnostic) -> bool {
    matches!(found.code.group(), Group::Files | Group::Criteria | Group::Claims | Group::Secrets)
}

/// Where two texts differ: the first byte and the end of it in the old one, and by how much what follows moves.
fn change(old: &str, new: &str) -> (usize, usize, i64) {
    let (old, new) = (old.as_bytes(), new.as_bytes());
    let most = old.len().min(new.len());
    let before = same(most, |range| old[range.clone()] == new[range]);
    let most = most - before;
    let (old_end, new_end) = (old.len(), new.len());
    let after = same(most, |range| {
        let back = |end: usize| end - range.end..end - range.start;
        old[back(old_end)] == new[back(new_end)]
    });
    (before, old.len() - after, new.len() as i64 - old.len() as i64)
}

/// How many of `most` bytes are the same from the start on, as `is_same` tells of a stretch; long stretches first.
fn same(most: usize, is_same: impl Fn(Range<usize>) -> bool) -> usize {
    let mut at = 0;
    let mut step = 4096;
    while step > 0 {
        while at + step <= most && is_same(at..at + step) {
            at += step;
        }
        step /= 8;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::change;

    #[test]
    fn a_change_is_found_between_what_is_the_same() {
        assert_eq!(change("abc", "abc"), (3, 3, 0));
        assert_eq!(change("abc", "abxc"), (2, 2, 1));
        assert_eq!(change("aaa", "aa"), (2, 3, -1));
        let long = "x".repeat(10_007);
        assert_eq!(change(&format!("{long}1{long}"), &format!("{long}{long}")), (10_007, 10_008, -1));
        assert_eq!(change("", "a"), (0, 0, 1));
    }
}
