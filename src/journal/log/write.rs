//! A log is written, by the process that carries its run out.

use super::{ENTRY, Log, Seal, head};
use crate::crash::{self, Place};
use crate::error::Result;
use crate::event::Entry;
use crate::journal::sync::{Marks, Syncer};
use crate::journal::{Durability, RunId, trouble};
use serde::Serialize;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A log that is added to.
pub struct Writer {
    run: RunId,
    path: PathBuf,
    file: File,
    /// Whether the folders that lead to it have to be synced, for it is new.
    is_new: bool,
    /// Where the next batch belongs: behind the last whole one.
    end: u64,
    /// The place of the last entry.
    last: u64,
    marks: Arc<Marks>,
    /// What syncs behind the run: not there before the first batch, nor where no thread can be had.
    syncer: Option<Option<Syncer>>,
    /// The batch that is being written.
    text: Vec<u8>,
}

impl Writer {
    /// Opens the log of a run in that file, or makes it; `before` is the place of the last entry that stands elsewhere. What was torn
    /// at its end goes.
    pub fn open(path: &Path, run: RunId, before: u64) -> Result<Writer> {
        let open = || File::options().read(true).write(true).create(true).truncate(false).open(path);
        let file = open().map_err(|cause| trouble::file("open the run's events", path, &cause))?;
        let told = |cause: io::Error| trouble::file("write the run's events into", path, &cause);
        let log = Log::of(file.try_clone().map_err(told)?, path, run)?;
        let is_new = log.is_none();
        let (end, last) = match log {
            Some(log) => {
                let end = log.end()?;
                (end.at, end.last().map_or(before, |line| line.seq))
            }
            None => {
                let head = head(run);
                file.write_all_at(head.as_bytes(), 0).map_err(told)?;
                (head.len() as u64, before)
            }
        };
        if file.metadata().map_err(told)?.len() > end {
            file.set_len(end).and_then(|()| file.sync_data()).map_err(told)?;
        }
        let path = path.to_path_buf();
        let marks = Arc::new(Marks::default());
        Ok(Writer { run, path, file, is_new, end, last, marks, syncer: None, text: Vec::new() })
    }

    /// Whose log it is.
    pub fn run(&self) -> RunId {
        self.run
    }

    /// The place of the last entry.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// Adds a batch: all of it or nothing. Returns when it is as durable as was asked.
    pub fn append(&mut self, entries: &[Entry], durability: Durability) -> Result<()> {
        // Without a thread that syncs what was written, each batch is synced when it is written.
        let has_syncer = matches!(self.syncer, Some(Some(_)));
        let durability = if has_syncer { durability } else { Durability::Synced };
        self.seal(entries);
        self.write(durability).map_err(|(action, cause)| {
            // Without its seal it does not count. What went wrong first is what is told.
            let _ = self.file.set_len(self.end);
            self.marks.cut(self.end);
            trouble::file(action, &self.path, &cause)
        })?;
        self.end += self.text.len() as u64;
        self.last += entries.len() as u64;
        crash::point(if durability == Durability::Synced { Place::Synced } else { Place::Written });
        // Begun with the first batch, before a run has used up the processes that it may have.
        let (file, marks) = (&self.file, &self.marks);
        let begin = || Syncer::start(file.try_clone().ok()?, Arc::clone(marks)).ok();
        if let Some(syncer) = self.syncer.get_or_insert_with(begin)
            && durability == Durability::Written
        {
            syncer.written();
        }
        Ok(())
    }

    /// The batch as text.
    fn seal(&mut self, entries: &[Entry]) {
        self.text.clear();
        for (place, entry) in (self.last + 1..).zip(entries) {
            assert!(entry.seq == place, "BUG: entry {} comes where {place} is due", entry.seq);
            self.text.extend_from_slice(ENTRY);
            json(&mut self.text, &entry.seq);
            self.text.extend_from_slice(b",\"at\":");
            json(&mut self.text, &entry.at);
            let brace = self.text.len();
            json(&mut self.text, &entry.event);
            self.text[brace] = b',';
            self.text.push(b'\n');
        }
        Seal::close(&mut self.text, self.marks.synced());
    }

    /// Writes the batch, and syncs it where that is asked; else what failed, and why.
    fn write(&mut self, durability: Durability) -> std::result::Result<(), (&'static str, io::Error)> {
        let syncing = |cause| ("sync the run's events in", cause);
        if let Some(Some(syncer)) = &self.syncer {
            syncer.trouble().map_err(syncing)?;
        }
        let half = if crash::is_wanted() { self.text.len() / 2 } else { 0 };
        let written = self.file.write_all_at(&self.text[..half], self.end).and_then(|()| {
            crash::point(Place::Torn);
            self.file.write_all_at(&self.text[half..], self.end + half as u64)
        });
        written.map_err(|cause| ("write the run's events into", cause))?;
        let end = self.end + self.text.len() as u64;
        self.marks.written(end);
        if durability == Durability::Synced {
            self.sync().map_err(syncing)?;
            self.marks.is_synced(end);
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        if self.is_new {
            // The file, the run's folder, the folder of runs, and `.wavec`.
            for folder in self.path.ancestors().skip(1).take(3) {
                File::open(folder)?.sync_all()?;
            }
            self.is_new = false;
        }
        Ok(())
    }
}

/// Adds a value as JSON.
fn json(text: &mut Vec<u8>, value: &impl Serialize) {
    serde_json::to_writer(text, value)
        .expect("BUG: events and their parts have only string keys and finite numbers");
}
