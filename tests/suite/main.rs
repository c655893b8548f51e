//! One integration binary: each module is a room or a promise, each case a file under `tests/cases/`.

mod check;
mod cli;
mod docs;
mod examples;
mod format;
mod generate;
mod glob;
mod journal;
mod prove;
mod render;
mod report;
mod run;
mod schedule;
mod syntax;
