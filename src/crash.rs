//! Places where a test may have wavec die, as by `kill -9`: after each write of the journal, around each spawn.
//!
//! `WAVEC_CRASH=17` dies at the 17th place that is passed, `WAVEC_CRASH=spawned:2` at the second of that name. Only in
//! builds with debug assertions; in a release nothing of it is left. Knows nothing of what happens at the places.

/// A place. Each name stands for one; `docs/journal.md` says what is true when wavec dies there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A batch is decided on, and nothing of it is written.
    Writing,
    /// Half of a batch is written.
    Torn,
    /// A batch is written, and nothing has followed from it.
    Written,
    /// A batch that asks for it is on disk.
    Synced,
    /// The starting of a command is journalled, its process is not there yet.
    Spawning,
    /// Its process is there, and nobody knows.
    Spawned,
    /// Its process has ended, and nobody knows.
    Ended,
    /// Its leftovers are gone and it is reaped, and nothing of that is journalled.
    Reaped,
    /// A person's answer is about to be written.
    Answering,
    /// A person's answer is written.
    Answered,
    /// An answer is marked as taken in, and the entry that says so is not written.
    Taken,
}

/// Dies here, if a test wants it.
#[inline]
pub fn point(place: Place) {
    #[cfg(debug_assertions)]
    wanted::point(place);
    #[cfg(not(debug_assertions))]
    let _ = place;
}

/// Whether a test wants a death somewhere.
#[inline]
pub fn is_wanted() -> bool {
    #[cfg(debug_assertions)]
    return wanted::wanted().is_some();
    #[cfg(not(debug_assertions))]
    false
}

#[cfg(debug_assertions)]
mod wanted {
    use super::Place;
    use rustix::process::{Signal, getpid, kill_process};
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// Which place, or any, and at which passage.
    static WANTED: OnceLock<Option<(String, u64)>> = OnceLock::new();
    static PASSED: AtomicU64 = AtomicU64::new(0);

    pub fn wanted() -> Option<&'static (String, u64)> {
        let wanted = WANTED.get_or_init(|| {
            let text = std::env::var("WAVEC_CRASH").ok()?;
            let (name, count) = text.split_once(':').unwrap_or(("", &text));
            Some((name.to_owned(), count.parse().ok()?))
        });
        wanted.as_ref()
    }

    pub fn point(place: Place) {
        let Some((name, count)) = wanted() else { return };
        let is_it = name.is_empty() || format!("{place:?}").eq_ignore_ascii_case(name);
        if is_it && PASSED.fetch_add(1, Ordering::Relaxed) + 1 == *count {
            // It cannot fail, and nothing after it happens.
            let _ = kill_process(getpid(), Signal::KILL);
            loop {
                std::thread::park();
            }
        }
    }
}
