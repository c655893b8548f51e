//! Makes the parser from `../grammar.js` (node reads it) and compiles it.

use std::path::{Path, PathBuf};

fn main() {
    let grammar = Path::new(env!("CARGO_MANIFEST_DIR")).join("../grammar.js");
    println!("cargo:rerun-if-changed={}", grammar.display());
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"));
    tree_sitter_generate::generate_parser_in_directory(
        grammar.parent().expect("it lies in a directory"),
        Some(&out),
        Some(&grammar),
        15,
        None,
        Some("node"),
        true,
        tree_sitter_generate::OptLevel::default(),
    )
    .expect("the grammar makes a parser");
    cc::Build::new().include(&out).file(out.join("parser.c")).warnings(false).opt_level(0).compile("wave");
}
