//! Sessions as they went over the wire, replayed: what a client said, a message a line, and beside it what the server answered.
//!
//! `{"disk": …}` writes files of the world; `{"until": FILE, "diagnostics": […]}` waits until a file has these.

use super::client::{Client, uri};
use serde_json::Value;
use std::fmt::Write;

/// What a server answers to a session.
fn replay(session: &str) -> String {
    let mut client = Client::new(&[]);
    let mut said = String::new();
    for line in session.lines() {
        let message: Value = serde_json::from_str(line).unwrap();
        if let Some(files) = message["disk"].as_object() {
            files.iter().for_each(|(path, text)| client.files.write(path, text.as_str().unwrap()));
        } else if let Some(file) = message["until"].as_str() {
            let wanted = message["diagnostics"].as_array().unwrap();
            let wanted: Vec<&str> = wanted.iter().map(|it| it.as_str().unwrap()).collect();
            let path = file.strip_prefix(&uri("")).unwrap();
            client.until(path, &wanted);
            let _ = writeln!(said, "{path} has {wanted:?}\n");
        } else {
            let (method, params) = (message["method"].as_str().unwrap(), message["params"].clone());
            if message.get("id").is_none() {
                client.notify(method, params);
                continue;
            }
            let answer = client.request(method, params);
            // What the server can do has a test of its own.
            if method == "initialize" {
                continue;
            }
            let _ = writeln!(said, "{method}");
            match answer {
                Ok(Value::Array(all)) if !all.is_empty() => {
                    for one in all {
                        let _ = writeln!(said, "  {one}");
                    }
                }
                Ok(answer) => said.push_str(&format!("  {answer}\n")),
                Err((code, why)) => said.push_str(&format!("  error {code}: {why}\n")),
            }
            said.push('\n');
        }
    }
    assert!(client.end());
    said
}

#[test]
fn sessions_are_answered_as_before() {
    insta::glob!("../../cases/lsp", "*.jsonl", |path| {
        let said = replay(&std::fs::read_to_string(path).unwrap());
        crate::beside(path, || insta::assert_snapshot!(crate::stem(path), said));
    });
}
