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
