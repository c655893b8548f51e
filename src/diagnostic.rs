//! What wavec says about a plan, as plain data.
//!
//! Knows places and words, not the language and not the terminal: [`render`] is the only place that
//! knows miette. Each diagnostic has one constructor, in the `messages` file of the room that finds it.

pub mod baseline;
pub mod codes;
pub mod fix;
pub mod levels;
pub mod render;
pub mod suggest;

use crate::source::Span;

pub use codes::Code;

/// How grave a diagnostic is, gravest last so that they compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Note,
    /// Likely not what was meant; the plan still runs.
    Warning,
    /// The plan does not run.
    Error,
}

/// One thing that wavec says about a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The stable name of what is wrong; reads after "allow".
    pub code: Code,
    /// How grave it is here; starts as the code's own.
    pub severity: Severity,
    /// A lower-case fact, names in backticks, no full stop.
    pub message: String,
    /// The places; the first says what is wrong *here*, the others show what it has to do with.
    pub labels: Vec<Label>,
    /// One imperative: the way out.
    pub help: Option<String>,
    /// Further facts that do not belong to a place, such as the chain of a critical path.
    pub notes: Vec<String>,
    /// Edits that mend it.
    pub fix: Option<Fix>,
}

/// A place with a few words to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is to be seen there: a few lower-case words, no full stop.
    pub text: String,
}

/// Edits that mend what a diagnostic found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What the edits do, as an imperative: `add after schema`.
    pub title: String,
    /// The edits; they do not overlap.
    pub edits: Vec<Edit>,
    /// Whether `--fix` may apply it unasked: it changes nothing else that the plan means.
    pub is_safe: bool,
    /// Whether it is made without others of its sort, which are looked at again after it: two edges that are each right
    /// may together make a circle.
    is_alone: bool,
}

/// A replacement of the bytes of a span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What goes; empty to insert.
    pub span: Span,
    /// What comes.
    pub text: String,
}

impl Diagnostic {
    /// A diagnostic of `code`'s own severity; `here` is the first label.
    pub fn new(code: Code, message: impl Into<String>, span: Span, here: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            severity: code.severity(),
            message: message.into(),
            labels: vec![Label { span, text: here.into() }],
            help: None,
            notes: Vec::new(),
            fix: None,
        }
    }

    /// Adds a further place.
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Says the way out.
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// Adds a further fact.
    pub fn note(mut self, note: impl Into<String>) -> Diagnostic {
        self.notes.push(note.into());
        self
    }

    /// Adds edits that mend it; `is_safe` when `--fix` may apply them unasked.
    pub fn fix(mut self, title: impl Into<String>, edits: Vec<Edit>, is_safe: bool) -> Diagnostic {
        self.fix = Some(Fix { title: title.into(), edits, is_safe, is_alone: false });
        self
    }

    /// Lets the fix be made only by itself, others of its sort in a later round.
    pub fn alone(mut self) -> Diagnostic {
        if let Some(fix) = &mut self.fix {
            fix.is_alone = true;
        }
        self
    }

    /// The place that it is about: the first label's.
    pub fn span(&self) -> Span {
        self.labels[0].span
    }
}

/// Sorts into the order of place, gravest first at one place, and drops exact repeats.
pub fn sort(diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.sort_by(|a, b| {
        let key = |d: &Diagnostic| (d.span().file, d.span().start, d.span().end);
        key(a).cmp(&key(b)).then(b.severity.cmp(&a.severity)).then(a.code.name().cmp(b.code.name()))
    });
    diagnostics.dedup();
}
