//! What a plan proves or refutes about itself: files, order, time, cost, on the resolved `Plan`.
//!
//! Knows no syntax: its places come with the plan.
