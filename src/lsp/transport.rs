//! Messages over two byte streams, each behind a `Content-Length`.
//!
//! A message that is no JSON, or no message, is answered with an error and forgotten: it ends nothing.

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use lsp_server::{Connection, ErrorCode, Message, RequestId, Response};
use std::io::{self, BufRead, Write};
use std::thread::{self, JoinHandle};

/// The largest message that is read.
const MOST_BYTES: usize = 256 * 1024 * 1024;

/// The threads of a connection.
pub struct Threads {
    writer: JoinHandle<()>,
}

impl Threads {
    /// Waits until all that was sent is written. The reader may still wait for bytes that never come.
    pub fn join(self) {
        // A writer that panicked has nothing more to write.
        let _ = self.writer.join();
    }
}

/// A connection over two streams.
pub fn connect(
    input: impl BufRead + Send + 'static,
    output: impl Write + Send + 'static,
) -> (Connection, Threads) {
    let (to_client, from_server) = unbounded();
    let (to_server, from_client) = bounded(0);
    let answers = to_client.clone();
    thread::spawn(move || read(input, &to_server, &answers));
    let writer = thread::spawn(move || write(output, &from_server));
    (Connection { sender: to_client, receiver: from_client }, Threads { writer })
}

fn write(mut output: impl Write, messages: &Receiver<Message>) {
    for message in messages {
        if message.write(&mut output).and_then(|()| output.flush()).is_err() {
            // Nobody listens any more.
            return;
        }
    }
}

fn read(mut input: impl BufRead, messages: &Sender<Message>, answers: &Sender<Message>) {
    while let Ok(Some(bytes)) = next(&mut input) {
        let value: Result<serde_json::Value, _> = serde_json::from_slice(&bytes);
        let (id, code, why) = match value {
            Ok(value) => {
                let id = value.get("id").cloned();
                match serde_json::from_value::<Message>(value) {
                    Ok(message) => {
                        let is_exit = matches!(&message, Message::Notification(it) if it.method == "exit");
                        if messages.send(message).is_err() || is_exit {
                            return;
                        }
                        continue;
                    }
                    Err(error) => (id, ErrorCode::InvalidRequest, error.to_string()),
                }
            }
            Err(error) => (None, ErrorCode::ParseError, error.to_string()),
        };
        let id = id.and_then(|id| serde_json::from_value::<RequestId>(id).ok());
        // An answer to nobody's request has the id 0: the protocol's `null` is none that this crate can write.
        let response = Response::new_err(id.unwrap_or_else(|| RequestId::from(0)), code as i32, why);
        if answers.send(Message::Response(response)).is_err() {
            return;
        }
    }
}

/// The bytes of the next message; none at the end of the stream.
fn next(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut length = None;
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let header = String::from_utf8_lossy(&line);
        let header = header.trim();
        match header.split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse::<usize>().ok();
            }
            // What is no header is passed over, up to the next length.
            _ if header.is_empty() && length.is_some() => break,
            _ => {}
        }
    }
    let length = length.unwrap_or(0).min(MOST_BYTES);
    let mut bytes = vec![0; length];
    input.read_exact(&mut bytes)?;
    Ok(Some(bytes))
}
