//! Fixes: they mend what they say, twice is once, and nothing else changes.

use crate::cli::Scratch;
use crate::generate;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::path::Path;
use wavec::check::Memory;
use wavec::compile::{self, Compilation, Options};
use wavec::diagnostic::codes::UNKNOWN_WORD;
use wavec::diagnostic::{Diagnostic, Edit, fix};
use wavec::source::{FileId, SourceFile, SourceMap, Span};
use wavec::syntax;

fn compile_text(text: &str) -> Compilation {
    compile::compile(Path::new("plan.wave"), text, &Memory::new(), &Options::default())
}

fn edit(start: usize, end: usize, text: &str) -> Edit {
    Edit { span: Span::new(FileId(0), start, end), text: text.into() }
}

fn with_fix(edits: Vec<Edit>, is_safe: bool) -> Diagnostic {
    Diagnostic::new(UNKNOWN_WORD, "x", Span::new(FileId(0), 0, 0), "").fix("mend", edits, is_safe)
}

/// Makes the safe fixes until there is none; gives the text and how many rounds it took.
fn mend(text: &str) -> (String, usize, BTreeSet<&'static str>) {
    let mut text = text.to_string();
    let mut codes = BTreeSet::new();
    for round in 0..50 {
        let compilation = compile_text(&text);
        let chosen = fix::choose(&compilation.diagnostics, |_| true);
        if chosen.is_empty() {
            return (text, round, codes);
        }
        let chosen = chosen.iter().map(|index| &compilation.diagnostics[*index]);
        codes.extend(chosen.clone().map(|diagnostic| diagnostic.code.name()));
        let edits = chosen.filter_map(|diagnostic| diagnostic.fix.as_ref()).flat_map(|fix| &fix.edits);
        let mut edited = fix::apply(&compilation.sources, edits);
        let new = edited.remove(&FileId(0)).expect("the fix edits the plan");
        assert_ne!(new, text, "a fix that changes nothing: {codes:?}");
        text = new;
    }
    panic!("fixes of {codes:?} never end:\n{text}");
}

/// The promises of `--fix` for one text.
fn keeps_its_promises(text: &str) {
    let (mended, rounds, codes) = mend(text);
    let (again, more, _) = mend(&mended);
    assert_eq!((&again, more), (&mended, 0), "fixing twice changes nothing");
    if rounds == 0 {
        return;
    }
    let safe: Vec<&str> = compile_text(&mended)
        .diagnostics
        .iter()
        .filter(|found| {
            found.fix.as_ref().is_some_and(|fix| fix.is_safe) && codes.contains(found.code.name())
        })
        .map(|found| found.code.name())
        .collect();
    assert!(safe.is_empty(), "{safe:?} is still there after its fix:\n{mended}");
    let comments = |text: &str| {
        let parsed = syntax::parse(FileId(0), text);
        parsed.file.comments.iter().map(|comment| text[comment.span.range()].to_string()).collect::<Vec<_>>()
    };
    // An allowance of a misspelled code is a comment that a fix mends.
    if !codes.contains("unknown-code") {
        assert_eq!(comments(text), comments(&mended), "the comments of\n{text}\n=>\n{mended}");
    }
}

#[test]
fn fixes_that_meet_are_not_made_together() {
    let sources = SourceMap::of(SourceFile::new("plan.wave", "0123456789"));
    let diagnostics = [
        with_fix(vec![edit(0, 2, "a"), edit(4, 4, "b")], true),
        with_fix(vec![edit(1, 3, "c")], true),
        with_fix(vec![edit(4, 4, "d")], true),
        with_fix(vec![edit(6, 7, "e")], false),
        with_fix(vec![edit(7, 9, "f")], true),
        with_fix(vec![edit(9, 10, "g"), edit(9, 10, "h")], true),
    ];
    let chosen = fix::choose(&diagnostics, |_| true);
    assert_eq!(chosen, [0, 4]);
    let edits = chosen.iter().filter_map(|index| diagnostics[*index].fix.as_ref()).flat_map(|fix| &fix.edits);
    assert_eq!(fix::apply(&sources, edits)[&FileId(0)], "a23b456f9");
    assert!(fix::choose(&diagnostics, |_| false).is_empty());
}

#[test]
fn every_case_of_the_repository_is_mended_for_good() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut codes = BTreeSet::new();
    for entry in ignore::WalkBuilder::new(root.join("tests/cases")).build().flatten() {
        if entry.path().extension().is_some_and(|ending| ending == "wave")
            && let Ok(text) = std::fs::read_to_string(entry.path())
        {
            keeps_its_promises(&text);
            codes.extend(mend(&text).2);
        }
    }
    for code in wavec::diagnostic::codes::ALL {
        for block in code.page().split("```wave\n").skip(1) {
            keeps_its_promises(block.split("```").next().unwrap_or_default());
        }
    }
    // Each kind of fix that is made unasked was met: spelling and order of words, edges too few and too many, claims,
    // a sequence for a set.
    let kinds = [
        "unknown-word",
        "malformed-statement",
        "redundant-after",
        "write-conflict",
        "stale-read",
        "before-refuted",
        "unknown-claims",
        "could-run-together",
    ];
    let unmet: Vec<&str> = kinds.into_iter().filter(|kind| !codes.contains(kind)).collect();
    assert!(unmet.is_empty(), "{unmet:?} not among {codes:?}");
}

#[test]
fn two_edges_that_would_make_a_circle_are_not_made_together() {
    let text = "plan p\n\nagent c { driver command; run \"./c\" }\n\nparallel {\n  \
                task a \"A\" { agent c; reads \"b.md\"; writes \"a.md\" }\n  \
                task b \"B\" { agent c; reads \"a.md\"; writes \"b.md\" }\n}\n";
    let (mended, _, codes) = mend(text);
    assert!(codes.contains("stale-read"));
    assert_eq!(mended.matches("after").count(), 1, "{mended}");
    assert!(!compile_text(&mended).has_errors(), "{mended}");
}

#[test]
fn what_diff_shows_git_applies() {
    let text = "plan p\n\n# who\nagent c { driver command; run \"./c\" }\n\nparallel {\n  \
                task a { agent c; prompt \"A\"; writes \"x\" } # the first\n  \
                task b \"B\" {\n    agent c # why\n    writes \"x\"\n    retrys 2\n  }\n}";
    let scratch = Scratch::new().file("in/p.wave", text);
    let patch = scratch.wavec(&["check", "--diff", "in/p.wave"]);
    assert_eq!(patch.code, Some(1), "{}", patch.show());
    let scratch = scratch.file("p.patch", &patch.stdout);
    let applied = scratch.shell("rm -rf .git && git init -q . && git apply p.patch");
    assert_eq!(applied.code, Some(0), "{}\n{}", applied.show(), patch.stdout);
    let by_git = scratch.read("in/p.wave");
    assert_ne!(by_git, text);
    let scratch = scratch.file("in/p.wave", text);
    assert_eq!(scratch.wavec(&["check", "--fix", "in/p.wave"]).code, Some(0));
    assert_eq!(scratch.read("in/p.wave"), by_git);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, max_shrink_iters: 800, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_plans_are_mended_for_good(text in generate::plan_text()) {
        keeps_its_promises(&text);
    }

    /// Mistakes as people make them: a word of a plan changed, dropped or doubled.
    #[test]
    fn arbitrary_mistakes_are_mended_for_good(
        text in generate::plain_plan_text(), at in any::<prop::sample::Index>(), what in 0..4u8,
    ) {
        let words: Vec<&str> = text.split_inclusive(char::is_whitespace).collect();
        let index = at.index(words.len());
        let mut words: Vec<String> = words.into_iter().map(String::from).collect();
        match what {
            0 => { words.remove(index); }
            1 => { let word = words[index].clone(); words.insert(index, word); }
            2 => words[index] = words[index].chars().rev().collect(),
            _ => { words[index].insert(0, 'x'); }
        }
        keeps_its_promises(&words.concat());
    }
}
