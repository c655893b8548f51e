//! The ends of log files: the last line of what runs, the last lines of what failed.

use super::words::one_line;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// How much of a log's end is read for its last lines.
const TAIL: u64 = 16 << 10;

/// The last lines of a file that are not blank, at most `most`, made fit to be shown: no control characters, each cut to
/// `width` columns. None where there is no such file or nothing in it.
pub fn tail(path: &Path, most: usize, width: usize) -> Vec<String> {
    let Ok(bytes) = read_end(path) else { return Vec::new() };
    let text = String::from_utf8_lossy(&bytes);
    let mut lines: Vec<String> = text
        .split('\n')
        .rev()
        .map(|line| shown(line, width))
        .filter(|line| !line.is_empty())
        .take(most)
        .collect();
    lines.reverse();
    lines
}

fn read_end(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut bytes = Vec::new();
    if length > TAIL {
        file.seek(SeekFrom::Start(length - TAIL))?;
    }
    file.take(TAIL).read_to_end(&mut bytes)?;
    if length > TAIL {
        // The first line is only the end of one.
        if let Some(first) = bytes.iter().position(|byte| *byte == b'\n') {
            bytes.drain(..=first);
        }
    }
    Ok(bytes)
}

/// A line as it stood on the screen of its own program: what a carriage return wrote over is gone, and so are colours.
fn shown(line: &str, width: usize) -> String {
    let line = line.trim_end_matches('\r');
    let line = line.rsplit('\r').find(|part| !part.trim().is_empty()).unwrap_or("");
    one_line(&without_escapes(line), width)
}

/// The text without the terminal's escape sequences.
pub fn without_escapes(text: &str) -> String {
    let mut plain = String::new();
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        if char != '\x1b' {
            plain.push(char);
            continue;
        }
        match chars.next() {
            // CSI: up to its final letter.
            Some('[') => while chars.next().is_some_and(|char| !matches!(char, '@'..='~')) {},
            // OSC and its kin: up to BEL or the string's end.
            Some(']' | 'P' | '_' | '^' | 'X') => {
                while let Some(char) = chars.next() {
                    if char == '\x07' || (char == '\x1b' && chars.next_if_eq(&'\\').is_some()) {
                        break;
                    }
                }
            }
            _ => {}
        }
    }
    plain
}
