//! Events and plans to what people and tools read: terminal, lines, JSON, graphs.
//!
//! A fold over events; decides nothing.
