//! A large text, read in parts by threads of their own: each between two ends of bodies of the file itself.
//!
//! Gives what reading it in one go gives, or nothing: where braces are unclear, or where a limit that counts over the whole
//! text is near, the text is to be read in one go. Knows no statement.

use super::misplaced;
use super::split::Split;
use super::tree::{Built, Part, read_part};
use crate::diagnostic::Diagnostic;
use crate::source::FileId;
use std::thread::scope;

/// A text below this is read and judged in one go: starting threads would take longer than they save.
pub const LARGE: usize = 128 * 1024;

/// So many parts: what they save grows little beyond.
pub(super) const PARTS: usize = 4;

/// Reads a text that has been split in so many parts, with what is out of place in it. Gives the split back where that cannot
/// be done.
pub(super) fn build(
    file: FileId,
    text: &str,
    start: usize,
    split: Split,
    is_hasty: bool,
    count: usize,
) -> Result<Built<'_>, Split> {
    let Some(parts) = split.parts(start, text.len(), count) else { return Err(split) };
    let read = |(part, marks): (std::ops::Range<usize>, std::ops::Range<usize>)| {
        let read = read_part(file, text, part, &split.marks[marks], &split.comments, is_hasty);
        let mut misplaced = Vec::new();
        misplaced::inside(&read.statements, &mut misplaced);
        (read, misplaced)
    };
    let read = &read;
    let all: Vec<(Part<'_>, Vec<Diagnostic>)> = scope(|threads| {
        let mut parts = parts.into_iter();
        let first = parts.next();
        let others: Vec<_> = parts.map(|part| threads.spawn(move || read(part))).collect();
        let first = first.map(read);
        let others = others.into_iter().map(|other| match other.join() {
            Ok(part) => part,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        first.into_iter().chain(others).collect()
    });
    let mut all = all.into_iter();
    let Some((mut whole, mut out_of_place)) = all.next() else { return Err(split) };
    for (part, misplaced) in all {
        out_of_place.extend(misplaced);
        if !whole.append(part) {
            return Err(split);
        }
    }
    misplaced::at_top(&whole.statements, &mut out_of_place);
    whole.diagnostics.append(&mut out_of_place);
    if whole.diagnostics.len() >= super::MOST_KEPT {
        return Err(split);
    }
    Ok(whole.built(file, text, split))
}
