//! The hooks, tried with the real `pre-commit` where it is installed: from `PATH`, or as `WAVEC_PRE_COMMIT` says.

use crate::cli::{Outcome, Scratch};
use std::process::Command;

/// A repository with our hooks, taken as `pre-commit` takes them, but for the building: `wavec` is on the path.
fn repository() -> Option<(Scratch, Scratch)> {
    let program = std::env::var("WAVEC_PRE_COMMIT").unwrap_or_else(|_| "pre-commit".into());
    if Command::new(&program).arg("--version").output().is_err() {
        eprintln!("skipped: `{program}` is not installed (`pip install pre-commit`)");
        return None;
    }
    let hooks = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/.pre-commit-hooks.yaml"));
    let hooks = Scratch::new().file(".pre-commit-hooks.yaml", hooks.expect("the hooks are there"));
    let commit = "git add -A && git -c user.name=a -c user.email=a@b commit -qm x";
    let made = hooks.shell(&format!("rm -rf .git && git init -q . && {commit} && git rev-parse HEAD"));
    assert_eq!(made.code, Some(0), "{}", made.show());
    let config = format!(
        "repos:\n  - repo: {}\n    rev: {}\n    hooks:\n      - {{ id: wavec-check, language: system }}\n      \
         - {{ id: wavec-fmt, language: system }}\n",
        hooks.path().display(),
        made.stdout.trim(),
    );
    let work = Scratch::new().file(".pre-commit-config.yaml", config);
    let made = work.shell(&format!(
        "rm -rf .git && git init -q . && git config user.name a && git config user.email a@b \
         && PRE_COMMIT_HOME=$PWD/.git/cache {program} install && git add . && git commit -qm config"
    ));
    assert_eq!(made.code, Some(0), "{}", made.show());
    Some((hooks, work))
}

fn commit(work: &Scratch) -> Outcome {
    work.shell("export PRE_COMMIT_HOME=$PWD/.git/cache; git add -A && git commit -qm plan")
}

#[test]
fn a_bad_plan_is_refused_a_good_one_passes_an_unformatted_one_is_formatted() {
    let Some((_hooks, work)) = repository() else { return };

    let work = work.file("release.wave", "plan release\n\ntask build {\n  run \"make\"\n  after nobody\n}\n");
    let bad = commit(&work);
    assert_eq!(bad.code, Some(1), "{}", bad.show());
    assert!(bad.stderr.contains("unknown-name"), "{}", bad.show());

    let work = work.file("release.wave", "plan release\n\ntask build { run \"make\" }\n");
    let good = commit(&work);
    assert_eq!(good.code, Some(0), "{}", good.show());

    let work = work.file("release.wave", "plan   release\ntask build{run \"make\"}\n");
    let odd = commit(&work);
    assert_eq!(odd.code, Some(1), "{}", odd.show());
    assert!(odd.stderr.contains("files were modified by this hook"), "{}", odd.show());
    assert_eq!(work.read("release.wave"), "plan release\ntask build { run \"make\" }\n");
    assert_eq!(commit(&work).code, Some(0));
}
