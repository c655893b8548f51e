//! What a statement would declare that could not be read: nobody is told that such a name is unknown, for the mistake has
//! been told where it is.
//!
//! Looks at the words of the text alone. It does not know what is wrong with it.

use super::model::Model;
use super::{Findings, Input, texts};
use crate::syntax::ast::{self, StatementKind};

/// Collects the names.
pub(super) fn names<'a>(model: &mut Model<'a>, input: &Input<'a>, _: &mut Findings) {
    if input.has_junk {
        for tree in input.trees {
            body(model, &tree.body);
        }
    }
}

fn body<'a>(model: &mut Model<'a>, body_: &ast::Body<'a>) {
    for statement in &body_.statements {
        if matches!(statement.kind, StatementKind::Junk) {
            // `param NAME …`, `for NAME in …`, also where the first word is misspelt.
            let mut words = model.sources.text(statement.span).split_whitespace();
            if let (Some(_), Some(name)) = (words.next(), words.next()) {
                let ends = |c: char| matches!(c, '"' | '\'' | ':' | ',' | '=' | '{' | '}' | ';' | '(' | '[');
                let name = name.trim_start_matches(['"', '\'']);
                let name = &name[..name.find(ends).unwrap_or(name.len())];
                if !name.is_empty() {
                    model.half_read.insert(name);
                }
            }
        }
        if let Some(inner) = texts::body_of(&statement.kind) {
            body(model, inner);
        }
    }
}
