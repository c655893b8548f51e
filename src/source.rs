//! Text and places in it: files, byte spans, and lines and columns for people and editors.
//!
//! Knows nothing of the language. A [`Span`] carries its file, so that a diagnostic may point into a
//! library as easily as into the plan that uses it.

mod excerpt;

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use excerpt::Excerpt;

/// A file of a [`SourceMap`], dense from 0. File 0 is the one that the person named.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct FileId(pub u32);

impl fmt::Debug for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "file{}", self.0)
    }
}

/// A half-open range of bytes in one file. Always on character boundaries.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Span {
    /// The file that the bytes are in.
    pub file: FileId,
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

impl Span {
    /// The bytes `start..end` of `file`.
    pub fn new(file: FileId, start: usize, end: usize) -> Span {
        debug_assert!(start <= end);
        Span { file, start: start as u32, end: end as u32 }
    }

    /// The span as a range to index a `str` with.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The smallest span that holds both; `other` is in the same file.
    pub fn to(self, other: Span) -> Span {
        Span { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The empty span at this one's start.
    pub fn at_start(self) -> Span {
        Span { end: self.start, ..self }
    }

    /// The empty span at this one's end.
    pub fn at_end(self) -> Span {
        Span { start: self.end, ..self }
    }

    /// Whether no byte is in it.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Whether `offset` lies in it, its end included (so that a cursor behind a word is on the word).
    pub fn touches(self, offset: usize) -> bool {
        self.start as usize <= offset && offset <= self.end as usize
    }

    /// Whether `other` lies wholly in it.
    pub fn contains(self, other: Span) -> bool {
        self.file == other.file && self.start <= other.start && other.end <= self.end
    }
}

/// A place for people and editors: both counted from 0; add 1 to show them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 0.
    pub line: u32,
    /// The column, from 0, in the unit that was asked for.
    pub column: u32,
}

/// What a column counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnUnit {
    /// Bytes of UTF-8.
    Utf8,
    /// UTF-16 code units, the default of the Language Server Protocol.
    Utf16,
    /// Unicode scalar values: what a person counts, near enough.
    Char,
}

/// One file's name and text, with its lines indexed. A clone shares the text.
#[derive(Clone, Debug)]
pub struct SourceFile {
    path: PathBuf,
    text: Arc<String>,
    line_starts: Arc<[u32]>,
}

impl SourceFile {
    /// Indexes `text`. `path` is shown to people as it is given.
    pub fn new(path: impl Into<PathBuf>, text: impl Into<String>) -> SourceFile {
        let text = Arc::new(text.into());
        let breaks = memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at as u32 + 1);
        let line_starts: Vec<u32> = std::iter::once(0).chain(breaks).collect();
        SourceFile { path: path.into(), text, line_starts: line_starts.into() }
    }

    /// The path as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// `piece` as it stands in this text; a copy of one that does not.
    pub fn excerpt(&self, piece: &str) -> Excerpt {
        Excerpt::of(&self.text, piece)
    }

    /// How many lines it has; a text that ends in a line break has an empty last line.
    pub fn line_count(&self) -> usize {
        self.line_starts.len()
    }

    /// The bytes of line `line` (from 0), without its line break.
    pub fn line_range(&self, line: usize) -> Range<usize> {
        let start = self.line_starts[line] as usize;
        let end = self.line_starts.get(line + 1).map_or(self.text.len(), |next| *next as usize - 1);
        start..end
    }

    /// The line and column of a byte offset; an offset past the end is at the end, one inside a character at the
    /// character.
    pub fn position(&self, offset: usize, unit: ColumnUnit) -> Position {
        let offset = self.text.floor_char_boundary(offset);
        let line = self.line_starts.partition_point(|start| *start as usize <= offset) - 1;
        let before = &self.text[self.line_starts[line] as usize..offset];
        let column = match unit {
            ColumnUnit::Utf8 => before.len(),
            ColumnUnit::Utf16 => before.encode_utf16().count(),
            ColumnUnit::Char => before.chars().count(),
        };
        Position { line: line as u32, column: column as u32 }
    }

    /// The byte offset of a place; one past the end of its line is at the line's end.
    pub fn offset(&self, position: Position, unit: ColumnUnit) -> usize {
        if position.line as usize >= self.line_count() {
            return self.text.len();
        }
        let range = self.line_range(position.line as usize);
        let mut column = 0;
        for (at, c) in self.text[range.clone()].char_indices() {
            if column >= position.column {
                return range.start + at;
            }
            column += match unit {
                ColumnUnit::Utf8 => c.len_utf8(),
                ColumnUnit::Utf16 => c.len_utf16(),
                ColumnUnit::Char => 1,
            } as u32;
        }
        range.end
    }
}

/// The files of one compilation: the plan and the libraries it uses.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
}

impl SourceMap {
    /// A map of one file, which becomes `FileId(0)`.
    pub fn of(file: SourceFile) -> SourceMap {
        SourceMap { files: vec![file] }
    }

    /// Adds a file and gives its id.
    pub fn add(&mut self, file: SourceFile) -> FileId {
        self.files.push(file);
        FileId(self.files.len() as u32 - 1)
    }

    /// The file with this id.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// All files with their ids, the plan first.
    pub fn files(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        self.files.iter().enumerate().map(|(id, file)| (FileId(id as u32), file))
    }

    /// The text under a span.
    pub fn text(&self, span: Span) -> &str {
        &self.file(span.file).text()[span.range()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_goes_there_and_back_in_every_unit() {
        let file = SourceFile::new("x.wave", "plan 🌊\r\nwavé x\n");
        for unit in [ColumnUnit::Utf8, ColumnUnit::Utf16, ColumnUnit::Char] {
            for (offset, _) in file.text().char_indices() {
                assert_eq!(file.offset(file.position(offset, unit), unit), offset.min(file.text().len()));
            }
        }
        assert_eq!(file.position(9, ColumnUnit::Utf16), Position { line: 0, column: 7 });
        assert_eq!(file.line_count(), 3);
    }
}
