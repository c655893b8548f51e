//! The `claude` driver (`@anthropic-ai/claude-code`), headless with `stream-json`; and the reader of its lines, which `qwen` prints too.
//!
//! The traps that it knows: `subtype: success` beside `is_error: true`; a turn that was denied its tools and ends as a success; no
//! `result` line at all.

use super::lines::{money, number, objects, sum, text, trouble};
use super::{Answered, Call, Invocation, Reading};
use crate::event::{AttemptEnd, Usage};
use serde_json::{Value, json};

/// The program, and how it is had.
pub const PROGRAM: (&str, &str) = ("claude", "npm install -g @anthropic-ai/claude-code");

pub fn invoke(call: &Call<'_>) -> Invocation {
    let agent = call.agent;
    let mut words: Vec<String> = vec!["claude".into(), "-p".into(), call.argument()];
    let mut add = |more: &[&str]| words.extend(more.iter().map(|word| (*word).to_owned()));
    add(&["--output-format", "stream-json", "--verbose"]);
    let is_free = agent.allow.iter().any(|tool| tool == "*");
    let mode = match (call.is_judge, is_free) {
        (true, _) => "default",
        (false, true) => "bypassPermissions",
        (false, false) => "acceptEdits",
    };
    add(&["--permission-mode", mode]);
    let mut allowed: Vec<&str> = agent.allow.iter().map(String::as_str).filter(|tool| *tool != "*").collect();
    let mut denied: Vec<&str> = agent.deny.iter().map(String::as_str).collect();
    if call.is_judge {
        allowed.clear();
        denied.extend(["Write", "Edit", "NotebookEdit", "Bash"]);
        add(&["--json-schema", super::VERDICT_SCHEMA]);
    }
    if !allowed.is_empty() {
        add(&["--allowedTools", &allowed.join(",")]);
    }
    if !denied.is_empty() {
        add(&["--disallowedTools", &denied.join(",")]);
    }
    if !agent.model.is_empty() {
        add(&["--model", &agent.model]);
    }
    if let Some(session) = call.session {
        add(&["--resume", session]);
    }
    if let Some(role) = call.role {
        if role.is_definition {
            let mut own = json!({ "description": role.description, "prompt": role.text });
            if !agent.allow.is_empty() {
                own["tools"] = json!(agent.allow);
            }
            let agents = json!({ (agent.name.as_str()): own }).to_string();
            add(&["--agents", &agents, "--agent", &agent.name]);
        } else {
            add(&["--append-system-prompt", &role.text]);
        }
    }
    // An update in mid-run would change the program under the others.
    let variables = vec![("DISABLE_AUTOUPDATER".into(), "1".into())];
    Invocation { words, variables, files: Vec::new() }
}

pub fn read(answered: &Answered<'_>) -> Reading {
    let mut session = None;
    let mut result = None;
    for line in objects(answered.stdout) {
        if let Some(id) = line.get("session_id").and_then(Value::as_str) {
            session = Some(id.to_owned());
        }
        if text(&line, "/type") == "result" {
            result = Some(line);
        }
    }
    let mut reading = Reading { session, ..Reading::default() };
    let Some(result) = result else {
        reading.end = match answered.code {
            Some(code) => trouble(&super::without_result(answered, code), None),
            None => AttemptEnd::Signal { signal: 0 },
        };
        return reading;
    };
    reading.text = match result.get("structured_output") {
        Some(object) if !object.is_null() => object.to_string(),
        _ => text(&result, "/result").to_owned(),
    };
    let input =
        ["/usage/input_tokens", "/usage/cache_creation_input_tokens", "/usage/cache_read_input_tokens"];
    reading.usage = Usage {
        input_tokens: sum(&result, &input),
        output_tokens: number(&result, "/usage/output_tokens"),
        money: money(&result, "/total_cost_usd"),
    };
    let denials = result.get("permission_denials").and_then(Value::as_array).into_iter().flatten();
    for denial in denials {
        let name = text(denial, "/tool_name").to_owned();
        if !name.is_empty() && !reading.denied.contains(&name) {
            reading.denied.push(name);
        }
    }
    let subtype = text(&result, "/subtype");
    let is_error = result.get("is_error").and_then(Value::as_bool).unwrap_or(false);
    let says_error = reading.text.starts_with("[API Error");
    let is_bad = is_error || says_error || subtype.starts_with("error") || answered.code != Some(0);
    reading.end = if is_bad {
        let told = match (reading.text.trim(), text(&result, "/errors/0"), subtype) {
            ("", "", "") => "it ended in an error".to_owned(),
            ("", "", subtype) => subtype.replace('_', " "),
            ("", error, _) => error.to_owned(),
            (told, ..) => told.to_owned(),
        };
        trouble(&told, number(&result, "/api_error_status"))
    } else {
        AttemptEnd::Done
    };
    reading
}
