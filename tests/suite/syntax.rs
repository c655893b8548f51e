//! The parser: what reads, what does not, and what is said about it.

use proptest::prelude::*;
use std::path::Path;
use wavec::diagnostic::render::{TextOptions, render_text};
use wavec::diagnostic::{Edit, codes};
use wavec::source::{FileId, SourceFile, SourceMap, Span};
use wavec::syntax::ast::{Body, StatementKind};
use wavec::syntax::{self, Parsed};

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
        assert_sane(&text);
        assert_beside(path, &syntax::skeleton(&parsed.file));
    });
}

/// Every diagnostic of a text as a person sees it, and what its fix would make of the line.
fn rendered(path: &Path, text: &str) -> String {
    let name = path.file_name().unwrap();
    let sources = SourceMap::of(SourceFile::new(name, text));
    let mut out = String::new();
    for diagnostic in &syntax::parse(FileId(0), text).diagnostics {
        out += &render_text(&sources, std::slice::from_ref(diagnostic), TextOptions::default());
        if let Some(fix) = &diagnostic.fix {
            let fixed = fixed(text, &fix.edits);
            let line = text[..fix.edits[0].span.start as usize].matches('\n').count();
            let safe = if fix.is_safe { "safe" } else { "to be seen" };
            out += &format!("  fix ({safe}): {}\n", fixed.lines().nth(line).unwrap_or("").trim());
        }
        out.push('\n');
    }
    out
}

/// A text with edits made.
fn fixed(text: &str, edits: &[Edit]) -> String {
    let mut fixed = text.to_owned();
    let mut edits: Vec<&Edit> = edits.iter().collect();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
    for edit in edits {
        fixed.replace_range(edit.span.range(), &edit.text);
    }
    fixed
}

#[test]
fn every_mistake_is_told_where_it_is() {
    insta::glob!("../cases/syntax", "*/*.wave", |path| {
        if path.parent().unwrap().ends_with("good") {
            return;
        }
        let text = std::fs::read_to_string(path).unwrap();
        let parsed = syntax::parse(FileId(0), &text);
        assert_beside(
            path,
            &format!("{}--- tree\n{}", rendered(path, &text), syntax::skeleton(&parsed.file)),
        );
    });
}

/// What is said about a text: the codes, in order of place.
fn said(text: &str) -> Vec<&'static str> {
    syntax::parse(FileId(0), text).diagnostics.iter().map(|diagnostic| diagnostic.code.name()).collect()
}

#[test]
fn what_is_hardly_a_text_reads() {
    for nothing in ["", "\u{feff}", "\n", " \t\r\n", "# a comment", "#", "##", "#!/usr/bin/env wavec", ";;;"]
    {
        assert_eq!(said(nothing), [""; 0], "{nothing:?}");
    }
    let with_mark = syntax::parse(FileId(0), "\u{feff}#!x\nplan x\r\ntask a { run \"y\" }\r\n");
    assert!(with_mark.diagnostics.is_empty());
    assert_eq!(with_mark.file.comments[0].kind, syntax::ast::CommentKind::Shebang);
    assert_eq!(said("plan x\ntask a { run \"a\0b\0\" }\n"), [codes::NULL_BYTE.name()]);
}

#[test]
fn line_breaks_of_both_kinds_mean_the_same() {
    let text = "plan x\ntask a {\n  run \"\"\"\n    one\n      two\n\n    \"\"\"\n  run '''\n  a\n'''\n}\n";
    let both = [text.to_owned(), text.replace('\n', "\r\n")].map(|text| {
        let parsed = syntax::parse(FileId(0), &text);
        assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
        syntax::skeleton(&parsed.file)
    });
    assert_eq!(both[0], both[1]);
}

#[test]
fn every_byte_survives_in_literals() {
    let hostile =
        "\u{1b}[31m \\n \\ {{x}} {{{{ \" ` $(rm -rf /) # ; } { \u{202e} \u{feff} \t \u{7f} é 🌊 \r x";
    let text = format!("task a {{ run '{hostile}' }}\ntask b {{ run '''\n{hostile}\n''' }}\n");
    let parsed = syntax::parse(FileId(0), &text);
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    let mut runs = Vec::new();
    for statement in &parsed.file.body.statements {
        for inner in &statement.kind.body().unwrap().statements {
            if let StatementKind::Run(syntax::ast::Command::Shell(text)) = &inner.kind {
                runs.push(text.plain().unwrap().to_owned());
            }
        }
    }
    assert_eq!(runs, [hostile.to_owned(), format!("{hostile}\n")]);
}

#[test]
fn depth_and_size_are_no_danger() {
    let deep =
        |count: usize| format!("{}task a {{ run \"x\" }}{}", "serial {\n".repeat(count), "}\n".repeat(count));
    assert_eq!(said(&deep(syntax::DEEPEST - 1)), [""; 0]);
    assert_eq!(said(&deep(syntax::DEEPEST)), [codes::NESTED_TOO_DEEP.name()]);
    assert_eq!(said(&deep(10_000)), [codes::NESTED_TOO_DEEP.name()]);
    // What follows is read again.
    let after = format!("{}retries two\n", deep(10_000));
    assert_eq!(said(&after), [codes::NESTED_TOO_DEEP.name(), codes::MALFORMED_STATEMENT.name()]);

    assert!(said(&"{".repeat(1_000_000)).len() <= 3);
    assert!(said(&"}".repeat(100_000)).len() <= 1_000);
    assert_eq!(said(&format!("plan x \"{}\"", "y".repeat(1_000_000))), [""; 0]);
    assert_eq!(said(&"x ".repeat(200_000)), [codes::UNKNOWN_WORD.name()]);
    assert!(said(&"retries two ".repeat(50_000)).len() <= 1_000);
    assert_eq!(said(&"task a { run \"x\" }\n".repeat(2_000)), [""; 0]);
}

/// Calls `see` with every span of a body.
fn spans(body: &Body<'_>, see: &mut impl FnMut(Span)) {
    see(body.span);
    for statement in &body.statements {
        see(statement.span);
        see(statement.keyword());
        if let Some(inner) = statement.kind.body() {
            spans(inner, see);
        }
    }
}

/// What must hold of every text's parse.
fn assert_sane(text: &str) {
    let Parsed { file, diagnostics } = syntax::parse(FileId(0), text);
    // The short cut for plain statements makes no difference, not in a single place.
    let by_grammar = syntax::parse_by_grammar(FileId(0), text);
    assert_eq!(format!("{file:?}"), format!("{:?}", by_grammar.file));
    assert_eq!(diagnostics, by_grammar.diagnostics);
    // Nor does reading it in parts.
    for count in [2, 5, 100] {
        let in_parts = syntax::parse_in_parts(FileId(0), text, count);
        assert_eq!(format!("{file:?}"), format!("{:?}", in_parts.file));
        assert_eq!(diagnostics, in_parts.diagnostics);
    }
    let mut see = |span: Span| {
        assert!(text.get(span.range()).is_some(), "{span:?} of {}", text.len());
    };
    spans(&file.body, &mut see);
    file.comments.iter().for_each(|comment| see(comment.span));
    for diagnostic in &diagnostics {
        assert!(!diagnostic.labels.is_empty());
        diagnostic.labels.iter().for_each(|label| see(label.span));
        if let Some(fix) = &diagnostic.fix {
            fix.edits.iter().for_each(|edit| see(edit.span));
        }
        let lower = diagnostic.message.chars().next().is_some_and(|c| !c.is_uppercase());
        assert!(lower && !diagnostic.message.ends_with('.'), "{}", diagnostic.message);
    }
    assert!(file.comments.is_sorted_by_key(|comment| comment.span.start));
    let has_junk = syntax::skeleton(&file).lines().any(|line| line.trim_start() == "junk");
    assert!(!has_junk || !diagnostics.is_empty(), "junk without a word about it");
}

/// Real plans, to change at random.
fn plans() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/syntax");
    let mut plans = Vec::new();
    for entry in ["good/all-statements", "good/everything", "good/any-script", "unclosed-string/block"] {
        plans.push(std::fs::read_to_string(folder.join(entry).with_extension("wave")).unwrap());
    }
    plans
}

/// Statements that are nearly right: words of the language after those that begin one, with values and marks.
fn words() -> impl Strategy<Value = String> {
    const BEGIN: [&str; 14] = [
        "check \"t\"",
        "check \"t\" runs \"c\"",
        "check a",
        "check",
        "criterion c",
        "criterion c \"t\"",
        "env A",
        "on failure",
        "on",
        "param p one of",
        "param p number",
        "assert a before",
        "assert",
        "use",
    ];
    const WORDS: [&str; 28] = [
        "runs",
        "exists",
        "missing",
        "contains",
        "lacks",
        "value",
        "of",
        "at",
        "in",
        "prints",
        "exits",
        "within",
        "judged by",
        "manual",
        "stop",
        "continue",
        "failure",
        "one",
        "text",
        "flag",
        "before",
        "alongside",
        "makespan",
        "speedup",
        "workers",
        "cost",
        "from",
        "preflight {",
    ];
    const VALUES: [&str; 22] = [
        "\"x\"", "'y'", "\"open", "=", "==", "<", ">=", "!", "5", "0.5", "5%", "-1", "1_0", "5.", "30m", "a",
        "b-c", "a.b", "é", "{{x}}", "true", "$5",
    ];
    const MARKS: [&str; 8] = [";", ",", "}", "# c\n", "\n", "\n\n", "task t", "\ncheck \"t\" runs \"c\""];
    const GAPS: [&str; 6] = [" ", " ", " ", "\n  ", "", " # c\n"];
    let word = prop_oneof![
        2 => prop::sample::select(&BEGIN[..]),
        4 => prop::sample::select(&WORDS[..]),
        4 => prop::sample::select(&VALUES[..]),
        1 => prop::sample::select(&MARKS[..]),
    ];
    let rest = prop::collection::vec((word, prop::sample::select(&GAPS[..])), 0..9);
    (prop::sample::select(&BEGIN[..]), rest).prop_map(|(begin, rest)| {
        rest.into_iter().fold(begin.to_owned(), |text, (word, gap)| text + gap + word)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_text_parses(text in "\\PC*") {
        assert_sane(&text);
    }

    #[test]
    fn any_bytes_parse(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        assert_sane(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_marks_parse(text in "([{}\"'#;,:=\\\\ \n\r\t.-]|task|wave|a|run|\"\"\"|'''|\\{\\{x\\}\\}|on|no-go|30|m|\\$){0,60}") {
        assert_sane(&text);
    }

    #[test]
    fn any_words_parse(text in words()) {
        assert_sane(&text);
    }

    #[test]
    fn a_changed_plan_parses(
        which in 0..4usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0..8usize, "[{}\"'#;,a-z \n]{0,3}"), 1..6),
    ) {
        let mut text = plans().swap_remove(which);
        for (at, length, with) in changes {
            let mut from = at.index(text.len() + 1);
            while !text.is_char_boundary(from) {
                from -= 1;
            }
            let mut to = (from + length).min(text.len());
            while !text.is_char_boundary(to) {
                to += 1;
            }
            text.replace_range(from..to, &with);
        }
        assert_sane(&text);
    }
}
