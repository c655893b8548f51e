//! What the cursor stands in: a place for a statement, a word of one, a string, a hole, a comment.
//!
//! Reads the few tokens before the cursor, so that it works on text that is not finished.

use super::around;
use crate::syntax::ast::{Body, File, Statement, StatementKind};
use crate::syntax::vocabulary::{self, Place, Word};
use std::ops::Range;

/// A token before the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// Letters, digits, `_`, `-`, `.`, `{{…}}`, and what numbers are made of.
    Word(Range<usize>),
    /// A string; whether it is closed.
    Text(Range<usize>, bool),
    /// A comment.
    Comment(Range<usize>),
    /// Any other character.
    Other(char, usize),
}

/// What the cursor stands in.
pub(super) struct Context<'t> {
    /// The body.
    pub place: Place,
    /// The statements around, outermost first: their heads, as far as they could be read.
    pub names: Vec<(&'static str, String)>,
    /// The `for` variables around.
    pub variables: Vec<String>,
    /// Where the statement of the file ends that the cursor is in.
    pub outer_end: Option<usize>,
    /// The keywords of the other statements in the body.
    pub present: Vec<&'static str>,
    /// The statement that is being written, by its keyword.
    pub word: Option<&'static Word>,
    /// Its words and strings so far, without its keyword and without what is being typed.
    pub before: Vec<&'t str>,
    /// What is being typed: a word, or the text of a string from its quotes on.
    pub typed: Range<usize>,
    /// What that is.
    pub kind: ContextKind,
    /// Whether a statement may begin here.
    pub may_begin: bool,
}

/// The kinds of place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ContextKind {
    /// Between tokens, or in a word.
    Word,
    /// In a string; whether it has holes.
    Text(bool),
    /// In a comment.
    Comment,
}

/// What the cursor at `offset` stands in.
pub(super) fn context<'t>(text: &'t str, file: &File<'_>, offset: usize) -> Context<'t> {
    let around = around(text, file, offset);
    // The inmost body that the cursor is in, and the last statement in it that begins before the cursor.
    let inside = |statement: &&Statement<'_>| {
        statement.kind.body().is_some_and(|body| super::is_inside(text, body, offset))
    };
    let holder = around.statements.iter().copied().rfind(inside);
    let body: &Body<'_> = holder.and_then(|statement| statement.kind.body()).unwrap_or(&file.body);
    let start = holder.map_or(0, |_| body.span.start as usize + 1);
    let behind = body.statements.partition_point(|statement| (statement.span.start as usize) < offset);
    let last = body.statements[..behind]
        .iter()
        .rev()
        .find(|statement| !matches!(statement.kind, StatementKind::Junk));
    let from = last.map_or(start, |statement| statement.span.start as usize).min(offset);
    let others = body.statements.iter().filter(|statement| !statement.span.touches(offset));
    let present = others.filter_map(|other| vocabulary::of(&other.kind)).map(|word| word.keyword).collect();
    let outer_end = around.statements.first().map(|outer| outer.span.end as usize);
    let mut names = Vec::new();
    let mut variables = Vec::new();
    for statement in around.statements.iter().filter(|statement| inside(statement)) {
        match &statement.kind {
            StatementKind::For { variable, .. } => variables.push(variable.text.to_owned()),
            StatementKind::Task(task) => names.push(("task", task.name.text.to_owned())),
            StatementKind::Wave(wave) => names.push(("wave", wave.name.text.to_owned())),
            StatementKind::Block(block) => {
                names.extend(block.name.iter().map(|name| ("block", name.text.to_owned())));
            }
            _ => {}
        }
    }
    let tokens = lex(text, from, offset);
    let mut word: Option<&'static Word> = None;
    let mut before: Vec<&str> = Vec::new();
    let mut line_start = from;
    let mut end = from;
    let mut is_after_comma = false;
    // What is typed is no token of the statement yet.
    let (typed, kind, done) = match tokens.last() {
        Some(Token::Word(range)) if range.end == offset => {
            (range.clone(), ContextKind::Word, tokens.len() - 1)
        }
        Some(Token::Text(range, false)) => {
            let quotes = quotes(&text[range.clone()]);
            let is_basic = text[range.start..].starts_with('"');
            (range.start + quotes..offset, ContextKind::Text(is_basic), tokens.len() - 1)
        }
        Some(Token::Comment(range)) if range.end == offset => {
            (range.clone(), ContextKind::Comment, tokens.len() - 1)
        }
        _ => (offset..offset, ContextKind::Word, tokens.len()),
    };
    let mut at = 0;
    while at < done {
        let range = match &tokens[at] {
            Token::Word(range) | Token::Text(range, _) | Token::Comment(range) => range.clone(),
            Token::Other(c, at) => *at..*at + c.len_utf8(),
        };
        if text[end..range.start].contains('\n') {
            line_start = range.start;
        }
        let begins = range.start == line_start || word.is_none();
        match &tokens[at] {
            Token::Word(range) => {
                let own = &text[range.clone()];
                let next = tokens[at + 1..done].first().and_then(|token| match token {
                    Token::Word(range) => Some(&text[range.clone()]),
                    _ => None,
                });
                let found = keyword(own, next);
                let may_follow = |word: &Word| word.may_stand_in(around.place) && !before.is_empty();
                match found {
                    Some((found, more)) if !is_after_comma && (begins || may_follow(found)) => {
                        word = Some(found);
                        before.clear();
                        if matches!(own, "on" | "may") && more == 0 {
                            before.push(own);
                        }
                        at += more;
                    }
                    _ => before.push(own),
                }
                is_after_comma = false;
            }
            Token::Text(range, _) => {
                before.push(&text[range.clone()]);
                is_after_comma = false;
            }
            Token::Comment(_) => {}
            Token::Other('{' | '}' | ';', _) => {
                word = None;
                before.clear();
                is_after_comma = false;
            }
            Token::Other(c, at) => {
                is_after_comma = *c == ',';
                before.push(&text[*at..*at + c.len_utf8()]);
            }
        }
        end = range.end;
        at += 1;
    }
    let is_new_line = text[end.min(typed.start)..typed.start].contains('\n');
    let may_begin = kind == ContextKind::Word && !is_after_comma && (word.is_none() || is_new_line);
    Context {
        place: around.place,
        names,
        variables,
        outer_end,
        present,
        word,
        before,
        typed,
        kind,
        may_begin,
    }
}

/// The keyword that a word is, and how many further words belong to it.
fn keyword(own: &str, next: Option<&str>) -> Option<(&'static Word, usize)> {
    match (own, next) {
        ("on", Some("failure")) => vocabulary::find("on failure").map(|word| (word, 1)),
        ("on", Some("no-go")) => vocabulary::find("on no-go").map(|word| (word, 1)),
        // Which of the two is for the place to say.
        ("on", _) => vocabulary::find("on failure").map(|word| (word, 0)),
        ("may", Some("change")) => vocabulary::find("may change nothing").map(|word| (word, 1)),
        ("may", _) => vocabulary::find("may change nothing").map(|word| (word, 0)),
        _ => vocabulary::find(own).map(|word| (word, 0)),
    }
}

/// How many quotes open a string.
fn quotes(text: &str) -> usize {
    if text.starts_with("\"\"\"") || text.starts_with("'''") { 3 } else { 1 }
}

/// The tokens from `from` to `to`, both between tokens or `to` in one.
fn lex(text: &str, from: usize, to: usize) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = from;
    while at < to {
        let rest = &text[at..to];
        let Some(c) = rest.chars().next() else { break };
        let start = at;
        match c {
            _ if c.is_whitespace() => at += c.len_utf8(),
            '#' => {
                at += rest.find('\n').unwrap_or(rest.len());
                tokens.push(Token::Comment(start..at));
            }
            '"' | '\'' => {
                let (end, is_closed) = string(rest);
                at += end;
                tokens.push(Token::Text(start..at, is_closed));
            }
            _ if is_word(c) || rest.starts_with("{{") => {
                while at < to {
                    let rest = &text[at..to];
                    let next = rest.chars().next().unwrap_or(' ');
                    if rest.starts_with("{{") {
                        at += rest.find("}}").map_or(rest.len(), |end| end + 2);
                    } else if is_word(next) {
                        at += next.len_utf8();
                    } else {
                        break;
                    }
                }
                tokens.push(Token::Word(start..at));
            }
            _ => {
                tokens.push(Token::Other(c, at));
                at += c.len_utf8();
            }
        }
    }
    tokens
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '$' | '%' | '<' | '>' | '=' | '!')
}

/// Where a string ends that a text begins with, and whether it is closed there.
fn string(text: &str) -> (usize, bool) {
    let quotes = quotes(text);
    let (mark, has_escapes) = (&text[..quotes], text.starts_with('"'));
    let mut at = quotes;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with(mark) {
            return (at + quotes, true);
        }
        let c = rest.chars().next().unwrap_or(' ');
        if c == '\n' && quotes == 1 {
            // It was never closed: it ends with its line.
            return (at, true);
        }
        at += c.len_utf8();
        if c == '\\' && has_escapes {
            at += text[at..].chars().next().map_or(0, char::len_utf8);
        }
    }
    (text.len(), false)
}
