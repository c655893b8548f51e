//! Answers about names: what stands here, where it is declared and used, and what a new name changes.

use super::{Answer, Asked, Closed, Snapshot, refused};
use crate::ide::Analysis;
use crate::ide::hover::hover as ide_hover;
use crate::ide::index::SymbolId;
use crate::ide::navigate::{Refusal, fits, may_rename};
use crate::lsp::convert::{location, range, symbol_kind};
use crate::lsp::uri;
use crate::source::{FileId, Span};
use lsp_server::ErrorCode;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub fn hover(asked: &Asked, closed: &mut Closed) -> Answer {
    let at = asked.offset()?;
    // A library alone knows less than the plans that use it.
    let all = asked.analyses(closed);
    let plans = all.iter().filter(|(analysis, _)| analysis.is_plan);
    for (analysis, file) in plans.chain(&all) {
        let planned = asked.planned(analysis);
        let found = ide_hover(analysis, planned.as_deref(), *file, at, &asked.snapshot.overlay);
        if let Some(found) = found {
            let text = json!({ "kind": "markdown", "value": found.text });
            return Ok(json!({ "contents": text, "range": range(&asked.source, found.span, asked.unit()) }));
        }
    }
    Ok(Value::Null)
}

pub fn definition(asked: &Asked, closed: &mut Closed) -> Answer {
    let at = asked.offset()?;
    let mut places: Vec<Value> = Vec::new();
    for (analysis, file) in asked.analyses(closed) {
        for (id, _) in analysis.symbols_at(file, at) {
            let (symbol, span) = analysis.declaration(id);
            let place = match &symbol.file {
                Some(path) => {
                    let path = crate::check::normal(&crate::ide::directory(root_of(&analysis)).join(path));
                    let start = json!({ "line": 0, "character": 0 });
                    json!({ "uri": uri::of_path(&path), "range": { "start": start, "end": start } })
                }
                None => location(&analysis.sources, span, asked.unit()),
            };
            if !places.contains(&place) {
                places.push(place);
            }
        }
        if !places.is_empty() {
            break;
        }
        // On the path of a library: the library itself.
        let parsed = crate::syntax::parse(FileId(0), asked.source.text());
        let links = crate::ide::links::links(&asked.path, &parsed.file, &|path| {
            crate::check::Loader::exists(&asked.snapshot.overlay, path)
        });
        if let Some(link) = links.iter().find(|link| link.span.touches(at)) {
            let start = json!({ "line": 0, "character": 0 });
            places
                .push(json!({ "uri": uri::of_path(&link.path), "range": { "start": start, "end": start } }));
            break;
        }
    }
    Ok(Value::from(places))
}

/// The first file of an analysis.
fn root_of(analysis: &Analysis) -> &Path {
    analysis.sources.files().next().map_or(Path::new(""), |(_, file)| file.path())
}

/// The symbols at a place, in every analysis that knows them.
struct Everywhere {
    found: Vec<(Arc<Analysis>, Vec<SymbolId>)>,
    /// The place that was asked for.
    span: Span,
}

fn everywhere(asked: &Asked, closed: &mut Closed, at: usize) -> Option<Everywhere> {
    let own = asked.analyses(closed);
    let (analysis, file) = own.iter().find(|(analysis, file)| analysis.index.at(*file, at).is_some())?;
    let symbols = analysis.symbols_at(*file, at);
    let (_, span) = *symbols.first()?;
    let ids: Vec<SymbolId> = symbols.into_iter().map(|(id, _)| id).collect();
    // Where they are declared is what all analyses agree on.
    let declared: Vec<(PathBuf, u32)> = ids
        .iter()
        .map(|id| {
            let (_, span) = analysis.declaration(*id);
            (analysis.sources.file(span.file).path().to_path_buf(), span.start)
        })
        .collect();
    let mut found = vec![(Arc::clone(analysis), ids)];
    // Only what stands in a library can be named by other plans.
    let is_shared = declared.iter().any(|(path, _)| path != root_of(analysis)) || !analysis.is_plan;
    if is_shared {
        for other in asked.snapshot.everywhere(closed) {
            if Arc::ptr_eq(&other, analysis) {
                continue;
            }
            let ids: Vec<SymbolId> =
                declared.iter().filter_map(|(path, start)| other.declared_at(path, *start)).collect();
            if !ids.is_empty() {
                found.push((other, ids));
            }
        }
    }
    Some(Everywhere { found, span })
}

pub fn references(asked: &Asked, closed: &mut Closed) -> Answer {
    let has_declaration = asked.params.pointer("/context/includeDeclaration") != Some(&Value::Bool(false));
    let Some(everywhere) = everywhere(asked, closed, asked.offset()?) else { return Ok(Value::Null) };
    let mut places: Vec<Value> = Vec::new();
    let mut seen = BTreeSet::new();
    for (analysis, ids) in &everywhere.found {
        for found in analysis.references(ids) {
            if (has_declaration || !found.is_declaration) && seen.insert((found.path, found.span.start)) {
                places.push(location(&analysis.sources, found.span, asked.unit()));
            }
        }
    }
    Ok(Value::from(places))
}

pub fn highlights(asked: &Asked, closed: &mut Closed) -> Answer {
    let at = asked.offset()?;
    let Some((analysis, file)) =
        asked.analyses(closed).into_iter().find(|(it, file)| it.index.at(*file, at).is_some())
    else {
        return Ok(Value::Null);
    };
    let ids: Vec<SymbolId> = analysis.symbols_at(file, at).into_iter().map(|(id, _)| id).collect();
    let places = analysis.references(&ids).into_iter().filter(|found| found.span.file == file);
    let places = places.map(|found| {
        let kind = if found.is_declaration { 3 } else { 2 };
        json!({ "range": range(&asked.source, found.span, asked.unit()), "kind": kind })
    });
    Ok(Value::from(places.collect::<Vec<_>>()))
}

fn not_renamed(refusal: &Refusal) -> super::Refused {
    refused(ErrorCode::RequestFailed, refusal.to_string())
}

pub fn prepare_rename(asked: &Asked, closed: &mut Closed) -> Answer {
    let Some(everywhere) = everywhere(asked, closed, asked.offset()?) else { return Ok(Value::Null) };
    for (analysis, ids) in &everywhere.found {
        for id in ids {
            may_rename(analysis, *id).map_err(|refusal| not_renamed(&refusal))?;
        }
    }
    let text = &asked.source.text()[everywhere.span.range()];
    Ok(json!({ "range": range(&asked.source, everywhere.span, asked.unit()), "placeholder": text }))
}

pub fn rename(asked: &Asked, closed: &mut Closed) -> Answer {
    let name = asked.params.get("newName").and_then(Value::as_str).unwrap_or_default();
    let everywhere =
        everywhere(asked, closed, asked.offset()?).ok_or_else(|| not_renamed(&Refusal::NoName))?;
    let mut changes: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for (analysis, ids) in &everywhere.found {
        for id in ids {
            may_rename(analysis, *id)
                .and_then(|()| fits(analysis, *id, name))
                .map_err(|it| not_renamed(&it))?;
        }
        for found in analysis.references(ids) {
            if seen.insert((found.path.clone(), found.span.start)) {
                let file = analysis.sources.file(found.span.file);
                let document = asked.snapshot.overlay.documents.get(&found.path);
                let uri = document.map_or_else(|| uri::of_path(&found.path), |document| document.uri.clone());
                let edit = json!({ "range": range(file, found.span, asked.unit()), "newText": name });
                changes.entry(uri).or_default().push(edit);
            }
        }
    }
    Ok(json!({ "changes": changes }))
}

pub fn workspace_symbols(snapshot: &Snapshot, closed: &mut Closed, params: &Value) -> Answer {
    let query = params.get("query").and_then(Value::as_str).unwrap_or_default().to_lowercase();
    let mut found: Vec<Value> = Vec::new();
    let mut seen = BTreeSet::new();
    for analysis in snapshot.everywhere(closed) {
        for (_, symbol) in analysis.index.all() {
            let name = symbol.names.first().unwrap_or(&symbol.name);
            if !is_like(&name.to_lowercase(), &query) || symbol.file.is_some() {
                continue;
            }
            let path = analysis.sources.file(symbol.span.file).path().to_path_buf();
            if seen.insert((path, symbol.span.start)) {
                let container = symbol.container.map(|id| analysis.index.symbol(id).name.clone());
                found.push(json!({
                    "name": name,
                    "kind": symbol_kind(symbol.kind),
                    "location": location(&analysis.sources, symbol.span, snapshot.client.unit),
                    "containerName": container,
                }));
            }
        }
        if found.len() >= MOST_SYMBOLS {
            break;
        }
    }
    found.truncate(MOST_SYMBOLS);
    Ok(Value::from(found))
}

/// Whether the letters of the query stand in the name, in their order.
fn is_like(name: &str, query: &str) -> bool {
    let mut letters = name.chars();
    query.chars().all(|wanted| letters.any(|letter| letter == wanted))
}

/// So many symbols of the workspace are given.
const MOST_SYMBOLS: usize = 1_000;
