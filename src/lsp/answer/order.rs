//! Answers about the order and the time: hints, lenses, the hierarchy of tasks; and what can be done about findings.

use super::{Answer, Asked, Closed, Snapshot, refused};
use crate::ide::hints::{LensAction, hints as ide_hints, lenses as ide_lenses};
use crate::ide::index::SymbolId;
use crate::ide::{Analysis, Planned, actions as ide_actions, hierarchy};
use crate::lsp::convert::{diagnostic, position, range, symbol_kind, workspace_edit};
use crate::lsp::uri;
use crate::source::ColumnUnit;
use lsp_server::ErrorCode;
use serde_json::{Value, json};
use std::sync::Arc;

pub fn actions(asked: &Asked, closed: &mut Closed) -> Answer {
    let (start, end) = (asked.place("/range/start")?, asked.place("/range/end")?);
    let only: Option<Vec<String>> =
        asked.params.pointer("/context/only").cloned().and_then(|only| serde_json::from_value(only).ok());
    let wants = |kind: &str| {
        only.as_ref().is_none_or(|only| {
            only.iter().any(|wanted| kind == wanted || kind.starts_with(&format!("{wanted}.")))
        })
    };
    let mut found: Vec<Value> = Vec::new();
    for (analysis, file) in asked.analyses(closed) {
        if wants("quickfix") {
            for action in ide_actions::actions(&analysis, file, start, end) {
                let of = action.diagnostic.and_then(|index| analysis.diagnostics.get(index));
                let of: Vec<Value> =
                    of.map(|of| diagnostic(&analysis.sources, of, asked.unit())).into_iter().collect();
                found.push(json!({
                    "title": action.title,
                    "kind": "quickfix",
                    "diagnostics": of,
                    "isPreferred": action.is_safe,
                    "edit": workspace_edit(&analysis.sources, &action.edits, asked.unit()),
                }));
            }
        }
        let asks_for_all = only.as_ref().is_some_and(|_| wants("source.fixAll.wavec"));
        if (asks_for_all || only.is_none())
            && let Some(action) = ide_actions::fix_all(&analysis, file)
        {
            found.push(json!({
                "title": action.title,
                "kind": "source.fixAll.wavec",
                "edit": workspace_edit(&analysis.sources, &action.edits, asked.unit()),
            }));
        }
        if !found.is_empty() {
            break;
        }
    }
    Ok(Value::from(found))
}

/// The analysis in which the document is a plan, or its own.
fn own(asked: &Asked, closed: &mut Closed) -> Arc<Analysis> {
    asked.snapshot.analysis(&asked.path, closed)
}

pub fn lenses(asked: &Asked, closed: &mut Closed) -> Answer {
    let analysis = own(asked, closed);
    let planned = asked.planned(&analysis);
    let target = asked.params.pointer("/textDocument/uri").cloned().unwrap_or_default();
    let has_commands = asked.snapshot.client.has_commands;
    let lenses = ide_lenses(&analysis, planned.as_deref());
    let lenses = lenses.iter().filter(|lens| has_commands || lens.action == LensAction::Tell).map(|lens| {
        let command = match lens.action {
            LensAction::Run => json!({ "title": lens.title, "command": "wavec.run", "arguments": [target] }),
            LensAction::Plan => {
                json!({ "title": lens.title, "command": "wavec.plan", "arguments": [target] })
            }
            LensAction::Tell => json!({ "title": lens.title, "command": "" }),
        };
        json!({ "range": range(&asked.source, lens.span, asked.unit()), "command": command })
    });
    Ok(Value::from(lenses.collect::<Vec<_>>()))
}

pub fn hints(asked: &Asked, closed: &mut Closed) -> Answer {
    let (start, end) = (asked.place("/range/start")?, asked.place("/range/end")?);
    let analysis = own(asked, closed);
    let (Some(planned), Some(file)) = (asked.planned(&analysis), analysis.file(&asked.path)) else {
        return Ok(Value::Null);
    };
    let hints = ide_hints(&analysis, &planned, file, start..end.max(start) + 1);
    let hints = hints.iter().map(|hint| {
        json!({
            "position": position(&asked.source, hint.span.start as usize, asked.unit()),
            "label": hint.text,
            "tooltip": hint.tooltip,
            "paddingLeft": true,
        })
    });
    Ok(Value::from(hints.collect::<Vec<_>>()))
}

fn item(analysis: &Analysis, planned: Option<&Planned>, id: SymbolId, unit: ColumnUnit) -> Value {
    let symbol = analysis.index.symbol(id);
    let file = analysis.sources.file(symbol.span.file);
    let name = symbol.names.first().unwrap_or(&symbol.name);
    let slot = planned.and_then(|planned| planned.forecast().task(&planned.plan, planned.task(name)?));
    let detail = slot.map_or_else(String::new, |slot| crate::ide::slot(slot.start, slot.end));
    json!({
        "name": name,
        "kind": symbol_kind(symbol.kind),
        "detail": detail,
        "uri": uri::of_path(file.path()),
        "range": range(file, symbol.full, unit),
        "selectionRange": range(file, symbol.span, unit),
    })
}

pub fn prepare(asked: &Asked, closed: &mut Closed) -> Answer {
    let analysis = own(asked, closed);
    let at = asked.offset()?;
    let found = analysis.file(&asked.path).and_then(|file| hierarchy::prepare(&analysis, file, at));
    let planned = asked.planned(&analysis);
    Ok(found
        .map_or(Value::Null, |id| Value::from(vec![item(&analysis, planned.as_deref(), id, asked.unit())])))
}

/// What waits for a task (`is_incoming`: who calls it), or what it waits for.
pub fn calls(snapshot: &Snapshot, closed: &mut Closed, params: &Value, is_incoming: bool) -> Answer {
    let path = super::path_of(params).ok_or_else(|| refused(ErrorCode::InvalidParams, "which task?"))?;
    let asked = Asked { snapshot, params, source: snapshot.source(&path)?, path };
    let at = asked.place("/item/selectionRange/start")?;
    let analysis = own(&asked, closed);
    let found = analysis.file(&asked.path).and_then(|file| hierarchy::prepare(&analysis, file, at));
    let (Some(id), Some(planned)) = (found, asked.planned(&analysis)) else { return Ok(Value::Null) };
    let neighbours = hierarchy::neighbours(&analysis, &planned, id, !is_incoming);
    let side = if is_incoming { "from" } else { "to" };
    let calls = neighbours.into_iter().map(|other| {
        let other_item = item(&analysis, Some(&planned), other, asked.unit());
        let ranges = vec![other_item["selectionRange"].clone()];
        let from = if is_incoming {
            ranges
        } else {
            vec![item(&analysis, None, id, asked.unit())["selectionRange"].clone()]
        };
        let mut call = json!({ "fromRanges": from });
        call[side] = other_item;
        call
    });
    Ok(Value::from(calls.collect::<Vec<_>>()))
}
