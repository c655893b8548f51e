//! What names mean: the ordered passes from tree to resolved `Model`.
//!
//! Does no I/O: `use`d files and agent definitions come through a `Loader`.
