//! Every statement of the language: its keyword, where it may stand, how often, and what it is for.
//!
//! One table for the parser, its messages, completion, hovers and the reference. Knows no text.

use super::ast::{ClaimKind, StatementKind};

/// A body that statements stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The file itself.
    File,
    /// `wave NAME { … }`
    Wave,
    /// `parallel { … }`
    Parallel,
    /// `serial { … }`
    Serial,
    /// `for NAME in … { … }`
    For,
    /// `task NAME { … }`
    Task,
    /// `agent NAME { … }`
    Agent,
    /// `gate { … }`
    Gate,
    /// `preflight { … }`
    Preflight,
    /// `success { … }`
    Success,
    /// `rollback { … }`
    Rollback,
    /// `finally { … }`
    Finally,
}

use Place::*;

impl Place {
    /// The place as one says it: `a task`.
    pub fn phrase(self) -> &'static str {
        match self {
            File => "the plan itself",
            Wave => "a `wave`",
            Parallel => "a `parallel` block",
            Serial => "a `serial` block",
            For => "a `for`",
            Task => "a `task`",
            Agent => "an `agent`",
            Gate => "a `gate`",
            Preflight => "`preflight`",
            Success => "`success`",
            Rollback => "`rollback`",
            Finally => "`finally`",
        }
    }
}

/// What the table holds of a statement.
#[derive(Debug)]
pub struct Word {
    /// Its keyword; `on failure`, `on no-go` and `may change nothing` have several words.
    pub keyword: &'static str,
    /// How it is written.
    pub form: &'static str,
    /// The bodies that it may stand in.
    pub places: &'static [Place],
    /// Whether it may stand in one body only once.
    pub is_once: bool,
    /// What it is for, in a line.
    pub help: &'static str,
    /// What an editor inserts, with `$1`, `$2`… for what is filled in and `$0` for the end.
    pub snippet: &'static str,
}

impl Word {
    /// Whether it may stand in that body.
    pub fn may_stand_in(&self, place: Place) -> bool {
        self.places.contains(&place)
    }

    /// Where it belongs, as one says it: `a task or an agent`.
    pub fn belongs(&self) -> String {
        // A block is said once for its two kinds.
        let is_in_blocks = self.may_stand_in(Parallel) && self.may_stand_in(Serial);
        let mut phrases: Vec<&str> = Vec::new();
        for place in self.places {
            match place {
                Parallel if is_in_blocks => phrases.push("a block"),
                Serial if is_in_blocks => {}
                place => phrases.push(place.phrase()),
            }
        }
        match phrases.split_last() {
            None => String::new(),
            Some((last, [])) => (*last).to_owned(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
        }
    }
}

const IN_FILE: &[Place] = &[File];
const ITEMS: &[Place] = &[File, Wave, Parallel, Serial, For];
const TASKS: &[Place] = &[File, Wave, Parallel, Serial, For, Rollback, Finally];
const SETTINGS: &[Place] = &[File, Wave, Parallel, Serial, Task];
const BELOW_FILE: &[Place] = &[Wave, Parallel, Serial, Task];
const IN_TASK: &[Place] = &[Task];
const IN_AGENT: &[Place] = &[Agent];

macro_rules! words {
    ($($keyword:literal $often:ident $places:expr, $form:literal, $help:literal, $snippet:literal;)*) => {
        /// All statements, in the order of the reference.
        pub static WORDS: &[Word] = TABLE;

        const TABLE: &[Word] = &[$(words!(@word $keyword $often $places, $form, $help, $snippet)),*];

        /// What the table holds of a keyword; of one with several words, all of them, one blank between.
        pub fn find(keyword: &str) -> Option<&'static Word> {
            // One match: the parser asks for every statement.
            match keyword {
                $($keyword => Some(const { &words!(@word $keyword $often $places, $form, $help, $snippet) }),)*
                _ => None,
            }
        }
    };
    (@word $keyword:literal $often:ident $places:expr, $form:literal, $help:literal, $snippet:literal) => {
        Word {
            keyword: $keyword,
            form: $form,
            places: $places,
            is_once: words!(@is_once $often),
            help: $help,
            snippet: $snippet,
        }
    };
    (@is_once once) => { true };
    (@is_once often) => { false };
}

words! {
    // Items
    "plan" once IN_FILE, "plan NAME \"title\"",
        "names the plan; first in a file that runs", "plan $1 \"$2\"$0";
    "use" often IN_FILE, "use \"path.wave\"",
        "brings in a library's agents, resources, criteria and params", "use \"$1.wave\"$0";
    "param" often IN_FILE, "param NAME TYPE [= default] [\"doc\"]",
        "a value that `--set NAME=VALUE` gives at the command line", "param $1 text = \"$2\"$0";
    "agent" often SETTINGS, "agent NAME { … }",
        "who does the work; with a body, a declaration", "agent $1 {\n  driver $2\n}$0";
    "secret" often IN_FILE, "secret NAME from env \"VAR\"",
        "a value that tasks may get in their environment and that is masked everywhere", "secret $1 from env \"$2\"$0";
    "resource" often IN_FILE, "resource NAME N",
        "a capacity that tasks share: a GPU, a port, a database", "resource $1 1$0";
    "criterion" often IN_FILE, "criterion NAME \"title\" TEST",
        "a criterion to share, cited with `check NAME`", "criterion $1 \"$2\" runs \"$3\"$0";
    "assert" often IN_FILE, "assert CLAIM",
        "a claim about the plan, proved before anything runs", "assert $0";
    "preflight" once IN_FILE, "preflight { check… }",
        "what must hold before the first task starts", "preflight {\n  check \"$1\" runs \"$2\"\n}$0";
    "wave" often &[File, For], "wave NAME \"title\" { … }",
        "a named phase: its items run side by side; it may end in a gate", "wave $1 \"$2\" {\n  $0\n}";
    "parallel" often ITEMS, "parallel [NAME] [\"title\"] { … }",
        "items that run side by side", "parallel {\n  $0\n}";
    "serial" often ITEMS, "serial [NAME] [\"title\"] { … }",
        "items that run one after another", "serial {\n  $0\n}";
    "for" often TASKS, "for NAME in \"a\", \"b\" { … }",
        "repeats its items for each value, at compile time", "for $1 in \"$2\" {\n  $0\n}";
    "task" often TASKS, "task NAME \"title\" { … }",
        "one piece of work", "task $1 \"$2\" {\n  $0\n}";
    "gate" often &[File, Wave, Serial, For], "gate [NAME] \"question\" { … }",
        "a go/no-go checkpoint: last in a wave, or between items of a sequence", "gate \"$1\" {\n  check \"$2\" runs \"$3\"\n}$0";
    "success" once &[File, Wave, Task], "success { check… }",
        "what must hold at the end of the plan, the wave or the task", "success {\n  check \"$1\" runs \"$2\"\n}$0";
    "rollback" once &[File, Wave], "rollback { task… }",
        "tasks that run when the plan or the wave ends in failure or no-go", "rollback {\n  $0\n}";
    "finally" once IN_FILE, "finally { task… }",
        "tasks that run at the end, whatever happened", "finally {\n  $0\n}";

    // Settings
    "workers" once &[File, Wave, Parallel, Serial], "workers N",
        "how many tasks may run at once", "workers $1$0";
    "timeout" once &[File, Wave, Parallel, Serial, Task, Agent], "timeout D",
        "how long one attempt of a task may take", "timeout $1$0";
    "retries" once SETTINGS, "retries N [backoff D] [feedback]",
        "how often a failed task is tried again", "retries $1$0";
    "budget" once &[File, Wave, Parallel, Serial, Task, Agent], "budget AMOUNT",
        "the most that the work may cost", "budget $1$0";
    "isolation" once SETTINGS, "isolation shared|worktree|copy",
        "where tasks work: all in one directory, or each in its own", "isolation $1$0";
    "on failure" once SETTINGS, "on failure stop|cancel|continue",
        "what happens to the rest when a task fails", "on failure $1$0";
    "env" often &[File, Wave, Parallel, Serial, Task, Agent], "env NAME \"value\"",
        "an environment variable", "env $1 \"$2\"$0";
    "directory" once SETTINGS, "directory \"path\"",
        "where commands run, relative to the plan", "directory \"$1\"$0";
    "shell" once SETTINGS, "shell \"bash -euo pipefail -c\"",
        "the shell that commands are given to", "shell \"$1\"$0";
    "when" often BELOW_FILE, "when PARAM == \"value\"",
        "leaves the work out unless a param has that value", "when $1 == \"$2\"$0";
    "tags" often SETTINGS, "tags a, b",
        "words to select tasks by", "tags $1$0";
    "because" once SETTINGS, "because \"why\"",
        "why it is so, for those who read the plan", "because \"$1\"$0";
    "after" often BELOW_FILE, "after [any of|finished] a, b",
        "what must be done before", "after $1$0";

    // A task's own
    "run" often &[Task, Agent], "run \"command\"",
        "the command that does the work; in an agent, its program", "run \"$1\"$0";
    "prompt" often IN_TASK, "prompt [file] \"…\"",
        "what the agent is asked to do", "prompt \"\"\"\n  $1\n  \"\"\"$0";
    "wait" often IN_TASK, "wait D",
        "a soak or a cool-down", "wait $1$0";
    "approve" often &[Task, Gate], "approve \"question\" [by \"who\"] [within D otherwise stop|continue]",
        "a person answers", "approve \"$1\"$0";
    "reads" often IN_TASK, "reads \"glob\", …",
        "the files that the task reads", "reads \"$1\"$0";
    "writes" often IN_TASK, "writes \"glob\", … | nothing",
        "the files that the task modifies or creates", "writes \"$1\"$0";
    "creates" often IN_TASK, "creates \"glob\", …",
        "the files that the task creates", "creates \"$1\"$0";
    "appends" often IN_TASK, "appends \"glob\", …",
        "the files that the task adds to", "appends \"$1\"$0";
    "forbids" often IN_TASK, "forbids \"glob\", …",
        "the files that the task must not touch", "forbids \"$1\"$0";
    "estimate" once IN_TASK, "estimate D | D..D | D..D..D",
        "how long it should take", "estimate $1$0";
    "cost" once &[Task, Agent], "cost AMOUNT",
        "what one attempt is expected to cost", "cost $1$0";
    "uses" often IN_TASK, "uses RESOURCE [N]",
        "the resources that the task holds while it runs", "uses $1$0";
    "output" often IN_TASK, "output NAME from \"path\"|stdout",
        "a text that later tasks may use as `{{task.NAME}}`", "output $1 from stdout$0";
    "may change nothing" once IN_TASK, "may change nothing",
        "the agent may end without changing a file", "may change nothing$0";
    "id" once IN_TASK, "id \"author's own id\"",
        "the task's number or key elsewhere", "id \"$1\"$0";
    "priority" once IN_TASK, "priority N",
        "the higher goes first when not all can start", "priority $1$0";

    // An agent's own
    "driver" once IN_AGENT, "driver NAME",
        "how the agent is called", "driver $1$0";
    "model" once IN_AGENT, "model \"name\"",
        "which model it uses", "model \"$1\"$0";
    "instructions" once IN_AGENT, "instructions \"file\"",
        "a file that it reads before each task", "instructions \"$1\"$0";
    "allow" often IN_AGENT, "allow \"tool\", …",
        "the tools that it may use", "allow \"$1\"$0";
    "deny" often IN_AGENT, "deny \"tool\", …",
        "the tools that it must not use", "deny \"$1\"$0";
    "instances" once IN_AGENT, "instances N",
        "how many of it may work at once", "instances $1$0";

    // Criteria and gates
    "check" often &[Gate, Preflight, Success], "check \"title\" TEST",
        "something that must hold", "check \"$1\" runs \"$2\"$0";
    "on no-go" once &[Gate], "on no-go stop|continue|retry up to N|skip to NAME",
        "what happens when the gate says no", "on no-go $1$0";
}

/// Whether a statement begins with this word.
pub fn is_keyword(word: &str) -> bool {
    // The first word of those that have several.
    matches!(word, "on" | "may") || find(word).is_some()
}

/// The words that statements begin with.
pub fn first_words() -> impl Iterator<Item = &'static str> {
    WORDS.iter().map(|word| word.keyword.split(' ').next().unwrap_or(word.keyword))
}

/// The place of a keyword in the table; known when wavec is built.
const fn place_in_table(keyword: &str) -> usize {
    let mut at = 0;
    loop {
        let (own, other) = (TABLE[at].keyword.as_bytes(), keyword.as_bytes());
        let mut length = 0;
        while length < own.len() && length < other.len() && own[length] == other[length] {
            length += 1;
        }
        if length == own.len() && length == other.len() {
            return at;
        }
        at += 1;
    }
}

macro_rules! word {
    ($keyword:literal) => {
        &WORDS[const { place_in_table($keyword) }]
    };
}

/// What the table holds of a statement; none for junk.
pub fn of(statement: &StatementKind<'_>) -> Option<&'static Word> {
    use StatementKind::*;
    Some(match statement {
        Plan { .. } => word!("plan"),
        Use { .. } => word!("use"),
        Param(_) => word!("param"),
        Agent { .. } | AgentRef(_) => word!("agent"),
        Secret { .. } => word!("secret"),
        Resource { .. } => word!("resource"),
        Criterion { .. } => word!("criterion"),
        Assert(_) => word!("assert"),
        Preflight(_) => word!("preflight"),
        Wave(_) => word!("wave"),
        Block(block) if block.is_serial => word!("serial"),
        Block(_) => word!("parallel"),
        For { .. } => word!("for"),
        Task(_) => word!("task"),
        Gate(_) => word!("gate"),
        Success(_) => word!("success"),
        Rollback(_) => word!("rollback"),
        Finally(_) => word!("finally"),
        Workers(_) => word!("workers"),
        Timeout(_) => word!("timeout"),
        Retries { .. } => word!("retries"),
        Budget(_) => word!("budget"),
        Isolation(_) => word!("isolation"),
        OnFailure(_) => word!("on failure"),
        Env { .. } => word!("env"),
        Directory(_) => word!("directory"),
        Shell(_) => word!("shell"),
        When { .. } => word!("when"),
        Tags(_) => word!("tags"),
        Because(_) => word!("because"),
        After { .. } => word!("after"),
        Run(_) => word!("run"),
        Prompt { .. } => word!("prompt"),
        Wait(_) => word!("wait"),
        Approve(_) => word!("approve"),
        Claim(claim) => match claim.kind {
            ClaimKind::Reads => word!("reads"),
            ClaimKind::Writes => word!("writes"),
            ClaimKind::Creates => word!("creates"),
            ClaimKind::Appends => word!("appends"),
            ClaimKind::Forbids => word!("forbids"),
        },
        Estimate(_) => word!("estimate"),
        Cost(_) => word!("cost"),
        Uses(_) => word!("uses"),
        Output { .. } => word!("output"),
        MayChangeNothing => word!("may change nothing"),
        Id(_) => word!("id"),
        Priority(_) => word!("priority"),
        Driver(_) => word!("driver"),
        Model(_) => word!("model"),
        Instructions(_) => word!("instructions"),
        Allow(_) => word!("allow"),
        Deny(_) => word!("deny"),
        Instances(_) => word!("instances"),
        Check(_) => word!("check"),
        OnNoGo(_) => word!("on no-go"),
        Junk => return None,
    })
}

/// The place that a statement's own body is.
pub fn place_of(statement: &StatementKind<'_>) -> Option<Place> {
    Some(match statement {
        StatementKind::Wave(_) => Wave,
        StatementKind::Block(block) if block.is_serial => Serial,
        StatementKind::Block(_) => Parallel,
        StatementKind::For { .. } => For,
        StatementKind::Task(_) => Task,
        StatementKind::Agent { .. } => Agent,
        StatementKind::Gate(_) => Gate,
        StatementKind::Preflight(_) => Preflight,
        StatementKind::Success(_) => Success,
        StatementKind::Rollback(_) => Rollback,
        StatementKind::Finally(_) => Finally,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_keyword_stands_twice_in_the_table() {
        for (at, word) in WORDS.iter().enumerate() {
            assert!(WORDS[at + 1..].iter().all(|other| other.keyword != word.keyword), "{}", word.keyword);
        }
    }
}
