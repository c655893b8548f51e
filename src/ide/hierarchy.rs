//! The order as a hierarchy: what a task waits for, and what waits for it.

use super::index::{SymbolId, SymbolKind};
use super::{Analysis, Planned};
use crate::plan::TaskId;
use crate::source::FileId;

/// The task that is named at a place.
pub fn prepare(analysis: &Analysis, file: FileId, offset: usize) -> Option<SymbolId> {
    let found = analysis.index.at(file, offset)?;
    (analysis.index.symbol(found.symbol).kind == SymbolKind::Task).then_some(found.symbol)
}

/// The tasks that a task waits for (`is_before`), or that wait for it. Turns of a `for` count as one.
pub fn neighbours(
    analysis: &Analysis,
    planned: &Planned,
    symbol: SymbolId,
    is_before: bool,
) -> Vec<SymbolId> {
    let mut found: Vec<SymbolId> = Vec::new();
    for name in &analysis.index.symbol(symbol).names {
        let Some(task) = planned.task(name) else { continue };
        let tasks: Vec<TaskId> = if is_before { planned.before(task) } else { planned.after(task) };
        for task in tasks {
            let name = &planned.plan.task(task).name;
            if let Some(id) = analysis.index.named(SymbolKind::Task, name)
                && id != symbol
                && !found.contains(&id)
            {
                found.push(id);
            }
        }
    }
    found
}
