//! Where a name is declared, where it is used, and what a new name changes.

use super::Analysis;
use super::index::{Occurrence, Symbol, SymbolId, SymbolKind};
use crate::source::{FileId, Span};
use std::path::PathBuf;

/// A place in a file, as other analyses know it too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// The file.
    pub path: PathBuf,
    /// The place in it; its file id is that of the analysis.
    pub span: Span,
    /// Whether the name is declared here.
    pub is_declaration: bool,
}

impl Analysis {
    fn location(&self, found: &Occurrence) -> Location {
        Location {
            path: self.sources.file(found.span.file).path().to_path_buf(),
            span: found.span,
            is_declaration: found.is_declaration,
        }
    }

    /// The symbols that are named at a place: several where a `for` makes a name mean one item in each turn.
    pub fn symbols_at(&self, file: FileId, offset: usize) -> Vec<(SymbolId, Span)> {
        let Some(found) = self.index.at(file, offset) else { return Vec::new() };
        let same = self.index.occurrences.iter().filter(|other| other.span == found.span);
        same.map(|other| (other.symbol, other.span)).collect()
    }

    /// Where the symbol is declared.
    pub fn declaration(&self, symbol: SymbolId) -> (&Symbol, Span) {
        let symbol = self.index.symbol(symbol);
        (symbol, symbol.span)
    }

    /// Every place that names one of the symbols.
    pub fn references(&self, symbols: &[SymbolId]) -> Vec<Location> {
        let found = self.index.occurrences.iter().filter(|found| symbols.contains(&found.symbol));
        let mut places: Vec<Location> = found.map(|found| self.location(found)).collect();
        places.sort();
        places.dedup();
        places
    }

    /// The symbol that is declared at a place of a file, in this analysis: to find a library's symbol from each plan.
    pub fn declared_at(&self, path: &std::path::Path, start: u32) -> Option<SymbolId> {
        let file = self.file(path)?;
        let mut all = self.index.all();
        all.find(|(_, symbol)| symbol.span.file == file && symbol.span.start == start).map(|(id, _)| id)
    }
}

/// Why a name cannot be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nothing that has a name stands there.
    NoName,
    /// The new name is none, with what a name is.
    NotAName,
    /// The name comes from a file of its own.
    FromFile(String),
    /// The name is made of holes, and is called by its filled form elsewhere.
    Repeated(String),
    /// Another thing of its kind has that name already.
    Taken(String),
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Refusal::NoName => f.write_str("nothing here has a name that can be changed"),
            Refusal::NotAName => {
                f.write_str("a name has letters, digits, `_` and `-`, and begins with a letter or `_`")
            }
            Refusal::FromFile(path) => write!(f, "it is named by the file `{path}`: rename that"),
            Refusal::Repeated(place) => {
                write!(
                    f,
                    "a `for` makes its name, and `{place}` calls it by a filled one: change both by hand"
                )
            }
            Refusal::Taken(name) => write!(f, "there is another `{name}` already"),
        }
    }
}

/// Whether a text is a name, holes of a `for` among its letters if `may_have_holes`.
pub fn is_name(text: &str, may_have_holes: bool) -> bool {
    let mut rest = text;
    let mut is_first = true;
    while let Some(c) = rest.chars().next() {
        if may_have_holes && rest.starts_with("{{") {
            let Some(end) = rest.find("}}") else { return false };
            if !is_name(rest[2..end].trim(), false) {
                return false;
            }
            rest = &rest[end + 2..];
        } else {
            let is_letter = c == '_' || unicode_ident::is_xid_start(c);
            if !(is_letter || !is_first && (c == '-' || unicode_ident::is_xid_continue(c))) {
                return false;
            }
            rest = &rest[c.len_utf8()..];
        }
        is_first = false;
    }
    !text.is_empty()
}

/// Whether the symbol may have another name.
pub fn may_rename(analysis: &Analysis, symbol: SymbolId) -> Result<(), Refusal> {
    let own = analysis.index.symbol(symbol);
    if let Some(path) = &own.file {
        return Err(Refusal::FromFile(path.clone()));
    }
    if own.name.contains("{{") {
        let other = analysis.index.of(symbol).find(|found| analysis.sources.text(found.span) != own.name);
        if let Some(other) = other {
            return Err(Refusal::Repeated(analysis.sources.text(other.span).to_owned()));
        }
    }
    Ok(())
}

/// Whether the new name fits the symbol: it is a name, and no other of its kind and container has it.
pub fn fits(analysis: &Analysis, symbol: SymbolId, name: &str) -> Result<(), Refusal> {
    let own = analysis.index.symbol(symbol);
    if !is_name(name, own.kind.is_item() || own.kind == SymbolKind::Output) {
        return Err(Refusal::NotAName);
    }
    let is_same_kind = |other: &Symbol| other.kind == own.kind || other.kind.is_item() && own.kind.is_item();
    let is_taken = analysis.index.all().any(|(id, other)| {
        id != symbol && is_same_kind(other) && other.container == own.container && other.name == name
    });
    if is_taken && own.kind != SymbolKind::Variable { Err(Refusal::Taken(name.to_owned())) } else { Ok(()) }
}
