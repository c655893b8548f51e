//! The canonical layout: the cases beside this file's `tests/cases/format`, and what holds for every text.

use crate::generate;
use proptest::prelude::*;
use std::path::Path;
use wavec::diagnostic::Severity;
use wavec::format::format;
use wavec::source::FileId;
use wavec::syntax;

/// The layout of a text that parses.
fn lay_out(text: &str) -> String {
    let parsed = syntax::parse(FileId(0), text);
    let errors: Vec<_> =
        parsed.diagnostics.iter().filter(|found| found.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{errors:#?}\nin\n{text}");
    format(text, &parsed.file)
}

/// The comments of a text, without the white space behind them.
fn comments(text: &str) -> Vec<String> {
    let parsed = syntax::parse(FileId(0), text);
    parsed.file.comments.iter().map(|comment| text[comment.span.range()].trim_end().to_string()).collect()
}

fn skeleton(text: &str) -> String {
    syntax::skeleton(&syntax::parse(FileId(0), text).file)
}

/// Holds the promises of the formatter against one text.
fn keeps_its_promises(text: &str) {
    let once = lay_out(text);
    assert_eq!(comments(text), comments(&once), "the comments of\n{text}\n=>\n{once}");
    assert_eq!(skeleton(text), skeleton(&once), "the meaning of\n{text}\n=>\n{once}");
    assert_eq!(lay_out(&once), once, "a fixed point of\n{text}");
    let broken: Vec<&str> =
        once.lines().filter(|line| line.ends_with(' ') && !once.contains("\"\"\"")).collect();
    assert!(broken.is_empty() || text.contains("'''"), "white space at the end of {broken:?}");
    assert!(
        !once.contains("\n\n\n") || text.contains("\"\"\"") || text.contains("'''"),
        "two blank lines in\n{once}"
    );
}

#[test]
fn cases() {
    insta::glob!("../cases/format", "*/*.wave", |path| {
        let text = std::fs::read_to_string(path).expect("the case can be read");
        keeps_its_promises(&text);
        let shown = lay_out(&text).replace('\r', "␍");
        crate::beside(path, || insta::assert_snapshot!(crate::stem(path), shown));
    });
}

#[test]
fn every_plan_of_the_repository_keeps_its_meaning() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    for entry in ignore::WalkBuilder::new(root).build().flatten() {
        if entry.path().extension().is_none_or(|ending| ending != "wave") {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
        let parsed = syntax::parse(FileId(0), &text);
        if parsed.diagnostics.iter().all(|found| found.severity != Severity::Error) {
            keeps_its_promises(&text);
            count += 1;
        }
    }
    assert!(count > 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, max_shrink_iters: 1500, ..ProptestConfig::default() })]

    #[test]
    fn odd_layouts_keep_comments_and_meaning(text in generate::plan_text()) {
        keeps_its_promises(&text);
    }

    #[test]
    fn plain_layouts_keep_their_meaning(text in generate::plain_plan_text()) {
        keeps_its_promises(&text);
    }
}
