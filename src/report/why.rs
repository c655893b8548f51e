//! Why a task does not run, or ended as it did; and what would make it sooner.
//!
//! What a step waits for is the schedule's own word, from a machine that stands where the run stands.

use super::lines::passed;
use super::{Look, RunPlace, Tone, forecast, words};
use crate::event::progress::{Progress, TaskState};
use crate::event::{ApprovalOwner, Decision, Outcome, Timestamp, Verdict};
use crate::plan::{GateId, GroupId, Item, OnNoGo, Plan, ResourceId, StepId, StepKind, TaskId};
use crate::schedule::{Limits, Obstacle, Schedule, State};
use std::collections::BTreeSet;
use std::sync::Arc;

/// How many names stand in a list.
const MANY: usize = 6;

/// The answer, as lines. `is_live`: whether a process carries the run out now.
pub fn lines(
    progress: &Progress,
    place: &RunPlace,
    look: &Look,
    now: Timestamp,
    is_live: bool,
    item: Item,
) -> Vec<String> {
    let why = Why { progress, place, look, now, is_live };
    match item {
        Item::Task(task) => why.task(task),
        Item::Gate(gate) => why.gate(gate),
        Item::Group(group) => why.group(group),
    }
}

struct Why<'a> {
    progress: &'a Progress,
    place: &'a RunPlace,
    look: &'a Look,
    now: Timestamp,
    is_live: bool,
}

impl Why<'_> {
    fn plan(&self) -> &Plan {
        &self.progress.plan
    }

    fn task(&self, id: TaskId) -> Vec<String> {
        let task = self.plan().task(id);
        let state = &self.progress.tasks[id.index()];
        let head = |text: String| format!("{} {text}", self.look.paint(Tone::Strong, &task.name));
        let show = format!("wavec show {} {}", self.place.run, task.name);
        match state.state {
            TaskState::Ended(outcome) => {
                let mut lines = vec![head(match (outcome, state.reason.as_str()) {
                    (outcome, "") => format!("{}.", outcome_words(outcome)),
                    (outcome, reason) => {
                        format!("{}: {}", outcome_words(outcome), words::one_line(reason, 400))
                    }
                })];
                if let Some(when) = &task.left_out {
                    lines.push(format!("  its condition does not hold: {when}"));
                }
                if outcome == Outcome::Failed {
                    lines.push(format!("  {show}   shows its verdicts and log"));
                }
                if matches!(outcome, Outcome::NotRun | Outcome::Cancelled) {
                    lines.extend(self.bad_needs(task.step));
                }
                if !matches!(outcome, Outcome::Succeeded | Outcome::Skipped) && !self.is_live {
                    lines.push(format!("  wavec resume {}   tries it again", self.place.run));
                }
                lines
            }
            TaskState::Starting | TaskState::Running | TaskState::Checking if self.is_live => {
                let begun = state.last_attempt().map_or(self.now, |attempt| attempt.starting_at);
                let doing = match state.state {
                    TaskState::Checking if state.is_merging(task) => "what it changed is merged",
                    TaskState::Checking => "its criteria are tested",
                    _ => "it runs",
                };
                let mut lines = vec![head(format!(
                    "does not wait: {doing}, for {} now.",
                    words::about(passed(begun, self.now))
                ))];
                let asks = self.progress.open_approvals().find(|it| it.owner == ApprovalOwner::Task(id));
                if let Some(approval) = asks {
                    lines.push(format!("  it asks a person: {}", words::one_line(&approval.question, 300)));
                    lines.push(format!("  wavec approve {} {}", self.place.run, task.name));
                } else if let Some(expected) = forecast::expected(self.progress, id) {
                    let over = passed(begun, self.now).saturating_sub(expected);
                    lines.push(match over {
                        0 => format!("  expected to take {}", words::about(expected)),
                        over => format!(
                            "  {} longer than expected ({})",
                            words::about(over),
                            words::about(expected)
                        ),
                    });
                }
                lines
            }
            TaskState::Retrying if self.is_live => {
                let Some(retry) = &state.retry else { return vec![head("is tried again.".into())] };
                vec![
                    head(format!(
                        "waits {} for attempt {}.",
                        words::about(passed(self.now, retry.due)),
                        retry.attempt
                    )),
                    format!("  the one before failed: {}", words::one_line(&retry.reason, 300)),
                ]
            }
            _ if !self.is_live => {
                let mut lines = vec![head("does not run: no process carries this run out.".into())];
                let open = self.progress.open_approvals().next();
                if let Some(approval) = open {
                    let who = words::approval_owner(self.progress, approval.owner);
                    lines.push(format!(
                        "  the run waits for an answer: wavec approve {} {who}",
                        self.place.run
                    ));
                }
                lines.push(format!("  wavec resume {}   goes on with it", self.place.run));
                lines
            }
            _ => match task.step {
                Some(step) => self.waiting(head("waits".into()), step),
                None => vec![head("waits for its time: it cleans up at the end.".into())],
            },
        }
    }

    /// What a step that has not started waits for, and what would make it sooner.
    fn waiting(&self, head: String, step: StepId) -> Vec<String> {
        let schedule = schedule(self.progress);
        let mut lines = Vec::new();
        let mut seen = BTreeSet::new();
        match schedule.state(step) {
            State::Waiting => {
                lines.push(format!("{head} for what comes before it."));
                self.needs(&schedule, step, &mut seen, &mut lines);
            }
            _ => {
                lines.push(format!("{head}: all it needs is done, and something is busy."));
                self.busy(&schedule, step, &mut lines);
            }
        }
        let StepKind::Task(task) = self.plan().step(step).kind else { return lines };
        let chain = forecast::chain_to(self.progress, task, self.now);
        if chain.len() > 1 {
            let names: Vec<&str> =
                chain[..chain.len() - 1].iter().map(|task| self.plan().task(*task).name.as_str()).collect();
            let arrow = self.look.mark(" → ", " -> ");
            let shown = match names.len() {
                0..=MANY => names.join(arrow),
                more => format!(
                    "{}{arrow}… {} more …{arrow}{}",
                    names[..3].join(arrow),
                    more - 5,
                    names[more - 2..].join(arrow)
                ),
            };
            lines.push(String::new());
            lines.push(format!("the longest way to it: {shown}"));
            let longest = chain[..chain.len() - 1]
                .iter()
                .filter_map(|task| Some((forecast::expected(self.progress, *task)?, *task)))
                .max_by_key(|(expected, _)| *expected);
            lines.push(match longest {
                Some((expected, task)) => format!(
                    "sooner: whatever shortens that; most of it is {} ({})",
                    self.plan().task(task).name,
                    words::about(expected)
                ),
                None => "sooner: whatever shortens that".to_string(),
            });
        }
        lines
    }

    /// The needs of a step that are not met, through groups and gates down to what really goes on.
    fn needs(&self, schedule: &Schedule, step: StepId, seen: &mut BTreeSet<StepId>, lines: &mut Vec<String>) {
        let mut open = vec![step];
        let (mut active, mut waiting, mut gates, mut any) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        while let Some(step) = open.pop() {
            for obstacle in schedule.obstacles(step) {
                let needed = match obstacle {
                    Obstacle::Needs(needed) => vec![needed],
                    Obstacle::NeedsAny(needed) => {
                        let names: Vec<&str> =
                            needed.iter().filter_map(|step| self.step_name(*step)).collect();
                        any.push(words::list(&names, MANY));
                        needed
                    }
                    _ => Vec::new(),
                };
                for needed in needed {
                    if !seen.insert(needed) {
                        continue;
                    }
                    match self.plan().step(needed).kind {
                        StepKind::Task(task) if self.progress.tasks[task.index()].state.is_active() => {
                            active.push(task)
                        }
                        StepKind::Task(task) => {
                            waiting.push(task);
                            open.push(needed);
                        }
                        StepKind::Gate(gate) if self.progress.gates[gate.index()].started_at.is_some() => {
                            gates.push(gate)
                        }
                        _ => open.push(needed),
                    }
                }
            }
        }
        for task in active {
            let state = &self.progress.tasks[task.index()];
            let begun = state.last_attempt().map_or(self.now, |attempt| attempt.starting_at);
            let expected = forecast::expected(self.progress, task)
                .map_or(String::new(), |expected| format!(" of about {}", words::about(expected)));
            lines.push(format!(
                "  {}  {}, for {}{expected}",
                self.plan().task(task).name,
                state.state.word(),
                words::about(passed(begun, self.now))
            ));
        }
        for gate in gates {
            lines.extend(self.gate(gate).into_iter().map(|line| format!("  {line}")));
        }
        if !waiting.is_empty() {
            waiting.sort();
            let names: Vec<&str> = waiting.iter().map(|task| self.plan().task(*task).name.as_str()).collect();
            lines.push(format!(
                "  and {} that wait themselves: {}",
                words::count(names.len(), "task"),
                words::list(&names, MANY)
            ));
        }
        for names in any {
            lines.push(format!("  one of {names} is enough"));
        }
    }

    fn step_name(&self, step: StepId) -> Option<&str> {
        let plan = self.plan();
        Some(match plan.step(step).kind {
            StepKind::Task(task) => &plan.task(task).name,
            StepKind::Gate(gate) => &plan.gate(gate).name,
            StepKind::Enter(group) | StepKind::Leave(group) | StepKind::Success(group) => {
                &plan.group(group).name
            }
        })
    }

    /// Who holds what a ready step lacks.
    fn busy(&self, schedule: &Schedule, step: StepId, lines: &mut Vec<String>) {
        let plan = self.plan();
        let running: Vec<TaskId> =
            plan.task_ids().filter(|task| self.progress.tasks[task.index()].state.is_active()).collect();
        let names = |tasks: &[TaskId]| {
            let names: Vec<&str> = tasks.iter().map(|task| plan.task(*task).name.as_str()).collect();
            words::list(&names, MANY)
        };
        let obstacles = schedule.obstacles(step);
        if obstacles.is_empty() {
            lines.push("  it starts at any moment".to_string());
        }
        for obstacle in obstacles {
            match obstacle {
                Obstacle::Workers(GroupId(0)) => {
                    lines.push(format!(
                        "  all {} are busy: {}",
                        words::count(running.len(), "worker"),
                        names(&running)
                    ));
                    lines.push(
                        "  sooner: more `workers`, if the machine can; or a higher `priority` for it"
                            .to_string(),
                    );
                }
                Obstacle::Workers(group) => {
                    let inside: Vec<TaskId> = running
                        .iter()
                        .copied()
                        .filter(|task| is_inside(plan, plan.task(*task).group, group))
                        .collect();
                    lines.push(format!(
                        "  all workers of {} are busy: {}",
                        plan.group(group).name,
                        names(&inside)
                    ));
                    lines.push(format!("  sooner: more `workers` in {}", plan.group(group).name));
                }
                Obstacle::Instances => {
                    let StepKind::Task(task) = plan.step(step).kind else { continue };
                    let Some(agent) = plan.task(task).agent else { continue };
                    let same: Vec<TaskId> = running
                        .iter()
                        .copied()
                        .filter(|other| plan.task(*other).agent == Some(agent))
                        .collect();
                    let name = &plan.agent(agent).name;
                    lines.push(format!("  every {name} is at work: {}", names(&same)));
                    lines.push(format!("  sooner: more `instances` of {name}, or another agent"));
                }
                Obstacle::Resource(resource) => self.resource(resource, &running, names, lines),
                Obstacle::Claims(other) => {
                    lines
                        .push(format!("  {} runs, and both may write the same files", plan.task(other).name));
                    lines.push(
                        "  sooner: narrower claims, so that wavec sees that they do not touch".to_string(),
                    );
                }
                Obstacle::Turn(first) => {
                    let StepKind::Task(first) = plan.step(first).kind else { continue };
                    lines.push(format!(
                        "  it leaves its place to {}, which is about to come and has more behind it",
                        plan.task(first).name
                    ));
                }
                Obstacle::Quota => lines.push("  the quota of its driver is spent".to_string()),
                Obstacle::Stopped => lines.push("  the run is stopping: nothing new starts".to_string()),
                Obstacle::Needs(_) | Obstacle::NeedsAny(_) => {}
            }
        }
    }

    fn resource(
        &self,
        id: ResourceId,
        running: &[TaskId],
        names: impl Fn(&[TaskId]) -> String,
        lines: &mut Vec<String>,
    ) {
        let resource = &self.plan().resources[id.index()];
        let users: Vec<TaskId> = running
            .iter()
            .copied()
            .filter(|task| self.plan().task(*task).uses.iter().any(|(used, _)| *used == id))
            .collect();
        lines.push(format!(
            "  {} (there is {}) is held by {}",
            resource.name,
            resource.capacity,
            names(&users)
        ));
        lines.push(format!("  sooner: more of {}, or less use of it", resource.name));
    }

    /// The needs of a step that ended badly, down to what failed.
    fn bad_needs(&self, step: Option<StepId>) -> Vec<String> {
        let plan = self.plan();
        let mut seen = BTreeSet::new();
        let mut open: Vec<StepId> = step.into_iter().collect();
        let mut lines = Vec::new();
        while let Some(step) = open.pop() {
            for needed in plan.step(step).needs.iter().flat_map(|need| need.steps()) {
                if !seen.insert(needed) {
                    continue;
                }
                match plan.step(needed).kind {
                    StepKind::Task(task) => match self.progress.tasks[task.index()].outcome() {
                        Some(outcome @ (Outcome::Failed | Outcome::Cancelled | Outcome::Parked)) => {
                            let reason = words::one_line(&self.progress.tasks[task.index()].reason, 200);
                            let because = if reason.is_empty() { reason } else { format!(": {reason}") };
                            lines.push(format!(
                                "  before it: {} {}{because}",
                                plan.task(task).name,
                                outcome.word()
                            ));
                        }
                        Some(Outcome::NotRun) => open.push(needed),
                        _ => {}
                    },
                    StepKind::Gate(gate) => match self.progress.gates[gate.index()].decision {
                        Some(decision @ (Decision::NoGo | Decision::Blocked)) => {
                            let reason = words::one_line(&self.progress.gates[gate.index()].reason, 200);
                            lines.push(format!(
                                "  before it: gate {} said {}: {reason}",
                                plan.gate(gate).name,
                                words::decision(decision)
                            ));
                        }
                        Some(Decision::Go | Decision::Skipped) => {}
                        Some(Decision::NotRun) | None => open.push(needed),
                    },
                    _ => open.push(needed),
                }
            }
        }
        if let (true, Some(stop)) = (lines.is_empty(), &self.progress.stop) {
            lines.push(format!("  the run was stopped first: {}", stop.reason));
        }
        lines.truncate(MANY);
        lines
    }

    fn gate(&self, id: GateId) -> Vec<String> {
        let gate = self.plan().gate(id);
        let state = &self.progress.gates[id.index()];
        let name = self.look.paint(Tone::Strong, &gate.name);
        match (state.decision, state.started_at) {
            (Some(decision), _) => {
                let because = if state.reason.is_empty() {
                    ".".to_string()
                } else {
                    format!(": {}", words::one_line(&state.reason, 400))
                };
                vec![format!("{name} said {}{because}", words::decision(decision))]
            }
            (None, Some(begun)) => {
                let mut lines = vec![match self.is_live {
                    true => {
                        format!("{name} is being judged, for {} now.", words::about(passed(begun, self.now)))
                    }
                    false => format!("{name} is not decided, and no process carries this run out."),
                }];
                for approval in self.progress.open_approvals().filter(|it| it.owner.gate() == Some(id)) {
                    let by = gate.approvals.get(approval.index as usize).map_or("", |approval| &approval.by);
                    let whom = if by.is_empty() { "a person" } else { by };
                    lines.push(format!("  it asks {whom}: {}", words::one_line(&approval.question, 300)));
                    lines.push(format!("  sooner: wavec approve {} {}", self.place.run, gate.name));
                }
                for (criterion, check) in gate.checks.iter().zip(&state.checks) {
                    match check {
                        None => lines.push(format!("  to be tested: {}", criterion.title)),
                        Some(check) if check.verdict != Verdict::Pass => {
                            lines.push(format!("  {}: {}", check.verdict.word(), criterion.title));
                        }
                        Some(_) => {}
                    }
                }
                if !self.is_live {
                    lines.push(format!("  wavec resume {}   goes on with it", self.place.run));
                }
                lines
            }
            (None, None) if !self.is_live => vec![
                format!("{name} is not judged: no process carries this run out."),
                format!("  wavec resume {}   goes on with it", self.place.run),
            ],
            (None, None) => {
                match self.plan().step_ids().find(|step| self.plan().step(*step).kind == StepKind::Gate(id)) {
                    Some(step) => self.waiting(format!("{name} waits"), step),
                    None => vec![format!("{name} waits.")],
                }
            }
        }
    }

    fn group(&self, id: GroupId) -> Vec<String> {
        let group = self.plan().group(id);
        let state = &self.progress.groups[id.index()];
        let name = self.look.paint(Tone::Strong, &group.name);
        if let Some(outcome) = state.outcome {
            let because = if state.reason.is_empty() {
                ".".to_string()
            } else {
                format!(": {}", words::one_line(&state.reason, 400))
            };
            return vec![format!("{name} {}{because}", outcome_words(outcome))];
        }
        if !self.is_live {
            return vec![
                format!("{name} does not go on: no process carries this run out."),
                format!("  wavec resume {}   goes on with it", self.place.run),
            ];
        }
        let step_of = |kind| self.plan().step_ids().find(|step| self.plan().step(*step).kind == kind);
        if state.started_at.is_none() {
            return match step_of(StepKind::Enter(id)) {
                Some(step) => self.waiting(format!("{name} waits"), step),
                None => vec![format!("{name} waits.")],
            };
        }
        let mut lines = vec![format!("{name} has begun; to its end it needs:")];
        if let Some(step) = step_of(StepKind::Leave(id)) {
            self.needs(&schedule(self.progress), step, &mut BTreeSet::new(), &mut lines);
        }
        lines
    }
}

fn outcome_words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Succeeded => "has succeeded",
        Outcome::Failed => "failed",
        Outcome::Cancelled => "was cancelled",
        Outcome::Skipped => "was left out",
        Outcome::Parked => "is parked",
        Outcome::NotRun => "was not run",
    }
}

fn is_inside(plan: &Plan, mut group: GroupId, outer: GroupId) -> bool {
    loop {
        if group == outer {
            return true;
        }
        match plan.group(group).parent {
            Some(parent) => group = parent,
            None => return false,
        }
    }
}

/// The machine as it stands in the run: what is over restored, and what runs taken.
pub fn schedule(progress: &Progress) -> Schedule {
    let plan = &progress.plan;
    let workers = progress.session().and_then(|session| session.workers);
    let mut schedule = Schedule::new(Arc::clone(plan), Limits { workers });
    for step in plan.step_ids() {
        let outcome = match plan.step(step).kind {
            StepKind::Task(task) => progress.tasks[task.index()].outcome(),
            StepKind::Gate(gate) => progress.gates[gate.index()].decision.map(|decision| {
                match (decision, plan.gate(gate).on_no_go) {
                    (Decision::Skipped, _) => Outcome::Skipped,
                    (Decision::NotRun, _) => Outcome::NotRun,
                    (Decision::Go, _) | (Decision::NoGo, OnNoGo::Continue | OnNoGo::SkipTo(_)) => {
                        Outcome::Succeeded
                    }
                    (Decision::NoGo | Decision::Blocked, _) => Outcome::Failed,
                }
            }),
            StepKind::Success(group) if progress.has_passed_success(group) => Some(Outcome::Succeeded),
            _ => None,
        };
        if let Some(outcome) = outcome {
            schedule.restore(step, outcome);
        }
    }
    while schedule.take().is_some() {}
    schedule
}
