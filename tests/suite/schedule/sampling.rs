//! How sure a forecast is, and what would make it shorter.

use super::plans::*;
use std::sync::Arc;
use std::time::Duration;
use wavec::plan::{Plan, TaskId};
use wavec::schedule::levers::{LeverChange, levers};
use wavec::schedule::sample::{Samples, has_ranges, sample};
use wavec::schedule::{Limits, estimate};

fn sampled(plan: Plan, rounds: u32) -> Samples {
    sample(&Arc::new(plan), &Limits::default(), 1, 0..rounds)
}

fn minutes(time: Duration) -> f64 {
    time.as_secs_f64() / 60.0
}

#[test]
fn a_uniform_range_has_the_quantiles_of_one() {
    let samples = sampled(plan([task("a").range(20, 40)]), 4000);
    for (share, expected) in [(0.1, 22.0), (0.5, 30.0), (0.9, 38.0)] {
        let found = minutes(samples.quantile(share));
        assert!((found - expected).abs() < 0.7, "{share}: {found}");
    }
    assert!((samples.share_within(Duration::from_secs(30 * 60)) - 0.5).abs() < 0.03);
}

#[test]
fn three_points_have_the_mean_of_pert() {
    let samples = sampled(plan([task("a").points(10, 20, 60)]), 4000);
    let mean = samples.makespans().iter().sum::<u64>() as f64 / samples.rounds() as f64 / 60_000.0;
    assert!((mean - 25.0).abs() < 0.5, "{mean}");
    assert!(samples.makespans().iter().all(|time| (600_000..=3_600_000).contains(time)));
}

#[test]
fn the_criticality_index_says_how_often_a_task_decides() {
    let items =
        [task("a").range(10, 30), task("b").range(10, 30), task("c").minutes(1), task("d").minutes(40)];
    let samples = sampled(plan([wave("w", items[..3].to_vec()), items[3].clone()]), 4000);
    let share = |task| samples.criticality(TaskId(task));
    assert!((share(0) - 0.5).abs() < 0.04, "{}", share(0));
    assert!((share(0) + share(1) - 1.0).abs() < 0.01);
    assert!(share(2) == 0.0 && share(3) == 1.0);
}

#[test]
fn the_same_seed_gives_the_same_and_shares_join_to_the_whole() {
    let plan = Arc::new(plan([task("a").range(1, 90), task("b").points(1, 2, 9)]));
    let whole = sample(&plan, &Limits::default(), 7, 0..100);
    let mut joined = sample(&plan, &Limits::default(), 7, 0..30);
    joined.join(sample(&plan, &Limits::default(), 7, 30..100));
    assert_eq!(whole, joined);
    assert_ne!(whole, sample(&plan, &Limits::default(), 8, 0..100));
}

#[test]
fn ranges_that_are_none_or_upside_down_are_no_ranges() {
    assert!(!has_ranges(&plan([task("a").minutes(3), task("b")])));
    assert!(has_ranges(&plan([task("a").range(3, 4)])));
    let upside_down = plan([task("a").range(40, 20)]);
    assert!(!has_ranges(&upside_down));
    assert_eq!(minutes(sampled(upside_down, 3).quantile(0.5)), 30.0);
    assert_eq!(Samples::default().quantile(0.5), Duration::ZERO);
}

fn found(plan: Plan, workers: Option<u32>) -> Vec<String> {
    let plan = Arc::new(plan);
    let limits = Limits { workers };
    let levers = levers(&plan, &limits, &estimate(&plan, &limits)).expect("small enough");
    let group = |id: wavec::plan::GroupId| plan.group(id).name.clone();
    let step = |id| {
        let task = plan.tasks.iter().find(|task| task.step == Some(id));
        task.map_or("a group".to_string(), |task| task.name.to_string())
    };
    let words = |change| match change {
        LeverChange::Overlap { first, second, has_gate } => {
            format!(
                "{} overlaps {}{}",
                group(second),
                group(first),
                if has_gate { " and its gate" } else { "" }
            )
        }
        LeverChange::Edge { first, second } => format!("{} not after {}", step(second), step(first)),
        LeverChange::Workers(workers) => format!("{workers} workers"),
    };
    levers.iter().map(|lever| format!("{} {}", minutes(lever.saves), words(lever.change))).collect()
}

#[test]
fn what_a_barrier_costs() {
    let waves = [
        wave("w", [task("a").minutes(10), task("b").minutes(30), gate("g")]),
        wave("v", [task("c").minutes(20)]),
        wave("u", [task("d").minutes(5)]),
    ];
    assert_eq!(found(plan(waves), None), ["20 v overlaps w and its gate", "5 u overlaps v"]);
}

#[test]
fn a_gate_between_waves_is_a_part_of_their_barrier_and_what_costs_nothing_is_told_too() {
    let waves = [
        wave("w", [task("a").minutes(10), task("b").minutes(30)]),
        gate("g"),
        wave("v", [task("c").minutes(20)]),
        wave("u", [task("d").minutes(5).after("b c")]),
    ];
    assert_eq!(found(plan(waves), None), ["20 v overlaps w and its gate", "0 u overlaps v"]);
}

#[test]
fn which_edge_would_buy_most_and_what_a_worker_would() {
    let items = [
        task("a").minutes(30),
        task("b").after("a").minutes(20),
        task("c").after("b").minutes(10),
        task("d").minutes(25),
    ];
    assert_eq!(found(plan([wave("w", items.clone())]), None), ["30 b not after a", "10 c not after b"]);
    assert!(found(plan([wave("w", items)]), Some(1)).contains(&"25 2 workers".to_string()));
}
