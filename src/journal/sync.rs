//! The sync that follows a written batch within 20 ms, on a thread of its own, so that no task waits for the disk.
//!
//! It syncs the write-ahead log by a handle of its own. SQLite's locks are on other files, so this handle
//! disturbs none.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a written batch may wait for its sync.
const DELAY: Duration = Duration::from_millis(20);

/// What of it is left to the disk.
const LEFT: Duration = Duration::from_millis(5);

/// The thread. Dropped, it syncs a last time and ends.
pub struct Syncer {
    written: Option<Sender<()>>,
    /// Whether anything was written after the last sync.
    is_pending: Arc<AtomicBool>,
    /// Whether nothing more will be written.
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    trouble: Arc<Mutex<Option<io::Error>>>,
}

impl Syncer {
    /// Starts it for the database's write-ahead log, which must be there.
    pub fn start(database: &Path) -> io::Result<Syncer> {
        let mut name = database.as_os_str().to_owned();
        name.push("-wal");
        let log = File::open(name)?;
        let trouble = Arc::new(Mutex::new(None));
        let (written, batches) = mpsc::channel::<()>();
        let is_pending = Arc::new(AtomicBool::new(false));
        let is_over = Arc::new(AtomicBool::new(false));
        let thread = std::thread::Builder::new().name("wavec-sync".into()).spawn({
            let (trouble, is_pending, is_over) =
                (Arc::clone(&trouble), Arc::clone(&is_pending), Arc::clone(&is_over));
            move || {
                while batches.recv().is_ok() {
                    // Whatever comes meanwhile is in the same sync. A sender may have left a token that ends one rest early.
                    let begin = Instant::now();
                    let rest = DELAY - LEFT;
                    while begin.elapsed() < rest && !is_over.load(Ordering::Acquire) {
                        std::thread::park_timeout(rest.saturating_sub(begin.elapsed()));
                    }
                    while batches.try_recv().is_ok() {}
                    if is_pending.swap(false, Ordering::AcqRel)
                        && let Err(error) = log.sync_data()
                    {
                        *trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    }
                }
            }
        })?;
        Ok(Syncer { written: Some(written), is_pending, is_over, thread: Some(thread), trouble })
    }

    /// A batch was written. Fails if an earlier sync did.
    pub fn written(&self) -> io::Result<()> {
        if let Some(error) = self.trouble.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(error);
        }
        self.is_pending.store(true, Ordering::Release);
        if let Some(written) = &self.written {
            // The thread only ends when this end is dropped.
            let _ = written.send(());
        }
        Ok(())
    }

    /// All that was written is on disk by another's doing.
    pub fn synced(&self) {
        self.is_pending.store(false, Ordering::Release);
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
