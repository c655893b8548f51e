//! What machines read: JSON as its schema says, SARIF as its standard says, and the list of codes that is generated.

use std::collections::BTreeMap;
use std::path::Path;
use wavec::diagnostic::codes::{ALL, Group};
use wavec::diagnostic::render::{Report, render_json, render_sarif, render_short, word};
use wavec::diagnostic::{Diagnostic, Edit};
use wavec::source::{FileId, SourceFile, SourceMap, Span};

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("the file is there")
}

fn validate(schema: &str, text: &str) {
    // One pattern of the SARIF schema has a bracket that a strict reader wants escaped.
    let schema = read(schema).replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}\\\\]?$");
    let schema = serde_json::from_str(&schema).expect("the schema is JSON");
    let document = serde_json::from_str(text).expect("the document is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is sound");
    let errors: Vec<String> = validator
        .iter_errors(&document)
        .map(|error| format!("{error} at {}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}\n{text}");
}

/// One diagnostic of every code, with everything that a diagnostic can have, over two files.
fn all() -> (SourceMap, Vec<Diagnostic>) {
    let mut sources =
        SourceMap::of(SourceFile::new("plans/a b.wave", "plan release\n\ntask 波🌊 { run \"x\" }\n"));
    let library = sources.add(SourceFile::new("lib/é.wave", "agent coder { driver claude }\n"));
    let span = Span::new(FileId(0), 14, 18);
    let other = Span::new(library, 6, 11);
    let diagnostics = ALL.iter().enumerate().map(|(index, code)| {
        let diagnostic = Diagnostic::new(*code, "a `message`\nof two lines", span, "here");
        match index % 4 {
            0 => diagnostic,
            1 => diagnostic.label(other, "there").label(other, ""),
            2 => diagnostic.help("do it").note("a fact"),
            _ => {
                let edits = vec![
                    Edit { span, text: "wave".into() },
                    Edit { span: span.at_end(), text: String::new() },
                    Edit { span: other, text: "x".into() },
                ];
                diagnostic.fix("mend it", edits, index % 8 < 4)
            }
        }
    });
    let diagnostics = diagnostics.collect();
    (sources, diagnostics)
}

#[test]
fn json_is_as_its_schema_says() {
    let (sources, diagnostics) = all();
    let reports = [Report { sources: &sources, diagnostics: &diagnostics }];
    validate("docs/schema/diagnostics.json", &render_json(&reports));
    validate("docs/schema/diagnostics.json", &render_json(&[]));
}

#[test]
fn sarif_is_as_its_standard_says() {
    let (sources, diagnostics) = all();
    let reports = [Report { sources: &sources, diagnostics: &diagnostics }];
    let text = render_sarif(&reports);
    validate("tests/data/sarif-2.1.0.json", &text);
    validate("tests/data/sarif-2.1.0.json", &render_sarif(&[]));
    assert!(
        text.contains("\"plans/a%20b.wave\"") && text.contains("\"lib/%C3%A9.wave\""),
        "URIs are escaped"
    );
}

#[test]
fn a_short_line_stays_one_line() {
    let (sources, diagnostics) = all();
    let text = render_short(&[Report { sources: &sources, diagnostics: &diagnostics }]);
    assert_eq!(text.lines().count(), ALL.len());
}

#[test]
fn the_list_of_codes_is_current() {
    let mut groups: BTreeMap<Group, String> = BTreeMap::new();
    for code in ALL {
        groups.entry(code.group()).or_default().push_str(&format!(
            "| [`{0}`]({0}.md) | {1} | {2} |\n",
            code.name(),
            word(code.severity()),
            code.summary().replace('|', "\\|"),
        ));
    }
    let mut text = format!(
        "# What wavec can say about a plan\n\n\
         {} codes. `wavec explain CODE` shows a page on the terminal. A code's severity is what it starts with:\n\
         `[levels]` in `wavec.toml`, `--allow`, `--warn` and `--deny` change it where the plan still means something.\n\n\
         This page is generated from the catalogue (`src/diagnostic/codes.rs`); a test holds it current, and\n\
         `WAVEC_UPDATE=1 cargo test the_list_of_codes` writes it anew.\n",
        ALL.len()
    );
    for (group, rows) in groups {
        text.push_str(&format!(
            "\n## {}\n\n| code | severity | what it says |\n|---|---|---|\n{rows}",
            group.title()
        ));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/diagnostics/README.md");
    if std::env::var_os("WAVEC_UPDATE").is_some() {
        std::fs::write(&path, &text).expect("the page can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(written, text, "write it anew with `WAVEC_UPDATE=1 cargo test the_list_of_codes`");
}
