//! Any text parses: without a panic, with places inside the text, and by the grammar alone just so.
//!
//! `cargo +nightly fuzz run parse`, or on a stable compiler, without the address sanitizer (see `fuzz/README.md`).

#![no_main]

use libfuzzer_sys::fuzz_target;
use wavec::source::{FileId, Span};
use wavec::syntax;
use wavec::syntax::ast::Body;

fuzz_target!(|text: &str| {
    let parsed = syntax::parse(FileId(0), text);
    spans(&parsed.file.body, text);
    for comment in &parsed.file.comments {
        inside(comment.span, text);
    }
    for diagnostic in &parsed.diagnostics {
        for label in &diagnostic.labels {
            inside(label.span, text);
        }
        for edit in diagnostic.fix.iter().flat_map(|fix| &fix.edits) {
            inside(edit.span, text);
        }
    }
    let has_junk = syntax::skeleton(&parsed.file).lines().any(|line| line.trim_start() == "junk");
    assert!(!has_junk || !parsed.diagnostics.is_empty(), "junk without a word about it");

    let by_grammar = syntax::parse_by_grammar(FileId(0), text);
    assert_eq!(parsed.diagnostics, by_grammar.diagnostics);
    assert_eq!(format!("{:?}", parsed.file), format!("{:?}", by_grammar.file));
});

fn inside(span: Span, text: &str) {
    assert!(text.get(span.range()).is_some(), "{span:?} of {}", text.len());
}

fn spans(body: &Body<'_>, text: &str) {
    inside(body.span, text);
    for statement in &body.statements {
        inside(statement.span, text);
        inside(statement.keyword(), text);
        if let Some(inner) = statement.kind.body() {
            spans(inner, text);
        }
    }
}
