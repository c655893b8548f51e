//! Segments to a tree: each is read by the grammar, and the splitter's braces say what lies in what.
//!
//! Without recursion, so that no text can exhaust the stack. Knows nothing of what statements mean.

use super::ast::{Body, Comment, CommentKind, File, Statement, StatementKind};
use super::grammar::{Rule, WaveParser};
use super::lower::Lower;
use super::messages;
use super::split::{Mark, MarkKind, Split};
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Span};
use pest::Parser;

/// How deep bodies may stand in each other. What walks the tree may recurse.
pub const DEEPEST: usize = 64;

/// Builds the tree of a text that has been split; `start` is behind a byte order mark.
pub(super) fn build(file: FileId, text: &str, start: usize, split: Split) -> (File<'_>, Vec<Diagnostic>) {
    let mut builder = Builder {
        text,
        comments: &split.comments,
        next_comment: 0,
        lower: Lower { file, base: 0, diagnostics: Vec::new() },
        open: Vec::new(),
        body: Vec::new(),
    };
    builder.segments(start, &split.marks);
    let Builder { body: statements, lower, .. } = builder;
    let body = Body { statements, span: Span::new(file, 0, text.len()) };
    (File { body, comments: split.comments }, lower.diagnostics)
}

struct Builder<'s, 'c> {
    text: &'s str,
    comments: &'c [Comment],
    /// The first comment that is not behind us.
    next_comment: usize,
    lower: Lower,
    /// The bodies around the one that is being filled: its statement and those before it.
    open: Vec<(Statement<'s>, Vec<Statement<'s>>)>,
    /// The body that is being filled.
    body: Vec<Statement<'s>>,
}

impl<'s> Builder<'s, '_> {
    fn segments(&mut self, start: usize, marks: &[Mark]) {
        let mut from = start;
        // How many bodies beyond the deepest are open.
        let mut beyond = 0usize;
        for mark in marks {
            let (to, next) = match mark.kind {
                MarkKind::Open => (mark.at + 1, mark.at + 1),
                MarkKind::Close | MarkKind::Stray => (mark.at, mark.at + 1),
                MarkKind::Missing | MarkKind::Cut => (mark.at, mark.at),
            };
            if beyond == 0 {
                self.segment(from, to);
            }
            from = next;
            match mark.kind {
                MarkKind::Open if beyond > 0 => beyond += 1,
                MarkKind::Open if self.open.len() == DEEPEST => {
                    let place = Span::new(self.lower.file, mark.at, mark.at + 1);
                    self.lower.diagnostics.push(messages::nested_too_deep(place, DEEPEST));
                    beyond = 1;
                }
                MarkKind::Open => self.enter(mark.at),
                MarkKind::Close | MarkKind::Missing if beyond > 0 => beyond -= 1,
                MarkKind::Close | MarkKind::Missing => self.leave(next),
                MarkKind::Stray | MarkKind::Cut => {}
            }
        }
        if beyond == 0 {
            self.segment(from, self.text.len());
        }
        while !self.open.is_empty() {
            self.leave(self.text.len());
        }
    }

    /// The statements between two marks.
    fn segment(&mut self, from: usize, to: usize) {
        let text = &self.text[from..to];
        if text.bytes().all(|b| matches!(b, b' ' | b'\n' | b'\t' | b'\r')) {
            return;
        }
        self.lower.base = from;
        let pairs = WaveParser::parse(Rule::segment, text).expect("BUG: a segment takes any text");
        for pair in pairs {
            match pair.as_rule() {
                Rule::EOI | Rule::comment => {}
                Rule::junk => {
                    let span = self.lower.span(&pair);
                    self.lower.diagnostics.push(messages::not_a_statement(span));
                    self.push(Statement { span, keyword: span, docs: Vec::new(), kind: StatementKind::Junk });
                }
                _ => {
                    let span = self.lower.span(&pair);
                    let keyword = self.lower.keyword(&pair);
                    let docs = self.docs(span.start);
                    let kind = self.lower.statement(pair);
                    self.push(Statement { span, keyword, docs, kind });
                }
            }
        }
    }

    fn push(&mut self, statement: Statement<'s>) {
        self.body.push(statement);
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
            Statement { span, keyword: span, docs: Vec::new(), kind: StatementKind::Junk }
        });
        self.open.push((header, std::mem::take(&mut self.body)));
    }

    /// The end of the innermost body, at `end`.
    fn leave(&mut self, end: usize) {
        let Some((mut header, before)) = self.open.pop() else { return };
        let statements = std::mem::replace(&mut self.body, before);
        header.span.end = end as u32;
        if let Some(body) = header.kind.body_mut() {
            body.statements = statements;
            body.span.end = end as u32;
        }
        self.push(header);
    }

    /// The doc comments right above a statement.
    fn docs(&mut self, start: u32) -> Vec<&'s str> {
        let first = self.next_comment;
        while self.comments.get(self.next_comment).is_some_and(|comment| comment.span.start < start) {
            self.next_comment += 1;
        }
        let mut below = start as usize;
        let mut docs = Vec::new();
        for comment in self.comments[first..self.next_comment].iter().rev() {
            let between = &self.text[comment.span.end as usize..below];
            let is_right_above =
                between.bytes().filter(|b| *b == b'\n').count() == 1 && between.trim().is_empty();
            if comment.kind != CommentKind::Doc || !comment.is_own_line || !is_right_above {
                break;
            }
            let doc = &self.text[comment.span.range()][2..];
            docs.push(doc.strip_prefix(' ').unwrap_or(doc));
            below = comment.span.start as usize;
        }
        docs.reverse();
        docs
    }
}
