//! Holds the tree-sitter grammar against its corpus, its queries, and wavec itself.
//!
//! `check TEXTS`: of each text the grammar accepts (no error node in its tree) what wavec reads as statements, and rejects the
//! rest. TEXTS has a line of JSON a text, written by wavec's own tests. `known.txt` lists where the two are known to differ; a line there that
//! differs no more is an error too.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use tree_sitter::{Language, Parser, Query};
use tree_sitter_language::LanguageFn;

unsafe extern "C" {
    fn tree_sitter_wave() -> *const ();
}

fn language() -> Language {
    // Made by the build script from the grammar beside it.
    unsafe { LanguageFn::from_raw(tree_sitter_wave) }.into()
}

fn main() -> ExitCode {
    let Some(texts) = std::env::args().nth(1) else {
        eprintln!("name the texts to compare with");
        return ExitCode::FAILURE;
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut parser = Parser::new();
    parser.set_language(&language()).expect("the parser is of this edition");
    let mut wrong = queries(&root) + corpus(&root, &mut parser);
    let known = std::fs::read_to_string(root.join("check/known.txt")).unwrap_or_default();
    let known: BTreeSet<&str> =
        known.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let mut differs = BTreeSet::new();
    let mut count = 0;
    let texts = std::fs::read_to_string(texts).expect("the texts are there: wavec's tests write them");
    for line in texts.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("a line is JSON");
        let (name, text) =
            (line["name"].as_str().unwrap_or_default(), line["text"].as_str().unwrap_or_default());
        let reads = line["reads"] == true;
        count += 1;
        let tree = parser.parse(text, None).expect("nothing stops it");
        let accepts = !tree.root_node().has_error();
        if accepts != reads {
            // The lines of a page move.
            let name = name.split_once(".md:").map_or(name, |(page, _)| page);
            if !known.contains(name) {
                wrong += 1;
                println!(
                    "{name}: the grammar {}, wavec {}{}",
                    word(accepts),
                    word(reads),
                    first_error(&tree)
                );
            }
            differs.insert(name.to_owned());
        }
    }
    for line in known.iter().filter(|line| !differs.contains(**line)) {
        wrong += 1;
        println!("known.txt: {line} differs no more");
    }
    println!("{count} files, {} known to differ, {wrong} wrong", known.len());
    if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn word(accepts: bool) -> &'static str {
    if accepts { "accepts it" } else { "rejects it" }
}

/// Where the first error of a tree is.
fn first_error(tree: &tree_sitter::Tree) -> String {
    let mut open = vec![tree.root_node()];
    while let Some(node) = open.pop() {
        if node.is_error() || node.is_missing() {
            let place = node.start_position();
            return format!(" ({}:{})", place.row + 1, place.column + 1);
        }
        let mut cursor = node.walk();
        let mut inner: Vec<_> =
            node.children(&mut cursor).filter(|inner| inner.has_error() || inner.is_missing()).collect();
        inner.reverse();
        open.extend(inner);
    }
    String::new()
}

/// Every query is one of this grammar.
fn queries(root: &Path) -> usize {
    let mut wrong = 0;
    for name in ["highlights", "folds", "indents", "injections", "tags"] {
        let text =
            std::fs::read_to_string(root.join(format!("queries/{name}.scm"))).expect("the query is there");
        if let Err(error) = Query::new(&language(), &text) {
            wrong += 1;
            println!("queries/{name}.scm: {error}");
        }
    }
    wrong
}

/// Every case of the corpus gives its tree. The cases are those of `tree-sitter test`.
fn corpus(root: &Path, parser: &mut Parser) -> usize {
    let mut wrong = 0;
    for entry in std::fs::read_dir(root.join("test/corpus")).expect("the corpus is there").flatten() {
        let text = std::fs::read_to_string(entry.path()).expect("a case is text");
        let mut lines = text.lines().peekable();
        while lines.peek().is_some() {
            let is_rule = |line: &&str| line.starts_with("===");
            while lines.next_if(|line| !is_rule(line)).is_some() {}
            if lines.next().is_none() {
                break;
            }
            let title = lines.next().unwrap_or_default();
            lines.next();
            let mut source = String::new();
            while let Some(line) = lines.next_if(|line| !line.starts_with("---")) {
                source.push_str(line);
                source.push('\n');
            }
            lines.next();
            let mut wanted = String::new();
            while let Some(line) = lines.next_if(|line| !is_rule(line)) {
                wanted.push_str(line);
                wanted.push(' ');
            }
            let tree = parser.parse(source.trim(), None).expect("nothing stops it");
            let (found, wanted) = (plain(&tree.root_node().to_sexp()), plain(&wanted));
            if found != wanted {
                wrong += 1;
                println!("corpus: {title}\n  wanted {wanted}\n  found  {found}");
            }
        }
    }
    wrong
}

/// A tree without the names of fields and with one blank between nodes.
fn plain(tree: &str) -> String {
    let tree = tree.replace('(', " ( ").replace(')', " ) ");
    let words = tree.split_whitespace().filter(|word| !word.ends_with(':'));
    words.collect::<Vec<_>>().join(" ").replace("( ", "(").replace(" )", ")")
}
