//! The pass over numbers, units, patterns and paths: whether each value is one that its statement can mean.
//!
//! Walks the trees, libraries included, and not the items: a statement in a `for` is judged once.

use super::{Findings, messages};
use crate::source::{SourceMap, Span};
use crate::syntax::ast::{self, Body, Number, Quantity, StatementKind, TestKind, Text, TextStyle};
use regex_syntax::hir::{Class, Hir, HirKind};

/// Judges the values of every statement.
pub(super) fn values(sources: &SourceMap, trees: &[ast::File<'_>]) -> Findings {
    let mut findings = Findings::default();
    for tree in trees {
        body(sources, &tree.body, &mut findings);
    }
    findings
}

fn body(sources: &SourceMap, inside: &Body<'_>, findings: &mut Findings) {
    for statement in &inside.statements {
        value(sources, statement, findings);
        if let Some(inner) = super::texts::body_of(&statement.kind) {
            body(sources, inner, findings);
        }
    }
}

/// The largest count that means anything; beyond it there is a slip of the keyboard.
const MOST: f64 = 1_000_000.0;

/// A whole number from `least` up; says so where it is none.
pub(super) fn count(
    sources: &SourceMap,
    number: Number,
    what: &str,
    least: i64,
    findings: &mut Findings,
) -> Option<u32> {
    let written = sources.text(number.span);
    // That it is a whole number, the parser has seen to.
    if number.value < least as f64 || number.value > MOST {
        findings.add(messages::out_of_range(number.span, what, written, &format!("{least} to 1000000")));
    } else {
        return Some(number.value as u32);
    }
    None
}

/// A count that nobody is told about any more: what it lowers to.
pub fn count_of(number: Number) -> Option<u32> {
    (number.is_whole && number.value >= 0.0 && number.value <= MOST).then_some(number.value as u32)
}

fn value(sources: &SourceMap, statement: &ast::Statement<'_>, findings: &mut Findings) {
    match &statement.kind {
        StatementKind::Workers(number) => {
            let _ = count(sources, *number, "a number of workers", 1, findings);
        }
        StatementKind::Instances(number) => {
            let _ = count(sources, *number, "a number of instances", 1, findings);
        }
        StatementKind::Retries { count: number, .. } => {
            count(sources, **number, "a number of retries", 0, findings);
        }
        StatementKind::Priority(number) => priority(sources, *number, findings),
        StatementKind::Timeout(duration) => positive(*duration, "a timeout", findings),
        StatementKind::Estimate(points) => estimate(sources, points, findings),
        StatementKind::Budget(written) => amounts(sources, written, "a budget", findings),
        StatementKind::Cost(written) => amounts(sources, written, "a cost", findings),
        StatementKind::Uses(uses) => {
            for used in uses {
                if let Some(amount) = used.amount {
                    count(sources, amount, "an amount of a resource", 1, findings);
                }
            }
        }
        StatementKind::Claim(written) => claim(written, findings),
        StatementKind::Output { source, .. } => {
            if let ast::OutputSource::File(path) = &**source {
                not_empty(path, "a path", findings);
            }
        }
        StatementKind::Prompt { is_file: true, text } | StatementKind::Instructions(text) => {
            not_empty(text, "a path", findings);
        }
        StatementKind::Directory(text) => not_empty(text, "a path", findings),
        StatementKind::Check(check) => {
            if let Some(inner) = &check.test {
                test(sources, &inner.kind, findings);
            }
        }
        StatementKind::Criterion { test: Some(inner), .. } => test(sources, &inner.kind, findings),
        StatementKind::OnNoGo(on_no_go) => {
            if let ast::OnNoGo::Retry(number) = &on_no_go.value {
                count(sources, *number, "a number of retries", 1, findings);
            }
        }
        StatementKind::Shell(text) => not_empty(text, "a shell", findings),
        StatementKind::Run(written) => command(written, findings),
        StatementKind::Assert(assert) => match &**assert {
            ast::Assert::Workers(_, number) => {
                count(sources, *number, "a number of workers", 1, findings);
            }
            ast::Assert::Cost(_, amount) => {
                amounts(sources, std::slice::from_ref(amount), "a cost", findings);
            }
            _ => {}
        },
        _ => {}
    }
}

fn priority(sources: &SourceMap, number: Number, findings: &mut Findings) {
    let written = sources.text(number.span);
    if number.value.abs() > MOST {
        findings.add(messages::out_of_range(number.span, "a priority", written, "-1000000 to 1000000"));
    }
}

fn positive(duration: ast::Duration, what: &str, findings: &mut Findings) {
    if duration.milliseconds == 0 {
        findings.add(messages::zero_duration(duration.span, what));
    }
}

fn estimate(sources: &SourceMap, estimate: &ast::Estimate, findings: &mut Findings) {
    let points: Vec<ast::Duration> =
        [Some(estimate.least), estimate.likeliest, Some(estimate.most)].into_iter().flatten().collect();
    if points.windows(2).any(|pair| pair[0].milliseconds > pair[1].milliseconds) {
        let mut sorted = points.clone();
        sorted.sort_by_key(|point| point.milliseconds);
        let sorted: Vec<&str> = sorted.iter().map(|point| sources.text(point.span)).collect();
        findings.add(messages::upside_down(estimate.span, sources.text(estimate.span), &sorted.join("..")));
    }
}

fn amounts(sources: &SourceMap, amounts: &[ast::Amount], what: &str, findings: &mut Findings) {
    let is_money = |amount: &ast::Amount| matches!(amount.least, Quantity::Money(_));
    for (at, amount) in amounts.iter().enumerate() {
        let written = sources.text(amount.span);
        let same_unit = is_money(amount) == matches!(amount.most, Quantity::Money(_));
        if !same_unit {
            findings.add(messages::mixed_units(amount.span, written));
        } else if amount.least > amount.most {
            let (least, most) = written.split_once("..").unwrap_or((written, ""));
            let turned = format!("{}..{}", most.trim(), least.trim());
            findings.add(messages::upside_down(amount.span, written, &turned));
        } else if what == "a budget" && amount.least != amount.most {
            findings.add(messages::range_for_limit(amount.span, written));
        } else if let Some(first) = amounts[..at].iter().find(|first| is_money(first) == is_money(amount)) {
            findings.add(messages::unit_twice(amount.span, first.span, what));
        }
    }
}

fn claim(claim: &ast::Claim<'_>, findings: &mut Findings) {
    for path in &claim.paths {
        let Some(text) = path.plain() else { continue };
        let (glob, section) = split_section(text);
        if section == Some("") {
            findings.add(messages::empty_section(path.span()));
        }
        claim_path(path, glob, findings);
    }
    for path in &claim.except {
        if let Some(text) = path.plain() {
            claim_path(path, text, findings);
        }
    }
}

/// A claim's text in its glob and its section.
pub fn split_section(text: &str) -> (&str, Option<&str>) {
    match text.split_once('#') {
        Some((glob, section)) => (glob, Some(section)),
        None => (text, None),
    }
}

/// Says what is wrong with a path that must lie in the plan's directory.
pub(super) fn claim_path(text: &Text<'_>, glob: &str, findings: &mut Findings) {
    match inside(glob) {
        Ok(_) => {
            if let Err(error) = crate::glob::judge(glob) {
                findings.add(messages::bad_glob(text.span(), glob, &error.to_string()));
            }
        }
        Err(Outside::Empty) => findings.add(messages::empty_text(text.span(), "a path")),
        Err(Outside::Absolute) => findings.add(messages::absolute_path(text.span(), glob)),
        Err(Outside::Above) => findings.add(messages::path_above(text.span(), glob)),
    }
}

/// Says of an empty text that it is one.
fn not_empty(text: &Text<'_>, what: &str, findings: &mut Findings) {
    if text.plain().is_some_and(|text| text.trim().is_empty()) {
        findings.add(messages::empty_text(text.span(), what));
    }
}

/// Why a path does not lie in the plan's directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outside {
    /// There is no path.
    Empty,
    /// It begins at the root of the disk, or of somebody's home.
    Absolute,
    /// It leads above the directory.
    Above,
}

/// A glob without `.` and `..`, or why it does not lie in the plan's directory.
pub fn inside(glob: &str) -> Result<String, Outside> {
    let trimmed = glob.trim();
    if trimmed.is_empty() {
        return Err(Outside::Empty);
    }
    let has_drive = trimmed.as_bytes().get(1) == Some(&b':') && trimmed.as_bytes()[0].is_ascii_alphabetic();
    if trimmed.starts_with('/') || trimmed.starts_with("~/") || has_drive {
        return Err(Outside::Absolute);
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in trimmed.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.pop().is_none() => return Err(Outside::Above),
            ".." => {}
            part => parts.push(part),
        }
    }
    match parts.is_empty() {
        true => Ok("**".to_owned()),
        // `src/` is what is in it.
        false if trimmed.ends_with('/') => Ok(format!("{}/**", parts.join("/"))),
        false => Ok(parts.join("/")),
    }
}

fn test(sources: &SourceMap, kind: &TestKind<'_>, findings: &mut Findings) {
    match kind {
        TestKind::Runs { command: written, exits, prints, within } => {
            command(written, findings);
            if let Some(exits) = exits {
                exit_code(sources, *exits, findings);
            }
            if let Some(prints) = prints {
                regex(prints, findings);
            }
            if let Some(within) = within {
                positive(*within, "a limit of time", findings);
            }
        }
        TestKind::Exists(path) | TestKind::Missing(path) => glob(path, findings),
        TestKind::Contains { pattern, glob: path } | TestKind::Lacks { pattern, glob: path } => {
            regex(pattern, findings);
            glob(path, findings);
        }
        TestKind::ValueAt { pointer, .. } => {
            let is_pointer = |text: &str| text.is_empty() || text.starts_with('/');
            if let Some(text) = pointer.plain().filter(|text| !is_pointer(text)) {
                findings.add(messages::bad_pointer(pointer.span(), text));
            }
        }
        TestKind::ValueOf { command: written, .. } => command(written, findings),
        TestKind::Judged { .. } | TestKind::Manual | TestKind::Named(_) => {}
    }
}

fn exit_code(sources: &SourceMap, number: Number, findings: &mut Findings) {
    let written = sources.text(number.span);
    if !number.is_whole || !(0.0..=255.0).contains(&number.value) {
        findings.add(messages::out_of_range(number.span, "an exit code", written, "0 to 255"));
    }
}

fn command(command: &ast::Command<'_>, findings: &mut Findings) {
    match command {
        ast::Command::Shell(text) => not_empty(text, "a command", findings),
        ast::Command::Program(program) => {
            let first = program.words.first().map(|word| word.plain());
            if matches!(first, None | Some(Some(""))) {
                findings.add(messages::empty_text(program.span, "a command"));
            }
        }
    }
}

fn glob(text: &Text<'_>, findings: &mut Findings) {
    let Some(glob) = text.plain() else { return };
    if glob.trim().is_empty() {
        findings.add(messages::empty_text(text.span(), "a path"));
    } else if let Err(error) = crate::glob::judge(glob) {
        findings.add(messages::bad_glob(text.span(), glob, &error.to_string()));
    }
}

/// How large a compiled regular expression may be.
const REGEX_SIZE: usize = 1 << 20;

/// So many ranges of characters, each repetition counted, are below that however they are compiled: one takes 4 KiB at most.
const FEW_RANGES: u64 = 200;

fn regex(text: &Text<'_>, findings: &mut Findings) {
    let Some(pattern) = text.plain() else { return };
    // Compiling it takes more memory than a small plan: most patterns can be told to be fine without.
    if regex_syntax::parse(pattern).is_ok_and(|parsed| ranges(&parsed) <= FEW_RANGES) {
        return;
    }
    let built = regex::RegexBuilder::new(pattern).size_limit(REGEX_SIZE).multi_line(true).build();
    let Err(error) = built else { return };
    let message = error.to_string();
    let cause = message.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("");
    let cause = match cause.trim().trim_start_matches("error: ") {
        cause if cause.starts_with("Compiled regex exceeds") => "too large when compiled",
        cause => cause,
    };
    findings.add(messages::bad_regex(regex_place(text, &message), pattern, cause));
}

/// How many ranges of characters a regular expression has once its repetitions are written out, or more.
fn ranges(parsed: &Hir) -> u64 {
    match parsed.kind() {
        HirKind::Empty => 1,
        HirKind::Look(_) => 2,
        HirKind::Literal(literal) => literal.0.len() as u64,
        HirKind::Class(Class::Unicode(class)) => class.ranges().len() as u64,
        HirKind::Class(Class::Bytes(class)) => class.ranges().len() as u64,
        HirKind::Capture(capture) => 2 + ranges(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().fold(1, |sum: u64, part| sum.saturating_add(ranges(part)))
        }
        HirKind::Repetition(repetition) => {
            let times = u64::from(repetition.max.unwrap_or(repetition.min)).max(1) + 1;
            ranges(&repetition.sub).saturating_mul(times)
        }
    }
}

/// The very place in the pattern, where the text is written as it is meant.
fn regex_place(text: &Text<'_>, message: &str) -> Span {
    let caret = message.lines().find(|line| line.trim_start().starts_with('^'));
    match (caret, text.style(), text.plain()) {
        (Some(caret), TextStyle::Literal, Some(pattern)) if !pattern.contains('\n') => {
            let at = caret.chars().take_while(|c| *c == ' ').count().saturating_sub(4);
            let width = caret.trim().chars().count().max(1);
            let offset = |chars: usize| pattern.char_indices().nth(chars).map_or(pattern.len(), |(at, _)| at);
            let start = text.span().start as usize + 1;
            let (from, to) = (offset(at), offset(at + width));
            Span::new(text.span().file, start + from, start + to.max(from))
        }
        _ => text.span(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_is_made_normal_or_refused() {
        assert_eq!(inside("./src//a/../b.rs"), Ok("src/b.rs".into()));
        assert_eq!(inside("src/"), Ok("src/**".into()));
        assert_eq!(inside("."), Ok("**".into()));
        assert_eq!(inside("../x"), Err(Outside::Above));
        assert_eq!(inside("a/../../x"), Err(Outside::Above));
        assert_eq!(inside("/etc/passwd"), Err(Outside::Absolute));
        assert_eq!(inside("C:/x"), Err(Outside::Absolute));
        assert_eq!(inside(" "), Err(Outside::Empty));
    }

    #[test]
    fn a_pattern_of_few_ranges_is_never_too_large() {
        // The range that takes the most to compile.
        let widest = "[\u{81}-\u{10fffe}]".repeat(FEW_RANGES as usize - 1);
        for pattern in [&*widest, "(?i)fallback", "^ *OK *$", r"[0-9]+ of [0-9]+"] {
            let parsed = regex_syntax::parse(pattern).unwrap();
            assert!(ranges(&parsed) <= FEW_RANGES, "{pattern}");
            assert!(regex::RegexBuilder::new(pattern).size_limit(REGEX_SIZE).build().is_ok(), "{pattern}");
        }
        for pattern in ["x{1000}{1000}", "(a{50}){50}", r"\w"] {
            assert!(ranges(&regex_syntax::parse(pattern).unwrap()) > FEW_RANGES, "{pattern}");
        }
    }
}
