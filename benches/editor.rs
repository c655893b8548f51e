//! How long an editor waits: `cargo bench --bench editor [TASKS…]`.
//!
//! A plan of so many tasks in waves is opened in the server; then a key is typed again and again in the middle of it. What is timed is
//! the way from the key to fresh diagnostics of names and shapes, from the key to the answer of a completion, and what of it the
//! parts take by the processor: the median of the keys, the best and the worst; each of them with `--keys`.

use lsp_server::{Connection, Message, Notification, Request, RequestId};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use wavec::check::{Loader, Memory};
use wavec::compile::Options;
use wavec::diagnostic::levels::Levels;
use wavec::lsp::{World, serve};
use wavec::source::FileId;
use wavec::{ide, syntax};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Nowhere;

impl Loader for Nowhere {
    fn read(&self, _: &Path) -> io::Result<String> {
        Err(io::ErrorKind::NotFound.into())
    }
    fn exists(&self, _: &Path) -> bool {
        false
    }
    fn list(&self, _: &Path) -> io::Result<Vec<String>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

impl World for Nowhere {
    fn levels(&self, _: &Path) -> Result<Levels, String> {
        Ok(Levels::default())
    }
    fn plans_under(&self, _: &Path) -> Vec<PathBuf> {
        Vec::new()
    }
}

/// Waves of 200 tasks behind gates; each reads what the wave before wrote.
fn plan(size: usize) -> String {
    let mut text = "plan bench\nagent coder { driver claude }\n".to_owned();
    for task in 0..size {
        let (wave, place) = (task / 200, task % 200);
        if place == 0 {
            let _ = writeln!(text, "wave w{wave} {{");
        }
        let read = if wave == 0 { "docs/**".to_owned() } else { format!("src/w{}/**", wave - 1) };
        let _ = writeln!(
            text,
            "  task t{wave}-{place} \"Do it\" {{ agent coder  reads \"{read}\"  writes \"src/w{wave}/m{place}/**\"  estimate 10m }}"
        );
        if place == 199 || task + 1 == size {
            text.push_str("  gate { check \"it builds\" runs \"make\" }\n}\n");
        }
    }
    text
}

/// So often a mistake, its mending and a blank are typed.
const ROUNDS: usize = 10;

fn best(mut run: impl FnMut()) -> f64 {
    let times = (0..5).map(|_| {
        let start = processor_time();
        run();
        processor_time() - start
    });
    times.fold(f64::INFINITY, f64::min) * 1e3
}

/// The seconds for which this thread has had a processor, where the system tells.
fn processor_time() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds: Option<f64> = text.split_whitespace().next().and_then(|word| word.parse().ok());
    nanoseconds.unwrap_or(0.0) / 1e9
}

struct Client {
    connection: Connection,
    asked: i32,
    version: i32,
}

impl Client {
    fn notify(&self, method: &str, params: Value) {
        let message = Notification { method: method.to_owned(), params };
        // A server that is gone shows in the answers.
        let _ = self.connection.sender.send(Message::Notification(message));
    }

    fn ask(&mut self, method: &str, params: Value) -> RequestId {
        self.asked += 1;
        let id = RequestId::from(self.asked);
        let message = Request { id: id.clone(), method: method.to_owned(), params };
        let _ = self.connection.sender.send(Message::Request(message));
        id
    }

    /// Waits for an answer, or for the diagnostics of the newest version.
    fn wait(&self, wanted: Option<&RequestId>) {
        while let Ok(message) = self.connection.receiver.recv_timeout(Duration::from_secs(60)) {
            match (message, wanted) {
                (Message::Response(response), Some(id)) if response.id == *id => return,
                (Message::Notification(it), None)
                    if it.method == "textDocument/publishDiagnostics"
                        && it.params["version"] == self.version =>
                {
                    return;
                }
                _ => {}
            }
        }
    }

    /// Types one thing in the place of another.
    fn key(&mut self, line: usize, columns: std::ops::Range<usize>, text: &str) {
        self.version += 1;
        let at = |column: usize| json!({ "line": line, "character": column });
        let change = json!({ "range": { "start": at(columns.start), "end": at(columns.end) }, "text": text });
        let document = json!({ "uri": "file:///w/plan.wave", "version": self.version });
        self.notify(
            "textDocument/didChange",
            json!({ "textDocument": document, "contentChanges": [change] }),
        );
    }
}

fn main() {
    let sizes: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![100, 1_000, 10_000] } else { sizes };
    let mut out = io::stdout().lock();
    for size in sizes {
        let text = plan(size);
        let path = Path::new("/w/plan.wave");
        let parse = best(|| {
            std::hint::black_box(syntax::parse(FileId(0), &text));
        });
        let names = best(|| {
            std::hint::black_box(ide::analyze_names(path, &text, &Memory::new(), &Options::default()));
        });
        let start = processor_time();
        let analysis = ide::analyze(path, &text, &Memory::new(), &Options::default());
        let proofs = (processor_time() - start) * 1e3;
        let start = processor_time();
        if let Some(planned) = &analysis.planned {
            std::hint::black_box(planned.forecast());
        }
        let forecast = (processor_time() - start) * 1e3;

        let (ours, theirs) = Connection::memory();
        std::thread::spawn(move || serve(theirs, Arc::new(Nowhere)));
        let mut client = Client { connection: ours, asked: 0, version: 1 };
        let id = client.ask("initialize", json!({ "capabilities": {} }));
        client.wait(Some(&id));
        let document =
            json!({ "uri": "file:///w/plan.wave", "languageId": "wave", "version": 1, "text": text });
        client.notify("textDocument/didOpen", json!({ "textDocument": document }));
        client.wait(None);
        let middle = text.lines().count() / 2;
        let tasks = text.lines().enumerate().skip(middle);
        let Some((line, task)) = tasks.into_iter().find(|(_, line)| line.starts_with("  task ")) else {
            continue;
        };
        let head = task.find('{').unwrap_or(0) + 2;
        let mut keys = Vec::new();
        let mut completions = Vec::new();
        for _ in 0..ROUNDS {
            // A mistake and its mending: each changes what is said.
            let start = Instant::now();
            client.key(line, head..head, "x");
            client.wait(None);
            keys.push(start.elapsed());
            let start = Instant::now();
            client.key(line, head..head + 1, "");
            client.wait(None);
            keys.push(start.elapsed());
            let start = Instant::now();
            client.key(line, head..head, " ");
            let place = json!({ "line": line, "character": head });
            let document = json!({ "uri": "file:///w/plan.wave" });
            let params = json!({ "textDocument": document, "position": place });
            let id = client.ask("textDocument/completion", params);
            client.wait(Some(&id));
            completions.push(start.elapsed());
        }
        if std::env::args().any(|argument| argument == "--keys") {
            for (what, times) in [("diagnostics", &keys), ("completion", &completions)] {
                let times: Vec<String> =
                    times.iter().map(|time| format!("{:.0}", time.as_secs_f64() * 1e3)).collect();
                let _ = writeln!(out, "{what:>12}: {}", times.join(" "));
            }
        }
        let _ = writeln!(
            out,
            "{size:>6} tasks  key to diagnostics {}  to completion {}   parse {parse:.1}  names {names:.1}  proofs {proofs:.0}  forecast {forecast:.0}",
            told(&mut keys),
            told(&mut completions),
        );
    }
}

/// The median of some times, with the best and the worst.
fn told(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at = |index: usize| times.get(index).copied().unwrap_or_default().as_secs_f64() * 1e3;
    format!(
        "{:>6.1} ms (best {:.1}, worst {:.1})",
        at(times.len() / 2),
        at(0),
        at(times.len().saturating_sub(1))
    )
}
