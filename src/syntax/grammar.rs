//! The parser that pest makes of `grammar/wave.pest`, and its rules in words.
//!
//! Knows the grammar's rules; not what a tree looks like.

mod generated {
    /// The parser of `grammar/wave.pest`.
    #[derive(pest_derive::Parser)]
    #[grammar = "../grammar/wave.pest"]
    pub struct WaveParser;
}

pub use generated::{Rule, WaveParser};
