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
    /// Use of wavec itself: allowances, editions.
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
    // Names and shape
    MISSING_PLAN "missing-plan" Error Names "a file to run does not begin with `plan NAME`"
    NO_TASK "no-task" Error Names "a plan has no task"
    LIBRARY_WITH_WORK "library-with-work" Error Names "a file that is used holds a plan, tasks or settings"
    USE_NOT_FOUND "use-not-found" Error Names "a library that is used is not there, or cannot be read"
    USE_CYCLE "use-cycle" Error Names "libraries use each other in a circle"
    UNKNOWN_NAME "unknown-name" Error Names "a name of a task, wave, block or gate that the plan does not have"
    WRONG_KIND_OF_NAME "wrong-kind-of-name" Error Names "a name is there, but as something else"
    AMBIGUOUS_NAME "ambiguous-name" Error Names "a name could be any of several items"
    DUPLICATE_NAME "duplicate-name" Error Names "two things of one kind have the same name"
    DUPLICATE_ID "duplicate-id" Error Names "two tasks have the same author's id"
    HIDDEN_NAME "hidden-name" Warning Names "a `for` variable hides a param or another variable"
    UNUSED_DECLARATION "unused-declaration" Warning Names "something is declared and never used"
    UNKNOWN_PARAM "unknown-param" Error Names "a param or `for` variable that is not there"
    UNKNOWN_SET "unknown-set" Error Names "`--set` names a param that the plan does not have"
    MISSING_PARAM "missing-param" Error Names "a param without a default has not been set"
    WRONG_TYPE "wrong-type" Error Names "a value is not of its param's type"
    NOT_A_CHOICE "not-a-choice" Error Names "a value is not among its param's choices"
    REPEATED_VALUE "repeated-value" Error Names "a list has the same value twice"
    UNNAMEABLE_VALUE "unnameable-value" Error Names "a value with other than letters, digits, `_` and `-` is put into a name"
    UNKNOWN_OUTPUT "unknown-output" Error Names "a task has no output of this name"
    OWN_OUTPUT "own-output" Error Names "a task uses its own output"
    NOT_A_VALUE "not-a-value" Error Names "a `{{…}}` names a wave, block, gate or task in place of a value"
    MISPLACED_HOLE "misplaced-hole" Error Names "a `{{…}}` stands where its value cannot be known yet"
    UNKNOWN_AGENT "unknown-agent" Error Names "an agent that is neither declared nor defined in a file"
    BAD_AGENT_FILE "bad-agent-file" Error Names "an agent's definition file cannot be used"
    UNKNOWN_DRIVER "unknown-driver" Error Names "a driver that wavec does not have"
    MISSING_DRIVER "missing-driver" Error Names "an agent does not say how it is called"
    DRIVER_WITHOUT_PROGRAM "driver-without-program" Error Names "`driver command` without a program to call"
    UNUSED_PROGRAM "unused-program" Error Names "a program beside a driver that brings its own"
    UNKNOWN_RESOURCE "unknown-resource" Error Names "a resource that is not declared"
    ABOVE_CAPACITY "above-capacity" Error Names "a task uses more of a resource than there is"
    UNKNOWN_SECRET "unknown-secret" Error Names "a secret that is not declared"
    UNKNOWN_CRITERION "unknown-criterion" Error Names "a criterion that is not declared"
    EMPTY_GROUP "empty-group" Error Names "a wave, block or `for` with nothing to do"
    MIXED_ISOLATION "mixed-isolation" Error Names "some tasks work in worktrees and others in copies"
    EMPTY_GATE "empty-gate" Error Names "a gate without a check or an approval"
    EMPTY_TEXT "empty-text" Error Names "a command, path or prompt is empty"
    MISSING_ACTION "missing-action" Error Names "a task does nothing"
    SECOND_ACTION "second-action" Error Names "a task has more than one action"
    MISSING_AGENT "missing-agent" Error Names "a prompt where no agent applies"
    IDLE_AGENT "idle-agent" Warning Names "a task names an agent and does not call it"
    CONTRARY_CLAIMS "contrary-claims" Error Names "`writes nothing` stands beside a claim to write"
    PATH_OUTSIDE "path-outside" Error Names "a claim leads out of the plan's directory"
    BAD_GLOB "bad-glob" Error Names "a pattern of paths does not parse"
    BAD_REGEX "bad-regex" Error Names "a regular expression does not parse"
    BAD_POINTER "bad-pointer" Error Names "a JSON pointer does not begin with `/`"
    OUT_OF_RANGE "out-of-range" Error Names "a number is smaller or larger than its statement can mean"
    UPSIDE_DOWN_RANGE "upside-down-range" Error Names "a range goes from more to less"
    MIXED_UNITS "mixed-units" Error Names "money and tokens are mixed up, or one is given twice"
    RANGE_FOR_LIMIT "range-for-limit" Error Names "a range where one limit belongs"
    // Order
    DEPENDENCY_CYCLE "dependency-cycle" Error Order "items wait for each other in a circle"
    AFTER_ITSELF "after-itself" Error Order "an item comes after itself"
    AFTER_CONTAINER "after-container" Error Order "an item comes after what holds it"
    AFTER_MEMBER "after-member" Error Order "a wave or block comes after what it holds"
    AFTER_CLEANUP "after-cleanup" Error Order "an edge between the plan's order and a `rollback` or `finally`"
    REDUNDANT_AFTER "redundant-after" Note Order "an `after` says what the order is anyway"
    OVERLAPS_ITSELF "overlaps-itself" Error Order "a wave overlaps itself"
    OVERLAPS_NO_WAVE "overlaps-no-wave" Error Order "a wave overlaps something that is no wave"
    OVERLAPS_LATER "overlaps-later" Error Order "a wave overlaps one that comes later"
    OVERLAPS_FREES_NOTHING "overlaps-frees-nothing" Warning Order "a wave overlaps one that it waits for all the same"
    UNORDERED_OVERLAP "unordered-overlap" Warning Order "a task that `overlaps` frees waits for nothing"
    GATE_NOT_LAST "gate-not-last" Error Order "a gate in a wave has items behind it"
    GATE_BEFORE_ANYTHING "gate-before-anything" Error Order "a gate stands before everything that it could judge"
    RETRY_OF_NOTHING "retry-of-nothing" Error Order "a gate retries, and nothing can be run again"
    SKIP_TO_NOT_LATER "skip-to-not-later" Error Order "a gate skips to something that is not ahead of it"
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
    MISSING_SECTION "missing-section" Warning Files "a task is to change a section that its file does not have"
    HOT_FILE "hot-file" Warning Files "parts of a lock file or manifest are changed side by side"
    CASE_CONFLICT "case-conflict" Warning Files "two paths differ in upper and lower case alone"
    DIRECTORY_CLAIM "directory-claim" Warning Files "a claim names a directory as if it were a file"
    BRACKETED_NAME "bracketed-name" Warning Files "a pattern has `[name]` where a directory of that name seems to be meant"
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
    UNUSED_ALLOWANCE "unused-allowance" Warning Usage "an allowance silences nothing"
    UNEXPLAINED_ALLOWANCE "unexplained-allowance" Warning Usage "an allowance does not say why"
    UNKNOWN_CODE "unknown-code" Warning Usage "an allowance names a code that wavec does not have"
    UNKNOWN_DIRECTIVE "unknown-directive" Warning Usage "a comment to wavec says nothing that it knows"
}
