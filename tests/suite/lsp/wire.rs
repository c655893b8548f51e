//! The server as a program: bytes in, bytes out.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

fn framed(body: &str) -> String {
    format!("Content-Length: {}\r\n\r\n{body}", body.len())
}

/// What the server writes to these bytes, and the code that it ends with.
fn spoken(bytes: &str) -> (String, Option<i32>) {
    let mut server = Command::new(env!("CARGO_BIN_EXE_wavec"))
        .arg("lsp")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    server.stdin.take().unwrap().write_all(bytes.as_bytes()).unwrap();
    let mut said = String::new();
    server.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    (said, server.wait().unwrap().code())
}

const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}"#;
const SHUTDOWN: &str = r#"{"jsonrpc":"2.0","id":2,"method":"shutdown"}"#;
const EXIT: &str = r#"{"jsonrpc":"2.0","method":"exit"}"#;

#[test]
fn a_conversation_ends_as_the_protocol_has_it() {
    let (said, code) = spoken(&[INITIALIZE, SHUTDOWN, EXIT].map(framed).concat());
    assert_eq!(code, Some(0));
    assert!(said.contains("\"name\":\"wavec\""));
    assert_eq!(spoken(&[INITIALIZE, EXIT].map(framed).concat()).1, Some(1), "without `shutdown`");
    assert_eq!(spoken(&framed(INITIALIZE)).1, Some(1), "when the client is gone");
    assert_eq!(spoken("").1, Some(1));
}

#[test]
fn bytes_that_are_no_message_are_answered_and_forgotten() {
    let bad = [r#"{"jsonrpc": nonsense"#, r#"[1, 2]"#, r#"{"id": 7, "params": {}}"#, "\u{1F30A}"];
    let text =
        [INITIALIZE].iter().chain(&bad).chain(&[SHUTDOWN, EXIT]).map(|body| framed(body)).collect::<String>();
    let (said, code) = spoken(&text);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(said.matches("-32700").count(), 2, "{said}");
    assert_eq!(said.matches("-32600").count(), 2, "{said}");
}

#[test]
fn a_header_that_is_none_is_passed_over() {
    let mut text = String::from("garbage\r\nContent-Type: x\r\n");
    text.push_str(&[INITIALIZE, SHUTDOWN, EXIT].map(framed).concat());
    assert_eq!(spoken(&text).1, Some(0));
}
