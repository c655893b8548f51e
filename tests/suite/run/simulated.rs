//! A simulation and a run, given the same times and the same failures, come to the same end at the same time.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

use crate::run::backend::Place;
use crate::schedule::properties::Dice;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;
use wavec::backend::JobStatus;
use wavec::backend::scripted::{Script, Scripted};
use wavec::check::{Memory, Options};
use wavec::error::Result;
use wavec::event::{Event, RunOutcome};
use wavec::plan::Plan;
use wavec::run::{Setup, Sink};
use wavec::schedule::Limits;
use wavec::schedule::simulate::{End, Troubles, simulate};

/// Forgets what it is told.
struct Nobody;

impl Sink for Nobody {
    fn record(&mut self, _events: Vec<Event>) -> Result<()> {
        Ok(())
    }
}

/// The text of a plan. No two times are alike, so that nothing depends on what is first of what comes together; and
/// nothing is short, for a run that meets the unexpected may go on by another order than it began with.
fn plan_text(dice: &mut Dice) -> String {
    let mut text = String::from("plan random\n");
    let policies = ["stop", "cancel", "continue"];
    writeln!(text, "on failure {}", policies[dice.roll(3)]).unwrap();
    let mut count = 0;
    let mut time = |dice: &mut Dice| {
        count += 1;
        1_000 * (1 + dice.roll(20)) + 37 * count
    };
    let waves = 1 + dice.roll(3);
    for wave in 0..waves {
        writeln!(text, "wave w{wave} {{").unwrap();
        for task in 0..1 + dice.roll(5) {
            write!(text, "task t{task} {{ ").unwrap();
            match dice.roll(6) {
                0 if task > 0 => write!(text, "wait {}ms", time(dice)).unwrap(),
                _ => write!(text, "run \"r\"; writes nothing; estimate {}ms", time(dice)).unwrap(),
            }
            if dice.one_in(3) {
                write!(text, "; retries {} backoff {}ms", 1 + dice.roll(2), time(dice)).unwrap();
            }
            if dice.one_in(8) {
                write!(text, "; timeout {}ms", time(dice)).unwrap();
            }
            if dice.one_in(4) {
                write!(text, "; on failure {}", policies[dice.roll(3)]).unwrap();
            }
            match dice.roll(6) {
                1 if task > 0 => write!(text, "; after t{}", task - 1).unwrap(),
                2 if task > 0 => write!(text, "; after finished t{}", task - 1).unwrap(),
                _ => {}
            }
            text.push_str(" }\n");
        }
        if dice.one_in(3) {
            writeln!(text, "rollback {{ task undo {{ run \"u\"; estimate {}ms }} }}", time(dice)).unwrap();
        }
        if dice.one_in(2) {
            text.push_str("gate { check runs \"g\"; ");
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
        writeln!(text, "finally {{ task clean {{ run \"f\"; estimate {}ms }} }}", time(dice)).unwrap();
    }
    text
}

/// How a run ends when these fail always, and after how long.
fn run(plan: &Arc<Plan>, troubles: &Troubles) -> (RunOutcome, Duration) {
    let mut scripts = BTreeMap::new();
    for (task, failure) in plan.tasks.iter().zip(&troubles.failures) {
        let takes = task.estimate.map(|estimate| estimate.expected()).unwrap_or_default();
        let status = JobStatus::Exit(i32::from(*failure > 0.0));
        for attempt in 1..12 {
            let script = Script { takes, status: status.clone(), ..Script::default() };
            scripts.insert(format!("{}/{attempt}", task.name), script);
        }
    }
    for (gate, failure) in plan.gates.iter().zip(&troubles.no_goes) {
        let status = JobStatus::Exit(i32::from(*failure > 0.0));
        let script = Script { takes: Duration::ZERO, status, ..Script::default() };
        scripts.insert(format!("@gate/{}/check-1", gate.name), script);
    }
    let place = Place::new();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let (_sender, requests) = mpsc::channel(1);
        let setup = Setup {
            run: 1,
            session: 1,
            directory: place.path().into(),
            state: place.path().join("state"),
            progress: None,
            workers: None,
            waits_for_people: false,
            environment: Vec::new(),
            now: 0,
            hands: 0,
            backend: Arc::new(Scripted::new(scripts)),
            trees: wavec::workspace::Options::default(),
        };
        let begin = tokio::time::Instant::now();
        let outcome =
            wavec::run::run(Arc::clone(plan), setup, Arc::new(Mutex::new(Nobody)), requests).await.unwrap();
        (outcome, begin.elapsed())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases()) })]

    #[test]
    fn a_simulation_ends_as_a_run_does(seed in any::<u64>()) {
        let mut dice = Dice(seed);
        let text = plan_text(&mut dice);
        let compilation =
            wavec::compile::compile(Path::new("plan.wave"), &text, &Memory::new(), &Options::default());
        let Some(plan) = compilation.plan.map(Arc::new) else {
            let found: Vec<_> = compilation.diagnostics.iter().map(|found| &found.message).collect();
            return Err(TestCaseError::fail(format!("{text}\n{found:?}")));
        };
        let one_in = |dice: &mut Dice, sides: usize| f64::from(u8::from(dice.one_in(sides)));
        let troubles = Troubles {
            failures: plan.tasks.iter().map(|_| one_in(&mut dice, 6)).collect(),
            no_goes: plan.gates.iter().map(|_| one_in(&mut dice, 4)).collect(),
            ..Troubles::default()
        };
        let (outcome, took) = run(&plan, &troubles);
        let simulation = simulate(&plan, &Limits::default(), &troubles, 1, 0..1);
        let round = simulation.rounds[0];
        let ends = match outcome {
            RunOutcome::Succeeded => vec![End::Succeeded],
            RunOutcome::Failed => vec![End::Failed, End::NoGo],
            _ => vec![],
        };
        prop_assert!(ends.contains(&round.end), "{outcome:?}, simulated {round:?}\n{text}\n{troubles:?}");
        let apart = took.as_millis().abs_diff(u128::from(round.finish));
        // Timers are exact to a millisecond each.
        prop_assert!(apart < 100, "{took:?}, simulated {} ms\n{text}\n{troubles:?}", round.finish);
    }
}

/// `PROPTEST_CASES` asks for more.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(150)
}
