//! The one canonical layout of a plan: idempotent, keeps every comment, every string and the order of statements.
//!
//! Knows how statements look, not what they mean: it lays out the tokens of the text along the bodies of the tree,
//! so that nothing that was written can get lost. The rules stand in `docs/format.md`:
//!
//! - a statement a line, two spaces a level, one space between words, none before a comma;
//! - at most one blank line; one between neighbours whose bodies have several lines; none at the edges of a body;
//! - a body that was written on one line stays so while it fits, two spaces between its statements;
//! - what is wider than 100 columns breaks after the commas of its lists; strings never break;
//! - a block string moves with its statement where its value stays the same;
//! - a comment behind a line stays behind it, two spaces away and in one column with its neighbours.

mod layout;
mod lines;
mod tokens;

use crate::syntax::ast::File;

/// How wide a line may be before its lists break.
pub const WIDTH: usize = 100;
/// The columns a level is indented by.
pub const INDENT: usize = 2;

/// The text in its canonical layout. `file` is the tree of `source` and holds no junk (text that was no
/// statement is kept as it stands). Keeps the line ends (LF or CRLF) of the first line.
pub fn format(source: &str, file: &File) -> String {
    layout::lay_out(source, file)
}
