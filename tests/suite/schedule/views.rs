//! What a plan looks like: each case is a plan, its views stand beside it.

use std::path::Path;
use std::sync::Arc;
use wavec::check::{Memory, Options};
use wavec::compile::compile;
use wavec::plan::Plan;
use wavec::report::Look;
use wavec::report::plan::{View, dot, json, mermaid, tree};
use wavec::schedule::{Limits, estimate};

/// The plan of a text that has no errors.
fn compiled(path: &Path) -> Arc<Plan> {
    let text = std::fs::read_to_string(path).expect("the case is there");
    let compilation = compile(Path::new("case.wave"), &text, &Memory::new(), &Options::default());
    let Some(plan) = compilation.plan else { panic!("{}: {:#?}", path.display(), compilation.diagnostics) };
    Arc::new(plan)
}

#[test]
fn every_view_of_every_case() {
    insta::glob!("../../cases/plan", "*.wave", |path| {
        let plan = compiled(path);
        let forecast = estimate(&plan, &Limits::default());
        let view = View::new(&plan, &forecast);
        insta::with_settings!({ snapshot_path => "../../cases/plan", omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!("tree", tree::render(&view, &Look::plain()));
            insta::assert_snapshot!("mermaid", mermaid::flowchart(&view));
            insta::assert_snapshot!("gantt", mermaid::gantt(&view));
            insta::assert_snapshot!("dot", dot::render(&view));
            insta::assert_snapshot!("json", json::render(&view, true));
        });
    });
}

#[test]
fn a_tree_fits_its_width() {
    for path in std::fs::read_dir("tests/cases/plan").expect("the cases").flatten().map(|entry| entry.path())
    {
        if path.extension().is_none_or(|ending| ending != "wave") {
            continue;
        }
        let plan = compiled(&path);
        let forecast = estimate(&plan, &Limits { workers: Some(1) });
        for width in [40, 60, 80, 120] {
            let look = Look { width, ..Look::plain() };
            for line in tree::render(&View::new(&plan, &forecast), &look).lines() {
                assert!(unicode_width::UnicodeWidthStr::width(line) <= width, "{width}: {line}");
            }
        }
    }
}

#[test]
fn the_json_is_as_its_schema_says() {
    let schema = std::fs::read_to_string("docs/schema/plan.json").expect("the schema");
    let schema: serde_json::Value = serde_json::from_str(&schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for path in std::fs::read_dir("tests/cases/plan").expect("the cases").flatten().map(|entry| entry.path())
    {
        if path.extension().is_none_or(|ending| ending != "wave") {
            continue;
        }
        let plan = compiled(&path);
        let forecast = estimate(&plan, &Limits::default());
        let value = json::value(&View::new(&plan, &forecast));
        let wrong: Vec<String> = validator
            .iter_errors(&value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(wrong.is_empty(), "{}: {wrong:#?}", path.display());
    }
}
