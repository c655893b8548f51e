//! The program as a person meets it: a case is a directory `tests/cases/cli/<command>/<case>/` with a script `cmd`
//! and the files that it needs. Each line of `cmd` is run by `sh` in a scratch copy, with `wavec` on the path; what
//! it wrote and how it ended stands in `cmd.snap` beside it.

mod history;
mod input;
mod installed;
mod terminal;
mod watch;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A scratch directory, removed when dropped.
pub struct Scratch(PathBuf);

impl Scratch {
    /// An empty directory of its own, with a `.git` so that no project above it counts.
    pub fn new() -> Scratch {
        use std::sync::atomic::{AtomicU32, Ordering};
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("wavec-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(path.join(".git")).expect("a scratch directory can be made");
        Scratch(fs::canonicalize(path).expect("the directory is there"))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file in it.
    pub fn file(self, name: &str, text: impl AsRef<[u8]>) -> Scratch {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().expect("a file stands in a directory")).expect("it can be made");
        fs::write(path, text).expect("a scratch file can be written");
        self
    }

    /// A file's text.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).expect("the file is there")
    }

    /// Runs `wavec` in it with these arguments.
    pub fn wavec(&self, arguments: &[&str]) -> Outcome {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wavec"));
        self.finish(command.args(arguments), "")
    }

    /// Runs a line of shell in it.
    pub fn shell(&self, line: &str) -> Outcome {
        self.finish(Command::new("sh").args(["-c", line]), "")
    }

    fn finish(&self, command: &mut Command, input: &str) -> Outcome {
        use std::io::Write;
        let binary =
            Path::new(env!("CARGO_BIN_EXE_wavec")).parent().expect("a program stands in a directory");
        let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap_or_default());
        let mut child = command
            .current_dir(&self.0)
            .env("PATH", path)
            .env_remove("NO_COLOR")
            .env_remove("COLUMNS")
            .env("TERM", "xterm-256color")
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut stdin = child.stdin.take().expect("its standard input is a pipe");
        let input = input.as_bytes().to_vec();
        let writer = std::thread::spawn(move || {
            // A program that reads nothing closes its end.
            let _ = stdin.write_all(&input);
        });
        let output = child.wait_with_output().expect("the program ends");
        writer.join().expect("its input was written");
        let text =
            |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).replace(&*self.0.to_string_lossy(), "<scratch>");
        Outcome { stdout: text(output.stdout), stderr: text(output.stderr), code: output.status.code() }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What a test has made unreadable stays behind; it is in the temporary directory.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// How a program ended and what it wrote.
pub struct Outcome {
    pub stdout: String,
    pub stderr: String,
    /// Nothing when a signal ended it.
    pub code: Option<i32>,
}

impl Outcome {
    /// All of it, for a snapshot.
    pub fn show(&self) -> String {
        let mut out = self.stdout.clone();
        if !out.is_empty() && !out.ends_with('\n') {
            out.push_str("⏎\n");
        }
        if !self.stderr.is_empty() {
            out.push_str("--- stderr\n");
            out.push_str(&self.stderr);
        }
        match self.code {
            Some(code) => out.push_str(&format!("--- exit {code}\n")),
            None => out.push_str("--- ended by a signal\n"),
        }
        out
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("the case can be read").flatten() {
        let (name, path) = (entry.file_name(), entry.path());
        if path.is_dir() {
            fs::create_dir_all(to.join(&name)).expect("a directory can be made");
            copy(&path, &to.join(&name));
        } else if name != "cmd" && path.extension().is_none_or(|ending| ending != "snap") {
            fs::copy(&path, to.join(&name)).expect("a file can be copied");
        }
    }
}

#[test]
fn cases() {
    insta::glob!("../cases/cli", "*/*/cmd", |path| {
        let scratch = Scratch::new();
        copy(path.parent().expect("a case is a directory"), scratch.path());
        let script = fs::read_to_string(path).expect("the script can be read");
        let mut shown = String::new();
        for line in script.lines().filter(|line| !line.trim().is_empty()) {
            // A line that begins with `#` tells what is to be seen.
            if line.starts_with('#') {
                shown.push_str(&format!("{line}\n"));
                continue;
            }
            shown.push_str(&format!("$ {line}\n{}\n", scratch.shell(line).show()));
        }
        let shown = shown.replace(env!("CARGO_PKG_VERSION"), "<version>");
        crate::beside(path, || insta::assert_snapshot!("cmd", shown));
    });
}
