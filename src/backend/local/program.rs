//! What a job executes, as the system wants it: the program's file, its words, its environment.
//!
//! Starts nothing.

use super::super::Job;
use rustix::fs::{Access, access};
use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

/// What is to be executed, as the job names it.
pub fn program_of(job: &Job) -> &str {
    job.direct.as_ref().unwrap_or(&job.words).first().map_or("", String::as_str)
}

/// The file of a program: itself where it is a path, else the first on the job's own `PATH`.
pub fn find_program(program: &str, job: &Job) -> Result<CString, String> {
    if program.contains('/') {
        return c_string(OsStr::new(program));
    }
    let path =
        job.environment.iter().rev().find(|(name, _)| name == "PATH").map(|(_, value)| value.as_os_str());
    let path = path.unwrap_or(OsStr::new("/usr/local/bin:/usr/bin:/bin"));
    let files = path.as_bytes().split(|byte| *byte == b':').map(|directory| {
        let mut file = Vec::with_capacity(128);
        if !directory.starts_with(b"/") {
            file.extend_from_slice(job.directory.as_os_str().as_bytes());
            file.push(b'/');
        }
        file.extend_from_slice(directory);
        file.push(b'/');
        file.extend_from_slice(program.as_bytes());
        PathBuf::from(OsString::from_vec(file))
    });
    let is_executable = |file: &PathBuf| access(file.as_path(), Access::EXEC_OK).is_ok() && file.is_file();
    if let Some(file) = files.clone().find(is_executable) {
        return c_string(file.as_os_str());
    }
    if files.into_iter().any(|file| file.is_file()) {
        return Err(format!("`{program}` is on the PATH, but may not be executed"));
    }
    Err(format!("`{program}` was not found on the PATH"))
}

/// The environment of a job, with its mark behind that of a wavec around this one.
pub fn environment(job: &Job) -> Result<Vec<CString>, String> {
    let mut marks = OsString::new();
    let mut entries = Vec::with_capacity(job.environment.len() + 1);
    for (name, value) in &job.environment {
        if name == "WAVEC_MARK" {
            marks = value.clone();
            marks.push(" ");
            continue;
        }
        // As a shell would: where the job starts, not where wavec did.
        let value = if name == "PWD" { job.directory.as_os_str() } else { value };
        entries.push(entry(name, value)?);
    }
    marks.push(&job.mark);
    entries.push(entry(OsStr::new("WAVEC_MARK"), &marks)?);
    Ok(entries)
}

fn entry(name: &OsStr, value: &OsStr) -> Result<CString, String> {
    let mut bytes = name.to_owned().into_vec();
    bytes.push(b'=');
    bytes.extend_from_slice(value.as_bytes());
    CString::new(bytes).map_err(|_| format!("the variable `{}` holds a NUL byte", name.display()))
}

pub fn c_strings<'s>(texts: impl Iterator<Item = &'s OsStr>) -> Result<Vec<CString>, String> {
    texts.map(c_string).collect()
}

pub fn c_string(text: &OsStr) -> Result<CString, String> {
    CString::new(text.as_bytes())
        .map_err(|_| "an argument holds a NUL byte, which no program can be given".into())
}

/// Why a program could not be started, in words.
pub fn why_not(program: &str, error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(libc::ENOENT) => format!("`{program}` was not found"),
        Some(libc::EACCES) => format!("`{program}` may not be executed"),
        Some(libc::ENOEXEC) => format!("`{program}` is no program: a script begins with `#!`"),
        Some(libc::E2BIG) => {
            "its arguments and environment are too long for the system; hand the value on in a file".into()
        }
        _ => format!("`{program}` could not be started: {error}"),
    }
}
