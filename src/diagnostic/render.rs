//! Shows diagnostics: on a terminal by miette, as short lines, and as what machines read.
//!
//! The only place that knows miette. Knows nothing of where the output goes.

mod excerpt;
mod json;
mod sarif;
mod short;
mod text;

use super::{Diagnostic, Severity};
use crate::source::SourceMap;

pub use json::render_json;
pub use sarif::render_sarif;
pub use short::{render_github, render_short};
pub use text::{TextOptions, clean, render_text, wrap};

/// The diagnostics of one compilation with the texts that they point into.
#[derive(Clone, Copy)]
pub struct Report<'a> {
    /// The texts.
    pub sources: &'a SourceMap,
    /// What was found in them.
    pub diagnostics: &'a [Diagnostic],
}

/// What there is, in one line: `2 errors, 1 warning in release.wave`; empty when there is nothing.
pub fn summary(sources: &SourceMap, diagnostics: &[Diagnostic]) -> String {
    if diagnostics.is_empty() {
        return String::new();
    }
    let mut files: Vec<_> = diagnostics.iter().map(|diagnostic| diagnostic.span().file).collect();
    files.sort_unstable();
    files.dedup();
    let place = match files[..] {
        [file] => sources.file(file).path().display().to_string(),
        _ => format!("{} files", files.len()),
    };
    format!("{} in {place}", counts(diagnostics))
}

/// How many of each severity there are, gravest first: `2 errors, 1 warning`.
pub fn counts(diagnostics: &[Diagnostic]) -> String {
    counts_of(diagnostics.iter().map(|diagnostic| diagnostic.severity))
}

/// As [`counts`], of severities alone.
pub fn counts_of(severities: impl Iterator<Item = Severity> + Clone) -> String {
    let parts: Vec<String> = [Severity::Error, Severity::Warning, Severity::Note]
        .into_iter()
        .filter_map(|severity| {
            let count = severities.clone().filter(|found| *found == severity).count();
            let plural = if count == 1 { "" } else { "s" };
            (count > 0).then(|| format!("{count} {}{plural}", word(severity)))
        })
        .collect();
    parts.join(", ")
}

/// The severity as it is shown.
pub fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}
