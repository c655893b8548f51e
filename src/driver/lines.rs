//! What agent programs print, a JSON value a line; and what kind of trouble their messages tell of.
//!
//! Formats move weekly: lines that are no JSON, unknown fields and unknown kinds are passed over.

use crate::event::{AttemptEnd, ErrorClass, Timestamp, Usage};
use serde_json::Value;

/// The JSON objects of an output, in order.
pub fn objects(output: &str) -> impl DoubleEndedIterator<Item = Value> {
    let lines = output.lines().map(str::trim).filter(|line| line.starts_with('{'));
    lines.filter_map(|line| serde_json::from_str(line).ok())
}

/// A line without the colours that it is printed in.
pub fn without_escapes(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = after.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
        rest = rest.get(1..).unwrap_or_default();
    }
    plain.push_str(rest);
    plain
}

/// The text at a pointer, or empty.
pub fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The number at a pointer.
pub fn number(value: &Value, pointer: &str) -> Option<u64> {
    let value = value.pointer(pointer)?;
    value.as_u64().or_else(|| value.as_f64().filter(|it| *it >= 0.0).map(|it| it as u64))
}

/// The dollars at a pointer, in millionths.
pub fn money(value: &Value, pointer: &str) -> Option<u64> {
    let dollars = value.pointer(pointer)?.as_f64()?;
    (dollars >= 0.0).then(|| (dollars * 1e6).round() as u64)
}

/// The sum of numbers at pointers; none where none is known.
pub fn sum(value: &Value, pointers: &[&str]) -> Option<u64> {
    pointers.iter().filter_map(|pointer| number(value, pointer)).reduce(u64::saturating_add)
}

/// Adds what is known of one usage to another.
pub fn add(usage: &mut Usage, more: Usage) {
    usage.add(&more);
}

/// An agent's error, by its message and, where it is known, the status of the service behind it.
pub fn trouble(message: &str, status: Option<u64>) -> AttemptEnd {
    let (plain, stated) = plain(message);
    let (message, status) = (plain.trim(), status.or(stated));
    let (class, resets_at) = classify(message, status);
    let cut: String = message.chars().take(400).collect();
    AttemptEnd::AgentError { class, message: cut, resets_at }
}

/// What an error says: where it is the JSON of a service, or holds it, the message and the status in that.
fn plain(message: &str) -> (String, Option<u64>) {
    let found = message.find('{').and_then(|start| {
        let mut values = serde_json::Deserializer::from_str(&message[start..]).into_iter::<Value>();
        let value = values.next()?.ok()?;
        let error = value.get("error").filter(|error| error.is_object()).unwrap_or(&value);
        let inner = text(error, "/message");
        let rest = &message[start + values.byte_offset()..];
        (!inner.is_empty()).then(|| {
            let (deeper, status) = plain(inner);
            let status = status.or(number(error, "/code")).or(number(error, "/status"));
            (
                format!("{}{deeper}{rest}", &message[..start]),
                status.filter(|status| (400..600).contains(status)),
            )
        })
    });
    found.unwrap_or_else(|| (message.to_owned(), None))
}

/// The kind of an error.
fn classify(message: &str, status: Option<u64>) -> (ErrorClass, Option<Timestamp>) {
    let text = message.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let status = status.or_else(|| status_in(&text));
    let quota = [
        "usage limit",
        "quota",
        "credit balance",
        "billing",
        "spending limit",
        "limit reached",
        "limit will reset",
        "out of credits",
    ];
    if has(&quota) || status == Some(402) {
        return (ErrorClass::Quota, reset_in(message));
    }
    if matches!(status, Some(401 | 403)) {
        return (ErrorClass::Auth, None);
    }
    match status {
        Some(408 | 425 | 429 | 500..=599) => return (ErrorClass::Transient, None),
        Some(404) => return (ErrorClass::Fatal, None),
        _ => {}
    }
    let auth = [
        "api key",
        "unauthorized",
        "authentication",
        "not logged in",
        "/login",
        "log in",
        "forbidden",
        "auth method",
    ];
    if has(&auth) {
        return (ErrorClass::Auth, None);
    }
    // A service that says no for good says so by its status, whatever words it has for it.
    if status.is_some() {
        return (ErrorClass::Failed, None);
    }
    let transient = [
        "overloaded",
        "rate limit",
        "too many requests",
        "timed out",
        "timeout",
        "connection",
        "econnreset",
        "network",
        "temporarily",
        "unavailable",
        "internal server error",
        "high demand",
        "temporary error",
        "retry limit",
    ];
    if has(&transient) {
        return (ErrorClass::Transient, None);
    }
    let fatal = [
        "model not found",
        "unknown model",
        "no such model",
        "unknown option",
        "unknown argument",
        "not_found_error",
    ];
    if has(&fatal) {
        return (ErrorClass::Fatal, None);
    }
    (ErrorClass::Failed, None)
}

/// The status of a service as it stands in messages: `API Error: 500 …`, `status 429`, `(401)`.
fn status_in(text: &str) -> Option<u64> {
    let marks = ["api error: ", "status code ", "status: ", "status ", "http ", "error: "];
    let behind = marks.iter().filter_map(|mark| text.split_once(mark)).map(|(_, rest)| rest);
    let number = |rest: &str| {
        let digits: String = rest.trim_start_matches('(').chars().take_while(char::is_ascii_digit).collect();
        (digits.len() == 3).then(|| digits.parse().ok()).flatten()
    };
    behind.filter_map(number).find(|status| (400..600).contains(status))
}

/// When a quota is said to be back: seconds since 1970 behind a bar, or a time as RFC 3339.
fn reset_in(message: &str) -> Option<Timestamp> {
    let epoch = message.rsplit('|').next().map(str::trim).filter(|text| text.len() == 10);
    if let Some(seconds) = epoch.and_then(|text| text.parse::<i64>().ok()) {
        return Some(seconds * 1000);
    }
    let words =
        message.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_ascii_alphanumeric()));
    words
        .filter(|word| word.contains('T'))
        .find_map(|word| word.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_tell_what_kind_of_trouble_it_is() {
        let class = |message| classify(message, None).0;
        assert_eq!(class("Claude AI usage limit reached|1767243600"), ErrorClass::Quota);
        assert_eq!(class("You exceeded your current quota, please check your plan"), ErrorClass::Quota);
        assert_eq!(class("API Error: 500 {\"type\":\"error\"}"), ErrorClass::Transient);
        assert_eq!(class("API Error: 429 rate_limit"), ErrorClass::Transient);
        assert_eq!(class("Invalid API key · Please run /login"), ErrorClass::Auth);
        assert_eq!(class("unexpected status 401 Unauthorized"), ErrorClass::Auth);
        assert_eq!(class("API Error: 400 bad request"), ErrorClass::Failed);
        assert_eq!(class("API Error: 400 the connection id is missing"), ErrorClass::Failed);
        assert_eq!(class("We’re currently experiencing high demand"), ErrorClass::Transient);
        assert_eq!(class("I could not do it"), ErrorClass::Failed);
        assert_eq!(classify("whatever", Some(503)).0, ErrorClass::Transient);
    }

    #[test]
    fn the_message_of_a_service_is_taken_out_of_its_json() {
        let of = |message: &str| match trouble(message, None) {
            AttemptEnd::AgentError { class, message, .. } => (class, message),
            end => panic!("{end:?}"),
        };
        let inner = r#"{"error":{"code":401,"message":"no key","type":"api_error"},"type":"error"}"#;
        assert_eq!(of(&format!("[API Error: {inner}]")), (ErrorClass::Auth, "[API Error: no key]".into()));
        assert_eq!(of(r#"{"error":{"code":400,"message":"bad"}}"#), (ErrorClass::Failed, "bad".into()));
        assert_eq!(of("it says {x} and more"), (ErrorClass::Failed, "it says {x} and more".into()));
    }

    #[test]
    fn a_quota_says_when_it_is_back() {
        assert_eq!(reset_in("usage limit reached|1767243600"), Some(1_767_243_600_000));
        assert_eq!(reset_in("limit will reset at 2026-01-01T05:00:00Z."), Some(1_767_243_600_000));
        assert_eq!(reset_in("quota: try again later"), None);
    }
}
