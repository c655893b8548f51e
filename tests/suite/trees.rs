//! Tasks in worktrees, with the real git and the real program: no line of good work is lost, nothing else is touched.
//!
//! The agent is scripted: the first line of its prompt is the shell command that it carries out.

mod ahead;
mod copies;
mod kept;
mod odd;
mod sandbox;
mod told;

use crate::cli::{Outcome, Scratch};
use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The agent of every plan here, and what else they have in common.
const HEAD: &str = r#"plan trees
isolation worktree
on failure continue
agent coder { driver command run """
  sh -e -c "$(head -n 1 "$WAVEC_PROMPT_FILE")"
  """ }
"#;

/// A repository with one commit that holds these files, and a plan.
fn repository(files: &[(&str, &str)], plan: &str) -> Scratch {
    let mut scratch = Scratch::new().file("p.wave", format!("{HEAD}{plan}"));
    for (name, text) in files {
        scratch = scratch.file(name, text);
    }
    git(&scratch, "init -q -b main . && git config user.name Tester && git config user.email t@example.org");
    git(&scratch, "add -A && git commit -q -m start");
    scratch
}

fn git(scratch: &Scratch, words: &str) -> String {
    let outcome = scratch.shell(&format!("git {words}"));
    assert_eq!(outcome.code, Some(0), "git {words}: {}{}", outcome.stdout, outcome.stderr);
    outcome.stdout
}

fn run(scratch: &Scratch, wanted: i32, more: &[&str]) -> Outcome {
    let outcome = scratch.wavec(&[&["run", "p.wave"], more].concat());
    assert_eq!(outcome.code, Some(wanted), "{}{}", outcome.stdout, outcome.stderr);
    outcome
}

/// The events of the run, as JSON.
fn has_event(outcome: &Outcome, parts: &[&str]) -> bool {
    outcome.stdout.lines().any(|line| parts.iter().all(|part| line.contains(part)))
}

#[test]
fn nine_at_once_lose_no_line() {
    let files: Vec<(String, String)> =
        (1..=9).map(|n| (format!("src/f{n}.txt"), format!("line one of {n}\nline two\n"))).collect();
    let mut files: Vec<(&str, &str)> =
        files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    files.push(("shared.txt", "top\nmiddle\nbottom\n"));
    let plan = r#"
wave all {
  for n in "1", "2", "3", "4", "5" {
    task good-{{n}} "Add to {{n}}" { agent coder  prompt "echo added by {{n}} >> src/f{{n}}.txt; echo new > new-{{n}}.txt"
      writes "src/f{{n}}.txt"  creates "new-{{n}}.txt" }
  }
  task shared "First at the shared file" { agent coder  prompt "sed -i s/middle/ONE/ shared.txt" }
  task stray "Strays" { agent coder  prompt "echo x >> src/f7.txt; echo y > other.txt"  writes "src/f7.txt" }
  task idle "Does nothing" { agent coder  prompt "true"  writes "src/f8.txt" }
  task late "Conflicts" { agent coder  prompt "until git -C \"$PWD\" show wavec/1:shared.txt | grep -q ONE; do sleep 0.05; done; sed -i s/middle/TWO/ shared.txt" }
}
"#;
    let scratch = repository(&files, plan);
    let outcome = run(&scratch, 3, &["--format", "json"]);
    for n in 1..=5 {
        let text = git(&scratch, &format!("show wavec/1:src/f{n}.txt wavec/1:new-{n}.txt"));
        assert_eq!(text, format!("line one of {n}\nline two\nadded by {n}\nnew\n"));
    }
    assert_eq!(git(&scratch, "show wavec/1:shared.txt"), "top\nONE\nbottom\n", "half a merge is in no place");
    assert_eq!(git(&scratch, "show wavec/1:src/f7.txt"), "line one of 7\nline two\n");
    assert!(has_event(
        &outcome,
        &["task_ended", "all.stray", "created `other.txt`, which it does not claim"]
    ));
    assert!(has_event(&outcome, &["task_ended", "all.idle", "no change"]));
    assert!(has_event(&outcome, &["merge_conflicted", "all.late", "<<<<<<<", "ONE", "TWO"]));
    assert_eq!(git(&scratch, "log --format=%s wavec/1").lines().count(), 7, "one commit a task, in a line");
    let message = git(&scratch, "log --format=%B -1 --grep=Add.to.3 wavec/1");
    assert!(message.contains("Wavec-Run: 1\nWavec-Task: all.good-3\nWavec-Agent: coder\n"), "{message}");
    // The checkout is as it was; what is not merged is still there.
    assert_eq!(git(&scratch, "status --porcelain"), "");
    assert_eq!(scratch.read("src/f1.txt"), "line one of 1\nline two\n");
    let trees = git(&scratch, "worktree list");
    assert_eq!(trees.lines().count(), 3, "the checkout, the stray and the conflict:\n{trees}");
    assert!(scratch.path().join(".wavec/runs/1/trees/1-all.stray-1/other.txt").is_file());
    let clean = scratch.wavec(&["clean"]);
    assert!(clean.stdout.contains("it holds work that is not merged"), "{}", clean.stdout);
    assert!(scratch.path().join(".wavec/runs/1/trees/1-all.stray-1/other.txt").is_file());
    assert_eq!(scratch.wavec(&["clean", "1", "--discard"]).code, Some(0));
    assert_eq!(git(&scratch, "worktree list").lines().count(), 1);
}

#[test]
fn a_conflict_is_told_and_the_second_try_succeeds() {
    let plan = r#"
wave all {
  task one { agent coder  prompt "sed -i s/middle/ONE/ shared.txt" }
  task two { agent coder  prompt "until git show wavec/1:shared.txt | grep -q ONE; do sleep 0.05; done; echo mine > two.txt; sed -i s/bottom/TWO/ shared.txt; cp $WAVEC_PROMPT_FILE two-$WAVEC_ATTEMPT.md"  retries 1 }
  gate both { check "both are there" runs "grep ONE shared.txt && grep TWO shared.txt && test -f two.txt" }
}
task after { run "cat shared.txt"  writes nothing }
success { check "the second" exists "two-2.md" }
"#;
    let scratch = repository(&[("shared.txt", "top\nmiddle\nbottom\n")], plan);
    run(&scratch, 0, &[]);
    assert_eq!(git(&scratch, "show wavec/1:shared.txt"), "top\nONE\nTWO\n");
    let told = git(&scratch, "show wavec/1:two-2.md");
    assert!(told.contains("conflicts with theirs") && told.contains("<<<<<<<"), "{told}");
    // Dependents, gates and criteria see the tip, and their trees are gone with the run.
    assert!(scratch.wavec(&["show", "1", "after"]).stdout.contains("TWO"));
    assert_eq!(git(&scratch, "worktree list").lines().count(), 1);

    // The checkout is touched by nothing but `apply`, and not while it has changes.
    let dirty = Scratch::file;
    let scratch = dirty(scratch, "shared.txt", "mine\n");
    let refused = scratch.wavec(&["apply"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("changes that are not committed: `shared.txt`"), "{}", refused.stderr);
    assert_eq!(scratch.read("shared.txt"), "mine\n");
    git(&scratch, "checkout -q shared.txt");
    assert!(scratch.wavec(&["clean"]).stdout.contains("is not in the checkout"));
    assert_eq!(scratch.wavec(&["apply"]).code, Some(0));
    assert_eq!(scratch.read("shared.txt"), "top\nONE\nTWO\n");
    assert!(scratch.wavec(&["apply"]).stdout.contains("already"));
    assert!(scratch.wavec(&["clean"]).stdout.contains("removed the branch wavec/1"));
    assert_eq!(git(&scratch, "for-each-ref").lines().count(), 1);
}

#[test]
fn what_both_changed_is_applied_by_a_merge_or_not_at_all() {
    let plan = "task one { agent coder  prompt \"echo two >> a.txt\"  writes \"a.txt\" }\n";
    let scratch = repository(&[("a.txt", "one\n"), ("b.txt", "b\n")], plan);
    run(&scratch, 0, &["-q"]);
    let scratch = scratch.file("b.txt", "other\n");
    git(&scratch, "commit -q -a -m mine");
    let merged = scratch.wavec(&["apply"]);
    assert!(merged.stdout.contains("merged into `main`"), "{}{}", merged.stdout, merged.stderr);
    assert_eq!((scratch.read("a.txt"), scratch.read("b.txt")), ("one\ntwo\n".into(), "other\n".into()));
    run(&scratch, 0, &["-q"]);
    let scratch = scratch.file("a.txt", "one\nmine\n");
    git(&scratch, "commit -q -a -m again");
    let refused = scratch.wavec(&["apply"]);
    assert!(refused.code == Some(2) && refused.stderr.contains("both changed `a.txt`"), "{}", refused.stderr);
    assert_eq!(git(&scratch, "status --porcelain"), "");
    assert_eq!(scratch.read("a.txt"), "one\nmine\n");
}

#[test]
fn every_kind_of_change_arrives() {
    let plan = r#"
wave all {
  task binary { run "printf 'a\\000b\\377' > data.bin"  writes "data.bin" }
  task mode { run "chmod +x tool.sh"  writes "tool.sh" }
  task rename { run "git mv old.txt new.txt"  writes "old.txt", "new.txt" }
  task remove { run "rm gone.txt"  writes "gone.txt" }
  task link { run "ln -s tool.sh linked"  creates "linked" }
  task commits { run "echo own > own.txt; git add own.txt; git commit -q -m own; echo more >> own.txt"  creates "own.txt" }
  task names { run "mkdir -p 'ä dir'; echo x > 'ä dir/ß \" y.txt'"  creates "ä dir/**" }
  task append { run "echo last >> log.txt"  appends "log.txt" }
  task silent { run "true" }
  task outside { run "ln -s ../../x escape"  creates "escape" }
  task nested { run "git init -q inner; cd inner; echo x > x; git add x; git -c user.name=x -c user.email=x commit -q -m x"  creates "inner/**" }
  task hidden { run "mkdir -p build; echo x > build/out.txt"  creates "build/out.txt" }
  task spoils { run "echo x > log.txt"  appends "log.txt" }
}
"#;
    let files = [
        ("tool.sh", "#!/bin/sh\n"),
        ("old.txt", "a\nb\nc\n"),
        ("gone.txt", "x\n"),
        ("log.txt", "first\n"),
        (".gitignore", "build/\n"),
    ];
    let scratch = repository(&files, plan);
    let outcome = run(&scratch, 3, &["--format", "json"]);
    let listed = git(&scratch, "ls-tree -r wavec/1");
    for line in ["100755 blob", "120000 blob"] {
        assert!(listed.contains(line), "{listed}");
    }
    let names = git(&scratch, "-c core.quotePath=false ls-tree -r -z --name-only wavec/1");
    for name in ["data.bin", "new.txt", "own.txt", "ä dir/ß \" y.txt"] {
        assert!(names.split('\0').any(|known| known == name), "{name} in {names}");
    }
    assert!(!names.contains("gone.txt") && !names.contains("old.txt"));
    assert_eq!(git(&scratch, "show wavec/1:own.txt"), "own\nmore\n");
    assert_eq!(git(&scratch, "show wavec/1:log.txt"), "first\nlast\n");
    let failed = [
        ("all.outside", "a link out of the repository"),
        ("all.nested", "a git repository of its own"),
        ("all.hidden", "which git ignores"),
        ("all.spoils", "may only append"),
    ];
    for (task, why) in failed {
        assert!(has_event(&outcome, &["task_ended", task, why]), "{task}: {}", outcome.stdout);
    }
    assert_eq!(
        outcome.stdout.matches("\"outcome\":\"failed\"").count(),
        7,
        "four tasks, their wave, the plan and the run"
    );
}

#[test]
fn sections_of_one_file_go_together() {
    let plan = r#"
wave all {
  task one { agent coder  prompt "sed -i 's/^1$/one/' doc.md"  writes "doc.md#first" }
  task two { agent coder  prompt "sed -i 's/^2$/two/' doc.md"  writes "doc.md#second" }
  task three { agent coder  prompt "sed -i 's/^2$/bad/' doc.md"  writes "doc.md#third" }
}
"#;
    let scratch = repository(&[("doc.md", "# first\n\n1\n\n# second\n\n2\n\n# third\n\n3\n")], plan);
    let outcome = run(&scratch, 3, &["--format", "json"]);
    assert_eq!(git(&scratch, "show wavec/1:doc.md"), "# first\n\none\n\n# second\n\ntwo\n\n# third\n\n3\n");
    assert!(has_event(&outcome, &["task_ended", "all.three", "outside of `doc.md#third`: line 7, `bad`"]));
}

#[test]
fn what_cannot_be_done_is_refused_before_anything_starts() {
    let plan = "task one { run \"touch a.txt\"  creates \"a.txt\" }\n";
    let refused = |scratch: &Scratch, why: &str| {
        let outcome = scratch.wavec(&["run", "p.wave"]);
        assert!(
            outcome.code == Some(2) && outcome.stderr.contains(why),
            "{:?}: {}",
            outcome.code,
            outcome.stderr
        );
        assert!(outcome.stderr.contains("help:"), "{}", outcome.stderr);
        assert!(!scratch.path().join(".wavec/runs/1").exists());
    };
    // No repository: the folder that pretends to be one is none.
    let scratch = Scratch::new().file("p.wave", format!("{HEAD}{plan}"));
    refused(&scratch, "it is in no git repository");
    // No commit.
    git(&scratch, "init -q .");
    refused(&scratch, "the repository has no commit yet");
    // Changes that the last commit does not hold; the plan may be among them.
    let scratch = repository(&[("b.txt", "x\n")], plan).file("b.txt", "y\n");
    refused(&scratch, "changes that it does not hold: `b.txt`");
    run(&scratch, 0, &["--allow-dirty"]);
    assert_eq!(scratch.read("b.txt"), "y\n");
    // A link and a submodule that are written through.
    let scratch = repository(&[("b.txt", "x\n")], "task one { run \"true\"  writes \"out/x\" }\n");
    std::os::unix::fs::symlink("../elsewhere", scratch.path().join("out")).unwrap();
    git(&scratch, "add out && git commit -q -m link");
    refused(&scratch, "`out` is a link out of the repository");
    // An old git.
    let scratch =
        repository(&[("b.txt", "x\n")], plan).file("bin/git", "#!/bin/sh\necho git version 2.30.1\n");
    git(&scratch, "add -A && git commit -q -m old && chmod +x bin/git");
    let outcome = scratch.shell("chmod +x bin/git; PATH=$PWD/bin:$PATH wavec run p.wave");
    assert!(outcome.code == Some(5) && outcome.stderr.contains("git 2.30 is too old"), "{}", outcome.stderr);
}

#[test]
fn a_detached_head_and_a_plan_below_the_root_work() {
    let scratch = repository(&[("b.txt", "x\n")], "task one { run \"true\" }\n");
    let plan = format!("{HEAD}task one {{ run \"pwd; cat b.txt; echo y > b.txt\"  writes \"b.txt\" }}\n");
    let scratch = scratch.file("sub/p.wave", plan).file("sub/b.txt", "below\n");
    git(&scratch, "add -A && git commit -q -m sub && git checkout -q --detach");
    let outcome = scratch.wavec(&["run", "sub/p.wave", "--apply"]);
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    assert_eq!((scratch.read("b.txt"), scratch.read("sub/b.txt")), ("x\n".into(), "y\n".into()));
    assert!(outcome.stderr.contains("applied run 1: the checkout went forward"), "{}", outcome.stderr);
}

/// Kills wavec once a number of events of this kind has been seen, and resumes.
fn killed_after(scratch: &Scratch, event: &str, count: usize) {
    use std::io::{BufRead, BufReader};
    let mut child = Command::new(env!("CARGO_BIN_EXE_wavec"))
        .args(["run", "p.wave", "--format", "json", "--sandbox", "off"])
        .current_dir(scratch.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut seen = 0;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        seen += usize::from(line.unwrap().contains(&format!("\"event\":\"{event}\"")));
        if seen == count {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_killed_run_loses_nothing_and_repeats_nothing_finished() {
    let plan = r#"
workers 3
wave all {
  for n in "1", "2", "3", "4", "5", "6" {
    task t{{n}} { agent coder  prompt "echo {{n}} >> count-{{n}}.log; echo {{n}} >> \"$WAVEC_OUT\"; sleep 0.2"  writes "count-{{n}}.log" }
  }
}
"#;
    for (event, count) in [("task_committed", 2), ("task_merged", 2), ("tree_forked", 4), ("task_ended", 1)] {
        let scratch = repository(&[("b.txt", "x\n")], plan);
        let out = scratch.path().join("out.log");
        let text = scratch.read("p.wave").replace("$WAVEC_OUT", &out.display().to_string());
        let scratch = scratch.file("p.wave", text).file(".gitignore", "out.log\n");
        git(&scratch, "add -A && git commit -q -m plan");
        killed_after(&scratch, event, count);
        let finished: Vec<String> = finished(&scratch);
        let resumed = scratch.wavec(&["resume", "--format", "json", "--sandbox", "off"]);
        assert_eq!(resumed.code, Some(0), "{event}: {}{}", resumed.stdout, resumed.stderr);
        for n in 1..=6 {
            assert_eq!(git(&scratch, &format!("show wavec/1:count-{n}.log")), format!("{n}\n"), "{event}");
        }
        let log = git(&scratch, "log --format=%s wavec/1");
        assert_eq!(log.lines().count(), 8, "{event}: each task once:\n{log}");
        let worked = fs::read_to_string(&out).unwrap();
        for name in &finished {
            let number = name.trim_start_matches(['a', 'l', '.', 't']);
            assert_eq!(worked.matches(number).count(), 1, "{event}: `{name}` was finished:\n{worked}");
        }
        assert_eq!(git(&scratch, "status --porcelain"), "");
    }
}

/// The tasks whose end the journal holds.
fn finished(scratch: &Scratch) -> Vec<String> {
    let shown = scratch.wavec(&["show", "1"]).stdout;
    let is_done = |line: &&str| line.contains("succeeded") && line.trim_start().starts_with('t');
    shown
        .lines()
        .filter(is_done)
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn nobody_else_is_disturbed_for_long() {
    // A repository of many files: what wavec adds to git's own work stays small.
    let scratch = repository(&[("b.txt", "x\n")], "task one { run \"echo y > b.txt\"  writes \"b.txt\" }\n");
    for directory in 0..20 {
        fs::create_dir_all(scratch.path().join(format!("d{directory}"))).unwrap();
        for file in 0..50 {
            fs::write(scratch.path().join(format!("d{directory}/f{file}")), format!("{directory} {file}\n"))
                .unwrap();
        }
    }
    git(&scratch, "add -A && git commit -q -m many");
    let begin = Instant::now();
    run(&scratch, 0, &["-q"]);
    assert!(begin.elapsed() < Duration::from_secs(30), "{:?}", begin.elapsed());
    assert_eq!(git(&scratch, "show wavec/1:b.txt"), "y\n");
}
