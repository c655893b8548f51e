//! The tokens of a statement's head: words, strings, punctuation, comments.
//!
//! Knows only where one token ends and the next begins, and where a space belongs between two.

/// A token, borrowed from the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'s> {
    /// What it is.
    pub kind: TokenKind,
    /// Its text.
    pub text: &'s str,
    /// Where it begins in the source.
    pub start: usize,
}

/// The kinds of token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A name, a keyword, a number: whatever stands together.
    Word,
    /// A string of any kind, quotes included.
    String,
    /// `,`
    Comma,
    /// `[`
    Open,
    /// `]`
    Close,
    /// `..`, which binds both sides.
    Range,
    /// `=`, `<=` and their kind.
    Operator,
    /// `#` to the end of the line.
    Comment,
}

impl<'s> Token<'s> {
    /// Where it ends in the source.
    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Whether it is this word.
    pub fn is_word(&self, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text == word
    }
}

/// The tokens of `source[start..end]`; `;` and white space are left out.
pub fn tokenize(source: &str, start: usize, end: usize) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut at = start;
    while at < end {
        let rest = &source[at..end];
        let Some(first) = rest.chars().next() else { break };
        if first.is_whitespace() || first == ';' || first == '\u{feff}' {
            at += first.len_utf8();
            continue;
        }
        let (kind, length) = match first {
            '#' => (TokenKind::Comment, rest.find('\n').unwrap_or(rest.len())),
            '"' | '\'' => (TokenKind::String, string_length(rest, first)),
            ',' => (TokenKind::Comma, 1),
            '[' => (TokenKind::Open, 1),
            ']' => (TokenKind::Close, 1),
            '=' | '<' | '>' | '!' => {
                (TokenKind::Operator, rest.find(|c| !"=<>!".contains(c)).unwrap_or(rest.len()))
            }
            '.' if rest.starts_with("..") => (TokenKind::Range, 2),
            _ => (TokenKind::Word, word_length(rest)),
        };
        let text = &rest[..length];
        let text = if kind == TokenKind::Comment { text.trim_end() } else { text };
        tokens.push(Token { kind, text, start: at });
        at += length;
    }
    tokens
}

/// Whether a space stands between two neighbours on a line.
pub fn is_spaced(left: &Token, right: &Token) -> bool {
    !matches!(
        (left.kind, right.kind),
        (_, TokenKind::Comma | TokenKind::Close | TokenKind::Range) | (TokenKind::Open | TokenKind::Range, _)
    )
}

/// The length of the string that `rest` begins with, quotes included.
fn string_length(rest: &str, quote: char) -> usize {
    let triple = if quote == '"' { "\"\"\"" } else { "'''" };
    let close = if rest.starts_with(triple) { triple } else { &triple[..1] };
    let mut at = close.len();
    while at < rest.len() {
        let tail = &rest[at..];
        if tail.starts_with(close) {
            return at + close.len();
        }
        let skipped = if quote == '"' && tail.starts_with('\\') { 1 } else { 0 };
        at += tail.chars().take(skipped + 1).map(char::len_utf8).sum::<usize>();
    }
    rest.len()
}

/// The length of the word that `rest` begins with; holes (`{{…}}`) belong to it.
fn word_length(rest: &str) -> usize {
    let mut at = 0;
    while at < rest.len() {
        let tail = &rest[at..];
        if tail.starts_with("{{") {
            at += tail.find("}}").map_or(2, |close| close + 2);
            continue;
        }
        let Some(c) = tail.chars().next() else { break };
        let ends = c.is_whitespace() || ",[]{};\"'#=<>!".contains(c) || tail.starts_with("..");
        if ends && at > 0 {
            break;
        }
        at += c.len_utf8();
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_falls_into_its_tokens() {
        let text =
            r#"writes "a \" b",'c\' , """d "" e""" 20m..40m env=="x" endpoint-{{ name }}-x ["p"]# why"#;
        let texts: Vec<&str> = tokenize(text, 0, text.len()).iter().map(|token| token.text).collect();
        assert_eq!(
            texts,
            [
                "writes",
                "\"a \\\" b\"",
                ",",
                "'c\\'",
                ",",
                "\"\"\"d \"\" e\"\"\"",
                "20m",
                "..",
                "40m",
                "env",
                "==",
                "\"x\"",
                "endpoint-{{ name }}-x",
                "[",
                "\"p\"",
                "]",
                "# why"
            ]
        );
    }
}
