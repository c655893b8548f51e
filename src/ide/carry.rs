//! What was proved of the text before, shown on the text as it is now, until it is proved anew.
//!
//! Knows the two texts and no more: what stands before the change stays, what stands behind it moves along, what touches
//! it is dropped.

use super::Analysis;
use crate::diagnostic::{Diagnostic, codes::Group};
use crate::source::{FileId, Span};

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
    let before = old.bytes().zip(new.bytes()).take_while(|(a, b)| a == b).count();
    let most = old.len().min(new.len()) - before;
    let after = old.bytes().rev().zip(new.bytes().rev()).take_while(|(a, b)| a == b).count().min(most);
    (before, old.len() - after, new.len() as i64 - old.len() as i64)
}
