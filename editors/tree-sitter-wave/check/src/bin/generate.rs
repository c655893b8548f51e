//! Makes the parser from `grammar.js`, which node reads: `generate FOLDER`. What `tree-sitter generate --abi 14` does.

use std::path::{Path, PathBuf};
use tree_sitter_generate::{OptLevel, generate_parser_in_directory};

/// The edition of parsers that editors of the last years read.
const ABI: usize = 14;

fn main() {
    let folder = PathBuf::from(std::env::args().nth(1).expect("name the folder to write to"));
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut said = Vec::new();
    let made = generate_parser_in_directory(
        root.clone(),
        Some(folder),
        Some(root.join("grammar.js")),
        ABI,
        None,
        Some("node"),
        true,
        OptLevel::default(),
        &mut said,
    );
    if let Err(error) = made {
        eprintln!("grammar.js makes no parser: {error}");
        std::process::exit(1);
    }
}
