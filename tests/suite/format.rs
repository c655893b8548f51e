//! The canonical layout: the cases beside this file's `tests/cases/format`, and what holds for every text.

mod scatter;

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

/// Every plan that parses, of the cases, the examples and the pages' blocks.
fn plans_of_the_repository() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut plans = Vec::new();
    for entry in ignore::WalkBuilder::new(root).sort_by_file_path(Path::cmp).build().flatten() {
        let ending = entry.path().extension().unwrap_or_default();
        if ending != "wave" && ending != "md" {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
        if ending == "wave" {
            plans.push(text);
            continue;
        }
        let blocks = text.split("\n```").skip(1).step_by(2);
        let waves = blocks.filter(|block| block.starts_with("wave"));
        plans.extend(waves.filter_map(|block| Some(format!("{}\n", block.split_once('\n')?.1))));
    }
    plans.retain(|text| {
        syntax::parse(FileId(0), text).diagnostics.iter().all(|found| found.severity != Severity::Error)
    });
    plans
}

#[test]
fn every_plan_of_the_repository_keeps_its_meaning() {
    let plans = plans_of_the_repository();
    plans.iter().for_each(|text| keeps_its_promises(text));
    assert!(plans.len() > 400, "only {} plans were found", plans.len());
}

/// How many texts are tried: `WAVEC_FORMATS=20000 cargo test --release --test suite format::` tries so many of each kind.
fn count(usual: u32) -> u32 {
    std::env::var("WAVEC_FORMATS").ok().and_then(|count| count.parse().ok()).unwrap_or(usual)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: count(150), failure_persistence: None, max_shrink_iters: 1500, ..ProptestConfig::default() })]

    #[test]
    fn odd_layouts_keep_comments_and_meaning(text in generate::plan_text()) {
        keeps_its_promises(&text);
    }

    #[test]
    fn plain_layouts_keep_their_meaning(text in generate::plain_plan_text()) {
        keeps_its_promises(&text);
    }
}
