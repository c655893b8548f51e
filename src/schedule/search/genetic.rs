//! The search for a good order of jobs: two populations of schedules that breed each other.
//!
//! One population holds schedules made forwards, the other schedules made backwards; the ends in a schedule of one are the
//! order by which a child is made in the other (Debels and Vanhoucke, *A decomposition-based genetic algorithm for the
//! resource-constrained project-scheduling problem*, Operations Research 55, 2007), so that every child is justified on
//! the way (Valls, Ballestín and Quintanilla, *Justification and RCPSP*, European Journal of Operational Research 165,
//! 2005). A child has a busy stretch of its father in the order of the father, and what lies before and behind it in the
//! order of its mother: with that cut no need is ever broken. A population that no longer gets better gives way to a new
//! one, made and moved more at random.
//!
//! Seeded: the same problem, seed and number of schedules give the same schedule. It does not know time: who asks says
//! after each schedule whether to go on.

use super::Dice;
use super::decode::{Packed, Profile, Way};
use super::problem::Problem;

/// A schedule of one population.
#[derive(Clone, Default)]
struct Individual {
    makespan: u64,
    /// By job, its end on the clock of its population.
    ends: Vec<u64>,
}

/// How a population is made and moved. One after another; the last is followed by the first.
struct Manner {
    /// How much a job with much work behind it is preferred: 0 not at all.
    bias: f64,
    /// How many jobs of each child move at random.
    moves: f64,
}

const MANNERS: [Manner; 6] = [
    Manner { bias: 1.0, moves: 0.0 },
    Manner { bias: 0.5, moves: 1.0 },
    Manner { bias: 0.0, moves: 0.0 },
    Manner { bias: 1.0, moves: 1.0 },
    Manner { bias: 0.5, moves: 0.0 },
    Manner { bias: 0.0, moves: 1.0 },
];

/// The stretch that a child has of its father: from this share of the makespan to that.
const STRETCH: (f64, f64) = (0.1, 0.5);

/// Parents are as good as one when their ends differ by this share of the mean duration; then this share of the jobs moves.
const SAME: f64 = 0.35;
const SHAKEN: f64 = 0.1;

/// How many generations without a better schedule a population lives on.
const PATIENCE: usize = 6;

/// The bits of a key that number the job, those of the time, and the most jobs that there may be.
const JOB_BITS: u32 = 22;
const TIME_BITS: u32 = 40;
pub(super) const MOST_JOBS: usize = 1 << JOB_BITS;

pub(super) struct Genetic<'p, const W: usize> {
    problem: Packed<W>,
    profile: Profile<W>,
    dice: Dice,
    /// By job, the longest chain behind its end.
    tails: Vec<u64>,
    /// By job, what share of the capacities it holds, all together.
    weight: Vec<f64>,
    bound: u64,
    most: u64,
    schedules: u64,
    best: Individual,
    best_way: Way,
    /// The best that was made forwards.
    forward: Individual,
    /// How far times are shifted to fit a key.
    shift: u32,
    go_on: &'p mut dyn FnMut() -> bool,
    is_over: bool,
    /// Memory for one child: keys to sort by, its order, places in it, its ends.
    keys: Vec<u64>,
    order: Vec<u32>,
    places: Vec<u32>,
    ends: Vec<u64>,
}

impl<'p, const W: usize> Genetic<'p, W> {
    pub fn new(problem: &Problem, most: u64, seed: u64, go_on: &'p mut dyn FnMut() -> bool) -> Self {
        let share = |(capacity, amount): &(u32, u32)| {
            f64::from(*amount) / f64::from(problem.capacities[*capacity as usize].max(1))
        };
        let total = problem.durations.iter().fold(0u64, |sum, time| sum.saturating_add(*time));
        Genetic {
            problem: Packed::new(problem),
            profile: Profile::new(),
            dice: Dice::new(seed, 0),
            tails: problem.heads_and_tails().1,
            weight: problem.demands.iter().map(|demands| demands.iter().map(share).sum()).collect(),
            bound: problem.lower_bound(),
            most,
            schedules: 0,
            best: Individual { makespan: u64::MAX, ends: Vec::new() },
            best_way: Way::Forward,
            forward: Individual { makespan: u64::MAX, ends: Vec::new() },
            shift: (64 - total.leading_zeros()).saturating_sub(TIME_BITS - 1),
            go_on,
            is_over: false,
            keys: Vec::new(),
            order: Vec::new(),
            places: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// Searches until it is proved best, told to stop, or has made so many schedules. `first` is an order to begin with.
    /// Gives the start of each job, and how many schedules were made.
    pub fn run(mut self, first: Option<&[u32]>) -> (Vec<u64>, u64) {
        if let Some(first) = first {
            self.order.extend_from_slice(first);
            self.decode(Way::Forward);
        }
        let mut round = 0;
        while !self.is_over {
            let size = self.size(round);
            self.live(size, &MANNERS[round % MANNERS.len()], round);
            round += 1;
        }
        if self.best_way == Way::Backward {
            let best = std::mem::take(&mut self.best);
            self.cross(&best, &best, (0, u64::MAX), Way::Forward);
            let makespan = self.profile.decode(&self.problem, Way::Forward, &self.order, &mut self.ends);
            // Where jobs that take no time hold something, the way back can be longer.
            self.best = match makespan <= self.forward.makespan {
                true => Individual { makespan, ends: std::mem::take(&mut self.ends) },
                false => std::mem::take(&mut self.forward),
            };
        }
        let starts = self.best.ends.iter().zip(&self.problem.durations).map(|(end, time)| end - time);
        (starts.collect(), self.schedules)
    }

    /// How many live in a population: the more, the more schedules there will be. When nobody says how many, few at first
    /// and then ever more.
    fn size(&self, round: usize) -> usize {
        match self.most {
            0..=10_000_000 => ((0.85 * (self.most as f64).sqrt()) as usize).clamp(4, 400),
            _ => (25usize << round.min(4)).min(400),
        }
    }

    /// One pair of populations, from its making to where it no longer gets better.
    fn live(&mut self, size: usize, manner: &Manner, round: usize) {
        let mut populations = [Vec::with_capacity(size), Vec::with_capacity(size)];
        for place in 0..size {
            match (place, round) {
                (0, 0) => self.by_tails(),
                _ => self.by_chance(manner.bias),
            }
            let forward = self.individual(Way::Forward);
            if self.is_over {
                return;
            }
            self.cross(&forward, &forward, (0, u64::MAX), Way::Backward);
            populations[1].push(self.individual(Way::Backward));
            populations[0].push(forward);
            if self.is_over {
                return;
            }
        }
        let mean = self.problem.durations.iter().map(|time| *time as f64).sum::<f64>();
        let same = (SAME * mean) as u64;
        let (mut from, mut quiet) = (1, 0);
        while quiet < PATIENCE * size {
            let way = if from == 0 { Way::Backward } else { Way::Forward };
            let parents = std::mem::take(&mut populations[from]);
            for (place, father) in parents.iter().enumerate() {
                let (one, other) = (self.below(size), self.below(size));
                let is_better = parents[one].makespan < parents[other].makespan;
                let mother = &parents[if is_better { one } else { other }];
                let stretch = self.stretch(father);
                self.cross(father, mother, stretch, way);
                let is_same = is_within(&father.ends, &mother.ends, same);
                let share = manner.moves / self.problem.len() as f64;
                self.shake(if is_same { share.max(SHAKEN) } else { share }, way);
                let makespan = self.decode(way);
                if self.is_over {
                    return;
                }
                let old = &mut populations[1 - from][place];
                quiet = if makespan < old.makespan { 0 } else { quiet + 1 };
                if makespan <= old.makespan {
                    old.makespan = makespan;
                    std::mem::swap(&mut old.ends, &mut self.ends);
                }
            }
            populations[from] = parents;
            from = 1 - from;
        }
    }

    fn below(&mut self, limit: usize) -> usize {
        (((self.dice.next() >> 32) * limit as u64) >> 32) as usize
    }

    /// Makes the schedule of the order at hand, and keeps it when it is the best.
    fn decode(&mut self, way: Way) -> u64 {
        self.schedules += 1;
        let makespan = self.profile.decode(&self.problem, way, &self.order, &mut self.ends);
        if makespan < self.best.makespan {
            self.best = Individual { makespan, ends: self.ends.clone() };
            self.best_way = way;
        }
        if way == Way::Forward && makespan < self.forward.makespan {
            self.forward = Individual { makespan, ends: self.ends.clone() };
        }
        self.is_over = self.schedules >= self.most || self.best.makespan <= self.bound || !(self.go_on)();
        makespan
    }

    fn individual(&mut self, way: Way) -> Individual {
        Individual { makespan: self.decode(way), ends: self.ends.clone() }
    }

    /// The order at hand: the most work behind it first.
    fn by_tails(&mut self) {
        let tails = &self.tails;
        let durations = &self.problem.durations;
        self.order.clear();
        self.order.extend(0..self.problem.len() as u32);
        // A job has less behind it than what it needs, or as much and a larger number.
        self.order.sort_by_key(|job| {
            std::cmp::Reverse(tails[*job as usize].saturating_add(durations[*job as usize]))
        });
    }

    /// The order at hand: again and again one of those whose turn it may be, more likely with more work behind it.
    fn by_chance(&mut self, bias: f64) {
        /// Of more than so many only so many are looked at.
        const MOST: usize = 64;
        let count = self.problem.len();
        let mut open: Vec<u32> =
            (0..count).map(|job| self.problem.before(Way::Forward, job).len() as u32).collect();
        let mut eligible: Vec<u32> = (0..count as u32).filter(|job| open[*job as usize] == 0).collect();
        let mut sums = Vec::with_capacity(MOST);
        self.order.clear();
        while !eligible.is_empty() {
            let seen = &eligible[..eligible.len().min(MOST)];
            let least = seen.iter().map(|job| self.tails[*job as usize]).min().unwrap_or(0);
            sums.clear();
            let mut sum = 0.0;
            for job in seen {
                let more = (self.tails[*job as usize] - least) as f64 + 1.0;
                sum += if bias == 1.0 { more } else { more.powf(bias) };
                sums.push(sum);
            }
            let point = self.dice.unit() * sum;
            let place = sums.partition_point(|sum| *sum <= point).min(sums.len() - 1);
            let job = eligible.swap_remove(place);
            self.order.push(job);
            for follower in self.problem.before(Way::Backward, job as usize) {
                open[*follower as usize] -= 1;
                if open[*follower as usize] == 0 {
                    eligible.push(*follower);
                }
            }
        }
    }

    /// A stretch of the father's time: of a few at random the one in which most is held.
    fn stretch(&mut self, father: &Individual) -> (u64, u64) {
        const TRIES: usize = 4;
        let (least, most) = STRETCH;
        let length = ((least + (most - least) * self.dice.unit()) * father.makespan as f64) as u64;
        let room = father.makespan.saturating_sub(length) as f64;
        let mut best = (-1.0, 0);
        for _ in 0..TRIES {
            let from = (self.dice.unit() * room) as u64;
            let to = from + length;
            let mut held = 0.0;
            for ((end, duration), weight) in father.ends.iter().zip(&self.problem.durations).zip(&self.weight)
            {
                let inside = to.min(*end).saturating_sub(from.max(end - duration));
                held += weight * inside as f64;
            }
            if held > best.0 {
                best = (held, from);
            }
        }
        (best.1, best.1 + length)
    }

    /// The order at hand, for a child that goes `way`: the last to end in its parents' time come first.
    fn cross(&mut self, father: &Individual, mother: &Individual, (from, to): (u64, u64), way: Way) {
        let count = self.problem.len() as u64;
        let latest = (1 << TIME_BITS) - 1;
        let mask = MOST_JOBS as u64 - 1;
        self.keys.clear();
        // Of those with the same key the one that others need comes first, the way that the child goes.
        let number = |job: u64| if way == Way::Forward { job } else { count - 1 - job };
        for (job, (own, other)) in (0..).zip(father.ends.iter().zip(&mother.ends)) {
            let (part, time) = match () {
                () if *own > to => (0, *other),
                () if *own >= from => (1, *own),
                () => (2, *other),
            };
            let time = latest - (time >> self.shift);
            self.keys.push(part << (TIME_BITS + JOB_BITS) | time << JOB_BITS | number(job));
        }
        self.keys.sort_unstable();
        self.order.clear();
        self.order.extend(self.keys.iter().map(|key| number(key & mask) as u32));
    }

    /// Moves each job with that probability to somewhere between what it needs and what needs it.
    fn shake(&mut self, probability: f64, way: Way) {
        if probability <= 0.0 {
            return;
        }
        self.places.resize(self.problem.len(), 0);
        for (place, job) in (0..).zip(&self.order) {
            self.places[*job as usize] = place;
        }
        for job in 0..self.problem.len() {
            if self.dice.unit() >= probability {
                continue;
            }
            let place_of = |job: &u32| self.places[*job as usize] as usize;
            let before = self.problem.before(way, job).iter().map(place_of).max();
            let behind = self.problem.before(way.other(), job).iter().map(place_of).min();
            let (least, most) = (before.map_or(0, |place| place + 1), behind.unwrap_or(self.order.len()));
            let at = self.places[job] as usize;
            let to = least + self.below(most - least);
            let moved = at.min(to)..at.max(to) + 1;
            match to < at {
                true => self.order[moved.clone()].rotate_right(1),
                false => self.order[moved.clone()].rotate_left(1),
            }
            for place in moved {
                self.places[self.order[place] as usize] = place as u32;
            }
        }
    }
}

/// Whether two lists of times differ by no more than so much in sum.
fn is_within(one: &[u64], other: &[u64], most: u64) -> bool {
    let mut sum = 0u64;
    one.iter().zip(other).all(|(one, other)| {
        sum = sum.saturating_add(one.abs_diff(*other));
        sum <= most
    })
}
