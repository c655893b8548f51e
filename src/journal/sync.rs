//! The sync that follows a written batch within 20 ms, on a thread of its own, so that no task waits for the disk.

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a written batch may wait for its sync.
const DELAY: Duration = Duration::from_millis(20);

/// What of it is left to the disk.
const LEFT: Duration = Duration::from_millis(5);

/// How much of a file is written, and how much of it is on disk for sure: in bytes from its beginning.
#[derive(Default)]
pub struct Marks {
    written: AtomicU64,
    synced: AtomicU64,
}

impl Marks {
    /// It is written up to there.
    pub fn written(&self, end: u64) {
        self.written.store(end, Ordering::Release);
    }

    /// What was written behind that is gone again.
    pub fn cut(&self, end: u64) {
        self.written.store(end, Ordering::Release);
        self.synced.fetch_min(end, Ordering::AcqRel);
    }

    /// It is on disk up to there.
    pub fn is_synced(&self, end: u64) {
        self.synced.fetch_max(end, Ordering::AcqRel);
    }

    /// How far it is on disk.
    pub fn synced(&self) -> u64 {
        self.synced.load(Ordering::Acquire)
    }

    /// Up to where a sync would bring it, if one is needed.
    fn pending(&self) -> Option<u64> {
        let written = self.written.load(Ordering::Acquire);
        (written > self.synced()).then_some(written)
    }
}

/// The thread. Dropped, it syncs a last time and ends.
pub struct Syncer {
    written: Option<Sender<()>>,
    /// Whether nothing more will be written.
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    trouble: Arc<Mutex<Option<io::Error>>>,
}

impl Syncer {
    /// Starts it for a file.
    pub fn start(file: File, marks: Arc<Marks>) -> io::Result<Syncer> {
        let trouble = Arc::new(Mutex::new(None));
        let (written, batches) = mpsc::channel::<()>();
        let is_over = Arc::new(AtomicBool::new(false));
        let thread = std::thread::Builder::new().name("wavec-sync".into()).spawn({
            let (trouble, is_over) = (Arc::clone(&trouble), Arc::clone(&is_over));
            move || {
                while batches.recv().is_ok() {
                    // Whatever comes meanwhile is in the same sync. A sender may have left a token that ends one rest early.
                    let begin = Instant::now();
                    let rest = DELAY - LEFT;
                    while begin.elapsed() < rest && !is_over.load(Ordering::Acquire) {
                        std::thread::park_timeout(rest.saturating_sub(begin.elapsed()));
                    }
                    while batches.try_recv().is_ok() {}
                    let Some(end) = marks.pending() else { continue };
                    match file.sync_data() {
                        Ok(()) => marks.is_synced(end),
                        Err(error) => *trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(error),
                    }
                }
            }
        })?;
        Ok(Syncer { written: Some(written), is_over, thread: Some(thread), trouble })
    }

    /// Fails if a sync did.
    pub fn trouble(&self) -> io::Result<()> {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner).take();
        trouble.map_or(Ok(()), Err)
    }

    /// A batch was written.
    pub fn written(&self) {
        if let Some(written) = &self.written {
            // The thread only ends when this end is dropped.
            let _ = written.send(());
        }
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        drop(self.written.take());
        self.is_over.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A panic there has been told by its own message.
            let _ = thread.join();
        }
    }
}
