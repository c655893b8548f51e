//! Diagnostics as SARIF 2.1.0, which code hosts and editors show.

use super::super::baseline::fingerprint;
use super::super::codes::{ALL, Code};
use super::super::{Diagnostic, Fix, Label, Severity};
use super::Report;
use crate::source::{ColumnUnit, SourceMap, Span};
use serde_json::{Value, json};

/// Everything, as one SARIF log of one run.
pub fn render_sarif(reports: &[Report]) -> String {
    let found = |code: &Code| {
        reports.iter().any(|report| report.diagnostics.iter().any(|diagnostic| diagnostic.code == *code))
    };
    let rules: Vec<Code> = ALL.iter().copied().filter(found).collect();
    let results: Vec<Value> = reports
        .iter()
        .flat_map(|report| report.diagnostics.iter().map(|found| result(report.sources, &rules, found)))
        .collect();
    let log = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "wavec",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().copied().map(rule).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    let text = serde_json::to_string_pretty(&log).expect("BUG: the log is no JSON");
    format!("{text}\n")
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn rule(code: Code) -> Value {
    json!({
        "id": code.name(),
        "shortDescription": { "text": code.summary() },
        "help": { "text": format!("`wavec explain {}` tells more", code.name()), "markdown": code.page() },
        "defaultConfiguration": { "level": level(code.severity()) },
        "properties": { "tags": [code.group().title()] },
    })
}

fn result(sources: &SourceMap, rules: &[Code], diagnostic: &Diagnostic) -> Value {
    let mut text = diagnostic.message.clone();
    if let Some(help) = &diagnostic.help {
        text.push_str(&format!("\n\nhelp: {help}"));
    }
    for note in &diagnostic.notes {
        text.push_str(&format!("\n\nnote: {note}"));
    }
    let mut result = json!({
        "ruleId": diagnostic.code.name(),
        "ruleIndex": rules.iter().position(|code| *code == diagnostic.code),
        "level": level(diagnostic.severity),
        "message": { "text": text },
        "locations": [location(sources, &diagnostic.labels[0], None)],
        "partialFingerprints": { "wavec/v1": fingerprint(sources, diagnostic) },
    });
    let others: Vec<Value> = diagnostic.labels[1..]
        .iter()
        .enumerate()
        .map(|(index, label)| location(sources, label, Some(index + 1)))
        .collect();
    if !others.is_empty() {
        result["relatedLocations"] = Value::Array(others);
    }
    if let Some(fix) = &diagnostic.fix {
        result["fixes"] = json!([mend(sources, fix)]);
    }
    result
}

fn location(sources: &SourceMap, label: &Label, id: Option<usize>) -> Value {
    let mut location = json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(sources, label.span) },
        "region": region(sources, label.span),
    }});
    if !label.text.is_empty() {
        location["message"] = json!({ "text": label.text });
    }
    if let Some(id) = id {
        location["id"] = json!(id);
    }
    location
}

fn region(sources: &SourceMap, span: Span) -> Value {
    let file = sources.file(span.file);
    let start = file.position(span.start as usize, ColumnUnit::Char);
    let end = file.position(span.end as usize, ColumnUnit::Char);
    json!({
        "startLine": start.line + 1,
        "startColumn": start.column + 1,
        "endLine": end.line + 1,
        "endColumn": end.column + 1,
    })
}

fn mend(sources: &SourceMap, fix: &Fix) -> Value {
    let mut files: Vec<_> = fix.edits.iter().map(|edit| edit.span.file).collect();
    files.sort_unstable();
    files.dedup();
    let changes: Vec<Value> = files
        .into_iter()
        .map(|file| {
            let replacements: Vec<Value> = fix
                .edits
                .iter()
                .filter(|edit| edit.span.file == file)
                .map(|edit| {
                    json!({
                        "deletedRegion": region(sources, edit.span),
                        "insertedContent": { "text": edit.text },
                    })
                })
                .collect();
            let place = Span::new(file, 0, 0);
            json!({ "artifactLocation": { "uri": uri(sources, place) }, "replacements": replacements })
        })
        .collect();
    json!({ "description": { "text": fix.title }, "artifactChanges": changes })
}

/// The path as a relative URI: `/` between its parts, all else that a URI does not take written as `%XX`.
fn uri(sources: &SourceMap, span: Span) -> String {
    let path = sources.file(span.file).path().display().to_string().replace('\\', "/");
    let mut uri = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}
