//! What an agent is told of what went wrong before: the output of criteria, claims, conflicts, each when it is so.

use super::{git, repository, run};

#[test]
fn the_output_of_failed_criteria_is_handed_on() {
    let plan = r#"
task a { agent coder  prompt "cp $WAVEC_PROMPT_FILE told-$WAVEC_ATTEMPT.md"  writes "told-*.md"
  retries 1 feedback
  success {
    check "the tests" runs "if [ $WAVEC_ATTEMPT = 1 ]; then for i in $(seq 50); do echo case $i broken; done; exit 1; fi"
    check "told" exists "told-2.md"
  }
}
"#;
    let scratch = repository(&[("a.txt", "a\n")], plan);
    run(&scratch, 0, &[]);
    let told = git(&scratch, "show wavec/1:told-2.md");
    let (first, last) = (told.find("case 11 broken"), told.find("case 50 broken"));
    assert!(first.is_some() && first < last, "{told}");
    assert!(told.contains("- `the tests` does not hold: exited with 1, not 0\n"), "{told}");
    assert!(told.contains("- `told` does not hold: nothing matches `told-2.md`"), "{told}");
    assert!(!told.contains("case 10 broken"), "as much as helps: {told}");
}

#[test]
fn what_fails_after_a_conflict_is_told_beside_it() {
    let plan = r#"
wave all {
  task one { agent coder  prompt "sed -i s/middle/ONE/ a.txt" }
  task two { agent coder  prompt "sh ./two.sh"  writes "a.txt", "told-*.md"  retries 2 feedback }
}
"#;
    let two = "until git show wavec/1:a.txt | grep -q ONE; do sleep 0.05; done\n\
               cp \"$WAVEC_PROMPT_FILE\" told-$WAVEC_ATTEMPT.md\n\
               case $WAVEC_ATTEMPT in\n\
               1) sed -i s/middle/TWO/ a.txt ;;\n\
               2) echo stray > stray.txt ;;\n\
               3) rm stray.txt; echo TWO >> a.txt ;;\n\
               esac\n";
    let scratch = repository(&[("a.txt", "top\nmiddle\nbottom\n"), ("two.sh", two)], plan);
    run(&scratch, 0, &[]);
    let second = git(&scratch, "show wavec/1:told-2.md");
    assert!(second.contains("conflicts with theirs") && !second.contains("stray"), "{second}");
    let third = git(&scratch, "show wavec/1:told-3.md");
    let (conflict, claims) = (third.find("conflicts with theirs"), third.find("created `stray.txt`"));
    assert!(conflict.is_some() && conflict < claims, "{third}");
    assert!(
        third.contains("Attempt 1 of this task did its work")
            && third.contains("Attempt 2 of this task failed"),
        "{third}"
    );
    assert_eq!(git(&scratch, "show wavec/1:a.txt"), "top\nONE\nbottom\nTWO\n");
}

#[test]
fn secrets_are_masked_wherever_they_come_to_light() {
    let plan = r#"
secret key from env "LAB_KEY"
wave all {
  task path { agent coder  prompt "echo x > \"$KEY.txt\""  env KEY from secret key  writes "x.txt" }
  task section { agent coder  prompt "echo \"$KEY\" >> a.md"  env KEY from secret key  writes "a.md#One" }
  task found { run "cat key.log; exit 3"  writes nothing }
  task json { agent coder  prompt "cat reply.log > $WAVEC_RESULT_FILE"  env KEY from secret key  writes nothing  output said from stdout }
}
"#;
    let scratch = repository(&[("a.md", "# One\none\n\n# Two\ntwo\n")], plan);
    let text = scratch.read("p.wave");
    let place = scratch.path().display();
    let text = text.replace("cat key.log", &format!("cat {place}/key.log"));
    let text = text.replace("cat reply.log", &format!("cat {place}/reply.log"));
    let scratch =
        scratch.file("p.wave", text).file(".gitignore", "*.log\n").file("key.log", "se\"cret-of-lab\n").file(
            "reply.log",
            serde_json::json!({ "status": "done", "text": "it is se\"cret-of-lab" }).to_string(),
        );
    git(&scratch, "add -A && git commit -q -m plan");
    let outcome = scratch.shell("LAB_KEY='se\"cret-of-lab' wavec run p.wave");
    assert_eq!(outcome.code, Some(3), "{}", outcome.show());
    assert!(outcome.stdout.contains("created `***.txt`"), "{}", outcome.show());
    assert!(
        outcome.stdout.contains("outside of `a.md#One`") && outcome.stdout.contains("`***`"),
        "{}",
        outcome.show()
    );
    assert!(!outcome.show().contains("cret-of-lab"), "{}", outcome.show());
    let looked = scratch.shell(
        "wavec show 1 --format json > shown.log; wavec show 1 all.json >> shown.log; \
         grep -rla cret-of-lab shown.log .wavec --exclude-dir=trees; echo over",
    );
    assert_eq!(looked.stdout, "over\n");
}
