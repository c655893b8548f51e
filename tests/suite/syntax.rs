//! The parser: what reads, what does not, and what is said about it.

use std::path::Path;
use wavec::source::FileId;
use wavec::syntax;

/// Asserts a snapshot that lies beside its case.
fn assert_beside(case: &Path, content: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.remove_snapshot_suffix();
    settings.set_snapshot_path(case.parent().unwrap());
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.remove_input_file();
    settings.bind(|| insta::assert_snapshot!(case.file_stem().unwrap().to_str().unwrap(), content));
}

#[test]
fn every_good_plan_reads() {
    insta::glob!("../cases/syntax/good", "*.wave", |path| {
        let text = std::fs::read_to_string(path).unwrap();
        let parsed = syntax::parse(FileId(0), &text);
        assert!(parsed.diagnostics.is_empty(), "{:#?}", parsed.diagnostics);
        assert_beside(path, &syntax::skeleton(&parsed.file));
    });
}

/// Every diagnostic of a text, each with its source.
fn rendered(text: &str) -> String {
    use std::fmt::Write;
    let file = wavec::source::SourceFile::new("plan.wave", text);
    let parsed = syntax::parse(FileId(0), text);
    let mut out = String::new();
    for d in &parsed.diagnostics {
        let _ = writeln!(out, "{:?}[{}]: {}", d.severity, d.code.name(), d.message);
        for label in &d.labels {
            let at = file.position(label.span.start as usize, wavec::source::ColumnUnit::Char);
            let range = file.line_range(at.line as usize);
            let line = &file.text()[range.clone()];
            let end = (label.span.end as usize).min(range.end);
            let width = file.text()[label.span.start as usize..end.max(label.span.start as usize)]
                .chars()
                .count()
                .max(1);
            let _ = writeln!(out, "{:4} | {line}", at.line + 1);
            let _ = writeln!(out, "     | {:2$}{} {}", "", "^".repeat(width), at.column as usize,);
            let _ = writeln!(out, "     | {:1$}{2}", "", at.column as usize, label.text);
        }
        if let Some(help) = &d.help {
            let _ = writeln!(out, "  help: {help}");
        }
        for note in &d.notes {
            let _ = writeln!(out, "  note: {note}");
        }
        if let Some(fix) = &d.fix {
            let mut fixed = text.to_owned();
            for edit in fix.edits.iter().rev() {
                fixed.replace_range(edit.span.range(), &edit.text);
            }
            let at = file.position(fix.edits[0].span.start as usize, wavec::source::ColumnUnit::Utf8);
            let line = fixed.lines().nth(at.line as usize).unwrap_or("");
            let _ = writeln!(
                out,
                "  {} fix: {} => {}",
                if fix.is_safe { "safe" } else { "unsafe" },
                fix.title,
                line.trim()
            );
        }
        out.push('\n');
    }
    out
}

#[test]
fn every_mistake_is_told_where_it_is() {
    insta::glob!("../cases/syntax", "*/*.wave", |path| {
        if path.parent().unwrap().ends_with("good") {
            return;
        }
        let text = std::fs::read_to_string(path).unwrap();
        let parsed = syntax::parse(FileId(0), &text);
        assert_beside(path, &format!("{}--- tree\n{}", rendered(&text), syntax::skeleton(&parsed.file)));
    });
}
