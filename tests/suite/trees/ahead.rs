//! Worktrees that are made before their tasks can start.

use super::{git, repository, run};

/// A wave of nine comes after one task, which sees its nine worktrees made while it works; they hold what it merged all the same.
#[test]
fn a_wave_finds_its_worktrees_made() {
    let plan = r#"
wave first {
  task look {
    agent coder
    prompt "echo new > new.txt; for i in $(seq 300); do n=$(ls $WAVEC_TREE/../.ahead 2> /dev/null | wc -l); [ $n = 9 ] && exit 0; sleep 0.1; done; exit 9"
    writes "new.txt"
  }
}
wave second {
  for n in "1", "2", "3", "4", "5", "6", "7", "8", "9" {
    task t{{n}} {
      agent coder
      prompt "test -z \"$(git status --porcelain)\"; test -f a.txt; cat new.txt > {{n}}.txt; git log -1 --format=%s >> {{n}}.txt"
      writes "{{n}}.txt"
    }
  }
}
"#;
    let scratch = repository(&[("a.txt", "a\n")], plan);
    run(&scratch, 0, &[]);
    for n in 1..=9 {
        assert_eq!(git(&scratch, &format!("show wavec/1:{n}.txt")), "new\nfirst.look\n");
    }
    assert!(!scratch.path().join(".wavec/runs/1/trees/.ahead").exists());
    assert_eq!(git(&scratch, "worktree list").lines().count(), 1);
    assert_eq!(git(&scratch, "status --porcelain"), "");
}

/// A wavec that is killed leaves some behind, which its successor takes away.
#[test]
fn those_of_a_wavec_that_died_are_taken_away() {
    let plan = r#"
wave first { task wait { agent coder  prompt "test -f {{plan.dir}}/go || sleep 60; echo x > x.txt"  writes "x.txt" } }
wave second { for n in "1", "2" { task t{{n}} { agent coder  prompt "echo {{n}} > {{n}}.txt"  writes "{{n}}.txt" } } }
"#;
    let plan = plan.replace("{{plan.dir}}", "$PLACE");
    let scratch = repository(&[("a.txt", "a\n")], &plan);
    let place = scratch.path().display().to_string();
    let text = scratch.read("p.wave").replace("$PLACE", &place);
    let scratch = scratch.file("p.wave", text);
    git(&scratch, "commit -q -a -m plan");
    let killed = scratch.shell(
        "wavec run p.wave > out.log 2>&1 & pid=$!; \
         for i in $(seq 300); do [ \"$(ls .wavec/runs/1/trees/.ahead 2> /dev/null | wc -l)\" = 2 ] && break; sleep 0.1; done; \
         kill -9 $pid; ls .wavec/runs/1/trees/.ahead | wc -l",
    );
    assert_eq!(killed.stdout.trim(), "2", "{}", killed.stderr);
    let scratch = scratch.file("go", "");
    let resumed = scratch.wavec(&["resume", "1"]);
    assert_eq!(resumed.code, Some(0), "{}{}", resumed.stdout, resumed.stderr);
    assert_eq!(git(&scratch, "show wavec/1:2.txt"), "2\n");
    assert!(!scratch.path().join(".wavec/runs/1/trees/.ahead").exists());
    // The tree of the attempt that died may hold work, and stays.
    let listed = git(&scratch, "worktree list");
    assert!(listed.lines().count() == 2 && !listed.contains("ahead"), "{listed}");
}
