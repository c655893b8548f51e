//! The files that a text names, to be opened with a click.

use super::mentions::{Mention, Role, mentions};
use crate::check::normal;
use crate::source::Span;
use crate::syntax::ast::{Body, File};
use std::path::{Path, PathBuf};

/// A place that names a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The text between the quotes.
    pub span: Span,
    /// The file.
    pub path: PathBuf,
}

/// The links of the file at `path`; `is_there` says whether a file is.
pub fn links(path: &Path, file: &File<'_>, is_there: &dyn Fn(&Path) -> bool) -> Vec<Link> {
    let mut links = Vec::new();
    of_body(path, &file.body, is_there, &mut links);
    links
}

fn of_body(path: &Path, body: &Body<'_>, is_there: &dyn Fn(&Path) -> bool, links: &mut Vec<Link>) {
    let directory = path.parent().unwrap_or(Path::new(""));
    for statement in &body.statements {
        mentions(statement, &mut |mention| {
            let Mention::Text(text, role) = mention else { return };
            let is_file = matches!(role, Role::File | Role::Library | Role::Claim | Role::Glob);
            let Some(plain) = text.plain().filter(|plain| is_file && !plain.is_empty()) else { return };
            if plain.contains(['*', '?', '{', '[', '\n', '#']) || text.span().end - text.span().start < 3 {
                return;
            }
            let target = normal(&directory.join(plain));
            // What was named and is not there is for the checker, and a link to a library should say so by failing.
            if role == Role::Library || is_there(&target) {
                let span = Span { start: text.span().start + 1, end: text.span().end - 1, ..text.span() };
                links.push(Link { span, path: target });
            }
        });
        if let Some(inner) = statement.kind.body() {
            of_body(path, inner, is_there, links);
        }
    }
}
