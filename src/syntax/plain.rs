//! The plain forms of the most frequent statements, read without the grammar.
//!
//! Nine statements of ten are a keyword and a few names, strings or numbers on one line. Reading those here makes
//! a large plan several times faster to read. It decides nothing: whatever is not quite plain is left to the
//! grammar, and a test holds that the tree is the same with and without this file.

use super::ast::{
    AfterMode, Block, Body, Check, Claim, ClaimKind, Command, Duration, Estimate, Gate, Name, Number,
    OutputSource, Reference, References, StatementKind, Task, Test, TestKind, Text, Use, Wave,
};
use super::lower::read_duration;
use super::{split, text, vocabulary};
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Span};
use memchr::memchr;

/// A statement that was read.
pub(super) struct Plain<'s> {
    pub kind: StatementKind<'s>,
    /// The end of its keyword.
    pub keyword_end: usize,
    /// Its own end.
    pub end: usize,
    /// Where the next statement begins, or the end of the segment.
    pub next: usize,
}

/// Reads the statement at `at` of a segment that ends at `to`, if it is a plain one and another statement or nothing
/// follows.
pub(super) fn read<'s>(
    file: FileId,
    text: &'s str,
    at: usize,
    to: usize,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Plain<'s>> {
    let told = diagnostics.len();
    let mut cursor = Cursor { file, text, bytes: &text.as_bytes()[..to], at, diagnostics };
    let plain = cursor.statement();
    if plain.is_none() {
        diagnostics.truncate(told);
    }
    plain
}

/// The next byte from `at` on that is neither space nor comment nor `;`.
pub(super) fn skip(bytes: &[u8], mut at: usize) -> usize {
    loop {
        match bytes.get(at) {
            Some(b' ' | b'\n' | b'\t' | b'\r' | b';') => at += 1,
            Some(b'#') => at = memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |length| at + length),
            _ => return at,
        }
    }
}

struct Cursor<'s, 'd> {
    file: FileId,
    text: &'s str,
    /// The text up to the end of the segment.
    bytes: &'s [u8],
    at: usize,
    diagnostics: &'d mut Vec<Diagnostic>,
}

impl<'s> Cursor<'s, '_> {
    fn statement(&mut self) -> Option<Plain<'s>> {
        let keyword = self.keyword()?;
        let keyword_end = self.at;
        self.blanks();
        let kind = match keyword {
            "task" => {
                let name = self.name()?;
                let title = self.string().map(Box::new);
                let body = self.body(title.as_ref().map_or(name.span(), |title| title.span()));
                StatementKind::Task(Box::new(Task { name, title, body }))
            }
            "plan" => {
                let name = Box::new(self.name()?);
                let title = self.string().map(Box::new);
                StatementKind::Plan { name, title }
            }
            "run" => StatementKind::Run(Command::Shell(self.string()?)),
            "prompt" => StatementKind::Prompt { is_file: false, text: self.string()? },
            "after" => {
                let names = References::Written(self.references()?);
                if names.iter().any(|name| matches!(name.text, "any" | "finished")) {
                    return None;
                }
                StatementKind::After { mode: AfterMode::All, names }
            }
            "reads" => self.claim(ClaimKind::Reads)?,
            "writes" => self.claim(ClaimKind::Writes)?,
            "creates" => self.claim(ClaimKind::Creates)?,
            "estimate" => {
                let least = self.duration()?;
                let second = self.end_of_range()?;
                let third = if second.is_some() { self.end_of_range()? } else { None };
                let most = third.or(second).unwrap_or(least);
                let likeliest = third.and(second);
                let span = least.span.to(most.span);
                StatementKind::Estimate(Box::new(Estimate { least, likeliest, most, span }))
            }
            "timeout" => StatementKind::Timeout(self.duration()?),
            "retries" => {
                let count = Box::new(self.count()?);
                StatementKind::Retries { count, backoff: None, feedback: None }
            }
            "agent" => {
                let name = self.name()?;
                if self.peek() == Some(b'{') {
                    let body = Box::new(self.body(name.span()));
                    StatementKind::Agent { name: Box::new(name), body }
                } else {
                    StatementKind::AgentRef(name)
                }
            }
            "wave" => {
                let name = self.name()?;
                let title = self.string();
                let body = self.open_body()?;
                StatementKind::Wave(Box::new(Wave { name, title, overlaps: Vec::new(), body }))
            }
            "gate" => {
                let title = self.string();
                let body = self.open_body()?;
                StatementKind::Gate(Box::new(Gate { name: None, title, body }))
            }
            "success" => StatementKind::Success(Box::new(self.open_body()?)),
            "check" => {
                let title = Some(self.string()?);
                let start = self.at;
                if self.keyword()? != "runs" {
                    return None;
                }
                self.blanks();
                let command = Command::Shell(self.string()?);
                let span = Span::new(self.file, start, command.span().end as usize);
                let kind = TestKind::Runs { command, exits: None, prints: None, within: None };
                StatementKind::Check(Box::new(Check { title, test: Some(Test { span, kind }) }))
            }
            "serial" | "parallel" => {
                // A name may be missing; what is there and no plain one is seen by what follows.
                let name = self.name();
                let title = self.string();
                let body = self.open_body()?;
                StatementKind::Block(Box::new(Block { is_serial: keyword == "serial", name, title, body }))
            }
            "because" => StatementKind::Because(self.string()?),
            "id" => StatementKind::Id(self.string()?),
            "model" => StatementKind::Model(self.string()?),
            "driver" => StatementKind::Driver(self.name()?),
            "wait" => StatementKind::Wait(self.duration()?),
            "workers" => StatementKind::Workers(self.count()?),
            "priority" => StatementKind::Priority(self.count()?),
            "uses" => {
                let resource = self.name()?;
                StatementKind::Uses(vec![Use { resource, amount: None }])
            }
            "output" => {
                let name = self.name()?;
                if self.keyword()? != "from" {
                    return None;
                }
                self.blanks();
                let source = match self.string() {
                    Some(path) => OutputSource::File(path),
                    None => {
                        let start = self.at;
                        self.keyword().filter(|word| *word == "stdout")?;
                        OutputSource::Stdout(Span::new(self.file, start, self.at))
                    }
                };
                self.blanks();
                StatementKind::Output { name: Box::new(name), source: Box::new(source) }
            }
            _ => return None,
        };
        // Without the blanks behind it.
        let blank = self.bytes[..self.at].iter().rev().take_while(|b| matches!(b, b' ' | b'\t')).count();
        let end = self.at - blank;
        let is_apart = blank > 0 || matches!(self.peek(), None | Some(b'\n' | b'\r' | b';' | b'#'));
        if !is_apart {
            return None;
        }
        let next = skip(self.bytes, self.at);
        let is_end = next == self.bytes.len() || {
            self.at = next;
            self.keyword().is_some_and(vocabulary::is_keyword)
        };
        is_end.then_some(Plain { kind, keyword_end, end, next })
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    /// Lower-case letters with an end.
    fn keyword(&mut self) -> Option<&'s str> {
        let start = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_lowercase()) {
            self.at += 1;
        }
        let is_end = self.peek().is_none_or(|b| b.is_ascii() && !is_name_byte(b));
        is_end.then(|| &self.text[start..self.at])
    }

    /// A name in plain letters, and the blanks behind it.
    fn name(&mut self) -> Option<Name<'s>> {
        let start = self.at;
        if !self.peek().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_') {
            return None;
        }
        while self.peek().is_some_and(is_name_byte) {
            self.at += 1;
        }
        let end = self.at;
        // A letter of another script, or a hole.
        if self.peek().is_some_and(|b| !b.is_ascii()) || self.bytes[end..].starts_with(b"{{") {
            return None;
        }
        self.blanks();
        Some(Name::new(&self.text[start..end], Span::new(self.file, start, end)))
    }

    /// Names, from the first to the last.
    fn references(&mut self) -> Option<Reference<'s>> {
        let start = self.at;
        loop {
            let name = self.name()?;
            if self.peek() == Some(b'.') {
                return None;
            }
            if self.peek() != Some(b',') {
                let span = Span { start: start as u32, ..name.span() };
                return Some(Reference::new(&self.text[span.range()], span));
            }
            self.at += 1;
            self.blanks();
        }
    }

    /// A closed string, and the blanks behind it.
    fn string(&mut self) -> Option<Text<'s>> {
        self.peek().filter(|b| matches!(b, b'"' | b'\''))?;
        let end = split::closed_end(self.bytes, self.at)?;
        let span = Span::new(self.file, self.at, end);
        let text = text::read(&self.text[span.range()], span, self.diagnostics);
        self.at = end;
        self.blanks();
        Some(text)
    }

    fn claim(&mut self, kind: ClaimKind) -> Option<StatementKind<'s>> {
        let (mut paths, mut except) = (Vec::with_capacity(1), Vec::new());
        let is_nothing = self.peek() == Some(b'n');
        if is_nothing && self.keyword()? != "nothing" {
            return None;
        }
        self.blanks();
        if !is_nothing {
            self.strings(&mut paths)?;
        }
        if self.bytes[self.at..].starts_with(b"except") {
            self.keyword().filter(|word| *word == "except")?;
            self.blanks();
            self.strings(&mut except)?;
        }
        Some(StatementKind::Claim(Box::new(Claim { kind, is_nothing, paths, except })))
    }

    fn strings(&mut self, strings: &mut Vec<Text<'s>>) -> Option<()> {
        loop {
            strings.push(self.string()?);
            if self.peek() != Some(b',') {
                return Some(());
            }
            self.at += 1;
            self.blanks();
        }
    }

    fn numeral(&mut self) -> (&'s str, Span) {
        let start = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_alphanumeric()) {
            self.at += 1;
        }
        let span = Span::new(self.file, start, self.at);
        self.blanks();
        (&self.text[span.range()], span)
    }

    fn duration(&mut self) -> Option<Duration> {
        let (text, span) = self.numeral();
        Some(Duration { milliseconds: read_duration(text)?, span })
    }

    /// What follows `..`, if that is next; none where it is no plain duration.
    #[expect(clippy::option_option, reason = "whether it is plain, and whether it is there")]
    fn end_of_range(&mut self) -> Option<Option<Duration>> {
        if !self.bytes[self.at..].starts_with(b"..") {
            return Some(None);
        }
        self.at += 2;
        self.duration().map(Some)
    }

    fn count(&mut self) -> Option<Number> {
        let (text, span) = self.numeral();
        if text.len() > 15 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        Some(Number { value: text.parse().ok()?, is_whole: true, span })
    }

    /// The body that opens here, or the absent one of a header that ends at `header`.
    fn body(&mut self, header: Span) -> Body<'s> {
        self.open_body().unwrap_or(Body { statements: Box::default(), span: header.at_end() })
    }

    fn open_body(&mut self) -> Option<Body<'s>> {
        if self.peek() != Some(b'{') {
            return None;
        }
        let span = Span::new(self.file, self.at, self.at + 1);
        self.at += 1;
        Some(Body { statements: Box::default(), span })
    }
}

fn is_name_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')
}
