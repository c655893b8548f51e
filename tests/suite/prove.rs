//! What plans prove or refute about themselves: every message as a person sees it, and the promises of the rules.

use crate::check::compile_case;
use std::path::Path;
use wavec::diagnostic::Code;
use wavec::diagnostic::render::{TextOptions, render_text};

#[test]
fn every_case_says_what_it_should() {
    insta::glob!("../cases/prove", "*/*.wave", |path| {
        let text = std::fs::read_to_string(path).unwrap();
        let compilation = compile_case(&text);
        let directory = path.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
        // A directory is a code, which every case in it gets but those that show what is fine.
        if let Some(code) = Code::find(&directory) {
            let has_code = compilation.diagnostics.iter().any(|found| found.code == code);
            let is_fine = path.file_name().unwrap().to_string_lossy().starts_with("fine-");
            assert_eq!(has_code, !is_fine, "{}: {:#?}", path.display(), compilation.diagnostics);
        }
        let shown = render_text(&compilation.sources, &compilation.diagnostics, TextOptions::default());
        beside(path, &shown);
    });
}

/// Compares with the snapshot beside a case.
fn beside(case: &Path, content: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_snapshot_path(case.parent().unwrap());
    settings.remove_snapshot_suffix();
    settings.set_omit_expression(true);
    settings.remove_input_file();
    settings.bind(|| insta::assert_snapshot!(case.file_stem().unwrap().to_str().unwrap(), content));
}
