//! Lengths of time, amounts and texts of a plan, as a person writes them.

use crate::plan::{Action, Command, Estimate, Part, Plan, Template};
use std::time::Duration;

/// A length of time in two units at most: `8 h 35 min`, `40 min`, `12 s`, `250 ms`, `3 d 4 h`.
pub fn time(time: Duration) -> String {
    let seconds = time.as_secs();
    let pair = |large: u64, large_unit, small: u64, small_unit| match small {
        0 => format!("{large} {large_unit}"),
        _ => format!("{large} {large_unit} {small} {small_unit}"),
    };
    match seconds {
        0 if time.subsec_millis() > 0 => format!("{} ms", time.subsec_millis()),
        0..60 => format!("{seconds} s"),
        60..3_600 => pair(seconds / 60, "min", seconds % 60, "s"),
        3_600..172_800 => pair(seconds / 3_600, "h", seconds % 3_600 / 60, "min"),
        _ => pair(seconds / 86_400, "d", seconds % 86_400 / 3_600, "h"),
    }
}

/// A length of time as a plan has it: `8h35m`, `40m`, `250ms`.
pub fn literal(time: Duration) -> String {
    let mut text = String::new();
    let mut rest = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    for (unit, length) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)] {
        if rest >= length {
            text.push_str(&format!("{}{unit}", rest / length));
            rest %= length;
        }
    }
    if text.is_empty() { "0s".to_string() } else { text }
}

/// An estimate as a plan has it: `30m`, `20m..40m`, `20m..30m..1h`.
pub fn estimate(estimate: &Estimate) -> String {
    match estimate.likeliest {
        _ if estimate.least == estimate.most => literal(estimate.least),
        Some(likeliest) => {
            format!("{}..{}..{}", literal(estimate.least), literal(likeliest), literal(estimate.most))
        }
        None => format!("{}..{}", literal(estimate.least), literal(estimate.most)),
    }
}

/// A moment, counted from the start of the plan: `0:05` is five minutes in, `0:00:12` twelve seconds, `3d04:00` three days and four hours.
pub fn moment(time: Duration, has_seconds: bool) -> String {
    let seconds = time.as_secs();
    let (hours, minutes) = (seconds / 3_600, seconds % 3_600 / 60);
    if hours >= 48 {
        format!("{}d{:02}:{minutes:02}", hours / 24, hours % 24)
    } else if has_seconds {
        format!("{hours}:{minutes:02}:{:02}", seconds % 60)
    } else {
        format!("{hours}:{minutes:02}")
    }
}

/// Millionths of a dollar, a sum with its range: `$0.50`, `$3–4.20`.
pub fn money((least, most): (u64, u64)) -> String {
    let amount = |value: u64| match value % 1_000_000 / 10_000 {
        0 => format!("{}", value / 1_000_000),
        cents => format!("{}.{cents:02}", value / 1_000_000),
    };
    if least == most {
        format!("${}", amount(least))
    } else {
        format!("${}–{}", amount(least), amount(most))
    }
}

/// Tokens with their range: `200k tokens`, `1.2M–2M tokens`.
pub fn tokens((least, most): (u64, u64)) -> String {
    let amount = |value: u64| match value {
        0..1000 => format!("{value}"),
        1000..1_000_000 => format!("{}k", (value + 500) / 1000),
        _ => format!("{}M", (value / 100_000) as f64 / 10.0),
    };
    match least == most {
        true => format!("{} tokens", amount(least)),
        false => format!("{}–{} tokens", amount(least), amount(most)),
    }
}

/// A template as its author would read it: outputs as `{{task.output}}`.
pub fn template(plan: &Plan, template: &Template) -> String {
    let mut text = String::new();
    for part in template.parts() {
        match part {
            Part::Literal(part) | Part::Value(part) => text.push_str(part),
            Part::Output(task, output) => {
                let task = plan.task(*task);
                let output = task.outputs.get(*output as usize).map_or("?", |output| &output.name);
                text.push_str(&format!("{{{{{}.{output}}}}}", task.name));
            }
        }
    }
    text
}

/// What an action does, in its own words.
pub fn action(plan: &Plan, action: &Action) -> String {
    match action {
        Action::Shell(text) | Action::Prompt(text) | Action::PromptFile(text) => template(plan, text),
        Action::Program(words) => program(plan, words),
        Action::Wait(time) => literal(*time),
        Action::Approve(approval) => template(plan, &approval.question),
    }
}

/// A command in its own words.
pub fn command(plan: &Plan, command: &Command) -> String {
    match command {
        Command::Shell(text) => template(plan, text),
        Command::Program(words) => program(plan, words),
    }
}

fn program(plan: &Plan, words: &[Template]) -> String {
    words.iter().map(|word| template(plan, word)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short_and_exact_enough() {
        let cases = [
            (0, "0 s", "0s"),
            (250, "250 ms", "250ms"),
            (90_000, "1 min 30 s", "1m30s"),
            (2_400_000, "40 min", "40m"),
            (30_900_000, "8 h 35 min", "8h35m"),
            (100_800_000, "28 h", "1d4h"),
            (273_600_000, "3 d 4 h", "3d4h"),
        ];
        for (milliseconds, words, written) in cases {
            let value = Duration::from_millis(milliseconds);
            assert_eq!((time(value), literal(value)), (words.to_string(), written.to_string()));
        }
        assert_eq!(time(Duration::MAX).chars().last(), Some('h'));
    }

    #[test]
    fn amounts() {
        assert_eq!(money((500_000, 500_000)), "$0.50");
        assert_eq!(money((3_000_000, 4_200_000)), "$3–4.20");
        assert_eq!(tokens((200_000, 200_000)), "200k tokens");
        assert_eq!(tokens((1_200_000, 2_000_000)), "1.2M–2M tokens");
    }
}
