//! How long the proofs take, and how that grows: `cargo bench --bench prove [TASKS…]`.
//!
//! Each shape is a plan as text, compiled once; what is timed is `prove` alone, on the compiled plan, best of three.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};
use wavec::check::Memory;
use wavec::compile::{Options, compile};
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
            let start = Instant::now();
            let compilation = compile(Path::new("bench.wave"), &text, &Memory::new(), &Options::default());
            let compiled = start.elapsed();
            let Some(plan) = compilation.plan else {
                let first = compilation
                    .diagnostics
                    .iter()
                    .find(|found| found.severity == wavec::diagnostic::Severity::Error);
                let _ = writeln!(
                    out,
                    "{name:18} {size:>7} does not compile: {:?}",
                    first.map(|found| &found.message)
                );
                continue;
            };
            let best = (0..3)
                .map(|_| {
                    let mut plan = plan.clone();
                    let start = Instant::now();
                    let found = prove(&mut plan, &compilation.sources, &NoFacts);
                    assert!(found.iter().all(|found| found.severity != wavec::diagnostic::Severity::Error));
                    start.elapsed()
                })
                .min()
                .unwrap_or(Duration::ZERO);
            let claims: usize = plan.tasks.iter().map(|task| task.claims.claims.len()).sum();
            let _ = writeln!(
                out,
                "{name:18} {size:>7} tasks {claims:>7} globs   prove {:>9.1} ms   (compile {:.1} s)",
                best.as_secs_f64() * 1e3,
                compiled.as_secs_f64()
            );
        }
    }
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
