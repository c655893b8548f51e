//! Every message, as a person sees it: `tests/cases/check/<code>/<what>.wave`.

use super::{assert_beside, compile_case};
use wavec::diagnostic::Code;
use wavec::diagnostic::render::{TextOptions, render_text};

#[test]
fn every_case_says_what_it_should() {
    insta::glob!("../../cases/check", "*/*.wave", |path| {
        let text = std::fs::read_to_string(path).unwrap();
        let compilation = compile_case(&text);
        let directory = path.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
        // A directory is a code, which every case in it gets, or a rule.
        if let Some(code) = Code::find(&directory) {
            let has_code = compilation.diagnostics.iter().any(|found| found.code == code);
            assert!(has_code, "{} does not get its code: {:#?}", path.display(), compilation.diagnostics);
        }
        let shown = render_text(&compilation.sources, &compilation.diagnostics, TextOptions::default());
        assert_beside(path, &shown);
    });
}
