//! The words that explanations are made of: what was found, what may stand there, how things are written.
//!
//! Knows the language's words and people's habits; not where a statement goes wrong.

use super::tokens::{Token, TokenKind};
use crate::source::{FileId, Span};
use crate::syntax::grammar::{Rule, describe};
use crate::syntax::{text, words};

/// How the test is written that begins with this word.
pub(super) fn test_form(word: &str) -> Option<&'static str> {
    Some(match word {
        "runs" => "runs \"command\" [exits N] [prints 'regex'] [within D]",
        "exists" => "exists \"glob\"",
        "missing" => "missing \"glob\"",
        "contains" => "contains 'regex' in \"glob\"",
        "lacks" => "lacks 'regex' in \"glob\"",
        "of" => "value of \"command\" < 10",
        "value" => "value \"file.json\" at \"/pointer\" < 10",
        "judged" => "judged by AGENT \"question\"",
        _ => return None,
    })
}

/// How the claim is written that begins with this word.
pub(super) fn claim_form(word: &str) -> Option<&'static str> {
    Some(match word {
        "makespan" => "assert makespan <= 2h",
        "speedup" => "assert speedup >= 2",
        "cost" => "assert cost <= $40",
        "workers" => "assert workers <= 8",
        _ => return None,
    })
}

/// Whether a statement has a title behind its name.
pub(super) fn has_title(keyword: &str) -> bool {
    matches!(keyword, "plan" | "task" | "wave" | "criterion")
}

pub(super) fn is_list_of_strings(keyword: &str) -> bool {
    matches!(keyword, "reads" | "writes" | "creates" | "appends" | "forbids" | "allow" | "deny")
}

/// The word among what was expected that `written` nearly is.
pub(super) fn near_expected(written: &str, expected: &[Rule]) -> Option<String> {
    let candidates: Vec<&str> = expected
        .iter()
        .filter(|rule| **rule != Rule::EOI)
        .flat_map(|rule| quoted_words(describe(*rule)))
        .collect();
    let folded = written.to_lowercase();
    words::nearest(&folded, candidates.into_iter().map(|word| (word, true))).map(str::to_owned)
}

/// The words between backquotes in a description: the words of the language in it.
pub(super) fn quoted_words(description: &'static str) -> impl Iterator<Item = &'static str> {
    description
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| word.starts_with(|c: char| c.is_ascii_lowercase()))
}

/// What a string is for in a statement.
pub(super) fn string_in(keyword: &str, piece: &[Token], found: Option<usize>, text: &str) -> &'static str {
    let before = found.unwrap_or(piece.len()).checked_sub(1).map(|at| piece[at].text(text));
    match (keyword, before) {
        ("check" | "criterion", Some("runs" | "of")) => "a command in quotes",
        ("param", Some("of")) => "choices in quotes",
        (_, Some("prints" | "contains" | "lacks")) => "a regular expression in quotes",
        (_, Some("exists" | "missing")) => "a path in quotes",
        ("check" | "criterion", Some("in" | "value")) => "a path in quotes",
        ("for", _) => "values in quotes",
        ("plan" | "task" | "wave" | "parallel" | "serial" | "gate" | "criterion" | "check", _) => {
            "a title in quotes"
        }
        ("run", _) => "a command in quotes",
        ("prompt", _) => "the prompt in quotes",
        ("approve", _) => "a question in quotes",
        ("reads" | "writes" | "creates" | "appends" | "forbids" | "use" | "directory" | "output", _) => {
            "a path in quotes"
        }
        _ => "a string in quotes",
    }
}

/// The place of a token and of what is written right behind it: `src/main.rs`, not `src`.
pub(super) fn chunk(text: &str, file: FileId, token: &Token) -> Span {
    if token.kind == TokenKind::String || matches!(token.text(text), "," | ":" | "=" | "{" | "[" | "(") {
        return Span::new(file, token.start, token.end);
    }
    let rest = &text[token.end..];
    let ends = |c: char| {
        c.is_whitespace() || matches!(c, ',' | ';' | '{' | '}' | '"' | '\'' | '#' | ':' | '=' | ')' | ']')
    };
    Span::new(file, token.start, token.end + rest.find(ends).unwrap_or(rest.len()))
}

/// A text in backquotes; a long one or one of several lines shortened.
pub(super) fn shown(written: &str) -> String {
    format!("`{}`", shorten(written))
}

pub(super) fn shorten(written: &str) -> String {
    let line = written.lines().next().unwrap_or("");
    if line.len() == written.len() && line.chars().count() <= 40 {
        return line.to_owned();
    }
    let start: String = line.chars().take(36).collect();
    format!("{start}…")
}

/// `a, b or c`
pub(super) fn or(words: &[&str]) -> String {
    match words.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

/// A name made of a title.
pub(super) fn slug(title: &str) -> String {
    let words = title.split(|c: char| !text::is_name_char(c) || c == '-').filter(|word| !word.is_empty());
    let name = words.take(3).collect::<Vec<&str>>().join("-").to_lowercase();
    name.trim_start_matches(|c: char| !text::is_name_start(c)).to_owned()
}

/// What another language calls a type.
pub(super) fn param_type(written: &str) -> Option<&'static str> {
    Some(match written.to_lowercase().as_str() {
        "string" | "str" => "text",
        "int" | "uint" | "u32" | "i32" => "integer",
        "float" | "double" | "decimal" => "number",
        "bool" | "boolean" => "flag",
        "time" | "timespan" => "duration",
        "file" | "dir" | "directory" => "path",
        "enum" | "choice" | "oneof" => "one of",
        _ => return None,
    })
}

/// What to do about a character that looks like another, or like none.
pub(super) fn strange_character(written: &str) -> Option<&'static str> {
    Some(match written.chars().next()? {
        '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{ab}' | '\u{bb}' => "write straight quotes: `\"`",
        '\u{2018}' | '\u{2019}' | '\u{201a}' => "write straight quotes: `'`",
        '\u{2013}' | '\u{2014}' | '\u{2212}' => "write a plain `-`",
        '\u{2026}' => "write `..` for a range",
        '\u{a0}' | '\u{2007}' | '\u{202f}' | '\u{3000}' => {
            "replace the no-break or wide space by a plain one"
        }
        '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => "remove the invisible character",
        _ => return None,
    })
}
