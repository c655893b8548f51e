//! One mistake, one message: a name that is declared nowhere is told of once, with all its places.
//!
//! Knows codes and places, not the plan.

use crate::diagnostic::{Code, Diagnostic, codes};
use std::collections::HashMap;

/// Codes of names that are not there: wherever such a name is used, what is missing is one declaration.
const OF_NAMES: &[Code] = &[
    codes::UNKNOWN_AGENT,
    codes::UNKNOWN_RESOURCE,
    codes::UNKNOWN_SECRET,
    codes::UNKNOWN_CRITERION,
    codes::UNKNOWN_PARAM,
    codes::UNKNOWN_OUTPUT,
    codes::UNKNOWN_NAME,
];

/// Of so many further places each gets a label.
const MOST_PLACES: usize = 3;

/// Puts those that say the same of one name, with the same way out, into the first of them.
pub(super) fn together(list: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut kept: Vec<Diagnostic> = Vec::with_capacity(list.len());
    let mut firsts: HashMap<(&'static str, String, Option<String>), (usize, usize)> = HashMap::new();
    for found in list {
        if !OF_NAMES.contains(&found.code) {
            kept.push(found);
            continue;
        }
        let key = (found.code.name(), found.message.clone(), found.help.clone());
        let Some((at, places)) = firsts.get_mut(&key) else {
            firsts.insert(key, (kept.len(), 0));
            kept.push(found);
            continue;
        };
        *places += 1;
        let first = &mut kept[*at];
        if *places <= MOST_PLACES {
            first.labels.push(crate::diagnostic::Label { span: found.span(), text: "and here".into() });
        }
        if let (Some(fix), Some(more)) = (&mut first.fix, found.fix) {
            fix.edits.extend(more.edits);
        }
    }
    for (at, places) in firsts.into_values() {
        if places > MOST_PLACES {
            kept[at].notes.push(format!("it is used in {} places in all", places + 1));
        }
    }
    kept
}
