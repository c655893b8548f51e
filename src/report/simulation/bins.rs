//! The ends of many rounds in a dozen spans of time that a person can name.

use crate::schedule::simulate::{End, Simulation, quantile};

/// The most bins, beside the last one for all that comes late.
const MOST_BINS: u64 = 14;

/// Lengths that a person counts in, in milliseconds; beyond, they double.
const LENGTHS: &[u64] = &[
    1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000,
    3_600_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000, 86_400_000,
];

/// The rounds that end in a span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bin {
    /// From here on, in milliseconds.
    pub from: u64,
    /// Up to here, itself not included; none: whatever comes later.
    pub to: Option<u64>,
    pub succeeded: usize,
    pub failed: usize,
    pub no_go: usize,
    pub parked: usize,
}

impl Bin {
    /// All that did not succeed.
    pub fn others(&self) -> usize {
        self.failed + self.no_go + self.parked
    }
}

/// Bins of one nice length from the earliest end to the latest, the latest hundredth in one of its own.
pub fn bins(simulation: &Simulation) -> Vec<Bin> {
    let ends = simulation.sorted(None, |round| round.finish);
    let (Some(first), Some(last)) = (ends.first().copied(), ends.last().copied()) else { return Vec::new() };
    let most = if ends.len() >= 200 { quantile(&ends, 0.99) } else { last };
    let mut length = LENGTHS[0];
    for next in LENGTHS.iter().copied() {
        length = next;
        if (most - first) / length < MOST_BINS {
            break;
        }
    }
    while (most - first) / length >= MOST_BINS {
        length = length.saturating_mul(2);
    }
    let start = first / length * length;
    let empty = Bin { from: 0, to: None, succeeded: 0, failed: 0, no_go: 0, parked: 0 };
    let number = (most - start) / length + 1;
    let from = |place: u64| start.saturating_add(place.saturating_mul(length));
    let mut bins: Vec<Bin> =
        (0..number).map(|place| Bin { from: from(place), to: Some(from(place + 1)), ..empty }).collect();
    if last >= from(number) {
        bins.push(Bin { from: from(number), to: None, ..empty });
    }
    for round in &simulation.rounds {
        let place = ((round.finish - start) / length).min(bins.len() as u64 - 1);
        let bin = &mut bins[place as usize];
        match round.end {
            End::Succeeded => bin.succeeded += 1,
            End::Failed => bin.failed += 1,
            End::NoGo => bin.no_go += 1,
            End::Parked => bin.parked += 1,
        }
    }
    bins
}
