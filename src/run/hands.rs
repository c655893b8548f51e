//! The threads that carry work out: each starts processes, follows them to their end, and takes the dispatcher's turn with
//! what came of it.
//!
//! Who starts a process stands still until that executes its program; on threads of their own nobody else does meanwhile.
//! Each has its own runtime, so a process that ends wakes the thread that follows it up, and no other. Knows nothing of a run.

use super::desk::Line;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// The threads. Dropped, they drop what they do, and end.
pub struct Hands(Vec<Hand>);

/// One of them.
pub struct Hand {
    /// Where it is given work.
    pub runtime: Handle,
    /// Where what comes of the work is told.
    pub line: Line,
    /// How much it has to do.
    load: Arc<AtomicUsize>,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Counts a piece of work as done once it is dropped.
pub struct Busy(Arc<AtomicUsize>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Hands {
    /// So many, or as many as the system has threads to give. Each does what `listen` gives for its place and its line.
    pub fn start<L>(count: usize, listen: impl Fn(usize, Line) -> L) -> Hands
    where
        L: Future<Output = ()> + Send + 'static,
    {
        // All begin before one is waited for.
        let begun: Vec<_> = (0..count).map_while(|place| Hand::start(|line| listen(place, line))).collect();
        let ready = begun.into_iter().map_while(|(hand, is_ready)| is_ready.recv().ok().map(|()| hand));
        Hands(ready.collect())
    }

    /// Who has the least to do; of equals the one at that place.
    pub fn least(&self, place: Option<usize>) -> Option<&Hand> {
        let load = |hand: &Hand| hand.load.load(Ordering::Relaxed);
        let least = self.0.iter().min_by_key(|hand| load(hand))?;
        Some(
            place.and_then(|place| self.0.get(place)).filter(|own| load(own) <= load(least)).unwrap_or(least),
        )
    }
}

impl Drop for Hands {
    fn drop(&mut self) {
        // All are told before one is waited for.
        for hand in &mut self.0 {
            drop(hand.end.take());
        }
    }
}

impl Hand {
    /// A hand, and what says that it is ready, or by its end that it will never be.
    fn start<L: Future<Output = ()> + Send + 'static>(
        listen: impl FnOnce(Line) -> L,
    ) -> Option<(Hand, Receiver<()>)> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            // As in the main runtime: one thread is there for what may take long also when no further one can be had.
            .thread_keep_alive(Duration::from_secs(24 * 3600))
            .build()
            .ok()?;
        let handle = runtime.handle().clone();
        let line = Line::default();
        let listening = listen(line.clone());
        let (end, is_over) = oneshot::channel::<()>();
        let (ready, is_ready) = mpsc::channel::<()>();
        let thread = std::thread::Builder::new().name("wavec-hand".into()).spawn(move || {
            // One that can have no helper is none: tokio panics where it needs one and there is none to be had.
            if std::thread::Builder::new().spawn(|| ()).is_err() {
                return;
            }
            runtime.block_on(async {
                let _ = tokio::task::spawn_blocking(|| ()).await;
                tokio::spawn(listening);
                let _ = ready.send(());
                let _ = is_over.await;
            });
        });
        let thread = Some(thread.ok()?);
        Some((Hand { runtime: handle, line, load: Arc::default(), end: Some(end), thread }, is_ready))
    }

    /// It has one more thing to do, until what this gives is dropped.
    pub fn busy(&self) -> Busy {
        self.load.fetch_add(1, Ordering::Relaxed);
        Busy(Arc::clone(&self.load))
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // A panic there has been told by its own message.
            let _ = thread.join();
        }
    }
}
