//! What the checker says: one constructor a message, by theme.

mod names;
mod order;
mod shape;
mod values;

pub(super) use names::*;
pub(super) use order::*;
pub(super) use shape::*;
pub(super) use values::*;

use crate::diagnostic::Diagnostic;
use crate::diagnostic::Edit;
use crate::source::Span;

/// `a`, `b` and `c`.
fn list<T: AsRef<str>>(names: &[T], last: &str) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    match &quoted[..] {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}

/// Adds "write `near`" where there is a near name, and an edit that writes it.
fn or_near(
    diagnostic: Diagnostic,
    span: Span,
    near: Option<&str>,
    otherwise: impl Into<String>,
) -> Diagnostic {
    match near {
        Some(near) => diagnostic.help(format!("write `{near}`, if that is what you mean")).fix(
            format!("write `{near}`"),
            vec![Edit { span, text: near.to_owned() }],
            false,
        ),
        None => diagnostic.help(otherwise),
    }
}

/// The article that a word takes.
fn a(word: &str) -> String {
    match word.starts_with(['a', 'e', 'i', 'o', 'u']) && !word.starts_with("use") {
        true => format!("an {word}"),
        false => format!("a {word}"),
    }
}
