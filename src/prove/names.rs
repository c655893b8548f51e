//! How messages call things, and where edits go.
//!
//! Knows texts and places, no rules.

use super::Proof;
use crate::diagnostic::Edit;
use crate::plan::{GroupId, GroupKind, Item, Plan, TaskId};
use crate::source::{FileId, SourceMap, Span};
use foldhash::fast::RandomState;
use std::cell::OnceCell;
use std::collections::HashMap;
use std::time::Duration;

/// How tasks are called, and where items begin. Made when the first message asks: most plans have none.
pub(super) struct Names<'p> {
    plan: &'p Plan,
    /// By task: the shortest name that `after` would understand from anywhere in the plan.
    tasks: OnceCell<Vec<&'p str>>,
    /// Where items begin, sorted.
    starts: OnceCell<Vec<(FileId, u32)>>,
}

impl<'p> Names<'p> {
    pub fn new(plan: &'p Plan) -> Names<'p> {
        Names { plan, tasks: OnceCell::new(), starts: OnceCell::new() }
    }

    fn shortest(plan: &'p Plan) -> Vec<&'p str> {
        let mut endings: HashMap<&str, u32, RandomState> = HashMap::default();
        endings.reserve(plan.tasks.len());
        let names = plan
            .tasks
            .iter()
            .map(|task| task.name.as_str())
            .chain(plan.groups.iter().skip(1).map(|group| group.name.as_str()));
        for name in names.chain(plan.gates.iter().map(|gate| gate.name.as_str())) {
            suffixes(name).for_each(|ending| *endings.entry(ending).or_default() += 1);
        }
        let shortest = |name: &'p str| {
            let unique =
                suffixes(name).filter(|ending| endings[ending] == 1).min_by_key(|ending| ending.len());
            unique.unwrap_or(name)
        };
        plan.tasks.iter().map(|task| shortest(&task.name)).collect()
    }

    pub fn task(&self, id: TaskId) -> &str {
        self.tasks.get_or_init(|| Names::shortest(self.plan))[id.index()]
    }

    fn starts(&self) -> &[(FileId, u32)] {
        self.starts.get_or_init(|| {
            let plan = self.plan;
            let spans = plan.tasks.iter().map(|task| task.span);
            let spans = spans.chain(plan.groups.iter().map(|group| group.span));
            let spans = spans.chain(plan.gates.iter().map(|gate| gate.span));
            let mut starts: Vec<_> = spans.map(|span| (span.file, span.start)).collect();
            starts.sort_unstable();
            starts
        })
    }

    /// An item as messages call it: `` task `a` ``, `` wave `b` ``, `the plan`.
    pub fn item(&self, plan: &Plan, item: Item) -> String {
        match item {
            Item::Task(task) => format!("`{}`", self.task(task)),
            Item::Gate(gate) => format!("gate `{}`", plan.gate(gate).name),
            Item::Group(group) => group_name(plan, group),
        }
    }
}

/// A group as messages call it.
pub(super) fn group_name(plan: &Plan, id: GroupId) -> String {
    let group = plan.group(id);
    let word = match group.kind {
        GroupKind::Plan => return "the plan".to_owned(),
        GroupKind::Wave => "wave",
        GroupKind::Parallel => "parallel",
        GroupKind::Serial => "serial",
    };
    match group.name.contains('@') {
        true if group.title.is_empty() => format!("the `{word}` block"),
        true => format!("the `{word}` block \"{}\"", group.title),
        false => format!("{word} `{}`", group.name),
    }
}

fn suffixes(name: &str) -> impl Iterator<Item = &str> {
    std::iter::once(name).chain(name.match_indices('.').map(|(at, _)| &name[at + 1..]))
}

/// `` `a` ``, `` `a` and `b` ``, `` `a`, `b` and 3 more ``.
pub(crate) fn list<'n>(names: impl IntoIterator<Item = &'n str>, most: usize) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let shown = if names.len() > most + 1 { most } else { names.len() };
    let quoted: Vec<String> = names[..shown].iter().map(|name| format!("`{name}`")).collect();
    match (names.len() - shown, quoted.split_last()) {
        (_, None) => String::new(),
        (0, Some((last, []))) => last.clone(),
        (0, Some((last, before))) => format!("{} and {last}", before.join(", ")),
        (more, Some(_)) => format!("{} and {more} more", quoted.join(", ")),
    }
}

/// `2 tasks`, `1 task`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// A duration as it is written in a plan: `1h30m`, `90s`, `500ms`.
pub(crate) fn duration(time: Duration) -> String {
    let ms = time.as_millis();
    if ms == 0 {
        return "0s".to_owned();
    }
    if !ms.is_multiple_of(1000) && ms < 10_000 {
        return format!("{ms}ms");
    }
    let seconds = (ms + 500) / 1000;
    let mut text = String::new();
    for (unit, size) in [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)] {
        let amount = match unit {
            "d" => seconds / size,
            "h" => seconds % 86_400 / size,
            "m" => seconds % 3_600 / size,
            _ => seconds % 60,
        };
        if amount > 0 {
            text.push_str(&format!("{amount}{unit}"));
        }
    }
    text
}

/// Millionths of a dollar as money: `$12.50`, `$40`.
pub(crate) fn money(millionths: u64) -> String {
    if millionths.is_multiple_of(1_000_000) {
        return format!("${}", millionths / 1_000_000);
    }
    let text = format!("{:.6}", millionths as f64 / 1e6);
    let trimmed = text.trim_end_matches('0');
    let decimals = trimmed.len() - trimmed.find('.').unwrap_or(trimmed.len()) - 1;
    if decimals < 2 { format!("${:.2}", millionths as f64 / 1e6) } else { format!("${trimmed}") }
}

/// Tokens as they are written in a plan: `200k tokens`.
pub(crate) fn tokens(number: u64) -> String {
    match number {
        n if n >= 1_000_000 && n % 100_000 == 0 => format!("{}M tokens", n as f64 / 1e6),
        n if n >= 1_000 && n % 100 == 0 => format!("{}k tokens", n as f64 / 1e3),
        n => format!("{n} tokens"),
    }
}

/// The edit that adds a statement as the first of the body behind a header; makes a body where there is none.
pub(super) fn add_statement(sources: &SourceMap, header: Span, statement: &str) -> Edit {
    let text = sources.file(header.file).text();
    let rest = &text[header.end as usize..];
    let mut blank = rest.len() - rest.trim_start().len();
    if rest[blank..].starts_with("overlaps ") {
        blank += rest[blank..].find('{').unwrap_or_default();
    }
    if !rest[blank..].starts_with('{') {
        return Edit { span: header.at_end(), text: format!(" {{ {statement} }}") };
    }
    let open = header.end as usize + blank + 1;
    let line_start = text[..header.start as usize].rfind('\n').map_or(0, |at| at + 1);
    let indent: String = text[line_start..].chars().take_while(|c| *c == ' ' || *c == '\t').collect();
    let body = &text[open..];
    let first_line = body.lines().next().unwrap_or("");
    let at = Span::new(header.file, open, open);
    match first_line.trim().is_empty() {
        true => Edit { span: at, text: format!("\n{indent}  {statement}") },
        false => Edit { span: at, text: format!(" {statement};") },
    }
}

/// Where `needle` stands first behind the header of an item and before the next item; the header when it is not there as written.
pub(super) fn find(proof: &Proof, header: Span, needle: &str) -> Span {
    let text = proof.sources.file(header.file).text();
    let starts = proof.names.starts();
    let next = starts.partition_point(|start| *start <= (header.file, header.start));
    let end = match starts.get(next) {
        Some((file, start)) if *file == header.file => *start as usize,
        _ => text.len(),
    };
    place(text, header, header.start as usize..end, needle)
}

/// Where `needle` stands first inside the span; the span when it is not there as written.
pub(super) fn find_in(sources: &SourceMap, span: Span, needle: &str) -> Span {
    place(sources.file(span.file).text(), span, span.range(), needle)
}

fn place(text: &str, or_else: Span, range: std::ops::Range<usize>, needle: &str) -> Span {
    // A name inside a longer one is another name.
    let goes_on = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | '*');
    let is_whole = |at: &usize| {
        let (before, after) = (&text[..*at], &text[at + needle.len()..]);
        let joins_before = needle.starts_with(goes_on) && before.ends_with(|c| goes_on(c) || c == '.');
        let joins_after = needle.ends_with(goes_on) && after.starts_with(goes_on);
        !joins_before && !joins_after
    };
    if needle.is_empty() || needle.contains('\n') {
        return or_else;
    }
    let mut found = text[range.clone()].match_indices(needle).map(|(at, _)| range.start + at);
    found.find(is_whole).map_or(or_else, |start| Span::new(or_else.file, start, start + needle.len()))
}
