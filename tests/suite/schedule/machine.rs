//! One rule a test: a plan, a script of what happens, and what the machine did.

use super::plans::*;
use std::sync::Arc;
use wavec::plan::{Plan, StepId, StepKind, TaskId};
use wavec::schedule::{Change, Limits, Obstacle, Outcome, Passage, Schedule, State, Work};

/// A machine with names for what it does.
struct Play {
    schedule: Schedule,
    plan: Arc<Plan>,
}

impl Play {
    fn new(plan: Plan) -> Play {
        Play::limited(plan, None)
    }

    fn limited(plan: Plan, workers: Option<u32>) -> Play {
        let plan = Arc::new(plan);
        let mut play = Play { schedule: Schedule::new(Arc::clone(&plan), Limits { workers }), plan };
        play.schedule.drain_changes();
        play
    }

    fn step(&self, name: &str) -> StepId {
        self.plan.step_ids().find(|step| self.name(*step) == name).expect("a step of the plan")
    }

    fn name(&self, step: StepId) -> String {
        match self.plan.step(step).kind {
            StepKind::Task(task) => self.plan.task(task).name.to_string(),
            StepKind::Gate(gate) => self.plan.gate(gate).name.clone(),
            StepKind::Success(group) => format!("success({})", self.plan.group(group).name),
            StepKind::Enter(group) => format!("enter({})", self.plan.group(group).name),
            StepKind::Leave(group) => format!("leave({})", self.plan.group(group).name),
        }
    }

    /// Takes all that may start, by name.
    fn take(&mut self) -> String {
        let mut names = Vec::new();
        while let Some((step, work)) = self.schedule.take() {
            assert_eq!(self.schedule.state(step), State::Running);
            match (self.plan.step(step).kind, work) {
                (StepKind::Task(a), Work::Task(b)) => assert_eq!(a, b),
                (StepKind::Gate(a), Work::Gate(b)) => assert_eq!(a, b),
                (StepKind::Success(a), Work::Success(b)) => assert_eq!(a, b),
                other => panic!("{other:?}"),
            }
            names.push(self.name(step));
        }
        names.join(" ")
    }

    /// These end well; then all that may start by it.
    fn done(&mut self, names: &str) -> String {
        self.end(names, Outcome::Succeeded)
    }

    fn fail(&mut self, names: &str) -> String {
        self.end(names, Outcome::Failed)
    }

    fn end(&mut self, names: &str, outcome: Outcome) -> String {
        for name in names.split(' ') {
            self.schedule.finish(self.step(name), outcome);
        }
        self.take()
    }

    fn pass(&mut self, gate: &str, passage: Passage) -> String {
        self.schedule.pass(self.step(gate), passage);
        self.take()
    }

    /// What happened by itself since the last call.
    fn changes(&mut self) -> String {
        let changes = self.schedule.drain_changes();
        let by =
            |cause: Option<StepId>| cause.map_or(String::new(), |cause| format!(" by {}", self.name(cause)));
        let lines: Vec<String> = changes
            .into_iter()
            .map(|change| match change {
                Change::GroupStarted(group) => format!("{} starts", self.plan.group(group).name),
                Change::GroupEnded(group, outcome, cause) => {
                    format!("{} {}{}", self.plan.group(group).name, outcome.word(), by(cause))
                }
                Change::StepEnded(step, outcome, cause) => {
                    format!("{} {}{}", self.name(step), outcome.word(), by(cause))
                }
            })
            .collect();
        lines.join("; ")
    }
}

#[test]
fn a_sequence_goes_one_by_one_and_a_wave_side_by_side() {
    let mut play = Play::new(plan([task("a"), wave("w", [task("b"), task("c")]), task("d")]));
    assert_eq!(play.take(), "a");
    assert_eq!(play.done("a"), "b c");
    assert_eq!(play.done("c"), "");
    assert_eq!(play.done("b"), "d");
    assert_eq!(play.done("d"), "");
    assert_eq!(play.changes(), "w starts; w succeeded; test succeeded");
    assert!(play.schedule.is_over());
}

#[test]
fn after_in_its_three_forms() {
    let items = [
        task("a"),
        task("b"),
        task("all").after("a b"),
        task("any").after_any("a b"),
        task("fin").after_finished("a"),
    ];
    let mut play = Play::new(plan([wave("w", items)]));
    assert_eq!(play.take(), "a b");
    assert_eq!(play.fail("a"), "fin");
    assert_eq!(play.changes(), "all not run by a");
    assert_eq!(play.done("b"), "any");
    assert_eq!(play.done("any fin"), "");
    assert_eq!(play.changes(), "w failed by a; test failed by a");
}

#[test]
fn any_of_none_is_not_run_and_any_of_left_out_ones_goes_on() {
    let mut play = Play::new(plan([wave("w", [task("a"), task("b"), task("any").after_any("a b")])]));
    assert_eq!(play.take(), "a b");
    assert_eq!(play.fail("a"), "");
    assert_eq!(play.changes(), "");
    assert_eq!(play.fail("b"), "");
    assert_eq!(play.changes(), "any not run by b; w failed by a; test failed by a");
    let left_out = [task("a").left_out(), task("b").left_out(), task("any").after_any("a b")];
    assert_eq!(Play::new(plan([wave("w", left_out)])).take(), "any");
}

#[test]
fn what_is_left_out_keeps_its_place_in_the_order() {
    let mut play = Play::new(plan([task("a"), task("b").left_out(), task("c").after("b")]));
    assert_eq!(play.take(), "a");
    assert_eq!(play.changes(), "");
    assert_eq!(play.done("a"), "c");
    assert_eq!(play.changes(), "b skipped");
}

#[test]
fn who_uses_the_output_of_a_skipped_task_is_skipped_too_and_so_on() {
    let items =
        [task("a").left_out(), task("b").output_of("a"), task("c").output_of("b"), task("d").after("c")];
    let mut play = Play::new(plan([wave("w", items)]));
    assert_eq!(play.take(), "d");
}

#[test]
fn a_group_of_skipped_ones_is_skipped_and_neither_tested_nor_judged() {
    let wave = wave("w", [task("a").left_out(), task("b").left_out(), gate("g")]).success();
    let mut play = Play::new(plan([wave, task("c")]));
    assert_eq!(play.take(), "c");
    assert_eq!(play.done("c"), "");
    assert_eq!(play.changes(), "test succeeded");
}

#[test]
fn criteria_come_before_the_last_gate_and_hold_no_worker() {
    let wave = wave("w", [task("a"), task("b"), gate("g")]).success();
    let mut play = Play::limited(plan([wave, task("c")]), Some(1));
    assert_eq!(play.take(), "a");
    assert_eq!(play.done("a"), "b");
    assert_eq!(play.done("b"), "success(w)");
    assert_eq!(play.done("success(w)"), "g");
    assert_eq!(play.pass("g", Passage::Open), "c");
}

#[test]
fn a_failed_task_fails_its_groups_and_what_is_independent_goes_on() {
    let plan = plan([parallel(
        "p",
        [serial("s", [task("a"), task("b")]).success(), serial("t", [task("c"), task("d")])],
    )]);
    let mut play = Play::new(plan);
    assert_eq!(play.take(), "a c");
    assert_eq!(play.fail("a"), "");
    assert_eq!(play.changes(), "b not run by a; success(s) not run by a; s failed by a");
    assert_eq!(play.done("c"), "d");
    assert_eq!(play.done("d"), "");
    assert_eq!(play.changes(), "t succeeded; p failed by a; test failed by a");
}

#[test]
fn a_closed_gate_stops_what_is_behind_it() {
    let mut play = Play::new(plan([wave("w", [task("a"), gate("g")]), wave("v", [task("b")])]));
    play.take();
    assert_eq!(play.done("a"), "g");
    assert_eq!(play.pass("g", Passage::Closed), "");
    assert_eq!(play.changes(), "w failed by g; b not run by g; v not run by g; test failed by g");
    assert!(play.schedule.is_over());
}

#[test]
fn stop_lets_running_ones_end() {
    let mut play = Play::new(plan([wave("w", [task("a"), task("b"), task("c").after("b")]), task("d")]));
    assert_eq!(play.take(), "b a");
    play.schedule.stop();
    assert_eq!(play.changes(), "c not run; d not run");
    assert_eq!(play.done("b"), "");
    assert_eq!(play.end("a", Outcome::Cancelled), "");
    assert_eq!(play.changes(), "w cancelled by a; test cancelled by a");
    assert!(play.schedule.is_over());
    assert_eq!(play.schedule.obstacles(play.step("d")), [Obstacle::Stopped]);
}

#[test]
fn again_runs_the_wave_once_more() {
    let wave = wave("w", [task("a"), serial("s", [task("b"), task("c")]), gate("g")]).success();
    let mut play = Play::new(plan([wave, task("d")]));
    play.take();
    play.done("a b");
    assert_eq!(play.done("c"), "success(w)");
    assert_eq!(play.done("success(w)"), "g");
    play.changes();
    let again = play.schedule.pass(play.step("g"), Passage::Again);
    let names: Vec<String> = again.iter().map(|step| play.name(*step)).collect();
    assert_eq!(names.join(" "), "a enter(s) b c leave(s) success(w) g");
    assert_eq!(play.take(), "b a");
    assert_eq!(play.done("a b"), "c");
    assert_eq!(play.done("c"), "success(w)");
    assert_eq!(play.done("success(w)"), "g");
    assert_eq!(play.pass("g", Passage::Open), "d");
    assert_eq!(play.changes(), "s starts; s succeeded; w succeeded");
}

#[test]
fn again_between_items_runs_the_item_before_once_more_and_holds_what_needs_it() {
    let sequence = serial("s", [task("z"), task("a"), gate("g"), task("b")]);
    let mut play = Play::limited(plan([wave("w", [sequence, task("x"), task("y").after("a")])]), Some(1));
    assert_eq!(play.take(), "z");
    assert_eq!(play.done("z"), "a");
    // `y` is ready when `a` ends, but the one worker takes `x`, which stood there before it in no order: by path.
    let next = play.done("a");
    assert!(next.starts_with("g "), "{next}");
    let other = next[2..].to_string();
    let again = play.schedule.pass(play.step("g"), Passage::Again);
    assert_eq!(again.iter().map(|step| play.name(*step)).collect::<Vec<_>>(), ["a", "g"]);
    assert_eq!(play.done(&other), "a");
    assert_eq!(play.schedule.state(play.step("b")), State::Waiting);
}

#[test]
fn skip_to_leaves_out_what_stands_between() {
    let plan = plan([
        wave("w", [task("a"), gate("g")]),
        wave("v", [task("b"), task("c"), gate("h")]),
        task("d"),
        wave("u", [task("e"), task("f").after("e")]),
    ]);
    let mut play = Play::new(plan);
    play.take();
    play.done("a");
    play.changes();
    let target = play.step("f");
    assert_eq!(play.pass("g", Passage::SkipTo(target)), "f");
    assert_eq!(
        play.changes(),
        "w succeeded; v starts; b skipped by g; c skipped by g; h skipped by g; v skipped; d skipped by g; \
         u starts; e skipped by g"
    );
}

#[test]
fn workers_of_the_run_and_of_groups() {
    let wave = wave("w", [task("a"), task("b"), parallel("p", [task("c"), task("d")]).workers(1), task("e")]);
    let mut play = Play::limited(plan([wave]), Some(3));
    assert_eq!(play.take(), "a b c");
    assert_eq!(play.done("a"), "e");
    assert_eq!(
        play.schedule.obstacles(play.step("d")),
        [Obstacle::Workers(wavec::plan::GroupId(0)), Obstacle::Workers(wavec::plan::GroupId(2))]
    );
    assert_eq!(play.done("b"), "");
    assert_eq!(play.done("c"), "d");
}

#[test]
fn the_limit_at_the_command_line_replaces_the_plans() {
    let settings = Settings { workers: Some(1), ..Settings::default() };
    let items = || [wave("w", [task("a"), task("b"), task("c")])];
    assert_eq!(Play::new(plan_with(settings.clone(), items())).take(), "a");
    assert_eq!(Play::limited(plan_with(settings, items()), Some(2)).take(), "a b");
    assert_eq!(Play::limited(plan(items()), Some(0)).take(), "a");
}

#[test]
fn instances_and_resources_are_passed_over_by_those_who_need_them_not() {
    let settings = Settings {
        resources: vec![("gpu".into(), 2)],
        agents: vec![("coder".into(), Some(1), "command".into())],
        ..Settings::default()
    };
    let items = [
        task("a").agent("coder"),
        task("b").agent("coder"),
        task("c").uses("gpu", 1),
        task("d").uses("gpu", 2),
        task("e").uses("gpu", 1),
        task("f"),
    ];
    let mut play = Play::new(plan_with(settings, [wave("w", items)]));
    assert_eq!(play.take(), "a c e f");
    assert_eq!(play.schedule.obstacles(play.step("b")), [Obstacle::Instances]);
    assert_eq!(play.schedule.obstacles(play.step("d")), [Obstacle::Resource(wavec::plan::ResourceId(0))]);
    assert_eq!(play.done("c"), "");
    assert_eq!(play.done("e"), "d");
    assert_eq!(play.done("a"), "b");
}

#[test]
fn more_of_a_resource_than_there_is_runs_alone() {
    let settings = Settings { resources: vec![("gpu".into(), 2)], ..Settings::default() };
    let items = [task("a").uses("gpu", 1), task("b").uses("gpu", 9)];
    let mut play = Play::new(plan_with(settings, [wave("w", items)]));
    assert_eq!(play.take(), "a");
    assert_eq!(play.done("a"), "b");
}

#[test]
fn unknown_claims_run_alone_among_writers_of_the_shared_directory() {
    let settings = Settings { agents: vec![("coder".into(), None, "command".into())], ..Settings::default() };
    let items = [
        task("a").writes("x").minutes(9),
        task("u").agent("coder").unknown_claims().minutes(8),
        task("reader").minutes(7),
        task("b").writes("y").minutes(6),
        task("free").agent("coder").unknown_claims().worktree().minutes(5),
    ];
    let mut play = Play::new(plan_with(settings, [wave("w", items)]));
    assert_eq!(play.take(), "a reader b free");
    assert_eq!(
        play.schedule.obstacles(play.step("u")),
        [Obstacle::Claims(TaskId(0)), Obstacle::Claims(TaskId(3))]
    );
    assert_eq!(play.done("b"), "");
    assert_eq!(play.done("a"), "u");
}

#[test]
fn conflicting_tasks_never_run_together_unless_each_has_its_own_directory() {
    let settings = Settings {
        conflicts: vec![("a".into(), "b".into()), ("b".into(), "c".into()), ("a".into(), "d".into())],
        ..Settings::default()
    };
    let items = [task("a"), task("b"), task("c"), task("d").worktree()];
    let mut play = Play::new(plan_with(settings, [wave("w", items)]));
    assert_eq!(play.take(), "a c d");
    assert_eq!(
        play.schedule.obstacles(play.step("b")),
        [Obstacle::Claims(TaskId(0)), Obstacle::Claims(TaskId(2))]
    );
    assert_eq!(play.done("a"), "");
    assert_eq!(play.done("c"), "b");
}

#[test]
fn the_most_urgent_goes_first() {
    let items = [
        task("short").minutes(5),
        task("long").minutes(50),
        task("first").priority(1).minutes(1),
        task("head").minutes(1),
        task("tail").after("head").minutes(60),
    ];
    let mut play = Play::limited(plan([wave("w", items)]), Some(1));
    let mut order = vec![play.take()];
    while !play.schedule.is_over() {
        let next = play.done(&order.last().unwrap().clone());
        order.push(next);
    }
    assert_eq!(order.join(" "), "first head tail long short ");
}

#[test]
fn a_spent_quota_holds_its_driver_until_all_else_is_over() {
    let settings = Settings {
        agents: vec![("coder".into(), None, "claude".into()), ("other".into(), None, "codex".into())],
        ..Settings::default()
    };
    let items = [
        task("a").agent("coder"),
        serial("s", [task("b").agent("other"), task("c").agent("coder"), task("d")]),
        task("e"),
    ];
    let mut play = Play::new(plan_with(settings, [wave("w", items)]));
    assert_eq!(play.take(), "b a e");
    play.schedule.park_driver("claude");
    assert_eq!(play.end("a", Outcome::Parked), "");
    assert_eq!(play.done("b"), "");
    assert_eq!(play.schedule.obstacles(play.step("c")), [Obstacle::Quota]);
    assert_eq!(play.changes(), "");
    assert_eq!(play.done("e"), "");
    assert_eq!(play.changes(), "c not run; d not run by c; s not run by c; w parked by a; test parked by a");
    assert!(play.schedule.is_over());
}

#[test]
fn what_was_finished_before_stays_finished_in_any_order() {
    let plan = || plan([wave("w", [task("a"), task("b"), gate("g")]), wave("v", [task("c"), task("d")])]);
    let mut play = Play::new(plan());
    for name in ["c", "g", "b", "a"] {
        play.schedule.restore(play.step(name), Outcome::Succeeded);
    }
    assert_eq!(play.changes(), "w succeeded; v starts");
    assert_eq!(play.take(), "d");
}

#[test]
fn obstacles_of_waiting_steps() {
    let items =
        [task("a"), task("b"), task("c").after("a b").after_any("a b"), task("d").after_finished("b")];
    let mut play = Play::new(plan([wave("w", items)]));
    play.take();
    let (a, b) = (play.step("a"), play.step("b"));
    assert_eq!(
        play.schedule.obstacles(play.step("c")),
        [Obstacle::Needs(a), Obstacle::Needs(b), Obstacle::NeedsAny(vec![a, b])]
    );
    play.done("a");
    assert_eq!(play.schedule.obstacles(play.step("c")), [Obstacle::Needs(b)]);
    let leave = play.step("leave(w)");
    assert_eq!(play.schedule.obstacles(leave).len(), 3);
}

#[test]
fn an_empty_plan_is_over_at_once() {
    assert!(Play::new(plan([])).schedule.is_over());
}
