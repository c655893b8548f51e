//! Who carries a run out: locks of the operating system, which die with the process that holds them.
//!
//! Two: one a run (`.wavec/runs/<id>/@lock`), so that no two processes carry one run out and others see that it is
//! live; one a plan file (`.wavec/locks/…`), so that two runs of one plan never step on each other's files.

use super::{Journal, RunId, trouble};
use crate::error::{Error, Result};
use std::fs::{self, File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The locks of a process that carries a run out; let go when dropped.
#[derive(Debug)]
pub struct RunLock {
    _plan: File,
    _run: File,
}

/// The right to carry out a plan, before the run has a number.
#[derive(Debug)]
pub struct PlanLock {
    file: File,
    path: PathBuf,
}

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The run; 0 when the lock does not say (yet).
    pub run: RunId,
    /// The process; 0 when the lock does not say (yet).
    pub pid: u32,
}

impl Journal {
    /// Takes the right to carry out the plan in that file. Refused while another process has it.
    pub fn lock_plan(&self, plan_path: &Path) -> Result<PlanLock> {
        let directory = self.root.join(".wavec").join("locks");
        fs::create_dir_all(&directory)
            .map_err(|cause| trouble::file("make the folder", &directory, &cause))?;
        let hash = blake3::hash(plan_path.as_os_str().as_encoded_bytes()).to_hex();
        let path = directory.join(&hash[..16]);
        match take(&path)? {
            Ok(file) => Ok(PlanLock { file, path }),
            Err(holder) => {
                let (run, pid) = (holder.run, holder.pid);
                Err(Error::new(
                    "start a second run of",
                    format!("{holder} carries it out, and two would step on each other's files"),
                )
                .at(plan_path)
                .help(match (run, pid) {
                    (0, _) => "wait for it to end".to_string(),
                    _ => format!("watch it with `wavec show {run}`; stop it with `kill -INT {pid}`"),
                }))
            }
        }
    }

    /// Takes the run, for the process that holds its plan. Refused while another process has it.
    pub fn lock_run(&self, plan: PlanLock, run: RunId) -> Result<RunLock> {
        let directory = self.run_directory(run);
        fs::create_dir_all(&directory)
            .map_err(|cause| trouble::file("make the folder", &directory, &cause))?;
        let path = lock_file(&directory);
        match take(&path)? {
            Ok(mut file) => {
                sign(&mut file, &path, run)?;
                let mut plan_file = plan.file;
                sign(&mut plan_file, &plan.path, run)?;
                Ok(RunLock { _plan: plan_file, _run: file })
            }
            Err(holder) => {
                Err(Error::new(format!("go on with run {run}"), format!("{holder} carries it out")).help(
                    format!("watch it with `wavec show {run}`; stop it with `kill -INT {}`", holder.pid),
                ))
            }
        }
    }

    /// The process that carries the run out now, if one does.
    pub fn holder(&self, run: RunId) -> Option<Holder> {
        let path = lock_file(&self.run_directory(run));
        let mut file = File::open(path).ok()?;
        match file.try_lock_shared() {
            // Nobody holds it; the shared lock is let go with the file.
            Ok(()) => None,
            Err(_) => Some(signature(&mut file)),
        }
    }
}

/// The lock of the run whose folder this is. An older wavec called it by a name that a task's folder may have.
fn lock_file(directory: &Path) -> PathBuf {
    let older = directory.join("lock");
    if older.is_file() { older } else { directory.join("@lock") }
}

/// The lock, or who has it. A look at it (see `holder`) takes it for a moment: hence more than one try. What a process that is dead
/// was about to start has it until it executes its program.
fn take(path: &Path) -> Result<std::result::Result<File, Holder>> {
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(|cause| trouble::file("open the lock", path, &cause))?;
    let mut tries = 0;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Ok(file)),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(cause)) => return Err(trouble::file("take the lock", path, &cause)),
        }
        let holder = signature(&mut file);
        if tries == if is_dead(holder.pid) { TRIES_AFTER_DEATH } else { TRIES } {
            return Ok(Err(holder));
        }
        tries += 1;
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// How often a lock is tried again, 10 ms apart.
const TRIES: u32 = 10;

/// How often, where its holder is dead.
const TRIES_AFTER_DEATH: u32 = 500;

/// Whether there is no such process.
fn is_dead(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    pid.is_some_and(|pid| rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::SRCH))
}

fn sign(file: &mut File, path: &Path, run: RunId) -> Result<()> {
    let write = |file: &mut File| {
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "run {run} process {}", std::process::id())
    };
    write(file).map_err(|cause| trouble::file("write the lock", path, &cause))
}

fn signature(file: &mut File) -> Holder {
    let mut text = String::new();
    // What cannot be read is not known: 0.
    let _ = file.rewind().and_then(|()| file.read_to_string(&mut text));
    let mut words = text.split_whitespace();
    let mut number = |word: &str| (words.next() == Some(word)).then(|| words.next()?.parse().ok()).flatten();
    let run: Option<i64> = number("run");
    let pid = number("process").and_then(|pid| u32::try_from(pid).ok());
    Holder { run: run.unwrap_or(0), pid: pid.unwrap_or(0) }
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.run, self.pid) {
            (_, 0) => f.write_str("another wavec process"),
            (run, pid) => write!(f, "process {pid} (run {run})"),
        }
    }
}
