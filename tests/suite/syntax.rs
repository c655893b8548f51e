//! The parser: what reads, what does not, and what is said about it.

use wavec::source::FileId;
use wavec::syntax;

#[test]
fn every_good_plan_reads() {
    insta::glob!("../cases/syntax/good", "*.wave", |path| {
        let text = std::fs::read_to_string(path).unwrap();
        let parsed = syntax::parse(FileId(0), &text);
        assert!(parsed.diagnostics.is_empty(), "{:#?}", parsed.diagnostics);
    });
}
