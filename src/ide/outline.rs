//! The shape of a file: its symbols as a tree, what can be folded, what a growing selection takes in.
//!
//! From the tree alone, so that it works on any text.

use super::around;
use super::index::SymbolKind;
use super::mentions::{Mention, mentions};
use crate::source::{FileId, Span};
use crate::syntax::ast::{Body, CommentKind, File, Statement, StatementKind, Text};

/// A symbol and those in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlined {
    /// Its name, or its keyword where it has none.
    pub name: String,
    /// Its title.
    pub detail: String,
    /// What it is; none for blocks that only group.
    pub kind: SymbolKind,
    /// The whole statement.
    pub full: Span,
    /// Its name, or its keyword.
    pub span: Span,
    /// What it holds.
    pub children: Vec<Outlined>,
}

/// The symbols of a file.
pub fn outline(file: &File<'_>) -> Vec<Outlined> {
    let mut all = of_body(&file.body);
    // The plan holds what follows it.
    if let Some(at) = all.iter().position(|symbol| symbol.kind == SymbolKind::Plan) {
        let rest = all.split_off(at + 1);
        if let Some(plan) = all.last_mut() {
            plan.full = plan.full.to(file.body.span.at_end());
            plan.children = rest;
        }
    }
    all
}

fn of_body(body: &Body<'_>) -> Vec<Outlined> {
    body.statements.iter().filter_map(of_statement).collect()
}

fn of_statement(statement: &Statement<'_>) -> Option<Outlined> {
    use StatementKind::*;
    let said = |text: Option<&Text<'_>>| text.and_then(Text::plain).unwrap_or_default().to_owned();
    let keyword = |word: &str| (word.to_owned(), statement.keyword());
    let of = |name: &crate::syntax::ast::Name<'_>| (name.text.to_owned(), name.span());
    let ((name, span), detail, kind) = match &statement.kind {
        Plan { name, title } => (of(name), said(title.as_deref()), SymbolKind::Plan),
        Param(param) => (of(&param.name), said(param.doc.as_ref()), SymbolKind::Param),
        Agent { name, .. } => (of(name), "agent".to_owned(), SymbolKind::Agent),
        Secret { name, .. } => (of(name), "secret".to_owned(), SymbolKind::Secret),
        Resource { name, .. } => (of(name), "resource".to_owned(), SymbolKind::Resource),
        Criterion { name, title, .. } => (of(name), said(title.as_deref()), SymbolKind::Criterion),
        Wave(wave) => (of(&wave.name), said(wave.title.as_ref()), SymbolKind::Wave),
        Block(block) => {
            let word = if block.is_serial { "serial" } else { "parallel" };
            let name = block.name.as_ref().map_or_else(|| keyword(word), of);
            (name, said(block.title.as_ref()), SymbolKind::Block)
        }
        For { variable, .. } => {
            ((format!("for {}", variable.text), variable.span()), String::new(), SymbolKind::Variable)
        }
        Task(task) => (of(&task.name), said(task.title.as_deref()), SymbolKind::Task),
        Gate(gate) => (
            gate.name.as_ref().map_or_else(|| keyword("gate"), of),
            said(gate.title.as_ref()),
            SymbolKind::Gate,
        ),
        Preflight(_) => (keyword("preflight"), String::new(), SymbolKind::Block),
        Success(_) => (keyword("success"), String::new(), SymbolKind::Block),
        Rollback(_) => (keyword("rollback"), String::new(), SymbolKind::Block),
        Finally(_) => (keyword("finally"), String::new(), SymbolKind::Block),
        Output { name, .. } => (of(name), "output".to_owned(), SymbolKind::Output),
        _ => return None,
    };
    let children = statement.kind.body().map(of_body).unwrap_or_default();
    Some(Outlined { name, detail, kind, full: statement.span, span, children })
}

/// What can be folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fold {
    /// From its first byte to its last.
    pub span: Span,
    /// Whether it is a run of comments.
    pub is_comment: bool,
}

/// Bodies, strings and lists of several lines, and runs of comments.
pub fn folds(text: &str, file: &File<'_>) -> Vec<Fold> {
    let mut folds = Vec::new();
    fold_body(text, &file.body, &mut folds);
    let mut run: Option<Span> = None;
    let lines = |span: Span| text[span.range()].contains('\n');
    for comment in &file.comments {
        let is_next = run.is_some_and(|run: Span| {
            let between = &text[run.end as usize..comment.span.start as usize];
            between.trim().is_empty() && between.matches('\n').count() == 1
        });
        if !comment.is_own_line || comment.kind == CommentKind::Shebang {
            continue;
        }
        run = match run {
            Some(before) if is_next => Some(before.to(comment.span)),
            before => {
                folds.extend(before.filter(|span| lines(*span)).map(|span| Fold { span, is_comment: true }));
                Some(comment.span)
            }
        };
    }
    folds.extend(run.filter(|span| lines(*span)).map(|span| Fold { span, is_comment: true }));
    folds.sort_by_key(|fold| (fold.span.start, fold.span.end));
    folds
}

fn fold_body(text: &str, body: &Body<'_>, folds: &mut Vec<Fold>) {
    for statement in &body.statements {
        let mut push = |span: Span| {
            if text[span.range()].contains('\n') {
                folds.push(Fold { span, is_comment: false });
            }
        };
        match statement.kind.body() {
            Some(inner) if !inner.span.is_empty() => {
                push(inner.span);
                fold_body(text, inner, folds);
            }
            _ => push(statement.span),
        }
    }
}

/// What a growing selection takes in, from the inside out: word, string, statement, body, statement around it, file.
pub fn selection(text: &str, file: &File<'_>, offset: usize) -> Vec<Span> {
    let id: FileId = file.body.span.file;
    let mut spans = Vec::new();
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let start = text[..offset]
        .rfind(|c| !is_word(c))
        .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    let end = text[offset..].find(|c| !is_word(c)).map_or(text.len(), |at| offset + at);
    if start < end {
        spans.push(Span::new(id, start, end));
    }
    let around = around(text, file, offset);
    if let Some(inmost) = around.statements.last() {
        mentions(inmost, &mut |mention| match mention {
            Mention::Text(found, _) if found.span().touches(offset) => {
                let quotes = if text[found.span().range()].starts_with("\"\"\"")
                    || text[found.span().range()].starts_with("'''")
                {
                    3
                } else {
                    1
                };
                let (start, end) = (
                    found.span().start as usize + quotes,
                    (found.span().end as usize).saturating_sub(quotes),
                );
                if start < end {
                    spans.push(Span::new(id, start, end));
                }
                spans.push(found.span());
            }
            Mention::Item(found) if found.span().touches(offset) => spans.push(found.span()),
            Mention::Declared(name) | Mention::Agent(name) if name.span().touches(offset) => {
                spans.push(name.span())
            }
            _ => {}
        });
    }
    for statement in around.statements.iter().rev() {
        if let Some(body) = statement.kind.body()
            && super::is_inside(text, body, offset)
        {
            spans.push(body.span);
        }
        spans.push(statement.span);
    }
    spans.push(file.body.span);
    // Each holds the one before it.
    let mut growing: Vec<Span> = Vec::new();
    for span in spans {
        match growing.last() {
            Some(last) if !span.contains(*last) || span == *last => {}
            _ => growing.push(span),
        }
    }
    growing
}
