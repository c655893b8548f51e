//! Answers from the text alone, and from the names of the last analysis.

use super::{Answer, Asked, refused};
use crate::check::Loader;
use crate::diagnostic::codes::Code;
use crate::ide::complete::{Known, complete};
use crate::ide::outline::{Outlined, folds as all_folds, outline, selection};
use crate::ide::tokens::tokens as all_tokens;
use crate::ide::{index::Index, layout, links as ide_links, signature as ide_signature};
use crate::lsp::convert::{completion_kind, offset, position, range, symbol_kind, text_edits};
use crate::lsp::{uri, work};
use crate::source::FileId;
use crate::syntax;
use lsp_server::ErrorCode;
use serde_json::{Value, json};

/// A longer text is not analysed while somebody waits for what may be typed.
const LARGE: usize = 64 * 1024;

pub fn completion(asked: &Asked) -> Answer {
    let at = asked.offset()?;
    let snapshot = asked.snapshot;
    let analysis = snapshot.analyses.get(&asked.path);
    // Before the first analysis is done, the names are looked for here; where that takes long, the next key asks again.
    let is_small = asked.source.text().len() < LARGE;
    let look = || work::analyze_names(&snapshot.overlay, &asked.path, asked.source.text());
    let own = (analysis.is_none() && is_small).then(look);
    let is_nameless = analysis.is_none() && !is_small;
    let none = Index::default();
    let known = Known {
        path: &asked.path,
        index: analysis.map(AsRef::as_ref).or(own.as_ref()).map_or(&none, |it| &it.index),
        planned: snapshot.planned.get(&asked.path).map(AsRef::as_ref),
        loader: &snapshot.overlay,
    };
    let (found, is_incomplete) = complete(asked.source.text(), at, &known);
    let has_snippets = snapshot.client.has_snippets;
    let items: Vec<Value> = found
        .iter()
        .map(|item| {
            let is_snippet = item.is_snippet && has_snippets;
            let text = if item.is_snippet && !has_snippets { &item.label } else { &item.insert };
            let mut value = json!({
                "label": item.label,
                "kind": completion_kind(item.kind),
                "detail": item.detail,
                "sortText": format!("{}{}", item.rank, item.label),
                "insertTextFormat": if is_snippet { 2 } else { 1 },
                "textEdit": { "range": range(&asked.source, item.replace, asked.unit()), "newText": text },
            });
            if !item.filter.is_empty() {
                value["filterText"] = json!(item.filter);
            }
            if !item.docs.is_empty() {
                value["documentation"] = json!({ "kind": "markdown", "value": item.docs });
            }
            value
        })
        .collect();
    Ok(json!({ "isIncomplete": is_incomplete || is_nameless, "items": items }))
}

pub fn signature(asked: &Asked) -> Answer {
    let Some(found) = ide_signature::signature(asked.source.text(), asked.offset()?) else {
        return Ok(Value::Null);
    };
    let signatures: Vec<Value> = found
        .forms
        .iter()
        .map(|(form, meaning)| json!({ "label": form, "documentation": meaning, "parameters": [] }))
        .collect();
    Ok(json!({ "signatures": signatures, "activeSignature": found.active }))
}

fn edits(asked: &Asked, edits: Option<Vec<crate::diagnostic::Edit>>) -> Answer {
    // Text with a mistake in it is left as it is.
    Ok(edits.map_or(Value::Null, |edits| Value::from(text_edits(&asked.source, &edits, asked.unit()))))
}

pub fn formatting(asked: &Asked) -> Answer {
    edits(asked, layout::format(asked.source.text()))
}

pub fn range_formatting(asked: &Asked) -> Answer {
    let (start, end) = (asked.place("/range/start")?, asked.place("/range/end")?);
    edits(asked, layout::format_range(asked.source.text(), start.min(end)..end.max(start)))
}

pub fn typed_formatting(asked: &Asked) -> Answer {
    let at = asked.offset()?;
    let text = asked.source.text();
    if asked.params["ch"] == "}" {
        return edits(asked, layout::format_typed(text, at));
    }
    edits(asked, Some(layout::indent_line(text, at)))
}

pub fn symbols(asked: &Asked) -> Answer {
    let parsed = syntax::parse(FileId(0), asked.source.text());
    let symbols: Vec<Value> = outline(&parsed.file).iter().map(|symbol| one_symbol(asked, symbol)).collect();
    Ok(Value::from(symbols))
}

fn one_symbol(asked: &Asked, symbol: &Outlined) -> Value {
    let children: Vec<Value> = symbol.children.iter().map(|inner| one_symbol(asked, inner)).collect();
    json!({
        "name": symbol.name,
        "detail": symbol.detail,
        "kind": symbol_kind(symbol.kind),
        "range": range(&asked.source, symbol.full.to(symbol.span), asked.unit()),
        "selectionRange": range(&asked.source, symbol.span, asked.unit()),
        "children": children,
    })
}

pub fn folds(asked: &Asked) -> Answer {
    let parsed = syntax::parse(FileId(0), asked.source.text());
    let folds = all_folds(asked.source.text(), &parsed.file);
    let folds = folds.iter().map(|fold| {
        let place = range(&asked.source, fold.span, asked.unit());
        let kind = if fold.is_comment { "comment" } else { "region" };
        json!({ "startLine": place.start.line, "endLine": place.end.line, "kind": kind })
    });
    Ok(Value::from(folds.collect::<Vec<_>>()))
}

pub fn selections(asked: &Asked) -> Answer {
    let parsed = syntax::parse(FileId(0), asked.source.text());
    let places = asked.params.get("positions").cloned().unwrap_or_default();
    let places: Vec<gen_lsp_types::Position> = serde_json::from_value(places)
        .map_err(|error| refused(ErrorCode::InvalidParams, error.to_string()))?;
    let one = |place: gen_lsp_types::Position| {
        let at = offset(&asked.source, place, asked.unit());
        let spans = selection(asked.source.text(), &parsed.file, at);
        spans.iter().rev().fold(Value::Null, |parent, span| {
            let mut value = json!({ "range": range(&asked.source, *span, asked.unit()) });
            if !parent.is_null() {
                value["parent"] = parent;
            }
            value
        })
    };
    Ok(Value::from(places.into_iter().map(one).collect::<Vec<_>>()))
}

pub fn tokens(asked: &Asked) -> Answer {
    let parsed = syntax::parse(FileId(0), asked.source.text());
    let wanted = match asked.params.get("range") {
        Some(_) => asked.place("/range/start")?..asked.place("/range/end")?,
        None => 0..asked.source.text().len(),
    };
    let mut data: Vec<u32> = Vec::new();
    let (mut line, mut column) = (0, 0);
    for token in all_tokens(asked.source.text(), &parsed.file) {
        let (start, end) = (token.span.start as usize, token.span.end as usize);
        if end < wanted.start || start > wanted.end {
            continue;
        }
        let from = position(&asked.source, start, asked.unit());
        let to = position(&asked.source, end, asked.unit());
        let by = if from.line == line { from.character - column } else { from.character };
        data.extend([
            from.line - line,
            by,
            to.character - from.character,
            token.kind as u32,
            token.modifiers,
        ]);
        (line, column) = (from.line, from.character);
    }
    Ok(json!({ "data": data }))
}

pub fn links(asked: &Asked) -> Answer {
    let parsed = syntax::parse(FileId(0), asked.source.text());
    let overlay = &asked.snapshot.overlay;
    let is_there = |path: &std::path::Path| overlay.exists(path) && overlay.list(path).is_err();
    let links = ide_links::links(&asked.path, &parsed.file, &is_there);
    let links = links.iter().map(|link| {
        json!({ "range": range(&asked.source, link.span, asked.unit()), "target": uri::of_path(&link.path) })
    });
    Ok(Value::from(links.collect::<Vec<_>>()))
}

/// The page of a diagnostic code.
pub fn page(params: &Value) -> Answer {
    let uri = params.get("uri").and_then(Value::as_str).unwrap_or_default();
    let name = uri.rsplit('/').next().unwrap_or_default().trim_end_matches(".md");
    let code = Code::find(name).ok_or_else(|| refused(ErrorCode::InvalidParams, "there is no such page"))?;
    Ok(json!({ "text": code.page() }))
}
