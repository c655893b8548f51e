//! Places, diagnostics and symbols in the protocol's terms.

use super::uri;
use crate::diagnostic::{Diagnostic, Edit, Severity, codes};
use crate::ide::complete::CompletionKind;
use crate::ide::index::SymbolKind;
use crate::source::{ColumnUnit, SourceFile, SourceMap, Span};
use gen_lsp_types as lsp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The place of a byte.
pub fn position(file: &SourceFile, offset: usize, unit: ColumnUnit) -> lsp::Position {
    let place = file.position(offset, unit);
    lsp::Position { line: place.line, character: place.column }
}

/// The byte of a place.
pub fn offset(file: &SourceFile, position: lsp::Position, unit: ColumnUnit) -> usize {
    let place = crate::source::Position { line: position.line, column: position.character };
    file.offset(place, unit)
}

/// The place of a span.
pub fn range(file: &SourceFile, span: Span, unit: ColumnUnit) -> lsp::Range {
    lsp::Range {
        start: position(file, span.start as usize, unit),
        end: position(file, span.end as usize, unit),
    }
}

/// A span with its file.
pub fn location(sources: &SourceMap, span: Span, unit: ColumnUnit) -> Value {
    let file = sources.file(span.file);
    json!({ "uri": uri::of_path(file.path()), "range": range(file, span, unit) })
}

/// The edits of a file.
pub fn text_edits<'e>(
    file: &SourceFile,
    edits: impl IntoIterator<Item = &'e Edit>,
    unit: ColumnUnit,
) -> Vec<Value> {
    let edit = |edit: &Edit| json!({ "range": range(file, edit.span, unit), "newText": edit.text });
    edits.into_iter().map(edit).collect()
}

/// Edits of several files, as a change of the workspace.
pub fn workspace_edit(sources: &SourceMap, edits: &[Edit], unit: ColumnUnit) -> Value {
    let mut changes: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for edit in edits {
        let file = sources.file(edit.span.file);
        changes.entry(uri::of_path(file.path())).or_default().extend(text_edits(file, [edit], unit));
    }
    json!({ "changes": changes })
}

/// A diagnostic in its file. `has_related`: whether the client shows related places.
pub fn diagnostic(sources: &SourceMap, found: &Diagnostic, unit: ColumnUnit) -> Value {
    let span = found.span();
    let file = sources.file(span.file);
    let mut message = found.message.clone();
    if let Some(label) = found.labels.first().filter(|label| !label.text.is_empty()) {
        message.push_str(&format!("\n{}", label.text));
    }
    for note in &found.notes {
        message.push_str(&format!("\nnote: {note}"));
    }
    if let Some(help) = &found.help {
        message.push_str(&format!("\nhelp: {help}"));
    }
    let severity = match found.severity {
        Severity::Error => 1,
        Severity::Warning => 2,
        Severity::Note => 3,
    };
    let related: Vec<Value> = found.labels[1..]
        .iter()
        .map(|label| json!({ "location": location(sources, label.span, unit), "message": label.text }))
        .collect();
    let mut value = json!({
        "range": range(file, span, unit),
        "severity": severity,
        "code": found.code.name(),
        "codeDescription": { "href": format!("{}:/diagnostics/{}.md", uri::PAGES, found.code.name()) },
        "source": "wavec",
        "message": message,
    });
    if !related.is_empty() {
        value["relatedInformation"] = Value::from(related);
    }
    if let Some(tag) = tag(found) {
        value["tags"] = json!([tag]);
    }
    value
}

/// Unnecessary (1) or deprecated (2).
fn tag(found: &Diagnostic) -> Option<u8> {
    const UNNECESSARY: &[codes::Code] = &[
        codes::UNUSED_DECLARATION,
        codes::UNUSED_PROGRAM,
        codes::UNUSED_ALLOWANCE,
        codes::REDUNDANT_AFTER,
        codes::REDUNDANT_CLAIM,
        codes::REPEATED_VALUE,
    ];
    if UNNECESSARY.contains(&found.code) {
        return Some(1);
    }
    found.code.name().contains("deprecated").then_some(2)
}

/// The path of a diagnostic's file.
pub fn path_of(sources: &SourceMap, found: &Diagnostic) -> PathBuf {
    sources.file(found.span().file).path().to_path_buf()
}

/// A symbol's kind.
pub fn symbol_kind(kind: SymbolKind) -> lsp::SymbolKind {
    match kind {
        SymbolKind::Plan => lsp::SymbolKind::Module,
        SymbolKind::Wave => lsp::SymbolKind::Namespace,
        SymbolKind::Block => lsp::SymbolKind::Package,
        SymbolKind::Task => lsp::SymbolKind::Function,
        SymbolKind::Gate => lsp::SymbolKind::Event,
        SymbolKind::Agent => lsp::SymbolKind::Class,
        SymbolKind::Resource => lsp::SymbolKind::Object,
        SymbolKind::Secret => lsp::SymbolKind::Key,
        SymbolKind::Criterion => lsp::SymbolKind::Interface,
        SymbolKind::Param => lsp::SymbolKind::Constant,
        SymbolKind::Variable => lsp::SymbolKind::Variable,
        SymbolKind::Output => lsp::SymbolKind::Property,
    }
}

/// A completion's kind.
pub fn completion_kind(kind: CompletionKind) -> lsp::CompletionItemKind {
    match kind {
        CompletionKind::Keyword | CompletionKind::Word => lsp::CompletionItemKind::Keyword,
        CompletionKind::Task => lsp::CompletionItemKind::Function,
        CompletionKind::Group => lsp::CompletionItemKind::Module,
        CompletionKind::Agent => lsp::CompletionItemKind::Class,
        CompletionKind::Value => lsp::CompletionItemKind::Variable,
        CompletionKind::Name => lsp::CompletionItemKind::Property,
        CompletionKind::File => lsp::CompletionItemKind::File,
        CompletionKind::Directory => lsp::CompletionItemKind::Folder,
        CompletionKind::Unit => lsp::CompletionItemKind::Unit,
        CompletionKind::Code => lsp::CompletionItemKind::EnumMember,
    }
}
