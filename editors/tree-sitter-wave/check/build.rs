//! Compiles the parser that lies beside the grammar; without one, only `generate` can be linked.

use std::path::Path;

fn main() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src");
    let parser = source.join("parser.c");
    println!("cargo:rerun-if-changed={}", parser.display());
    if parser.exists() {
        cc::Build::new().include(&source).file(parser).warnings(false).opt_level(0).compile("wave");
    }
}
