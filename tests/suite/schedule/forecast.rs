//! The forecast: times, slack, the chain that rules, and what is not known.

use super::plans::*;
use super::properties::any_plan;
use proptest::prelude::*;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;
use wavec::plan::{Plan, StepId, StepKind};
use wavec::schedule::{Forecast, Limits, estimate};

fn forecast(plan: Plan, workers: Option<u32>) -> (Arc<Plan>, Forecast) {
    let plan = Arc::new(plan);
    let forecast = estimate(&plan, &Limits { workers });
    (plan, forecast)
}

fn minutes(time: Duration) -> u64 {
    assert_eq!(time.as_secs() % 60, 0);
    time.as_secs() / 60
}

/// A line a task: `name start-end`, `*` when critical, else its slack, and how long it waited.
fn chart(plan: &Plan, forecast: &Forecast) -> String {
    let mut text = String::new();
    for task in &plan.tasks {
        let slot = forecast.step(task.step.expect("a task of the order"));
        let _ = write!(text, "{} {}-{}", task.name, minutes(slot.start), minutes(slot.end));
        let _ = match slot.is_critical {
            true => write!(text, "*"),
            false => write!(text, " +{}", minutes(slot.slack)),
        };
        if !slot.waited.is_zero() {
            let _ = write!(text, " waited {}", minutes(slot.waited));
        }
        text.push_str("; ");
    }
    text.trim_end_matches("; ").to_string()
}

fn chain(plan: &Plan, forecast: &Forecast) -> String {
    let name = |step: &StepId| match plan.step(*step).kind {
        StepKind::Task(task) => plan.task(task).name.to_string(),
        StepKind::Gate(gate) => plan.gate(gate).name.clone(),
        other => panic!("{other:?} on the chain"),
    };
    forecast.critical.iter().map(name).collect::<Vec<_>>().join(" ")
}

#[test]
fn waves_gates_slack_and_the_chain() {
    let (plan, forecast) = forecast(
        plan([
            wave("w", [task("a").minutes(10), task("b").minutes(25), gate("g")]),
            wave("v", [task("c").minutes(5), task("d").after("c").minutes(20), task("e").minutes(7)]),
        ]),
        None,
    );
    assert_eq!(chart(&plan, &forecast), "a 0-10 +15; b 0-25*; c 25-30*; d 30-50*; e 25-32 +18");
    assert_eq!(chain(&plan, &forecast), "b g c d");
    assert_eq!((minutes(forecast.makespan), minutes(forecast.serial)), (50, 67));
    assert_eq!((forecast.width, forecast.workers, forecast.tasks), (2, None, 5));
    assert_eq!(forecast.longest_path, forecast.makespan);
    let (start, end) = (forecast.groups[2].start, forecast.groups[2].end);
    assert_eq!((minutes(start), minutes(end)), (25, 50));
    let timeline: Vec<(u64, u32)> =
        forecast.timeline.iter().map(|(time, width)| (minutes(*time), *width)).collect();
    assert_eq!(timeline, [(0, 2), (10, 1), (25, 2), (32, 1), (50, 0)]);
    assert!((forecast.speedup() - 1.34).abs() < 0.001);
}

#[test]
fn workers_are_handed_on_and_the_chain_goes_through_them() {
    let items = [task("a").minutes(10), task("b").minutes(15), task("c").minutes(9), task("d").minutes(4)];
    let (plan, forecast) = forecast(plan([wave("w", items)]), Some(2));
    assert_eq!(chart(&plan, &forecast), "a 0-10*; b 0-15*; c 10-19* waited 10; d 15-19* waited 15");
    assert_eq!(chain(&plan, &forecast), "b d");
    assert_eq!((minutes(forecast.makespan), minutes(forecast.longest_path)), (19, 15));
}

#[test]
fn slack_keeps_the_handing_on_of_a_resource() {
    let settings = Settings { resources: vec![("gpu".into(), 1)], ..Settings::default() };
    let items =
        [task("a").uses("gpu", 1).minutes(10), task("b").uses("gpu", 1).minutes(5), task("c").minutes(30)];
    let (plan, forecast) = forecast(plan_with(settings, [wave("w", items)]), None);
    assert_eq!(chart(&plan, &forecast), "a 0-10 +15; b 10-15 +15 waited 10; c 0-30*");
}

#[test]
fn a_conflict_and_unknown_claims_are_waited_for() {
    let settings = Settings {
        agents: vec![("coder".into(), None, "x".into())],
        conflicts: vec![("a".into(), "b".into())],
        ..Settings::default()
    };
    let items = [
        task("a").minutes(10).writes("x"),
        task("b").minutes(5).writes("x"),
        task("u").agent("coder").unknown_claims().minutes(1),
    ];
    let (plan, forecast) = forecast(plan_with(settings, [wave("w", items)]), None);
    assert_eq!(chart(&plan, &forecast), "a 0-10*; b 10-15* waited 10; u 15-16* waited 15");
    assert_eq!(chain(&plan, &forecast), "a b u");
}

#[test]
fn after_any_of_starts_with_the_first() {
    let items = [task("a").minutes(10), task("b").minutes(4), task("c").after_any("a b").minutes(8)];
    let (plan, forecast) = forecast(plan([wave("w", items)]), None);
    assert_eq!(chart(&plan, &forecast), "a 0-10 +2; b 0-4*; c 4-12*");
    assert_eq!(forecast.longest_path, forecast.makespan);
}

#[test]
fn what_is_left_out_counts_nothing_and_what_has_no_estimate_is_named() {
    let items = [task("a").minutes(10).left_out(), task("b"), task("c").minutes(3)];
    let (plan, forecast) = forecast(plan(items), None);
    assert_eq!(minutes(forecast.makespan), 3);
    assert_eq!(minutes(forecast.serial), 3);
    assert_eq!(forecast.tasks, 2);
    let missing: Vec<&str> = forecast.missing.iter().map(|task| &plan.task(*task).name[..]).collect();
    assert_eq!(missing, ["b"]);
    assert!(forecast.task(&plan, wavec::plan::TaskId(0)).is_some_and(|slot| slot.is_skipped));
}

#[test]
fn ranges_and_three_points_count_with_one_number() {
    let (plan, forecast) = forecast(plan([task("a").range(20, 40), task("b").points(10, 20, 60)]), None);
    assert_eq!(chart(&plan, &forecast), "a 0-30*; b 30-55*");
}

#[test]
fn costs_are_summed_where_they_are_known() {
    let settings = Settings { agents: vec![("coder".into(), None, "x".into())], ..Settings::default() };
    let items = [task("a").agent("coder").dollars(1, 2), task("b").agent("coder"), task("c")];
    let (plan, forecast) = forecast(plan_with(settings, items), None);
    assert_eq!(forecast.cost.money, Some((1_000_000, 2_000_000)));
    assert_eq!(forecast.cost.tokens, None);
    assert_eq!(forecast.cost.missing.len(), 1);
    assert_eq!(plan.task(forecast.cost.missing[0]).name, "b");
}

#[test]
fn nothing_takes_no_time() {
    let (_, forecast) = forecast(plan([task("a").minutes(0)]), Some(1_000_000));
    assert_eq!(forecast.makespan, Duration::ZERO);
    assert!((forecast.speedup() - 1.0).abs() < f64::EPSILON);
    assert_eq!(forecast.width, 0);
    let (_, forecast) = self::forecast(plan([]), None);
    assert_eq!(forecast.tasks, 0);
}

#[test]
fn huge_estimates_do_not_overflow() {
    let mut plan = plan([task("a").minutes(1), task("b").minutes(1), task("c").minutes(1)]);
    for task in &mut plan.tasks {
        let estimate = task.estimate.as_mut().expect("an estimate");
        estimate.least = Duration::from_millis(u64::MAX);
        estimate.likeliest = Some(Duration::from_millis(u64::MAX));
        estimate.most = Duration::from_millis(u64::MAX);
    }
    let (_, forecast) = forecast(plan, Some(1));
    assert_eq!(forecast.makespan, Duration::from_millis(u64::MAX));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_numbers_agree_with_each_other(plan in any_plan(), workers in prop::option::of(1..6u32)) {
        let plan = Arc::new(plan);
        let forecast = estimate(&plan, &Limits { workers });
        prop_assert!(forecast.longest_path <= forecast.makespan);
        prop_assert!(forecast.makespan <= forecast.serial, "somebody is always at work");
        if let Some(workers) = forecast.workers {
            prop_assert!(forecast.width <= workers);
            prop_assert!(forecast.serial <= forecast.makespan * workers);
        }
        prop_assert_eq!(forecast.timeline.last().map_or(0, |(_, width)| *width), 0);
        // The chain has no gap, from the start to the end.
        let mut end = Duration::ZERO;
        for step in &forecast.critical {
            let slot = forecast.step(*step);
            prop_assert_eq!(slot.start, end);
            prop_assert!(slot.is_critical);
            end = slot.end;
        }
        prop_assert_eq!(end, forecast.makespan);
        let busy: Duration = forecast.steps.iter().map(|slot| slot.duration()).sum();
        prop_assert_eq!(busy, forecast.serial);
        for slot in &forecast.steps {
            prop_assert!(slot.end + slot.slack <= forecast.makespan);
        }
        // Without limits, no task waits for a worker.
        let free = estimate(&plan, &Limits::default());
        prop_assert_eq!(free.longest_path, forecast.longest_path);
    }
}
