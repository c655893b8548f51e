//! Gates: judged when what stands before them is done; go, or what their `on no-go` says.

use super::criteria::Tested;
use super::dispatch::{Dispatcher, Hurry};
use crate::event::{Answer, ApprovalOwner, CheckOwner, Decision, Event, Outcome, Verdict};
use crate::plan::{Criterion, GateId, OnNoGo, StepId, StepKind, TaskId};
use crate::schedule::Passage;

/// The verdicts of an owner's criteria, taken together.
pub(super) struct Judged {
    /// The worst of them.
    pub verdict: Verdict,
    /// What did not pass and why, on one line.
    pub reason: String,
    /// The same with all the evidence, for whoever has to mend it.
    pub details: String,
    /// What was said of a quota for want of which something was not judged, where nothing failed.
    pub quota: Option<String>,
}

impl Judged {
    pub fn of(criteria: &[Criterion], results: &[Option<Tested>]) -> Judged {
        let gravity = |verdict| match verdict {
            Verdict::Pass => 0,
            Verdict::NotRun => 1,
            Verdict::Blocked => 2,
            Verdict::Fail => 3,
        };
        let mut judged =
            Judged { verdict: Verdict::Pass, reason: String::new(), details: String::new(), quota: None };
        for (criterion, result) in criteria.iter().zip(results) {
            let not_run = Tested::new(Verdict::NotRun, "");
            let Tested { verdict, evidence, output, .. } = result.as_ref().unwrap_or(&not_run);
            if gravity(*verdict) > gravity(judged.verdict) {
                judged.verdict = *verdict;
            }
            let what = match verdict {
                Verdict::Pass => continue,
                Verdict::Fail => "does not hold",
                Verdict::Blocked => "could not be tested",
                Verdict::NotRun => "was not tested",
            };
            let title = &criterion.title;
            let first = evidence.lines().next().unwrap_or_default();
            let colon = if evidence.is_empty() { "" } else { ": " };
            if *verdict != Verdict::NotRun {
                let semicolon = if judged.reason.is_empty() { "" } else { "; " };
                judged.reason.push_str(&format!("{semicolon}`{title}` {what}{colon}{first}"));
            }
            let all = if output.is_empty() { evidence.clone() } else { format!("{first}\n{output}") };
            judged.details.push_str(&format!("- `{title}` {what}{colon}{}\n", all.replace('\n', "\n      ")));
        }
        if judged.verdict == Verdict::Blocked {
            let spent = results.iter().flatten().find(|it| it.spent.is_some());
            judged.quota = spent.map(|it| it.evidence.clone());
        }
        judged
    }

    pub fn is_pass(&self) -> bool {
        self.verdict == Verdict::Pass
    }

    /// Whether nothing failed, but not all was tested.
    pub fn is_undecided(&self) -> bool {
        self.verdict == Verdict::NotRun
    }
}

impl Dispatcher<'_> {
    pub fn start_gate(&mut self, gate: GateId) {
        self.events.push(Event::GateStarted { gate });
        self.start_judging(CheckOwner::Gate(gate), Vec::new());
    }

    /// The gate's checks have their verdicts.
    pub fn gate_judged(&mut self, gate: GateId, judged: Judged, is_cancelled: bool) {
        if is_cancelled || judged.is_undecided() {
            return self.gate_abandoned(gate);
        }
        if let Some(reason) = judged.quota {
            self.parked.push(format!("the gate `{}`: {reason}", self.plan.gate(gate).name));
            self.events.push(Event::GateEnded { gate, decision: Decision::NotRun, reason });
            return self.schedule.finish(self.gate_step(gate), Outcome::NotRun);
        }
        match judged.verdict {
            Verdict::Pass | Verdict::NotRun => self.ask_gate(gate, 0),
            Verdict::Fail => self.no_go(gate, Decision::NoGo, judged.reason, &judged.details),
            Verdict::Blocked => self.no_go(gate, Decision::Blocked, judged.reason, &judged.details),
        }
    }

    /// Asks for the next approval, or lets the run go on.
    fn ask_gate(&mut self, gate: GateId, index: u32) {
        let approval = self.plan.gate(gate).approvals.get(index as usize).cloned();
        match approval {
            None => self.go(gate),
            Some(_) if self.hurry > Hurry::None => self.gate_abandoned(gate),
            Some(approval) => {
                if let Err(reason) = self.ask_approval(ApprovalOwner::Gate(gate), index, &approval) {
                    self.no_go(gate, Decision::Blocked, reason.clone(), &format!("- {reason}\n"));
                }
            }
        }
    }

    pub fn gate_answered(&mut self, gate: GateId, index: u32, answer: Answer, no: String) {
        match answer {
            Answer::Approved => self.ask_gate(gate, index + 1),
            Answer::Rejected => {
                let details = format!("- {no}\n");
                self.no_go(gate, Decision::NoGo, no, &details);
            }
        }
    }

    fn go(&mut self, gate: GateId) {
        self.events.push(Event::GateEnded { gate, decision: Decision::Go, reason: String::new() });
        self.schedule.pass(self.gate_step(gate), Passage::Open);
    }

    fn no_go(&mut self, gate: GateId, decision: Decision, reason: String, details: &str) {
        let step = self.gate_step(gate);
        let name = self.plan.gate(gate).name.clone();
        let failure = format!("the gate `{name}` said no-go: {reason}");
        self.events.push(Event::GateEnded { gate, decision, reason });
        match self.plan.gate(gate).on_no_go {
            OnNoGo::Continue => {
                self.failures.push(failure);
                self.schedule.pass(step, Passage::Open);
            }
            OnNoGo::SkipTo(target) => {
                self.failures.push(failure);
                self.schedule.pass(step, Passage::SkipTo(target));
            }
            OnNoGo::Retry(times) if self.rounds[gate.index()] < times && self.hurry == Hurry::None => {
                self.rounds[gate.index()] += 1;
                self.again(gate, step, details);
            }
            OnNoGo::Stop | OnNoGo::Retry(_) => {
                self.failures.push(failure);
                self.schedule.pass(step, Passage::Closed);
                self.stop(Hurry::Stop, &format!("the gate `{name}` said no-go"));
            }
        }
    }

    /// The stretch before the gate runs again, told why.
    fn again(&mut self, gate: GateId, step: StepId, details: &str) {
        let stretch = self.schedule.pass(step, Passage::Again);
        let tasks: Vec<TaskId> = stretch
            .into_iter()
            .filter_map(|step| match self.plan.step(step).kind {
                StepKind::Task(task) => Some(task),
                _ => None,
            })
            .collect();
        let title = &self.plan.gate(gate).title;
        let question = if title.is_empty() { String::new() } else { format!(" \"{title}\"") };
        let feedback = format!(
            "## Why this runs again\n\nThe gate `{}`{question} said no-go after the last round:\n\n{details}",
            self.plan.gate(gate).name
        );
        for task in &tasks {
            self.begin_round(*task, &feedback);
        }
        let round = self.rounds[gate.index()];
        self.events.push(Event::Restarted { gate, round, tasks, feedback });
    }

    /// The run stops before the gate is decided.
    pub fn gate_abandoned(&mut self, gate: GateId) {
        self.is_cut = true;
        let reason = format!("the run stopped before it was decided: {}", self.stop_reason());
        self.events.push(Event::GateEnded { gate, decision: Decision::NotRun, reason });
        self.schedule.finish(self.gate_step(gate), Outcome::NotRun);
    }

    /// The gate was never reached, or left out.
    pub fn gate_not_judged(&mut self, gate: GateId, outcome: Outcome, cause: Option<StepId>) {
        if self.is_known_gate(gate) {
            return;
        }
        let reason = match &self.plan.gate(gate).left_out {
            Some(why) if cause.is_none() => why.clone(),
            _ => self.because(outcome, cause),
        };
        let decision = if outcome == Outcome::Skipped { Decision::Skipped } else { Decision::NotRun };
        self.events.push(Event::GateEnded { gate, decision, reason });
    }
}
