//! How sure a forecast is: the same machine carried out many times, each time with durations drawn from the estimates.
//!
//! Three points are drawn as PERT-beta, a range as uniform, and tasks independently of each other. Seeded: the same seed
//! gives the same numbers. It does not know threads: a caller that has some gives each its share of the rounds.

use super::clock::Times;
use super::estimate::{first_of_any, latest_ends};
use super::flow::Flow;
use super::shape::milliseconds;
use super::{Limits, Order, Outcome, Schedule, State};
use crate::plan::{Action, Plan, StepKind, Task, TaskId};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

/// What many rounds gave. Shares of one question may be put together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Samples {
    /// The makespan of each round, in milliseconds.
    makespans: Vec<u64>,
    /// By [`TaskId`], in how many rounds it had no slack.
    critical: Vec<u32>,
}

/// Whether some task's estimate leaves room: else every round is the forecast itself.
pub fn has_ranges(plan: &Plan) -> bool {
    plan.tasks
        .iter()
        .filter(|task| task.step.is_some())
        .any(|task| matches!(Draw::of(task), Draw::Uniform(..) | Draw::Beta { .. }))
}

/// Carries the plan out once for each of the rounds. Round 7 is the same whoever asks for it.
pub fn sample(plan: &Arc<Plan>, limits: &Limits, seed: u64, rounds: Range<u32>) -> Samples {
    sample_with(Schedule::new(Arc::clone(plan), *limits), seed, rounds)
}

/// The same in another order of urgency than the machine's own.
pub fn sample_by(
    plan: &Arc<Plan>,
    limits: &Limits,
    order: Arc<Order>,
    seed: u64,
    rounds: Range<u32>,
) -> Samples {
    sample_with(Schedule::in_order(Arc::clone(plan), *limits, order), seed, rounds)
}

fn sample_with(mut schedule: Schedule, seed: u64, rounds: Range<u32>) -> Samples {
    let plan = &Arc::clone(schedule.plan());
    let draws: Vec<Draw> = plan.tasks.iter().map(Draw::of).collect();
    let shape = Arc::clone(&schedule.shape);
    let mut flow = Flow::new(&shape);
    let mut times = Times::default();
    let mut samples = Samples { makespans: Vec::new(), critical: vec![0; plan.tasks.len()] };
    let mut durations = vec![0u64; plan.tasks.len()];
    for round in rounds {
        let mut dice = Dice::new(seed, u64::from(round));
        for (duration, draw) in durations.iter_mut().zip(&draws) {
            *duration = draw.draw(&mut dice);
        }
        schedule.rewind();
        flow.clear();
        let makespan = times.drive(&mut schedule, |task| durations[task.index()], &mut flow);
        let latest = latest_ends(&schedule, &times, &flow, makespan, &first_of_any(&schedule));
        for (step, kind) in plan.step_ids().zip(&plan.steps) {
            if let StepKind::Task(task) = kind.kind
                && latest[step.index()] == times.end[step.index()]
                && schedule.state(step) == State::Ended(Outcome::Succeeded)
            {
                samples.critical[task.index()] += 1;
            }
        }
        samples.makespans.push(makespan);
    }
    samples
}

impl Samples {
    /// Puts another share of the same question to these.
    pub fn join(&mut self, other: Samples) {
        if self.critical.is_empty() {
            self.critical = vec![0; other.critical.len()];
        }
        self.makespans.extend(other.makespans);
        for (own, other) in self.critical.iter_mut().zip(other.critical) {
            *own += other;
        }
    }

    /// How many rounds there were.
    pub fn rounds(&self) -> usize {
        self.makespans.len()
    }

    /// The time within which the plan is done in that share of the rounds: 0.9 for p90. Zero without rounds.
    pub fn quantile(&self, share: f64) -> Duration {
        let mut sorted = self.makespans.clone();
        sorted.sort_unstable();
        let place = (share * sorted.len() as f64).ceil() as usize;
        Duration::from_millis(sorted.get(place.saturating_sub(1)).or(sorted.last()).copied().unwrap_or(0))
    }

    /// The share of rounds that are done within a time.
    pub fn share_within(&self, time: Duration) -> f64 {
        let limit = milliseconds(time);
        let within = self.makespans.iter().filter(|makespan| **makespan <= limit).count();
        within as f64 / self.makespans.len().max(1) as f64
    }

    /// The share of rounds in which the task had no slack: its criticality index.
    pub fn criticality(&self, task: TaskId) -> f64 {
        f64::from(self.critical[task.index()]) / self.makespans.len().max(1) as f64
    }

    /// The makespans of all rounds, in milliseconds, in the order of the rounds.
    pub fn makespans(&self) -> &[u64] {
        &self.makespans
    }
}

/// How a task's duration is drawn.
#[derive(Clone, Copy, Debug)]
pub(super) enum Draw {
    /// Always the same.
    Fixed(u64),
    /// Anything in the range alike.
    Uniform(u64, u64),
    /// The likeliest in the middle of most of it.
    Beta { least: u64, span: u64, alpha: f64, beta: f64 },
}

impl Draw {
    pub fn of(task: &Task) -> Draw {
        let Some(estimate) = &task.estimate else {
            return Draw::Fixed(match &task.action {
                Action::Wait(time) => milliseconds(*time),
                _ => 0,
            });
        };
        let (least, most) = (milliseconds(estimate.least), milliseconds(estimate.most));
        match estimate.likeliest {
            // Upside down is for the checker to say; here it is as if it were written the right way round.
            _ if most <= least => Draw::Fixed(milliseconds(estimate.expected())),
            None => Draw::Uniform(least, most),
            Some(likeliest) => {
                let span = most - least;
                let place = milliseconds(likeliest).clamp(least, most) - least;
                let place = place as f64 / span as f64;
                Draw::Beta { least, span, alpha: 1.0 + 4.0 * place, beta: 1.0 + 4.0 * (1.0 - place) }
            }
        }
    }

    pub fn draw(&self, dice: &mut Dice) -> u64 {
        match *self {
            Draw::Fixed(time) => time,
            Draw::Uniform(least, most) => least + ((most - least) as f64 * dice.unit()).round() as u64,
            Draw::Beta { least, span, alpha, beta } => {
                let (x, y) = (dice.gamma(alpha), dice.gamma(beta));
                least + (span as f64 * (x / (x + y))).round() as u64
            }
        }
    }
}

/// A small seeded generator (SplitMix64), so that a forecast is the same on every machine.
#[derive(Clone)]
pub(super) struct Dice(u64);

impl Dice {
    pub fn new(seed: u64, stream: u64) -> Dice {
        let mut dice = Dice(seed ^ stream.wrapping_mul(0xd134_2543_de82_ef95));
        dice.next();
        dice
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    /// From 0 to below 1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A standard normal value, by Marsaglia's polar method.
    fn normal(&mut self) -> f64 {
        loop {
            let (x, y) = (self.unit() * 2.0 - 1.0, self.unit() * 2.0 - 1.0);
            let square = x * x + y * y;
            if square > 0.0 && square < 1.0 {
                return x * (-2.0 * square.ln() / square).sqrt();
            }
        }
    }

    /// A gamma value of that shape (at least 1), by Marsaglia and Tsang's method.
    fn gamma(&mut self, shape: f64) -> f64 {
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && self.unit().ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }
}
