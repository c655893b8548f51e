//! The `opencode` driver (`opencode-ai`): `opencode run --format json`, its prompt on standard input.
//!
//! The traps that it knows: an unknown agent is replaced by the default one with no more than a warning, which fails the attempt;
//! and all of a user's opencode share one database, whose lock none of them waits for, so that each task gets its own.

use super::lines::{add, money, number, objects, sum, text, trouble};
use super::{Answered, Call, Invocation, Reading};
use crate::event::{AttemptEnd, ErrorClass, Usage};
use serde_json::{Map, Value, json};
use std::ffi::OsStr;

/// The program, and how it is had.
pub const PROGRAM: (&str, &str) = ("opencode", "npm install -g opencode-ai");

/// The variable that holds settings.
const CONFIG: &str = "OPENCODE_CONFIG_CONTENT";

/// The variable that names the database of sessions.
const DATABASE: &str = "OPENCODE_DB";

/// A database of the task's own, where its retries find its session; none where the plan names one. A judge has one for itself.
pub fn database(call: &Call<'_>) -> Option<(String, String)> {
    let prompt = &call.files.prompt;
    let path = if call.is_judge {
        prompt.with_extension("opencode.db")
    } else {
        prompt.with_file_name("opencode.db")
    };
    let is_named = call.environment.contains_key(OsStr::new(DATABASE));
    (!is_named && path.is_absolute()).then(|| (DATABASE.to_owned(), path.to_string_lossy().into_owned()))
}

pub fn invoke(call: &Call<'_>) -> Invocation {
    let agent = call.agent;
    // Through a shell that becomes it: words with spaces get quoted by it, standard input does not.
    let mut words: Vec<String> =
        ["sh", "-c", "exec \"$@\" < \"$WAVEC_PROMPT_FILE\"", "wavec"].map(str::to_owned).to_vec();
    words.extend(["opencode", "run", "--format", "json"].map(str::to_owned));
    if !agent.model.is_empty() {
        words.extend(["-m".to_owned(), agent.model.clone()]);
    }
    if let Some(session) = call.session {
        words.extend(["--session".to_owned(), session.to_owned()]);
    }
    let mut variables = vec![("OPENCODE_DISABLE_AUTOUPDATE".to_owned(), "1".to_owned())];
    variables.extend(database(call));
    if let Some(role) = call.role {
        let own = json!({ "mode": "primary", "description": role.description, "prompt": role.text });
        // Beside what the plan says itself.
        let given = call.environment.get(OsStr::new(CONFIG)).and_then(|text| text.to_str());
        let mut config: Map<String, Value> =
            given.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let agents = config.entry("agent").or_insert_with(|| json!({}));
        if let Some(agents) = agents.as_object_mut() {
            agents.insert(agent.name.clone(), own);
        }
        let config = Value::Object(config);
        variables.push((CONFIG.to_owned(), config.to_string()));
        words.extend(["--agent".to_owned(), agent.name.clone()]);
    }
    let mut permissions = Map::new();
    let is_free = agent.allow.iter().any(|tool| tool == "*");
    if !agent.allow.is_empty() && !is_free {
        permissions.insert("*".into(), json!("deny"));
        permissions.extend(agent.allow.iter().map(|tool| (tool.clone(), json!("allow"))));
    }
    permissions.extend(agent.deny.iter().map(|tool| (tool.clone(), json!("deny"))));
    if call.is_judge {
        permissions.extend(["edit", "bash"].map(|tool| (tool.to_owned(), json!("deny"))));
    }
    if !permissions.is_empty() {
        variables.push(("OPENCODE_PERMISSION".to_owned(), Value::Object(permissions).to_string()));
    }
    Invocation { words, variables, files: Vec::new() }
}

pub fn read(answered: &Answered<'_>) -> Reading {
    let mut reading = Reading::default();
    let mut failure: Option<AttemptEnd> = None;
    let mut is_finished = false;
    for line in objects(answered.stdout) {
        if let Some(id) = line.get("sessionID").and_then(Value::as_str) {
            reading.session = Some(id.to_owned());
        }
        match text(&line, "/type") {
            "text" => reading.text.push_str(text(&line, "/part/text")),
            "tool_use" => reading.text.clear(),
            "step_finish" => {
                is_finished = true;
                let input = ["/part/tokens/input", "/part/tokens/cache/read", "/part/tokens/cache/write"];
                let usage = Usage {
                    input_tokens: sum(&line, &input),
                    output_tokens: number(&line, "/part/tokens/output"),
                    money: money(&line, "/part/cost"),
                };
                add(&mut reading.usage, usage);
            }
            "error" => {
                let message = text(&line, "/error/data/message");
                let message = if message.is_empty() { text(&line, "/error/name") } else { message };
                failure = Some(trouble(message, number(&line, "/error/data/statusCode")));
            }
            _ => {}
        }
    }
    let has_fallen_back =
        [answered.stdout, answered.log].iter().any(|it| it.contains("Falling back to default agent"));
    reading.end = match (failure, answered.code) {
        _ if has_fallen_back => AttemptEnd::AgentError {
            class: ErrorClass::Fatal,
            message: "opencode did not know the agent and took its default one".into(),
            resets_at: None,
        },
        (Some(failure), _) => failure,
        (None, Some(0)) if is_finished => AttemptEnd::Done,
        (None, Some(code)) => trouble(&super::without_result(answered, code), None),
        (None, None) => AttemptEnd::Signal { signal: 0 },
    };
    reading
}
