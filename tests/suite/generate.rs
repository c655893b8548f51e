//! Arbitrary plan texts: well-formed, in odd layouts, with comments wherever the language takes one.
//!
//! A text is read off a tape of numbers, so that proptest shrinks the tape and with it the text. Names are
//! unique and `after` names only earlier tasks, so that most texts mean something too.

use proptest::prelude::*;

/// Plan texts with odd layouts and comments everywhere.
pub fn plan_text() -> impl Strategy<Value = String> {
    prop::collection::vec(any::<u16>(), 0..400).prop_map(|tape| write_plan(&tape, true))
}

/// Plan texts without odd layouts: one statement a line, no comment inside one.
pub fn plain_plan_text() -> impl Strategy<Value = String> {
    prop::collection::vec(any::<u16>(), 0..400).prop_map(|tape| write_plan(&tape, false))
}

fn write_plan(tape: &[u16], is_odd: bool) -> String {
    let mut writer =
        Writer { tape, out: String::new(), count: 0, is_odd, tasks: Vec::new(), block_indent: 0, depth: 0 };
    writer.file();
    writer.out
}

struct Writer<'a> {
    tape: &'a [u16],
    out: String,
    count: usize,
    is_odd: bool,
    tasks: Vec<String>,
    block_indent: usize,
    depth: usize,
}

const WORDS: [&str; 12] =
    ["alpha", "βeta", "run", "after", "a-b", "波", "x_1", "within", "except", "of", "Stop", "tokens"];
const STRINGS: [&str; 12] = [
    "\"a\"",
    "\"src/**/*.rs\"",
    "'literal # not a comment { } \\'",
    "\"an \\\"escape\\\" \\u{1F30A} # no comment\"",
    "\"{ braces } ; and, commas\"",
    "\"\"",
    "''",
    "\"日本語 🌊\"",
    "\"a rather long string that makes its line wider than a hundred columns when it has two or three neighbours\"",
    "\"src/api/charge.rs#section\"",
    "\"https://example.org/#x\"",
    "\"a string of some middling length for lists\"",
];
const DURATIONS: [&str; 6] = ["30m", "500ms", "1h30m", "2d", "90s", "4h"];

impl Writer<'_> {
    /// The next number of the tape below `most`; 0 once it has run out.
    fn pick(&mut self, most: usize) -> usize {
        match self.tape.split_first() {
            Some((first, rest)) => {
                self.tape = rest;
                usize::from(*first) % most
            }
            None => 0,
        }
    }

    fn chance(&mut self, of: usize) -> bool {
        self.pick(of) == of - 1
    }

    fn comment(&mut self) -> String {
        self.count += 1;
        let count = self.count;
        match self.pick(4) {
            0 => format!("# c{count}"),
            1 => format!("#c{count} with \"quotes\" and {{ braces, "),
            2 => format!("#    c{count} 🌊; ## not a doc"),
            _ => format!("# c{count}\t "),
        }
    }

    /// What may stand between two words of a statement.
    fn space(&mut self) {
        let choice = if self.is_odd { self.pick(14) } else { 0 };
        let gap = match choice {
            9 => "  \t ".to_string(),
            10 => "\n".to_string(),
            11 => "\n\n   ".to_string(),
            12 => format!(" {}\n", self.comment()),
            13 => format!("\n {}\n {}\n\n", self.comment(), self.comment()),
            _ => " ".to_string(),
        };
        self.out.push_str(&gap);
    }

    /// What may stand between two statements.
    fn separate(&mut self) {
        let choice = if self.is_odd { self.pick(18) } else { 0 };
        let gap = match choice {
            16 => {
                self.count += 1;
                format!("\n ;; ## doc {}\n; ## more\n", self.count)
            }
            17 => format!(" ; {}\n;{}\n ;", self.comment(), self.comment()),
            7 => "; ".to_string(),
            8 => "  ".to_string(),
            9 => "\n\n\n\n".to_string(),
            10 => "\n\n".to_string(),
            11 => format!(" {}\n", self.comment()),
            12 => format!("\n{}\n", self.comment()),
            13 => format!("\n\n  {}\n{}\n\n", self.comment(), self.comment()),
            14 => {
                self.count += 1;
                format!("\n\n## doc {}\n  ## more\n", self.count)
            }
            15 => format!("{}\n\t;\n{}\n", self.comment(), self.comment()),
            _ => "\n".to_string(),
        };
        let gap = if gap.starts_with('#') { format!(" {gap}") } else { gap };
        self.out.push_str(&gap);
    }

    /// Words separated by spaces; an element of several words stays on its line.
    fn words(&mut self, words: &[&str]) {
        for word in words {
            self.space();
            self.out.push_str(word);
        }
    }

    fn name(&mut self) -> String {
        self.count += 1;
        let word = WORDS[self.pick(WORDS.len())];
        format!("{word}{}", self.count)
    }

    fn string(&mut self) -> String {
        match self.pick(16) {
            choice if choice < STRINGS.len() => STRINGS[choice].to_string(),
            12 => self.block("\"\"\""),
            13 => self.block("'''"),
            14 => "\"\"\"in one line\"\"\"".to_string(),
            _ => "'x'".to_string(),
        }
    }

    /// A block string, indented in one of several ways.
    fn block(&mut self, quotes: &str) -> String {
        let indent = " ".repeat(self.block_indent + 2 * self.pick(5));
        let lines: &[&str] = match self.pick(5) {
            0 => &["one line"],
            1 => &["first", "", "  deeper # no comment", "last \""],
            2 => &["", "x", ""],
            3 => &["\ttab", "trailing  "],
            _ => &[],
        };
        let mut text = quotes.to_string();
        text.push('\n');
        for line in lines {
            if !line.is_empty() {
                text.push_str(&indent);
            }
            text.push_str(line);
            text.push('\n');
        }
        text.push_str(&indent);
        text.push_str(quotes);
        text
    }

    fn list(&mut self, mut element: impl FnMut(&mut Self) -> String) {
        let count = 1 + self.pick(4);
        for index in 0..count {
            if index > 0 {
                if self.is_odd && self.chance(4) {
                    self.space();
                }
                self.out.push(',');
            }
            self.space();
            let element = element(self);
            self.out.push_str(&element);
        }
    }

    fn strings(&mut self) {
        self.list(|writer| STRINGS[writer.pick(STRINGS.len())].to_string());
    }

    fn title(&mut self) {
        if self.chance(2) {
            self.space();
            let title = STRINGS[self.pick(STRINGS.len())];
            self.out.push_str(title);
        }
    }

    /// `{ … }` around statements; `inner` writes one.
    fn body(&mut self, least: usize, mut inner: impl FnMut(&mut Self, usize)) {
        self.space();
        self.out.push('{');
        self.depth += 1;
        let count = least + self.pick(4);
        if self.is_odd && self.chance(4) {
            self.out.push(' ');
        } else {
            self.separate();
        }
        for index in 0..count {
            inner(self, index);
            self.separate();
        }
        self.depth -= 1;
        self.out.push('}');
    }

    fn file(&mut self) {
        if self.is_odd && self.chance(4) {
            self.out.push_str("#!/usr/bin/env -S wavec run\n");
        }
        if self.is_odd && self.chance(4) {
            self.out.push_str("\n\n## what it is for\n");
        }
        self.out.push_str("plan");
        let name = self.name();
        self.words(&[&name]);
        self.title();
        self.separate();
        let mut used = Vec::new();
        for _ in 0..self.pick(5) {
            self.setting(&mut used);
            self.separate();
        }
        for _ in 0..1 + self.pick(5) {
            self.item();
            self.separate();
        }
        if self.is_odd && self.chance(3) {
            let comment = self.comment();
            self.out.push_str(&comment);
        } else {
            self.out.push('\n');
        }
    }

    fn setting(&mut self, used: &mut Vec<usize>) {
        let choice = self.pick(9);
        if choice < 6 && used.contains(&choice) {
            self.out.push_str("because");
            let why = self.string();
            if used.contains(&99) {
                self.out.truncate(self.out.len() - "because".len());
                return;
            }
            used.push(99);
            self.words(&[&why]);
            return;
        }
        used.push(choice);
        match choice {
            0 => self.phrase("timeout", &["4h"]),
            1 => self.phrase("workers", &["4"]),
            2 => self.phrase("on failure", &["continue"]),
            3 => self.phrase("budget", &["$40"]),
            4 => self.phrase("retries", &["2", "backoff", "30s", "feedback"]),
            5 => self.phrase("isolation", &["shared"]),
            6 | 7 => {
                let name = self.name();
                let value = self.string();
                self.phrase("env", &[&name, &value]);
            }
            _ => {
                self.out.push_str("tags");
                self.list(Writer::name);
            }
        }
    }

    fn phrase(&mut self, keyword: &str, words: &[&str]) {
        self.out.push_str(keyword);
        self.words(words);
    }

    fn item(&mut self) {
        let most = if self.depth > 3 { 2 } else { 9 };
        match self.pick(most) {
            0..=2 => self.task(),
            // A wave stands in the plan itself.
            3 | 4 if self.depth == 0 => {
                self.out.push_str("wave");
                let name = self.name();
                self.words(&[&name]);
                self.title();
                self.body(1, |writer, _| writer.item());
            }
            3..=5 => {
                self.out.push_str("parallel");
                self.title();
                self.body(1, |writer, _| writer.item());
            }
            6 => {
                self.out.push_str("serial");
                let name = self.name();
                self.words(&[&name]);
                self.body(1, |writer, _| writer.item());
            }
            7 => {
                self.out.push_str("for");
                self.count += 1;
                let name = format!("v{}", self.count);
                self.words(&[&name, "in"]);
                self.list(|writer| {
                    writer.count += 1;
                    format!("\"e{}\"", writer.count)
                });
                self.body(1, |writer, _| {
                    writer.count += 1;
                    let task = format!("t{}-{{{{{name}}}}}", writer.count);
                    writer.phrase("task", &[&task, "{", "run", "\"make {{"]);
                    writer.out.truncate(writer.out.len() - 3);
                    writer.out.push_str(&format!(" {{{{{name}}}}}\" }}"));
                });
            }
            _ => {
                self.out.push_str("task");
                let name = self.name();
                self.words(&[&name]);
                self.body(1, |writer, index| match index {
                    0 => writer.phrase("wait", &["30m"]),
                    _ => writer.checks(index),
                });
            }
        }
    }

    fn checks(&mut self, index: usize) {
        if index == 1 {
            self.out.push_str("success");
            self.body(1, |writer, _| writer.check());
        } else {
            let id = format!("o{}-{index}", self.count);
            self.phrase("output", &[&id, "from", "stdout"]);
        }
    }

    fn check(&mut self) {
        self.out.push_str("check");
        self.title();
        let text = STRINGS[self.pick(STRINGS.len())];
        match self.pick(6) {
            0 => self.words(&["runs", "\"make test\"", "exits", "0", "prints", "'ok .*'", "within", "10m"]),
            1 => self.words(&["exists", "\"src/*.rs\""]),
            2 => self.words(&["lacks", "'todo!\\('", "in", "\"src/**/*.rs\""]),
            3 => self.words(&["value", "\"metrics.json\"", "at", "\"/errors\"", "<", "0.5%"]),
            4 => self.words(&["manual"]),
            _ => self.words(&["value of", text, ">=", "3"]),
        }
    }

    fn task(&mut self) {
        self.out.push_str("task");
        let name = self.name();
        self.words(&[&name]);
        self.title();
        let earlier = self.tasks.clone();
        self.block_indent = 2 * self.depth;
        self.body(1, |writer, index| match index {
            0 => match writer.pick(3) {
                0 => {
                    writer.out.push_str("run");
                    let command = writer.string();
                    writer.words(&[&command]);
                }
                1 => {
                    writer.out.push_str("run");
                    writer.space();
                    writer.out.push('[');
                    writer.strings();
                    if writer.is_odd && writer.chance(3) {
                        writer.space();
                    }
                    writer.out.push(']');
                }
                _ => {
                    let question = writer.string();
                    let duration = DURATIONS[writer.pick(DURATIONS.len())];
                    writer.phrase(
                        "approve",
                        &[&question, "by", "\"Ann\"", "within", duration, "otherwise", "continue"],
                    );
                }
            },
            1 => {
                let kind = ["writes", "reads", "creates", "appends"][writer.pick(4)];
                writer.out.push_str(kind);
                writer.strings();
                if writer.chance(3) {
                    writer.words(&["except"]);
                    writer.strings();
                }
            }
            2 if !earlier.is_empty() => {
                writer.out.push_str("after");
                let is_finished = writer.chance(3);
                if is_finished {
                    // The mode and the first name stand on one line.
                    writer.words(&["finished"]);
                    writer.out.push(' ');
                    writer.out.push_str(&earlier[0]);
                    writer.out.push(',');
                }
                let names = earlier.clone();
                let count = names.len();
                writer.list(|writer| names[writer.pick(count)].clone());
            }
            2 => writer.phrase("estimate", &["20m..40m"]),
            _ => writer.checks(1),
        });
        self.tasks.push(name);
    }
}

proptest! {
    #[test]
    fn the_generator_writes_no_control_characters(text in plan_text()) {
        prop_assert!(text.chars().all(|c| c == '\n' || c == '\t' || !c.is_control()));
    }
}
