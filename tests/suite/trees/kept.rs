//! What is not merged is never lost: not by `wavec clean`, not by what a task leaves in its worktree, not by where the checkout stands.

use super::{git, killed_after, repository, run};
use std::os::unix::fs::MetadataExt;

#[test]
fn a_worktree_that_a_left_agent_works_in_is_left_alone() {
    let plan = "task a { agent coder  prompt \"until test -f $GO; do sleep 0.1; done; echo late > a.txt; sleep 60\"  writes \"a.txt\" }\n";
    let scratch = repository(&[("a.txt", "a\n")], plan);
    let go = scratch.path().join("go.log").display().to_string();
    let text = scratch.read("p.wave").replace("$GO", &go);
    let scratch = scratch.file("p.wave", text).file(".gitignore", "*.log\n");
    git(&scratch, "add -A && git commit -q -m plan");
    killed_after(&scratch, "attempt_running", 1);
    let clean = scratch.wavec(&["clean"]);
    assert!(
        clean.stdout.contains("run 1: left alone: it was killed, and of what it started `"),
        "{}",
        clean.show()
    );
    let discard = scratch.wavec(&["clean", "1", "--discard"]);
    assert!(discard.stdout.contains("(`wavec resume 1` ends that)"), "{}", discard.show());
    let scratch = scratch.file("go.log", "");
    let tree = ".wavec/runs/1/trees/1-a-1/a.txt";
    let looked = scratch
        .shell(&format!("for i in $(seq 100); do grep -q late {tree} && break; sleep 0.1; done; cat {tree}"));
    assert_eq!(looked.stdout, "late\n", "{}", looked.stderr);
    // What it started is ended by the resume, which does the task anew.
    let text = scratch.read("p.wave").replace("; sleep 60", "");
    let scratch = scratch.file("p.wave", text);
    let resumed = scratch.wavec(&["resume", "1", "--sandbox", "off"]);
    assert_eq!(resumed.code, Some(0), "{}", resumed.show());
    assert_eq!(git(&scratch, "show wavec/1:a.txt"), "late\n");
}

#[test]
fn a_commit_that_is_not_merged_outlives_its_worktree() {
    let plan = r#"
wave all {
  task one { agent coder  prompt "sed -i s/middle/ONE/ a.txt" }
  task two { agent coder  prompt "echo mine > new.txt"  writes "b.txt" }
}
"#;
    let scratch = repository(&[("a.txt", "top\nmiddle\n"), ("b.txt", "b\n")], plan);
    run(&scratch, 3, &[]);
    // By hand, as people do.
    git(&scratch, "worktree remove --force .wavec/runs/1/trees/1-all.two-1");
    assert_eq!(scratch.wavec(&["apply", "--partial"]).code, Some(0));
    for _ in 0..2 {
        let clean = scratch.wavec(&["clean"]);
        assert!(
            clean
                .stdout
                .contains("/1-all.two-1: its worktree is gone, and what was done in it is not merged"),
            "{}",
            clean.show()
        );
        let name = git(&scratch, "for-each-ref --format='%(refname)' refs/wavec | grep two");
        assert_eq!(git(&scratch, &format!("show {}:new.txt", name.trim())), "mine\n");
    }
    assert_eq!(
        git(&scratch, "for-each-ref --format='%(refname)' refs/wavec").lines().count(),
        1,
        "what is merged goes"
    );
    assert_eq!(scratch.wavec(&["clean", "1", "--discard"]).code, Some(0));
    assert_eq!(git(&scratch, "for-each-ref refs/wavec"), "");
}

#[test]
fn a_branch_that_no_other_holds_stays() {
    let scratch = repository(&[("a.txt", "a\n")], "task one { run \"echo b > a.txt\"  writes \"a.txt\" }\n");
    git(&scratch, "checkout -q --detach");
    run(&scratch, 0, &["--apply"]);
    let clean = scratch.wavec(&["clean"]);
    assert!(
        clean.stdout.contains("kept the branch wavec/1: the checkout holds it, but stands on no branch"),
        "{}",
        clean.show()
    );
    git(&scratch, "switch -q -c mine");
    let clean = scratch.wavec(&["clean"]);
    assert!(clean.stdout.contains("removed the branch wavec/1"), "{}", clean.show());
}

#[test]
fn what_was_checked_out_meanwhile_is_not_applied_to() {
    let plan = "task one { run \"cd $PLACE && git checkout -q -b other; cd - && echo b > a.txt\"  writes \"a.txt\" }\n";
    let scratch = repository(&[("a.txt", "a\n")], plan);
    let text = scratch.read("p.wave").replace("$PLACE", &scratch.path().display().to_string());
    let scratch = scratch.file("p.wave", text);
    git(&scratch, "commit -q -a -m plan");
    let outcome = run(&scratch, 2, &["--apply"]);
    let told = "the checkout stands on `other` now, and stood on `main` when the run began";
    assert!(outcome.stderr.contains(told), "{}", outcome.show());
    assert_eq!(scratch.read("a.txt"), "a\n");
    // In the midst of a rebase, which could be given up with all that was applied.
    let stopped = git(
        &scratch,
        "commit -q --allow-empty -m more && GIT_SEQUENCE_EDITOR='sed -i s/pick/edit/' git rebase -q -i HEAD~1 2>&1; git status",
    );
    assert!(stopped.contains("rebas"), "{stopped}");
    let outcome = scratch.wavec(&["apply"]);
    assert_eq!(outcome.code, Some(2), "{}", outcome.show());
    assert!(outcome.stderr.contains("a rebase is under way in it"), "{}", outcome.show());
    git(&scratch, "rebase --abort");
    let outcome = scratch.wavec(&["apply"]);
    assert!(outcome.stdout.contains("merged into `other`"), "{}", outcome.show());
    git(&scratch, "checkout -q --orphan alone && git commit -q -m alone");
    let outcome = scratch.wavec(&["apply"]);
    assert_eq!(outcome.code, Some(2), "{}", outcome.show());
    assert!(outcome.stderr.contains("has no commit in common with the run's"), "{}", outcome.show());
}

#[test]
fn what_git_cannot_take_over_fails_and_stays() {
    let plan = r#"
wave all {
  task inner { agent coder  prompt "mkdir sub; cd sub; git init -q .; echo x > y"  writes "sub/**" }
  task folder { agent coder  prompt "mkdir shut; echo x > shut/f; chmod 0 shut; echo y > open.txt"  writes "shut/**", "open.txt" }
  task file { agent coder  prompt "echo x > shut.txt; chmod 0 shut.txt"  writes "shut.txt" }
  task blind { agent coder  prompt "mkdir blind; echo x > blind/f; chmod 444 blind"  writes "blind/**" }
}
"#;
    let scratch = repository(&[("a.txt", "a\n")], plan);
    let outcome = run(&scratch, 3, &["--sandbox", "off"]);
    let shown = |task: &str, what: &str| {
        let is_it = |line: &str| line.contains(task) && line.contains(what);
        assert!(outcome.stdout.lines().any(is_it), "{task}: {}", outcome.show());
    };
    shown("all.inner ", "made `sub` a git repository of its own: what is in it cannot be merged");
    let trees = scratch.path().join(".wavec/runs/1/trees");
    assert!(trees.join("1-all.inner-1/sub/y").exists());
    // Nothing is shut for root.
    if trees.metadata().unwrap().uid() == 0 {
        return;
    }
    shown("all.folder ", "left `shut/` so that it cannot be read, and so not merged");
    shown("all.file ", "left `shut.txt` so that it cannot be read, and so not merged");
    shown("all.blind ", "left `blind");
    let clean = scratch.wavec(&["clean"]);
    assert_eq!(clean.stdout.matches("it holds work that is not merged").count(), 4, "{}", clean.show());
    assert_eq!(
        scratch.shell("cd .wavec/runs/1/trees/1-all.folder-1 && chmod 755 shut && cat shut/f").stdout,
        "x\n"
    );
    assert_eq!(scratch.wavec(&["clean", "1", "--discard"]).code, Some(0));
    assert_eq!(git(&scratch, "worktree list").lines().count(), 1);
}

/// Two checkouts of one repository, each with runs of its own, and a task that does with its `.git` what it likes.
#[test]
fn worktrees_are_wavecs_own_whatever_stands_around_them() {
    let plan = r#"
wave all {
  task good { agent coder  prompt "rm .git; echo NAME > good.txt"  writes "good.txt" }
  task late { agent coder  prompt "rm -rf .git; git init -q .; echo NAME > late.txt; test $WAVEC_ATTEMPT = 2"  writes "late.txt"  retries 1 }
  task bad { agent coder  prompt "echo NAME > stray.txt"  writes "bad.txt" }
}
"#;
    let scratch = repository(&[("a.txt", "a\n")], plan);
    git(&scratch, "worktree add -q linked && echo linked > .git/info/exclude");
    let made = scratch.shell(
        "sed -i s/NAME/main/ p.wave; sed -i s/NAME/linked/ linked/p.wave; echo mine >> a.txt; echo new > new.log; \
         wavec run p.wave --allow-dirty --sandbox off; cd linked && wavec run p.wave --sandbox off; cat ../a.txt ../new.log",
    );
    assert!(made.stdout.ends_with("a\nmine\nnew\n"), "{}", made.show());
    let first = git(&scratch, "for-each-ref --format='%(refname)' refs/heads/wavec");
    assert_eq!(first.lines().count(), 2, "{}", made.show());
    let texts: Vec<String> =
        first.lines().map(|name| git(&scratch, &format!("show {name}:good.txt {name}:late.txt"))).collect();
    assert!(
        texts.contains(&"main\nmain\n".into()) && texts.contains(&"linked\nlinked\n".into()),
        "{texts:?} {}",
        made.show()
    );
    let clean = scratch.shell(
        "wavec clean 1 --discard; cd linked; cat .wavec/runs/1/trees/1-all.bad-1/stray.txt; wavec clean",
    );
    assert!(
        clean.stdout.contains("linked\n") && clean.stdout.contains("it holds work that is not merged"),
        "{}",
        clean.show()
    );
}

/// wavec died while it laid a worktree out: its own index of it, which comes last, is not there.
#[test]
fn a_worktree_that_was_never_whole_goes_unless_it_holds_something() {
    let plan = "task a { agent coder  prompt \"sleep 0.5\"  writes \"a.txt\" }\n";
    let scratch = repository(&[("a.txt", "a\n")], plan);
    killed_after(&scratch, "attempt_running", 1);
    let trees = ".wavec/runs/1/trees";
    scratch.shell(&format!("for i in $(seq 200); do wavec clean --dry-run | grep -q left.alone || break; sleep 0.1; done; rm {trees}/1-a-1.index; echo mine > {trees}/1-a-1/new.txt"));
    let clean = scratch.wavec(&["clean"]);
    assert!(clean.stdout.contains("it is not laid out whole, and may hold work"), "{}", clean.show());
    scratch.shell(&format!("rm {trees}/1-a-1/new.txt"));
    let clean = scratch.wavec(&["clean"]);
    assert!(
        clean.stdout.contains("removed the worktree 1-a-1: nothing in it was changed"),
        "{}",
        clean.show()
    );
    assert_eq!(git(&scratch, "worktree list").lines().count(), 1);
}
