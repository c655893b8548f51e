//! Values judged on a thread of their own, beside the names: the same findings, and the same plan, as one thread gives.

use proptest::prelude::*;
use std::path::Path;
use wavec::check::{Memory, Options, check_on, load};
use wavec::plan;
use wavec::source::{FileId, SourceFile, SourceMap};
use wavec::syntax;

/// Statements whose values are good, odd and wrong.
const STATEMENTS: &[&str] = &[
    "workers 0",
    "workers 4",
    "workers 9999999",
    "retries 2 backoff 30s",
    "budget $3..$1",
    "budget $3, $4, 2M tokens",
    "timeout 0s",
    "env A \"{{x}}\"",
    "resource r0 0",
    "criterion c0 contains '(' in \"[\"",
    "criterion c1 value \"a.json\" at \"e\" < 5%",
    "assert workers >= 0",
    "assert makespan <= 1h",
    "param x integer = 4",
    "param y one of \"a\", \"a\" = \"c\"",
    "agent a0 { driver claude  instances 0  cost 3k tokens..$4 }",
    "use \"lib.wave\"",
    "shell \"\"",
    "success { check \"t\" runs \"\" exits 999 prints '*' within 0s }",
];

/// The same of a task.
const IN_TASKS: &[&str] = &[
    "run \"x\"",
    "run \"\"",
    "estimate 3m..1m",
    "estimate 1m..2m..9m",
    "priority 99999999",
    "writes \"/etc/passwd\", \"a#\"",
    "reads \"../up\", \"[\"",
    "writes \"src/**\" except \"\"",
    "uses r0 0",
    "uses gone 2",
    "after t1, nobody",
    "cost $4..$1, 3k tokens",
    "output o from \"\"",
    "retries 99999999",
    "when x == \"z\"",
    "directory \"  \"",
    "success { check \"s\" value of \"\" < 3 }",
    "nonsense 4",
];

fn plan_text() -> impl Strategy<Value = String> {
    let task = prop::collection::vec(prop::sample::select(IN_TASKS), 0..6);
    let item = prop_oneof![
        prop::sample::select(STATEMENTS).prop_map(|line| vec![line]),
        task.prop_map(|inner| [&["task"], &inner[..]].concat()),
    ];
    prop::collection::vec(item, 0..24).prop_map(|items| {
        let mut text = "plan p\n".to_owned();
        for (at, item) in items.iter().enumerate() {
            match item.split_first() {
                Some((&"task", inner)) => {
                    text.push_str(&format!("task t{at} \"T\" {{\n  {}\n}}\n", inner.join("\n  ")));
                }
                _ => text.push_str(&format!("{}\n", item.concat())),
            }
        }
        text
    })
}

/// What checking a text gives, as text: all findings with their places and fixes, and the plan.
fn checked(text: &str, is_threaded: bool) -> String {
    let library = "agent a0 { driver codex }\ncriterion shared value \"x\" at \"y\" < 3\nresource many 0\n";
    let loader = Memory::new().with("work/lib.wave", library);
    let options = Options::default();
    let mut sources = SourceMap::of(SourceFile::new("work/plan.wave", text));
    let first = syntax::parse(FileId(0), text);
    let loaded = load(&mut sources, &first.file, &loader);
    let mut trees = vec![first.file];
    for (id, file) in sources.files().skip(1) {
        trees.push(syntax::parse(id, file.text()).file);
    }
    let found = check_on(&sources, &trees, &loader, &options, loaded.is_incomplete, is_threaded);
    let plan = found.is_sure.then(|| format!("{:#?}", plan::lower(found.model)));
    format!("{:#?}\n{:#?}\n{plan:?}", loaded.diagnostics, found.diagnostics)
}

fn makes_no_difference(text: &str) {
    assert_eq!(checked(text, false), checked(text, true), "of\n{text}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn values_beside_names_give_what_values_after_names_give(text in plan_text()) {
        makes_no_difference(&text);
    }
}

#[test]
fn so_with_every_case_of_the_checker() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/check");
    let mut count = 0;
    for entry in ignore::WalkBuilder::new(cases).sort_by_file_path(Path::cmp).build().flatten() {
        if entry.path().extension().is_some_and(|ending| ending == "wave") {
            let text = std::fs::read_to_string(entry.path()).expect("the case can be read");
            if text.len() < 20_000 {
                makes_no_difference(&text);
                count += 1;
            }
        }
    }
    assert!(count > 100, "only {count} cases were found");
}
