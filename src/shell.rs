//! Values in shell text: each quoted for the very place it stands in, so that it never becomes code.
//!
//! An exact small reading of the quoting of POSIX shells (sh, bash, dash, ksh, zsh): where it cannot be sure, or where no
//! quoting is safe, it refuses instead of guessing. It knows no plan and runs nothing. What a program does with an
//! argument that it gets unharmed (`ssh`, `python -c`) is that program's affair; the commands of the shell itself
//! that read their arguments as code are refused.

mod direct;
mod opaque;
mod scan;
mod words;

pub use direct::{direct, program};

use std::fmt;

/// A piece of shell text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Shell text as the author wrote it.
    Text(&'a str),
    /// A value that must arrive as it is.
    Value(&'a str),
}

/// Why a value cannot stand where it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Which of the values, from 0.
    pub value: usize,
    /// Why.
    pub hazard: Hazard,
}

/// What makes a place unsafe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hazard {
    /// Between `` ` `` and `` ` ``.
    Backticks,
    /// In a here-document.
    HereDocument,
    /// In or as the word that ends a here-document.
    HereDocumentEnd,
    /// In `$((…))`, `((…))` or `$[…]`.
    Arithmetic,
    /// In the `[…]` behind a name, which may be arithmetic.
    Subscript,
    /// In `[[ … ]]` with `-eq` and its like, which is arithmetic.
    NumberTest,
    /// In `${…}`.
    Parameter,
    /// In a comment.
    Comment,
    /// Right behind a backslash.
    Backslash,
    /// Right behind an unquoted `$`.
    Dollar,
    /// In `$'…'`, before an escape.
    AnsiQuotes,
    /// An argument of `eval`, `trap`, `let` and the like, or the script of `sh -c`: it would be read as code.
    Code,
    /// Somewhere behind shell text that shells read differently.
    Unsure,
    /// It holds a NUL, which no program can be given.
    Nul,
    /// The shell is none whose quoting is known.
    UnknownShell,
}

impl fmt::Display for Hazard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Hazard::Backticks => "a value cannot stand between backticks",
            Hazard::HereDocument => "a value cannot stand in a here-document",
            Hazard::HereDocumentEnd => "a value cannot be the end of a here-document",
            Hazard::Arithmetic => "a value cannot stand in arithmetic",
            Hazard::Subscript => "a value cannot stand in a subscript",
            Hazard::NumberTest => "a value cannot stand in a `[[ … ]]` that compares numbers",
            Hazard::Parameter => "a value cannot stand in `${…}`",
            Hazard::Comment => "a value cannot stand in a comment",
            Hazard::Backslash => "a value cannot stand right behind a backslash",
            Hazard::Dollar => "a value cannot stand right behind a `$`",
            Hazard::AnsiQuotes => "a value cannot stand before an escape in `$'…'`",
            Hazard::Code => "a value cannot stand where the shell reads it as code",
            Hazard::Unsure => "a value cannot stand behind text that shells read differently",
            Hazard::Nul => "a value with a NUL cannot be handed to a program",
            Hazard::UnknownShell => "a value cannot be quoted for this shell",
        })
    }
}

/// The text with its values quoted. Each arrives as the same bytes, and nothing of it is executed.
pub fn fill<'a>(pieces: impl IntoIterator<Item = Piece<'a>>) -> Result<String, Refusal> {
    let pieces: Vec<Piece<'a>> = pieces.into_iter().collect();
    let values = pieces.iter().filter_map(|piece| match piece {
        Piece::Value(value) => Some(*value),
        Piece::Text(_) => None,
    });
    if let Some(value) = values.clone().position(|value| value.contains('\0')) {
        return Err(Refusal { value, hazard: Hazard::Nul });
    }
    scan::scan(&pieces)
}

/// Whether the values stand where they can be quoted, whatever they are.
pub fn check<'a>(pieces: impl IntoIterator<Item = Piece<'a>>) -> Result<(), Refusal> {
    let pieces: Vec<Piece<'a>> = pieces.into_iter().collect();
    scan::scan(&pieces).map(drop)
}

/// Whether a shell, as the words that start it, is one whose quoting is known.
pub fn is_known(shell: &[String]) -> bool {
    let mut words = shell.iter().map(|word| word.rsplit('/').next().unwrap_or_default());
    let name = match words.next() {
        Some("env" | "busybox") => words.next(),
        name => name,
    };
    matches!(name, Some("sh" | "bash" | "dash" | "ash" | "ksh" | "ksh93" | "mksh" | "oksh" | "yash" | "zsh"))
}

/// The value as one word for a shell, at a place that is not quoted.
pub fn quote(value: &str) -> String {
    format!("'{}'", value.replace('\'', "'\\''"))
}
