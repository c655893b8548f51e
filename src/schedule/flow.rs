//! Who handed its capacities to whom in one schedule: the edges that the limits add to the order.
//!
//! As long as every task waits for those whose units it took over, no capacity is ever exceeded, however long tasks
//! take: so slack that keeps these edges is slack that one really has.

use super::clock::Watcher;
use super::shape::{NONE, Shape};
use crate::plan::StepId;
use std::collections::VecDeque;

/// The hand-overs of one schedule.
pub(super) struct Flow<'s> {
    shape: &'s Shape,
    /// The run's workers, then the capacities: units that lie idle and who left them there, the longest idle first.
    idle: Vec<VecDeque<(u32, u32)>>,
    /// By lock of a task whose claims overlap with others', whether it has ended.
    has_ended: Vec<u32>,
    /// From whom units went to whom, in the order of the takers' starts.
    handovers: Vec<StepId>,
    /// By step, where its own begin and end.
    range: Vec<(u32, u32)>,
}

impl<'s> Flow<'s> {
    pub fn new(shape: &'s Shape) -> Flow<'s> {
        let mut flow = Flow {
            shape,
            idle: vec![VecDeque::new(); shape.capacities.len() + 1],
            has_ended: Vec::new(),
            handovers: Vec::new(),
            range: Vec::new(),
        };
        flow.clear();
        flow
    }

    /// Back to where nothing has started; keeps its memory.
    pub fn clear(&mut self) {
        let amounts = self.shape.capacities.iter().map(|capacity| capacity.amount);
        for (idle, amount) in self.idle.iter_mut().zip(std::iter::once(self.shape.workers).chain(amounts)) {
            idle.clear();
            idle.push_back((NONE, amount));
        }
        self.has_ended.clear();
        self.has_ended.resize(self.shape.capacities.len(), NONE);
        self.handovers.clear();
        self.range.clear();
        self.range.resize(self.shape.needs.len(), (0, 0));
    }

    /// The tasks whose units `step` took over.
    pub fn before(&self, step: StepId) -> &[StepId] {
        let (from, to) = self.range[step.index()];
        &self.handovers[from as usize..to as usize]
    }

    fn take(&mut self, capacity: usize, mut amount: u32) {
        while amount > 0 {
            let Some((owner, units)) = self.idle[capacity].front_mut() else { break };
            let taken = amount.min(*units);
            amount -= taken;
            *units -= taken;
            let owner = *owner;
            if self.idle[capacity].front().is_some_and(|(_, units)| *units == 0) {
                self.idle[capacity].pop_front();
            }
            if owner != NONE {
                self.handovers.push(StepId(owner));
            }
        }
    }
}

impl Watcher for Flow<'_> {
    fn starts(&mut self, step: StepId) {
        let from = self.handovers.len() as u32;
        let class = &self.shape.classes[self.shape.class_of[step.index()] as usize];
        if self.shape.workers != u32::MAX {
            self.take(0, 1);
        }
        for (capacity, amount) in &class.takes {
            self.take(*capacity as usize + 1, *amount);
        }
        let ended =
            class.other_locks.iter().map(|lock| self.has_ended[*lock as usize]).filter(|end| *end != NONE);
        self.handovers.extend(ended.map(StepId));
        self.range[step.index()] = (from, self.handovers.len() as u32);
    }

    fn ends(&mut self, step: StepId) {
        let class = &self.shape.classes[self.shape.class_of[step.index()] as usize];
        if self.shape.workers != u32::MAX {
            self.idle[0].push_back((step.0, 1));
        }
        for (capacity, amount) in &class.takes {
            self.idle[*capacity as usize + 1].push_back((step.0, *amount));
        }
        if let Some(lock) = class.own_lock {
            self.has_ended[lock as usize] = step.0;
        }
    }
}
