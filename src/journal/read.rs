//! A run's entries, read in a stream: a journal of a million of them is folded in less than a second, and never whole in memory.
//!
//! What SQLite gives is parsed on a thread beside it, a batch at a time. Knows what an entry is, and nothing of what it means.

use super::answers::parsed;
use super::revision::{Item, Translation};
use super::{Journal, RunId};
use crate::error::Result;
use crate::event::{Entry, Timestamp};
use rusqlite::params;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, scope};

/// So many rows are parsed at a time. A run of fewer asks for no thread.
const BATCH: usize = 2048;

/// So many batches wait to be parsed, and as many to be taken.
const WAITING: usize = 4;

impl Journal {
    /// The run's entries in order, with the ids of its newest revision. What stood for a thing that this revision
    /// does not have, or defines otherwise, is left out.
    pub fn load(&self, run: RunId) -> Result<Vec<Entry>> {
        self.load_after(run, 0)
    }

    /// The run's entries after a place, as `load` gives them.
    pub fn load_after(&self, run: RunId, seq: u64) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        self.read(run, seq, |_| true, |entry| entries.push(entry))?;
        Ok(entries)
    }

    /// Gives the run's entries one by one, as `load` gives them.
    pub fn each(&self, run: RunId, take: impl FnMut(Entry)) -> Result<()> {
        self.read(run, 0, |_| true, take)
    }

    /// Gives those of the run's entries that tell which tasks have begun and ended, as `load` gives them: a fraction of
    /// its work, for what is passed over is not even parsed.
    pub fn each_end(&self, run: RunId, take: impl FnMut(Entry)) -> Result<()> {
        // As they are written: the kind comes first.
        const KINDS: [&str; 2] = [r#"{"event":"attempt_starting","#, r#"{"event":"task_ended","#];
        self.read(run, 0, |event| KINDS.iter().any(|kind| event.starts_with(kind)), take)
    }

    fn read(
        &self,
        run: RunId,
        after: u64,
        is_wanted: impl Fn(&str) -> bool,
        mut take: impl FnMut(Entry),
    ) -> Result<()> {
        let mut read = || -> rusqlite::Result<()> {
            // One view of the file for all that is read here, whatever a writer does meanwhile.
            let view = self.connection.unchecked_transaction()?;
            let translation = Translation::new(self.revisions(run)?);
            let mut statement = view
                .prepare_cached("SELECT seq, at, event FROM events WHERE run = ? AND seq > ? ORDER BY seq")?;
            let mut rows = statement.query(params![run, after])?;
            let mut take = |entries: Vec<Entry>| {
                entries.into_iter().filter_map(|entry| translation.entry(entry)).for_each(&mut take);
            };
            let first = Batch::fill(&mut rows, &is_wanted)?;
            if !first.is_full() {
                take(first.parsed()?);
                return Ok(());
            }
            scope(|scope| {
                let (to_parse, batches) = sync_channel::<Batch>(WAITING);
                let (sender, entries) = sync_channel(WAITING);
                let parser = move || parse(&batches, &sender);
                if Builder::new().spawn_scoped(scope, parser).is_err() {
                    // No thread can be had: it takes longer.
                    let mut batch = first;
                    while !batch.rows.is_empty() {
                        take(batch.parsed()?);
                        batch = Batch::fill(&mut rows, &is_wanted)?;
                    }
                    return Ok(());
                }
                // A channel that is closed says that a batch could not be parsed, which is told at the end.
                let mut is_open = to_parse.send(first).is_ok();
                let mut given = 1;
                while is_open {
                    let batch = Batch::fill(&mut rows, &is_wanted)?;
                    if batch.rows.is_empty() {
                        break;
                    }
                    if given == WAITING {
                        take(received(&entries)?);
                        given -= 1;
                    }
                    is_open = to_parse.send(batch).is_ok();
                    given += 1;
                }
                drop(to_parse);
                for _ in 0..given {
                    take(received(&entries)?);
                }
                Ok(())
            })
        };
        read().map_err(self.told("read the run's events in"))
    }

    /// The run's revisions: from which entry on each counts, and what its plan holds. None where there is but one.
    fn revisions(&self, run: RunId) -> rusqlite::Result<Vec<(u64, Vec<Item>)>> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT revision, first_seq FROM revisions WHERE run = ? ORDER BY revision")?;
        let rows = statement.query_map([run], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let revisions = rows.collect::<rusqlite::Result<Vec<(u32, u64)>>>()?;
        if revisions.len() < 2 {
            return Ok(Vec::new());
        }
        let items = |(revision, first)| Ok((first, self.read_items(run, revision)?));
        revisions.into_iter().map(items).collect()
    }
}

/// Parses batches until there are no more, or one cannot be.
fn parse(batches: &Receiver<Batch>, parsed: &SyncSender<rusqlite::Result<Vec<Entry>>>) {
    for batch in batches {
        let entries = batch.parsed();
        let is_last = entries.is_err();
        if parsed.send(entries).is_err() || is_last {
            return;
        }
    }
}

fn received(entries: &Receiver<rusqlite::Result<Vec<Entry>>>) -> rusqlite::Result<Vec<Entry>> {
    // What could not be parsed was the last that was sent.
    entries.recv().unwrap_or_else(|_| Ok(Vec::new()))
}

/// Rows as they are stored, their texts behind each other.
#[derive(Default)]
struct Batch {
    rows: Vec<(u64, Timestamp, usize)>,
    texts: String,
}

impl Batch {
    fn fill(rows: &mut rusqlite::Rows<'_>, is_wanted: impl Fn(&str) -> bool) -> rusqlite::Result<Batch> {
        let mut batch = Batch::default();
        while !batch.is_full()
            && let Some(row) = rows.next()?
        {
            let event = row.get_ref(2)?.as_str()?;
            if is_wanted(event) {
                batch.texts.push_str(event);
                batch.rows.push((row.get(0)?, row.get(1)?, batch.texts.len()));
            }
        }
        Ok(batch)
    }

    fn is_full(&self) -> bool {
        self.rows.len() == BATCH
    }

    fn parsed(&self) -> rusqlite::Result<Vec<Entry>> {
        let mut begin = 0;
        let entry = |&(seq, at, end): &(u64, Timestamp, usize)| {
            let event = parsed(2, &self.texts[begin..end])?;
            begin = end;
            Ok(Entry { seq, at, event })
        };
        self.rows.iter().map(entry).collect()
    }
}
