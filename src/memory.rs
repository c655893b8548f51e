//! What the allocator gives back to the system, and when.
//!
//! Each stage of the compiler frees what the one before has made and makes as much again, and so does each key in an editor. Given
//! back to the system in between, it would have to be cleared page by page: a fifth of the time of a key in a large plan, and of a
//! `wavec check` of one.

#![expect(unsafe_code, reason = "the allocator's options are a C interface")]

use mimalloc as _;
use std::ffi::{c_int, c_long};
use std::time::Duration;

unsafe extern "C" {
    fn mi_option_set(option: c_int, value: c_long);
    fn mi_collect(is_forced: bool);
}

/// `mi_option_purge_delay`: for how many milliseconds what is free is kept.
const PURGE_DELAY: c_int = 15;

/// A minute: as long as a pause in one's typing.
pub const AT_A_DESK: Duration = Duration::from_secs(60);

/// A second: longer than the compiler takes for most plans.
pub const FOR_A_COMMAND: Duration = Duration::from_secs(1);

/// Gives back what is free.
pub fn give_back() {
    // SAFETY: takes nothing, and leaves what is in use as it is.
    unsafe { mi_collect(true) }
}

/// Gives nothing back any more. For a program that ends: what it has goes back at once then, and not piece by piece first.
pub fn keep_all() {
    // SAFETY: as below.
    unsafe { mi_option_set(PURGE_DELAY, -1) }
}

/// Keeps what is free for so long.
pub fn keep(time: Duration) {
    let milliseconds = c_long::try_from(time.as_millis()).unwrap_or(c_long::MAX);
    // SAFETY: sets a number that is read as a whole, in a table that is there before the first allocation.
    unsafe { mi_option_set(PURGE_DELAY, milliseconds) }
}

#[cfg(test)]
mod tests {
    use super::*;

    unsafe extern "C" {
        fn mi_option_get(option: c_int) -> c_long;
    }

    #[test]
    fn the_option_is_the_one_that_is_meant() {
        // SAFETY: reads a number of that table.
        let read = || unsafe { mi_option_get(PURGE_DELAY) };
        if std::env::var_os("MIMALLOC_PURGE_DELAY").is_none() {
            assert_eq!(read(), 10, "its value when nobody has set it");
        }
        keep(AT_A_DESK);
        assert_eq!(read(), 60_000);
    }
}
