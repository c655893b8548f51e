//! A client for tests: a server of its own over memory, and files that are not on disk.

use lsp_server::{Connection, Message, Notification, Request, RequestId};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use wavec::check::{Loader, Memory, normal};
use wavec::diagnostic::levels::Levels;
use wavec::lsp::{World, serve};

/// Files in memory that can change while the server runs.
#[derive(Default)]
pub struct Files {
    files: RwLock<Vec<(PathBuf, String)>>,
}

impl Files {
    fn memory(&self) -> Memory {
        let files = self.files.read().unwrap();
        files.iter().fold(Memory::new(), |memory, (path, text)| memory.with(path, text.as_str()))
    }

    pub fn write(&self, path: &str, text: &str) {
        let mut files = self.files.write().unwrap();
        files.retain(|(known, _)| known != Path::new(path));
        files.push((normal(Path::new(path)), text.to_owned()));
    }
}

impl Loader for Files {
    fn read(&self, path: &Path) -> io::Result<String> {
        assert!(!path.ends_with("panic.wave"), "a file that wavec falls over");
        self.memory().read(path)
    }

    fn exists(&self, path: &Path) -> bool {
        self.memory().exists(path)
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        self.memory().list(directory)
    }
}

impl World for Files {
    fn levels(&self, _directory: &Path) -> Result<Levels, String> {
        Ok(Levels::default())
    }

    fn plans_under(&self, directory: &Path) -> Vec<PathBuf> {
        let files = self.files.read().unwrap();
        let plans = files.iter().map(|(path, _)| path.clone());
        plans
            .filter(|path| path.starts_with(directory) && path.extension().is_some_and(|it| it == "wave"))
            .collect()
    }
}

/// A client and its server.
pub struct Client {
    connection: Option<Connection>,
    server: Option<JoinHandle<bool>>,
    pub files: Arc<Files>,
    next: i32,
    versions: i32,
    /// What the server said and nobody has asked for yet.
    said: VecDeque<Message>,
}

pub fn uri(path: &str) -> String {
    format!("file://{path}")
}

impl Client {
    /// A client that has introduced itself.
    pub fn start(capabilities: Value, files: &[(&str, &str)]) -> Client {
        let mut client = Client::new(files);
        let params = json!({
            "processId": null,
            "rootUri": null,
            "workspaceFolders": [{ "uri": "file:///w", "name": "w" }],
            "capabilities": capabilities,
        });
        client.request("initialize", params).unwrap();
        client.notify("initialized", json!({}));
        client
    }

    pub fn new(files: &[(&str, &str)]) -> Client {
        let (ours, theirs) = Connection::memory();
        let world = Arc::new(Files::default());
        files.iter().for_each(|(path, text)| world.write(path, text));
        let server = {
            let world = Arc::clone(&world);
            thread::spawn(move || serve(theirs, world))
        };
        Client {
            connection: Some(ours),
            server: Some(server),
            files: world,
            next: 0,
            versions: 0,
            said: VecDeque::new(),
        }
    }

    fn connection(&self) -> &Connection {
        self.connection.as_ref().unwrap()
    }

    pub fn notify(&self, method: &str, params: Value) {
        let message = Notification { method: method.to_owned(), params };
        self.connection().sender.send(Message::Notification(message)).unwrap();
    }

    /// Asks, and does not wait.
    pub fn ask(&mut self, method: &str, params: Value) -> i32 {
        self.next += 1;
        let message = Request { id: RequestId::from(self.next), method: method.to_owned(), params };
        self.connection().sender.send(Message::Request(message)).unwrap();
        self.next
    }

    fn receive(&self) -> Message {
        self.connection().receiver.recv_timeout(Duration::from_secs(60)).expect("the server says something")
    }

    /// The answer to a request.
    pub fn answer(&mut self, id: i32) -> Result<Value, (i32, String)> {
        loop {
            match self.receive() {
                Message::Response(response) if response.id == RequestId::from(id) => {
                    return response.response_result.map_err(|error| (error.code, error.message));
                }
                other => self.said.push_back(other),
            }
        }
    }

    pub fn request(&mut self, method: &str, params: Value) -> Result<Value, (i32, String)> {
        let id = self.ask(method, params);
        self.answer(id)
    }

    /// The next message of the server's own with that name.
    pub fn expect(&mut self, method: &str) -> Value {
        loop {
            let message = self.said.pop_front().unwrap_or_else(|| self.receive());
            match message {
                Message::Notification(it) if it.method == method => return it.params,
                Message::Request(it) if it.method == method => return it.params,
                _ => {}
            }
        }
    }

    /// The next diagnostics of a file that fit, each as its line and its code.
    pub fn diagnostics(&mut self, path: &str) -> Vec<String> {
        loop {
            let params = self.expect("textDocument/publishDiagnostics");
            if params["uri"] == uri(path) {
                return told(&params["diagnostics"]);
            }
        }
    }

    /// Waits until a file has exactly these diagnostics. What is said of other files meanwhile is kept: two files may be judged in
    /// either order.
    pub fn until(&mut self, path: &str, wanted: &[&str]) {
        const PUBLISH: &str = "textDocument/publishDiagnostics";
        let mut others = VecDeque::new();
        loop {
            let params = self.expect(PUBLISH);
            if params["uri"] != uri(path) {
                others.push_back(Message::Notification(Notification { method: PUBLISH.to_owned(), params }));
            } else if told(&params["diagnostics"]) == wanted {
                break;
            }
        }
        others.append(&mut self.said);
        self.said = others;
    }

    pub fn open(&mut self, path: &str, text: &str) {
        self.versions += 1;
        let document =
            json!({ "uri": uri(path), "languageId": "wave", "version": self.versions, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document }));
    }

    /// Puts a text in place of what stands between two places.
    pub fn edit(&mut self, path: &str, from: (u32, u32), to: (u32, u32), text: &str) {
        self.versions += 1;
        let change = json!({ "range": { "start": position(from), "end": position(to) }, "text": text });
        let document = json!({ "uri": uri(path), "version": self.versions });
        self.notify(
            "textDocument/didChange",
            json!({ "textDocument": document, "contentChanges": [change] }),
        );
    }

    /// A request about a place of a file.
    pub fn at(&mut self, method: &str, path: &str, place: (u32, u32)) -> Result<Value, (i32, String)> {
        let document = json!({ "uri": uri(path) });
        self.request(
            &format!("textDocument/{method}"),
            json!({ "textDocument": document, "position": position(place) }),
        )
    }

    /// A request about a file.
    pub fn of(&mut self, method: &str, path: &str, more: Value) -> Result<Value, (i32, String)> {
        let mut params = more;
        params["textDocument"] = json!({ "uri": uri(path) });
        self.request(&format!("textDocument/{method}"), params)
    }

    /// Says goodbye; whether the server ended well.
    pub fn end(mut self) -> bool {
        self.request("shutdown", Value::Null).unwrap();
        self.notify("exit", Value::Null);
        self.server.take().unwrap().join().unwrap()
    }
}

pub fn position((line, character): (u32, u32)) -> Value {
    json!({ "line": line, "character": character })
}

/// Diagnostics as `line:column code`.
pub fn told(diagnostics: &Value) -> Vec<String> {
    let one = |it: &Value| {
        let start = &it["range"]["start"];
        format!("{}:{} {}", start["line"], start["character"], it["code"].as_str().unwrap())
    };
    diagnostics.as_array().unwrap().iter().map(one).collect()
}
