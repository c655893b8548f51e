//! The `qwen` driver (`@qwen-code/qwen-code`), headless. Its lines are as those of `claude`.
//!
//! The trap that it knows: an error of the service ends with code 0 and no `is_error`, as a text that begins with `[API Error`.

use super::{Call, Invocation};

/// The program, and how it is had.
pub const PROGRAM: (&str, &str) = ("qwen", "npm install -g @qwen-code/qwen-code");

pub use super::claude::read;

pub fn invoke(call: &Call<'_>) -> Invocation {
    super::gemini::headless("qwen", call, "")
}
