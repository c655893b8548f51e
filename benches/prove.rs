//! How long the proofs take, and how that grows: `cargo bench --bench prove [TASKS…]`.
//!
//! Each shape is a plan as text, compiled once; what is timed is `prove` alone, on the compiled plan, best of three, and
//! the whole of `compile` (parse, check, lower, prove). Both by the clock, and by the processor's time where the system
//! tells it: on a machine that does other work too, only that says what the proofs cost.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;
use wavec::check::Memory;
use wavec::compile::{Options, compile};
use wavec::diagnostic::{Diagnostic, Severity};
use wavec::prove::{NoFacts, prove};

/// Writes a plan of so many tasks.
type Shape = fn(usize) -> String;

fn main() {
    let sizes: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![1_000, 10_000, 100_000] } else { sizes };
    let mut out = std::io::stdout().lock();
    let shapes: [(&str, Shape); 4] = [
        ("waves of 200", waves),
        ("one wave", one_wave),
        ("lanes with edges", lanes),
        ("wildcards first", wildcards),
    ];
    for (name, shape) in shapes {
        for size in &sizes {
            let text = shape(*size);
            let (compilation, compiled) =
                timed(|| compile(Path::new("bench.wave"), &text, &Memory::new(), &Options::default()));
            let Some(plan) = compilation.plan else {
                let is_error = |found: &&Diagnostic| found.severity == Severity::Error;
                let first = compilation.diagnostics.iter().find(is_error).map(|found| &found.message);
                let _ = writeln!(out, "{name:18} {size:>7} does not compile: {first:?}");
                continue;
            };
            let mut best = [f64::INFINITY; 2];
            for _ in 0..3 {
                let mut plan = plan.clone();
                let (found, took) = timed(|| prove(&mut plan, &compilation.sources, &NoFacts));
                assert!(found.iter().all(|found| found.severity != Severity::Error));
                best = [best[0].min(took[0]), best[1].min(took[1])];
            }
            let claims: usize = plan.tasks.iter().map(|task| task.claims.claims.len()).sum();
            let _ = writeln!(
                out,
                "{name:18} {size:>7} tasks {claims:>7} globs   prove {:>8.0} ms ({:>8.0} ms of processor)   \
                 compile {:>6.2} s ({:>6.2} s)",
                best[0] * 1e3,
                best[1] * 1e3,
                compiled[0],
                compiled[1],
            );
        }
    }
}

/// What `work` gives, and the seconds that it took: by the clock, and of the processor.
fn timed<T>(work: impl FnOnce() -> T) -> (T, [f64; 2]) {
    let (start, cpu) = (Instant::now(), processor_time());
    let result = work();
    let took = start.elapsed().as_secs_f64();
    let used = cpu.zip(processor_time()).map_or(took, |(before, after)| after - before);
    (result, [took, used])
}

/// The seconds for which this thread has had a processor, where the system tells.
fn processor_time() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: f64 = text.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds / 1e9)
}

fn header() -> String {
    "plan bench\nagent coder { driver claude }\n".to_owned()
}

/// Waves of 200 tasks behind gates; each reads what the wave before wrote.
fn waves(size: usize) -> String {
    let mut text = header();
    for task in 0..size {
        let (wave, place) = (task / 200, task % 200);
        if place == 0 {
            let _ = writeln!(text, "wave w{wave} {{");
        }
        let before = wave.saturating_sub(1);
        let read = if wave == 0 { "docs/**".to_owned() } else { format!("src/w{before}/**") };
        let _ = writeln!(
            text,
            "task t{wave}-{place} \"Do it\" {{ agent coder; reads \"{read}\"; writes \"src/w{wave}/m{place}/**\", \"src/lib.rs#m{wave}-{place}\" }}"
        );
        if place == 199 || task + 1 == size {
            text.push_str("gate { check \"it builds\" runs \"make\" }\n}\n");
        }
    }
    text
}

/// All side by side, each with files of its own.
fn one_wave(size: usize) -> String {
    let mut text = header();
    text.push_str("wave all {\n");
    for task in 0..size {
        let _ = writeln!(
            text,
            "task t{task} \"Do it\" {{ agent coder; reads \"docs/m{task}/*.md\"; writes \"src/m{task}/**\", \"tests/{}/m{task}-*.rs\" }}",
            task % 50
        );
    }
    text.push_str("}\n");
    text
}

/// One set with `after` edges in place of waves: a hundred lanes that share files along the lane, and meet now and then.
fn lanes(size: usize) -> String {
    let mut text = header();
    text.push_str("parallel {\n");
    for task in 0..size {
        let (lane, place) = (task % 100, task / 100);
        let mut after =
            if place > 0 { format!("after t{lane}-{}", place - 1) } else { "priority 0".to_owned() };
        if place > 0 && place % 10 == 0 && lane > 0 {
            let _ = write!(after, ", t{}-{}", lane - 1, place - 1);
        }
        let _ = writeln!(
            text,
            "task t{lane}-{place} \"Do it\" {{ agent coder; {after}; reads \"src/l{lane}/**\"; writes \"src/l{lane}/m{place}.rs\", \"src/l{lane}/mod.rs\" }}"
        );
    }
    text.push_str("}\n");
    text
}

/// All side by side, with globs that begin with a wildcard.
fn wildcards(size: usize) -> String {
    let mut text = header();
    text.push_str("wave all {\n");
    for task in 0..size {
        let _ = writeln!(
            text,
            "task t{task} \"Do it\" {{ agent coder; reads \"docs/m{task}.md\"; writes \"**/m{task}.rs\", \"**/m{task}/*.toml\" }}"
        );
    }
    text.push_str("}\n");
    text
}
