//! Strings: escapes, holes, and the indentation of blocks; and references, which stand in holes too.
//!
//! Borrows whatever is written as it is meant. Knows nothing of statements.

use super::ast::{Reference, Text, TextPart, TextStyle};
use super::messages;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use memchr::{memchr, memchr2, memrchr};
use std::borrow::Cow;

/// Reads a string as the grammar took it, quotes included; the closing ones may be missing.
pub(super) fn read<'s>(written: &'s str, span: Span, diagnostics: &mut Vec<Diagnostic>) -> Text<'s> {
    let (style, quotes) = if written.starts_with("\"\"\"") {
        (TextStyle::BasicBlock, 3)
    } else if written.starts_with("'''") {
        (TextStyle::LiteralBlock, 3)
    } else if written.starts_with('"') {
        (TextStyle::Basic, 1)
    } else {
        (TextStyle::Literal, 1)
    };
    let inner = &written[quotes..];
    let is_basic = matches!(style, TextStyle::Basic | TextStyle::BasicBlock);
    let content = match inner.strip_suffix(&written[..quotes]) {
        Some(content) if !is_basic || !ends_in_escape(content) => content,
        _ => inner.trim_end_matches(['\r', ' ', '\t']),
    };
    let mut reader = Reader {
        content,
        start: span.start as usize + quotes,
        span,
        diagnostics,
        parts: Vec::new(),
        literal: Cow::Borrowed(""),
    };
    match style {
        TextStyle::Literal => Text::as_written(content, span, style),
        TextStyle::Basic if memchr2(b'\\', b'{', content.as_bytes()).is_none() => {
            Text::as_written(content, span, style)
        }
        TextStyle::Basic => {
            reader.run(0, content.len());
            reader.finish(style)
        }
        TextStyle::BasicBlock | TextStyle::LiteralBlock => reader.block(style),
    }
}

/// Whether the text ends in a `\` that escapes what comes next.
fn ends_in_escape(text: &str) -> bool {
    text.bytes().rev().take_while(|b| *b == b'\\').count() % 2 == 1
}

struct Reader<'s, 'd> {
    content: &'s str,
    /// Where the content begins in the file.
    start: usize,
    span: Span,
    diagnostics: &'d mut Vec<Diagnostic>,
    parts: Vec<TextPart<'s>>,
    /// What has been read since the last hole.
    literal: Cow<'s, str>,
}

impl<'s> Reader<'s, '_> {
    fn push(&mut self, text: &'s str) {
        if self.literal.is_empty() {
            self.literal = Cow::Borrowed(text);
        } else if !text.is_empty() {
            self.literal.to_mut().push_str(text);
        }
    }

    fn tell(&mut self, diagnostic: impl FnOnce() -> Diagnostic) {
        if self.diagnostics.len() < super::MOST_KEPT {
            self.diagnostics.push(diagnostic());
        }
    }

    fn place(&self, from: usize, to: usize) -> Span {
        Span::new(self.span.file, self.start + from, self.start + to)
    }

    fn finish(mut self, style: TextStyle) -> Text<'s> {
        let is_one = self.parts.is_empty();
        if let (true, Cow::Borrowed(plain)) = (is_one, &self.literal) {
            return Text::as_written(plain, self.span, style);
        }
        if is_one || !self.literal.is_empty() {
            self.parts.push(TextPart::Literal(self.literal));
        }
        Text::in_parts(self.parts, self.span, style)
    }

    /// A block: its first line break goes, the closing quotes' indentation goes from every line, and every line
    /// break is `\n`, however the file is saved.
    fn block(mut self, style: TextStyle) -> Text<'s> {
        let is_basic = style == TextStyle::BasicBlock;
        let bytes = self.content.as_bytes();
        let first = memchr(b'\n', bytes);
        let starts_below =
            first.is_some_and(|end| self.content[..end].trim_matches([' ', '\t', '\r']).is_empty());
        let last = memrchr(b'\n', bytes).map_or(0, |end| end + 1);
        let indent = match &self.content[last..] {
            blank if last > 0 && blank.bytes().all(|b| matches!(b, b' ' | b'\t')) => blank,
            _ => "",
        };
        let mut i = match first {
            Some(end) if starts_below => end + 1,
            _ => 0,
        };
        let mut is_first = !starts_below;
        while i <= bytes.len() {
            let end = memchr(b'\n', &bytes[i..]).map_or(bytes.len(), |length| i + length);
            let line = &self.content[i..end];
            let skip = if is_first {
                0
            } else if line.starts_with(indent) {
                indent.len()
            } else {
                let blank = line.bytes().take_while(|b| matches!(b, b' ' | b'\t')).count();
                let word = line[blank..].trim_end_matches('\r');
                if !word.is_empty() {
                    let length = word.find(char::is_whitespace).unwrap_or(word.len());
                    let place = self.place(i + blank, i + blank + length);
                    let quotes = self.place(bytes.len() - indent.len(), bytes.len());
                    self.tell(|| messages::ragged_block(place, quotes));
                }
                blank.min(indent.len())
            };
            is_first = false;
            let has_break = end < bytes.len();
            let is_crlf = has_break && line.len() > skip && line.ends_with('\r');
            let until = if is_crlf { end - 1 } else { end };
            let stop = match (has_break, is_crlf) {
                (true, false) => end + 1,
                _ => until,
            };
            if is_basic {
                self.run(i + skip, stop);
            } else {
                self.push(&self.content[i + skip..stop]);
            }
            if is_crlf {
                self.push(&self.content[end..=end]);
            }
            if !has_break {
                break;
            }
            i = end + 1;
        }
        self.finish(style)
    }

    /// Escapes and holes between two offsets of the content.
    fn run(&mut self, from: usize, to: usize) {
        let mut i = from;
        let mut pending = from;
        while let Some(length) = memchr2(b'\\', b'{', &self.content.as_bytes()[i..to]) {
            let at = i + length;
            if self.content.as_bytes()[at] == b'\\' {
                self.push(&self.content[pending..at]);
                let next = self.escape(at, to);
                i = next;
                pending = next;
            } else if self.content[at..to].starts_with("{{") {
                match hole(&self.content[at..to]) {
                    Some((name, length)) => {
                        self.push(&self.content[pending..at]);
                        let place = self.place(at + name.start, at + name.end);
                        let literal = std::mem::take(&mut self.literal);
                        if !literal.is_empty() {
                            self.parts.push(TextPart::Literal(literal));
                        }
                        let reference = Reference::new(&self.content[at + name.start..at + name.end], place);
                        self.parts.push(TextPart::Hole(reference));
                        i = at + length;
                        pending = i;
                    }
                    None => {
                        let rest = &self.content[at..to];
                        // A `}}` far off belongs to something else.
                        let near = &rest[..rest.floor_char_boundary(80)];
                        let line = &near[..near.find('\n').unwrap_or(near.len())];
                        let length = line.find("}}").map_or(2, |end| end + 2);
                        let place = self.place(at, at + length);
                        self.tell(|| messages::bad_hole(&rest[..length], place));
                        i = at + length;
                    }
                }
            } else {
                i = at + 1;
            }
        }
        self.push(&self.content[pending..to]);
    }

    /// The escape at `at`; gives where the text goes on.
    fn escape(&mut self, at: usize, to: usize) -> usize {
        let after = &self.content[at + 1..to];
        let mut chars = after.chars();
        let (meaning, length) = match chars.next() {
            Some('n') => ("\n", 1),
            Some('t') => ("\t", 1),
            Some('"') => ("\"", 1),
            Some('\\') => ("\\", 1),
            Some('{') => ("{", 1),
            Some('u') => match unicode_escape(after) {
                Some((c, length)) => {
                    self.literal.to_mut().push(c);
                    return at + 1 + length;
                }
                None => {
                    // Up to a `}` that is near enough to belong to it.
                    let close =
                        after.bytes().take(12).position(|b| b == b'}').filter(|_| after.starts_with("u{"));
                    let length = close.map_or(1, |close| close + 1);
                    self.bad_escape(at, length);
                    return at + 1 + length;
                }
            },
            Some(c) => {
                // A line break stays outside the label.
                let length = if matches!(c, '\n' | '\r') { 0 } else { c.len_utf8() };
                self.bad_escape(at, length);
                return at + 1 + length;
            }
            None => {
                self.bad_escape(at, 0);
                return at + 1;
            }
        };
        self.literal.to_mut().push_str(meaning);
        at + 1 + length
    }

    /// Reports an escape that there is none of; what is written stays.
    fn bad_escape(&mut self, at: usize, length: usize) {
        let written = &self.content[at..at + 1 + length];
        self.push(written);
        let place = self.place(at, at + 1 + length);
        let digits = written.strip_prefix("\\u{").and_then(|rest| rest.strip_suffix('}'));
        match digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b == b'0')) {
            true => self.tell(|| messages::null_escape(written, place)),
            false => self.tell(|| messages::bad_escape(written, place)),
        }
    }
}

/// `u{1F30A}`: the character and the length; NUL cannot be handed to a program, so it is none.
fn unicode_escape(text: &str) -> Option<(char, usize)> {
    let digits = text.strip_prefix("u{")?;
    let end = digits.bytes().take(7).position(|b| b == b'}')?;
    let value = u32::from_str_radix(&digits[..end], 16).ok().filter(|_| !digits.starts_with('+'))?;
    Some((char::from_u32(value).filter(|c| *c != '\0')?, 2 + end + 1))
}

/// The hole at the start of the text: where its reference stands, and its whole length.
fn hole(text: &str) -> Option<(std::ops::Range<usize>, usize)> {
    let start = 2 + text[2..].bytes().take_while(|b| *b == b' ').count();
    let mut i = start;
    loop {
        i += pattern_length(&text[i..])?;
        match text.as_bytes().get(i) {
            Some(b'.') => i += 1,
            _ => break,
        }
    }
    let end = i;
    let blank = text[i..].bytes().take_while(|b| *b == b' ').count();
    text[i + blank..].starts_with("}}").then_some((start..end, end + blank + 2))
}

/// The length of the name, or pattern of a name, at the start of the text.
pub(super) fn pattern_length(text: &str) -> Option<usize> {
    let mut i = 0;
    loop {
        let rest = &text[i..];
        let c = rest.chars().next();
        if let Some(inner) = rest.strip_prefix("{{") {
            let name = plain_length(inner)?;
            if !inner[name..].starts_with("}}") {
                return None;
            }
            i += name + 4;
        } else if let Some(c) = c.filter(|c| if i == 0 { is_name_start(*c) } else { is_name_char(*c) }) {
            i += c.len_utf8();
        } else {
            return (i > 0).then_some(i);
        }
    }
}

fn plain_length(text: &str) -> Option<usize> {
    let mut chars = text.char_indices();
    chars.next().filter(|(_, c)| is_name_start(*c))?;
    Some(chars.find(|(_, c)| !is_name_char(*c)).map_or(text.len(), |(at, _)| at))
}

/// Whether a name may begin with this character.
pub(super) fn is_name_start(c: char) -> bool {
    c == '_' || unicode_ident::is_xid_start(c)
}

/// Whether a name may go on with this character.
pub(super) fn is_name_char(c: char) -> bool {
    c == '-' || unicode_ident::is_xid_continue(c)
}
