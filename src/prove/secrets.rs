//! Literals that look like keys, tokens and passwords, in prompts, commands, env and all other texts of a plan.
//!
//! Knows the shapes that the issuers document, and entropy for the rest. A message never shows a secret whole.

use super::Proof;
use super::mentions::plain;
use super::messages::criteria as messages;
use super::names::{find, find_in};
use crate::diagnostic::Diagnostic;
use crate::plan::{Action, Approval, Command, Criterion, EnvValue, SecretSource, Template, Test};
use crate::source::Span;
use regex::Regex;
use std::sync::{LazyLock, OnceLock};

/// A shape that only a secret has.
struct Shape {
    /// What to call it.
    kind: &'static str,
    /// A text that holds one holds one of these, in whatever case. Most texts hold none, and no expression is made for them.
    hints: &'static [&'static str],
    pattern: &'static str,
    made: OnceLock<Regex>,
}

impl Shape {
    const fn new(kind: &'static str, hints: &'static [&'static str], pattern: &'static str) -> Shape {
        Shape { kind, hints, pattern, made: OnceLock::new() }
    }

    fn regex(&self) -> &Regex {
        self.made.get_or_init(|| Regex::new(self.pattern).expect("BUG: the shapes are regular expressions"))
    }
}

static SHAPES: [Shape; 20] = [
    Shape::new("an AWS access key", &["AKIA", "ASIA"], r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    Shape::new(
        "a GitHub token",
        &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
        r"\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_[A-Za-z0-9_]{60,}\b",
    ),
    Shape::new("a GitLab token", &["glpat-"], r"\bglpat-[A-Za-z0-9_-]{20,}\b"),
    Shape::new("an Anthropic key", &["sk-ant-"], r"\bsk-ant-[A-Za-z0-9_-]{20,}\b"),
    Shape::new("an OpenRouter key", &["sk-or-v1-"], r"\bsk-or-v1-[0-9a-f]{40,}\b"),
    Shape::new("an OpenAI key", &["sk-"], r"\bsk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{32,}\b"),
    Shape::new(
        "a Slack token",
        &["xox", "xapp-"],
        r"\bxox[abeprs]-[A-Za-z0-9-]{10,}\b|\bxapp-[0-9]-[A-Za-z0-9-]{10,}\b",
    ),
    Shape::new(
        "a Slack webhook",
        &["hooks.slack.com"],
        r"\bhooks\.slack\.com/services/T[A-Z0-9]{6,}/B[A-Z0-9]{6,}/[A-Za-z0-9]{16,}",
    ),
    Shape::new(
        "a Stripe key",
        &["k_live_", "whsec_"],
        r"\b[rs]k_live_[A-Za-z0-9]{16,}\b|\bwhsec_[A-Za-z0-9+/=]{24,}",
    ),
    Shape::new("a Google API key", &["AIza"], r"\bAIza[0-9A-Za-z_-]{35}\b"),
    Shape::new("a Google OAuth secret", &["GOCSPX-"], r"\bGOCSPX-[A-Za-z0-9_-]{20,}\b"),
    Shape::new("an npm token", &["npm_"], r"\bnpm_[A-Za-z0-9]{36}\b"),
    Shape::new("a PyPI token", &["pypi-"], r"\bpypi-[A-Za-z0-9_-]{50,}\b"),
    Shape::new("a crates.io token", &["cio"], r"\bcio[A-Za-z0-9]{32}\b"),
    Shape::new("a Hugging Face token", &["hf_"], r"\bhf_[A-Za-z0-9]{30,}\b"),
    Shape::new("a SendGrid key", &["SG."], r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    Shape::new("a DigitalOcean token", &["_v1_"], r"\bdo[opr]_v1_[0-9a-f]{64}\b"),
    Shape::new("a Telegram bot token", &[":AA"], r"\b[0-9]{8,10}:AA[A-Za-z0-9_-]{33}\b"),
    Shape::new("an age key", &["AGE-SECRET-KEY-1"], r"\bAGE-SECRET-KEY-1[0-9A-Z]{50,}\b"),
    Shape::new(
        "a JSON web token",
        &["eyJ"],
        r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    ),
];

static PRIVATE_KEY: Shape =
    Shape::new("a private key", &["PRIVATE KEY"], r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----");

static URL_PASSWORD: Shape = Shape::new(
    "a password in an address",
    &["://"],
    r"\b([a-z][a-z0-9+.-]{1,20})://([^\s:/@'\x22]{1,80}):([^\s/@'\x22]{3,})@([A-Za-z0-9.-]+)",
);

static ASSIGNMENT: Shape = Shape::new(
    "a value that a name calls secret",
    &[
        "password",
        "passwd",
        "secret",
        "token",
        "credential",
        "api_key",
        "api-key",
        "apikey",
        "access_key",
        "access-key",
        "accesskey",
        "private_key",
        "private-key",
        "privatekey",
    ],
    r#"(?i-u)\b([a-z0-9_-]*(?:password|passwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential)s?)["']?\s*(?::|=|:=)\s*["']?([A-Za-z0-9+/_.=-]{12,})"#,
);

/// All shapes: the counted ones, then the three others.
fn shapes() -> impl Iterator<Item = &'static Shape> {
    SHAPES.iter().chain([&PRIVATE_KEY, &URL_PASSWORD, &ASSIGNMENT])
}

/// The hints of all shapes, and marks of what they begin with.
struct Hints {
    /// Which shape each is of.
    all: Vec<(usize, &'static [u8])>,
    marks: [u64; MARKS / 64],
}

/// Many enough that three bytes of a text have one of the some fifty marks by a hint alone, most often.
const MARKS: usize = 4096;

static HINTS: LazyLock<Hints> = LazyLock::new(|| {
    let of_shape = |(owner, shape): (usize, &Shape)| shape.hints.iter().map(move |it| (owner, it.as_bytes()));
    let all: Vec<_> = shapes().enumerate().flat_map(of_shape).collect();
    let mut marks = [0; MARKS / 64];
    for (_, hint) in &all {
        let mark = mark(hint.iter().take(3).fold(0, |last, byte| after(last, *byte)));
        marks[mark / 64] |= 1 << (mark % 64);
    }
    Hints { all, marks }
});

/// The last three bytes of a text in lower case, when this one comes.
fn after(last: u32, byte: u8) -> u32 {
    (last << 8 | u32::from(byte.to_ascii_lowercase())) & 0xff_ffff
}

fn mark(three: u32) -> usize {
    (three.wrapping_mul(0x9e37_79b1) >> 20) as usize
}

/// Which shapes a text may hold, as bits.
fn possible(text: &str) -> u32 {
    let (hints, text) = (&*HINTS, text.as_bytes());
    let (mut bits, mut last) = (0, 0);
    for (at, byte) in text.iter().enumerate() {
        last = after(last, *byte);
        let mark = mark(last);
        if hints.marks[mark / 64] & 1 << (mark % 64) == 0 {
            continue;
        }
        let rest = &text[at.saturating_sub(2)..];
        for (owner, hint) in &hints.all {
            if rest.get(..hint.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(hint)) {
                bits |= 1 << owner;
            }
        }
    }
    bits
}

pub(super) fn check(proof: &Proof, findings: &mut Vec<Diagnostic>) {
    let plan = proof.plan;
    for id in plan.task_ids() {
        let task = plan.task(id);
        let at = Place { span: task.span, is_inside: false };
        match &task.action {
            Action::Shell(text) => look(proof, text, "a command", &at, findings),
            Action::Program(words) => {
                words.iter().for_each(|text| look(proof, text, "a command", &at, findings))
            }
            Action::Prompt(text) => look(proof, text, "a prompt", &at, findings),
            Action::Approve(approval) => question(proof, approval, findings),
            Action::PromptFile(_) | Action::Wait(_) => {}
        }
        env(proof, &task.env, &at, findings);
        task.success.iter().for_each(|criterion| test(proof, criterion, findings));
        for text in [&*task.title, &task.docs, &task.because] {
            look_at(proof, text, "a text of the plan", &at, findings);
        }
    }
    for agent in &plan.agents {
        let at = Place { span: agent.span, is_inside: false };
        env(proof, &agent.env, &at, findings);
        match &agent.command {
            Some(Command::Shell(text)) => look(proof, text, "a command", &at, findings),
            Some(Command::Program(words)) => {
                words.iter().for_each(|text| look(proof, text, "a command", &at, findings))
            }
            None => {}
        }
    }
    plan.preflight.iter().for_each(|criterion| test(proof, criterion, findings));
    plan.groups
        .iter()
        .flat_map(|group| &group.success)
        .for_each(|criterion| test(proof, criterion, findings));
    for gate in &plan.gates {
        gate.checks.iter().for_each(|criterion| test(proof, criterion, findings));
        gate.approvals.iter().for_each(|approval| question(proof, approval, findings));
    }
    claimed(proof, findings);
}

struct Place {
    span: Span,
    /// Whether the text lies inside the span, or somewhere behind it in the body.
    is_inside: bool,
}

fn whereabouts(proof: &Proof, place: &Place, text: &str) -> Span {
    match place.is_inside {
        true => find_in(proof.sources, place.span, text),
        false => find(proof, place.span, text),
    }
}

fn question(proof: &Proof, approval: &Approval, findings: &mut Vec<Diagnostic>) {
    look(proof, &approval.question, "a question", &Place { span: approval.span, is_inside: true }, findings);
}

fn test(proof: &Proof, criterion: &Criterion, findings: &mut Vec<Diagnostic>) {
    let at = Place { span: criterion.span, is_inside: true };
    match &criterion.test {
        Test::Runs { command, .. } | Test::ValueOf { command, .. } => match command {
            Command::Shell(text) => look(proof, text, "a command", &at, findings),
            Command::Program(words) => {
                words.iter().for_each(|text| look(proof, text, "a command", &at, findings))
            }
        },
        Test::Judged { question, .. } => look(proof, question, "a question", &at, findings),
        _ => {}
    }
}

fn env(proof: &Proof, env: &[(String, EnvValue)], at: &Place, findings: &mut Vec<Diagnostic>) {
    for (name, value) in env {
        let EnvValue::Text(text) = value else { continue };
        let before = findings.len();
        look(proof, text, "`env`", at, findings);
        let text = plain(text);
        if findings.len() == before && is_random(&text) && is_secret_name(name) {
            let span = env_span(proof, at, name, &text);
            findings.push(messages::plain_secret(span, name, &masked(&text), "`env`"));
        }
    }
}

/// An inherited variable stands above the task: looked for in the whole file then.
fn env_span(proof: &Proof, at: &Place, name: &str, text: &str) -> Span {
    let near = whereabouts(proof, at, text);
    if near != at.span {
        return near;
    }
    let file = proof.sources.file(at.span.file).text();
    match file.find(&format!("env {name} ")) {
        Some(start) => Span::new(at.span.file, start, start + 4 + name.len()),
        None => at.span,
    }
}

fn look(proof: &Proof, text: &Template, place: &str, at: &Place, findings: &mut Vec<Diagnostic>) {
    look_at(proof, &plain(text), place, at, findings);
}

fn look_at(proof: &Proof, text: &str, place: &str, at: &Place, findings: &mut Vec<Diagnostic>) {
    if text.len() < 8 {
        return;
    }
    let possible = possible(text);
    let may_hold = |shape: usize| possible & (1 << shape) != 0;
    if possible == 0 {
        return;
    }
    let others = SHAPES.len();
    if may_hold(others)
        && let Some(found) = PRIVATE_KEY.regex().find(text)
    {
        findings.push(messages::private_key(anywhere(proof, at, found.as_str()), place));
        return;
    }
    let mut taken = Vec::new();
    for (_, shape) in SHAPES.iter().enumerate().filter(|(at, _)| may_hold(*at)) {
        for found in shape.regex().find_iter(text) {
            let is_taken = taken.iter().any(|range: &std::ops::Range<usize>| range.contains(&found.start()));
            if is_taken || is_placeholder(found.as_str()) {
                continue;
            }
            taken.push(found.range());
            let span = anywhere(proof, at, found.as_str());
            findings.push(messages::leaked_secret(span, shape.kind, &masked(found.as_str()), place));
        }
    }
    let urls = (may_hold(others + 1) && text.contains('@')).then(|| URL_PASSWORD.regex().captures_iter(text));
    for found in urls.into_iter().flatten() {
        let (whole, password) = (&found[0], &found[3]);
        if is_placeholder(password) || password.starts_with(['$', '{', '<', '%']) || is_local(&found[4]) {
            continue;
        }
        let shown = format!("{}://{}:…@{}", &found[1], &found[2], &found[4]);
        findings.push(messages::url_password(anywhere(proof, at, whole), &shown, place));
        taken.push(found.get(0).map_or(0..0, |whole| whole.range()));
    }
    let is_assigned = may_hold(others + 2) && text.contains([':', '=']);
    let assignments = is_assigned.then(|| ASSIGNMENT.regex().captures_iter(text));
    for found in assignments.into_iter().flatten() {
        let range = found.get(0).map_or(0..0, |whole| whole.range());
        let value = &found[2];
        if taken.iter().any(|other| other.start < range.end && range.start < other.end) || !is_random(value) {
            continue;
        }
        findings.push(messages::plain_secret(anywhere(proof, at, value), &found[1], &masked(value), place));
    }
}

fn anywhere(proof: &Proof, at: &Place, text: &str) -> Span {
    let near = whereabouts(proof, at, text);
    if near != at.span {
        return near;
    }
    // Inherited or cited: it stands once, elsewhere in the file.
    let file = proof.sources.file(at.span.file).text();
    file.find(text).map_or(near, |start| Span::new(at.span.file, start, start + text.len()))
}

/// Passwords for services on this machine, as compose files and tests have them, open nothing.
fn is_local(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "db" | "postgres" | "mysql" | "redis" | "mongo" | "rabbitmq")
        || host.ends_with(".local")
        || host.ends_with("example.com")
}

/// The beginning of a secret, and how long it is: enough to find it, too little to use it.
fn masked(secret: &str) -> String {
    let count = secret.chars().count();
    let shown = (count / 4).min(6);
    format!("{}… ({count} characters)", secret.chars().take(shown).collect::<String>())
}

/// What documents write in place of a secret: `xxxx`, `YOUR_KEY`, `…EXAMPLE`.
fn is_placeholder(text: &str) -> bool {
    let lower = text.to_lowercase();
    let words = [
        "example",
        "your",
        "changeme",
        "placeholder",
        "dummy",
        "xxxx",
        "....",
        "0000000",
        "1234567",
        "redacted",
        "insert",
        "fake",
        "sample",
        "abcdefgh",
    ];
    words.iter().any(|word| lower.contains(word)) || distinct(text) < 6
}

fn distinct(text: &str) -> usize {
    let mut characters: Vec<char> = text.chars().collect();
    characters.sort_unstable();
    characters.dedup();
    characters.len()
}

fn is_secret_name(name: &str) -> bool {
    let lower = name.to_lowercase();
    ["password", "passwd", "secret", "token", "api_key", "apikey", "access_key", "private_key", "credential"]
        .iter()
        .any(|word| lower.contains(word))
        && !["_file", "_path", "_name", "_url", "_dir", "_id", "tokens", "_limit", "_count", "_header"]
            .iter()
            .any(|word| lower.ends_with(word))
}

/// Whether a text has the entropy of a generated secret and not that of words, paths or numbers.
fn is_random(text: &str) -> bool {
    if text.len() < 16 || is_placeholder(text) || text.contains(['/', ' ', '$', '{']) && !text.ends_with('=')
    {
        return false;
    }
    let has_digit = text.chars().filter(char::is_ascii_digit).count() >= 2;
    let has_letter = text.chars().any(|c| c.is_ascii_alphabetic());
    has_digit
        && has_letter
        && entropy(text) > if text.chars().all(|c| c.is_ascii_hexdigit()) { 3.0 } else { 3.5 }
}

/// Bits a character.
fn entropy(text: &str) -> f64 {
    let mut counts = [0u32; 256];
    text.bytes().for_each(|byte| counts[usize::from(byte)] += 1);
    let total = text.len() as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / total)
        .map(|p| -p * p.log2())
        .sum()
}

/// Claims on the files that hold secrets.
fn claimed(proof: &Proof, findings: &mut Vec<Diagnostic>) {
    for secret in &proof.plan.secrets {
        let SecretSource::File(path) = &secret.source else { continue };
        for id in proof.claiming() {
            // A command is the author's own; an agent sends what it reads to its model.
            if !matches!(proof.plan.task(id).action, Action::Prompt(_) | Action::PromptFile(_)) {
                continue;
            }
            for used in proof.table.uses(id) {
                if proof.table.paths(used.paths).matches(path) {
                    let claim = super::overlap::claim(proof.plan, id, *used);
                    findings.push(messages::secret_file_claimed(
                        claim.span,
                        proof.names.task(id),
                        path,
                        &secret.name,
                        used.kind.word(),
                    ));
                    break;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A text that the shape matches, and something around it.
    fn texts(shape: &Shape) -> BoxedStrategy<String> {
        // What it makes has no boundaries: they are put around it.
        let pattern = shape.pattern.replace(r"\b", "");
        let inside = proptest::string::string_regex(&pattern).unwrap();
        ("[a-z ]{0,9} ", inside, " [a-z ]{0,9}").prop_map(|(before, it, after)| before + &it + &after).boxed()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_a_shape_matches_has_its_hint(
            (at, text) in (0..shapes().count()).prop_flat_map(|at| {
                let shape = shapes().nth(at).unwrap();
                (Just(at), texts(shape))
            })
        ) {
            let shape = shapes().nth(at).unwrap();
            // What the expression ends with need not be the end of a word.
            if shape.regex().is_match(&text) {
                prop_assert!(possible(&text) & (1 << at) != 0, "{}", text);
            }
        }
    }

    #[test]
    fn each_shape_has_texts_that_it_matches() {
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        for shape in shapes() {
            let mut made = (0..200).map(|_| texts(shape).new_tree(&mut runner).unwrap().current());
            assert!(made.any(|text| shape.regex().is_match(&text)), "{}", shape.kind);
        }
    }

    #[test]
    fn a_hint_is_found_wherever_it_stands() {
        for (owner, hint) in &HINTS.all {
            assert!(hint.len() >= 3, "three bytes tell what may be a hint");
            let hint = std::str::from_utf8(hint).unwrap();
            for (before, behind) in [("", ""), ("a", ""), ("é-", " b"), (&hint[..1], "é"), (&hint[..2], "")]
            {
                for hint in [hint.to_owned(), hint.to_lowercase(), hint.to_uppercase()] {
                    let text = format!("{before}{hint}{behind}");
                    assert!(possible(&text) & (1 << owner) != 0, "{text}");
                    let cut = &text[..text.len() - behind.len() - 1];
                    assert!(
                        possible(cut) & (1 << owner) == 0
                            || shapes().nth(*owner).is_some_and(|shape| {
                                shape
                                    .hints
                                    .iter()
                                    .any(|other| cut.to_lowercase().contains(&other.to_lowercase()))
                            }),
                        "{cut}"
                    );
                }
            }
        }
    }

    #[test]
    fn ordinary_texts_need_no_expression() {
        for text in
            ["cargo build --release", "make part7 && ./run.sh --all", "Write the tests for the parser"]
        {
            assert_eq!(possible(text), 0, "{text}");
        }
    }
}
