//! Waiting for one job: forwarding the wish to end it, and ending it when its time is over.
//!
//! Knows neither tasks nor criteria.

use crate::backend::{Execution, JobEnd, JobEvent, JobStatus, Urgency};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// How a job that was waited for came out.
pub struct Attended {
    /// How it ended.
    pub end: JobEnd,
    /// Whether it was ended because its time was over.
    pub is_timed_out: bool,
}

/// How often the system is asked for news before a job counts as too late: one that ended in time while wavec itself stood
/// still (SIGSTOP, a busy machine) is only heard of now.
const LOOKS: u32 = 16;

/// Waits for the end of a job. Says when it runs.
pub async fn attend(
    mut execution: Execution,
    mut cancel: watch::Receiver<Urgency>,
    within: Option<Duration>,
    on_running: impl FnOnce(Option<u32>),
) -> Attended {
    let deadline = within.and_then(|within| Instant::now().checked_add(within));
    let mut on_running = Some(on_running);
    let mut is_timed_out = false;
    let mut looks = 0;
    let mut is_watched = true;
    execution.cancel(*cancel.borrow_and_update());
    loop {
        tokio::select! {
            biased;
            event = execution.events.recv() => match event {
                Some(JobEvent::Running { pid }) => {
                    if let Some(on_running) = on_running.take() {
                        on_running(pid);
                    }
                }
                Some(JobEvent::Ended(end)) => return Attended { end, is_timed_out },
                None => return Attended { end: vanished(), is_timed_out },
            },
            changed = cancel.changed(), if is_watched => {
                is_watched = changed.is_ok();
                // Without a dispatcher nobody wants it any more.
                execution.cancel(if is_watched { *cancel.borrow() } else { Urgency::Kill });
            }
            () = tokio::time::sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() && !is_timed_out => {
                if looks < LOOKS {
                    looks += 1;
                    tokio::task::yield_now().await;
                    continue;
                }
                is_timed_out = true;
                execution.cancel(Urgency::Cancel);
            }
        }
    }
}

/// A job whose backend is gone, as at the end of a runtime.
fn vanished() -> JobEnd {
    JobEnd {
        status: JobStatus::CouldNotStart("the backend is gone".into()),
        stdout: Vec::new(),
        is_stdout_cut: false,
        is_silent: false,
        notes: Vec::new(),
    }
}
