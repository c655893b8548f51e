//! A few lines at the bottom of a terminal that are drawn over and over, and lines above them that stay.
//!
//! Knows columns and rows, and no run. Nothing is drawn twice that is the same; each drawing is one write.

use std::io::{self, Write};
use unicode_width::UnicodeWidthStr;

/// Drawn between these, a terminal that knows them shows all of it at once.
const BEGIN: &str = "\x1b[?2026h";
const END: &str = "\x1b[?2026l";
const HIDE_CURSOR: &str = "\x1b[?25l";
const SHOW_CURSOR: &str = "\x1b[?25h";

/// The bottom lines of a terminal. Dropped, it leaves the terminal as it was, the cursor below what stays.
pub struct Screen<W: Write> {
    out: W,
    drawn: Vec<String>,
    is_stale: bool,
    is_cursor_hidden: bool,
}

impl<W: Write> Screen<W> {
    /// A screen on which nothing is drawn yet.
    pub fn new(out: W) -> Screen<W> {
        Screen { out, drawn: Vec::new(), is_stale: false, is_cursor_hidden: false }
    }

    /// Prints `above` for good and draws `lines` below it, in place of what was drawn before. The terminal has so many columns;
    /// lines must not be wider than it, and fewer than it has rows.
    pub fn draw(&mut self, above: &[String], lines: &[String], columns: usize) -> io::Result<()> {
        if above.is_empty() && self.drawn == lines && !self.is_stale {
            return Ok(());
        }
        self.is_stale = false;
        let mut text = String::from(BEGIN);
        if !self.is_cursor_hidden {
            text.push_str(HIDE_CURSOR);
            self.is_cursor_hidden = true;
        }
        self.back(&mut text, columns);
        for line in above.iter().chain(lines) {
            text.push_str(line);
            // What is left of a longer line that stood there.
            text.push_str("\x1b[K\r\n");
        }
        text.push_str("\x1b[J");
        text.push_str(END);
        self.drawn = lines.to_vec();
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    /// Draws the next time even what is the same: the terminal has changed under it.
    pub fn forget(&mut self) {
        self.is_stale = true;
    }

    /// Others have written below what is drawn: it stays where it is, and the next drawing begins below all that.
    pub fn leave(&mut self) {
        self.drawn.clear();
        self.is_stale = true;
        self.is_cursor_hidden = false;
    }

    /// Takes what is drawn away, prints `above` for good, and gives the cursor back.
    pub fn clear(&mut self, above: &[String], columns: usize) -> io::Result<()> {
        let mut text = String::new();
        self.back(&mut text, columns);
        text.push_str("\x1b[J");
        for line in above {
            text.push_str(line);
            text.push_str("\r\n");
        }
        if self.is_cursor_hidden {
            text.push_str(SHOW_CURSOR);
            self.is_cursor_hidden = false;
        }
        self.drawn.clear();
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    /// To the beginning of what is drawn. A terminal that became narrower has broken its lines: they count as many
    /// rows as they now take.
    fn back(&self, text: &mut String, columns: usize) {
        let rows: usize = self
            .drawn
            .iter()
            .map(|line| super::log::without_escapes(line).width().max(1).div_ceil(columns.max(1)))
            .sum();
        if rows > 0 {
            text.push_str(&format!("\x1b[{rows}A"));
        }
        text.push('\r');
    }
}

impl<W: Write> Drop for Screen<W> {
    fn drop(&mut self) {
        if self.is_cursor_hidden {
            // Nobody is left to tell when the terminal is gone.
            let _ = self.out.write_all(format!("\x1b[J{SHOW_CURSOR}").as_bytes());
            let _ = self.out.flush();
        }
    }
}
