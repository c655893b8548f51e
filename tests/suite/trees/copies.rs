//! Tasks in copies of a folder that no repository holds: the folder is left alone, what they do is merged, and brought back whole.

use super::{HEAD, has_event, killed_after, run};
use crate::cli::Scratch;
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// A folder with a plan, outside of any repository.
fn folder(files: &[(&str, &str)], plan: &str) -> Scratch {
    let head = HEAD.replace("isolation worktree", "isolation copy");
    let mut scratch = Scratch::new().file("p.wave", format!("{head}{plan}"));
    for (name, text) in files {
        scratch = scratch.file(name, text);
    }
    scratch
}

/// Calls git on wavec's own repository.
fn git(scratch: &Scratch, words: &str) -> String {
    let outcome = scratch.shell(&format!("git --git-dir .wavec/copies/*.git {words}"));
    assert_eq!(outcome.code, Some(0), "git {words}: {}{}", outcome.stdout, outcome.stderr);
    outcome.stdout
}

const LINES: &str = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";

#[test]
fn a_folder_is_copied_merged_and_brought_back() {
    let plan = r#"
wave all {
  task top { agent coder  prompt "sed -i s/1/ONE/ a.txt; cat deps/lib.txt; test -d empty/deep; touch empty/deep/kept" }
  task low { agent coder  prompt "sed -i s/9/NINE/ a.txt; printf 'x\\r\\ny\\000' > crlf.bin; chmod +x tool.sh" }
  task stray { agent coder  prompt "echo x > other.txt"  writes "a.txt#none" }
  task idle { agent coder  prompt "true"  writes "tool.sh" }
}
"#;
    let files = [
        ("a.txt", LINES),
        ("tool.sh", "#!/bin/sh\n"),
        (".gitignore", "deps/\n"),
        // None of what these say is heeded: a copy is a copy.
        (".gitattributes", "* text=auto eol=crlf\n*.bin filter=lfs\n"),
        ("crlf.bin", "a\r\nb\r\n"),
        ("deps/lib.txt", "a dependency\n"),
    ];
    let scratch = folder(&files, plan);
    fs::create_dir_all(scratch.path().join("empty/deep")).unwrap();
    let outcome = run(&scratch, 3, &["--format", "json"]);
    assert!(has_event(&outcome, &["task_ended", "all.stray", "`other.txt`, which it does not claim"]));
    assert!(has_event(&outcome, &["task_ended", "all.idle", "no change"]));
    assert_eq!(scratch.read("a.txt"), LINES, "the folder is left alone");
    assert!(scratch.wavec(&["show", "1", "all.top"]).stdout.contains("wavec show 1 all.top --diff"));
    let diff = scratch.wavec(&["show", "1", "all.top", "--diff"]).stdout;
    assert!(diff.contains("-1\n+ONE\n") && diff.contains("empty/deep/kept"), "{diff}");

    // Somebody worked in the folder meanwhile.
    let scratch = scratch.file("a.txt", LINES.replace('5', "FIVE")).file("mine.txt", "mine\n");
    assert_eq!(scratch.wavec(&["apply"]).code, Some(2), "the run did not succeed");
    let applied = scratch.wavec(&["apply", "--partial"]);
    assert!(applied.stdout.contains("merged with what changed in the folder since"), "{}", applied.show());
    assert_eq!(scratch.read("a.txt"), "ONE\n2\n3\n4\nFIVE\n6\n7\n8\nNINE\n");
    assert_eq!((scratch.read("mine.txt"), scratch.read("crlf.bin")), ("mine\n".into(), "x\r\ny\0".into()));
    let mode = fs::metadata(scratch.path().join("tool.sh")).unwrap().permissions().mode();
    assert_eq!(mode & 0o111, 0o111);
    assert!(scratch.path().join("empty/deep/kept").exists() && !scratch.path().join("other.txt").exists());
    assert!(scratch.wavec(&["apply", "--partial"]).stdout.contains("the folder holds all of run 1 already"));

    // What is not merged stays; what is applied goes, and with the last all that copies needed.
    let clean = scratch.wavec(&["clean"]);
    assert!(clean.stdout.contains("it holds work that is not merged"), "{}", clean.show());
    assert!(scratch.path().join(".wavec/runs/1/trees/1-all.stray-1/other.txt").is_file());
    assert_eq!(scratch.wavec(&["clean", "1", "--discard"]).code, Some(0));
    let head = scratch.read("p.wave").split("wave all").next().unwrap().to_owned();
    let next = "task one { run \"echo one > one.txt\"  creates \"one.txt\" }\n";
    let scratch = scratch.file("p.wave", head + next);
    run(&scratch, 0, &["--apply"]);
    assert_eq!(scratch.read("one.txt"), "one\n");
    let clean = scratch.wavec(&["clean"]);
    assert!(clean.stdout.contains("removed what was kept for copies"), "{}", clean.show());
    assert!(!scratch.path().join(".wavec/copies").exists());
    assert_eq!(scratch.wavec(&["clean"]).stdout, "nothing to clean\n");
    assert!(scratch.wavec(&["apply"]).stderr.contains("removed by `wavec clean`"));
}

#[test]
fn conflicts_of_copies_are_told_and_never_applied_over() {
    let plan = r#"
wave all {
  task one { agent coder  prompt "sed -i s/5/ONE/ a.txt" }
  task two { agent coder  prompt "until git show wavec/1:a.txt | grep -q ONE; do sleep 0.05; done; echo $WAVEC_ATTEMPT > tries.txt; grep -q ONE a.txt && sed -i s/ONE/BOTH/ a.txt || sed -i s/5/TWO/ a.txt"  retries 1 }
  gate both { check "both are there" runs "grep BOTH a.txt" }
}
"#;
    let scratch = folder(&[("a.txt", LINES)], plan);
    let outcome = run(&scratch, 0, &["--format", "json"]);
    assert!(has_event(&outcome, &["merge_conflicted", "all.two", "<<<<<<<", "ONE", "TWO"]));
    assert_eq!(git(&scratch, "show wavec/1:tries.txt"), "2\n");
    // The same lines, changed in the folder since.
    let scratch = scratch.file("a.txt", LINES.replace('5', "mine"));
    let refused = scratch.wavec(&["apply"]);
    assert_eq!(refused.code, Some(2));
    for part in ["both changed `a.txt`", "mine", "BOTH", "nothing was touched"] {
        assert!(refused.stderr.contains(part), "{part}: {}", refused.stderr);
    }
    assert_eq!(scratch.read("a.txt"), LINES.replace('5', "mine"));
    assert!(scratch.wavec(&["clean"]).stdout.contains("is not in the folder"));
    let scratch = scratch.file("a.txt", LINES);
    assert_eq!(scratch.wavec(&["apply"]).code, Some(0));
    assert_eq!(scratch.read("a.txt"), LINES.replace('5', "BOTH"));
}

#[test]
fn copies_survive_a_kill() {
    let plan = r#"
workers 2
wave all {
  for n in "1", "2", "3", "4" {
    task t{{n}} { agent coder  prompt "echo {{n}} > new-{{n}}.txt; sleep 0.2"  creates "new-{{n}}.txt" }
  }
}
"#;
    for event in ["branch_started", "tree_forked", "task_committed", "task_merged"] {
        let scratch = folder(&[("a.txt", LINES)], plan);
        killed_after(&scratch, event, 1);
        let resumed = scratch.wavec(&["resume", "--apply"]);
        assert_eq!(resumed.code, Some(0), "{event}: {}", resumed.show());
        for n in 1..=4 {
            assert_eq!(scratch.read(&format!("new-{n}.txt")), format!("{n}\n"), "{event}");
        }
        assert_eq!(git(&scratch, "log --oneline wavec/1").lines().count(), 5, "{event}");
    }
}

#[test]
fn a_checkout_may_be_copied_as_it_is() {
    let plan = "task one { agent coder  prompt \"cat b.txt; echo y >> b.txt; git -c user.name=x -c user.email=x commit -qam mine\"  writes \"b.txt\" }\n";
    let scratch = folder(&[("b.txt", "x\n")], plan);
    let made =
        scratch.shell("git init -q . && git add -A && git -c user.name=x -c user.email=x commit -qm x");
    assert_eq!(made.code, Some(0));
    // Not committed, and yet what the task starts from.
    let scratch = scratch.file("b.txt", "dirty\n");
    run(&scratch, 0, &["--apply", "--sandbox", "off"]);
    assert_eq!(scratch.read("b.txt"), "dirty\ny\n");
    assert_eq!(
        scratch.shell("git log --oneline | wc -l; git branch | wc -l").stdout.replace(' ', ""),
        "1\n1\n"
    );

    // A repository within cannot be copied, unless it is ignored.
    let scratch = scratch.file("inner/x.txt", "x\n");
    assert_eq!(scratch.shell("git init -q inner").code, Some(0));
    let refused = scratch.wavec(&["run", "p.wave"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("`inner` in it is a git repository of its own"), "{}", refused.stderr);
    let scratch = scratch.file(".gitignore", "inner/\n");
    run(&scratch, 0, &["--sandbox", "off"]);
}
