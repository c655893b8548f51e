//! The real agent programs, each called by wavec's own driver, against a scripted model. Left out, with a word, where the
//! programs are not installed.

use super::lab::Lab;
use super::model::{INPUT, OUTPUT, Turn};
use std::fs;
use std::process::Child;
use std::time::{Duration, Instant};

/// A task of an agent, whose conversation is called as it is.
fn task(name: &str, agent: &str, more: &str) -> String {
    format!("  task {name} {{ agent {agent}  prompt \"Do your work. [[{name}]]\"  {more} }}\n")
}

fn interrupt(child: &Child, signal: &str) {
    let sent = std::process::Command::new("kill").args([signal, &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

/// Waits for the end of a wavec, and gives its code.
fn end(mut child: Child) -> Option<i32> {
    let begin = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        assert!(begin.elapsed() < Duration::from_secs(60), "wavec does not end");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Eight agents at once, in worktrees of their own: five headless, three by the Agent Client Protocol.
#[test]
fn all_programs_work_side_by_side() {
    let Some(lab) = Lab::new() else { return };
    let all = ["claude", "codex", "opencode", "gemini", "qwen", "qwen-acp", "gemini-acp", "opencode-acp"];
    let mut tasks = String::new();
    for name in all {
        let file = format!("{name}.txt");
        lab.model.script(
            name,
            [Turn::write(&file, "hello\n"), Turn::run("echo in the middle"), Turn::say("I wrote it.")],
        );
        tasks.push_str(&task(name, name, &format!("writes \"{file}\"  output said from stdout  timeout 5m")));
    }
    let agents: Vec<(&str, &str)> = all
        .iter()
        .map(|name| (*name, if *name == "claude" { "allow \"Bash(echo *)\"" } else { "" }))
        .collect();
    let (lab, outcome) = lab.run(&agents, &tasks);
    let logs = || all.map(|name| lab.wavec(&format!("show 1 w.{name} --log")).stdout).join("\n");
    assert_eq!(outcome.code, Some(0), "{}{}{}", outcome.stdout, outcome.stderr, logs());
    for name in all {
        let of = format!("w.{name}");
        assert_eq!(lab.merged(&format!("{name}.txt")), "hello\n", "{name}");
        assert_eq!(lab.model.asked(name).len(), 3, "{name}");
        assert!(lab.model.asked(name)[0].key.contains("key-of-"), "{name}");
        let usage = &Lab::ends(&outcome, &of)[0]["usage"];
        let told = (usage["input_tokens"].as_u64(), usage["output_tokens"].as_u64());
        // opencode tells only what the last step took, by this protocol.
        let turns = if name == "opencode-acp" { 1 } else { 3 };
        let is_qwen = name == "qwen-acp";
        assert!(told == (Some(turns * INPUT), Some(turns * OUTPUT)) || is_qwen, "{name}: {usage}");
        let has_price = ["claude", "opencode", "opencode-acp"].contains(&name);
        assert_eq!(usage["money"].as_u64().is_some_and(|it| it > 0), has_price, "{name}: {usage}");
        let output = &Lab::events(&outcome, "output_taken", &of)[0];
        assert_eq!(output["value"], "I wrote it.", "{name}: {output}");
        let session = Lab::events(&outcome, "session_opened", &of);
        assert!(
            session.len() == 1 && session[0]["session"].as_str().unwrap().len() > 10,
            "{name}: {session:?}"
        );
    }
    assert!(lab.wavec("show 1 w.codex").stdout.contains("cost unknown"));
    assert!(!lab.wavec("show 1 w.claude").stdout.contains("cost unknown"));
    lab.assert_clean("");
}

#[test]
fn errors_of_the_service_have_their_class() {
    let Some(lab) = Lab::new() else { return };
    let mut tasks = String::new();
    let mut add = |name: &str, agent: &str, turns: Vec<Turn>| {
        lab.model.script(name, turns);
        tasks.push_str(&task(name, agent, &format!("writes \"{name}\"")));
    };
    for agent in ["codex", "claude"] {
        let work = |name: &str| vec![Turn::fail(500, "down"), Turn::write(name, "x\n"), Turn::say("done")];
        add(&format!("bad-{agent}"), agent, vec![Turn::fail(400, "the connection id is bad"); 2]);
        add(&format!("key-{agent}"), agent, vec![Turn::fail(401, "who are you"); 2]);
        let down = format!("down-{agent}");
        add(&down, agent, work(&down));
    }
    // These try again by themselves.
    for agent in ["gemini", "qwen", "opencode"] {
        for (name, status) in [(format!("down-{agent}"), 500), (format!("busy-{agent}"), 429)] {
            let turns = vec![Turn::fail(status, "later"), Turn::write(&name, "x\n"), Turn::say("done")];
            add(&name, agent, turns);
        }
    }
    add("bad-opencode", "opencode", vec![Turn::fail(400, "no such field"); 4]);
    add("key-opencode", "opencode", vec![Turn::fail(401, "who are you"); 4]);
    add("bad-gemini", "gemini", vec![Turn::fail(400, "no such field"); 4]);
    add("key-gemini", "gemini", vec![Turn::fail(401, "who are you"); 4]);
    add("bad-qwen", "qwen", vec![Turn::fail(400, "no such field"); 4]);
    add("key-acp", "gemini-acp", vec![Turn::fail(401, "who are you"); 4]);
    let agents = ["codex", "claude", "gemini", "qwen", "opencode", "gemini-acp"].map(|name| (name, ""));
    let (lab, outcome) = lab.run(&agents, &tasks);
    assert_eq!(outcome.code, Some(3), "{}", outcome.stderr);
    let how = |name: &str| Lab::how(&outcome, &format!("w.{name}"));
    for name in ["bad-codex", "bad-claude", "bad-gemini", "bad-qwen", "bad-opencode"] {
        assert_eq!(how(name), ["failed"], "{name}: {:?}", Lab::ends(&outcome, &format!("w.{name}")));
    }
    for name in ["key-codex", "key-claude", "key-gemini", "key-opencode", "key-acp"] {
        assert_eq!(how(name), ["auth"], "{name}: {:?}", Lab::ends(&outcome, &format!("w.{name}")));
    }
    for name in ["down-codex", "down-claude"] {
        assert_eq!(
            how(name),
            ["transient", "done"],
            "{name}: {:?}",
            Lab::ends(&outcome, &format!("w.{name}"))
        );
        assert_eq!(lab.merged(name), "x\n");
    }
    for (trouble, agent) in
        ["down", "busy"].iter().flat_map(|it| ["gemini", "qwen", "opencode"].map(|agent| (it, agent)))
    {
        let name = format!("{trouble}-{agent}");
        assert_eq!(how(&name), ["done"], "{name}: {:?}", Lab::ends(&outcome, &format!("w.{name}")));
        assert_eq!(lab.merged(&name), "x\n");
    }
    let told = Lab::ends(&outcome, "w.bad-codex")[0]["end"]["message"].to_string();
    assert_eq!(told, "\"the connection id is bad\"", "the message is plain");
}

#[test]
fn a_spent_quota_parks_and_resume_runs_only_what_was_not_run() {
    let Some(lab) = Lab::new() else { return };
    let work = |name: &str| vec![Turn::write(name, "x\n"), Turn::say("done")];
    lab.model.script("first", [Turn::fail(429, "Claude AI usage limit reached|1999999999")]);
    lab.model.script("second", work("second"));
    lab.model.script("other", work("other"));
    let tasks = task("first", "claude", "writes \"first\"  priority 9  uses one")
        + &task("second", "claude", "writes \"second\"  uses one")
        + &task("other", "codex", "writes \"other\"");
    let plan = format!(
        "plan p\nisolation worktree\ntimeout 5m\nresource one 1\n{}{}wave w {{\n{tasks}}}\n",
        lab.agent("claude", ""),
        lab.agent("codex", "")
    );
    let lab = lab.plan(&plan);
    let outcome = lab.wavec("run p.wave");
    assert_eq!(outcome.code, Some(4), "{}{}", outcome.stdout, outcome.stderr);
    assert!(outcome.stdout.contains("until 2033-05-18 03:33 UTC"), "{}", outcome.stdout);
    assert_eq!((lab.model.asked("first").len(), lab.model.asked("second").len()), (1, 0));
    assert_eq!(lab.merged("other"), "x\n");
    lab.model.script("first", work("first"));
    let outcome = lab.wavec("resume");
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    assert_eq!(lab.merged("first") + &lab.merged("second"), "x\nx\n");
    assert_eq!(lab.model.asked("other").len(), 2, "what was done is not done again");
}

#[test]
fn parts_of_a_file_merge_and_the_same_lines_are_fed_back() {
    let Some(lab) = Lab::new() else { return };
    let edit = |from: &str, to: &str| {
        vec![Turn::run(&format!("sed -i 's/{from}/{to}/' notes.md")), Turn::say("done")]
    };
    lab.model.script("one", edit("first", "FIRST"));
    lab.model.script("two", edit("second", "SECOND"));
    // Both change the third line; the one that comes second is told, and changes what stands there then.
    let both = |word: &str| {
        let mut turns = edit("third", word);
        turns.extend(edit("^T.*", &format!("&, {word}")));
        turns
    };
    lab.model.script("left", both("TLEFT"));
    lab.model.script("right", both("TRIGHT"));
    let tasks = task("one", "codex", "writes \"notes.md#One\"")
        + &task("two", "claude", "writes \"notes.md#Two\"")
        + &task("left", "codex", "retries 1")
        + &task("right", "codex", "retries 1");
    let (lab, outcome) = lab.run(&[("codex", ""), ("claude", "allow \"Bash\"")], &tasks);
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    let merged = lab.merged("notes.md");
    assert!(merged.contains("FIRST") && merged.contains("SECOND"), "{merged}");
    assert!(merged.contains("TLEFT, TRIGHT") || merged.contains("TRIGHT, TLEFT"), "{merged}");
    let late = if merged.contains("TLEFT, TRIGHT") { "right" } else { "left" };
    assert_eq!(Lab::how(&outcome, &format!("w.{late}")), ["done", "done"]);
    let asked = lab.model.asked(late);
    let second = asked[2].body.to_string();
    assert!(
        asked.len() == 4 && second.contains("conflicts with theirs") && second.contains("<<<<<<<"),
        "{late}: {second}"
    );
    assert!(second.matches("function_call_output").count() == 1, "in the same session: {second}");
    // In a session that goes on, codex tells the sum of it: what the second attempt spent is told alone.
    let usage = &Lab::ends(&outcome, &format!("w.{late}"))[1]["usage"];
    assert_eq!(usage["input_tokens"].as_u64(), Some(2 * INPUT), "{usage}");
}

#[test]
fn an_agents_word_is_only_a_veto() {
    let Some(lab) = Lab::new() else { return };
    let scripts = [
        ("liar", vec![Turn::say("All is done.")]),
        ("denied", vec![Turn::run("perl -e 'print 1' > denied"), Turn::say("I wrote the file.")]),
        ("refused", vec![Turn::write("refused", "x\n"), Turn::say("I wrote the file.")]),
        ("outside", vec![Turn::write("outside", "x\n"), Turn::write("elsewhere", "x\n"), Turn::say("done")]),
        ("commits", vec![Turn::run("echo x > commits; git add -A && git commit -qm own"), Turn::say("done")]),
        ("hangs", vec![Turn::Hang]),
        ("sleeps", vec![Turn::run("sleep 300"), Turn::say("done")]),
    ];
    let mut tasks = String::new();
    for (name, turns) in scripts {
        let agent = match name {
            "denied" | "hangs" => "claude",
            "refused" => "gemini-acp",
            _ => "codex",
        };
        let limit = if ["hangs", "sleeps"].contains(&name) { "timeout 5s" } else { "" };
        lab.model.script(name, turns);
        tasks.push_str(&task(name, agent, &format!("writes \"{name}\" {limit}")));
    }
    let agents = [("claude", ""), ("codex", ""), ("gemini-acp", "deny \"edit\"")];
    let (lab, outcome) = lab.run(&agents, &tasks);
    assert_eq!(outcome.code, Some(3), "{}{}", outcome.stdout, outcome.stderr);
    let how = |name: &str| Lab::how(&outcome, &format!("w.{name}")).join(" ");
    let why = |name: &str| Lab::events(&outcome, "task_ended", &format!("w.{name}"))[0]["reason"].to_string();
    for name in ["liar", "denied", "refused", "outside"] {
        assert_eq!(how(name), "claims", "{name}: {}", why(name));
    }
    assert!(why("liar").contains("no change: it claims to write `liar`"), "{}", why("liar"));
    assert!(why("denied").contains("it was denied `Bash`"), "{}", why("denied"));
    assert!(why("refused").contains("it was denied `Writing to refused`"), "{}", why("refused"));
    assert!(why("outside").contains("`elsewhere`"), "{}", why("outside"));
    // Its own sandbox keeps codex from git; what it wrote is committed by wavec.
    assert_eq!(
        (how("commits").as_str(), lab.merged("commits").as_str()),
        ("done", "x\n"),
        "{}",
        why("commits")
    );
    assert!(lab.shell("git log wavec/1 --format=%s").stdout.lines().all(|subject| subject != "own"));
    for name in ["hangs", "sleeps"] {
        assert_eq!(how(name), "timed_out", "{name}: {}", why(name));
    }
    lab.assert_clean("");
}

#[test]
fn an_interrupt_in_mid_wave_leaves_nothing() {
    let Some(lab) = Lab::new() else { return };
    let mut plan = String::from("plan p\nisolation worktree\ntimeout 5m\n");
    let mut tasks = String::new();
    for (name, more) in [("claude", "allow \"Bash\""), ("codex", ""), ("gemini-acp", "")] {
        plan.push_str(&lab.agent(name, more));
        lab.model.script(
            name,
            [Turn::run(&format!("touch {}/{name}.log; sleep 300", lab.scratch.path().display()))],
        );
        tasks.push_str(&task(name, name, &format!("writes \"{name}\"")));
    }
    let lab = lab.plan(&format!("{plan}wave w {{\n{tasks}}}\n"));
    // The agents tell outside of their worktrees how far they are.
    let wavec = lab.start("run p.wave --sandbox off");
    let begin = Instant::now();
    while !["claude", "codex", "gemini-acp"]
        .iter()
        .all(|it| lab.scratch.path().join(format!("{it}.log")).exists())
    {
        assert!(
            begin.elapsed() < Duration::from_secs(60),
            "{}{:?}",
            lab.scratch.read("out.log"),
            lab.left_behind()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(lab.left_behind().iter().any(|it| it.contains("sleep 300")));
    interrupt(&wavec, "-INT");
    std::thread::sleep(Duration::from_millis(200));
    interrupt(&wavec, "-INT");
    let begin = Instant::now();
    assert_eq!(end(wavec), Some(130), "{}", lab.scratch.read("out.log"));
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    lab.assert_clean("");
}

#[test]
fn a_killed_run_goes_on_in_its_sessions() {
    let Some(lab) = Lab::new() else { return };
    let mut plan = String::from("plan p\nisolation worktree\ntimeout 5m\n");
    let mut tasks = String::new();
    let all = ["claude", "codex"];
    for name in all {
        plan.push_str(&lab.agent(name, ""));
        lab.model.script(name, [Turn::run("echo first-step"), Turn::Hang]);
        tasks.push_str(&task(name, name, &format!("writes \"{name}\"")));
    }
    let lab = lab.plan(&format!("{plan}wave w {{\n{tasks}}}\n"));
    let wavec = lab.start("run p.wave");
    for name in all {
        lab.model.wait_for(name, 2);
    }
    interrupt(&wavec, "-KILL");
    assert_eq!(end(wavec), None);
    for name in all {
        lab.model.script(name, [Turn::run(&format!("echo x > {name}")), Turn::say("done")]);
    }
    let outcome = lab.wavec("resume --format json");
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    for name in all {
        assert_eq!(lab.merged(name), "x\n");
        let asked = lab.model.asked(name);
        let third = asked[2].body.to_string();
        assert!(asked.len() == 4, "{name}: {}", asked.len());
        assert!(third.contains("first-step"), "{name} knows what it did before: {third}");
        assert!(third.contains("was interrupted before it was done"), "{name} is told: {third}");
    }
    lab.assert_clean("");
}

#[test]
fn a_session_that_is_gone_is_begun_anew() {
    let Some(lab) = Lab::new() else { return };
    lab.model.script("one", [Turn::run("echo first-step"), Turn::Hang]);
    let plan = format!(
        "plan p\nisolation worktree\ntimeout 5m\n{}wave w {{\n{}}}\n",
        lab.agent("codex", ""),
        task("one", "codex", "writes \"one\"")
    );
    let lab = lab.plan(&plan);
    let wavec = lab.start("run p.wave");
    lab.model.wait_for("one", 2);
    interrupt(&wavec, "-KILL");
    assert_eq!(end(wavec), None);
    fs::remove_dir_all(lab.home.path().join(".codex/sessions")).unwrap();
    lab.model.script("one", [Turn::write("one", "x\n"), Turn::say("done")]);
    let outcome = lab.wavec("resume --format json");
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    assert_eq!(Lab::how(&outcome, "w.one"), ["lost", "transient", "done"]);
    let told = Lab::ends(&outcome, "w.one")[1]["end"]["message"].to_string();
    assert!(told.contains("no rollout found"), "{told}");
    assert_eq!(lab.merged("one"), "x\n");
}

/// Retries of each program go on in its session, in the worktree of before; each knows its role, and not what it is denied.
#[test]
fn retries_go_on_in_the_session_of_each_program() {
    let Some(lab) = Lab::new() else { return };
    let mut tasks = String::new();
    let all = ["claude", "opencode", "gemini", "qwen", "gemini-acp"];
    for name in all {
        lab.model.script(
            name,
            [
                Turn::run(&format!("echo first-step > {name}")),
                Turn::say("done"),
                Turn::run(&format!("echo second-step >> {name}")),
                Turn::say("done"),
            ],
        );
        // Only when that one is done: it writes to the file while it works.
        let later = if name == "gemini-acp" { "sh later.sh; " } else { "" };
        let check = format!("{later}test $(wc -l < {name}) = 2");
        let success = format!("success {{ check \"two lines\" runs \"{check}\" }}");
        tasks.push_str(&task(name, name, &format!("writes \"{name}\"  retries 1 feedback  {success}")));
    }
    // gemini over ACP loses a session that is loaded in the minute of its beginning: the name of its file has the minute, and the file
    // is begun anew. So it is made to begin in another.
    let later = "for it in \"$HOME\"/.gemini/tmp/*acp*/chats/session-202*; do\n  \
                 case $it in *T00-00-*|*\\**) ;; *) mv \"$it\" \"${it%T*}T00-00-${it##*-}\" ;; esac\ndone\n";
    let lab = lab.file("role.md", "You speak in VERSE.\n").file("later.sh", later);
    assert_eq!(lab.shell("git add -A && git commit -qm role").code, Some(0));
    let role = "instructions \"role.md\"";
    let with_deny = |tool: &str| format!("{role}  deny \"{tool}\"");
    let (opencode, qwen, claude) = (with_deny("webfetch"), with_deny("web_fetch"), with_deny("WebFetch"));
    let agents = [
        ("claude", &*claude),
        ("opencode", &*opencode),
        ("gemini", role),
        ("qwen", &*qwen),
        ("gemini-acp", role),
    ];
    let (lab, outcome) = lab.run(&agents, &tasks);
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    for name in all {
        assert_eq!(lab.merged(name), "first-step\nsecond-step\n", "{name}");
        let asked = lab.model.asked(name);
        let (first, third) = (asked[0].body.to_string(), asked[2].body.to_string());
        assert!(first.contains("VERSE"), "{name} knows its role");
        for tool in ["\"webfetch\"", "\"web_fetch\"", "\"WebFetch\""] {
            assert!(!first.contains(tool) || name.starts_with("gemini"), "{name} is not offered {tool}");
        }
        let log = || {
            lab.wavec(&format!("show 1 w.{name} --log")).stdout + &lab.shell("ls -la --time-style=full-iso $HOME/.gemini/tmp/*/chats; for i in $HOME/.gemini/tmp/*acp*/chats/*; do echo $i; cut -c1-200 $i; done").stdout
        };
        assert!(
            third.contains("first-step") && third.contains("two lines"),
            "{name} goes on: {}{third}",
            log()
        );
        let ends = Lab::ends(&outcome, &format!("w.{name}"));
        assert_eq!(ends.len(), 2, "{name}");
        let spent = ends.iter().filter_map(|end| end["usage"]["input_tokens"].as_u64()).sum::<u64>();
        assert!((4 * INPUT..=5 * INPUT).contains(&spent), "{name}: {ends:?}");
    }
}

#[test]
fn budgets_stop_before_they_are_passed_by_what_was_really_spent() {
    let Some(lab) = Lab::new() else { return };
    for name in ["c1", "c2", "c3", "d1", "d2", "d3"] {
        lab.model.script(name, [Turn::write(name, "x\n"), Turn::say("done")]);
    }
    let one = |name: &str, agent: &str, cost: &str| {
        let priority = 9 - name[1..].parse::<u32>().unwrap();
        task(name, agent, &format!("writes \"{name}\"  cost {cost}  priority {priority}"))
    };
    let tasks = ["c1", "c2", "c3"].map(|it| one(it, "codex", "2100 tokens")).concat()
        + &["d1", "d2", "d3"].map(|it| one(it, "claude", "$0.02")).concat();
    // Two turns of codex are 2100 tokens; two of claude cost more than a cent, by its own list of prices.
    let (lab, outcome) = lab
        .run(&[("codex", "instances 1  budget 5k tokens"), ("claude", "instances 1  budget $0.04")], &tasks);
    assert_eq!(outcome.code, Some(4), "{}{}", outcome.stdout, outcome.stderr);
    let spent: u64 = ["c1", "c2"]
        .iter()
        .map(|it| Lab::ends(&outcome, &format!("w.{it}"))[0]["usage"]["input_tokens"].as_u64().unwrap())
        .sum();
    assert_eq!(spent, 4 * INPUT);
    let why = |name: &str| Lab::events(&outcome, "task_ended", &format!("w.{name}"))[0]["reason"].to_string();
    assert!(
        why("c3").contains("4200 of 5000 tokens spent, and another attempt may cost 2100 tokens"),
        "{}{}",
        why("c3"),
        outcome.stdout
    );
    assert!(why("d3").contains("of $0.04 spent, and another attempt may cost $0.02"), "{}", why("d3"));
    assert_eq!((lab.model.asked("c3").len(), lab.model.asked("d3").len()), (0, 0));
    let shown = lab.wavec("show 1").stdout;
    assert!(shown.contains("unknown"), "what codex cost is unknown, and said to be: {shown}");
}

#[test]
fn secrets_are_in_no_log_event_report_or_command_line() {
    let Some(lab) = Lab::new() else { return };
    const SECRET: &str = "sk-very-secret-0123456789";
    let mut tasks = String::new();
    for name in ["claude", "codex"] {
        lab.model.script(
            name,
            [
                Turn::run(&format!("echo {SECRET} $KEY_FILE; sleep 1")),
                Turn::write(name, "x\n"),
                Turn::say(&format!("The key is {SECRET}.")),
            ],
        );
        tasks.push_str(&task(name, name, &format!("writes \"{name}\"  output said from stdout")));
    }
    let plan = format!(
        "plan p\nisolation worktree\ntimeout 5m\nsecret key from env \"REAL_KEY\"\nsecret other from file \"key.log\"\n{}{}wave w {{\n{tasks}}}\n\
         task after {{ run \"echo {{{{claude.said}}}}\" }}\n",
        lab.agent("claude", "allow \"Bash\"  env ANTHROPIC_API_KEY from secret key"),
        lab.agent("codex", "env MODEL_KEY from secret key  env KEY_FILE from secret other"),
    );
    let lab = lab.plan(&plan).file("key.log", "file-secret-987654\n");
    // Each program is called through one that writes down its words.
    for name in ["claude", "codex"] {
        let real = lab.shell(&format!("command -v {name}")).stdout;
        let between = format!(
            "#!/bin/sh\necho \"$0 $*\" >> \"$WAVEC_PROMPT_FILE.words\"\nexec {} \"$@\"\n",
            real.trim()
        );
        let place = lab.home.path().join("bin");
        fs::create_dir_all(&place).unwrap();
        fs::write(place.join(name), between).unwrap();
    }
    let line = format!(
        "chmod +x $HOME/bin/*; PATH=$HOME/bin:$PATH REAL_KEY={SECRET} wavec run p.wave --format json > events.log 2> errors.log"
    );
    // And the words of every process of the run, as often as they can be looked at.
    let is_over = std::sync::atomic::AtomicBool::new(false);
    let (outcome, words) = std::thread::scope(|scope| {
        let looker = scope.spawn(|| {
            let mut words = std::collections::BTreeSet::new();
            while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                words.extend(lab.left_behind());
                std::thread::sleep(Duration::from_millis(20));
            }
            words
        });
        let outcome = lab.shell(&line);
        is_over.store(true, std::sync::atomic::Ordering::Relaxed);
        (outcome, looker.join().unwrap())
    });
    assert_eq!(outcome.code, Some(0), "{}{}", lab.scratch.read("events.log"), lab.scratch.read("errors.log"));
    for name in ["claude", "codex"] {
        assert!(lab.model.asked(name)[0].key.contains(SECRET), "{name} has it");
        // What the model itself says to run is the model's; wavec's own calls of programs hold no secret.
        let calls: Vec<&String> =
            words.iter().filter(|it| it.contains("/bin/") && it.contains("[[")).collect();
        assert!(calls.iter().all(|it| !it.contains(SECRET)), "{calls:?}");
        let written = format!(".wavec/runs/1/w.{name}/1.prompt.md.words");
        let call = lab.scratch.read(&written);
        assert!(call.contains("[[") && !call.contains(SECRET), "{call}");
    }
    let report =
        lab.wavec("show 1 w.claude").stdout + &lab.wavec("show 1").stdout + &lab.wavec("show 1 after").stdout;
    assert!(!report.contains(SECRET) && report.contains("***"), "{report}");
    let mut looked_at = 0;
    let mut folders = vec![lab.scratch.path().join(".wavec")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
                continue;
            }
            let bytes = fs::read(entry.path()).unwrap();
            for secret in [SECRET, "file-secret-987654"] {
                let has_it = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
                assert!(!has_it, "{} holds a secret", entry.path().display());
            }
            looked_at += 1;
        }
    }
    assert!(looked_at > 5, "journal, logs and prompts");
    for name in ["events.log", "errors.log"] {
        assert!(!lab.scratch.read(name).contains(SECRET), "{name}");
    }
}

#[test]
fn definitions_reach_the_model_whichever_program_they_were_written_for() {
    let Some(lab) = Lab::new() else { return };
    let lab = lab
        .file(".claude/agents/poet.md", "---\nname: poet\ndescription: writes verse\nmodel: haiku\n---\nYou speak in VERSE-ONE.\n")
        .file(".codex/agents/smith.toml", "name = \"smith\"\ndescription = \"forges\"\ndeveloper_instructions = \"\"\"\nYou speak in VERSE-TWO \\\\ \"quoted\".\n\"\"\"\n")
        .file(".gemini/agents/sage.md", "---\nname: sage\ndescription: knows\n---\nYou speak in VERSE-THREE.\n");
    let mut tasks = String::new();
    for name in ["poet", "smith", "sage"] {
        lab.model.script(name, [Turn::run(&format!("echo x > {name}")), Turn::say("done")]);
        tasks.push_str(&task(name, name, &format!("writes \"{name}\"")));
    }
    // What the programs need to find the model stands in the plan for all tasks.
    let env = |name: &str| {
        let declared = lab.agent(name, "");
        declared
            .lines()
            .filter(|line| line.trim().starts_with("env"))
            .map(|line| format!("{line}\n"))
            .collect::<String>()
    };
    let plan = format!(
        "plan p\nisolation worktree\ntimeout 5m\n{}{}{}wave w {{\n{tasks}}}\n",
        env("claude"),
        env("codex"),
        env("gemini")
    );
    let lab = lab.plan(&plan);
    let told = lab.wavec("agents p.wave").stdout;
    for line in [
        "poet: claude, model haiku, defined in .claude/agents/poet.md",
        "smith: codex, defined in .codex/agents/smith.toml",
        "sage: gemini, defined in .gemini/agents/sage.md",
    ] {
        assert!(told.contains(line), "{told}");
    }
    assert!(told.contains("2.1.197") && told.contains("0.169.0"), "{told}");
    let outcome = lab.wavec("run p.wave");
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    for (name, text) in
        [("poet", "VERSE-ONE"), ("smith", "VERSE-TWO \\\\ \\\"quoted\\\""), ("sage", "VERSE-THREE")]
    {
        let body = lab.model.asked(name)[0].body.to_string();
        assert!(body.contains(text), "{name}: {body}");
        assert_eq!(lab.merged(name), "x\n");
    }
    let model = lab.model.asked("poet")[0].body["model"].to_string();
    assert!(model.contains("haiku"), "{model}");
}

#[test]
fn a_judge_answers_in_a_schema() {
    let Some(lab) = Lab::new() else { return };
    let verdict = |word: &str, reason: &str| {
        [Turn::Answer(serde_json::json!({ "verdict": word, "reason": reason })), Turn::say("ok")]
    };
    lab.model.script("worker", [Turn::write("worker", "x\n"), Turn::say("done")]);
    lab.model.script("by-codex", verdict("pass", "codex likes it"));
    lab.model.script("by-claude", verdict("fail", "claude does not"));
    let tasks = task(
        "worker",
        "codex",
        "writes \"worker\" success { check \"one\" judged by codex \"Is it good? [[by-codex]]\"\n check \"two\" judged by claude \"Is it? [[by-claude]]\" }",
    );
    let (lab, outcome) = lab.run(&[("codex", ""), ("claude", "")], &tasks);
    assert_eq!(outcome.code, Some(3), "{}{}", outcome.stdout, outcome.stderr);
    assert!(
        outcome.stdout.contains("codex likes it") && outcome.stdout.contains("claude does not"),
        "{}",
        outcome.stdout
    );
    let asked = lab.model.asked("by-codex")[0].body["text"]["format"].to_string();
    assert!(asked.contains("json_schema") && asked.contains("blocked"), "{asked}");
}

/// The real plan with 25 real agents: each has a model that has it do what its prompt says.
#[test]
fn gaelp_runs_with_a_real_agent_program() {
    let Some(lab) = Lab::new() else { return };
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let copied = lab.shell(&format!("cp -R {0}/examples/gaelp.wave {0}/examples/gaelp .", root.display()));
    assert_eq!(copied.code, Some(0), "{}", copied.stderr);
    let agents = lab.scratch.read("gaelp/agents.wave");
    let real = agents
        .replace("driver command  run \"python3 gaelp/agent.py\"", "driver codex  env MODEL_KEY \"key\"");
    assert_ne!(agents, real);
    let lab = lab.file("gaelp/agents.wave", &real);
    lab.model.script_unmarked([
        Turn::run("WAVEC_RESULT_FILE=$PWD/result.log python3 gaelp/agent.py"),
        Turn::say("done"),
    ]);
    let outcome = lab.wavec("run gaelp.wave --set pace=0");
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    assert!(lab.scratch.read("gaelp/work/data/features.json").contains("\"rows\": 28"));
    assert_eq!(lab.model.count(), 50, "25 agents, two turns each");
    lab.assert_clean("");
}

/// Each program is cancelled while its tool sleeps, or before, or while it starts: nothing is left, ever.
fn cancels(count: u64) {
    let Some(lab) = Lab::new() else { return };
    let all = ["codex", "claude", "gemini-acp", "gemini", "qwen", "opencode"];
    let mut lab = lab;
    for round in 0..count {
        let name = all[(round % all.len() as u64) as usize];
        // Spread over a start and what follows, as a random number would, and the same at each test.
        let longest = if ["codex", "claude"].contains(&name) { 4000 } else { 10_000 };
        let after = Duration::from_millis((round * 7919 + 389) % longest);
        let more = if name == "claude" { "allow \"Bash\"" } else { "" };
        lab.model.script(name, [Turn::run("sleep 300 & setsid sleep 301 & sleep 302"), Turn::say("done")]);
        let plan = format!(
            "plan p\nisolation worktree\ntimeout 5m\n{}wave w {{\n{}}}\n",
            lab.agent(name, more),
            task(name, name, "writes \"x\"")
        );
        lab = lab.plan(&plan);
        let mut wavec = lab.start("run p.wave --allow-dirty");
        std::thread::sleep(after);
        assert!(wavec.try_wait().unwrap().is_none(), "{}", lab.scratch.read("out.log"));
        let how = if round % 5 == 4 { "-INT" } else { "-TERM" };
        interrupt(&wavec, how);
        if how == "-INT" {
            std::thread::sleep(Duration::from_millis(30));
            interrupt(&wavec, how);
        }
        let begin = Instant::now();
        let code = end(wavec);
        let told = lab.scratch.read("out.log");
        // One that is told to end before it has begun simply ends.
        let is_ended = matches!(code, Some(130 | 143)) || (code.is_none() && told.is_empty());
        assert!(is_ended, "{name} after {after:?}: {code:?} {told}");
        lab.assert_clean(&format!("{name} after {after:?}"));
        eprintln!("{round}: {name} cancelled after {after:?} by {how}, gone in {:?}", begin.elapsed());
    }
}

#[test]
fn nothing_is_left_of_six_cancelled_agents() {
    cancels(6);
}

#[test]
#[ignore = "takes minutes: cargo test --test suite nothing_is_left_of_fifty -- --ignored --nocapture"]
fn nothing_is_left_of_fifty_cancelled_agents() {
    cancels(50);
}
