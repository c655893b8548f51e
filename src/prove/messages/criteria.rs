//! What the proofs on criteria, commands and secrets say.

use crate::diagnostic::{Diagnostic, codes};
use crate::plan::{Criterion, Plan, Task};
use crate::source::Span;

pub fn cannot_fail(criterion: &Criterion, why: String) -> Diagnostic {
    let message = format!("the check \"{}\" cannot fail", criterion.title);
    Diagnostic::new(codes::CANNOT_FAIL, message, criterion.span, why)
        .help("test something that would be false if the work were not done")
}

pub fn cannot_pass(criterion: &Criterion, why: String) -> Diagnostic {
    let message = format!("the check \"{}\" cannot pass", criterion.title);
    Diagnostic::new(codes::CANNOT_PASS, message, criterion.span, why)
        .help("test something that becomes true when the work is done")
}

pub fn unwritten_file(criterion: &Criterion, glob: &str, passes: bool) -> Diagnostic {
    let message = format!("no file matches `{glob}`, and no task claims to write one");
    let label = if passes { "so this passes without looking at anything" } else { "so this cannot pass" };
    Diagnostic::new(codes::UNWRITTEN_FILE, message, criterion.span, label)
        .help("mend the path, or let the task that makes the file claim it with `creates`")
}

pub fn untested_criterion(criterion: &Criterion) -> Diagnostic {
    let message = format!("nothing says how \"{}\" is tested, so a person will be asked", criterion.title);
    Diagnostic::new(codes::UNTESTED_CRITERION, message, criterion.span, "a title without a test")
        .help("add a test such as `runs \"…\"`, or say `manual`")
}

pub fn self_judged(criterion: &Criterion, task: &str, agent: &str) -> Diagnostic {
    let message = format!("`{agent}` judges its own work in `{task}`");
    Diagnostic::new(codes::SELF_JUDGED, message, criterion.span, format!("judged by `{agent}`, who did it"))
        .help("let another agent judge it, or test it with a command")
}

pub fn repeated_criterion(criterion: &Criterion, before: &Criterion) -> Diagnostic {
    Diagnostic::new(
        codes::REPEATED_CRITERION,
        "the same test stands here twice",
        criterion.span,
        "tests it again",
    )
    .label(before.span, "tested here")
    .help("take one of them out")
}

pub fn untested_plan(plan: &Plan, span: Span) -> Diagnostic {
    let message = format!("nothing tests what the agents of `{}` do", plan.name);
    let label = "a success as soon as its agent says so, like the others";
    Diagnostic::new(codes::UNTESTED_PLAN, message, span, label)
        .help("add a `success` with a check to the task or the plan, or a `gate` behind it")
}

pub fn idle_approval(task: &Task, name: &str, beside: &str, beside_span: Span) -> Diagnostic {
    let message = format!("nothing waits for the answer to `{name}`: `{beside}` starts without it");
    Diagnostic::new(codes::IDLE_APPROVAL, message, task.span, "asked beside the work, not before it")
        .label(beside_span, "starts at the same time")
        .help(format!("add `after {name}` to what must wait, or ask in a `gate`"))
}

pub fn shell_syntax(span: Span, what: &str, at: &str) -> Diagnostic {
    Diagnostic::new(
        codes::SHELL_SYNTAX,
        format!("the shell cannot read this command: {what}"),
        span,
        at.to_owned(),
    )
    .help(match what.split('`').nth(1) {
        _ if what.contains("closes nothing") => "remove it, or write what it closes".to_owned(),
        _ if what.contains("stands behind") => "write a command behind it, or remove it".to_owned(),
        Some("'") => "write the closing `'`; an apostrophe stands in double quotes".to_owned(),
        Some("\"") => {
            "write the closing `\"`, or a backslash before the one that is meant as it is".to_owned()
        }
        Some(open) if what.contains("never closed") && open.starts_with('$') => {
            format!("write the `{}` that ends it", if open.ends_with('{') { "}" } else { ")" })
        }
        Some(_) if what.contains(" has no ") => match what.rsplit('`').nth(1).unwrap_or_default() {
            word @ ("then" | "do") => format!("write `; {word}` behind the condition"),
            word => format!("write `{word}` where it ends"),
        },
        _ => "mend the command; what is meant literally goes in single quotes".to_owned(),
    })
}

pub fn unread_operator(span: Span, word: &str, program: &str) -> Diagnostic {
    let message = format!("`{word}` reaches `{program}` as an argument, for no shell reads this list");
    Diagnostic::new(codes::UNREAD_OPERATOR, message, span, "a program and its arguments, not a shell command")
        .help("write the command as one string for the shell")
}

pub fn interactive_command(span: Span, command: &str, why: &str, instead: &str) -> Diagnostic {
    let message = format!("`{command}` {why}, but no one is there to answer");
    Diagnostic::new(codes::INTERACTIVE_COMMAND, message, span, "standard input is closed")
        .help(instead.to_owned())
}

pub fn undeclared_write(span: Span, task: &str, path: &str, claims: Option<Span>) -> Diagnostic {
    let message = format!("`{task}` writes `{path}`, which it does not claim");
    let finding = Diagnostic::new(codes::UNDECLARED_WRITE, message, span, "written here");
    let finding = match claims.filter(|claims| *claims != span) {
        Some(claims) => finding.label(claims, "what it claims to write"),
        None => finding,
    };
    finding.help(format!("add `writes \"{path}\"` to `{task}`"))
}

pub fn leaked_secret(span: Span, kind: &str, shown: &str, place: &str) -> Diagnostic {
    let message = format!("{kind} stands in {place}: `{shown}`");
    Diagnostic::new(codes::LEAKED_SECRET, message, span, "everyone who reads the plan can use it").help(
        "revoke it, then hand it over with `secret NAME from env \"VAR\"` and `env VAR from secret NAME`",
    )
}

pub fn private_key(span: Span, place: &str) -> Diagnostic {
    Diagnostic::new(codes::PRIVATE_KEY, format!("a private key stands in {place}"), span, "begins here")
        .help("make a new key, keep it in a file outside the repository, and name it with `secret NAME from file \"…\"`")
}

pub fn url_password(span: Span, shown: &str, place: &str) -> Diagnostic {
    let message = format!("a password stands in an address in {place}: `{shown}`");
    Diagnostic::new(codes::URL_PASSWORD, message, span, "everyone who reads the plan can use it")
        .help("take it out of the address and hand it over with `secret` and `env … from secret`")
}

pub fn plain_secret(span: Span, name: &str, shown: &str, place: &str) -> Diagnostic {
    let message = format!("`{name}` is given a value in {place} that looks secret: `{shown}`");
    Diagnostic::new(codes::PLAIN_SECRET, message, span, "stands in the plan in plain text")
        .help(format!("declare `secret` for it and write `env {name} from secret …`"))
}

pub fn secret_file_claimed(span: Span, task: &str, path: &str, secret: &str, word: &str) -> Diagnostic {
    let message = format!("`{task}` {word} `{path}`, the file that holds the secret `{secret}`");
    Diagnostic::new(
        codes::SECRET_FILE_CLAIMED,
        message,
        span,
        "an agent sees what it reads, and wavec cannot mask it",
    )
    .help("leave it out of the claim with `except`")
}
