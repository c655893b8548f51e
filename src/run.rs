//! The dispatcher: one loop that carries out a plan, one closed message enum.
//!
//! It alone emits events. Knows no terminal and no SQLite: both are behind its sink.
