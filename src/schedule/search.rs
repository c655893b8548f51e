//! The best order that a bounded search finds for jobs that compete: for plans, and for the field's own instances.
//!
//! It knows jobs, not tasks: [`super::improve`] makes the one of the other.

mod decode;
mod genetic;
mod problem;

use super::sample::Dice;
use genetic::{Genetic, MOST_JOBS};

pub use problem::Problem;

/// How much a search may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// How many schedules it may make; each pass, forwards or backwards, is one.
    pub schedules: u64,
    /// Another seed, another search.
    pub seed: u64,
}

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Solution {
    /// By job, its start.
    pub starts: Vec<u64>,
    /// When all is over.
    pub makespan: u64,
    /// What no schedule is shorter than.
    pub lower_bound: u64,
    /// How many schedules were made.
    pub schedules: u64,
}

/// Searches for a short schedule: until it is proved the shortest, the effort is spent, or `go_on` says no, which is
/// asked after each schedule. `first` is an order of all jobs to begin with, each behind what it needs: what is found
/// is no longer than what that order gives. None when there are too many jobs or capacities to search among.
pub fn search(
    problem: &Problem,
    first: Option<&[u32]>,
    effort: Effort,
    go_on: &mut dyn FnMut() -> bool,
) -> Option<Solution> {
    if problem.len() > MOST_JOBS {
        return None;
    }
    if problem.is_empty() {
        return Some(Solution { starts: Vec::new(), makespan: 0, lower_bound: 0, schedules: 0 });
    }
    // Times that no sum of can overflow.
    let longest = u64::MAX / 4 / problem.len() as u64;
    let is_tame = problem.durations.iter().all(|duration| *duration <= longest);
    let tamed;
    let problem = match is_tame {
        true => problem,
        false => {
            let durations = problem.durations.iter().map(|duration| (*duration).min(longest)).collect();
            tamed = Problem { durations, ..problem.clone() };
            &tamed
        }
    };
    let Effort { schedules, seed } = effort;
    let (starts, schedules) = match decode::words(problem) {
        1 => Genetic::<1>::new(problem, schedules, seed, go_on).run(first),
        2 => Genetic::<2>::new(problem, schedules, seed, go_on).run(first),
        3..=4 => Genetic::<4>::new(problem, schedules, seed, go_on).run(first),
        5..=16 => Genetic::<16>::new(problem, schedules, seed, go_on).run(first),
        _ => return None,
    };
    let ends = starts.iter().zip(&problem.durations).map(|(start, duration)| start + duration);
    let makespan = ends.max().unwrap_or(0);
    Some(Solution { makespan, lower_bound: problem.lower_bound(), starts, schedules })
}
