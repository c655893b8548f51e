//! What the README and the documents promise: their plans compile or fail as they say, their links lead somewhere,
//! their lists are whole.

mod book;
mod diagnostics;
mod terminal;
mod tutorial;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use wavec::check::Memory;
use wavec::compile::{self, Options};
use wavec::diagnostic::Severity;
use wavec::diagnostic::render::{TextOptions, render_text};

/// A fenced block of a Markdown page.
pub struct Block {
    /// What stands behind the backticks, split into words: `wave`, `fails=unknown-word`.
    info: Vec<String>,
    pub text: String,
    /// The line of the opening backticks, from 1.
    pub line: usize,
}

impl Block {
    /// The values of `KEY=…` behind the backticks.
    fn values(&self, key: &str) -> Vec<&str> {
        self.info.iter().filter_map(|word| word.strip_prefix(key)?.strip_prefix('=')).collect()
    }

    pub fn is(&self, language: &str) -> bool {
        self.info.first().is_some_and(|word| word == language)
    }
}

/// The pages whose blocks these tests try: all but `docs/diagnostics`, which has its own.
pub fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages: Vec<PathBuf> = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "examples/README.md"]
        .map(|page| root.join(page))
        .into();
    let documents = std::fs::read_dir(root.join("docs")).expect("docs/ is there");
    pages.extend(
        documents.flatten().map(|entry| entry.path()).filter(|path| path.extension() == Some("md".as_ref())),
    );
    pages.sort();
    pages
}

fn name(page: &Path) -> String {
    page.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(page).display().to_string()
}

pub fn blocks(page: &Path) -> Vec<Block> {
    let text = std::fs::read_to_string(page).expect("the page is readable");
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (index, line) in text.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, Some(info)) => {
                let info = info.split_whitespace().map(str::to_owned).collect();
                open = Some(Block { info, text: String::new(), line: index + 1 });
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "{}: a block is not closed", name(page));
    blocks
}

/// `wave` alone: neither errors nor warnings. `fails=CODE`: that error, and no other. `warns=CODE`: that warning.
/// `file=NAME`: a library for the blocks that follow.
#[test]
fn every_plan_on_every_page_is_what_it_says() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for page in pages() {
        let mut files = Memory::new();
        for block in blocks(&page).iter().filter(|block| block.is("wave")) {
            count += 1;
            let path = block.values("file").first().map_or("page.wave", |path| path);
            let compilation = compile::compile(Path::new(path), &block.text, &files, &Options::default());
            let found: BTreeSet<String> = compilation
                .diagnostics
                .iter()
                .filter(|diagnostic| diagnostic.severity >= Severity::Warning)
                .map(|diagnostic| diagnostic.code.name().to_owned())
                .collect();
            let expected: BTreeSet<String> = [block.values("fails"), block.values("warns")]
                .concat()
                .into_iter()
                .map(str::to_owned)
                .collect();
            if found != expected {
                let messages: Vec<_> = compilation
                    .diagnostics
                    .iter()
                    .map(|d| format!("    {}: {}", d.code.name(), d.message))
                    .collect();
                wrong.push(format!(
                    "{}:{}: expected {expected:?}, found {found:?}\n{}",
                    name(&page),
                    block.line,
                    messages.join("\n")
                ));
            }
            if path != "page.wave" {
                files = files.with(path, block.text.clone());
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(count >= 15, "only {count} plans were found on the pages");
}

/// A `text says` block behind a plan is what wavec says about it, to the letter.
#[test]
fn what_wavec_is_said_to_say_is_what_it_says() {
    let mut count = 0;
    for page in pages() {
        let mut said = None;
        for block in blocks(&page) {
            if block.is("wave") {
                let path = block.values("name").first().map_or("page.wave", |path| path).to_owned();
                let compilation =
                    compile::compile(Path::new(&path), &block.text, &Memory::new(), &Options::default());
                said =
                    Some(render_text(&compilation.sources, &compilation.diagnostics, TextOptions::default()));
            } else if block.info == ["text", "says"] {
                count += 1;
                let said = said.as_deref().expect("a plan stands before what is said about it");
                assert_eq!(block.text.trim_end(), said.trim_end(), "{}:{}", name(&page), block.line);
            }
        }
    }
    assert!(count > 0, "no page shows what wavec says");
}

/// What one reads is what `wavec fmt` writes.
#[test]
fn every_plan_on_every_page_is_in_the_canonical_layout() {
    let mut wrong = Vec::new();
    for page in pages() {
        for block in blocks(&page).iter().filter(|block| block.is("wave")) {
            let parsed = wavec::syntax::parse(wavec::source::FileId(0), &block.text);
            if !parsed.diagnostics.is_empty() {
                continue;
            }
            let expected = wavec::format::format(&block.text, &parsed.file);
            if expected != block.text {
                wrong.push(format!("{}:{}: should be\n{expected}", name(&page), block.line));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_link_between_the_pages_leads_somewhere() {
    let mut wrong = Vec::new();
    for page in pages() {
        let text = std::fs::read_to_string(&page).expect("the page is readable");
        for (at, _) in text.match_indices("](") {
            let target = text[at + 2..].split(')').next().unwrap_or_default();
            if target.starts_with("https://") || target.starts_with("http://") {
                continue;
            }
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = match path {
                "" => page.clone(),
                path => page.parent().expect("a page is in a folder").join(path),
            };
            let is_there = file.exists()
                && (anchor.is_empty()
                    || std::fs::read_to_string(&file).is_ok_and(|text| {
                        text.lines()
                            .filter(|line| line.starts_with('#'))
                            .any(|line| anchor_of(line) == anchor)
                    }));
            if !is_there {
                wrong.push(format!("{}: `{target}` leads nowhere", name(&page)));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The anchor that a heading gets.
fn anchor_of(heading: &str) -> String {
    let heading = heading.trim_start_matches('#').trim().to_lowercase();
    heading
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

/// The reference's table of all statements is the vocabulary's; `INSTA_UPDATE=always` writes it.
#[test]
fn the_reference_lists_every_statement() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/language.md");
    let text = std::fs::read_to_string(&page).expect("the reference is there");
    let (begin, end) = ("<!-- statements: from src/syntax/vocabulary.rs -->\n", "<!-- end of statements -->");
    let (before, rest) = text.split_once(begin).expect("the table has its beginning");
    let (table, after) = rest.split_once(end).expect("the table has its end");
    let mut expected = String::from("\n| statement | stands in | often | meaning |\n|---|---|---|---|\n");
    for word in wavec::syntax::vocabulary::WORDS {
        let form = word.form.replace('|', "\\|");
        let often = if word.is_once { "once" } else { "" };
        expected.push_str(&format!("| `{form}` | {} | {often} | {} |\n", word.belongs(), word.help));
    }
    expected.push('\n');
    if table == expected {
        return;
    }
    let is_update = std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always");
    assert!(is_update, "docs/language.md: the table of statements is old: run with INSTA_UPDATE=always");
    std::fs::write(&page, format!("{before}{begin}{expected}{end}{after}"))
        .expect("the reference is writable");
}

/// The picture in the README is of the example as it stands; `INSTA_UPDATE=always` draws it anew.
#[test]
fn the_picture_of_the_example_is_of_today() {
    use wavec::report::plan::{View, svg};
    use wavec::schedule::{Limits, estimate};
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(root.join(path)).expect("it is there");
    let files = Memory::new().with("examples/gaelp/agents.wave", read("examples/gaelp/agents.wave"));
    let text = read("examples/gaelp.wave");
    let compilation = compile::compile(Path::new("examples/gaelp.wave"), &text, &files, &Options::default());
    let plan = std::sync::Arc::new(compilation.plan.expect("the example compiles"));
    let forecast = estimate(&plan, &Limits::default());
    let picture = svg::render(&View::new(&plan, &forecast));
    assert!(picture.len() < 100_000, "{} bytes", picture.len());
    let path = root.join("docs/gaelp.svg");
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(&path, &picture).expect("the picture can be written");
    }
    let drawn = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(drawn == picture, "docs/gaelp.svg is old: run with INSTA_UPDATE=always");
    assert!(include_str!("../../README.md").contains("docs/gaelp.svg"), "the README shows it");
}

/// Every exit code of `error::Exit`, every command and each of its options stands in `docs/cli.md`.
#[test]
fn the_command_line_is_documented_whole() {
    let text = include_str!("../../docs/cli.md");
    let mut missing: Vec<String> = wavec::cli::command()
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
        .map(|command| format!("wavec {}", command.get_name()))
        .filter(|command| !text.contains(command.as_str()))
        .collect();
    let command = wavec::cli::command();
    for command in command.get_subcommands().filter(|command| !command.is_hide_set()) {
        let options = command.get_arguments().filter(|option| !option.is_hide_set());
        for option in options.filter_map(|option| option.get_long()).filter(|option| *option != "help") {
            if !text.contains(&format!("--{option}")) {
                missing.push(format!("wavec {} --{option}", command.get_name()));
            }
        }
    }
    for code in ["0", "1", "2", "3", "4", "5", "130"] {
        if !text.contains(&format!("| {code} |")) {
            missing.push(format!("exit code {code}"));
        }
    }
    assert!(missing.is_empty(), "docs/cli.md does not have {missing:?}");
}

/// The words of a line as a shell splits them, up to a comment, a pipe or a redirection.
fn shell_words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '#' | '|' | '>' | '<') if word.is_none() => break,
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// Every call of wavec in a block of commands is one that its command line takes: also behind a pipe.
#[test]
fn every_call_on_every_page_is_taken() {
    let mut count = 0;
    for page in pages() {
        for block in blocks(&page).iter().filter(|block| block.is("sh") || block.is("console")) {
            let lines = block.text.lines().map(|line| line.strip_prefix("$ ").unwrap_or(line));
            for part in lines.flat_map(|line| line.split(" | ")).filter(|part| part.starts_with("wavec ")) {
                count += 1;
                let taken = wavec::cli::command().try_get_matches_from(shell_words(part));
                let refused = taken.err().filter(clap::Error::use_stderr);
                assert!(refused.is_none(), "{}:{}: {part}\n{refused:?}", name(&page), block.line);
            }
        }
    }
    assert!(count > 40, "only {count} calls were found");
}

/// Settings and records that a page shows can be read as what they are.
#[test]
fn every_table_on_every_page_can_be_read() {
    for page in pages() {
        for block in blocks(&page) {
            let place = format!("{}:{}", name(&page), block.line);
            if block.is("toml") {
                block.text.parse::<toml::Table>().unwrap_or_else(|error| panic!("{place}: {error}"));
            } else if block.is("json") {
                let whole = serde_json::from_str::<serde_json::Value>(&block.text);
                let is_one_a_line =
                    || block.text.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok());
                assert!(whole.is_ok() || is_one_a_line(), "{place}: {whole:?}");
            }
        }
    }
}

/// The README says how to test, and CI does exactly that.
#[test]
fn ci_runs_the_command_that_the_readme_names() {
    let readme = include_str!("../../README.md");
    let ci = include_str!("../../.ci/run");
    assert!(readme.lines().any(|line| line == "cargo test"), "the README names the test command");
    assert!(ci.lines().any(|line| line == "step cargo test"), "CI runs it");
}
