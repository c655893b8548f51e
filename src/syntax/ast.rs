//! The typed tree of one `.wave` file: every statement as it was written, in its order, with its place.
//!
//! It borrows the text. It knows nothing of names' meanings: what refers to what is for `check`.
//! Every body holds the same [`Statement`]; which may stand where is a table ([`super::vocabulary`]), so
//! that a misplaced statement is still read and its message can name the right place.

mod file;
mod value;

use super::few::Few;
use crate::source::Span;

pub use file::*;
pub use value::*;

/// The statements between `{` and `}`, or of the file.
#[derive(Clone, Debug, Default)]
pub struct Body<'s> {
    /// The statements in order; those that could not be read are [`StatementKind::Junk`].
    pub statements: Box<[Statement<'s>]>,
    /// From `{` to `}`, both included; the whole text for a file.
    pub span: Span,
}

/// One statement.
#[derive(Clone, Debug)]
pub struct Statement<'s> {
    /// From its keyword to its last byte.
    pub span: Span,
    /// How long its keyword is. Where it begins goes without saying: a large plan has some hundred thousand statements.
    keyword_length: u32,
    /// What it says.
    pub kind: StatementKind<'s>,
}

impl<'s> Statement<'s> {
    /// What is written at `span`, which begins with `keyword`.
    pub fn new(span: Span, keyword: Span, kind: StatementKind<'s>) -> Statement<'s> {
        debug_assert_eq!(keyword.start, span.start);
        Statement { span, keyword_length: keyword.end - keyword.start, kind }
    }

    /// Its keyword (`on failure` and `may change nothing` are keywords of several words).
    pub fn keyword(&self) -> Span {
        Span { end: self.span.start + self.keyword_length, ..self.span }
    }

    /// Its body, for a statement that has one by its kind; of a task without one, an empty body with an empty span.
    pub fn body(&self) -> Option<&Body<'s>> {
        match &self.kind {
            StatementKind::Agent { body, .. } | StatementKind::For { body, .. } => Some(body),
            StatementKind::Preflight(body)
            | StatementKind::Success(body)
            | StatementKind::Rollback(body)
            | StatementKind::Finally(body) => Some(body),
            StatementKind::Wave(wave) => Some(&wave.body),
            StatementKind::Block(block) => Some(&block.body),
            StatementKind::Task(task) => Some(&task.body),
            StatementKind::Gate(gate) => Some(&gate.body),
            _ => None,
        }
    }
}

/// Every statement of the language. The order is that of the reference: items, settings, a task's own,
/// an agent's own, checks.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the line above each variant shows its fields in their syntax")]
pub enum StatementKind<'s> {
    /// `plan NAME "title"`
    Plan { name: Box<Name<'s>>, title: Option<Box<Text<'s>>> },
    /// `use "path.wave"`
    Use { path: Text<'s> },
    /// `param NAME TYPE [= default] ["doc"]`
    Param(Box<Param<'s>>),
    /// `agent NAME { … }`: a declaration. Without a body it is [`StatementKind::AgentRef`].
    Agent { name: Box<Name<'s>>, body: Box<Body<'s>> },
    /// `secret NAME from env "VAR"` / `from file "path"`
    Secret { name: Box<Name<'s>>, source: SecretSource, value: Box<Text<'s>> },
    /// `resource NAME N`
    Resource { name: Box<Name<'s>>, capacity: Box<Number> },
    /// `criterion NAME ["title"] TEST`
    Criterion { name: Box<Name<'s>>, title: Option<Box<Text<'s>>>, test: Option<Box<Test<'s>>> },
    /// `assert CLAIM`
    Assert(Box<Assert<'s>>),
    /// `preflight { check… }`
    Preflight(Box<Body<'s>>),
    /// `wave NAME ["title"] [overlaps a, b] { … }`
    Wave(Box<Wave<'s>>),
    /// `parallel [NAME] ["title"] { … }` and `serial …`
    Block(Box<Block<'s>>),
    /// `for NAME in "a", "b" { … }`
    For { variable: Box<Name<'s>>, values: Few<Text<'s>>, body: Box<Body<'s>> },
    /// `task NAME ["title"] { … }`
    Task(Box<Task<'s>>),
    /// `gate [NAME] ["question"] { … }`
    Gate(Box<Gate<'s>>),
    /// `success { check… }`
    Success(Box<Body<'s>>),
    /// `rollback { task… }`
    Rollback(Box<Body<'s>>),
    /// `finally { task… }`
    Finally(Box<Body<'s>>),

    /// `workers N`
    Workers(Number),
    /// `agent NAME`: the default agent, or the task's.
    AgentRef(Name<'s>),
    /// `timeout D`
    Timeout(Duration),
    /// `retries N [backoff D] [feedback]`
    Retries { count: Box<Number>, backoff: Option<Box<Duration>>, feedback: Option<Box<Span>> },
    /// `budget $40`, `budget 2M tokens`, `budget $40, 2M tokens`
    Budget(Vec<Amount>),
    /// `isolation shared|worktree|copy`
    Isolation(Spanned<Isolation>),
    /// `on failure stop|cancel|continue`
    OnFailure(Spanned<OnFailure>),
    /// `env NAME "value"` / `env NAME from secret SECRET`
    Env { name: Box<Name<'s>>, value: Box<EnvValue<'s>> },
    /// `directory "path"`
    Directory(Text<'s>),
    /// `shell "bash -euo pipefail -c"`
    Shell(Text<'s>),
    /// `when PARAM == "value"` / `!=`
    When { param: Box<Name<'s>>, is_equal: bool, value: Box<Value<'s>> },
    /// `tags a, b`
    Tags(Vec<Name<'s>>),
    /// `because "why"`
    Because(Text<'s>),
    /// `after a, b` / `after any of a, b` / `after finished a`
    After { mode: AfterMode, names: References<'s> },

    /// `run "command"` / `run ["program", "argument"]`; in an agent, its program.
    Run(Command<'s>),
    /// `prompt "…"` / `prompt file "p.md"`
    Prompt { is_file: bool, text: Text<'s> },
    /// `wait 30m`
    Wait(Duration),
    /// `approve "question" [by "who"] [within D otherwise stop|continue]`; in a task or a gate.
    Approve(Box<Approve<'s>>),
    /// `reads`, `writes`, `creates`, `appends`, `forbids`, each with `except`
    Claim(Box<Claim<'s>>),
    /// `estimate 30m`, `20m..40m`, `20m..30m..1h`
    Estimate(Box<Estimate>),
    /// `cost $2`, `cost 200k tokens`, `cost $2, 200k tokens`: what one attempt is expected to cost; in a task or an agent.
    Cost(Vec<Amount>),
    /// `uses NAME [k]`, `uses a, b 2`
    Uses(Vec<Use<'s>>),
    /// `output NAME from "path"` / `output NAME from stdout`
    Output { name: Box<Name<'s>>, source: Box<OutputSource<'s>> },
    /// `may change nothing`
    MayChangeNothing,
    /// `id "author's own id"`
    Id(Text<'s>),
    /// `priority N`; the higher goes first. May be negative.
    Priority(Number),

    /// `driver NAME`
    Driver(Name<'s>),
    /// `model "name"`
    Model(Text<'s>),
    /// `instructions "file"`
    Instructions(Text<'s>),
    /// `allow "tool", …`
    Allow(Vec<Text<'s>>),
    /// `deny "tool", …`
    Deny(Vec<Text<'s>>),
    /// `instances N`
    Instances(Number),

    /// `check ["title"] TEST` / `check NAME`
    Check(Box<Check<'s>>),
    /// `on no-go stop|continue|retry up to N|skip to NAME`; in a gate.
    OnNoGo(Box<Spanned<OnNoGo<'s>>>),

    /// Text that is no statement; a diagnostic has been given for it.
    Junk,
}

impl<'s> StatementKind<'s> {
    /// The body between its `{` and `}`, when it has one (a task without braces has an empty one).
    pub fn body(&self) -> Option<&Body<'s>> {
        match self {
            StatementKind::Agent { body, .. } | StatementKind::For { body, .. } => Some(body),
            StatementKind::Preflight(body)
            | StatementKind::Success(body)
            | StatementKind::Rollback(body)
            | StatementKind::Finally(body) => Some(body),
            StatementKind::Wave(wave) => Some(&wave.body),
            StatementKind::Block(block) => Some(&block.body),
            StatementKind::Task(task) => Some(&task.body),
            StatementKind::Gate(gate) => Some(&gate.body),
            _ => None,
        }
    }

    /// As [`StatementKind::body`], to change it.
    pub fn body_mut(&mut self) -> Option<&mut Body<'s>> {
        match self {
            StatementKind::Agent { body, .. } | StatementKind::For { body, .. } => Some(body),
            StatementKind::Preflight(body)
            | StatementKind::Success(body)
            | StatementKind::Rollback(body)
            | StatementKind::Finally(body) => Some(body),
            StatementKind::Wave(wave) => Some(&mut wave.body),
            StatementKind::Block(block) => Some(&mut block.body),
            StatementKind::Task(task) => Some(&mut task.body),
            StatementKind::Gate(gate) => Some(&mut gate.body),
            _ => None,
        }
    }
}

/// `param NAME TYPE [= default] ["doc"]`
#[derive(Clone, Debug)]
pub struct Param<'s> {
    /// Its name.
    pub name: Name<'s>,
    /// Its type.
    pub kind: Spanned<ParamKind>,
    /// The choices of `one of`.
    pub choices: Vec<Text<'s>>,
    /// Its value unless `--set` gives another.
    pub default: Option<Value<'s>>,
    /// What it is for.
    pub doc: Option<Text<'s>>,
}

/// The types of a param.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// Any string.
    Text,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// `true` or `false`.
    Flag,
    /// A duration.
    Duration,
    /// A path, relative to the plan.
    Path,
    /// `one of "a", "b"`
    OneOf,
}

/// Where a secret comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// An environment variable.
    Env,
    /// A file.
    File,
}

/// The value of an environment variable.
#[derive(Clone, Debug)]
pub enum EnvValue<'s> {
    /// `"value"`
    Text(Text<'s>),
    /// `from secret NAME`
    Secret(Name<'s>),
}

/// What an assert claims.
#[derive(Clone, Debug)]
pub enum Assert<'s> {
    /// `makespan OP D`
    Makespan(Spanned<Comparison>, Duration),
    /// `speedup OP N`
    Speedup(Spanned<Comparison>, Number),
    /// `cost OP AMOUNT`
    Cost(Spanned<Comparison>, Amount),
    /// `workers OP N`
    Workers(Spanned<Comparison>, Number),
    /// `a before b`
    Before(Reference<'s>, Reference<'s>),
    /// `a alongside b`
    Alongside(Reference<'s>, Reference<'s>),
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

/// `wave NAME ["title"] [overlaps a, b] { … }`
#[derive(Clone, Debug)]
pub struct Wave<'s> {
    /// Its name.
    pub name: Name<'s>,
    /// Its title.
    pub title: Option<Text<'s>>,
    /// The waves it need not wait for.
    pub overlaps: Vec<Reference<'s>>,
    /// Its items and settings.
    pub body: Body<'s>,
}

/// `parallel` or `serial`.
#[derive(Clone, Debug)]
pub struct Block<'s> {
    /// Whether its items run one after another.
    pub is_serial: bool,
    /// Its name.
    pub name: Option<Name<'s>>,
    /// Its title.
    pub title: Option<Text<'s>>,
    /// Its items and settings.
    pub body: Body<'s>,
}

/// `task NAME ["title"] { … }`; the body may be absent: `task lint "Mend what lint finds"`.
#[derive(Clone, Debug)]
pub struct Task<'s> {
    /// Its name.
    pub name: Name<'s>,
    /// Its title; the prompt where an agent applies and no action is written.
    pub title: Option<Box<Text<'s>>>,
    /// What it says; empty, at the end of the header, when none was written.
    pub body: Body<'s>,
}

/// `gate [NAME] ["question"] { … }`
#[derive(Clone, Debug)]
pub struct Gate<'s> {
    /// Its name; `after` and `approve` at the command line may use it.
    pub name: Option<Name<'s>>,
    /// What it asks.
    pub title: Option<Text<'s>>,
    /// Checks, approvals, `on no-go`.
    pub body: Body<'s>,
}

/// How `after` waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterMode {
    /// All have succeeded.
    All,
    /// One has succeeded: `any of`.
    Any,
    /// All have ended, however: `finished`.
    Finished,
}

/// `approve "question" [by "who"] [within D otherwise stop|continue]`
#[derive(Clone, Debug)]
pub struct Approve<'s> {
    /// What is asked.
    pub question: Text<'s>,
    /// Who should answer; shown, not enforced.
    pub by: Option<Text<'s>>,
    /// How long to wait, and whether the plan continues without an answer.
    pub within: Option<(Duration, Otherwise)>,
}

/// What an unanswered approval means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Otherwise {
    /// As if rejected.
    Stop,
    /// As if approved.
    Continue,
}

/// A file claim.
#[derive(Clone, Debug)]
pub struct Claim<'s> {
    /// Which.
    pub kind: ClaimKind,
    /// `writes nothing` (or `reads nothing`): no paths, and that is said.
    pub is_nothing: bool,
    /// The globs, `path#section` among them.
    pub paths: Vec<Text<'s>>,
    /// What is taken out of them.
    pub except: Vec<Text<'s>>,
}

/// The kinds of file claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

/// `uses NAME [k]`
#[derive(Clone, Debug)]
pub struct Use<'s> {
    /// The resource.
    pub resource: Name<'s>,
    /// How much of it; 1 when not written.
    pub amount: Option<Number>,
}

/// Where an output's value comes from.
#[derive(Clone, Debug)]
pub enum OutputSource<'s> {
    /// What the task printed.
    Stdout(Span),
    /// A file's text.
    File(Text<'s>),
}

/// `isolation …`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// All work in the plan's directory.
    Shared,
    /// Every writing task works in its own git worktree.
    Worktree,
    /// Every writing task works in a copy of the directory.
    Copy,
}

/// `on failure …`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// Let running tasks end, start nothing new.
    Stop,
    /// End the running ones too.
    Cancel,
    /// Go on with whatever does not depend on the failure.
    Continue,
}

/// `check ["title"] TEST` / `check NAME`
#[derive(Clone, Debug)]
pub struct Check<'s> {
    /// What it shows.
    pub title: Option<Text<'s>>,
    /// How it is tested; none is a criterion that nobody tests (a warning).
    pub test: Option<Test<'s>>,
}

/// A test, with its place.
#[derive(Clone, Debug)]
pub struct Test<'s> {
    /// Where.
    pub span: Span,
    /// Which.
    pub kind: TestKind<'s>,
}

/// The tests of section 7 of the language.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the line above each variant shows its fields in their syntax")]
pub enum TestKind<'s> {
    /// `runs "cmd" [exits N] [prints 'regex'] [within D]`
    Runs { command: Command<'s>, exits: Option<Number>, prints: Option<Text<'s>>, within: Option<Duration> },
    /// `exists "glob"`
    Exists(Text<'s>),
    /// `missing "glob"`
    Missing(Text<'s>),
    /// `contains 'regex' in "glob"`
    Contains { pattern: Text<'s>, glob: Text<'s> },
    /// `lacks 'regex' in "glob"`
    Lacks { pattern: Text<'s>, glob: Text<'s> },
    /// `value "file.json" at "/pointer" OP N`
    ValueAt { file: Text<'s>, pointer: Text<'s>, comparison: Spanned<Comparison>, number: Number },
    /// `value of "cmd" OP N`
    ValueOf { command: Command<'s>, comparison: Spanned<Comparison>, number: Number },
    /// `judged by AGENT "question"`
    Judged { agent: Name<'s>, question: Text<'s> },
    /// `manual`
    Manual,
    /// `check NAME`: a criterion declared elsewhere.
    Named(Name<'s>),
}

/// `on no-go …`
#[derive(Clone, Debug)]
pub enum OnNoGo<'s> {
    /// End the plan as failed.
    Stop,
    /// Go on; the failed criterion stays on the record.
    Continue,
    /// Run the wave again, at most so many times.
    Retry(Number),
    /// Leave out everything up to there.
    SkipTo(Reference<'s>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_small() {
        // A large plan has a hundred thousand of them, and every pass walks over all.
        assert!(size_of::<Statement<'_>>() <= 48, "{}", size_of::<Statement<'_>>());
    }
}
