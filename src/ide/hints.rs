//! What follows from a plan, shown in it: when waves and tasks are on, what is critical, what waits for what.
//!
//! Found by name, so that it stays in place while the text around it changes.

use super::hover::group_line;
use super::index::{Symbol, SymbolKind};
use super::{Analysis, Planned, words};
use crate::plan::{GroupId, Need, NeedSource, StepKind, TaskId};
use crate::source::{FileId, Span};

/// A few words behind a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// Behind which place: an empty span.
    pub span: Span,
    /// The words.
    pub text: String,
    /// What they mean.
    pub tooltip: String,
}

/// The hints between two places of a file.
pub fn hints(
    analysis: &Analysis,
    planned: &Planned,
    file: FileId,
    range: std::ops::Range<usize>,
) -> Vec<Hint> {
    let mut hints = Vec::new();
    for (_, symbol) in analysis.index.all() {
        if symbol.span.file != file || !range.contains(&(symbol.span.start as usize)) {
            continue;
        }
        let Some(name) = symbol.names.first() else { continue };
        let found = match symbol.kind {
            SymbolKind::Wave | SymbolKind::Block => planned.group(name).and_then(|id| of_group(planned, id)),
            SymbolKind::Task => planned.task(name).and_then(|id| of_task(planned, id)),
            _ => None,
        };
        if let Some((text, tooltip)) = found {
            hints.push(Hint { span: head_end(analysis, symbol), text, tooltip });
        }
    }
    hints.sort_by_key(|hint| hint.span.start);
    hints
}

/// The end of the line of a declaration's head, before its `{`.
fn head_end(analysis: &Analysis, symbol: &Symbol) -> Span {
    let text = analysis.sources.file(symbol.span.file).text();
    let head = symbol.span.start as usize + analysis.sources.text(symbol.span).len();
    let end =
        analysis.sources.file(symbol.span.file).text()[head..].find('\n').map_or(text.len(), |at| head + at);
    let line = &text[head..end];
    // Behind the title, where there is one on this line.
    let quote = line.find('"').filter(|at| line[..*at].trim().is_empty());
    let behind = quote.and_then(|at| line[at + 1..].find('"').map(|length| at + length + 2));
    let at = head + behind.unwrap_or(0);
    Span::new(symbol.span.file, at, at)
}

fn of_group(planned: &Planned, id: GroupId) -> Option<(String, String)> {
    let slot = planned.forecast().group(id);
    if slot.is_skipped || slot.end.is_zero() {
        return None;
    }
    let tooltip = group_line(planned, id);
    Some((words::slot(slot.start, slot.end), tooltip))
}

fn of_task(planned: &Planned, id: TaskId) -> Option<(String, String)> {
    let plan = &planned.plan;
    let step = plan.task(id).step?;
    let slot = planned.forecast().step(step);
    let mut parts = Vec::new();
    let mut tooltip = Vec::new();
    if slot.is_critical && !slot.duration().is_zero() {
        parts.push("critical".to_owned());
        tooltip.push("If it takes longer, the plan does.".to_owned());
    }
    // What orders it without being written: outputs.
    let implied: Vec<TaskId> = plan
        .step(step)
        .needs
        .iter()
        .filter_map(|need| match need {
            Need::Succeeded(step, NeedSource::Output) => match plan.step(*step).kind {
                StepKind::Task(task) => Some(task),
                _ => None,
            },
            _ => None,
        })
        .collect();
    if !implied.is_empty() {
        let names: Vec<&str> = implied.iter().map(|task| plan.task(*task).name.as_str()).collect();
        parts.push(format!("after {}", names.join(", ")));
        tooltip.push("It uses their outputs, and so waits for them.".to_owned());
    }
    (!parts.is_empty()).then(|| (parts.join(" · "), tooltip.join(" ")))
}

/// What can be done with a plan, above a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lens {
    /// Above which place.
    pub span: Span,
    /// What it says.
    pub title: String,
    /// What it does.
    pub action: LensAction,
}

/// What a lens does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LensAction {
    /// Runs the plan, in a terminal of the person's.
    Run,
    /// Shows the plan.
    Plan,
    /// Nothing: it only tells.
    Tell,
}

/// The lenses of a plan: run and plan above its header, width and forecast above each wave.
pub fn lenses(analysis: &Analysis, planned: Option<&Planned>) -> Vec<Lens> {
    let mut lenses = Vec::new();
    let mut add = |span: Span, title: String, action| lenses.push(Lens { span, title, action });
    for (_, symbol) in analysis.index.all().filter(|(_, symbol)| symbol.span.file == FileId(0)) {
        let name = symbol.names.first().map_or("", String::as_str);
        match symbol.kind {
            SymbolKind::Plan => {
                add(symbol.span, "▶ run".to_owned(), LensAction::Run);
                add(symbol.span, "plan".to_owned(), LensAction::Plan);
                if let Some(planned) = planned {
                    add(symbol.span, group_line(planned, GroupId(0)), LensAction::Tell);
                }
            }
            SymbolKind::Wave => {
                if let Some((planned, id)) = planned.and_then(|planned| Some((planned, planned.group(name)?)))
                {
                    add(symbol.span, group_line(planned, id), LensAction::Tell);
                }
            }
            _ => {}
        }
    }
    lenses
}
