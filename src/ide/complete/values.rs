//! The words of a statement behind its keyword, units behind numbers, and paths in strings.

use super::{CompletionKind, Offer};
use crate::check::agents::DRIVERS;
use crate::check::normal;
use crate::ide::files::directory;
use crate::ide::index::SymbolKind;
use crate::source::{FileId, Span};
use crate::syntax::vocabulary::Place;

/// The tests of a criterion: word, snippet, meaning.
pub(in crate::ide) const TESTS: &[(&str, &str, &str)] = &[
    ("runs", "runs \"$1\"$0", "runs \"cmd\" [exits N] [prints 'regex'] [within D]: the command ends so"),
    ("exists", "exists \"$1\"$0", "exists \"glob\": some file matches"),
    ("missing", "missing \"$1\"$0", "missing \"glob\": no file matches"),
    ("contains", "contains '$1' in \"$2\"$0", "contains 'regex' in \"glob\": some line matches"),
    ("lacks", "lacks '$1' in \"$2\"$0", "lacks 'regex' in \"glob\": no line matches"),
    (
        "value",
        "value \"$1\" at \"/$2\" < $3$0",
        "value \"file.json\" at \"/pointer\" OP N: the number in the file compares so",
    ),
    ("value of", "value of \"$1\" < $2$0", "value of \"cmd\" OP N: the number that the command prints does"),
    (
        "judged by",
        "judged by $1 \"$2\"$0",
        "judged by AGENT \"question\": the agent answers pass, with a reason",
    ),
    ("manual", "manual$0", "manual: a person says so"),
];

impl Offer<'_> {
    /// Whether a new name is being written, which nobody can complete.
    pub(super) fn is_naming(&self) -> bool {
        let names = matches!(
            self.context.word.map(|word| word.keyword),
            Some(
                "plan"
                    | "param"
                    | "secret"
                    | "resource"
                    | "criterion"
                    | "wave"
                    | "parallel"
                    | "serial"
                    | "for"
                    | "task"
                    | "gate"
                    | "output"
                    | "env"
            )
        );
        names && self.context.before.is_empty()
    }

    fn offer(&mut self, words: &[(&str, &str)]) {
        for (word, detail) in words {
            self.add(CompletionKind::Word, word, *detail).rank = 0;
        }
    }

    /// The words that may follow in the statement that is being written.
    pub(super) fn words(&mut self) {
        let Some(word) = self.context.word else { return };
        let typed = &self.text[self.context.typed.clone()];
        if typed.starts_with(|c: char| c.is_ascii_digit() || c == '$') {
            self.units(word.keyword, typed);
            return;
        }
        let before = self.context.before.as_slice();
        let last = before.last().copied().unwrap_or("");
        let is_text = last.starts_with(['"', '\'']);
        match word.keyword {
            "agent" if before.is_empty() => self.agents(),
            "uses" if before.is_empty() || last == "," => self.resources(),
            "after" if before.is_empty() || matches!(last, "," | "of" | "finished") => {
                if before.is_empty() {
                    self.offer(&[
                        ("any of", "one of them has succeeded"),
                        ("finished", "they have ended, however"),
                    ]);
                }
                self.items(|_| true);
            }
            "after" if last == "any" => self.offer(&[("of", "one of them has succeeded")]),
            "wave" if before.contains(&"overlaps") && matches!(last, "overlaps" | ",") => {
                self.items(|symbol| symbol.kind == SymbolKind::Wave);
            }
            "wave" if !before.is_empty() && !before.contains(&"overlaps") => {
                self.offer(&[("overlaps", "does not wait for these waves")]);
            }
            "for" if before.len() == 1 => self.offer(&[("in", "the values follow")]),
            "isolation" if before.is_empty() => self.offer(&[
                ("shared", "all work in the plan's directory"),
                ("worktree", "every writing task in its own git worktree"),
                ("copy", "every writing task in a copy of the directory"),
            ]),
            "on failure" if before == ["on"] && self.context.place == Place::Gate => {
                self.offer(&[("no-go", "what happens when the gate says no")]);
            }
            "on failure" if before == ["on"] => {
                self.offer(&[("failure", "what happens to the rest when a task fails")]);
            }
            "on failure" if before.is_empty() => self.offer(&[
                ("stop", "running tasks end, nothing new starts"),
                ("cancel", "running tasks are ended too"),
                ("continue", "whatever does not depend on the failure goes on"),
            ]),
            "on no-go" if before.is_empty() => self.offer(&[
                ("stop", "the plan ends as failed"),
                ("continue", "the plan goes on, and cannot end in success"),
                ("retry up to", "the wave runs again, at most so often"),
                ("skip to", "everything up to there is left out"),
            ]),
            "on no-go" if last == "to" && before.contains(&"skip") => self.items(|_| true),
            "driver" if before.is_empty() => {
                for driver in DRIVERS {
                    self.add(CompletionKind::Word, driver, "a driver");
                }
            }
            "param" if before.len() == 1 => self.offer(&[
                ("text", "any string"),
                ("integer", "a whole number"),
                ("number", "any number"),
                ("flag", "true or false"),
                ("duration", "a length of time"),
                ("path", "a path, relative to the plan"),
                ("one of", "one of the choices that follow"),
            ]),
            "when" if before.is_empty() => self.params(),
            "when" if before.len() == 1 => {
                self.offer(&[("==", "has this value"), ("!=", "has another value")])
            }
            "when" => self.choices(before[0]),
            "secret" if before.len() == 1 => {
                self.offer(&[("from env", "a variable"), ("from file", "a file")])
            }
            "secret" if last == "from" => self.offer(&[("env", "a variable"), ("file", "a file")]),
            "env" if before.len() == 1 => self.offer(&[("from secret", "the value of a secret")]),
            "env" if last == "from" => self.offer(&[("secret", "the value of a secret")]),
            "env" if last == "secret" => self.secrets(),
            "output" if before.len() == 1 => {
                self.offer(&[("from stdout", "what the task prints"), ("from", "a file")])
            }
            "output" if last == "from" => self.offer(&[("stdout", "what the task prints")]),
            "retries" if !before.is_empty() && last != "backoff" => {
                let new = [
                    ("backoff", "the pause before the first of them"),
                    ("feedback", "with what failed, to the agent"),
                ];
                let new: Vec<_> = new.into_iter().filter(|(word, _)| !before.contains(word)).collect();
                self.offer(&new);
            }
            "approve" if last == "otherwise" => {
                self.offer(&[("stop", "as if rejected"), ("continue", "as if approved")]);
            }
            "approve" if is_text => {
                self.offer(&[("by", "who should answer"), ("within", "how long to wait for an answer")]);
            }
            "approve" if before.contains(&"within") && last != "within" => {
                self.offer(&[("otherwise stop", "as if rejected"), ("otherwise continue", "as if approved")]);
            }
            "prompt" if before.is_empty() => self.offer(&[("file", "the prompt is in a file")]),
            "reads" | "writes" if before.is_empty() => self.offer(&[("nothing", "and that is said")]),
            "reads" | "writes" | "creates" | "appends" | "forbids"
                if is_text && !before.contains(&"except") =>
            {
                self.offer(&[("except", "what is taken out")]);
            }
            "assert" => self.claims(before),
            "check" | "criterion" => self.tests(word.keyword, before, last, is_text),
            "may change nothing" if before.is_empty() => self.offer(&[("nothing", "")]),
            _ => {}
        }
    }

    fn claims(&mut self, before: &[&str]) {
        match before {
            [] => {
                for (word, snippet, detail) in [
                    ("makespan", "makespan <= $0", "from the first start to the last end"),
                    ("speedup", "speedup >= $0", "how many times faster than one after another"),
                    ("cost", "cost <= $0", "what all tasks cost together"),
                    ("workers", "workers >= $0", "how many the plan can use at once"),
                ] {
                    let item = self.add(CompletionKind::Word, word, detail);
                    item.insert = snippet.to_owned();
                    item.is_snippet = true;
                    item.rank = 0;
                }
                self.items(|_| true);
            }
            ["makespan" | "speedup" | "cost" | "workers"] => {
                self.offer(&[("<=", "at most"), (">=", "at least"), ("<", "less than"), (">", "more than")]);
            }
            [_] => self.offer(&[
                ("before", "ends before the other starts"),
                ("alongside", "nothing orders the two"),
            ]),
            [_, "before" | "alongside"] => self.items(|_| true),
            _ => {}
        }
    }

    fn tests(&mut self, keyword: &str, before: &[&str], last: &str, is_text: bool) {
        let is_first = match keyword {
            "check" => before.is_empty() || before.len() == 1 && is_text,
            _ => before.len() == 1 || before.len() == 2 && is_text,
        };
        let has = |word: &str| before.contains(&word);
        if is_first {
            for (word, snippet, detail) in TESTS {
                let item = self.add(CompletionKind::Word, word, *detail);
                item.insert = (*snippet).to_owned();
                item.is_snippet = true;
                item.rank = 0;
            }
            if keyword == "check" && before.is_empty() {
                self.criteria();
            }
        } else if last == "by" && has("judged") {
            self.agents();
        } else if last == "judged" {
            self.offer(&[("by", "the agent that judges")]);
        } else if has("runs") && last != "runs" && !matches!(last, "exits" | "prints" | "within") {
            let new = [
                ("exits", "the code that it must end with"),
                ("prints", "what its output must match"),
                ("within", "how long it may take"),
            ];
            let new: Vec<_> = new.into_iter().filter(|(word, _)| !has(word)).collect();
            self.offer(&new);
        } else if is_text && (has("contains") || has("lacks")) && !has("in") {
            self.offer(&[("in", "the files")]);
        } else if is_text && has("value") && !has("of") && !has("at") {
            self.offer(&[("at", "the pointer to the number")]);
        }
    }

    /// The choices of a param of `one of`.
    fn choices(&mut self, param: &str) {
        let params = self.known.index.symbols.iter().filter(|symbol| symbol.kind == SymbolKind::Param);
        let choices = params.filter(|symbol| symbol.name == param).flat_map(|symbol| &symbol.choices);
        for choice in choices {
            self.add(CompletionKind::Value, &format!("\"{choice}\""), "a choice");
        }
    }

    /// The units that may follow a number.
    fn units(&mut self, keyword: &str, typed: &str) {
        let last = self.context.before.last().copied().unwrap_or("");
        let has = |word: &str| self.context.before.contains(&word);
        let is_time = matches!(keyword, "timeout" | "wait" | "estimate")
            || matches!(last, "backoff" | "within")
            || keyword == "assert" && has("makespan");
        let is_amount = matches!(keyword, "budget" | "cost") || keyword == "assert" && has("cost");
        let digits = typed.rsplit("..").next().unwrap_or(typed);
        let is_number = digits.chars().all(|c| c.is_ascii_digit() || c == '.') && !digits.is_empty();
        if !is_number {
            return;
        }
        if is_time {
            for (unit, detail) in
                [("m", "minutes"), ("h", "hours"), ("s", "seconds"), ("d", "days"), ("ms", "milliseconds")]
            {
                self.add(CompletionKind::Unit, &format!("{typed}{unit}"), detail);
            }
        } else if is_amount {
            for (unit, detail) in [("k tokens", "thousand tokens"), ("M tokens", "million tokens")] {
                self.add(CompletionKind::Unit, &format!("{typed}{unit}"), detail);
            }
            if let Some(item) = (!typed.starts_with('$')).then(|| format!("${typed}")) {
                self.add(CompletionKind::Unit, &item, "dollars");
            }
        }
    }

    /// In a string: paths, where the string is one.
    pub(super) fn string(&mut self) {
        let Some(word) = self.context.word else { return };
        let before = self.context.before.as_slice();
        let last = before.last().copied().unwrap_or("");
        let (is_path, only) = match word.keyword {
            "reads" | "writes" | "creates" | "appends" | "forbids" => (true, ""),
            "instructions" => (true, ""),
            "directory" => (true, "/"),
            "use" => (true, ".wave"),
            "prompt" => (last == "file", ""),
            "output" => (last == "from", ""),
            "secret" => (last == "file", ""),
            "check" | "criterion" => (matches!(last, "exists" | "missing" | "in" | "value"), ""),
            "when" => {
                self.choices_in_string(before);
                return;
            }
            _ => (false, ""),
        };
        if is_path {
            self.paths(only);
        }
    }

    fn choices_in_string(&mut self, before: &[&str]) {
        let Some(param) = before.first() else { return };
        self.choices(param);
        for item in &mut self.found {
            item.label = item.label.trim_matches('"').to_owned();
            item.insert.clone_from(&item.label);
        }
    }

    /// The names in the directory that is typed so far. `only`: an ending, or `/` for directories.
    fn paths(&mut self, only: &str) {
        let typed = &self.text[self.context.typed.clone()];
        let (below, name) = typed.rsplit_once('/').map_or(("", typed), |(below, name)| (below, name));
        if typed.contains(['*', '{', '?', '[']) && below.contains(['*', '{', '?', '[']) {
            return;
        }
        let directory = normal(&directory(self.known.path).join(below));
        let directory = if directory.as_os_str().is_empty() { ".".into() } else { directory };
        self.replace = Span::new(FileId(0), self.offset - name.len(), self.offset);
        let Ok(mut names) = self.known.loader.list(&directory) else { return };
        names.sort();
        let own = self.known.path.file_name().map(|name| name.to_string_lossy().into_owned());
        for entry in names {
            let is_hidden = entry.starts_with('.') && !name.starts_with('.');
            if is_hidden
                || matches!(entry.as_str(), ".git" | ".wavec")
                || below.is_empty() && Some(&entry) == own.as_ref()
            {
                continue;
            }
            if self.known.loader.list(&directory.join(&entry)).is_ok() {
                self.add(CompletionKind::Directory, &format!("{entry}/"), "directory");
            } else if entry.ends_with(only) {
                self.add(CompletionKind::File, &entry, "file");
            }
        }
        let keyword = self.context.word.map(|word| word.keyword);
        let is_claim = matches!(keyword, Some("reads" | "writes" | "creates" | "appends" | "forbids"));
        if is_claim && !self.found.is_empty() {
            self.add(CompletionKind::File, "**", "everything below").rank = 2;
        }
    }
}
