//! Where an axis of time has its ticks: at lengths that a person counts in.
//!
//! Knows milliseconds and no width.

const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// What a person counts in, from the least.
const STEPS: &[u64] = &[
    1,
    2,
    5,
    10,
    20,
    50,
    100,
    200,
    500,
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
    15 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    5 * DAY,
    10 * DAY,
];

/// The ticks from 0 to `end`, at most so many beside the zero.
pub fn ticks(end: u64, most: usize) -> Vec<u64> {
    let most = most.max(1) as u64;
    let mut step = STEPS.iter().copied().find(|step| end / step <= most).unwrap_or(0);
    if step == 0 {
        step = 10 * DAY;
        while end / step > most {
            step = step.saturating_mul(if end / step > most * 2 { 10 } else { 2 });
        }
    }
    (0..=end / step).map(|tick| tick * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_few_even_and_within_the_axis() {
        for end in [0, 1, 7, 999, 40_000, 90_000, 6_000_000, 32_400_000, 86_400_000 * 400, u64::MAX] {
            for most in [1, 4, 10] {
                let ticks = ticks(end, most);
                assert!(ticks.len() <= most + 1, "{end} {most}: {ticks:?}");
                assert_eq!(ticks.first(), Some(&0));
                assert!(ticks.last().is_some_and(|last| *last <= end));
            }
        }
        assert_eq!(ticks(100 * MINUTE, 10).len(), 11);
        assert_eq!(ticks(100 * MINUTE, 8), [0, 15, 30, 45, 60, 75, 90].map(|minutes| minutes * MINUTE));
    }
}
