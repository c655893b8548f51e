//! A run's entries, read in a stream: a journal of a million of them is folded in less than a second, and never whole in memory.
//!
//! They stand in the run's log, those of older runs in the database. They are parsed on a thread beside, a batch at a time. Knows
//! what an entry is, and nothing of what it means.

use super::items::Item;
use super::log::{self, Line, Log};
use super::revision::Translation;
use super::trouble::READING;
use super::{Journal, RunId};
use crate::error::{Error, Result};
use crate::event::{Entry, Timestamp};
use rusqlite::OptionalExtension;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, Scope, scope};

/// So many entries are parsed at a time. A run of fewer asks for no thread.
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
        self.read(run, |line| line.seq > seq, |entry| entries.push(entry))?;
        Ok(entries)
    }

    /// Gives the run's entries one by one, as `load` gives them.
    pub fn each(&self, run: RunId, take: impl FnMut(Entry)) -> Result<()> {
        self.read(run, |_| true, take)
    }

    /// Gives those of the run's entries that tell which tasks have begun and ended, as `load` gives them: a fraction of
    /// its work, for what is passed over is not even parsed.
    pub fn each_end(&self, run: RunId, take: impl FnMut(Entry)) -> Result<()> {
        self.read(run, |line| line.is_of(&["attempt_starting", "task_ended"]), take)
    }

    /// Gives the run's entries of these kinds, in the ids that they were written with.
    pub(super) fn each_as_written(&self, run: RunId, kinds: &[&str], take: impl FnMut(Entry)) -> Result<()> {
        let log = self.log(run)?;
        self.entries(run, log.as_ref(), |line| line.is_of(kinds), take)
    }

    /// The place of the run's last entry; 0 where it has none.
    pub fn last_seq(&self, run: RunId) -> Result<u64> {
        match self.end(run)?.as_ref().and_then(log::End::last) {
            Some(last) => Ok(last.seq),
            None => self.last_of_table(run),
        }
    }

    /// When the run's first entry was written.
    pub fn first_at(&self, run: RunId) -> Result<Option<Timestamp>> {
        let older = self.connection.query_row(
            "SELECT at FROM events WHERE run = ? ORDER BY seq LIMIT 1",
            [run],
            |row| row.get(0),
        );
        if let Some(at) = older.optional().map_err(self.told(READING))? {
            return Ok(Some(at));
        }
        self.log(run)?.map_or(Ok(None), |log| log.first_at())
    }

    /// The run's last entry of all, in the ids of its own revision.
    pub fn last_entry(&self, run: RunId) -> Result<Option<Entry>> {
        let mut batch = Batch::default();
        let end = self.end(run)?;
        if let Some(last) = end.as_ref().and_then(log::End::last) {
            batch.push(last);
        } else {
            let last = "SELECT seq, at, event FROM events WHERE run = ? ORDER BY seq DESC LIMIT 1";
            let older =
                self.connection.query_row(last, [run], |row| row_line(row).map(|line| batch.push(line)));
            older.optional().map_err(self.told(READING))?;
        }
        Ok(batch.parsed(&self.file)?.pop())
    }

    /// The place of the last entry that the database itself holds: of a run that an older wavec began.
    pub(super) fn last_of_table(&self, run: RunId) -> Result<u64> {
        self.connection
            .query_row("SELECT coalesce(max(seq), 0) FROM events WHERE run = ?", [run], |row| row.get(0))
            .map_err(self.told(READING))
    }

    fn log(&self, run: RunId) -> Result<Option<Log>> {
        Log::open(&log::file_in(&self.run_directory(run)), run)
    }

    /// The end of the run's log.
    fn end(&self, run: RunId) -> Result<Option<log::End>> {
        self.log(run)?.map(|log| log.end()).transpose()
    }

    fn read(
        &self,
        run: RunId,
        is_wanted: impl Fn(&Line<'_>) -> bool,
        mut take: impl FnMut(Entry),
    ) -> Result<()> {
        // Opened first: the revisions that are read then are at least those that its entries are of.
        let log = self.log(run)?;
        let translation = Translation::new(self.revisions(run).map_err(self.told(READING))?);
        self.entries(run, log.as_ref(), is_wanted, |entry| {
            translation.entry(entry).into_iter().for_each(&mut take)
        })
    }

    /// Gives the run's entries in the ids that they were written with.
    fn entries(
        &self,
        run: RunId,
        log: Option<&Log>,
        is_wanted: impl Fn(&Line<'_>) -> bool,
        mut take: impl FnMut(Entry),
    ) -> Result<()> {
        let mut take = |entries: Vec<Entry>| entries.into_iter().for_each(&mut take);
        scope(|scope| {
            let mut parser = Parser { scope, file: &self.file, thread: None, given: 0 };
            let mut batch = Batch::default();
            self.lines(run, log, |line| {
                if is_wanted(&line) {
                    batch.push(line);
                    if batch.ends.len() == BATCH {
                        take(parser.give(std::mem::take(&mut batch))?);
                    }
                }
                Ok(())
            })?;
            parser.end(&mut take)?;
            take(batch.parsed(&self.file)?);
            Ok(())
        })
    }

    /// Gives the run's entries as they are stored: what the database holds of an older run, then its log.
    fn lines(
        &self,
        run: RunId,
        log: Option<&Log>,
        mut take: impl FnMut(Line<'_>) -> Result<()>,
    ) -> Result<()> {
        let told = || self.told(READING);
        let mut statement = self
            .connection
            .prepare_cached("SELECT seq, at, event FROM events WHERE run = ? ORDER BY seq")
            .map_err(told())?;
        let mut rows = statement.query([run]).map_err(told())?;
        while let Some(row) = rows.next().map_err(told())? {
            take(row_line(row).map_err(told())?)?;
        }
        log.map_or(Ok(()), |log| log.each(take))
    }

    /// The run's revisions: from which entry on each counts, and what its plan holds. None where there is but one.
    fn revisions(&self, run: RunId) -> rusqlite::Result<Vec<(u64, Vec<Item>)>> {
        let revisions = self.revision_begins(run)?;
        if revisions.len() < 2 {
            return Ok(Vec::new());
        }
        let items = |(first, revision)| Ok((first, self.items_of(run, revision)?));
        revisions.into_iter().map(items).collect()
    }

    /// From which entry on each of the run's revisions counts, in order.
    pub(super) fn revision_begins(&self, run: RunId) -> rusqlite::Result<Vec<(u64, u32)>> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT first_seq, revision FROM revisions WHERE run = ? ORDER BY revision")?;
        let rows = statement.query_map([run], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect()
    }
}

/// An entry as the database holds it.
fn row_line<'r>(row: &'r rusqlite::Row<'_>) -> rusqlite::Result<Line<'r>> {
    let event = row.get_ref(2)?.as_str()?;
    Ok(Line { seq: row.get(0)?, at: row.get(1)?, event: event.strip_prefix('{').unwrap_or(event) })
}

/// Entries as they are stored, their texts behind each other.
#[derive(Default)]
struct Batch {
    ends: Vec<(u64, Timestamp, usize)>,
    texts: String,
}

impl Batch {
    fn push(&mut self, line: Line<'_>) {
        self.texts.push('{');
        self.texts.push_str(line.event);
        self.ends.push((line.seq, line.at, self.texts.len()));
    }

    /// The entries, of the journal in that file.
    fn parsed(&self, file: &Path) -> Result<Vec<Entry>> {
        let mut begin = 0;
        let entry = |&(seq, at, end): &(u64, Timestamp, usize)| {
            let event = serde_json::from_str(&self.texts[begin..end]).map_err(|cause| {
                Error::new(READING, format!("entry {seq} is none that this wavec knows ({cause})"))
                    .at(file)
                    .help("use the wavec that carried the run out, or begin anew with `wavec run`")
            })?;
            begin = end;
            Ok(Entry { seq, at, event })
        };
        self.ends.iter().map(entry).collect()
    }
}

type Channels = (SyncSender<Batch>, Receiver<Result<Vec<Entry>>>);

/// Parses batches on a thread, which is begun with the first.
struct Parser<'s, 'e> {
    scope: &'s Scope<'s, 'e>,
    /// The journal, to be named.
    file: &'e Path,
    /// Once there was a batch; none where no thread can be had: it takes longer.
    thread: Option<Option<Channels>>,
    /// How many batches have been given and not come back.
    given: usize,
}

impl Parser<'_, '_> {
    /// Takes a batch; gives what has been parsed meanwhile.
    fn give(&mut self, batch: Batch) -> Result<Vec<Entry>> {
        let begin = || {
            let (to_parse, batches) = sync_channel::<Batch>(WAITING);
            let (sender, entries) = sync_channel(WAITING);
            let file = self.file;
            let parser = move || {
                for batch in batches {
                    let entries = batch.parsed(file);
                    let is_last = entries.is_err();
                    if sender.send(entries).is_err() || is_last {
                        return;
                    }
                }
            };
            Builder::new().spawn_scoped(self.scope, parser).ok()?;
            Some((to_parse, entries))
        };
        let Some((to_parse, entries)) = self.thread.get_or_insert_with(begin) else {
            return batch.parsed(self.file);
        };
        let parsed = if self.given == WAITING { received(entries)? } else { Vec::new() };
        self.given += usize::from(parsed.is_empty());
        // Closed: one of those before could not be parsed, which is told when its turn comes.
        let _ = to_parse.send(batch);
        Ok(parsed)
    }

    /// Gives what has not come back.
    fn end(&mut self, mut take: impl FnMut(Vec<Entry>)) -> Result<()> {
        if let Some(Some((to_parse, entries))) = self.thread.take() {
            drop(to_parse);
            for _ in 0..self.given {
                take(received(&entries)?);
            }
        }
        Ok(())
    }
}

fn received(entries: &Receiver<Result<Vec<Entry>>>) -> Result<Vec<Entry>> {
    // What could not be parsed was the last that was sent.
    entries.recv().unwrap_or_else(|_| Ok(Vec::new()))
}
