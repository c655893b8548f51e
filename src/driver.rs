//! How each agent is called and its output read.
//!
//! Knows nothing of where a command runs: that is `backend`.
