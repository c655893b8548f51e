//! What a plan looks like: each case is a plan, its views stand beside it.

use std::path::Path;
use std::sync::Arc;
use wavec::check::{Memory, Options};
use wavec::compile::compile;
use wavec::plan::Plan;
use wavec::report::Look;
use wavec::report::plan::{View, dot, gantt, html, json, mermaid, svg, tree};
use wavec::schedule::{Limits, estimate, levers, sample};

/// The plan of a text that has no errors.
fn compiled(path: &Path) -> Arc<Plan> {
    let text = std::fs::read_to_string(path).expect("the case is there");
    let compilation = compile(Path::new("case.wave"), &text, &Memory::new(), &Options::default());
    let Some(plan) = compilation.plan else { panic!("{}: {:#?}", path.display(), compilation.diagnostics) };
    Arc::new(plan)
}

/// The plans of `tests/cases/plan`, by name.
fn cases() -> Vec<(String, Arc<Plan>)> {
    let mut cases: Vec<(String, Arc<Plan>)> = (std::fs::read_dir("tests/cases/plan").expect("the cases"))
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "wave"))
        .map(|path| (path.file_stem().expect("a name").to_string_lossy().into_owned(), compiled(&path)))
        .collect();
    cases.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(cases.len() > 2);
    cases
}

#[test]
fn every_view_of_every_case() {
    for (name, plan) in cases() {
        let forecast = estimate(&plan, &Limits::default());
        let samples = sample::sample(&plan, &Limits::default(), 1, 0..200);
        let levers = levers::levers(&plan, &Limits::default(), &forecast).expect("small enough");
        let view = View::new(&plan, &forecast).samples(Some(&samples)).levers(&levers);
        let views = [
            ("tree", tree::render(&view, &Look::plain())),
            ("chart", gantt::render(&view, &Look::plain())),
            ("svg", svg::render(&view)),
            ("html", html::render(&view)),
            ("mermaid", mermaid::flowchart(&view)),
            ("gantt", mermaid::gantt(&view)),
            ("dot", dot::render(&view)),
            ("json", json::render(&view, true)),
        ];
        // The page of one plan shows them all.
        for (suffix, text) in views.into_iter().filter(|(suffix, _)| *suffix != "html" || name == "checkout")
        {
            insta::with_settings!({
                snapshot_path => "../../cases/plan",
                snapshot_suffix => suffix,
                omit_expression => true,
                prepend_module_to_snapshot => false,
            }, { insta::assert_snapshot!(name.as_str(), text) });
        }
    }
}

#[test]
fn a_tree_fits_its_width() {
    for (name, plan) in cases() {
        let forecast = estimate(&plan, &Limits { workers: Some(1) });
        for width in [40, 60, 80, 120] {
            let look = Look { width, ..Look::plain() };
            for line in tree::render(&View::new(&plan, &forecast), &look).lines() {
                assert!(unicode_width::UnicodeWidthStr::width(line) <= width, "{name} at {width}: {line}");
            }
        }
    }
}

#[test]
fn the_json_is_as_its_schema_says() {
    let schema = std::fs::read_to_string("docs/schema/plan.json").expect("the schema");
    let schema: serde_json::Value = serde_json::from_str(&schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for (name, plan) in cases() {
        let forecast = estimate(&plan, &Limits::default());
        let samples = sample::sample(&plan, &Limits::default(), 1, 0..10);
        let levers = levers::levers(&plan, &Limits::default(), &forecast).expect("small enough");
        let value = json::value(&View::new(&plan, &forecast).samples(Some(&samples)).levers(&levers));
        let wrong: Vec<String> = validator
            .iter_errors(&value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(wrong.is_empty(), "{name}: {wrong:#?}");
    }
}
