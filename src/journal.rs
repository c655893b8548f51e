//! The durable record of runs: append, replay. SQLite.
//!
//! Knows events, not how they come about nor how they are shown.
