//! The two streams of a command: what was asked for, and what wavec says about it.
//!
//! A reader that went away (`wavec … | head`) is no error; any other failure to write is.

use crate::error::{Error, Result};
use std::io::{ErrorKind, IsTerminal, Write};

/// The columns that text may fill: the terminal's, `COLUMNS`, or 80.
pub fn columns(stream: &impl IsTerminal) -> usize {
    let asked = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal = || crossterm::terminal::size().ok().map(|(columns, _)| usize::from(columns));
    let columns = if stream.is_terminal() { asked.or_else(terminal) } else { asked };
    columns.filter(|columns| *columns > 0).unwrap_or(80).clamp(40, 120)
}

/// Writes what was asked for.
pub fn print(text: &str) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    written(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()), "standard output")
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
