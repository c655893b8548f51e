//! What each stage of the front end takes, and how that grows: `cargo bench --bench front [TASKS…]`.
//!
//! The plan is the graph that `benches/peers/peers.py dag` gives to ninja: each task needs three of the 500 before it, at
//! random. One process reads, checks and lowers it, stage after stage as `compile` does; for each stage the time by the
//! clock, the best of three, and the memory of the process: the most while it ran, and what is left behind it.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;
use wavec::check::{self, Memory, Options};
use wavec::prove::NoFacts;
use wavec::source::{FileId, SourceFile, SourceMap};
use wavec::{plan, prove, syntax};

/// As the program has it: memory is made ready in other steps by the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    wavec::memory::keep(wavec::memory::FOR_A_COMMAND);
    let mut out = std::io::stdout().lock();
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    // Memory that was had once is given back late: each size has a process of its own.
    if let [size] = &arguments[..]
        && let Ok(size) = size.parse()
    {
        let rows: Vec<Vec<Row>> = (0..3).map(|_| stages(&text_of(size))).collect();
        let mib = |bytes: u64| bytes as f64 / 1024.0 / 1024.0;
        for (at, row) in rows[0].iter().enumerate() {
            let best = rows.iter().map(|rows| rows[at].seconds).fold(f64::INFINITY, f64::min);
            let (name, most, left) = (row.name, mib(row.most), mib(row.left));
            let _ = writeln!(
                out,
                "{size:>7} tasks  {name:8} {:>9.2} ms {most:>8.1} MiB at most {left:>8.1} left",
                best * 1e3
            );
        }
        return;
    }
    let sizes = if arguments.is_empty() {
        ["100", "1000", "10000", "100000"].map(String::from).to_vec()
    } else {
        arguments
    };
    let program = std::env::current_exe().expect("the bench's own program");
    for size in sizes {
        let done = std::process::Command::new(&program).arg(&size).status().expect("the bench starts");
        assert!(done.success(), "{size} tasks: {done}");
    }
}

/// What a stage took.
struct Row {
    name: &'static str,
    seconds: f64,
    /// The most memory of the process while it ran.
    most: u64,
    /// The memory of the process behind it.
    left: u64,
}

/// Carries out the stages.
fn stages(text: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    let (loader, options) = (Memory::new(), Options::default());
    let sources = stage(&mut rows, "text", || SourceMap::of(SourceFile::new(Path::new("bench.wave"), text)));
    let parsed = stage(&mut rows, "parse", || syntax::parse(FileId(0), sources.file(FileId(0)).text()));
    assert!(parsed.diagnostics.is_empty());
    let trees = vec![parsed.file];
    let checked = stage(&mut rows, "check", || check::check(&sources, &trees, &loader, &options, false));
    assert!(checked.is_sure);
    let mut plan = stage(&mut rows, "lower", || plan::lower(checked.model));
    let found = checked.diagnostics;
    stage(&mut rows, "drop", || drop(trees));
    let proofs = stage(&mut rows, "prove", || prove::prove(&mut plan, &sources, &NoFacts));
    stage(&mut rows, "end", || drop((plan, found, proofs, sources)));
    rows
}

/// Carries out a stage.
fn stage<T>(rows: &mut Vec<Row>, name: &'static str, work: impl FnOnce() -> T) -> T {
    // Where the system takes this, the most memory is counted from here on.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let start = Instant::now();
    let result = work();
    let seconds = start.elapsed().as_secs_f64();
    rows.push(Row { name, seconds, most: memory("VmHWM:"), left: memory("VmRSS:") });
    result
}

/// A line of what the system tells of this process, in bytes; 0 where it tells nothing.
fn memory(line: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let found = text.lines().find_map(|found| found.strip_prefix(line));
    let kib: u64 = found.and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0);
    kib * 1024
}

/// A set of tasks, each of which needs three of the 500 before it.
fn text_of(size: usize) -> String {
    let mut text = "plan bench\nparallel {\n".to_owned();
    let mut dice = 0x9E37_79B9_7F4A_7C15_u64;
    for task in 0..size {
        let _ = write!(text, "  task t{task} {{ run \"true\"");
        let mut needs: Vec<usize> = (0..3.min(task))
            .map(|_| {
                // xorshift: the same plan everywhere.
                dice ^= dice << 13;
                dice ^= dice >> 7;
                dice ^= dice << 17;
                let first = task.saturating_sub(500);
                first + (dice % (task - first) as u64) as usize
            })
            .collect();
        needs.sort_unstable();
        needs.dedup();
        for (at, need) in needs.iter().enumerate() {
            let _ = write!(text, "{}t{need}", if at == 0 { "; after " } else { ", " });
        }
        text.push_str(" }\n");
    }
    text.push_str("}\n");
    text
}
