//! Where a command runs: this machine, or a scripted fake.
//!
//! One narrow interface: start, events, cancel, and ending what a dead wavec left behind. Knows nothing of agents
//! (that is `driver`), of plans' order or of criteria: a [`Job`] is words, an environment, a place and a log.

pub mod environment;
pub mod local;
pub mod mask;
pub mod scripted;

use environment::Environment;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// A command to be carried out.
#[derive(Clone, Debug)]
pub struct Job {
    /// What it is, for people and for scripts: `schema/1`, `schema/1/check-2`.
    pub label: String,
    /// What its processes are found by: each carries it in its environment as a word of `WAVEC_MARK`.
    pub mark: String,
    /// The program and its arguments.
    pub words: Vec<String>,
    /// Words that do the same without a shell, where their program is there; else `words` have the say.
    pub direct: Option<Vec<String>>,
    /// Its whole environment, but for `WAVEC_MARK`.
    pub environment: Environment,
    /// Where it starts.
    pub directory: PathBuf,
    /// Where its output goes, standard error included, as it comes. Made anew; not made for a job that prints nothing
    /// and ends well, where there is a `spool`.
    pub log: PathBuf,
    /// Where its log may stand until there is something in it.
    pub spool: Option<PathBuf>,
    /// Whether no earlier job can have had that log.
    pub is_log_new: bool,
    /// Whether what it prints on standard output is also handed back.
    pub captures_stdout: bool,
    /// Where the lines of its standard output go as they come, masked, where it is handed back too.
    pub lines: Option<mpsc::UnboundedSender<String>>,
    /// What is masked in its log and its captured output.
    pub secrets: Arc<[String]>,
    /// The only places where it may write, where the system can see to that; none is anywhere.
    pub writes: Option<Arc<[PathBuf]>>,
}

/// What happens to a job, in order: `Running` at most once, then `Ended` once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobEvent {
    /// Its process runs.
    Running {
        /// The process, and the leader of its session; none where there is no process.
        pid: Option<u32>,
    },
    /// It is over, and none of its processes is left.
    Ended(JobEnd),
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobEnd {
    /// How.
    pub status: JobStatus,
    /// What it printed on standard output, masked, where that was asked for.
    pub stdout: Vec<u8>,
    /// Whether it printed more than [`CAPTURE_LIMIT`]; the rest is only in the log.
    pub is_stdout_cut: bool,
    /// Whether there is no log, since it printed nothing.
    pub is_silent: bool,
    /// What else a person should know: processes left behind and ended, output cut. Also in the log.
    pub notes: Vec<String>,
}

/// The ways a job ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobStatus {
    /// With this code.
    Exit(i32),
    /// By this signal.
    Signal(i32),
    /// It never ran; why.
    CouldNotStart(String),
}

/// How urgently a job is to end. In order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Not at all.
    None,
    /// Asked first (SIGINT), then told (SIGTERM), then ended (SIGKILL), with a grace between.
    Cancel,
    /// At once (SIGKILL).
    Kill,
}

/// The most of a job's standard output that is handed back.
pub const CAPTURE_LIMIT: usize = 1 << 20;

/// A job that was started.
#[derive(Debug)]
pub struct Execution {
    /// What happens to it.
    pub events: mpsc::UnboundedReceiver<JobEvent>,
    /// Ends it; urgency only grows. Dropping it kills the job.
    pub cancel: watch::Sender<Urgency>,
}

impl Execution {
    /// Ends the job with this urgency, if it does not already end with a greater one.
    pub fn cancel(&self, urgency: Urgency) {
        raise(&self.cancel, urgency);
    }
}

/// Raises the urgency in `cancel`, never lowers it.
pub fn raise(cancel: &watch::Sender<Urgency>, urgency: Urgency) {
    cancel.send_if_modified(|now| {
        let is_raised = urgency > *now;
        *now = urgency.max(*now);
        is_raised
    });
}

/// How long a job has to end by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Graces {
    /// From SIGINT to SIGTERM.
    pub interrupt: Duration,
    /// From SIGTERM to SIGKILL.
    pub terminate: Duration,
    /// For what a job leaves behind after its end: from SIGTERM to SIGKILL.
    pub leftover: Duration,
}

impl Default for Graces {
    fn default() -> Graces {
        Graces {
            interrupt: Duration::from_secs(5),
            terminate: Duration::from_secs(5),
            leftover: Duration::from_secs(1),
        }
    }
}

/// A future that a trait object can give.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A place where jobs run. Called inside a tokio runtime.
pub trait Backend: Send + Sync {
    /// Starts a job. Never fails: what goes wrong is how the job ends.
    fn start(&self, job: Job) -> Execution;

    /// Ends whatever runs with a mark that starts so: what a wavec that died left behind. Gives what was ended,
    /// in words.
    fn end_leftovers(&self, mark_prefix: String) -> Pending<'_, Vec<String>>;

    /// Ends whatever escaped from its job (by leaving its session and clearing its environment) and was adopted by wavec. To
    /// be called when no job of the run runs any more; `mark_prefix` begins its marks. Gives what was ended, in words.
    fn end_escaped(&self, mark_prefix: String) -> Pending<'_, Vec<String>>;
}
