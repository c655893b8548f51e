//! The threads that analyse, each one text at a time, always the newest.
//!
//! An analysis tells names, shapes and values first and proofs when it has them; one whose text has changed in the meantime is
//! given up. A mistake of wavec's own in one analysis is told and ends no more than that analysis.

use super::documents::Overlay;
use super::server::Event;
use crate::check::{Loader, Purpose};
use crate::compile::Options;
use crate::ide::{self, Analysis, Stage};
use crate::source::SourceFile;
use crossbeam_channel::{Receiver, Sender};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How much has been found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// What is wrong with names, shapes and values; not yet which name stands where.
    Mistakes,
    /// Names, shapes and values.
    Names,
    /// The proofs too.
    Proofs,
}

/// A text to be analysed.
pub struct Job {
    /// Which thread does it.
    pub worker: usize,
    /// Where it is.
    pub path: PathBuf,
    /// The state of all documents that it was taken from.
    pub revision: u64,
    /// Whether names are told before there are proofs.
    pub is_staged: bool,
    /// What is around; and whether all this is still wanted.
    pub overlay: Overlay,
}

/// What came of a job, or of its first part.
pub struct Done {
    /// As in the job.
    pub worker: usize,
    /// As in the job.
    pub path: PathBuf,
    /// As in the job.
    pub revision: u64,
    /// How much was found out.
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
        let done = |depth, analysis| Done {
            worker: job.worker,
            path: job.path.clone(),
            revision: job.revision,
            depth,
            analysis,
            took: start.elapsed(),
        };
        let names = |stage, analysis| {
            let depth = match stage {
                Stage::Found => Depth::Mistakes,
                Stage::Indexed => Depth::Names,
            };
            // The server lives as long as its threads.
            let _ = events.send(Event::Done(done(depth, Ok(Arc::new(analysis)))));
        };
        let analysis = catch_unwind(AssertUnwindSafe(|| Arc::new(analyze(&job, names))));
        let analysis = analysis.map_err(|panic| told(&*panic));
        if events.send(Event::Done(done(Depth::Proofs, analysis))).is_err() {
            return;
        }
    }
}

fn analyze(job: &Job, names: impl FnMut(Stage, Analysis)) -> Analysis {
    let Job { overlay, path, .. } = job;
    let source = match overlay.documents.get(path) {
        Some(document) => document.source.clone(),
        None => SourceFile::new(path, overlay.read(path).unwrap_or_default()),
    };
    let options = options(overlay, path);
    let analysis = match job.is_staged {
        true => ide::analyze_in_stages(source, overlay, &options, names),
        false => ide::analyze_in_stages(source, overlay, &options, |_, _| {}),
    };
    if let Some(planned) = &analysis.planned
        && !overlay.is_stale()
    {
        // Made here, so that no answer waits for it.
        planned.forecast();
    }
    analysis
}

/// Analyses the names of a text as the project around it says.
pub fn analyze_names(overlay: &Overlay, path: &Path, text: &str) -> Analysis {
    ide::analyze_names(path, text, overlay, &options(overlay, path))
}

fn options(overlay: &Overlay, path: &Path) -> Options {
    let directory = path.parent().unwrap_or(Path::new("."));
    // Settings that cannot be read are for the command line to tell; here they leave all as it is.
    let levels = overlay.world.levels(directory).unwrap_or_default();
    Options { purpose: Purpose::Check, levels, ..Options::default() }
}

/// What a panic says.
pub fn told(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a mistake in wavec").to_owned()
}
