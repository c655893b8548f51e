//! Agents that write where they may not: the kernel forbids it, and they are told.
//!
//! Where the kernel has no Landlock only the words about that are tested.

use super::{git, has_event, repository, run};
use crate::cli::Scratch;

/// Whether the kernel here has Landlock: a run that requires it is refused where not.
fn has_landlock(scratch: &Scratch) -> bool {
    let refused = scratch.wavec(&["run", "p.wave", "--sandbox", "require", "--dry-run"]);
    assert!(refused.code == Some(0) || refused.stderr.contains("no Landlock"), "{}", refused.show());
    refused.code == Some(0)
}

#[test]
fn an_agent_writes_in_its_worktree_and_nowhere_else() {
    let plan = r#"
wave all {
  task good { agent coder  prompt "echo x > good.txt; echo t > \"$TMPDIR/t\"; mktemp > /dev/null; mkdir d; mv good.txt d/good.txt; git status > /dev/null"  creates "d/**" }
  task stray { agent coder  prompt "echo x > stray.txt; echo y > \"$OLDPWD_OF_TEST/escaped.txt\""  creates "stray.txt" }
  task quiet { agent coder  prompt "echo y > \"$OLDPWD_OF_TEST/escaped.txt\" || true"  creates "quiet.txt" }
  task commits { agent coder  prompt "echo mine > mine.txt; git add mine.txt || true; git -c user.name=x -c user.email=x commit --allow-empty -qm mine || true"  creates "mine.txt" }
  task hooks { agent coder  prompt "mkdir -p \"$OLDPWD_OF_TEST/.git/hooks\"; echo x > \"$OLDPWD_OF_TEST/.git/hooks/pre-commit\""  creates "h.txt" }
  task command { run "echo free > \"$OLDPWD_OF_TEST/.wavec/free.txt\""  writes nothing }
}
"#;
    let scratch = repository(&[("b.txt", "x\n")], plan);
    let text = scratch.read("p.wave").replace("$OLDPWD_OF_TEST", &scratch.path().display().to_string());
    let scratch = scratch.file("p.wave", text);
    if !has_landlock(&scratch) {
        return;
    }
    let outcome = run(&scratch, 3, &["--format", "json"]);
    let shown = scratch.wavec(&["show", "1", "all.stray"]).stdout;
    assert!(has_event(&outcome, &["task_ended", "all.stray", "failed"]), "{}", outcome.stdout);
    assert!(shown.contains("Permission denied") && shown.contains("--sandbox off"), "{shown}");
    assert!(
        has_event(&outcome, &["task_ended", "all.quiet", "it was denied `writing outside of its worktree`"]),
        "{}",
        outcome.stdout
    );
    assert!(has_event(&outcome, &["task_ended", "all.hooks", "failed"]));
    assert!(!scratch.path().join("escaped.txt").exists());
    assert!(!scratch.path().join(".git/hooks/pre-commit").exists());
    // What it may write is merged, also that of one that may not commit.
    assert_eq!(git(&scratch, "show wavec/1:d/good.txt wavec/1:mine.txt"), "x\nmine\n");
    assert!(scratch.wavec(&["show", "1", "all.commits", "--log"]).stdout.contains("insufficient permission"));
    // A command is the author's own.
    assert_eq!(scratch.read(".wavec/free.txt"), "free\n");
    let left = std::fs::read_dir(scratch.path().join(".wavec/runs/1/tmp")).unwrap().count();
    assert_eq!(left, 0, "temporary folders go with their tasks");

    // Everything may be opened up, and everything confined.
    let strict =
        scratch.wavec(&["run", "p.wave", "--sandbox", "require", "--allow-dirty", "--format", "json"]);
    assert!(has_event(&strict, &["task_ended", "all.command", "failed"]), "{}", strict.show());
    let scratch = scratch.file("wavec.toml", "[sandbox]\nwrites = [\".\"]\n");
    let open = scratch.wavec(&["run", "p.wave", "--allow-dirty", "--format", "json"]);
    assert!(has_event(&open, &["task_ended", "all.stray", "succeeded"]), "{}", open.show());
    assert_eq!(scratch.read("escaped.txt"), "y\n");
}

#[test]
fn what_cannot_be_confined_is_told_or_refused() {
    let plan = "task one { agent coder  prompt \"echo x > a.txt\"  creates \"a.txt\" }\n";
    let scratch = repository(&[("b.txt", "x\n")], plan);
    let refused = scratch.shell("WAVEC_WITHOUT_LANDLOCK=1 wavec run p.wave --sandbox require");
    assert_eq!(refused.code, Some(2), "{}", refused.show());
    assert!(refused.stderr.contains("no Landlock") && refused.stderr.contains("help:"), "{}", refused.stderr);
    assert!(!scratch.path().join(".wavec/runs/1").exists());
    let told = scratch.shell("WAVEC_WITHOUT_LANDLOCK=1 wavec run p.wave");
    assert_eq!(told.code, Some(0), "{}", told.show());
    assert!(told.stderr.contains("note: the kernel here cannot confine"), "{}", told.stderr);
    let shared = scratch.read("p.wave").replace("isolation worktree", "isolation shared");
    let scratch = scratch.file("p.wave", shared);
    let refused = scratch.wavec(&["run", "p.wave", "--sandbox", "require"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("`one` works in the plan's own directory"), "{}", refused.stderr);
}
