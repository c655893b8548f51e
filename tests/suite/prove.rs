//! What plans prove or refute about themselves: every message as a person sees it, and the promises of the rules.

use crate::check::compile_case;
use proptest::prelude::*;
use std::path::Path;
use wavec::diagnostic::render::{TextOptions, render_text};
use wavec::diagnostic::{Code, Diagnostic, Severity};
use wavec::plan::{Need, Plan, StepId};

#[test]
fn every_case_says_what_it_should() {
    insta::glob!("../cases/prove", "*/*.wave", |path| {
        let text = std::fs::read_to_string(path).unwrap();
        let compilation = compile_case(&text);
        let directory = path.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
        // A directory is a code, which every case in it gets but those that show what is fine.
        if let Some(code) = Code::find(&directory) {
            let has_code = compilation.diagnostics.iter().any(|found| found.code == code);
            let is_fine = path.file_name().unwrap().to_string_lossy().starts_with("fine-");
            assert_eq!(has_code, !is_fine, "{}: {:#?}", path.display(), compilation.diagnostics);
        }
        let shown = render_text(&compilation.sources, &compilation.diagnostics, TextOptions::default());
        beside(path, &shown);
    });
}

/// Compares with the snapshot beside a case.
fn beside(case: &Path, content: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_snapshot_path(case.parent().unwrap());
    settings.remove_snapshot_suffix();
    settings.set_omit_expression(true);
    settings.remove_input_file();
    settings.bind(|| insta::assert_snapshot!(case.file_stem().unwrap().to_str().unwrap(), content));
}

#[test]
fn a_fix_mends_what_it_is_for() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/prove");
    let files = std::fs::read_dir(cases)
        .unwrap()
        .flatten()
        .flat_map(|dir| std::fs::read_dir(dir.path()).unwrap().flatten());
    let mut tried = 0;
    for path in
        files.map(|file| file.path()).filter(|path| path.extension().is_some_and(|ending| ending == "wave"))
    {
        let text = std::fs::read_to_string(&path).unwrap();
        let before = compile_case(&text).diagnostics;
        let count =
            |found: &[Diagnostic], code: Code| found.iter().filter(|found| found.code == code).count();
        for found in &before {
            let Some(fix) = &found.fix else { continue };
            let mut mended = text.clone();
            let mut edits = fix.edits.clone();
            edits.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
            edits.iter().for_each(|edit| mended.replace_range(edit.span.range(), &edit.text));
            let after = compile_case(&mended).diagnostics;
            assert!(
                count(&after, found.code) < count(&before, found.code),
                "{}: {mended}\n{after:#?}",
                path.display()
            );
            let errors =
                |all: &[Diagnostic]| all.iter().filter(|found| found.severity == Severity::Error).count();
            assert!(errors(&after) <= errors(&before), "{}: {mended}\n{after:#?}", path.display());
            tried += 1;
        }
    }
    assert!(tried > 10);
}

/// A plan off a tape of numbers: nested groups whose tasks all write one file, and hold one resource that keeps them
/// apart, so that every pair that the order leaves open is a conflict and none an error.
fn tangled(tape: &[u8]) -> String {
    let mut text = String::from(
        "plan tangled\nresource lock 1\ntask first { run \"x\"; uses lock; writes \"shared\" }\n",
    );
    let mut open: Vec<String> = Vec::new();
    let mut tasks = vec!["first".to_owned()];
    let mut groups: Vec<String> = Vec::new();
    let mut is_empty = false;
    for (index, number) in tape.iter().enumerate() {
        let pick = |from: &[String], salt: u8| {
            from[usize::from(number.wrapping_mul(31).wrapping_add(salt)) % from.len()].clone()
        };
        match number % 8 {
            0 if open.len() < 4 => {
                let wave = open.is_empty();
                let before = groups.last().filter(|_| wave && number % 3 == 0);
                let overlaps = before.map(|wave| format!(" overlaps {wave}")).unwrap_or_default();
                text.push_str(&match (wave, number % 16) {
                    (true, _) => format!("wave g{index}{overlaps} {{\n"),
                    (_, 0) => format!("serial g{index} {{\n"),
                    _ => format!("parallel g{index} {{\n"),
                });
                if wave {
                    groups.push(format!("g{index}"));
                }
                open.push(format!("g{index}"));
                is_empty = true;
            }
            1 if !open.is_empty() && !is_empty => {
                text.push_str("}\n");
                open.pop();
            }
            _ => {
                let after = match number % 5 {
                    0 => format!("after {}; ", pick(&tasks, 1)),
                    1 if tasks.len() > 2 => {
                        format!("after any of {}, {}; ", tasks[tasks.len() - 1], tasks[tasks.len() - 2])
                    }
                    2 => format!("after finished {}; ", pick(&tasks, 7)),
                    _ => String::new(),
                };
                text.push_str(&format!(
                    "task t{index} {{ {after}run \"x\"; uses lock; writes \"shared\" }}\n"
                ));
                tasks.push(format!("t{index}"));
                is_empty = false;
            }
        }
    }
    if is_empty {
        text.push_str("task last { run \"x\"; uses lock; writes \"shared\" }\n");
    }
    open.iter().for_each(|_| text.push_str("}\n"));
    text
}

/// Whether `from` has ended whenever `to` starts, step by step.
fn comes_before(plan: &Plan, from: StepId, to: StepId) -> bool {
    let holds = |step: &StepId| *step == from || comes_before(plan, from, *step);
    to > from
        && plan.step(to).needs.iter().any(|need| match need {
            Need::Succeeded(step, _) | Need::Finished(step) => holds(step),
            Need::AnySucceeded(steps) => steps.iter().all(holds),
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn conflicts_are_what_the_order_leaves_open(tape in prop::collection::vec(any::<u8>(), 0..24)) {
        let text = tangled(&tape);
        let compilation = compile_case(&text);
        let Some(plan) = compilation.plan else {
            return Err(TestCaseError::reject("the text is no plan"));
        };
        let mut open = Vec::new();
        for a in plan.task_ids() {
            for b in plan.task_ids().filter(|b| *b > a) {
                let (from, to) = (plan.task(a).step.unwrap(), plan.task(b).step.unwrap());
                if !comes_before(&plan, from, to) && !comes_before(&plan, to, from) {
                    open.push((a, b));
                }
            }
        }
        prop_assert_eq!(&plan.conflicts, &open, "{}", text);
    }
}
