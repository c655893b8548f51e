//! The catalogue of everything that wavec can say about a plan: one line a code.
//!
//! A code is a constant here, a page in `docs/diagnostics/`, one constructor in a `messages` file, and
//! a failing and a fixed example on its page that the tests run. Knows nothing of how codes are found.

use super::Severity;
use std::fmt;

/// What a code is about; `wavec explain` lists by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// The text does not read as a plan.
    Syntax,
    /// Names, shapes and values.
    Names,
    /// What comes before what.
    Order,
    /// Who touches which file.
    Files,
    /// How anyone will know that it worked.
    Criteria,
    /// What the plan says about itself: time, cost, width.
    Claims,
    /// What must not stand in a plan.
    Secrets,
    /// Use of wavec itself: allowances, editions, what this engine cannot do.
    Usage,
}

impl Group {
    /// The heading of the group in lists.
    pub fn title(self) -> &'static str {
        match self {
            Group::Syntax => "Syntax",
            Group::Names => "Names and shape",
            Group::Order => "Order",
            Group::Files => "Files",
            Group::Criteria => "Criteria",
            Group::Claims => "Claims",
            Group::Secrets => "Secrets",
            Group::Usage => "Using wavec",
        }
    }
}

/// What the catalogue holds of a code.
pub struct Entry {
    name: &'static str,
    severity: Severity,
    group: Group,
    summary: &'static str,
    page: &'static str,
}

/// The stable name of something that wavec can say; a key into the catalogue.
#[derive(Clone, Copy)]
pub struct Code(&'static Entry);

impl Code {
    /// The name that a person writes: `write-conflict`.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// How grave it is unless a project says otherwise.
    pub fn severity(self) -> Severity {
        self.0.severity
    }

    /// What it is about.
    pub fn group(self) -> Group {
        self.0.group
    }

    /// One line for lists.
    pub fn summary(self) -> &'static str {
        self.0.summary
    }

    /// Its page, in Markdown: what it means, a failing plan, the fixed plan.
    pub fn page(self) -> &'static str {
        self.0.page
    }

    /// The code of that name.
    pub fn find(name: &str) -> Option<Code> {
        ALL.iter().copied().find(|code| code.name() == name)
    }
}

impl PartialEq for Code {
    fn eq(&self, other: &Code) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for Code {}

impl std::hash::Hash for Code {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.name.hash(state);
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name)
    }
}

macro_rules! catalogue {
    ($($constant:ident $name:literal $severity:ident $group:ident $summary:literal)*) => {
        $(
            #[doc = $summary]
            pub const $constant: Code = Code(&Entry {
                name: $name,
                severity: Severity::$severity,
                group: Group::$group,
                summary: $summary,
                page: include_str!(concat!("../../docs/diagnostics/", $name, ".md")),
            });
        )*
        /// Every code, in the order of the catalogue: by group, and in a group as one learns them.
        pub static ALL: &[Code] = &[$($constant),*];
    };
}

catalogue! {
    // Syntax
    UNKNOWN_WORD "unknown-word" Error Syntax "a statement begins with a word that the language does not have"
    MALFORMED_STATEMENT "malformed-statement" Error Syntax "a statement lacks something or says something that does not belong to it"
    MISPLACED_STATEMENT "misplaced-statement" Error Syntax "a statement stands where it cannot"
    REPEATED_STATEMENT "repeated-statement" Error Syntax "a body says twice what it can say once"
    UNCLOSED_BRACE "unclosed-brace" Error Syntax "a body is opened with `{` and never closed"
    STRAY_BRACE "stray-brace" Error Syntax "a `}` closes nothing"
    NESTED_TOO_DEEP "nested-too-deep" Error Syntax "bodies stand in each other deeper than wavec reads"
    UNCLOSED_STRING "unclosed-string" Error Syntax "a string has no closing quotes"
    RAGGED_BLOCK "ragged-block" Error Syntax "a line of a block string is indented less than its closing quotes"
    BAD_ESCAPE "bad-escape" Error Syntax "a backslash stands before something that is no escape"
    BAD_HOLE "bad-hole" Error Syntax "a `{{` opens a hole that is none"
    BAD_NUMBER "bad-number" Error Syntax "a number is not written as numbers are, or is of the wrong kind"
    BAD_DURATION "bad-duration" Error Syntax "a length of time is not written as such"
    BAD_AMOUNT "bad-amount" Error Syntax "an amount is neither money nor tokens"
    NULL_BYTE "null-byte" Error Syntax "a byte of value zero stands in the text"
    TEXT_TOO_LONG "text-too-long" Error Syntax "the text is larger than wavec reads"
    // Names and shape
    // Order
    // Files
    WRITE_CONFLICT "write-conflict" Error Files "two tasks that may run at once both write a file"
    STALE_READ "stale-read" Error Files "a task reads a file that another may be writing at the same time"
    FORBIDDEN_CLAIM "forbidden-claim" Error Files "a task forbids itself all of what it claims to write"
    PROTECTED_PATH "protected-path" Error Files "a task claims to write git's state, wavec's state or the plan"
    EMPTY_CLAIM "empty-claim" Error Files "an `except` takes out all of a claim"
    UNKNOWN_CLAIMS "unknown-claims" Warning Files "an agent's task beside others does not say what it writes"
    UNCOVERED_PATH "uncovered-path" Warning Files "a prompt names a path that no claim of its task covers"
    UNDECLARED_WRITE "undeclared-write" Warning Files "a command writes a file that its task does not claim"
    MISSING_INPUT "missing-input" Warning Files "a task reads a file that is not there yet"
    HOT_FILE "hot-file" Warning Files "parts of a lock file or manifest are changed side by side"
    CASE_CONFLICT "case-conflict" Warning Files "two paths differ in upper and lower case alone"
    DIRECTORY_CLAIM "directory-claim" Warning Files "a claim names a directory as if it were a file"
    IDLE_EXCEPT "idle-except" Warning Files "an `except` takes nothing out of its claim"
    REDUNDANT_CLAIM "redundant-claim" Note Files "a claim is already in another of the same task"
    // Criteria
    CANNOT_FAIL "cannot-fail" Error Criteria "a check passes whatever was done"
    CANNOT_PASS "cannot-pass" Error Criteria "a check fails whatever was done"
    SHELL_SYNTAX "shell-syntax" Error Criteria "a command is not one that a shell can read"
    UNREAD_OPERATOR "unread-operator" Warning Criteria "a shell operator stands in a list that no shell reads"
    INTERACTIVE_COMMAND "interactive-command" Warning Criteria "a command waits for an answer that no one gives"
    UNWRITTEN_FILE "unwritten-file" Warning Criteria "a check looks at a file that is not there and that nothing makes"
    UNTESTED_CRITERION "untested-criterion" Warning Criteria "a check has no test"
    SELF_JUDGED "self-judged" Warning Criteria "an agent judges its own work"
    REPEATED_CRITERION "repeated-criterion" Warning Criteria "the same test stands twice in one place"
    IDLE_APPROVAL "idle-approval" Warning Criteria "nothing waits for the answer to a question"
    UNTESTED_PLAN "untested-plan" Note Criteria "nothing in a plan tests what its agents do"
    // Claims
    MAKESPAN_REFUTED "makespan-refuted" Error Claims "the plan takes longer than it claims"
    SPEEDUP_REFUTED "speedup-refuted" Error Claims "the plan gains less by working side by side than it claims"
    COST_REFUTED "cost-refuted" Error Claims "the plan costs more than it claims"
    WIDTH_REFUTED "width-refuted" Error Claims "the plan cannot use as many workers as it claims"
    BEFORE_REFUTED "before-refuted" Error Claims "an item does not surely come before another, as claimed"
    ALONGSIDE_REFUTED "alongside-refuted" Error Claims "an item never runs alongside another, as claimed"
    UNPROVED_ASSERT "unproved-assert" Warning Claims "a claim on time or cost that lacks the estimates to prove it"
    TIMEOUT_BELOW_ESTIMATE "timeout-below-estimate" Warning Claims "a task is ended before it is expected to be done"
    BUDGET_BELOW_PARTS "budget-below-parts" Warning Claims "a budget is below the sum of its tasks' budgets"
    BUDGET_BELOW_COST "budget-below-cost" Warning Claims "a budget is below what its tasks cost at least"
    TITLE_DISAGREES "title-disagrees" Warning Claims "a title counts other than there is"
    WIDER_THAN_WORKERS "wider-than-workers" Note Claims "more items may start at once than there are workers"
    WIDER_THAN_INSTANCES "wider-than-instances" Note Claims "more tasks of an agent may start at once than it has instances"
    RULED_BY_ONE "ruled-by-one" Note Claims "a set takes as long as it does for one task alone"
    COULD_RUN_TOGETHER "could-run-together" Note Claims "the tasks of a sequence share nothing"
    // Secrets
    LEAKED_SECRET "leaked-secret" Error Secrets "a key or token stands in the plan"
    PRIVATE_KEY "private-key" Error Secrets "a private key stands in the plan"
    URL_PASSWORD "url-password" Error Secrets "a password stands in an address"
    PLAIN_SECRET "plain-secret" Warning Secrets "a password or token is given in plain text, by the look of it"
    SECRET_FILE_CLAIMED "secret-file-claimed" Warning Secrets "an agent's task claims the file that holds a secret"
    // Using wavec
}
