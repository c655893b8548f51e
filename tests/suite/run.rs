//! The run: its backend with real processes, its criteria, and whole runs under paused time.

mod backend;
mod cases;
mod properties;
mod real;
mod shell;
mod simulated;
