//! The right words in the wrong order: `task "Build it" build`, `retries feedback 2`.
//!
//! Moves one or two words of a statement and asks the grammar. Knows no statement by itself.

use super::tokens::Token;
use crate::diagnostic::{Diagnostic, Edit};
use crate::source::{FileId, Span};
use crate::syntax::grammar::{Rule, WaveParser};
use pest::Parser;
use std::collections::BTreeSet;

/// Longer statements are not tried.
const MOST_TOKENS: usize = 12;

/// Another order of the words.
pub(super) struct Mended {
    /// The whole statement, to show.
    shown: String,
    edit: Edit,
}

impl Mended {
    /// Says so.
    pub fn advise(self, diagnostic: Diagnostic) -> Diagnostic {
        let title = format!("write `{}`", self.shown);
        diagnostic.help(title.clone()).fix(title, vec![self.edit], true)
    }
}

/// The one order in which the words of the statement that `tokens` begin with read, `found` being the word where they do
/// not. None where there is no such order, or more than one.
pub(super) fn mended(text: &str, file: FileId, tokens: &[Token], found: usize) -> Option<Mended> {
    let is_end = |(index, token): (usize, &Token)| {
        matches!(token.text(text), "{" | "}" | ";") || index > found && token.is_first
    };
    let end = tokens.iter().enumerate().skip(1).position(is_end).map_or(tokens.len(), |at| at + 1);
    let opens = tokens.get(end).is_some_and(|token| token.text(text) == "{");
    let tokens = &tokens[..end];
    if !(3..=MOST_TOKENS).contains(&end) || found == 0 || found >= end {
        return None;
    }
    let gaps: Vec<&str> = tokens.windows(2).map(|pair| &text[pair[0].end..pair[1].start]).collect();
    if gaps.iter().any(|gap| gap.contains(['#', '\n'])) {
        return None;
    }
    let written = |order: &[usize]| {
        let mut statement = String::new();
        for (at, index) in order.iter().enumerate() {
            let word = tokens[*index].text(text);
            if at > 0 && word != "," {
                statement.push_str(if gaps[at - 1].is_empty() { " " } else { gaps[at - 1] });
            }
            statement.push_str(word);
        }
        statement
    };
    // What does not belong is what was misplaced, as a rule; else it is another word.
    let runs = [(found..found + 1, 1), (found..found + 1, 2), (found..found + 1, 0), (1..end, 1)];
    for (starts, length) in runs {
        let mut orders: BTreeSet<Vec<usize>> = BTreeSet::new();
        if length == 0 {
            // Two words that stand in each other's place.
            for other in (1..end).filter(|other| *other != found) {
                let mut order: Vec<usize> = (0..end).collect();
                order.swap(found, other);
                orders.insert(order);
            }
        }
        for start in starts.filter(|start| length > 0 && start + length <= end) {
            let mut rest: Vec<usize> = (0..end).collect();
            let run: Vec<usize> = rest.drain(start..start + length).collect();
            for to in (1..=rest.len()).filter(|to| *to != start) {
                let mut order = rest.clone();
                order.splice(to..to, run.iter().copied());
                orders.insert(order);
            }
        }
        let mut good = orders.into_iter().filter(|order| {
            let mut statement = written(order);
            statement.push_str(if opens { " {" } else { "" });
            WaveParser::parse(Rule::only, &statement).is_ok()
        });
        match (good.next(), good.next()) {
            (Some(order), None) => {
                let span = Span::new(file, tokens[0].start, tokens[end - 1].end);
                let shown = written(&order);
                return Some(Mended { shown: shown.clone(), edit: Edit { span, text: shown } });
            }
            (None, _) => {}
            (Some(_), Some(_)) => return None,
        }
    }
    None
}
