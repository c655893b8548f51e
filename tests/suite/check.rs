//! What names, shapes and orders mean: every message, and the plans that good texts become.

use std::path::Path;
use wavec::check::Memory;
use wavec::compile::{Compilation, Options, Purpose, compile};

/// A case: a plan, with lines `#@ set NAME=VALUE`, `#@ require`, `#@ run` for its options, and other files behind
/// lines `#@ file PATH`.
fn compile_case(text: &str) -> Compilation {
    let mut options = Options::default();
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

#[test]
fn every_example_compiles() {
    insta::glob!("../../examples", "*.wave", |path| {
        let text = std::fs::read_to_string(path).unwrap();
        let compilation = compile(path, &text, &Memory::new(), &Options::default());
        let codes: Vec<String> = compilation
            .diagnostics
            .iter()
            .map(|found| format!("{} at {:?}: {}", found.code.name(), found.span(), found.message))
            .collect();
        assert!(compilation.plan.is_some(), "{}: {codes:#?}", path.display());
    });
}

#[test]
fn x() {
    let _ = compile_case;
}
