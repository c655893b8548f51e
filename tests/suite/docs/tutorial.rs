//! The tutorial is carried out from its first block to its last, in an empty folder, with the real program; its
//! pictures are of what that came to. `WAVEC_UPDATE=1` writes what came out into the page, and draws the pictures anew.
//!
//! A block with `name=` is a file, `diff` changes one, `console` holds commands and what they print (`exits=` the last one's
//! exit code; `any-order` where tasks end in any order). Times and dates do not count.

use super::terminal;
use crate::cli::Scratch;
use regex::Regex;
use std::path::{Path, PathBuf};

/// What is done at one place of the page.
enum Step {
    File { name: String, text: String },
    Diff { text: String },
    Console { exits: i32, is_ordered: bool, text: String, lines: (usize, usize) },
    Picture { path: String, command: String },
    Live { path: String, command: String },
    Kept { path: String, name: String },
}

fn documents() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

fn is_update() -> bool {
    std::env::var_os("WAVEC_UPDATE").is_some()
}

fn steps(text: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let lines: Vec<&str> = text.lines().collect();
    let mut at = 0;
    while at < lines.len() {
        if let Some(comment) = lines[at].strip_prefix("<!-- ").and_then(|line| line.strip_suffix(" -->")) {
            let (what, command) = comment.split_once(": ").expect("a picture says of what it is");
            let (kind, path) = what.split_once(' ').expect("a picture has a path");
            let (path, command) = (path.to_owned(), command.to_owned());
            steps.push(match kind {
                "picture" => Step::Picture { path, command },
                "live" => Step::Live { path, command },
                "file" => Step::Kept { path, name: command },
                _ => panic!("line {}: `{kind}` is nothing", at + 1),
            });
        }
        let Some(info) = lines[at].strip_prefix("```") else {
            at += 1;
            continue;
        };
        let first = at + 1;
        let last = first + lines[first..].iter().position(|line| *line == "```").expect("a block is closed");
        let text: String = lines[first..last].iter().map(|line| format!("{line}\n")).collect();
        let words: Vec<&str> = info.split(' ').collect();
        let value = |key: &str| words.iter().find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
        let name = value("name").map(str::to_owned);
        steps.extend(match (words[0], name) {
            (_, Some(name)) => Some(Step::File { name, text }),
            ("diff", _) => Some(Step::Diff { text }),
            ("console", _) => {
                let exits = value("exits").map_or(0, |code| code.parse().expect("a code is a number"));
                let is_ordered = !words.contains(&"any-order");
                Some(Step::Console { exits, is_ordered, text, lines: (first, last) })
            }
            // A picture below it shows what it does.
            ("sh", _) => None,
            (other, _) => panic!("line {first}: nothing is done with a block of `{other}`"),
        });
        at = last + 1;
    }
    steps
}

/// The text without what differs from run to run.
fn redact(text: &str) -> String {
    let rules = [
        (r"\d\d:\d\d:\d\d", "hh:mm:ss"),
        (r"\d{4}-\d\d-\d\d \d\d:\d\d", "date"),
        (r"\b\d+(\.\d)? s\b", "0 s"),
        (r" +0 s", " 0 s"),
    ];
    rules.iter().fold(text.to_owned(), |text, (pattern, word)| {
        Regex::new(pattern).expect("it is a pattern").replace_all(&text, *word).into_owned()
    })
}

fn comparable(text: &str, is_ordered: bool) -> Vec<String> {
    let mut lines: Vec<String> = redact(text).lines().map(str::to_owned).collect();
    if !is_ordered {
        lines.sort();
    }
    lines
}

fn compare_picture(path: &str, picture: &str, wrong: &mut Vec<String>) {
    let file = documents().join(path);
    let drawn = std::fs::read_to_string(&file).unwrap_or_default();
    if redact(&drawn) == redact(picture) {
        return;
    }
    if is_update() {
        std::fs::create_dir_all(file.parent().expect("it stands in a folder")).expect("it can be made");
        std::fs::write(&file, picture).expect("the picture can be written");
    } else {
        wrong.push(format!("docs/{path} is old: run with WAVEC_UPDATE=1"));
    }
}

#[test]
fn the_tutorial_is_true() {
    let page = documents().join("tutorial.md");
    let text = std::fs::read_to_string(&page).expect("the page is there");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let scratch = Scratch::new();
    let place = scratch.path().to_path_buf();
    let mut wrong = Vec::new();
    let mut written: Vec<((usize, usize), String)> = Vec::new();
    for step in steps(&text) {
        match step {
            Step::File { name, text } => std::fs::write(place.join(name), text).expect("it can be written"),
            Step::Diff { text } => {
                std::fs::write(place.join(".diff"), &text).expect("it can be written");
                let outcome = scratch.shell("git apply .diff && rm .diff");
                assert_eq!(outcome.code, Some(0), "{}\n{text}", outcome.stderr);
            }
            Step::Console { exits, is_ordered, text, lines } => {
                let mut came = String::new();
                let mut code = None;
                for command in text.lines().filter_map(|line| line.strip_prefix("$ ")) {
                    let outcome = scratch.shell(&format!("{{ {command}; }} 2>&1"));
                    code = outcome.code;
                    came.push_str(&format!("$ {command}\n{}", outcome.stdout));
                }
                if code != Some(exits) {
                    wrong.push(format!("line {}: it ends with {code:?}\n{came}", lines.0));
                }
                if comparable(&came, is_ordered) != comparable(&text, is_ordered) {
                    if !is_update() {
                        wrong.push(format!("line {}: it says\n{came}", lines.0));
                    }
                    written.push((lines, came));
                }
            }
            Step::Picture { path, command } => {
                let said = scratch.shell(&format!("{{ {command}; }} 2>&1")).stdout;
                let picture = terminal::draw(&command.replace(" --color always", ""), said.as_bytes(), None);
                compare_picture(&path, &picture, &mut wrong);
            }
            Step::Live { path, command } => {
                // When a frame is drawn is chance: what is at work in it is not.
                let names = ["start", "setup", "users", "bills", "stats", "share", "backup", "upkeep", "faq"];
                let is_wanted = |screen: &str| {
                    screen.contains("0/9")
                        && !screen.contains("checking")
                        && names.iter().all(|name| screen.contains(name))
                };
                let Some(frame) = terminal::live_frame(&place, &command, is_wanted) else {
                    eprintln!("`script` is not installed: the live view is not looked at");
                    continue;
                };
                let picture = terminal::draw(&command, &frame, Some(24));
                let file = documents().join(&path);
                let drawn = std::fs::read_to_string(&file).unwrap_or_default();
                let is_new = is_update() && drawn.is_empty();
                if is_new || names.iter().any(|name| picture.contains(name) != drawn.contains(name)) {
                    if is_update() {
                        std::fs::write(&file, &picture).expect("the picture can be written");
                    } else {
                        wrong.push(format!("docs/{path} is old: run with WAVEC_UPDATE=1"));
                    }
                }
                // As if it had not been.
                let _ = scratch.shell("rm -rf .wavec handbook handbook.tar");
            }
            Step::Kept { path, name } => {
                let picture = std::fs::read_to_string(place.join(&name)).expect("it was made");
                compare_picture(&path, &picture, &mut wrong);
            }
        }
    }
    if is_update() {
        for ((first, last), came) in written.into_iter().rev() {
            lines.splice(first..last, came.lines().map(str::to_owned));
        }
        std::fs::write(&page, lines.join("\n") + "\n").expect("the page can be written");
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_tutorial_has_ten_steps() {
    let text = std::fs::read_to_string(documents().join("tutorial.md")).expect("the page is there");
    let steps = text
        .lines()
        .filter(|line| line.starts_with("## ") && line[3..].starts_with(|c: char| c.is_ascii_digit()));
    assert_eq!(steps.count(), 10);
}
