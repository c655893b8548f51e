//! What each word of a text is, for colours: from the tree, so that it works on any text.

use super::mentions::{Mention, Role, mentions};
use crate::source::Span;
use crate::syntax::ast::{Body, File, Reference, Statement, StatementKind, Text, TextStyle};

/// The kinds of word, in the order of [`KINDS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TokenKind {
    /// A keyword.
    Keyword,
    /// A comment.
    Comment,
    /// A string.
    String,
    /// A regular expression.
    Regexp,
    /// A number, a length of time, an amount.
    Number,
    /// An operator.
    Operator,
    /// A task.
    Function,
    /// A wave, a block, a gate, the plan.
    Namespace,
    /// An agent.
    Class,
    /// A param.
    Parameter,
    /// A `for` variable, a value in a hole.
    Variable,
    /// A resource, a secret, a criterion, an output, a tag.
    Property,
}

/// The names of the kinds, as editors know them.
pub const KINDS: &[&str] = &[
    "keyword",
    "comment",
    "string",
    "regexp",
    "number",
    "operator",
    "function",
    "namespace",
    "class",
    "parameter",
    "variable",
    "property",
];

/// The names of what may be said besides: one bit each.
pub const MODIFIERS: &[&str] = &["declaration", "documentation"];

/// Bit of [`MODIFIERS`]: the name is declared here.
pub const DECLARATION: u32 = 1;
/// Bit of [`MODIFIERS`]: a doc comment.
pub const DOCUMENTATION: u32 = 2;

/// A word and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// Where; on one line.
    pub span: Span,
    /// What.
    pub kind: TokenKind,
    /// Bits of [`MODIFIERS`].
    pub modifiers: u32,
}

/// The words of a text, in order and without overlaps.
pub fn tokens(text: &str, file: &File<'_>) -> Vec<Token> {
    let mut collector = Collector { text, found: Vec::new() };
    for comment in &file.comments {
        let modifiers = if comment.kind == crate::syntax::ast::CommentKind::Doc { DOCUMENTATION } else { 0 };
        collector.push(comment.span, TokenKind::Comment, modifiers);
    }
    let comments = file.comments.iter().map(|comment| comment.span).collect::<Vec<_>>();
    collector.body(&file.body, &comments);
    let mut found = collector.found;
    found.sort_by_key(|token| (token.span.start, token.span.end));
    let mut end = 0;
    found.retain(|token| {
        let is_next = token.span.start >= end && !token.span.is_empty();
        if is_next {
            end = token.span.end;
        }
        is_next
    });
    found
}

struct Collector<'t> {
    text: &'t str,
    found: Vec<Token>,
}

impl Collector<'_> {
    /// One token a line.
    fn push(&mut self, span: Span, kind: TokenKind, modifiers: u32) {
        let mut start = span.start as usize;
        for line in self.text[span.range()].split_inclusive('\n') {
            let end = start + line.trim_end_matches(['\n', '\r']).len();
            if end > start {
                self.found.push(Token { span: Span::new(span.file, start, end), kind, modifiers });
            }
            start += line.len();
        }
    }

    fn body(&mut self, body: &Body<'_>, comments: &[Span]) {
        for statement in &body.statements {
            self.statement(statement, comments);
            if let Some(inner) = statement.kind.body() {
                self.body(inner, comments);
            }
        }
    }

    fn statement(&mut self, statement: &Statement<'_>, comments: &[Span]) {
        use StatementKind as Kind;
        if matches!(statement.kind, Kind::Junk) {
            return;
        }
        self.push(statement.keyword(), TokenKind::Keyword, 0);
        let declared = match &statement.kind {
            Kind::Task(_) => TokenKind::Function,
            Kind::Agent { .. } => TokenKind::Class,
            Kind::Param(_) => TokenKind::Parameter,
            Kind::For { .. } => TokenKind::Variable,
            Kind::Plan { .. } | Kind::Wave(_) | Kind::Block(_) | Kind::Gate(_) => TokenKind::Namespace,
            _ => TokenKind::Property,
        };
        let first = self.found.len();
        mentions(statement, &mut |mention| match mention {
            Mention::Declared(name) => self.push(name.span(), declared, DECLARATION),
            Mention::Item(name) => self.reference(&name, TokenKind::Function),
            Mention::Agent(name) => self.push(name.span(), TokenKind::Class, 0),
            Mention::Resource(name)
            | Mention::Secret(name)
            | Mention::Criterion(name)
            | Mention::Word(name) => {
                self.push(name.span(), TokenKind::Property, 0);
            }
            Mention::Param(name) => self.push(name.span(), TokenKind::Parameter, 0),
            Mention::Text(text, role) => self.string(text, role),
        });
        // The rest of the head: words such as `from`, numbers, operators.
        let end = match statement.kind.body() {
            Some(body) => body.span.start,
            None => statement.span.end,
        };
        let mut taken: Vec<Span> = self.found[first..].iter().map(|token| token.span).collect();
        taken.sort_by_key(|span| span.start);
        let mut at = statement.keyword().end as usize;
        for span in taken.iter().copied().chain([Span { start: end, end, ..statement.span }]) {
            if (span.start as usize) > at {
                self.rest(statement.span.file, at, (span.start as usize).min(end as usize), comments);
            }
            at = at.max(span.end as usize);
        }
    }

    fn rest(&mut self, file: crate::source::FileId, from: usize, to: usize, comments: &[Span]) {
        let bytes = self.text.as_bytes();
        let mut at = from;
        while at < to {
            let c = bytes[at];
            let start = at;
            let is_name = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-') || c >= 0x80;
            match c {
                b'#' => {
                    let behind = comments.partition_point(|span| (span.start as usize) <= at);
                    at = comments[..behind].last().map_or(at + 1, |span| (span.end as usize).max(at + 1));
                }
                b'0'..=b'9' | b'$' => {
                    at += 1;
                    while at < to && (is_name(bytes[at]) || matches!(bytes[at], b'.' | b'%' | b'$')) {
                        at += 1;
                    }
                    self.push(Span::new(file, start, at), TokenKind::Number, 0);
                }
                b'<' | b'>' | b'=' | b'!' => {
                    while at < to && matches!(bytes[at], b'<' | b'>' | b'=' | b'!') {
                        at += 1;
                    }
                    self.push(Span::new(file, start, at), TokenKind::Operator, 0);
                }
                c if is_name(c) => {
                    while at < to && is_name(bytes[at]) {
                        at += 1;
                    }
                    self.push(Span::new(file, start, at), TokenKind::Keyword, 0);
                }
                _ => at += 1,
            }
        }
    }

    fn reference(&mut self, reference: &Reference<'_>, kind: TokenKind) {
        let parts: Vec<_> = reference.parts().collect();
        if let Some((last, holders)) = parts.split_last() {
            holders.iter().for_each(|part| self.push(part.span(), TokenKind::Namespace, 0));
            self.push(last.span(), kind, 0);
        }
    }

    /// A string without its holes, and its holes.
    fn string(&mut self, text: &Text<'_>, role: Role) {
        let is_pattern =
            role == Role::Pattern && matches!(text.style(), TextStyle::Literal | TextStyle::LiteralBlock);
        let kind = if is_pattern { TokenKind::Regexp } else { TokenKind::String };
        let mut at = text.span().start;
        for hole in text.holes() {
            if hole.span().start > at {
                self.push(Span { start: at, end: hole.span().start, ..text.span() }, kind, 0);
            }
            match hole.single() {
                Some(name) => self.push(name.span(), TokenKind::Variable, 0),
                None => self.reference(hole, TokenKind::Property),
            }
            at = hole.span().end;
        }
        if at < text.span().end {
            self.push(Span { start: at, ..text.span() }, kind, 0);
        }
    }
}
