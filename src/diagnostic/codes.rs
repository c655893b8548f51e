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
    // Criteria
    // Claims
    // Secrets
    // Using wavec
    UNUSED_ALLOWANCE "unused-allowance" Warning Usage "an allowance silences nothing"
    UNEXPLAINED_ALLOWANCE "unexplained-allowance" Warning Usage "an allowance does not say why"
    UNKNOWN_CODE "unknown-code" Warning Usage "an allowance names a code that wavec does not have"
    UNKNOWN_DIRECTIVE "unknown-directive" Warning Usage "a comment to wavec says nothing that it knows"
}
