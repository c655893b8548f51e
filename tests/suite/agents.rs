//! The drivers of the agent programs, against stand-ins that print what the real ones were recorded to print; each in a worktree.
//!
//! The real programs are not asked for anything here: what they do beyond their formats is not shown by these tests.

mod lab;
mod model;
mod real;

use crate::cli::{Outcome, Scratch};
use std::fs;
use std::path::Path;

const PROGRAMS: [&str; 5] = ["claude", "codex", "opencode", "gemini", "qwen"];

/// A repository with the stand-ins in `bin` (ignored) and a plan.
fn repository(plan: &str) -> Scratch {
    let scratch =
        Scratch::new().file("p.wave", plan).file(".gitignore", "bin/\n*.log\n").file("a.txt", "a\n");
    fs::create_dir_all(scratch.path().join("bin")).unwrap();
    let agent = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/agents/agent");
    for name in PROGRAMS.iter().chain(&["acp-agent"]) {
        std::os::unix::fs::symlink(&agent, scratch.path().join("bin").join(name)).unwrap();
    }
    let made = scratch.shell(
        "git init -q -b main . && git config user.name T && git config user.email t@x && git add -A && git commit -q -m start",
    );
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    scratch
}

fn wavec(scratch: &Scratch, words: &str) -> Outcome {
    scratch.shell(&format!("PATH=$PWD/bin:$PATH WAVEC_SANDBOX=off wavec {words}"))
}

/// A declaration of an agent for each driver, and a task of each with that prompt.
fn plan_of_all(prompt: &str, more: &str) -> String {
    let mut plan = String::from("plan all\nisolation worktree\non failure continue\n");
    let mut tasks = String::new();
    for name in PROGRAMS.iter().chain(&["acp"]) {
        let program = if *name == "acp" { "  run [\"acp-agent\"]" } else { "" };
        plan.push_str(&format!("agent {name}-agent {{ driver {name}{program} }}\n"));
        tasks.push_str(&format!(
            "  task {name} {{ agent {name}-agent  prompt \"{}\"  writes \"{name}.txt\" {more} }}\n",
            prompt.replace("NAME", name)
        ));
    }
    format!("{plan}wave all {{\n{tasks}}}\n")
}

#[test]
fn every_driver_has_its_agent_work() {
    let scratch = repository(&plan_of_all("write NAME.txt hello", ""));
    let outcome = wavec(&scratch, "run p.wave --format json");
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    for name in PROGRAMS.iter().chain(&["acp"]) {
        assert_eq!(scratch.shell(&format!("git show wavec/1:{name}.txt")).stdout, "hello\n", "{name}");
        let is_it = |line: &&str| line.contains("attempt_ended") && line.contains(&format!("\"all.{name}\""));
        let line = outcome.stdout.lines().find(is_it).unwrap();
        assert!(line.contains("\"input_tokens\":1000") && line.contains("\"output_tokens\":50"), "{line}");
        let has_price = ["claude", "opencode", "acp"].contains(name);
        let price = if has_price { "\"money\":50000" } else { "\"money\":null" };
        assert!(line.contains(price), "an unknown price is not zero: {line}");
    }
    let summary = wavec(&scratch, "show 1 all.codex");
    assert!(summary.stdout.contains("cost unknown"), "{}", summary.stdout);
}

#[test]
fn an_agent_that_says_done_and_did_nothing_has_failed() {
    let scratch = repository(&plan_of_all("nothing", ""));
    let outcome = wavec(&scratch, "run p.wave --format json");
    assert_eq!(outcome.code, Some(3), "{}", outcome.stderr);
    assert_eq!(outcome.stdout.matches("\"event\":\"task_ended\"").count(), 6);
    assert_eq!(
        outcome.stdout.matches("\"reason\":\"no change: it claims to write").count(),
        6,
        "{}",
        outcome.stdout
    );
    let plan = "plan p\nisolation worktree\nagent c { driver claude }\ntask t { agent c  prompt \"denied\"  writes \"x\" }\n";
    let outcome = wavec(&repository(plan), "run p.wave");
    assert!(outcome.stdout.contains("it was denied `Write`"), "{}", outcome.stdout);
}

#[test]
fn errors_have_their_class() {
    let of = |prompt: &str| {
        let scratch = repository(&plan_of_all(prompt, "timeout 20s"));
        let outcome = wavec(&scratch, "run p.wave --format json");
        let class = |name: &str| {
            let is_it =
                |line: &&str| line.contains("attempt_ended") && line.contains(&format!("\"all.{name}\""));
            let line = outcome.stdout.lines().find(is_it).unwrap_or_else(|| panic!("{}", outcome.stdout));
            let class = line.split("\"class\":\"").nth(1).unwrap_or("none");
            class.split('"').next().unwrap().to_owned()
        };
        PROGRAMS.iter().chain(&["acp"]).map(|name| class(name)).collect::<Vec<_>>()
    };
    assert_eq!(of("quota"), ["quota"; 6]);
    let auth = of("auth");
    assert_eq!(auth[..5], ["auth"; 5]);
    assert_eq!(of("broken"), ["failed"; 6]);
    // What may pass by itself is tried again; that takes its pauses, so the formats are asked directly.
}

#[test]
fn a_spent_quota_stops_its_driver_and_the_run_parks() {
    let plan = r#"plan p
isolation worktree
workers 1
agent c { driver claude  env FAKE_LOG "LOG" }
agent d { driver codex }
wave w {
  task first { agent c  prompt "quota"  writes "1" priority 3 }
  task second { agent c  prompt "write 2 two"  writes "2" priority 2 }
  task other { agent d  prompt "write 3 three"  writes "3" }
}
"#;
    let scratch = repository(plan);
    let log = scratch.path().join("calls.log");
    let text = scratch.read("p.wave").replace("LOG\"", &format!("{}\"", log.display()));
    let scratch = scratch.file("p.wave", &text);
    let outcome = wavec(&scratch, "run p.wave");
    assert_eq!(outcome.code, Some(4), "{}{}", outcome.stdout, outcome.stderr);
    assert!(outcome.stdout.contains("until 2033-05-18 03:33 UTC"), "{}", outcome.stdout);
    let calls = fs::read_to_string(&log).unwrap();
    assert_eq!(calls.lines().count(), 1, "nothing more is asked of it: {calls}");
    assert_eq!(scratch.shell("git show wavec/1:3").stdout, "three\n");
    // What was not run, and only that, is run when there is quota again.
    let scratch = scratch.file("p.wave", text.replace("\"quota\"", "\"write 1 one\""));
    let outcome = wavec(&scratch, "resume");
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    assert_eq!(scratch.shell("git show wavec/1:1 wavec/1:2 wavec/1:3").stdout, "one\ntwo\nthree\n");
    let calls = fs::read_to_string(&log).unwrap();
    assert_eq!(calls.lines().filter(|line| line.starts_with("claude")).count(), 3, "{calls}");
}

#[test]
fn feedback_goes_to_the_same_session() {
    for name in ["claude", "codex", "opencode"] {
        let plan = format!(
            "plan p\nisolation worktree\nagent c {{ driver {name}  env FAKE_LOG \"LOG\" }}\n\
             task t {{ agent c  prompt \"write x.txt line\"  writes \"x.txt\"  retries 1 feedback\n\
             success {{ check \"two lines\" runs \"test $(wc -l < x.txt) = 2\" }} }}\n"
        );
        let scratch = repository(&plan);
        let log = scratch.path().join("calls.log");
        let text = scratch.read("p.wave").replace("LOG\"", &format!("{}\"", log.display()));
        let scratch = scratch.file("p.wave", text);
        let outcome = wavec(&scratch, "run p.wave");
        assert_eq!(outcome.code, Some(0), "{name}: {}{}", outcome.stdout, outcome.stderr);
        let calls = fs::read_to_string(&log).unwrap();
        assert!(calls.contains("[s1]"), "{name} goes on with its session: {calls}");
        let told = scratch.read(".wavec/runs/1/t/2.prompt.md");
        assert!(told.contains("What went wrong before") && told.contains("two lines"), "{told}");
    }
}

#[test]
fn a_judge_answers_in_a_schema() {
    let plan = "plan p\nisolation worktree\nagent c { driver claude }\nagent j { driver codex }\n\
        task t { agent c  prompt \"write x.txt line\"  writes \"x.txt\"\n\
        success { check \"good\" judged by j \"Is it good?\" } }\n";
    let scratch = repository(plan);
    let outcome = wavec(&scratch, "run p.wave");
    assert_eq!(outcome.code, Some(3), "{}{}", outcome.stdout, outcome.stderr);
    assert!(outcome.stdout.contains("it is too short"), "{}", outcome.stdout);
    assert!(scratch.path().join(".wavec/runs/1/t/check-1.prompt.schema.json").is_file());
}

#[test]
fn budgets_stop_before_they_are_passed() {
    let plan = r#"plan p
isolation worktree
workers 1
budget $0.08
agent c { driver claude }
wave w {
  task one { agent c  prompt "write 1 one"  writes "1"  cost $0.05 priority 3 }
  task two { agent c  prompt "write 2 two"  writes "2"  cost $0.05 priority 2 }
  task free { run "echo 3 > 3"  writes "3" }
}
"#;
    let scratch = repository(plan);
    let outcome = wavec(&scratch, "run p.wave");
    assert_eq!(outcome.code, Some(4), "{}{}", outcome.stdout, outcome.stderr);
    assert!(
        outcome.stdout.contains("$0.05 of $0.08 spent, and another attempt may cost $0.05"),
        "{}",
        outcome.stdout
    );
    assert_eq!(scratch.shell("git show wavec/1:1 wavec/1:3").stdout, "one\n3\n");
    let scratch = scratch.file("p.wave", plan.replace("$0.08", "$1"));
    let outcome = wavec(&scratch, "resume");
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    assert_eq!(scratch.shell("git show wavec/1:2").stdout, "two\n");
}

/// A judge whose quota is spent is asked once, and what it was to judge waits for it.
#[test]
fn a_spent_quota_of_a_judge_parks_what_it_was_to_judge() {
    let plan = r#"plan p
isolation worktree
workers 1
on failure continue
agent j { driver command  run "sh ./judge.sh" }
wave w {
  task one { run "echo 1 >> one.txt; echo 1 >> $PLACE/count.log"  writes "one.txt"  success { check "good" judged by j "Is it?" } }
  task two { run "echo 2 > two.txt; echo 2 >> $PLACE/count.log"  writes "two.txt"  success { check "good" judged by j "Is it?" } }
  gate { check "all good" runs "test -f one.txt && test -f two.txt" }
}
task last { run "true"  writes nothing }
"#;
    let judge = "echo asked >> $PLACE/count.log\n\
                 if test -f $PLACE/more.log; then echo '{\"verdict\": \"pass\", \"reason\": \"good\"}'; exit; fi\n\
                 echo '{\"status\": \"quota\", \"message\": \"spent\", \"resets_at\": \"2027-01-01T05:00:00Z\"}' > $WAVEC_RESULT_FILE\n";
    let scratch = repository(plan);
    let place = scratch.path().display().to_string();
    let scratch = scratch
        .file("p.wave", plan.replace("$PLACE", &place))
        .file("judge.sh", judge.replace("$PLACE", &place));
    scratch.shell("git add -A && git commit -q -m judge");
    let outcome = wavec(&scratch, "run p.wave");
    assert_eq!(outcome.code, Some(4), "{}", outcome.show());
    assert!(
        outcome
            .stdout
            .contains("parked: `j`: the agent's quota is spent: spent (until 2027-01-01 05:00 UTC)"),
        "{}",
        outcome.show()
    );
    assert_eq!(scratch.read("count.log"), "1\nasked\n2\n", "{}", outcome.show());
    let scratch = scratch.file("more.log", "");
    let resumed = wavec(&scratch, "resume");
    assert_eq!(resumed.code, Some(0), "{}", resumed.show());
    assert_eq!(
        scratch.read("count.log"),
        "1\nasked\n2\nasked\nasked\n",
        "judged, and not done again: {}",
        resumed.show()
    );
    assert_eq!(scratch.shell("git show wavec/1:one.txt wavec/1:two.txt").stdout, "1\n2\n");
}

#[test]
fn what_attempts_cost_until_now_is_expected_of_the_next() {
    let plan = r#"plan p
isolation worktree
workers 1
budget $0.08
agent c { driver claude }
wave w {
  task one { agent c  prompt "write 1 one"  writes "1"  priority 2 }
  task two { agent c  prompt "write 2 two"  writes "2" }
}
"#;
    let scratch = repository(plan);
    let outcome = wavec(&scratch, "run p.wave");
    assert_eq!(outcome.code, Some(4), "{}", outcome.show());
    let why = "the budget of `p` has no room: $0.05 of $0.08 spent, and another attempt may cost $0.05";
    assert!(outcome.stdout.contains(why), "{}", outcome.show());
}

#[test]
fn definitions_are_injected_and_permissions_answered() {
    let plan = r#"plan p
isolation worktree
agent limited { driver acp  run ["acp-agent"]  deny "edit" }
wave w {
  task one { agent writer  prompt "write 1 one"  writes "1" }
  task two { agent limited  prompt "write 2 two"  writes "2" }
}
"#;
    let definition =
        "---\nname: writer\ndescription: writes things\ntools: Read, Write\nmodel: haiku\n---\nYou write.\n";
    let scratch = repository(plan).file(".claude/agents/writer.md", definition);
    let outcome = wavec(&scratch, "run p.wave");
    assert_eq!(outcome.code, Some(3), "{}{}", outcome.stdout, outcome.stderr);
    assert_eq!(scratch.shell("git show wavec/1:1").stdout, "one\n");
    assert!(outcome.stdout.contains("it was denied `Write file`"), "{}", outcome.stdout);
    let agents = wavec(&scratch, "agents p.wave").stdout;
    assert!(agents.contains("claude    claude 9.9.9 (stand-in)"), "{agents}");
    assert!(agents.contains("writer: claude, model haiku, defined in"), "{agents}");
}

#[test]
fn a_missing_program_is_told_before_anything_starts() {
    let plan = "plan p\nagent c { driver claude }\ntask t { agent c  prompt \"write x y\"  writes \"x\" }\n";
    let scratch = repository(plan);
    let outcome = scratch.shell("PATH=/usr/bin:/bin $(command -v wavec) run p.wave");
    assert_eq!(outcome.code, Some(2), "{}{}", outcome.stdout, outcome.stderr);
    assert!(outcome.stderr.contains("the program `claude` is not installed"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("npm install -g @anthropic-ai/claude-code"), "{}", outcome.stderr);
    assert!(!scratch.path().join(".wavec/runs/1").exists());
    for run in ["no-such-agent --acp \\\"a b\\\"", "/no/such-agent"] {
        let plan = plan.replace("driver claude", &format!("driver command  run \"{run}\""));
        let outcome = wavec(&repository(&plan), "run p.wave");
        assert_eq!(outcome.code, Some(2), "{}{}", outcome.stdout, outcome.stderr);
        assert!(outcome.stderr.contains("such-agent` is not installed"), "{}", outcome.stderr);
    }
    let plan = plan.replace("driver claude", "driver acp  run [\"no-such-agent\", \"--acp\"]");
    let scratch = repository(&plan);
    let outcome = wavec(&scratch, "run p.wave");
    assert_eq!(outcome.code, Some(2), "{}{}", outcome.stdout, outcome.stderr);
    assert!(outcome.stderr.contains("the program `no-such-agent` is not installed"), "{}", outcome.stderr);
    let told = wavec(&scratch, "agents p.wave");
    assert!(
        told.stdout.contains("c: acp, runs no-such-agent --acp, `no-such-agent` is not installed"),
        "{}",
        told.stdout
    );
}

#[test]
fn a_silent_agent_is_ended_by_its_time_and_by_its_protocol() {
    let plan = "plan p\nisolation worktree\non failure continue\nagent a { driver acp  run [\"acp-agent\"] }\nagent c { driver claude }\n\
        wave w {\n  task one { agent a  prompt \"silent\"  writes \"1\"  timeout 2s }\n\
        task two { agent c  prompt \"silent\"  writes \"2\"  timeout 2s }\n}\n";
    let scratch = repository(plan);
    let outcome = wavec(&scratch, "run p.wave");
    assert_eq!(outcome.code, Some(3), "{}{}", outcome.stdout, outcome.stderr);
    for task in ["w.one", "w.two"] {
        let is_it = |line: &&str| line.contains(task) && line.contains("did not end within 2s");
        assert!(outcome.stdout.lines().any(|line| is_it(&line)), "{}", outcome.stdout);
    }
}
