//! Real plans with comments and odd white space put between any two of their tokens: the layout keeps them all, each where
//! it belongs.

use super::{count, keeps_its_promises, lay_out, plans_of_the_repository};
use proptest::prelude::*;
use std::sync::LazyLock;
use wavec::diagnostic::Severity;
use wavec::source::FileId;
use wavec::syntax;

static PLANS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut plans = plans_of_the_repository();
    plans.retain(|plan| plan.len() < 4000);
    plans
});

/// What stands in a text, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece<'a> {
    Space(&'a str),
    Comment(&'a str),
    Token(&'a str),
}

/// The pieces of a text that parses.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_space = |c: char| c.is_whitespace() || c == '\u{feff}';
        let length = match first {
            first if is_space(first) => rest.find(|c| !is_space(c)).unwrap_or(rest.len()),
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '"' | '\'' => string(rest, first),
            _ if rest.starts_with("..") => 2,
            _ if ",;[]".contains(first) => 1,
            '}' => 1,
            '{' if !rest.starts_with("{{") => 1,
            '=' | '<' | '>' | '!' => rest.find(|c| !"=<>!".contains(c)).unwrap_or(rest.len()),
            _ => word(rest),
        };
        let piece = &rest[..length];
        pieces.push(match first {
            first if is_space(first) => Piece::Space(piece),
            '#' => Piece::Comment(piece.trim_end()),
            _ => Piece::Token(piece),
        });
        rest = &rest[length..];
    }
    pieces
}

fn string(rest: &str, quote: char) -> usize {
    let triple = quote.to_string().repeat(3);
    let close = if rest.starts_with(&triple) { &triple[..] } else { &triple[..1] };
    let mut at = close.len();
    while !rest[at..].starts_with(close) {
        let skipped = usize::from(quote == '"' && rest[at..].starts_with('\\'));
        at += rest[at..].chars().take(1 + skipped).map(char::len_utf8).sum::<usize>();
    }
    at + close.len()
}

fn word(rest: &str) -> usize {
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with("{{") {
            at += rest[at..].find("}}").expect("a hole is closed") + 2;
            continue;
        }
        let c = rest[at..].chars().next().expect("there is more");
        if at > 0 && (c.is_whitespace() || ",;[]{}\"\'#=<>!".contains(c) || rest[at..].starts_with("..")) {
            break;
        }
        at += c.len_utf8();
    }
    at
}

/// The tokens and comments in order, without what the layout may move: commas, `;`, the `{` that a comment may change sides with,
/// and the white space in block strings.
fn order(text: &str) -> Vec<String> {
    let mut order = Vec::new();
    for piece in pieces(text) {
        match piece {
            Piece::Space(_) | Piece::Token("," | ";" | "{") => {}
            Piece::Token(token) => order.push(token.split_whitespace().collect::<Vec<_>>().join(" ")),
            Piece::Comment(comment) => order.push(comment.to_owned()),
        }
    }
    order
}

/// Puts gaps from the tape in place of gaps of the text.
fn scatter(text: &str, tape: &[u16]) -> String {
    let pieces = pieces(text);
    let mut gaps: Vec<String> = vec![String::new()];
    let mut tokens: Vec<&str> = Vec::new();
    for piece in &pieces {
        match piece {
            Piece::Space(space) => gaps.last_mut().expect("there is one").push_str(space),
            Piece::Comment(token) | Piece::Token(token) => {
                tokens.push(token);
                gaps.push(String::new());
            }
        }
    }
    for (index, chunk) in tape.chunks_exact(2).enumerate() {
        let at = usize::from(chunk[0]) % gaps.len();
        let follows_comment = at > 0 && tokens[at - 1].starts_with('#');
        // Behind a `;` on its line a doc comment is none, and the layout has no `;`.
        let is_before_doc = tokens.get(at).is_some_and(|token| token.starts_with("##"));
        let gap = match chunk[1] % 12 {
            3 if is_before_doc => "\n".to_owned(),
            0 => " \t  ".to_owned(),
            1 => "\n".to_owned(),
            2 => "\n\n\n\n".to_owned(),
            3 => "; ".to_owned(),
            4 | 5 => format!(" # c{index}\n"),
            6 => format!("#c{index}\n  "),
            7 => format!("\n  # c{index}\n"),
            8 => format!("\n\n# c{index}\n\n"),
            9 => format!(" # c{index} {{ \"\n # d{index} }}\n"),
            10 => format!("\n# c{index}\n\n# d{index}\n\n\n"),
            _ => format!("   # c{index} \t\n\n   "),
        };
        gaps[at] = if follows_comment { format!("\n{gap}") } else { gap };
    }
    let mut out = gaps[0].clone();
    for (token, gap) in tokens.iter().zip(&gaps[1..]) {
        out.push_str(token);
        out.push_str(gap);
    }
    out
}

fn parses(text: &str) -> bool {
    syntax::parse(FileId(0), text).diagnostics.iter().all(|found| found.severity != Severity::Error)
}

/// Of each comment: whether it stands behind something on its line, and whether another comment stands right before it,
/// and whether only punctuation stands before it on its line.
fn sides(text: &str) -> Vec<(bool, bool, bool)> {
    let file = syntax::parse(FileId(0), text).file;
    let mut before = 0;
    let mut sides = Vec::new();
    for comment in &file.comments {
        let start = comment.span.start as usize;
        let between = &text[before..start];
        let follows = before > 0 && between.chars().all(|c| c.is_whitespace() || ",;{".contains(c));
        // What the layout may move to another line is nothing to stand behind.
        let line = text[..start].rsplit('\n').next().unwrap_or_default().trim();
        let is_bare =
            !line.is_empty() && line.chars().all(|c| c.is_whitespace() || ",;{}\u{feff}".contains(c));
        sides.push((!comment.is_own_line, follows, is_bare));
        before = comment.span.end as usize;
    }
    sides
}

fn stays_in_place(text: &str) {
    keeps_its_promises(text);
    let once = lay_out(text);
    assert_eq!(order(text), order(&once), "what stands beside what in\n{text}\n=>\n{once}");
    for (index, (old, new)) in sides(text).into_iter().zip(sides(&once)).enumerate() {
        // Of two behind one line, the second gets a line of its own.
        let is_kept = old.0 == new.0 || old.0 && new.1 || old.2;
        assert!(is_kept, "the comment {index} has changed sides in\n{text}\n=>\n{once}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: count(400), failure_persistence: None, max_shrink_iters: 800, max_global_rejects: 1_000_000, ..ProptestConfig::default() })]

    #[test]
    fn comments_between_any_two_tokens_stay_there(
        plan in any::<prop::sample::Index>(),
        tape in prop::collection::vec(any::<u16>(), 2..14),
        ends in 0..6_u8,
    ) {
        let mut text = scatter(&PLANS[plan.index(PLANS.len())], &tape);
        if ends == 1 {
            text = text.replace("\r\n", "\n").replace('\n', "\r\n");
        }
        if ends == 2 && !text.starts_with("#!") {
            text.insert(0, '\u{feff}');
        }
        prop_assume!(parses(&text));
        stays_in_place(&text);
    }
}

#[test]
fn most_scattered_plans_parse() {
    let tried: Vec<bool> =
        PLANS.iter().map(|plan| parses(&scatter(plan, &[7, 4, 19, 8, 41, 0, 77, 7]))).collect();
    let parsed = tried.iter().filter(|parses| **parses).count();
    assert!(parsed * 2 > tried.len(), "{parsed} of {}", tried.len());
}
