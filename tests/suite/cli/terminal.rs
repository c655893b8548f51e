//! On a terminal: what wavec has, its tasks have not.

use super::Scratch;

#[test]
fn a_task_cannot_reach_the_terminal_that_wavec_has() {
    let scratch = Scratch::new().file(
        "tty.wave",
        "plan tty\ntask a { run \"if (: </dev/tty) 2>/dev/null; then exit 1; fi; ps -o tty= -p $$ | grep -qF '?'\" }\n",
    );
    let outcome = scratch.shell(
        "SHELL=/bin/sh script -qec '(: </dev/tty) && echo reached; wavec run tty.wave >said 2>&1; echo code $?' /dev/null </dev/null",
    );
    if !outcome.stdout.contains("reached") {
        eprintln!("skipped: no terminal can be had: {}", outcome.stderr);
        return;
    }
    assert!(outcome.stdout.contains("code 0"), "{}\n{}", outcome.stdout, scratch.read("said"));
}
