//! The documents that the client has open, and the world around them.

use super::World;
use super::watch::Asked;
use crate::check::{Loader, normal};
use crate::source::{ColumnUnit, Position, SourceFile};
use gen_lsp_types::TextDocumentContentChangeEvent;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// An open document.
#[derive(Debug)]
pub struct Document {
    /// The client's number of this text.
    pub version: i32,
    /// The client's own name for it.
    pub uri: String,
    /// The text, under its path.
    pub source: SourceFile,
}

impl Document {
    /// A text that was opened.
    pub fn new(uri: &str, path: &Path, version: i32, text: String) -> Document {
        Document { version, uri: uri.to_owned(), source: SourceFile::new(path, text) }
    }

    /// The document after changes, in their order.
    pub fn changed(
        &self,
        version: i32,
        changes: Vec<TextDocumentContentChangeEvent>,
        unit: ColumnUnit,
    ) -> Document {
        let mut source = self.source.clone();
        for change in changes {
            let text = match change {
                TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(whole) => whole.text,
                TextDocumentContentChangeEvent::TextDocumentContentChangePartial(part) => {
                    let at = |place: gen_lsp_types::Position| {
                        source.offset(Position { line: place.line, column: place.character }, unit)
                    };
                    let (start, end) = (at(part.range.start), at(part.range.end));
                    let (start, end) = (start.min(end), start.max(end));
                    let mut text = String::with_capacity(source.text().len() + part.text.len());
                    text.push_str(&source.text()[..start]);
                    text.push_str(&part.text);
                    text.push_str(&source.text()[end..]);
                    text
                }
            };
            source = SourceFile::new(source.path(), text);
        }
        Document { version, uri: self.uri.clone(), source }
    }
}

/// All open documents, by path.
pub type Documents = BTreeMap<PathBuf, Arc<Document>>;

/// The world with what is open before what is on disk.
pub struct Overlay {
    /// What is open.
    pub documents: Arc<Documents>,
    /// What is around.
    pub world: Arc<dyn World>,
    /// Set when nobody wants any more what is made of it.
    pub is_stale: Arc<AtomicBool>,
    /// All that was asked for.
    pub asked: Arc<Asked>,
}

impl Loader for Overlay {
    fn read(&self, path: &Path) -> io::Result<String> {
        let path = normal(path);
        let found = match self.documents.get(&path) {
            Some(document) => Ok(document.source.text().to_owned()),
            None => self.world.read(&path),
        };
        self.asked.sought(path, found.is_ok());
        found
    }

    fn exists(&self, path: &Path) -> bool {
        let path = normal(path);
        let is_there = self.documents.contains_key(&path) || self.world.exists(&path);
        self.asked.sought(path, is_there);
        is_there
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        let directory = normal(directory);
        let found = self.world.list(&directory);
        self.asked.listed(directory, found.is_ok());
        found
    }

    fn is_stale(&self) -> bool {
        self.is_stale.load(Ordering::Relaxed)
    }
}
