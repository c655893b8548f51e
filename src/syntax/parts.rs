//! A large text, read in parts by threads of their own: each between two ends of bodies of the file itself, or of the one
//! body that is most of it.
//!
//! Gives what reading it in one go gives, or nothing: where braces are unclear, or where a limit that counts over the whole
//! text is near, the text is to be read in one go. Knows no statement.

use super::ast::Statement;
use super::misplaced;
use super::split::{Inside, Piece, Split};
use super::tree::{Built, DEEPEST, Part, bodies, read_part, room};
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
    let parts = split.parts(start, text.len(), count);
    let is_one = |parts: &Vec<Piece>| parts.iter().any(|(part, _)| part.len() > text.len() / 2);
    let split = match parts.as_ref().is_none_or(is_one) {
        false => split,
        true => match inside(file, text, start, split, is_hasty, count) {
            Ok(built) => return Ok(built),
            Err(split) => split,
        },
    };
    let Some(parts) = parts else { return Err(split) };
    let parts = parts.into_iter().map(|piece| (piece, Vec::new())).collect();
    let all = each(parts, |(part, marks), room| {
        let read = read_part(file, text, part, &split.marks[marks], is_hasty, None, room);
        let mut misplaced = Vec::new();
        misplaced::inside(&read.statements, &mut misplaced);
        (read, misplaced)
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

/// As [`build`], where one body of the file is most of it; only where nothing is wrong, for what reads mistakes looks around.
fn inside(
    file: FileId,
    text: &str,
    start: usize,
    split: Split,
    is_hasty: bool,
    count: usize,
) -> Result<Built<'_>, Split> {
    let Some(Inside { open, parts, end, rest }) = split.parts_inside(text.len(), count, DEEPEST) else {
        return Err(split);
    };
    let is_clean =
        |part: &Part<'_>| part.diagnostics.is_empty() && part.junk_spans.is_empty() && part.mistakes == 0;
    let left_out = Some((open, end));
    let mut whole = read_part(file, text, start..text.len(), &rest, is_hasty, left_out, Vec::new());
    let opens_here = |statement: &Statement<'_>| {
        statement.kind.body().is_some_and(|body| body.span.start as usize == open)
    };
    let Some(at) = whole.statements.iter().position(opens_here).filter(|_| is_clean(&whole)) else {
        return Err(split);
    };
    let header = &whole.statements[at];
    // The room is this thread's own, so that it can be used again here; the first part's is for all of them.
    let mut counts: Vec<usize> = parts.iter().map(|(_, marks)| bodies(&split.marks[marks.clone()])).collect();
    counts[0] = counts.iter().sum();
    let parts = parts.into_iter().zip(counts.into_iter().map(room)).collect();
    let all = each(parts, |(part, marks), room| {
        let read = read_part(file, text, part, &split.marks[marks], is_hasty, None, room);
        let mut misplaced = Vec::new();
        misplaced::inside_of(header, &read.statements, &mut misplaced);
        (read, misplaced)
    });
    if !all.iter().all(|(part, _)| is_clean(part)) {
        return Err(split);
    }
    let mut out_of_place = Vec::new();
    for (index, statement) in whole.statements.iter().enumerate() {
        match (index == at, statement.kind.body()) {
            (true, Some(body)) => misplaced::inside_of(statement, &body.statements, &mut out_of_place),
            _ => misplaced::inside(std::slice::from_ref(statement), &mut out_of_place),
        }
    }
    let Some(body) = whole.statements[at].kind.body_mut() else { return Err(split) };
    let last = std::mem::take(&mut body.statements).into_vec();
    let mut statements: Vec<Statement<'_>> = Vec::new();
    for (mut part, mut misplaced) in all {
        match statements.is_empty() {
            true => statements = part.statements,
            false => statements.append(&mut part.statements),
        }
        out_of_place.append(&mut misplaced);
    }
    statements.extend(last);
    body.statements = statements.into();
    misplaced::in_body(&whole.statements[at], &mut out_of_place);
    misplaced::at_top(&whole.statements, &mut out_of_place);
    if out_of_place.len() >= super::MOST_KEPT {
        return Err(split);
    }
    whole.diagnostics = out_of_place;
    Ok(whole.built(file, text, split))
}

/// What is read of each part, in order, by a thread each, into the room for it.
fn each<'s>(
    parts: Vec<(Piece, Vec<Statement<'s>>)>,
    read: impl Fn(Piece, Vec<Statement<'s>>) -> (Part<'s>, Vec<Diagnostic>) + Sync,
) -> Vec<(Part<'s>, Vec<Diagnostic>)> {
    let read = &read;
    scope(|threads| {
        let mut parts = parts.into_iter();
        let first = parts.next();
        let others: Vec<_> = parts.map(|(part, room)| threads.spawn(move || read(part, room))).collect();
        let first = first.map(|(part, room)| read(part, room));
        let others = others.into_iter().map(|other| match other.join() {
            Ok(part) => part,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        first.into_iter().chain(others).collect()
    })
}
