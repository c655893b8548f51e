//! Where the sections of a file are, and whether a file is unchanged outside of some of them. Pure.
//!
//! A section `NAME` is, in this order: what follows a line with `wavec:section NAME` up to the next such line, to `wavec:end`,
//! or to the end of the file; in Markdown, what stands under the heading `NAME` (its text, or that as an anchor) up to the next
//! heading of its level; else a definition of that name, by its keyword and by how its lines are indented. The last knows no
//! grammar: a definition that is laid out otherwise wants markers.

use std::ops::Range;

/// The mark that begins a section.
const MARK: &str = "wavec:section";

/// The mark that ends one.
const END: &str = "wavec:end";

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

/// The lines of a section; none where there is no such section.
pub fn section<'t>(text: &'t [u8], path: &str, name: &str) -> Option<Vec<&'t [u8]>> {
    let lines = lines_of(text);
    find(&lines, path, name).map(|range| lines[range].to_vec())
}

/// Where a file differs outside of the sections, in words; none when it does not.
pub fn outside(before: &[u8], after: &[u8], path: &str, names: &[&str]) -> Option<String> {
    let (old, new) = (lines_of(before), lines_of(after));
    let is_anywhere = |name: &&&str| find(&old, path, name).is_some() || find(&new, path, name).is_some();
    let is_found = names.iter().any(|name| is_anywhere(&name));
    let kept = |lines: &[&[u8]]| -> Vec<usize> {
        let taken: Vec<Range<usize>> = names.iter().filter_map(|name| find(lines, path, name)).collect();
        let is_kept = |at: &usize| !taken.iter().any(|range| range.contains(at)) && !is_blank(lines[*at]);
        (0..lines.len()).filter(is_kept).collect()
    };
    let (old_kept, new_kept) = (kept(&old), kept(&new));
    let same = old_kept.iter().zip(&new_kept).take_while(|(a, b)| old[**a] == new[**b]).count();
    if same == old_kept.len() && same == new_kept.len() {
        return None;
    }
    let place = match (new_kept.get(same), old_kept.get(same)) {
        (Some(at), _) => format!("line {}, `{}`", at + 1, shown(new[*at])),
        (None, Some(at)) => format!("`{}` is gone", shown(old[*at])),
        (None, None) => String::new(),
    };
    Some(if is_found { place } else { format!("{place} (there is no such section)") })
}

fn lines_of(text: &[u8]) -> Vec<&[u8]> {
    let mut lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
    if lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    lines
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}

fn shown(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let text = text.trim();
    let cut: String = text.chars().take(60).collect();
    if cut.len() < text.len() { format!("{cut}…") } else { cut }
}

fn find(lines: &[&[u8]], path: &str, name: &str) -> Option<Range<usize>> {
    let text: Vec<_> = lines.iter().map(|line| String::from_utf8_lossy(line)).collect();
    let text: Vec<&str> = text.iter().map(|line| line.trim_end_matches('\r')).collect();
    marked(&text, name).or_else(|| match is_markdown(path) {
        true => headed(&text, name),
        false => defined(&text, name),
    })
}

/// The name behind a mark on a line.
fn mark(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once(MARK)?;
    rest.split_whitespace().next()
}

fn marked(lines: &[&str], name: &str) -> Option<Range<usize>> {
    let begin = lines.iter().position(|line| mark(line) == Some(name))?;
    let is_end = |line: &&str| mark(line).is_some() || line.contains(END);
    let length = lines[begin + 1..].iter().position(is_end).map_or(lines.len() - begin - 1, |at| at);
    // The mark itself is the section's own; the mark that ends it is not, where it begins the next.
    let end = begin + 1 + length;
    let has_end = lines.get(end).is_some_and(|line| mark(line).is_none());
    Some(begin..end + usize::from(has_end))
}

fn is_markdown(path: &str) -> bool {
    let ending = path.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    matches!(ending.as_str(), "md" | "markdown" | "mdx")
}

/// The level and text of a heading.
fn heading(line: &str) -> Option<(usize, &str)> {
    let level = line.bytes().take_while(|byte| *byte == b'#').count();
    let text = line.get(level..)?;
    ((1..=6).contains(&level) && text.starts_with([' ', '\t']))
        .then(|| (level, text.trim().trim_end_matches('#').trim()))
}

/// A heading as a link names it.
fn anchor(text: &str) -> String {
    let kept = text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn headed(lines: &[&str], name: &str) -> Option<Range<usize>> {
    let mut is_code = false;
    let mut found: Option<(usize, usize)> = None;
    for (at, line) in lines.iter().enumerate() {
        is_code ^= line.trim_start().starts_with("```");
        let Some((level, text)) = heading(line).filter(|_| !is_code) else { continue };
        match found {
            Some((begin, own)) if level <= own => return Some(begin..at),
            None if text == name || anchor(text) == name => found = Some((at, level)),
            _ => {}
        }
    }
    found.map(|(begin, _)| begin..lines.len())
}

fn indent(line: &str) -> usize {
    line.chars().take_while(|c| c.is_whitespace()).count()
}

fn defined(lines: &[&str], name: &str) -> Option<Range<usize>> {
    let begin = lines.iter().position(|line| defines(line, name))?;
    let own = indent(lines[begin]);
    let is_whole = |line: &str| line.trim_end().ends_with(';') || line.trim_end().ends_with('}');
    let mut end = begin + 1;
    if !is_whole(lines[begin]) {
        while let Some(line) = lines.get(end) {
            let text = line.trim();
            let is_inside = text.is_empty() || indent(line) > own;
            let is_closing = text.starts_with(['}', ')', ']', '{']) || text == "end";
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

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, path: &str, name: &str) -> Option<String> {
        let lines = section(text.as_bytes(), path, name)?;
        Some(lines.iter().map(|line| String::from_utf8_lossy(line)).collect::<Vec<_>>().join("|"))
    }

    #[test]
    fn marks_come_first() {
        let text = "a\n// wavec:section one\nb\n// wavec:section two\nc\n// wavec:end\nd\n";
        assert_eq!(of(text, "x.rs", "one").unwrap(), "// wavec:section one|b");
        assert_eq!(of(text, "x.rs", "two").unwrap(), "// wavec:section two|c|// wavec:end");
        assert_eq!(of(text, "x.rs", "three"), None);
    }

    #[test]
    fn headings_hold_what_is_below_them() {
        let text = "# A\n## First steps\nx\n### deeper\ny\n```\n# no heading\n```\n## Next\nz\n";
        let first = "## First steps|x|### deeper|y|```|# no heading|```";
        assert_eq!(of(text, "d.md", "First steps").unwrap(), first);
        assert_eq!(of(text, "d.md", "first-steps").unwrap(), first);
        assert_eq!(of(text, "d.md", "Next").unwrap(), "## Next|z");
    }

    #[test]
    fn definitions_are_found_by_their_layout() {
        let rust = "pub mod charge;\n\n/// Doc.\n#[inline]\npub fn f(\n    x: u8,\n) -> u8 {\n    x\n}\n\nfn g() {}\n";
        assert_eq!(of(rust, "x.rs", "charge").unwrap(), "pub mod charge;");
        let f = of(rust, "x.rs", "f").unwrap();
        assert!(f.starts_with("/// Doc.") && f.ends_with('}'), "{f}");
        assert!(!f.contains("fn g"), "{f}");
        assert_eq!(of(rust, "x.rs", "g").unwrap(), "fn g() {}");
        let python =
            "class A:\n    def f(self):\n        return 1\n\n    def g(self):\n        pass\n\nx = 1\n";
        assert_eq!(of(python, "x.py", "f").unwrap(), "    def f(self):|        return 1");
        assert!(of(python, "x.py", "A").unwrap().ends_with("        pass"));
    }

    #[test]
    fn what_is_outside_is_compared() {
        let before = "use a;\nfn one() {\n    1\n}\nfn two() {\n    2\n}\n";
        let after = "use a;\nfn one() {\n    11\n}\n\nfn two() {\n    2\n}\n";
        assert_eq!(outside(before.as_bytes(), after.as_bytes(), "x.rs", &["one"]), None);
        assert_eq!(outside(before.as_bytes(), after.as_bytes(), "x.rs", &["two"]).unwrap(), "line 3, `11`");
        // A section that the task adds is its own.
        let added = format!("{before}fn three() {{\n    3\n}}\n");
        assert_eq!(outside(before.as_bytes(), added.as_bytes(), "x.rs", &["three"]), None);
        let none = outside(before.as_bytes(), added.as_bytes(), "x.rs", &["nine"]).unwrap();
        assert_eq!(none, "line 8, `fn three() {` (there is no such section)");
    }
}
