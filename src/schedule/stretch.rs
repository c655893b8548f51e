//! The stretches of a plan that a no-go starts over or leaves out.
//!
//! Walks the order; the transitions themselves are the machine's.

use super::{AnyState, Outcome, Schedule, Skip, State, shape::NONE};
use crate::plan::{GroupId, GroupKind, Item, Need, NeedSource, StepId, StepKind};

impl Schedule {
    /// A no-go with `retry`: the stretch before the gate, and the gate itself, wait again. Gives its steps.
    pub(super) fn start_over(&mut self, gate: StepId) -> Vec<StepId> {
        assert!(
            self.states[gate.index()] == State::Running,
            "BUG: only a running gate can say again: {gate:?}"
        );
        // What was meant to come is over now, and comes again.
        self.let_go();
        let mut stretch = self.stretch(gate);
        stretch.retain(|step| matches!(self.states[step.index()], State::Ended(_)));
        stretch.push(gate);
        stretch.sort_unstable();
        stretch.dedup();
        let mut affected = stretch.clone();
        for step in &stretch {
            self.set(*step, State::Waiting);
            self.causes[step.index()] = NONE;
            if let Skip::By(by) = self.skips[step.index()] {
                // Another gate's word stands; all else is found out anew.
                let is_gate = matches!(self.plan.step(by).kind, StepKind::Gate(_));
                if !is_gate || stretch.binary_search(&by).is_ok() {
                    self.skips[step.index()] = Skip::No;
                }
            }
            affected.extend(self.shape.dependents(*step).iter().map(|dependent| dependent.step));
        }
        affected.sort_unstable();
        affected.dedup();
        // What has not started and needs a step of the stretch waits with it.
        affected.retain(|step| matches!(self.states[step.index()], State::Waiting | State::Ready));
        let mut doomed = Vec::new();
        for step in &affected {
            if self.states[step.index()] == State::Ready {
                self.set(*step, State::Waiting);
            }
            doomed.push(self.recount(*step));
        }
        for (step, failed) in affected.into_iter().zip(doomed) {
            if let Some(failed) = failed {
                let cause = self.root(failed);
                self.end_unstarted(step, Outcome::NotRun, Some(cause));
            } else if self.unmet[step.index()] == 0 {
                self.promote(step);
            }
        }
        self.tell();
        stretch
    }

    /// Counts anew what a waiting step still needs. Gives the need that has already ended badly, outside of what starts
    /// over: nobody will tell of it again.
    fn recount(&mut self, step: StepId) -> Option<StepId> {
        let plan = std::sync::Arc::clone(&self.plan);
        let waiting = plan.step(step);
        if let StepKind::Leave(group) = waiting.kind {
            let mut needed = self.shape.members[group.index()].clone();
            needed.extend(waiting.needs.iter().flat_map(Need::steps));
            needed.sort_unstable();
            needed.dedup();
            needed.retain(|step| !matches!(self.states[step.index()], State::Ended(_)));
            self.unmet[step.index()] = needed.len() as u32;
            return None;
        }
        let mut unmet = 0;
        let mut failed = None;
        let mut any = self.shape.any_needs.partition_point(|any| any.step < step);
        for need in &waiting.needs {
            let is_met = match need {
                Need::Succeeded(needed, source) => match self.states[needed.index()] {
                    State::Ended(Outcome::Skipped) => {
                        if *source == NeedSource::Output && self.skips[step.index()] == Skip::No {
                            self.skips[step.index()] = Skip::By(*needed);
                        }
                        true
                    }
                    State::Ended(Outcome::Succeeded) => true,
                    State::Ended(_) => {
                        failed = failed.or(Some(*needed));
                        false
                    }
                    State::Waiting | State::Ready | State::Running => false,
                },
                Need::Finished(needed) => matches!(self.states[needed.index()], State::Ended(_)),
                Need::AnySucceeded(needed) => {
                    let mut state = AnyState { open: needed.len() as u32, ..AnyState::default() };
                    for needed in needed {
                        if let State::Ended(outcome) = self.states[needed.index()] {
                            state.hear(outcome);
                        }
                    }
                    self.any_needs[any] = state;
                    any += 1;
                    if !state.is_met && state.open == 0 {
                        failed = failed.or(needed.last().copied());
                    }
                    state.is_met
                }
            };
            unmet += u32::from(!is_met);
        }
        self.unmet[step.index()] = unmet;
        failed
    }

    /// The steps that a gate starts over: of its wave or block all but the `Enter`, in a sequence those of the item
    /// before it.
    fn stretch(&self, gate: StepId) -> Vec<StepId> {
        let plan = &self.plan;
        let id = plan.step(gate).group;
        let group = plan.group(id);
        let is_set = matches!(group.kind, GroupKind::Wave | GroupKind::Parallel);
        let is_gate = |item: &Item| matches!(item, Item::Gate(_));
        let place = match plan.step(gate).kind {
            StepKind::Gate(gate) => group.items.iter().position(|item| *item == Item::Gate(gate)),
            _ => None,
        };
        let before = &group.items[..place.unwrap_or(group.items.len())];
        // A gate right before this one was passed on the same ground, so it is judged again too.
        let from = if is_set { 0 } else { before.iter().rposition(|item| !is_gate(item)).unwrap_or(0) };
        let mut is_inside = vec![false; plan.groups.len()];
        for item in &before[from..] {
            if let Item::Group(group) = item {
                is_inside[group.index()] = true;
            }
        }
        for index in 0..plan.groups.len() {
            if let Some(parent) = plan.groups[index].parent {
                is_inside[index] |= is_inside[parent.index()];
            }
        }
        let is_of_stretch = |kind: StepKind, holder: GroupId| {
            is_inside[holder.index()]
                || match kind {
                    StepKind::Task(task) => before[from..].contains(&Item::Task(task)),
                    StepKind::Gate(gate) => before[from..].contains(&Item::Gate(gate)),
                    StepKind::Success(group) => group == id,
                    StepKind::Enter(_) | StepKind::Leave(_) => false,
                }
        };
        let in_group = |holder: GroupId| holder == id || is_inside[holder.index()];
        plan.step_ids()
            .filter(|step| in_group(plan.step(*step).group))
            .filter(|step| is_of_stretch(plan.step(*step).kind, plan.step(*step).group))
            .collect()
    }

    /// The work that stands behind `gate` and before `target` in the order and has not started.
    pub(super) fn between(&self, gate: StepId, target: StepId) -> Vec<StepId> {
        let is_over = |step: StepId| matches!(self.states[step.index()], State::Ended(_));
        let mut is_behind = vec![false; self.states.len()];
        let mut open = vec![gate];
        while let Some(step) = open.pop() {
            for dependent in self.shape.dependents(step) {
                if !is_over(dependent.step)
                    && !std::mem::replace(&mut is_behind[dependent.step.index()], true)
                {
                    open.push(dependent.step);
                }
            }
        }
        let mut is_before = vec![false; self.states.len()];
        open.push(target);
        while let Some(step) = open.pop() {
            let members = match self.plan.step(step).kind {
                StepKind::Leave(group) => &self.shape.members[group.index()][..],
                _ => &[],
            };
            let named = self.plan.step(step).needs.iter().flat_map(Need::steps);
            for needed in named.chain(members.iter().copied()) {
                if !is_over(needed) && !std::mem::replace(&mut is_before[needed.index()], true) {
                    open.push(needed);
                }
            }
        }
        let is_work =
            |step: &StepId| !matches!(self.plan.step(*step).kind, StepKind::Enter(_) | StepKind::Leave(_));
        let waits = |step: &StepId| matches!(self.states[step.index()], State::Waiting | State::Ready);
        self.plan
            .step_ids()
            .filter(|step| is_behind[step.index()] && is_before[step.index()])
            .filter(|step| is_work(step) && waits(step))
            .collect()
    }
}
