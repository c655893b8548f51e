//! The threads that analyse, one text at a time, always the newest.
//!
//! A mistake of wavec's own in one analysis is told and ends no more than that analysis.

use super::documents::Overlay;
use super::server::Event;
use crate::check::Purpose;
use crate::compile::Options;
use crate::ide::{self, Analysis};
use crossbeam_channel::{Receiver, Sender};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How much is to be found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Names, shapes and values.
    Names,
    /// The proofs too.
    Proofs,
}

/// A text to be analysed.
pub struct Job {
    /// Where it is.
    pub path: PathBuf,
    /// The state of all documents that it was taken from.
    pub revision: u64,
    /// How much is to be found out.
    pub depth: Depth,
    /// What is around.
    pub overlay: Overlay,
}

/// What came of a job.
pub struct Done {
    /// As in the job.
    pub path: PathBuf,
    /// As in the job.
    pub revision: u64,
    /// As in the job.
    pub depth: Depth,
    /// What was found; or what went wrong in wavec itself.
    pub analysis: Result<Arc<Analysis>, String>,
    /// How long it took.
    pub took: Duration,
}

/// Analyses until nobody asks any more.
pub fn work(jobs: &Receiver<Job>, events: &Sender<Event>) {
    for job in jobs {
        let start = Instant::now();
        let analysis = catch_unwind(AssertUnwindSafe(|| Arc::new(analyze(&job))));
        let analysis = analysis.map_err(|panic| told(&*panic));
        let Job { path, revision, depth, .. } = job;
        let done = Done { path, revision, depth, analysis, took: start.elapsed() };
        if events.send(Event::Done(done)).is_err() {
            return;
        }
    }
}

fn analyze(job: &Job) -> Analysis {
    let documents = &job.overlay.documents;
    let text = match documents.get(&job.path) {
        Some(document) => document.source.text().to_owned(),
        None => crate::check::Loader::read(&job.overlay, &job.path).unwrap_or_default(),
    };
    analyze_text(&job.overlay, &job.path, &text, job.depth)
}

/// Analyses a text as the project around it says.
pub fn analyze_text(overlay: &Overlay, path: &std::path::Path, text: &str, depth: Depth) -> Analysis {
    let directory = path.parent().unwrap_or(std::path::Path::new("."));
    // Settings that cannot be read are for the command line to tell; here they leave all as it is.
    let levels = overlay.world.levels(directory).unwrap_or_default();
    let options = Options { purpose: Purpose::Check, levels, ..Options::default() };
    match depth {
        Depth::Names => ide::analyze_names(path, text, overlay, &options),
        Depth::Proofs => {
            let analysis = ide::analyze(path, text, overlay, &options);
            if let Some(planned) = &analysis.planned {
                // Made here, so that no answer waits for it.
                planned.forecast();
            }
            analysis
        }
    }
}

/// What a panic says.
pub fn told(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a mistake in wavec").to_owned()
}
