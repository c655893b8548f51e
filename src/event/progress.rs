//! The state of a run, as a fold over its events: what resume starts from and what reports show.
//!
//! The same fold serves the live view, `show`, `why` and resume, so that none can believe what another does not.
