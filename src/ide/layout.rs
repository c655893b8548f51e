//! The formatter for editors: as edits of lines, for the whole text or a part of it.

use crate::diagnostic::Edit;
use crate::format;
use crate::source::{FileId, Span};
use crate::syntax;
use std::ops::Range;

/// The edits that give the text its canonical layout; none when it cannot be read as a whole.
pub fn format(text: &str) -> Option<Vec<Edit>> {
    let parsed = syntax::parse(FileId(0), text);
    if !parsed.diagnostics.is_empty() {
        return None;
    }
    let formatted = format::format(text, &parsed.file);
    Some(lines_changed(text, &formatted))
}

/// Of those edits, the ones that touch a part of the text.
pub fn format_range(text: &str, range: Range<usize>) -> Option<Vec<Edit>> {
    let edits = format(text)?;
    let touches = |edit: &Edit| {
        let span = edit.span.range();
        span.start <= range.end && range.start <= span.end
    };
    Some(edits.into_iter().filter(touches).collect())
}

/// The edits after `}` or a line break was typed at `offset`: of the lines down to there that the statement spans.
pub fn format_typed(text: &str, offset: usize) -> Option<Vec<Edit>> {
    let parsed = syntax::parse(FileId(0), text);
    if !parsed.diagnostics.is_empty() {
        return None;
    }
    let end = text[..offset].trim_end().len();
    let around = super::around(text, &parsed.file, end.saturating_sub(1));
    let statement = around.statements.last()?;
    let start = text[..statement.span.start as usize].rfind('\n').map_or(0, |at| at + 1);
    let edits = lines_changed(text, &format::format(text, &parsed.file));
    let is_in = |edit: &Edit| edit.span.start as usize >= start && edit.span.end as usize <= end.max(start);
    Some(edits.into_iter().filter(is_in).collect())
}

/// The indentation of a new line at `offset`, where the text cannot be laid out: two spaces a level.
pub fn indentation(text: &str, offset: usize) -> usize {
    let file = syntax::parse_around(FileId(0), text, offset);
    let around = super::around(text, &file, offset);
    let inside = around
        .statements
        .iter()
        .filter(|statement| statement.kind.body().is_some_and(|body| super::is_inside(text, body, offset)));
    inside.count() * format::INDENT
}

/// What differs, as few whole lines as a line diff finds.
fn lines_changed(old: &str, new: &str) -> Vec<Edit> {
    let diff = similar::TextDiff::configure().timeout(DEADLINE).diff_lines(old, new);
    let old_lines: Vec<&str> = old.split_inclusive('\n').collect();
    let new_lines: Vec<&str> = new.split_inclusive('\n').collect();
    let starts = |lines: &[&str]| {
        let mut at = 0;
        let mut starts: Vec<usize> = lines
            .iter()
            .map(|line| {
                let start = at;
                at += line.len();
                start
            })
            .collect();
        starts.push(at);
        starts
    };
    let (old_starts, new_starts) = (starts(&old_lines), starts(&new_lines));
    let changed = diff.ops().iter().filter(|op| !matches!(op, similar::DiffOp::Equal { .. }));
    changed
        .map(|op| {
            let (old_range, new_range) = (op.old_range(), op.new_range());
            let text = &new[new_starts[new_range.start]..new_starts[new_range.end]];
            let span = Span::new(FileId(0), old_starts[old_range.start], old_starts[old_range.end]);
            Edit { span, text: text.to_owned() }
        })
        .collect()
}

/// How long the search for the shortest difference may take; a longer one is still right.
const DEADLINE: std::time::Duration = std::time::Duration::from_millis(200);
