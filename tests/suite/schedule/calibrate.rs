//! What earlier runs teach, and what they do not.

use super::plans::*;
use wavec::plan::TaskId;
use wavec::schedule::calibrate::{Basis, CLAMP, Calibration, Confidence, Sample};

/// The newest run first, as the journal gives them.
fn samples(task: &str, agent: Option<&str>, expected: u64, actual: &[u64]) -> Vec<Sample> {
    let sample = |(place, actual): (usize, &u64)| Sample {
        run: 100 - place as i64,
        plan: "test".into(),
        task: task.into(),
        agent: agent.map(str::to_string),
        expected,
        actual: *actual,
    };
    actual.iter().enumerate().map(sample).collect()
}

const MINUTE: u64 = 60_000;

#[test]
fn the_median_counts_from_three_runs_on() {
    let two = Calibration::learn(&samples("a", None, 100, &[150, 160]));
    assert_eq!((two.tasks.len(), two.too_few_tasks[0].2), (0, 2));
    let three = Calibration::learn(&samples("a", None, 100, &[150, 890, 160]));
    let factor = &three.tasks[0].factor;
    assert_eq!((factor.factor, factor.quartiles, factor.confidence), (1.6, (1.55, 5.25), Confidence::Low));
}

#[test]
fn one_run_with_many_tasks_is_one_run() {
    let mut all: Vec<Sample> = Vec::new();
    for task in ["a", "b", "c", "d"] {
        all.extend(samples(task, Some("coder"), 100, &[200]));
    }
    let calibration = Calibration::learn(&all);
    assert!(calibration.agents.is_empty());
    assert_eq!(calibration.too_few_agents, [("coder".to_string(), 1)]);
}

#[test]
fn it_is_held_within_limits_and_says_so() {
    let calibration = Calibration::learn(&samples("a", None, 100, &[9_000, 9_000, 9_000]));
    let factor = &calibration.tasks[0].factor;
    assert_eq!((factor.median, factor.factor, factor.is_clamped()), (90.0, CLAMP.1, true));
}

#[test]
fn many_runs_close_together_are_sure() {
    let confidence =
        |actual: &[u64]| Calibration::learn(&samples("a", None, 100, actual)).tasks[0].factor.confidence;
    assert_eq!(confidence(&[110; 10]), Confidence::High);
    assert_eq!(confidence(&[110; 5]), Confidence::Fair);
    assert_eq!(confidence(&[110; 4]), Confidence::Low);
    assert_eq!(confidence(&[100, 100, 100, 100, 100, 1000, 1000, 1000, 1000, 1000]), Confidence::Low);
}

#[test]
fn a_task_is_corrected_by_its_own_past_else_by_its_agents_else_not() {
    let settings = Settings { agents: vec![("coder".into(), None, "x".into())], ..Settings::default() };
    let items = [
        task("a").agent("coder").range(10, 20),
        task("b").agent("coder").minutes(10),
        task("c").minutes(10),
        task("d").agent("coder"),
    ];
    let plan = plan_with(settings, items);
    let mut past = samples("a", Some("coder"), 15 * MINUTE, &[30 * MINUTE; 3]);
    let (corrected, corrections) = Calibration::learn(&past).corrected(&plan).expect("something was learned");
    let minutes = |task: usize| {
        let estimate = corrected.tasks[task].estimate.expect("an estimate");
        (estimate.least.as_secs() / 60, estimate.most.as_secs() / 60)
    };
    assert_eq!((minutes(0), minutes(1), minutes(2)), ((20, 40), (20, 20), (10, 10)));
    let basis = |task: u32| corrections.of(TaskId(task)).map(|(basis, _)| *basis);
    assert_eq!([basis(0), basis(1), basis(2), basis(3)], [Some(Basis::Task), Some(Basis::Agent), None, None]);
    assert_eq!((corrections.runs(), corrections.range()), (3, (2.0, 2.0)));

    // Its author has changed the estimate since: what was measured against the old one does not count for the task.
    past.iter_mut().for_each(|sample| sample.agent = None);
    past.iter_mut().for_each(|sample| sample.expected = 12 * MINUTE);
    assert!(Calibration::learn(&past).corrected(&plan).is_none());
    // Nor does another plan's task of that name.
    past.iter_mut().for_each(|sample| sample.expected = 15 * MINUTE);
    past.iter_mut().for_each(|sample| sample.plan = "other".into());
    assert!(Calibration::learn(&past).corrected(&plan).is_none());
}
