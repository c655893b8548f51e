//! Items: what a plan is made of.

use super::{Lower, Parts};
use crate::syntax::ast::{
    Assert, Block, Gate, Param, ParamKind, SecretSource, Spanned, StatementKind, Task, Wave,
};
use crate::syntax::grammar::Rule;

impl Lower {
    pub(super) fn plan<'s>(&mut self, parts: &mut Parts<'s>) -> Option<StatementKind<'s>> {
        Some(StatementKind::Plan {
            name: Box::new(self.next_name(parts)),
            title: self.text_if(parts).map(Box::new),
        })
    }

    pub(super) fn param<'s>(&mut self, parts: &mut Parts<'s>) -> Option<StatementKind<'s>> {
        let name = self.next_name(parts);
        let kind = parts.must();
        let mut choices = Vec::new();
        let kind = if kind.as_rule() == Rule::one_of {
            choices = self.texts(&mut Parts::of(parts.must().into_inner()));
            Spanned { value: ParamKind::OneOf, span: self.span(&kind) }
        } else {
            self.choice(&kind, |word| match word {
                "text" => ParamKind::Text,
                "integer" => ParamKind::Integer,
                "number" => ParamKind::Number,
                "flag" => ParamKind::Flag,
                "duration" => ParamKind::Duration,
                _ => ParamKind::Path,
            })
        };
        let default = match parts.take_if(Rule::default) {
            Some(default) => Some(self.value(Parts::of(default.into_inner()).must())?),
            None => None,
        };
        let doc = self.text_if(parts);
        Some(StatementKind::Param(Box::new(Param { name, kind, choices, default, doc })))
    }

    pub(super) fn agent<'s>(&mut self, parts: &mut Parts<'s>) -> Option<StatementKind<'s>> {
        let name = self.next_name(parts);
        Some(match parts.peek() {
            Some(Rule::open) => {
                let header = name.span();
                StatementKind::Agent { name: Box::new(name), body: Box::new(self.body(parts, header)) }
            }
            _ => StatementKind::AgentRef(name),
        })
    }

    pub(super) fn secret<'s>(&mut self, parts: &mut Parts<'s>) -> Option<StatementKind<'s>> {
        let name = self.next_name(parts);
        parts.must();
        let source = match parts.must().as_rule() {
            Rule::from_env => SecretSource::Env,
            _ => SecretSource::File,
        };
        Some(StatementKind::Secret { name: Box::new(name), source, value: Box::new(self.next_text(parts)) })
    }

    pub(super) fn resource<'s>(&mut self, parts: &mut Parts<'s>) -> Option<StatementKind<'s>> {
        let name = self.next_name(parts);
        Some(StatementKind::Resource { name: Box::new(name), capacity: Box::new(self.next_count(parts)?) })
    }

    pub(super) fn criterion<'s>(&mut self, parts: &mut Parts<'s>) -> Option<StatementKind<'s>> {
        let name = Box::new(self.next_name(parts));
        let title = self.text_if(parts).map(Box::new);
        let test = match parts.next() {
            Some(test) => Some(Box::new(self.test(test)?)),
            None => None,
        };
        Some(StatementKind::Criterion { name, title, test })
    }

    pub(super) fn assert<'s>(&mut self, parts: &mut Parts<'s>) -> Option<StatementKind<'s>> {
        let claim = parts.must();
        let rule = claim.as_rule();
        let mut parts = Parts::of(claim.into_inner());
        if rule == Rule::order {
            let pair = parts.must();
            let left = self.reference(pair);
            let is_before = parts.must().as_rule() == Rule::before;
            let pair = parts.must();
            let right = self.reference(pair);
            let claim = if is_before { Assert::Before(left, right) } else { Assert::Alongside(left, right) };
            return Some(StatementKind::Assert(Box::new(claim)));
        }
        let comparison = self.comparison(&parts.must());
        let bound = parts.must();
        Some(StatementKind::Assert(Box::new(match rule {
            Rule::makespan => Assert::Makespan(comparison, self.duration(bound)?),
            Rule::speedup => Assert::Speedup(comparison, self.number(bound)?),
            Rule::cost => Assert::Cost(comparison, self.amount(bound)?),
            _ => Assert::Workers(comparison, self.count(bound)?),
        })))
    }

    pub(super) fn section<'s>(&mut self, keyword: &str, parts: &mut Parts<'s>) -> Option<StatementKind<'s>> {
        let open = parts.take_if(Rule::open).expect("BUG: the grammar promises a body");
        let body = Box::new(crate::syntax::ast::Body { statements: Box::default(), span: self.span(&open) });
        Some(match keyword {
            "preflight" => StatementKind::Preflight(body),
            "rollback" => StatementKind::Rollback(body),
            "finally" => StatementKind::Finally(body),
            _ => StatementKind::Success(body),
        })
    }

    pub(super) fn wave<'s>(&mut self, parts: &mut Parts<'s>) -> Option<StatementKind<'s>> {
        let name = self.next_name(parts);
        let title = self.text_if(parts);
        let overlaps = match parts.take_if(Rule::overlaps) {
            Some(overlaps) => self.references(&mut Parts::of(overlaps.into_inner())),
            None => Vec::new(),
        };
        let header = name.span();
        let body = self.body(parts, header);
        Some(StatementKind::Wave(Box::new(Wave { name, title, overlaps, body })))
    }

    pub(super) fn block<'s>(&mut self, keyword: &str, parts: &mut Parts<'s>) -> Option<StatementKind<'s>> {
        let is_serial = keyword == "serial";
        let name = self.name_if(parts);
        let title = self.text_if(parts);
        let open = parts.must();
        let body = crate::syntax::ast::Body { statements: Box::default(), span: self.span(&open) };
        Some(StatementKind::Block(Box::new(Block { is_serial, name, title, body })))
    }

    pub(super) fn for_each<'s>(&mut self, parts: &mut Parts<'s>) -> Option<StatementKind<'s>> {
        let variable = Box::new(self.next_name(parts));
        parts.must();
        let values = self.texts(parts).into();
        let header = variable.span();
        Some(StatementKind::For { variable, values, body: Box::new(self.body(parts, header)) })
    }

    pub(super) fn task<'s>(&mut self, parts: &mut Parts<'s>) -> Option<StatementKind<'s>> {
        let name = self.next_name(parts);
        let title = self.text_if(parts);
        let header = title.as_ref().map_or(name.span(), |title| title.span());
        let body = self.body(parts, header);
        Some(StatementKind::Task(Box::new(Task { name, title: title.map(Box::new), body })))
    }

    pub(super) fn gate<'s>(&mut self, parts: &mut Parts<'s>) -> Option<StatementKind<'s>> {
        let name = self.name_if(parts);
        let title = self.text_if(parts);
        let open = parts.must();
        let body = crate::syntax::ast::Body { statements: Box::default(), span: self.span(&open) };
        Some(StatementKind::Gate(Box::new(Gate { name, title, body })))
    }
}
