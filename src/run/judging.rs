//! Criteria of every owner (preflight, task, group, gate), and questions to people.
//!
//! What wavec can test itself is tested first, one after another; only when all of that has passed are people asked for the
//! rest. What follows from the verdicts is the owner's.

use super::criteria::{Subject, Tested};
use super::dispatch::{Dispatcher, Effect, Hurry};
use super::gates::Judged;
use super::timers::{Timer, TimerId};
use super::words;
use crate::backend::Urgency;
use crate::event::{Answer, ApprovalOwner, AttemptEnd, CheckOwner, Event, Outcome, Verdict};
use crate::plan::{Approval, Criterion, GroupId, Isolation, Plan, TaskId, Test};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Who answers when nobody does.
const TIMEOUT: &str = "timeout";

/// The criteria of an owner that are being tested.
pub(super) struct Judging {
    pub cancel: watch::Sender<Urgency>,
    /// By place; none while not tested.
    pub results: Vec<Option<Tested>>,
    /// Those that a person is to be asked for.
    manual: VecDeque<u32>,
    is_testing: bool,
    is_cancelled: bool,
}

/// An open question to a person.
pub(super) struct Question {
    pub owner: ApprovalOwner,
    pub index: u32,
    /// The end of the time to answer, and whether silence is a yes.
    pub deadline: Option<(TimerId, Duration, bool)>,
}

/// What a person has said.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub answer: Answer,
    pub by: String,
    pub reason: String,
}

/// The criteria of an owner.
pub(super) fn criteria(plan: &Plan, owner: CheckOwner) -> &[Criterion] {
    match owner {
        CheckOwner::Preflight => &plan.preflight,
        CheckOwner::Task(task, _) => &plan.task(task).success,
        CheckOwner::Group(group) => &plan.group(group).success,
        CheckOwner::Gate(gate) => &plan.gate(gate).checks,
    }
}

/// One of them.
pub(super) fn criterion(plan: &Plan, owner: CheckOwner, index: u32) -> Option<&Criterion> {
    criteria(plan, owner).get(index as usize)
}

impl Dispatcher {
    /// Begins to test an owner's criteria. `known`: what an earlier session has found out, by place.
    pub fn start_judging(&mut self, owner: CheckOwner, known: Vec<Option<Tested>>) {
        let plan = Arc::clone(&self.plan);
        let all = criteria(&plan, owner);
        let (cancel, receiver) = watch::channel(Urgency::None);
        let mut results = known;
        results.resize(all.len(), None);
        let open = |index: &u32| results[*index as usize].is_none();
        let is_manual = |index: &u32| matches!(all[*index as usize].test, Test::Manual);
        let places = 0..all.len() as u32;
        let manual: VecDeque<u32> = places.clone().filter(open).filter(is_manual).collect();
        let testable: Vec<u32> = places.filter(open).filter(|index| !is_manual(index)).collect();
        let is_testing = !testable.is_empty();
        if is_testing {
            let environment = match owner {
                CheckOwner::Preflight => self.context.group_environment(GroupId(0), &self.outputs),
                CheckOwner::Task(task, attempt) => {
                    self.context.task_environment(task, attempt, &self.outputs)
                }
                CheckOwner::Group(group) => self.context.group_environment(group, &self.outputs),
                CheckOwner::Gate(gate) => {
                    self.context.group_environment(self.plan.gate(gate).group, &self.outputs)
                }
            };
            let own = match owner {
                CheckOwner::Task(task, _) => self.tasks[task.index()].tree.clone(),
                _ => None,
            };
            let is_shared = matches!(owner, CheckOwner::Task(task, _)
                if self.plan.task(task).isolation == Isolation::Shared);
            let (directory, tree) = match own {
                Some(tree) => (tree.directory, None),
                None if is_shared => (self.context.directory.clone(), None),
                None => (self.context.directory.clone(), self.tip_tree(owner)),
            };
            let subject = Subject {
                context: Arc::clone(&self.context),
                owner,
                outputs: Arc::clone(&self.outputs),
                environment,
                cancel: receiver,
                directory,
                tree,
                trouble: None,
            };
            self.effects.push(Effect::Test(Box::new(subject), testable));
        }
        self.judgings.insert(owner, Judging { cancel, results, manual, is_testing, is_cancelled: false });
        if !is_testing {
            self.ask_next(owner);
        }
    }

    /// A criterion was tested.
    pub fn checked(&mut self, owner: CheckOwner, index: u32, tested: Tested, took: Duration) {
        if let Some(driver) = &tested.spent {
            self.schedule.park_driver(driver);
        }
        self.events.push(Event::CheckEnded {
            owner,
            index,
            verdict: tested.verdict,
            evidence: tested.evidence.clone(),
            milliseconds: super::attempt::milliseconds(took),
            usage: tested.usage,
        });
        self.spent_on(owner, index, tested.usage);
        if let Some(result) = self.judgings.get_mut(&owner).and_then(|it| it.results.get_mut(index as usize))
        {
            *result = Some(tested);
        }
    }

    /// All that can be tested was.
    pub fn tests_over(&mut self, owner: CheckOwner) {
        let Some(judging) = self.judgings.get_mut(&owner) else { return };
        judging.is_testing = false;
        self.ask_next(owner);
    }

    /// Asks a person for the next criterion that only a person can judge, or ends the judging.
    fn ask_next(&mut self, owner: CheckOwner) {
        let is_stopping = self.hurry > Hurry::None && !self.is_cleanup(owner);
        let Some(judging) = self.judgings.get_mut(&owner) else { return };
        let is_bad = |result: &Option<Tested>| result.as_ref().is_some_and(|it| it.verdict != Verdict::Pass);
        let has_failed = judging.results.iter().any(is_bad);
        let is_dropped = judging.is_cancelled || is_stopping;
        match judging.manual.pop_front() {
            None => self.judging_over(owner),
            Some(index) if has_failed || is_dropped => {
                let evidence = if is_dropped { "the run stopped" } else { "the others did not all pass" };
                let tested = Tested::new(Verdict::NotRun, format!("nobody was asked: {evidence}"));
                self.checked(owner, index, tested, Duration::ZERO);
                self.ask_next(owner);
            }
            Some(index) => {
                let question =
                    criterion(&self.plan, owner, index).map(|it| it.title.clone()).unwrap_or_default();
                self.ask(ApprovalOwner::Check(owner), index, question, None);
            }
        }
    }

    /// Every criterion of the owner has its verdict.
    fn judging_over(&mut self, owner: CheckOwner) {
        let Some(judging) = self.judgings.remove(&owner) else { return };
        let judged = Judged::of(criteria(&self.plan, owner), &judging.results);
        match owner {
            CheckOwner::Preflight => {
                self.has_failed_preflight = !judged.is_pass();
                if !judged.is_pass() && self.hurry == Hurry::None {
                    self.failures.push(format!("preflight: {}", judged.reason));
                    self.stop(Hurry::Stop, "the preflight did not pass");
                }
            }
            CheckOwner::Task(task, _) => {
                if judging.is_cancelled || judged.is_undecided() {
                    let reason = self.stop_reason();
                    self.end_task(task, Outcome::Cancelled, &reason);
                } else if judged.is_pass() {
                    self.task_passed(task);
                } else if let Some(reason) = judged.quota {
                    self.parked.push(format!("`{}`: {reason}", self.plan.task(task).name));
                    self.end_task(task, Outcome::Parked, &reason);
                } else {
                    self.tasks[task.index()].details = judged.details;
                    self.attempt_failed(task, &judged.reason, None);
                }
            }
            CheckOwner::Group(group) => {
                let step = self.success_step(group);
                if judged.is_pass() {
                    return self.schedule.finish(step, Outcome::Succeeded);
                }
                if judging.is_cancelled || judged.is_undecided() {
                    self.is_cut = true;
                    return self.schedule.finish(step, Outcome::NotRun);
                }
                let name = self.plan.group(group).name.clone();
                if let Some(reason) = judged.quota {
                    self.parked.push(format!("`{name}`: {reason}"));
                    return self.schedule.finish(step, Outcome::NotRun);
                }
                self.failures.push(format!("`{name}`: {}", judged.reason));
                self.schedule.finish(step, Outcome::Failed);
                let on_failure = self.plan.group(group).on_failure;
                self.policy(on_failure, &format!("the criteria of `{name}` did not all pass"));
            }
            CheckOwner::Gate(gate) => self.gate_judged(gate, judged, judging.is_cancelled),
        }
    }

    /// Asks a person. The answer may have come before the question, from an earlier session.
    pub fn ask(
        &mut self,
        owner: ApprovalOwner,
        index: u32,
        question: String,
        within: Option<(Duration, bool)>,
    ) {
        let deadline = within
            .map(|(within, is_yes)| (self.timers.add(within, Timer::Deadline(owner, index)), within, is_yes));
        let milliseconds = within.map(|(within, _)| super::attempt::milliseconds(within));
        self.events.push(Event::ApprovalAsked {
            owner,
            index,
            question: self.context.mask(&question),
            deadline: milliseconds.map(|it| self.now().saturating_add(i64::try_from(it).unwrap_or(i64::MAX))),
        });
        self.questions.push(Question { owner, index, deadline });
        let is_first = self.asked.insert((owner, index));
        let early = self.early.iter().position(|(of, place, _)| (*of, *place) == (owner, index));
        if let Some(early) = early {
            let (_, _, said) = self.early.remove(early);
            if is_first {
                self.answer(owner, index, said);
            }
        }
    }

    /// Asks for an approval of a gate or a task.
    pub fn ask_approval(
        &mut self,
        owner: ApprovalOwner,
        index: u32,
        approval: &Approval,
    ) -> Result<(), String> {
        let question = self.context.fill(&approval.question, &self.outputs)?;
        self.ask(owner, index, question, approval.within.map(|within| (within, approval.otherwise_continue)));
        Ok(())
    }

    /// A person has answered.
    pub fn answer(&mut self, owner: ApprovalOwner, index: u32, said: Said) {
        let place = self.questions.iter().position(|it| (it.owner, it.index) == (owner, index));
        let Some(place) = place else {
            // Asked and answered already, or yet to be asked.
            if !self.asked.contains(&(owner, index)) {
                self.early.push((owner, index, said));
            }
            return;
        };
        let question = self.questions.remove(place);
        if let Some((timer, _, _)) = question.deadline {
            self.timers.remove(timer);
        }
        let Said { answer, by, reason } = said;
        self.events.push(Event::ApprovalAnswered {
            owner,
            index,
            answer,
            by: by.clone(),
            reason: reason.clone(),
        });
        let no = match (by.as_str(), reason.as_str()) {
            (TIMEOUT, reason) => reason.to_owned(),
            (by, "") => format!("{by} said no"),
            (by, reason) => format!("{by} said no: {reason}"),
        };
        match owner {
            ApprovalOwner::Task(task) => self.approval_over(
                task,
                match answer {
                    Answer::Approved => AttemptEnd::Done,
                    Answer::Rejected => AttemptEnd::Rejected { reason: no },
                },
            ),
            ApprovalOwner::Gate(gate) => self.gate_answered(gate, index, answer, no),
            ApprovalOwner::Check(owner) => {
                let tested = match answer {
                    Answer::Approved if reason.is_empty() => {
                        Tested::new(Verdict::Pass, format!("{by} said yes"))
                    }
                    Answer::Approved => Tested::new(Verdict::Pass, format!("{by} said yes: {reason}")),
                    Answer::Rejected => Tested::new(Verdict::Fail, no),
                };
                self.checked(owner, index, tested, Duration::ZERO);
                self.ask_next(owner);
            }
        }
    }

    /// The time to answer is over.
    pub fn nobody_answered(&mut self, owner: ApprovalOwner, index: u32) {
        let question = self.questions.iter().find(|it| (it.owner, it.index) == (owner, index));
        let Some(Question { deadline: Some((_, within, is_yes)), .. }) = question else { return };
        let reason = format!("nobody answered within {}", words::duration(*within));
        let answer = if *is_yes { Answer::Approved } else { Answer::Rejected };
        self.answer(owner, index, Said { answer, by: TIMEOUT.into(), reason });
    }

    /// What the next attempt is told of this one.
    pub fn feedback_of(&self, task: TaskId, reason: &str) -> String {
        let life = &self.tasks[task.index()];
        let mut text =
            format!("## What went wrong before\n\nAttempt {} of this task failed: {reason}\n", life.attempt);
        if !life.details.is_empty() {
            text.push_str(&format!(
                "\nThe criteria that did not pass, with what they printed:\n\n{}",
                life.details
            ));
        }
        if !life.last_lines.is_empty() {
            text.push_str("\nThe last lines of its output:\n\n");
            for line in life.last_lines.lines() {
                text.push_str(&format!("    {line}\n"));
            }
        }
        text
    }

    /// Takes back the questions and tests that a run which stops does not wait for.
    pub fn drop_questions(&mut self) {
        let open: Vec<(ApprovalOwner, u32)> = self.questions.iter().map(|it| (it.owner, it.index)).collect();
        for (owner, index) in open {
            let is_kept = match owner {
                ApprovalOwner::Task(task) => self.is_cleanup(CheckOwner::Task(task, 0)),
                ApprovalOwner::Check(owner) => self.is_cleanup(owner),
                ApprovalOwner::Gate(_) => false,
            };
            if is_kept && self.hurry < Hurry::Cancel {
                continue;
            }
            self.drop_question(owner, index);
            match owner {
                ApprovalOwner::Task(task) => self.approval_over(task, AttemptEnd::Cancelled),
                ApprovalOwner::Gate(gate) => self.gate_abandoned(gate),
                ApprovalOwner::Check(owner) => {
                    if let Some(judging) = self.judgings.get_mut(&owner) {
                        judging.manual.push_front(index);
                        judging.is_cancelled = true;
                    }
                    self.ask_next(owner);
                }
            }
        }
    }

    fn drop_question(&mut self, owner: ApprovalOwner, index: u32) {
        if let Some(place) = self.questions.iter().position(|it| (it.owner, it.index) == (owner, index)) {
            let question = self.questions.remove(place);
            if let Some((timer, _, _)) = question.deadline {
                self.timers.remove(timer);
            }
        }
    }

    /// Ends tests sooner.
    pub fn hurry_judgings(&mut self, urgency: Urgency) {
        for judging in self.judgings.values_mut() {
            judging.is_cancelled = true;
            self.effects.push(Effect::Hurry(judging.cancel.clone(), urgency));
        }
    }

    /// Whether anything is being tested.
    pub fn is_testing(&self) -> bool {
        self.judgings.values().any(|judging| judging.is_testing)
    }

    /// Whether the owner is a rollback or `finally` task.
    fn is_cleanup(&self, owner: CheckOwner) -> bool {
        matches!(owner, CheckOwner::Task(task, _) if self.plan.task(task).step.is_none())
    }
}
