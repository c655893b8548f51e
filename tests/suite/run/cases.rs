//! Whole runs: a plan and what its jobs do, under paused time, against the list of events.
//!
//! A case is a plan with directives in `#~` comments:
//!
//! ```text
//! #~ a/1: 10s exit 1 print "text" write out.txt "text" stubborn     what a job does; the default is 1s and exit 0
//! #~ file notes.md "text"                                           a file that is there before
//! #~ env TOKEN hunter2                                              a variable of wavec's own environment
//! #~ set env=prod                                                   a param
//! #~ wait                                                           waits for people
//! #~ at 5s interrupt | terminate | approve ["why"] | reject ["why"] what a person does; an answer is to the oldest question;
//!                                                                   at 0s, to one that the session before left open
//! #~ resume                                                         what follows is of the next session
//! ```

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

use crate::run::backend::Place;
use crate::run::let_go;
use std::ffi::OsString;
use std::fmt::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;
use wavec::backend::JobStatus;
use wavec::backend::scripted::{Script, Scripted};
use wavec::check::{Memory, Options};
use wavec::error::Result;
use wavec::event::progress::Progress;
use wavec::event::{Answer, ApprovalOwner, AttemptEnd, CheckOwner, Entry, Event};
use wavec::plan::Plan;
use wavec::run::{Ledger, Request, Setup, Sink};

/// What a case asks for.
#[derive(Default)]
struct Case {
    files: Vec<(String, String)>,
    environment: Vec<(OsString, OsString)>,
    set: Vec<(String, String)>,
    sessions: Vec<SessionCase>,
}

#[derive(Clone, Default)]
struct SessionCase {
    scripts: Vec<(String, Script)>,
    doings: Vec<(Duration, Doing)>,
    waits: bool,
}

#[derive(Clone)]
enum Doing {
    Interrupt,
    Terminate,
    Answer(Answer, String),
}

/// A word, or a text between quotes, of a directive.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() {
        let (word, after) = match rest.strip_prefix('"') {
            Some(quoted) => {
                let mut text = String::new();
                let mut characters = quoted.chars();
                loop {
                    match characters.next().expect("a closing quote") {
                        '"' => break,
                        '\\' => text.push(match characters.next() {
                            Some('n') => '\n',
                            other => other.expect("an escaped character"),
                        }),
                        c => text.push(c),
                    }
                }
                (text, characters.as_str())
            }
            None => {
                let end = rest.find(' ').unwrap_or(rest.len());
                (rest[..end].to_owned(), &rest[end..])
            }
        };
        words.push(word);
        rest = after.trim_start();
    }
    words
}

fn seconds(text: &str) -> Duration {
    let (number, unit) = text.split_at(text.find(|c: char| c.is_ascii_alphabetic()).unwrap());
    let factor = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        other => panic!("{other} is no unit"),
    };
    Duration::from_secs_f64(number.parse::<f64>().unwrap() * factor)
}

fn script(words: &[String]) -> Script {
    let mut script = Script::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut next = || words.next().expect("another word").clone();
        match word.as_str() {
            "exit" => script.status = JobStatus::Exit(next().parse().unwrap()),
            "signal" => script.status = JobStatus::Signal(next().parse().unwrap()),
            "refuse" => script.status = JobStatus::CouldNotStart(next()),
            "print" => script.stdout = next(),
            "write" => {
                let name = next();
                script.writes.push((name, next()));
            }
            "stubborn" => script.is_stubborn = true,
            time => script.takes = seconds(time),
        }
    }
    script
}

impl Case {
    fn read(text: &str) -> Case {
        let mut case = Case { sessions: vec![SessionCase::default()], ..Case::default() };
        for line in text.lines().filter_map(|line| line.trim().strip_prefix("#~ ")) {
            let session = case.sessions.last_mut().unwrap();
            let words = words(line);
            let text = |at: usize| words.get(at).cloned().unwrap_or_default();
            match words[0].as_str() {
                "file" => case.files.push((text(1), text(2))),
                "env" => case.environment.push((text(1).into(), text(2).into())),
                "set" => {
                    let (name, value) = words[1].split_once('=').unwrap();
                    case.set.push((name.into(), value.into()));
                }
                "wait" => session.waits = true,
                "resume" => case.sessions.push(SessionCase::default()),
                "at" => {
                    let doing = match words[2].as_str() {
                        "interrupt" => Doing::Interrupt,
                        "terminate" => Doing::Terminate,
                        "approve" => Doing::Answer(Answer::Approved, text(3)),
                        "reject" => Doing::Answer(Answer::Rejected, text(3)),
                        other => panic!("{other} is nothing that one does"),
                    };
                    session.doings.push((seconds(&words[1]), doing));
                }
                label => {
                    let label = label.strip_suffix(':').unwrap_or_else(|| panic!("`{line}` is no directive"));
                    session.scripts.push((label.to_owned(), script(&words[1..])));
                }
            }
        }
        case
    }
}

/// Keeps the events with their times, and which questions are open.
struct Book {
    begin: Instant,
    entries: Vec<Entry>,
    times: Vec<Duration>,
    open: Arc<Mutex<Vec<(ApprovalOwner, u32)>>>,
}

impl Sink for Book {
    fn record(&mut self, events: Vec<Event>) -> Result<()> {
        for event in events {
            let mut open = self.open.lock().unwrap();
            match &event {
                Event::ApprovalAsked { owner, index, .. } => open.push((*owner, *index)),
                Event::ApprovalAnswered { owner, index, .. } => open.retain(|it| it != &(*owner, *index)),
                _ => {}
            }
            let seq = self.entries.len() as u64 + 1;
            let time = self.begin.elapsed();
            self.entries.push(Entry { seq, at: time.as_millis() as i64, event });
            self.times.push(time);
        }
        Ok(())
    }
}

/// Carries a case out, and tells what happened.
fn tell(text: &str) -> String {
    let case = Case::read(text);
    let place = Place::new();
    for (name, text) in &case.files {
        let path = place.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let options = Options { set: case.set.clone(), require_params: true, ..Options::default() };
    let files = case.files.iter().fold(Memory::new(), |files, (name, text)| files.with(name, text.clone()));
    let compilation = wavec::compile::compile(Path::new("plan.wave"), text, &files, &options);
    let errors: Vec<_> = compilation.diagnostics.iter().map(|it| format!("{it:?}")).collect();
    let Some(plan) = compilation.plan.map(Arc::new) else {
        return format!("the case is no plan:\n{}\n", errors.join("\n"));
    };

    let mut told = String::new();
    let mut entries: Vec<Entry> = Vec::new();
    for (number, session) in (1..).zip(&case.sessions) {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let progress = (number > 1).then(|| Progress::replay(Arc::clone(&plan), &entries));
        let book = runtime.block_on(carry_out(&plan, &place, &case, session, number, progress));
        for (entry, time) in book.entries.iter().zip(&book.times) {
            if let Some(line) = line(&plan, &entry.event) {
                let time = format!("{}s", time.as_millis() as f64 / 1000.0);
                writeln!(told, "{time:8}{}", line.replace('\n', "\n            ")).unwrap();
            }
        }
        entries.extend(book.entries);
        for (seq, entry) in (1..).zip(&mut entries) {
            entry.seq = seq;
        }
    }
    told.replace(place.path().to_str().unwrap(), "PLACE")
}

async fn carry_out(
    plan: &Arc<Plan>,
    place: &Place,
    case: &Case,
    session: &SessionCase,
    number: u32,
    progress: Option<Progress>,
) -> Book {
    let open = Arc::default();
    let book = Book { begin: Instant::now(), entries: vec![], times: vec![], open: Arc::clone(&open) };
    let book = Arc::new(Mutex::new(book));
    let (sender, requests) = mpsc::channel(8);
    let (told, doings): (Vec<_>, Vec<_>) =
        session.doings.clone().into_iter().partition(|(at, _)| at.is_zero());
    let mut left = progress.iter().flat_map(|it| it.open_approvals().map(|it| (it.owner, it.index)));
    for (_, doing) in told {
        let Doing::Answer(answer, reason) = doing else { panic!("only answers come before the beginning") };
        let (owner, index) = left.next().expect("a question that was left open");
        sender.try_send(Request::Answer { owner, index, answer, by: "alice".into(), reason }).unwrap();
    }
    drop(left);
    tokio::spawn(async move {
        let begin = Instant::now();
        for (at, doing) in doings {
            tokio::time::sleep_until(begin + at).await;
            let request = match doing {
                Doing::Interrupt => Request::Interrupt,
                Doing::Terminate => Request::Terminate,
                Doing::Answer(answer, reason) => {
                    let (owner, index) = *open.lock().unwrap().first().expect("an open question");
                    Request::Answer { owner, index, answer, by: "alice".into(), reason }
                }
            };
            sender.send(request).await.unwrap();
        }
        std::future::pending::<()>().await;
    });
    let setup = Setup {
        run: 1,
        session: number,
        directory: place.path().into(),
        state: place.path().join(".wavec/runs/1"),
        progress,
        workers: None,
        waits_for_people: session.waits,
        environment: case.environment.clone(),
        now: 0,
        hands: 0,
        backend: Arc::new(Scripted::new(session.scripts.clone())),
        trees: wavec::workspace::Options::default(),
    };
    let ended = tokio::time::timeout(
        Duration::from_secs(86_400),
        wavec::run::run(Arc::clone(plan), setup, Arc::clone(&book) as Ledger, requests),
    );
    let outcome = ended.await.expect("a run ends").expect("the world is well");
    let book = let_go(book);
    assert!(
        matches!(book.entries.last().unwrap().event, Event::RunEnded { outcome: it, .. } if it == outcome)
    );
    book
}

/// An event on a line.
fn line(plan: &Plan, event: &Event) -> Option<String> {
    let task = |id: &wavec::plan::TaskId| plan.task(*id).name.to_string();
    let group = |id: &wavec::plan::GroupId| match id.0 {
        0 => "the plan".to_owned(),
        _ => format!("[{}]", plan.group(*id).name),
    };
    let gate = |id: &wavec::plan::GateId| format!("<{}>", plan.gate(*id).name);
    let why = |reason: &str| if reason.is_empty() { String::new() } else { format!(": {reason}") };
    let check = |owner: &CheckOwner| match owner {
        CheckOwner::Preflight => "preflight".into(),
        CheckOwner::Task(id, attempt) => format!("{} {attempt}", task(id)),
        CheckOwner::Group(id) => group(id),
        CheckOwner::Gate(id) => gate(id),
    };
    let title = |owner: &CheckOwner, index: u32| {
        let criteria = match owner {
            CheckOwner::Preflight => &plan.preflight,
            CheckOwner::Task(id, _) => &plan.task(*id).success,
            CheckOwner::Group(id) => &plan.group(*id).success,
            CheckOwner::Gate(id) => &plan.gate(*id).checks,
        };
        criteria[index as usize].title.clone()
    };
    let asker = |owner: &ApprovalOwner| match owner {
        ApprovalOwner::Gate(id) => gate(id),
        ApprovalOwner::Task(id) => task(id),
        ApprovalOwner::Check(owner) => check(owner),
    };
    Some(match event {
        Event::RunStarted { session, workers, .. } => {
            let workers = workers.map(|workers| format!(", {workers} workers")).unwrap_or_default();
            format!("session {session} began{workers}")
        }
        Event::CheckEnded { owner, index, verdict, evidence, usage, .. } => {
            let spent = if usage.is_unknown() { String::new() } else { format!(", {usage:?}") };
            format!("{} {} \"{}\": {evidence}{spent}", check(owner), verdict.word(), title(owner, *index))
        }
        // Runs in worktrees are tested with the real git, in `trees`.
        Event::BranchStarted { .. }
        | Event::BranchMoved { .. }
        | Event::SessionOpened { .. }
        | Event::TreeForked { .. }
        | Event::TaskCommitted { .. }
        | Event::TaskMerged { .. }
        | Event::MergeConflicted { .. } => return None,
        Event::GroupStarted { group: id } => format!("{} began", group(id)),
        Event::AttemptStarting { task: id, attempt } => format!("{} {attempt} starting", task(id)),
        Event::AttemptRunning { .. } => return None,
        Event::AttemptEnded { task: id, attempt, end, milliseconds, usage } => {
            let end = match end {
                AttemptEnd::Done => "done".to_owned(),
                other => format!("{other:?}"),
            };
            let usage = if usage.is_unknown() { String::new() } else { format!(", {usage:?}") };
            format!("{} {attempt} {end} after {milliseconds} ms{usage}", task(id))
        }
        Event::RetryScheduled { task: id, attempt, milliseconds, reason } => {
            format!("{} {attempt} follows after {milliseconds} ms{}", task(id), why(reason))
        }
        Event::OutputTaken { task: id, index, value } => {
            format!("{}.{} = {value:?}", task(id), plan.task(*id).outputs[*index as usize].name)
        }
        Event::TaskEnded { task: id, outcome, reason } => {
            format!("{} {}{}", task(id), outcome.word(), why(reason))
        }
        Event::GateStarted { gate: id } => format!("{} is judged", gate(id)),
        Event::ApprovalAsked { owner, index, question, deadline } => {
            let deadline = deadline.map(|at| format!(", until {}s", at as f64 / 1000.0)).unwrap_or_default();
            format!("{} asks {index} \"{question}\"{deadline}", asker(owner))
        }
        Event::ApprovalAnswered { owner, index, answer, by, reason } => {
            format!("{} {index} {answer:?} by {by}{}", asker(owner), why(reason))
        }
        Event::GateEnded { gate: id, decision, reason } => {
            format!("{} {decision:?}{}", gate(id), why(reason))
        }
        Event::Restarted { gate: id, round, tasks, feedback } => {
            let tasks: Vec<String> = tasks.iter().map(task).collect();
            format!("{} starts {} over, round {round}:\n{}", gate(id), tasks.join(", "), feedback.trim_end())
        }
        Event::GroupEnded { group: id, outcome, reason } => {
            format!("{} {}{}", group(id), outcome.word(), why(reason))
        }
        Event::CleanupStarted { group: id, is_finally } => {
            format!("{} of {} begins", if *is_finally { "finally" } else { "rollback" }, group(id))
        }
        Event::StopRequested { reason, is_cancel } => {
            format!("{}: {reason}", if *is_cancel { "cancelling" } else { "stopping" })
        }
        Event::RunEnded { outcome, reason } => format!("run {outcome:?}{}", why(reason)),
    })
}

#[test]
fn every_case_runs_as_told() {
    insta::glob!("../../cases/run", "**/*.wave", |path| {
        let text = std::fs::read_to_string(path).unwrap();
        let told = tell(&text);
        let mut settings = insta::Settings::clone_current();
        settings.remove_snapshot_suffix();
        settings.set_snapshot_path(path.parent().unwrap());
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.remove_input_file();
        settings.bind(|| insta::assert_snapshot!(path.file_stem().unwrap().to_str().unwrap(), told));
    });
}
