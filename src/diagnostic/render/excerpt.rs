//! The lines of a file that the labels of one diagnostic need, made fit to print: long lines cut around
//! what is marked, characters that would upset a terminal replaced.
//!
//! Knows nothing of how an excerpt is drawn.

use super::super::Label;
use crate::source::{ColumnUnit, FileId, SourceFile, SourceMap};
use std::ops::Range;
use unicode_width::UnicodeWidthChar;

/// Lines shown before and after a marked one.
const CONTEXT: usize = 1;
/// Excerpts no farther apart than this many lines become one.
const GAP: usize = 2;
/// A label over more lines than this marks only its first.
const MOST_LINES: usize = 4;
/// How far apart tab stops are.
pub const TAB: usize = 4;

/// A run of lines of one file, as they are shown.
pub struct Excerpt {
    /// The lines, each with a line break.
    pub text: String,
    /// The number of the first line, from 0.
    pub first_line: usize,
    /// How many lines there are.
    pub line_count: usize,
    /// The path of the file.
    pub path: String,
    /// The labels, in the order of the diagnostic.
    pub marks: Vec<Mark>,
}

/// A label in an excerpt.
pub struct Mark {
    /// The bytes of the excerpt's text.
    pub range: Range<usize>,
    /// Its words.
    pub text: String,
    /// Whether it is the diagnostic's first label.
    pub is_primary: bool,
    /// The line of the file, from 0.
    pub line: usize,
    /// The column of the file in characters, from 0.
    pub column: usize,
}

/// A label cut to what is shown of it.
struct Place<'a> {
    label: &'a Label,
    is_primary: bool,
    range: Range<usize>,
    lines: Range<usize>,
}

/// The excerpts for the labels, that of the first label first; each line at most `room` columns wide.
pub fn excerpts(sources: &SourceMap, labels: &[Label], room: usize) -> Vec<Excerpt> {
    let mut files: Vec<FileId> = Vec::new();
    for label in labels {
        if !files.contains(&label.span.file) {
            files.push(label.span.file);
        }
    }
    let mut excerpts = Vec::new();
    for id in files {
        let file = sources.file(id);
        let mut places: Vec<Place> = labels
            .iter()
            .enumerate()
            .filter(|(_, label)| label.span.file == id)
            .map(|(index, label)| place(file, label, index == 0))
            .collect();
        places.sort_by_key(|place| (place.lines.start, place.range.start));
        let mut groups: Vec<Vec<Place>> = Vec::new();
        let mut reach = 0;
        for place in places {
            match groups.last_mut() {
                Some(group) if place.lines.start <= reach + 2 * CONTEXT + GAP => group.push(place),
                _ => groups.push(vec![place]),
            }
            reach = groups
                .iter()
                .last()
                .and_then(|group| group.iter().map(|p| p.lines.end - 1).max())
                .unwrap_or(0);
        }
        excerpts.extend(groups.into_iter().map(|group| excerpt(file, group, room)));
    }
    excerpts.sort_by_key(|excerpt| !excerpt.marks.iter().any(|mark| mark.is_primary));
    excerpts
}

fn place<'a>(file: &SourceFile, label: &'a Label, is_primary: bool) -> Place<'a> {
    let length = file.text().len();
    let start = floor(file.text(), (label.span.start as usize).min(length));
    let mut end = floor(file.text(), (label.span.end as usize).clamp(start, length));
    let visible = file.text()[start..end].trim_end();
    if !visible.is_empty() {
        end = start + visible.len();
    }
    let line_of = |offset| file.position(offset, ColumnUnit::Utf8).line as usize;
    let first = line_of(start);
    let last = line_of(if end > start { end - 1 } else { end });
    if last - first >= MOST_LINES {
        let whole = file.line_range(first);
        let line = file.text()[start..whole.end.max(start)].trim_end();
        return Place { label, is_primary, range: start..start + line.len(), lines: first..first + 1 };
    }
    Place { label, is_primary, range: start..end, lines: first..last + 1 }
}

/// The nearest character boundary at or before `offset`.
fn floor(text: &str, mut offset: usize) -> usize {
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

fn excerpt(file: &SourceFile, places: Vec<Place>, room: usize) -> Excerpt {
    let mut first = places.iter().map(|place| place.lines.start).min().unwrap_or(0).saturating_sub(CONTEXT);
    let past = places.iter().map(|place| place.lines.end).max().unwrap_or(1) + CONTEXT;
    // The empty "line" after the last line break is shown only when something is marked there.
    let ends_in_break = file.text().ends_with('\n');
    let is_marked = |line| places.iter().any(|place| place.lines.contains(&line));
    let last_line = file.line_count() - 1;
    let mut past = past.min(if ends_in_break && !is_marked(last_line) { last_line } else { last_line + 1 });
    let is_bare = |line| !is_marked(line) && file.text()[file.line_range(line)].trim().is_empty();
    while first + 1 < past && is_bare(first) {
        first += 1;
    }
    while first + 1 < past && is_bare(past - 1) {
        past -= 1;
    }
    let mut text = String::new();
    let mut maps: Vec<Vec<(usize, usize)>> = Vec::new();
    for line in first..past {
        let range = file.line_range(line);
        let marked: Vec<Range<usize>> = places
            .iter()
            .filter(|place| place.lines.contains(&line))
            .map(|place| place.range.start.max(range.start)..place.range.end.min(range.end))
            .map(|marked| marked.start..marked.end.max(marked.start))
            .collect();
        maps.push(lay_line(file.text(), range, &marked, room, &mut text));
    }
    let marks = places
        .into_iter()
        .map(|place| {
            let start = map(&maps[place.lines.start - first], place.range.start, false);
            let end = map(&maps[place.lines.end - 1 - first], place.range.end, true);
            let position = file.position(place.range.start, ColumnUnit::Char);
            let has_order_mark = position.line == 0 && file.text().starts_with('\u{feff}');
            Mark {
                range: start..end.max(start),
                text: place.label.text.clone(),
                is_primary: place.is_primary,
                line: position.line as usize,
                column: (position.column as usize).saturating_sub(usize::from(has_order_mark)),
            }
        })
        .collect();
    Excerpt {
        text,
        first_line: first,
        line_count: past - first,
        path: file.path().display().to_string(),
        marks,
    }
}

/// Where a byte of the file is in the excerpt; in what was left out, the edge of the `…`.
fn map(pairs: &[(usize, usize)], offset: usize, is_end: bool) -> usize {
    let index = pairs.partition_point(|(from, _)| *from <= offset);
    match (index.checked_sub(1).map(|before| pairs[before]), pairs.get(index)) {
        (Some((from, to)), _) if from == offset => to,
        (_, Some((_, to))) if is_end => *to,
        (Some((_, to)), _) => to,
        (None, Some((_, to))) => *to,
        (None, None) => 0,
    }
}

/// Appends the line and a line break to `out`; gives the pairs of offsets in the file and in `out`.
fn lay_line(
    text: &str,
    range: Range<usize>,
    marked: &[Range<usize>],
    room: usize,
    out: &mut String,
) -> Vec<(usize, usize)> {
    let line = text[range.clone()].trim_end_matches('\r');
    let end = range.start + line.len();
    let mut pairs = Vec::new();
    let mut column = 0;
    let mut at = range.start;
    for kept in kept(text, range.start..end, marked, room) {
        if kept.start > at {
            pairs.push((at, out.len()));
            out.push('…');
            column += 1;
        }
        for (offset, c) in text[kept.clone()].char_indices() {
            pairs.push((kept.start + offset, out.len()));
            if c == '\t' {
                let width = TAB - column % TAB;
                out.extend(std::iter::repeat_n(' ', width));
                column += width;
            } else if let Some(c) = printable(c) {
                out.push(c);
                column += c.width().unwrap_or(0);
            }
        }
        at = kept.end;
    }
    if at < end {
        pairs.push((at, out.len()));
        out.push('…');
    }
    pairs.push((end, out.len()));
    out.push('\n');
    pairs
}

/// The parts of a line to show, so that it is about `room` columns wide and shows what is marked.
fn kept(text: &str, line: Range<usize>, marked: &[Range<usize>], room: usize) -> Vec<Range<usize>> {
    if line.len() <= room || width_up_to(&text[line.clone()], room + 1) <= room {
        return vec![line];
    }
    if marked.is_empty() {
        return std::iter::once(line.start..forward(text, line.start, line.end, room - 1)).collect();
    }
    let share = room / marked.len();
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for mark in marked {
        let mark_start = mark.start.min(line.end);
        let mark_end = mark.end.min(line.end);
        let mark_width = width_up_to(&text[mark_start..mark_end], room);
        // What one side has no use for, the other may have.
        let spare = share.saturating_sub(mark_width + 2);
        let behind = width_up_to(&text[mark_end..line.end], spare).min(spare);
        let before = spare.saturating_sub(behind.min(spare / 2));
        let start = backward(text, mark_start, line.start, before);
        let pad = spare.saturating_sub(width_up_to(&text[start..mark_start], spare));
        if mark_width + 8 > share && mark_width > 32 {
            // Too long to show: its head and its tail.
            let head = forward(text, mark_start, mark_end, (share / 2).max(20));
            ranges.push(start..head);
            ranges.push(backward(text, mark_end, head, 10)..forward(text, mark_end, line.end, 4));
        } else {
            ranges.push(start..forward(text, mark_end, line.end, pad));
        }
    }
    ranges.sort_by_key(|range| range.start);
    let mut merged: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end + 4 => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    if let Some(first) = merged.first_mut()
        && first.start <= line.start + 12
    {
        first.start = line.start;
    }
    merged
}

/// The width of a text, or some number of at least `most` when it is wider.
fn width_up_to(text: &str, most: usize) -> usize {
    let mut width = 0;
    for c in text.chars() {
        width += if c == '\t' { TAB } else { c.width().unwrap_or(1) };
        if width >= most {
            break;
        }
    }
    width
}

/// The offset `columns` to the right of `from`, not past `end`.
fn forward(text: &str, from: usize, end: usize, columns: usize) -> usize {
    let mut width = 0;
    for (offset, c) in text[from..end].char_indices() {
        width += if c == '\t' { TAB } else { c.width().unwrap_or(1) };
        if width > columns {
            return from + offset;
        }
    }
    end
}

/// The offset `columns` to the left of `from`, not before `start`.
fn backward(text: &str, from: usize, start: usize, columns: usize) -> usize {
    let mut width = 0;
    let mut at = from;
    for (offset, c) in text[start..from].char_indices().rev() {
        width += if c == '\t' { TAB } else { c.width().unwrap_or(1) };
        if width > columns {
            break;
        }
        at = start + offset;
    }
    at
}

/// What stands for a character on a terminal: itself, a picture of a control, or nothing for a byte order mark.
pub fn printable(c: char) -> Option<char> {
    match c {
        '\u{feff}' => None,
        '\0'..='\x1f' => char::from_u32(0x2400 + c as u32),
        '\x7f' => Some('␡'),
        // Further controls, and those that turn the direction of text and so hide what it says.
        '\u{80}'..='\u{9f}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' => {
            Some('\u{fffd}')
        }
        '\u{2060}'..='\u{2069}' => Some('\u{fffd}'),
        _ => Some(c),
    }
}
