//! What the examples promise: each is clean, laid out, plans, and runs for real with what it says at its head.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");

/// A copy of the examples, where a run may leave its traces.
struct Copy {
    folder: PathBuf,
}

impl Copy {
    fn new(name: &str) -> Copy {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("examples").join(name);
        let _ = fs::remove_dir_all(&folder);
        copy(Path::new(EXAMPLES), &folder.join("examples"));
        // What a clone has in `.git`: the sign of a project's root.
        fs::create_dir_all(folder.join(".wavec")).expect("the folder can be made");
        Copy { folder }
    }

    /// `wavec ARGUMENTS`, where the folder `examples` is, as a reader of the README types it.
    fn wavec(&self, arguments: &[&str]) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wavec"));
        command.args(arguments);
        self.carry_out(command)
    }

    fn carry_out(&self, mut command: Command) -> Ended {
        let child = command
            .current_dir(&self.folder)
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        Ended { output: finish(child), what: format!("{command:?}") }
    }

    fn text(&self, path: &str) -> String {
        let path = self.folder.join("examples").join(path);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    fn has(&self, path: &str) -> bool {
        self.folder.join("examples").join(path).exists()
    }
}

/// A program that has ended.
struct Ended {
    output: Output,
    what: String,
}

impl Ended {
    #[track_caller]
    fn exits(self, code: i32) -> Ended {
        assert_eq!(self.output.status.code(), Some(code), "{}\n{}", self.what, self.all());
        self
    }

    #[track_caller]
    fn says(self, text: &str) -> Ended {
        assert!(self.all().contains(text), "{} does not say `{text}`:\n{}", self.what, self.all());
        self
    }

    #[track_caller]
    fn says_nothing_of(self, text: &str) -> Ended {
        assert!(!self.all().contains(text), "{} says `{text}`:\n{}", self.what, self.all());
        self
    }

    /// What it printed, standard output first.
    fn all(&self) -> String {
        String::from_utf8_lossy(&[&self.output.stdout[..], &self.output.stderr].concat()).into_owned()
    }
}

/// Waits for the program, and for no longer than a minute.
fn finish(child: Child) -> Output {
    let id = child.id();
    let begin = Instant::now();
    let (done, is_done) = std::sync::mpsc::channel::<()>();
    let watch = std::thread::spawn(move || {
        if is_done.recv_timeout(Duration::from_secs(60)) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            let _ = Command::new("kill").args(["-KILL", &id.to_string()]).status();
        }
    });
    let output = child.wait_with_output().expect("it ends");
    drop(done);
    watch.join().expect("the watch ends");
    assert!(begin.elapsed() < Duration::from_secs(60), "it did not end within a minute");
    output
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder can be made");
    for entry in fs::read_dir(from).expect("the folder is readable").flatten() {
        let name = entry.file_name();
        if ["out", "work", ".wavec", "__pycache__"].iter().any(|made| name == *made) {
            continue;
        }
        if entry.path().is_dir() {
            copy(&entry.path(), &to.join(name));
        } else {
            fs::copy(entry.path(), to.join(name)).expect("the file can be copied");
        }
    }
}

/// The plans, by path from the repository's root; libraries are in folders of their own.
fn plans() -> Vec<String> {
    let mut plans: Vec<String> = fs::read_dir(EXAMPLES)
        .expect("the examples are there")
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.ends_with(".wave"))
        .map(|name| format!("examples/{name}"))
        .collect();
    plans.sort();
    plans
}

#[test]
fn they_are_clean() {
    let examples = Copy::new("check");
    let mut arguments = vec!["check", "--deny", "warnings", "examples/gaelp/agents.wave"];
    let plans = plans();
    arguments.extend(plans.iter().map(String::as_str));
    examples.wavec(&arguments).exits(0);
}

#[test]
fn they_are_in_the_canonical_layout() {
    let examples = Copy::new("fmt");
    let mut arguments = vec!["fmt", "--check", "examples/gaelp/agents.wave"];
    let plans = plans();
    arguments.extend(plans.iter().map(String::as_str));
    examples.wavec(&arguments).exits(0);
}

#[test]
fn they_plan() {
    let examples = Copy::new("plan");
    for plan in plans() {
        examples.wavec(&["plan", &plan]).exits(0);
    }
    assert!(!examples.has("out") && !examples.has("gaelp/work"), "planning runs nothing");
}

#[test]
fn each_is_listed_in_their_readme() {
    let readme = fs::read_to_string(Path::new(EXAMPLES).join("README.md")).expect("it is there");
    for plan in plans() {
        let name = plan.trim_start_matches("examples/");
        assert!(readme.contains(&format!("[{name}]({name})")), "examples/README.md does not list {name}");
    }
}

#[test]
fn hello_runs() {
    let examples = Copy::new("hello");
    examples.wavec(&["run", "examples/hello.wave"]).exits(0).says("greet");
}

#[test]
fn outputs_are_handed_on() {
    let examples = Copy::new("outputs");
    examples.wavec(&["run", "examples/outputs.wave"]).exits(0);
    assert_eq!(examples.text("out/note.txt"), "release-2.4.0: faster start\nit's quieter\n");
}

#[test]
fn sections_of_one_file_are_written_side_by_side() {
    let examples = Copy::new("sections");
    examples.wavec(&["run", "examples/sections.wave"]).exits(0);
    assert_eq!(examples.text("out/book.md").matches("All about ").count(), 4);
}

#[test]
fn resources_limit_what_runs_at_once() {
    let examples = Copy::new("resources");
    examples.wavec(&["run", "examples/resources.wave"]).exits(0);
}

#[test]
fn retries_carry_feedback() {
    let examples = Copy::new("retries");
    examples.wavec(&["run", "examples/retries.wave"]).exits(0);
    assert_eq!(examples.text("out/retries/attempts.txt").lines().count(), 2);
    assert_eq!(examples.text("out/retries/report.txt").lines().count(), 2);
}

#[test]
fn a_gate_waits_for_a_person_and_the_run_goes_on() {
    let examples = Copy::new("gates");
    examples.wavec(&["run", "examples/gates.wave"]).exits(4).says("wavec approve");
    assert_eq!(examples.text("out/gates/draft.txt").lines().count(), 2, "the wave ran twice");
    assert!(!examples.has("out/gates/released.txt"), "nothing behind the gate has run");
    examples.wavec(&["approve", "@last", "ship"]).exits(0);
    examples.wavec(&["resume"]).exits(0);
    assert!(examples.has("out/gates/released.txt"));
    assert_eq!(examples.text("out/gates/draft.txt").lines().count(), 2, "what was done is not done again");
}

#[test]
fn a_rejected_gate_ends_the_run() {
    let examples = Copy::new("gates-rejected");
    examples.wavec(&["run", "examples/gates.wave"]).exits(4);
    examples.wavec(&["reject", "@last", "ship", "--reason", "too early"]).exits(0);
    examples.wavec(&["resume"]).exits(3).says("too early");
    assert!(!examples.has("out/gates/released.txt"));
}

#[test]
fn a_failure_is_rolled_back() {
    let examples = Copy::new("failure");
    examples.wavec(&["run", "examples/failure.wave"]).exits(0);
    assert!(examples.has("out/failure/announced"));
    examples.wavec(&["run", "examples/failure.wave", "--set", "broken=true"]).exits(3).says("server-two");
    assert!(!examples.has("out/failure/server-one"), "the rollback has run");
    assert!(!examples.has("out/failure/announced"), "nothing behind the failure has run");
    examples.wavec(&["show", "@last", "tidy"]).exits(0);
}

/// The whole of the real plan, as fast as the machine allows.
#[test]
fn gaelp_runs_whole() {
    let examples = Copy::new("gaelp");
    examples.wavec(&["run", "examples/gaelp.wave", "--set", "pace=0"]).exits(0);
    assert!(
        examples.text("gaelp/work/gaelp_production_orchestrator.py").contains("self.wire(\"shadow_mode\"")
    );
    assert!(examples.text("gaelp/work/data/features.json").contains("\"rows\": 28"));
    let original = examples.text("gaelp/project/gaelp_production_orchestrator.py");
    assert!(original.contains("attribution is not wired"), "the original stays as it is");
}

/// A lying agent, the gate that looks for itself, the mend that the gate prints, and the rest of the run.
#[test]
fn gaelp_stops_at_a_planted_fault_and_goes_on_when_it_is_mended() {
    let examples = Copy::new("gaelp-fault");
    examples
        .wavec(&["run", "examples/gaelp.wave", "--set", "pace=0", "--set", "fault=hardcode"])
        .exits(3)
        .says("gaelp/work/pacing.py:5: DAILY_CAP = 480.0")
        .says("python3 examples/gaelp/agent.py --mend hardcode");
    assert!(!examples.has("gaelp/work/reports"), "the wave behind the gate has not started");
    let wired =
        fs::metadata(examples.folder.join("examples/gaelp/work/bidding.py")).and_then(|file| file.modified());

    let mut mend = Command::new("python3");
    mend.args(["examples/gaelp/agent.py", "--mend", "hardcode"]);
    examples.carry_out(mend).exits(0);
    examples.wavec(&["resume"]).exits(0).says_nothing_of("wire-attribution");
    let after =
        fs::metadata(examples.folder.join("examples/gaelp/work/bidding.py")).and_then(|file| file.modified());
    assert_eq!(wired.expect("it is there"), after.expect("it is there"), "what was done is not done again");
    assert!(examples.has("gaelp/work/data/features.json"));
}

#[test]
fn gaelp_stops_at_its_first_gate_too() {
    let examples = Copy::new("gaelp-wiring");
    examples
        .wavec(&["run", "examples/gaelp.wave", "--set", "pace=0", "--set", "fault=wiring"])
        .exits(3)
        .says("shadow_mode is wired but not active");
    assert!(examples.text("gaelp/work/pacing.py").contains("DAILY_CAP = 480.0"), "wave 2 has not started");
}

#[test]
fn gaelp_stops_at_its_last_gate_too() {
    let examples = Copy::new("gaelp-ga4");
    let run = ["run", "examples/gaelp.wave", "--set", "pace=0", "--set", "fault=ga4"];
    examples.wavec(&run).exits(3).says("3 of 28 rows");
    let mut mend = Command::new("python3");
    mend.args(["examples/gaelp/agent.py", "--mend", "ga4"]);
    examples.carry_out(mend).exits(0);
    examples.wavec(&["resume"]).exits(0);
}
