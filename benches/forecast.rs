//! How long a forecast takes, and how that grows: `cargo bench --bench forecast [-- TASKS…]`.
//!
//! Each shape is a plan as text, compiled once. Timed on the compiled plan, best of three: one forecast as `wavec plan` asks
//! for it (the machine made ready, carried out on the virtual clock, slack and critical path found), and of it how long the
//! machine alone takes to be made.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wavec::check::Memory;
use wavec::compile::{Options, compile};
use wavec::schedule::{Limits, Schedule, estimate};

/// Writes a plan of so many tasks.
type Shape = fn(usize) -> String;

fn main() {
    let sizes: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![1_000, 3_000, 10_000, 30_000, 100_000] } else { sizes };
    let mut out = std::io::stdout().lock();
    let shapes: [(&str, Shape); 3] =
        [("waves of 200", waves), ("lanes with edges", lanes), ("one chain", chain)];
    for (name, shape) in shapes {
        for size in &sizes {
            let text = shape(*size);
            let compilation = compile(Path::new("bench.wave"), &text, &Memory::new(), &Options::default());
            let plan = Arc::new(compilation.plan.expect("a plan that compiles"));
            let limits = Limits { workers: Some(16) };
            let (forecast, makespan) = best(|| estimate(&plan, &limits).makespan);
            let (machine, _) = best(|| Schedule::new(Arc::clone(&plan), limits).running());
            let _ = writeln!(
                out,
                "{name:18} {size:>7} tasks   forecast {:>8.1} ms   (machine {:>8.1} ms)   makespan {makespan:?}",
                forecast.as_secs_f64() * 1e3,
                machine.as_secs_f64() * 1e3,
            );
        }
    }
}

/// The shortest of three.
fn best<T>(mut work: impl FnMut() -> T) -> (Duration, T) {
    let mut timed = || {
        let start = Instant::now();
        let result = work();
        (start.elapsed(), result)
    };
    let (mut least, result) = timed();
    for _ in 0..2 {
        least = least.min(timed().0);
    }
    (least, result)
}

/// Minutes from 1 to 20 that look like chance.
fn minutes(task: usize) -> usize {
    1 + (task * 7_919 + task / 13) % 20
}

/// Waves of 200 tasks behind gates.
fn waves(size: usize) -> String {
    let mut text = "plan bench\n".to_owned();
    for task in 0..size {
        if task % 200 == 0 {
            let _ = writeln!(text, "wave w{} {{", task / 200);
        }
        let _ = writeln!(
            text,
            "task t{task} {{ run \"true\"; writes \"out/{task}\"; estimate {}m }}",
            minutes(task)
        );
        if task % 200 == 199 || task + 1 == size {
            text.push_str("gate { check \"it builds\" runs \"make\" }\n}\n");
        }
    }
    text
}

/// A hundred lanes side by side that meet now and then, and share four of something.
fn lanes(size: usize) -> String {
    let mut text = "plan bench\nresource rig 4\nparallel {\n".to_owned();
    for task in 0..size {
        let (lane, place) = (task % 100, task / 100);
        let after = match place {
            0 => String::new(),
            _ if place % 10 == 0 && lane > 0 => {
                format!("after t{lane}-{}, t{}-{};", place - 1, lane - 1, place - 1)
            }
            _ => format!("after t{lane}-{};", place - 1),
        };
        let uses = if task % 7 == 0 { "uses rig;" } else { "" };
        let _ = writeln!(
            text,
            "task t{lane}-{place} {{ run \"true\"; {after} {uses} writes \"out/{task}\"; estimate {}m }}",
            minutes(task)
        );
    }
    text.push_str("}\n");
    text
}

/// One task after another.
fn chain(size: usize) -> String {
    let mut text = "plan bench\nserial {\n".to_owned();
    for task in 0..size {
        let _ =
            writeln!(text, "task t{task} {{ run \"true\"; writes \"out\"; estimate {}m }}", minutes(task));
    }
    text.push_str("}\n");
    text
}
