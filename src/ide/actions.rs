//! What can be done about what is wrong: the checker's fixes, all safe ones at once, and an allowance.

use super::Analysis;
use crate::diagnostic::levels::is_negotiable;
use crate::diagnostic::{Diagnostic, Edit, fix};
use crate::source::{FileId, SourceMap, Span};

/// Something that can be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// What it does, as an imperative.
    pub title: String,
    /// The edits.
    pub edits: Vec<Edit>,
    /// The diagnostic that it mends, by its place among the diagnostics; none for all.
    pub diagnostic: Option<usize>,
    /// Whether it changes nothing else that the plan means.
    pub is_safe: bool,
}

/// What can be done about the diagnostics that touch a part of a file.
pub fn actions(analysis: &Analysis, file: FileId, start: usize, end: usize) -> Vec<Action> {
    let mut actions = Vec::new();
    for (index, diagnostic) in analysis.diagnostics.iter().enumerate() {
        let span = diagnostic.span();
        if span.file != file || (span.end as usize) < start || (span.start as usize) > end {
            continue;
        }
        if let Some(fix) = diagnostic.fix.as_ref().filter(|fix| !fix.edits.is_empty()) {
            actions.push(Action {
                title: capital(&fix.title),
                edits: fix.edits.clone(),
                diagnostic: Some(index),
                is_safe: fix.is_safe,
            });
        }
        if is_negotiable(diagnostic) {
            actions.push(allow(&analysis.sources, diagnostic, index));
        }
    }
    actions
}

/// All safe fixes of a file that can be made together.
pub fn fix_all(analysis: &Analysis, file: FileId) -> Option<Action> {
    let chosen = fix::choose(&analysis.diagnostics, |id| id == file);
    let fixes = chosen.iter().filter_map(|index| analysis.diagnostics[*index].fix.as_ref());
    let edits: Vec<Edit> = fixes.flat_map(|fix| fix.edits.iter().cloned()).collect();
    let title = format!("Mend what can be mended safely ({})", chosen.len());
    (!edits.is_empty()).then_some(Action { title, edits, diagnostic: None, is_safe: true })
}

/// The comment that lets a diagnostic stand, above its line; the reason is for the author to write.
fn allow(sources: &SourceMap, diagnostic: &Diagnostic, index: usize) -> Action {
    let span = diagnostic.span();
    let text = sources.file(span.file).text();
    let line = text[..span.start as usize].rfind('\n').map_or(0, |at| at + 1);
    let indent: String = text[line..].chars().take_while(|c| *c == ' ' || *c == '\t').collect();
    let comment = format!("{indent}# wavec: allow({}) \"why\"\n", diagnostic.code.name());
    Action {
        title: format!("Let `{}` stand here, and say why", diagnostic.code.name()),
        edits: vec![Edit { span: Span::new(span.file, line, line), text: comment }],
        diagnostic: Some(index),
        is_safe: false,
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
