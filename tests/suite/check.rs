//! What names, shapes and orders mean: every message, and the plans that good texts become.

mod cases;
mod lowered;
mod properties;
mod threads;

use std::io;
use std::path::Path;
use wavec::check::{Loader, Memory};
use wavec::compile::{Compilation, Options, Purpose, compile};
use wavec::diagnostic::Severity;

/// Compiles a case: a plan, with lines `#@ set NAME=VALUE`, `#@ require` and `#@ run` for its options, and other files
/// behind lines `#@ file PATH`.
pub fn compile_case(text: &str) -> Compilation {
    compile_case_as(text, Options::default())
}

/// As [`compile_case`], with options to begin with.
fn compile_case_as(text: &str, mut options: Options) -> Compilation {
    let mut memory = Memory::new();
    let mut parts = text.split("#@ file ");
    let main = parts.next().unwrap_or("");
    for part in parts {
        let (path, content) = part.split_once('\n').unwrap_or((part, ""));
        memory = memory.with(Path::new("work").join(path.trim()), content);
    }
    for line in main.lines() {
        match line.strip_prefix("#@ ").map(|line| line.split_once(' ').unwrap_or((line, ""))) {
            Some(("set", pair)) => {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                options.set.push((name.to_owned(), value.to_owned()));
            }
            Some(("require", _)) => options.require_params = true,
            Some(("run", _)) => options.purpose = Purpose::Run,
            Some((other, _)) => panic!("no such option of a case: {other}"),
            None => {}
        }
    }
    memory = memory.with("work/plan.wave", main);
    compile(Path::new("work/plan.wave"), main, &memory, &options)
}

/// Compares with the snapshot beside a case.
fn assert_beside(case: &Path, content: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_snapshot_path(case.parent().unwrap());
    settings.remove_snapshot_suffix();
    settings.set_omit_expression(true);
    settings.remove_input_file();
    settings.bind(|| insta::assert_snapshot!(case.file_stem().unwrap().to_str().unwrap(), content));
}

/// The files of this repository.
pub struct Disk;

impl Loader for Disk {
    fn read(&self, path: &Path) -> io::Result<String> {
        std::fs::read_to_string(path)
    }

    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        let entries = std::fs::read_dir(directory)?;
        Ok(entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
    }
}

#[test]
fn every_example_compiles() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for entry in std::fs::read_dir(root).unwrap().flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|ending| ending == "wave") {
            let text = std::fs::read_to_string(&path).unwrap();
            let compilation = compile(&path, &text, &Disk, &Options::default());
            let codes: Vec<String> = compilation
                .diagnostics
                .iter()
                .map(|found| format!("{}: {}", found.code.name(), found.message))
                .collect();
            assert!(compilation.plan.is_some(), "{}: {codes:#?}", path.display());
        }
    }
}

#[test]
fn who_wants_errors_only_is_told_every_error() {
    let cases = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases");
    let mut errors = 0;
    for entry in ignore::WalkBuilder::new(cases).build().flatten() {
        let is_case =
            ["check", "prove"].iter().any(|room| entry.path().starts_with(format!("{cases}/{room}")));
        if !is_case || entry.path().extension().is_none_or(|ending| ending != "wave") {
            continue;
        }
        let text = std::fs::read_to_string(entry.path()).unwrap();
        for deny_warnings in [false, true] {
            let mut options = Options::default();
            options.levels.deny_warnings = deny_warnings;
            let mut all = compile_case_as(&text, options.clone());
            let brief = compile_case_as(&text, Options { errors_only: true, ..options });
            all.diagnostics.retain(|found| found.severity == Severity::Error);
            assert_eq!(brief.diagnostics, all.diagnostics, "{}", entry.path().display());
            assert_eq!(brief.plan.is_some(), all.plan.is_some(), "{}", entry.path().display());
            errors += all.diagnostics.len();
        }
    }
    assert!(errors > 100, "{errors}");
}
