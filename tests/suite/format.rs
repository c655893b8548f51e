//! The canonical layout: the cases beside this file's `tests/cases/format`, and what holds for every text.

mod scatter;

use crate::generate;
use proptest::prelude::*;
use std::path::Path;
use wavec::diagnostic::{Edit, Severity};
use wavec::format::format;
use wavec::ide::layout;
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

    /// A part laid out: the same meaning and the same comments, nothing done to lines that no statement of the part touches, and
    /// the whole where the part is the whole.
    #[test]
    fn a_part_is_laid_out_alone(text in generate::plan_text(), from in 0.0..1.0f64, length in 0.0..1.0f64) {
        let place = |share: f64| text.floor_char_boundary((text.len() as f64 * share) as usize);
        let (start, end) = (place(from), place((from + length * length * length).min(1.0)));
        let part = edited(&text, &layout::format_range(&text, start..end).unwrap());
        prop_assert_eq!(comments(&text), comments(&part), "the comments of\n{}\n=>\n{}", text, part);
        prop_assert_eq!(skeleton(&text), skeleton(&part), "the meaning of\n{}\n=>\n{}", text, part);
        prop_assert_eq!(lay_out(&part), lay_out(&text));
        prop_assert_eq!(edited(&text, &layout::format_range(&text, 0..text.len()).unwrap()), lay_out(&text));
    }
}

/// A text after edits in order of place.
fn edited(text: &str, edits: &[Edit]) -> String {
    let mut edited = text.to_owned();
    for edit in edits.iter().rev() {
        edited.replace_range(edit.span.range(), &edit.text);
    }
    edited
}

#[test]
fn the_lines_around_a_part_stay_as_they_are() {
    let text =
        "plan p\ntask a {run \"x\"}\n\n\n\ntask b {\nrun   \"y\"\n  estimate 3m }\ntask c   {run \"z\"}\n";
    let at = text.find("run   ").unwrap();
    let part = edited(text, &layout::format_range(text, at..at + 3).unwrap());
    assert_eq!(
        part,
        "plan p\ntask a {run \"x\"}\n\ntask b {\n  run \"y\"\n  estimate 3m\n}\ntask c   {run \"z\"}\n"
    );
    // Within a body, the statements of the body alone.
    let text =
        "plan  p\nwave w {\n  task a {run \"x\"}\n  task b {\n  run   \"y\"\n  estimate   3m\n  }\n}\n";
    let at = text.find("estimate").unwrap();
    let part = edited(text, &layout::format_range(text, at..at + 3).unwrap());
    assert_eq!(part, text.replace("  estimate   3m", "    estimate 3m"));
}

#[test]
fn what_is_typed_is_indented() {
    let typed = |text: &str, by: fn(&str, usize) -> Option<Vec<Edit>>| {
        let at = text.find('▮').unwrap();
        let text = text.replace('▮', "");
        edited(&text, &by(&text, at).unwrap())
    };
    let line = |text| typed(text, |text, at| Some(layout::indent_line(text, at)));
    let brace = |text| typed(text, layout::format_typed);
    assert_eq!(line("plan p\ntask b {\n▮"), "plan p\ntask b {\n  ");
    assert_eq!(line("plan p\ntask b {\n▮}"), "plan p\ntask b {\n}");
    // In a string, only its first line is placed; the others are the author's.
    assert_eq!(line("plan p\ntask b {\n  run \"\"\"\n▮"), "plan p\ntask b {\n  run \"\"\"\n    ");
    let inside = "plan p\ntask b {\n  run \"\"\"\n    x\n      ▮\n    \"\"\"\n}\n";
    assert_eq!(line(inside), inside.replace('▮', ""));
    // Where the text is not whole yet, the brace goes to its place.
    assert_eq!(
        brace("plan p\nwave w {\n  task b {\n    run   \"x\"\n    }▮"),
        "plan p\nwave w {\n  task b {\n    run   \"x\"\n  }"
    );
    assert_eq!(brace("plan  p\ntask b {\nrun   \"x\"\n    }▮\n"), "plan  p\n\ntask b {\n  run \"x\"\n}\n");
}

/// Edits that overlap would tear a text apart; a diff with lines that repeat far from each other has been wrong here.
#[test]
fn edits_never_overlap() {
    let text = [
        "plan alpha1",
        "task alpha2  \t {",
        "# c3",
        "wait 30m",
        "success # c4",
        "{",
        "check \"a\" value of \"a\" # c5",
        ">= # c6",
        "3",
        "}",
        "output",
        " # c7",
        " # c8",
        "",
        "o6-2",
        "from stdout",
        "",
        "",
        "",
        "}",
        "#c9 with \"quotes\" and { braces, ",
        "task # c11",
        "alpha10 \"a\" {",
        "run [ \"a\", # c12",
        "\"a\"]",
        "",
        "  # c13",
        "#c14 with \"quotes\" and { braces, ",
        "",
        "reads \"https://example.org/#x\" except 'literal # not a comment { } \\', \"a rather long string that makes its line wider than a hundred columns when it has two or three neighbours\",",
        "\"a\"",
        "estimate 20m..40m",
        "} ; # c15\t ",
        ";#    c16 🌊; ## not a doc",
        " ;# c17",
    ]
    .join("\n");
    let edits = layout::format(&text).unwrap();
    assert!(edits.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start), "{edits:#?}");
    assert_eq!(edited(&text, &edits), lay_out(&text));
}
