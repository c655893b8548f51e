//! Real processes: started, cancelled, and none of them left.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use wavec::backend::local::Local;
use wavec::backend::{Backend, Execution, Graces, Job, JobEnd, JobEvent, JobStatus, Urgency};

/// A directory of its own for a test, removed with it.
pub struct Place(PathBuf);

impl Place {
    pub fn new() -> Place {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("run-{}-{count}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Place(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn read(&self, name: &str) -> String {
        String::from_utf8_lossy(&std::fs::read(self.0.join(name)).unwrap()).into_owned()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const GRACES: Graces = Graces {
    interrupt: Duration::from_millis(150),
    terminate: Duration::from_millis(150),
    leftover: Duration::from_millis(300),
};

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn job(place: &Place, script: &str) -> Job {
    let words = ["sh", "-ec", script].map(String::from).to_vec();
    Job {
        label: "test/1".into(),
        mark: format!("{}/test/1", place.path().display()),
        words,
        direct: None,
        spool: None,
        environment: std::env::vars_os().collect(),
        directory: place.path().into(),
        log: place.path().join("logs/1.log"),
        is_log_new: false,
        captures_stdout: false,
        lines: None,
        secrets: Arc::new([]),
        writes: None,
    }
}

async fn end(execution: &mut Execution) -> JobEnd {
    loop {
        match execution.events.recv().await.expect("a job that was started ends") {
            JobEvent::Running { .. } => {}
            JobEvent::Ended(end) => return end,
        }
    }
}

async fn running(execution: &mut Execution) -> u32 {
    match execution.events.recv().await.expect("a job that was started runs") {
        JobEvent::Running { pid } => pid.unwrap(),
        JobEvent::Ended(end) => panic!("{end:?}"),
    }
}

/// Waits until a job has written a file: its way to say how far it is.
async fn written(place: &Place, name: &str) -> String {
    let path = place.path().join(name);
    loop {
        match std::fs::read_to_string(&path) {
            Ok(text) if text.ends_with('\n') => return text.trim().to_owned(),
            _ => tokio::time::sleep(Duration::from_millis(2)).await,
        }
    }
}

fn is_alive(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

fn run(place: &Place, script: &str) -> JobEnd {
    run_job(job(place, script))
}

fn run_job(job: Job) -> JobEnd {
    block_on(async { end(&mut Local::new(GRACES).unwrap().start(job)).await })
}

#[test]
fn output_of_both_kinds_goes_to_the_log_as_it_comes() {
    let place = Place::new();
    let end = run(&place, "echo one; echo two >&2; echo three; exit 7");
    assert_eq!(end.status, JobStatus::Exit(7));
    assert_eq!(place.read("logs/1.log"), "one\ntwo\nthree\n");
    assert!(end.notes.is_empty() && end.stdout.is_empty());
}

#[test]
fn standard_output_is_handed_back_and_logged() {
    let place = Place::new();
    let mut job = job(&place, "echo out; echo err >&2; printf '\\377'");
    job.captures_stdout = true;
    let end = run_job(job);
    assert_eq!(end.stdout, b"out\n\xff");
    let log = std::fs::read(place.path().join("logs/1.log")).unwrap();
    assert!(log.windows(4).any(|bytes| bytes == b"err\n") && log.ends_with(b"\xff"));
}

#[test]
fn a_secret_is_masked_in_the_log_and_in_what_is_handed_back() {
    let place = Place::new();
    let mut job = job(&place, "printf 'a hun'; printf 'ter2 b\\n'; echo hunter2 >&2");
    job.captures_stdout = true;
    job.secrets = Arc::new(["hunter2".to_owned()]);
    let end = run_job(job);
    assert_eq!(String::from_utf8(end.stdout).unwrap(), "a *** b\n");
    let log = place.read("logs/1.log");
    assert!(!log.contains("hunter2") && log.matches("***").count() == 2, "{log}");
}

#[test]
fn a_job_starts_clean() {
    let place = Place::new();
    // No terminal, no standard input, its own session and group, no signal ignored (but two that are the C library's).
    let script = "read line && exit 9
        grep -E 'SigBlk|SigIgn' /proc/self/status
        test \"$(ps -o sid= -p $$ | tr -d ' ')\" = $$
        echo \"$WAVEC_MARK\"";
    let end = run(&place, script);
    assert_eq!(end.status, JobStatus::Exit(0), "{}", place.read("logs/1.log"));
    let log = place.read("logs/1.log");
    assert!(log.contains("SigBlk:\t0000000000000000"), "{log}");
    assert!(log.contains("SigIgn:\t0000000180000000") || log.contains("SigIgn:\t0000000000000000"), "{log}");
    assert!(log.contains("/test/1\n"));
}

#[test]
fn what_cannot_be_started_says_why() {
    let place = Place::new();
    std::fs::write(place.path().join("plain"), "text").unwrap();
    let with = |words: &[&str], directory: &str| {
        let mut job = job(&place, "");
        job.words = words.iter().map(|word| (*word).to_owned()).collect();
        job.directory = place.path().join(directory);
        match run_job(job).status {
            JobStatus::CouldNotStart(reason) => reason.replace(place.path().to_str().unwrap(), "PLACE"),
            status => panic!("{status:?}"),
        }
    };
    assert_eq!(with(&["wavec-no-such-program"], ""), "`wavec-no-such-program` was not found on the PATH");
    assert_eq!(with(&["./missing"], ""), "`./missing` was not found");
    assert_eq!(with(&["./plain"], ""), "`./plain` may not be executed");
    assert_eq!(with(&["true"], "sub"), "the directory `PLACE/sub` is not there");
    assert_eq!(with(&["true", "a\0b"], ""), "an argument holds a NUL byte, which no program can be given");
    let long = "x".repeat(3 << 20);
    assert!(with(&["true", &long], "").starts_with("its arguments and environment are too long"));
}

#[test]
fn a_cancelled_job_is_asked_then_told_then_ended() {
    for (trap, signal) in [
        ("trap 'echo INT; exit 0' INT", "INT"),
        ("trap '' INT; trap 'echo TERM; exit 0' TERM", "TERM"),
        ("trap '' INT TERM", "KILL"),
    ] {
        let place = Place::new();
        let end = block_on(async {
            let local = Local::new(GRACES).unwrap();
            let script = format!("{trap}; echo up >up; while :; do sleep 0.01; done");
            let mut execution = local.start(job(&place, &script));
            running(&mut execution).await;
            written(&place, "up").await;
            execution.cancel(Urgency::Cancel);
            end(&mut execution).await
        });
        match signal {
            "KILL" => assert_eq!(end.status, JobStatus::Signal(9)),
            _ => assert!(place.read("logs/1.log").ends_with(&format!("{signal}\n"))),
        }
    }
}

#[test]
fn a_killed_job_has_no_grace() {
    let place = Place::new();
    let end = block_on(async {
        let local = Local::new(Graces { interrupt: Duration::from_secs(60), ..GRACES }).unwrap();
        let mut execution =
            local.start(job(&place, "trap '' INT TERM; echo up >up; while :; do sleep 0.01; done"));
        written(&place, "up").await;
        execution.cancel(Urgency::Cancel);
        execution.cancel(Urgency::Kill);
        end(&mut execution).await
    });
    assert_eq!(end.status, JobStatus::Signal(9));
}

#[test]
fn a_job_that_nobody_waits_for_any_more_is_killed() {
    let place = Place::new();
    let pid = block_on(async {
        let local = Local::new(GRACES).unwrap();
        let mut execution = local.start(job(&place, "exec sleep 1000"));
        running(&mut execution).await
    });
    // The backend is gone, and the job's leader with it.
    while is_alive(&pid.to_string()) {
        std::thread::yield_now();
    }
}

/// Ways to leave something running behind, each of which writes the id of it to `pid`.
const HIDEOUTS: [(&str, &str); 7] = [
    ("a background process", "sleep 1000 & echo $! >pid"),
    ("one that ignores SIGTERM", "(trap '' TERM INT HUP; while :; do sleep 0.05; done) & echo $! >pid"),
    (
        "one in a session of its own",
        "setsid sh -c 'echo $$ >pid; exec sleep 1000' & while ! test -s pid; do :; done",
    ),
    (
        "a daemon, twice forked",
        "setsid sh -c '(setsid sh -c \"echo \\$\\$ >pid; exec sleep 1000\" &) ; exit 0'; while ! test -s pid; do :; done",
    ),
    (
        "one that cleared its environment",
        "env -i \"PATH=$PATH\" sh -c 'echo $$ >pid; exec sleep 1000' & while ! test -s pid; do :; done",
    ),
    (
        "a daemon that cleared its environment",
        "env -i \"PATH=$PATH\" setsid sh -c '(echo $$ >pid; exec sleep 1000) &' ; while ! test -s pid; do :; done",
    ),
    (
        "one that cleared its environment, in a group of its own",
        "env -i \"PATH=$PATH\" bash -mc '(exec sh -c \"echo \\$\\$ >pid; exec sleep 1000\") & disown' ; while ! test -s pid; do :; done",
    ),
];

#[test]
fn what_a_job_leaves_behind_is_ended() {
    for (what, script) in HIDEOUTS {
        let place = Place::new();
        let end = run(&place, script);
        let pid = place.read("pid");
        assert!(!is_alive(pid.trim()), "{what} is left");
        assert_eq!(end.status, JobStatus::Exit(0));
        assert!(end.notes[0].starts_with("ended what the task left running: `"), "{what}: {:?}", end.notes);
        assert!(place.read("logs/1.log").contains("[wavec: ended what the task left running"), "{what}");
    }
}

#[test]
fn a_cancelled_job_leaves_nothing_behind() {
    for (what, script) in HIDEOUTS {
        let place = Place::new();
        block_on(async {
            let local = Local::new(GRACES).unwrap();
            let mut execution = local.start(job(&place, &format!("{script}; echo up >up; sleep 1000")));
            written(&place, "up").await;
            execution.cancel(Urgency::Kill);
            end(&mut execution).await;
        });
        assert!(!is_alive(place.read("pid").trim()), "{what} is left");
    }
}

#[test]
fn a_fork_bomb_is_ended() {
    let place = Place::new();
    block_on(async {
        let local = Local::new(GRACES).unwrap();
        // Doubles every 20 ms; by itself it would end at 4,096, so that a fault here does not take the machine with it.
        let script = "setsid sh -c 'bomb() { [ $1 -lt 12 ] || exec sleep 1000; sleep 0.02; bomb $(($1 + 1)) & sleep 0.02; bomb $(($1 + 1)) & }; bomb 0' & echo up >up; sleep 1000";
        let mut execution = local.start(job(&place, script));
        written(&place, "up").await;
        execution.cancel(Urgency::Kill);
        end(&mut execution).await;
    });
    let mark = place.path().display().to_string();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        let is_marked = String::from_utf8_lossy(&environment).contains(&format!("WAVEC_MARK={mark}"));
        assert!(!is_marked, "{:?} is left", entry.file_name());
    }
}

#[test]
fn what_escaped_is_ended_with_the_run() {
    let place = Place::new();
    // A session of its own, no environment and no tag: nothing says whose it is, but that wavec adopted it.
    let script =
        "env -i \"PATH=$PATH\" setsid prlimit --locks=unlimited sh -c '(echo $$ >pid; exec sleep 1000) &'
        while ! test -s pid; do :; done";
    block_on(async {
        let local = Local::new(GRACES).unwrap();
        end(&mut local.start(job(&place, script))).await;
        local.end_escaped(place.path().display().to_string()).await;
    });
    assert!(!is_alive(place.read("pid").trim()));
}

#[test]
fn what_a_dead_wavec_left_is_found_by_its_mark() {
    let place = Place::new();
    let mark = format!("{}/other/1", place.path().display());
    let child = std::process::Command::new("setsid")
        .args(["--fork", "sh", "-c", "echo $$ >pid; exec sleep 1000"])
        .current_dir(place.path())
        .env("WAVEC_MARK", format!("outer/x/1 {mark}"))
        .spawn();
    child.unwrap().wait().unwrap();
    block_on(async {
        let pid = written(&place, "pid").await;
        let local = Local::new(GRACES).unwrap();
        let ended = local.end_leftovers(place.path().display().to_string()).await;
        assert_eq!(ended, [format!("`sleep` (process {pid})")]);
        assert!(!is_alive(&pid));
    });
}

#[test]
fn a_process_substitution_may_finish() {
    let place = Place::new();
    let mut job = job(&place, "");
    job.words = ["bash", "-c", "echo text > >(sleep 0.05; cat >copy)"].map(String::from).to_vec();
    assert_eq!(run_job(job).notes, Vec::<String>::new());
    assert_eq!(place.read("copy"), "text\n");
}

#[test]
fn a_flood_of_output_does_not_fill_the_disk() {
    for secrets in [vec![], vec!["hunter2".to_owned()]] {
        let place = Place::new();
        let end = block_on(async {
            let local = Local::new(GRACES).unwrap().log_limit(1 << 20);
            let mut job = job(&place, "echo first; yes | head -c 20000000; echo last");
            job.secrets = secrets.into();
            job.captures_stdout = true;
            end(&mut local.start(job)).await
        });
        assert_eq!(end.status, JobStatus::Exit(0));
        assert!(end.is_stdout_cut && end.stdout.len() == wavec::backend::CAPTURE_LIMIT);
        let log = place.read("logs/1.log");
        assert!(log.len() < (1 << 20) + 1000, "{}", log.len());
        assert!(log.starts_with("first\ny\n") && log.contains("\nlast\n[wavec: "));
    }
}

#[test]
fn more_jobs_than_open_files_wait_for_each_other() {
    let place = Place::new();
    block_on(async {
        let local = Local::new(GRACES).unwrap();
        let mut executions = Vec::new();
        for number in 0..300 {
            let mut job = job(&place, "");
            job.words = vec!["true".into()];
            // Each counts for more files than it has.
            job.captures_stdout = true;
            job.log = place.path().join(format!("logs/{number}.log"));
            executions.push(local.start(job));
        }
        for execution in &mut executions {
            assert_eq!(end(execution).await.status, JobStatus::Exit(0));
        }
    });
}

#[test]
fn no_zombie_stays() {
    let place = Place::new();
    block_on(async {
        let local = Local::new(GRACES).unwrap();
        let mut pids = Vec::new();
        for number in 0..20 {
            let mut job = job(&place, "(exit 0) & exit 3");
            job.log = place.path().join(format!("logs/{number}.log"));
            let mut execution = local.start(job);
            pids.push(running(&mut execution).await);
            assert_eq!(end(&mut execution).await.status, JobStatus::Exit(3));
        }
        for pid in pids {
            assert!(!Path::new(&format!("/proc/{pid}")).exists());
        }
    });
}

/// Cancels jobs that do not want to end, in all the ways in which they can refuse: none of their processes stays, and
/// none is waited for beyond its grace. `WAVEC_CANCELS=10000` asks for as many.
#[test]
fn cancelled_jobs_leave_nothing() {
    let count = std::env::var("WAVEC_CANCELS").ok().and_then(|count| count.parse().ok()).unwrap_or(120usize);
    let place = Place::new();
    let millisecond = Duration::from_millis;
    let graces = Graces { interrupt: millisecond(40), terminate: millisecond(40), leftover: millisecond(40) };
    let ways = [
        "sleep 1000",
        "trap '' INT TERM; sleep 1000; sleep 1000",
        "setsid sleep 1000 & sleep 1000",
        "(setsid sh -c 'trap \"\" INT TERM HUP; sleep 1000; sleep 1000' &) ; sleep 1000",
        "(env -u WAVEC_MARK -u CANCEL_TEST setsid sh -c 'sleep 1000 & sleep 1000' &) ; sleep 1000",
        "for n in 1 2 3 4 5; do (sleep 1000 &) ; done; sleep 1000",
        "sh -c 'sh -c \"sleep 1000 & wait\" & wait' & kill -STOP $$",
        "nohup sleep 1000 >nohup.out 2>&1 & exec sleep 1000",
    ];
    let mark = format!("CANCEL_TEST={}", place.path().display());
    let begin = std::time::Instant::now();
    let longest = block_on(async {
        let local = Local::new(graces).unwrap();
        let mut longest = Duration::ZERO;
        let mut next = 0;
        while next < count {
            let mut executions = Vec::new();
            for number in next..(next + 16).min(count) {
                let mut job = job(&place, ways[number % ways.len()]);
                job.mark = format!("{}/{number}", place.path().display());
                job.log = place.path().join(format!("logs/{}.log", number % 16));
                job.environment.insert("CANCEL_TEST".into(), place.path().into());
                executions.push(local.start(job));
            }
            for (number, execution) in executions.iter_mut().enumerate() {
                running(execution).await;
                // At once, or when the job has had the time to spread.
                tokio::time::sleep(millisecond([0, 0, 3, 12][(next + number) % 4])).await;
                execution.cancel(if number % 5 == 4 { Urgency::Kill } else { Urgency::Cancel });
            }
            let cancelled = tokio::time::Instant::now();
            for execution in &mut executions {
                end(execution).await;
            }
            longest = longest.max(cancelled.elapsed());
            local.end_escaped(place.path().display().to_string()).await;
            next += executions.len();
        }
        longest
    });
    let mut left = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        if environment.split(|byte| *byte == 0).any(|entry| entry == mark.as_bytes()) {
            left.push(entry.file_name());
        }
    }
    eprintln!(
        "{count} cancels in {:?}, the longest of 16 at once {longest:?}, left {left:?}",
        begin.elapsed()
    );
    assert!(left.is_empty(), "{left:?}");
    assert!(longest < Duration::from_secs(20), "{longest:?}");
}
