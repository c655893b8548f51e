//! What must hold, and how it is tested.

use super::{AgentId, Template};
use crate::source::Span;
use std::sync::Arc;
use std::time::Duration;

/// Something that must hold, and how it is tested.
#[derive(Clone, Debug)]
pub struct Criterion {
    /// What it shows: its title, or the test in words (`runs "cargo test"`).
    pub title: String,
    /// How.
    pub test: Test,
    /// The shell for its commands.
    pub shell: Arc<[String]>,
    /// From `check` to its end, where it is cited.
    pub span: Span,
}

/// A test, ready to be carried out.
#[derive(Clone, Debug)]
pub enum Test {
    /// A command ends so.
    Runs {
        /// The command.
        command: Command,
        /// The exit code that passes.
        exits: i32,
        /// What some part of its output must match.
        prints: Option<String>,
        /// How long it may take.
        within: Option<Duration>,
    },
    /// Some file matches.
    Exists(Template),
    /// No file matches.
    Missing(Template),
    /// Some line of a matching file matches the regular expression.
    Contains {
        /// The regular expression.
        pattern: String,
        /// The files.
        glob: Template,
    },
    /// No line of any matching file matches.
    Lacks {
        /// The regular expression.
        pattern: String,
        /// The files.
        glob: Template,
    },
    /// The number at a JSON pointer of a file compares so.
    ValueAt {
        /// The file.
        file: Template,
        /// The pointer, as RFC 6901 has it.
        pointer: String,
        /// How it compares.
        comparison: Comparison,
        /// With what.
        number: f64,
    },
    /// The number that a command prints compares so.
    ValueOf {
        /// The command.
        command: Command,
        /// How it compares.
        comparison: Comparison,
        /// With what.
        number: f64,
    },
    /// An agent answers pass, with a reason.
    Judged {
        /// Who.
        agent: AgentId,
        /// What is asked.
        question: Template,
    },
    /// A person says so.
    Manual,
}

/// A command of a criterion.
#[derive(Clone, Debug)]
pub enum Command {
    /// For the shell.
    Shell(Template),
    /// Program and arguments.
    Program(Vec<Template>),
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `>=`
    AtLeast,
    /// `>`
    More,
}

impl Comparison {
    /// The operator as it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Comparison::Less => "<",
            Comparison::AtMost => "<=",
            Comparison::Equal => "==",
            Comparison::NotEqual => "!=",
            Comparison::AtLeast => ">=",
            Comparison::More => ">",
        }
    }

    /// Whether `left OP right` holds.
    pub fn holds<T: PartialOrd>(self, left: T, right: T) -> bool {
        match self {
            Comparison::Less => left < right,
            Comparison::AtMost => left <= right,
            Comparison::Equal => left == right,
            Comparison::NotEqual => left != right,
            Comparison::AtLeast => left >= right,
            Comparison::More => left > right,
        }
    }
}
