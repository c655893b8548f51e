//! The `codex` driver (`@openai/codex`): `codex exec --json`.
//!
//! Its own sandbox lets it write in its folder and not commit, which is wavec's to do. An `item` of the type `error` is no failure:
//! `turn.failed` is, and so is a stream without `turn.completed`. In a session that goes on, `usage` is what all of it has spent.

use super::lines::{add, number, objects, text, trouble};
use super::{Answered, Call, Invocation, Reading};
use crate::event::{AttemptEnd, Usage};
use crate::plan::Agent;

/// The program, and how it is had.
pub const PROGRAM: (&str, &str) = ("codex", "npm install -g @openai/codex");

/// Whether its own sandbox is lifted. It is made of mounts, which are forbidden in another's.
pub fn is_free(agent: &Agent) -> bool {
    agent.allow.iter().any(|tool| tool == "*")
}

pub fn invoke(call: &Call<'_>) -> Invocation {
    let agent = call.agent;
    let mut words: Vec<String> = Vec::new();
    let mut add = |more: &[&str]| words.extend(more.iter().map(|word| (*word).to_owned()));
    let sandbox = match (call.is_judge, is_free(agent)) {
        (true, _) => "read-only",
        (false, true) => "danger-full-access",
        (false, false) => "workspace-write",
    };
    let directory = call.directory.to_string_lossy().into_owned();
    add(&["codex", "exec", "--json", "--skip-git-repo-check", "-C", &directory, "-s", sandbox]);
    add(&["-c", "check_for_update_on_startup=false"]);
    if !agent.model.is_empty() {
        add(&["-m", &agent.model]);
    }
    if let Some(role) = call.role {
        // A string of JSON is one of TOML too.
        let text = serde_json::Value::from(role.text.as_str()).to_string();
        add(&["-c", &format!("developer_instructions={text}")]);
    }
    let mut files = Vec::new();
    if call.is_judge {
        let schema = call.files.prompt.with_extension("schema.json");
        add(&["--output-schema", &schema.to_string_lossy()]);
        files.push((schema, super::VERDICT_SCHEMA.to_owned()));
    }
    if let Some(session) = call.session {
        add(&["resume", session]);
    }
    add(&[&call.argument()]);
    Invocation { words, variables: Vec::new(), files }
}

pub fn read(answered: &Answered<'_>) -> Reading {
    let mut reading = Reading::default();
    let mut is_completed = false;
    let mut failure: Option<String> = None;
    for line in objects(answered.stdout) {
        match text(&line, "/type") {
            "thread.started" => reading.session = Some(text(&line, "/thread_id").to_owned()),
            "item.completed" if text(&line, "/item/type") == "agent_message" => {
                reading.text = text(&line, "/item/text").to_owned();
            }
            "turn.completed" => {
                is_completed = true;
                let usage = Usage {
                    input_tokens: number(&line, "/usage/input_tokens"),
                    output_tokens: number(&line, "/usage/output_tokens"),
                    money: None,
                };
                add(&mut reading.usage, usage);
            }
            "turn.failed" => failure = Some(text(&line, "/error/message").to_owned()),
            "error" => failure = failure.or_else(|| Some(text(&line, "/message").to_owned())),
            _ => {}
        }
    }
    reading.end = match (failure, answered.code) {
        (_, None) => AttemptEnd::Signal { signal: 0 },
        (None, Some(0)) if is_completed => AttemptEnd::Done,
        // An error on the way that a completed turn has got over.
        (Some(_), Some(0)) if is_completed => AttemptEnd::Done,
        (Some(message), _) => trouble(&message, None),
        (None, Some(code)) => trouble(&super::without_result(answered, code), None),
    };
    reading
}
