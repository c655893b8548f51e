//! Whole runs with real processes: what reaches a task, and that nothing is left of it.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

use crate::run::backend::Place;
use crate::run::let_go;
use std::ffi::OsString;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;
use wavec::backend::Graces;
use wavec::backend::local::Local;
use wavec::check::{Memory, Options};
use wavec::error::Result;
use wavec::event::{AttemptEnd, Event, RunOutcome, Verdict};
use wavec::plan::Plan;
use wavec::run::{Ledger, Request, Setup, Sink, attempt_log};

struct Events(Vec<Event>, mpsc::UnboundedSender<Event>);

impl Sink for Events {
    fn record(&mut self, events: Vec<Event>) -> Result<()> {
        for event in events {
            self.0.push(event.clone());
            let _ = self.1.send(event);
        }
        Ok(())
    }
}

fn compile(text: &str) -> Arc<Plan> {
    let compilation =
        wavec::compile::compile(Path::new("plan.wave"), text, &Memory::new(), &Options::default());
    Arc::new(compilation.plan.unwrap_or_else(|| panic!("{:?}", compilation.diagnostics)))
}

/// Carries a plan out; `react` says what a person does on an event.
fn run(
    place: &Place,
    plan: &Arc<Plan>,
    mut react: impl FnMut(&Event) -> Option<Request> + Send + 'static,
) -> (RunOutcome, Vec<Event>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let second = Duration::from_millis(200);
    let graces = Graces { interrupt: second, terminate: second, leftover: second };
    runtime.block_on(async {
        let (seen, mut to_see) = mpsc::unbounded_channel();
        let (sender, requests) = mpsc::channel(8);
        tokio::spawn(async move {
            while let Some(event) = to_see.recv().await {
                if let Some(request) = react(&event) {
                    let _ = sender.send(request).await;
                }
            }
        });
        let mut environment: Vec<(OsString, OsString)> = std::env::vars_os().collect();
        environment.push(("WAVEC_TASK".into(), "of an outer wavec".into()));
        environment.push(("WAVE_TEST_SECRET".into(), "hunter2hunter2".into()));
        let setup = Setup {
            run: 7,
            session: 1,
            directory: place.path().into(),
            state: place.path().join(".wavec/runs/7"),
            progress: None,
            workers: None,
            waits_for_people: false,
            environment,
            now: 0,
            hands: 2,
            backend: Arc::new(Local::new(graces).unwrap()),
            trees: wavec::workspace::Options::default(),
        };
        let sink = Arc::new(Mutex::new(Events(Vec::new(), seen)));
        let ledger = Arc::clone(&sink) as Ledger;
        let outcome = wavec::run::run(Arc::clone(plan), setup, ledger, requests).await.unwrap();
        (outcome, let_go(sink).0)
    })
}

fn log(place: &Place, plan: &Plan, task: &str, attempt: u32) -> String {
    let task = plan.tasks.iter().find(|it| it.name == task).unwrap();
    let path = attempt_log(&place.path().join(".wavec/runs/7"), task, attempt);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn a_diamond_of_real_processes() {
    let place = Place::new();
    let plan = compile(
        r#"plan diamond
        task top { run "echo top >> order" }
        parallel {
          task left { run "echo left >> order"; output said from stdout }
          task right { run ["sh", "-c", "echo \"it's $1\" >> order", "sh", "right"] }
        }
        task bottom {
          run "echo bottom >> order"
          success { check contains 'bottom' in "order"; check value of "wc -l < order" == 4 }
        }
        "#,
    );
    let (outcome, events) = run(&place, &plan, |_| None);
    assert_eq!(outcome, RunOutcome::Succeeded, "{events:#?}");
    let order = place.read("order");
    let mut lines: Vec<&str> = order.lines().collect();
    lines[1..3].sort();
    assert_eq!(lines, ["top", "it's right", "left", "bottom"]);
}

#[test]
fn a_value_reaches_a_command_as_it_is() {
    let place = Place::new();
    let plan = compile(
        r#"plan values
        task nasty { run ["printf", "it's $(touch canary) `x` \"\\\\\n* ;"]; output text from stdout }
        task shell { run "printf %s {{nasty.text}} > a; printf %s \"{{nasty.text}}\" > b; printf %s 'x{{nasty.text}}' > c" }
        task direct { run ["sh", "-c", "printf %s \"$1\" > d", "sh", "{{nasty.text}}"]; env V "{{nasty.text}}" }
        task variable { run "printf %s \"$V\" > e"; env V "{{nasty.text}}" }
        "#,
    );
    let (outcome, events) = run(&place, &plan, |_| None);
    assert_eq!(outcome, RunOutcome::Succeeded, "{events:#?}");
    let value = "it's $(touch canary) `x` \"\\\n* ;";
    for name in ["a", "b", "d", "e"] {
        assert_eq!(place.read(name), value, "{name}");
    }
    assert_eq!(place.read("c"), format!("x{value}"));
    assert!(!place.path().join("canary").exists());
}

#[test]
fn a_task_is_told_who_it_is() {
    let place = Place::new();
    std::fs::create_dir(place.path().join("sub")).unwrap();
    let plan = compile(
        r#"plan told
        secret key from env "WAVE_TEST_SECRET"
        env COLOUR "green"
        wave one {
          task a {
            run "pwd; echo $WAVEC_RUN $WAVEC_TASK $WAVEC_ATTEMPT $COLOUR; echo \"secret: $WAVE_TEST_SECRET\""
            directory "sub"
          }
          task b { run "echo $KEY; cat ../.wavec/runs/7/one.b/1.log || :"; env KEY from secret key; shell "bash -ec" }
        }
        "#,
    );
    let (outcome, events) = run(&place, &plan, |_| None);
    assert_eq!(outcome, RunOutcome::Succeeded, "{events:#?}");
    let expected = format!("{}/sub\n7 one.a 1 green\nsecret: \n", place.path().display());
    assert_eq!(log(&place, &plan, "one.a", 1), expected);
    assert!(log(&place, &plan, "one.b", 1).starts_with("***\n"));
}

#[test]
fn an_agent_finds_its_prompt_and_learns_what_failed() {
    let place = Place::new();
    let agent = "#!/bin/sh\ncat \"$WAVEC_PROMPT_FILE\"\necho \"$WAVEC_AGENT $WAVEC_MODEL ${EDITOR-no editor}\"\n\
                 echo \"try $WAVEC_ATTEMPT\" > out.txt\necho \"$PLACE\" > \"$WAVEC_RESULT_FILE\"\n";
    std::fs::write(place.path().join("agent.sh"), agent).unwrap();
    let plan = compile(
        r#"plan agents
        agent coder { driver command; run "sh ./agent.sh"; model "small"; env PLACE "here" }
        task write "Write it" {
          agent coder
          prompt "Write out.txt."
          writes "out.txt"
          retries 1 feedback
          output text from stdout
          success { check "the second try is there" contains 'try 2' in "out.txt" }
        }
        "#,
    );
    let (outcome, events) = run(&place, &plan, |_| None);
    assert_eq!(outcome, RunOutcome::Succeeded, "{events:#?}");
    let first = log(&place, &plan, "write", 1);
    assert_eq!(first, "Write out.txt.\ncoder small no editor\n");
    let second = log(&place, &plan, "write", 2);
    assert!(second.starts_with("Write out.txt.\n\n## What went wrong before\n\nAttempt 1 of this task failed: `the second try is there` does not hold"), "{second}");
    assert!(second.contains("\n    coder small no editor\n"), "{second}");
    let is_text = |event: &&Event| matches!(event, Event::OutputTaken { value, .. } if value == "here");
    assert_eq!(events.iter().filter(is_text).count(), 2);
}

#[test]
fn a_command_is_told_what_failed_too() {
    let place = Place::new();
    let plan = compile(
        r#"plan feedback
        task work {
          run "echo broken glass; cat ${WAVEC_FEEDBACK_FILE:-/dev/null} > told; test $WAVEC_ATTEMPT = 2"
          retries 1 feedback
        }
        "#,
    );
    assert_eq!(run(&place, &plan, |_| None).0, RunOutcome::Succeeded);
    let told = place.read("told");
    assert!(told.contains("Attempt 1 of this task failed: exited with 1"), "{told}");
    assert!(told.contains("    broken glass\n"), "{told}");
}

#[test]
fn an_interrupted_run_leaves_nothing_running() {
    let place = Place::new();
    let plan = compile(
        r#"plan cut
        parallel {
          task a { run "trap '' INT TERM; setsid sleep 1000 & echo $! > pid; wait" }
          task b { run "sleep 1000" }
        }
        finally { task clean { run "touch cleaned" } }
        "#,
    );
    let mut running = 0;
    let pid = place.path().join("pid");
    let (outcome, events) = run(&place, &plan, move |event| match event {
        Event::AttemptRunning { .. } => {
            running += 1;
            (running == 2).then_some(Request::Interrupt)
        }
        Event::StopRequested { is_cancel: false, .. } => {
            // The trap is set once the file is there.
            while !std::fs::read_to_string(&pid).is_ok_and(|text| text.ends_with('\n')) {
                std::thread::yield_now();
            }
            Some(Request::Interrupt)
        }
        _ => None,
    });
    assert_eq!(outcome, RunOutcome::Interrupted, "{events:#?}");
    let is_cancelled =
        |event: &&Event| matches!(event, Event::AttemptEnded { end: AttemptEnd::Cancelled, .. });
    assert_eq!(events.iter().filter(is_cancelled).count(), 2);
    assert!(!Path::new(&format!("/proc/{}", place.read("pid").trim())).exists());
    assert!(place.path().join("cleaned").exists());
}

#[test]
fn a_command_that_is_not_there_is_told_apart() {
    let place = Place::new();
    let plan = compile(
        r#"plan missing
        on failure continue
        parallel {
          task a { run "wavec-no-such-program --now" }
          task b { run ["wavec-no-such-program"] }
          task c { run "true"; success { check runs "wavec-no-such-program"; check runs ["wavec-no-such-program"] } }
        }
        "#,
    );
    let (outcome, events) = run(&place, &plan, |_| None);
    assert_eq!(outcome, RunOutcome::Failed);
    let reasons: Vec<&str> = events
        .iter()
        .filter_map(|event| match event {
            Event::TaskEnded { reason, .. } => Some(reason.as_str()),
            _ => None,
        })
        .collect();
    let is_told = |text: &str| reasons.iter().any(|reason| reason.contains(text));
    assert!(is_told("exited with 127: what it calls was not found"), "{reasons:?}");
    assert!(is_told("could not start: `wavec-no-such-program` was not found on the PATH"), "{reasons:?}");
    let blocked = |event: &&Event| matches!(event, Event::CheckEnded { verdict: Verdict::Blocked, .. });
    assert_eq!(events.iter().filter(blocked).count(), 2, "{events:#?}");
}

#[test]
fn several_threads_keep_to_one_order() {
    let place = Place::new();
    let mut text = "plan many\nworkers 7\nparallel {\n".to_owned();
    for task in 0..300 {
        let after = if task < 10 {
            String::new()
        } else {
            format!("; after t{}, t{}", task - 10, (task * 7 + 3) % task)
        };
        text.push_str(&format!("task t{task} {{ run \"true\"{after} }}\n"));
    }
    text.push_str("}\n");
    let plan = compile(&text);
    let (outcome, events) = run(&place, &plan, |_| None);
    assert_eq!(outcome, RunOutcome::Succeeded);
    let mut starts = vec![0; plan.tasks.len()];
    let mut is_over = vec![false; plan.tasks.len()];
    let mut at_once = 0;
    for event in &events {
        match event {
            Event::AttemptStarting { task, .. } => {
                starts[task.index()] += 1;
                at_once += 1;
                assert!(at_once <= 7, "{events:?}");
                let number = task.index();
                if number >= 10 {
                    assert!(
                        is_over[number - 10] && is_over[(number * 7 + 3) % number],
                        "t{number} started too early"
                    );
                }
            }
            Event::AttemptEnded { task, .. } => {
                at_once -= 1;
                is_over[task.index()] = true;
            }
            _ => {}
        }
    }
    assert!(starts.iter().all(|count| *count == 1), "{starts:?}");
    assert!(is_over.iter().all(|is_over| *is_over));
}

#[test]
fn a_journal_that_fails_ends_all_that_runs() {
    struct Full(Option<u32>);
    impl Sink for Full {
        fn record(&mut self, events: Vec<Event>) -> Result<()> {
            for event in events {
                if let Event::AttemptRunning { pid, .. } = event {
                    self.0 = pid;
                    return Err(wavec::error::Error::new("write the journal", "no space left on device"));
                }
            }
            Ok(())
        }
    }
    let place = Place::new();
    let plan = compile("plan full\ntask a { run \"sleep 1000\" }\ntask b { run \"touch b\" }\n");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let sink = Arc::new(Mutex::new(Full(None)));
    let error = runtime.block_on(async {
        let setup = Setup {
            run: 1,
            session: 1,
            directory: place.path().into(),
            state: place.path().join("state"),
            progress: None,
            workers: None,
            waits_for_people: false,
            environment: std::env::vars_os().collect(),
            now: 0,
            hands: 2,
            backend: Arc::new(Local::new(Graces::default()).unwrap()),
            trees: wavec::workspace::Options::default(),
        };
        let (_sender, requests) = mpsc::channel(1);
        wavec::run::run(plan, setup, Arc::clone(&sink) as Ledger, requests).await.unwrap_err()
    });
    assert_eq!(error.to_string(), "could not write the journal: no space left on device");
    assert!(!Path::new(&format!("/proc/{}", let_go(sink).0.unwrap())).exists());
    assert!(!place.path().join("b").exists());
}
