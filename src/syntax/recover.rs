//! What is no statement: cut into pieces, each told once, and as much of it kept as can be understood.
//!
//! The grammar's catch-all gives a stretch of text. Here it is cut where another statement begins, each piece is
//! read again with the rule of its first word to find where it goes wrong and what was expected there, and what
//! the piece most likely means goes into the tree, so that one mistake does not become two. Knows nothing of
//! what names mean.

mod explain;
mod order;
mod phrase;
mod tokens;

use super::ast::{Block, Body, Gate, Name, Statement, StatementKind, Task, Wave};
use super::grammar::{Rule, WaveParser, rules_of};
use super::lower::Parts;
use super::tree::{Builder, MOST_MISTAKES};
use super::vocabulary;
use super::words::{self, Suggestion};
use super::{messages, text};
use crate::source::Span;
use pest::Parser;
use tokens::{Token, TokenKind, tokens};

/// So many unknown words are compared with those of the language; comparing takes time.
pub(super) const MOST_SUGGESTIONS: usize = 4_000;

/// What stands behind a wrong keyword is read only when it is about as long as a statement.
const LONGEST_SALVAGED: usize = 65_536;

impl<'s> Builder<'s> {
    /// Takes a stretch of text that does not begin with a statement.
    pub(super) fn junk(&mut self, from: usize, to: usize) {
        let base = self.lower.base;
        let tokens = tokens(self.text, from, to);
        let (mut at, mut end) = (0, 0);
        while at < tokens.len() {
            if tokens[at].text(self.text) == ";" {
                at += 1;
                continue;
            }
            if self.mistakes >= MOST_MISTAKES {
                self.push_junk(tokens[at].start, to);
                break;
            }
            at = match self.good(&tokens, at, to).filter(|_| at > 0) {
                Some(next) => next,
                None => {
                    // What was left of a piece is not looked through again.
                    if at >= end {
                        end = self.piece_end(&tokens, at);
                    }
                    self.piece(&tokens[..end], at)
                }
            };
        }
        self.lower.base = base;
    }

    /// Where the piece that begins at a token ends: before a line that begins a statement, or something like one.
    fn piece_end(&mut self, tokens: &[Token], at: usize) -> usize {
        // The line with the `{` is a header of its own.
        let header = match tokens.last() {
            Some(last) if self.opens_at == Some(last.start) => {
                tokens.iter().rposition(|token| token.is_first)
            }
            _ => None,
        };
        // In running text, a word that is like one of the language begins nothing when another word follows.
        let first = tokens[at].text(self.text);
        let is_prose = !vocabulary::is_keyword(first) && self.suggest(first).is_none();
        for (index, token) in tokens.iter().enumerate().skip(at + 1) {
            let word = token.text(self.text);
            if word == ";" {
                return index;
            }
            if !token.is_first || token.kind != TokenKind::Word {
                continue;
            }
            let is_joint = matches!(word, "overlaps" | "in");
            if vocabulary::is_keyword(word)
                || (header == Some(index) && !is_joint)
                || (!(is_prose && is_followed_by_word(tokens, index)) && self.suggest(word).is_some())
            {
                return index;
            }
        }
        tokens.len()
    }

    /// The word of the language that was probably meant.
    fn suggest(&mut self, word: &str) -> Option<Suggestion> {
        self.suggested += 1;
        if self.suggested > MOST_SUGGESTIONS { None } else { words::suggest(word, self.place()) }
    }

    /// One piece: all `tokens` from `at` on. Gives the token to go on with.
    fn piece(&mut self, tokens: &[Token], at: usize) -> usize {
        let first = tokens[at];
        let word = first.text(self.text);
        if first.kind == TokenKind::Word && vocabulary::is_keyword(word) {
            return self.malformed(tokens, at);
        }
        if self.is_trailing(first.start) {
            return self.trailing(tokens, at);
        }
        if first.kind == TokenKind::Word
            && let Some(suggestion) = self.suggest(word)
        {
            return self.misspelled(tokens, at, suggestion);
        }
        self.unrecognised(tokens, at)
    }

    /// Whether a text at this offset goes on with the statement before it: nothing but blanks is between them.
    fn is_trailing(&self, at: usize) -> bool {
        let Some(previous) = self.body.last() else { return false };
        let end = previous.span.end as usize;
        previous.span.start as usize >= self.segment_start
            && end <= at
            && self.text[end..at].bytes().all(|b| matches!(b, b' ' | b'\t'))
    }

    // ---- The four kinds of mistake ----------------------------------------------------------------------

    /// More text behind a statement that could end before it.
    fn trailing(&mut self, tokens: &[Token], at: usize) -> usize {
        let previous = self.body.last().expect("BUG: something trails it");
        let start = previous.span.start as usize;
        let (from, to) = (tokens[at].start, tokens[tokens.len() - 1].end);
        if let Some(word) = vocabulary::of(&previous.kind) {
            let failure = explain::read(self.text, start, &tokens[at..]).err();
            if failure.as_ref().is_some_and(|failure| failure.at > from) {
                // It does belong to the statement, which goes wrong further on.
                self.body.pop();
                let whole = self::tokens(self.text, start, to);
                let next = self.malformed(&whole, 0);
                return tokens.len() - (whole.len() - next);
            }
            let expected =
                failure.filter(|failure| failure.at == from).map_or(Vec::new(), |failure| failure.expected);
            let told = explain::trailing(self.text, self.lower.file, word.keyword, tokens, at, &expected);
            let whole = self::tokens(self.text, start, to);
            let found = whole.partition_point(|token| token.start < from);
            let mended = order::mended(self.text, self.lower.file, &whole, found);
            self.report(match mended {
                Some(mended) => mended.advise(told),
                None => told,
            });
        }
        let next = self.resume(tokens, at + 1);
        if next == tokens.len() && self.opens_at == Some(tokens[tokens.len() - 1].start) {
            self.give_body(to);
        } else {
            self.push_junk(from, tokens[next - 1].end);
        }
        next
    }

    /// A statement whose keyword is right and the rest is not.
    fn malformed(&mut self, tokens: &[Token], at: usize) -> usize {
        let from = tokens[at].start;
        let failure = match explain::read(self.text, from, &tokens[at..]) {
            Err(failure) => failure,
            Ok(pairs) => {
                // What made it unreadable belongs to the next piece.
                self.pairs(from, pairs);
                return tokens.len();
            }
        };
        let piece = &tokens[at..];
        let keyword = explain::keyword(self.text, piece);
        let found =
            Some(piece.partition_point(|token| token.end <= failure.at)).filter(|at| *at < piece.len());
        let statement = explain::Malformed {
            text: self.text,
            file: self.lower.file,
            keyword,
            piece,
            found,
            failure: &failure,
        };
        self.report(statement.diagnostic());

        // `agent: coder` says what it means.
        if let Some(after) = statement.behind_joint()
            && let Some(next) = self.salvage(keyword, tokens, at, after)
        {
            return next;
        }
        let has_body = rules_of(keyword).is_some_and(|(rule, _)| explain::has_body(rule));
        if has_body {
            let is_open = self.opens_at == Some(tokens[tokens.len() - 1].start);
            if is_open || (found.is_none() && failure.expected.contains(&Rule::open)) {
                self.header(keyword, piece, is_open);
                return tokens.len();
            }
        }
        // An unquoted text may hold any word; what looks like a statement in it is none.
        let is_prose = found.is_some_and(|at| piece[at].kind == TokenKind::Word)
            && failure.expected.contains(&Rule::string);
        let next = match found {
            Some(found) if !has_body && !is_prose => self.resume(tokens, at + found.max(1)),
            _ => tokens.len(),
        };
        self.push_junk(from, tokens[next - 1].end);
        next
    }

    /// A statement whose keyword is misspelled, or what another tool calls it.
    fn misspelled(&mut self, tokens: &[Token], at: usize, suggestion: Suggestion) -> usize {
        let word = tokens[at];
        let place = Span::new(self.lower.file, word.start, word.end);
        let joint = tokens.get(at + 1).filter(|token| matches!(token.text(self.text), ":" | "="));
        let after = joint.map_or(word.end, |token| token.end);
        let told = self.lower.diagnostics.len();
        let salvaged = self.salvage(suggestion.keyword, tokens, at, after);
        if !suggestion.is_misspelling {
            // Another tool's values are part of the one mistake.
            self.lower.diagnostics.truncate(told);
        }
        let is_open = self.opens_at == Some(tokens[tokens.len() - 1].start);
        let is_header =
            is_open && rules_of(suggestion.keyword).is_some_and(|(rule, _)| explain::has_body(rule));
        let written = word.text(self.text);
        let diagnostic = match words::timeout_unit(written).zip(tokens.get(at + 1)) {
            Some((unit, value)) if value.kind == TokenKind::Number => {
                let meant = format!("timeout {}{unit}", value.text(self.text));
                let replaced = Span::new(self.lower.file, word.start, value.end);
                messages::unknown_word(written, place, Some(&meant), Some((replaced, &meant, false)))
            }
            _ => {
                let is_sure = suggestion.is_misspelling && salvaged.is_some();
                let replaced = Span::new(self.lower.file, word.start, after);
                let fix =
                    (salvaged.is_some() || is_header).then_some((replaced, suggestion.keyword, is_sure));
                messages::unknown_word(written, place, Some(suggestion.keyword), fix)
            }
        };
        self.report(diagnostic);
        if let Some(next) = salvaged {
            return next;
        }
        if is_header {
            self.header(suggestion.keyword, &tokens[at..], true);
        } else {
            self.push_junk(word.start, tokens[tokens.len() - 1].end);
        }
        tokens.len()
    }

    /// Something that begins like no statement.
    fn unrecognised(&mut self, tokens: &[Token], at: usize) -> usize {
        let first = tokens[at];
        let to = tokens[tokens.len() - 1].end;
        // Inside and right behind what was not understood there is no second mistake.
        let is_inside =
            self.open.last().is_some_and(|(header, _)| matches!(header.kind, StatementKind::Junk));
        let is_behind = self.body.last().is_some_and(|last| {
            matches!(last.kind, StatementKind::Junk) && self.unrecognised_to == Some(last.span.end as usize)
        });
        if !is_inside && !is_behind {
            let place = Span::new(self.lower.file, first.start, first.end);
            let word = first.text(self.text);
            self.report(match first.kind {
                TokenKind::Word => messages::unknown_word(word, place, None, None),
                _ => explain::no_word(self.text, place),
            });
        }
        self.unrecognised_to = Some(to);
        self.push_junk(first.start, to);
        tokens.len()
    }

    // ---- What can be kept -------------------------------------------------------------------------------

    /// The statement that begins at a token, if one does; gives the token behind it.
    fn good(&mut self, tokens: &[Token], at: usize, to: usize) -> Option<usize> {
        let (from, length) = self.probe(&tokens[at], to)?;
        let pairs = WaveParser::parse(Rule::statement, &self.text[from..from + length]).ok()?;
        self.pairs(from, pairs);
        Some(tokens.partition_point(|token| token.start < from + length))
    }

    /// How long the statement is that begins at a token, if one does.
    fn probe(&self, token: &Token, to: usize) -> Option<(usize, usize)> {
        if token.kind != TokenKind::Word || !vocabulary::is_keyword(token.text(self.text)) {
            return None;
        }
        // The parser looks at the whole of what it is given, so it is given little, and more when that was not all.
        let from = token.start;
        let mut window = 1_024;
        loop {
            let mut end = (from + window).min(to);
            while !self.text.is_char_boundary(end) {
                end += 1;
            }
            let parsed = WaveParser::parse(Rule::statement, &self.text[from..end]);
            let length = parsed.ok().and_then(|pairs| pairs.last()).map(|pair| pair.as_span().end());
            match length {
                Some(length) if end == to || from + length < end => return Some((from, length)),
                None if end == to => return None,
                _ => window *= 8,
            }
        }
    }

    /// The next token from `at` on where a statement begins that reads.
    fn resume(&self, tokens: &[Token], at: usize) -> usize {
        let to = tokens[tokens.len() - 1].end;
        // A few attempts are enough: what needs more is no list of statements.
        let candidates =
            (at..tokens.len()).filter(|index| vocabulary::is_keyword(tokens[*index].text(self.text)));
        candidates.take(8).find(|index| self.probe(&tokens[*index], to).is_some()).unwrap_or(tokens.len())
    }

    /// Reads what stands behind a word as the rest of the statement `keyword`, if it is that and nothing more.
    fn salvage(&mut self, keyword: &str, tokens: &[Token], at: usize, after: usize) -> Option<usize> {
        let (rule, rest) = rules_of(keyword)?;
        let to = tokens[tokens.len() - 1].end;
        if to - after > LONGEST_SALVAGED {
            return None;
        }
        let start = after + self.text[after..to].bytes().take_while(|b| matches!(b, b' ' | b'\t')).count();
        let pairs = WaveParser::parse(rest, &self.text[start..to]).ok()?;
        let end = pairs.clone().last().map_or(start, |pair| start + pair.as_span().end());
        if end != to {
            return None;
        }
        self.lower.base = start;
        let file = self.lower.file;
        let kind = self.lower.rest(rule, keyword, Parts::of(pairs)).unwrap_or(StatementKind::Junk);
        let word = Span::new(file, tokens[at].start, tokens[at].end);
        self.push(Statement::new(Span::new(file, tokens[at].start, end), word, kind));
        Some(tokens.len())
    }

    /// A header that does not read: as much of it as can be told, so that its body has an owner.
    fn header(&mut self, keyword: &str, piece: &[Token], is_open: bool) {
        let file = self.lower.file;
        let last = piece[piece.len() - 1];
        let span = Span::new(file, piece[0].start, last.end);
        let word = Span::new(file, piece[0].start, piece[0].end);
        let at = if is_open { last.start } else { last.end };
        let body = Body { statements: Box::default(), span: Span::new(file, at, last.end) };
        let name = piece
            .get(1)
            .filter(|token| token.kind == TokenKind::Word)
            .map(|token| Name::new(token.text(self.text), Span::new(file, token.start, token.end)));
        let title = piece.iter().find(|token| token.kind == TokenKind::String).map(|token| {
            let span = Span::new(file, token.start, token.end);
            // What is wrong in it is told when the header reads.
            text::read(token.text(self.text), span, &mut Vec::new())
        });
        let kind = match (keyword, name) {
            ("wave", Some(name)) => {
                StatementKind::Wave(Box::new(Wave { name, title, overlaps: Vec::new(), body }))
            }
            ("task", Some(name)) => {
                StatementKind::Task(Box::new(Task { name, title: title.map(Box::new), body }))
            }
            ("agent", Some(name)) => StatementKind::Agent { name: Box::new(name), body: Box::new(body) },
            ("parallel" | "serial", name) => {
                StatementKind::Block(Box::new(Block { is_serial: keyword == "serial", name, title, body }))
            }
            ("gate", name) => StatementKind::Gate(Box::new(Gate { name, title, body })),
            ("preflight", _) => StatementKind::Preflight(Box::new(body)),
            ("success", _) => StatementKind::Success(Box::new(body)),
            ("rollback", _) => StatementKind::Rollback(Box::new(body)),
            ("finally", _) => StatementKind::Finally(Box::new(body)),
            _ => StatementKind::Junk,
        };
        self.push(Statement::new(span, word, kind));
        if !is_open {
            self.enter_unopened(at);
        }
    }

    /// The `{` at the end of what trails a statement: it was meant for that statement.
    fn give_body(&mut self, to: usize) {
        let file = self.lower.file;
        let open = Span::new(file, to - 1, to);
        let Some(previous) = self.body.last_mut() else { return };
        match &mut previous.kind {
            StatementKind::Task(task) => task.body.span = open,
            StatementKind::AgentRef(name) => {
                let body = Box::new(Body { statements: Box::default(), span: open });
                previous.kind = StatementKind::Agent { name: Box::new(*name), body };
            }
            _ => {}
        }
    }

    fn push_junk(&mut self, from: usize, to: usize) {
        let span = Span::new(self.lower.file, from, to);
        self.junk_spans.push(span);
        self.push(Statement::new(span, span, StatementKind::Junk));
    }

    fn report(&mut self, diagnostic: crate::diagnostic::Diagnostic) {
        self.mistakes += 1;
        self.lower.diagnostics.push(diagnostic);
    }
}

/// Whether a word follows a token on its line.
fn is_followed_by_word(tokens: &[Token], at: usize) -> bool {
    tokens.get(at + 1).is_some_and(|next| next.kind == TokenKind::Word && !next.is_first)
}
