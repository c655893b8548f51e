//! How long one task may take, by its estimate alone: the time within which it is done in a given share of the cases.
//!
//! The distributions are those that rounds are drawn from. It does not know the order: how late the plan ends is for
//! the samples to say.

use super::sample::Draw;
use crate::plan::Task;
use std::time::Duration;

/// How finely the density of three points is summed.
const CELLS: u32 = 400;

/// The time within which the task is done in that share of the cases: 0.9 for p90.
pub fn quantile(task: &Task, share: f64) -> Duration {
    let share = share.clamp(0.0, 1.0);
    let milliseconds = match Draw::of(task) {
        Draw::Fixed(time) => time,
        Draw::Uniform(least, most) => least.saturating_add(((most - least) as f64 * share).round() as u64),
        Draw::Beta { least, span, alpha, beta } => {
            least.saturating_add((span as f64 * beta_quantile(alpha, beta, share)).round() as u64)
        }
    };
    Duration::from_millis(milliseconds)
}

/// The quantile of a beta distribution whose shapes are at least 1, within a part in a thousand.
fn beta_quantile(alpha: f64, beta: f64, share: f64) -> f64 {
    let middle = |cell: u32| (f64::from(cell) + 0.5) / f64::from(CELLS);
    let density = |x: f64| x.powf(alpha - 1.0) * (1.0 - x).powf(beta - 1.0);
    let total: f64 = (0..CELLS).map(|cell| density(middle(cell))).sum();
    let mut below = 0.0;
    for cell in 0..CELLS {
        let own = density(middle(cell));
        if below + own >= share * total {
            let part = if own > 0.0 { (share * total - below) / own } else { 0.0 };
            return (f64::from(cell) + part.clamp(0.0, 1.0)) / f64::from(CELLS);
        }
        below += own;
    }
    1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beta_quantile_is_that_of_the_tables() {
        // From tables of the regularised incomplete beta function.
        for (alpha, beta, share, expected) in [
            (1.0, 1.0, 0.9, 0.9),
            (3.0, 3.0, 0.5, 0.5),
            (2.0, 4.0, 0.9, 0.583_890),
            (5.0, 1.0, 0.1, 0.630_957),
        ] {
            let found = beta_quantile(alpha, beta, share);
            assert!((found - expected).abs() < 0.001, "{alpha} {beta} {share}: {found}, not {expected}");
        }
    }
}
