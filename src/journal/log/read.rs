//! A log is read: forwards, batch by batch, or only its end.
//!
//! What was there when it was opened is read, whatever a writer adds meanwhile.

use super::{ENTRY, SEAL, Seal, head};
use crate::error::{Error, Result};
use crate::event::Timestamp;
use crate::journal::RunId;
use crate::journal::trouble::{self, READING};
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// So much is read at a time.
const CHUNK: usize = 256 << 10;

/// A batch that ends the file is first looked for in so many of its last bytes.
const END: u64 = 16 << 10;

/// A log that can be read.
pub struct Log {
    file: File,
    path: PathBuf,
    /// How much of it there was.
    length: u64,
    /// Where the first batch begins.
    begin: u64,
}

/// An entry as it stands in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'t> {
    /// Its place in the run.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// The JSON of its event, without the brace that opens it.
    pub event: &'t str,
}

impl<'t> Line<'t> {
    /// Whether its event is of one of these kinds: events are written with their kind first.
    pub fn is_of(&self, kinds: &[&str]) -> bool {
        let kind = self.event.strip_prefix("\"event\":\"").and_then(|rest| rest.split_once('"'));
        kind.is_some_and(|(kind, _)| kinds.contains(&kind))
    }

    fn read(line: &'t [u8]) -> Option<Line<'t>> {
        let rest = std::str::from_utf8(line.strip_prefix(ENTRY)?).ok()?;
        let (seq, rest) = rest.split_once(",\"at\":")?;
        let (at, event) = rest.split_once(',')?;
        Some(Line { seq: seq.parse().ok()?, at: at.parse().ok()?, event })
    }
}

/// The last whole batch of a log.
pub struct End {
    /// Where the next one belongs.
    pub at: u64,
    /// Its lines, the seal left out; none where there is no batch.
    lines: Vec<u8>,
}

impl End {
    /// The last entry.
    pub fn last(&self) -> Option<Line<'_>> {
        let lines = self.lines.strip_suffix(b"\n")?;
        let at = memchr::memrchr(b'\n', lines).map_or(0, |at| at + 1);
        Line::read(&lines[at..])
    }
}

impl Log {
    /// Opens the log of a run; none where there is none, or not even its first line was written.
    pub fn open(path: &Path, run: RunId) -> Result<Option<Log>> {
        let file = match File::open(path) {
            Err(cause) if matches!(cause.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            file => file.map_err(|cause| trouble::file("open the run's events", path, &cause))?,
        };
        Log::of(file, path, run)
    }

    /// The log in an open file.
    pub fn of(file: File, path: &Path, run: RunId) -> Result<Option<Log>> {
        let head = head(run);
        let look = || -> io::Result<(u64, Vec<u8>)> {
            let length = file.metadata()?.len();
            let mut first = vec![0; head.len().min(usize::try_from(length).unwrap_or(usize::MAX))];
            file.read_exact_at(&mut first, 0)?;
            Ok((length, first))
        };
        let (length, first) = look().map_err(|cause| trouble::file(READING, path, &cause))?;
        if first == head.as_bytes() {
            let begin = head.len() as u64;
            return Ok(Some(Log { file, path: path.to_path_buf(), length, begin }));
        }
        // Torn while it was made: nothing had happened yet.
        let is_short = length < head.len() as u64 && head.as_bytes().starts_with(&first);
        if is_short || first.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        Err(Error::new(READING, format!("its first line is not that of a log of run {run}"))
            .at(path)
            .help("a newer wavec may have written it; else move it back to where it came from"))
    }

    /// Gives the entries in order, of whole batches.
    pub fn each(&self, mut take: impl FnMut(Line<'_>) -> Result<()>) -> Result<()> {
        let mut batches = Batches::new(self);
        loop {
            let at = batches.at;
            let Some(lines) = batches.next()? else { return Ok(()) };
            for line in lines.split_inclusive(|byte| *byte == b'\n') {
                take(Line::read(&line[..line.len() - 1]).ok_or_else(|| self.damaged(at))?)?;
            }
        }
    }

    /// When the first entry was written.
    pub fn first_at(&self) -> Result<Option<Timestamp>> {
        let mut batches = Batches::new(self);
        let lines = batches.next()?.unwrap_or_default();
        let first = lines.split(|byte| *byte == b'\n').next().and_then(Line::read);
        Ok(first.map(|line| line.at))
    }

    /// The last whole batch. What follows it was torn when it was written.
    pub fn end(&self) -> Result<End> {
        let all = self.length - self.begin;
        let mut window = END.min(all);
        loop {
            match self.end_in(window).map_err(|cause| self.told(&cause))? {
                Some(Ok(end)) => return Ok(end),
                // The batch is larger than that.
                Some(Err(bytes)) if window < all => window = (bytes + END).max(window * 2).min(all),
                _ => break,
            }
        }
        let mut batches = Batches::new(self);
        let mut end = End { at: self.begin, lines: Vec::new() };
        while let Some(lines) = batches.next()? {
            end.lines.clear();
            end.lines.extend_from_slice(lines);
            end.at = batches.at;
        }
        Ok(end)
    }

    /// The batch that ends the file, if so many bytes at its end hold it; else how many it needs. None where there is none.
    fn end_in(&self, window: u64) -> io::Result<Option<std::result::Result<End, u64>>> {
        let mut text = vec![0; usize::try_from(window).unwrap_or(usize::MAX)];
        self.file.read_exact_at(&mut text, self.length - window)?;
        let Some(text) = text.strip_suffix(b"\n") else { return Ok(None) };
        let at = memchr::memrchr(b'\n', text).map_or(0, |at| at + 1);
        let Some(seal) = Seal::read(&text[at..]) else { return Ok(None) };
        let Some(begin) = seal.begin(at) else { return Ok(Some(Err(seal.bytes))) };
        let lines = text[begin..at].to_vec();
        Ok(seal.holds(text, at).then_some(Ok(End { at: self.length, lines })))
    }

    /// The system could not read it.
    fn told(&self, cause: &io::Error) -> Error {
        trouble::file(READING, &self.path, cause)
    }

    /// The file is not what was written.
    fn damaged(&self, at: u64) -> Error {
        Error::new(READING, format!("it is damaged from byte {at} on, in what had been safe on disk"))
            .at(&self.path)
            .help(format!(
                "take the file from a backup, or begin anew with `wavec run`; `head -c {at}` of it is what can be trusted"
            ))
    }
}

/// Goes over a log's batches.
struct Batches<'l> {
    log: &'l Log,
    text: Vec<u8>,
    /// Where `text` stands in the file.
    place: u64,
    /// What of `text` was given.
    given: usize,
    /// Where the next batch belongs in the file.
    at: u64,
}

impl<'l> Batches<'l> {
    fn new(log: &'l Log) -> Batches<'l> {
        Batches { log, text: Vec::new(), place: log.begin, given: 0, at: log.begin }
    }

    /// The lines of the next whole batch, without its seal; none where there is no further one.
    fn next(&mut self) -> Result<Option<&[u8]>> {
        let mut line = self.given;
        loop {
            let Some(end) = memchr::memchr(b'\n', &self.text[line..]).map(|length| line + length) else {
                let had = line - self.given;
                if !self.more()? {
                    return self.torn();
                }
                line = self.given + had;
                continue;
            };
            if self.text[line..end].starts_with(SEAL) {
                let text = &self.text[self.given..end];
                let at = line - self.given;
                let is_whole = Seal::read(&text[at..])
                    .is_some_and(|seal| seal.bytes == at as u64 && seal.holds(text, at));
                if !is_whole {
                    return self.torn();
                }
                let lines = self.given..line;
                self.given = end + 1;
                self.at = self.place + self.given as u64;
                return Ok(Some(&self.text[lines]));
            }
            if !self.text[line..end].starts_with(ENTRY) {
                return self.torn();
            }
            line = end + 1;
        }
    }

    /// Reads on; whether there was more.
    fn more(&mut self) -> Result<bool> {
        self.text.drain(..self.given);
        self.place += self.given as u64;
        self.given = 0;
        let from = self.place + self.text.len() as u64;
        let left = usize::try_from(self.log.length - from).unwrap_or(usize::MAX);
        let had = self.text.len();
        // A batch that is larger than a chunk is read by ever larger ones.
        self.text.resize(had + left.min(CHUNK.max(had)), 0);
        let read = self.log.file.read_exact_at(&mut self.text[had..], from);
        read.map_err(|cause| self.log.told(&cause))?;
        Ok(left > 0)
    }

    /// What follows is no whole batch: the end, unless it had been on disk already.
    fn torn(&mut self) -> Result<Option<&[u8]>> {
        let at = self.at;
        while self.more()? {}
        let mut begin = 0;
        while let Some(length) = memchr::memchr(b'\n', &self.text[begin..]) {
            let line = &self.text[begin..begin + length];
            let is_later = |seal: &Seal| seal.synced > at && seal.holds(&self.text[..begin + length], begin);
            if Seal::read(line).as_ref().is_some_and(is_later) {
                return Err(self.log.damaged(at));
            }
            begin += length + 1;
        }
        Ok(None)
    }
}
