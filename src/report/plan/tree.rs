//! The plan as a tree for a person at a terminal: waves, tasks, who, after what, gates, estimates.
//!
//! Fits the width that it is given; colour only says what a mark says too.

use super::{View, Wait, below, own_name, words};
use crate::plan::{
    Action, Approval, Criterion, GateId, Group, GroupId, GroupKind, Item, NeedSource, OnNoGo, StepId,
    StepKind, Task, TaskId,
};
use crate::report::words::{count, cut, list, one_line, pad};
use crate::report::{Look, Tone};
use crate::schedule::sample::Samples;
use crate::schedule::{Forecast, Slot};
use std::fmt::Write as _;
use std::time::Duration;
use unicode_width::UnicodeWidthStr;

/// The whole plan.
pub fn render(view: &View, look: &Look) -> String {
    let columns = Columns::of(view, look.width);
    let mut tree = Tree { view, look, columns, text: String::new() };
    tree.header();
    tree.root();
    tree.footer();
    tree.text
}

/// The totals, as one sentence a line: `34 tasks · 5 waves · serial 8 h 35 min · makespan 1 h 40 min on 9 workers · speed-up 5.1×`.
pub fn totals(view: &View) -> Vec<String> {
    let (plan, forecast) = (view.plan, view.forecast);
    let waves = plan.groups.iter().filter(|group| group.kind == GroupKind::Wave).count();
    let mut parts = vec![count(forecast.tasks as usize, "task")];
    if waves > 0 {
        parts.push(count(waves, "wave"));
    }
    let by_time = |task: &TaskId| forecast.missing.contains(task);
    let is_unknown = forecast.tasks > 0 && plan.task_ids().filter(by_time).count() >= forecast.tasks as usize;
    if is_unknown {
        parts.push("no estimates".to_string());
    } else {
        parts.push(format!("serial {}", words::time(forecast.serial)));
        let workers = match forecast.workers {
            Some(workers) => format!("on {}", count(workers as usize, "worker")),
            None => format!("on {}, as many as it can use", count(forecast.width as usize, "worker")),
        };
        parts.push(format!("makespan {} {workers}", words::time(forecast.makespan)));
        parts.push(format!("speed-up {:.1}×", forecast.speedup()));
    }
    if !forecast.finally.is_zero() {
        parts.push(format!("then finally {}", words::time(forecast.finally)));
    }
    let mut cost = Vec::new();
    cost.extend(forecast.cost.money.map(words::money));
    cost.extend(forecast.cost.tokens.map(words::tokens));
    if !cost.is_empty() {
        parts.push(format!("cost {}", cost.join(", ")));
    }
    let mut lines = vec![parts.join(" · ")];
    if let Some(samples) = view.samples {
        let at = |share| words::time(rounded(samples.quantile(share)));
        let rounds = samples.rounds();
        let ranges = plan.tasks.iter().filter_map(|task| task.estimate);
        let is_beta =
            |has: bool| ranges.clone().any(|it| it.least < it.most && it.likeliest.is_some() == has);
        let drawn = match (is_beta(true), is_beta(false)) {
            (true, true) => "uniform from ranges, PERT-beta from three points",
            (true, false) => "PERT-beta from the three points",
            _ => "uniform from the ranges",
        };
        lines.push(format!(
            "finish p10 {} · p50 {} · p90 {} · {rounds} draws, {drawn}",
            at(0.1),
            at(0.5),
            at(0.9)
        ));
    }
    lines.extend(below::corrections(view));
    let names = |tasks: &[TaskId]| tasks.iter().map(|task| plan.task(*task).name.clone()).collect::<Vec<_>>();
    if !forecast.missing.is_empty() && !is_unknown {
        let missing = count(forecast.missing.len(), "task");
        lines.push(format!(
            "not in the totals: {missing} without an estimate ({})",
            list(&names(&forecast.missing), 3)
        ));
    }
    if !forecast.cost.missing.is_empty() && !cost.is_empty() {
        let missing = count(forecast.cost.missing.len(), "task");
        lines.push(format!(
            "not in the cost: {missing} of agents ({})",
            list(&names(&forecast.cost.missing), 3)
        ));
    }
    lines
}

/// As exact as a guess is: to the minute above ten minutes.
pub(super) fn rounded(time: Duration) -> Duration {
    if time.as_secs() < 10 {
        return time;
    }
    let unit = if time.as_secs() < 600 { 1 } else { 60 };
    Duration::from_secs((time.as_secs() + unit / 2) / unit * unit)
}

/// What the same plan takes with other numbers of workers, as a table.
pub fn workers_table(forecasts: &[(u32, Forecast, Option<Samples>)]) -> String {
    let has_samples = forecasts.iter().any(|(_, _, samples)| samples.is_some());
    let quantiles = if has_samples { format!("  {:>12}  {:>12}", "p50", "p90") } else { String::new() };
    let mut text =
        format!("{:>7}  {:>14}{quantiles}  {:>8}  {:>4}\n", "workers", "makespan", "speed-up", "busy");
    for (workers, forecast, samples) in forecasts {
        let most = forecast.makespan.as_secs_f64() * f64::from(*workers);
        let busy = if most > 0.0 { forecast.serial.as_secs_f64() / most * 100.0 } else { 0.0 };
        let makespan = words::time(forecast.makespan);
        let at =
            |share| samples.as_ref().map_or(String::new(), |it| words::time(rounded(it.quantile(share))));
        let quantiles =
            if has_samples { format!("  {:>12}  {:>12}", at(0.5), at(0.9)) } else { String::new() };
        let _ = writeln!(
            text,
            "{workers:>7}  {makespan:>14}{quantiles}  {:>7.1}×  {busy:>3.0}%",
            forecast.speedup()
        );
    }
    if let Some((_, forecast, _)) = forecasts.last() {
        let _ = writeln!(
            text,
            "The order alone takes {}: no number of workers makes it shorter.",
            words::time(forecast.longest_path)
        );
    }
    text
}

/// The columns at the right of a task's line.
struct Columns {
    who: usize,
    estimate: usize,
    start: usize,
    /// The mark of what is critical, or slack.
    slack: usize,
    /// How often it decides; only where ranges were drawn from.
    index: usize,
    has_seconds: bool,
}

impl Columns {
    fn of(view: &View, width: usize) -> Columns {
        let has_seconds = !view.forecast.makespan.is_zero() && view.forecast.makespan.as_secs() < 600;
        let has_times = !view.forecast.makespan.is_zero() && width >= 64;
        let tasks = || view.plan.tasks.iter();
        let who = tasks().map(|task| view.who(task).width()).max().unwrap_or(0);
        let estimate =
            view.plan.task_ids().filter_map(|task| Some(below::estimate(view, task)?.width())).max();
        let slacks =
            tasks().filter_map(|task| task.step).map(|step| below::slack(view.forecast.step(step)).len());
        let slack = slacks.max().unwrap_or(0).max(1);
        let is_wide = has_times && width >= 72;
        let start = words::moment(view.forecast.makespan, has_seconds).len();
        Columns {
            who: who.min(18).min(width / 5),
            estimate: estimate.unwrap_or(1).min(19),
            slack: if is_wide { slack } else { 1 },
            index: if is_wide && view.samples.is_some() { 4 } else { 0 },
            start: if has_times { start } else { 0 },
            has_seconds,
        }
    }

    /// All of them, with two spaces before each and the mark.
    fn width(&self) -> usize {
        let index = if self.index > 0 { 1 + self.index } else { 0 };
        2 + self.who + 2 + self.estimate + 2 + self.start + 1 + self.slack + index
    }
}

struct Tree<'a> {
    view: &'a View<'a>,
    look: &'a Look,
    columns: Columns,
    text: String,
}

/// A line of the tree under an item.
enum Row<'a> {
    Group(GroupId),
    Task(TaskId),
    Gate(GateId),
    /// `success`, `rollback`, `finally`, with what is in it.
    Criteria(&'static str, &'a [Criterion]),
    Cleanup(&'static str, &'a [TaskId]),
}

impl<'a> Tree<'a> {
    fn line(&mut self, line: &str) {
        let _ = writeln!(self.text, "{}", line.trim_end());
    }

    fn header(&mut self) {
        let plan = self.view.plan;
        let title = self.title(&plan.title, self.look.width.saturating_sub(plan.name.width()));
        let name = self.look.paint(Tone::Strong, &plan.name);
        self.line(&format!("{name}{title}"));
        for sentence in totals(self.view) {
            for line in wrapped(&sentence, " · ", self.look.width) {
                self.line(&line);
            }
        }
        let set: Vec<String> =
            plan.params.iter().map(|param| format!("{}={}", param.name, param.value)).collect();
        if !set.is_empty() {
            for line in wrapped(&format!("params {}", set.join(" · ")), " · ", self.look.width) {
                self.line(&self.look.paint(Tone::Dim, &line));
            }
        }
        let resources: Vec<String> = (plan.resources.iter())
            .map(|resource| format!("{} {}", resource.name, resource.capacity))
            .chain(plan.agents.iter().filter_map(|agent| {
                agent
                    .instances
                    .map(|instances| format!("{} {}", agent.name, count(instances as usize, "instance")))
            }))
            .collect();
        if !resources.is_empty() {
            for line in wrapped(&format!("limits {}", resources.join(" · ")), " · ", self.look.width) {
                self.line(&self.look.paint(Tone::Dim, &line));
            }
        }
        self.line("");
    }

    fn footer(&mut self) {
        for line in below::below(self.view, self.look, self.columns.slack > 1, self.columns.index > 0) {
            self.line(&line);
        }
    }

    fn task_slot(&self, task: &Task) -> Option<&'a Slot> {
        task.step.map(|step| self.view.forecast.step(step))
    }

    fn is_marked(&self, slot: &Slot) -> bool {
        slot.is_critical && !slot.duration().is_zero()
    }

    fn root(&mut self) {
        let plan = self.view.plan;
        let Some(root) = plan.groups.first() else { return };
        let mut rows: Vec<Row> = Vec::new();
        if !plan.preflight.is_empty() {
            rows.push(Row::Criteria("preflight", &plan.preflight));
        }
        rows.extend(rows_of(root));
        if !plan.finally.is_empty() {
            rows.push(Row::Cleanup("finally", &plan.finally));
        }
        self.rows(root, &rows, "");
    }

    fn rows(&mut self, holder: &'a Group, rows: &[Row<'a>], indent: &str) {
        for (index, row) in rows.iter().enumerate() {
            let is_last = index + 1 == rows.len();
            let (branch, below) = match (is_last, self.look.has_unicode) {
                (false, true) => ("├─ ", "│  "),
                (true, true) => ("└─ ", "   "),
                (false, false) => ("|- ", "|  "),
                (true, false) => ("`- ", "   "),
            };
            let (branch, below) = (format!("{indent}{branch}"), format!("{indent}{below}"));
            match row {
                Row::Group(group) => self.group(*group, holder, &branch, &below),
                Row::Task(task) => self.task(*task, holder, &branch, &below),
                Row::Gate(gate) => self.gate(*gate, &branch, &below),
                Row::Criteria(word, criteria) => {
                    self.detail(&branch, word);
                    self.criteria(criteria, &below);
                }
                Row::Cleanup(word, tasks) => {
                    self.detail(&branch, word);
                    let rows: Vec<Row> = tasks.iter().map(|task| Row::Task(*task)).collect();
                    self.rows(holder, &rows, &below);
                }
            }
        }
    }

    fn group(&mut self, id: GroupId, holder: &Group, branch: &str, below: &str) {
        let group = self.view.plan.group(id);
        let slot = self.view.forecast.group(id);
        let word = match group.kind {
            GroupKind::Plan => "plan",
            GroupKind::Wave => "wave",
            GroupKind::Parallel => "parallel",
            GroupKind::Serial => "serial",
        };
        // A nameless block is called by its kind and line, which says nothing here.
        let name = own_name(&group.name, holder);
        let name = if name.contains('@') { "" } else { name };
        let when = match &group.left_out {
            Some(when) => format!("left out: {when}"),
            None if slot.duration().is_zero() => String::new(),
            None => format!(
                "{}–{}",
                words::moment(slot.start, self.columns.has_seconds),
                words::moment(slot.end, self.columns.has_seconds)
            ),
        };
        let head = [word, name].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(" ");
        let used = branch.width() + head.width() + when.width() + 2;
        let title = self.title(&group.title, self.look.width.saturating_sub(used));
        let gap = self.look.width.saturating_sub(used + title.width()) + 2;
        let dim = self.look.paint(Tone::Dim, branch);
        let head = match name.is_empty() {
            true => self.look.paint(Tone::Strong, word),
            false => format!("{word} {}", self.look.paint(Tone::Strong, name)),
        };
        let when = self.look.paint(Tone::Dim, &when);
        self.line(&format!("{dim}{head}{title}{}{when}", " ".repeat(gap)));
        if !group.because.is_empty() {
            self.detail(&format!("{below}  "), &format!("because {}", one_line(&group.because, usize::MAX)));
        }
        let mut limits = Vec::new();
        limits.extend(group.workers.map(|workers| count(workers as usize, "worker")));
        if !group.overlaps.is_empty() {
            limits.push(format!("overlaps {}", group.overlaps.join(", ")));
        }
        limits.extend(
            self.view
                .enter_step(id)
                .map(|step| self.after(step, &group.name))
                .filter(|after| !after.is_empty()),
        );
        if !limits.is_empty() {
            self.detail(&format!("{below}  "), &limits.join(" · "));
        }
        let rows = rows_of(group);
        self.rows(group, &rows, below);
        if group.kind == GroupKind::Wave && holder.kind == GroupKind::Plan {
            self.line(&self.look.paint(Tone::Dim, below));
        }
    }

    fn task(&mut self, id: TaskId, holder: &Group, branch: &str, below: &str) {
        let task = self.view.plan.task(id);
        let slot = self.task_slot(task);
        let is_marked = slot.is_some_and(|slot| self.is_marked(slot));
        let columns = &self.columns;
        let estimate = match below::estimate(self.view, id) {
            Some(estimate) => cut(&estimate, columns.estimate),
            None => match &task.action {
                Action::Wait(time) => words::literal(*time),
                _ => "?".to_string(),
            },
        };
        let start = match slot {
            Some(slot) if columns.start > 0 => words::moment(slot.start, columns.has_seconds),
            _ => String::new(),
        };
        let name = own_name(&task.name, holder);
        let left = self.look.width.saturating_sub(columns.width() + branch.width());
        let shown_name = cut(name, left);
        let title = self.title(&task.title, left.saturating_sub(shown_name.width()));
        let padding = left.saturating_sub(shown_name.width() + title.width());
        let dim = |text: &str| self.look.paint(Tone::Dim, text);
        let right = match &task.left_out {
            Some(when) => format!("  {}", dim(&cut(&format!("left out: {when}"), columns.width() - 2))),
            None => {
                let who = pad(&cut(self.view.who(task), columns.who), columns.who);
                let start = format!("{start:>width$}", width = columns.start);
                let slack = slot.filter(|_| columns.slack > 1).map(below::slack).unwrap_or_default();
                let mark = match is_marked {
                    true => self.look.paint(Tone::Attention, self.look.mark("●", "*")),
                    false => dim(&slack),
                };
                let index = match self.view.samples.filter(|_| columns.index > 0 && slot.is_some()) {
                    Some(samples) => {
                        let share = format!("{:.0}%", samples.criticality(id) * 100.0);
                        let fill = columns.slack - if is_marked { 1 } else { slack.len() };
                        format!("{} {}", " ".repeat(fill), dim(&format!("{share:>4}")))
                    }
                    None => String::new(),
                };
                let estimate =
                    format!("{}{estimate}", " ".repeat(columns.estimate.saturating_sub(estimate.width())));
                format!("  {}  {estimate}  {} {mark}{index}", dim(&who), dim(&start))
            }
        };
        let tone = if is_marked { Tone::Attention } else { Tone::Strong };
        let name = match task.left_out {
            Some(_) => dim(&shown_name),
            None => self.look.paint(tone, &shown_name),
        };
        self.line(&format!("{}{name}{title}{}{right}", dim(branch), " ".repeat(padding)));
        let mut details = Vec::new();
        details.extend(task.step.map(|step| self.after(step, &task.name)).filter(|after| !after.is_empty()));
        let uses = task.uses.iter().map(|(resource, amount)| {
            let name = &self.view.plan.resources[resource.index()].name;
            if *amount == 1 { name.clone() } else { format!("{name} {amount}") }
        });
        let uses: Vec<String> = uses.collect();
        if !uses.is_empty() {
            details.push(format!("uses {}", uses.join(", ")));
        }
        if !task.success.is_empty() {
            let titles: Vec<&str> = task.success.iter().map(|criterion| criterion.title.as_str()).collect();
            details.push(format!("checks {}", titles.join(", ")));
        }
        if !details.is_empty() {
            self.detail(&format!("{below}  "), &details.join(" · "));
        }
    }

    fn gate(&mut self, id: GateId, branch: &str, below: &str) {
        let gate = self.view.plan.gate(id);
        let question = if gate.title.is_empty() { "go or no-go?" } else { &gate.title };
        let no_go = match (&gate.left_out, gate.on_no_go) {
            (Some(when), _) => format!("left out: {when}"),
            (None, OnNoGo::Stop) => String::new(),
            (None, OnNoGo::Continue) => "no-go: continue".to_string(),
            (None, OnNoGo::Retry(times)) => format!("no-go: retry up to {times}"),
            (None, OnNoGo::SkipTo(step)) => {
                let name = match self.view.plan.step(step).kind {
                    StepKind::Enter(group) => &self.view.plan.group(group).name,
                    _ => self.view.name(step).unwrap_or_default(),
                };
                format!("no-go: skip to {name}")
            }
        };
        let mark = self.look.mark("◆", "<>");
        let used = branch.width() + mark.width() + 1 + no_go.width() + 2;
        let question = one_line(question, self.look.width.saturating_sub(used));
        let gap = self.look.width.saturating_sub(used + question.width()) + 2;
        let dim = self.look.paint(Tone::Dim, branch);
        let question = self.look.paint(Tone::Strong, &question);
        let no_go = self.look.paint(Tone::Dim, &no_go);
        self.line(&format!("{dim}{mark} {question}{}{no_go}", " ".repeat(gap)));
        self.criteria(&gate.checks, &format!("{below}  "));
        for approval in &gate.approvals {
            let text = self.approval(approval);
            self.detail(&format!("{below}  "), &text);
        }
    }

    fn approval(&self, approval: &Approval) -> String {
        let mut text =
            format!("approve {}", one_line(&words::template(self.view.plan, &approval.question), usize::MAX));
        if !approval.by.is_empty() {
            let _ = write!(text, " by {}", approval.by);
        }
        if let Some(within) = approval.within {
            let otherwise = if approval.otherwise_continue { "continue" } else { "stop" };
            let _ = write!(text, " within {} otherwise {otherwise}", words::literal(within));
        }
        text
    }

    fn criteria(&mut self, criteria: &[Criterion], indent: &str) {
        for criterion in criteria {
            self.detail(
                &format!("{indent}{} ", self.look.mark("·", "-")),
                &one_line(&criterion.title, usize::MAX),
            );
        }
    }

    /// A title behind a name, with the space between them; nothing where there is no room for a word.
    fn title(&self, title: &str, room: usize) -> String {
        match room {
            ..8 => String::new(),
            _ if title.is_empty() => String::new(),
            _ => format!("  {}", one_line(title, room - 2)),
        }
    }

    /// A dim line, cut where it does not fit.
    fn detail(&mut self, indent: &str, text: &str) {
        let text = cut(text, self.look.width.saturating_sub(indent.width()));
        self.line(&self.look.paint(Tone::Dim, &format!("{indent}{text}")));
    }

    /// `after a, b · after any of c, d`; what the sequence says is seen.
    fn after(&self, step: StepId, name: &str) -> String {
        let mut all = Vec::new();
        let mut parts = Vec::new();
        let around = name.rsplit_once('.').map_or("", |(around, _)| around);
        let short = |name: &str| match name.strip_prefix(around).and_then(|rest| rest.strip_prefix('.')) {
            Some(rest) => rest.to_string(),
            None => name.to_string(),
        };
        for wait in self.view.waits(step) {
            match wait {
                Wait::For(_, NeedSource::Sequence | NeedSource::Group) => {}
                Wait::For(name, NeedSource::After | NeedSource::Output) if !all.contains(&short(name)) => {
                    all.push(short(name));
                }
                Wait::For(..) => {}
                Wait::ForAny(names) => {
                    let names: Vec<String> = names.into_iter().map(short).collect();
                    parts.push(format!("after any of {}", names.join(", ")));
                }
                Wait::ForEnd(name) => parts.push(format!("after finished {}", short(name))),
            }
        }
        if !all.is_empty() {
            parts.insert(0, format!("after {}", all.join(", ")));
        }
        parts.join(" · ")
    }
}

/// What stands in a group, its criteria before a last gate, its rollback at the end.
fn rows_of(group: &Group) -> Vec<Row<'_>> {
    let mut rows: Vec<Row> = (group.items.iter())
        .map(|item| match item {
            Item::Group(group) => Row::Group(*group),
            Item::Task(task) => Row::Task(*task),
            Item::Gate(gate) => Row::Gate(*gate),
        })
        .collect();
    if !group.success.is_empty() {
        let last_gate = rows.len() - usize::from(matches!(rows.last(), Some(Row::Gate(_))));
        rows.insert(last_gate, Row::Criteria("success", &group.success));
    }
    if !group.rollback.is_empty() {
        rows.push(Row::Cleanup("rollback", &group.rollback));
    }
    rows
}

/// The parts in lines of the width: a line breaks between parts where one can be had, else at a space.
pub(super) fn wrapped(sentence: &str, separator: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in sentence.split(separator) {
        match lines.last_mut() {
            Some(line) if line.width() + separator.width() + part.width() <= width => {
                line.push_str(separator);
                line.push_str(part);
            }
            _ if part.width() > width && separator != " " => lines.extend(wrapped(part, " ", width)),
            _ => lines.push(part.to_string()),
        }
    }
    lines
}
