//! A run that is killed at any moment and resumed: nothing is lost, and nothing happens twice.
//!
//! wavec kills itself with SIGKILL at each place where it writes the journal or starts a process (`wavec::crash`), and is
//! killed from outside at random moments. The tasks leave traces in a file; they, and not wavec's own words, are the evidence.
//!
//! `cargo test` takes a sample. `WAVEC_CRASHES=1500 cargo test --test suite crash:: -- --nocapture` goes on until
//! so many deaths were died, and `WAVEC_CRASH_SEED` begins elsewhere.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

mod plans;
mod project;

use plans::{Dice, SHAPES};
use project::{Death, Project, State, at_random};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What an undisturbed run of the text comes to.
fn undisturbed(text: &str) -> State {
    let mut project = Project::new(text);
    project.carry_out(&mut |_| Death::None);
    project.state()
}

/// Carries the text out with these deaths, and compares what it came to. How often it died, and how many attempts were in
/// flight then.
fn survives(text: &str, undisturbed: &State, mut deaths: impl FnMut(&mut Project) -> Death) -> (u32, u32) {
    let mut project = Project::new(text);
    project.carry_out(&mut deaths);
    assert_eq!(&project.state(), undisturbed, "{text}");
    (project.deaths, project.lost)
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Does the work on two threads: the machine has two cores at least.
fn on_two_threads(work: impl Fn() + Sync) {
    std::thread::scope(|scope| {
        let threads = [scope.spawn(&work), scope.spawn(&work)];
        for thread in threads {
            if let Err(panic) = thread.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
}

/// Dies at every place that a run passes, one run a place; a sample of them unless all are asked for.
#[test]
fn a_death_at_any_place_costs_nothing() {
    let is_long = number("WAVEC_CRASHES").is_some();
    let time = Duration::from_secs(if is_long { 100_000 } else { 15 });
    let begin = Instant::now();
    let next = AtomicU64::new(0);
    let (deaths, places) = (AtomicU32::new(0), AtomicU32::new(0));
    on_two_threads(|| {
        loop {
            let turn = next.fetch_add(1, Ordering::Relaxed);
            let is_over = turn >= SHAPES.len() as u64 || begin.elapsed() > time;
            if is_over {
                break;
            }
            let shape = SHAPES[turn as usize];
            let text = plans::text(shape, 7);
            let undisturbed = undisturbed(&text);
            // All places one after another, or a sample that is spread over them.
            let step = if is_long { 1 } else { 11 };
            let mut place = 1 + turn % step;
            loop {
                let mut is_first = true;
                let (died, _) = survives(&text, &undisturbed, |_| {
                    if std::mem::take(&mut is_first) { Death::Place(place) } else { Death::None }
                });
                deaths.fetch_add(died, Ordering::Relaxed);
                if died == 0 {
                    break;
                }
                places.fetch_max(place as u32, Ordering::Relaxed);
                place += step;
            }
        }
    });
    let (deaths, places) = (deaths.into_inner(), places.into_inner());
    eprintln!("{deaths} deaths at single places, up to place {places} of a run, in {:?}", begin.elapsed());
    // How many fit into the time depends on the machine.
    assert!(deaths > 0);
}

/// Dies over and over in each run, at random places and moments, also while it answers and while it resumes.
#[test]
fn deaths_at_random_cost_nothing() {
    let wanted = number("WAVEC_CRASHES").unwrap_or(80) as u32;
    let seed = number("WAVEC_CRASH_SEED").unwrap_or(1);
    let time = Duration::from_secs(if number("WAVEC_CRASHES").is_some() { 100_000 } else { 25 });
    let begin = Instant::now();
    let next = AtomicU64::new(seed);
    let (deaths, lost, runs) = (AtomicU32::new(0), AtomicU32::new(0), AtomicU32::new(0));
    on_two_threads(|| {
        while deaths.load(Ordering::Relaxed) < wanted && begin.elapsed() < time {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            let shape = SHAPES[(seed % SHAPES.len() as u64) as usize];
            let mut dice = Dice::new(seed);
            let text = plans::text(shape, seed);
            let (died, gone) = survives(&text, &undisturbed(&text), |project| match project.deaths {
                0..12 => at_random(&mut dice),
                _ => Death::None,
            });
            let before = deaths.fetch_add(died, Ordering::Relaxed);
            if before / 100 < (before + died) / 100 {
                eprintln!("{} deaths so far", before + died);
            }
            lost.fetch_add(gone, Ordering::Relaxed);
            runs.fetch_add(1, Ordering::Relaxed);
        }
    });
    let (deaths, lost, runs) = (deaths.into_inner(), lost.into_inner(), runs.into_inner());
    eprintln!(
        "{deaths} deaths at random in {runs} runs, {lost} attempts lost in flight, in {:?}",
        begin.elapsed()
    );
    // How many fit into the time depends on the machine.
    assert!(deaths > 0);
}

/// The disk fails at one write of the journal, at each in its turn: full, broken, or in the middle of a write.
#[test]
fn a_disk_that_fails_costs_nothing() {
    if project::shim().is_none() {
        eprintln!("there is no C compiler: left out");
        return;
    }
    const FULL: i32 = 28;
    const BROKEN: i32 = 5;
    let is_long = number("WAVEC_CRASHES").is_some();
    let begin = Instant::now();
    let ways = [(FULL, "all"), (BROKEN, "all"), (FULL, "torn"), (BROKEN, "once")];
    let next = AtomicU64::new(0);
    let (failures, places) = (AtomicU32::new(0), AtomicU64::new(0));
    let text = plans::text("retried", 3);
    let undisturbed = undisturbed(&text);
    on_two_threads(|| {
        while let Some((error, how)) = ways.get(next.fetch_add(1, Ordering::Relaxed) as usize) {
            let step = if is_long { 1 } else { 9 };
            let mut at = 1;
            loop {
                let mut project = Project::new(&text);
                let mut is_first = true;
                project.carry_out(&mut |_| {
                    if std::mem::take(&mut is_first) { Death::Disk(at, *error, how) } else { Death::None }
                });
                assert_eq!(project.state(), undisturbed);
                failures.fetch_add(project.failures, Ordering::Relaxed);
                places.fetch_max(at, Ordering::Relaxed);
                // Beyond the last write nothing fails any more; one failure that nobody minds is no end.
                if project.failures == 0 && at > 60 || at > 400 {
                    break;
                }
                at += step;
            }
        }
    });
    let (failures, places) = (failures.into_inner(), places.into_inner());
    eprintln!("{failures} failures of the disk, up to write {places} of a run, in {:?}", begin.elapsed());
    assert!(failures > 10);
}

/// The wall clock jumps by hours between any two looks at it.
#[test]
fn a_clock_that_jumps_costs_nothing() {
    if project::shim().is_none() {
        eprintln!("there is no C compiler: left out");
        return;
    }
    for shape in ["mixed", "approved"] {
        let text = plans::text(shape, 5);
        let mut project = Project::new(&text);
        project.has_jumping_clock = true;
        let mut turn = 0;
        project.carry_out(&mut |_| {
            turn += 1;
            if turn == 1 { Death::Place(20) } else { Death::None }
        });
        assert_eq!(project.state(), undisturbed(&text));
    }
}
