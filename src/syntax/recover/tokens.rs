//! Words, strings and marks of a text that is no statement, to look at it more closely.
//!
//! The same strings and names as in the grammar; no meaning.

use crate::syntax::split::string_end;
use crate::syntax::text::{is_name_char, is_name_start, pattern_length};

/// A token of a text that could not be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub start: usize,
    pub end: usize,
    pub kind: TokenKind,
    /// Whether nothing stands before it on its line.
    pub is_first: bool,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A name, a keyword, or a pattern such as `endpoint-{{name}}`.
    Word,
    /// Something that begins with a digit.
    Number,
    /// A string in any quotes.
    String,
    /// Any other character; `==` and the like are one.
    Mark,
}

impl Token {
    pub fn text<'s>(&self, text: &'s str) -> &'s str {
        &text[self.start..self.end]
    }
}

/// The tokens between two offsets; white space and comments are left out.
pub(super) fn tokens(text: &str, from: usize, to: usize) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut i = from;
    let before = text[..from].trim_end_matches([' ', '\t', '\r']);
    let mut is_first = before.is_empty() || before.ends_with(['\n', '\u{feff}']);
    while let Some(c) = text[i..to].chars().next() {
        let start = i;
        let kind = match c {
            '\n' => {
                is_first = true;
                i += 1;
                continue;
            }
            ' ' | '\t' | '\r' => {
                i += 1;
                continue;
            }
            '#' => {
                i = text[i..to].find('\n').map_or(to, |length| i + length);
                continue;
            }
            '"' | '\'' => {
                i = string_end(&text[..to], i);
                TokenKind::String
            }
            c if c.is_ascii_digit() => {
                let rest = &text[i..to];
                i += rest.find(|c: char| c == '-' || !is_name_char(c)).unwrap_or(rest.len());
                TokenKind::Number
            }
            c if is_name_start(c) => {
                i += pattern_length(&text[i..to]).unwrap_or(c.len_utf8());
                TokenKind::Word
            }
            '{' => {
                i += pattern_length(&text[i..to]).unwrap_or(1);
                if i > start + 1 { TokenKind::Word } else { TokenKind::Mark }
            }
            _ => {
                let twins = ["==", "!=", "<=", ">=", "..", "//", "/*", "->", "=>"];
                let twin = twins.iter().any(|twin| text[i..to].starts_with(twin));
                i += if twin { 2 } else { c.len_utf8() };
                TokenKind::Mark
            }
        };
        tokens.push(Token { start, end: i, kind, is_first });
        is_first = false;
    }
    tokens
}
