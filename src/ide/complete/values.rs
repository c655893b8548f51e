//! The words of a statement behind its keyword, units behind numbers, and paths in strings.

use super::{CompletionKind, Offer};
use crate::check::agents::DRIVERS;
use crate::check::normal;
use crate::ide::files::directory;
use crate::ide::index::SymbolKind;
use crate::ide::{hover, reference};
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

/// The operators, and what they say.
const OPERATORS: &[(&str, &str)] = &[
    ("<=", "at most"),
    (">=", "at least"),
    ("<", "less than"),
    (">", "more than"),
    ("==", "is this"),
    ("!=", "is another"),
];

impl Offer<'_> {
    /// Whether the head of something is being written that goes on with a name, a title or a body: no statement follows on its line.
    pub(super) fn is_in_head(&self) -> bool {
        let Some(word) = self.context.word else { return false };
        let is_naming =
            matches!(word.keyword, "param" | "secret" | "resource" | "criterion" | "output" | "env")
                && self.context.before.len() < 2;
        let has_body =
            word.form.ends_with('}') && !(word.keyword == "agent" && self.context.place != Place::File);
        is_naming || has_body || word.keyword == "plan" && self.context.before.is_empty()
    }

    /// Whether something must follow what stands before the cursor, so that no statement can.
    pub(super) fn is_open(&self) -> bool {
        const OPEN: &[&str] = &[
            ",",
            "=",
            "<",
            "<=",
            ">",
            ">=",
            "==",
            "!=",
            "alongside",
            "any",
            "at",
            "backoff",
            "before",
            "by",
            "contains",
            "env",
            "except",
            "exists",
            "exits",
            "file",
            "finished",
            "from",
            "in",
            "judged",
            "lacks",
            "may",
            "missing",
            "of",
            "on",
            "one",
            "otherwise",
            "overlaps",
            "prints",
            "retry",
            "runs",
            "secret",
            "skip",
            "to",
            "up",
            "value",
            "within",
        ];
        let typed = &self.text[self.context.typed.clone()];
        typed.starts_with(|c: char| c.is_ascii_digit() || c == '$')
            || self.context.before.last().is_some_and(|last| OPEN.contains(last))
    }

    /// Offers words of the statement that is being written.
    fn offer(&mut self, words: &[&str]) {
        let keyword = self.context.word.map_or("", |word| word.keyword);
        for word in words {
            let known = reference::inner(keyword, word);
            let operator = OPERATORS.iter().find(|(own, _)| own == word).map(|(_, help)| *help);
            let help = known.map(|inner| inner.help).or(operator).unwrap_or_default();
            let item = self.add(CompletionKind::Word, word, help);
            item.rank = 0;
            item.docs = known.map_or_else(String::new, hover::of_inner);
        }
    }

    /// As [`Offer::offer`], where the statement is whole without them; no word twice.
    fn offer_more(&mut self, words: &[&str]) {
        let before = &self.context.before;
        let new: Vec<&str> = words.iter().copied().filter(|word| !before.contains(word)).collect();
        self.offer(&new);
        self.may_end = true;
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
        // `200k tokens`: the number stands already.
        let is_count = last.starts_with(|c: char| c.is_ascii_digit()) && !last.contains('$');
        match word.keyword {
            "budget" | "cost" if is_count => self.offer(&["tokens"]),
            "agent" if before.is_empty() => self.agents(),
            "uses" if before.is_empty() || last == "," => self.resources(),
            "after" if before.is_empty() || matches!(last, "," | "of" | "finished") => {
                if before.is_empty() {
                    self.offer(&["any of", "finished"]);
                }
                self.items(|_| true);
            }
            "after" if last == "any" => self.offer(&["of"]),
            "wave" if before.contains(&"overlaps") && matches!(last, "overlaps" | ",") => {
                let head = self.context.typed.start;
                self.items(|symbol| symbol.kind == SymbolKind::Wave && (symbol.span.start as usize) < head);
            }
            "wave" if !before.is_empty() && !before.contains(&"overlaps") => {
                self.offer(&["overlaps"]);
            }
            "for" if before.len() == 1 => self.offer(&["in"]),
            "isolation" if before.is_empty() => self.offer(&["shared", "worktree", "copy"]),
            "on failure" if before == ["on"] && self.context.place == Place::Gate => {
                self.offer(&["no-go"]);
            }
            "on failure" if before == ["on"] => {
                self.offer(&["failure"]);
            }
            "on failure" if before.is_empty() => self.offer(&["stop", "cancel", "continue"]),
            "on no-go" if before.is_empty() => self.offer(&["stop", "continue", "retry up to", "skip to"]),
            "on no-go" if last == "to" && before.contains(&"skip") => {
                let gate = self.context.typed.start;
                self.items(|symbol| symbol.span.start as usize > gate);
            }
            "driver" if before.is_empty() => {
                self.offer(DRIVERS);
            }
            "param" if before.len() == 1 => {
                self.offer(&["text", "integer", "number", "flag", "duration", "path", "one of"])
            }
            "param" if last == "one" && before.len() == 2 => self.offer(&["of"]),
            "when" if before.is_empty() => self.params(),
            "when" if before.len() == 1 => self.offer(&["==", "!="]),
            "when" => self.choices(before[0]),
            "secret" if before.len() == 1 => self.offer(&["from env", "from file"]),
            "secret" if last == "from" => self.offer(&["env", "file"]),
            "env" if before.len() == 1 => self.offer(&["from secret"]),
            "env" if last == "from" => self.offer(&["secret"]),
            "env" if last == "secret" => self.secrets(),
            "output" if before.len() == 1 => self.offer(&["from stdout", "from"]),
            "output" if last == "from" => self.offer(&["stdout"]),
            "retries" if !before.is_empty() && last != "backoff" => self.offer_more(&["backoff", "feedback"]),
            "approve" if last == "otherwise" => {
                self.offer(&["stop", "continue"]);
            }
            "approve" if is_text => self.offer_more(&["by", "within"]),
            "approve" if before.contains(&"within") && last != "within" => {
                self.offer(&["otherwise stop", "otherwise continue"]);
            }
            "prompt" if before.is_empty() => self.offer(&["file"]),
            "reads" | "writes" if before.is_empty() => self.offer(&["nothing"]),
            "reads" | "writes" | "creates" | "appends" | "forbids" if is_text => {
                self.offer_more(&["except"]);
            }
            "assert" => self.claims(before),
            "param" if last == "=" => self.defaults(before),
            "check" | "criterion" => self.tests(word.keyword, before, last, is_text),
            "may change nothing" if before == ["may"] => self.offer(&["change nothing"]),
            "may change nothing" if before.is_empty() => self.offer(&["nothing"]),
            _ => {}
        }
    }

    /// What a param may be without being set.
    fn defaults(&mut self, before: &[&str]) {
        if before.contains(&"flag") {
            for value in ["true", "false"] {
                self.add(CompletionKind::Value, value, "the default").rank = 0;
            }
        }
        for choice in before.iter().filter(|word| before.contains(&"one") && word.starts_with('"')) {
            self.add(CompletionKind::Value, choice, "a choice").rank = 0;
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
                self.offer(&["<=", ">=", "<", ">"]);
            }
            [_] => self.offer(&["before", "alongside"]),
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
            self.offer(&["by"]);
        } else if has("runs") && last != "runs" && !matches!(last, "exits" | "prints" | "within") {
            self.offer_more(&["exits", "prints", "within"]);
        } else if is_text && (has("contains") || has("lacks")) && !has("in") {
            self.offer(&["in"]);
        } else if last == "value" {
            self.offer(&["of"]);
        } else if is_text && has("value") && !has("of") && !has("at") {
            self.offer(&["at"]);
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
            || keyword == "assert" && has("makespan")
            || keyword == "param" && has("duration");
        let is_amount = matches!(keyword, "budget" | "cost") || keyword == "assert" && has("cost");
        let is_share =
            matches!(keyword, "check" | "criterion") && has("value") || keyword == "param" && has("number");
        let last_number = typed.rsplit("..").next().unwrap_or(typed);
        // Of `1h30` the 30: minutes are what may follow hours.
        let digits = last_number.trim_start_matches(|c: char| !c.is_ascii_digit());
        let digits = digits.rsplit(|c: char| c.is_ascii_alphabetic()).next().unwrap_or(digits);
        let is_number = digits.chars().all(|c| c.is_ascii_digit() || c == '.') && !digits.is_empty();
        if !is_number {
            return;
        }
        if is_time {
            const UNITS: &[(&str, &str)] =
                &[("d", "days"), ("h", "hours"), ("m", "minutes"), ("s", "seconds"), ("ms", "milliseconds")];
            let before = &last_number[..last_number.len() - digits.len()];
            let before = before.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
            let before = before.rsplit(|c: char| c.is_ascii_digit()).next().unwrap_or(before);
            let smaller = UNITS.iter().position(|(unit, _)| *unit == before).map_or(0, |at| at + 1);
            for (unit, detail) in &UNITS[smaller..] {
                let rank = if *unit == "m" { 0 } else { 1 };
                self.add(CompletionKind::Unit, &format!("{typed}{unit}"), *detail).rank = rank;
            }
        } else if is_amount {
            for (unit, detail) in
                [("k tokens", "thousand tokens"), ("M tokens", "million tokens"), (" tokens", "tokens")]
            {
                if !typed.starts_with('$') {
                    self.add(CompletionKind::Unit, &format!("{typed}{unit}"), detail);
                }
            }
            if let Some(item) = (!typed.starts_with('$')).then(|| format!("${typed}")) {
                self.add(CompletionKind::Unit, &item, "dollars");
            }
        } else if is_share {
            self.add(CompletionKind::Unit, &format!("{typed}%"), "percent");
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
