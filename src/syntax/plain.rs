//! The plain forms of the most frequent statements, read without the grammar.
//!
//! Nine statements of ten are a keyword and a few names, strings or numbers on one line. Reading those here makes
//! a large plan several times faster to read. It decides nothing: whatever is not quite plain is left to the
//! grammar, and a test holds that the tree is the same with and without this file.

use super::ast::{
    AfterMode, Assert, Block, Body, Check, Claim, ClaimKind, Command, Comparison, Duration, EnvValue,
    Estimate, Gate, Name, Number, OnFailure, OutputSource, Param, ParamKind, Reference, References, Spanned,
    StatementKind, Task, Test, TestKind, Text, Use, Value, Wave,
};
use super::lower::{read_duration, read_number};
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
        let mut keyword_end = self.at;
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
            "preflight" => StatementKind::Preflight(Box::new(self.open_body()?)),
            "check" => {
                let title = self.string();
                let test = match self.test()? {
                    None if title.is_none() => {
                        let name = self.name()?;
                        Some(Test { span: name.span(), kind: TestKind::Named(name) })
                    }
                    test => test,
                };
                StatementKind::Check(Box::new(Check { title, test }))
            }
            "criterion" => {
                let name = Box::new(self.name()?);
                let title = self.string().map(Box::new);
                StatementKind::Criterion { name, title, test: self.test()?.map(Box::new) }
            }
            "env" => {
                let name = Box::new(self.name()?);
                StatementKind::Env { name, value: Box::new(EnvValue::Text(self.string()?)) }
            }
            "use" => StatementKind::Use { path: self.string()? },
            "param" => StatementKind::Param(Box::new(self.param()?)),
            "assert" => StatementKind::Assert(Box::new(self.assert()?)),
            "on" => {
                self.word("failure")?;
                keyword_end = self.at;
                self.blanks();
                let start = self.at;
                let value = match self.keyword()? {
                    "stop" => OnFailure::Stop,
                    "cancel" => OnFailure::Cancel,
                    "continue" => OnFailure::Continue,
                    _ => return None,
                };
                let span = self.span(start);
                self.blanks();
                StatementKind::OnFailure(Spanned { value, span })
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
                self.word("from")?;
                self.blanks();
                let source = match self.string() {
                    Some(path) => OutputSource::File(path),
                    None => {
                        let start = self.at;
                        self.word("stdout")?;
                        OutputSource::Stdout(self.span(start))
                    }
                };
                self.blanks();
                StatementKind::Output { name: Box::new(name), source: Box::new(source) }
            }
            _ => return None,
        };
        // Without the blanks behind it.
        let blank = self.blanks_behind();
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

    /// How many blanks were passed last.
    fn blanks_behind(&self) -> usize {
        self.bytes[..self.at].iter().rev().take_while(|b| matches!(b, b' ' | b'\t')).count()
    }

    /// Blanks and the ends of lines.
    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    /// From there to here.
    fn span(&self, start: usize) -> Span {
        Span::new(self.file, start, self.at)
    }

    /// This very word.
    fn word(&mut self, word: &str) -> Option<()> {
        (self.keyword()? == word).then_some(())
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
            self.word("except")?;
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

    /// The test that is next, on this line or the one below; none where another word follows, or nothing.
    #[expect(clippy::option_option, reason = "whether it is plain, and whether it is there")]
    fn test(&mut self) -> Option<Option<Test<'s>>> {
        let before = self.at;
        self.space();
        let start = self.at;
        let keyword = self.keyword();
        self.blanks();
        let kind = match keyword {
            Some("runs") => self.runs()?,
            Some("exists") => TestKind::Exists(self.string()?),
            Some("missing") => TestKind::Missing(self.string()?),
            Some(keyword @ ("contains" | "lacks")) => {
                let pattern = self.string()?;
                self.word("in")?;
                self.blanks();
                let glob = self.string()?;
                match keyword {
                    "contains" => TestKind::Contains { pattern, glob },
                    _ => TestKind::Lacks { pattern, glob },
                }
            }
            Some("value") => match self.string() {
                Some(file) => {
                    self.word("at")?;
                    self.blanks();
                    let pointer = self.string()?;
                    let comparison = self.comparison()?;
                    TestKind::ValueAt { file, pointer, comparison, number: self.number()? }
                }
                None => {
                    self.word("of")?;
                    self.blanks();
                    let command = Command::Shell(self.string()?);
                    let comparison = self.comparison()?;
                    TestKind::ValueOf { command, comparison, number: self.number()? }
                }
            },
            Some("judged" | "manual") => return None,
            _ => {
                self.at = before;
                return Some(None);
            }
        };
        let end = self.at - self.blanks_behind();
        Some(Some(Test { span: Span::new(self.file, start, end), kind }))
    }

    /// What follows `runs`.
    fn runs(&mut self) -> Option<TestKind<'s>> {
        let command = Command::Shell(self.string()?);
        let (mut exits, mut prints, mut within) = (None, None, None);
        loop {
            let before = self.at;
            self.space();
            let keyword = self.keyword();
            self.blanks();
            match keyword {
                Some("exits") if exits.is_none() => exits = Some(self.count()?),
                Some("prints") if prints.is_none() => prints = Some(self.string()?),
                Some("within") if within.is_none() => within = Some(self.duration()?),
                Some("exits" | "prints" | "within") => return None,
                _ => {
                    self.at = before;
                    return Some(TestKind::Runs { command, exits, prints, within });
                }
            }
        }
    }

    fn comparison(&mut self) -> Option<Spanned<Comparison>> {
        let start = self.at;
        while matches!(self.peek(), Some(b'<' | b'>' | b'=' | b'!')) {
            self.at += 1;
        }
        let span = self.span(start);
        let value = match &self.text[span.range()] {
            "<" => Comparison::Less,
            "<=" => Comparison::AtMost,
            "==" => Comparison::Equal,
            "!=" => Comparison::NotEqual,
            ">=" => Comparison::AtLeast,
            ">" => Comparison::More,
            _ => return None,
        };
        self.blanks();
        Some(Spanned { value, span })
    }

    fn param(&mut self) -> Option<Param<'s>> {
        let name = self.name()?;
        let (start, mut choices) = (self.at, Vec::new());
        let value = match self.keyword()? {
            "text" => ParamKind::Text,
            "integer" => ParamKind::Integer,
            "number" => ParamKind::Number,
            "flag" => ParamKind::Flag,
            "duration" => ParamKind::Duration,
            "path" => ParamKind::Path,
            "one" => {
                self.blanks();
                self.word("of")?;
                ParamKind::OneOf
            }
            _ => return None,
        };
        let kind = Spanned { value, span: self.span(start) };
        self.blanks();
        if value == ParamKind::OneOf {
            self.strings(&mut choices)?;
        }
        let mut default = None;
        if self.peek() == Some(b'=') {
            self.at += 1;
            self.blanks();
            default = Some(match self.string() {
                Some(text) => Value::Text(text),
                None => Value::Number(self.number()?),
            });
        }
        Some(Param { name, kind, choices, default, doc: self.string() })
    }

    fn assert(&mut self) -> Option<Assert<'s>> {
        let first = self.references()?;
        let comparison = self.comparison();
        Some(match (first.text, comparison) {
            ("makespan", Some(comparison)) => Assert::Makespan(comparison, self.duration()?),
            ("speedup", Some(comparison)) => Assert::Speedup(comparison, self.number()?),
            ("workers", Some(comparison)) => Assert::Workers(comparison, self.count()?),
            (_, Some(_)) => return None,
            // Several names are no plain one.
            (text, None) if text.contains(',') => return None,
            (_, None) => {
                let keyword = self.keyword()?;
                self.blanks();
                let second = self.references().filter(|second| !second.text.contains(','))?;
                match keyword {
                    "before" => Assert::Before(first, second),
                    "alongside" => Assert::Alongside(first, second),
                    _ => return None,
                }
            }
        })
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

    /// A number with a fraction or not, or a percentage.
    fn number(&mut self) -> Option<Number> {
        let start = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'%'))
        {
            self.at += 1;
        }
        let span = self.span(start);
        let number = read_number(&self.text[span.range()], span).ok()?;
        self.blanks();
        Some(number)
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
