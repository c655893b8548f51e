//! Where the sections of a file are, and whether a file is unchanged outside of some of them. Pure.
//!
//! A section `NAME` is, in this order: what follows a line with `wavec:section NAME` up to the next such line, to `wavec:end`,
//! or to the end of the file; in Markdown, what stands under the heading `NAME` (its text, or that as an anchor) up to the next
//! heading of its level; else the definitions of that name, as the grammar of the language has them, and where no grammar finds one, as
//! their layout shows. Lines are the unit throughout. Knows neither claims nor files' places.

mod grammar;
mod layout;
mod merge;

pub use merge::merged;

use grammar::Definition;
use similar::{Algorithm, DiffOp};
use std::ops::Range;

/// The mark that begins a section.
const MARK: &str = "wavec:section";

/// The mark that ends one.
const END: &str = "wavec:end";

/// A text beyond that is read by its marks, headings and layout alone.
const MOST_BYTES: usize = 2 << 20;

/// How many places of a change are named.
const MOST_PLACES: usize = 3;

/// A text with what is known of its sections.
pub struct Sections<'t> {
    path: &'t str,
    /// As bytes, for comparing.
    lines: Vec<&'t [u8]>,
    /// As text, for finding.
    texts: Vec<String>,
    definitions: Vec<Definition>,
}

impl<'t> Sections<'t> {
    /// Reads a text; `path` says what it is by its ending.
    pub fn of(text: &'t [u8], path: &'t str) -> Sections<'t> {
        let lines = lines_of(text);
        let texts = lines
            .iter()
            .map(|line| String::from_utf8_lossy(line).trim_end_matches('\r').to_owned())
            .collect();
        let definitions =
            if text.len() <= MOST_BYTES { grammar::definitions(text, path) } else { Vec::new() };
        Sections { path, lines, texts, definitions }
    }

    /// The lines of a section, in order and apart; none where there is no such section.
    pub fn find(&self, name: &str) -> Vec<Range<usize>> {
        let texts: Vec<&str> = self.texts.iter().map(String::as_str).collect();
        let single = marked(&texts, name).or_else(|| headed(&texts, name).filter(|_| is_markdown(self.path)));
        if let Some(range) = single {
            return vec![range];
        }
        if is_markdown(self.path) {
            return Vec::new();
        }
        let found = grammar::named(&self.definitions, name);
        match found.is_empty() {
            true => layout::defined(&texts, self.path, name).into_iter().collect(),
            false => found,
        }
    }

    /// The names of the sections that are surely there: marks, headings, definitions.
    pub fn names(&self) -> Vec<String> {
        let marks = self.texts.iter().filter_map(|line| mark(line)).map(str::to_owned);
        let headings: Vec<String> = match is_markdown(self.path) {
            true => headings(&self.texts).into_iter().map(|(_, _, text)| text).collect(),
            false => Vec::new(),
        };
        let definitions = self.definitions.iter().map(Definition::name);
        let mut names: Vec<String> = marks.chain(headings).chain(definitions).collect();
        names.sort();
        names.dedup();
        names
    }

    /// Whether a line belongs to both sections.
    pub fn overlap(&self, first: &str, second: &str) -> bool {
        let others = self.find(second);
        self.find(first).iter().any(|a| others.iter().any(|b| a.start < b.end && b.start < a.end))
    }

    /// The places of the lines that are in none of the sections and not blank.
    fn outside_of(&self, names: &[&str]) -> Vec<usize> {
        let taken: Vec<Range<usize>> = names.iter().flat_map(|name| self.find(name)).collect();
        let is_kept =
            |at: &usize| !taken.iter().any(|range| range.contains(at)) && !is_blank(self.lines[*at]);
        (0..self.lines.len()).filter(is_kept).collect()
    }
}

/// The lines of a section; none where there is no such section.
pub fn section<'t>(text: &'t [u8], path: &'t str, name: &str) -> Option<Vec<&'t [u8]>> {
    let sections = Sections::of(text, path);
    let found = sections.find(name);
    (!found.is_empty()).then(|| found.into_iter().flat_map(|range| sections.lines[range].to_vec()).collect())
}

/// Where a file differs outside of the sections, in words, by the numbers of its lines; none when it does not.
pub fn outside(before: &[u8], after: &[u8], path: &str, names: &[&str]) -> Option<String> {
    let (old, new) = (Sections::of(before, path), Sections::of(after, path));
    let is_there = |name: &&str| !old.find(name).is_empty() || !new.find(name).is_empty();
    let (old_kept, new_kept) = (old.outside_of(names), new.outside_of(names));
    let texts = |of: &Sections<'_>, kept: &[usize]| -> Vec<Vec<u8>> {
        kept.iter().map(|at| compared(of.lines[*at], path).to_vec()).collect()
    };
    let (old_texts, new_texts) = (texts(&old, &old_kept), texts(&new, &new_kept));
    if old_texts == new_texts {
        return None;
    }
    let mut places: Vec<String> = Vec::new();
    for change in similar::capture_diff_slices(Algorithm::Myers, &old_texts, &new_texts) {
        match change {
            DiffOp::Equal { .. } => {}
            DiffOp::Delete { old_index, old_len, .. } => {
                let first = old_kept[old_index];
                let more = old_len - 1;
                let more = if more == 0 { String::new() } else { format!(" and {more} more after it") };
                places.push(format!(
                    "`{}`{more}, which was line {}, is gone",
                    shown(old.lines[first]),
                    first + 1
                ));
            }
            DiffOp::Insert { new_index, new_len, .. } | DiffOp::Replace { new_index, new_len, .. } => {
                let (first, last) = (new_kept[new_index], new_kept[new_index + new_len - 1]);
                let which = match last == first {
                    true => format!("line {}", first + 1),
                    false => format!("lines {} to {}", first + 1, last + 1),
                };
                places.push(format!("{which}, `{}`", shown(new.lines[first])));
            }
        }
    }
    let more = places.len().saturating_sub(MOST_PLACES);
    places.truncate(MOST_PLACES);
    let mut place = places.join("; ");
    if more > 0 {
        place.push_str(&format!("; and {more} more"));
    }
    Some(if names.iter().any(is_there) { place } else { format!("{place} (there is no such section)") })
}

/// What of a line counts. An entry of a JSON file that gets one behind it gets a comma.
fn compared<'l>(line: &'l [u8], path: &str) -> &'l [u8] {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match ending(path).as_str() {
        "json" | "jsonc" | "json5" => line.strip_suffix(b",").unwrap_or(line),
        _ => line,
    }
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

/// The name behind a mark on a line.
fn mark(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once(MARK)?;
    rest.split_whitespace().next()
}

fn marked(lines: &[&str], name: &str) -> Option<Range<usize>> {
    let begin = lines.iter().position(|line| mark(line) == Some(name))?;
    let is_end = |line: &&str| mark(line).is_some() || line.contains(END);
    let length = lines[begin + 1..].iter().position(is_end).unwrap_or(lines.len() - begin - 1);
    // The mark itself is the section's own; the mark that ends it is not, where it begins the next.
    let end = begin + 1 + length;
    let has_end = lines.get(end).is_some_and(|line| mark(line).is_none());
    Some(begin..end + usize::from(has_end))
}

/// What a file is, by the end of its name.
fn ending(path: &str) -> String {
    path.rsplit('/').next().unwrap_or_default().rsplit('.').next().unwrap_or_default().to_ascii_lowercase()
}

fn is_markdown(path: &str) -> bool {
    matches!(ending(path).as_str(), "md" | "markdown" | "mdx")
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

/// Every heading: its line, its level, its text.
fn headings(lines: &[impl AsRef<str>]) -> Vec<(usize, usize, String)> {
    let mut found: Vec<(usize, usize, String)> = Vec::new();
    let mut fence: Option<&str> = None;
    for (at, line) in lines.iter().enumerate() {
        let line = line.as_ref();
        let opened = ["```", "~~~"].into_iter().find(|sign| line.trim_start().starts_with(sign));
        match (fence, opened) {
            (None, Some(sign)) => fence = Some(sign),
            (Some(open), Some(sign)) if open == sign => fence = None,
            _ => {}
        }
        if fence.is_some() || opened.is_some() {
            continue;
        }
        if let Some((level, text)) = heading(line) {
            found.push((at, level, text.to_owned()));
        }
        // A line of text that is underlined.
        let above = at.checked_sub(1).map(|above| lines[above].as_ref().trim()).unwrap_or_default();
        let is_line_of = |sign: char| line.len() >= 3 && line.trim_end().chars().all(|c| c == sign);
        let is_text = !above.is_empty() && !above.starts_with(['#', '>', '-', '*', '|', '`', '~']);
        if is_text && (is_line_of('=') || is_line_of('-')) {
            found.push((at - 1, if is_line_of('=') { 1 } else { 2 }, above.to_owned()));
        }
    }
    found
}

fn headed(lines: &[&str], name: &str) -> Option<Range<usize>> {
    let all = headings(lines);
    let found = all.iter().position(|(_, _, text)| text == name || anchor(text) == name)?;
    let (begin, level, _) = &all[found];
    let end =
        all[found + 1..].iter().find(|(_, other, _)| other <= level).map_or(lines.len(), |(at, ..)| *at);
    Some(*begin..end)
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
    fn grammars_know_definitions() {
        let rust = "/// T.\nstruct T;\n\nimpl T {\n    /// New.\n    fn new() -> T { T }\n    fn b(&self) {\n        fn inner() {}\n    }\n}\n\nimpl<X> From<X> for T {\n    fn from(x: X) -> T { T }\n}\nmod m {\n    fn b() {}\n}\n";
        assert_eq!(of(rust, "x.rs", "T").unwrap().matches('|').count(), 11, "{:?}", of(rust, "x.rs", "T"));
        assert_eq!(of(rust, "x.rs", "T::new").unwrap(), "    /// New.|    fn new() -> T { T }");
        assert_eq!(of(rust, "x.rs", "m::b").unwrap(), "    fn b() {}");
        assert_eq!(of(rust, "x.rs", "T.from").unwrap(), "    fn from(x: X) -> T { T }");
        let python = "LIMIT = 3\n\n# Near.\n@cached\n@slow\ndef f(a,\n      b):\n    x = 1\n    return x\n\n\nclass C:\n    def m(self):\n        pass\n";
        assert_eq!(of(python, "x.py", "LIMIT").unwrap(), "LIMIT = 3");
        assert_eq!(of(python, "x.py", "f").unwrap().matches('|').count(), 6);
        assert_eq!(of(python, "x.py", "x"), None, "what is local is no section");
        assert_eq!(of(python, "x.py", "C.m").unwrap(), "    def m(self):|        pass");
        let script = "import a from 'a';\n\n/** Doc. */\nexport const charge = async (x) => {\n  const y = x;\n};\nexport default class Shop {\n  #stock = 1;\n  sell() {}\n}\nfunction f() {}\n";
        for path in ["x.ts", "x.js", "x.tsx"] {
            let charge = of(script, path, "charge").unwrap();
            assert!(charge.starts_with("/** Doc. */|export const") && charge.ends_with("};"), "{charge}");
            assert_eq!(of(script, path, "Shop.sell").unwrap(), "  sell() {}");
            assert_eq!(of(script, path, "f").unwrap(), "function f() {}");
        }
        let types = "interface A {\n  x: number;\n}\ntype B = A;\nenum E { One }\nnamespace N {\n  export function g(): void;\n}\n";
        assert_eq!(of(types, "x.ts", "A").unwrap().matches('|').count(), 2);
        assert_eq!(of(types, "x.ts", "B").unwrap(), "type B = A;");
        assert_eq!(of(types, "x.ts", "N.g").unwrap(), "  export function g(): void;");
        let go = "package p\n\n// F.\nfunc F() {\n}\n\ntype T struct {\n\tx int\n}\n\nfunc (t *T) M() {}\n\nvar (\n\ta = 1\n\tb = 2\n)\n";
        assert_eq!(of(go, "x.go", "F").unwrap(), "// F.|func F() {|}");
        assert_eq!(of(go, "x.go", "T").unwrap(), "type T struct {|\tx int|}");
        assert_eq!(of(go, "x.go", "T.M").unwrap(), "func (t *T) M() {}");
        assert_eq!(of(go, "x.go", "b").unwrap(), "\tb = 2");
        let java =
            "class A {\n    private int x = 1;\n    @Override\n    public void m() {\n    }\n    A() {}\n}\n";
        assert_eq!(of(java, "A.java", "m").unwrap(), "    @Override|    public void m() {|    }");
        assert_eq!(of(java, "A.java", "A.x").unwrap(), "    private int x = 1;");
        let c = "#define LIMIT 3\nstatic int *f(int x)\n{\n    return 0;\n}\ntypedef struct {\n    int x;\n} point;\nstruct line {\n    int y;\n};\n";
        assert_eq!(of(c, "x.c", "f").unwrap(), "static int *f(int x)|{|    return 0;|}");
        assert_eq!(of(c, "x.h", "point").unwrap(), "typedef struct {|    int x;|} point;");
        assert_eq!(of(c, "x.c", "line").unwrap(), "struct line {|    int y;|};");
        assert!(of(c, "x.c", "LIMIT").unwrap().starts_with("#define LIMIT 3"));
    }

    #[test]
    fn settings_have_sections_too() {
        let json = "{\n  \"a\": 1,\n  \"b\": {\n    \"a\": 2\n  },\n  \"c\": []\n}\n";
        assert_eq!(of(json, "x.json", "a").unwrap(), "  \"a\": 1,");
        assert_eq!(of(json, "x.json", "b").unwrap(), "  \"b\": {|    \"a\": 2|  },");
        // An entry behind the last one.
        let more = json.replace("[]\n", "[],\n  \"d\": 1\n");
        assert_eq!(outside(json.as_bytes(), more.as_bytes(), "x.json", &["d"]), None);
        let toml = "x = 1\n[a]\ny = 2\n\n[a.b]\nz = 3\n[c]\n";
        assert_eq!(of(toml, "x.toml", "a").unwrap(), "[a]|y = 2||[a.b]|z = 3");
        assert_eq!(of(toml, "x.toml", "x").unwrap(), "x = 1");
        let yaml = "a:\n  b: 1\nc:\n  - b: 2\n";
        assert_eq!(of(yaml, "x.yml", "c").unwrap(), "c:|  - b: 2");
        let text = "Title\n=====\n\nx\n\nFirst\n-----\ny\n\nSecond\n------\nz\n";
        assert_eq!(of(text, "x.md", "First").unwrap(), "First|-----|y|");
    }

    #[test]
    fn several_places_are_named() {
        let before = "# A\na\n# B\nb\n# C\nc\n";
        let after = "# A\nA\nnew\n# B\nB\n# C\n";
        let told = outside(before.as_bytes(), after.as_bytes(), "x.md", &["B"]).unwrap();
        assert_eq!(told, "lines 2 to 3, `A`; `c`, which was line 6, is gone");
        let nested = Sections::of(b"# A\n## B\nx\n# C\n", "x.md");
        assert!(nested.overlap("A", "B") && !nested.overlap("A", "C"));
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
        assert_eq!(none, "lines 8 to 10, `fn three() {` (there is no such section)");
    }
}
