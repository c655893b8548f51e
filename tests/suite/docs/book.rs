//! `docs/` is a book: every page has its place in `SUMMARY.md`, and no link of a page leads out of it.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use wavec::diagnostic::codes::{ALL, Group};

fn documents() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("the page is there")
}

/// The pages below `docs/`, by path from there.
fn pages() -> BTreeSet<String> {
    let walk = ignore::WalkBuilder::new(documents()).build().flatten();
    let pages = walk.filter(|entry| entry.path().extension() == Some("md".as_ref()));
    pages
        .map(|entry| entry.path().strip_prefix(documents()).expect("it is below").display().to_string())
        .filter(|page| page != "SUMMARY.md")
        .collect()
}

/// The targets of the links of a page, in order.
fn targets(text: &str) -> Vec<&str> {
    text.match_indices("](").map(|(at, _)| text[at + 2..].split(')').next().unwrap_or_default()).collect()
}

/// The pages of the messages stand in the table of contents by group; `WAVEC_UPDATE=1` writes them.
#[test]
fn the_table_of_contents_is_whole() {
    let path = documents().join("SUMMARY.md");
    let text = read(&path);
    let mark = "- [What wavec can say](diagnostics/README.md)\n";
    let (before, rest) = text.split_once(mark).expect("the messages have their place");
    let after: String =
        rest.lines().filter(|line| !line.starts_with("  ")).map(|line| format!("{line}\n")).collect();
    let mut messages = String::new();
    let mut groups: Vec<Group> = Vec::new();
    for code in ALL {
        if !groups.contains(&code.group()) {
            groups.push(code.group());
        }
    }
    for group in groups {
        let _ = writeln!(messages, "  - [{}]()", group.title());
        for code in ALL.iter().filter(|code| code.group() == group) {
            let _ = writeln!(messages, "    - [{0}](diagnostics/{0}.md)", code.name());
        }
    }
    let expected = format!("{before}{mark}{messages}{after}");
    if std::env::var_os("WAVEC_UPDATE").is_some() {
        std::fs::write(&path, &expected).expect("it can be written");
    }
    assert_eq!(read(&path), expected, "write it anew with WAVEC_UPDATE=1");
    let listed: Vec<&str> = targets(&expected).into_iter().filter(|target| !target.is_empty()).collect();
    let once: BTreeSet<String> = listed.iter().map(|target| (*target).to_owned()).collect();
    assert_eq!(listed.len(), once.len(), "a page is listed twice");
    assert_eq!(once, pages());
}

#[test]
fn no_link_leads_out_of_the_book() {
    let mut wrong = Vec::new();
    for page in pages() {
        let path = documents().join(&page);
        let folder = path.parent().expect("a page stands in a folder").to_path_buf();
        for target in targets(&read(&path)) {
            if target.starts_with("https://") || target.starts_with("http://") || target.starts_with('#') {
                continue;
            }
            let file = folder.join(target.split('#').next().unwrap_or_default());
            let is_inside = std::fs::canonicalize(&file).is_ok_and(|file| {
                file.starts_with(std::fs::canonicalize(documents()).expect("docs/ is there"))
            });
            if !is_inside {
                wrong.push(format!("docs/{page}: `{target}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "they lead out of the book, or nowhere: {wrong:#?}");
}

#[test]
fn the_colours_know_every_word() {
    let colours = read(&documents().join("book/wave.js"));
    let words: BTreeSet<&str> = colours.split(|c: char| !(c.is_ascii_lowercase() || c == '-')).collect();
    let missing: Vec<&str> = wavec::syntax::vocabulary::WORDS
        .iter()
        .flat_map(|word| word.keyword.split(' '))
        .filter(|word| !words.contains(word))
        .collect();
    assert!(missing.is_empty(), "docs/book/wave.js does not know {missing:?}");
}
