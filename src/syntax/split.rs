//! The first look at a text: strings, comments and braces, and what encloses what.
//!
//! A hand-written scan, because it must be fast and must never fail: everything after it works on segments,
//! the pieces of text between two braces. It knows where strings and comments end, not what a statement is;
//! of words it knows only which ones begin a statement, to tell where a body ended that nobody closed.

mod braces;

use super::ast::{Comment, CommentKind};
use crate::source::{FileId, Span};
use memchr::{memchr, memchr2, memchr3};
use std::ops::Range;

/// What the scan found.
#[derive(Debug, Default)]
pub(super) struct Split {
    /// Every comment, in order.
    pub comments: Vec<Comment>,
    /// Where segments end, in order.
    pub marks: Vec<Mark>,
    /// What is wrong with quotes and braces.
    pub problems: Vec<Problem>,
    /// Whether it is clear which brace closes which.
    pub is_sure: bool,
}

/// The end of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// The byte offset.
    pub at: u32,
    /// What is there.
    pub kind: MarkKind,
}

/// What ends a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MarkKind {
    /// A `{` that opens a body; it belongs to the segment.
    Open,
    /// The `}` of the body.
    Close,
    /// A `}` too many.
    Stray,
    /// A place where a body ends that nobody closed; no byte of its own.
    Missing,
    /// The end of a string that nobody closed; no byte of its own.
    Cut,
}

/// What is wrong with quotes and braces.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// A string without an end: where it begins and where it was taken to end.
    OpenString { start: usize, end: usize },
    /// Bodies without an end: the offsets of their `{`, taken to end at the same place.
    OpenBraces { starts: Vec<usize>, count: usize },
    /// A `}` too many.
    StrayBrace { at: usize },
}

/// Something that matters to the braces.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// `{`
    Open(u32),
    /// `}`
    Close(u32),
    /// The end of a string that nobody closed.
    Cut(u32),
    /// The first letter of a line that begins with a keyword; only when asked for.
    Line(u32),
}

impl Event {
    fn at(self) -> usize {
        match self {
            Event::Open(at) | Event::Close(at) | Event::Cut(at) | Event::Line(at) => at as usize,
        }
    }
}

impl Split {
    /// The part of a text around `offset` that no body reaches out of, and its marks: the top-level statements between two
    /// ends of bodies. None where it is unclear what closes what.
    pub fn around(&self, start: usize, end: usize, offset: usize) -> Option<Piece> {
        if !self.is_sure || self.marks.iter().any(|mark| mark.kind == MarkKind::Stray) {
            return None;
        }
        let (mut part, mut first, mut depth) = (start, 0, 0usize);
        for (index, mark) in self.marks.iter().enumerate() {
            let behind = match mark.kind {
                MarkKind::Open => {
                    depth += 1;
                    continue;
                }
                MarkKind::Cut | MarkKind::Stray => continue,
                MarkKind::Close => mark.at as usize + 1,
                MarkKind::Missing => mark.at as usize,
            };
            depth = depth.checked_sub(1)?;
            if depth == 0 && behind < offset {
                (part, first) = (behind, index + 1);
            } else if depth == 0 && behind > offset {
                return Some((part..behind, first..index + 1));
            }
        }
        Some((part..end, first..self.marks.len()))
    }
}

/// A part of a text, and which marks are in it.
pub(super) type Piece = (Range<usize>, Range<usize>);

impl Split {
    /// Cuts a text in at most so many parts of about the same length that no body reaches out of, each with its marks. None where
    /// it is unclear what closes what.
    pub fn parts(&self, start: usize, end: usize, count: usize) -> Option<Vec<Piece>> {
        let is_unclear = |mark: &Mark| matches!(mark.kind, MarkKind::Stray | MarkKind::Missing);
        if !self.is_sure || self.marks.iter().any(is_unclear) {
            return None;
        }
        let length = (end - start).div_ceil(count.max(1)).max(1);
        let (mut part, mut first, mut depth) = (start, 0, 0usize);
        let mut parts = Vec::with_capacity(count);
        for (index, mark) in self.marks.iter().enumerate() {
            match mark.kind {
                MarkKind::Open => depth += 1,
                MarkKind::Close => {
                    depth = depth.checked_sub(1)?;
                    let behind = mark.at as usize + 1;
                    if depth == 0 && behind - part >= length {
                        parts.push((part..behind, first..index + 1));
                        (part, first) = (behind, index + 1);
                    }
                }
                MarkKind::Stray | MarkKind::Missing | MarkKind::Cut => {}
            }
        }
        parts.push((part..end, first..self.marks.len()));
        (parts.len() > 1).then_some(parts)
    }

    /// As [`Split::parts`], of a text more than half of which is one body of the file: what stands in that, between ends of the
    /// bodies in it. None also where bodies stand deeper in each other than `deepest`.
    pub fn parts_inside(&self, length: usize, count: usize, deepest: usize) -> Option<Inside> {
        let is_unclear = |mark: &Mark| matches!(mark.kind, MarkKind::Stray | MarkKind::Missing);
        if !self.is_sure || self.marks.iter().any(is_unclear) {
            return None;
        }
        let (mut depth, mut open, mut large) = (0usize, 0, None);
        for (index, mark) in self.marks.iter().enumerate() {
            match mark.kind {
                MarkKind::Open => {
                    if depth == 0 {
                        open = index;
                    }
                    depth += 1;
                    if depth > deepest {
                        return None;
                    }
                }
                MarkKind::Close => {
                    depth = depth.checked_sub(1)?;
                    if depth == 0 && (mark.at - self.marks[open].at) as usize > length / 2 {
                        large = Some((open, index));
                    }
                }
                MarkKind::Stray | MarkKind::Missing | MarkKind::Cut => {}
            }
        }
        let (open, close) = large?;
        let each = ((self.marks[close].at - self.marks[open].at) as usize).div_ceil(count.max(1)).max(1);
        let start = self.marks[open].at as usize + 1;
        let (mut part, mut first, mut behind, mut depth) = (start, open + 1, (start, open + 1), 0usize);
        let mut parts = Vec::with_capacity(count);
        for index in open + 1..close {
            match self.marks[index].kind {
                MarkKind::Open => depth += 1,
                MarkKind::Close => {
                    depth = depth.checked_sub(1)?;
                    if depth == 0 {
                        behind = (self.marks[index].at as usize + 1, index + 1);
                    }
                    if depth == 0 && behind.0 - part >= each {
                        parts.push((part..behind.0, first..behind.1));
                        (part, first) = behind;
                    }
                }
                MarkKind::Stray | MarkKind::Missing | MarkKind::Cut => {}
            }
        }
        if part < behind.0 {
            parts.push((part..behind.0, first..behind.1));
        }
        let rest = self.marks[..=open].iter().chain(&self.marks[behind.1..]).copied().collect();
        let inside = Inside { open: start - 1, parts, end: behind.0, rest };
        (inside.parts.len() > 1).then_some(inside)
    }
}

/// A body of the file, cut in parts.
pub(super) struct Inside {
    /// Where its `{` is.
    pub open: usize,
    /// The parts, from behind the `{` on.
    pub parts: Vec<Piece>,
    /// Where the last of them ends.
    pub end: usize,
    /// The marks of the text outside of the parts.
    pub rest: Vec<Mark>,
}

/// Scans a text. `start` is where it begins, behind a byte order mark.
pub(super) fn split(file: FileId, text: &str, start: usize) -> Split {
    let mut scan = Scan::new(file, text, false);
    scan.run(start);
    let Scan { mut split, events, .. } = scan;
    // Only a text with a brace too many or too few is scanned again, for the lines' indentation.
    let with_lines = || {
        let mut again = Scan::new(file, text, true);
        again.run(start);
        again.events
    };
    braces::pair(&mut split, events, with_lines, text);
    split
}

/// After so many block strings without an end, the next one takes the rest of the text.
const MOST_OPEN_BLOCKS: usize = 8;

struct Scan<'s> {
    file: FileId,
    text: &'s str,
    bytes: &'s [u8],
    split: Split,
    events: Vec<Event>,
    has_lines: bool,
    open_blocks: usize,
}

/// The bytes that the scan stops at.
static STOPS: [bool; 256] = {
    let mut table = [false; 256];
    table[b'"' as usize] = true;
    table[b'\'' as usize] = true;
    table[b'#' as usize] = true;
    table[b'{' as usize] = true;
    table[b'}' as usize] = true;
    table
};

impl Scan<'_> {
    fn new(file: FileId, text: &str, has_lines: bool) -> Scan<'_> {
        let (bytes, split, events) = (text.as_bytes(), Split::default(), Vec::new());
        Scan { file, text, bytes, split, events, has_lines, open_blocks: 0 }
    }

    fn run(&mut self, start: usize) {
        let mut i = start;
        if self.has_lines {
            self.line(i);
        }
        while i < self.bytes.len() {
            let byte = self.bytes[i];
            if self.has_lines && byte == b'\n' {
                self.line(i + 1);
            }
            if !STOPS[byte as usize] {
                i += 1;
                continue;
            }
            i = match byte {
                b'#' => self.comment(i, start),
                b'{' => match hole_end(&self.text[i..]) {
                    Some(length) => i + length,
                    None => {
                        self.events.push(Event::Open(i as u32));
                        i + 1
                    }
                },
                b'}' => {
                    self.events.push(Event::Close(i as u32));
                    i + 1
                }
                quote => self.string(i, quote),
            };
            if self.has_lines && byte != b'#' && i > start && self.bytes[i - 1] == b'\n' {
                self.line(i);
            }
        }
    }

    fn line(&mut self, start: usize) {
        let blank = self.bytes[start..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        let word = start + blank;
        let length = self.bytes[word..].iter().take_while(|b| b.is_ascii_lowercase()).count();
        let ends = self
            .bytes
            .get(word + length)
            .is_none_or(|b| !b.is_ascii_alphanumeric() && !matches!(b, b'_' | b'-'));
        if ends && super::vocabulary::is_keyword(&self.text[word..word + length]) {
            self.events.push(Event::Line(word as u32));
        }
    }

    fn comment(&mut self, at: usize, start: usize) -> usize {
        let mut end = memchr(b'\n', &self.bytes[at..]).map_or(self.bytes.len(), |length| at + length);
        let next = end;
        if self.bytes[at..end].last() == Some(&b'\r') {
            end -= 1;
        }
        let kind = match &self.bytes[at..end] {
            [b'#', b'!', ..] if at == start => CommentKind::Shebang,
            [b'#', b'#', ..] => CommentKind::Doc,
            _ => CommentKind::Plain,
        };
        let is_own_line = is_first_on_line(self.bytes, at, start);
        self.split.comments.push(Comment { span: Span::new(self.file, at, end), kind, is_own_line });
        next
    }

    fn string(&mut self, at: usize, quote: u8) -> usize {
        let is_block = self.bytes[at..].starts_with(&[quote; 3]);
        let end = closed_end(self.bytes, at);
        end.unwrap_or_else(|| {
            // Each block without an end was looked for to the end of the text: not for ever.
            self.open_blocks += usize::from(is_block);
            let end = match is_block {
                true if self.open_blocks > MOST_OPEN_BLOCKS => self.bytes.len(),
                true => self.open_block_end(at),
                false => self.open_string_end(at),
            };
            self.split.problems.push(Problem::OpenString { start: at, end });
            self.events.push(Event::Cut(end as u32));
            end
        })
    }

    /// Where a one-line string ends that nobody closed: with its line, or before the `}` that close what its line
    /// opened: `task a { run "make }`.
    fn open_string_end(&self, at: usize) -> usize {
        let line_start = memchr::memrchr(b'\n', &self.bytes[..at]).map_or(0, |found| found + 1);
        let mut open = 0usize;
        for event in self.events.iter().rev() {
            match event {
                Event::Open(place) if *place as usize >= line_start => open += 1,
                Event::Close(place) if *place as usize >= line_start => open = open.saturating_sub(1),
                _ => break,
            }
        }
        let mut end = memchr(b'\n', &self.bytes[at..]).map_or(self.bytes.len(), |length| at + length);
        let mut candidate = end;
        while open > 0 && candidate > at + 1 {
            candidate -= 1;
            match self.bytes[candidate] {
                b'}' => {
                    open -= 1;
                    end = candidate;
                }
                b' ' | b'\t' | b'\r' => {}
                _ => break,
            }
        }
        while end > at + 1 && matches!(self.bytes[end - 1], b' ' | b'\t' | b'\r') {
            end -= 1;
        }
        end
    }

    /// Where a block string ends that nobody closed: before the first line that is indented no deeper than the
    /// line where it begins, for its text and its closing quotes would be indented deeper.
    fn open_block_end(&self, at: usize) -> usize {
        let indent = indent_of_line(self.bytes, at);
        let mut i = at;
        while let Some(length) = memchr(b'\n', &self.bytes[i..]) {
            let line = i + length + 1;
            let blank = self.bytes[line..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
            if blank <= indent && !matches!(self.bytes.get(line + blank), None | Some(b'\n' | b'\r')) {
                return line;
            }
            i = line;
        }
        self.bytes.len()
    }
}

/// The length of `{{name}}` at the start of `text`, when it is one.
fn hole_end(text: &str) -> Option<usize> {
    let inner = text.strip_prefix("{{")?;
    let name = inner.trim_start_matches(' ');
    let mut rest = name.char_indices();
    let (_, first) = rest.next()?;
    if first != '_' && !unicode_ident::is_xid_start(first) {
        return None;
    }
    let length =
        rest.find(|(_, c)| *c != '-' && !unicode_ident::is_xid_continue(*c)).map_or(name.len(), |(at, _)| at);
    let end = name[length..].trim_start_matches(' ').strip_prefix("}}")?;
    Some(text.len() - end.len())
}

/// The end of the string at `at`, behind its closing quotes; none when nobody closed it.
pub(super) fn closed_end(bytes: &[u8], at: usize) -> Option<usize> {
    let quote = bytes[at];
    match (bytes[at..].starts_with(&[quote; 3]), quote) {
        (true, b'"') => basic_block_end(bytes, at + 3),
        (true, _) => memchr::memmem::find(&bytes[at + 3..], b"'''").map(|length| at + 3 + length + 3),
        (false, b'"') => basic_end(bytes, at + 1),
        (false, _) => memchr2(b'\'', b'\n', &bytes[at + 1..])
            .map(|length| at + 1 + length)
            .filter(|end| bytes[*end] == b'\'')
            .map(|end| end + 1),
    }
}

/// The end of the string at `at`, as the grammar takes it: one that nobody closed ends with its line, a block with
/// the text.
pub(super) fn string_end(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    closed_end(bytes, at).unwrap_or_else(|| {
        let is_block = bytes[at..].starts_with(&[bytes[at]; 3]);
        let line = if is_block { None } else { memchr(b'\n', &bytes[at..]) };
        line.map_or(bytes.len(), |length| at + length)
    })
}

/// The end of `"…"` whose text begins at `i`, behind its closing quote; none when its line ends first.
fn basic_end(bytes: &[u8], mut i: usize) -> Option<usize> {
    loop {
        i += memchr3(b'"', b'\\', b'\n', bytes.get(i..)?)?;
        match bytes[i] {
            b'"' => return Some(i + 1),
            b'\n' => return None,
            _ if bytes.get(i + 1) == Some(&b'\n') => return None,
            _ => i += 2,
        }
    }
}

/// The end of `"""…"""` whose text begins at `i`, behind its closing quotes.
fn basic_block_end(bytes: &[u8], mut i: usize) -> Option<usize> {
    loop {
        i += memchr2(b'"', b'\\', bytes.get(i..)?)?;
        if bytes[i] == b'\\' {
            i += 2;
        } else if bytes[i..].starts_with(b"\"\"\"") {
            return Some(i + 3);
        } else {
            i += 1;
        }
    }
}

/// Whether nothing but blanks stands before `at` on its line, or a `;`, which says nothing; the text begins at `start`.
fn is_first_on_line(bytes: &[u8], at: usize, start: usize) -> bool {
    let before = bytes[start..at].iter().rev().find(|b| !matches!(b, b' ' | b'\t' | b';'));
    before.is_none_or(|b| *b == b'\n')
}

/// How many blanks the line of `at` begins with.
fn indent_of_line(bytes: &[u8], at: usize) -> usize {
    let line = memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |found| found + 1);
    bytes[line..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count()
}
