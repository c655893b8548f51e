//! Segments to a tree: each is read by the grammar, and the splitter's braces say what lies in what.
//!
//! Without recursion, so that no text can exhaust the stack. Knows nothing of what statements mean.

use super::ast::{Body, File, Statement, StatementKind};
use super::grammar::{Rule, WaveParser};
use super::lower::Lower;
use super::messages;
use super::plain;
use super::split::{Mark, MarkKind, Split};
use super::vocabulary::{Place, place_of};
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Span};
use pest::Parser;
use pest::iterators::Pairs;
use std::ops::Range;

/// How deep bodies may stand in each other. What walks the tree may recurse.
pub const DEEPEST: usize = 64;

/// So many mistakes are looked at. A text with more is no plan, and looking takes time: the rest is not read.
pub(super) const MOST_MISTAKES: usize = 1_000;

/// Bodies of so many statements are built in room that is used again.
const SMALL: usize = 64;

/// So many pieces of text that are no statement, told or not, are taken.
const MOST_JUNK: usize = 20_000;

/// Builds the tree of a text that has been split; `start` is behind a byte order mark. `is_hasty`: plain statements
/// are read without the grammar.
pub(super) fn build(file: FileId, text: &str, start: usize, split: Split, is_hasty: bool) -> Built<'_> {
    build_part(file, text, start..text.len(), 0..split.marks.len(), split, is_hasty)
}

/// As [`build`], of a part of the text that no body reaches out of, with its marks.
pub(super) fn build_part(
    file: FileId,
    text: &str,
    part: Range<usize>,
    marks: Range<usize>,
    split: Split,
    is_hasty: bool,
) -> Built<'_> {
    let marks = &split.marks[marks];
    let part = read_part(file, text, part, marks, is_hasty, None, room(bodies(marks)));
    part.built(file, text, split)
}

/// The statements of a part of a text that no body reaches out of.
pub(super) struct Part<'s> {
    pub statements: Vec<Statement<'s>>,
    pub diagnostics: Vec<Diagnostic>,
    pub paired_strays: Vec<usize>,
    pub junk_spans: Vec<Span>,
    /// How many mistakes have been told.
    pub mistakes: usize,
    /// How many words have been compared with those of the language.
    pub suggested: usize,
}

impl<'s> Part<'s> {
    /// The tree of a text that this is all of.
    pub fn built(self, file: FileId, text: &'s str, split: Split) -> Built<'s> {
        let body = Body { statements: self.statements.into(), span: Span::new(file, 0, text.len()) };
        Built {
            file: File::new(text, body, split.comments),
            diagnostics: self.diagnostics,
            paired_strays: self.paired_strays,
            junk_spans: self.junk_spans,
        }
    }

    /// Takes in the part that follows. False where a limit counts over the whole text, and is met or near.
    pub fn append(&mut self, mut next: Part<'s>) -> bool {
        self.statements.append(&mut next.statements);
        self.diagnostics.append(&mut next.diagnostics);
        self.paired_strays.append(&mut next.paired_strays);
        self.junk_spans.append(&mut next.junk_spans);
        self.mistakes += next.mistakes;
        self.suggested += next.suggested;
        self.mistakes < MOST_MISTAKES
            && self.junk_spans.len() < MOST_JUNK
            && self.suggested < super::recover::MOST_SUGGESTIONS
            && self.diagnostics.len() < super::MOST_KEPT
    }
}

/// Reads a part of a text with its marks; but for what stands between the `{` at the first of the
/// places that are `left_out` and the second, which has no marks here. `room` is for the statements.
pub(super) fn read_part<'s>(
    file: FileId,
    text: &'s str,
    part: Range<usize>,
    marks: &[Mark],
    is_hasty: bool,
    left_out: Option<(usize, usize)>,
    room: Vec<Statement<'s>>,
) -> Part<'s> {
    let mut builder = Builder {
        text,
        end: part.end,
        lower: Lower { file, base: 0, diagnostics: Vec::new() },
        open: Vec::new(),
        body: room,
        spare: Vec::new(),
        segment_start: part.start,
        opens_at: None,
        strays: marks.iter().filter(|mark| mark.kind == MarkKind::Stray).count(),
        unopened: 0,
        paired_strays: Vec::new(),
        mistakes: 0,
        junk_spans: Vec::new(),
        unrecognised_to: None,
        is_hasty,
        suggested: 0,
        left_out,
    };
    builder.segments(part.start, marks);
    let Builder { body: statements, lower, paired_strays, junk_spans, mistakes, suggested, .. } = builder;
    Part { statements, diagnostics: lower.diagnostics, paired_strays, junk_spans, mistakes, suggested }
}

/// How many bodies of a part stand in no other.
pub(super) fn bodies(marks: &[Mark]) -> usize {
    let mut depth = 0usize;
    let mut bodies = 0;
    for mark in marks {
        match mark.kind {
            MarkKind::Open => depth += 1,
            MarkKind::Close => {
                depth = depth.saturating_sub(1);
                bodies += usize::from(depth == 0);
            }
            MarkKind::Stray | MarkKind::Missing | MarkKind::Cut => {}
        }
    }
    bodies
}

/// Room for the statements of a part with so many bodies: what grows step by step is copied as often, and most statements of a
/// large plan stand in one body.
pub(super) fn room<'s>(bodies: usize) -> Vec<Statement<'s>> {
    // Some have no body.
    if bodies > SMALL { Vec::with_capacity(bodies + bodies / 16) } else { Vec::new() }
}

/// What was built, and what it says of the splitter's findings.
pub(super) struct Built<'s> {
    /// The tree.
    pub file: File<'s>,
    /// What is wrong with statements.
    pub diagnostics: Vec<Diagnostic>,
    /// The `}` too many that turned out to close a body whose `{` is missing.
    pub paired_strays: Vec<usize>,
    /// What is no statement and has been told, in order.
    pub junk_spans: Vec<Span>,
}

/// Fills the tree, segment after segment.
pub(super) struct Builder<'s> {
    pub text: &'s str,
    /// Where what is read ends.
    end: usize,
    pub lower: Lower,
    /// The bodies around the one that is being filled: its statement and those before it.
    pub open: Vec<(Statement<'s>, Vec<Statement<'s>>)>,
    /// The body that is being filled.
    pub body: Vec<Statement<'s>>,
    /// Room that was used for a body and is free for another.
    spare: Vec<Vec<Statement<'s>>>,
    /// Where the segment begins that is being read.
    pub segment_start: usize,
    /// The `{` at its end, if there is one.
    pub opens_at: Option<usize>,
    /// How many `}` too many are ahead and not yet known to close anything.
    strays: usize,
    /// How many bodies are open whose `{` is missing.
    unopened: usize,
    paired_strays: Vec<usize>,
    /// How many mistakes have been told.
    pub mistakes: usize,
    pub junk_spans: Vec<Span>,
    /// The end of the last text that was like no statement at all.
    pub unrecognised_to: Option<usize>,
    /// Whether plain statements are read without the grammar.
    is_hasty: bool,
    /// How many words have been compared with those of the language.
    pub suggested: usize,
    /// What is not read here: from behind the `{` at the first place to the second.
    left_out: Option<(usize, usize)>,
}

impl<'s> Builder<'s> {
    fn segments(&mut self, start: usize, marks: &[Mark]) {
        let mut from = start;
        // How many bodies beyond the deepest are open.
        let mut beyond = 0usize;
        for mark in marks {
            let at = mark.at as usize;
            let (to, next) = match mark.kind {
                MarkKind::Open => (at + 1, at + 1),
                MarkKind::Close | MarkKind::Stray => (at, at + 1),
                MarkKind::Missing | MarkKind::Cut => (at, at),
            };
            if beyond == 0 {
                self.opens_at = (mark.kind == MarkKind::Open).then_some(at);
                self.segment(from, to);
            }
            from = match self.left_out {
                Some((open, end)) if open == at => end,
                _ => next,
            };
            match mark.kind {
                MarkKind::Open if beyond > 0 => beyond += 1,
                MarkKind::Open if self.open.len() == DEEPEST => {
                    let place = Span::new(self.lower.file, at, at + 1);
                    self.lower.diagnostics.push(messages::nested_too_deep(place, DEEPEST));
                    self.enter(at);
                    let end = place.at_end();
                    self.push(Statement::new(end, end, StatementKind::Junk));
                    beyond = 1;
                }
                MarkKind::Open => self.enter(at),
                MarkKind::Close | MarkKind::Missing if beyond > 1 => beyond -= 1,
                MarkKind::Close | MarkKind::Missing => {
                    beyond = 0;
                    self.leave(next);
                }
                MarkKind::Stray if beyond == 0 && self.unopened > 0 => {
                    self.unopened -= 1;
                    self.paired_strays.push(at);
                    self.leave(next);
                }
                MarkKind::Stray => self.strays = self.strays.saturating_sub(1),
                MarkKind::Cut => {}
            }
        }
        if beyond == 0 {
            self.opens_at = None;
            self.segment(from, self.end);
        }
        while !self.open.is_empty() {
            self.leave(self.end);
        }
    }

    /// The statements between two marks.
    fn segment(&mut self, from: usize, to: usize) {
        if self.mistakes >= MOST_MISTAKES || self.junk_spans.len() >= MOST_JUNK {
            return;
        }
        self.segment_start = from;
        let mut at = plain::skip(&self.text.as_bytes()[..to], from);
        while at < to {
            let read = match self.is_hasty {
                true => plain::read(self.lower.file, self.text, at, to, &mut self.lower.diagnostics),
                false => None,
            };
            let Some(read) = read else {
                let pairs = WaveParser::parse(Rule::segment, &self.text[at..to]);
                self.pairs(at, pairs.expect("BUG: a segment takes any text"));
                return;
            };
            let file = self.lower.file;
            let (span, keyword) = (Span::new(file, at, read.end), Span::new(file, at, read.keyword_end));
            self.push(Statement::new(span, keyword, read.kind));
            at = read.next;
        }
    }

    /// The statements among pairs of a text that begins at `base`.
    pub fn pairs(&mut self, base: usize, pairs: Pairs<'s, Rule>) {
        let before = std::mem::replace(&mut self.lower.base, base);
        for pair in pairs {
            let span = self.lower.span(&pair);
            match pair.as_rule() {
                Rule::EOI | Rule::comment => {}
                Rule::junk => self.junk(span.start as usize, span.end as usize),
                _ => {
                    let keyword = self.lower.keyword(&pair);
                    let kind = self.lower.statement(pair);
                    self.push(Statement::new(span, keyword, kind));
                }
            }
        }
        self.lower.base = before;
    }

    pub fn push(&mut self, statement: Statement<'s>) {
        self.body.push(statement);
    }

    /// The body of the last statement begins although its `{` is missing, if a `}` too many is ahead to close it.
    pub fn enter_unopened(&mut self, at: usize) {
        if self.strays > 0 && self.open.len() < DEEPEST {
            self.strays -= 1;
            self.unopened += 1;
            self.enter(at);
        }
    }

    /// A `{`: the last statement's body begins.
    fn enter(&mut self, at: usize) {
        let header = match self.body.last() {
            Some(last) if last.kind.body().is_some_and(|body| body.span.start as usize == at) => {
                self.body.pop()
            }
            _ => None,
        };
        let header = header.unwrap_or_else(|| {
            let span = Span::new(self.lower.file, at, at + 1);
            Statement::new(span, span, StatementKind::Junk)
        });
        let inner = self.spare.pop().unwrap_or_default();
        self.open.push((header, std::mem::replace(&mut self.body, inner)));
    }

    /// The end of the innermost body, at `end`.
    fn leave(&mut self, end: usize) {
        let Some((mut header, before)) = self.open.pop() else { return };
        let mut statements = std::mem::replace(&mut self.body, before);
        if statements.len() <= SMALL {
            // It stays as it is from here on: no room for more.
            let mut exact = Vec::with_capacity(statements.len());
            exact.append(&mut statements);
            self.spare.push(std::mem::replace(&mut statements, exact));
        }
        header.span.end = end as u32;
        match header.kind.body_mut() {
            Some(body) => {
                body.statements = statements.into();
                body.span.end = end as u32;
                self.push(header);
            }
            None => {
                // Nobody knows whose body it was; the items in it are kept, so that their names are known.
                self.push(header);
                let place = self.place();
                let is_item = |kind: &StatementKind<'_>| {
                    matches!(
                        kind,
                        StatementKind::Task(_)
                            | StatementKind::Wave(_)
                            | StatementKind::Block(_)
                            | StatementKind::For { .. }
                            | StatementKind::Gate(_)
                    ) && super::vocabulary::of(kind).is_some_and(|word| word.may_stand_in(place))
                };
                self.body.extend(statements.into_iter().filter(|statement| is_item(&statement.kind)));
            }
        }
    }

    /// The body that is being filled.
    pub fn place(&self) -> Place {
        let header = self.open.last().and_then(|(header, _)| place_of(&header.kind));
        header.unwrap_or(Place::File)
    }
}
