//! What follows for a statement: how a length of time counts, by what an assert holds, how a criterion is tested, what a glob matches.
//!
//! From the tree where that is enough, so that it works before there is a plan; what needs the order or the time comes from
//! the last plan.

use super::{critical, range};
use crate::check::Loader;
use crate::check::values::{inside, split_section};
use crate::diagnostic::{Severity, codes};
use crate::glob::Pattern;
use crate::ide::index::{Symbol, SymbolKind};
use crate::ide::{Analysis, Planned, files, words};
use crate::plan::{AssertClaim, Item, Plan, StepId, StepKind, TaskId};
use crate::source::{ColumnUnit, Span};
use crate::syntax::ast::{self, Otherwise, Statement, StatementKind, TestKind, Text, TextPart};
use std::fmt::Write as _;
use std::time::Duration;

/// Where a statement stands and what is known of it.
pub(super) struct Subject<'h, 's> {
    pub analysis: &'h Analysis,
    pub planned: Option<&'h Planned>,
    pub loader: &'h dyn Loader,
    /// The statements around it, outermost first, itself last.
    pub around: &'h [&'h Statement<'s>],
}

/// So many files are named.
const MOST_SHOWN: usize = 12;

/// So many ways to fill a text in are looked at.
const MOST_FILLED: usize = 50;

fn time(duration: &ast::Duration) -> Duration {
    Duration::from_millis(duration.milliseconds)
}

impl Subject<'_, '_> {
    fn statement(&self) -> Option<&Statement<'_>> {
        self.around.last().copied()
    }

    /// What follows for the statement.
    pub fn derived(&self) -> Option<String> {
        let statement = self.statement()?;
        match &statement.kind {
            StatementKind::Estimate(estimate) => Some(self.estimate(estimate)),
            StatementKind::Timeout(limit) => Some(self.timeout(limit)),
            StatementKind::Wait(wait) => Some(format!(
                "The forecast counts {}: the wait in full.{}",
                words::duration(time(wait)),
                self.slot()
            )),
            StatementKind::Retries { count, backoff, feedback } => {
                Some(retries(count.value as u32, backoff.as_deref(), feedback.is_some()))
            }
            StatementKind::Approve(approve) => approve.within.as_ref().map(|(within, otherwise)| {
                let then = match otherwise {
                    Otherwise::Stop => "as if rejected",
                    Otherwise::Continue => "as if approved",
                };
                format!("Nobody has answered after {}: {then}.", words::duration(time(within)))
            }),
            StatementKind::Assert(_) => self.assert(statement.span),
            StatementKind::Check(check) => {
                let said = self.tested(check.test.as_ref());
                let title = check.title.as_ref().and_then(Text::plain);
                let title = title.map(|title| format!("**{title}**\n\n")).unwrap_or_default();
                Some(format!("{title}{said}"))
            }
            StatementKind::Criterion { test, .. } => Some(self.tested(test.as_deref())),
            StatementKind::Gate(gate) => self.gate(&gate.body),
            _ => None,
        }
    }

    /// The task that the statement stands in.
    fn task(&self) -> Option<(&Planned, TaskId)> {
        let planned = self.planned?;
        let task = self.around.iter().rev().find_map(|outer| match &outer.kind {
            StatementKind::Task(task) => Some(task.name.span()),
            _ => None,
        })?;
        let found = self.analysis.index.at(task.file, task.start as usize)?;
        let name = self.analysis.index.symbol(found.symbol).names.first()?;
        Some((planned, planned.task(name)?))
    }

    /// When the task is on, as a sentence of its own; nothing where that is not known.
    fn slot(&self) -> String {
        let Some((planned, task)) = self.task() else { return String::new() };
        let Some(slot) = planned.forecast().task(&planned.plan, task).filter(|slot| !slot.is_skipped) else {
            return String::new();
        };
        let name = &planned.plan.task(task).name;
        let slack = match slot.is_critical {
            true => " and on the critical path".to_owned(),
            false => format!(", with {} of slack", words::duration(slot.slack)),
        };
        format!(" `{name}` is on at {}{slack}.", words::slot(slot.start, slot.end))
    }

    fn estimate(&self, written: &ast::Estimate) -> String {
        let estimate = crate::plan::Estimate {
            least: time(&written.least),
            likeliest: written.likeliest.as_ref().map(time),
            most: time(&written.most),
            span: written.span,
        };
        let said = words::duration;
        let how = match estimate.likeliest {
            Some(likeliest) => format!(
                "the mean of three points, (least + 4 × likeliest + most) / 6 = ({} + 4 × {} + {}) / 6",
                said(estimate.least),
                said(likeliest),
                said(estimate.most)
            ),
            None if estimate.least == estimate.most => "as written".to_owned(),
            None => format!("the middle between {} and {}", said(estimate.least), said(estimate.most)),
        };
        format!("The forecast counts {}: {how}.{}", said(estimate.expected()), self.slot())
    }

    fn timeout(&self, limit: &ast::Duration) -> String {
        let limit = words::duration(time(limit));
        let holder = self.around.iter().rev().nth(1);
        match holder.map(|holder| &holder.kind) {
            Some(StatementKind::Task(task)) => {
                let expected = task.body.statements.iter().find_map(|inner| match &inner.kind {
                    StatementKind::Estimate(written) => Some(self.estimate(written)),
                    _ => None,
                });
                let expected = expected.map(|expected| format!(" {expected}")).unwrap_or_default();
                format!("Each attempt of `{}` is ended after {limit}.{expected}", task.name.text)
            }
            Some(StatementKind::Agent { name, .. }) => {
                format!(
                    "Each attempt by `{}` is ended after {limit}, where the task says nothing else.",
                    name.text
                )
            }
            _ => {
                let tasks = self.planned.map_or(Vec::new(), |planned| {
                    let span = holder.map(|holder| holder.span);
                    let is_in = |task: &TaskId| {
                        let task = planned.plan.task(*task);
                        span.is_none_or(|span| span.contains(task.span))
                            && task.timeout.is_some_and(|own| words::duration(own) == limit)
                    };
                    planned.plan.task_ids().filter(is_in).collect::<Vec<_>>()
                });
                let counts = match (tasks.len(), self.planned) {
                    (1.., Some(planned)) => format!(
                        " It counts for {}: {}.",
                        words::count(tasks.len(), "task"),
                        words::tasks(&planned.plan, &tasks, 6)
                    ),
                    _ => String::new(),
                };
                format!(
                    "Each attempt of the tasks in it is ended after {limit}, where nothing nearer to them says something else.{counts}"
                )
            }
        }
    }

    /// How a gate is judged.
    fn gate(&self, body: &ast::Body<'_>) -> Option<String> {
        let lines = body.statements.iter().filter_map(|statement| match &statement.kind {
            StatementKind::Check(check) => {
                let title = check.title.as_ref().and_then(Text::plain);
                let title = title.map(|title| format!("**{title}**: ")).unwrap_or_default();
                Some(format!("- {title}{}", self.test(check.test.as_ref())))
            }
            StatementKind::Approve(approve) => {
                let within = match &approve.within {
                    Some((within, Otherwise::Continue)) => {
                        format!(", within {}, else it opens", words::duration(time(within)))
                    }
                    Some((within, Otherwise::Stop)) => {
                        format!(", within {}, else it stays shut", words::duration(time(within)))
                    }
                    None => String::new(),
                };
                Some(format!("- a person answers{within}"))
            }
            _ => None,
        });
        let lines: Vec<String> = lines.collect();
        (!lines.is_empty()).then(|| format!("Opens when each of these holds:\n\n{}", lines.join("\n")))
    }

    /// How a criterion is tested, as sentences.
    pub fn tested(&self, test: Option<&ast::Test<'_>>) -> String {
        let by_whom = match test.map(|test| &test.kind) {
            None | Some(TestKind::Manual) => "",
            Some(TestKind::Judged { .. }) => " The agent only judges: it did none of the work.",
            _ => " wavec tests it itself, after the work and outside the agent that did it.",
        };
        format!("Passes when {}.{by_whom}", self.test(test))
    }

    /// How a criterion is tested: the end of a sentence that begins with when it passes.
    fn test(&self, test: Option<&ast::Test<'_>>) -> String {
        let Some(test) = test else { return "a person says so: no test is written".to_owned() };
        let code = |span: Span| self.code(span);
        let text = |text: &Text<'_>| self.code(text.span());
        match &test.kind {
            TestKind::Runs { command, exits, prints, within } => {
                let exits = exits.map_or("0".to_owned(), |number| number.value.to_string());
                let mut said = format!("{} ends with exit code {exits}", code(command.span()));
                if let Some(pattern) = prints {
                    let _ = write!(said, " and some part of its output matches {}", text(pattern));
                }
                if let Some(within) = within {
                    let _ = write!(said, ", within {}", words::duration(time(within)));
                }
                said
            }
            TestKind::Exists(glob) => format!("some file matches {}{}", text(glob), self.now(glob)),
            TestKind::Missing(glob) => format!("no file matches {}{}", text(glob), self.now(glob)),
            TestKind::Contains { pattern, glob } => format!(
                "some line of a file that {} names{} matches {}",
                text(glob),
                self.now(glob),
                text(pattern)
            ),
            TestKind::Lacks { pattern, glob } => format!(
                "no line of the files that {} names{} matches {}",
                text(glob),
                self.now(glob),
                text(pattern)
            ),
            TestKind::ValueAt { file, pointer, comparison, number } => format!(
                "the number at {} of {} is {} {}",
                text(pointer),
                text(file),
                comparison.value.symbol(),
                self.analysis.sources.text(number.span)
            ),
            TestKind::ValueOf { command, comparison, number } => format!(
                "the number that {} prints is {} {}",
                code(command.span()),
                comparison.value.symbol(),
                self.analysis.sources.text(number.span)
            ),
            TestKind::Judged { agent, question } => {
                format!("agent `{}` answers pass, with a reason, to {}", agent.text, text(question))
            }
            TestKind::Manual => "a person says so".to_owned(),
            TestKind::Named(name) => match self.criterion(name.span()) {
                Some((title, said)) => format!("`{}` does{title}: when {said}", name.text),
                None => format!("the criterion `{}` does", name.text),
            },
        }
    }

    /// The shared criterion that is named at a place: its title, and how it is tested.
    fn criterion(&self, span: Span) -> Option<(String, String)> {
        let found = self.analysis.index.at(span.file, span.start as usize)?;
        let symbol = self.analysis.index.symbol(found.symbol);
        let source = self.analysis.sources.file(symbol.span.file);
        let parsed = crate::syntax::parse_around(symbol.span.file, source.text(), symbol.span.start as usize);
        let mut all = parsed.body.statements.iter();
        all.find_map(|statement| match &statement.kind {
            StatementKind::Criterion { name, title, test } if name.span() == symbol.span => {
                let title = title.as_ref().and_then(|title| title.plain());
                let title = title.map(|title| format!(" (*{title}*)")).unwrap_or_default();
                Some((title, self.test(test.as_deref())))
            }
            _ => None,
        })
    }

    /// What is written at a place, as code: the text of a string without its quotes, the first line of a long one.
    fn code(&self, span: Span) -> String {
        let written = self.analysis.sources.text(span);
        let bare = written.trim_matches(['"', '\'']).trim();
        let mut lines = bare.lines();
        let first = lines.next().unwrap_or_default();
        let is_cut = lines.next().is_some();
        let shown = match first.char_indices().nth(80) {
            Some((at, _)) => format!("{}…", &first[..at]),
            None if is_cut => format!("{first} …"),
            None => first.to_owned(),
        };
        let fence = if shown.contains('`') { "``" } else { "`" };
        format!("{fence}{shown}{fence}")
    }

    /// How many files a glob of a criterion matches now.
    fn now(&self, glob: &Text<'_>) -> String {
        let Some(found) = glob.plain().and_then(|glob| self.matches(glob, &[])) else { return String::new() };
        let more = if found.is_cut { " or more" } else { "" };
        format!(" ({}{more} now)", words::count(found.count, "file"))
    }

    fn matches(&self, glob: &str, except: &[Pattern]) -> Option<files::Matches> {
        let plan = self.analysis.sources.files().next().map(|(_, file)| file.path())?;
        let pattern = Pattern::parse(&inside(glob).ok()?).ok()?;
        Some(files::matches(plan, &pattern, except, self.loader, MOST_SHOWN))
    }

    /// What a path or a glob matches now.
    pub fn glob(&self, text: &Text<'_>) -> Option<String> {
        let except = match self.statement().map(|statement| &statement.kind) {
            // What is taken out is shown whole.
            Some(StatementKind::Claim(claim)) if !claim.except.iter().any(|it| it.span() == text.span()) => {
                claim.except.iter().filter_map(Text::plain).collect()
            }
            _ => Vec::new(),
        };
        let patterns: Vec<Pattern> = except
            .iter()
            .filter_map(|glob| Pattern::parse(&inside(split_section(glob).0).ok()?).ok())
            .collect();
        let filled = self.filled(text)?;
        let parts = filled.iter().map(|one| self.one_glob(one, &patterns, &except));
        let parts: Vec<String> = parts.collect::<Option<_>>()?;
        Some(parts.join("\n\n"))
    }

    fn one_glob(&self, text: &str, except: &[Pattern], written: &[&str]) -> Option<String> {
        let (path, section) = split_section(text);
        let is_glob = Pattern::parse(&inside(path).ok()?).ok()?.literal().is_none();
        let found = self.matches(path, except)?;
        let more = if found.is_cut { " or more" } else { "" };
        let mut out = match (found.count, is_glob) {
            (0, true) => format!("`{path}` matches no file now"),
            (0, false) => format!("`{path}` is not there now"),
            (1, false) => format!("`{path}` matches 1 file now: itself"),
            (count, _) => format!("`{path}` matches {}{more} now", words::count(count, "file")),
        };
        if !except.is_empty() {
            let _ = write!(out, ", without {}", words::list(written.iter().copied(), 6));
        }
        if let Some(section) = section {
            let _ = write!(out, "; the part `{section}` of it is claimed");
        }
        if is_glob && found.count > 0 {
            out.push('\n');
            found.shown.iter().for_each(|path| {
                let _ = write!(out, "\n- `{path}`");
            });
            if found.count > found.shown.len() {
                let _ = write!(out, "\n- … and {} more", found.count - found.shown.len());
            }
        }
        Some(out)
    }

    /// A text with its holes filled in: one for each turn of the `for`s around it.
    fn filled(&self, text: &Text<'_>) -> Option<Vec<String>> {
        if let Some(plain) = text.plain() {
            return Some(vec![plain.to_owned()]);
        }
        let mut turns: Vec<Vec<(&str, &str)>> = vec![Vec::new()];
        for statement in self.around {
            if let StatementKind::For { variable, values, .. } = &statement.kind
                && text.holes().any(|hole| hole.text == variable.text)
            {
                let values = values.iter().filter_map(Text::plain);
                let with = values.flat_map(|value| {
                    turns.iter().map(move |turn| [&turn[..], &[(variable.text, value)]].concat())
                });
                turns = with.take(MOST_FILLED).collect();
            }
        }
        let value = |turn: &[(&str, &str)], name: &str| {
            let own =
                turn.iter().rev().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            own.or_else(|| {
                let params = &self.planned?.plan.params;
                params.iter().find(|param| param.name == name).map(|param| param.value.clone())
            })
        };
        let fill = |turn: &Vec<(&str, &str)>| -> Option<String> {
            let part = |part: &TextPart<'_>| match part {
                TextPart::Literal(text) => Some(text.to_string()),
                TextPart::Hole(hole) => value(turn, hole.single()?.text),
            };
            text.parts().iter().map(part).collect()
        };
        turns.iter().map(fill).collect()
    }

    fn assert(&self, span: Span) -> Option<String> {
        let planned = self.planned?;
        let plan = &planned.plan;
        let at = self.analysis.sources.file(span.file).text();
        // By its place among them: while there is an error elsewhere, the last plan has it on another line.
        let parsed = crate::syntax::parse(span.file, at);
        let asserts = parsed.file.body.statements.iter();
        let asserts = asserts.filter(|statement| matches!(statement.kind, StatementKind::Assert(_)));
        let ordinal = asserts.clone().position(|statement| statement.span == span)?;
        let assert = plan.asserts.get(ordinal).filter(|_| asserts.count() == plan.asserts.len())?;
        let of_claims = self.analysis.diagnostics.iter();
        let mut of_claims = of_claims
            .filter(|found| found.code.group() == codes::Group::Claims && span.contains(found.span()));
        let holds = match of_claims.next().map(|found| (found.severity, found.code)) {
            Some((_, code)) if code == codes::UNPROVED_ASSERT => "Cannot be told",
            Some((Severity::Error, _)) => "**Does not hold**",
            _ => "Holds",
        };
        Some(format!("{holds}: {}", self.claim(planned, &assert.claim)?))
    }

    /// What a claim was held against, and how that follows.
    fn claim(&self, planned: &Planned, claim: &AssertClaim) -> Option<String> {
        let plan = &planned.plan;
        let forecast = planned.forecast();
        let workers = match forecast.workers {
            Some(workers) => format!("on {}", words::count(workers as usize, "worker")),
            None => "on as many workers as it can use".to_owned(),
        };
        let missing = match forecast.missing.is_empty() {
            true => String::new(),
            false => format!(
                "\n\nWithout an estimate, and so counted as no time: {}",
                words::tasks(plan, &forecast.missing, 4)
            ),
        };
        Some(match claim {
            AssertClaim::Makespan(..) => format!(
                "the makespan is {} {workers}. Critical path: {}{missing}",
                words::duration(forecast.makespan),
                critical(planned, &forecast.critical)
            ),
            AssertClaim::Speedup(..) => format!(
                "{} one after another, {} {workers}: {:.2}× as fast.{missing}",
                words::duration(forecast.serial),
                words::duration(forecast.makespan),
                forecast.speedup()
            ),
            AssertClaim::Money(..) => {
                let (least, most) = forecast.cost.money?;
                costs(plan, &range((least, most), words::money), &forecast.cost.missing)
            }
            AssertClaim::Tokens(..) => {
                let (least, most) = forecast.cost.tokens?;
                costs(plan, &range((least, most), words::tokens), &forecast.cost.missing)
            }
            AssertClaim::Workers(..) => {
                let widest = crate::prove::widest(plan);
                let width = words::count(widest.len(), "worker");
                format!("the plan can use {width} at once, for {}.", words::tasks(plan, &widest, 6))
            }
            AssertClaim::Before(first, second) => match planned.path(*first, *second) {
                Some(path) => {
                    format!("the order has a path from the first to the second: {}", path.join(" → "))
                }
                None => "nothing has the second wait for the first.".to_owned(),
            },
            AssertClaim::Alongside(first, second) => {
                let path = planned.path(*first, *second).or_else(|| planned.path(*second, *first));
                match path {
                    Some(path) => format!("the order has a path between the two: {}", path.join(" → ")),
                    None => format!(
                        "nothing orders the two. In the forecast the first is on at {}, the second at {}.",
                        of_item(planned, *first),
                        of_item(planned, *second)
                    ),
                }
            }
        })
    }

    /// How a shared criterion is tested, and where it is cited.
    pub fn of_criterion(&self, symbol: &Symbol) -> Option<String> {
        let (_, said) = self.criterion(symbol.span)?;
        let index = &self.analysis.index;
        let own = index.named(SymbolKind::Criterion, &symbol.name)?;
        let cited = index.of(own).filter(|found| !found.is_declaration);
        let lines: Vec<String> = cited
            .map(|found| {
                let file = self.analysis.sources.file(found.span.file);
                let line = file.position(found.span.start as usize, ColumnUnit::Utf8).line;
                (line + 1).to_string()
            })
            .collect();
        let cited = match lines.split_last() {
            None => "Nothing cites it.".to_owned(),
            Some((last, [])) => format!("Cited on line {last}."),
            Some((last, others)) => format!("Cited on lines {} and {last}.", others.join(", ")),
        };
        Some(format!(
            "Passes when {said}. wavec tests it itself, after the work and outside the agent that did it.\n\n{cited}"
        ))
    }
}

fn retries(count: u32, backoff: Option<&ast::Duration>, has_feedback: bool) -> String {
    let mut text = match count {
        0 => "A failed attempt is the last.".to_owned(),
        _ => format!("At most {} in all.", words::count(count as usize + 1, "attempt")),
    };
    if let Some(backoff) = backoff {
        let retries = crate::plan::Retries { count, backoff: time(backoff), feedback: has_feedback };
        let pauses: Vec<String> =
            (1..=count.min(4)).map(|failed| words::duration(retries.pause(failed))).collect();
        let more = if count > 4 { ", …" } else { "" };
        let _ = write!(
            text,
            " The pauses before them: {}{more}: each twice the one before, at most 1h.",
            pauses.join(", ")
        );
    }
    if has_feedback {
        text.push_str(" The next attempt is told what failed.");
    }
    text
}

fn costs(plan: &Plan, sum: &str, missing: &[TaskId]) -> String {
    let missing = match missing.is_empty() {
        true => String::new(),
        false => format!("\n\nWithout a cost: {}", words::tasks(plan, missing, 4)),
    };
    format!("one attempt of each task costs {sum} together.{missing}")
}

/// When an item is on.
fn of_item(planned: &Planned, item: Item) -> String {
    let forecast = planned.forecast();
    let slot = match item {
        Item::Task(task) => forecast.task(&planned.plan, task).copied(),
        Item::Group(group) => Some(*forecast.group(group)),
        Item::Gate(gate) => {
            let is_it = |step: &StepId| planned.plan.step(*step).kind == StepKind::Gate(gate);
            planned.plan.step_ids().find(is_it).map(|step| *forecast.step(step))
        }
    };
    slot.map_or_else(|| "a time outside the order".to_owned(), |slot| words::slot(slot.start, slot.end))
}
