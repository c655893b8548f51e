//! The files that a pattern matches, and the lines in them that a regular expression matches.
//!
//! Blocking; reads only. Leaves `.git` and `.wavec` out, and does not follow links into other directories.

use crate::glob::Pattern;
use regex::bytes::Regex;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

/// The paths below `directory` that match, sorted, relative to it.
pub fn find(directory: &Path, pattern: &str) -> Result<Vec<String>, String> {
    let pattern = Pattern::parse(pattern)
        .map_err(|error| format!("the pattern `{pattern}` cannot be read: {}", error.kind.message()))?;
    if let Some(path) = pattern.literal() {
        let is_there = std::fs::symlink_metadata(directory.join(path)).is_ok();
        return Ok(if is_there { vec![path.to_owned()] } else { Vec::new() });
    }
    let mut found = Vec::new();
    let mut open: Vec<String> = vec![pattern.literal_prefix().to_owned()];
    while let Some(below) = open.pop() {
        let entries = match std::fs::read_dir(directory.join(&below)) {
            Ok(entries) => entries,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                continue;
            }
            Err(error) => {
                return Err(format!("`{}` cannot be read: {error}", directory.join(&below).display()));
            }
        };
        for entry in entries.flatten() {
            // What is not UTF-8 no pattern can name.
            let Ok(name) = entry.file_name().into_string() else { continue };
            let path = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
            let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if is_directory && (name == ".git" || name == ".wavec") {
                continue;
            }
            if pattern.matches(&path) {
                found.push(path.clone());
            }
            if is_directory && pattern.may_match_below(&path) {
                open.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Of the paths, those that are files to read.
pub fn only_files(directory: &Path, paths: Vec<String>) -> Vec<String> {
    paths.into_iter().filter(|path| directory.join(path).is_file()).collect()
}

/// A line that matches.
pub struct Line {
    /// `path:line: text`
    pub text: String,
}

/// The lines of a file that match, at most `most` of them, and how many there are in all.
pub fn lines(
    directory: &Path,
    path: &str,
    pattern: &Regex,
    most: usize,
) -> Result<(Vec<Line>, usize), String> {
    let unreadable = |error: io::Error| format!("`{path}` cannot be read: {error}");
    let mut reader = BufReader::new(File::open(directory.join(path)).map_err(unreadable)?);
    let (mut found, mut count, mut number) = (Vec::new(), 0, 0);
    let mut line = Vec::new();
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line).map_err(unreadable)? == 0 {
            return Ok((found, count));
        }
        number += 1;
        let end = line.len() - usize::from(line.ends_with(b"\n"));
        let end = end - usize::from(line[..end].ends_with(b"\r"));
        if pattern.is_match(&line[..end]) {
            count += 1;
            if found.len() < most {
                let text = crate::run::words::short(String::from_utf8_lossy(&line[..end]).trim());
                found.push(Line { text: format!("{path}:{number}: {text}") });
            }
        }
    }
}
