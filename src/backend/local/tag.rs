//! Whose descendant a process is, told by a sign that it cannot lose by accident: neither a new session, nor an emptied
//! environment, nor the end of its parents takes it away.
//!
//! The sign is the soft limit on file locks. Linux hands it on to every child and shows it, and has not applied it to anything
//! since 2.4.25 (`getrlimit(2)`). Knows numbers, and no process.

use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;

/// Begins each tag: `wa`.
const MAGIC: u64 = 0x7761;

/// Process ids are below `1 << ID_BITS` (`PID_MAX_LIMIT` of the system).
const ID_BITS: u32 = 22;

/// So many bits tell one wavec from another.
const OWN_BITS: u32 = 24;

/// What a job's first process adds its id to, to have its tag.
pub fn base() -> u64 {
    static BASE: OnceLock<u64> = OnceLock::new();
    *BASE.get_or_init(|| {
        let own = RandomState::new().hash_one(std::process::id()) & ((1 << OWN_BITS) - 1);
        ((MAGIC << OWN_BITS) | own) << ID_BITS
    })
}

/// The first process of the job that a tag tells of, if this wavec started it.
pub fn leader(tag: u64) -> Option<u32> {
    let id = tag.checked_sub(base())?;
    (id < 1 << ID_BITS).then_some(id as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_tells_its_job_and_no_other_number_does() {
        for id in [2, 4_194_303] {
            assert_eq!(leader(base() + id), Some(id as u32));
        }
        for other in [0, 1024, base() - 1, base() + (1 << ID_BITS), u64::MAX, u64::MAX >> 1] {
            assert_eq!(leader(other), None, "{other:#x}");
        }
    }
}
