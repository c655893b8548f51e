//! How good the search for an order is, on the instances by which the field measures itself:
//! `cargo bench --bench psplib -- FOLDER [EVERY] [SCHEDULES…]`.
//!
//! FOLDER (or the variable `PSPLIB`) holds the `.sm` files of one set, unpacked, and `optimum/optimum.csv`. Of the instances
//! each EVERY-th is taken, in the order of the table; 1 is all. A schedule is one pass of the schedule generation, forwards or
//! backwards. The data is not a part of this package: <https://www.om-db.wi.tum.de/psplib/>.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use wavec::schedule::search::{Effort, Problem, search};

fn main() {
    // Cargo itself adds `--bench`.
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let folder =
        std::env::var_os("PSPLIB").map(PathBuf::from).or_else(|| arguments.next().map(PathBuf::from));
    let mut out = std::io::stdout().lock();
    let Some(folder) = folder else {
        let _ = writeln!(out, "nothing to measure: name the folder of the `.sm` files, or set PSPLIB");
        return;
    };
    let numbers: Vec<u64> = arguments.filter_map(|argument| argument.parse().ok()).collect();
    let (every, budgets) = match numbers.split_first() {
        Some((every, budgets)) if !budgets.is_empty() => ((*every).max(1) as usize, budgets.to_vec()),
        every => (every.map_or(1, |(every, _)| (*every).max(1) as usize), vec![1_000, 5_000, 50_000]),
    };
    let instances: Vec<Instance> = table(&folder).into_iter().step_by(every).collect();
    let _ = writeln!(out, "{} instances of {}", instances.len(), folder.display());
    let _ = writeln!(
        out,
        "schedules   from optimum   from critical path   best known met   ms an instance, mean   most"
    );
    for schedules in budgets {
        let mut sums = Sums::default();
        for instance in &instances {
            let start = Instant::now();
            let found = search(&instance.problem, None, Effort { schedules, seed: 1 }, &mut || true);
            let found = found.expect("an instance that fits");
            sums.add(instance, found.makespan, start.elapsed());
        }
        let _ = writeln!(out, "{schedules:>9}   {sums}");
    }
}

/// An instance and what is known of it.
struct Instance {
    problem: Problem,
    /// The best makespan that anybody found.
    best: u64,
    critical_path: u64,
}

#[derive(Default)]
struct Sums {
    count: u32,
    from_best: f64,
    from_path: f64,
    met: u32,
    time: Duration,
    most: Duration,
}

impl Sums {
    fn add(&mut self, instance: &Instance, makespan: u64, time: Duration) {
        let deviation = |from: u64| 100.0 * (makespan as f64 - from as f64) / from as f64;
        self.count += 1;
        self.from_best += deviation(instance.best);
        self.from_path += deviation(instance.critical_path);
        self.met += u32::from(makespan <= instance.best);
        self.time += time;
        self.most = self.most.max(time);
    }
}

impl std::fmt::Display for Sums {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let count = f64::from(self.count.max(1));
        write!(
            f,
            "{:>10.3} %   {:>16.2} %   {:>6} of {:<5}   {:>20.1}   {:>4.0}",
            self.from_best / count,
            self.from_path / count,
            self.met,
            self.count,
            self.time.as_secs_f64() * 1e3 / count,
            self.most.as_secs_f64() * 1e3
        )
    }
}

/// The instances that the table of a set names: `j301_1.sm,43`; `104..105` and `..103` are bounds still apart.
fn table(folder: &Path) -> Vec<Instance> {
    let path = folder.join("optimum/optimum.csv");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines()
        .skip(1)
        .filter_map(|line| line.split_once(','))
        .map(|(name, value)| {
            let path = folder.join(name);
            let text =
                std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let problem = read(&text).unwrap_or_else(|| panic!("{}: not as expected", path.display()));
            let best = value.rsplit("..").next().and_then(|best| best.trim().parse().ok());
            let best = best.unwrap_or_else(|| panic!("{name}: `{value}` is no bound"));
            Instance { critical_path: problem.critical_path(), problem, best }
        })
        .collect()
}

/// Reads an instance with one mode a job. None when the text is something else.
fn read(text: &str) -> Option<Problem> {
    let mut problem = Problem::default();
    let mut section = "";
    for line in text.lines() {
        if let Some(title) =
            line.split(':').next().filter(|_| line.starts_with(|c: char| c.is_ascii_uppercase()))
        {
            section = title.trim();
            continue;
        }
        let numbers: Option<Vec<u32>> = line.split_whitespace().map(|word| word.parse().ok()).collect();
        let Some(numbers) = numbers.filter(|numbers| !numbers.is_empty()) else { continue };
        match section {
            "PRECEDENCE RELATIONS" => {
                let followers = numbers.get(3..)?;
                let job = numbers[0];
                problem.needs.resize(problem.needs.len().max(job as usize), Vec::new());
                for follower in followers {
                    // The instances are numbered so.
                    (*follower > job).then_some(())?;
                    problem.needs.resize(problem.needs.len().max(*follower as usize), Vec::new());
                    problem.needs[*follower as usize - 1].push(job - 1);
                }
            }
            "REQUESTS/DURATIONS" => {
                problem.durations.push(u64::from(*numbers.get(2)?));
                let held = (0..).zip(&numbers[3..]).filter(|(_, amount)| **amount > 0);
                problem.demands.push(held.map(|(capacity, amount)| (capacity, *amount)).collect());
            }
            "RESOURCEAVAILABILITIES" => problem.capacities = numbers,
            _ => {}
        }
    }
    let count = problem.durations.len();
    (count > 0 && count == problem.needs.len() && !problem.capacities.is_empty()).then_some(problem)
}
