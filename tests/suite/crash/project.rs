//! One run that dies again and again: its folder, its sessions, and what must be true after each death.

use super::plans::Dice;
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use wavec::check::{Memory, Options};
use wavec::event::progress::{Progress, TaskState};
use wavec::event::{AttemptEnd, Decision, Entry, Event, Outcome, RunOutcome};
use wavec::journal::Journal;
use wavec::plan::{Plan, TaskId};

/// How wavec dies.
#[derive(Clone, Copy, Debug)]
pub enum Death {
    /// At the so-manieth place of `wavec::crash` that it passes.
    Place(u64),
    /// After a time.
    Time(Duration),
    /// Not at all, but the disk of the journal fails at the so-manieth write, with that error, in that manner.
    Disk(u64, i32, &'static str),
    /// Not at all.
    None,
}

/// The library that fails a disk and makes a clock jump; none where there is no C compiler.
pub fn shim() -> Option<&'static Path> {
    static SHIM: OnceLock<Option<PathBuf>> = OnceLock::new();
    let made = SHIM.get_or_init(|| {
        let library =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("failing-disk-{}.so", std::process::id()));
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/failing-disk.c");
        let status = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .args([&library, &source])
            .arg("-ldl")
            .status();
        status.is_ok_and(|status| status.success()).then_some(library)
    });
    made.as_deref()
}

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    Killed,
    Code(i32),
}

/// What a run has come to: of each task its outcome and outputs, of each gate its word, and what tasks wrote.
#[derive(Debug, PartialEq, Eq)]
pub struct State {
    tasks: BTreeMap<String, (Outcome, Vec<Option<String>>)>,
    gates: BTreeMap<String, Option<Decision>>,
    joined: Option<String>,
}

/// A folder with a plan, gone with it.
pub struct Project {
    directory: PathBuf,
    plan: Arc<Plan>,
    pub text: String,
    /// How often wavec was killed in it, before its end.
    pub deaths: u32,
    /// Attempts that were in flight when it died.
    pub lost: u32,
    /// How often the disk failed it.
    pub failures: u32,
    /// Whether its wall clock goes wild.
    pub has_jumping_clock: bool,
    told: String,
}

impl Project {
    pub fn new(text: &str) -> Project {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let directory =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("crash-{}-{count}", std::process::id()));
        let _ = std::fs::remove_dir_all(&directory);
        std::fs::create_dir_all(directory.join(".wavec")).unwrap();
        std::fs::write(directory.join("p.wave"), text).unwrap();
        let compilation =
            wavec::compile::compile(Path::new("p.wave"), text, &Memory::new(), &Options::default());
        let plan = compilation.plan.unwrap_or_else(|| panic!("{text}\n{:?}", compilation.diagnostics));
        Project {
            directory,
            plan: Arc::new(plan),
            text: text.into(),
            deaths: 0,
            lost: 0,
            failures: 0,
            has_jumping_clock: false,
            told: String::new(),
        }
    }

    /// Runs a command of wavec until it ends or is killed.
    pub fn wavec(&mut self, words: &str, death: Death) -> End {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wavec"));
        command.args(words.split(' ')).current_dir(&self.directory);
        command.env("WAVE_CRASH_TEST", &self.directory).env_remove("WAVEC_MARK").env_remove("WAVEC_CRASH");
        if let Death::Place(count) = death {
            command.env("WAVEC_CRASH", count.to_string());
        }
        if let Death::Disk(at, error, how) = death {
            command.env("LD_PRELOAD", shim().expect("there is a C compiler"));
            command
                .env("FAIL_AFTER", at.to_string())
                .env("FAIL_WITH", error.to_string())
                .env("FAIL_HOW", how);
        }
        if self.has_jumping_clock {
            command.env("LD_PRELOAD", shim().expect("there is a C compiler")).env("CLOCK_JUMPS", "1");
        }
        let output = std::fs::File::options()
            .append(true)
            .create(true)
            .open(self.directory.join("output"))
            .expect("the output is opened");
        let both = output.try_clone().unwrap();
        let mut child = command.stdin(Stdio::null()).stdout(output).stderr(both).spawn().unwrap();
        if let Death::Time(time) = death {
            std::thread::sleep(time);
            let _ = child.kill();
        }
        let status = child.wait().unwrap();
        self.told.push_str(&format!("$ wavec {words}  # {death:?}: {status}\n"));
        match status.code() {
            Some(code) => End::Code(code),
            None => {
                assert_eq!(status.signal(), Some(9), "{}", self.report());
                self.deaths += 1;
                End::Killed
            }
        }
    }

    /// Carries the run out to its end, dying as `deaths` say, one a command, and answering what is asked.
    pub fn carry_out(&mut self, deaths: &mut dyn FnMut(&mut Project) -> Death) {
        let mut is_asked = false;
        for _ in 0..400 {
            let death = deaths(self);
            let words = match (is_asked, self.has_run()) {
                (true, _) => "approve 1",
                (false, true) => "resume",
                (false, false) => "run p.wave --format json",
            };
            match (self.wavec(words, death), is_asked) {
                (End::Code(0), false) => return self.check(true),
                (End::Code(0), true) | (End::Killed, _) => {}
                (End::Code(5), _) if matches!(death, Death::Disk(..)) => {
                    self.failures += 1;
                    self.assert_told_what_to_do();
                    let left = self.left_processes();
                    assert!(left.is_empty(), "still there: {left:?}\n{}", self.report());
                }
                // The run asks.
                (End::Code(4), false) => {
                    is_asked = true;
                    continue;
                }
                // It was answered by a command that died before it could say so.
                (End::Code(2), true) if self.told_last("it was answered already") => {}
                (end, _) => panic!("{end:?}\n{}", self.report()),
            }
            is_asked = false;
            self.check(false);
        }
        panic!("it never ends\n{}", self.report());
    }

    /// The error names the file, and what to do.
    fn assert_told_what_to_do(&self) {
        let output = self.read("output").unwrap_or_default();
        let error = output.rfind("error: ").map_or("", |at| &output[at..]);
        let is_told = error.contains("/.wavec") && error.contains(" help: ");
        assert!(is_told, "{error:?}\n{}", self.report());
    }

    fn told_last(&self, words: &str) -> bool {
        self.read("output").is_some_and(|output| output[output.len().saturating_sub(300)..].contains(words))
    }

    fn has_run(&self) -> bool {
        let journal = Journal::open_existing(&self.directory).unwrap_or_else(|error| panic!("{error}"));
        journal.is_some_and(|journal| journal.run(1).unwrap().is_some())
    }

    fn entries(&self) -> Vec<Entry> {
        let journal = Journal::open_existing(&self.directory).unwrap_or_else(|error| panic!("{error}"));
        journal.map_or(Vec::new(), |journal| journal.load(1).unwrap())
    }

    fn read(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.directory.join(name)).ok()
    }

    /// The traces: the beginnings and the ends of attempts.
    fn effects(&self) -> Vec<(bool, String, u32)> {
        let effects = self.read("effects").unwrap_or_default();
        let line = |line: &str| {
            let words: Vec<&str> = line.split(' ').collect();
            let [kind, task, attempt] = words[..] else { panic!("{line:?}\n{}", self.report()) };
            (kind == "e", task.to_owned(), attempt.parse().unwrap())
        };
        effects.lines().map(line).collect()
    }

    /// What must be true whenever no wavec runs.
    fn check(&mut self, is_end: bool) {
        let entries = self.entries();
        let effects = self.effects();
        let id = |name: &str| {
            let mut tasks = (0..).map(TaskId).zip(&self.plan.tasks);
            tasks.find(|(_, task)| task.name == name).expect("a task of the plan").0
        };

        // An attempt has one process, and its intent was journalled before it.
        let mut began = BTreeSet::new();
        for (_, name, attempt) in effects.iter().filter(|(is_end, ..)| !is_end) {
            assert!(
                began.insert((id(name), *attempt)),
                "{name}/{attempt} was started twice\n{}",
                self.report()
            );
            let is_intent = |entry: &Entry| matches!(entry.event, Event::AttemptStarting { task, attempt: it } if task == id(name) && it == *attempt);
            assert!(
                entries.iter().any(is_intent),
                "{name}/{attempt} ran before it was journalled\n{}",
                self.report()
            );
        }
        let ended: BTreeSet<_> = effects
            .iter()
            .filter(|(is_end, ..)| *is_end)
            .map(|(_, name, attempt)| (id(name), *attempt))
            .collect();

        // What is believed finished is so, and is not begun again, unless a gate wants it.
        let mut finished: BTreeSet<TaskId> = BTreeSet::new();
        let mut seq = 0;
        for entry in &entries {
            seq += 1;
            assert_eq!(entry.seq, seq, "the entries have a gap\n{}", self.report());
            match &entry.event {
                Event::AttemptStarting { task, .. } => {
                    let name = &self.plan.task(*task).name;
                    assert!(
                        !finished.contains(task),
                        "{name} was finished and starts again\n{}",
                        self.report()
                    );
                }
                Event::AttemptEnded { task, attempt, end: AttemptEnd::Done, .. } if self.is_traced(*task) => {
                    let name = &self.plan.task(*task).name;
                    assert!(
                        ended.contains(&(*task, *attempt)),
                        "{name}/{attempt} is believed done\n{}",
                        self.report()
                    );
                }
                Event::AttemptEnded { end: AttemptEnd::Lost, .. } if is_end => self.lost += 1,
                Event::TaskEnded { task, outcome: Outcome::Succeeded, .. } => {
                    finished.insert(*task);
                }
                Event::Restarted { tasks, .. } => finished.retain(|task| !tasks.contains(task)),
                _ => {}
            }
        }
        if is_end {
            let everything = 0..self.plan.tasks.len() as u32;
            let missing: Vec<_> = everything.filter(|task| !finished.contains(&TaskId(*task))).collect();
            assert!(missing.is_empty(), "never finished: {missing:?}\n{}", self.report());
            let left = self.left_processes();
            assert!(left.is_empty(), "still there: {left:?}\n{}", self.report());
        }
    }

    fn is_traced(&self, task: TaskId) -> bool {
        matches!(self.plan.task(task).action, wavec::plan::Action::Shell(_))
    }

    /// What the run has come to.
    pub fn state(&self) -> State {
        let progress = Progress::replay(Arc::clone(&self.plan), &self.entries());
        assert!(matches!(progress.run_end(), Some((RunOutcome::Succeeded, _))), "{}", self.report());
        let outcome = |state| match state {
            TaskState::Ended(outcome) => outcome,
            state => panic!("{state:?}\n{}", self.report()),
        };
        let tasks = self.plan.tasks.iter().zip(&progress.tasks);
        let gates = self.plan.gates.iter().zip(&progress.gates);
        State {
            tasks: tasks
                .map(|(task, it)| (task.name.to_string(), (outcome(it.state), it.outputs.clone())))
                .collect(),
            gates: gates.map(|(gate, it)| (gate.name.clone(), it.decision)).collect(),
            joined: self.read("joined"),
        }
    }

    /// The processes of the run that are still there.
    fn left_processes(&self) -> Vec<u32> {
        let mark = format!("WAVE_CRASH_TEST={}", self.directory.display());
        let is_ours = |pid: &u32| {
            let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|entry| entry == mark.as_bytes())
        };
        let entries = std::fs::read_dir("/proc").unwrap().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let begin = Instant::now();
        let mut left: Vec<u32> = pids.filter(is_ours).collect();
        // What is being taken down by the system may be seen for a moment.
        while !left.is_empty() && begin.elapsed() < Duration::from_millis(500) {
            std::thread::sleep(Duration::from_millis(20));
            left.retain(is_ours);
        }
        left
    }

    /// All that helps to understand what went wrong.
    fn report(&self) -> String {
        let events: Vec<String> =
            self.entries().iter().map(|entry| format!("{} {:?}", entry.seq, entry.event)).collect();
        format!(
            "{}\n{}\neffects:\n{}\nevents:\n{}\noutput:\n{}",
            self.text,
            self.told,
            self.read("effects").unwrap_or_default(),
            events.join("\n"),
            self.read("output").unwrap_or_default()
        )
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.directory);
        }
    }
}

/// Dies at random: at a place, or after a time.
pub fn at_random(dice: &mut Dice) -> Death {
    match dice.roll(5) {
        0 => Death::Time(Duration::from_millis(dice.roll(250))),
        1 => Death::Place(1 + dice.roll(60)),
        2 => Death::None,
        _ => Death::Place(1 + dice.roll(16)),
    }
}
