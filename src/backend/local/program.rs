//! What a job executes, as the system wants it: the program's file, its words, its environment.
//!
//! Starts nothing.

use super::super::Job;
pub use super::super::environment::c_string;
use super::super::environment::entry;
use rustix::fs::{Access, access};
use rustix::io::Errno;
use std::ffi::{CStr, CString, OsStr};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// What is to be executed, as the job names it.
pub fn program_of(job: &Job) -> &str {
    job.direct.as_ref().unwrap_or(&job.words).first().map_or("", String::as_str)
}

/// The file of a program: itself where it is a path, else the first on the job's own `PATH`.
pub fn find_program(program: &str, job: &Job) -> Result<CString, String> {
    if program.contains('/') {
        return c_string(OsStr::new(program));
    }
    let path = job.environment.get("PATH").unwrap_or(OsStr::new("/usr/local/bin:/usr/bin:/bin"));
    let mut is_there = false;
    // One text for all: this is done for each task.
    let mut file = Vec::with_capacity(256);
    for directory in path.as_bytes().split(|byte| *byte == b':') {
        file.clear();
        if !directory.starts_with(b"/") {
            file.extend_from_slice(job.directory.as_os_str().as_bytes());
            file.push(b'/');
        }
        file.extend_from_slice(directory);
        file.push(b'/');
        file.extend_from_slice(program.as_bytes());
        let refused = access(file.as_slice(), Access::EXEC_OK);
        if refused.is_ok() && Path::new(OsStr::from_bytes(&file)).is_file() {
            return c_string(OsStr::from_bytes(&file));
        }
        is_there |= refused == Err(Errno::ACCESS) && Path::new(OsStr::from_bytes(&file)).is_file();
    }
    match is_there {
        true => Err(format!("`{program}` is on the PATH, but may not be executed")),
        false => Err(format!("`{program}` was not found on the PATH")),
    }
}

/// The variables that are a job's own, whatever its environment says: its mark, behind that of a wavec around this one, and where
/// it starts, as a shell would have it.
pub struct Own {
    mark: CString,
    directory: Option<CString>,
}

impl Own {
    pub fn of(job: &Job) -> Result<Own, String> {
        let mut marks = job.environment.get(MARK).map(OsStr::to_owned).unwrap_or_default();
        if !marks.is_empty() {
            marks.push(" ");
        }
        marks.push(&job.mark);
        let own = |name: &str, value: &OsStr| {
            entry(OsStr::new(name), value).ok_or_else(|| format!("the variable `{name}` holds a NUL byte"))
        };
        let has_directory = job.environment.get(PLACE).is_some();
        let directory = has_directory.then(|| own(PLACE, job.directory.as_os_str())).transpose()?;
        Ok(Own { mark: own(MARK, &marks)?, directory })
    }
}

const MARK: &str = "WAVEC_MARK";
const PLACE: &str = "PWD";

/// The environment of a job.
pub fn environment<'j>(job: &'j Job, own: &'j Own) -> Result<Vec<&'j CStr>, String> {
    let mut entries = Vec::with_capacity(job.environment.len() + 2);
    for (name, entry) in job.environment.entries().filter(|(name, _)| *name != MARK && *name != PLACE) {
        let entry = entry.ok_or_else(|| format!("the variable `{}` holds a NUL byte", name.display()))?;
        entries.push(entry);
    }
    entries.extend(own.directory.as_deref());
    entries.push(&own.mark);
    Ok(entries)
}

pub fn c_strings<'s>(texts: impl Iterator<Item = &'s OsStr>) -> Result<Vec<CString>, String> {
    texts.map(c_string).collect()
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
