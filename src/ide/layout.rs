//! The formatter for editors: as edits of lines, for the whole text or a part of it.

use crate::diagnostic::Edit;
use crate::format;
use crate::source::{FileId, Span};
use crate::syntax;
use crate::syntax::ast::{Body, File};
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

/// The edits that lay out the statements that a part of the text touches, and what stands between them; the others stay as they are.
pub fn format_range(text: &str, range: Range<usize>) -> Option<Vec<Edit>> {
    let old = syntax::parse(FileId(0), text);
    if !old.diagnostics.is_empty() {
        return None;
    }
    let formatted = format::format(text, &old.file);
    let new = syntax::parse(FileId(0), &formatted);
    let (was, is) = part(Side::new(text, &old.file), Side::new(&formatted, &new.file), &range);
    let edits = lines_changed(&text[was.clone()], &formatted[is]);
    let edits: Vec<Edit> = edits
        .into_iter()
        .map(|edit| {
            let place = edit.span.range();
            Edit { span: Span::new(FileId(0), was.start + place.start, was.start + place.end), ..edit }
        })
        .collect();
    // A comment that the layout moves out of the part would be lost, or there twice.
    is_kept(text, &old.file, &edits).then_some(edits).or_else(|| Some(lines_changed(text, &formatted)))
}

/// Whether a text means the same after edits, and has the same comments.
fn is_kept(text: &str, file: &File<'_>, edits: &[Edit]) -> bool {
    let mut edited = text.to_owned();
    for edit in edits.iter().rev() {
        edited.replace_range(edit.span.range(), &edit.text);
    }
    let after = syntax::parse(FileId(0), &edited);
    let comments = |text: &str, file: &File<'_>| -> Vec<String> {
        file.comments.iter().map(|comment| text[comment.span.range()].trim_end().to_owned()).collect()
    };
    after.diagnostics.is_empty()
        && syntax::skeleton(file) == syntax::skeleton(&after.file)
        && comments(text, file) == comments(&edited, &after.file)
}

/// A text as it is or as it is laid out, and a body of it.
#[derive(Clone, Copy)]
struct Side<'t, 's> {
    text: &'t str,
    body: &'t Body<'s>,
    /// Where the lines of the body's own begin, and where they end.
    inside: (usize, usize),
}

impl<'t, 's> Side<'t, 's> {
    fn new(text: &'t str, file: &'t File<'s>) -> Side<'t, 's> {
        Side { text, body: &file.body, inside: (0, text.len()) }
    }

    /// The body of a statement; none where a line of it is also one of the statement's head or end.
    fn inner(&self, at: usize) -> Option<Side<'t, 's>> {
        let statement = self.body.statements.get(at)?;
        let body =
            statement.kind.body().filter(|body| !body.span.is_empty() && !body.statements.is_empty())?;
        let start = self.line_end(body.span.start as usize);
        let end = self.line_start(body.span.end as usize - 1);
        let (first, last) = (body.statements.first()?, body.statements.last()?);
        let is_apart = start <= first.span.start as usize && last.span.end as usize <= end;
        is_apart.then_some(Side { text: self.text, body, inside: (start, end) })
    }

    fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |at| at + 1)
    }

    /// Behind the line break of the line of a place.
    fn line_end(&self, at: usize) -> usize {
        self.text[at..].find('\n').map_or(self.text.len(), |length| at + length + 1)
    }

    /// Where the lines begin that belong to a statement and not to the one before.
    fn start_of(&self, at: usize) -> usize {
        match at.checked_sub(1) {
            Some(before) => self.line_end(self.body.statements[before].span.end as usize),
            None => self.inside.0,
        }
    }

    /// Where the lines of a statement end; for the last one, what follows in the body is its own.
    fn end_of(&self, at: usize) -> usize {
        match self.body.statements.get(at + 1) {
            Some(_) => self.line_end(self.body.statements[at].span.end as usize),
            None => self.inside.1,
        }
    }

    /// Whether a statement shares no line with the one before.
    fn is_apart(&self, at: usize) -> bool {
        self.start_of(at) <= self.body.statements[at].span.start as usize
    }
}

/// The lines that hold a part of a text, before and after the layout: the fewest statements of one body that have lines of their own.
fn part(was: Side<'_, '_>, is: Side<'_, '_>, range: &Range<usize>) -> (Range<usize>, Range<usize>) {
    let count = was.body.statements.len();
    if count == 0 || is.body.statements.len() != count {
        return (was.inside.0..was.inside.1, is.inside.0..is.inside.1);
    }
    let mut first = was.body.statements.partition_point(|it| (it.span.end as usize) < range.start);
    let mut last = was.body.statements.partition_point(|it| (it.span.start as usize) <= range.end);
    first = first.min(count - 1);
    last = last.saturating_sub(1).clamp(first, count - 1);
    if first == last
        && let (Some(was_in), Some(is_in)) = (was.inner(first), is.inner(first))
        && was_in.inside.0 <= range.start
        && range.end <= was_in.inside.1
    {
        return part(was_in, is_in, range);
    }
    while first > 0 && !(was.is_apart(first) && is.is_apart(first)) {
        first -= 1;
    }
    while last + 1 < count && !(was.is_apart(last + 1) && is.is_apart(last + 1)) {
        last += 1;
    }
    (was.start_of(first)..was.end_of(last), is.start_of(first)..is.end_of(last))
}

/// The edits after `}` was typed before `offset`: of the statement that it ends. Where the text is not whole yet, of the line's
/// indentation.
pub fn format_typed(text: &str, offset: usize) -> Option<Vec<Edit>> {
    let parsed = syntax::parse(FileId(0), text);
    if !parsed.diagnostics.is_empty() {
        return Some(indent_line(text, offset));
    }
    let end = text[..offset].trim_end().len();
    let around = super::around(text, &parsed.file, end.saturating_sub(1));
    let statement = around.statements.last().filter(|statement| statement.span.end as usize == end)?;
    format_range(text, statement.span.range())
}

/// The edit that indents the line of a place as its body asks for; none in a string.
pub fn indent_line(text: &str, offset: usize) -> Vec<Edit> {
    let line = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    let rest = text[line..].split('\n').next().unwrap_or("").trim_end_matches('\r');
    let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    let level = match string_around(text, line) {
        // Its first line stands one level deeper than its statement; the others are the author's.
        Some(start) if text[start..line].matches('\n').count() == 1 => {
            let holder = text[..start].rfind('\n').map_or(0, |at| at + 1);
            let outer = text[holder..start].len() - text[holder..start].trim_start_matches([' ', '\t']).len();
            (outer + format::INDENT).max(blank)
        }
        Some(_) => blank,
        // A line that closes a body stands one level further out.
        None if rest.trim_start().starts_with('}') => {
            indentation(text, line + blank).saturating_sub(format::INDENT)
        }
        None => indentation(text, line + blank),
    };
    if rest[..blank] == " ".repeat(level) {
        return Vec::new();
    }
    vec![Edit { span: Span::new(FileId(0), line, line + blank), text: " ".repeat(level) }]
}

/// Where the string begins that a place stands in.
fn string_around(text: &str, offset: usize) -> Option<usize> {
    let file = syntax::parse_around(FileId(0), text, offset);
    let context = super::context::context(text, &file, offset);
    matches!(context.kind, super::context::ContextKind::Text(_)).then_some(context.typed.start)
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
