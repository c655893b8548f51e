//! The `qwen` driver (`@qwen-code/qwen-code`), headless. Its lines are as those of `claude`.
//!
//! The traps that it knows: in a session that goes on it tells what all of it has spent; an error of the service ends with code 0 and no `is_error`, as a text that begins with `[API Error`.

use super::gemini::headless;
use super::{Call, Invocation};

/// The program, and how it is had.
pub const PROGRAM: (&str, &str) = ("qwen", "npm install -g @qwen-code/qwen-code");

pub use super::claude::read;

pub fn invoke(call: &Call<'_>) -> Invocation {
    let mut invocation = headless("qwen", call, "", false);
    let mut add = |more: &[&str]| invocation.words.extend(more.iter().map(|word| (*word).to_owned()));
    if let Some(role) = call.role {
        add(&["--append-system-prompt", &role.text]);
    }
    for tool in &call.agent.deny {
        add(&["--exclude-tools", tool]);
    }
    invocation
}
