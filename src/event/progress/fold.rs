//! The fold itself: what each event changes.

use super::{
    Answered, ApprovalProgress, Attempt, Branch, CheckResult, Commit, Conflict, GateProgress, GroupProgress,
    Progress, Retry, Session, Stop, TaskProgress, TaskState, Tree,
};
use crate::event::{ApprovalOwner, AttemptEnd, CheckOwner, Entry, Event, Outcome, Timestamp, Usage};
use crate::plan::{GateId, GroupId, GroupKind, Item, Plan, TaskId};

impl Progress {
    /// Takes one more entry in. An id that the plan does not have is passed over.
    pub fn apply(&mut self, entry: &Entry) {
        self.last_seq = entry.seq;
        self.last_at = Some(entry.at);
        let at = entry.at;
        match &entry.event {
            Event::RunStarted { pid, session, workers } => {
                if !self.sessions.is_empty() {
                    self.begin_again();
                }
                self.sessions.push(Session {
                    number: *session,
                    pid: *pid,
                    workers: *workers,
                    started_at: at,
                    end: None,
                });
            }
            Event::CheckEnded { owner, index, verdict, evidence, milliseconds, usage } => {
                self.go_on_checking(*owner);
                if !usage.is_unknown() {
                    self.judgements.push((*owner, *index, *usage));
                }
                if let Some(check) =
                    self.checks_mut(*owner).and_then(|checks| checks.get_mut(*index as usize))
                {
                    *check = Some(CheckResult {
                        verdict: *verdict,
                        evidence: evidence.clone(),
                        milliseconds: *milliseconds,
                        at,
                    });
                }
            }
            Event::GroupStarted { group } => {
                if let Some(group) = self.groups.get_mut(group.index()) {
                    group.reset();
                    group.started_at = Some(at);
                }
            }
            Event::AttemptStarting { task, attempt } => self.attempt_starting(*task, *attempt, at),
            Event::BranchStarted { branch, base } => {
                self.branch = Some(Branch {
                    name: branch.clone(),
                    base: base.clone(),
                    tip: base.clone(),
                    history: vec![base.clone()],
                });
            }
            Event::BranchMoved { tip } => {
                if let Some(branch) = &mut self.branch {
                    branch.tip.clone_from(tip);
                    branch.history.push(tip.clone());
                }
            }
            Event::TreeForked { task, attempt, tree, base } => {
                if let Some(attempt) = self.attempt_mut(*task, *attempt) {
                    attempt.tree = Some(Tree { name: tree.clone(), base: base.clone() });
                }
            }
            Event::TaskCommitted { task, attempt, base, commit, size } => {
                if let Some(attempt) = self.attempt_mut(*task, *attempt) {
                    if let Some(tree) = &mut attempt.tree {
                        tree.base.clone_from(base);
                    }
                    attempt.commit = Some(Commit { commit: commit.clone(), size: *size });
                }
            }
            Event::TaskMerged { task, attempt, commit, size } => {
                if let Some(attempt) = self.attempt_mut(*task, *attempt) {
                    attempt.is_merged = true;
                }
                if let Some(task) = self.tasks.get_mut(task.index()) {
                    task.merged.push(Commit { commit: commit.clone(), size: *size });
                }
            }
            Event::MergeConflicted { task, attempt, paths, hunks, .. } => {
                if let Some(attempt) = self.attempt_mut(*task, *attempt) {
                    attempt.conflict = Some(Conflict { paths: paths.clone(), hunks: hunks.clone() });
                }
            }
            Event::AttemptRunning { task, attempt, pid } => {
                if let Some(task) = self.tasks.get_mut(task.index()) {
                    task.state = TaskState::Running;
                    if let Some(attempt) = task.attempt_mut(*attempt) {
                        attempt.running_at = Some(at);
                        attempt.pid = *pid;
                    }
                }
            }
            Event::SessionOpened { task, attempt, driver, session } => {
                if let Some(attempt) = self.attempt_mut(*task, *attempt) {
                    attempt.agent_session = Some((driver.clone(), session.clone()));
                }
            }
            Event::AttemptEnded { task, attempt, end, milliseconds, usage } => {
                if let Some(task) = self.tasks.get_mut(task.index()) {
                    // One that was lost with its process is found at resume, when its task is waiting again.
                    task.state =
                        if *end == AttemptEnd::Lost { TaskState::Waiting } else { TaskState::Checking };
                    if let Some(attempt) = task.attempt_mut(*attempt) {
                        attempt.end = Some(end.clone());
                        attempt.ended_at = Some(at);
                        attempt.milliseconds = Some(*milliseconds);
                        attempt.usage = *usage;
                    }
                }
            }
            Event::RetryScheduled { task, attempt, milliseconds, reason } => {
                if let Some(task) = self.tasks.get_mut(task.index()) {
                    task.state = TaskState::Retrying;
                    let due = at.saturating_add(i64::try_from(*milliseconds).unwrap_or(i64::MAX));
                    task.retry = Some(Retry { attempt: *attempt, due, reason: reason.clone() });
                }
            }
            Event::OutputTaken { task, index, value } => {
                if let Some(output) =
                    self.tasks.get_mut(task.index()).and_then(|task| task.outputs.get_mut(*index as usize))
                {
                    *output = Some(value.clone());
                }
            }
            Event::TaskEnded { task, outcome, reason } => {
                if let Some(task) = self.tasks.get_mut(task.index()) {
                    task.state = TaskState::Ended(*outcome);
                    task.reason.clone_from(reason);
                    task.ended_at = Some(at);
                    task.retry = None;
                }
            }
            Event::GateStarted { gate } => {
                self.supersede(|owner| owner.gate() == Some(*gate));
                if let Some(gate) = self.gates.get_mut(gate.index()) {
                    gate.reset();
                    gate.started_at = Some(at);
                }
            }
            Event::ApprovalAsked { owner, index, question, deadline } => {
                if let ApprovalOwner::Check(owner) = owner {
                    self.go_on_checking(*owner);
                }
                let session = self.sessions.last().map_or(0, |session| session.number);
                for approval in &mut self.approvals {
                    approval.is_superseded |= approval.owner == *owner && approval.index == *index;
                }
                self.approvals.push(ApprovalProgress {
                    owner: *owner,
                    index: *index,
                    question: question.clone(),
                    asked_at: at,
                    session,
                    deadline: *deadline,
                    answer: None,
                    is_superseded: false,
                });
            }
            Event::ApprovalAnswered { owner, index, answer, by, reason } => {
                let asked =
                    self.approvals.iter_mut().rev().find(|it| it.owner == *owner && it.index == *index);
                if let Some(approval) = asked {
                    approval.answer =
                        Some(Answered { answer: *answer, by: by.clone(), reason: reason.clone(), at });
                }
            }
            Event::GateEnded { gate, decision, reason } => {
                self.supersede(|owner| owner.gate() == Some(*gate));
                if let Some(gate) = self.gates.get_mut(gate.index()) {
                    gate.decision = Some(*decision);
                    gate.reason.clone_from(reason);
                    gate.ended_at = Some(at);
                }
            }
            Event::Restarted { gate, round, tasks, feedback } => self.restart(*gate, *round, tasks, feedback),
            Event::GroupEnded { group, outcome, reason } => {
                if let Some(group) = self.groups.get_mut(group.index()) {
                    group.outcome = Some(*outcome);
                    group.reason.clone_from(reason);
                    group.ended_at = Some(at);
                }
            }
            Event::CleanupStarted { group, is_finally } => self.cleanups.push((*group, *is_finally)),
            Event::StopRequested { reason, is_cancel } => {
                self.stop = Some(Stop { reason: reason.clone(), is_cancel: *is_cancel, at });
            }
            Event::RunEnded { outcome, reason } => {
                if let Some(session) = self.sessions.last_mut() {
                    session.end = Some((*outcome, reason.clone(), at));
                }
            }
        }
    }

    /// A new session begins: what succeeded or was skipped stays, and gates that said go; all else waits again.
    fn begin_again(&mut self) {
        let has_only_cleanup_left = self.has_only_cleanup_left();
        self.stop = None;
        self.supersede(|_| true);
        for (task, progress) in self.plan.tasks.iter().zip(&mut self.tasks) {
            if task.step.is_some() && !progress.is_done() {
                progress.wait_again();
            }
        }
        for gate in &mut self.gates {
            if !gate.is_passed() {
                gate.reset();
            }
        }
        for group in &mut self.groups {
            if !matches!(group.outcome, Some(Outcome::Succeeded | Outcome::Skipped)) {
                group.outcome = None;
                group.ended_at = None;
                group.reason.clear();
            }
        }
        // A cleanup belongs to the end that it followed.
        for (task, progress) in self.plan.tasks.iter().zip(&mut self.tasks) {
            if task.step.is_none() && !(has_only_cleanup_left && progress.is_done()) {
                progress.wait_again();
            }
        }
        if !has_only_cleanup_left {
            self.cleanups.clear();
        }
        self.preflight.fill(None);
    }

    /// Whether the last session died when the plan itself had come to a good end: inside its `finally`, then, and what is
    /// done of that stays done.
    pub fn has_only_cleanup_left(&self) -> bool {
        let is_good =
            |group: &GroupProgress| matches!(group.outcome, Some(Outcome::Succeeded | Outcome::Skipped));
        self.sessions.last().is_some_and(|session| session.end.is_none())
            && self.groups.first().is_some_and(is_good)
            && self.gates.iter().all(GateProgress::is_passed)
            && self.plan.tasks.iter().zip(&self.tasks).all(|(task, it)| task.step.is_none() || it.is_done())
    }

    fn attempt_starting(&mut self, id: TaskId, number: u32, at: Timestamp) {
        let session = self.sessions.last().map_or(0, |session| session.number);
        let criteria = self.plan.tasks.get(id.index()).map_or(0, |task| task.success.len());
        if let Some(task) = self.tasks.get_mut(id.index()) {
            task.state = TaskState::Starting;
            task.retry = None;
            task.reason.clear();
            task.ended_at = None;
            // An attempt goes on in the tree of the one before it, unless it gets one of its own.
            let tree = task
                .attempts
                .last()
                .filter(|before| before.session == session)
                .and_then(|before| before.tree.clone());
            // Most tasks have one: room for four would be most of what a long run keeps in memory.
            task.attempts.reserve_exact(1);
            task.attempts.push(Attempt {
                number,
                session,
                starting_at: at,
                running_at: None,
                pid: None,
                end: None,
                ended_at: None,
                milliseconds: None,
                usage: Usage::default(),
                agent_session: None,
                checks: vec![None; criteria],
                tree,
                commit: None,
                is_merged: false,
                conflict: None,
            });
        }
    }

    fn attempt_mut(&mut self, task: TaskId, number: u32) -> Option<&mut Attempt> {
        self.tasks.get_mut(task.index())?.attempt_mut(number)
    }

    /// A no-go sends a stretch back: its tasks, the gates and the groups in it wait again.
    fn restart(&mut self, gate: GateId, round: u32, tasks: &[TaskId], feedback: &str) {
        for id in tasks {
            if let Some(task) = self.tasks.get_mut(id.index()) {
                task.wait_again();
                task.outputs.fill(None);
                feedback.clone_into(&mut task.feedback);
            }
        }
        let (groups, gates) = stretch(&self.plan, gate);
        for id in groups {
            let group = &mut self.groups[id.index()];
            // It began when it began, whether or not it is entered once more.
            let started_at = group.started_at;
            group.reset();
            group.started_at = started_at;
        }
        for &id in &gates {
            self.gates[id.index()].reset();
        }
        self.supersede(|owner| owner.gate().is_some_and(|gate| gates.contains(&gate)));
        if let Some(progress) = self.gates.get_mut(gate.index()) {
            progress.reset();
            progress.rounds = round;
        }
    }

    /// A resume goes on with an attempt of which only a person's word was missing.
    fn go_on_checking(&mut self, owner: CheckOwner) {
        if let CheckOwner::Task(task, _) = owner
            && let Some(task) = self.tasks.get_mut(task.index())
            && task.state == TaskState::Waiting
        {
            task.state = TaskState::Checking;
        }
    }

    /// No answer counts any more to the open questions that `is_over` picks.
    fn supersede(&mut self, is_over: impl Fn(ApprovalOwner) -> bool) {
        for approval in &mut self.approvals {
            approval.is_superseded |= approval.answer.is_none() && is_over(approval.owner);
        }
    }

    fn checks_mut(&mut self, owner: CheckOwner) -> Option<&mut Vec<Option<CheckResult>>> {
        match owner {
            CheckOwner::Preflight => Some(&mut self.preflight),
            CheckOwner::Task(task, number) => {
                self.tasks.get_mut(task.index())?.attempt_mut(number).map(|attempt| &mut attempt.checks)
            }
            CheckOwner::Group(group) => self.groups.get_mut(group.index()).map(|group| &mut group.checks),
            CheckOwner::Gate(gate) => self.gates.get_mut(gate.index()).map(|gate| &mut gate.checks),
        }
    }
}

impl TaskProgress {
    fn attempt_mut(&mut self, number: u32) -> Option<&mut Attempt> {
        self.attempts.iter_mut().rfind(|attempt| attempt.number == number)
    }

    fn wait_again(&mut self) {
        self.state = TaskState::Waiting;
        self.reason.clear();
        self.ended_at = None;
        self.retry = None;
    }
}

impl GroupProgress {
    fn reset(&mut self) {
        let criteria = self.checks.len();
        *self = GroupProgress { checks: vec![None; criteria], ..GroupProgress::default() };
    }
}

impl GateProgress {
    fn reset(&mut self) {
        *self = GateProgress {
            checks: vec![None; self.checks.len()],
            rounds: self.rounds,
            ..GateProgress::default()
        };
    }
}

/// What a gate's `retry` sends back, itself included: the wave that it closes, or the item before it in a
/// sequence; the groups and the gates in there.
fn stretch(plan: &Plan, gate: GateId) -> (Vec<GroupId>, Vec<GateId>) {
    let mut groups = Vec::new();
    let mut gates = vec![gate];
    let Some(group) = plan.gates.get(gate.index()).map(|gate| gate.group) else {
        return (groups, Vec::new());
    };
    let is_sequence = matches!(plan.group(group).kind, GroupKind::Plan | GroupKind::Serial);
    let items = &plan.group(group).items;
    let place = items.iter().position(|item| *item == Item::Gate(gate)).unwrap_or(items.len());
    let mut stack: Vec<Item> = if is_sequence {
        place.checked_sub(1).map(|before| items[before]).into_iter().collect()
    } else {
        groups.push(group);
        items.clone()
    };
    while let Some(item) = stack.pop() {
        match item {
            Item::Group(group) => {
                groups.push(group);
                stack.extend(&plan.group(group).items);
            }
            Item::Gate(gate) if !gates.contains(&gate) => gates.push(gate),
            Item::Gate(_) | Item::Task(_) => {}
        }
    }
    (groups, gates)
}
