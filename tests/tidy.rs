//! The house's rules as data, held against the text of `src/`: which room may name which, how long a file may
//! grow, which words must not stand in it.
//!
//! It reads text and asks no compiler: paths are found by a small scanner that knows comments, strings and `use`
//! trees, and no more of Rust than that. What stands under `#[cfg(test)]` may name what it likes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The floors, from the ground up: a room, and the rooms that it may name beside itself. A line for a part of a
/// room (`plan/lower`) stands in place of the room's own.
const FLOORS: &[(&str, &str)] = &[
    ("source", ""),
    ("error", ""),
    ("memory", ""),
    ("crash", ""),
    ("diagnostic", "source"),
    ("syntax", "source diagnostic"),
    ("format", "source syntax diagnostic"),
    ("glob", ""),
    ("shell", ""),
    ("section", ""),
    ("check", "source diagnostic syntax glob shell"),
    ("plan", "source"),
    ("plan/lower", "source check syntax plan"),
    ("schedule", "plan"),
    ("prove", "source diagnostic plan glob schedule shell section"),
    ("compile", "source diagnostic syntax check plan prove schedule glob"),
    ("ide", "source diagnostic syntax format glob check plan schedule prove compile"),
    ("event", "plan schedule"),
    ("journal", "plan schedule event error crash"),
    ("workspace", "plan event glob error section"),
    ("driver", "plan event error"),
    ("backend", "plan event error crash"),
    ("report", "plan schedule event error source"),
    ("run", "plan schedule event workspace driver backend glob shell error"),
    ("lsp", "source diagnostic syntax check compile ide memory"),
    ("cli", "*"),
    ("lib", "*"),
    ("main", "*"),
];

/// The core: no I/O, no clock, no async.
const CORE: &str = "source diagnostic syntax format glob shell section check plan schedule prove compile ide";

/// What the core must not name, as the beginning of a path.
const NOT_IN_CORE: &[&str] = &[
    "std::fs",
    "std::env",
    "std::net",
    "std::process",
    "std::thread",
    "std::os",
    "std::time::Instant",
    "std::time::SystemTime",
    "std::time::*",
    "std::io::stdin",
    "std::io::stdout",
    "std::io::stderr",
    "tokio",
    "libc",
];

/// The one way in which the core has threads: they end before the function that began them returns, so that it stays a function of
/// what it was given.
const THREADS_OF_THE_CORE: &str = "std::thread::scope";

/// Crates that only these rooms know.
const CRATES: &[(&str, &str)] = &[
    ("miette", "diagnostic/render"),
    ("pest", "syntax"),
    ("pest_derive", "syntax"),
    ("crc32fast", "journal"),
    ("rusqlite", "journal"),
    ("tokio", "run backend driver cli"),
    ("lsp_server", "lsp"),
    ("gen_lsp_types", "lsp"),
    ("clap", "cli"),
    ("tree_sitter", "section"),
    ("clap_complete", "cli"),
    ("clap_mangen", "cli"),
    ("notify", "cli"),
];

/// The most lines of a file, its `#[cfg(test)]` part not counted.
const MOST_LINES: usize = 600;

/// The most lines of `src/main.rs`.
const MOST_LINES_OF_MAIN: usize = 15;

#[test]
fn rooms_name_only_what_their_floor_allows() {
    let mut wrong = Vec::new();
    for file in sources() {
        let allowed = allowed(&file.module);
        for path in file.paths.iter().filter(|path| path.parts[0] == "crate") {
            let Some(room) = path.parts.get(1) else { continue };
            if room == "*" || !(allowed.contains(&"*") || allowed.contains(&room.as_str())) {
                wrong.push(format!(
                    "{}: `{}` names `{room}`, which is not on its floor: it may name {}",
                    file.place(path.line),
                    file.module,
                    list(&allowed),
                ));
            }
        }
        for path in file.paths.iter().filter(|path| path.parts[0] == "super") {
            let climbs = path.parts.iter().take_while(|part| *part == "super").count();
            if climbs >= file.depth() + path.inline_modules {
                wrong.push(format!(
                    "{}: `super` climbs out of the room: write `crate::…`, so that the floor is seen",
                    file.place(path.line)
                ));
            }
        }
    }
    fail_with(wrong);
}

#[test]
fn every_room_has_its_floor() {
    let library = fs::read_to_string(root().join("src/lib.rs")).expect("src/lib.rs is there");
    let declared: BTreeSet<&str> =
        library.lines().filter_map(|line| line.trim().strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let floors: BTreeSet<&str> = FLOORS.iter().map(|(room, _)| *room).collect();
    let wrong = declared.difference(&floors).map(|room| {
        format!("src/lib.rs: the room `{room}` has no floor: give it a line in tests/tidy.rs and docs/architecture.md")
    });
    fail_with(wrong.collect());
}

#[test]
fn the_table_is_a_house_and_not_a_ring() {
    // Each room may name only rooms whose line stands above its own: the table itself has no cycle.
    let mut wrong = Vec::new();
    let mut above = BTreeSet::new();
    for (room, may_name) in FLOORS {
        for other in may_name.split_whitespace().filter(|other| *other != "*") {
            if !above.contains(other) {
                wrong.push(format!("tests/tidy.rs: `{room}` may name `{other}`, which is not below it"));
            }
        }
        above.insert(room.split('/').next().unwrap_or(room));
    }
    fail_with(wrong);
}

#[test]
fn the_core_does_no_input_or_output_and_reads_no_clock() {
    let mut wrong = Vec::new();
    for file in sources().iter().filter(|file| CORE.split(' ').any(|room| room == file.room())) {
        for path in &file.paths {
            let text = path.parts.join("::");
            let named = NOT_IN_CORE.iter().find(|no| text == **no || text.starts_with(&format!("{no}::")));
            if let Some(no) = named.filter(|_| text != THREADS_OF_THE_CORE) {
                wrong.push(format!("{}: the core names `{no}`", file.place(path.line)));
            }
        }
    }
    fail_with(wrong);
}

#[test]
fn a_crate_that_one_room_owns_is_named_nowhere_else() {
    let mut wrong = Vec::new();
    for file in sources() {
        for path in &file.paths {
            let Some((name, rooms)) = CRATES.iter().find(|(name, _)| path.parts[0] == *name) else {
                continue;
            };
            if !rooms.split(' ').any(|room| is_in(&file.module, room)) {
                wrong.push(format!("{}: `{name}` is known to {rooms} alone", file.place(path.line)));
            }
        }
    }
    fail_with(wrong);
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    let mut wrong = Vec::new();
    for file in sources() {
        if file.lines > MOST_LINES {
            wrong.push(format!(
                "{}: {} lines without tests, more than {MOST_LINES}: split it",
                file.place(1),
                file.lines
            ));
        }
        if !file.text.starts_with("//!") {
            wrong.push(format!("{}: does not open by saying what it is for (`//!`)", file.place(1)));
        }
        if file.module == "main" && file.text.lines().count() > MOST_LINES_OF_MAIN {
            wrong.push(format!("{}: main is more than {MOST_LINES_OF_MAIN} lines", file.place(1)));
        }
    }
    fail_with(wrong);
}

#[test]
fn no_word_is_left_that_promises_or_prints() {
    let mut wrong = Vec::new();
    for file in sources() {
        for (number, line) in file.comments.lines().enumerate() {
            for word in ["TODO", "FIXME", "XXX"] {
                if line.split(|c: char| !c.is_alphanumeric()).any(|other| other == word) {
                    wrong.push(format!("{}: `{word}`: do it, or open an issue", file.place(number + 1)));
                }
            }
        }
        for (number, line) in file.code.lines().enumerate() {
            let mut forbidden = vec!["dbg!", "todo!", "unimplemented!", "#[allow(", "#![allow("];
            if file.room() != "cli" {
                forbidden.extend(["println!", "print!", "eprintln!", "eprint!"]);
            }
            let is_start = |at: usize| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            if let Some(word) = forbidden.iter().find(|word| line.find(**word).is_some_and(is_start)) {
                wrong.push(format!("{}: `{word}` must not stand here", file.place(number + 1)));
            }
        }
    }
    fail_with(wrong);
}

#[test]
fn every_snapshot_has_its_source() {
    let mut wrong = Vec::new();
    let tests: Vec<String> = files_under(&root().join("tests"), "rs")
        .iter()
        .filter_map(|path| fs::read_to_string(path).ok())
        .collect();
    for snapshot in files_under(&root().join("tests"), "snap") {
        let folder = snapshot.parent().expect("a file stands in a folder");
        let name = snapshot.file_name().expect("a file has a name").to_string_lossy().into_owned();
        let name = name.trim_end_matches(".snap");
        // `cycle.wave.snap`, `cycle.snap`, or `cycle@json.snap` where one source has several snapshots.
        let stem = name.split('@').next().unwrap_or(name);
        let has_source = fs::read_dir(folder).expect("the folder is there").flatten().any(|entry| {
            let other = entry.file_name().to_string_lossy().into_owned();
            !other.ends_with(".snap")
                && (other == stem || other.rsplit_once('.').is_some_and(|(s, _)| s == stem))
        });
        // Or a test that names it: as a string, or (`suite__render__a_name`) as a function.
        let last = stem.rsplit("__").next().unwrap_or(stem);
        let has_source = has_source
            || tests
                .iter()
                .any(|text| text.contains(&format!("\"{last}\"")) || text.contains(&format!("fn {last}(")));
        if !has_source {
            wrong.push(format!(
                "{}: neither a source beside it nor a test that names it: remove it",
                shown(&snapshot)
            ));
        }
    }
    for leftover in files_under(&root().join("tests"), "new") {
        wrong.push(format!("{}: a snapshot that nobody has accepted", shown(&leftover)));
    }
    fail_with(wrong);
}

#[test]
fn the_scanner_reads_what_it_should() {
    let file = Source::read(
        "run/dispatch",
        r##"//! Head. crate::not_me
use crate::{plan::{Plan, TaskId}, schedule::Schedule as S, glob};
use super::super::event;
fn f<'a>(c: char) -> &'a str {
    let _ = ("crate::nor_me", r#"crate::"nor_me""#, '"', b'\'', c);
    crate::journal::open(/* crate::nor /* nested */ me */)
}
mod inner { use super::x; }
#[cfg(test)]
mod tests { use crate::cli::everything; fn g() { let _ = "}"; } }
fn h() -> impl Iterator<Item = u8> + use<> { crate::driver::call(); crate::driver::call() }
"##,
    );
    let seen: Vec<String> = file.paths.iter().map(|path| path.parts.join("::")).collect();
    for path in [
        "crate::plan::Plan",
        "crate::plan::TaskId",
        "crate::schedule::Schedule",
        "crate::glob",
        "super::super::event",
        "crate::journal::open",
        "super::x",
        "crate::driver::call",
    ] {
        assert!(seen.iter().any(|other| other == path), "{path} was not seen in {seen:?}");
    }
    assert!(!seen.iter().any(|path| path.contains("me") || path.contains("cli")), "{seen:?}");
    let inner = file.paths.iter().find(|path| path.parts == ["super", "x"]).map(|path| path.inline_modules);
    assert_eq!(inner, Some(1));
    assert_eq!(file.lines, 9, "the test module's two lines are not counted");
}

/// What a module may name: the line of its part of the room, or the room's own; and the room itself.
fn allowed(module: &str) -> Vec<&'static str> {
    let line = FLOORS.iter().filter(|(room, _)| is_in(module, room)).max_by_key(|(room, _)| room.len());
    let (room, may_name) = line.unwrap_or_else(|| panic!("`{module}` has no floor in tests/tidy.rs"));
    let room = room.split('/').next().unwrap_or(room);
    may_name.split_whitespace().chain([room]).collect()
}

/// Whether the module is that room or a part of it.
fn is_in(module: &str, room: &str) -> bool {
    module == room || module.strip_prefix(room).is_some_and(|rest| rest.starts_with('/'))
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[track_caller]
fn fail_with(wrong: Vec<String>) {
    let report = wrong.iter().fold(String::new(), |mut report, line| {
        let _ = writeln!(report, "  {line}");
        report
    });
    assert!(wrong.is_empty(), "\n{report}");
}

/// A file of `src/`, taken apart.
struct Source {
    /// Its module as a path from `src/`, without `.rs`: `check`, `plan/lower/text`.
    module: String,
    /// The whole text.
    text: String,
    /// The text with strings and comments blanked out, and without its test part.
    code: String,
    /// The text with everything but comments blanked out.
    comments: String,
    /// The paths in `code`.
    paths: Vec<NamedPath>,
    /// How many lines are not tests.
    lines: usize,
}

/// A path that the code names: `crate::plan::Plan`.
struct NamedPath {
    parts: Vec<String>,
    line: usize,
    /// How many `mod x { … }` of this file it stands in.
    inline_modules: usize,
}

impl Source {
    fn read(module: &str, text: &str) -> Source {
        let (code, comments) = separate(text);
        let all_lines = code.lines().count();
        let (code, test_lines) = without_tests(&code);
        let paths = paths(&code);
        Source {
            module: module.into(),
            text: text.into(),
            code,
            comments,
            paths,
            lines: all_lines - test_lines,
        }
    }

    fn room(&self) -> &str {
        self.module.split('/').next().unwrap_or(&self.module)
    }

    /// How many modules deep it is: `check` is 1, `check/names` is 2.
    fn depth(&self) -> usize {
        self.module.split('/').count()
    }

    fn place(&self, line: usize) -> String {
        format!("src/{}.rs:{line}", self.module)
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// All of `src/` but the files that only tests compile (`#[cfg(test)] mod name;`). Read once.
fn sources() -> &'static [Source] {
    static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(read_sources);
    &SOURCES
}

fn read_sources() -> Vec<Source> {
    let folder = root().join("src");
    let mut texts = BTreeMap::new();
    for path in files_under(&folder, "rs") {
        let module = path.strip_prefix(&folder).expect("it was found there").with_extension("");
        let module = module.to_string_lossy().replace('\\', "/");
        texts.insert(module, fs::read_to_string(&path).expect("a source file is readable text"));
    }
    let mut tests_only = BTreeSet::new();
    for (module, text) in texts.iter().filter(|(_, text)| text.contains("#[cfg(test)]")) {
        let (code, _) = separate(text);
        for (at, _) in code.match_indices("#[cfg(test)]") {
            // `mod name;`, and not `mod name { … }`.
            let rest = code[at..].trim_start_matches("#[cfg(test)]").trim_start();
            let name = rest.strip_prefix("mod ").and_then(|rest| rest.split_once(';')).map(|(name, _)| name);
            if let Some(name) = name.filter(|name| is_word(name) && !name.contains('{')) {
                tests_only.insert(format!("{module}/{name}"));
            }
        }
    }
    let is_test = |module: &str| tests_only.iter().any(|test| is_in(module, test));
    texts
        .iter()
        .filter(|(module, _)| !is_test(module))
        .map(|(module, text)| Source::read(module, text))
        .collect()
}

fn files_under(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|other| other == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The text twice, at equal length: only its code (strings, characters and comments blanked), and only its comments.
fn separate(text: &str) -> (String, String) {
    let bytes = text.as_bytes();
    let mut code = vec![b' '; bytes.len()];
    let mut comments = vec![b' '; bytes.len()];
    let mut at = 0;
    while at < bytes.len() {
        let rest = &text[at..];
        let (length, into) = if rest.starts_with("//") {
            (rest.find('\n').unwrap_or(rest.len()), Some(&mut comments))
        } else if rest.starts_with("/*") {
            (block_comment(rest), Some(&mut comments))
        } else if let Some(length) = string(rest, at.checked_sub(1).map(|before| bytes[before])) {
            (length, None)
        } else {
            (rest.chars().next().map_or(1, char::len_utf8), Some(&mut code))
        };
        if let Some(into) = into {
            into[at..at + length].copy_from_slice(&bytes[at..at + length]);
        }
        at += length;
    }
    for (index, byte) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
        code[index] = *byte;
        comments[index] = *byte;
    }
    let text = |bytes| String::from_utf8(bytes).expect("whole characters were copied");
    (text(code), text(comments))
}

fn block_comment(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        match &text.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// The length of the string or character literal that `text` begins with, if it begins with one.
fn string(text: &str, before: Option<u8>) -> Option<usize> {
    // What no literal begins with: nearly every character.
    if !text.starts_with(['"', '\'', 'b', 'c', 'r']) {
        return None;
    }
    let is_inside_word = before.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let prefix = ["br", "cr", "r", "b", "c", ""]
        .into_iter()
        .find(|prefix| {
            text.strip_prefix(*prefix).is_some_and(|rest| {
                rest.starts_with('"')
                    || (prefix.ends_with('r') && rest.trim_start_matches('#').starts_with('"'))
            })
        })
        .filter(|prefix| prefix.is_empty() || !is_inside_word);
    if let Some(prefix) = prefix {
        let rest = &text[prefix.len()..];
        if prefix.ends_with('r') {
            let hashes = rest.len() - rest.trim_start_matches('#').len();
            let close = format!("\"{}", "#".repeat(hashes));
            let body = prefix.len() + hashes + 1;
            return Some(text[body..].find(&close).map_or(text.len(), |end| body + end + close.len()));
        }
        return Some(prefix.len() + quoted(rest, b'"'));
    }
    // A character, and not a lifetime: `'x'` or `'\…'`.
    let rest = text.strip_prefix('\'')?;
    let mut characters = rest.chars();
    let first = characters.next()?;
    (first == '\\' || characters.next() == Some('\'')).then(|| quoted(text, b'\''))
}

fn quoted(text: &str, quote: u8) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

/// The code without the items under `#[cfg(test)]`, and how many lines those take.
fn without_tests(code: &str) -> (String, usize) {
    let mut rest = code.to_owned();
    let mut lines = 0;
    while let Some(start) = rest.find("#[cfg(test)]") {
        let mut depth = 0;
        let end = rest[start..].char_indices().find_map(|(index, character)| {
            match character {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            (depth == 0 && (character == ';' || character == '}')).then_some(start + index + 1)
        });
        let end = end.unwrap_or(rest.len());
        lines += rest[start..end].lines().count();
        let blank: String = rest[start..end].chars().map(|c| if c == '\n' { c } else { ' ' }).collect();
        rest.replace_range(start..end, &blank);
    }
    (rest, lines)
}

/// Every path of the code; `use` trees are unfolded.
fn paths(code: &str) -> Vec<NamedPath> {
    let tokens = tokens(code);
    let mut found = Vec::new();
    let mut modules: Vec<usize> = Vec::new();
    let mut depth = 0;
    let mut at = 0;
    while at < tokens.len() {
        let (token, line) = &tokens[at];
        match token.as_str() {
            "{" => {
                let is_module = at >= 2 && tokens[at - 2].0 == "mod";
                depth += 1;
                if is_module {
                    modules.push(depth);
                }
            }
            "}" => {
                if modules.last() == Some(&depth) {
                    modules.pop();
                }
                depth = depth.saturating_sub(1);
            }
            // Not the `use<…>` of a type.
            "use" if tokens.get(at + 1).is_some_and(|(token, _)| token != "<") => {
                let mut tree = Vec::new();
                at = unfold(&tokens, at + 1, &[], &mut tree);
                let inline_modules = modules.len();
                found.extend(tree.into_iter().map(|parts| NamedPath { parts, line: *line, inline_modules }));
                continue;
            }
            word if is_word(word) => {
                let mut parts = vec![word.to_owned()];
                while at + 2 < tokens.len() && tokens[at + 1].0 == "::" && is_word(&tokens[at + 2].0) {
                    at += 2;
                    parts.push(tokens[at].0.clone());
                }
                if parts.len() > 1 {
                    found.push(NamedPath { parts, line: *line, inline_modules: modules.len() });
                }
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// Reads one branch of a `use` tree after `prefix`; gives the place behind it.
fn unfold(
    tokens: &[(String, usize)],
    mut at: usize,
    prefix: &[String],
    found: &mut Vec<Vec<String>>,
) -> usize {
    let mut path = prefix.to_vec();
    while let Some((token, _)) = tokens.get(at) {
        match token.as_str() {
            "{" => {
                at += 1;
                while tokens.get(at).is_some_and(|(token, _)| token != "}" && token != ";") {
                    at = unfold(tokens, at, &path, found);
                    if tokens.get(at).is_some_and(|(token, _)| token == ",") {
                        at += 1;
                    }
                }
                return at + 1;
            }
            "," | "}" | ";" => break,
            "as" => at += 2,
            "::" => at += 1,
            "self" if !path.is_empty() => at += 1,
            word => {
                path.push(word.to_owned());
                at += 1;
            }
        }
    }
    if !path.is_empty() {
        found.push(path);
    }
    at
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Words, `::` and single signs, each with its line from 1.
fn tokens(code: &str) -> Vec<(String, usize)> {
    let mut tokens = Vec::new();
    let mut line = 1;
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let length = if first.is_alphanumeric() || first == '_' {
            rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        if first == '\n' {
            line += 1;
        } else if !first.is_whitespace() {
            tokens.push((rest[..length].to_owned(), line));
        }
        rest = &rest[length..];
    }
    tokens
}
