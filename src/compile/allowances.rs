//! `# wavec: allow(code) "why"`: what an author has looked at and lets stand.
//!
//! Above an item it holds for the item, behind a statement for that statement, above `plan` for the whole file.
//! An allowance that silences nothing, or does not say why, is itself worth a word.

use super::messages;
use crate::diagnostic::codes::Code;
use crate::diagnostic::levels::{is_negotiable, is_negotiable_code};
use crate::diagnostic::{Diagnostic, Severity};
use crate::source::{FileId, SourceMap, Span};
use crate::syntax::ast::{Body, Comment, CommentKind, File, Statement, StatementKind};

/// A code that is allowed at a place.
struct Allowance {
    code: Code,
    /// Where the code is written.
    span: Span,
    /// What it holds for; none when nothing follows.
    target: Option<Span>,
    is_used: bool,
}

/// The allowances of a plan and its libraries, and what is wrong with how they are written.
pub struct Allowances {
    list: Vec<Allowance>,
    found: Vec<Diagnostic>,
}

/// Reads the allowances of every file. What comes of it needs no tree any more.
pub fn all(sources: &SourceMap, trees: &[File]) -> Allowances {
    let mut found = Vec::new();
    let mut list = Vec::new();
    for ((id, source), file) in sources.files().zip(trees) {
        for comment in &file.comments {
            read(source.text(), file, id, comment, &mut list, &mut found);
        }
    }
    Allowances { list, found }
}

/// The diagnostics without those that an allowance lets stand, and with what is to be said about the allowances
/// themselves. Unused ones are named in the plan's own file only, and not while errors have cut the proofs short.
pub fn apply(allowances: Allowances, diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let Allowances { list: mut allowances, mut found } = allowances;
    let mut kept: Vec<Diagnostic> = Vec::new();
    for diagnostic in diagnostics {
        let mut is_allowed = false;
        for allowance in allowances.iter_mut().filter(|allowance| allowance.code == diagnostic.code) {
            let Some(target) = allowance.target else { continue };
            let touches = diagnostic.labels.iter().any(|label| target.contains(label.span));
            if touches && is_negotiable(&diagnostic) {
                allowance.is_used = true;
                is_allowed = true;
            }
        }
        if !is_allowed {
            kept.push(diagnostic);
        }
    }
    let is_cut_short = kept
        .iter()
        .any(|diagnostic| diagnostic.severity == Severity::Error && !is_negotiable_code(diagnostic.code));
    for allowance in
        allowances.iter().filter(|allowance| !allowance.is_used && allowance.span.file == FileId(0))
    {
        if !is_negotiable_code(allowance.code) {
            found.push(messages::not_allowable(allowance.code, allowance.span));
        } else if !is_cut_short {
            found.push(messages::unused_allowance(allowance.code, allowance.span));
        }
    }
    kept.extend(found);
    kept
}

/// Reads the allowances in a comment, if it is addressed to wavec.
fn read(
    text: &str,
    file: &File,
    id: FileId,
    comment: &Comment,
    allowances: &mut Vec<Allowance>,
    found: &mut Vec<Diagnostic>,
) {
    if comment.kind == CommentKind::Shebang {
        return;
    }
    let whole = &text[comment.span.range()];
    let body = whole.trim_start_matches('#').trim_start();
    let Some(order) = body.strip_prefix("wavec:") else { return };
    let span_of = |part: &str| {
        let start = part.as_ptr() as usize - text.as_ptr() as usize;
        Span::new(id, start, start + part.len())
    };
    let order = order.trim();
    let Some((codes, why)) = order
        .strip_prefix("allow")
        .and_then(|rest| rest.trim_start().strip_prefix('('))
        .and_then(|rest| rest.split_once(')'))
    else {
        found.push(messages::unknown_directive(span_of(order)));
        return;
    };
    let why = why.trim();
    let is_explained = why.len() > 2 && why.starts_with('"') && why.ends_with('"');
    if !is_explained {
        found.push(messages::unexplained_allowance(span_of(order)));
    }
    let target = target(text, file, comment);
    for name in codes.split(',').map(str::trim) {
        match Code::find(name) {
            Some(code) => allowances.push(Allowance { code, span: span_of(name), target, is_used: false }),
            None if name.is_empty() => found.push(messages::unknown_directive(span_of(order))),
            None => found.push(messages::unknown_code(name, span_of(name))),
        }
    }
}

/// What a comment stands above or behind.
fn target(text: &str, file: &File, comment: &Comment) -> Option<Span> {
    let mut body: &Body = &file.body;
    // The innermost body that the comment stands in, and what opened it.
    let mut owner: Option<&Statement> = None;
    while let Some(inner) = body
        .statements
        .iter()
        .find(|statement| statement.body().is_some_and(|body| body.span.contains(comment.span)))
    {
        owner = Some(inner);
        body = inner.body()?;
    }
    let is_same_line = |from: u32, to: u32| from <= to && !text[from as usize..to as usize].contains('\n');
    let statement = if comment.is_own_line {
        // In the head of a statement it belongs to that statement.
        body.statements.iter().find(|statement| comment.span.start < statement.span.end)?
    } else {
        let before = body.statements.iter().rev().find(|statement| statement.span.start < comment.span.start);
        match (before, owner) {
            (Some(before), _)
                if is_same_line(before.span.end.min(comment.span.start), comment.span.start) =>
            {
                before
            }
            (_, Some(owner)) if is_same_line(body.span.start, comment.span.start) => owner,
            _ => return None,
        }
    };
    if matches!(statement.kind, StatementKind::Plan { .. }) {
        return Some(Span::new(comment.span.file, 0, text.len()));
    }
    Some(statement.span)
}
