//! What the disk and SQLite say, told so that a person knows which file it is about and what to do.

use crate::error::Error;
use rusqlite::ErrorCode;
use std::io;
use std::path::Path;

/// What is being done where entries are read.
pub const READING: &str = "read the run's events in";

/// What went wrong inside SQLite while `action` was being done to `file`.
pub fn told(action: &str, file: &Path) -> impl FnOnce(rusqlite::Error) -> Error {
    move |error| {
        let code = error.sqlite_error_code();
        let cause = match (&error, code) {
            (_, Some(ErrorCode::DiskFull)) => "the disk is full".to_string(),
            (_, Some(ErrorCode::ReadOnly)) => "it, or its folder, cannot be written".to_string(),
            (_, Some(ErrorCode::CannotOpen)) => "it cannot be opened".to_string(),
            (_, Some(ErrorCode::PermissionDenied)) => "permission denied".to_string(),
            (_, Some(ErrorCode::NotADatabase)) => {
                "it is not a journal, or its first bytes are damaged".to_string()
            }
            (_, Some(ErrorCode::DatabaseCorrupt)) => "it is damaged".to_string(),
            (_, Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)) => {
                "another process keeps it locked".to_string()
            }
            (rusqlite::Error::SqliteFailure(_, Some(message)), _) => message.clone(),
            _ => error.to_string(),
        };
        let help = help(code, file);
        Error::new(action, cause).at(file).help(help)
    }
}

fn help(code: Option<ErrorCode>, file: &Path) -> String {
    match code {
        Some(ErrorCode::DiskFull) => {
            "free some space, then go on with `wavec resume`; nothing that was recorded is lost".to_string()
        }
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            let folder = file.parent().unwrap_or(file);
            format!("make `{}` writable for you, or run from a copy of the project", folder.display())
        }
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => format!(
            "move `{}` aside to start a new journal; the events and logs of old runs stay in `.wavec/runs`, and \
             `sqlite3 FILE .recover` may save the rest",
            file.display()
        ),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "end the process that holds it (`fuser FILE` names it), then try again".to_string()
        }
        _ => "see whether the disk is full or failing, then go on with `wavec resume`; nothing that was recorded is \
              lost"
            .to_string(),
    }
}

/// What went wrong when the journal was opened.
pub fn opening(file: &Path) -> impl FnOnce(rusqlite::Error) -> Error {
    told("open the journal", file)
}

/// What the system said about a file or folder of `.wavec`.
pub fn file(action: &str, path: &Path, cause: &io::Error) -> Error {
    let help = match cause.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "wavec keeps its record of runs in `.wavec` at the project's root: make that writable for you"
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "free some space, then go on with `wavec resume`; nothing that was recorded is lost"
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            "a file stands where wavec keeps its record of runs: move it away"
        }
        _ => {
            "see whether the disk is full or failing, then go on with `wavec resume`; nothing that was recorded is lost"
        }
    };
    Error::new(action, cause).at(path).help(help)
}
