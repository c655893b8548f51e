//! How diagnostics look to a person.

use wavec::diagnostic::codes::UNKNOWN_WORD;
use wavec::diagnostic::render::{TextOptions, render_text, summary};
use wavec::diagnostic::{Diagnostic, Severity};
use wavec::source::{FileId, SourceFile, SourceMap, Span};

/// The span of the first `needle` in file `file`.
fn at(sources: &SourceMap, file: u32, needle: &str) -> Span {
    let text = sources.file(FileId(file)).text();
    let start = text.find(needle).expect("the needle is there");
    Span::new(FileId(file), start, start + needle.len())
}

fn show(sources: &SourceMap, diagnostics: &[Diagnostic]) -> String {
    render_text(sources, diagnostics, TextOptions::default())
}

fn one(text: &str) -> SourceMap {
    SourceMap::of(SourceFile::new("release.wave", text))
}

fn mark(sources: &SourceMap, needle: &str) -> String {
    show(
        sources,
        &[Diagnostic::new(
            UNKNOWN_WORD,
            format!("unknown word `{needle}`"),
            at(sources, 0, needle),
            "not a statement",
        )],
    )
}

const PLAN: &str = "plan release\n\ntask build {\n  run \"make\"\n  retrys 2\n}\n";

#[test]
fn one_label_a_help_and_a_note() {
    let sources = one(PLAN);
    let diagnostic = Diagnostic::new(UNKNOWN_WORD, "unknown word `retrys`", at(&sources, 0, "retrys"), "no such statement")
        .help("write `retries`")
        .note("a task takes run, prompt, wait, approve, reads, writes, creates, appends, forbids, after, estimate, timeout, retries and more");
    insta::assert_snapshot!(show(&sources, &[diagnostic]));
}

#[test]
fn two_labels_far_apart_share_one_frame() {
    let text = format!(
        "plan release\n\ntask a {{ writes \"src/**\" }}\n{}task b {{ writes \"src/mod.rs\" }}\n",
        "\n".repeat(120)
    );
    let sources = one(&text);
    let diagnostic = Diagnostic::new(
        UNKNOWN_WORD,
        "`a` and `b` both write `src/mod.rs`",
        at(&sources, 0, "\"src/mod.rs\""),
        "written here",
    )
    .label(at(&sources, 0, "\"src/**\""), "and here, at the same time");
    insta::assert_snapshot!(show(&sources, &[diagnostic]));
}

#[test]
fn labels_in_two_files_show_both_sources() {
    let mut sources = one("plan release\n\nuse \"lib.wave\"\n\nagent coder { driver claude }\n");
    sources.add(SourceFile::new("lib.wave", "# shared\n\nagent coder { driver codex }\n"));
    let diagnostic = Diagnostic::new(
        UNKNOWN_WORD,
        "`coder` is declared twice",
        at(&sources, 0, "coder"),
        "declared again here",
    )
    .label(at(&sources, 1, "coder"), "first declared here")
    .help("rename one of them");
    insta::assert_snapshot!(show(&sources, &[diagnostic]));
}

#[test]
fn two_labels_on_one_line() {
    let sources = one("plan release\n\ntask a { run \"x\" run \"y\" }\n");
    let diagnostic =
        Diagnostic::new(UNKNOWN_WORD, "task `a` has two actions", at(&sources, 0, "run \"y\""), "the second")
            .label(at(&sources, 0, "run \"x\""), "the first");
    insta::assert_snapshot!(show(&sources, &[diagnostic]));
}

#[test]
fn wide_characters_and_tabs_keep_the_marks_in_place() {
    let sources = one("plan 発売\n\ntask \"波🌊\" {\n\t\trun \"作る\"\tretrys 2\n}\n");
    insta::assert_snapshot!(mark(&sources, "retrys"));
}

#[test]
fn line_breaks_of_windows_and_a_byte_order_mark_do_not_show() {
    let sources = one("\u{feff}plan release\r\n\r\ntask build {\r\n  retrys 2\r\n}\r\n");
    insta::assert_snapshot!(format!("{}\n{}", mark(&sources, "plan"), mark(&sources, "retrys")));
}

#[test]
fn controls_and_direction_marks_are_made_visible() {
    let sources = one("plan release\n  run \"\x1b[31mred\x07 \u{202e}evil\" retrys 2\n");
    insta::assert_snapshot!(mark(&sources, "retrys"));
}

#[test]
fn a_long_line_is_cut_around_the_mark() {
    let sources = one(&format!(
        "plan release\nrun \"{}\" retrys 2 \"{}\"\n",
        "word ".repeat(200_000),
        "x".repeat(1_000_000)
    ));
    let shown = mark(&sources, "retrys");
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    insta::assert_snapshot!(shown);
}

#[test]
fn a_long_mark_shows_its_head_and_tail() {
    let long = "x".repeat(100_000);
    let sources = one(&format!("plan release\nrun {long}\n# a comment\n"));
    let diagnostic = Diagnostic::new(UNKNOWN_WORD, "too long", at(&sources, 0, &long), "this");
    insta::assert_snapshot!(show(&sources, &[diagnostic]));
}

#[test]
fn a_mark_over_many_lines_marks_its_first() {
    let sources = one("plan release\n\nwave a {\n  task x { run \"x\" }\n\n\n\n  task y { run \"y\" }\n}\n");
    let text = sources.file(FileId(0)).text();
    let span = Span::new(FileId(0), text.find("wave").expect("wave"), text.len());
    insta::assert_snapshot!(show(
        &sources,
        &[Diagnostic::new(UNKNOWN_WORD, "wave `a` is empty", span, "this wave")]
    ));
}

#[test]
fn a_mark_over_few_lines_shows_them() {
    let sources = one("plan release\n\ntask a {\n  run \"x\"\n}\n");
    let text = sources.file(FileId(0)).text();
    let span = Span::new(FileId(0), text.find("task").expect("task"), text.len());
    insta::assert_snapshot!(show(
        &sources,
        &[Diagnostic::new(UNKNOWN_WORD, "task `a` is dull", span, "this task")]
    ));
}

#[test]
fn the_end_of_the_file_and_empty_places_can_be_marked() {
    let mut shown = String::new();
    for text in ["", "plan", "plan\n", "plan\n\n", "task a {\r\n"] {
        let sources = one(text);
        let span = Span::new(FileId(0), text.len(), text.len());
        shown += &show(
            &sources,
            &[Diagnostic::new(UNKNOWN_WORD, "the file ends too early", span, "expected `}`")],
        );
        shown.push('\n');
    }
    let sources = one("task a { run }\n");
    let span = at(&sources, 0, "run").at_end();
    shown +=
        &show(&sources, &[Diagnostic::new(UNKNOWN_WORD, "`run` has no command", span, "expected a string")]);
    insta::assert_snapshot!(shown);
}

#[test]
fn long_words_wrap_with_a_hanging_indent() {
    let sources = one(PLAN);
    let mut diagnostic = Diagnostic::new(
        UNKNOWN_WORD,
        "`migrate-the-database` and `generate-the-client` run at the same time and both write `src/db/schema.rs`",
        at(&sources, 0, "retrys"),
        "this is a label of quite some length which would not fit on the line where it stands",
    )
    .help("add `after migrate-the-database` to `generate-the-client`, or narrow one of the claims so that no file is in both")
    .note("the critical path:\n  schema 40m\n  client 20m");
    diagnostic.severity = Severity::Warning;
    insta::assert_snapshot!(show(&sources, &[diagnostic]));
}

#[test]
fn five_hundred_are_shown_quickly() {
    let text = format!("plan release\n{}", "  retrys 2\n".repeat(20_000));
    let sources = one(&text);
    let diagnostics: Vec<Diagnostic> = (0..500)
        .map(|line| {
            let start = 13 + line * 40 * 11 + 2;
            Diagnostic::new(UNKNOWN_WORD, "unknown word `retrys`", Span::new(FileId(0), start, start + 6), "")
        })
        .collect();
    let shown = show(&sources, &diagnostics);
    assert_eq!(shown.matches("error[unknown-word]").count(), 500);
    assert_eq!(summary(&sources, &diagnostics), "500 errors in release.wave");
}

#[test]
fn colour_only_adds_escapes() {
    let sources = one(PLAN);
    let diagnostics =
        [Diagnostic::new(UNKNOWN_WORD, "unknown word `retrys`", at(&sources, 0, "retrys"), "here")
            .help("write `retries`")];
    let plain = show(&sources, &diagnostics);
    let options = TextOptions { color: true, ..TextOptions::default() };
    let colored = render_text(&sources, &diagnostics, options);
    let escapes = regex::Regex::new("\x1b\\[[0-9;]*m").expect("the pattern is sound");
    assert!(colored.contains("\x1b["));
    assert_eq!(escapes.replace_all(&colored, ""), plain);
}
