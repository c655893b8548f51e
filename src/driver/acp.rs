//! The `acp` driver: any program that speaks the Agent Client Protocol, version 1, over its standard input and output.
//!
//! wavec itself is called as the client (`wavec acp-client`), so that an agent runs wherever a job does. Here is the protocol without any
//! I/O: [`Client`] hears lines and gives what is to be said. Requests for permission are answered by the plan's `allow` and
//! `deny`; files and terminals are the agent's own business.

use super::lines::{money, number, text, trouble};
use super::{Call, Invocation};
use crate::event::{AttemptEnd, ErrorClass};
use serde_json::{Value, json};
use std::path::Path;

/// The version of the protocol.
const VERSION: u64 = 1;

/// wavec as the client of the agent's program.
pub(super) fn invoke(call: &Call<'_>) -> Invocation {
    let mut words = vec![call.wavec.to_string_lossy().into_owned(), "acp-client".into()];
    if call.is_judge {
        words.push("--read-only".into());
    }
    if let Some(session) = call.session {
        words.extend(["--session".into(), session.to_owned()]);
    }
    words.push("--".into());
    words.extend(call.program.iter().cloned());
    // gemini starts itself once more, and a session of its that is cut off is lost.
    let mut variables = vec![("GEMINI_CLI_NO_RELAUNCH".into(), "true".into())];
    let is_opencode = |word: &String| Path::new(word).file_name().is_some_and(|name| name == "opencode");
    if call.program.first().is_some_and(is_opencode) {
        variables.extend(super::opencode::database(call));
    }
    Invocation { words, variables, ..Invocation::default() }
}

/// What the client prints when a session has begun.
const SESSION: &str = "session: ";

/// The name of the session that a line of what the client prints tells of.
pub(super) fn session(line: &str) -> Option<String> {
    line.strip_prefix(SESSION).map(str::to_owned)
}

/// What an agent may do unasked, and what not.
#[derive(Clone, Debug, Default)]
pub struct Permissions {
    /// Names of tools, or `*`. Empty: all that is not denied.
    pub allow: Vec<String>,
    /// Names of tools.
    pub deny: Vec<String>,
    /// Whether nothing may be changed.
    pub is_read_only: bool,
}

impl Permissions {
    /// Whether a tool may be used, by its title and its kind.
    fn allows(&self, title: &str, kind: &str) -> bool {
        let is_it = |name: &String| {
            let name = name.to_lowercase();
            name == "*" || name == kind.to_lowercase() || title.to_lowercase().starts_with(&name)
        };
        let is_change = matches!(kind, "edit" | "delete" | "move" | "execute");
        let is_denied = self.deny.iter().any(is_it) || (self.is_read_only && is_change);
        !is_denied && (self.allow.is_empty() || self.allow.iter().any(is_it))
    }
}

/// How far the talk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Greeting,
    Opening,
    /// A session of before is loaded.
    Loading,
    Working,
    Over,
}

/// The client's side of a talk with an agent.
#[derive(Debug)]
pub struct Client {
    stage: Stage,
    directory: String,
    prompt: String,
    permissions: Permissions,
    session: Option<String>,
    /// The session to go on with, where the agent can.
    earlier: Option<String>,
    said: String,
    denied: Vec<String>,
    money: Option<u64>,
    tokens: (Option<u64>, Option<u64>),
    is_cancelled: bool,
    end: Option<AttemptEnd>,
    /// What a person may want to see, a line each.
    pub shown: Vec<String>,
}

impl Client {
    /// A talk that has not begun.
    pub fn new(directory: &Path, prompt: &str, permissions: Permissions) -> Client {
        Client {
            stage: Stage::Greeting,
            directory: directory.to_string_lossy().into_owned(),
            prompt: prompt.to_owned(),
            permissions,
            session: None,
            earlier: None,
            said: String::new(),
            denied: Vec::new(),
            money: None,
            tokens: (None, None),
            is_cancelled: false,
            end: None,
            shown: Vec::new(),
        }
    }

    /// The same, to go on with a session of before where the agent can.
    pub fn in_session(self, session: Option<String>) -> Client {
        Client { earlier: session, ..self }
    }

    /// What is said first.
    pub fn greet(&self) -> Value {
        let files = json!({ "readTextFile": false, "writeTextFile": false });
        request(
            0,
            "initialize",
            json!({
                "protocolVersion": VERSION,
                "clientCapabilities": { "fs": files, "terminal": false },
                "clientInfo": { "name": "wavec", "version": env!("CARGO_PKG_VERSION") },
            }),
        )
    }

    /// Whether nothing more is to be said.
    pub fn is_over(&self) -> bool {
        self.stage == Stage::Over
    }

    /// What is said to end the work sooner; none where none has begun.
    pub fn cancel(&mut self) -> Option<Value> {
        self.is_cancelled = true;
        let session = self.session.as_ref().filter(|_| self.stage == Stage::Working)?;
        Some(json!({ "jsonrpc": "2.0", "method": "session/cancel", "params": { "sessionId": session } }))
    }

    /// Hears a line, and gives what is to be answered. What is no message is passed over.
    pub fn hear(&mut self, line: &str) -> Vec<Value> {
        let Ok(message) = serde_json::from_str::<Value>(line) else {
            self.shown.push(line.to_owned());
            return Vec::new();
        };
        match (message.get("method").and_then(Value::as_str), message.get("id")) {
            (Some("session/update"), _) => {
                self.update(message.pointer("/params/update").unwrap_or(&Value::Null));
                Vec::new()
            }
            (Some("session/request_permission"), Some(id)) => vec![self.permit(id, &message)],
            (Some(method), Some(id)) => {
                let error = json!({ "code": -32601, "message": format!("wavec does not do `{method}`") });
                vec![json!({ "jsonrpc": "2.0", "id": id, "error": error })]
            }
            (Some(_), None) => Vec::new(),
            (None, _) => self.answered(&message),
        }
    }

    /// The agent has closed its side.
    pub fn closed(&mut self, code: Option<i32>) {
        if self.stage != Stage::Over {
            let how = code.map_or("by a signal".to_owned(), |code| format!("with code {code}"));
            self.finish(trouble(&format!("it ended {how} in the middle of the talk"), None));
        }
    }

    fn finish(&mut self, end: AttemptEnd) {
        self.stage = Stage::Over;
        self.end = Some(end);
    }

    fn open(&mut self) -> Vec<Value> {
        self.stage = Stage::Opening;
        vec![request(1, "session/new", json!({ "cwd": self.directory, "mcpServers": [] }))]
    }

    /// The session is there: the work begins.
    fn begin(&mut self, session: String) -> Vec<Value> {
        let prompt = json!([{ "type": "text", "text": self.prompt }]);
        let params = json!({ "sessionId": session, "prompt": prompt });
        self.shown.push(format!("{SESSION}{session}"));
        self.session = Some(session);
        self.stage = Stage::Working;
        let mut said = vec![request(2, "session/prompt", params)];
        if self.is_cancelled {
            said.extend(self.cancel());
        }
        said
    }

    fn answered(&mut self, message: &Value) -> Vec<Value> {
        if let Some(error) = message.get("error") {
            let details = ["/data/message", "/data/details", "/data"].iter().map(|at| text(error, at));
            let details = details.into_iter().find(|it| !it.is_empty()).unwrap_or_default();
            let told = format!("{} {details}", text(error, "/message"));
            if self.stage == Stage::Loading {
                // It is not there any more. The prompt says all that matters.
                let earlier = self.earlier.as_deref().unwrap_or_default();
                self.shown.push(format!("a new session, for {earlier} cannot be loaded: {}", told.trim()));
                return self.open();
            }
            let needs_login = number(error, "/code").is_none()
                && text(error, "/code").is_empty()
                && error.get("code").and_then(Value::as_i64) == Some(-32000);
            self.finish(match needs_login {
                true => AttemptEnd::AgentError {
                    class: ErrorClass::Auth,
                    message: told.trim().to_owned(),
                    resets_at: None,
                },
                false => trouble(&told, number(error, "/data/status")),
            });
            return Vec::new();
        }
        let result = message.get("result").unwrap_or(&Value::Null);
        match self.stage {
            Stage::Greeting => {
                let version = number(result, "/protocolVersion");
                if version != Some(VERSION) {
                    let message =
                        format!("it speaks version {version:?} of the protocol, and wavec {VERSION}");
                    self.finish(AttemptEnd::AgentError {
                        class: ErrorClass::Fatal,
                        message,
                        resets_at: None,
                    });
                    return Vec::new();
                }
                let can_load = result.pointer("/agentCapabilities/loadSession") == Some(&Value::Bool(true));
                match self.earlier.clone().filter(|_| can_load) {
                    Some(earlier) => {
                        self.stage = Stage::Loading;
                        let params = json!({ "sessionId": earlier, "cwd": self.directory, "mcpServers": [] });
                        vec![request(1, "session/load", params)]
                    }
                    None => self.open(),
                }
            }
            Stage::Opening => self.begin(text(result, "/sessionId").to_owned()),
            Stage::Loading => {
                let earlier = self.earlier.clone().unwrap_or_default();
                self.begin(earlier)
            }
            Stage::Working => {
                // Where the protocol has no place for it, each agent has its own.
                let told = |one: &str, other: &str| number(result, one).or(number(result, other));
                let input = told("/usage/inputTokens", "/_meta/quota/token_count/input_tokens");
                let output = told("/usage/outputTokens", "/_meta/quota/token_count/output_tokens");
                self.tokens = (input.or(self.tokens.0), output.or(self.tokens.1));
                let reason = text(result, "/stopReason");
                self.finish(match reason {
                    "end_turn" => AttemptEnd::Done,
                    "cancelled" => AttemptEnd::Cancelled,
                    reason => trouble(&format!("it stopped for `{reason}`"), None),
                });
                Vec::new()
            }
            Stage::Over => Vec::new(),
        }
    }

    fn update(&mut self, update: &Value) {
        if self.stage != Stage::Working {
            // What was said in a session before is told again when it is loaded.
            return;
        }
        match text(update, "/sessionUpdate") {
            "agent_message_chunk" => {
                self.said.push_str(text(update, "/content/text"));
                let more = |sum: Option<u64>, at: &str| match (sum, number(update, at)) {
                    (sum, None) => sum,
                    (sum, Some(more)) => Some(sum.unwrap_or(0).saturating_add(more)),
                };
                self.tokens = (
                    more(self.tokens.0, "/_meta/usage/inputTokens"),
                    more(self.tokens.1, "/_meta/usage/outputTokens"),
                );
            }
            "tool_call" => {
                // What was said before a tool was used is not the final word.
                self.said.clear();
                self.shown.push(format!("{}: {}", text(update, "/kind"), text(update, "/title")));
            }
            "usage_update" => self.money = money(update, "/cost/amount").or(self.money),
            _ => {}
        }
    }

    /// Answers by the kind of an option: their ids differ from agent to agent.
    fn permit(&mut self, id: &Value, message: &Value) -> Value {
        let (title, kind) = (text(message, "/params/toolCall/title"), text(message, "/params/toolCall/kind"));
        let is_allowed = self.permissions.allows(title, kind) && !self.is_cancelled;
        let wanted =
            if is_allowed { ["allow_once", "allow_always"] } else { ["reject_once", "reject_always"] };
        let options = message.pointer("/params/options").and_then(Value::as_array);
        let option = wanted
            .iter()
            .find_map(|kind| options.into_iter().flatten().find(|option| text(option, "/kind") == *kind));
        if !is_allowed {
            let name = if title.is_empty() { kind } else { title };
            self.shown.push(format!("denied: {name}"));
            self.denied.push(name.to_owned());
        }
        let outcome = match option {
            Some(option) if !self.is_cancelled => {
                json!({ "outcome": "selected", "optionId": text(option, "/optionId") })
            }
            _ => json!({ "outcome": "cancelled" }),
        };
        json!({ "jsonrpc": "2.0", "id": id, "result": { "outcome": outcome } })
    }

    /// What came of it, as a result file of the `command` driver holds it.
    pub fn result(&self) -> Value {
        let (status, message, resets_at) = match &self.end {
            Some(AttemptEnd::Done) => ("done", String::new(), None),
            Some(AttemptEnd::AgentError { class, message, resets_at }) => {
                let status = match class {
                    ErrorClass::Failed => "failed",
                    ErrorClass::Transient => "transient",
                    ErrorClass::Quota => "quota",
                    ErrorClass::Auth => "auth",
                    ErrorClass::Fatal => "fatal",
                };
                (status, message.clone(), *resets_at)
            }
            _ => ("failed", "it was cancelled".to_owned(), None),
        };
        json!({
            "status": status,
            "message": message,
            "text": self.said,
            "resets_at": resets_at.map(|at| at / 1000),
            "usage": {
                "input_tokens": self.tokens.0,
                "output_tokens": self.tokens.1,
                "dollars": self.money.map(|money| money as f64 / 1e6),
            },
            "session": self.session,
            "denied": self.denied,
        })
    }
}

fn request(id: u64, method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(deny: &[&str]) -> Client {
        let deny = deny.iter().map(|it| (*it).to_owned()).collect();
        Client::new(Path::new("/w"), "do it", Permissions { deny, ..Permissions::default() })
    }

    fn opened(client: &mut Client) {
        assert_eq!(client.hear(r#"{"id":0,"result":{"protocolVersion":1}}"#)[0]["method"], "session/new");
        let said = client.hear(r#"{"id":1,"result":{"sessionId":"s"}}"#);
        assert_eq!(said[0]["params"]["prompt"][0]["text"], "do it");
    }

    #[test]
    fn a_talk_from_greeting_to_end() {
        let mut client = client(&["execute"]);
        opened(&mut client);
        let chunk = |text: &str| {
            format!(
                r#"{{"method":"session/update","params":{{"update":{{"sessionUpdate":"agent_message_chunk","content":{{"text":"{text}"}}}}}}}}"#
            )
        };
        client.hear(&chunk("first"));
        client.hear(r#"{"method":"session/update","params":{"update":{"sessionUpdate":"tool_call","kind":"edit","title":"Write a"}}}"#);
        let ask = |kind: &str| {
            format!(
                r#"{{"id":7,"method":"session/request_permission","params":{{"toolCall":{{"title":"x","kind":"{kind}"}},
                "options":[{{"optionId":"n","kind":"reject_once"}},{{"optionId":"y","kind":"allow_once"}}]}}}}"#
            )
        };
        assert_eq!(client.hear(&ask("edit"))[0]["result"]["outcome"]["optionId"], "y");
        assert_eq!(client.hear(&ask("execute"))[0]["result"]["outcome"]["optionId"], "n");
        assert_eq!(client.hear(r#"{"id":9,"method":"fs/read_text_file"}"#)[0]["error"]["code"], -32601);
        client.hear(&chunk("last"));
        client.hear("garbage");
        client.hear(
            r#"{"id":2,"result":{"stopReason":"end_turn","usage":{"inputTokens":5,"outputTokens":6}}}"#,
        );
        assert!(client.is_over());
        let result = client.result();
        assert_eq!((result["status"].as_str(), result["text"].as_str()), (Some("done"), Some("last")));
        assert_eq!(
            (result["usage"]["input_tokens"].as_u64(), result["denied"][0].as_str()),
            (Some(5), Some("x"))
        );
    }

    #[test]
    fn errors_and_ends_have_their_kind() {
        let status = |line: &str| {
            let mut client = client(&[]);
            opened(&mut client);
            client.hear(line);
            client.result()["status"].as_str().unwrap().to_owned()
        };
        assert_eq!(status(r#"{"id":2,"error":{"code":-32603,"message":"API Error: 500"}}"#), "transient");
        assert_eq!(status(r#"{"id":2,"error":{"code":-32000,"message":"Authentication required"}}"#), "auth");
        assert_eq!(
            status(r#"{"id":2,"error":{"code":1,"message":"usage limit reached|1767243600"}}"#),
            "quota"
        );
        assert_eq!(status(r#"{"id":2,"result":{"stopReason":"refusal"}}"#), "failed");
        let mut client = client(&[]);
        client.closed(Some(3));
        assert_eq!(client.result()["message"], "it ended with code 3 in the middle of the talk");
        let mut client = self::client(&[]);
        opened(&mut client);
        assert_eq!(client.cancel().unwrap()["method"], "session/cancel");
    }
}
