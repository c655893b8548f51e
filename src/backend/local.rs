//! Jobs as real processes of this machine.
//!
//! No fork: each is spawned as the leader of a session of its own, waited for by pidfd, and writes its log itself. wavec
//! adopts the orphans of its jobs, so whatever a job leaves behind is found and ended, at its own end or when it is
//! cancelled. Knows nothing of plans.

mod lines;
mod log;
mod program;
pub mod sandbox;
mod spawn;
mod spool;
mod sweep;
mod sys;
mod tag;

use super::mask::Masker;
use super::{Backend, CAPTURE_LIMIT, Execution, Graces, Job, JobEnd, JobEvent, JobStatus, Pending, Urgency};
use crate::crash::{self, Place};
use lines::Lines;
use log::Log;
use program::{Own, c_string, c_strings, environment, find_program, program_of, why_not};
use spool::Spool;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use sweep::Target;
use tokio::io::AsyncReadExt;
use tokio::io::unix::AsyncFd;
use tokio::net::unix::pipe;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Within this time a program is started that holds nobody up.
const QUICK: Duration = Duration::from_millis(20);

/// After this time it is told that a job runs. One that is over sooner has told it with its end.
const TOLD: Duration = Duration::from_millis(4);

/// How often a running job's log is looked at.
const LOG_TICK: Duration = Duration::from_millis(250);

/// How long output may still come after a job's last process has ended.
const DRAIN: Duration = Duration::from_secs(1);

/// More threads than this start no more processes in a second.
const MOST_HANDS: usize = 4;

/// With fewer processes than this, each is left to a task.
const FEW_PROCESSES: u64 = 32;

/// How many open files are left to everything else.
const OTHER_FILES: u64 = 40;

/// This machine.
#[derive(Clone, Debug)]
pub struct Local {
    graces: Graces,
    log_limit: u64,
    /// The files that jobs may have open; a job that finds none left waits for another to end.
    files: Arc<Semaphore>,
    /// How many processes are started at once: who starts one stands still until it executes its program.
    spawns: Arc<Semaphore>,
    /// The programs that did not start quickly when they were last started.
    slow: Arc<Mutex<HashSet<String>>>,
    spool: Arc<Spool>,
}

impl Local {
    /// This machine; makes this process adopt the orphans of its jobs.
    pub fn new(graces: Graces) -> io::Result<Local> {
        sys::adopt_orphans()?;
        let files = sys::file_limit().saturating_sub(OTHER_FILES).clamp(8, 1 << 20) as usize;
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Ok(Local {
            graces,
            log_limit: log::LIMIT,
            files: Arc::new(Semaphore::new(files)),
            spawns: Arc::new(Semaphore::new(cores.clamp(2, 4))),
            slow: Arc::default(),
            spool: Arc::default(),
        })
    }

    /// On how many threads it is worth starting processes: as many as there are processors, up to where more start no more in a
    /// second; none where few processes may be had at all, for a thread counts as one.
    pub fn hands() -> usize {
        if sys::process_limit() < FEW_PROCESSES {
            return 0;
        }
        std::thread::available_parallelism().map_or(2, usize::from).min(MOST_HANDS)
    }

    /// Keeps at most so much of each log.
    pub fn log_limit(mut self, bytes: u64) -> Local {
        self.log_limit = bytes;
        self
    }
}

/// What a job is told that was ended before it began.
const CANCELLED: &str = "it was cancelled before it could start";

/// How long a job waits for a process or a file to be had, when the system has none left.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why a process was not started.
enum Refused {
    /// There may be one later: the system has no process, memory or file left.
    ForNow(String),
    /// It will not be otherwise.
    ForGood(String),
}

impl From<String> for Refused {
    fn from(reason: String) -> Refused {
        Refused::ForGood(reason)
    }
}

impl Refused {
    fn of(error: &io::Error, reason: String) -> Refused {
        match error.raw_os_error() {
            Some(libc::EAGAIN | libc::ENOMEM | libc::EMFILE | libc::ENFILE) => Refused::ForNow(reason),
            _ => Refused::ForGood(reason),
        }
    }
}

impl Local {
    /// Starts the process of a job, waiting while the system has none to give.
    async fn launch(
        &self,
        job: &Arc<Job>,
        urgency: &mut watch::Receiver<Urgency>,
    ) -> Result<Running, String> {
        let begin = Instant::now();
        let mut pause = Duration::from_millis(20);
        loop {
            match self.try_launch(job).await {
                Ok(running) => return Ok(running),
                Err(Refused::ForNow(_)) if begin.elapsed() < PATIENCE => {
                    tokio::select! {
                        () = tokio::time::sleep(pause) => {}
                        _ = urgency.wait_for(|urgency| *urgency > Urgency::None) => return Err(CANCELLED.into()),
                    }
                    pause = (pause * 2).min(Duration::from_secs(1));
                }
                Err(Refused::ForNow(reason) | Refused::ForGood(reason)) => return Err(reason),
            }
        }
    }

    /// Who starts a process stands still until it executes its program. For one that is known to be slow, this is none of those
    /// that have more to do.
    async fn try_launch(&self, job: &Arc<Job>) -> Result<Running, Refused> {
        if !self.is_slow(job) {
            return self.launch_here(job);
        }
        let permit = self.spawns.acquire().await;
        let (local, job) = (self.clone(), Arc::clone(job));
        let launched = tokio::task::spawn_blocking(move || local.launch_here(&job)).await;
        drop(permit);
        match launched {
            Ok(launched) => launched,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => Err(Refused::ForGood("wavec is about to end".into())),
        }
    }

    /// Starts the process on this thread, and learns how quick its program is.
    fn launch_here(&self, job: &Job) -> Result<Running, Refused> {
        let begin = std::time::Instant::now();
        let launched = launch(job, self.log_limit, &self.spool);
        let is_slow = begin.elapsed() > QUICK;
        if is_slow != self.is_slow(job) {
            let mut slow = self.slow.lock().unwrap_or_else(PoisonError::into_inner);
            let program = program_of(job);
            if is_slow {
                slow.insert(program.to_owned())
            } else {
                slow.remove(program)
            };
        }
        launched
    }

    fn is_slow(&self, job: &Job) -> bool {
        self.slow.lock().unwrap_or_else(PoisonError::into_inner).contains(program_of(job))
    }

    /// Carries a job out.
    async fn carry_out(
        self,
        job: Job,
        sender: mpsc::UnboundedSender<JobEvent>,
        mut urgency: watch::Receiver<Urgency>,
    ) {
        let permit = tokio::select! {
            biased;
            permit = Arc::clone(&self.files).acquire_many_owned(files_of(&job)) => permit.ok(),
            _ = urgency.wait_for(|urgency| *urgency > Urgency::None) => None,
        };
        let launched = match &permit {
            Some(_) => self.launch(&Arc::new(job), &mut urgency).await,
            None => Err(CANCELLED.into()),
        };
        // Nobody listens any more when a receiver is gone; the job is then ended by its urgency's sender being gone.
        let end = match launched {
            Ok(running) => running.supervise(self.graces, urgency, &sender, &self.spool).await,
            Err(reason) => JobEnd {
                status: JobStatus::CouldNotStart(reason),
                stdout: Vec::new(),
                is_stdout_cut: false,
                is_silent: false,
                notes: Vec::new(),
            },
        };
        drop(permit);
        let _ = sender.send(JobEvent::Ended(end));
    }
}

impl Backend for Local {
    fn start(&self, job: Job) -> Execution {
        let (sender, events) = mpsc::unbounded_channel();
        let (cancel, urgency) = watch::channel(Urgency::None);
        // In a place of its own: it would be moved again and again until it is there.
        tokio::spawn(Box::pin(self.clone().carry_out(job, sender, urgency)));
        Execution { events, cancel }
    }

    fn end_leftovers(&self, mark_prefix: String) -> Pending<'_, Vec<String>> {
        Box::pin(sweep::end(Target::Marked { prefix: mark_prefix }, self.graces.leftover))
    }

    fn end_escaped(&self, mark_prefix: String) -> Pending<'_, Vec<String>> {
        Box::pin(sweep::end(Target::Adopted { prefix: mark_prefix }, self.graces.leftover))
    }
}

/// The processes that still carry a mark that starts so, in words.
pub fn left_running(mark_prefix: &str) -> Vec<String> {
    sweep::marked(mark_prefix)
}

/// How many files wavec has open for a job: its handle and its log, and what its output goes through.
fn files_of(job: &Job) -> u32 {
    if job.captures_stdout || !job.secrets.is_empty() { 8 } else { 2 }
}

/// A job whose process runs.
struct Running {
    leader: Leader,
    process: AsyncFd<OwnedFd>,
    log: Log,
    readers: Vec<JoinHandle<Captured>>,
    drained: watch::Sender<bool>,
    mark: String,
}

/// The first process of a job. When wavec loses interest in it without having waited for its end, it is killed.
struct Leader {
    pid: u32,
    is_over: bool,
}

impl Drop for Leader {
    fn drop(&mut self) {
        if !self.is_over {
            // It may be a zombie already; then nobody is left to kill.
            let _ = sys::signal_group(self.pid, libc::SIGKILL);
        }
    }
}

/// What was read of a job's standard output.
#[derive(Default)]
struct Captured {
    bytes: Vec<u8>,
    is_cut: bool,
}

/// Starts the process of a job, or says why it cannot be started.
fn launch(job: &Job, log_limit: u64, spool: &Spool) -> Result<Running, Refused> {
    let own = Own::of(job)?;
    let environment = environment(job, &own)?;
    let spool = job.spool.as_deref().map(|directory| (spool, directory));
    let log = Log::create(&job.log, job.is_log_new, log_limit, spool).map_err(|error| {
        Refused::of(&error, format!("its log `{}` cannot be written: {error}", job.log.display()))
    })?;
    let out_of_files =
        |error: io::Error| Refused::of(&error, format!("no pipe or handle can be had: {error}"));

    // Straight into the log, but for what has to be seen on its way.
    let is_masked = !job.secrets.is_empty();
    let mut pipes: Vec<(io::PipeReader, io::PipeWriter, bool)> = Vec::new();
    if job.captures_stdout || is_masked {
        let (reader, writer) = io::pipe().map_err(out_of_files)?;
        pipes.push((reader, writer, job.captures_stdout));
    }
    if job.captures_stdout && is_masked {
        let (reader, writer) = io::pipe().map_err(out_of_files)?;
        pipes.push((reader, writer, false));
    }
    let stdout = pipes.first().map_or(log.file().as_fd(), |(_, writer, _)| writer.as_fd());
    let stderr = match pipes.last() {
        Some((_, writer, _)) if is_masked => writer.as_fd(),
        _ => log.file().as_fd(),
    };

    let directory = c_string(job.directory.as_os_str())?;
    let spawn = |words: &[String]| {
        let program = words.first().ok_or_else(|| "no program is named".to_owned())?;
        let spawn = spawn::Spawn {
            program: &find_program(program, job)?,
            arguments: &c_strings(words.iter().map(OsStr::new))?,
            environment: &environment,
            directory: &directory,
            stdout,
            stderr,
        };
        crash::point(Place::Spawning);
        let start = || sweep::start(|| spawn::spawn(&spawn));
        let started = match &job.writes {
            Some(writes) => sandbox::confined(writes, start)?,
            None => start(),
        };
        let started = started.map_err(|error| Refused::of(&error, why_not(program, &error)))?;
        crash::point(Place::Spawned);
        Ok::<(u32, OwnedFd), Refused>(started)
    };
    let (pid, process) = match job.direct.as_deref().map(&spawn) {
        Some(Ok(started)) => started,
        Some(Err(Refused::ForNow(reason))) => return Err(Refused::ForNow(reason)),
        // Only the shell knows how to say what is wrong with it, or how to carry it out all the same.
        Some(Err(_)) | None => spawn(&job.words).map_err(|refused| match refused {
            Refused::ForGood(_) if !job.directory.is_dir() => {
                Refused::ForGood(format!("the directory `{}` is not there", job.directory.display()))
            }
            refused => refused,
        })?,
    };
    let leader = Leader { pid, is_over: false };
    let process = sys::watch(process).map_err(out_of_files)?;
    let (drained, is_drained) = watch::channel(false);
    let mut readers = Vec::new();
    for (reader, _, is_captured) in pipes {
        let reader = pipe::Receiver::from_owned_fd(OwnedFd::from(reader)).map_err(out_of_files)?;
        let file = log.file().try_clone().map_err(out_of_files)?;
        let masker = Masker::new(job.secrets.iter().map(String::as_str));
        let lines = Lines::new(job.lines.clone().filter(|_| is_captured));
        readers.push(tokio::spawn(read(reader, file, masker, is_captured, lines, is_drained.clone())));
    }
    Ok(Running { leader, process, log, readers, drained, mark: job.mark.clone() })
}

impl Running {
    /// Waits for the end of the job, hurrying it as `urgency` says, and ends what it leaves behind.
    async fn supervise(
        mut self,
        graces: Graces,
        mut urgency: watch::Receiver<Urgency>,
        sender: &mpsc::UnboundedSender<JobEvent>,
        spool: &Spool,
    ) -> JobEnd {
        let mut stage = Stage::Left;
        let mut is_watched = true;
        let mut told = Some(JobEvent::Running { pid: Some(self.leader.pid) });
        let mut tell = || told.take().map(|running| sender.send(running));
        let mut tick = tokio::time::interval_at(Instant::now() + TOLD, LOG_TICK);
        let status = loop {
            tokio::select! {
                biased;
                ready = self.process.readable() => {
                    let Ok(mut ready) = ready else { break sys::Status::Signal(libc::SIGKILL) };
                    match sys::status(self.process.get_ref().as_fd()) {
                        Ok(Some(status)) => break status,
                        Ok(None) => ready.clear_ready(),
                        Err(_) => break sys::Status::Signal(libc::SIGKILL),
                    }
                }
                changed = urgency.changed(), if is_watched => {
                    is_watched = changed.is_ok();
                    let wanted = if is_watched { *urgency.borrow() } else { Urgency::Kill };
                    stage = stage.hurry(wanted, graces, self.leader.pid);
                }
                () = stage.over() => stage = stage.next(graces, self.leader.pid),
                _ = tick.tick() => {
                    tell();
                    // A disk that takes no more is the job's trouble too; it is told at the end.
                    let _ = self.log.keep_small();
                }
            }
        };
        crash::point(Place::Ended);
        let grace = if matches!(stage, Stage::Killed) { Duration::ZERO } else { graces.leftover };
        let target = Target::Job { mark: self.mark.clone(), leader: self.leader.pid };
        let leftovers = tokio::select! {
            leftovers = sweep::end(target.clone(), grace) => leftovers,
            () = killed(&mut urgency) => sweep::end(target, Duration::ZERO).await,
        };
        self.leader.is_over = true;
        let _ = sys::reap(self.leader.pid);
        sweep::started().remove(self.leader.pid);
        crash::point(Place::Reaped);
        let end = self.finish(status, leftovers, spool).await;
        // With the end, so that the dispatcher is woken once.
        tell();
        end
    }

    /// Reads what is still in the pipes, closes the log and says how it was.
    async fn finish(mut self, status: sys::Status, leftovers: Vec<String>, spool: &Spool) -> JobEnd {
        let mut captured = Captured::default();
        for mut reader in self.readers {
            let read = tokio::select! {
                read = &mut reader => read,
                () = tokio::time::sleep(DRAIN) => {
                    let _ = self.drained.send(true);
                    reader.await
                }
            };
            let read = read.unwrap_or_default();
            captured.bytes.extend(read.bytes);
            captured.is_cut |= read.is_cut;
        }
        let mut notes = Vec::new();
        if !leftovers.is_empty() {
            notes.push(format!("ended what the task left running: {}", leftovers.join(", ")));
        }
        match self.log.finish() {
            Ok(0) => {}
            Ok(bytes) => notes.push(format!("{bytes} bytes of output were left out of the log")),
            Err(error) => notes.push(format!("the log is not whole: {error}")),
        }
        for note in &notes {
            let _ = self.log.append(format!("[wavec: {note}]\n").as_bytes());
        }
        let mut is_silent = false;
        if notes.is_empty() && status == sys::Status::Exit(0) {
            is_silent = self.log.give_back(spool);
        } else if let Err(error) = self.log.name() {
            notes.push(format!("the log has no place: {error}"));
        }
        let status = match status {
            sys::Status::Exit(code) => JobStatus::Exit(code),
            sys::Status::Signal(signal) => JobStatus::Signal(signal),
        };
        JobEnd { status, stdout: captured.bytes, is_stdout_cut: captured.is_cut, is_silent, notes }
    }
}

/// Waits until the job is to be killed.
async fn killed(urgency: &mut watch::Receiver<Urgency>) {
    // Without a sender nobody can wait for the job any more; its leftovers are ended with the usual grace.
    if urgency.wait_for(|urgency| *urgency == Urgency::Kill).await.is_err() {
        std::future::pending().await
    }
}

/// How far a job has been told to end. In order.
#[derive(Clone, Copy)]
enum Stage {
    /// Left to itself.
    Left,
    /// SIGINT was sent; SIGTERM comes then.
    Interrupted(Instant),
    /// SIGTERM was sent; SIGKILL comes then.
    Terminated(Instant),
    /// SIGKILL was sent.
    Killed,
}

impl Stage {
    /// The stage that `wanted` asks for, if that is further.
    fn hurry(self, wanted: Urgency, graces: Graces, leader: u32) -> Stage {
        match (wanted, self) {
            (Urgency::Kill, Stage::Left | Stage::Interrupted(_) | Stage::Terminated(_)) => {
                let _ = sys::signal_group(leader, libc::SIGKILL);
                Stage::Killed
            }
            (Urgency::Cancel, Stage::Left) => {
                let _ = sys::signal_group(leader, libc::SIGINT);
                Stage::Interrupted(Instant::now() + graces.interrupt)
            }
            _ => self,
        }
    }

    /// Waits until the grace of this stage is over.
    async fn over(self) {
        match self {
            Stage::Interrupted(then) | Stage::Terminated(then) => tokio::time::sleep_until(then).await,
            Stage::Left | Stage::Killed => std::future::pending().await,
        }
    }

    /// The stage after this one's grace.
    fn next(self, graces: Graces, leader: u32) -> Stage {
        match self {
            Stage::Interrupted(_) => {
                let _ = sys::signal_group(leader, libc::SIGTERM);
                // One that is stopped does not see it before it goes on.
                let _ = sys::signal_group(leader, libc::SIGCONT);
                Stage::Terminated(Instant::now() + graces.terminate)
            }
            Stage::Left | Stage::Terminated(_) | Stage::Killed => {
                let _ = sys::signal_group(leader, libc::SIGKILL);
                Stage::Killed
            }
        }
    }
}

/// Reads a pipe to its end, or until nobody waits for more: masked into the log, and kept where that is asked for.
async fn read(
    mut pipe: pipe::Receiver,
    mut file: std::fs::File,
    mut masker: Masker,
    is_captured: bool,
    mut lines: Lines,
    mut is_drained: watch::Receiver<bool>,
) -> Captured {
    use std::io::Write;
    let mut captured = Captured::default();
    let mut buffer = vec![0; 64 * 1024];
    let mut is_end = false;
    while !is_end {
        let count = tokio::select! {
            count = pipe.read(&mut buffer) => count.unwrap_or(0),
            _ = is_drained.wait_for(|is_drained| *is_drained) => 0,
        };
        is_end = count == 0;
        let bytes = if is_end { masker.finish() } else { masker.push(&buffer[..count]) };
        // A full disk must not stop the job: its output is then lost, as if it wrote the log itself.
        let _ = file.write_all(&bytes);
        lines.push(&bytes);
        if is_captured {
            let room = CAPTURE_LIMIT - captured.bytes.len();
            captured.is_cut |= bytes.len() > room;
            captured.bytes.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
    }
    captured
}
