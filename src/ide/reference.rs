//! What there is to say of each word of the language: an example of each statement, and the words within statements.
//!
//! Completion and hovers say the same of a word, because both take it from here. Knows no plan.

/// A word within a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inner {
    /// The statements that it stands in, by their keywords.
    pub of: &'static [&'static str],
    /// The word; `any of` and its kind have several.
    pub word: &'static str,
    /// What it says, in a line.
    pub help: &'static str,
    /// A statement with it.
    pub example: &'static str,
}

const TESTED: &[&str] = &["check", "criterion"];
const CLAIMS: &[&str] = &["reads", "writes", "creates", "appends", "forbids"];

macro_rules! inner {
    ($($of:expr, $word:literal, $help:literal, $example:literal;)*) => {
        /// All of them.
        pub static INNER: &[Inner] = &[$(Inner { of: $of, word: $word, help: $help, example: $example }),*];
    };
}

inner! {
    TESTED, "runs", "the command ends so", "check \"tests pass\" runs \"cargo test\" prints 'test result: ok' within 20m";
    TESTED, "exits", "the code that the command must end with; 0 when not written", "check \"it refuses\" runs \"./tool --bad\" exits 2";
    TESTED, "prints", "the regular expression that some part of its output must match", "check \"it is new\" runs \"node --version\" prints '^v2'";
    TESTED, "within", "how long it may take", "check \"tests pass\" runs \"cargo test\" within 20m";
    TESTED, "exists", "some file matches", "check \"it is written\" exists \"docs/*.md\"";
    TESTED, "missing", "no file matches", "check \"nothing is left\" missing \"tmp/**\"";
    TESTED, "contains", "some line of a matching file matches", "check \"it is told\" contains '^## 2\\.' in \"CHANGELOG.md\"";
    TESTED, "lacks", "no line of any matching file matches", "check \"no stubs left\" lacks 'todo!\\(' in \"src/**/*.rs\"";
    TESTED, "in", "the files whose lines are looked at", "check \"no stubs left\" lacks 'todo!\\(' in \"src/**/*.rs\"";
    TESTED, "value", "the number in the file compares so", "check \"error rate\" value \"metrics.json\" at \"/errors\" < 0.5%";
    TESTED, "at", "the JSON pointer to the number", "check \"error rate\" value \"metrics.json\" at \"/errors\" < 0.5%";
    TESTED, "value of", "the number that the command prints compares so", "check \"long enough\" value of \"wc -w < draft.md\" >= 1000";
    TESTED, "of", "the command that prints the number", "check \"long enough\" value of \"wc -w < draft.md\" >= 1000";
    TESTED, "judged by", "the agent answers pass, with a reason", "check \"it reads well\" judged by reviewer \"Is draft.md clear?\"";
    TESTED, "by", "the agent that judges", "check \"it reads well\" judged by reviewer \"Is draft.md clear?\"";
    TESTED, "manual", "a person says so", "check \"it looks right\" manual";

    &["approve"], "by", "who should answer; shown, not enforced", "approve \"Is it good?\" by \"the editor\"";
    &["approve"], "within", "how long to wait for an answer", "approve \"Release?\" within 4h otherwise stop";
    &["approve"], "otherwise stop", "as if rejected", "approve \"Release?\" within 4h otherwise stop";
    &["approve"], "otherwise continue", "as if approved", "approve \"Release?\" within 4h otherwise continue";
    &["approve"], "stop", "without an answer: as if rejected", "approve \"Release?\" within 4h otherwise stop";
    &["approve"], "continue", "without an answer: as if approved", "approve \"Release?\" within 4h otherwise continue";

    &["after"], "any of", "one of them has succeeded", "after any of mirror-a, mirror-b";
    &["after"], "of", "one of them has succeeded", "after any of mirror-a, mirror-b";
    &["after"], "finished", "they have ended, however", "after finished tests";
    &["wave"], "overlaps", "does not wait for these waves", "wave publish overlaps build { task upload { run \"make upload\"  after test } }";
    &["for"], "in", "the values follow", "for name in \"api\", \"web\" { task build-{{name}} { run \"make {{name}}\" } }";
    CLAIMS, "except", "what is taken out", "writes \"src/**\" except \"src/generated/**\"";
    &["reads", "writes"], "nothing", "no file, and that is said", "writes nothing";
    &["may change nothing"], "change nothing", "the agent may end without changing a file", "may change nothing";
    &["may change nothing"], "nothing", "the agent may end without changing a file", "may change nothing";
    &["retries"], "backoff", "the pause before the first of them; it doubles with each", "retries 2 backoff 30s";
    &["retries"], "feedback", "with what failed, to the agent", "retries 2 feedback";

    &["isolation"], "shared", "all work in the plan's directory", "isolation shared";
    &["isolation"], "worktree", "every writing task in its own git worktree", "isolation worktree";
    &["isolation"], "copy", "every writing task in a copy of the directory", "isolation copy";
    &["on failure"], "failure", "what happens to the rest when a task fails", "on failure continue";
    &["on failure"], "stop", "running tasks end, nothing new starts", "on failure stop";
    &["on failure"], "cancel", "running tasks are ended too", "on failure cancel";
    &["on failure"], "continue", "whatever does not depend on the failure goes on", "on failure continue";
    &["on no-go"], "no-go", "what happens when the gate says no", "on no-go retry up to 2";
    &["on no-go"], "stop", "the plan ends as failed", "on no-go stop";
    &["on no-go"], "continue", "the plan goes on, and cannot end in success", "on no-go continue";
    &["on no-go"], "retry up to", "the wave runs again, at most so often", "on no-go retry up to 2";
    &["on no-go"], "skip to", "everything up to there is left out", "on no-go skip to cleanup";

    &["assert"], "makespan", "from the first start to the last end", "assert makespan <= 2h";
    &["assert"], "speedup", "how many times faster than one after another", "assert speedup >= 2";
    &["assert"], "cost", "what all tasks cost together", "assert cost <= $40";
    &["assert"], "workers", "how many the plan can use at once", "assert workers >= 4";
    &["assert"], "before", "ends before the other starts", "assert schema before api";
    &["assert"], "alongside", "nothing orders the two", "assert api alongside web";

    &["param"], "text", "any string", "param channel text = \"stable\"";
    &["param"], "integer", "a whole number", "param shards integer = 4";
    &["param"], "number", "any number", "param share number = 0.5";
    &["param"], "flag", "true or false", "param dry flag = false";
    &["param"], "duration", "a length of time", "param soak duration = 30m";
    &["param"], "path", "a path, relative to the plan", "param target path = \"out\"";
    &["param"], "one of", "one of the choices that follow", "param env one of \"staging\", \"prod\" = \"staging\"";
    &["param"], "of", "one of the choices that follow", "param env one of \"staging\", \"prod\" = \"staging\"";
    &["prompt"], "file", "the prompt is in a file", "prompt file \"prompts/review.md\"";
    &["output"], "from stdout", "what the task prints", "output version from stdout";
    &["output"], "from", "the file whose text it is", "output verdict from \"review.md\"";
    &["output"], "stdout", "what the task prints", "output version from stdout";
    &["secret"], "from env", "a variable of the environment", "secret token from env \"API_TOKEN\"";
    &["secret"], "from file", "a file", "secret token from file \"token.txt\"";
    &["secret"], "env", "a variable of the environment", "secret token from env \"API_TOKEN\"";
    &["secret"], "file", "a file", "secret token from file \"token.txt\"";
    &["env"], "from secret", "the value of a secret", "env TOKEN from secret token";
    &["env"], "secret", "the value of a secret", "env TOKEN from secret token";
    &["budget", "cost"], "tokens", "what a model reads and writes, in its own measure", "budget $40, 2M tokens";

    &["driver"], "claude", "Claude Code", "agent coder { driver claude  model \"sonnet\" }";
    &["driver"], "codex", "OpenAI's Codex", "agent coder { driver codex }";
    &["driver"], "opencode", "opencode", "agent coder { driver opencode }";
    &["driver"], "gemini", "Gemini CLI", "agent coder { driver gemini }";
    &["driver"], "qwen", "Qwen Code", "agent coder { driver qwen }";
    &["driver"], "acp", "any program that speaks the Agent Client Protocol", "agent coder { driver acp  run [\"my-agent\", \"--acp\"] }";
    &["driver"], "command", "a program of yours, told by `run`", "agent coder { driver command  run \"coder --yes\" }";
}

/// A word within a statement of that keyword.
pub fn inner(keyword: &str, word: &str) -> Option<&'static Inner> {
    INNER.iter().find(|inner| inner.word == word && inner.of.contains(&keyword))
}

/// A statement with that keyword, as one might write it.
pub fn example(keyword: &str) -> &'static str {
    match keyword {
        "plan" => "plan release \"Ship the tool\"",
        "use" => "use \"lib/agents.wave\"",
        "param" => "param env one of \"staging\", \"prod\" = \"staging\" \"where to deploy\"",
        "agent" => "agent coder { driver claude  model \"sonnet\" }",
        "secret" => "secret token from env \"API_TOKEN\"",
        "resource" => "resource gpu 2",
        "criterion" => "criterion tests-pass \"All tests pass\" runs \"cargo test\"",
        "assert" => "assert makespan <= 2h",
        "preflight" => "preflight { check \"the tools are there\" runs \"node --version\" }",
        "wave" => {
            "wave build \"Build both\" {\n  task api { run \"make api\" }\n  task web { run \"make web\" }\n  gate \"Built?\" { check \"both start\" runs \"make smoke\" }\n}"
        }
        "parallel" => "parallel {\n  task lint { run \"make lint\" }\n  task test { run \"make test\" }\n}",
        "serial" => "serial {\n  task write { run \"make book\" }\n  task print { run \"make pdf\" }\n}",
        "for" => {
            "for name in \"charge\", \"refund\" {\n  task test-{{name}} { run \"make test-{{name}}\" }\n}"
        }
        "task" => {
            "task schema \"Add the tables\" {\n  agent coder\n  writes \"migrations/**\"\n  estimate 20m..40m\n}"
        }
        "gate" => {
            "gate \"Is it good?\" {\n  check \"tests pass\" runs \"make test\"\n  on no-go retry up to 2\n}"
        }
        "success" => "success { check \"tests pass\" runs \"make test\" }",
        "rollback" => "rollback { task undo { run \"./undo.sh\" } }",
        "finally" => "finally { task tidy { run \"rm -rf tmp\" } }",
        "workers" => "workers 4",
        "timeout" => "timeout 1h",
        "retries" => "retries 2 backoff 30s feedback",
        "budget" => "budget $40, 2M tokens",
        "isolation" => "isolation worktree",
        "on failure" => "on failure continue",
        "env" => "env LOG_LEVEL \"debug\"",
        "directory" => "directory \"web\"",
        "shell" => "shell \"bash -euo pipefail -c\"",
        "when" => "when env == \"prod\"",
        "tags" => "tags slow, nightly",
        "because" => "because \"each endpoint is a file of its own\"",
        "after" => "after schema, client",
        "run" => "run \"cargo test\"",
        "prompt" => "prompt \"\"\"\n  Split src/parser.rs into one file a rule.\n  \"\"\"",
        "wait" => "wait 30m",
        "approve" => "approve \"Release?\" by \"on-call\" within 4h otherwise stop",
        "reads" => "reads \"src/**\" except \"src/generated/**\"",
        "writes" => "writes \"src/parser.rs\", \"CHANGELOG.md#unreleased\"",
        "creates" => "creates \"out/report.md\"",
        "appends" => "appends \"CHANGES\"",
        "forbids" => "forbids \"infra/**\"",
        "estimate" => "estimate 20m..30m..1h",
        "cost" => "cost $2, 200k tokens",
        "uses" => "uses gpu 2",
        "output" => "output verdict from \"review.md\"",
        "may change nothing" => "may change nothing",
        "id" => "id \"T-12\"",
        "priority" => "priority 5",
        "driver" => "driver claude",
        "model" => "model \"sonnet\"",
        "instructions" => "instructions \"agents/coder.md\"",
        "allow" => "allow \"Read\", \"Edit\"",
        "deny" => "deny \"Bash\"",
        "instances" => "instances 3",
        "check" => "check \"no stubs left\" lacks 'todo!\\(' in \"src/**/*.rs\"",
        "on no-go" => "on no-go retry up to 2",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileId;
    use crate::syntax::vocabulary::{self, Place, WORDS};

    /// A file in which an example stands where its keyword may.
    fn framed(keyword: &str, example: &str) -> String {
        let first = example.split([' ', '\n']).next().unwrap();
        // Of a driver, the agent that has it is shown.
        let own = if first == "agent" { "agent" } else { keyword };
        match vocabulary::find(own).unwrap().places[0] {
            Place::Wave => format!("wave w {{ {example} }}\n"),
            Place::Parallel => format!("parallel {{ {example} }}\n"),
            Place::Serial => format!("serial {{ {example} }}\n"),
            Place::For => format!("for x in \"a\" {{ {example} }}\n"),
            Place::Task => format!("task t {{ {example} }}\n"),
            Place::Agent => format!("agent a {{ {example} }}\n"),
            Place::Gate => format!("gate {{ {example} }}\n"),
            Place::Preflight => format!("preflight {{ {example} }}\n"),
            Place::Success => format!("success {{ {example} }}\n"),
            _ => format!("{example}\n"),
        }
    }

    #[test]
    fn every_example_is_a_statement_of_its_keyword() {
        let statements = WORDS.iter().map(|word| (word.keyword, example(word.keyword)));
        // A test is shown in a check, also where a criterion may have it.
        let words = INNER.iter().map(|inner| (inner.of[0], inner.example));
        for (keyword, example) in statements.chain(words) {
            let first = keyword.split(' ').next().unwrap();
            assert!(!example.is_empty(), "{keyword} has no example");
            let is_own = example.starts_with(first) || example.contains(&format!("{{ {first} "));
            assert!(is_own || first == "reads", "{keyword}: {example}");
            let text = framed(example_keyword(keyword, example), example);
            let found = crate::syntax::parse(FileId(0), &text).diagnostics;
            assert!(found.is_empty(), "{found:#?}\nin\n{text}");
        }
    }

    /// The keyword that an example begins with: `writes` where a word of all claims is shown.
    fn example_keyword<'k>(keyword: &'k str, example: &'k str) -> &'k str {
        let first = example.split([' ', '\n']).next().unwrap();
        if vocabulary::find(first).is_some() { first } else { keyword }
    }

    #[test]
    fn every_driver_is_told_of() {
        for driver in crate::check::agents::DRIVERS {
            assert!(inner("driver", driver).is_some(), "{driver}");
        }
    }
}
