//! The two streams of a command: what was asked for, and what wavec says about it.
//!
//! A reader that went away (`wavec … | head`) is no error; any other failure to write is.

use crate::error::{Error, Result};
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::Path;

/// The columns that text may fill: the terminal's, `COLUMNS`, or 80.
pub fn columns(stream: &impl IsTerminal) -> usize {
    let asked = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal = || crossterm::terminal::size().ok().map(|(columns, _)| usize::from(columns));
    let columns = if stream.is_terminal() { asked.or_else(terminal) } else { asked };
    columns.filter(|columns| *columns > 0).unwrap_or(80).clamp(40, 120)
}

/// Writes what was asked for.
pub fn print(text: &str) -> Result<()> {
    print_bytes(text.as_bytes())
}

/// Writes what was asked for and need not be text.
pub fn print_bytes(bytes: &[u8]) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    written(stdout.write_all(bytes).and_then(|()| stdout.flush()), "standard output")
}

/// Writes what wavec says about it.
pub fn say(text: &str) -> Result<()> {
    let mut stderr = std::io::stderr().lock();
    written(stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush()), "standard error")
}

fn written(result: std::io::Result<()>, stream: &str) -> Result<()> {
    match result {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Error::new(format!("write to {stream}"), super::loader::told(&error)))
        }
        _ => Ok(()),
    }
}

/// Puts a text in the place of a file's, wholly or not at all: it is written beside the file and then renamed.
pub fn replace_file(path: &Path, text: &str) -> Result<()> {
    let wrong = |error: &std::io::Error| Error::new("write the plan", super::loader::told(error)).at(path);
    // A link stays a link: what it points to is replaced.
    let target = std::fs::canonicalize(path).map_err(|error| wrong(&error))?;
    let permissions = std::fs::metadata(&target).map_err(|error| wrong(&error))?.permissions();
    if permissions.readonly() {
        return Err(Error::new("write the plan", "it is read-only")
            .at(path)
            .help("make it writable: `chmod u+w`"));
    }
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let beside = target.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let written = std::fs::write(&beside, text)
        .and_then(|()| std::fs::set_permissions(&beside, permissions))
        .and_then(|()| std::fs::rename(&beside, &target));
    written.map_err(|error| {
        // What could not be put in place is of no use; that it cannot be removed either is not worth a word.
        let _ = std::fs::remove_file(&beside);
        wrong(&error)
    })
}
