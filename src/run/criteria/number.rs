//! The number in a JSON file or in what a command prints.

use serde_json::Value;
use std::path::Path;

/// A number, and how it stood there.
#[derive(Clone, Debug, PartialEq)]
pub struct Number {
    pub value: f64,
    pub text: String,
}

/// The number at a JSON pointer in a file, or why there is none.
pub fn in_file(directory: &Path, file: &str, pointer: &str) -> Result<Number, String> {
    let text = std::fs::read_to_string(directory.join(file)).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("`{file}` is not there"),
        _ => format!("`{file}` cannot be read: {error}"),
    })?;
    let value: Value =
        serde_json::from_str(&text).map_err(|error| format!("`{file}` is no JSON: {error}"))?;
    match value.pointer(pointer) {
        None => Err(format!("`{file}` has no `{pointer}`{}", nearest(&value, pointer))),
        Some(Value::Number(number)) => {
            let value =
                number.as_f64().ok_or_else(|| format!("`{pointer}` of `{file}` is too large a number"))?;
            Ok(Number { value, text: number.to_string() })
        }
        Some(Value::String(text)) => parse(text).ok_or_else(|| {
            format!("`{pointer}` of `{file}` is no number: {}", super::short(&format!("{text:?}")))
        }),
        Some(other) => {
            let kind = match other {
                Value::Null => "null",
                Value::Bool(_) => "a boolean",
                Value::Array(_) => "a list",
                _ => "an object",
            };
            Err(format!("`{pointer}` of `{file}` is {kind}, not a number"))
        }
    }
}

/// What is there instead: how far the pointer leads, and the names that go on from there.
fn nearest(value: &Value, pointer: &str) -> String {
    let mut reached = String::new();
    let mut at = value;
    for part in pointer.split('/').skip(1) {
        let next = format!("{reached}/{part}");
        match value.pointer(&next) {
            Some(found) => (reached, at) = (next, found),
            None => break,
        }
    }
    let names: Vec<String> = match at {
        Value::Object(fields) => fields.keys().map(|name| format!("`{reached}/{name}`")).collect(),
        Value::Array(items) if items.is_empty() => return format!("; `{reached}` is an empty list"),
        Value::Array(items) => return format!("; `{reached}` has 0 to {}", items.len() - 1),
        _ => return String::new(),
    };
    let shown = &names[..names.len().min(super::SHOWN)];
    if names.is_empty() { String::new() } else { format!("; it has {}", super::some_of(shown, names.len())) }
}

/// The one number that a command printed, or why there is none.
pub fn printed(output: &str) -> Result<Number, String> {
    if let Some(number) = parse(output) {
        return Ok(number);
    }
    let joined = output.replace(" %", "%");
    let mut numbers = joined.split_whitespace().filter_map(parse);
    match (numbers.next(), numbers.next()) {
        (Some(number), None) => Ok(number),
        (None, _) if output.trim().is_empty() => Err("the command prints nothing".into()),
        (None, _) => Err(format!("the command prints no number\n{}", super::last_lines(output))),
        (Some(_), Some(_)) => {
            Err(format!("the command prints more than one number\n{}", super::last_lines(output)))
        }
    }
}

/// A number or a percentage: 5 % is 0.05.
fn parse(text: &str) -> Option<Number> {
    let text = text.trim();
    let (digits, scale) = match text.strip_suffix('%') {
        Some(digits) => (digits.trim_end(), 100.0),
        None => (text, 1.0),
    };
    let is_plain = digits.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'));
    let value: f64 = digits.parse().ok().filter(|_| is_plain)?;
    value.is_finite().then(|| Number { value: value / scale, text: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        let value = |text| parse(text).map(|number| number.value);
        assert_eq!(value(" 42\n"), Some(42.0));
        assert_eq!(value("-0.5"), Some(-0.5));
        assert_eq!(value("1e3"), Some(1000.0));
        assert_eq!(value("0.5%"), Some(0.005));
        assert_eq!(value("12 %"), Some(0.12));
        for text in ["", "nan", "inf", "1,5", "0x10", "12ms", "v1"] {
            assert_eq!(value(text), None, "{text}");
        }
    }

    #[test]
    fn one_number_is_found_among_words() {
        assert_eq!(printed("  17 src/lib.rs\n").unwrap().value, 17.0);
        assert_eq!(printed("coverage: 81.5 %\n").unwrap().value, 0.815);
        assert_eq!(printed("coverage: high\n").unwrap_err(), "the command prints no number\ncoverage: high");
        assert_eq!(printed("1 of 2").unwrap_err(), "the command prints more than one number\n1 of 2");
        assert_eq!(printed("\n").unwrap_err(), "the command prints nothing");
    }
}
