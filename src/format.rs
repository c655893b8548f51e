//! The one canonical layout of a plan: idempotent, keeps every comment.
//!
//! Knows how statements look, not what they mean.
