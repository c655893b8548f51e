//! A scripted model service on loopback: what real agent programs talk to in tests.
//!
//! It speaks OpenAI's chat completions and Responses, Anthropic's messages and Gemini, streamed or not. Which conversation a request
//! belongs to is told by a mark in its user's text, `[[name]]`; each request takes the next turn of that conversation's script, by
//! whatever tools the agent offers. Requests without a mark or without tools (titles, probes) get "ok" and take nothing.

use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What the model does next.
#[derive(Clone, Debug)]
pub enum Turn {
    /// Has the agent write a file, relative to where it works, with its own tool.
    Write(String, String),
    /// Has the agent run a command with its shell tool.
    Run(String),
    /// Ends the turn with a text.
    Say(String),
    /// Ends the turn with an object: by the tool for it where the agent offers one.
    Answer(Value),
    /// Answers with an error of the service, its type and a message.
    Fail(u16, String, String),
    /// Does not answer, until the other side is gone.
    Hang,
}

impl Turn {
    pub fn write(path: &str, text: &str) -> Turn {
        Turn::Write(path.into(), text.into())
    }

    pub fn run(command: &str) -> Turn {
        Turn::Run(command.into())
    }

    pub fn say(text: &str) -> Turn {
        Turn::Say(text.into())
    }

    pub fn fail(status: u16, message: &str) -> Turn {
        Turn::Fail(status, "api_error".into(), message.into())
    }
}

/// What every turn is said to cost, in tokens.
pub const INPUT: u64 = 1000;
/// What every turn is said to cost, in tokens.
pub const OUTPUT: u64 = 50;

/// The longest that a turn hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// A request that was answered.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The conversation's name, or empty.
    pub name: String,
    /// The whole of it, as JSON.
    pub body: Value,
    /// Whatever names who asks.
    pub key: String,
}

#[derive(Default)]
struct State {
    /// For conversations without a mark, by how many results of tools they hold; of the Responses protocol only.
    unmarked: Vec<Turn>,
    scripts: HashMap<String, VecDeque<Turn>>,
    asked: Vec<Asked>,
}

/// The service. It is gone when this is dropped.
pub struct Model {
    port: u16,
    shared: Arc<Shared>,
    listener: Option<std::thread::JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    /// Where agents work: the project, or a worktree below it.
    root: PathBuf,
    is_over: AtomicBool,
    count: AtomicU64,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn id(&self, kind: &str) -> String {
        format!("{kind}_{:012}", self.count.fetch_add(1, Ordering::Relaxed))
    }
}

impl Model {
    /// A service for agents that work in `root`, or in worktrees of a run below it.
    pub fn new(root: &Path) -> Model {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            root: root.to_owned(),
            is_over: AtomicBool::new(false),
            count: AtomicU64::new(1),
        });
        let all = Arc::clone(&shared);
        let listen = move || {
            for stream in listener.incoming() {
                if all.is_over.load(Ordering::Relaxed) {
                    break;
                }
                let Ok(stream) = stream else { continue };
                let all = Arc::clone(&all);
                std::thread::spawn(move || {
                    // A client that goes away is its own affair.
                    let _ = serve(stream, &all);
                });
            }
        };
        Model { port, shared, listener: Some(std::thread::spawn(listen)) }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What the model does in a conversation, from now on.
    pub fn script(&self, name: &str, turns: impl IntoIterator<Item = Turn>) {
        self.shared.state().scripts.insert(name.into(), turns.into_iter().collect());
    }

    /// What the model does in each conversation without a mark.
    pub fn script_unmarked(&self, turns: impl IntoIterator<Item = Turn>) {
        self.shared.state().unmarked = turns.into_iter().collect();
    }

    /// The requests so far, those of a conversation.
    pub fn asked(&self, name: &str) -> Vec<Asked> {
        self.shared.state().asked.iter().filter(|it| it.name == name).cloned().collect()
    }

    /// How many requests there were, of any conversation.
    pub fn count(&self) -> usize {
        self.shared.state().asked.len()
    }

    /// Waits until a conversation has had so many requests.
    pub fn wait_for(&self, name: &str, count: usize) {
        let begin = Instant::now();
        while self.asked(name).len() < count {
            assert!(begin.elapsed() < PATIENCE, "the model is not asked for `{name}`");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        // Wakes the listener.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
    }
}

/// What a turn comes to for an agent that offers certain tools.
enum Reply {
    Text(String),
    Call(String, Value),
}

/// The parts of a request that matter, whatever its protocol.
struct Question {
    texts: Vec<String>,
    tools: Vec<String>,
}

fn serve(mut stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let Some((method, path, key, body)) = request(&mut stream)? else { return Ok(()) };
    let path = path.split('?').next().unwrap_or_default().to_owned();
    if method != "POST" {
        let models =
            json!({ "object": "list", "data": [{ "id": "fake-model", "object": "model" }], "models": [] });
        return whole(&mut stream, if path.contains("models") { 200 } else { 404 }, &models);
    }
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let protocol: Protocol = match path.as_str() {
        it if it.ends_with("/chat/completions") => CHAT,
        it if it.ends_with("/responses") => RESPONSES,
        it if it.ends_with("/count_tokens") => {
            return whole(&mut stream, 200, &json!({ "input_tokens": INPUT }));
        }
        it if it.ends_with("/messages") => MESSAGES,
        it if it.contains("enerateContent") => GEMINI,
        it if it.contains("countTokens") => {
            return whole(&mut stream, 200, &json!({ "totalTokens": INPUT }));
        }
        _ => return whole(&mut stream, 404, &json!({ "error": { "message": "not found" } })),
    };
    let question = (protocol.question)(&body);
    let name = question.texts.iter().rev().find_map(|text| mark(text)).unwrap_or_default();
    let turn = {
        let mut state = shared.state();
        // What asks without tools is no part of the talk.
        let of = if question.tools.is_empty() { String::new() } else { name.clone() };
        state.asked.push(Asked { name: of, body: body.clone(), key });
        let script = state.scripts.get_mut(&name).filter(|_| !question.tools.is_empty());
        let turn = script.and_then(VecDeque::pop_front);
        let results = body.to_string().matches("\"function_call_output\"").count();
        let unmarked = state.unmarked.get(results).filter(|_| name.is_empty() && !question.tools.is_empty());
        turn.or_else(|| unmarked.cloned()).unwrap_or(Turn::say("ok"))
    };
    let place = place(&body, &shared.root);
    let reply = match turn {
        Turn::Fail(status, kind, message) => {
            let error =
                json!({ "type": "error", "error": { "type": kind, "code": status, "message": message } });
            return whole(&mut stream, status, &error);
        }
        Turn::Hang => return hang(&mut stream, shared),
        Turn::Say(text) => Reply::Text(text),
        Turn::Answer(object) => match question.tools.iter().find(|it| it.as_str() == "StructuredOutput") {
            Some(tool) => Reply::Call(tool.clone(), object),
            None => Reply::Text(object.to_string()),
        },
        Turn::Write(path, text) => write_call(&question.tools, &place.join(path), &text),
        Turn::Run(command) => run_call(&question.tools, &command),
    };
    let is_streamed = path.contains("stream") || body["stream"] == true;
    let (events, full) = (protocol.answer)(&body, reply, shared);
    if !is_streamed {
        return whole(&mut stream, 200, &full);
    }
    let mut text =
        String::from("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n");
    for event in &events {
        if let Some(kind) = event["type"].as_str().filter(|_| protocol.names_events) {
            text.push_str(&format!("event: {kind}\n"));
        }
        text.push_str(&format!("data: {event}\n\n"));
    }
    if protocol.says_done {
        text.push_str("data: [DONE]\n\n");
    }
    stream.write_all(text.as_bytes())
}

/// Method, path, key and body of a request; none where the other side sends none.
type Request = Option<(String, String, String, Vec<u8>)>;

fn request(stream: &mut TcpStream) -> std::io::Result<Request> {
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte)? == 0 {
            return Ok(None);
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut first = head.split_whitespace();
    let (method, path) = (first.next().unwrap_or_default(), first.next().unwrap_or_default());
    let header = |name: &str| {
        head.lines()
            .filter_map(|line| line.split_once(':'))
            .find_map(|(key, value)| key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned()))
    };
    let key = ["authorization", "x-api-key", "x-goog-api-key"].iter().find_map(|name| header(name));
    let mut body = Vec::new();
    if let Some(length) = header("content-length").and_then(|it| it.parse().ok()) {
        body.resize(length, 0);
        stream.read_exact(&mut body)?;
    } else if header("transfer-encoding").is_some() {
        loop {
            let mut line = Vec::new();
            while !line.ends_with(b"\r\n") {
                stream.read_exact(&mut byte)?;
                line.push(byte[0]);
            }
            let size = String::from_utf8_lossy(&line).trim().to_owned();
            let size = usize::from_str_radix(&size, 16).unwrap_or(0);
            let mut chunk = vec![0; size + 2];
            stream.read_exact(&mut chunk)?;
            body.extend_from_slice(&chunk[..size]);
            if size == 0 {
                break;
            }
        }
    }
    Ok(Some((method.to_owned(), path.to_owned(), key.unwrap_or_default(), body)))
}

fn whole(stream: &mut TcpStream, status: u16, body: &Value) -> std::io::Result<()> {
    let body = body.to_string();
    let length = body.len();
    stream.write_all(
        format!("HTTP/1.1 {status} S\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
            .as_bytes(),
    )
}

fn hang(stream: &mut TcpStream, shared: &Shared) -> std::io::Result<()> {
    let begin = Instant::now();
    stream.set_read_timeout(Some(Duration::from_millis(50)))?;
    while begin.elapsed() < PATIENCE && !shared.is_over.load(Ordering::Relaxed) {
        match stream.read(&mut [0; 64]) {
            Ok(0) => break,
            Err(error)
                if !matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) =>
            {
                break;
            }
            _ => {}
        }
    }
    Ok(())
}

/// The name of a conversation in a text.
fn mark(text: &str) -> Option<String> {
    let (_, rest) = text.rsplit_once("[[")?;
    let (name, _) = rest.split_once("]]")?;
    Some(name.to_owned())
}

/// Where the agent works: the last worktree that its request names, for a session may have begun in another; else the project.
fn place(body: &Value, root: &Path) -> PathBuf {
    let text = body.to_string();
    let trees = format!("{}/.wavec/runs/", root.display());
    let found = text.rmatch_indices(&trees).find_map(|(at, _)| {
        let rest = &text[at..];
        let end = rest.find(|c: char| !(c.is_alphanumeric() || "/._+-".contains(c))).unwrap_or(rest.len());
        let (before, tree) = rest[..end].split_once("/trees/")?;
        let tree = tree.split('/').next().unwrap_or_default().trim_end_matches('.');
        Some(PathBuf::from(format!("{before}/trees/{tree}")))
    });
    found.unwrap_or_else(|| root.to_owned())
}

fn write_call(tools: &[String], path: &Path, text: &str) -> Reply {
    let has = |name: &str| tools.iter().any(|tool| tool == name);
    let path = path.to_string_lossy();
    if let Some(name) = ["Write", "write_file"].into_iter().find(|name| has(name)) {
        return Reply::Call(name.into(), json!({ "file_path": path, "content": text }));
    }
    if has("write") {
        return Reply::Call("write".into(), json!({ "filePath": path, "content": text }));
    }
    run_call(tools, &format!("cat > '{path}' <<'END_OF_FILE'\n{}\nEND_OF_FILE", text.trim_end_matches('\n')))
}

fn run_call(tools: &[String], command: &str) -> Reply {
    let has = |name: &str| tools.iter().any(|tool| tool == name);
    let known = ["exec_command", "shell_command", "shell", "Bash", "bash", "run_shell_command"];
    let Some(name) = known.into_iter().find(|name| has(name)) else {
        return Reply::Text("there is no tool for this".into());
    };
    let arguments = match name {
        "exec_command" => json!({ "cmd": command }),
        "shell" => json!({ "command": ["bash", "-lc", command] }),
        "Bash" | "bash" => json!({ "command": command, "description": "a step" }),
        _ => json!({ "command": command, "is_background": false }),
    };
    Reply::Call(name.into(), arguments)
}

/// All text in a message, whatever its shape.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text_of).collect::<Vec<_>>().join("\n"),
        Value::Object(_) => {
            let parts = ["text", "content", "parts"].iter().filter_map(|key| value.get(key));
            parts.map(text_of).collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}

fn said_by_user(messages: &Value) -> Vec<String> {
    let messages = messages.as_array().into_iter().flatten();
    messages.filter(|it| it["role"] == "user").map(text_of).collect()
}

fn names<'v>(tools: impl Iterator<Item = &'v Value>, at: &str) -> Vec<String> {
    tools.filter_map(|tool| tool.pointer(at)?.as_str().map(str::to_owned)).collect()
}

/// How a service talks.
struct Protocol {
    names_events: bool,
    says_done: bool,
    question: fn(&Value) -> Question,
    /// The events of a stream, and the same in one piece.
    answer: fn(&Value, Reply, &Shared) -> (Vec<Value>, Value),
}

const CHAT: Protocol = Protocol {
    names_events: false,
    says_done: true,
    question: |body| Question {
        texts: said_by_user(&body["messages"]),
        tools: names(body["tools"].as_array().into_iter().flatten(), "/function/name"),
    },
    answer: |body, reply, shared| {
        let (message, finish) = match reply {
            Reply::Text(text) => (json!({ "role": "assistant", "content": text }), "stop"),
            Reply::Call(name, arguments) => {
                let function = json!({ "name": name, "arguments": arguments.to_string() });
                let call =
                    json!({ "index": 0, "id": shared.id("call"), "type": "function", "function": function });
                (json!({ "role": "assistant", "content": null, "tool_calls": [call] }), "tool_calls")
            }
        };
        let usage =
            json!({ "prompt_tokens": INPUT, "completion_tokens": OUTPUT, "total_tokens": INPUT + OUTPUT });
        let chunk = |choices: Value| json!({ "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": body["model"], "choices": choices });
        let mut last = chunk(json!([]));
        last["usage"] = usage.clone();
        let events = vec![
            chunk(json!([{ "index": 0, "delta": message, "finish_reason": null }])),
            chunk(json!([{ "index": 0, "delta": {}, "finish_reason": finish }])),
            last,
        ];
        let choices = json!([{ "index": 0, "message": message, "finish_reason": finish }]);
        let full = json!({ "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": body["model"], "choices": choices, "usage": usage });
        (events, full)
    },
};

const RESPONSES: Protocol = Protocol {
    names_events: true,
    says_done: false,
    question: |body| {
        let tools = body["tools"].as_array().into_iter().flatten();
        let texts = match &body["input"] {
            Value::String(text) => vec![text.clone()],
            input => said_by_user(input),
        };
        Question { texts, tools: names(tools, "/name") }
    },
    answer: |body, reply, shared| {
        let item = match &reply {
            Reply::Text(text) => {
                let content = json!([{ "type": "output_text", "text": text, "annotations": [] }]);
                json!({ "type": "message", "id": shared.id("msg"), "role": "assistant", "status": "completed", "content": content })
            }
            Reply::Call(name, arguments) => {
                json!({ "type": "function_call", "id": shared.id("fc"), "call_id": shared.id("call"), "status": "completed",
                    "name": name, "arguments": arguments.to_string() })
            }
        };
        let response = |status: &str, output: Value| json!({ "id": "resp_1", "object": "response", "created_at": 1, "model": body["model"], "status": status, "output": output });
        let mut full = response("completed", json!([item]));
        full["usage"] = json!({ "input_tokens": INPUT, "output_tokens": OUTPUT, "total_tokens": INPUT + OUTPUT,
            "input_tokens_details": { "cached_tokens": 0 }, "output_tokens_details": { "reasoning_tokens": 0 } });
        let mut events = vec![
            json!({ "type": "response.created", "response": response("in_progress", json!([])) }),
            json!({ "type": "response.output_item.added", "output_index": 0, "item": item }),
        ];
        if let Reply::Text(text) = &reply {
            events.push(
                json!({ "type": "response.output_text.delta", "item_id": item["id"], "output_index": 0,
                "content_index": 0, "delta": text }),
            );
        }
        events.push(json!({ "type": "response.output_item.done", "output_index": 0, "item": item }));
        events.push(json!({ "type": "response.completed", "response": full }));
        for (number, event) in events.iter_mut().enumerate() {
            event["sequence_number"] = json!(number);
        }
        (events, full)
    },
};

const MESSAGES: Protocol = Protocol {
    names_events: true,
    says_done: false,
    question: |body| Question {
        texts: said_by_user(&body["messages"]),
        tools: names(body["tools"].as_array().into_iter().flatten(), "/name"),
    },
    answer: |body, reply, shared| {
        let (block, begin, delta, stop) = match reply {
            Reply::Text(text) => (
                json!({ "type": "text", "text": text }),
                json!({ "type": "text", "text": "" }),
                json!({ "type": "text_delta", "text": text }),
                "end_turn",
            ),
            Reply::Call(name, input) => {
                let id = shared.id("toolu");
                (
                    json!({ "type": "tool_use", "id": id, "name": name, "input": input }),
                    json!({ "type": "tool_use", "id": id, "name": name, "input": {} }),
                    json!({ "type": "input_json_delta", "partial_json": input.to_string() }),
                    "tool_use",
                )
            }
        };
        let message = json!({ "id": shared.id("msg"), "type": "message", "role": "assistant", "model": body["model"],
            "content": [], "stop_reason": null, "stop_sequence": null, "usage": { "input_tokens": INPUT, "output_tokens": 1 } });
        let mut full = message.clone();
        full["content"] = json!([block]);
        full["stop_reason"] = json!(stop);
        full["usage"]["output_tokens"] = json!(OUTPUT);
        let events = vec![
            json!({ "type": "message_start", "message": message }),
            json!({ "type": "content_block_start", "index": 0, "content_block": begin }),
            json!({ "type": "content_block_delta", "index": 0, "delta": delta }),
            json!({ "type": "content_block_stop", "index": 0 }),
            json!({ "type": "message_delta", "delta": { "stop_reason": stop, "stop_sequence": null }, "usage": { "output_tokens": OUTPUT } }),
            json!({ "type": "message_stop" }),
        ];
        (events, full)
    },
};

const GEMINI: Protocol = Protocol {
    names_events: false,
    says_done: false,
    question: |body| {
        let tools = body["tools"].as_array().into_iter().flatten();
        let functions = tools.filter_map(|tool| tool["functionDeclarations"].as_array()).flatten();
        Question { texts: said_by_user(&body["contents"]), tools: names(functions, "/name") }
    },
    answer: |_, reply, _| {
        let part = match reply {
            Reply::Text(text) => json!({ "text": text }),
            Reply::Call(name, arguments) => json!({ "functionCall": { "name": name, "args": arguments } }),
        };
        let content = json!({ "role": "model", "parts": [part] });
        let usage = json!({ "promptTokenCount": INPUT, "candidatesTokenCount": OUTPUT, "totalTokenCount": INPUT + OUTPUT });
        let full = json!({ "candidates": [{ "index": 0, "finishReason": "STOP", "content": content }],
            "usageMetadata": usage, "modelVersion": "fake" });
        (vec![full.clone()], full)
    },
};
