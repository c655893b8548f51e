//! What an editor is told: each case is a text with cursors `▮`, its snapshot what stands, or may stand, at each.

use crate::{beside, stem};
use std::fmt::Write as _;
use std::path::Path;
use wavec::check::Memory;
use wavec::compile::Options;
use wavec::ide::complete::{Known, complete};
use wavec::ide::hints::{hints, lenses};
use wavec::ide::hover::hover;
use wavec::ide::navigate::{fits, may_rename};
use wavec::ide::outline::{Outlined, folds, outline, selection};
use wavec::ide::signature::signature;
use wavec::ide::tokens::{KINDS, tokens};
use wavec::ide::{Analysis, analyze, layout};
use wavec::source::{ColumnUnit, FileId, SourceFile};
use wavec::syntax;

/// The text without its cursors, and where they were.
fn cursors(text: &str) -> (String, Vec<usize>) {
    let mut plain = String::new();
    let mut places = Vec::new();
    for (at, part) in text.split('▮').enumerate() {
        if at > 0 {
            places.push(plain.len());
        }
        plain.push_str(part);
    }
    (plain, places)
}

fn around() -> Memory {
    Memory::new()
        .with(
            "p/lib.wave",
            "agent builder { driver claude }\nagent reviewer { driver codex }\nresource gpu 2\n",
        )
        .with("p/src/main.rs", "")
        .with("p/src/db/schema.rs", "")
        .with("p/migrations/001.sql", "")
        .with("p/.claude/agents/scribe.md", "---\nname: scribe\n---\nWrite.")
        .with("p/prompts/do.md", "")
}

const PATH: &str = "p/plan.wave";

fn analyzed(text: &str) -> Analysis {
    analyze(Path::new(PATH), text, &around(), &Options::default())
}

/// A place, as people count.
fn place(text: &str, offset: usize) -> String {
    let place = SourceFile::new(PATH, text).position(offset, ColumnUnit::Char);
    let line = text.lines().nth(place.line as usize).unwrap_or_default();
    let (before, after) =
        line.split_at(line.char_indices().nth(place.column as usize).map_or(line.len(), |(at, _)| at));
    format!("{}: {}▮{}", place.line + 1, before.trim_start(), after)
}

fn each(directory: &str, tell: impl Fn(&str, usize) -> String) {
    insta::glob!("../cases/ide", &format!("{directory}/*.wave"), |path| {
        let (text, places) = cursors(&std::fs::read_to_string(path).unwrap());
        assert!(!places.is_empty(), "{} has no cursor", path.display());
        let mut out = String::new();
        for at in places {
            writeln!(out, "== {}\n{}\n", place(&text, at), tell(&text, at).trim_end()).unwrap();
        }
        beside(path, || insta::assert_snapshot!(stem(path), out));
    });
}

#[test]
fn a_hover_says_what_is_known() {
    each("hover", |text, at| {
        let analysis = analyzed(text);
        let planned = analysis.planned.clone();
        match hover(&analysis, planned.as_deref(), FileId(0), at, &around()) {
            Some(found) => format!("[{}]\n{}", &text[found.span.range()], found.text),
            None => "nothing".to_owned(),
        }
    });
}

#[test]
fn completion_knows_the_place() {
    each("complete", |text, at| {
        let analysis = analyzed(text);
        let loader = around();
        let known = Known {
            path: Path::new(PATH),
            index: &analysis.index,
            planned: analysis.planned.as_deref(),
            loader: &loader,
        };
        let (mut found, _) = complete(text, at, &known);
        found.sort_by(|a, b| (a.rank, &a.label).cmp(&(b.rank, &b.label)));
        let more = found.len().saturating_sub(24);
        let mut out = String::new();
        for item in found.iter().take(24) {
            let replaced = &text[item.replace.range()];
            let insert =
                if item.insert == item.label { String::new() } else { format!(" → {:?}", item.insert) };
            let over = if replaced.is_empty() { String::new() } else { format!(" over {replaced:?}") };
            writeln!(out, "{:?} {}{insert}{over}", item.kind, item.label).unwrap();
        }
        if more > 0 {
            writeln!(out, "… and {more} more").unwrap();
        }
        if out.is_empty() { "nothing".to_owned() } else { out }
    });
}

#[test]
fn names_are_found_and_changed() {
    each("names", |text, at| {
        let analysis = analyzed(text);
        let symbols = analysis.symbols_at(FileId(0), at);
        let mut out = String::new();
        for (id, _) in &symbols {
            let (symbol, span) = analysis.declaration(*id);
            let file = analysis.sources.file(span.file);
            let at = file.position(span.start as usize, ColumnUnit::Char);
            let path = file.path().display();
            writeln!(out, "{} {} at {path}:{}", symbol.kind.word(), symbol.names.join(", "), at.line + 1)
                .unwrap();
            let refusal = may_rename(&analysis, *id).and_then(|()| fits(&analysis, *id, "renamed")).err();
            if let Some(refusal) = refusal {
                writeln!(out, "  not renamed: {refusal}").unwrap();
            }
        }
        let ids: Vec<_> = symbols.into_iter().map(|(id, _)| id).collect();
        for found in analysis.references(&ids) {
            let file = analysis.sources.file(found.span.file);
            let start = found.span.start as usize;
            let mark = if found.is_declaration { "declared" } else { "used" };
            writeln!(out, "  {mark} {}:{}", found.path.display(), place(file.text(), start)).unwrap();
        }
        if out.is_empty() { "nothing".to_owned() } else { out }
    });
}

#[test]
fn a_statement_shows_its_form() {
    each("signature", |text, at| match signature(text, at) {
        None => "nothing".to_owned(),
        Some(found) => {
            let lines = found.forms.iter().enumerate().map(|(at, (form, meaning))| {
                let mark = if at == found.active { "▶" } else { " " };
                format!("{mark} {form} — {meaning}\n")
            });
            lines.collect()
        }
    });
}

fn show_outline(out: &mut String, symbols: &[Outlined], depth: usize) {
    for symbol in symbols {
        writeln!(out, "{:1$}{2} {3} {4}", "", depth * 2, symbol.kind.word(), symbol.name, symbol.detail)
            .unwrap();
        show_outline(out, &symbol.children, depth + 1);
    }
}

#[test]
fn a_file_has_a_shape() {
    insta::glob!("../cases/ide", "shape/*.wave", |path| {
        let (text, places) = cursors(&std::fs::read_to_string(path).unwrap());
        let parsed = syntax::parse(FileId(0), &text);
        let source = SourceFile::new(PATH, text.as_str());
        let line = |at: u32| source.position(at as usize, ColumnUnit::Char).line + 1;
        let mut out = String::from("== outline\n");
        show_outline(&mut out, &outline(&parsed.file), 0);
        out.push_str("== folds\n");
        for fold in folds(&text, &parsed.file) {
            writeln!(out, "{}–{} comment: {}", line(fold.span.start), line(fold.span.end), fold.is_comment)
                .unwrap();
        }
        for at in places {
            writeln!(out, "== selection {}", place(&text, at)).unwrap();
            for span in selection(&text, &parsed.file, at) {
                writeln!(out, "{:?}", &text[span.range()]).unwrap();
            }
        }
        out.push_str("== tokens\n");
        let mut last = 0;
        for token in tokens(&text, &parsed.file) {
            let now = line(token.span.start);
            out.push_str(if now == last { " " } else { "\n" });
            last = now;
            let mark = if token.modifiers > 0 { "!" } else { "" };
            write!(out, "{}{mark}:{}", &text[token.span.range()], KINDS[token.kind as usize]).unwrap();
        }
        let analysis = analyzed(&text);
        if let Some(planned) = &analysis.planned {
            out.push_str("\n== hints\n");
            for hint in hints(&analysis, planned, FileId(0), 0..text.len()) {
                writeln!(out, "{} {}", place(&text, hint.span.start as usize), hint.text).unwrap();
            }
        }
        out.push_str("\n== lenses\n");
        for lens in lenses(&analysis, analysis.planned.as_deref()) {
            writeln!(out, "{} {}", line(lens.span.start), lens.title).unwrap();
        }
        beside(path, || insta::assert_snapshot!(stem(path), out));
    });
}

/// No place of any text makes it fall over: every case of every room, cut at every tenth character.
#[test]
fn nothing_falls_over_in_the_middle_of_typing() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let loader = around();
    let mut count = 0;
    for room in ["syntax", "check", "prove", "lower"] {
        let mut open = vec![cases.join(room)];
        while let Some(directory) = open.pop() {
            for entry in std::fs::read_dir(directory).unwrap().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    open.push(path);
                    continue;
                }
                if path.extension().is_none_or(|ending| ending != "wave")
                    || path.metadata().unwrap().len() > 3_000
                {
                    continue;
                }
                let Ok(text) = std::fs::read_to_string(&path) else { continue };
                count += 1;
                // Each file is cut at two places that differ from file to file.
                for share in [3 + count % 5, 9] {
                    let cut = text.floor_char_boundary(text.len() * share / 10);
                    let text = &text[..cut];
                    let analysis = analyzed(text);
                    let known = Known {
                        path: Path::new(PATH),
                        index: &analysis.index,
                        planned: None,
                        loader: &loader,
                    };
                    let parsed = syntax::parse(FileId(0), text);
                    folds(text, &parsed.file);
                    outline(&parsed.file);
                    let all = tokens(text, &parsed.file);
                    assert!(
                        all.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start),
                        "{}",
                        path.display()
                    );
                    layout::format(text);
                    for at in [cut, text.floor_char_boundary(cut / 2), text.floor_char_boundary(cut * 3 / 4)]
                    {
                        complete(text, at, &known);
                        signature(text, at);
                        hover(&analysis, analysis.planned.as_deref(), FileId(0), at, &loader);
                        selection(text, &parsed.file, at);
                        layout::format_typed(text, at);
                        layout::indentation(text, at);
                    }
                }
            }
        }
    }
    assert!(count > 100);
}

/// Edits of the formatter give what the formatter gives, for the whole and for its parts together.
#[test]
fn formatting_by_edits_is_formatting() {
    let text = "plan p\n\n\n\ntask a {run \"x\"}\n# c\ntask b   { run \"y\" }\ntask c { run \"z\" }\n";
    let parsed = syntax::parse(FileId(0), text);
    let whole = wavec::format::format(text, &parsed.file);
    let mut edits = layout::format(text).unwrap();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
    let mut edited = text.to_owned();
    edits.iter().for_each(|edit| edited.replace_range(edit.span.range(), &edit.text));
    assert_eq!(edited, whole);
    let at = text.find("task b").unwrap();
    let part = layout::format_range(text, at..at + 3).unwrap();
    assert_eq!(part.len(), 1, "{part:?}");
    assert_eq!(layout::format("plan p\ntask {"), None, "what cannot be read is left as it is");
}

/// The statements around a place as they are read alone are those that reading the whole text gives.
#[test]
fn what_is_read_around_a_place_is_what_stands_there() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut count = 0;
    for entry in ignore::WalkBuilder::new(cases).sort_by_file_path(Path::cmp).build().flatten() {
        let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
        if entry.path().extension().is_none_or(|ending| ending != "wave") || text.len() > 5_000 {
            continue;
        }
        count += 1;
        let whole = syntax::parse(FileId(0), &text).file;
        for share in [1, 4, 7, 10] {
            let at = text.floor_char_boundary(text.len() * share / 10);
            let around = syntax::parse_around(FileId(0), &text, at);
            let touched = |file: &syntax::ast::File| {
                let statements = file.body.statements.iter();
                let touched =
                    statements.filter(|it| it.span.start as usize <= at && at <= it.span.end as usize);
                touched.map(|statement| format!("{statement:?}")).collect::<Vec<_>>()
            };
            // At the border of two, the one behind may be left to the next part.
            let (whole, around) = (touched(&whole), touched(&around));
            assert_eq!(whole.first(), around.first(), "{} at {at}", entry.path().display());
        }
    }
    assert!(count > 300, "only {count} cases were found");
}
