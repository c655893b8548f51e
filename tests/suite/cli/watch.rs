//! `wavec check --watch`: it looks again at every kind of save, and at nothing else; Ctrl-C ends it.

use super::Scratch;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// A watching wavec and the lines that it has written.
struct Watch {
    child: Child,
    lines: Receiver<String>,
}

impl Watch {
    fn start(scratch: &Scratch, arguments: &[&str]) -> Watch {
        let mut child = Command::new(env!("CARGO_BIN_EXE_wavec"))
            .args(["check", "--watch"])
            .args(arguments)
            .current_dir(scratch.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let (sender, lines) = channel();
        let streams: [Box<dyn std::io::Read + Send>; 2] = [
            Box::new(child.stdout.take().expect("it is a pipe")),
            Box::new(child.stderr.take().expect("it is a pipe")),
        ];
        for stream in streams {
            let sender = sender.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        break;
                    }
                }
            });
        }
        Watch { child, lines }
    }

    /// Waits for a line that contains the text.
    #[track_caller]
    fn says(&self, text: &str) {
        let begin = Instant::now();
        let mut seen = Vec::new();
        while begin.elapsed() < Duration::from_secs(20) {
            match self.lines.recv_timeout(Duration::from_millis(200)) {
                Ok(line) if line.contains(text) => return,
                Ok(line) => seen.push(line),
                Err(_) => {}
            }
        }
        panic!("`{text}` was not said, but\n{}", seen.join("\n"));
    }

    /// Holds that nothing is said for a while.
    #[track_caller]
    fn is_silent(&self) {
        if let Ok(line) = self.lines.recv_timeout(Duration::from_millis(400)) {
            panic!("it said `{line}`");
        }
    }

    /// Ends it as Ctrl-C does; its exit code.
    fn interrupt(mut self) -> Option<i32> {
        let _ = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        self.child.wait().expect("it ends").code()
    }
}

const GOOD: &str = "plan a\n\ntask b { run \"make\" }\n";
const WRONG: &str = "plan a\n\ntask b { rum \"make\" }\n";

#[test]
fn every_kind_of_save_is_seen() {
    let scratch = Scratch::new().file("a.wave", GOOD);
    let watch = Watch::start(&scratch, &["a.wave"]);
    watch.says("1 plan checked, nothing found");
    // In place.
    fs::write(scratch.path().join("a.wave"), WRONG).expect("it can be written");
    watch.says("after a change of a.wave");
    watch.says("1 error in a.wave");
    // By renaming, as careful editors do.
    fs::write(scratch.path().join("a.wave~new"), GOOD).expect("it can be written");
    fs::rename(scratch.path().join("a.wave~new"), scratch.path().join("a.wave")).expect("it can be renamed");
    watch.says("nothing found");
    // By moving the old one aside first.
    fs::rename(scratch.path().join("a.wave"), scratch.path().join("a.wave~")).expect("it can be renamed");
    fs::write(scratch.path().join("a.wave"), WRONG).expect("it can be written");
    watch.says("1 error in a.wave");
    // It vanishes and comes back.
    fs::remove_file(scratch.path().join("a.wave")).expect("it can be removed");
    watch.says("there is no such file");
    fs::write(scratch.path().join("a.wave"), GOOD).expect("it can be written");
    watch.says("nothing found");
    assert_eq!(watch.interrupt(), Some(130));
}

#[test]
fn what_a_plan_names_is_watched_and_nothing_else() {
    let plan = "plan a\n\nuse \"lib/shared.wave\"\n\ntask b { agent coder  prompt \"x\"  writes \"y\" }\n";
    let scratch = Scratch::new().file("a.wave", plan);
    let watch = Watch::start(&scratch, &["a.wave"]);
    watch.says("error");
    while watch.lines.recv_timeout(Duration::from_millis(300)).is_ok() {}
    // The library's folder is made, then the library.
    fs::create_dir(scratch.path().join("lib")).expect("it can be made");
    watch.is_silent();
    fs::write(scratch.path().join("lib/shared.wave"), "agent coder { driver command  run \"x\" }\n")
        .expect("it can be written");
    watch.says("nothing found");
    fs::write(scratch.path().join("other.txt"), "x").expect("it can be written");
    fs::write(scratch.path().join(".a.wave.swp"), "x").expect("it can be written");
    watch.is_silent();
    fs::write(scratch.path().join("wavec.toml"), "[levels]\nnope = \"allow\"\n").expect("it can be written");
    watch.says("there is no code `nope`");
    assert_eq!(watch.interrupt(), Some(130));
}

#[test]
fn plans_of_a_directory_come_and_go() {
    let scratch = Scratch::new().file("plans/a.wave", GOOD).file("ignored/b.wave", WRONG);
    let scratch = scratch.file(".gitignore", "ignored/\n");
    let watch = Watch::start(&scratch, &["--format", "short"]);
    watch.is_silent();
    fs::create_dir_all(scratch.path().join("more/deep")).expect("it can be made");
    fs::write(scratch.path().join("more/deep/c.wave"), WRONG).expect("it can be written");
    watch.says("more/deep/c.wave:3:10");
    fs::write(scratch.path().join(".gitignore"), "").expect("it can be written");
    watch.says("ignored/b.wave:3:10");
    watch.says("more/deep/c.wave:3:10");
    fs::remove_dir_all(scratch.path().join("more")).expect("it can be removed");
    watch.says("ignored/b.wave:3:10");
    watch.is_silent();
    assert_eq!(watch.interrupt(), Some(130));
}

#[test]
fn what_cannot_be_watched_is_refused() {
    let scratch = Scratch::new().file("a.wave", GOOD);
    for arguments in [["check", "--watch", "-"], ["check", "--watch", "--fix"]] {
        assert_eq!(scratch.wavec(&arguments).code, Some(2));
    }
}
