//! The `gemini` driver (`@google/gemini-cli`), headless with `stream-json`.
//!
//! The traps that it knows: without a named model it makes more calls of its own; in its default mode the tools that write are hidden and
//! the turn ends as a success with nothing done, so that writing needs `yolo`; it ignores signals unless it may not relaunch.

use super::lines::{number, objects, text, trouble};
use super::{Answered, Call, Invocation, Reading};
use crate::event::{AttemptEnd, Usage};
use serde_json::Value;

/// The program, and how it is had.
pub const PROGRAM: (&str, &str) = ("gemini", "npm install -g @google/gemini-cli");

/// The model where the plan names none.
const MODEL: &str = "gemini-2.5-pro";

pub fn invoke(call: &Call<'_>) -> Invocation {
    let mut invocation = headless("gemini", call, MODEL, true);
    invocation.variables.push(("GEMINI_CLI_NO_RELAUNCH".into(), "true".into()));
    invocation
}

/// The call of `gemini` and of what descends from it.
/// The role stands before the prompt where there is no other place for it.
pub fn headless(program: &str, call: &Call<'_>, model: &str, is_told_role: bool) -> Invocation {
    let mode = if call.is_judge { "default" } else { "yolo" };
    let mut words: Vec<String> = [program, "-p"].map(str::to_owned).to_vec();
    words.push(if is_told_role { call.argument_with_role() } else { call.argument() });
    if let Some(session) = call.session {
        words.extend(["--resume".to_owned(), session.to_owned()]);
    }
    words.extend(["-o", "stream-json", "--approval-mode", mode].map(str::to_owned));
    let model = if call.agent.model.is_empty() { model } else { &call.agent.model };
    if !model.is_empty() {
        words.extend(["-m".to_owned(), model.to_owned()]);
    }
    Invocation { words, ..Invocation::default() }
}

pub fn read(answered: &Answered<'_>) -> Reading {
    let mut reading = Reading::default();
    let mut result: Option<Value> = None;
    for line in objects(answered.stdout) {
        match text(&line, "/type") {
            "init" => {
                reading.session = Some(text(&line, "/session_id").to_owned()).filter(|id| !id.is_empty())
            }
            "message" if text(&line, "/role") == "assistant" => {
                reading.text.push_str(text(&line, "/content"))
            }
            // What was said before a tool was used is not the final word.
            "tool_use" => reading.text.clear(),
            "result" => result = Some(line),
            _ => {}
        }
    }
    let Some(result) = result else {
        reading.end = match answered.code {
            Some(code) => trouble(&super::without_result(answered, code), None),
            None => AttemptEnd::Signal { signal: 0 },
        };
        return reading;
    };
    reading.usage = Usage {
        input_tokens: number(&result, "/stats/input_tokens"),
        output_tokens: number(&result, "/stats/output_tokens"),
        money: None,
    };
    reading.end = match (text(&result, "/status"), answered.code) {
        ("success", Some(0)) => AttemptEnd::Done,
        ("success", code) => AttemptEnd::Exit { code: code.unwrap_or(1) },
        _ => trouble(text(&result, "/error/message"), number(&result, "/error/code")),
    };
    reading
}
