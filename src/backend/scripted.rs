//! A fake for tests: jobs that take as long, end and print as a table says. With tokio's time paused, a run of hours
//! passes at once.

use super::{Backend, CAPTURE_LIMIT, Execution, Job, JobEnd, JobEvent, JobStatus, Pending, Urgency, mask};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// What a job does.
#[derive(Clone, Debug)]
pub struct Script {
    /// How long it runs.
    pub takes: Duration,
    /// How it ends.
    pub status: JobStatus,
    /// What it prints on standard output.
    pub stdout: String,
    /// Files that it writes when it ends, with their text; in its directory, or by a variable: `$WAVEC_RESULT_FILE`.
    pub writes: Vec<(String, String)>,
    /// Whether it ends only when killed.
    pub is_stubborn: bool,
}

impl Default for Script {
    fn default() -> Script {
        Script {
            takes: Duration::from_secs(1),
            status: JobStatus::Exit(0),
            stdout: String::new(),
            writes: Vec::new(),
            is_stubborn: false,
        }
    }
}

/// The table, by the job's label. A job that is not in it takes one second and ends well.
#[derive(Clone, Debug, Default)]
pub struct Scripted {
    scripts: BTreeMap<String, Script>,
}

impl Scripted {
    /// A backend with this table.
    pub fn new(scripts: impl IntoIterator<Item = (String, Script)>) -> Scripted {
        Scripted { scripts: scripts.into_iter().collect() }
    }
}

impl Backend for Scripted {
    fn start(&self, job: Job) -> Execution {
        let (sender, events) = mpsc::unbounded_channel();
        let (cancel, mut urgency) = watch::channel(Urgency::None);
        let script = self.scripts.get(&job.label).cloned().unwrap_or_default();
        tokio::spawn(async move {
            if !matches!(script.status, JobStatus::CouldNotStart(_)) {
                let _ = sender.send(JobEvent::Running { pid: None });
            }
            let least = if script.is_stubborn { Urgency::Kill } else { Urgency::Cancel };
            let status = tokio::select! {
                () = tokio::time::sleep(script.takes) => script.status.clone(),
                _ = urgency.wait_for(|urgency| *urgency >= least) => JobStatus::Signal(if script.is_stubborn { 9 } else { 2 }),
            };
            let mut stdout = mask::mask(&script.stdout, &job.secrets);
            let is_whole = matches!(status, JobStatus::Exit(_));
            let mut notes = Vec::new();
            if is_whole {
                notes.extend(write(&job, &script, &stdout).err().map(|error| error.to_string()));
            }
            stdout.truncate(CAPTURE_LIMIT);
            let stdout = if job.captures_stdout { stdout.into_bytes() } else { Vec::new() };
            let _ = sender.send(JobEvent::Ended(JobEnd {
                status,
                stdout,
                is_stdout_cut: false,
                is_silent: false,
                notes,
            }));
        });
        Execution { events, cancel }
    }

    fn end_leftovers(&self, _mark_prefix: String) -> Pending<'_, Vec<String>> {
        Box::pin(async { Vec::new() })
    }

    fn end_escaped(&self, _mark_prefix: String) -> Pending<'_, Vec<String>> {
        Box::pin(async { Vec::new() })
    }
}

/// Writes the log and the files of a script.
fn write(job: &Job, script: &Script, stdout: &str) -> std::io::Result<()> {
    if let Some(directory) = job.log.parent() {
        std::fs::create_dir_all(directory)?;
    }
    std::fs::write(&job.log, stdout)?;
    for (name, text) in &script.writes {
        let variable = name.strip_prefix('$');
        let value =
            variable.and_then(|variable| job.environment.get(variable)).map(std::ffi::OsStr::to_owned);
        let path = job.directory.join(value.unwrap_or_else(|| name.into()));
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory)?;
        }
        std::fs::write(path, text)?;
    }
    Ok(())
}
