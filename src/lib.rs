//! wavec: the compiler and interpreter for `.wave`, a language for plans that many workers carry out at once.
//!
//! The rooms and their floors stand in `docs/architecture.md`; `tests/tidy.rs` holds them.

// What pest's derive names, as pest is built without `std` (see docs/architecture.md).
extern crate alloc;

pub mod backend;
pub mod check;
pub mod cli;
pub mod compile;
pub mod crash;
pub mod diagnostic;
pub mod driver;
pub mod error;
pub mod event;
pub mod format;
pub mod glob;
pub mod ide;
pub mod journal;
pub mod lsp;
pub mod memory;
pub mod plan;
pub mod prove;
pub mod report;
pub mod run;
pub mod schedule;
pub mod section;
pub mod shell;
pub mod source;
pub mod syntax;
pub mod workspace;
