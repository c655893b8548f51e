//! Diagnostics a line each: for editors and `grep`, and for GitHub's annotations.

use super::super::{Diagnostic, Severity};
use super::{Report, clean, word};
use crate::source::ColumnUnit;

/// `release.wave:5:3: error[unknown-word]: unknown word `retrys``, a line each.
pub fn render_short(reports: &[Report]) -> String {
    let mut out = String::new();
    for (report, diagnostic) in each(reports) {
        let span = diagnostic.span();
        let file = report.sources.file(span.file);
        let start = file.position(span.start as usize, ColumnUnit::Char);
        out.push_str(&format!(
            "{}:{}:{}: {}[{}]: {}\n",
            clean(&file.path().display().to_string()),
            start.line + 1,
            start.column + 1,
            word(diagnostic.severity),
            diagnostic.code.name(),
            clean(&diagnostic.message).replace('\n', " "),
        ));
    }
    out
}

/// The workflow commands that GitHub Actions shows beside the lines of a pull request.
pub fn render_github(reports: &[Report]) -> String {
    let mut out = String::new();
    for (report, diagnostic) in each(reports) {
        let span = diagnostic.span();
        let file = report.sources.file(span.file);
        let start = file.position(span.start as usize, ColumnUnit::Char);
        let end = file.position(span.end as usize, ColumnUnit::Char);
        let kind = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        let mut message = diagnostic.message.clone();
        for label in &diagnostic.labels {
            let file = report.sources.file(label.span.file);
            let place = file.position(label.span.start as usize, ColumnUnit::Char);
            let path = file.path().display();
            if !label.text.is_empty() {
                message.push_str(&format!("\n{path}:{}: {}", place.line + 1, label.text));
            }
        }
        if let Some(help) = &diagnostic.help {
            message.push_str(&format!("\nhelp: {help}"));
        }
        // A column range may not be given for more than one line.
        let columns = if start.line == end.line {
            format!(",col={},endColumn={}", start.column + 1, end.column.max(start.column + 1) + 1)
        } else {
            String::new()
        };
        out.push_str(&format!(
            "::{kind} file={},line={},endLine={}{columns},title={}::{}\n",
            property(&file.path().display().to_string()),
            start.line + 1,
            end.line + 1,
            property(diagnostic.code.name()),
            data(&message),
        ));
    }
    out
}

fn each<'a>(reports: &'a [Report<'a>]) -> impl Iterator<Item = (&'a Report<'a>, &'a Diagnostic)> {
    reports.iter().flat_map(|report| report.diagnostics.iter().map(move |diagnostic| (report, diagnostic)))
}

/// Text in a workflow command, escaped as its runner reads it.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
