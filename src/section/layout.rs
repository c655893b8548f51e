//! Definitions by how their lines look: where no grammar is known, or none finds the name.

use super::ending;
use std::ops::Range;

/// Words that begin a definition in the common languages.
const KEYWORDS: [&str; 26] = [
    "fn",
    "struct",
    "enum",
    "trait",
    "mod",
    "type",
    "const",
    "static",
    "union",
    "impl",
    "macro_rules!",
    "def",
    "class",
    "module",
    "function",
    "func",
    "interface",
    "namespace",
    "var",
    "let",
    "val",
    "object",
    "record",
    "resource",
    "message",
    "service",
];

fn indent(line: &str) -> usize {
    line.chars().take_while(|c| c.is_whitespace()).count()
}

/// The lines of the definition of that name; `path` says what kind of file it is by its ending.
pub fn defined(lines: &[&str], path: &str, name: &str) -> Option<Range<usize>> {
    let ending = ending(path);
    let entry: fn(&str, &str) -> bool = match ending.as_str() {
        "json" | "jsonc" | "json5" => is_json_entry,
        "yaml" | "yml" => is_yaml_entry,
        "toml" | "ini" | "cfg" | "conf" | "properties" | "env" => {
            return table(lines, name).or_else(|| block(lines, |line| is_setting(line, name)));
        }
        _ => {
            let last = name.rsplit([':', '.']).next().unwrap_or(name);
            return block(lines, |line| defines(line, last));
        }
    };
    // The least deep one.
    let entries = lines.iter().filter(|line| entry(line, name));
    let least = entries.map(|line| indent(line)).min()?;
    block(lines, |line| entry(line, name) && indent(line) == least)
}

fn is_json_entry(line: &str, name: &str) -> bool {
    let rest = line.trim_start().strip_prefix('"').and_then(|rest| rest.strip_prefix(name));
    rest.and_then(|rest| rest.strip_prefix('"')).is_some_and(|rest| rest.trim_start().starts_with(':'))
}

fn is_yaml_entry(line: &str, name: &str) -> bool {
    let line = line.trim_start();
    let line = line.strip_prefix("- ").unwrap_or(line);
    line.split_once(':').is_some_and(|(key, _)| key.trim().trim_matches(['"', '\'']) == name)
}

fn is_setting(line: &str, name: &str) -> bool {
    line.split_once('=').is_some_and(|(key, _)| key.trim().trim_matches('"') == name)
}

/// What stands below a header `[NAME]`, up to the next that is not below it.
fn table(lines: &[&str], name: &str) -> Option<Range<usize>> {
    let header = |line: &str| {
        let line = line.trim();
        line.starts_with('[').then(|| line.trim_matches(['[', ']']).trim().to_owned())
    };
    let begin = lines.iter().position(|line| header(line).as_deref() == Some(name))?;
    let is_other = |line: &&str| {
        header(line).is_some_and(|other| other != name && !other.starts_with(&format!("{name}.")))
    };
    let length = lines[begin + 1..].iter().position(is_other).unwrap_or(lines.len() - begin - 1);
    Some(begin..begin + 1 + length)
}

fn block(lines: &[&str], begins: impl Fn(&str) -> bool) -> Option<Range<usize>> {
    let begin = lines.iter().position(|line| begins(line))?;
    let own = indent(lines[begin]);
    let is_whole = |line: &str| line.trim_end().ends_with(';') || line.trim_end().ends_with('}');
    let mut end = begin + 1;
    if !is_whole(lines[begin]) {
        while let Some(line) = lines.get(end) {
            let text = line.trim();
            let is_inside = text.is_empty() || indent(line) > own;
            let is_closing = indent(line) == own && (text.starts_with(['}', ')', ']', '{']) || text == "end");
            if !is_inside && !is_closing {
                break;
            }
            end += 1;
            if !is_inside && !text.ends_with(['{', '(', '[']) {
                break;
            }
        }
    }
    while end > begin + 1 && lines[end - 1].trim().is_empty() {
        end -= 1;
    }
    // What belongs to it and stands above: attributes, decorators, comments.
    let is_above = |line: &&str| {
        let text = line.trim_start();
        indent(line) == own && ["//", "#", "@", "/*", "*", "--"].iter().any(|sign| text.starts_with(sign))
    };
    let above = lines[..begin].iter().rev().take_while(|line| is_above(line)).count();
    Some(begin - above..end)
}

/// Whether the line begins a definition of that name.
fn defines(line: &str, name: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let mut words = line.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let Some(next) = words.peek() else { return false };
        let next: String =
            next.trim_start_matches(['*', '&', '(', '"']).chars().take_while(|c| is_name(*c)).collect();
        if KEYWORDS.contains(&word) && next == name {
            return true;
        }
    }
    false
}
