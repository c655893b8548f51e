//! Text to tree: the grammar, the parser, the recovery from what is no plan.
//!
//! [`parse`] never fails: it gives a tree *and* diagnostics. It knows how statements look, not what names mean.

pub mod ast;
