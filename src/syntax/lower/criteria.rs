//! Checks and their tests, and what a gate says.

use super::{Lower, Parts};
use crate::syntax::ast::{Check, OnNoGo, Spanned, StatementKind, Test, TestKind};
use crate::syntax::grammar::Rule;
use crate::syntax::messages;
use pest::iterators::Pair;

impl Lower {
    pub(super) fn check<'s>(&mut self, parts: &mut Parts<'s>) -> Option<StatementKind<'s>> {
        let title = self.text_if(parts);
        let test = match parts.next() {
            Some(test) => Some(self.test(test)?),
            None => None,
        };
        Some(StatementKind::Check(Box::new(Check { title, test })))
    }

    pub(super) fn test<'s>(&mut self, test: Pair<'s, Rule>) -> Option<Test<'s>> {
        let span = self.span(&test);
        let rule = test.as_rule();
        if rule == Rule::criterion_name {
            return Some(Test { span, kind: TestKind::Named(self.name(test)) });
        }
        let mut inner = Parts::of(test.into_inner());
        let parts = &mut inner;
        let kind = match rule {
            Rule::runs => self.runs(parts)?,
            Rule::exists => TestKind::Exists(self.next_text(parts)),
            Rule::missing => TestKind::Missing(self.next_text(parts)),
            Rule::contains | Rule::lacks => {
                let pattern = self.next_text(parts);
                parts.must();
                let glob = self.next_text(parts);
                if rule == Rule::contains {
                    TestKind::Contains { pattern, glob }
                } else {
                    TestKind::Lacks { pattern, glob }
                }
            }
            Rule::value_at => {
                let file = self.next_text(parts);
                parts.must();
                let pointer = self.next_text(parts);
                let comparison = self.comparison(&parts.must());
                let number = parts.must();
                TestKind::ValueAt { file, pointer, comparison, number: self.number(number)? }
            }
            Rule::value_of => {
                let command = self.command(parts);
                let comparison = self.comparison(&parts.must());
                let number = parts.must();
                TestKind::ValueOf { command, comparison, number: self.number(number)? }
            }
            Rule::judged => {
                parts.must();
                TestKind::Judged { agent: self.next_name(parts), question: self.next_text(parts) }
            }
            _ => TestKind::Manual,
        };
        Some(Test { span, kind })
    }

    fn runs<'s>(&mut self, parts: &mut Parts<'s>) -> Option<TestKind<'s>> {
        let command = self.command(parts);
        let (mut exits, mut prints, mut within) = (None, None, None);
        for part in parts.by_ref() {
            let span = self.span(&part);
            let rule = part.as_rule();
            let mut inner = Parts::of(part.into_inner());
            let (word, is_again) = match rule {
                Rule::exits => ("exits", exits.is_some()),
                Rule::prints => ("prints", prints.is_some()),
                _ => ("within", within.is_some()),
            };
            if is_again {
                self.diagnostics.push(messages::said_twice(word, span));
            }
            match rule {
                Rule::exits => exits = Some(self.next_count(&mut inner)?),
                Rule::prints => prints = Some(self.next_text(&mut inner)),
                _ => within = Some(self.next_duration(&mut inner)?),
            }
        }
        Some(TestKind::Runs { command, exits, prints, within })
    }

    pub(super) fn on_no_go<'s>(&mut self, parts: &mut Parts<'s>) -> Option<StatementKind<'s>> {
        parts.take_if(Rule::on_no_go_words);
        let decision = parts.must();
        let span = self.span(&decision);
        let rule = decision.as_rule();
        let mut inner = Parts::of(decision.into_inner());
        let value = match rule {
            Rule::no_go_stop => OnNoGo::Stop,
            Rule::no_go_continue => OnNoGo::Continue,
            Rule::no_go_retry => {
                inner.must();
                OnNoGo::Retry(self.next_count(&mut inner)?)
            }
            _ => {
                inner.must();
                let name = inner.must();
                OnNoGo::SkipTo(self.reference(name))
            }
        };
        Some(StatementKind::OnNoGo(Box::new(Spanned { value, span })))
    }
}
