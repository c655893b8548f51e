//! Path patterns as automata: match, intersect, and a shortest path that two patterns share.
//!
//! Knows nothing of plans, tasks or the disk.
