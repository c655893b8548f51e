//! The pages of the diagnostics: each fails and is mended as it says, and there is one for each code.

use crate::check::compile_case;
use std::collections::BTreeSet;
use std::path::Path;
use wavec::diagnostic::{Diagnostic, Severity, codes};

/// The `wave` blocks under a heading of a page.
fn blocks<'t>(page: &'t str, heading: &str) -> Vec<&'t str> {
    let Some((_, section)) = page.split_once(&format!("\n## {heading}\n")) else { return Vec::new() };
    let section = section.split("\n## ").next().unwrap_or(section);
    let fenced = section.split("```wave\n").skip(1);
    fenced.filter_map(|block| block.split_once("```").map(|(text, _)| text)).collect()
}

/// The failing block gives the code once, and beside it nothing but notes and that the engine cannot do something yet; the fixed
/// block gives no error and not the code.
#[test]
fn every_page_fails_and_is_mended_as_it_says() {
    let mut wrong = Vec::new();
    for code in codes::ALL {
        let name = code.name();
        let page = code.page();
        if !page.starts_with(&format!("# {name}\n\n")) {
            wrong.push(format!("{name}: the page has another title"));
        }
        let (fails, fixed) = (blocks(page, "Fails"), blocks(page, "Fixed"));
        let ([fails], [fixed]) = (&fails[..], &fixed[..]) else {
            wrong.push(format!("{name}: a page has one block that fails and one that is fixed"));
            continue;
        };
        let found = compile_case(fails).diagnostics;
        let is_other = |found: &&Diagnostic| found.code != *code && found.severity > Severity::Note;
        if found.iter().filter(|found| found.code == *code).count() != 1
            || found.iter().any(|found| is_other(&found))
        {
            wrong.push(format!("{name}: the failing block gives {:#?}", said(&found)));
        }
        let left = compile_case(fixed).diagnostics;
        if left.iter().any(|found| found.code == *code || found.severity == Severity::Error) {
            wrong.push(format!("{name}: the fixed block gives {:#?}", said(&left)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn said(found: &[Diagnostic]) -> Vec<String> {
    found.iter().map(|found| format!("{}: {}", found.code.name(), found.message)).collect()
}

#[test]
fn every_page_has_a_code() {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/diagnostics");
    let names: BTreeSet<String> = std::fs::read_dir(pages)
        .unwrap()
        .flatten()
        .map(|entry| entry.path().file_stem().unwrap().to_string_lossy().into_owned())
        .filter(|name| name != "README")
        .collect();
    let known: BTreeSet<String> = codes::ALL.iter().map(|code| code.name().to_owned()).collect();
    assert_eq!(names, known);
}
