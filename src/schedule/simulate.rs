//! What may come of a plan when things go wrong: the same machine carried out many times in virtual time, with attempts
//! that fail, gates that say no, quotas that end and people who take their time.
//!
//! Seeded: round 7 is the same whoever asks for it, so a caller that has threads gives each its share of the rounds. It
//! does not know why an attempt fails; what follows from it (retries, `on failure`, rollback) is the plan's.

mod round;

use super::Limits;
use crate::plan::{Action, GateId, Plan, TaskId};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

/// What goes wrong, and how slow people are. The default: nothing does, and they answer at once.
#[derive(Clone, Debug, Default)]
pub struct Troubles {
    /// By [`TaskId`], the share of its attempts that fail; those behind the end never do. Of an `approve` task, the share
    /// of noes. A `wait` cannot fail.
    pub failures: Vec<f64>,
    /// By [`GateId`], the share of its judgements that are a no-go.
    pub no_goes: Vec<f64>,
    /// Drivers and when their quota is spent, counted from the start. It does not come back within the run.
    pub quotas: Vec<(String, Duration)>,
    /// How long a person takes to answer, least and most; none: as the estimate of an `approve` task says, a gate at once.
    pub answer: Option<(Duration, Duration)>,
}

/// How a round has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// Every task, every gate.
    Succeeded,
    /// A task has failed.
    Failed,
    /// A gate has said no-go.
    NoGo,
    /// A quota is spent, and something waits for it.
    Parked,
}

/// What decided that a round did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Culprit {
    /// It failed, or was parked.
    Task(TaskId),
    /// It said no-go.
    Gate(GateId),
}

/// One round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Round {
    /// When it ended, rollback and `finally` included, in milliseconds.
    pub finish: u64,
    /// How.
    pub end: End,
    /// The first that went wrong for good; none when all went well.
    pub culprit: Option<Culprit>,
    /// Tries beyond the first of each task.
    pub retries: u32,
    /// What all attempts cost, in millionths of a dollar, as far as the plan says.
    pub money: u64,
    /// Tokens of all attempts, as far as the plan says.
    pub tokens: u64,
}

/// What many rounds gave, in the order of the rounds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Simulation {
    /// The rounds.
    pub rounds: Vec<Round>,
}

/// Carries the plan out once for each of the rounds, under those troubles.
pub fn simulate(
    plan: &Arc<Plan>,
    limits: &Limits,
    troubles: &Troubles,
    seed: u64,
    rounds: Range<u32>,
) -> Simulation {
    let mut machine = round::Machine::new(plan, limits, troubles, seed);
    Simulation { rounds: rounds.map(|round| machine.play(round)).collect() }
}

/// Whether the task does work: it is no pause and no question.
pub fn is_work(plan: &Plan, task: TaskId) -> bool {
    !matches!(plan.task(task).action, Action::Wait(_) | Action::Approve(_))
}

impl End {
    /// All of them, the best first.
    pub const ALL: [End; 4] = [End::Succeeded, End::Failed, End::NoGo, End::Parked];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            End::Succeeded => "succeeded",
            End::Failed => "failed",
            End::NoGo => "no-go",
            End::Parked => "parked",
        }
    }
}

impl Simulation {
    /// Puts the next share of the same question to these.
    pub fn join(&mut self, next: Simulation) {
        self.rounds.extend(next.rounds);
    }

    /// How many rounds ended so.
    pub fn count(&self, end: End) -> usize {
        self.rounds.iter().filter(|round| round.end == end).count()
    }

    /// A number of each of the rounds that ended so, or of all, in order of size.
    pub fn sorted(&self, end: Option<End>, number: impl Fn(&Round) -> u64) -> Vec<u64> {
        let is_asked = |round: &&Round| end.is_none_or(|end| round.end == end);
        let mut numbers: Vec<u64> = self.rounds.iter().filter(is_asked).map(number).collect();
        numbers.sort_unstable();
        numbers
    }

    /// What went wrong for good first, in how many rounds, the most frequent first.
    pub fn culprits(&self) -> Vec<(Culprit, usize)> {
        let mut found: Vec<Culprit> = self.rounds.iter().filter_map(|round| round.culprit).collect();
        found.sort_unstable();
        let mut counts: Vec<(Culprit, usize)> =
            found.chunk_by(PartialEq::eq).map(|same| (same[0], same.len())).collect();
        counts.sort_by_key(|(culprit, count)| (std::cmp::Reverse(*count), *culprit));
        counts
    }

    /// How many tries beyond the first a round takes, in the mean.
    pub fn mean_retries(&self) -> f64 {
        let sum: u64 = self.rounds.iter().map(|round| u64::from(round.retries)).sum();
        sum as f64 / self.rounds.len().max(1) as f64
    }
}

/// The number that a share of sorted numbers does not pass: 0.9 for p90. Zero where there are none.
pub fn quantile(sorted: &[u64], share: f64) -> u64 {
    let place = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(place.saturating_sub(1)).or(sorted.last()).copied().unwrap_or(0)
}
