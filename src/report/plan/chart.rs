//! What a chart of a plan shows, before it is drawn: bands, the marks in them, and the length of the axis.
//!
//! A band is what stands at the top of the plan: a wave, a block, or the tasks between two of them. It does not know
//! pixels or columns. Where no task takes any time it counts steps of the order in place of milliseconds.

pub(super) mod axis;

use super::{View, own_name, words};
use crate::plan::{Action, GateId, Group, GroupId, GroupKind, Item, Need, StepId, StepKind, TaskId};
use crate::report::words::{count, list, one_line};
use crate::schedule::quantile::quantile;
use std::time::Duration;

/// A plan as a chart.
pub(super) struct Chart {
    /// From the top to the bottom.
    pub bands: Vec<Band>,
    /// Where the axis ends, in milliseconds, or in steps.
    pub end: u64,
    /// Whether the axis is of time.
    pub is_timed: bool,
}

/// What stands at the top of a plan, or some neighbours of that kind in one.
pub(super) struct Band {
    /// What it is called; empty for tasks between the groups.
    pub name: String,
    /// Its title, or what there is to say in its place.
    pub title: String,
    /// From its start to its end.
    pub span: (u64, u64),
    /// In the order of the file.
    pub marks: Vec<Mark>,
}

/// A task or a gate.
#[derive(Clone)]
pub(super) struct Mark {
    /// Which.
    pub what: What,
    /// Its name in its band, clean of what no chart shows.
    pub name: String,
    /// When it starts.
    pub start: u64,
    /// When it ends.
    pub end: u64,
    /// When it ends in nine of ten cases, where its estimate leaves room.
    pub late: Option<u64>,
    /// How much hangs on it.
    pub weight: Weight,
    /// Whether nobody says how long it takes.
    pub is_unknown: bool,
}

/// What a mark stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// A task.
    Task(TaskId),
    /// A gate.
    Gate(GateId),
}

/// How much hangs on a task, the heaviest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// It is on the chain that makes the makespan.
    Path,
    /// It is not on that chain, and yet the plan ends later when it does.
    Tight,
    /// It has slack.
    Loose,
    /// It comes when all else is done: `finally`.
    After,
}

/// A number of a plan that a chart is headed with.
pub(super) struct Figure {
    /// `1 h 40 min`.
    pub value: String,
    /// `makespan on 9 workers`.
    pub label: String,
}

impl Mark {
    /// Its length.
    pub fn length(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }
}

impl Chart {
    /// The chart of a plan, of at most so many bands: beyond that, neighbours become one.
    pub fn of(view: &View, most_bands: usize) -> Chart {
        let slots = Slots::of(view);
        let mut bands = Vec::new();
        if let Some(root) = view.plan.groups.first() {
            let mut loose: Vec<Item> = Vec::new();
            for item in &root.items {
                match item {
                    Item::Group(group) => {
                        slots.push_loose(&mut bands, root, &mut loose);
                        slots.push_group(&mut bands, view.plan.group(*group), *group);
                    }
                    Item::Task(_) | Item::Gate(_) => loose.push(*item),
                }
            }
            slots.push_loose(&mut bands, root, &mut loose);
        }
        slots.push_finally(&mut bands);
        let bands = merged(bands, most_bands);
        let marks = || bands.iter().flat_map(|band| &band.marks);
        let mut end = marks().map(|mark| mark.end.max(mark.late.unwrap_or(0))).max().unwrap_or(0);
        if slots.is_timed
            && let Some(samples) = view.samples
        {
            end = end.max(milliseconds(samples.quantile(0.9)));
        }
        Chart { bands, end: end.max(1), is_timed: slots.is_timed }
    }

    /// How many tasks are in it.
    pub fn tasks(&self) -> usize {
        self.bands.iter().map(Band::tasks).sum()
    }
}

impl Band {
    /// How many tasks are in it.
    pub fn tasks(&self) -> usize {
        self.marks.iter().filter(|mark| matches!(mark.what, What::Task(_))).count()
    }
}

/// Where each step stands on the axis.
struct Slots<'v> {
    view: &'v View<'v>,
    is_timed: bool,
    /// By task, whether nobody says how long it takes.
    is_unknown: Vec<bool>,
    /// By step, whether it is on the chain that makes the makespan.
    is_path: Vec<bool>,
    /// By step, start and end.
    places: Vec<(u64, u64)>,
}

impl<'v> Slots<'v> {
    fn of(view: &'v View<'v>) -> Slots<'v> {
        let (plan, forecast) = (view.plan, view.forecast);
        let is_timed = !forecast.makespan.is_zero();
        let mut is_unknown = vec![false; plan.tasks.len()];
        for task in &forecast.missing {
            is_unknown[task.index()] = true;
        }
        let mut is_path = vec![false; plan.steps.len()];
        for step in forecast.critical.iter().filter(|_| is_timed) {
            is_path[step.index()] = true;
        }
        let places = match is_timed {
            true => forecast.steps.iter().map(|s| (milliseconds(s.start), milliseconds(s.end))).collect(),
            false => by_order(view),
        };
        Slots { view, is_timed, is_unknown, is_path, places }
    }

    fn push_loose(&self, bands: &mut Vec<Band>, root: &Group, items: &mut Vec<Item>) {
        let items = std::mem::take(items);
        let marks: Vec<Mark> = items.iter().filter_map(|item| self.mark(item, root)).collect();
        let title = match marks.as_slice() {
            [] => return,
            [only] => match only.what {
                What::Task(task) => self.view.plan.task(task).title.to_string(),
                What::Gate(_) => String::new(),
            },
            more => format!("{} one after another", count(more.len(), "step")),
        };
        bands.push(Band { name: String::new(), title: clean(&title), span: span(&marks), marks });
    }

    fn push_group(&self, bands: &mut Vec<Band>, group: &Group, id: GroupId) {
        let mut marks = Vec::new();
        self.collect(group, group, &mut marks);
        if marks.is_empty() {
            return;
        }
        // A nameless block is called by its kind.
        let is_named = !group.name.contains('@');
        let name = if is_named { group.name.clone() } else { kind_word(group.kind).to_string() };
        let slot = self.view.forecast.group(id);
        let span = match self.is_timed {
            true => (milliseconds(slot.start), milliseconds(slot.end)),
            false => span(&marks),
        };
        bands.push(Band { name: clean(&name), title: clean(&group.title), span, marks });
    }

    fn push_finally(&self, bands: &mut Vec<Band>) {
        let plan = self.view.plan;
        let mut at = bands.iter().map(|band| band.span.1).max().unwrap_or(0);
        let mut marks = Vec::new();
        for id in &plan.finally {
            let task = plan.task(*id);
            let length = match self.is_timed {
                true => match (&task.action, &task.estimate) {
                    (_, Some(estimate)) => milliseconds(estimate.expected()),
                    (Action::Wait(time), None) => milliseconds(*time),
                    (_, None) => 0,
                },
                false => 1,
            };
            marks.push(Mark {
                what: What::Task(*id),
                name: clean(&task.name),
                start: at,
                end: at.saturating_add(length),
                late: None,
                weight: Weight::After,
                is_unknown: self.is_unknown[id.index()],
            });
            at = at.saturating_add(length);
        }
        if !marks.is_empty() {
            let title = "at the very end, however it ends".to_string();
            bands.push(Band { name: "finally".to_string(), title, span: span(&marks), marks });
        }
    }

    fn collect(&self, top: &Group, group: &Group, marks: &mut Vec<Mark>) {
        for item in &group.items {
            match item {
                Item::Group(inner) => self.collect(top, self.view.plan.group(*inner), marks),
                Item::Task(_) | Item::Gate(_) => marks.extend(self.mark(item, top)),
            }
        }
    }

    /// None for what is left out.
    fn mark(&self, item: &Item, top: &Group) -> Option<Mark> {
        let plan = self.view.plan;
        let (what, name, step) = match item {
            Item::Task(id) => {
                let task = plan.task(*id);
                (What::Task(*id), own_name(&task.name, top), task.step?)
            }
            Item::Gate(id) => {
                let gate = plan.gate(*id);
                let name = if gate.title.is_empty() { own_name(&gate.name, top) } else { &gate.title };
                (What::Gate(*id), name, self.view.gate_step(*id)?)
            }
            Item::Group(_) => return None,
        };
        let slot = self.view.forecast.step(step);
        if slot.is_skipped {
            return None;
        }
        let (start, end) = self.places[step.index()];
        let weight = match (self.is_path[step.index()], slot.is_critical && self.is_timed) {
            (true, _) => Weight::Path,
            (false, true) => Weight::Tight,
            (false, false) => Weight::Loose,
        };
        let (late, is_unknown) = match what {
            What::Task(id) => (self.late(id, start, end), self.is_unknown[id.index()]),
            What::Gate(_) => (None, false),
        };
        Some(Mark { what, name: clean(name), start, end, late, weight, is_unknown })
    }

    /// When a task that starts then ends in nine of ten cases. What the forecast corrects, this corrects alike.
    fn late(&self, task: TaskId, start: u64, end: u64) -> Option<u64> {
        let task = self.view.plan.task(task);
        let estimate = task.estimate.as_ref().filter(|estimate| estimate.least < estimate.most)?;
        let expected = estimate.expected().as_secs_f64();
        if !self.is_timed || expected <= 0.0 || start >= end {
            return None;
        }
        let share = quantile(task, 0.9).as_secs_f64() / expected;
        let late = start.saturating_add(((end - start) as f64 * share).round() as u64);
        (late > end).then_some(late)
    }
}

/// By step, start and end where each task takes one: the order, without limits on who works at once.
fn by_order(view: &View) -> Vec<(u64, u64)> {
    let plan = view.plan;
    let mut places: Vec<(u64, u64)> = Vec::with_capacity(plan.steps.len());
    for step in &plan.steps {
        let end = |needed: StepId| places[needed.index()].1;
        let start = step.needs.iter().map(|need| match need {
            Need::AnySucceeded(needed) => needed.iter().map(|needed| end(*needed)).min().unwrap_or(0),
            Need::Succeeded(needed, _) | Need::Finished(needed) => end(*needed),
        });
        let start = start.max().unwrap_or(0);
        let is_task = matches!(step.kind, StepKind::Task(task) if plan.task(task).left_out.is_none());
        places.push((start, start + u64::from(is_task)));
    }
    places
}

fn span(marks: &[Mark]) -> (u64, u64) {
    let start = marks.iter().map(|mark| mark.start).min().unwrap_or(0);
    (start, marks.iter().map(|mark| mark.end).max().unwrap_or(start))
}

/// At most so many bands: neighbours become one.
fn merged(bands: Vec<Band>, most: usize) -> Vec<Band> {
    if bands.len() <= most {
        return bands;
    }
    let size = bands.len().div_ceil(most.max(1));
    let mut all = Vec::new();
    let mut bands = bands.into_iter().peekable();
    while bands.peek().is_some() {
        let some: Vec<Band> = bands.by_ref().take(size).collect();
        let called = |band: &Band| match band.name.is_empty() {
            true => band.marks.first().map_or(String::new(), |mark| mark.name.clone()),
            false => band.name.clone(),
        };
        let name = match some.as_slice() {
            [first, .., last] => format!("{} … {}", called(first), called(last)),
            _ => some.first().map(called).unwrap_or_default(),
        };
        let title = format!("{} together", count(some.len(), "part"));
        let start = some.iter().map(|band| band.span.0).min().unwrap_or(0);
        let end = some.iter().map(|band| band.span.1).max().unwrap_or(start);
        let marks = some.into_iter().flat_map(|band| band.marks).collect();
        all.push(Band { name, title, span: (start, end), marks });
    }
    all
}

fn kind_word(kind: GroupKind) -> &'static str {
    match kind {
        GroupKind::Plan => "plan",
        GroupKind::Wave => "wave",
        GroupKind::Parallel => "side by side",
        GroupKind::Serial => "one by one",
    }
}

/// A name on one line, without what would turn or hide its neighbours.
fn clean(text: &str) -> String {
    one_line(text, usize::MAX)
}

pub(super) fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// What the plan is called: its title, or its name.
pub(super) fn heading(view: &View) -> String {
    let plan = view.plan;
    clean(if plan.title.is_empty() { &plan.name } else { &plan.title })
}

/// The numbers that say it all.
pub(super) fn figures(view: &View) -> Vec<Figure> {
    let forecast = view.forecast;
    let figure = |value: String, label: String| Figure { value, label };
    let mut figures = vec![figure(
        forecast.tasks.to_string(),
        if forecast.tasks == 1 { "task".to_string() } else { "tasks".to_string() },
    )];
    if !forecast.makespan.is_zero() {
        let workers = match forecast.workers {
            Some(workers) => format!("makespan on {}", count(workers as usize, "worker")),
            None => format!("makespan, {} at once", forecast.width),
        };
        figures.push(figure(words::time(forecast.serial), "serial".to_string()));
        figures.push(figure(words::time(forecast.makespan), workers));
        figures.push(figure(format!("{:.1}×", forecast.speedup()), "speed-up".to_string()));
        if let Some(samples) = view.samples {
            for (share, label) in [(0.1, "p10 finish"), (0.5, "p50 finish"), (0.9, "p90 finish")] {
                let time = words::time(super::tree::rounded(samples.quantile(share)));
                figures.push(figure(time, label.to_string()));
            }
        }
    }
    if let Some(money) = forecast.cost.money {
        figures.push(figure(words::money(money), "cost".to_string()));
    }
    if let Some(tokens) = forecast.cost.tokens {
        figures.push(figure(words::tokens(tokens), "cost".to_string()));
    }
    figures
}

/// What the chart does not show, and what it does not know: a sentence each.
pub(super) fn notes(view: &View) -> Vec<String> {
    let forecast = view.forecast;
    let mut notes = shape_notes(view);
    if !forecast.missing.is_empty() && !has_no_estimate(view) {
        notes.push(named(view, "Without an estimate, and so not in the times", &forecast.missing));
    }
    notes
}

/// The same without what the totals say, too.
pub(super) fn shape_notes(view: &View) -> Vec<String> {
    let (plan, forecast) = (view.plan, view.forecast);
    let mut notes = Vec::new();
    if forecast.makespan.is_zero() && forecast.tasks > 0 {
        let why = if has_no_estimate(view) { "No task has an estimate" } else { "No task takes any time" };
        notes.push(format!("{why}: each is drawn one step wide, in the order of the plan."));
    }
    let is_left_out = |task: &TaskId| forecast.task(plan, *task).is_some_and(|slot| slot.is_skipped);
    let left_out: Vec<TaskId> = plan.task_ids().filter(is_left_out).collect();
    if !left_out.is_empty() {
        notes.push(named(view, "Left out by the plan's own `when`, and not drawn", &left_out));
    }
    notes
}

fn has_no_estimate(view: &View) -> bool {
    let in_order = |task: &&TaskId| view.plan.task(**task).step.is_some();
    let missing = view.forecast.missing.iter().filter(in_order).count();
    missing > 0 && missing >= view.forecast.tasks as usize
}

/// The first of them by name.
fn named(view: &View, what: &str, tasks: &[TaskId]) -> String {
    let names: Vec<String> = tasks.iter().take(5).map(|task| clean(&view.plan.task(*task).name)).collect();
    let names = match tasks.len().saturating_sub(names.len()) {
        0 => list(&names, 5),
        more => format!("{} and {more} more", names.join(", ")),
    };
    format!("{what}: {names}.")
}
