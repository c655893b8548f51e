//! The journal: what is written is there, whatever happens to who wrote it.

use crate::schedule::plans;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wavec::event::progress::{Progress, TaskState};
use wavec::event::{Answer, ApprovalOwner, AttemptEnd, Decision, Entry, Event, Outcome, RunOutcome, Usage};
use wavec::journal::{Durability, Journal, NewRun, PersonAnswer};
use wavec::plan::{GateId, Plan, TaskId};

/// A plan of one wave whose tasks are `(name, definition)`.
pub fn plan(tasks: &[(&str, &str)]) -> Plan {
    let nodes: Vec<_> = tasks.iter().map(|(name, _)| plans::task(name)).collect();
    let mut plan = plans::plan([plans::wave("w", nodes)]);
    plan.definitions = tasks.iter().map(|(_, definition)| blake3::hash(definition.as_bytes())).collect();
    plan
}

/// A folder of the test's own, gone with it.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("wavec-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a temporary folder");
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn start(journal: &mut Journal, plan: &Plan, text: &str) -> i64 {
    let sources = [(PathBuf::from("/p/demo.wave"), text.to_string())];
    let params = [("env".to_string(), "prod".to_string())];
    let new = NewRun {
        plan_path: Path::new("/p/demo.wave"),
        directory: Path::new("/p"),
        params: &params,
        sources: &sources,
        plan,
        at: 1000,
    };
    journal.start_run(&new).expect("the run is written")
}

fn entries(from: u64, events: Vec<Event>) -> Vec<Entry> {
    events
        .into_iter()
        .enumerate()
        .map(|(i, event)| Entry { seq: from + i as u64, at: 1000 + i as i64, event })
        .collect()
}

fn done(task: u32) -> Vec<Event> {
    let task = TaskId(task);
    vec![
        Event::AttemptStarting { task, attempt: 1 },
        Event::AttemptRunning { task, attempt: 1, pid: Some(7) },
        Event::AttemptEnded {
            task,
            attempt: 1,
            end: AttemptEnd::Done,
            milliseconds: 5,
            usage: Usage::default(),
        },
        Event::TaskEnded { task, outcome: Outcome::Succeeded, reason: String::new() },
    ]
}

fn begun(session: u32) -> Event {
    Event::RunStarted { pid: 42, session, workers: None }
}

#[test]
fn what_is_appended_is_loaded_by_another_connection() {
    let folder = Folder::new("append");
    let plan = plan(&[("a", "true"), ("b", "true")]);
    let mut journal = Journal::open(&folder.0).unwrap();
    let run = start(&mut journal, &plan, "text");
    assert_eq!(run, 1);
    let written = entries(1, [vec![begun(1)], done(0)].concat());
    journal.append(run, &written[..2], Durability::Synced).unwrap();
    journal.append(run, &written[2..], Durability::Written).unwrap();

    let reader = Journal::open_existing(&folder.0).unwrap().unwrap();
    assert_eq!(reader.load(run).unwrap(), written);
    assert_eq!(reader.load_after(run, 4).unwrap(), written[4..]);
    assert_eq!(reader.last_seq(run).unwrap(), 5);
    let known = reader.run(run).unwrap().unwrap();
    assert_eq!((known.plan_name.as_str(), known.revision), ("test", 1));
    assert_eq!(known.params, [("env".to_string(), "prod".to_string())]);
    assert_eq!(reader.sources(run).unwrap(), [(PathBuf::from("/p/demo.wave"), "text".to_string())]);
    assert!(reader.run(2).unwrap().is_none());
    assert_eq!(std::fs::read_to_string(folder.0.join(".wavec/.gitignore")).unwrap(), "*\n");
}

/// Where a run's entries are.
fn events_file(folder: &Folder, run: i64) -> PathBuf {
    folder.0.join(format!(".wavec/runs/{run}/@events"))
}

#[test]
fn a_batch_is_written_whole_or_not_at_all() {
    let folder = Folder::new("batch");
    let plan = plan(&[("a", "true")]);
    let mut journal = Journal::open(&folder.0).unwrap();
    let run = start(&mut journal, &plan, "text");
    let first = entries(1, vec![begun(1)]);
    let second = entries(2, done(0));
    journal.append(run, &first, Durability::Written).unwrap();
    let file = events_file(&folder, run);
    let before = std::fs::read(&file).unwrap();
    journal.append(run, &second, Durability::Written).unwrap();
    let whole = std::fs::read(&file).unwrap();
    drop(journal);
    // However much of the second batch is there, and whatever a disk that lost power put in place of the rest.
    for length in before.len()..whole.len() {
        for rest in [0, 1, 40, whole.len() - length] {
            let torn = [&whole[..length], &vec![0; rest][..]].concat();
            std::fs::write(&file, &torn).unwrap();
            let reader = Journal::open_existing(&folder.0).unwrap().unwrap();
            assert_eq!(reader.load(run).unwrap(), first, "{length} bytes and {rest} zeros");
            assert_eq!(reader.last_seq(run).unwrap(), 1);
            assert_eq!(std::fs::read(&file).unwrap(), torn, "who reads changes nothing");
        }
        if length % 50 == 0 {
            let mut journal = Journal::open(&folder.0).unwrap();
            journal.append(run, &second, Durability::Written).unwrap();
            assert_eq!(journal.load(run).unwrap(), [&first[..], &second].concat());
        }
    }
}

#[test]
fn damage_to_what_was_on_disk_is_told_and_a_torn_end_is_not() {
    let folder = Folder::new("damage");
    let plan = plan(&[("a", "true")]);
    let mut journal = Journal::open(&folder.0).unwrap();
    let run = start(&mut journal, &plan, "text");
    let file = events_file(&folder, run);
    let mut places = Vec::new();
    for batch in 0..4 {
        journal.append(run, &entries(batch * 4 + 1, done(0)), Durability::Synced).unwrap();
        places.push(std::fs::metadata(&file).unwrap().len() as usize);
    }
    drop(journal);
    let whole = std::fs::read(&file).unwrap();
    let journal = Journal::open_existing(&folder.0).unwrap().unwrap();
    let head = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for at in head..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        std::fs::write(&file, &damaged).unwrap();
        let batch = places.iter().position(|end| at < *end).unwrap();
        // Of the last batch nothing says that it was on disk.
        let loaded = journal.load(run);
        if batch == 3 {
            assert_eq!(loaded.unwrap().len(), 12);
            continue;
        }
        let begin = if batch == 0 { head } else { places[batch - 1] };
        let error = loaded.unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("@events`: it is damaged") && text.contains(&format!("byte {begin} on")),
            "{at}: {text}"
        );
        assert!(error.help.contains("backup"), "{}", error.help);
    }
    // Nor is it added to.
    let mut damaged = whole.clone();
    damaged[places[0] + 9] ^= 1;
    damaged.truncate(whole.len() - 3);
    std::fs::write(&file, &damaged).unwrap();
    let mut journal = Journal::open(&folder.0).unwrap();
    let error = journal.append(run, &entries(17, done(0)), Durability::Written).unwrap_err();
    assert!(error.to_string().contains("damaged"), "{error}");
    assert_eq!(std::fs::read(&file).unwrap(), damaged);
    // Made, and torn before anything happened.
    for nothing in [&b""[..], b"{\"wavec\"", &[0; 20], &[0; 400]] {
        std::fs::write(&file, nothing).unwrap();
        assert_eq!(journal.load(run).unwrap(), []);
        let mut journal = Journal::open(&folder.0).unwrap();
        journal.append(run, &entries(1, done(0)), Durability::Written).unwrap();
        assert_eq!(journal.load(run).unwrap().len(), 4);
    }
    // Another run's file, or a later format.
    std::fs::write(&file, String::from_utf8(whole).unwrap().replace("\"run\":1}", "\"run\":2}")).unwrap();
    let error = journal.load(run).unwrap_err().to_string();
    assert!(error.contains("not that of a log of run 1"), "{error}");
}

#[test]
fn readers_read_while_a_writer_writes() {
    let folder = Folder::new("readers");
    let plan = plan(&[("a", "true")]);
    let mut journal = Journal::open(&folder.0).unwrap();
    let run = start(&mut journal, &plan, "text");
    let root = folder.0.clone();
    let reader = std::thread::spawn(move || {
        let reader = Journal::open_existing(&root).unwrap().unwrap();
        let mut seen = 0;
        while seen < 400 {
            let entries = reader.load(run).unwrap();
            assert!(entries.len() >= seen, "what was there stays");
            assert_eq!(entries.len() % 2, 0, "no half batch is seen");
            seen = entries.len();
        }
    });
    for place in 0..200 {
        let at = place * 2 + 1;
        journal.append(run, &entries(at, vec![begun(1), begun(1)]), Durability::Written).unwrap();
    }
    reader.join().unwrap();
}

#[test]
fn a_journal_of_a_newer_wavec_is_refused_and_left_alone() {
    let folder = Folder::new("newer");
    drop(Journal::open(&folder.0).unwrap());
    let file = folder.0.join(".wavec/journal.db");
    rusqlite::Connection::open(&file).unwrap().pragma_update(None, "user_version", 99).unwrap();
    for error in [Journal::open(&folder.0).err().unwrap(), Journal::open_existing(&folder.0).err().unwrap()] {
        let text = error.to_string();
        assert!(text.contains("newer wavec") && text.contains("journal.db"), "{text}");
        assert!(error.help.contains("update wavec"), "{}", error.help);
    }
}

#[test]
fn a_journal_of_the_first_version_opens() {
    let folder = Folder::new("first-version");
    std::fs::create_dir_all(folder.0.join(".wavec")).unwrap();
    let file = folder.0.join(".wavec/journal.db");
    let first = include_str!("../data/journal-1.sql");
    rusqlite::Connection::open(&file).unwrap().execute_batch(first).unwrap();
    for journal in [Journal::open_existing(&folder.0).unwrap().unwrap(), Journal::open(&folder.0).unwrap()] {
        let run = journal.run(1).unwrap().expect("its run");
        assert_eq!((run.plan_name.as_str(), run.version.as_str()), ("old", "0.1.0"));
        let (path, text) = journal.sources(1).unwrap().remove(0);
        let compilation = wavec::compile::compile(
            &path,
            &text,
            &wavec::check::Memory::new(),
            &wavec::check::Options::default(),
        );
        let plan = Arc::new(compilation.plan.expect("its plan"));
        let entries = journal.load(1).unwrap();
        assert_eq!(entries.len(), 63);
        let progress = Progress::replay(Arc::clone(&plan), &entries);
        assert!(matches!(progress.run_end(), Some((RunOutcome::Succeeded, _))));
        let changes = journal.changes(1, &progress, &plan).unwrap();
        assert!(changes.added.is_empty() && changes.removed.is_empty(), "its items are read: {changes:?}");
        assert_eq!(progress.gates[0].decision, Some(Decision::Go));
        assert_eq!(progress.tasks[0].outputs, [Some("a".to_string())]);
    }
}

#[test]
fn a_database_of_another_program_is_refused() {
    let folder = Folder::new("foreign");
    std::fs::create_dir_all(folder.0.join(".wavec")).unwrap();
    let file = folder.0.join(".wavec/journal.db");
    rusqlite::Connection::open(&file).unwrap().execute_batch("CREATE TABLE mine (x)").unwrap();
    let error = Journal::open(&folder.0).err().unwrap();
    assert!(error.to_string().contains("another program"), "{error}");
}

#[test]
fn a_long_run_is_read_whole_and_in_order() {
    let folder = Folder::new("long");
    let mut journal = Journal::open(&folder.0).unwrap();
    let run = start(&mut journal, &plan(&[("a", "true"), ("b", "true")]), "text");
    // Some batches, and a part of one.
    let events = (0..3000).flat_map(|round| done(round % 2)).collect();
    let written = entries(1, events);
    journal.append(run, &written, Durability::Written).unwrap();
    assert_eq!(journal.load(run).unwrap(), written);
    assert_eq!(journal.load_after(run, 11_000).unwrap(), written[11_000..]);
    let is_end =
        |entry: &&Entry| matches!(entry.event, Event::AttemptStarting { .. } | Event::TaskEnded { .. });
    let mut ends = Vec::new();
    journal.each_end(run, |entry| ends.push(entry)).unwrap();
    assert_eq!(ends, written.iter().filter(is_end).cloned().collect::<Vec<_>>());

    assert_eq!(journal.first_at(run).unwrap(), Some(1000));
    assert_eq!(journal.last_entry(run).unwrap().as_ref(), written.last());
}

#[test]
fn a_run_that_an_older_wavec_began_goes_on_in_a_log() {
    let folder = Folder::new("older");
    let mut journal = Journal::open(&folder.0).unwrap();
    let run = start(&mut journal, &plan(&[("a", "true"), ("b", "true")]), "text");
    let before = entries(1, (0..2500).flat_map(|round| done(round % 2)).collect());
    let database = rusqlite::Connection::open(folder.0.join(".wavec/journal.db")).unwrap();
    let insert = |seq: u64, at: i64, event: &str| {
        let sql = "INSERT OR REPLACE INTO events (run, seq, at, event) VALUES (?, ?, ?, ?)";
        database.execute(sql, rusqlite::params![run, seq, at, event]).unwrap();
    };
    database.execute_batch("BEGIN").unwrap();
    for entry in &before {
        insert(entry.seq, entry.at, &serde_json::to_string(&entry.event).unwrap());
    }
    database.execute_batch("COMMIT").unwrap();
    assert_eq!(journal.load(run).unwrap(), before);
    assert_eq!(journal.last_seq(run).unwrap(), 10_000);
    assert_eq!(journal.last_entry(run).unwrap().as_ref(), before.last());

    let after = entries(10_001, vec![begun(2)]);
    journal.append(run, &after, Durability::Synced).unwrap();
    assert_eq!(journal.load(run).unwrap(), [&before[..], &after].concat());
    assert_eq!(journal.load_after(run, 9_999).unwrap(), [&before[9_999..], &after].concat());
    assert_eq!((journal.last_seq(run).unwrap(), journal.first_at(run).unwrap()), (10_001, Some(1000)));
    assert_eq!(journal.last_entry(run).unwrap().as_ref(), after.last());

    for unknown in [1, 5_000, 9_999] {
        insert(unknown, 1, r#"{"event":"of_the_future"}"#);
        let error = journal.load(run).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(&format!("entry {unknown} is none that this wavec knows")), "{text}");
        let entry = &before[unknown as usize - 1];
        insert(unknown, entry.at, &serde_json::to_string(&entry.event).unwrap());
    }
}

#[test]
fn a_new_journal_beside_old_runs_uses_none_of_their_numbers() {
    let folder = Folder::new("moved-away");
    let plan = plan(&[("a", "true")]);
    for expected in [1, 2, 3] {
        let mut journal = Journal::open(&folder.0).unwrap();
        let run = start(&mut journal, &plan, "text");
        assert_eq!(run, expected);
        journal.append(run, &entries(1, vec![begun(1)]), Durability::Synced).unwrap();
        drop(journal);
        for name in ["journal.db", "journal.db-wal", "journal.db-shm"] {
            let _ = std::fs::remove_file(folder.0.join(".wavec").join(name));
        }
    }
}

#[test]
fn a_damaged_journal_is_named_with_what_to_do() {
    let folder = Folder::new("damaged");
    std::fs::create_dir_all(folder.0.join(".wavec")).unwrap();
    let file = folder.0.join(".wavec/journal.db");
    std::fs::write(&file, vec![b'x'; 8192]).unwrap();
    let error = Journal::open(&folder.0).err().unwrap();
    assert!(error.to_string().contains("not a journal"), "{error}");
    assert!(error.help.contains("aside"), "{}", error.help);
    assert_eq!(std::fs::read(&file).unwrap(), vec![b'x'; 8192]);
}

#[test]
fn a_file_in_the_way_is_named() {
    let folder = Folder::new("in-the-way");
    std::fs::write(folder.0.join(".wavec"), "").unwrap();
    let error = Journal::open(&folder.0).err().unwrap();
    assert!(
        error.to_string().contains(".wavec") && error.help.contains("move it away"),
        "{error} {}",
        error.help
    );
}

#[test]
fn a_second_live_run_of_a_plan_is_refused_and_a_dead_one_is_not() {
    let folder = Folder::new("lock");
    let journal = Journal::open(&folder.0).unwrap();
    let path = Path::new("/p/demo.wave");
    let lock = journal.lock_run(journal.lock_plan(path).unwrap(), 3).unwrap();
    assert_eq!(journal.holder(3).map(|holder| (holder.run, holder.pid)), Some((3, std::process::id())));
    assert_eq!(journal.holder(4), None);

    let error = journal.lock_plan(path).unwrap_err();
    let text = error.to_string();
    assert!(text.contains(&format!("process {} (run 3)", std::process::id())), "{text}");
    assert!(error.help.contains("wavec show 3"), "{}", error.help);
    // Another plan of the project is another matter.
    drop(journal.lock_plan(Path::new("/p/other.wave")).unwrap());

    drop(lock);
    assert_eq!(journal.holder(3), None);
    drop(journal.lock_plan(path).unwrap());

    // Killed while it was about to start something, which has the lock for a moment longer.
    let mut gone = std::process::Command::new("true").spawn().unwrap();
    gone.wait().unwrap();
    let file = folder.0.join(".wavec/locks").read_dir().unwrap().flatten().map(|entry| entry.path());
    let locks: Vec<std::fs::File> = file
        .map(|file| {
            std::fs::write(&file, format!("run 3 process {}\n", gone.id())).unwrap();
            let file = std::fs::File::open(file).unwrap();
            file.lock().unwrap();
            file
        })
        .collect();
    let begin = std::time::Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(std::time::Duration::from_millis(400));
            drop(locks);
        });
        drop(journal.lock_plan(path).unwrap());
    });
    assert!(begin.elapsed().as_millis() >= 400);
}

#[test]
fn an_answer_waits_until_the_run_has_taken_it_in() {
    let folder = Folder::new("answers");
    let plan = plan(&[("a", "true")]);
    let mut journal = Journal::open(&folder.0).unwrap();
    let run = start(&mut journal, &plan, "text");
    let owner = ApprovalOwner::Gate(GateId(0));
    let said =
        |by: &str, answer| PersonAnswer { owner, index: 0, answer, by: by.into(), reason: "r".into(), at: 5 };
    let mut elsewhere = Journal::open(&folder.0).unwrap();
    elsewhere.answer(run, &said("ann", Answer::Approved)).unwrap();
    elsewhere.answer(run, &said("bob", Answer::Rejected)).unwrap();
    let open: Vec<_> = journal.open_answers(run).unwrap().into_iter().map(|(_, answer)| answer).collect();
    assert_eq!(open, [said("ann", Answer::Approved), said("bob", Answer::Rejected)]);
    let taken = Event::ApprovalAnswered {
        owner,
        index: 0,
        answer: Answer::Approved,
        by: "ann".into(),
        reason: String::new(),
    };
    journal.append(run, &entries(1, vec![taken]), Durability::Synced).unwrap();
    assert_eq!(elsewhere.open_answers(run).unwrap(), []);
    drop(journal);

    // A death before the entry was written whole: the answers are still to be taken, also when the run has gone on.
    let file = events_file(&folder, run);
    let length = std::fs::metadata(&file).unwrap().len();
    std::fs::File::options().write(true).open(&file).unwrap().set_len(length - 1).unwrap();
    assert_eq!(elsewhere.open_answers(run).unwrap().len(), 2);
    elsewhere.append(run, &entries(1, vec![begun(1), begun(1)]), Durability::Synced).unwrap();
    assert_eq!(elsewhere.open_answers(run).unwrap().len(), 2);
}

#[test]
fn events_keep_their_meaning_when_the_text_changes() {
    let folder = Folder::new("revision");
    let old = plan(&[("a", "true"), ("b", "false"), ("c", "true")]);
    let mut journal = Journal::open(&folder.0).unwrap();
    let run = start(&mut journal, &old, "old");
    let failed = Event::TaskEnded { task: TaskId(1), outcome: Outcome::Failed, reason: "exit 1".into() };
    let ended = Event::RunEnded { outcome: RunOutcome::Failed, reason: String::new() };
    let all = [vec![begun(1)], done(0), done(1)[..3].to_vec(), vec![failed], done(2), vec![ended]].concat();
    journal.append(run, &entries(1, all), Durability::Synced).unwrap();
    let progress = Progress::replay(Arc::new(old.clone()), &journal.load(run).unwrap());

    // `b` is mended, `z` is new and stands first: every id moves.
    let new = plan(&[("z", "true"), ("a", "true"), ("b", "true"), ("c", "true")]);
    let changes = journal.changes(run, &progress, &new).unwrap();
    let names =
        |items: &[wavec::journal::ChangedItem]| items.iter().map(|it| it.name.clone()).collect::<Vec<_>>();
    assert_eq!(
        (names(&changes.added), names(&changes.changed)),
        (vec!["z".to_string()], vec!["b".to_string()])
    );
    assert!(changes.removed.is_empty() && changes.finished.is_empty());

    let sources = [(PathBuf::from("/p/demo.wave"), "new".to_string())];
    let revised = NewRun {
        plan_path: Path::new("/p/demo.wave"),
        directory: Path::new("/p"),
        params: &[],
        sources: &sources,
        plan: &new,
        at: 2000,
    };
    journal.revise_run(run, &revised).unwrap();
    let last = journal.last_seq(run).unwrap();
    journal.append(run, &entries(last + 1, vec![begun(2)]), Durability::Synced).unwrap();
    let progress = Progress::replay(Arc::new(new.clone()), &journal.load(run).unwrap());
    let states: Vec<_> = progress.tasks.iter().map(|task| (task.state, task.attempts.len())).collect();
    let over = TaskState::Ended(Outcome::Succeeded);
    assert_eq!(states, [(TaskState::Waiting, 0), (over, 1), (TaskState::Waiting, 1), (over, 1)]);
    assert_eq!(progress.last_seq, last + 1);
    assert_eq!(journal.sources(run).unwrap()[0].1, "new");
    assert_eq!(journal.run(run).unwrap().unwrap().revision, 2);

    // A finished task that means something else now is told.
    let other = plan(&[("a", "echo"), ("b", "false"), ("c", "true")]);
    let progress = Progress::replay(Arc::new(new), &journal.load(run).unwrap());
    assert_eq!(journal.changes(run, &progress, &other).unwrap().finished, ["a"]);
}

#[test]
fn a_new_session_keeps_what_succeeded_and_lets_the_rest_wait() {
    let plan = Arc::new(plan(&[("a", "true"), ("b", "false"), ("c", "true"), ("d", "true")]));
    let task = TaskId(2);
    let all = [
        vec![begun(1)],
        done(0),
        done(1)[..3].to_vec(),
        vec![Event::TaskEnded { task: TaskId(1), outcome: Outcome::Failed, reason: "exit 1".into() }],
        vec![Event::TaskEnded { task: TaskId(3), outcome: Outcome::Skipped, reason: "when".into() }],
        done(2)[..2].to_vec(),
    ]
    .concat();
    let mut progress = Progress::replay(Arc::clone(&plan), &entries(1, all));
    assert_eq!(progress.tasks[2].state, TaskState::Running);
    let open: Vec<_> =
        progress.in_flight().map(|(task, attempt)| (task, attempt.number, attempt.pid)).collect();
    assert_eq!(open, [(task, 1, Some(7))]);

    progress.apply(&Entry { seq: 20, at: 9000, event: begun(2) });
    let lost = Event::AttemptEnded {
        task,
        attempt: 1,
        end: AttemptEnd::Lost,
        milliseconds: 0,
        usage: Usage::default(),
    };
    progress.apply(&Entry { seq: 21, at: 9000, event: lost });
    let states: Vec<_> = progress.tasks.iter().map(|task| task.state.word()).collect();
    assert_eq!(states, ["succeeded", "waiting", "waiting", "skipped"]);
    assert_eq!(progress.in_flight().count(), 0);
    assert_eq!(progress.tasks[2].next_attempt(), 2);
    assert_eq!(progress.tasks[1].reason, "");
}

#[test]
fn decisions_are_words_of_the_contract() {
    let event = Event::GateEnded { gate: GateId(1), decision: Decision::NoGo, reason: "r".into() };
    let entry = Entry { seq: 1, at: 2, event };
    let text = serde_json::to_string(&entry).unwrap();
    assert_eq!(text, r#"{"seq":1,"at":2,"event":"gate_ended","gate":1,"decision":"no_go","reason":"r"}"#);
    assert_eq!(serde_json::from_str::<Entry>(&text).unwrap(), entry);
}

/// How fast it is: `cargo test --test suite journal::throughput -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn throughput() {
    let folder = Folder::new("throughput");
    let plan = plan(&[("a", "true")]);
    let mut journal = Journal::open(&folder.0).unwrap();
    let run = start(&mut journal, &plan, "text");
    for (batch, durability, total) in [
        (1, Durability::Written, 20_000),
        (100, Durability::Written, 200_000),
        (1000, Durability::Written, 400_000),
        (1, Durability::Synced, 200),
        (100, Durability::Synced, 20_000),
    ] {
        let mut seq = journal.last_seq(run).unwrap();
        let begin = std::time::Instant::now();
        for _ in 0..total / batch {
            let events = (0..batch).map(|_| done(0)[2].clone()).collect();
            let batch_entries = entries(seq + 1, events);
            journal.append(run, &batch_entries, durability).unwrap();
            seq += batch;
        }
        let seconds = begin.elapsed().as_secs_f64();
        let _ = std::io::Write::write_all(
            &mut std::io::stderr(),
            format!("{batch:5} a batch, {durability:?}: {:.0} events/s\n", total as f64 / seconds).as_bytes(),
        );
    }
    let begin = std::time::Instant::now();
    let loaded = journal.load(run).unwrap().len();
    let seconds = begin.elapsed().as_secs_f64();
    let text = format!("load of {loaded}: {:.0} events/s\n", loaded as f64 / seconds);
    let _ = std::io::Write::write_all(&mut std::io::stderr(), text.as_bytes());
}

/// The program itself, on plans of its own.
mod program {
    use super::Folder;
    use std::path::PathBuf;
    use std::process::{Child, Command, Output, Stdio};
    use std::time::{Duration, Instant};

    pub struct Project(Folder);

    impl Project {
        pub fn new(name: &str, plan: &str) -> Project {
            let project = Project(Folder::new(name));
            std::fs::create_dir_all(project.path(".wavec")).expect("a project of its own");
            project.write(plan);
            project
        }

        pub fn write(&self, plan: &str) {
            std::fs::write(self.path("p.wave"), plan).expect("the plan is written");
        }

        pub fn path(&self, name: &str) -> PathBuf {
            self.0.0.join(name)
        }

        pub fn text(&self, name: &str) -> String {
            std::fs::read_to_string(self.path(name)).unwrap_or_default()
        }

        fn command(&self, words: &str) -> Command {
            let mut command = Command::new(env!("CARGO_BIN_EXE_wavec"));
            command.args(words.split_whitespace()).current_dir(&self.0.0).stdin(Stdio::null());
            command.env("USER", "ann").env_remove("WAVEC_MARK");
            command
        }

        pub fn wavec(&self, words: &str) -> (i32, String, String) {
            let Output { status, stdout, stderr } = self.command(words).output().expect("wavec runs");
            let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
            (status.code().unwrap_or(-1), text(&stdout), text(&stderr))
        }

        pub fn start(&self, words: &str) -> Child {
            let mut command = self.command(words);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("wavec starts")
        }

        pub fn wait_for(&self, what: &str, is_there: impl Fn(&Project) -> bool) {
            let begin = Instant::now();
            while !is_there(self) {
                assert!(begin.elapsed() < Duration::from_secs(20), "waited in vain for {what}");
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    }

    /// Whether a process runs; one that is dead and that nobody has waited for does not.
    pub fn is_alive(pid: &str) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
        stat.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['Z', 'X']))
    }

    pub fn kill(pid: u32, signal: &str) {
        let status = Command::new("kill").args([signal, &pid.to_string()]).status().expect("kill runs");
        assert!(status.success());
    }

    pub fn end(child: Child) -> (i32, String, String) {
        let output = child.wait_with_output().expect("it ends");
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
    }
}

use program::{Project, end, is_alive, kill};

const SLOW: &str = r#"
plan slow
wave w {
  task first { run "echo first >> log.txt" }
  task second { run "echo second >> log.txt; echo $$ > second.pid; test -e go || sleep 60"; after first }
  task third { run "echo third >> log.txt"; after second }
}
"#;

#[test]
fn a_killed_run_is_resumed_and_no_finished_task_runs_again() {
    let project = Project::new("killed", SLOW);
    let child = project.start("run p.wave");
    project.wait_for("the second task", |project| !project.text("second.pid").is_empty());
    let left_over = project.text("second.pid");
    kill(child.id(), "-KILL");
    end(child);
    assert!(is_alive(&left_over), "the task outlives wavec's death");
    let (_, runs, _) = project.wavec("runs");
    assert!(runs.contains("broken off") && runs.contains("1 succeeded"), "{runs}");
    let (_, why, _) = project.wavec("why 1 third");
    assert!(why.contains("no process carries this run out") && why.contains("wavec resume 1"), "{why}");

    std::fs::write(project.path("go"), "").unwrap();
    let (code, out, err) = project.wavec("resume");
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("lost: wavec died while it ran"), "{out}");
    assert!(out.contains("resumed: slow, 3 tasks; 1 already succeeded"), "{out}");
    assert_eq!(project.text("log.txt"), "first\nsecond\nsecond\nthird\n");
    assert!(!is_alive(&left_over), "what was left over is ended");

    let (code, _, err) = project.wavec("resume");
    assert_eq!(code, 0);
    assert!(err.contains("run 1 has succeeded"), "{err}");
}

#[test]
fn a_second_live_run_of_the_plan_is_refused_with_who_holds_it() {
    let project = Project::new("second-run", SLOW);
    let child = project.start("run p.wave");
    project.wait_for("the second task", |project| !project.text("second.pid").is_empty());
    for words in ["run p.wave", "resume", "resume 1"] {
        let (code, _, err) = project.wavec(words);
        assert_eq!(code, 5, "{words}: {err}");
        assert!(err.contains(&format!("process {} (run 1) carries it out", child.id())), "{words}: {err}");
    }
    let (_, show, _) = project.wavec("show");
    assert!(show.contains("is running") && show.contains(&child.id().to_string()), "{show}");
    let (_, why, _) = project.wavec("why 1 third");
    assert!(why.contains("w.second  running") && why.contains("the longest way to it: w.second"), "{why}");
    // Stops starting; the second is ended by the second signal.
    kill(child.id(), "-INT");
    kill(child.id(), "-INT");
    let (code, out, err) = end(child);
    assert_eq!(code, 130, "{out}{err}");
    assert!(out.contains("interrupted") && out.contains("wavec resume 1"), "{out}");
    assert!(!is_alive(&project.text("second.pid")), "no child outlives the run");
}

#[test]
fn a_waiting_run_goes_on_with_an_answer_from_elsewhere() {
    let plan = r#"
plan ask
wave w {
  task a { run "echo a >> log.txt" }
  gate { approve "Fine?" }
}
wave x { task b { run "echo b >> log.txt" } }
"#;
    let project = Project::new("waiting", plan);
    let (code, out, _) = project.wavec("run p.wave");
    assert_eq!(code, 4);
    assert!(out.contains("wavec approve 1 w.gate"), "{out}");
    let (code, _, err) = project.wavec("approve 1 x");
    assert_eq!(code, 2);
    assert!(err.contains("open is: w.gate"), "{err}");
    let (code, _, err) = project.wavec("approve @last --reason looks-good");
    assert_eq!((code, err.as_str()), (0, "approved: w.gate: Fine?\ngo on with `wavec resume 1`\n"));
    let (code, _, err) = project.wavec("approve 1");
    assert_eq!(code, 2, "{err}");
    let (code, out, err) = project.wavec("resume 1");
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("approved by ann: looks-good"), "{out}");
    assert_eq!(project.text("log.txt"), "a\nb\n");

    // One that waits takes it in at once.
    let child = project.start("run p.wave --wait");
    project.wait_for("the question", |project| project.wavec("show 2").1.contains("waits for an answer"));
    let (code, _, err) = project.wavec("reject 2 w --reason no");
    assert_eq!(code, 0, "{err}");
    let (code, out, _) = end(child);
    assert_eq!(code, 3, "{out}");
    assert!(out.contains("rejected by ann: no") && out.contains("no-go"), "{out}");
}

#[test]
fn a_changed_plan_goes_on_unless_a_finished_task_is_concerned() {
    let plan = |first: &str, second: &str| {
        format!(
            "plan p\nwave w {{ task a {{ run \"echo {first} >> log.txt\" }} }}\nwave x {{ task b {{ run \"{second}\" }} }}\n"
        )
    };
    let project = Project::new("changed", &plan("a", "exit 3"));
    let (code, out, _) = project.wavec("run p.wave");
    assert_eq!(code, 3, "{out}");
    project.write(&plan("other", "exit 3"));
    let (code, _, err) = project.wavec("resume");
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("w.a is finished, and is defined otherwise") && err.contains("--recorded"), "{err}");
    project.write("plan p {");
    let (code, _, err) = project.wavec("resume");
    assert_eq!(code, 1, "{err}");
    project.write(&plan("a", "echo b >> log.txt"));
    let (code, out, err) = project.wavec("resume");
    assert_eq!(code, 0, "{out}{err}");
    assert!(err.contains("changed  x.b") && err.contains("going on with the new text"), "{err}");
    assert_eq!(project.text("log.txt"), "a\nb\n");
}

#[test]
fn a_reader_that_goes_away_does_not_end_the_run() {
    let project = Project::new("pipe", SLOW);
    std::fs::write(project.path("go"), "").unwrap();
    let mut child = project.start("run p.wave");
    drop(child.stdout.take());
    let (code, _, err) = end(child);
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(project.text("log.txt"), "first\nsecond\nthird\n");
}

#[test]
fn json_is_a_line_an_event_with_names() {
    let project = Project::new("json", SLOW);
    std::fs::write(project.path("go"), "").unwrap();
    let (code, out, err) = project.wavec("run p.wave --format json");
    assert_eq!((code, err.as_str()), (0, ""));
    let events: Vec<serde_json::Value> =
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events[0]["event"], "run_started");
    assert_eq!(events.last().unwrap()["outcome"], "succeeded");
    let schema =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/schema/event.json")).unwrap();
    let schema = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    for event in &events {
        assert!(schema.is_valid(event), "{event}");
    }
    let ended: Vec<&str> = events
        .iter()
        .filter(|event| event["event"] == "task_ended")
        .map(|event| event["task"].as_str().unwrap())
        .collect();
    assert_eq!(ended, ["w.first", "w.second", "w.third"]);
    for (place, event) in events.iter().enumerate() {
        assert_eq!((event["v"].as_u64(), event["seq"].as_u64()), (Some(1), Some(place as u64 + 1)));
    }
}

#[test]
fn a_journal_that_cannot_be_written_ends_the_run_before_anything_starts() {
    let project = Project::new("unwritable", SLOW);
    std::fs::write(project.path(".wavec/journal.db"), "not a database, whatever its name says").unwrap();
    let (code, _, err) = project.wavec("run p.wave");
    assert_eq!(code, 5);
    assert!(err.contains("journal.db") && err.contains("help"), "{err}");
    assert_eq!(project.text("log.txt"), "");
}

/// The names of what wavec keeps in a run's folder are free for tasks.
#[test]
fn a_task_named_like_a_file_of_the_journal_keeps_its_log() {
    let tasks = ["lock", "events", "trees", "answers"]
        .map(|name| format!("task {name} {{ run \"echo of {name}\" }}\n"));
    let project = Project::new("names", &format!("plan p\n{}", tasks.concat()));
    let (code, out, err) = project.wavec("run p.wave");
    assert_eq!(code, 0, "{out}{err}");
    for name in ["lock", "events", "trees", "answers"] {
        assert_eq!(project.text(&format!(".wavec/runs/1/{name}/1.log")), format!("of {name}\n"));
    }
    // The lock of a run that an older wavec began is where it left it.
    std::fs::create_dir_all(project.path(".wavec/runs/9")).unwrap();
    std::fs::write(project.path(".wavec/runs/9/lock"), "run 9 process 1\n").unwrap();
    let file = std::fs::File::open(project.path(".wavec/runs/9/lock")).unwrap();
    let journal = Journal::open(project.path(".").as_path()).unwrap();
    assert_eq!(journal.holder(9), None);
    file.lock().unwrap();
    assert_eq!(journal.holder(9).map(|holder| holder.run), Some(9));
}

#[test]
fn a_damaged_run_keeps_nobody_from_the_others() {
    let project = Project::new(
        "damaged-run",
        "plan p\ntask a { run \"sleep 0.1\"; estimate 1s }\ntask b { run \"true\"; estimate 1s }\n",
    );
    for _ in 0..2 {
        assert_eq!(project.wavec("run p.wave").0, 0);
    }
    let file = project.path(".wavec/runs/1/@events");
    let mut log = std::fs::read(&file).unwrap();
    log[60] ^= 1;
    std::fs::write(&file, log).unwrap();
    let (code, out, err) = project.wavec("runs");
    assert_eq!(code, 5, "{out}{err}");
    assert!(out.contains("2  p.wave  succeeded") && out.contains("1  p.wave  unreadable"), "{out}");
    assert!(err.contains("runs/1/@events`: it is damaged") && err.contains("help: "), "{err}");
    assert_eq!(project.wavec("show 1").0, 5);
    let (code, out, err) = project.wavec("calibrate");
    assert_eq!(code, 0, "{out}{err}");
    let (code, out, err) = project.wavec("run p.wave");
    assert_eq!(code, 0, "{out}{err}");
    assert_eq!(project.wavec("show 3").0, 0);
}
