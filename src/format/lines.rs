//! The lines of the layout before they are text: indentation, words, and the comment behind them.
//!
//! Knows nothing of statements.

use super::WIDTH;
use unicode_width::UnicodeWidthStr;

/// A line, or a block string and what stands around it.
struct Line {
    indent: usize,
    text: String,
    trailing: Option<String>,
}

/// Lines in the making.
#[derive(Default)]
pub struct Lines {
    lines: Vec<Line>,
    is_blank_next: bool,
}

impl Lines {
    /// Adds a line.
    pub fn push(&mut self, indent: usize, text: impl Into<String>) {
        if std::mem::take(&mut self.is_blank_next) && !self.lines.is_empty() {
            self.lines.push(Line { indent: 0, text: String::new(), trailing: None });
        }
        self.lines.push(Line { indent, text: text.into(), trailing: None });
    }

    /// Puts a comment behind the last line, or on a line of its own when there is one already.
    pub fn trail(&mut self, indent: usize, comment: &str) {
        match self.lines.last_mut() {
            Some(last) if last.trailing.is_none() && !last.text.is_empty() && !last.text.starts_with('#') => {
                last.trailing = Some(comment.to_string());
            }
            _ => self.push(indent, comment),
        }
    }

    /// Asks for a blank line before the next line.
    pub fn blank(&mut self) {
        self.is_blank_next = true;
    }

    /// Takes that back.
    pub fn no_blank(&mut self) {
        self.is_blank_next = false;
    }

    /// The text, each line ended by `line_end`.
    pub fn finish(self, line_end: &str) -> String {
        let columns = comment_columns(&self.lines);
        let mut out = String::new();
        for (line, column) in self.lines.iter().zip(columns) {
            if !line.text.is_empty() {
                push_spaces(&mut out, line.indent);
                out.push_str(&line.text);
                if let Some(comment) = &line.trailing {
                    push_spaces(&mut out, column.saturating_sub(end_column(line)).max(2));
                    out.push_str(comment);
                }
            }
            out.push_str(line_end);
        }
        out
    }
}

fn push_spaces(out: &mut String, count: usize) {
    out.extend(std::iter::repeat_n(' ', count));
}

/// Where the line's words end; the last of its lines counts.
fn end_column(line: &Line) -> usize {
    match line.text.rsplit_once('\n') {
        Some((_, last)) => last.width(),
        None => line.indent + line.text.width(),
    }
}

/// For each line, the column of the comment behind it: neighbours share one.
fn comment_columns(lines: &[Line]) -> Vec<usize> {
    let mut columns = vec![0; lines.len()];
    let mut start = 0;
    while start < lines.len() {
        let is_member = |line: &Line| {
            line.trailing.is_some()
                && line.indent == lines[start].indent
                && !line.text.contains('\n')
                && end_column(line) <= WIDTH / 2
        };
        let length = lines[start..].iter().take_while(|line| is_member(line)).count().max(1);
        let group = &lines[start..start + length];
        let column = group.iter().map(end_column).max().unwrap_or(0) + 2;
        columns[start..start + length].fill(column);
        start += length;
    }
    columns
}
