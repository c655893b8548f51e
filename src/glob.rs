//! Path patterns as automata: match, intersect, take away, and a shortest path that two patterns share.
//!
//! Knows nothing of plans, tasks or the disk. Paths are relative, with `/` between parts, no empty part and no `.`;
//! `..` may stand at the very beginning only. A pattern means:
//!
//! | pattern | matches |
//! |---|---|
//! | `*` | any run of characters inside one part of a path, a leading dot included |
//! | `?` | one character but `/` |
//! | `[a-z_]` `[!a]` `[^a]` | one character (not) in the set, never `/` |
//! | `**` as a whole part | any number of directories, none included; at the end: every file below |
//! | `src/` | the same as `src/**` |
//! | `{a,b/c}` | either; they nest |
//! | `\*` | the character itself |
//!
//! `**` beside other characters in one part means `*`, as in `.gitignore`. Letters match by case; [`Pattern::folded`]
//! gives the pattern as a file system sees it that does not tell `A` from `a`.

mod automaton;
mod parse;
mod plain;
mod search;

use automaton::Program;
use plain::Plain;
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::OnceLock;

/// A path pattern.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: Box<str>,
    shape: Shape,
    /// Made when first asked for: of a large plan's patterns few are ever run.
    program: OnceLock<Box<Program>>,
}

/// What is known of a pattern without running it.
#[derive(Clone, Debug)]
enum Shape {
    /// Letters, `/` and `*` alone: all that there is to know is a place in the text.
    Plain(Plain),
    /// Any other.
    Any(Box<Facts>),
}

/// Of any other.
#[derive(Clone, Debug)]
struct Facts {
    alternatives: Vec<parse::Alternative>,
    literal: Option<String>,
    prefix: String,
    suffix: String,
    /// The names at the first and at the last places of every match, nearest the end first; empty for a literal.
    heads: Vec<Option<String>>,
    tails: Vec<Option<String>>,
}

/// So many parts from either end are compared before the automata are asked.
pub(crate) const MOST_PLACES: usize = 4;

/// Why a text is no pattern, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What is wrong.
    pub kind: ErrorKind,
    /// The bytes of the text that are wrong.
    pub range: Range<usize>,
}

/// What is wrong with a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// There is nothing.
    Empty,
    /// It begins with `/`.
    Absolute,
    /// `..` comes after a part that is no plain name.
    Parent,
    /// A `[` has no `]`.
    UnclosedClass,
    /// `[a/b]`: a set cannot hold the separator.
    SlashInClass,
    /// `[z-a]`.
    BackwardRange,
    /// A `{` has no `}`.
    UnclosedBrace,
    /// A `}` has no `{`.
    UnopenedBrace,
    /// `\` with nothing behind it.
    TrailingEscape,
    /// Its braces stand for more than 1,000 patterns, or the pattern is longer than 100,000 characters.
    TooLarge,
    /// A NUL, which no path holds.
    Nul,
}

impl ErrorKind {
    /// A lower-case fact without a full stop.
    pub fn message(self) -> &'static str {
        match self {
            ErrorKind::Empty => "the pattern is empty",
            ErrorKind::Absolute => "the path is absolute, but paths are relative to the plan's directory",
            ErrorKind::Parent => "`..` stands behind a wildcard",
            ErrorKind::UnclosedClass => "`[` is never closed",
            ErrorKind::SlashInClass => "`/` stands inside `[…]`, which matches within one part of a path",
            ErrorKind::BackwardRange => "the range runs backwards",
            ErrorKind::UnclosedBrace => "`{` is never closed",
            ErrorKind::UnopenedBrace => "`}` closes nothing",
            ErrorKind::TrailingEscape => "`\\` escapes nothing",
            ErrorKind::TooLarge => "the pattern is too large",
            ErrorKind::Nul => "a path cannot hold a NUL",
        }
    }
}

/// Whether a text is a pattern. As [`Pattern::parse`], which makes one of it, but most texts need no more than a look.
pub fn judge(text: &str) -> Result<(), Error> {
    match Plain::of(text) {
        Some(_) => Ok(()),
        None => parse::parse(text).map(|_| ()),
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.message())
    }
}

impl std::error::Error for Error {}

impl Pattern {
    /// Reads a pattern.
    pub fn parse(text: &str) -> Result<Pattern, Error> {
        let shape = match Plain::of(text) {
            Some(plain) => Shape::Plain(plain),
            None => Shape::Any(Box::new(Facts::of(parse::parse(text)?))),
        };
        Ok(Pattern { text: text.into(), shape, program: OnceLock::new() })
    }

    /// The pattern that matches exactly `path`, whatever characters it holds. None for what is no path.
    pub fn exactly(path: &str) -> Option<Pattern> {
        let mut escaped = String::with_capacity(path.len());
        for c in path.chars() {
            if matches!(c, '*' | '?' | '[' | ']' | '{' | '}' | '\\' | ',') {
                escaped.push('\\');
            }
            escaped.push(c);
        }
        Pattern::parse(&escaped).ok()
    }

    fn alternatives(&self) -> Cow<'_, [parse::Alternative]> {
        match &self.shape {
            Shape::Plain(_) => {
                Cow::Owned(parse::parse(&self.text).expect("BUG: a plain pattern is a pattern"))
            }
            Shape::Any(facts) => Cow::Borrowed(&facts.alternatives),
        }
    }

    fn program(&self) -> &Program {
        self.program.get_or_init(|| Box::new(Program::new(&self.alternatives(), false)))
    }

    /// The name that every match has at that place from its beginning; none where it may differ.
    pub(crate) fn head(&self, place: usize) -> Option<&str> {
        match &self.shape {
            Shape::Plain(plain) => plain.name(self.text.split('/'), place),
            Shape::Any(facts) => match &facts.literal {
                Some(literal) => literal.split('/').nth(place),
                None => facts.heads.get(place)?.as_deref(),
            },
        }
    }

    /// The name that every match has at that place from its end; none where it may differ.
    pub(crate) fn tail(&self, place: usize) -> Option<&str> {
        match &self.shape {
            Shape::Plain(plain) => plain.name(self.text.rsplit('/'), place),
            Shape::Any(facts) => match &facts.literal {
                Some(literal) => literal.rsplit('/').nth(place),
                None => facts.tails.get(place)?.as_deref(),
            },
        }
    }

    /// The pattern as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The one path that it matches, when it has no wildcard.
    pub fn literal(&self) -> Option<&str> {
        match &self.shape {
            Shape::Plain(plain) => plain.is_literal.then_some(&self.text),
            Shape::Any(facts) => facts.literal.as_deref(),
        }
    }

    /// The directory that holds everything it can match, for a walk to begin at; empty for the plan's own.
    pub fn literal_prefix(&self) -> &str {
        let prefix = self.prefix();
        &prefix[..prefix.rfind('/').unwrap_or(0)]
    }

    /// What every path that it matches begins with; may end inside a name.
    pub(crate) fn prefix(&self) -> &str {
        match &self.shape {
            Shape::Plain(plain) => &self.text[..plain.prefix as usize],
            Shape::Any(facts) => &facts.prefix,
        }
    }

    /// What every path that it matches ends with.
    pub(crate) fn suffix(&self) -> &str {
        match &self.shape {
            Shape::Plain(plain) => &self.text[plain.suffix as usize..],
            Shape::Any(facts) => &facts.suffix,
        }
    }

    /// Whether it matches the path. A leading `./` is overlooked.
    pub fn matches(&self, path: &str) -> bool {
        let path = path.strip_prefix("./").unwrap_or(path);
        match self.literal() {
            Some(literal) => literal == path,
            None => {
                path.starts_with(self.prefix())
                    && path.ends_with(self.suffix())
                    && match self.shape {
                        Shape::Plain(_) => plain::matches(&self.text, path),
                        Shape::Any(_) => self.program().matches(path),
                    }
            }
        }
    }

    /// A path that it matches; none where that takes a search.
    fn sample(&self) -> Option<Cow<'_, str>> {
        match &self.shape {
            Shape::Plain(plain) if plain.is_literal => Some(Cow::Borrowed(&*self.text)),
            Shape::Plain(_) => Some(Cow::Owned(plain::sample(&self.text))),
            Shape::Any(facts) => facts.alternatives.first()?.sample().map(Cow::Owned),
        }
    }

    /// Whether it surely matches whatever the other does: `src/**` has all that begins with `src/`.
    fn is_plainly_around(&self, other: &Pattern) -> bool {
        let Shape::Plain(_) = self.shape else { return false };
        let Some(directory) = self.text.strip_suffix("**") else { return false };
        match directory.strip_suffix('/') {
            Some(directory) if directory.contains('*') => false,
            Some(_) => other.prefix().starts_with(directory),
            // Everything but what is above; another pattern may begin with `..`.
            None => directory.is_empty() && matches!(other.shape, Shape::Plain(_)),
        }
    }

    /// Whether some path below the directory `dir` may match; an empty `dir` is the plan's own. A walk need not enter where this is false.
    pub fn may_match_below(&self, dir: &str) -> bool {
        let dir = dir.strip_prefix("./").unwrap_or(dir).trim_end_matches('/');
        dir.is_empty() || dir == "." || self.program().may_match_below(dir)
    }

    /// The pattern as a file system sees it that does not tell upper from lower case. Give it lower-case paths.
    pub fn folded(&self) -> Pattern {
        if matches!(self.shape, Shape::Plain(_)) && !self.text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return self.clone();
        }
        let alternatives = self.alternatives().iter().map(parse::Alternative::folded).collect();
        let shape = Shape::Any(Box::new(Facts::of(alternatives)));
        Pattern { text: self.text.clone(), shape, program: OnceLock::new() }
    }

    /// Whether no path is matched by both, told from their fixed beginnings and ends alone: true is sure, false is not.
    pub fn is_plainly_disjoint(&self, other: &Pattern) -> bool {
        match (self.literal(), other.literal()) {
            (Some(a), Some(b)) => a != b,
            (Some(literal), None) => !other.matches(literal),
            (None, Some(literal)) => !self.matches(literal),
            (None, None) => {
                let (a, b) = (self.prefix().as_bytes(), other.prefix().as_bytes());
                let begin = a.iter().zip(b).all(|(a, b)| a == b);
                let (a, b) = (self.suffix().as_bytes(), other.suffix().as_bytes());
                let differ =
                    |a: Option<&str>, b: Option<&str>| matches!((a, b), (Some(a), Some(b)) if a != b);
                !begin
                    || !a.iter().rev().zip(b.iter().rev()).all(|(a, b)| a == b)
                    || (0..MOST_PLACES).any(|place| differ(self.head(place), other.head(place)))
                    || (0..MOST_PLACES).any(|place| differ(self.tail(place), other.tail(place)))
            }
        }
    }
}

impl Facts {
    fn of(alternatives: Vec<parse::Alternative>) -> Facts {
        let mut literals = alternatives.iter().map(parse::Alternative::literal_ends);
        let (mut prefix, mut suffix, is_literal) = literals.next().unwrap_or_default();
        for (other_prefix, other_suffix, _) in literals {
            prefix.truncate(common_prefix(&prefix, &other_prefix));
            let keep = common_suffix(&suffix, &other_suffix);
            suffix.drain(..suffix.len() - keep);
        }
        let literal = (alternatives.len() == 1 && is_literal).then(|| prefix.clone());
        let (heads, tails) = match literal {
            Some(_) => (Vec::new(), Vec::new()),
            None => (
                common_names(&alternatives, |alternative| alternative.names(MOST_PLACES)),
                common_names(&alternatives, |alternative| alternative.names_from_end(MOST_PLACES)),
            ),
        };
        Facts { alternatives, literal, prefix, suffix, heads, tails }
    }
}

/// The paths of a claim: what a pattern matches and no exception does.
#[derive(Clone, Debug)]
pub struct Paths {
    /// What is in it.
    pub pattern: Pattern,
    /// What is taken out.
    pub except: Vec<Pattern>,
}

impl Paths {
    /// Everything that `pattern` matches.
    pub fn of(pattern: Pattern) -> Paths {
        Paths { pattern, except: Vec::new() }
    }

    /// Reads a pattern and its exceptions.
    pub fn parse(pattern: &str, except: &[&str]) -> Result<Paths, Error> {
        let except = except.iter().map(|text| Pattern::parse(text)).collect::<Result<_, _>>()?;
        Ok(Paths { pattern: Pattern::parse(pattern)?, except })
    }

    /// Whether the path is in it.
    pub fn matches(&self, path: &str) -> bool {
        self.pattern.matches(path) && !self.except.iter().any(|except| except.matches(path))
    }

    /// As a file system sees it that does not tell upper from lower case; what is taken out is taken out in any case.
    pub fn folded(&self) -> Paths {
        Paths { pattern: self.pattern.folded(), except: self.except.iter().map(Pattern::folded).collect() }
    }

    /// Whether no path is in it.
    pub fn is_empty(&self) -> bool {
        !search::is_met(&[&self.pattern], &self.except.iter().collect::<Vec<_>>())
    }

    /// Whether the `others` have all of it.
    pub fn is_within(&self, others: &[&Pattern]) -> bool {
        !search::is_met(&[&self.pattern], &self.exceptions_and(others))
    }

    /// A path in it, as short and as plain as can be; none when it is empty.
    pub fn witness(&self) -> Option<String> {
        search::witness(&[&self.pattern], &self.except.iter().collect::<Vec<_>>())
    }

    /// Whether a path is in both.
    pub fn overlaps(&self, other: &Paths) -> bool {
        if self.pattern.is_plainly_disjoint(&other.pattern) {
            return false;
        }
        if let Some(literal) = self.pattern.literal().or(other.pattern.literal()) {
            return self.matches(literal) && other.matches(literal);
        }
        search::is_met(&[&self.pattern, &other.pattern], &self.exceptions_with(other))
    }

    /// A path in both, as short and as plain as can be; none when they share none.
    pub fn intersection(&self, other: &Paths) -> Option<String> {
        if self.pattern.is_plainly_disjoint(&other.pattern) {
            return None;
        }
        search::witness(&[&self.pattern, &other.pattern], &self.exceptions_with(other))
    }

    /// A path in this one that none of the `others` has; none when they have all of it.
    pub fn difference(&self, others: &[&Pattern]) -> Option<String> {
        search::witness(&[&self.pattern], &self.exceptions_and(others))
    }

    fn exceptions_and<'p>(&'p self, others: &[&'p Pattern]) -> Vec<&'p Pattern> {
        self.except.iter().chain(others.iter().copied()).collect()
    }

    fn exceptions_with<'p>(&'p self, other: &'p Paths) -> Vec<&'p Pattern> {
        self.except.iter().chain(&other.except).collect()
    }
}

/// The names that all alternatives have at the same places.
fn common_names(
    alternatives: &[parse::Alternative],
    names: impl Fn(&parse::Alternative) -> Vec<Option<String>>,
) -> Vec<Option<String>> {
    let mut all = alternatives.iter().map(names);
    let mut common = all.next().unwrap_or_default();
    for names in all {
        common.truncate(names.len());
        for (name, other) in common.iter_mut().zip(names) {
            if *name != other {
                *name = None;
            }
        }
    }
    common
}

fn common_prefix(a: &str, b: &str) -> usize {
    a.char_indices().zip(b.chars()).find(|((_, a), b)| a != b).map_or(a.len().min(b.len()), |((at, _), _)| at)
}

fn common_suffix(a: &str, b: &str) -> usize {
    a.chars().rev().zip(b.chars().rev()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every text of four pieces.
    fn texts() -> impl Iterator<Item = String> {
        const PIECES: [&str; 8] = ["a", "b.c", "*", "**", "/", ".", "..", "/**/"];
        (0..PIECES.len().pow(4)).map(|number| {
            (0..4).map(|place| PIECES[number / PIECES.len().pow(place) % PIECES.len()]).collect()
        })
    }

    #[test]
    fn a_plain_pattern_is_known_as_any_other_is() {
        let mut count = 0;
        for text in texts() {
            let Some(_) = Plain::of(&text) else { continue };
            let plain = Pattern::parse(&text).unwrap();
            let facts = Facts::of(parse::parse(&text).unwrap());
            let any = Pattern { shape: Shape::Any(Box::new(facts)), ..plain.clone() };
            let known = |pattern: &Pattern| {
                let places = (0..=MOST_PLACES)
                    .map(|at| [pattern.head(at), pattern.tail(at)].map(|it| it.map(str::to_owned)));
                let ends = [pattern.prefix(), pattern.suffix(), pattern.literal_prefix()].map(str::to_owned);
                (pattern.literal().map(str::to_owned), ends, places.collect::<Vec<_>>())
            };
            assert_eq!(known(&plain), known(&any), "{text}");
            count += 1;
        }
        assert!(count > 1_000, "{count}");
    }

    #[test]
    fn a_plain_pattern_matches_as_its_automaton_does() {
        let paths: Vec<String> =
            ["x", "é", "a/é", "aé/a", "a\0", "...", "a//a", "../a", "a/b.c/a/b.c/a", "a/a/b.c/x/b.cb.c/a"]
                .map(str::to_owned)
                .into_iter()
                .chain(texts().map(|text| text.replace('*', "a")))
                .collect();
        for text in texts().step_by(7) {
            let pattern = Pattern::parse(&text);
            let Ok(pattern) = pattern.as_ref() else { continue };
            let sample = pattern.sample().expect("there are no sets");
            assert!(pattern.matches(&sample) && pattern.program().matches(&sample), "{sample} for {text}");
            let Shape::Plain(_) = pattern.shape else { continue };
            for path in paths.iter().step_by(3) {
                assert_eq!(plain::matches(&text, path), pattern.program().matches(path), "{text} on {path}");
            }
        }
    }

    #[test]
    fn a_text_is_judged_as_it_is_read() {
        for text in texts().chain(["{a,b}", "{a", "[a", "a\\", "", "/a", "a/[z-a]"].map(str::to_owned)) {
            assert_eq!(judge(&text), Pattern::parse(&text).map(|_| ()), "{text}");
        }
    }
}
