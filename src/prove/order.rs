//! What comes before what: the plan's tree as sets and sequences, and exact answers for single pairs.
//!
//! Knows edges, not files and not time. Two tasks are *concurrent* when the order leaves both ways open. The tree
//! answers for most pairs: members of a sequence are ordered, and that is checked against the edges, not believed. What
//! `after`, outputs and `overlaps` add is answered from near by where it can be, by the depth of a step and by a look at
//! the few steps before it; else by reachability in bit sets, 512 tasks at a time, as asked for: a block costs one pass
//! over the steps, and the blocks kept are bounded, so 100,000 tasks need some 200 MB at most.

use crate::plan::{GroupId, GroupKind, Item, Need, NeedSource, Plan, StepId, StepKind, TaskId};
use std::cell::RefCell;
use std::ops::Range;

const BLOCK_WORDS: usize = 8;
const BLOCK_TASKS: usize = BLOCK_WORDS * 64;
const MOST_BLOCK_BYTES: usize = 192 * 1024 * 1024;
/// So many steps are looked at before a block is made.
const NEAR: usize = 24;

/// The order of a plan's tasks.
pub(super) struct Order<'p> {
    plan: &'p Plan,
    enter: Vec<Option<StepId>>,
    leave: Vec<Option<StepId>>,
    gates: Vec<Option<StepId>>,
    /// The tasks as a walk over the tree meets them; those of a group are a range of it.
    tasks: Vec<TaskId>,
    ranges: Vec<Range<usize>>,
    sets: Vec<Set>,
    /// Whether the tree says all: no edge but those of sets and sequences.
    is_plain: bool,
    /// By step: the length of the longest chain of needs that ends in it.
    depths: Vec<u32>,
    blocks_kept: usize,
    blocks: RefCell<Vec<(usize, Box<[u64]>)>>,
}

/// Items of a group that no sequence orders: the members of a set, or of a sequence where `overlaps` dropped a barrier.
pub(super) struct Set {
    pub group: GroupId,
    pub items: Vec<Item>,
    /// The tasks of each, as a range of the order's tasks.
    pub ranges: Vec<Range<usize>>,
}

impl<'p> Order<'p> {
    pub fn new(plan: &'p Plan) -> Order<'p> {
        let mut enter = vec![None; plan.groups.len()];
        let mut leave = vec![None; plan.groups.len()];
        let mut gates = vec![None; plan.gates.len()];
        let mut is_plain = true;
        for id in plan.step_ids() {
            let step = plan.step(id);
            match step.kind {
                StepKind::Enter(group) => enter[group.index()] = Some(id),
                StepKind::Leave(group) => leave[group.index()] = Some(id),
                StepKind::Gate(gate) => gates[gate.index()] = Some(id),
                StepKind::Task(_) | StepKind::Success(_) => {}
            }
            is_plain &= step
                .needs
                .iter()
                .all(|need| matches!(need, Need::Succeeded(_, NeedSource::Group | NeedSource::Sequence)));
        }
        let mut depths: Vec<u32> = Vec::with_capacity(plan.steps.len());
        for step in &plan.steps {
            let needs = step.needs.iter().flat_map(Need::steps);
            depths.push(needs.map(|need| depths[need.index()] + 1).max().unwrap_or_default());
        }
        let block_bytes = (plan.tasks.len() * BLOCK_WORDS * 8).max(1);
        let mut order = Order {
            plan,
            depths,
            blocks_kept: (MOST_BLOCK_BYTES / block_bytes).clamp(16, 4096),
            enter,
            leave,
            gates,
            tasks: Vec::with_capacity(plan.tasks.len()),
            ranges: vec![0..0; plan.groups.len()],
            sets: Vec::new(),
            is_plain,
            blocks: RefCell::new(Vec::new()),
        };
        order.walk();
        order
    }

    /// The sets, outer ones first.
    pub fn sets(&self) -> &[Set] {
        &self.sets
    }

    /// The tasks of a range.
    pub fn tasks(&self, range: &Range<usize>) -> &[TaskId] {
        &self.tasks[range.clone()]
    }

    /// The tasks inside an item.
    pub fn tasks_of(&self, item: Item) -> &[TaskId] {
        match item {
            Item::Task(_) | Item::Gate(_) => &[],
            Item::Group(group) => &self.tasks[self.ranges[group.index()].clone()],
        }
    }

    /// The step that begins an item.
    pub fn begin(&self, item: Item) -> Option<StepId> {
        match item {
            Item::Task(task) => self.plan.task(task).step,
            Item::Group(group) => self.enter[group.index()],
            Item::Gate(gate) => self.gates[gate.index()],
        }
    }

    /// The step that ends an item.
    pub fn end(&self, item: Item) -> Option<StepId> {
        match item {
            Item::Group(group) => self.leave[group.index()],
            item => self.begin(item),
        }
    }

    /// Whether two tasks of different members of one set may run at one time, as far as the order goes.
    pub fn are_concurrent(&self, a: TaskId, b: TaskId) -> bool {
        let (a, b) = (a.min(b), a.max(b));
        a != b && (self.is_plain || (!self.is_before(a, b) && !self.is_before(b, a)))
    }

    /// Whether `a` has ended whenever `b` starts.
    pub fn is_before(&self, a: TaskId, b: TaskId) -> bool {
        let (Some(from), Some(to)) = (self.plan.task(a).step, self.plan.task(b).step) else { return false };
        if from >= to || self.depths[from.index()] >= self.depths[to.index()] {
            return false;
        }
        if let Some(answer) = self.is_near_before(from, to) {
            return answer;
        }
        let block = a.index() / BLOCK_TASKS;
        let bit = a.index() % BLOCK_TASKS;
        let mut blocks = self.blocks.borrow_mut();
        let at = match blocks.iter().position(|(id, _)| *id == block) {
            Some(at) => at,
            None => {
                if blocks.len() >= self.blocks_kept {
                    blocks.pop();
                }
                blocks.push((block, self.block(block)));
                blocks.len() - 1
            }
        };
        // The one asked for last stands first, so that what is asked for often stays.
        blocks[..=at].rotate_right(1);
        blocks[0].1[b.index() * BLOCK_WORDS + bit / 64] >> (bit % 64) & 1 == 1
    }

    /// The same, where the few steps before `to` tell it. What needs one of several is left to the blocks.
    fn is_near_before(&self, from: StepId, to: StepId) -> Option<bool> {
        let mut seen = [to; NEAR];
        let (mut count, mut next) = (1, 0);
        let mut is_whole = true;
        while next < count {
            for need in &self.plan.step(seen[next]).needs {
                let (Need::Succeeded(step, _) | Need::Finished(step)) = need else {
                    is_whole = false;
                    continue;
                };
                if *step == from {
                    return Some(true);
                }
                if self.depths[step.index()] > self.depths[from.index()] && !seen[..count].contains(step) {
                    if count == NEAR {
                        return None;
                    }
                    seen[count] = *step;
                    count += 1;
                }
            }
            next += 1;
        }
        is_whole.then_some(false)
    }

    /// For each task, which tasks of the block come before it.
    fn block(&self, block: usize) -> Box<[u64]> {
        type Row = [u64; BLOCK_WORDS];
        let plan = self.plan;
        let mut rows: Vec<Row> = vec![[0; BLOCK_WORDS]; plan.steps.len()];
        let mut answer = vec![0; plan.tasks.len() * BLOCK_WORDS].into_boxed_slice();
        let or = |row: &mut Row, other: &Row| row.iter_mut().zip(other).for_each(|(a, b)| *a |= b);
        for (index, step) in plan.steps.iter().enumerate() {
            let mut row = [0; BLOCK_WORDS];
            for need in &step.needs {
                match need {
                    Need::Succeeded(step, _) | Need::Finished(step) => or(&mut row, &rows[step.index()]),
                    // Only what is before each of them is surely over.
                    Need::AnySucceeded(steps) => {
                        let mut all = [u64::MAX; BLOCK_WORDS];
                        for step in steps {
                            all.iter_mut().zip(&rows[step.index()]).for_each(|(a, b)| *a &= b);
                        }
                        if !steps.is_empty() {
                            or(&mut row, &all);
                        }
                    }
                }
            }
            if let StepKind::Task(task) = step.kind {
                answer[task.index() * BLOCK_WORDS..][..BLOCK_WORDS].copy_from_slice(&row);
                if task.index() / BLOCK_TASKS == block {
                    let bit = task.index() % BLOCK_TASKS;
                    row[bit / 64] |= 1 << (bit % 64);
                }
            }
            rows[index] = row;
        }
        answer
    }

    /// The first steps of an item's work and the last ones: a group's own `Enter` and `Leave` take no time.
    fn work(&self, item: Item) -> Vec<StepId> {
        match item {
            Item::Group(_) => {
                self.tasks_of(item).iter().filter_map(|task| self.plan.task(*task).step).collect()
            }
            item => self.begin(item).into_iter().collect(),
        }
    }

    /// A pair of steps, of `a`'s work and of `b`'s, that leaves it open whether `a` is over when `b` begins; none when it surely is.
    pub fn gap(&self, a: Item, b: Item) -> Option<(StepId, StepId)> {
        let end = self.end(a)?;
        let after_end = self.after(end);
        let open: Vec<StepId> = self.work(b).into_iter().filter(|step| !after_end[step.index()]).collect();
        if open.is_empty() {
            return None;
        }
        self.work(a).into_iter().find_map(|from| {
            let after = self.after(from);
            open.iter().find(|to| !after[to.index()]).map(|to| (from, *to))
        })
    }

    /// Which steps start only when `from` has ended.
    fn after(&self, from: StepId) -> Vec<bool> {
        let mut after = vec![false; self.plan.steps.len()];
        for id in self.plan.step_ids().skip(from.index() + 1) {
            let holds = |step: &StepId| *step == from || after[step.index()];
            after[id.index()] = self.plan.step(id).needs.iter().any(|need| match need {
                Need::Succeeded(step, _) | Need::Finished(step) => holds(step),
                Need::AnySucceeded(steps) => !steps.is_empty() && steps.iter().all(holds),
            });
        }
        after
    }

    /// The steps of a shortest chain of needs from `from` to `to`, both included.
    pub fn path(&self, from: StepId, to: StepId) -> Option<Vec<StepId>> {
        let mut next = vec![None; to.index() + 1];
        let mut queue = std::collections::VecDeque::from([to]);
        while let Some(step) = queue.pop_front() {
            if step == from {
                let mut path = vec![from];
                while *path.last().expect("BUG: it holds `from`") != to {
                    path.push(next[path[path.len() - 1].index()].expect("BUG: reached from `to`"));
                }
                return Some(path);
            }
            for need in self.plan.step(step).needs.iter().flat_map(Need::steps) {
                if next[need.index()].is_none() && need != to {
                    next[need.index()] = Some(step);
                    queue.push_back(need);
                }
            }
        }
        None
    }

    fn walk(&mut self) {
        // A stack, for plans may nest deeper than a thread's own.
        enum Visit {
            Enter(GroupId),
            Leave(GroupId),
            Task(TaskId),
        }
        let mut stack = vec![Visit::Enter(GroupId(0))];
        let mut starts = vec![0; self.plan.groups.len()];
        let mut single = vec![0; self.plan.tasks.len()];
        let mut met = Vec::new();
        while let Some(visit) = stack.pop() {
            match visit {
                Visit::Task(task) => {
                    single[task.index()] = self.tasks.len();
                    self.tasks.push(task);
                }
                Visit::Leave(group) => self.ranges[group.index()] = starts[group.index()]..self.tasks.len(),
                Visit::Enter(group) => {
                    starts[group.index()] = self.tasks.len();
                    met.push(group);
                    stack.push(Visit::Leave(group));
                    for item in self.plan.group(group).items.iter().rev() {
                        match item {
                            Item::Group(group) => stack.push(Visit::Enter(*group)),
                            Item::Task(task) => stack.push(Visit::Task(*task)),
                            Item::Gate(_) => {}
                        }
                    }
                }
            }
        }
        for group in met {
            for items in self.unordered(group) {
                let range = |item: &Item| match item {
                    Item::Group(group) => self.ranges[group.index()].clone(),
                    Item::Task(task) => single[task.index()]..single[task.index()] + 1,
                    Item::Gate(_) => 0..0,
                };
                let ranges = items.iter().map(range).collect();
                self.sets.push(Set { group, items, ranges });
            }
        }
    }

    /// The runs of items of a group that the sequence does not order, of two items and more.
    fn unordered(&mut self, group: GroupId) -> Vec<Vec<Item>> {
        let items = &self.plan.group(group).items;
        let is_sequence = matches!(self.plan.group(group).kind, GroupKind::Plan | GroupKind::Serial);
        let mut runs: Vec<Vec<Item>> = Vec::new();
        for item in items {
            if !is_sequence {
                match item {
                    Item::Gate(_) => {}
                    item if runs.is_empty() => runs.push(vec![*item]),
                    item => runs[0].push(*item),
                }
                continue;
            }
            let mut run = vec![*item];
            while let Some(last) = runs.last() {
                let is_ordered =
                    run.iter().all(|item| last.iter().all(|before| self.needs_directly(*item, *before)));
                if is_ordered {
                    break;
                }
                let mut joined = runs.pop().expect("BUG: there is a last run");
                joined.append(&mut run);
                run = joined;
                self.is_plain = false;
            }
            runs.push(run);
        }
        for run in &mut runs {
            run.retain(|item| !matches!(item, Item::Gate(_)));
        }
        runs.retain(|run| run.len() > 1);
        runs
    }

    fn needs_directly(&self, item: Item, before: Item) -> bool {
        let (Some(begin), Some(end)) = (self.begin(item), self.end(before)) else { return false };
        self.plan.step(begin).needs.iter().any(|need| match need {
            Need::Succeeded(step, _) | Need::Finished(step) => *step == end,
            Need::AnySucceeded(_) => false,
        })
    }
}
