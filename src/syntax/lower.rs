//! Pairs of the grammar to statements of the tree: one function a rule.
//!
//! What the grammar reads leniently (numbers, durations, strings) is judged here, with a diagnostic of its own.
//! Knows nothing of braces and of what is no statement at all.

mod criteria;
mod items;
mod settings;
mod values;

pub(super) use values::{read_duration, read_number};

use super::ast::{Body, Name, Reference, Spanned, StatementKind, Text};
use super::grammar::Rule;
use super::{messages, text};
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Span};
use pest::iterators::{Pair, Pairs};

/// Lowers the pairs of one file's segments.
pub(super) struct Lower {
    /// The file.
    pub file: FileId,
    /// Where the segment that is being lowered begins in it.
    pub base: usize,
    /// What was found.
    pub diagnostics: Vec<Diagnostic>,
}

/// The pairs inside a statement, without its comments.
pub(super) struct Parts<'s>(Pairs<'s, Rule>);

impl<'s> Parts<'s> {
    /// The parts among these pairs.
    pub fn of(pairs: Pairs<'s, Rule>) -> Parts<'s> {
        Parts(pairs)
    }

    /// The next part; the grammar says that there is one.
    fn must(&mut self) -> Pair<'s, Rule> {
        self.next().expect("BUG: the grammar promises another part")
    }

    /// The next part's rule.
    fn peek(&mut self) -> Option<Rule> {
        while self.0.peek()?.as_rule() == Rule::comment {
            self.0.next();
        }
        self.0.peek().map(|pair| pair.as_rule())
    }

    /// The next part when it is of this rule.
    fn take_if(&mut self, rule: Rule) -> Option<Pair<'s, Rule>> {
        if self.peek() == Some(rule) { self.next() } else { None }
    }
}

impl<'s> Iterator for Parts<'s> {
    type Item = Pair<'s, Rule>;

    fn next(&mut self) -> Option<Pair<'s, Rule>> {
        self.0.find(|pair| pair.as_rule() != Rule::comment)
    }
}

/// The first word of a statement's text: its keyword, where that is one word.
pub(super) fn first_word(text: &str) -> &str {
    let length = text.bytes().take_while(u8::is_ascii_lowercase).count();
    &text[..length]
}

impl Lower {
    /// The place of a pair in the file.
    pub fn span(&self, pair: &Pair<'_, Rule>) -> Span {
        let span = pair.as_span();
        Span::new(self.file, self.base + span.start(), self.base + span.end())
    }

    /// The place of a statement's keyword.
    pub fn keyword(&self, statement: &Pair<'_, Rule>) -> Span {
        match statement.as_rule() {
            Rule::on_failure | Rule::on_no_go | Rule::may_change_nothing => {
                let words = statement.clone().into_inner().next();
                self.span(&words.expect("BUG: a keyword of several words is a pair"))
            }
            _ => {
                let start = self.base + statement.as_span().start();
                Span::new(self.file, start, start + first_word(statement.as_str()).len())
            }
        }
    }

    /// A statement that the grammar read; junk when one of its values makes no sense.
    pub fn statement<'s>(&mut self, pair: Pair<'s, Rule>) -> StatementKind<'s> {
        let rule = pair.as_rule();
        let keyword = first_word(pair.as_str());
        let kind = self.rest(rule, keyword, Parts::of(pair.into_inner()));
        self.diagnostics.truncate(super::MOST_KEPT);
        kind.unwrap_or(StatementKind::Junk)
    }

    /// What stands behind a keyword.
    pub fn rest<'s>(&mut self, rule: Rule, keyword: &str, mut parts: Parts<'s>) -> Option<StatementKind<'s>> {
        let parts = &mut parts;
        match rule {
            Rule::plan => self.plan(parts),
            Rule::use_file => Some(StatementKind::Use { path: self.next_text(parts) }),
            Rule::param => self.param(parts),
            Rule::agent => self.agent(parts),
            Rule::secret => self.secret(parts),
            Rule::resource => self.resource(parts),
            Rule::criterion => self.criterion(parts),
            Rule::assert => self.assert(parts),
            Rule::section => self.section(keyword, parts),
            Rule::wave => self.wave(parts),
            Rule::block => self.block(keyword, parts),
            Rule::for_each => self.for_each(parts),
            Rule::task => self.task(parts),
            Rule::gate => self.gate(parts),
            Rule::text_setting => self.text_setting(keyword, parts),
            Rule::count_setting => self.count_setting(keyword, parts),
            Rule::time_setting => self.time_setting(keyword, parts),
            Rule::amount_setting => self.amount_setting(keyword, parts),
            Rule::retries => self.retries(parts),
            Rule::isolation => self.isolation(parts),
            Rule::on_failure => self.on_failure(parts),
            Rule::env => self.env(parts),
            Rule::when => self.when(parts),
            Rule::tags => Some(StatementKind::Tags(self.names(parts))),
            Rule::after => self.after(parts),
            Rule::run => Some(StatementKind::Run(self.command(parts))),
            Rule::prompt => self.prompt(parts),
            Rule::approve => self.approve(parts),
            Rule::claim => self.claim(keyword, parts),
            Rule::estimate => self.estimate(parts),
            Rule::uses => self.uses(parts),
            Rule::output => self.output(parts),
            Rule::may_change_nothing => Some(StatementKind::MayChangeNothing),
            Rule::driver => Some(StatementKind::Driver(self.next_name(parts))),
            Rule::tools => self.tools(keyword, parts),
            Rule::check => self.check(parts),
            Rule::on_no_go => self.on_no_go(parts),
            rule => unreachable!("BUG: {rule:?} is no statement"),
        }
    }

    // ---- Parts that many statements have ----------------------------------------------------------------

    /// A name; a hole in it has no blanks.
    fn name<'s>(&mut self, pair: Pair<'s, Rule>) -> Name<'s> {
        let name = Name::new(pair.as_str(), self.span(&pair));
        if name.text.contains(' ') {
            self.diagnostics.push(messages::blank_in_name_hole(&name));
        }
        name
    }

    fn next_name<'s>(&mut self, parts: &mut Parts<'s>) -> Name<'s> {
        let pair = parts.must();
        self.name(pair)
    }

    fn name_if<'s>(&mut self, parts: &mut Parts<'s>) -> Option<Name<'s>> {
        let pair = parts.take_if(Rule::name)?;
        Some(self.name(pair))
    }

    fn names<'s>(&mut self, parts: &mut Parts<'s>) -> Vec<Name<'s>> {
        let mut names = Vec::with_capacity(1);
        while let Some(name) = self.name_if(parts) {
            names.push(name);
        }
        names
    }

    fn reference<'s>(&mut self, pair: Pair<'s, Rule>) -> Reference<'s> {
        let span = self.span(&pair);
        let reference = Reference::new(pair.as_str(), span);
        for part in reference.parts() {
            if part.text.contains(' ') {
                self.diagnostics.push(messages::blank_in_name_hole(&part));
            }
        }
        reference
    }

    fn references<'s>(&mut self, parts: &mut Parts<'s>) -> Vec<Reference<'s>> {
        let mut references = Vec::with_capacity(1);
        while let Some(pair) = parts.take_if(Rule::reference) {
            references.push(self.reference(pair));
        }
        references
    }

    fn text<'s>(&mut self, pair: Pair<'s, Rule>) -> Text<'s> {
        let span = self.span(&pair);
        text::read(pair.as_str(), span, &mut self.diagnostics)
    }

    fn next_text<'s>(&mut self, parts: &mut Parts<'s>) -> Text<'s> {
        let pair = parts.must();
        self.text(pair)
    }

    fn text_if<'s>(&mut self, parts: &mut Parts<'s>) -> Option<Text<'s>> {
        let pair = parts.take_if(Rule::string)?;
        Some(self.text(pair))
    }

    fn texts<'s>(&mut self, parts: &mut Parts<'s>) -> Vec<Text<'s>> {
        let mut texts = Vec::with_capacity(1);
        while let Some(text) = self.text_if(parts) {
            texts.push(text);
        }
        texts
    }

    /// One of a few words, with its place.
    fn choice<T>(&self, pair: &Pair<'_, Rule>, of: impl FnOnce(&str) -> T) -> Spanned<T> {
        Spanned { value: of(pair.as_str()), span: self.span(pair) }
    }

    /// A body, empty until the splitter's braces fill it; at the `{`, or at the end of the header without one.
    fn body<'s>(&mut self, parts: &mut Parts<'s>, header: Span) -> Body<'s> {
        let span = match parts.take_if(Rule::open) {
            Some(open) => self.span(&open),
            None => header.at_end(),
        };
        Body { statements: Box::default(), span }
    }
}
