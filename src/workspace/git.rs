//! Calls of the `git` program: with a clean environment, without hooks, prompts or housekeeping, and in words that do not
//! depend on the language of the machine.
//!
//! Knows nothing of tasks and trees; each call is one short-lived process in a group of its own, so that a Ctrl-C meant for
//! wavec does not cut it in half.

use crate::error::{Error, Result};
use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// The least version that can merge without a checkout.
const LEAST: (u32, u32) = (2, 38);

/// How often a call is made again that failed for a half-made worktree of another process.
const TRIES: u32 = 6;

/// How often it is asked whether a call is still wanted.
const LOOK: Duration = Duration::from_millis(5);

/// One call, being put together.
pub struct Git {
    command: Command,
    input: Option<Vec<u8>>,
    action: String,
    directory: PathBuf,
}

/// What a call gave.
pub struct Answer {
    /// Its exit code; -1 when a signal ended it.
    pub code: i32,
    /// What it printed.
    pub stdout: Vec<u8>,
    /// What it complained of.
    pub stderr: String,
}

impl Git {
    /// A call in a directory; `action` says what for, as a verb with its object.
    pub fn new(directory: &Path, action: &str) -> Git {
        let mut command = Command::new("git");
        command.current_dir(directory).stdin(Stdio::null()).process_group(0);
        for (name, _) in std::env::vars_os() {
            if is_of_git(&name) {
                command.env_remove(name);
            }
        }
        command.envs([
            ("LC_ALL", "C"),
            ("GIT_OPTIONAL_LOCKS", "0"),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_EDITOR", "true"),
        ]);
        for setting in [
            "core.hooksPath=/dev/null",
            "core.fsmonitor=false",
            "core.quotePath=false",
            "gc.auto=0",
            "maintenance.auto=false",
            "commit.gpgSign=false",
            "advice.addEmbeddedRepo=false",
        ] {
            command.args(["-c", setting]);
        }
        Git { command, input: None, action: action.to_owned(), directory: directory.to_path_buf() }
    }

    /// More words.
    pub fn args<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(mut self, words: I) -> Git {
        self.command.args(words);
        self
    }

    /// One more word.
    pub fn arg(mut self, word: impl AsRef<OsStr>) -> Git {
        self.command.arg(word);
        self
    }

    /// Lets the hooks of the repository run, and its other settings be.
    pub fn own_hooks(mut self) -> Git {
        let mut command = Command::new("git");
        command.current_dir(&self.directory).stdin(Stdio::null()).process_group(0);
        for (name, value) in self.command.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        self.command = command;
        self
    }

    /// A variable.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Git {
        self.command.env(name, value);
        self
    }

    /// What it reads.
    pub fn input(mut self, input: impl Into<Vec<u8>>) -> Git {
        self.input = Some(input.into());
        self
    }

    /// Makes the call. An error only where the program could not be run at all.
    pub fn answer(mut self) -> Result<Answer> {
        let mut pause = Duration::from_millis(20);
        let mut tries = 0;
        loop {
            tries += 1;
            match self.once() {
                Ok(answer) if answer.code == 0 || tries == TRIES || !is_passing(&answer.stderr) => {
                    return Ok(answer);
                }
                // No process can be had for a moment: another's end gives one back.
                Err(cause) if cause.kind() != io::ErrorKind::WouldBlock || tries == TRIES => {
                    return Err(self.told(&cause));
                }
                _ => {}
            }
            std::thread::sleep(pause);
            pause *= 3;
        }
    }

    fn told(&self, cause: &io::Error) -> Error {
        match cause.kind() {
            io::ErrorKind::NotFound if self.directory.is_dir() => {
                Error::new(&self.action, "the program `git` is not there")
                    .help("install git 2.38 or newer, or write `isolation shared`")
            }
            _ => Error::new(&self.action, cause).at(&self.directory),
        }
    }

    fn once(&mut self) -> io::Result<Answer> {
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let Some(input) = self.input.clone() else {
            return self.command.output().map(answer_of);
        };
        let mut child = self.command.stdin(Stdio::piped()).spawn()?;
        let stdin = child.stdin.take();
        // Written aside: a program that answers before it has read all would block both.
        let writer = std::thread::Builder::new().spawn(move || {
            // One that does not want it all says so by its own end.
            let _ = stdin.map(|mut stdin| stdin.write_all(&input));
        });
        // Without a writer its standard input is closed, and it ends by that.
        let output = child.wait_with_output();
        let _ = writer?.join();
        output.map(answer_of)
    }

    /// Makes the call for what it does, and ends it when it is not wanted any more. Whether it came to its end. It may not print much.
    pub fn run_while(mut self, is_wanted: &dyn Fn() -> bool) -> Result<bool> {
        let mut child = match self.command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn() {
            Ok(child) => child,
            Err(cause) => return Err(self.told(&cause)),
        };
        while matches!(child.try_wait(), Ok(None)) {
            if !is_wanted() {
                // It has a group of its own.
                let _ = rustix::process::kill_process_group(
                    rustix::process::Pid::from_child(&child),
                    rustix::process::Signal::KILL,
                );
                let _ = child.wait();
                return Ok(false);
            }
            std::thread::sleep(LOOK);
        }
        let answer = answer_of(child.wait_with_output().map_err(|cause| self.told(&cause))?);
        match answer.code {
            0 => Ok(true),
            _ => Err(Error::new(&self.action, answer.complaint()).at(&self.directory)),
        }
    }

    /// Makes the call and gives what it printed; an error when it failed.
    pub fn bytes(self) -> Result<Vec<u8>> {
        let (action, directory) = (self.action.clone(), self.directory.clone());
        let answer = self.answer()?;
        if answer.code == 0 {
            return Ok(answer.stdout);
        }
        Err(Error::new(action, answer.complaint()).at(directory))
    }

    /// Makes the call and gives what it printed, as text without its last line break.
    pub fn text(self) -> Result<String> {
        Ok(String::from_utf8_lossy(&self.bytes()?).trim_end_matches('\n').to_owned())
    }

    /// Makes the call for what it does.
    pub fn run(self) -> Result<()> {
        self.bytes().map(drop)
    }
}

impl Answer {
    /// Why it failed, on one line.
    pub fn complaint(&self) -> String {
        let lines: Vec<&str> = self
            .stderr
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with("hint:"))
            .collect();
        let told = lines.iter().find(|line| line.starts_with("fatal:") || line.starts_with("error:"));
        let told = told
            .or(lines.last())
            .map(|line| line.trim_start_matches("fatal: ").trim_start_matches("error: "));
        match told {
            Some(line) => format!("git says: {line}"),
            None => format!("git exited with {}", self.code),
        }
    }
}

fn answer_of(output: std::process::Output) -> Answer {
    Answer {
        code: output.status.code().unwrap_or(-1),
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A path as git prints it.
pub fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(bytes))
}

/// Variables that point git to another place than the one that is meant.
pub fn is_of_git(name: &OsString) -> bool {
    const KEPT: [&str; 8] = [
        "GIT_SSH",
        "GIT_SSH_COMMAND",
        "GIT_ASKPASS",
        "GIT_EXEC_PATH",
        "GIT_CONFIG_GLOBAL",
        "GIT_CONFIG_SYSTEM",
        "GIT_CONFIG_NOSYSTEM",
        "GIT_LFS_SKIP_SMUDGE",
    ];
    name.as_bytes().starts_with(b"GIT_") && !KEPT.iter().any(|kept| name == kept)
}

/// Whether a failure passes by itself: another git scans worktrees while one is half made, or holds a lock for a moment.
fn is_passing(stderr: &str) -> bool {
    stderr.contains("commondir") || stderr.contains("cannot lock ref") || stderr.contains("config.lock")
}

/// Fails when the git here is too old to merge without a checkout.
pub fn check_version(directory: &Path) -> Result<()> {
    let text = Git::new(directory, "ask git for its version").args(["version"]).text()?;
    match version_of(&text) {
        Some(version) if version < LEAST => Err(Error::new(
            "use git worktrees",
            format!("git {}.{} is too old: it cannot merge without a checkout", version.0, version.1),
        )
        .help("install git 2.38 or newer, or write `isolation shared`")),
        // A version that says nothing known is of a git that is newer than this.
        _ => Ok(()),
    }
}

fn version_of(text: &str) -> Option<(u32, u32)> {
    let number = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let mut parts = number.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_vendors_write_them() {
        assert_eq!(version_of("git version 2.47.3"), Some((2, 47)));
        assert_eq!(version_of("git version 2.39.5 (Apple Git-154)"), Some((2, 39)));
        assert_eq!(version_of("git version 2.37.0.windows.1"), Some((2, 37)));
        assert_eq!(version_of("git version unknown"), None);
        assert!(version_of("git version 2.37.9").is_some_and(|version| version < LEAST));
    }

    #[test]
    fn a_complaint_is_one_line() {
        let answer = Answer { code: 128, stdout: Vec::new(), stderr: "hint: x\nfatal: no such ref\n".into() };
        assert_eq!(answer.complaint(), "git says: no such ref");
        let answer = Answer { code: 2, stdout: Vec::new(), stderr: String::new() };
        assert_eq!(answer.complaint(), "git exited with 2");
    }
}
