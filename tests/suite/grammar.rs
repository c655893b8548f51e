//! What the editors' grammar is held against: every text of this repository, and whether wavec reads it.
//!
//! Writes them where `editors/tree-sitter-wave/check.sh` finds them; that the two agree is tested there.

use crate::docs::{blocks, pages};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use wavec::diagnostic::codes;
use wavec::source::FileId;
use wavec::syntax;

/// Whether a text is statements, whatever they mean: no word is unknown, none is missing, all is closed.
fn reads(text: &str) -> bool {
    const BROKEN: [codes::Code; 7] = [
        codes::UNKNOWN_WORD,
        codes::MALFORMED_STATEMENT,
        codes::UNCLOSED_BRACE,
        codes::UNCLOSED_STRING,
        codes::STRAY_BRACE,
        codes::NULL_BYTE,
        codes::NESTED_TOO_DEEP,
    ];
    syntax::parse(FileId(0), text).diagnostics.iter().all(|found| !BROKEN.contains(&found.code))
}

/// Every plan below a directory.
fn plans(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            plans(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "wave") {
            found.push(path);
        }
    }
}

#[test]
fn every_text_is_written_out_with_whether_it_reads() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    plans(&root.join("tests/cases"), &mut paths);
    plans(&root.join("examples"), &mut paths);
    paths.sort();
    let name = |path: &Path| path.strip_prefix(root).unwrap_or(path).display().to_string();
    let mut texts: Vec<(String, String)> = paths
        .iter()
        .filter_map(|path| Some((name(path), std::fs::read_to_string(path).ok()?)))
        .filter(|(_, text)| text.len() < 64 * 1024)
        .collect();
    let mut pages = pages();
    plans_of_diagnostics(root, &mut pages);
    for page in pages {
        let own = blocks(&page).into_iter().filter(|block| block.is("wave"));
        texts.extend(own.map(|block| (format!("{}:{}", name(&page), block.line), block.text)));
    }
    let mut lines = String::new();
    let mut read = 0;
    for (name, text) in &texts {
        let reads = reads(text);
        read += usize::from(reads);
        let line = serde_json::json!({ "name": name, "text": text, "reads": reads });
        writeln!(lines, "{line}").unwrap();
    }
    std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join("grammar-texts.jsonl"), lines).unwrap();
    assert!(texts.len() > 600 && read > 500 && read < texts.len() - 50, "{read} of {}", texts.len());
}

fn plans_of_diagnostics(root: &Path, pages: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(root.join("docs/diagnostics")).expect("the pages are there");
    pages.extend(entries.flatten().map(|entry| entry.path()));
    pages.sort();
}
