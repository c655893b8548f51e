//! Rounds of a simulation: what goes wrong, and what follows from it.

use super::plans::*;
use super::properties::any_plan;
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;
use wavec::plan::{Approval, OnFailure, Plan, Retries, TaskId, Template};
use wavec::schedule::simulate::{Culprit, End, Round, Simulation, Troubles, quantile, simulate};
use wavec::schedule::{Limits, estimate};

fn played(plan: &Arc<Plan>, troubles: &Troubles, rounds: u32) -> Simulation {
    simulate(plan, &Limits::default(), troubles, 1, 0..rounds)
}

/// One round in which those tasks always fail.
fn failing(plan: Plan, names: &[&str]) -> Round {
    let failures = plan.tasks.iter().map(|task| f64::from(u8::from(names.contains(&task.name.as_str()))));
    let troubles = Troubles { failures: failures.collect(), ..Troubles::default() };
    played(&Arc::new(plan), &troubles, 1).rounds[0]
}

fn minutes(round: &Round) -> f64 {
    round.finish as f64 / 60_000.0
}

fn approval(within: Option<u64>, otherwise_continue: bool) -> Approval {
    Approval {
        question: Template::literal("Go?"),
        by: String::new(),
        within: within.map(|minutes| Duration::from_secs(minutes * 60)),
        otherwise_continue,
        span: span(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn without_trouble_a_round_is_the_forecast(plan in any_plan()) {
        let plan = Arc::new(plan);
        let forecast = estimate(&plan, &Limits::default());
        let simulation = played(&plan, &Troubles::default(), 2);
        for round in &simulation.rounds {
            prop_assert_eq!(Duration::from_millis(round.finish), forecast.makespan);
            prop_assert_eq!(round.end, End::Succeeded);
        }
    }

    #[test]
    fn every_round_ends_whatever_goes_wrong(plan in any_plan(), seed in any::<u64>()) {
        let plan = Arc::new(plan);
        let troubles = Troubles {
            failures: vec![0.3; plan.tasks.len()],
            no_goes: vec![0.3; plan.gates.len()],
            quotas: vec![("x".into(), Duration::from_secs(1200)), ("y".into(), Duration::from_secs(0))],
            answer: Some((Duration::ZERO, Duration::from_secs(600))),
        };
        let whole = simulate(&plan, &Limits::default(), &troubles, seed, 0..8);
        let mut joined = simulate(&plan, &Limits::default(), &troubles, seed, 0..3);
        joined.join(simulate(&plan, &Limits::default(), &troubles, seed, 3..8));
        prop_assert_eq!(&whole, &joined);
        for round in &whole.rounds {
            prop_assert_eq!(round.culprit.is_none(), round.end == End::Succeeded);
        }
    }
}

#[test]
fn the_share_that_fails_is_the_share_that_was_asked_for() {
    let plan = Arc::new(plan([task("a").range(10, 20)]));
    let troubles = Troubles { failures: vec![0.25], ..Troubles::default() };
    let simulation = played(&plan, &troubles, 4000);
    let share = simulation.count(End::Failed) as f64 / 4000.0;
    assert!((share - 0.25).abs() < 0.02, "{share}");
    assert_eq!(simulation.culprits(), [(Culprit::Task(TaskId(0)), simulation.count(End::Failed))]);
    let finish = simulation.sorted(None, |round| round.finish);
    assert!((quantile(&finish, 0.5) as f64 / 60_000.0 - 15.0).abs() < 0.3);
    assert_ne!(simulation, simulate(&plan, &Limits::default(), &troubles, 2, 0..4000));
}

#[test]
fn a_failure_costs_its_tries_and_the_pauses_between_them() {
    let mut plan = plan([task("a").minutes(10).dollars(1, 1), task("b").minutes(5)]);
    plan.tasks[0].retries = Retries { count: 2, backoff: Duration::from_secs(60), feedback: false };
    let round = failing(plan, &["a"]);
    // Three tries, a minute and two between them; `b` never starts.
    assert_eq!((minutes(&round), round.retries, round.money), (33.0, 2, 3_000_000));
    assert_eq!((round.end, round.culprit), (End::Failed, Some(Culprit::Task(TaskId(0)))));
}

#[test]
fn what_a_failure_stops_is_the_plans_word() {
    let items = |policy| {
        let a = task("a").minutes(5).on_failure(policy);
        wave("w", [a, task("b").minutes(20), task("c").after("b").minutes(10)])
    };
    let end = |policy| minutes(&failing(plan([items(policy)]), &["a"]));
    assert_eq!(end(OnFailure::Cancel), 5.0);
    assert_eq!(end(OnFailure::Stop), 20.0);
    assert_eq!(end(OnFailure::Continue), 30.0);
}

#[test]
fn a_timeout_below_the_time_fails_the_task() {
    let mut plan = plan([task("a").minutes(10)]);
    plan.tasks[0].timeout = Some(Duration::from_secs(240));
    let round = failing(plan, &[]);
    assert_eq!((minutes(&round), round.end), (4.0, End::Failed));
}

#[test]
fn a_spent_quota_parks_what_works_and_lets_the_others_end() {
    let agents = vec![("one".into(), None, "x".into()), ("two".into(), None, "y".into())];
    let items = [
        task("a").agent("one").minutes(30).dollars(3, 3),
        task("b").agent("two").minutes(50),
        task("c").after("a").minutes(5),
        task("d").agent("one").after("b").minutes(5),
    ];
    let plan = Arc::new(plan_with(Settings { agents, ..Settings::default() }, [wave("w", items)]));
    let spent = |driver: &str, minutes: u64| Troubles {
        quotas: vec![(driver.into(), Duration::from_secs(minutes * 60))],
        ..Troubles::default()
    };
    let round = played(&plan, &spent("x", 10), 1).rounds[0];
    assert_eq!((minutes(&round), round.end, round.money), (50.0, End::Parked, 1_000_000));
    // Nobody works with it any more when it is spent: the next one to start finds out.
    let round = played(&plan, &spent("x", 40), 1).rounds[0];
    assert_eq!((minutes(&round), round.culprit), (50.0, Some(Culprit::Task(TaskId(3)))));
    assert_eq!(played(&plan, &spent("x", 90), 1).rounds[0].end, End::Succeeded);
}

#[test]
fn a_gate_that_says_no_follows_its_word() {
    let round = |no_go| {
        let items = [wave("w", [task("a").minutes(10), gate("g").no_go(no_go)]), task("b").minutes(5)];
        let plan = Arc::new(plan(items));
        played(&plan, &Troubles { no_goes: vec![1.0], ..Troubles::default() }, 1).rounds[0]
    };
    let seen = |no_go| {
        let round = round(no_go);
        (minutes(&round), round.end)
    };
    assert_eq!(seen(NoGo::Stop), (10.0, End::NoGo));
    assert_eq!(seen(NoGo::Continue), (15.0, End::NoGo));
    assert_eq!(seen(NoGo::Retry(2)), (30.0, End::NoGo));
}

#[test]
fn people_take_their_time_and_silence_is_what_the_plan_says() {
    let asked = |approval: Approval, minutes: u64| {
        let mut plan = plan([wave("w", [task("a").minutes(10), gate("g")]), task("b").minutes(5)]);
        plan.gates[0].checks.clear();
        plan.gates[0].approvals = vec![approval];
        let time = Duration::from_secs(minutes * 60);
        let troubles = Troubles { answer: Some((time, time)), ..Troubles::default() };
        played(&Arc::new(plan), &troubles, 1).rounds[0]
    };
    let seen = |within, otherwise, time| {
        let round = asked(approval(within, otherwise), time);
        (minutes(&round), round.end)
    };
    assert_eq!(seen(None, false, 15), (30.0, End::Succeeded));
    assert_eq!(seen(Some(20), false, 15), (30.0, End::Succeeded));
    assert_eq!(seen(Some(12), true, 15), (27.0, End::Succeeded));
    assert_eq!(seen(Some(12), false, 15), (22.0, End::NoGo));
}

#[test]
fn without_rounds_there_are_no_numbers() {
    let empty = Simulation::default();
    assert_eq!((empty.count(End::Succeeded), empty.mean_retries(), quantile(&[], 0.5)), (0, 0.0, 0));
    assert!(empty.culprits().is_empty());
}
