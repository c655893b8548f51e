//! What the allocator gives back to the system, and when: later than in a program that ends soon.
//!
//! Each key frees what the one before has made and makes as much again. Given back to the system in between, it would have to be
//! cleared page by page: a fifth of the time of a key in a large plan.

#![expect(unsafe_code, reason = "the allocator's options are a C interface")]

use mimalloc as _;
use std::ffi::{c_int, c_long};

unsafe extern "C" {
    fn mi_option_set(option: c_int, value: c_long);
}

/// `mi_option_purge_delay`: for how many milliseconds what is free is kept.
const PURGE_DELAY: c_int = 15;

/// A minute: as long as a pause in one's typing.
const KEPT: c_long = 60_000;

/// Keeps what is free for a while.
pub fn keep() {
    // SAFETY: sets a number that is read as a whole, in a table that is there before the first allocation.
    unsafe { mi_option_set(PURGE_DELAY, KEPT) }
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
            assert_eq!(read(), 1000, "its value when nobody has set it");
        }
        keep();
        assert_eq!(read(), KEPT);
    }
}
