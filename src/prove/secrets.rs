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
use regex::{Regex, RegexSet};
use std::sync::LazyLock;

/// A shape that only a secret has: what to call it, how it looks, and how much of it may be shown.
struct Shape {
    kind: &'static str,
    regex: Regex,
}

static SHAPES: LazyLock<Vec<Shape>> = LazyLock::new(|| {
    let shapes = [
        ("an AWS access key", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
        ("a GitHub token", r"\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_[A-Za-z0-9_]{60,}\b"),
        ("a GitLab token", r"\bglpat-[A-Za-z0-9_-]{20,}\b"),
        ("an Anthropic key", r"\bsk-ant-[A-Za-z0-9_-]{20,}\b"),
        ("an OpenRouter key", r"\bsk-or-v1-[0-9a-f]{40,}\b"),
        ("an OpenAI key", r"\bsk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{32,}\b"),
        ("a Slack token", r"\bxox[abeprs]-[A-Za-z0-9-]{10,}\b|\bxapp-[0-9]-[A-Za-z0-9-]{10,}\b"),
        ("a Slack webhook", r"\bhooks\.slack\.com/services/T[A-Z0-9]{6,}/B[A-Z0-9]{6,}/[A-Za-z0-9]{16,}"),
        ("a Stripe key", r"\b[rs]k_live_[A-Za-z0-9]{16,}\b|\bwhsec_[A-Za-z0-9+/=]{24,}"),
        ("a Google API key", r"\bAIza[0-9A-Za-z_-]{35}\b"),
        ("a Google OAuth secret", r"\bGOCSPX-[A-Za-z0-9_-]{20,}\b"),
        ("an npm token", r"\bnpm_[A-Za-z0-9]{36}\b"),
        ("a PyPI token", r"\bpypi-[A-Za-z0-9_-]{50,}\b"),
        ("a crates.io token", r"\bcio[A-Za-z0-9]{32}\b"),
        ("a Hugging Face token", r"\bhf_[A-Za-z0-9]{30,}\b"),
        ("a SendGrid key", r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
        ("a DigitalOcean token", r"\bdo[opr]_v1_[0-9a-f]{64}\b"),
        ("a Telegram bot token", r"\b[0-9]{8,10}:AA[A-Za-z0-9_-]{33}\b"),
        ("an age key", r"\bAGE-SECRET-KEY-1[0-9A-Z]{50,}\b"),
        ("a JSON web token", r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    ];
    let regex = |pattern| Regex::new(pattern).expect("BUG: the shapes are regular expressions");
    shapes.into_iter().map(|(kind, pattern)| Shape { kind, regex: regex(pattern) }).collect()
});

static PRIVATE_KEY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----")
        .expect("BUG: it is a regular expression")
});

static URL_PASSWORD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b([a-z][a-z0-9+.-]{1,20})://([^\s:/@'\x22]{1,80}):([^\s/@'\x22]{3,})@([A-Za-z0-9.-]+)")
        .expect("BUG: it is a regular expression")
});

static ASSIGNMENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?i)\b([a-z0-9_-]*(?:password|passwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential)s?)["']?\s*(?::|=|:=)\s*["']?([A-Za-z0-9+/_.=-]{12,})"#,
    )
    .expect("BUG: it is a regular expression")
});

/// All of the above in one walk over a text: most texts have nothing of it.
static ANY: LazyLock<RegexSet> = LazyLock::new(|| {
    let single = [&*PRIVATE_KEY, &*URL_PASSWORD, &*ASSIGNMENT];
    let all = SHAPES.iter().map(|shape| &shape.regex).chain(single);
    RegexSet::new(all.map(Regex::as_str)).expect("BUG: each is a regular expression")
});

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
        for text in [&task.title, &task.docs, &task.because] {
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
        if findings.len() == before && is_secret_name(name) && is_random(&text) {
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
    if text.len() < 8 || !ANY.is_match(text) {
        return;
    }
    if let Some(found) = PRIVATE_KEY.find(text) {
        findings.push(messages::private_key(anywhere(proof, at, found.as_str()), place));
        return;
    }
    let mut taken = Vec::new();
    for shape in SHAPES.iter() {
        for found in shape.regex.find_iter(text) {
            let is_taken = taken.iter().any(|range: &std::ops::Range<usize>| range.contains(&found.start()));
            if is_taken || is_placeholder(found.as_str()) {
                continue;
            }
            taken.push(found.range());
            let span = anywhere(proof, at, found.as_str());
            findings.push(messages::leaked_secret(span, shape.kind, &masked(found.as_str()), place));
        }
    }
    for found in URL_PASSWORD.captures_iter(text) {
        let (whole, password) = (&found[0], &found[3]);
        if is_placeholder(password) || password.starts_with(['$', '{', '<', '%']) || is_local(&found[4]) {
            continue;
        }
        let shown = format!("{}://{}:…@{}", &found[1], &found[2], &found[4]);
        findings.push(messages::url_password(anywhere(proof, at, whole), &shown, place));
        taken.push(found.get(0).map_or(0..0, |whole| whole.range()));
    }
    for found in ASSIGNMENT.captures_iter(text) {
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
