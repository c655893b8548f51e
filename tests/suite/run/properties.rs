//! Random plans, random outcomes, random interrupts and deaths: what must hold of every run.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

use crate::run::backend::Place;
use crate::run::let_go;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;
use wavec::backend::JobStatus;
use wavec::backend::scripted::{Script, Scripted};
use wavec::check::{Memory, Options};
use wavec::error::{Error, Result};
use wavec::event::progress::Progress;
use wavec::event::{Answer, Entry, Event, Outcome, RunOutcome};
use wavec::plan::{Plan, TaskId};
use wavec::run::{Ledger, Request, Setup, Sink};

/// One choice after another out of random numbers.
struct Dice<'a>(std::slice::Iter<'a, u8>);

impl Dice<'_> {
    fn roll(&mut self, sides: u8) -> u8 {
        self.0.next().copied().unwrap_or(0) % sides
    }

    fn one_in(&mut self, sides: u8) -> bool {
        self.roll(sides) == 1
    }
}

/// The text of a plan.
fn plan_text(dice: &mut Dice<'_>) -> String {
    let mut text = String::from("plan random\nagent a { driver command; run \"agent\" }\n");
    let policies = ["stop", "cancel", "continue"];
    writeln!(text, "on failure {}", policies[dice.roll(3) as usize]).unwrap();
    if dice.one_in(3) {
        writeln!(text, "workers {}", 1 + dice.roll(3)).unwrap();
    }
    if dice.one_in(4) {
        text.push_str("preflight { check runs \"p\" }\n");
    }
    let waves = 1 + dice.roll(3);
    for wave in 0..waves {
        let overlaps =
            if wave > 0 && dice.one_in(4) { format!(" overlaps w{}", wave - 1) } else { String::new() };
        writeln!(text, "wave w{wave}{overlaps} {{").unwrap();
        let is_serial = dice.one_in(4);
        if is_serial {
            text.push_str("serial {\n");
        }
        for task in 0..1 + dice.roll(4) {
            write!(text, "task t{task} {{ ").unwrap();
            text.push_str(match dice.roll(8) {
                0 => "wait 5s",
                1 => "approve \"?\"",
                2 => "approve \"?\" within 3s otherwise continue",
                3 => "agent a; prompt \"p\"; writes nothing",
                _ => "run \"r\"; output o from stdout",
            });
            if dice.one_in(4) {
                write!(text, "; retries {} backoff 1s", 1 + dice.roll(2)).unwrap();
            }
            text.push_str(match dice.roll(10) {
                0 | 1 => "; success { check runs \"c\" }",
                2 => "; success { check \"?\" manual }",
                3 => "; success { check \"?\" manual; check runs \"c\" }",
                _ => "",
            });
            if dice.one_in(6) {
                text.push_str("; timeout 2s");
            }
            if dice.one_in(5) {
                write!(text, "; on failure {}", policies[dice.roll(3) as usize]).unwrap();
            }
            if task > 0 && !is_serial {
                match dice.roll(6) {
                    1 => write!(text, "; after t{}", task - 1).unwrap(),
                    2 => write!(text, "; after finished t{}", task - 1).unwrap(),
                    _ => {}
                }
            }
            text.push_str(" }\n");
        }
        if is_serial {
            text.push_str("}\n");
        }
        if dice.one_in(4) {
            text.push_str("success { check runs \"s\" }\n");
        }
        if dice.one_in(3) {
            text.push_str("rollback { task undo { run \"u\" } }\n");
        }
        if dice.one_in(2) {
            text.push_str("gate { check runs \"g\"; ");
            text.push_str(
                ["", "approve \"?\"; ", "approve \"?\" within 4s otherwise stop; "][dice.roll(3) as usize],
            );
            match dice.roll(4) {
                1 => text.push_str("on no-go continue"),
                2 => text.push_str("on no-go retry up to 2"),
                3 if wave + 2 < waves => write!(text, "on no-go skip to w{}", wave + 2).unwrap(),
                _ => {}
            }
            text.push_str(" }\n");
        }
        text.push_str("}\n");
    }
    if dice.one_in(2) {
        text.push_str("finally { task clean { run \"f\" } }\n");
    }
    text
}

/// What the jobs of a plan do.
fn scripts(plan: &Plan, dice: &mut Dice<'_>) -> BTreeMap<String, Script> {
    let mut scripts = BTreeMap::new();
    let mut add = |label: String, dice: &mut Dice<'_>| {
        let status = match dice.roll(8) {
            0 | 1 => JobStatus::Exit(1),
            2 => JobStatus::Exit(75),
            3 => JobStatus::CouldNotStart("no".into()),
            _ => JobStatus::Exit(0),
        };
        let takes = Duration::from_millis(u64::from(dice.roll(40)) * 100);
        let mut script = Script { takes, status, is_stubborn: dice.one_in(9), ..Script::default() };
        if dice.one_in(12) {
            script.writes.push(("$WAVEC_RESULT_FILE".into(), "{\"status\": \"quota\"}".into()));
        }
        scripts.insert(label, script);
    };
    for task in &plan.tasks {
        for attempt in 1..4 {
            add(format!("{}/{attempt}", task.name), dice);
            add(format!("{}/{attempt}/check-1", task.name), dice);
        }
    }
    for gate in &plan.gates {
        add(format!("@gate/{}/check-1", gate.name), dice);
    }
    for group in &plan.groups {
        add(format!("@success/{}/check-1", group.name), dice);
    }
    add("@preflight/check-1".into(), dice);
    scripts.retain(|label, script| {
        // A file that only an agent's job can write.
        let is_check = label.contains("check-");
        if is_check {
            script.writes.clear();
        }
        let is_agents = plan.tasks.iter().any(|task| task.agent.is_some() && label.starts_with(&*task.name));
        if !is_agents {
            script.writes.clear();
        }
        true
    });
    scripts
}

/// Keeps the events, answers every question, and dies when it is told to.
struct Book {
    entries: Vec<Entry>,
    room: usize,
    answers: mpsc::Sender<Request>,
    said: u8,
}

impl Sink for Book {
    fn record(&mut self, events: Vec<Event>) -> Result<()> {
        for event in events {
            if self.room == 0 {
                return Err(Error::new("go on", "wavec died"));
            }
            self.room -= 1;
            let seq = self.entries.len() as u64 + 1;
            if let Event::ApprovalAsked { owner, index, .. } = &event {
                self.said = self.said.wrapping_mul(5).wrapping_add(3);
                let answer = if self.said.is_multiple_of(4) { Answer::Rejected } else { Answer::Approved };
                let request = Request::Answer {
                    owner: *owner,
                    index: *index,
                    answer,
                    by: "someone".into(),
                    reason: String::new(),
                };
                if !self.said.is_multiple_of(3) {
                    let _ = self.answers.try_send(request);
                }
            }
            self.entries.push(Entry { seq, at: seq as i64, event });
        }
        Ok(())
    }
}

/// One session. None when it died.
fn session(
    plan: &Arc<Plan>,
    scripts: &BTreeMap<String, Script>,
    before: &[Entry],
    room: usize,
    interrupts: &[Duration],
) -> (Option<RunOutcome>, Vec<Entry>) {
    let place = Place::new();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let (sender, requests) = mpsc::channel(1000);
        let book = Book { entries: before.to_vec(), room, answers: sender.clone(), said: room as u8 };
        let book = Arc::new(Mutex::new(book));
        let interrupts = interrupts.to_vec();
        tokio::spawn(async move {
            for at in interrupts {
                tokio::time::sleep(at).await;
                let _ = sender.send(Request::Interrupt).await;
            }
        });
        let progress = (!before.is_empty()).then(|| Progress::replay(Arc::clone(plan), before));
        let setup = Setup {
            run: 1,
            session: progress.as_ref().map_or(1, |progress| progress.sessions.len() as u32 + 1),
            directory: place.path().into(),
            state: place.path().join("state"),
            progress,
            workers: None,
            waits_for_people: false,
            environment: Vec::new(),
            now: 0,
            hands: 0,
            backend: Arc::new(Scripted::new(scripts.clone())),
            trees: wavec::workspace::Options::default(),
        };
        let run = wavec::run::run(Arc::clone(plan), setup, Arc::clone(&book) as Ledger, requests);
        let outcome = tokio::time::timeout(Duration::from_secs(3600), run).await.expect("a run ends");
        (outcome.ok(), let_go(book).entries)
    })
}

/// What must hold of the events of one session. `done`: how tasks had ended before it. What a gate skipped may come out
/// otherwise when that gate is judged again.
fn assert_sound(
    plan: &Plan,
    events: &[Entry],
    done: &BTreeMap<TaskId, Outcome>,
) -> std::result::Result<(), TestCaseError> {
    let mut is_over = done.clone();
    let mut is_open: BTreeSet<TaskId> =
        done.keys().copied().filter(|task| done[task] == Outcome::Skipped).collect();
    let mut open: BTreeMap<TaskId, u32> = BTreeMap::new();
    for entry in events {
        match &entry.event {
            Event::AttemptStarting { task, attempt } => {
                if is_open.remove(task) {
                    is_over.remove(task);
                }
                prop_assert!(!is_over.contains_key(task), "{} starts again", plan.task(*task).name);
                prop_assert!(
                    open.insert(*task, *attempt).is_none(),
                    "{} starts twice",
                    plan.task(*task).name
                );
                if let Some(step) = plan.task(*task).step {
                    for need in &plan.step(step).needs {
                        let wavec::plan::Need::Succeeded(needed, _) = need else { continue };
                        if let wavec::plan::StepKind::Task(needed) = plan.step(*needed).kind {
                            let is_met =
                                matches!(is_over.get(&needed), Some(Outcome::Succeeded | Outcome::Skipped));
                            prop_assert!(is_met, "{} overtakes", plan.task(*task).name);
                        }
                    }
                }
            }
            Event::AttemptEnded { task, attempt, .. } => {
                // One that an earlier session left in flight is not open in this one.
                let number = open.remove(task);
                prop_assert!(number.is_none_or(|number| number == *attempt));
            }
            Event::TaskEnded { task, outcome, .. } => {
                if is_open.remove(task) {
                    is_over.remove(task);
                }
                prop_assert!(
                    is_over.insert(*task, *outcome).is_none(),
                    "{} ends twice",
                    plan.task(*task).name
                );
                prop_assert!(!open.contains_key(task));
            }
            Event::Restarted { tasks, .. } => {
                for task in tasks {
                    is_over.remove(task);
                }
            }
            _ => {}
        }
    }
    if let Some(Event::RunEnded { outcome, .. }) = events.last().map(|entry| &entry.event) {
        prop_assert!(
            open.is_empty() || *outcome == RunOutcome::Waiting,
            "{outcome:?} with work open: {open:?}"
        );
        let steps = (0..).map(TaskId).zip(&plan.tasks).filter(|(_, task)| task.step.is_some());
        for (id, task) in steps {
            let is_ended = is_over.contains_key(&id);
            prop_assert!(is_ended || *outcome == RunOutcome::Waiting, "{} has no end", task.name);
            if *outcome == RunOutcome::Succeeded {
                let is_good = matches!(is_over[&id], Outcome::Succeeded | Outcome::Skipped);
                prop_assert!(is_good, "{} did not succeed", task.name);
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases()) })]

    #[test]
    fn a_run_is_sound_whatever_happens(
        plan_dice in prop::collection::vec(any::<u8>(), 60),
        job_dice in prop::collection::vec(any::<u8>(), 200),
        deaths in prop::collection::vec(1usize..60, 0..3),
        interrupts in prop::collection::vec(0u64..8000, 0..4),
    ) {
        let text = plan_text(&mut Dice(plan_dice.iter()));
        let compilation =
            wavec::compile::compile(Path::new("plan.wave"), &text, &Memory::new(), &Options::default());
        let is_other = |name: &str| name != "retry-of-nothing";
        let is_bad = |found: &wavec::diagnostic::Diagnostic| {
            found.severity == wavec::diagnostic::Severity::Error && is_other(found.code.name())
        };
        prop_assume!(compilation.plan.is_some() || compilation.diagnostics.iter().any(is_bad));
        let Some(plan) = compilation.plan.map(Arc::new) else {
            return Err(TestCaseError::fail(format!("{text}\n{:?}", compilation.diagnostics)));
        };
        let scripts = scripts(&plan, &mut Dice(job_dice.iter()));
        let interrupts: Vec<Duration> = interrupts.into_iter().map(Duration::from_millis).collect();
        let mut entries: Vec<Entry> = Vec::new();
        let sessions = deaths.into_iter().chain([usize::MAX; 3]);
        for (number, room) in sessions.enumerate() {
            let before = Progress::replay(Arc::clone(&plan), &entries);
            let in_order = before.tasks.iter().zip(0..).filter(|(_, id)| plan.tasks[*id as usize].step.is_some());
            let done: BTreeMap<TaskId, Outcome> = in_order
                .filter(|(task, _)| task.is_done())
                .filter_map(|(task, id)| Some((TaskId(id), task.outcome()?)))
                .collect();
            let interrupts = if number == 0 { &interrupts[..] } else { &[] };
            let begin = entries.len();
            let (outcome, all) = session(&plan, &scripts, &entries, room, interrupts);
            entries = all;
            let sound = assert_sound(&plan, &entries[begin..], &done);
            if let Err(error) = sound {
                let told: Vec<String> = entries[begin..].iter().map(|entry| format!("{:?}", entry.event)).collect();
                return Err(TestCaseError::fail(format!("{error}\n{text}\n{}", told.join("\n"))));
            }
            prop_assert!(outcome.is_some() || entries.len() - begin == room);
        }
    }
}

/// `PROPTEST_CASES` asks for more.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(150)
}
