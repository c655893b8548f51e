//! What the proofs on files say.

use crate::diagnostic::{Diagnostic, Edit, codes};
use crate::plan::{Claim, Need, TaskId};
use crate::prove::Proof;
use crate::prove::files::{Clash, ClashKind, beside};
use crate::prove::names::{add_statement, list};
use crate::prove::order::Set;
use crate::prove::overlap::{Use, claim};
use crate::source::Span;
use std::collections::BTreeSet;

/// A clash, and the others that the same edit would mend. None where no path can be shown.
pub fn clash(proof: &Proof, set: &Set, clash: &Clash, all: &[&Clash]) -> Option<Diagnostic> {
    match clash.kind {
        ClashKind::Write => write_conflict(proof, set, clash, all),
        ClashKind::Stale => stale_read(proof, set, clash, all),
        ClashKind::Case => case_conflict(proof, clash),
    }
}

fn witness(proof: &Proof, clash: &Clash) -> Option<String> {
    let (p, q) = (clash.first.1.paths, clash.second.1.paths);
    match p == q {
        true => proof.table.paths(p).witness(),
        false => proof.table.paths(p).intersection(proof.table.paths(q)),
    }
}

fn write_conflict(proof: &Proof, set: &Set, clash: &Clash, all: &[&Clash]) -> Option<Diagnostic> {
    let path = witness(proof, clash)?;
    let (first, second) = (clash.first, clash.second);
    let (a, b) = (claim(proof.plan, first.0, first.1), claim(proof.plan, second.0, second.1));
    let tasks: BTreeSet<TaskId> = all.iter().flat_map(|clash| [clash.first.0, clash.second.0]).collect();
    let names: Vec<&str> = tasks.iter().map(|task| proof.names.task(*task)).collect();
    let (first_name, second_name) = (proof.names.task(first.0), proof.names.task(second.0));
    let what = match (&a.section, &b.section) {
        (Some(section), Some(other)) if section == other => format!("section `{section}` of `{path}`"),
        (Some(_), Some(_)) => format!("lines of `{path}`"),
        _ => format!("`{path}`"),
    };
    let all_patterns: BTreeSet<_> =
        all.iter().flat_map(|clash| [clash.first.1.paths, clash.second.1.paths]).collect();
    let message = if tasks.len() > 2 && all_patterns.len() == 1 {
        format!("{} all write {what}, and nothing orders them", list(names.iter().copied(), 3))
    } else {
        format!("`{first_name}` and `{second_name}` both write {what}, and nothing orders them")
    };
    let here = |claim: &Claim, literal: &str, other: String| match (claim.glob == path, &claim.section) {
        (true, None) if a.section != b.section => "all of it is written here".to_owned(),
        (true, Some(section)) if a.section != b.section => format!("its section `{section}` is written here"),
        (true, _) => literal.to_owned(),
        (false, _) => other,
    };
    let mut finding = if a.span == b.span {
        let label = "this claim is the same in every repetition";
        Diagnostic::new(codes::WRITE_CONFLICT, message, b.span, label).help(
            "name the repetition in the path or its section, as in `path/{{name}}.rs` or `file#{{name}}`",
        )
    } else {
        let label = here(b, "and here", format!("so does `{}`", b.glob));
        let other = here(a, "written here", format!("`{}` matches it", a.glob));
        Diagnostic::new(codes::WRITE_CONFLICT, message, b.span, label).label(a.span, other)
    };
    if a.span != b.span {
        finding = way_out(proof, finding, (first.0, a), (second.0, b), &path, all);
    }
    if tasks.len() > 2 && all_patterns.len() > 1 {
        let others = tasks.iter().filter(|task| **task != first.0 && **task != second.0);
        finding = finding
            .note(format!("the same holds for {}", list(others.map(|task| proof.names.task(*task)), 4)));
    }
    Some(finding.note(why(proof, set, first.0, second.0)))
}

/// What would mend a write conflict, and all others of its group with it.
fn way_out(
    proof: &Proof,
    finding: Diagnostic,
    (first, a): (TaskId, &Claim),
    (second, b): (TaskId, &Claim),
    path: &str,
    all: &[&Clash],
) -> Diagnostic {
    let (first_name, second_name) = (proof.names.task(first), proof.names.task(second));
    let is_file = a.glob == path && b.glob == path;
    let tasks: BTreeSet<TaskId> = all.iter().flat_map(|clash| [clash.first.0, clash.second.0]).collect();
    if tasks.len() > 2 {
        // One task that all the others meet can wait for all of them.
        let hub = [first, second]
            .into_iter()
            .find(|hub| all.iter().all(|clash| clash.first.0 == *hub || clash.second.0 == *hub));
        return match hub.filter(|_| tasks.len() <= 7) {
            Some(hub) => {
                let others: Vec<TaskId> = tasks.into_iter().filter(|task| *task != hub).collect();
                let names: Vec<&str> = others.iter().map(|task| proof.names.task(*task)).collect();
                let help = format!("add `after {}` to `{}`, or narrow its claim", names.join(", "), proof.names.task(hub));
                with_after(proof, finding.help(help), &others, hub)
            }
            None if is_file => {
                let section = second_name.rsplit('.').next().unwrap_or(second_name);
                finding.help(format!("let each claim its own section, as in `{path}#{section}`, or let them follow each other in a `serial`"))
            }
            None => finding.help("narrow the claims until they share no path, or let the tasks follow each other in a `serial`"),
        };
    }
    let help = match (&a.section, &b.section) {
        (None, Some(_)) if is_file => {
            format!(
                "let `{first_name}` claim a section of its own too, or add `after {first_name}` to `{second_name}`"
            )
        }
        (Some(_), None) if is_file => {
            format!("let `{second_name}` claim a section of its own too, or add `after {first_name}` to it")
        }
        (None, None) if is_file => format!(
            "add `after {first_name}` to `{second_name}`, or let each claim its own section, as in `{path}#{}`",
            second_name.rsplit('.').next().unwrap_or(second_name)
        ),
        _ => format!(
            "add `after {first_name}` to `{second_name}`, or narrow the claims until they share no path"
        ),
    };
    with_after(proof, finding.help(help), &[first], second)
}

/// Why nothing orders the two.
fn why(proof: &Proof, set: &Set, a: TaskId, b: TaskId) -> String {
    let waits_for_any = |waiting: TaskId, other: TaskId| {
        let (Some(step), Some(other)) = (proof.plan.task(waiting).step, proof.plan.task(other).step) else {
            return false;
        };
        let needs = &proof.plan.step(step).needs;
        needs.iter().any(|need| matches!(need, Need::AnySucceeded(steps) if steps.contains(&other)))
    };
    match (waits_for_any(b, a), waits_for_any(a, b)) {
        (true, _) => format!(
            "`after any of` lets `{}` start while `{}` still runs",
            proof.names.task(b),
            proof.names.task(a)
        ),
        (_, true) => format!(
            "`after any of` lets `{}` start while `{}` still runs",
            proof.names.task(a),
            proof.names.task(b)
        ),
        _ => format!("no `after`, gate or sequence stands between them: {}", beside(proof, set)),
    }
}

fn stale_read(proof: &Proof, set: &Set, clash: &Clash, all: &[&Clash]) -> Option<Diagnostic> {
    let path = witness(proof, clash)?;
    let (reader, writer) =
        if clash.first.1.kind.is_write() { (clash.second, clash.first) } else { (clash.first, clash.second) };
    let (read, written) = (claim(proof.plan, reader.0, reader.1), claim(proof.plan, writer.0, writer.1));
    let (reader_name, writer_name) = (proof.names.task(reader.0), proof.names.task(writer.0));
    let message = format!("`{reader_name}` reads `{path}` while `{writer_name}` may be writing it");
    let label = |claim: &Claim, word: &str| match claim.glob == path {
        true => format!("{word} here"),
        false => format!("`{}` matches it", claim.glob),
    };
    let mut finding = Diagnostic::new(codes::STALE_READ, message, read.span, label(read, "read"));
    if read.span != written.span {
        finding = finding.label(written.span, label(written, "written"));
    }
    let narrow = match read.glob != path {
        true => ", or leave out of what it reads what the other writes, with `except`",
        false => "",
    };
    let writers: BTreeSet<TaskId> = all
        .iter()
        .map(|clash| {
            if clash.first.1.kind.is_write() {
                (clash.second.0, clash.first.0)
            } else {
                (clash.first.0, clash.second.0)
            }
        })
        .filter(|(other, _)| *other == reader.0)
        .map(|(_, writer)| writer)
        .collect();
    let is_repeated = proof.plan.task(reader.0).span == proof.plan.task(writer.0).span;
    finding = if is_repeated {
        finding.help(
            "read only what no other repetition writes, with `except` or a path that names the repetition",
        )
    } else if writers.len() > 6 {
        finding.help(format!("let `{reader_name}` come after all that write{narrow}"))
    } else {
        let names: Vec<&str> = writers.iter().map(|task| proof.names.task(*task)).collect();
        let help = format!("add `after {}` to `{reader_name}`{narrow}", names.join(", "));
        with_after(proof, finding.help(help), &writers.iter().copied().collect::<Vec<_>>(), reader.0)
    };
    let mut others: BTreeSet<TaskId> = all.iter().flat_map(|clash| [clash.first.0, clash.second.0]).collect();
    others.retain(|task| *task != reader.0 && *task != writer.0);
    if !others.is_empty() {
        finding = finding.note(format!(
            "the same holds for {}",
            list(others.iter().map(|task| proof.names.task(*task)), 4)
        ));
    }
    Some(finding.note(why(proof, set, writer.0, reader.0)))
}

fn case_conflict(proof: &Proof, clash: &Clash) -> Option<Diagnostic> {
    let (first, second) = (clash.first, clash.second);
    let (a, b) = (claim(proof.plan, first.0, first.1), claim(proof.plan, second.0, second.1));
    let message = format!(
        "`{}` of `{}` and `{}` of `{}` are one file where case is not told apart",
        a.glob,
        proof.names.task(first.0),
        b.glob,
        proof.names.task(second.0)
    );
    let shared = proof
        .table
        .paths(first.1.paths)
        .folded()
        .intersection(&proof.table.paths(second.1.paths).folded())?;
    let finding = Diagnostic::new(codes::CASE_CONFLICT, message, b.span, "differs in case alone")
        .label(a.span, "from this");
    let finding = if a.glob.eq_ignore_ascii_case(&b.glob) {
        finding
    } else {
        finding.note(format!("on macOS and Windows both match `{shared}`, written in whatever case"))
    };
    Some(finding.help("write both in the same case, or name the files apart"))
}

/// Offers the edge that would order them. It takes away one way for the plan to go and adds none, so it may be made
/// unasked: who is named first goes first, and who reads goes after who writes.
fn with_after(proof: &Proof, finding: Diagnostic, first: &[TaskId], second: TaskId) -> Diagnostic {
    let span = proof.plan.task(second).span;
    let is_repeated = proof.plan.tasks.iter().filter(|task| task.span == span).count() > 1;
    if is_repeated || first.iter().any(|task| proof.plan.task(*task).span == span) {
        return finding;
    }
    let names: Vec<&str> = first.iter().map(|task| proof.names.task(*task)).collect();
    let statement = format!("after {}", names.join(", "));
    let edit = add_statement(proof.sources, span, &statement);
    finding.fix(format!("add `{statement}` to `{}`", proof.names.task(second)), vec![edit], true).alone()
}

pub fn unknown_claims(
    proof: &Proof,
    set: &Set,
    first: TaskId,
    all: &[TaskId],
    beside_task: TaskId,
    are_isolated: bool,
) -> Diagnostic {
    let names = list(all.iter().map(|task| proof.names.task(*task)), 3);
    let one = all.len() == 1;
    let message = match are_isolated {
        false if one => format!("what {names} writes is unknown, so it runs alone among those that write"),
        false => format!("what {names} write is unknown, so each runs alone among those that write"),
        true if one => {
            format!("what {names} writes is unknown, so its changes may collide with others when merged")
        }
        true => format!("what {names} write is unknown, so their changes may collide when merged"),
    };
    let task = proof.plan.task(first);
    let mut finding = Diagnostic::new(
        codes::UNKNOWN_CLAIMS,
        message,
        task.span,
        "an agent's task without a claim to write",
    );
    let spans: BTreeSet<Span> =
        all.iter().map(|task| proof.plan.task(*task).span).filter(|span| *span != task.span).collect();
    for span in spans.iter().take(3) {
        finding = finding.label(*span, "and this");
    }
    let other = proof.plan.task(beside_task);
    if one && other.span != task.span {
        finding = finding.label(other.span, "writes beside it");
    }
    // The author knows; but an agent that has no tool to write with writes nothing.
    let has_no_way = all.iter().all(|task| can_only_read(proof, *task));
    let edits: Vec<Edit> = std::iter::once(task.span)
        .chain(spans.iter().copied())
        .map(|span| add_statement(proof.sources, span, "writes nothing"))
        .collect();
    finding = match has_no_way {
        true => finding.help(format!(
            "say `writes nothing`: {} no tool to write with",
            if one { "its agent has" } else { "their agents have" }
        )),
        false => finding.help(
            "say what it may change with `writes \"…\"`, or that it changes nothing with `writes nothing`",
        ),
    };
    finding.fix("add `writes nothing`", edits, has_no_way).note(beside(proof, set))
}

/// Tools that change nothing.
const READING: &[&str] = &[
    "Read",
    "Grep",
    "Glob",
    "LS",
    "WebFetch",
    "WebSearch",
    "NotebookRead",
    "read_file",
    "grep",
    "glob",
    "read",
    "list",
];

/// Whether the tools that the task's agent is allowed are such that it cannot write.
fn can_only_read(proof: &Proof, task: TaskId) -> bool {
    let Some(agent) = proof.plan.task(task).agent.map(|agent| proof.plan.agent(agent)) else { return false };
    let denies = |tool: &str| agent.deny.iter().any(|denied| denied.eq_ignore_ascii_case(tool));
    let is_reader =
        !agent.allow.is_empty() && agent.allow.iter().all(|tool| READING.contains(&tool.as_str()));
    is_reader || (denies("write") && denies("edit") && denies("bash"))
}

pub fn protected_path(proof: &Proof, task: TaskId, claim: &Claim, area: &str) -> Diagnostic {
    let message = format!("`{}` claims to {} `{}`, {area}", proof.names.task(task), verb(claim), claim.glob);
    Diagnostic::new(codes::PROTECTED_PATH, message, claim.span, "no task may write this")
        .help("leave this claim out")
}

fn verb(claim: &Claim) -> &'static str {
    claim.kind.word().strip_suffix('s').unwrap_or("write")
}

pub fn forbidden_claim(proof: &Proof, task: TaskId, claim: &Claim, forbid: &Claim) -> Diagnostic {
    let message = format!(
        "`{}` may not write what it claims: it forbids all of `{}`",
        proof.names.task(task),
        claim.glob
    );
    Diagnostic::new(
        codes::FORBIDDEN_CLAIM,
        message,
        claim.span,
        format!("claimed by `{}`", claim.kind.word()),
    )
    .label(forbid.span, "forbidden here")
    .help("take out the one that is not meant")
}

pub fn empty_claim(proof: &Proof, task: TaskId, claim: &Claim) -> Diagnostic {
    let message = format!(
        "`except` takes all of `{}` out, so `{}` claims nothing by it",
        claim.glob,
        proof.names.task(task)
    );
    Diagnostic::new(codes::EMPTY_CLAIM, message, claim.span, "no path is left")
        .help("narrow the exception, or take out the claim")
}

pub fn bracketed_name(claim: &Claim, part: &str) -> Diagnostic {
    let message = format!("`{part}` matches one letter, not a directory of that name");
    let escaped = part.replace('[', "\\[").replace(']', "\\]");
    Diagnostic::new(codes::BRACKETED_NAME, message, claim.span, "brackets stand for one character")
        .help(format!("write `{escaped}`, in single quotes: `'{}'`", claim.glob.replace(part, &escaped)))
}

pub fn idle_except(proof: &Proof, claim: &Claim, except: &str) -> Diagnostic {
    let span = crate::prove::names::find(proof, claim.span, &format!("\"{except}\""));
    let message = format!("`except \"{except}\"` takes nothing out: `{}` does not match it", claim.glob);
    let finding = Diagnostic::new(codes::IDLE_EXCEPT, message, span, "shares no path with the claim");
    let finding = if span == claim.span { finding } else { finding.label(claim.span, "the claim") };
    finding.help("name paths inside the claim; they are relative to the plan's directory, as the claim's are")
}

pub fn redundant_claim(claim: &Claim, wider: &Claim) -> Diagnostic {
    let message = match claim.glob == wider.glob && claim.section == wider.section {
        true => format!("`{}` is claimed twice", text(claim)),
        false => format!("`{}` is already in `{}`", text(claim), text(wider)),
    };
    Diagnostic::new(codes::REDUNDANT_CLAIM, message, claim.span, "adds nothing")
        .label(wider.span, "claimed here")
        .help(format!("take out `{}`", text(claim)))
}

/// A claim's path as it is written.
fn text(claim: &Claim) -> String {
    match &claim.section {
        Some(section) => format!("{}#{section}", claim.glob),
        None => claim.glob.clone(),
    }
}

pub fn hot_file(
    proof: &Proof,
    path: &str,
    lock: Option<&str>,
    a: (TaskId, Use),
    b: (TaskId, Use),
    tasks: usize,
) -> Diagnostic {
    let (first, second) = (claim(proof.plan, a.0, a.1), claim(proof.plan, b.0, b.1));
    let more = if tasks > 2 { format!(" and {} more", tasks - 2) } else { String::new() };
    let (a, b) = (proof.names.task(a.0), proof.names.task(b.0));
    let names = if tasks > 2 { format!("`{a}`, `{b}`{more}") } else { format!("`{a}` and `{b}`") };
    let (message, help) = match lock {
        Some(lock) => (
            format!("{names} change `{path}` side by side, and `{lock}` changes with each"),
            format!("let one task add what all of them need to `{path}`, before them"),
        ),
        None => (
            format!("{names} change parts of `{path}` side by side, which a tool writes whole"),
            "let one task change it, after the others".to_owned(),
        ),
    };
    let finding = Diagnostic::new(codes::HOT_FILE, message, second.span, "and here");
    let finding = if first.span == second.span { finding } else { finding.label(first.span, "changed here") };
    finding.help(help)
}

pub fn uncovered_path(
    span: Span,
    task: &str,
    path: &str,
    place: &str,
    is_written: bool,
    claims: Option<Span>,
) -> Diagnostic {
    let message = format!("`{path}` stands in the {place} of `{task}`, but no claim covers it");
    let label = if is_written { "to be changed, it seems" } else { "to be read, it seems" };
    let mut finding = Diagnostic::new(codes::UNCOVERED_PATH, message, span, label);
    if let Some(claims) = claims.filter(|claims| *claims != span) {
        finding = finding.label(claims, "what it claims");
    }
    let word = if is_written { "writes" } else { "reads" };
    finding.help(format!("add `{word} \"{path}\"` to `{task}`"))
}

pub fn missing_input(task: &str, claim: &Claim, later: Option<(&str, Span)>) -> Diagnostic {
    let message = match later {
        Some((writer, _)) => format!("`{task}` reads `{}` before `{writer}` writes it", claim.glob),
        None => {
            format!("`{task}` reads `{}`, which is not there and which no task before it writes", claim.glob)
        }
    };
    let finding = Diagnostic::new(codes::MISSING_INPUT, message, claim.span, "not there when it is read");
    match later {
        Some((writer, span)) => {
            finding.label(span, "written here").help(format!("let `{task}` come after `{writer}`"))
        }
        None => finding.help("mend the path, or let a task before it claim to create it"),
    }
}

/// A section that is not in the file
pub fn missing_section(claim: &Claim, name: &str, near: Option<&str>) -> Diagnostic {
    let path = &claim.glob;
    let message = format!("`{path}` has no section `{name}`");
    let finding = Diagnostic::new(
        codes::MISSING_SECTION,
        message,
        claim.span,
        "no mark, heading or definition of that name",
    );
    match near {
        Some(near) => finding.help(format!("did you mean `{path}#{near}`?")),
        None => finding.help(format!(
            "mend the name, put `wavec:section {name}` into a comment where it begins, or write `creates \"{path}#{name}\"` if the task adds it"
        )),
    }
}

pub fn directory_claim(claim: &Claim, below: Option<&Claim>) -> Diagnostic {
    let message = format!("`{}` is a directory, but the claim names a file of that name", claim.glob);
    let finding = Diagnostic::new(codes::DIRECTORY_CLAIM, message, claim.span, "holds nothing below it");
    let finding = match below {
        Some(other) if other.span != claim.span => finding.label(other.span, "a path below it"),
        _ => finding,
    };
    finding.help(format!("write `{}/` for everything below it", claim.glob))
}
