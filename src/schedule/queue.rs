//! The tasks that may start as far as the order goes, and the capacities that hold them back.
//!
//! Tasks that compete for the same things stand in one line, the most urgent first. A line whose head is held back by
//! a capacity is parked on it and costs nothing until that capacity frees; so one take costs what changed, not what
//! waits. It does not know the order of the plan nor how tasks end.

use super::shape::{CapacitySource, Order, Shape};
use crate::plan::StepId;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

/// Rank and line.
type Entry = Reverse<(u32, u32)>;

/// The ready queue of a schedule.
#[derive(Clone)]
pub(super) struct Queue {
    order: Arc<Order>,
    /// Workers of the run that are free.
    workers: u32,
    /// By capacity, how much of it is free.
    free: Vec<u32>,
    /// By capacity, the lines that it holds back.
    parked: Vec<BinaryHeap<Entry>>,
    /// By class.
    lines: Vec<Line>,
    /// The lines whose head may be able to start.
    candidates: BinaryHeap<Entry>,
    /// By driver, whether its quota is spent.
    spent: Vec<bool>,
}

/// The ready tasks of one class.
#[derive(Clone)]
struct Line {
    /// Their ranks. Some may not be ready any more; they are dropped when they come up.
    heap: BinaryHeap<Reverse<u32>>,
    place: Place,
    /// The rank under which it was last entered into candidates or parked; older entries are stale.
    key: u32,
    /// The capacity whose freeing made it a candidate, which then has not yet offered itself to the next.
    woken_by: Option<u32>,
}

/// Where a line is. In life order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Nobody stands in it.
    Empty,
    /// Its head may be able to start.
    Candidate,
    /// The capacity lacks for its head.
    Parked(u32),
    /// The quota of its driver is spent.
    Held,
}

impl Queue {
    pub fn new(shape: &Shape, order: Arc<Order>) -> Queue {
        let line = Line { heap: BinaryHeap::new(), place: Place::Empty, key: 0, woken_by: None };
        Queue {
            workers: shape.workers,
            free: shape.capacities.iter().map(|capacity| capacity.amount).collect(),
            parked: vec![BinaryHeap::new(); shape.capacities.len()],
            lines: vec![line; shape.classes.len()],
            candidates: BinaryHeap::new(),
            spent: vec![false; shape.drivers.len()],
            order,
        }
    }

    /// As it was when new; keeps its memory.
    pub fn clear(&mut self, shape: &Shape) {
        self.workers = shape.workers;
        for (free, capacity) in self.free.iter_mut().zip(&shape.capacities) {
            *free = capacity.amount;
        }
        self.parked.iter_mut().for_each(BinaryHeap::clear);
        for line in &mut self.lines {
            line.heap.clear();
            line.place = Place::Empty;
            line.woken_by = None;
        }
        self.candidates.clear();
        self.spent.fill(false);
    }

    /// Puts a ready task into its line.
    pub fn push(&mut self, shape: &Shape, step: StepId) {
        let rank = self.order.rank[step.index()];
        let class = shape.class_of[step.index()];
        let line = &mut self.lines[class as usize];
        line.heap.push(Reverse(rank));
        match line.place {
            Place::Held => {}
            Place::Empty => self.offer(class, rank),
            Place::Candidate if rank < line.key => self.offer(class, rank),
            Place::Candidate => {}
            Place::Parked(capacity) if rank < line.key => {
                if shape.classes[class as usize].amount_of(capacity) <= self.free[capacity as usize] {
                    self.offer(class, rank);
                } else {
                    line.key = rank;
                    self.parked[capacity as usize].push(Reverse((rank, class)));
                }
            }
            Place::Parked(_) => {}
        }
    }

    /// Gives the most urgent task that can start, its capacities taken. `is_ready` tells who still is.
    pub fn take(&mut self, shape: &Shape, is_ready: impl Fn(StepId) -> bool) -> Option<StepId> {
        while self.workers > 0 {
            let Reverse((rank, class)) = self.candidates.pop()?;
            let line = &self.lines[class as usize];
            if line.place != Place::Candidate || line.key != rank {
                continue;
            }
            let woken_by = self.lines[class as usize].woken_by.take();
            let taken = self.try_head(shape, class, rank, &is_ready);
            if let Some(capacity) = woken_by {
                self.wake(shape, capacity);
            }
            if taken.is_some() {
                return taken;
            }
        }
        None
    }

    /// Starts the head of a candidate line, or puts the line where it belongs.
    fn try_head(
        &mut self,
        shape: &Shape,
        class: u32,
        rank: u32,
        is_ready: impl Fn(StepId) -> bool,
    ) -> Option<StepId> {
        let Some(head) = self.head(class, &is_ready) else {
            self.lines[class as usize].place = Place::Empty;
            return None;
        };
        if head != rank {
            self.offer(class, head);
            return None;
        }
        let kind = &shape.classes[class as usize];
        if kind.driver.is_some_and(|driver| self.spent[driver as usize]) {
            self.lines[class as usize].place = Place::Held;
            return None;
        }
        if let Some(capacity) = self.lacking(shape, class) {
            self.lines[class as usize].place = Place::Parked(capacity);
            self.parked[capacity as usize].push(Reverse((rank, class)));
            return None;
        }
        self.workers -= 1;
        for (capacity, amount) in &kind.takes {
            self.free[*capacity as usize] -= amount;
        }
        if let Some(lock) = kind.own_lock {
            self.free[lock as usize] = 0;
        }
        self.lines[class as usize].heap.pop();
        match self.head(class, &is_ready) {
            Some(next) => self.offer(class, next),
            None => self.lines[class as usize].place = Place::Empty,
        }
        Some(self.order.by_rank[rank as usize])
    }

    /// The rank of the first in line who is still ready.
    fn head(&mut self, class: u32, is_ready: impl Fn(StepId) -> bool) -> Option<u32> {
        let heap = &mut self.lines[class as usize].heap;
        while let Some(Reverse(rank)) = heap.peek() {
            if is_ready(self.order.by_rank[*rank as usize]) {
                return Some(*rank);
            }
            heap.pop();
        }
        None
    }

    fn offer(&mut self, class: u32, rank: u32) {
        let line = &mut self.lines[class as usize];
        line.place = Place::Candidate;
        line.key = rank;
        self.candidates.push(Reverse((rank, class)));
    }

    /// The first capacity that lacks for a task of the class.
    fn lacking(&self, shape: &Shape, class: u32) -> Option<u32> {
        let class = &shape.classes[class as usize];
        let taken = class.takes.iter().find(|(capacity, amount)| self.free[*capacity as usize] < *amount);
        taken
            .map(|(capacity, _)| *capacity)
            .or_else(|| class.other_locks.iter().copied().find(|lock| self.free[*lock as usize] == 0))
    }

    /// Gives back what a running task holds.
    pub fn release(&mut self, shape: &Shape, step: StepId) {
        self.workers += 1;
        let class = &shape.classes[shape.class_of[step.index()] as usize];
        for (capacity, amount) in &class.takes {
            self.free[*capacity as usize] += amount;
            self.wake(shape, *capacity);
        }
        if let Some(lock) = class.own_lock {
            self.free[lock as usize] = 1;
            self.wake(shape, lock);
        }
    }

    /// Makes the most urgent line that `capacity` holds back, and now has enough for, a candidate. When that has been
    /// tried, the next is woken: so every line is tried that may start, and the most urgent first.
    fn wake(&mut self, shape: &Shape, capacity: u32) {
        let free = self.free[capacity as usize];
        if free == 0 {
            return;
        }
        let mut too_large = Vec::new();
        while let Some(Reverse((rank, class))) = self.parked[capacity as usize].pop() {
            let line = &mut self.lines[class as usize];
            if line.place != Place::Parked(capacity) || line.key != rank {
                continue;
            }
            if shape.classes[class as usize].amount_of(capacity) > free {
                too_large.push(Reverse((rank, class)));
                continue;
            }
            line.woken_by = Some(capacity);
            self.offer(class, rank);
            break;
        }
        self.parked[capacity as usize].extend(too_large);
    }

    /// No task of that driver starts from now on.
    pub fn hold_driver(&mut self, driver: u32) {
        self.spent[driver as usize] = true;
    }

    /// Whether some driver has its quota spent.
    pub fn is_holding(&self) -> bool {
        self.spent.contains(&true)
    }

    /// Whether the task's driver has its quota spent.
    pub fn is_held(&self, shape: &Shape, step: StepId) -> bool {
        let class = shape.class_of[step.index()];
        shape
            .classes
            .get(class as usize)
            .and_then(|class| class.driver)
            .is_some_and(|d| self.spent[d as usize])
    }

    /// Empties the lines of all spent drivers.
    pub fn drain_held(&mut self, shape: &Shape) -> Vec<StepId> {
        let mut steps = Vec::new();
        for (line, class) in self.lines.iter_mut().zip(&shape.classes) {
            if class.driver.is_some_and(|driver| self.spent[driver as usize]) {
                steps.extend(line.heap.drain().map(|Reverse(rank)| self.order.by_rank[rank as usize]));
                line.place = Place::Empty;
            }
        }
        steps.sort_unstable();
        steps.dedup();
        steps
    }

    /// Goes on by another order, with these tasks ready.
    pub fn reorder(&mut self, shape: &Shape, order: Arc<Order>, ready: impl Iterator<Item = StepId>) {
        self.order = order;
        self.candidates.clear();
        self.parked.iter_mut().for_each(BinaryHeap::clear);
        for line in &mut self.lines {
            line.heap.clear();
            line.place = Place::Empty;
            line.woken_by = None;
        }
        for step in ready {
            self.push(shape, step);
        }
    }

    /// Whether no worker of the run is free.
    pub fn is_full(&self) -> bool {
        self.workers == 0
    }

    /// The capacities that lack for a ready task.
    pub fn all_lacking(&self, shape: &Shape, step: StepId) -> impl Iterator<Item = CapacitySource> {
        let class = &shape.classes[shape.class_of[step.index()] as usize];
        let taken = class.takes.iter().filter(|(capacity, amount)| self.free[*capacity as usize] < *amount);
        let locks = class.other_locks.iter().filter(|lock| self.free[**lock as usize] == 0);
        taken
            .map(|(capacity, _)| *capacity)
            .chain(locks.copied())
            .map(|c| shape.capacities[c as usize].source)
    }
}

impl super::shape::Class {
    /// How much of `capacity` it needs to be free; 1 of the lock of another.
    fn amount_of(&self, capacity: u32) -> u32 {
        self.takes.iter().find(|(taken, _)| *taken == capacity).map_or(1, |(_, amount)| *amount)
    }
}
