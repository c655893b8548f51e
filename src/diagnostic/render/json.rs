//! Diagnostics as JSON. The schema is `docs/schema/diagnostics.json`; its field names are stable.

use super::super::{Diagnostic, Severity};
use super::{Report, word};
use crate::source::{ColumnUnit, SourceMap, Span};
use serde::Serialize;

/// Everything, as one JSON document that ends in a line break.
pub fn render_json(reports: &[Report]) -> String {
    let count = |severity| {
        reports
            .iter()
            .flat_map(|report| report.diagnostics)
            .filter(|found| found.severity == severity)
            .count()
    };
    let document = Document {
        version: 1,
        summary: Summary {
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            notes: count(Severity::Note),
        },
        diagnostics: reports
            .iter()
            .flat_map(|report| report.diagnostics.iter().map(|found| item(report.sources, found)))
            .collect(),
    };
    let text = serde_json::to_string_pretty(&document).expect("BUG: diagnostics are no JSON");
    format!("{text}\n")
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    summary: Summary,
    diagnostics: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Summary {
    errors: usize,
    warnings: usize,
    notes: usize,
}

#[derive(Serialize)]
struct Item<'a> {
    code: &'static str,
    severity: &'static str,
    message: &'a str,
    labels: Vec<Label<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    notes: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<Fix<'a>>,
}

#[derive(Serialize)]
struct Label<'a> {
    #[serde(flatten)]
    place: Place,
    text: &'a str,
}

#[derive(Serialize)]
struct Fix<'a> {
    title: &'a str,
    safe: bool,
    edits: Vec<Edit<'a>>,
}

#[derive(Serialize)]
struct Edit<'a> {
    #[serde(flatten)]
    place: Place,
    replacement: &'a str,
}

#[derive(Serialize)]
struct Place {
    file: String,
    start: Point,
    end: Point,
}

#[derive(Serialize)]
struct Point {
    line: u32,
    column: u32,
    offset: u32,
}

fn item<'a>(sources: &SourceMap, diagnostic: &'a Diagnostic) -> Item<'a> {
    Item {
        code: diagnostic.code.name(),
        severity: word(diagnostic.severity),
        message: &diagnostic.message,
        labels: diagnostic
            .labels
            .iter()
            .map(|label| Label { place: place(sources, label.span), text: &label.text })
            .collect(),
        help: diagnostic.help.as_deref(),
        notes: &diagnostic.notes,
        fix: diagnostic.fix.as_ref().map(|fix| Fix {
            title: &fix.title,
            safe: fix.is_safe,
            edits: fix
                .edits
                .iter()
                .map(|edit| Edit { place: place(sources, edit.span), replacement: &edit.text })
                .collect(),
        }),
    }
}

fn place(sources: &SourceMap, span: Span) -> Place {
    let file = sources.file(span.file);
    let point = |offset: u32| {
        let position = file.position(offset as usize, ColumnUnit::Char);
        Point { line: position.line + 1, column: position.column + 1, offset }
    };
    Place { file: file.path().display().to_string(), start: point(span.start), end: point(span.end) }
}
