//! The threads that start processes and wait for them.
//!
//! Who starts a process stands still until that executes its program; on threads of their own nobody else does meanwhile.
//! Each has its own runtime, so a process that ends wakes the thread that follows it up. Knows nothing of jobs.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::mpsc::{self, UnboundedSender};

/// What a hand is given to do.
type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The threads. They are there once there is something to do. Dropped, they drop what they do, and end.
#[derive(Debug, Default)]
pub struct Hands(OnceLock<Vec<Hand>>);

#[derive(Debug)]
struct Hand {
    work: Option<UnboundedSender<Work>>,
    /// How much it has to do.
    load: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl Hands {
    /// Has it done by whoever has the least to do; by the caller's own runtime where the system has no thread to give.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let hands = self.0.get_or_init(|| {
            let cores = std::thread::available_parallelism().map_or(2, usize::from);
            (0..cores.min(4)).map_while(|_| Hand::start()).collect()
        });
        let Some(hand) = hands.iter().min_by_key(|hand| hand.load.load(Ordering::Relaxed)) else {
            tokio::spawn(work);
            return;
        };
        hand.load.fetch_add(1, Ordering::Relaxed);
        let done = Done(Arc::clone(&hand.load));
        let work = async move {
            let _done = done;
            work.await;
        };
        if let Some(sender) = &hand.work {
            // The thread listens until this end is dropped.
            let _ = sender.send(Box::pin(work));
        }
    }
}

/// Counts work as done once it is, or is dropped.
struct Done(Arc<AtomicUsize>);

impl Drop for Done {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Hand {
    fn start() -> Option<Hand> {
        let (sender, mut work) = mpsc::unbounded_channel::<Work>();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            // As in the main runtime: one thread is there for what may take long also when no further one can be had.
            .thread_keep_alive(Duration::from_secs(24 * 3600))
            .build()
            .ok()?;
        let thread = std::thread::Builder::new().name("wavec-hand".into()).spawn(move || {
            runtime.block_on(async {
                let _ = tokio::task::spawn_blocking(|| ()).await;
                while let Some(work) = work.recv().await {
                    tokio::spawn(work);
                }
            });
        });
        Some(Hand { work: Some(sender), load: Arc::default(), thread: Some(thread.ok()?) })
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        drop(self.work.take());
        if let Some(thread) = self.thread.take() {
            // A panic there has been told by its own message.
            let _ = thread.join();
        }
    }
}
