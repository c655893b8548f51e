//! The loop that owns the documents: takes messages, hands out work, and passes on what comes of it.
//!
//! Does nothing that takes long itself.

use super::World;
use super::answer::{self, Question, Snapshot};
use super::capabilities::{self, Client};
use super::documents::{Document, Documents, Overlay};
use super::results::Results;
use super::uri;
use super::watch::{self, Asked, Change};
use super::work::{Depth, Done, Job, work};
use crate::ide::{self, Analysis, Planned};
use crossbeam_channel::{Receiver, Sender, select, unbounded};
use gen_lsp_types as lsp;
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, RequestId, Response};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// What the other threads say.
pub enum Event {
    /// A text has been analysed.
    Done(Done),
    /// A request has been answered.
    Answered(Response),
}

/// A text whose proofs take longer than this is first analysed without them.
const QUICK: Duration = Duration::from_millis(30);

/// The same of a text that is longer, while nobody knows how long its proofs take.
const LARGE: usize = 64 * 1024;

/// A file that is open, and what is known of it as the first file of a plan.
#[derive(Default)]
struct Root {
    /// The revision of the last change that it depends on.
    changed: u64,
    /// The revision that was last given to a thread.
    given: u64,
    names: Option<(u64, Arc<Analysis>)>,
    proofs: Option<(u64, Arc<Analysis>)>,
    /// The last plan without errors.
    planned: Option<Arc<Planned>>,
    /// How long the last proofs took.
    took: Duration,
    /// All that the last analysis asked for.
    asked: Arc<Asked>,
}

impl Root {
    fn is_proved(&self) -> bool {
        self.proofs.as_ref().is_some_and(|(revision, _)| *revision >= self.changed)
    }

    fn is_named(&self) -> bool {
        self.is_proved() || self.names.as_ref().is_some_and(|(revision, _)| *revision >= self.changed)
    }

    /// The newest that is known.
    fn newest(&self) -> Option<&Arc<Analysis>> {
        match (&self.names, &self.proofs) {
            (Some((names, analysis)), Some((proofs, _))) if names > proofs => Some(analysis),
            (_, Some((_, analysis))) | (Some((_, analysis)), None) => Some(analysis),
            (None, None) => None,
        }
    }

    /// Whether the order and the time are known, of this text or, where that takes long, of one before.
    fn is_ordered(&self) -> bool {
        let is_told_before = self.proofs.is_some() && self.planned.is_some() && self.took > QUICK;
        self.is_proved() || self.is_named() && is_told_before
    }

    fn uses(&self, path: &Path) -> bool {
        self.newest().is_none_or(|analysis| analysis.file(path).is_some())
    }
}

/// A thread that analyses.
struct Worker {
    jobs: Sender<Job>,
    /// The text that it is at, and how it is told that nobody wants that any more.
    current: Option<(PathBuf, Arc<AtomicBool>)>,
}

/// One for the newest text while the other finds out that its own is stale.
const WORKERS: usize = 2;

/// Where the conversation stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Before `initialize`.
    New,
    /// Between `initialize` and `shutdown`.
    Running,
    /// After `shutdown`.
    Ending,
}

struct Server {
    phase: Phase,
    client: Client,
    world: Arc<dyn World>,
    to_client: Sender<Message>,
    documents: Arc<Documents>,
    folders: Vec<PathBuf>,
    revision: u64,
    roots: BTreeMap<PathBuf, Root>,
    results: Results,
    workers: Vec<Worker>,
    /// Takes what is old, and frees it, so that no message waits for that.
    old: Sender<Arc<Analysis>>,
    quick: Sender<Question>,
    slow: Sender<Question>,
    /// Requests that wait for an analysis.
    waiting: Vec<Request>,
    /// Requests that are being answered, each with whether it is still wanted.
    open: HashMap<RequestId, Arc<AtomicBool>>,
    /// How many requests have been sent.
    asked: i32,
    /// The directories outside the workspace that are watched.
    watched: BTreeSet<PathBuf>,
}

/// Serves until the client says `exit` or is gone; whether it said `shutdown` before.
pub fn run(connection: Connection, world: Arc<dyn World>) -> bool {
    let (events_in, events) = unbounded();
    let worker = |_| {
        let (jobs_in, jobs): (Sender<Job>, Receiver<Job>) = unbounded();
        let events = events_in.clone();
        thread::spawn(move || work(&jobs, &events));
        Worker { jobs: jobs_in, current: None }
    };
    let (old_in, old): (Sender<Arc<Analysis>>, Receiver<Arc<Analysis>>) = unbounded();
    thread::spawn(move || old.into_iter().for_each(drop));
    let answerer = |events: &Sender<Event>| {
        let (questions_in, questions): (Sender<Question>, Receiver<Question>) = unbounded();
        let events = events.clone();
        thread::spawn(move || answer::answer(&questions, &events));
        questions_in
    };
    let mut server = Server {
        phase: Phase::New,
        client: Client::of(&Value::Null),
        world,
        to_client: connection.sender.clone(),
        documents: Arc::default(),
        folders: Vec::new(),
        revision: 0,
        roots: BTreeMap::new(),
        results: Results::default(),
        workers: (0..WORKERS).map(worker).collect(),
        old: old_in,
        quick: answerer(&events_in),
        slow: answerer(&events_in),
        waiting: Vec::new(),
        open: HashMap::new(),
        asked: 0,
        watched: BTreeSet::new(),
    };
    loop {
        select! {
            recv(connection.receiver) -> message => match message {
                Ok(Message::Request(request)) => server.request(request),
                Ok(Message::Notification(notification)) if notification.method == "exit" => {
                    return server.phase == Phase::Ending;
                }
                Ok(Message::Notification(notification)) => server.notification(notification),
                // The client says nothing that is waited for.
                Ok(Message::Response(_)) => {}
                Err(_) => return server.phase == Phase::Ending,
            },
            recv(events) -> event => match event {
                Ok(Event::Done(done)) => server.done(done),
                Ok(Event::Answered(response)) => {
                    server.open.remove(&response.id);
                    server.send(Message::Response(response));
                }
                Err(_) => return false,
            },
        }
        server.hand_out();
    }
}

fn parsed<T: DeserializeOwned>(params: Value) -> Option<T> {
    serde_json::from_value(params).ok()
}

impl Server {
    fn send(&self, message: Message) {
        // When the client is gone, the loop ends with the next message.
        let _ = self.to_client.send(message);
    }

    fn notify(&self, method: &str, params: Value) {
        self.send(Message::Notification(Notification { method: method.to_owned(), params }));
    }

    fn ask(&mut self, method: &str, params: Value) {
        self.asked += 1;
        let id = RequestId::from(format!("wavec-{}", self.asked));
        self.send(Message::Request(Request { id, method: method.to_owned(), params }));
    }

    fn refuse(&self, id: RequestId, code: ErrorCode, why: &str) {
        self.send(Message::Response(Response::new_err(id, code as i32, why.to_owned())));
    }

    fn log(&self, text: &str) {
        self.notify("window/logMessage", json!({ "type": 1, "message": text }));
    }

    fn request(&mut self, request: Request) {
        match (self.phase, request.method.as_str()) {
            (Phase::New, "initialize") => self.initialize(request),
            (Phase::New, _) => {
                self.refuse(request.id, ErrorCode::ServerNotInitialized, "`initialize` comes first");
            }
            (Phase::Ending, _) => {
                self.refuse(request.id, ErrorCode::InvalidRequest, "the server has been shut down");
            }
            (Phase::Running, "initialize") => {
                self.refuse(request.id, ErrorCode::InvalidRequest, "`initialize` comes once");
            }
            (Phase::Running, "shutdown") => {
                self.phase = Phase::Ending;
                self.send(Message::Response(Response::new_ok(request.id, Value::Null)));
            }
            (Phase::Running, "textDocument/diagnostic") => self.waiting.push(request),
            (Phase::Running, method) if answer::is_known(method) => match answer::is_of_text(method) {
                true => self.question(request, true),
                false => self.waiting.push(request),
            },
            (Phase::Running, method) => {
                let why = format!("there is no `{method}` here");
                self.refuse(request.id, ErrorCode::MethodNotFound, &why);
            }
        }
    }

    fn initialize(&mut self, request: Request) {
        self.client = Client::of(&request.params);
        let folders = request.params.get("workspaceFolders").and_then(Value::as_array);
        let folder = |folder: &Value| folder["uri"].as_str().map(uri::to_path);
        self.folders = folders.map(|all| all.iter().filter_map(folder).collect()).unwrap_or_default();
        if self.folders.is_empty()
            && let Some(root) = request.params.get("rootUri").and_then(Value::as_str)
        {
            self.folders.push(uri::to_path(root));
        }
        self.phase = Phase::Running;
        self.send(Message::Response(Response::new_ok(request.id, capabilities::server(&self.client))));
    }

    fn notification(&mut self, notification: Notification) {
        let Notification { method, params } = notification;
        if self.phase != Phase::Running {
            return;
        }
        match method.as_str() {
            "initialized" => self.initialized(),
            "textDocument/didOpen" => {
                if let Some(lsp::DidOpenTextDocumentParams { text_document: it }) = parsed(params) {
                    let path = uri::to_path(&it.uri.0);
                    let document = Document::new(&it.uri.0, &path, it.version, it.text);
                    Arc::make_mut(&mut self.documents).insert(path.clone(), Arc::new(document));
                    self.roots.entry(path).or_default();
                    self.touch_all();
                }
            }
            "textDocument/didChange" => {
                let Some(params) = parsed::<lsp::DidChangeTextDocumentParams>(params) else {
                    self.log("a change that is none was passed over");
                    return;
                };
                let path = uri::to_path(&params.text_document.text_document_identifier.uri.0);
                if let Some(document) = self.documents.get(&path) {
                    let version = params.text_document.version;
                    let document = document.changed(version, params.content_changes, self.client.unit);
                    Arc::make_mut(&mut self.documents).insert(path.clone(), Arc::new(document));
                    self.touch(&path);
                }
            }
            "textDocument/didClose" => {
                if let Some(lsp::DidCloseTextDocumentParams { text_document }) = parsed(params) {
                    let path = uri::to_path(&text_document.uri.0);
                    Arc::make_mut(&mut self.documents).remove(&path);
                    self.roots.remove(&path);
                    let changed = self.results.remove(&path);
                    self.publish(changed);
                    self.touch_all();
                }
            }
            "workspace/didChangeWatchedFiles" => match parsed(params) {
                Some(lsp::DidChangeWatchedFilesParams { changes }) => self.changed_on_disk(&changes),
                None => self.touch_all(),
            },
            "workspace/didChangeWorkspaceFolders" => {
                if let Some(lsp::DidChangeWorkspaceFoldersParams { event }) = parsed(params) {
                    let gone: Vec<PathBuf> = event.removed.iter().map(|it| uri::to_path(&it.uri.0)).collect();
                    self.folders.retain(|folder| !gone.contains(folder));
                    self.folders.extend(event.added.iter().map(|it| uri::to_path(&it.uri.0)));
                }
            }
            "$/cancelRequest" => {
                if let Some(id) = params.get("id").cloned().and_then(parsed::<RequestId>) {
                    self.cancel(id);
                }
            }
            // `didSave`, `$/setTrace` and what there may be in later editions change nothing.
            _ => {}
        }
    }

    fn initialized(&mut self) {
        if self.client.watches {
            self.watch("files", watch::in_workspace());
        }
    }

    fn watch(&mut self, id: &str, watchers: Vec<Value>) {
        let registration = json!({
            "id": id,
            "method": "workspace/didChangeWatchedFiles",
            "registerOptions": { "watchers": watchers },
        });
        self.ask("client/registerCapability", json!({ "registrations": [registration] }));
    }

    /// Has the libraries watched that the open plans use and that are outside the workspace.
    fn watch_outside(&mut self) {
        if !self.client.watches {
            return;
        }
        let analyses = self.roots.values().filter_map(Root::newest);
        let files = analyses.flat_map(|analysis| analysis.sources.files().map(|(_, file)| file.path()));
        let outside = watch::outside(files, &self.folders);
        if outside == self.watched {
            return;
        }
        if !self.watched.is_empty() {
            let gone = json!({ "id": "outside", "method": "workspace/didChangeWatchedFiles" });
            // The protocol itself spells it so.
            self.ask("client/unregisterCapability", json!({ "unregisterations": [gone] }));
        }
        if !outside.is_empty() {
            self.watch("outside", watch::in_directories(&outside, &self.client));
        }
        self.watched = outside;
    }

    /// Files have changed on disk: those that asked for them are to be analysed anew.
    fn changed_on_disk(&mut self, changes: &[lsp::FileEvent]) {
        self.revision += 1;
        for event in changes {
            let path = uri::to_path(&event.uri.0);
            let change = match event.kind {
                lsp::FileChangeType::Created => Change::Created,
                lsp::FileChangeType::Deleted => Change::Deleted,
                lsp::FileChangeType::Changed | lsp::FileChangeType::Custom(_) => Change::Changed,
            };
            let is_open = self.documents.contains_key(&path) && change == Change::Changed;
            // Settings are not asked for through the documents.
            let is_for_all = path.file_name().is_some_and(|name| name == "wavec.toml");
            for root in self.roots.values_mut() {
                if is_for_all || !is_open && root.asked.concerns(&path, change) {
                    root.changed = self.revision;
                }
            }
        }
        self.give_up();
    }

    fn cancel(&mut self, id: RequestId) {
        if let Some(at) = self.waiting.iter().position(|request| request.id == id) {
            self.waiting.remove(at);
            self.refuse(id, ErrorCode::RequestCanceled, "canceled");
        } else if let Some(is_unwanted) = self.open.get(&id) {
            is_unwanted.store(true, Ordering::Relaxed);
        }
    }

    /// A text has changed: those that use it are to be analysed anew.
    fn touch(&mut self, path: &Path) {
        self.revision += 1;
        for (root, known) in &mut self.roots {
            if root == path || known.uses(path) {
                known.changed = self.revision;
            }
        }
        self.give_up();
    }

    /// Something around has changed.
    fn touch_all(&mut self) {
        self.revision += 1;
        self.roots.values_mut().for_each(|root| root.changed = self.revision);
        self.give_up();
    }

    /// Tells the threads whose text has changed or is closed that nobody waits for them.
    fn give_up(&self) {
        for (path, is_stale) in self.workers.iter().filter_map(|worker| worker.current.as_ref()) {
            if self.roots.get(path).is_none_or(|root| root.given < root.changed) {
                is_stale.store(true, Ordering::Relaxed);
            }
        }
    }

    fn overlay(&self) -> Overlay {
        let (documents, world) = (Arc::clone(&self.documents), Arc::clone(&self.world));
        Overlay { documents, world, is_stale: Arc::default(), asked: Arc::default() }
    }

    /// Gives every idle thread the newest text that none has been given.
    fn set_to_work(&mut self) {
        for worker in 0..self.workers.len() {
            if self.workers[worker].current.is_some() {
                continue;
            }
            let open = self.roots.iter().filter(|(_, root)| root.given < root.changed);
            let newest = open.max_by_key(|(_, root)| root.changed).map(|(path, _)| path.clone());
            let Some(path) = newest else { return };
            let overlay = self.overlay();
            let is_stale = Arc::clone(&overlay.is_stale);
            let revision = self.revision;
            let is_large = self.documents.get(&path).is_some_and(|it| it.source.text().len() > LARGE);
            let is_staged = self.roots.get_mut(&path).is_some_and(|root| {
                root.given = revision;
                root.asked = Arc::clone(&overlay.asked);
                root.took > QUICK || root.proofs.is_none() && is_large
            });
            self.workers[worker].current = Some((path.clone(), is_stale));
            // The thread lives as long as this one.
            let _ = self.workers[worker].jobs.send(Job { worker, path, revision, is_staged, overlay });
        }
    }

    /// Gives the idle threads what is newest, and the answerers what can be answered now.
    fn hand_out(&mut self) {
        self.set_to_work();
        let waiting = std::mem::take(&mut self.waiting);
        for request in waiting {
            let root = answer::path_of(&request.params).and_then(|path| self.roots.get(&path));
            let is_ready = match request.method.as_str() {
                "textDocument/codeAction" => root.is_none_or(Root::is_proved),
                method if answer::is_of_order(method) => root.is_none_or(Root::is_ordered),
                _ => root.is_none_or(Root::is_named),
            };
            match (is_ready, request.method.as_str()) {
                (false, _) => self.waiting.push(request),
                (true, "textDocument/diagnostic") => self.pulled(request),
                (true, _) => self.question(request, false),
            }
        }
    }

    fn done(&mut self, done: Done) {
        let mut is_stale = false;
        if done.depth == Depth::Proofs
            && let Some((_, given_up)) = self.workers[done.worker].current.take()
        {
            is_stale = given_up.load(Ordering::Relaxed);
        }
        let analysis = match done.analysis {
            Ok(analysis) => analysis,
            Err(why) => {
                self.log(&format!("wavec went wrong over {}: {why}", done.path.display()));
                // As if there were nothing to say: the next change is tried again.
                Arc::new(Analysis::default())
            }
        };
        let Some(root) = self.roots.get_mut(&done.path) else { return };
        if is_stale {
            // Half done.
            let _ = self.old.send(analysis);
            return;
        }
        let is_current = done.revision >= root.changed;
        let said = match done.depth {
            Depth::Names => {
                if !is_current {
                    let _ = self.old.send(analysis);
                    return;
                }
                let before = root.names.replace((done.revision, Arc::clone(&analysis)));
                if let Some((_, before)) = before {
                    let _ = self.old.send(before);
                }
                return;
            }
            Depth::Mistakes if !is_current => return,
            Depth::Mistakes => {
                let carried = root.proofs.as_ref().map(|(_, before)| ide::carry(before, &analysis));
                let mut said = analysis.diagnostics.clone();
                for found in carried.into_iter().flatten() {
                    if !said.iter().any(|other| other.code == found.code && other.span() == found.span()) {
                        said.push(found);
                    }
                }
                crate::diagnostic::sort(&mut said);
                said
            }
            Depth::Proofs => {
                root.took = done.took;
                root.planned = analysis.planned.clone().or(root.planned.take());
                let before = root.proofs.replace((done.revision, Arc::clone(&analysis)));
                let names = root.names.take_if(|(revision, _)| *revision <= done.revision);
                for (_, before) in before.into_iter().chain(names) {
                    let _ = self.old.send(before);
                }
                analysis.diagnostics.clone()
            }
        };
        if !is_current || analysis.sources.files().next().is_none() {
            return;
        }
        let changed = self.results.set(&done.path, &analysis.sources, &said, self.client.unit);
        self.publish(changed);
        if done.depth == Depth::Proofs {
            self.watch_outside();
        }
        if done.depth == Depth::Proofs && self.client.refreshes && analysis.planned.is_some() {
            self.ask("workspace/inlayHint/refresh", Value::Null);
            self.ask("workspace/codeLens/refresh", Value::Null);
        }
    }

    /// Says what is new of files: to a client that asks, that it should ask again.
    fn publish(&mut self, files: Vec<PathBuf>) {
        let mut has_open = false;
        for file in files {
            let document = self.documents.get(&file);
            if document.is_some() && self.client.pulls {
                has_open = true;
                continue;
            }
            let mut params = json!({
                "uri": document.map_or_else(|| uri::of_path(&file), |document| document.uri.clone()),
                "diagnostics": self.results.of(&file),
            });
            if let Some(document) = document {
                params["version"] = json!(document.version);
            }
            self.notify("textDocument/publishDiagnostics", params);
        }
        if has_open {
            let asks = self.waiting.iter().any(|request| request.method == "textDocument/diagnostic");
            if !asks {
                self.ask("workspace/diagnostic/refresh", Value::Null);
            }
        }
    }

    fn pulled(&mut self, request: Request) {
        let Some(path) = answer::path_of(&request.params) else {
            self.refuse(request.id, ErrorCode::InvalidParams, "which document?");
            return;
        };
        let items = if self.results.knows(&path) { self.results.of(&path) } else { Vec::new() };
        let text = Value::from(items.clone()).to_string();
        let result = blake3::hash(text.as_bytes()).to_hex().to_string();
        let before = request.params.get("previousResultId").and_then(Value::as_str);
        let report = match before == Some(result.as_str()) {
            true => json!({ "kind": "unchanged", "resultId": result }),
            false => json!({ "kind": "full", "resultId": result, "items": items }),
        };
        self.send(Message::Response(Response::new_ok(request.id, report)));
    }

    fn question(&mut self, request: Request, is_of_text: bool) {
        let is_unwanted = Arc::new(AtomicBool::new(false));
        self.open.insert(request.id.clone(), Arc::clone(&is_unwanted));
        let roots = self.roots.iter();
        let analyses =
            roots.clone().filter_map(|(path, root)| Some((path.clone(), Arc::clone(root.newest()?))));
        let planned =
            roots.filter_map(|(path, root)| Some((path.clone(), Arc::clone(root.planned.as_ref()?))));
        let snapshot = Snapshot {
            analyses: analyses.collect(),
            planned: planned.collect(),
            overlay: self.overlay(),
            folders: self.folders.clone(),
            client: self.client,
        };
        let question = Question { request, snapshot, is_unwanted };
        // The threads live as long as this one.
        let _ = if is_of_text { self.quick.send(question) } else { self.slow.send(question) };
    }
}
