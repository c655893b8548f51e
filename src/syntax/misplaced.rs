//! Statements that stand where they cannot, or twice where they can stand once.
//!
//! One walk over the tree with the table of the vocabulary; knows nothing else of what statements mean.

use super::ast::{Body, File, Statement, StatementKind};
use super::messages;
use super::vocabulary::{self, Place, Word};
use crate::diagnostic::Diagnostic;

/// Compares every statement's place with the vocabulary.
pub(super) fn misplaced(file: &File<'_>, diagnostics: &mut Vec<Diagnostic>) {
    body(&file.body, Place::File, Place::File, diagnostics);
}

/// Compares the place of every statement of the file's own body with the vocabulary.
pub(super) fn at_top(statements: &[Statement<'_>], diagnostics: &mut Vec<Diagnostic>) {
    let mut seen = Vec::new();
    for statement in statements {
        own(statement, Place::File, Place::File, &mut seen, diagnostics);
    }
}

/// Compares the place of every statement inside those of the file's own body, which may be a part of them.
pub(super) fn inside(statements: &[Statement<'_>], diagnostics: &mut Vec<Diagnostic>) {
    statements.iter().for_each(|statement| within(statement, Place::File, diagnostics));
}

/// Compares the place of every statement of a body with the vocabulary, what stands in them apart.
pub(super) fn in_body(statement: &Statement<'_>, diagnostics: &mut Vec<Diagnostic>) {
    if let (Some(inner), Some(place)) = (statement.kind.body(), vocabulary::place_of(&statement.kind)) {
        let around = if place == Place::For { Place::File } else { place };
        let mut seen = Vec::new();
        for statement in &inner.statements {
            own(statement, place, around, &mut seen, diagnostics);
        }
    }
}

/// Compares the place of every statement inside those of a statement's body, which may be a part of them. `header` is that
/// statement.
pub(super) fn inside_of(
    header: &Statement<'_>,
    statements: &[Statement<'_>],
    diagnostics: &mut Vec<Diagnostic>,
) {
    let place = vocabulary::place_of(&header.kind).filter(|place| *place != Place::For);
    statements.iter().for_each(|statement| within(statement, place.unwrap_or(Place::File), diagnostics));
}

/// What has been seen in a body of what may stand there once.
type Seen<'t, 's> = Vec<(&'static str, &'t Statement<'s>)>;

/// One body; `around` is the nearest body around it that is no `for`, for a `for` stands for what it repeats.
fn body(body: &Body<'_>, place: Place, around: Place, diagnostics: &mut Vec<Diagnostic>) {
    let mut seen = Vec::new();
    for statement in &body.statements {
        own(statement, place, around, &mut seen, diagnostics);
        within(statement, around, diagnostics);
    }
}

fn within(statement: &Statement<'_>, around: Place, diagnostics: &mut Vec<Diagnostic>) {
    if let (Some(inner), Some(own)) = (statement.kind.body(), vocabulary::place_of(&statement.kind)) {
        body(inner, own, if own == Place::For { around } else { own }, diagnostics);
    }
}

fn own<'t, 's>(
    statement: &'t Statement<'s>,
    place: Place,
    around: Place,
    seen: &mut Seen<'t, 's>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    if diagnostics.len() >= super::MOST_KEPT {
        return;
    }
    let Some(word) = vocabulary::of(&statement.kind) else { return };
    if !may_stand(word, statement, place, around) {
        let place = if place == Place::For { around } else { place };
        diagnostics.push(messages::misplaced(word, statement, place));
    } else if is_once(word, statement) {
        match seen.iter().find(|(keyword, _)| *keyword == word.keyword) {
            Some((_, first)) => {
                diagnostics.push(messages::repeated(word, statement.keyword(), first.keyword(), place))
            }
            None => seen.push((word.keyword, statement)),
        }
    }
}

fn may_stand(word: &Word, statement: &Statement<'_>, place: Place, around: Place) -> bool {
    match (&statement.kind, place) {
        // A declaration stands in the file; `agent NAME` alone is a setting.
        (StatementKind::Agent { .. }, place) => place == Place::File,
        (_, Place::For) => {
            word.may_stand_in(Place::For) && (word.may_stand_in(around) || around == Place::For)
        }
        _ => word.may_stand_in(place),
    }
}

fn is_once(word: &Word, statement: &Statement<'_>) -> bool {
    word.is_once || matches!(statement.kind, StatementKind::AgentRef(_))
}
