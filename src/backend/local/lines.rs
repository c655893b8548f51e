//! The lines of a job's output, told as they come.
//!
//! Knows nothing of what they mean.

use tokio::sync::mpsc::UnboundedSender;

/// A line longer than this is passed over.
const LONGEST: usize = 1 << 20;

/// What has come since the last whole line, and who wants to know.
pub struct Lines {
    told: Option<UnboundedSender<String>>,
    partial: Vec<u8>,
}

impl Lines {
    /// Tells `told`, or nobody.
    pub fn new(told: Option<UnboundedSender<String>>) -> Lines {
        Lines { told, partial: Vec::new() }
    }

    /// More has come.
    pub fn push(&mut self, bytes: &[u8]) {
        let Some(told) = &self.told else { return };
        self.partial.extend_from_slice(bytes);
        while let Some(end) = memchr::memchr(b'\n', &self.partial) {
            let line = String::from_utf8_lossy(&self.partial[..end]).into_owned();
            self.partial.drain(..=end);
            if told.send(line).is_err() {
                // Nobody wants to know any more.
                *self = Lines::new(None);
                return;
            }
        }
        if self.partial.len() > LONGEST {
            self.partial.clear();
        }
    }
}
