//! What a task does, touches, takes and hands on.

use super::TaskId;
use crate::source::{Excerpt, Span};
use std::time::Duration;

/// A text with holes that only the run can fill.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Template(Parts);

/// The pieces of a [`Template`]: most have one.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Parts {
    One(Part),
    /// None or several.
    Several(Box<[Part]>),
}

/// A piece of a [`Template`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// Text as the author wrote it.
    Literal(Excerpt),
    /// The value of a param or `for` variable. Apart from `Literal`, for a shell must get it quoted.
    Value(Excerpt),
    /// The value of another task's output: the task, and the output's index in its `outputs`.
    Output(TaskId, u32),
}

/// What a task does.
#[derive(Clone, Debug)]
pub enum Action {
    /// A command for the shell. Values and outputs reach it quoted.
    Shell(Template),
    /// Program and arguments, without a shell.
    Program(Vec<Template>),
    /// Work for the agent.
    Prompt(Template),
    /// Work for the agent that a file describes, relative to the plan's directory.
    PromptFile(Template),
    /// A soak or cool-down.
    Wait(Duration),
    /// A person answers.
    Approve(Box<Approval>),
}

/// A question to a person.
#[derive(Clone, Debug)]
pub struct Approval {
    /// What is asked.
    pub question: Template,
    /// Who should answer, or empty; shown, not enforced.
    pub by: String,
    /// How long to wait for an answer.
    pub within: Option<Duration>,
    /// Whether an unanswered question counts as approved when the time is over.
    pub otherwise_continue: bool,
    /// From `approve` to its end.
    pub span: Span,
}

/// How long a task is expected to take, as the author wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// The least; all three are equal when one value was written.
    pub least: Duration,
    /// The likeliest, when three points were written.
    pub likeliest: Option<Duration>,
    /// The most.
    pub most: Duration,
    /// Where it is written.
    pub span: Span,
}

impl Estimate {
    /// The one number for a deterministic forecast: the likeliest of three points by the PERT mean
    /// `(least + 4·likeliest + most) / 6`, the middle of a range, or the value itself.
    pub fn expected(&self) -> Duration {
        match self.likeliest {
            Some(likeliest) => (self.least + likeliest * 4 + self.most) / 6,
            None => (self.least + self.most) / 2,
        }
    }
}

/// Expected cost of one attempt; least and most are equal when one value was written. None is unknown, not zero.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// Millionths of a dollar, least and most.
    pub money: Option<(u64, u64)>,
    /// Tokens, least and most.
    pub tokens: Option<(u64, u64)>,
}

/// What may be spent. None is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Budget {
    /// Millionths of a dollar.
    pub money: Option<u64>,
    /// Tokens.
    pub tokens: Option<u64>,
    /// Where it is written.
    pub span: Option<Span>,
}

/// How often a task is tried again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Retries {
    /// Attempts after the first.
    pub count: u32,
    /// The pause before the first of them; it doubles with each.
    pub backoff: Duration,
    /// Whether the next attempt's prompt carries what failed.
    pub feedback: bool,
}

impl Retries {
    /// The longest pause that doubling leads to.
    const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

    /// The pause before the try after so many failed ones, from 1: the backoff, doubled with each, up to an hour or the
    /// backoff itself where that is more.
    pub fn pause(&self, failed: u32) -> Duration {
        let doubled = self.backoff.saturating_mul(1 << failed.saturating_sub(1).min(20));
        doubled.min(Self::LONGEST_PAUSE.max(self.backoff))
    }
}

/// What a task touches.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    /// Whether what it writes is known. False for an agent's task with no claim to write: it may write
    /// anything, so it runs alone among writers.
    pub is_known: bool,
    /// Whether anything is said of writing, `writes nothing` too. A `run` that says nothing may change what no other claims.
    pub is_said: bool,
    /// The claims, in the order of the file.
    pub claims: Vec<Claim>,
}

impl Claims {
    /// Whether it may write at all: it claims a path to write, or its writes are unknown.
    pub fn may_write(&self) -> bool {
        !self.is_known || self.claims.iter().any(|claim| claim.kind.is_write())
    }
}

/// One path or glob of a claim.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Which.
    pub kind: ClaimKind,
    /// The glob, relative to the plan's directory, normalised: no `./`, no `..`, `/` between parts.
    pub glob: String,
    /// The part of the file, or none for the whole: `path#section`.
    pub section: Option<String>,
    /// What is taken out of it.
    pub except: Vec<String>,
    /// Where it is written.
    pub span: Span,
}

/// The kinds of file claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ClaimKind {
    /// May be read.
    Reads,
    /// May be modified or created.
    Writes,
    /// Will be created.
    Creates,
    /// May be added to.
    Appends,
    /// Must not be touched.
    Forbids,
}

impl ClaimKind {
    /// Whether it lets the task change files.
    pub fn is_write(self) -> bool {
        matches!(self, ClaimKind::Writes | ClaimKind::Creates | ClaimKind::Appends)
    }

    /// The keyword.
    pub fn word(self) -> &'static str {
        match self {
            ClaimKind::Reads => "reads",
            ClaimKind::Writes => "writes",
            ClaimKind::Creates => "creates",
            ClaimKind::Appends => "appends",
            ClaimKind::Forbids => "forbids",
        }
    }
}

/// A named value that a task hands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Its name, unique in the task.
    pub name: String,
    /// Where it comes from.
    pub source: OutputSource,
}

/// Where an output's value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutputSource {
    /// What the task printed, trailing line breaks removed.
    Stdout,
    /// A file's text, trailing line breaks removed; relative to the plan's directory.
    File(Template),
}

impl Template {
    /// A template without holes.
    pub fn literal(text: impl Into<Excerpt>) -> Template {
        Template(Parts::One(Part::Literal(text.into())))
    }

    /// Its pieces, in order.
    pub fn parts(&self) -> &[Part] {
        match &self.0 {
            Parts::One(part) => std::slice::from_ref(part),
            Parts::Several(parts) => parts,
        }
    }

    /// Its text, where that is one literal.
    pub fn whole(&self) -> Option<&str> {
        match self.parts() {
            [Part::Literal(whole)] => Some(whole),
            _ => None,
        }
    }

    /// The outputs that it needs, in order.
    pub fn outputs(&self) -> impl Iterator<Item = (TaskId, u32)> {
        self.parts().iter().filter_map(|part| match part {
            Part::Output(task, output) => Some((*task, *output)),
            _ => None,
        })
    }

    /// The text with its holes filled: `output` gives the value of a task's output, `quote` is put around every
    /// value that the author did not write (shell quoting, or the identity).
    pub fn fill<'p>(
        &'p self,
        output: impl Fn(TaskId, u32) -> &'p str,
        quote: impl Fn(&str) -> String,
    ) -> String {
        let mut text = String::new();
        for part in self.parts() {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Value(value) => text.push_str(&quote(value)),
                Part::Output(task, index) => text.push_str(&quote(output(*task, *index))),
            }
        }
        text
    }
}

impl FromIterator<Part> for Template {
    fn from_iter<I: IntoIterator<Item = Part>>(parts: I) -> Template {
        let mut parts: Vec<Part> = parts.into_iter().collect();
        Template(match (parts.len(), parts.pop()) {
            (1, Some(part)) => Parts::One(part),
            (_, last) => {
                parts.extend(last);
                Parts::Several(parts.into())
            }
        })
    }
}

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Template").field("parts", &self.parts()).finish()
    }
}
