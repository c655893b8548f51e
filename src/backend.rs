//! Where a command runs: this machine, or a scripted fake.
//!
//! Knows nothing of agents: that is `driver`.
