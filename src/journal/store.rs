//! Runs and their events: written down; runs are read again here, a run's events in `read`.

use super::answers::{json, parsed};
use super::items;
use super::log::{self, Writer};
use super::{Durability, Journal, NewRun, Run, RunId, trouble};
use crate::crash::{self, Place};
use crate::error::Result;
use crate::event::{Entry, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};
use std::path::{Path, PathBuf};

const RUNS: &str =
    "SELECT runs.id, plan_name, plan_path, directory, created, runs.version, params, hash, revision
    FROM runs JOIN revisions ON revisions.run = runs.id
        AND revision = (SELECT max(revision) FROM revisions WHERE run = runs.id)";

impl Journal {
    /// Writes a run down; its number. On disk when this returns.
    pub fn start_run(&mut self, new: &NewRun<'_>) -> Result<RunId> {
        let folders = self.root.join(".wavec").join("runs");
        let write = |transaction: &Connection| {
            let is_first =
                transaction.query_row("SELECT NOT EXISTS (SELECT 1 FROM runs)", [], |row| row.get(0))?;
            // Beside a new journal the folders of an older one, which was moved away, keep their numbers.
            let number = if is_first { Some(largest(&folders) + 1) } else { None };
            transaction.execute(
                "INSERT INTO runs (id, plan_name, plan_path, directory, created, version) VALUES (?, ?, ?, ?, ?, ?)",
                params![
                    number,
                    new.plan.name,
                    text(new.plan_path),
                    text(new.directory),
                    new.at,
                    env!("CARGO_PKG_VERSION")
                ],
            )?;
            let run = transaction.last_insert_rowid();
            write_revision(transaction, run, 1, 1, new)?;
            Ok(run)
        };
        self.transaction(write).map_err(self.told("write the run into"))
    }

    /// Writes down that the run goes on with another text (or other params). On disk when this returns.
    pub fn revise_run(&mut self, run: RunId, new: &NewRun<'_>) -> Result<()> {
        let last = self.last_seq(run)?;
        let write = |transaction: &Connection| {
            let revision: u32 =
                transaction.query_row("SELECT max(revision) FROM revisions WHERE run = ?", [run], |row| {
                    row.get(0)
                })?;
            write_revision(transaction, run, revision + 1, last + 1, new)
        };
        self.transaction(write).map_err(self.told("write the run's new text into"))
    }

    /// Writes entries down, all or none, behind what the run's log holds. Returns when they are as durable as was asked.
    pub fn append(&mut self, run: RunId, entries: &[Entry], durability: Durability) -> Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        self.open_log(run)?;
        crash::point(Place::Writing);
        self.take_answers(run, entries)?;
        match &mut self.writer {
            Some(writer) => writer.append(entries, durability),
            None => unreachable!("BUG: the log was just opened"),
        }
    }

    /// Opens the run's log to be written, if it is not open.
    fn open_log(&mut self, run: RunId) -> Result<()> {
        if self.writer.as_ref().is_some_and(|writer| writer.run() == run) {
            return Ok(());
        }
        let folder = self.run_directory(run);
        std::fs::create_dir_all(&folder)
            .map_err(|cause| trouble::file("make the folder", &folder, &cause))?;
        let writer = Writer::open(&log::file_in(&folder), run, self.last_of_table(run)?)?;
        self.give_back_answers(run, writer.last())?;
        self.writer = Some(writer);
        Ok(())
    }

    /// The runs, newest first, at most so many.
    pub fn runs(&self, limit: usize) -> Result<Vec<Run>> {
        let read = || -> rusqlite::Result<Vec<Run>> {
            let mut statement =
                self.connection.prepare_cached(&format!("{RUNS} ORDER BY runs.id DESC LIMIT ?"))?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let rows = statement.query_map([limit], run_of)?;
            rows.collect()
        };
        read().map_err(self.told("read the runs in"))
    }

    /// The run with this number.
    pub fn run(&self, id: RunId) -> Result<Option<Run>> {
        self.connection
            .query_row(&format!("{RUNS} WHERE runs.id = ?"), [id], run_of)
            .optional()
            .map_err(self.told("read the runs in"))
    }

    /// The texts that the run's newest revision was compiled from, the plan's own first.
    pub fn sources(&self, run: RunId) -> Result<Vec<(PathBuf, String)>> {
        let read = || -> rusqlite::Result<Vec<(PathBuf, String)>> {
            let mut statement = self.connection.prepare_cached(
                "SELECT path, text FROM sources JOIN texts USING (hash)
                 WHERE run = ?1 AND revision = (SELECT max(revision) FROM revisions WHERE run = ?1) ORDER BY place",
            )?;
            let rows = statement
                .query_map([run], |row| Ok((PathBuf::from(row.get::<_, String>(0)?), row.get(1)?)))?;
            rows.collect()
        };
        read().map_err(self.told("read the run's plan in"))
    }

    fn transaction<T>(&self, write: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        let say = |word| self.connection.execute(word, []);
        say("BEGIN IMMEDIATE")?;
        let written = write(&self.connection).and_then(|value| say("COMMIT").map(|_| value));
        if written.is_err() && !self.connection.is_autocommit() {
            // What went wrong first is what is told.
            let _ = say("ROLLBACK");
        }
        written
    }
}

/// The largest number that a run's folder has.
fn largest(folders: &Path) -> RunId {
    let names = std::fs::read_dir(folders).into_iter().flatten().flatten();
    names.filter_map(|folder| folder.file_name().to_str()?.parse().ok()).max().unwrap_or(0)
}

fn run_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<Run> {
    Ok(Run {
        id: row.get(0)?,
        plan_name: row.get(1)?,
        plan_path: PathBuf::from(row.get::<_, String>(2)?),
        directory: PathBuf::from(row.get::<_, String>(3)?),
        created: row.get(4)?,
        version: row.get(5)?,
        params: parsed(6, &row.get::<_, String>(6)?)?,
        hash: row.get(7)?,
        revision: row.get(8)?,
    })
}

fn write_revision(
    transaction: &Connection,
    run: RunId,
    revision: u32,
    first_seq: u64,
    new: &NewRun<'_>,
) -> rusqlite::Result<()> {
    let at: Timestamp = new.at;
    transaction.execute(
        "INSERT INTO revisions (run, revision, first_seq, at, version, hash, params, items) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            run,
            revision,
            first_seq,
            at,
            env!("CARGO_PKG_VERSION"),
            super::hash_of(new.sources),
            json(&new.params),
            items::text(new.plan)
        ],
    )?;
    let mut write_text =
        transaction.prepare_cached("INSERT OR IGNORE INTO texts (hash, text) VALUES (?, ?)")?;
    let mut write_source = transaction
        .prepare_cached("INSERT INTO sources (run, revision, place, path, hash) VALUES (?, ?, ?, ?, ?)")?;
    for (place, (path, source)) in new.sources.iter().enumerate() {
        let hash = blake3::hash(source.as_bytes()).to_hex();
        write_text.execute(params![hash.as_str(), source])?;
        write_source.execute(params![run, revision, place as i64, text(path), hash.as_str()])?;
    }
    super::history::write_estimates(transaction, run, revision, new.plan)
}

/// A path as text. What is not UTF-8 in it is replaced: it then names no file, and says so when it is looked for.
fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
