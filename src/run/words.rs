//! What happened, in words for people: ends of attempts, last lines, names of signals. One line each unless it says so.
//!
//! Knows nothing of the dispatcher.

use crate::event::{AttemptEnd, ErrorClass};
use std::time::Duration;

/// How many of the last lines of an output are shown as evidence.
const LAST_LINES: usize = 5;

/// The longest line that is shown as evidence.
const LONGEST_LINE: usize = 200;

/// Why an attempt failed.
pub fn attempt_end(end: &AttemptEnd) -> String {
    match end {
        AttemptEnd::Done => String::new(),
        AttemptEnd::Exit { code: 126 } => "exited with 126: what it calls may not be executed".into(),
        AttemptEnd::Exit { code: 127 } => "exited with 127: what it calls was not found".into(),
        AttemptEnd::Exit { code } => format!("exited with {code}"),
        AttemptEnd::Signal { signal } => format!("was ended by {}", signal_name(*signal)),
        AttemptEnd::CouldNotStart { reason } => format!("could not start: {reason}"),
        AttemptEnd::TimedOut { limit_milliseconds } => {
            format!("did not end within {}", duration(Duration::from_millis(*limit_milliseconds)))
        }
        AttemptEnd::Cancelled => "was cancelled".into(),
        AttemptEnd::Lost => "was lost: wavec died while it ran".into(),
        AttemptEnd::AgentError { class, message, resets_at } => {
            let what = match class {
                ErrorClass::Failed => "the agent failed",
                ErrorClass::Transient => "the agent could not work for now",
                ErrorClass::Quota => "the agent's quota is spent",
                ErrorClass::Auth => "the agent was not let in",
                ErrorClass::Fatal => "the agent failed for good",
            };
            let until = resets_at.and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
            let until =
                until.map_or(String::new(), |at| format!(" (until {})", at.strftime("%Y-%m-%d %H:%M UTC")));
            if message.is_empty() { format!("{what}{until}") } else { format!("{what}: {message}{until}") }
        }
        AttemptEnd::Rejected { reason } if reason.is_empty() => "was rejected".into(),
        AttemptEnd::Rejected { reason } => reason.clone(),
        AttemptEnd::Claims { violations } => violations.join("; "),
    }
}

/// The name of a signal.
pub fn signal_name(signal: i32) -> String {
    let name = match signal {
        libc::SIGHUP => "SIGHUP",
        libc::SIGINT => "SIGINT",
        libc::SIGQUIT => "SIGQUIT",
        libc::SIGILL => "SIGILL",
        libc::SIGTRAP => "SIGTRAP",
        libc::SIGABRT => "SIGABRT",
        libc::SIGBUS => "SIGBUS",
        libc::SIGFPE => "SIGFPE",
        libc::SIGKILL => "SIGKILL (out of memory, perhaps)",
        libc::SIGUSR1 => "SIGUSR1",
        libc::SIGSEGV => "SIGSEGV",
        libc::SIGUSR2 => "SIGUSR2",
        libc::SIGPIPE => "SIGPIPE",
        libc::SIGALRM => "SIGALRM",
        libc::SIGTERM => "SIGTERM",
        libc::SIGXCPU => "SIGXCPU",
        libc::SIGXFSZ => "SIGXFSZ",
        libc::SIGSYS => "SIGSYS",
        _ => return format!("signal {signal}"),
    };
    name.into()
}

/// A length of time as the language writes it.
pub fn duration(duration: Duration) -> String {
    let milliseconds = duration.as_millis();
    if milliseconds == 0 {
        return "0s".into();
    }
    let mut text = String::new();
    let mut rest = milliseconds;
    for (unit, length) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)] {
        if rest >= length {
            text.push_str(&format!("{}{unit}", rest / length));
            rest %= length;
        }
    }
    text
}

/// The last lines of an output, each on a line of its own; empty when there is none.
pub fn last_lines(output: &str) -> String {
    lines_at_end(output, LAST_LINES)
}

/// So many of the last lines.
pub fn lines_at_end(output: &str, most: usize) -> String {
    let lines: Vec<&str> = output.lines().filter(|line| !line.trim().is_empty()).collect();
    let from = lines.len().saturating_sub(most);
    lines[from..].iter().map(|line| short(line)).collect::<Vec<_>>().join("\n")
}

/// A line as evidence: without what a terminal would act on, cut when it is long.
pub fn short(line: &str) -> String {
    let mut text = String::new();
    let mut characters = line.chars().peekable();
    let mut count = 0;
    while let Some(c) = characters.next() {
        if c == '\u{1b}' {
            // A colour or a movement: up to its letter.
            if characters.peek() == Some(&'[') {
                while characters.next().is_some_and(|c| !c.is_ascii_alphabetic()) {}
            }
            continue;
        }
        if c.is_control() && c != '\t' {
            continue;
        }
        count += 1;
        if count > LONGEST_LINE {
            text.push('…');
            break;
        }
        text.push(c);
    }
    text
}

/// One of each: `a`, `a and b`, `a, b and 3 more`.
pub fn some_of(items: &[String], total: usize) -> String {
    let more = total - items.len();
    match items {
        [] => String::new(),
        [one] if more == 0 => one.clone(),
        _ if more > 0 => format!("{} and {more} more", items.join(", ")),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_as_the_language_writes_them() {
        let text = |milliseconds| duration(Duration::from_millis(milliseconds));
        assert_eq!(text(0), "0s");
        assert_eq!(text(5_400_000), "1h30m");
        assert_eq!(text(1_500), "1s500ms");
    }

    #[test]
    fn evidence_is_plain_and_short() {
        assert_eq!(short("\u{1b}[31merror\u{1b}[0m: x\u{7}"), "error: x");
        assert_eq!(short(&"é".repeat(500)).chars().count(), LONGEST_LINE + 1);
        assert_eq!(last_lines("1\n2\n3\n\n4\n5\n6\n"), "2\n3\n4\n5\n6");
        let items = |count: usize| (1..=count).map(|n| n.to_string()).collect::<Vec<_>>();
        assert_eq!(some_of(&items(1), 1), "1");
        assert_eq!(some_of(&items(3), 3), "1, 2 and 3");
        assert_eq!(some_of(&items(2), 5), "1, 2 and 3 more");
    }
}
