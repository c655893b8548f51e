//! The real agent programs, each called by wavec's own driver, against a scripted model.

use super::lab::{Lab, PROGRAMS};
use super::model::Turn;

/// Every driver of a program, and the programs by the Agent Client Protocol.
const ALL: [&str; 8] = ["claude", "codex", "opencode", "gemini", "qwen", "qwen-acp", "gemini-acp", "opencode-acp"];

#[test]
fn look() {
    let Some(lab) = Lab::new() else { return };
    let which = std::env::var("LOOK").unwrap_or("codex".into());
    let what = std::env::var("LOOK_AT").unwrap_or("write".into());
    let names: Vec<&str> = which.split(',').collect();
    let mut plan = String::from("plan p\nisolation worktree\non failure continue\n");
    for name in &names {
        plan.push_str(&lab.agent(name, ""));
        let turns = match what.as_str() {
            "write" => vec![Turn::write(&format!("{name}.txt"), "hello\n"), Turn::run("echo $WAVEC_TASK; pwd"), Turn::say("I wrote it.")],
            it => vec![Turn::fail(it.parse().unwrap(), "scripted failure"); 4],
        };
        lab.model.script(name, turns);
    }
    plan.push_str("wave w {\n");
    for name in &names {
        plan.push_str(&format!("  task {name} {{ agent {name}  prompt \"Do it. [[{name}]]\"  writes \"{name}.txt\" timeout 60s }}\n"));
    }
    plan.push_str("}\n");
    let lab = lab.plan(&plan);
    let begin = std::time::Instant::now();
    let outcome = lab.wavec("run p.wave --format json");
    eprintln!("{}", outcome.show());
    eprintln!("{:?}", begin.elapsed());
    for name in names {
        eprintln!("{}", lab.shell(&format!("for i in .wavec/runs/1/w.{name}/*.log; do echo == $i; cut -c 1-1500 $i; done; git show wavec/1:{name}.txt")).show());
        for asked in lab.model.asked(name) {
            eprintln!("asked by {} {}", asked.key, asked.body.to_string().len());
        }
    }
    assert!(lab.wait_until_clean().is_empty());
}
