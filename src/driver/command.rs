//! The `command` driver: an agent that is any program.
//!
//! It finds its prompt in the file `WAVEC_PROMPT_FILE`, works, and ends with 0. It may write into `WAVEC_RESULT_FILE`: plain
//! text is its final text; a JSON object with a `status` says more:
//!
//! ```json
//! {"status": "done", "text": "…", "usage": {"input_tokens": 1200, "output_tokens": 300, "dollars": 0.02}}
//! {"status": "failed", "message": "why"}
//! {"status": "quota", "message": "…", "resets_at": "2026-01-01T05:00:00Z"}
//! ```
//!
//! `status` is `done`, `failed` (the next attempt may help), `transient` (try again soon), `quota` (the run parks), `auth` or
//! `fatal` (another attempt will not help). An exit code of 75 (`EX_TEMPFAIL`) is `transient` too.

use super::{Answered, Files, Reading};
use crate::event::{AttemptEnd, ErrorClass, Timestamp, Usage, Verdict};
use crate::plan::Agent;
use serde::Deserialize;
use serde_json::Value;

/// `EX_TEMPFAIL` of `sysexits.h`: try again later.
const TEMPORARY: i32 = 75;

/// What a result file may hold.
#[derive(Deserialize)]
struct Outcome {
    status: Status,
    #[serde(default)]
    text: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    resets_at: Value,
    #[serde(default)]
    usage: Spent,
    #[serde(default)]
    session: Option<String>,
    #[serde(default)]
    denied: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Done,
    Failed,
    Transient,
    Quota,
    Auth,
    Fatal,
}

#[derive(Default, Deserialize)]
struct Spent {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    dollars: Option<f64>,
}

/// As [`super::VERDICT_SCHEMA`] has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Judgement {
    verdict: Verdict,
    reason: String,
}

/// The reason of the answer that a judge is shown as a pattern.
const SAMPLE: &str = "one or two sentences";

pub fn variables(agent: &Agent, files: &Files) -> Vec<(&'static str, String)> {
    let path = |path: &std::path::Path| path.to_string_lossy().into_owned();
    let mut variables = vec![
        ("WAVEC_AGENT", agent.name.clone()),
        ("WAVEC_PROMPT_FILE", path(&files.prompt)),
        ("WAVEC_RESULT_FILE", path(&files.result)),
    ];
    if !agent.model.is_empty() {
        variables.push(("WAVEC_MODEL", agent.model.clone()));
    }
    if let Some(instructions) = &files.instructions {
        variables.push(("WAVEC_INSTRUCTIONS_FILE", path(instructions)));
    }
    if !agent.allow.is_empty() {
        variables.push(("WAVEC_ALLOW", agent.allow.join("\n")));
    }
    if !agent.deny.is_empty() {
        variables.push(("WAVEC_DENY", agent.deny.join("\n")));
    }
    variables
}

pub fn read(answered: &Answered<'_>) -> Reading {
    let told = answered.result.and_then(|text| serde_json::from_str::<Outcome>(text).ok());
    let error = |class, message: &str, resets_at| AttemptEnd::AgentError {
        class,
        message: message.to_owned(),
        resets_at,
    };
    // Its own word can only make an end worse than its exit code says, never better.
    let by_code = match answered.code {
        Some(0) => AttemptEnd::Done,
        Some(TEMPORARY) => {
            error(ErrorClass::Transient, "it asks to be tried again later (exit code 75)", None)
        }
        Some(code) => AttemptEnd::Exit { code },
        None => AttemptEnd::Signal { signal: 0 },
    };
    let Some(told) = told else {
        let text = answered.result.filter(|text| !text.trim().is_empty()).unwrap_or(answered.stdout);
        return Reading { end: by_code, text: trimmed(text), ..Reading::default() };
    };
    let end = match told.status {
        Status::Done => by_code,
        Status::Failed => match by_code {
            AttemptEnd::Done => error(ErrorClass::Failed, &told.message, None),
            by_code => by_code,
        },
        Status::Transient => error(ErrorClass::Transient, &told.message, None),
        Status::Quota => error(ErrorClass::Quota, &told.message, timestamp(&told.resets_at)),
        Status::Auth => error(ErrorClass::Auth, &told.message, None),
        Status::Fatal => error(ErrorClass::Fatal, &told.message, None),
    };
    let usage = Usage {
        input_tokens: told.usage.input_tokens,
        output_tokens: told.usage.output_tokens,
        money: told
            .usage
            .dollars
            .filter(|dollars| *dollars >= 0.0)
            .map(|dollars| (dollars * 1e6).round() as u64),
    };
    Reading { end, text: trimmed(&told.text), usage, session: told.session, denied: told.denied }
}

fn trimmed(text: &str) -> String {
    text.trim_end_matches(['\n', '\r']).to_owned()
}

/// A time as RFC 3339 or as seconds since 1970.
fn timestamp(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Number(seconds) => Some((seconds.as_f64()? * 1000.0) as Timestamp),
        Value::String(text) => text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond),
        _ => None,
    }
}

pub fn judgement(question: &str, has_file: bool) -> String {
    let place = match has_file {
        true => ", on standard output or in the file that the variable WAVEC_RESULT_FILE names",
        false => "",
    };
    format!(
        "{question}\n\n\
         Judge this and change nothing. Answer with one JSON object and nothing else{place}:\n\n\
         {{\"verdict\": \"pass\", \"reason\": \"{SAMPLE}\"}}\n\n\
         The verdict is \"pass\", \"fail\", or \"blocked\" when it cannot be judged.\n"
    )
}

pub fn verdict(text: &str) -> (Verdict, String) {
    let found = judgements(text);
    let blocked = |what: &str| {
        let said: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(120).collect();
        let said = if said.is_empty() { "nothing".into() } else { format!("`{said}`") };
        (Verdict::Blocked, format!("the agent {what}; it said {said}"))
    };
    match found.split_last() {
        Some((last, others)) if others.iter().all(|other| other.verdict == last.verdict) => {
            (last.verdict, last.reason.clone())
        }
        Some(_) => blocked("gave several verdicts"),
        None => blocked("did not answer with `{\"verdict\": …, \"reason\": …}`"),
    }
}

/// The judgements in a text that stand for themselves, and not in a sentence; in order.
fn judgements(text: &str) -> Vec<Judgement> {
    let mut found = Vec::new();
    let mut done = 0;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let at = start + line.len() - line.trim_start().len();
        start += line.len();
        if at < done || !text[at..].starts_with('{') {
            continue;
        }
        let mut values = serde_json::Deserializer::from_str(&text[at..]).into_iter::<Judgement>();
        let Some(Ok(judgement)) = values.next() else { continue };
        let end = at + values.byte_offset();
        let stands_alone = text[end..].lines().next().is_none_or(|rest| rest.trim().is_empty());
        let says_something = !matches!(judgement.reason.trim(), "" | SAMPLE);
        if stands_alone && says_something && judgement.verdict != Verdict::NotRun {
            done = end;
            found.push(judgement);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_of(code: i32, result: &str) -> Reading {
        read(&Answered { code: Some(code), stdout: "printed\n", log: "", result: Some(result) })
    }

    #[test]
    fn an_answer_says_how_it_went() {
        let class = |code, result| match read_of(code, result).end {
            AttemptEnd::AgentError { class, message, .. } => format!("{class:?}: {message}"),
            end => format!("{end:?}"),
        };
        assert_eq!(class(0, ""), "Done");
        assert_eq!(class(1, ""), "Exit { code: 1 }");
        assert_eq!(class(75, ""), "Transient: it asks to be tried again later (exit code 75)");
        assert_eq!(class(0, r#"{"status": "done"}"#), "Done");
        assert_eq!(class(1, r#"{"status": "done"}"#), "Exit { code: 1 }");
        assert_eq!(class(0, r#"{"status": "failed", "message": "no way"}"#), "Failed: no way");
        assert_eq!(class(1, r#"{"status": "quota", "message": "spent"}"#), "Quota: spent");
        assert_eq!(class(0, r#"{"status": "nonsense"}"#), "Done");
    }

    #[test]
    fn an_answer_has_a_text_and_a_price() {
        assert_eq!(read_of(0, "").text, "printed");
        assert_eq!(read_of(0, "plain\n").text, "plain");
        let usage = r#"{"status": "done", "text": "t", "usage": {"input_tokens": 5, "dollars": 0.25}}"#;
        let reading = read_of(0, usage);
        assert_eq!(reading.text, "t");
        assert_eq!(reading.usage, Usage { input_tokens: Some(5), output_tokens: None, money: Some(250_000) });
        for at in [r#""2026-01-01T05:00:00Z""#, "1767243600"] {
            let end = read_of(0, &format!(r#"{{"status": "quota", "resets_at": {at}}}"#)).end;
            let AttemptEnd::AgentError { resets_at, .. } = end else { panic!("{end:?}") };
            assert_eq!(resets_at, Some(1_767_243_600_000));
        }
    }

    #[test]
    fn a_judgement_is_found_in_what_an_agent_says() {
        let of = verdict;
        assert_eq!(of(r#"{"verdict": "pass", "reason": "fine"}"#), (Verdict::Pass, "fine".into()));
        let chatty =
            "Let me see {x}.\n```json\n{\"verdict\": \"fail\", \"reason\": \"p95 {y} grew\"}\n```\nDone.";
        assert_eq!(of(chatty), (Verdict::Fail, "p95 {y} grew".into()));
        assert_eq!(of("looks good to me").0, Verdict::Blocked);
        assert_eq!(
            of("{\n  \"verdict\": \"fail\",\n  \"reason\": \"no\"\n}\n"),
            (Verdict::Fail, "no".into())
        );
        let is_blocked = |text: &str| {
            let (verdict, reason) = of(text);
            assert_eq!(verdict, Verdict::Blocked, "{text}: {reason}");
            reason
        };
        is_blocked(r#"{"verdict": "perhaps", "reason": "x"}"#);
        is_blocked(r#"{"verdict": "pass"}"#);
        is_blocked(r#"{"verdict": "pass", "reason": " "}"#);
        is_blocked(r#"{"verdict": "pass", "reason": "x", "and": 1}"#);
        is_blocked(r#"{"verdict": "not_run", "reason": "x"}"#);
        is_blocked(r#"{"answer": {"verdict": "pass", "reason": "x"}}"#);
        let told = is_blocked(r#"I was asked for {"verdict": "pass", "reason": "x"} and cannot tell."#);
        assert!(
            told.ends_with(
                "it said `I was asked for {\"verdict\": \"pass\", \"reason\": \"x\"} and cannot tell.`"
            ),
            "{told}"
        );
        is_blocked("{\"verdict\": \"pass\", \"reason\": \"one or two sentences\"}\nis what I am to answer");
        let both = "{\"verdict\": \"pass\", \"reason\": \"x\"}\n{\"verdict\": \"fail\", \"reason\": \"y\"}";
        assert!(is_blocked(both).starts_with("the agent gave several verdicts"));
        assert!(is_blocked("").ends_with("it said nothing"));
    }
}
