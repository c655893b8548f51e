//! Text to tree: the grammar, the parser, the recovery from what is no plan.
//!
//! [`parse`] never fails: it gives a tree *and* diagnostics. It knows how statements look, not what names mean.

pub mod ast;
pub mod few;
mod grammar;
mod lower;
mod messages;
mod misplaced;
mod parts;
mod plain;
mod recover;
mod skeleton;
mod split;
mod text;
mod tree;
pub mod vocabulary;
mod words;

use crate::diagnostic::{self, Diagnostic};
use crate::source::{FileId, Span};
use split::Problem;

/// So many diagnostics are given for one text; one with more is no plan.
const MOST_DIAGNOSTICS: usize = 1_000;

/// So many are kept until they have been put in order.
const MOST_KEPT: usize = 10_000;

pub use parts::LARGE;
pub use skeleton::skeleton;
pub use tree::DEEPEST;

/// A file that was read: as much of a tree as there is, and what is wrong.
#[derive(Clone, Debug)]
pub struct Parsed<'s> {
    /// The tree; what could not be read is [`ast::StatementKind::Junk`] in it.
    pub file: ast::File<'s>,
    /// What is wrong, in order of place.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a text. Any text: what is no plan gives diagnostics.
pub fn parse(file: FileId, text: &str) -> Parsed<'_> {
    read(file, text, true, if text.len() < LARGE { 1 } else { parts::PARTS })
}

/// The top-level statements around a place, as [`parse`] reads them: all that an editor needs to know what stands there,
/// in a fraction of the time. The whole file, where its braces do not tell what belongs together.
pub fn parse_around(file: FileId, text: &str, offset: usize) -> ast::File<'_> {
    if u32::try_from(text.len()).is_err() {
        return ast::File::default();
    }
    let start = start_of(text);
    let split = split::split(file, text, start);
    match split.around(start, text.len(), offset) {
        Some((part, marks)) => tree::build_part(file, text, part, marks, split, true).file,
        None => parse(file, text).file,
    }
}

/// Where a text begins: behind a byte order mark.
fn start_of(text: &str) -> usize {
    if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 }
}

/// The milliseconds of a duration as a plan writes it: `1h30m`. None for any other text.
pub fn duration(text: &str) -> Option<u64> {
    lower::read_duration(text)
}

/// As [`parse`], by the grammar alone and slower; to test that it makes no difference.
#[doc(hidden)]
pub fn parse_by_grammar(file: FileId, text: &str) -> Parsed<'_> {
    read(file, text, false, 1)
}

/// As [`parse`], in so many parts at a time; to test that it makes no difference.
#[doc(hidden)]
pub fn parse_in_parts(file: FileId, text: &str, count: usize) -> Parsed<'_> {
    read(file, text, true, count)
}

fn read(file: FileId, text: &str, is_hasty: bool, count: usize) -> Parsed<'_> {
    if u32::try_from(text.len()).is_err() {
        return Parsed { file: ast::File::default(), diagnostics: vec![messages::text_too_long(file)] };
    }
    let start = start_of(text);
    let mut split = split::split(file, text, start);
    let problems = std::mem::take(&mut split.problems);
    // Where it is unclear what lies in what, nobody can say what is out of place.
    let split_is_sure = split.is_sure;
    let mut is_placed = false;
    let in_parts =
        if count > 1 { parts::build(file, text, start, split, is_hasty, count) } else { Err(split) };
    let tree::Built { file: tree, mut diagnostics, paired_strays, junk_spans } = match in_parts {
        Ok(built) => {
            is_placed = true;
            built
        }
        Err(split) => tree::build(file, text, start, split, is_hasty),
    };
    if let Some(at) = memchr::memchr(0, text.as_bytes()) {
        let count = memchr::memchr_iter(0, text.as_bytes()).count();
        diagnostics.push(messages::null_byte(Span::new(file, at, at + 1), count));
    }
    if split_is_sure && !is_placed {
        misplaced::misplaced(&tree, &mut diagnostics);
    }
    let is_told = |at: usize| {
        let behind = junk_spans.partition_point(|junk| junk.start as usize <= at);
        junk_spans[..behind].last().is_some_and(|junk| at < junk.end as usize)
    };
    let problems = problems.into_iter().filter(|problem| match problem {
        // Quotes in what is no statement are not worth a second message.
        Problem::OpenString { start, .. } => !is_told(*start),
        Problem::StrayBrace { at } => paired_strays.binary_search(at).is_err(),
        Problem::OpenBraces { .. } => true,
    });
    for problem in problems.take(MOST_DIAGNOSTICS + 1) {
        diagnostics.push(match problem {
            Problem::OpenString { start, end } => {
                let length = if text[start..].starts_with("\"\"\"") || text[start..].starts_with("'''") {
                    3
                } else {
                    1
                };
                let end = Span::new(file, end, end);
                messages::unclosed_string(
                    Span::new(file, start, start + length),
                    &text[start..start + length],
                    end,
                )
            }
            Problem::OpenBraces { starts, count } => {
                let places: Vec<Span> = starts.iter().map(|at| Span::new(file, *at, at + 1)).collect();
                messages::unclosed_braces(&places, count)
            }
            Problem::StrayBrace { at } => messages::stray_brace(Span::new(file, at, at + 1)),
        });
    }
    diagnostic::sort(&mut diagnostics);
    if diagnostics.len() > MOST_DIAGNOSTICS {
        diagnostics.truncate(MOST_DIAGNOSTICS);
        if let Some(last) = diagnostics.last_mut() {
            last.notes.push(format!("these are the first {MOST_DIAGNOSTICS} mistakes; more follow"));
        }
    }
    Parsed { file: tree, diagnostics }
}
