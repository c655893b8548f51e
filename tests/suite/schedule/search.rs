//! The search for an order: what it finds is a schedule, a good one, and the same each time.

use super::plans::*;
use super::properties::{Dice, any_plan};
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;
use wavec::plan::Plan;
use wavec::schedule::search::{Effort, Problem, Solution, search};
use wavec::schedule::{
    Limits, Obstacle, Schedule, Work, by_critical_path, estimate, estimate_by, order_within,
};

fn any_problem() -> impl Strategy<Value = Problem> {
    (any::<u64>(), 0..14usize, 0..4usize).prop_map(|(seed, jobs, capacities)| {
        let mut dice = Dice(seed);
        problem(&mut dice, jobs, capacities)
    })
}

fn problem(dice: &mut Dice, jobs: usize, capacities: usize) -> Problem {
    let capacities = (0..capacities).map(|_| 1 + dice.roll(4) as u32).collect();
    let mut problem = Problem { capacities, ..Problem::default() };
    for job in 0..jobs {
        problem.durations.push(dice.roll(10) as u64);
        let needs = (0..job as u32).filter(|_| dice.one_in(5));
        problem.needs.push(needs.collect());
        let mut demands = Vec::new();
        for (index, capacity) in (0..).zip(&problem.capacities) {
            if dice.one_in(2) {
                demands.push((index, 1 + dice.roll(*capacity as usize) as u32));
            }
        }
        problem.demands.push(demands);
    }
    problem
}

fn solve(problem: &Problem, schedules: u64) -> Solution {
    search(problem, None, Effort { schedules, seed: 1 }, &mut || true).expect("few enough")
}

/// Whether every need and every capacity is kept to.
fn hold(problem: &Problem, starts: &[u64]) {
    let end = |job: usize| starts[job] + problem.durations[job];
    for job in 0..problem.len() {
        for needed in &problem.needs[job] {
            assert!(end(*needed as usize) <= starts[job], "{job} starts before {needed} ends");
        }
        // What is held changes at starts.
        for (capacity, most) in (0..).zip(&problem.capacities) {
            let held: u32 = (0..problem.len())
                .filter(|other| starts[*other] <= starts[job] && starts[job] < end(*other))
                .flat_map(|other| &problem.demands[other])
                .filter(|(index, _)| *index == capacity)
                .map(|(_, amount)| amount)
                .sum();
            assert!(held <= *most, "too much of {capacity} at {}", starts[job]);
        }
    }
}

/// The shortest makespan, by trying every order.
fn shortest(problem: &Problem) -> u64 {
    fn place(problem: &Problem, starts: &mut Vec<Option<u64>>, best: &mut u64) {
        let end =
            |starts: &[Option<u64>], job: usize| starts[job].map(|start| start + problem.durations[job]);
        let mut is_whole = true;
        for job in 0..problem.len() {
            let ready: Option<Vec<u64>> =
                problem.needs[job].iter().map(|needed| end(starts, *needed as usize)).collect();
            let (None, Some(ready)) = (starts[job], ready) else { continue };
            is_whole = false;
            let mut start = ready.into_iter().max().unwrap_or(0);
            let fits = |at: u64| {
                (0..).zip(&problem.capacities).all(|(capacity, most)| {
                    let of = |job: usize| {
                        problem.demands[job]
                            .iter()
                            .find(|(index, _)| *index == capacity)
                            .map_or(0, |(_, a)| *a)
                    };
                    let held: u32 = (0..problem.len())
                        .filter(|other| {
                            starts[*other].is_some_and(|s| s <= at)
                                && end(starts, *other).is_some_and(|e| at < e)
                        })
                        .map(of)
                        .sum();
                    held + of(job) <= *most
                })
            };
            while !(start..start + problem.durations[job].max(1)).all(fits) {
                start += 1;
            }
            starts[job] = Some(start);
            place(problem, starts, best);
            starts[job] = None;
        }
        if is_whole {
            let last = (0..problem.len()).filter_map(|job| end(starts, job)).max();
            *best = (*best).min(last.unwrap_or(0));
        }
    }
    let mut best = u64::MAX;
    place(problem, &mut vec![None; problem.len()], &mut best);
    best
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_found_is_a_schedule_between_the_bounds(problem in any_problem()) {
        let found = solve(&problem, 60);
        hold(&problem, &found.starts);
        let ends = found.starts.iter().zip(&problem.durations).map(|(start, time)| start + time);
        prop_assert_eq!(found.makespan, ends.max().unwrap_or(0));
        prop_assert!(found.lower_bound >= problem.critical_path());
        prop_assert!(found.makespan >= found.lower_bound);
        prop_assert!(found.makespan <= problem.durations.iter().sum());
        prop_assert!(found.schedules <= 60);
        prop_assert_eq!(&found, &solve(&problem, 60));
        let more = solve(&problem, 600);
        prop_assert!(more.makespan >= found.lower_bound);
    }

    /// It ends when it is told to, and is never worse than what it began with.
    #[test]
    fn it_stops_at_any_time_and_keeps_what_it_began_with(problem in any_problem(), turns in 0..9u32) {
        let first: Vec<u32> = (0..problem.len() as u32).collect();
        let began = search(&problem, Some(&first), Effort { schedules: 1, seed: 1 }, &mut || true).unwrap();
        let mut left = turns;
        let mut go_on = || { left = left.saturating_sub(1); left > 0 };
        let found = search(&problem, Some(&first), Effort { schedules: u64::MAX, seed: 1 }, &mut go_on).unwrap();
        hold(&problem, &found.starts);
        prop_assert!(found.makespan <= began.makespan);
        prop_assert!(found.schedules <= u64::from(turns.max(1)));
    }
}

/// Jobs that take no time hold something here, so that a schedule made backwards gets longer when it is put back forwards.
#[test]
fn what_is_longer_when_it_is_put_back_forwards_is_not_taken() {
    let problem = Problem {
        durations: vec![4, 0, 9, 7, 9, 9, 5, 7, 9, 9, 0, 3, 2],
        needs: [
            &[][..],
            &[],
            &[],
            &[],
            &[0],
            &[],
            &[],
            &[1, 2, 6],
            &[],
            &[4, 8],
            &[1],
            &[4, 7, 9, 10],
            &[0, 3, 7, 11],
        ]
        .map(<[u32]>::to_vec)
        .to_vec(),
        demands: [
            &[(0, 2), (1, 1)][..],
            &[(1, 2)],
            &[(0, 2)],
            &[(0, 1)],
            &[],
            &[(0, 1), (1, 1)],
            &[(1, 2)],
            &[(0, 1)],
            &[],
            &[],
            &[(0, 2), (1, 1)],
            &[(0, 1)],
            &[(1, 2)],
        ]
        .map(<[(u32, u32)]>::to_vec)
        .to_vec(),
        capacities: vec![2, 2],
    };
    let first: Vec<u32> = (0..problem.len() as u32).collect();
    let began = search(&problem, Some(&first), Effort { schedules: 1, seed: 1 }, &mut || true).unwrap();
    for schedules in 1..200 {
        let found = search(&problem, Some(&first), Effort { schedules, seed: 1 }, &mut || true).unwrap();
        hold(&problem, &found.starts);
        assert!(found.makespan <= began.makespan, "{schedules}: {} and {}", found.makespan, began.makespan);
    }
    let mut left = 3;
    let mut go_on = || {
        left -= 1;
        left > 0
    };
    let found = search(&problem, Some(&first), Effort { schedules: u64::MAX, seed: 1 }, &mut go_on).unwrap();
    assert!(found.makespan <= began.makespan, "{} and {}", found.makespan, began.makespan);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// No order that a plan is carried out by is worse than the longest remaining path first.
    #[test]
    fn no_order_is_worse_than_the_critical_path_first(plan in any_plan(), workers in prop::option::of(1..4u32)) {
        let plan = Arc::new(plan);
        let limits = Limits { workers };
        let plain = estimate_by(&plan, &limits, by_critical_path(&plan, limits));
        let forecast = estimate(&plan, &limits);
        prop_assert!(forecast.makespan <= plain.makespan);
        prop_assert!(forecast.makespan >= forecast.longest_path);
        prop_assert_eq!(forecast.serial, plain.serial);
    }
}

#[test]
fn small_problems_are_solved_to_the_shortest() {
    let mut dice = Dice(7);
    for round in 0..60 {
        let problem = problem(&mut dice, 6, 1 + round % 3);
        assert_eq!(solve(&problem, 400).makespan, shortest(&problem), "{problem:?}");
    }
}

/// Lanes of work without a gap, cut into tasks of which some wait for others: the workers are never idle in the best
/// schedule, so the bound is met, and it has to be found.
fn full_lanes(dice: &mut Dice, lanes: usize, length: u64) -> Plan {
    let mut tasks: Vec<(u64, u64)> = Vec::new();
    for _ in 0..lanes {
        let mut at = 0;
        while at < length {
            let time = (1 + dice.roll(9) as u64).min(length - at);
            tasks.push((at, at + time));
            at += time;
        }
    }
    // The file's order tells nothing.
    tasks.sort_by_key(|(start, end)| (*start, end * 7 % 5, *end));
    let nodes: Vec<Node> = (0..tasks.len())
        .map(|index| {
            let (start, end) = tasks[index];
            let mut node = task(&format!("t{index}")).minutes(end - start);
            for (other, (_, before)) in tasks.iter().enumerate() {
                if *before <= start && dice.one_in(4) {
                    node = node.after(&format!("t{other}"));
                }
            }
            node
        })
        .collect();
    plan([wave("all", nodes)])
}

#[test]
fn workers_alone_come_out_optimal_when_the_bound_can_be_met() {
    let mut dice = Dice(11);
    for round in 0..40 {
        let (lanes, length) = (2 + round % 4, 20 + 2 * (round as u64 % 8));
        let plan = Arc::new(full_lanes(&mut dice, lanes, length));
        let forecast = estimate(&plan, &Limits { workers: Some(lanes as u32) });
        assert_eq!(forecast.makespan, Duration::from_secs(60 * length), "round {round}");
    }
}

/// Three short tasks would take all workers a minute before the critical path needs them.
fn greedy_trap() -> Arc<Plan> {
    let mut items = vec![task("start").minutes(1)];
    for name in ["a", "b", "c"] {
        items.push(task(name).after("start").minutes(10));
        items.push(task(&format!("{name}-end")).after(name).minutes(5));
    }
    items.extend(["x", "y", "z"].map(|name| task(name).minutes(5)));
    Arc::new(plan([wave("w", items)]))
}

#[test]
fn a_place_is_kept_for_who_is_about_to_come() {
    let plan = greedy_trap();
    let limits = Limits { workers: Some(4) };
    let plain = estimate_by(&plan, &limits, by_critical_path(&plan, limits));
    let forecast = estimate(&plan, &limits);
    assert_eq!(plain.makespan, Duration::from_secs(20 * 60));
    assert_eq!(forecast.makespan, Duration::from_secs(16 * 60));
    let first = forecast.critical.first().map(|step| forecast.step(*step).start);
    assert_eq!(first, Some(Duration::ZERO));

    let mut schedule = Schedule::new(Arc::clone(&plan), limits);
    let mut running = Vec::new();
    while let Some((step, _)) = schedule.take() {
        running.push(step);
    }
    let step_of = |name: &str| {
        plan.tasks.iter().find(|task| task.name.ends_with(name)).and_then(|task| task.step).expect("a task")
    };
    assert!(running.len() < 4 && running.contains(&step_of("start")));
    assert!(schedule.keeps_until().is_some());
    let waiting = ["x", "y", "z"].map(step_of).into_iter().find(|step| !running.contains(step)).unwrap();
    assert!(matches!(schedule.obstacles(waiting)[..], [Obstacle::Turn(_)]));
    // Told that it is late, it waits no longer.
    schedule.let_go_overdue(Duration::from_secs(3600));
    assert!(schedule.take().is_some());
}

/// Another order at any time, and what is found on the way, change neither what is ready nor that all comes to its end.
#[test]
fn an_order_may_change_at_any_time() {
    let plan = greedy_trap();
    let limits = Limits { workers: Some(4) };
    for cut in 0..10 {
        let mut schedule = Schedule::new(Arc::clone(&plan), limits);
        let mut running: Vec<(wavec::plan::StepId, Work)> = Vec::new();
        let mut count = 0;
        loop {
            while let Some(taken) = schedule.take() {
                running.push(taken);
            }
            if count == cut {
                let states = |schedule: &Schedule| {
                    plan.step_ids().map(|step| schedule.state(step)).collect::<Vec<_>>()
                };
                let before = states(&schedule);
                if let Some(order) = schedule.better_order(&|_| 30_000) {
                    schedule.reorder(order);
                }
                schedule.reorder(by_critical_path(&plan, limits));
                assert_eq!(states(&schedule), before);
            }
            count += 1;
            if running.is_empty() {
                break;
            }
            let (step, _) = running.remove(cut % running.len());
            schedule.finish(step, wavec::schedule::Outcome::Succeeded);
        }
        assert!(schedule.is_over());
    }
}

#[test]
fn more_time_gives_no_worse_an_order_and_none_gives_the_critical_path() {
    let plan = greedy_trap();
    let limits = Limits { workers: Some(4) };
    assert_eq!(order_within(&plan, limits, &mut || false), by_critical_path(&plan, limits));
    let mut left = 50;
    let order = order_within(&plan, limits, &mut || {
        left -= 1;
        left > 0
    });
    assert!(estimate_by(&plan, &limits, order).makespan <= estimate(&plan, &limits).makespan);
}

/// A wave of tasks side by side that take so many milliseconds each.
fn side_by_side(durations: &[u64]) -> Plan {
    let nodes: Vec<Node> = (0..durations.len()).map(|index| task(&format!("t{index}")).minutes(1)).collect();
    let mut plan = plan([wave("w", nodes)]);
    for (task, time) in plan.tasks.iter_mut().zip(durations) {
        let time = Duration::from_millis(*time);
        task.estimate =
            task.estimate.map(|estimate| wavec::plan::Estimate { least: time, most: time, ..estimate });
    }
    plan
}

#[test]
fn strange_numbers_have_sensible_answers() {
    let two = Limits { workers: Some(2) };
    let many = Limits { workers: Some(1_000_000) };
    // Longer than time: three on two workers, one after another.
    let forecast = estimate(&Arc::new(side_by_side(&[u64::MAX; 3])), &two);
    assert_eq!(forecast.makespan, Duration::from_millis(u64::MAX));
    // Long and short together.
    let forecast = estimate(&Arc::new(side_by_side(&[1, u64::MAX / 8, 1, u64::MAX / 8, 0, 3])), &two);
    assert_eq!(forecast.makespan, Duration::from_millis(u64::MAX / 8 + 3));
    // No time at all, and a million workers for one task.
    assert_eq!(estimate(&Arc::new(side_by_side(&[0; 9])), &two).makespan, Duration::ZERO);
    assert_eq!(estimate(&Arc::new(side_by_side(&[7])), &many).makespan, Duration::from_millis(7));
    assert_eq!(estimate(&Arc::new(plan([])), &many).makespan, Duration::ZERO);
    // Nobody says how long it takes: known is nothing, and all are named.
    let unknown = plan([wave("w", ["a", "b", "c", "d", "e"].map(task))]);
    let forecast = estimate(&Arc::new(unknown), &two);
    assert_eq!((forecast.makespan, forecast.missing.len()), (Duration::ZERO, 5));
}

#[test]
fn a_chain_of_a_hundred_thousand_is_forecast() {
    let count = 100_000u32;
    let mut chain = side_by_side(&[1; 3]);
    let (first, second) = (chain.tasks[0].clone(), chain.steps[chain.tasks[1].step.unwrap().index()].clone());
    let enter = chain.steps[..2].to_vec();
    let leaves = chain.steps[chain.steps.len() - 2..].to_vec();
    chain.tasks.clear();
    chain.steps = enter;
    for index in 0..count {
        let id = wavec::plan::StepId(chain.steps.len() as u32);
        let mut task = first.clone();
        task.step = Some(id);
        chain.tasks.push(task);
        let mut step = second.clone();
        step.kind = wavec::plan::StepKind::Task(wavec::plan::TaskId(index));
        if index > 0 {
            let before = wavec::plan::StepId(id.0 - 1);
            step.needs.push(wavec::plan::Need::Succeeded(before, wavec::plan::NeedSource::After));
        }
        chain.steps.push(step);
    }
    for (mut leave, member) in
        leaves.into_iter().zip([chain.steps.len() as u32 - 1, chain.steps.len() as u32])
    {
        let member = wavec::plan::StepId(member);
        leave.needs = vec![wavec::plan::Need::Succeeded(member, wavec::plan::NeedSource::Group)];
        chain.steps.push(leave);
    }
    let forecast = estimate(&Arc::new(chain), &Limits { workers: Some(2) });
    assert_eq!(forecast.makespan, Duration::from_millis(u64::from(count)));
    assert_eq!(forecast.critical.len(), count as usize);
}
