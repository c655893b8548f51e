//! How the statement that is being written goes on: its form, and for checks the forms of the tests.

use super::complete::TESTS;
use super::context::{ContextKind, context};
use crate::source::FileId;
use crate::syntax;

/// The forms of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The forms, each with its meaning.
    pub forms: Vec<(String, String)>,
    /// The one that is being written.
    pub active: usize,
}

/// The forms of the statement that the cursor stands in.
pub fn signature(text: &str, offset: usize) -> Option<Signature> {
    let file = syntax::parse_around(FileId(0), text, offset);
    let context = context(text, &file, offset);
    let word = context.word.filter(|_| !context.may_begin && context.kind != ContextKind::Comment)?;
    if !matches!(word.keyword, "check" | "criterion") {
        return Some(Signature { forms: vec![(word.form.to_owned(), word.help.to_owned())], active: 0 });
    }
    let head = if word.keyword == "check" { "check \"title\"" } else { "criterion NAME \"title\"" };
    let forms = TESTS.iter().map(|(_, _, detail)| {
        let (form, meaning) = detail.split_once(": ").unwrap_or((detail, ""));
        (format!("{head} {form}"), format!("holds when {meaning}"))
    });
    let has = |word: &str| word.split(' ').all(|part| context.before.contains(&part));
    let written = TESTS.iter().enumerate().filter(|(_, (word, _, _))| has(word));
    let active = written.max_by_key(|(_, (word, _, _))| word.len()).map_or(0, |(at, _)| at);
    Some(Signature { forms: forms.collect(), active })
}
