//! The tables, their versions, and how a connection is set up.

use super::trouble;
use crate::error::Error;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::Duration;

/// Marks the file as a wavec journal: "wavc".
const APPLICATION: i32 = 0x7761_7663;

/// Each brings the tables from the version of its place to the next. Released ones never change: append.
const MIGRATIONS: &[&str] = &["
    CREATE TABLE runs (
        id         INTEGER PRIMARY KEY AUTOINCREMENT,
        plan_name  TEXT    NOT NULL,
        plan_path  TEXT    NOT NULL,
        directory  TEXT    NOT NULL,
        created    INTEGER NOT NULL,
        version    TEXT    NOT NULL
    ) STRICT;
    -- What a run is of: a new one each time that a resume goes on with another text. Entries from `first_seq`
    -- on have the ids of its plan.
    CREATE TABLE revisions (
        run        INTEGER NOT NULL REFERENCES runs (id),
        revision   INTEGER NOT NULL,
        first_seq  INTEGER NOT NULL,
        at         INTEGER NOT NULL,
        version    TEXT    NOT NULL,
        hash       TEXT    NOT NULL,
        params     TEXT    NOT NULL,
        PRIMARY KEY (run, revision)
    ) STRICT, WITHOUT ROWID;
    -- A text is kept once, however many runs are of it.
    CREATE TABLE texts (
        hash       TEXT PRIMARY KEY,
        text       TEXT NOT NULL
    ) STRICT;
    CREATE TABLE sources (
        run        INTEGER NOT NULL,
        revision   INTEGER NOT NULL,
        place      INTEGER NOT NULL,
        path       TEXT    NOT NULL,
        hash       TEXT    NOT NULL REFERENCES texts (hash),
        PRIMARY KEY (run, revision, place)
    ) STRICT, WITHOUT ROWID;
    -- The plan's tasks, groups and gates: what ids mean, and whether they mean the same in another revision.
    CREATE TABLE items (
        run        INTEGER NOT NULL,
        revision   INTEGER NOT NULL,
        kind       TEXT    NOT NULL CHECK (kind IN ('task', 'group', 'gate')),
        id         INTEGER NOT NULL,
        name       TEXT    NOT NULL,
        definition TEXT    NOT NULL,
        PRIMARY KEY (run, revision, kind, id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE events (
        run        INTEGER NOT NULL,
        seq        INTEGER NOT NULL,
        at         INTEGER NOT NULL,
        event      TEXT    NOT NULL,
        PRIMARY KEY (run, seq)
    ) STRICT, WITHOUT ROWID;
    -- What people said from other terminals. `taken`: the entry by which the run took it in.
    CREATE TABLE answers (
        id         INTEGER PRIMARY KEY AUTOINCREMENT,
        run        INTEGER NOT NULL REFERENCES runs (id),
        owner      TEXT    NOT NULL,
        place      INTEGER NOT NULL,
        answer     TEXT    NOT NULL,
        by         TEXT    NOT NULL,
        reason     TEXT    NOT NULL,
        at         INTEGER NOT NULL,
        taken      INTEGER
    ) STRICT;
    CREATE INDEX answers_open ON answers (run) WHERE taken IS NULL;
", "
    -- What the plan's author expected of its tasks, in milliseconds, and who did them: what tasks took is held against it.
    CREATE TABLE estimates (
        run        INTEGER NOT NULL,
        revision   INTEGER NOT NULL,
        task       INTEGER NOT NULL,
        agent      TEXT,
        expected   INTEGER NOT NULL,
        PRIMARY KEY (run, revision, task)
    ) STRICT, WITHOUT ROWID;
", "
    -- A kind of event: `session_opened`. No table changes.
    SELECT 1;
", "
    -- `check_ended` tells what a judge spent. No table changes.
    SELECT 1;
", "
    -- Entries go into a log of each run's own from here on. No table changes: `events` keeps those of older runs.
    SELECT 1;
", "
    -- A revision's items are one text from here on, for a row each took longer than all else that begins a run: a list of
    -- `[kind, name, definition]`, where the id is the place among those of its kind. `items` keeps those of older runs.
    ALTER TABLE revisions ADD COLUMN items TEXT;
"];

/// Why a file cannot be used as the journal.
pub enum Problem {
    Sqlite(rusqlite::Error),
    /// It is of a later wavec.
    Newer(i32),
    /// It is another program's database.
    Foreign,
}

impl From<rusqlite::Error> for Problem {
    fn from(error: rusqlite::Error) -> Problem {
        Problem::Sqlite(error)
    }
}

impl Problem {
    /// The problem with its file and what to do.
    pub fn told(self, file: &Path) -> Error {
        match self {
            Problem::Sqlite(error) => trouble::opening(file)(error),
            Problem::Newer(version) => Error::new(
                "open the journal",
                format!(
                    "it was written by a newer wavec (its version is {version}, this wavec {} knows up to {})",
                    env!("CARGO_PKG_VERSION"),
                    MIGRATIONS.len()
                ),
            )
            .at(file)
            .help("update wavec, or move the file aside to start a new journal"),
            Problem::Foreign => Error::new("open the journal", "it is a database of another program")
                .at(file)
                .help("move it aside"),
        }
    }
}

/// Sets a connection up to write: the tables in their newest version, WAL.
pub fn prepare(connection: &Connection) -> Result<(), Problem> {
    set_up(connection)?;
    // Asked before anything else is written: another program's file stays as it is.
    let found = version(connection)?;
    if connection.pragma_query_value(None, "journal_mode", |row| row.get::<_, String>(0))? != "wal" {
        // Two that make the file at once: one waits for the other here.
        retried(|| connection.pragma_update(None, "journal_mode", "wal"))?;
    }
    // What is written here is rare, and something follows from it at once.
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "journal_size_limit", 4 << 20)?;
    if found < MIGRATIONS.len() {
        migrate(connection)?;
    }
    Ok(())
}

/// Opens a journal to look: writable where it can be, for WAL wants its index beside it; else what the file holds.
pub fn open_to_read(file: &Path) -> Result<Connection, Problem> {
    let writable =
        Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(Problem::from);
    let opened = writable.and_then(|connection| {
        set_up(&connection)?;
        match version(&connection)? {
            // One that was just made, or is of an older wavec: its tables are brought up first.
            found if found < MIGRATIONS.len() => prepare(&connection)?,
            _ => connection.pragma_update(None, "synchronous", "full")?,
        }
        Ok(connection)
    });
    match opened {
        Err(Problem::Sqlite(error)) if is_unwritable(&error) => {
            let uri = format!("file:{}?immutable=1", percent(file));
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
            let connection = Connection::open_with_flags(uri, flags)?;
            match version(&connection)? {
                found if found < MIGRATIONS.len() => Err(Problem::Sqlite(error)),
                _ => Ok(connection),
            }
        }
        other => other,
    }
}

fn is_unwritable(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{CannotOpen, PermissionDenied, ReadOnly};
    matches!(error.sqlite_error_code(), Some(ReadOnly | CannotOpen | PermissionDenied))
}

fn percent(file: &Path) -> String {
    let mut text = String::new();
    for byte in file.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => text.push(*byte as char),
            _ => text.push_str(&format!("%{byte:02x}")),
        }
    }
    text
}

fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.set_prepared_statement_cache_capacity(32);
    connection.pragma_update(None, "foreign_keys", true)
}

/// The version of the tables, 0 for an empty file.
fn version(connection: &Connection) -> Result<usize, Problem> {
    let number =
        |pragma: &str| retried(|| connection.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0)));
    let version = number("user_version")?;
    let application = number("application_id")?;
    let is_empty = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))
        .map(|tables| tables == 0)?;
    if !is_empty && application != APPLICATION {
        return Err(Problem::Foreign);
    }
    match usize::try_from(version) {
        Ok(known) if known <= MIGRATIONS.len() => Ok(known),
        _ => Err(Problem::Newer(version)),
    }
}

fn migrate(connection: &Connection) -> Result<(), Problem> {
    // Asked again inside the transaction: another process may have been faster.
    let transaction =
        rusqlite::Transaction::new_unchecked(connection, rusqlite::TransactionBehavior::Immediate)?;
    let found = version(&transaction)?;
    for migration in &MIGRATIONS[found..] {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", MIGRATIONS.len() as i64)?;
    transaction.commit()?;
    Ok(())
}

/// Changing the mode of a file, and reading one whose mode changes, is not covered by SQLite's own waiting.
fn retried<T>(mut action: impl FnMut() -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked};
    for _ in 0..200 {
        match action() {
            Err(error) if matches!(error.sqlite_error_code(), Some(DatabaseBusy | DatabaseLocked)) => {
                std::thread::sleep(Duration::from_millis(20));
            }
            result => return result,
        }
    }
    action()
}
