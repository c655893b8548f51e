//! How grave a project takes each code: what `wavec.toml` and `--allow`, `--warn`, `--deny` say.
//!
//! Knows nothing of where the levels were read.

use super::codes::{Code, Group};
use super::{Diagnostic, Severity};
use std::collections::HashMap;

/// How grave a project takes a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// It is not said.
    Allow,
    /// It is said.
    Note,
    /// It is a warning.
    Warn,
    /// It is an error.
    Deny,
}

impl Level {
    /// The level of that name.
    pub fn find(name: &str) -> Option<Level> {
        Some(match name {
            "allow" => Level::Allow,
            "note" => Level::Note,
            "warn" => Level::Warn,
            "deny" => Level::Deny,
            _ => return None,
        })
    }
}

/// The levels of a project. Without any, each code has its own severity.
#[derive(Clone, Debug, Default)]
pub struct Levels {
    by_code: HashMap<Code, Level>,
    /// Whether every warning is an error.
    pub deny_warnings: bool,
}

impl Levels {
    /// Sets the level of a code; the last one counts.
    pub fn set(&mut self, code: Code, level: Level) {
        self.by_code.insert(code, level);
    }

    /// Whether a note or a warning may be an error here.
    pub fn can_deny(&self) -> bool {
        self.deny_warnings || self.by_code.values().any(|level| *level == Level::Deny)
    }

    /// The diagnostics as this project takes them; those that it allows are left out.
    pub fn apply(&self, diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
        diagnostics.into_iter().filter_map(|diagnostic| self.apply_to(diagnostic)).collect()
    }

    fn apply_to(&self, mut diagnostic: Diagnostic) -> Option<Diagnostic> {
        match self.by_code.get(&diagnostic.code) {
            Some(Level::Deny) => diagnostic.severity = Severity::Error,
            Some(_) if !is_negotiable(&diagnostic) => {}
            Some(Level::Allow) => return None,
            Some(Level::Note) => diagnostic.severity = Severity::Note,
            Some(Level::Warn) => diagnostic.severity = Severity::Warning,
            None => {}
        }
        if self.deny_warnings && diagnostic.severity == Severity::Warning {
            diagnostic.severity = Severity::Error;
        }
        Some(diagnostic)
    }
}

/// Whether a project may take it for less. It may not where the plan means nothing otherwise: errors in the text, in
/// names and in the order.
pub fn is_negotiable(diagnostic: &Diagnostic) -> bool {
    diagnostic.severity != Severity::Error || is_negotiable_code(diagnostic.code)
}

/// Whether every diagnostic of this code is negotiable.
pub fn is_negotiable_code(code: Code) -> bool {
    let is_about_risk =
        matches!(code.group(), Group::Files | Group::Criteria | Group::Claims | Group::Secrets);
    code.severity() != Severity::Error || is_about_risk
}
