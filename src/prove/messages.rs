//! What the proofs say: one constructor a code.

pub(super) mod claims;
pub(super) mod criteria;
pub(super) mod files;
pub(super) mod time;
