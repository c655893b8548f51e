//! Settings, and what a task and an agent say of themselves.

use super::{Lower, Parts};
use crate::syntax::ast::{
    AfterMode, Approve, Claim, ClaimKind, Command, EnvValue, Isolation, OnFailure, Otherwise, OutputSource,
    Program, References, StatementKind, Use,
};
use crate::syntax::grammar::Rule;
use crate::syntax::messages;

impl Lower {
    pub(super) fn text_setting<'s>(
        &mut self,
        keyword: &str,
        parts: &mut Parts<'s>,
    ) -> Option<StatementKind<'s>> {
        let text = self.next_text(parts);
        Some(match keyword {
            "directory" => StatementKind::Directory(text),
            "because" => StatementKind::Because(text),
            "shell" => StatementKind::Shell(text),
            "model" => StatementKind::Model(text),
            "instructions" => StatementKind::Instructions(text),
            _ => StatementKind::Id(text),
        })
    }

    pub(super) fn count_setting<'s>(
        &mut self,
        keyword: &str,
        parts: &mut Parts<'s>,
    ) -> Option<StatementKind<'s>> {
        Some(match keyword {
            "workers" => StatementKind::Workers(self.next_count(parts)?),
            "instances" => StatementKind::Instances(self.next_count(parts)?),
            _ => {
                let number = parts.must();
                StatementKind::Priority(self.whole(number)?)
            }
        })
    }

    pub(super) fn time_setting<'s>(
        &mut self,
        keyword: &str,
        parts: &mut Parts<'s>,
    ) -> Option<StatementKind<'s>> {
        let duration = self.next_duration(parts)?;
        Some(match keyword {
            "wait" => StatementKind::Wait(duration),
            _ => StatementKind::Timeout(duration),
        })
    }

    pub(super) fn amount_setting<'s>(
        &mut self,
        keyword: &str,
        parts: &mut Parts<'s>,
    ) -> Option<StatementKind<'s>> {
        let amounts = self.amounts(parts)?;
        Some(match keyword {
            "cost" => StatementKind::Cost(amounts),
            _ => StatementKind::Budget(amounts),
        })
    }

    pub(super) fn retries<'s>(&mut self, parts: &mut Parts<'s>) -> Option<StatementKind<'s>> {
        let count = Box::new(self.next_count(parts)?);
        let (mut backoff, mut feedback) = (None, None);
        for part in parts.by_ref() {
            let span = self.span(&part);
            if part.as_rule() == Rule::backoff {
                if backoff.is_some() {
                    self.diagnostics.push(messages::said_twice("backoff", span));
                }
                backoff = Some(Box::new(self.next_duration(&mut Parts::of(part.into_inner()))?));
            } else {
                if feedback.is_some() {
                    self.diagnostics.push(messages::said_twice("feedback", span));
                }
                feedback = Some(Box::new(span));
            }
        }
        Some(StatementKind::Retries { count, backoff, feedback })
    }

    pub(super) fn isolation<'s>(&mut self, parts: &mut Parts<'s>) -> Option<StatementKind<'s>> {
        let kind = self.choice(&parts.must(), |word| match word {
            "shared" => Isolation::Shared,
            "worktree" => Isolation::Worktree,
            _ => Isolation::Copy,
        });
        Some(StatementKind::Isolation(kind))
    }

    pub(super) fn on_failure<'s>(&mut self, parts: &mut Parts<'s>) -> Option<StatementKind<'s>> {
        parts.take_if(Rule::on_failure_words);
        let kind = self.choice(&parts.must(), |word| match word {
            "stop" => OnFailure::Stop,
            "cancel" => OnFailure::Cancel,
            _ => OnFailure::Continue,
        });
        Some(StatementKind::OnFailure(kind))
    }

    pub(super) fn env<'s>(&mut self, parts: &mut Parts<'s>) -> Option<StatementKind<'s>> {
        let name = self.next_name(parts);
        let value = parts.must();
        let value = match value.as_rule() {
            Rule::from_secret => {
                let mut inner = Parts::of(value.into_inner());
                inner.must();
                inner.must();
                EnvValue::Secret(self.next_name(&mut inner))
            }
            _ => EnvValue::Text(self.text(value)),
        };
        Some(StatementKind::Env { name: Box::new(name), value: Box::new(value) })
    }

    pub(super) fn when<'s>(&mut self, parts: &mut Parts<'s>) -> Option<StatementKind<'s>> {
        let param = Box::new(self.next_name(parts));
        let is_equal = parts.must().as_str() == "==";
        let value = parts.must();
        Some(StatementKind::When { param, is_equal, value: Box::new(self.value(value)?) })
    }

    pub(super) fn after<'s>(&mut self, parts: &mut Parts<'s>) -> Option<StatementKind<'s>> {
        let mode = if parts.take_if(Rule::any_of).is_some() {
            AfterMode::Any
        } else if parts.take_if(Rule::finished).is_some() {
            AfterMode::Finished
        } else {
            AfterMode::All
        };
        Some(StatementKind::After { mode, names: References::Each(self.references(parts).into()) })
    }

    /// `"command"` or `["program", "argument"]`.
    pub(super) fn command<'s>(&mut self, parts: &mut Parts<'s>) -> Command<'s> {
        let command = parts.must();
        match command.as_rule() {
            Rule::program => {
                let span = self.span(&command);
                let words = self.texts(&mut Parts::of(command.into_inner()));
                Command::Program(Box::new(Program { words, span }))
            }
            _ => Command::Shell(self.text(command)),
        }
    }

    pub(super) fn prompt<'s>(&mut self, parts: &mut Parts<'s>) -> Option<StatementKind<'s>> {
        let is_file = parts.take_if(Rule::prompt_file).is_some();
        Some(StatementKind::Prompt { is_file, text: self.next_text(parts) })
    }

    pub(super) fn approve<'s>(&mut self, parts: &mut Parts<'s>) -> Option<StatementKind<'s>> {
        let question = self.next_text(parts);
        let (mut by, mut within) = (None, None);
        for part in parts.by_ref() {
            let span = self.span(&part);
            let rule = part.as_rule();
            let mut inner = Parts::of(part.into_inner());
            if rule == Rule::by {
                if by.is_some() {
                    self.diagnostics.push(messages::said_twice("by", span));
                }
                by = Some(self.next_text(&mut inner));
            } else {
                if within.is_some() {
                    self.diagnostics.push(messages::said_twice("within", span));
                }
                let patience = self.next_duration(&mut inner)?;
                inner.must();
                let otherwise = match inner.must().as_str() {
                    "stop" => Otherwise::Stop,
                    _ => Otherwise::Continue,
                };
                within = Some((patience, otherwise));
            }
        }
        Some(StatementKind::Approve(Box::new(Approve { question, by, within })))
    }

    pub(super) fn claim<'s>(&mut self, keyword: &str, parts: &mut Parts<'s>) -> Option<StatementKind<'s>> {
        let kind = match keyword {
            "reads" => ClaimKind::Reads,
            "creates" => ClaimKind::Creates,
            "appends" => ClaimKind::Appends,
            "forbids" => ClaimKind::Forbids,
            _ => ClaimKind::Writes,
        };
        let is_nothing = parts.take_if(Rule::nothing).is_some();
        let paths = self.texts(parts);
        let except = match parts.take_if(Rule::except) {
            Some(except) => self.texts(&mut Parts::of(except.into_inner())),
            None => Vec::new(),
        };
        Some(StatementKind::Claim(Box::new(Claim { kind, is_nothing, paths, except })))
    }

    pub(super) fn uses<'s>(&mut self, parts: &mut Parts<'s>) -> Option<StatementKind<'s>> {
        let mut uses = Vec::with_capacity(1);
        while let Some(resource) = self.name_if(parts) {
            let amount = match parts.take_if(Rule::whole) {
                Some(amount) => Some(self.count(amount)?),
                None => None,
            };
            uses.push(Use { resource, amount });
        }
        Some(StatementKind::Uses(uses))
    }

    pub(super) fn output<'s>(&mut self, parts: &mut Parts<'s>) -> Option<StatementKind<'s>> {
        let name = self.next_name(parts);
        parts.must();
        let source = parts.must();
        let source = match source.as_rule() {
            Rule::stdout => OutputSource::Stdout(self.span(&source)),
            _ => OutputSource::File(self.text(source)),
        };
        Some(StatementKind::Output { name: Box::new(name), source: Box::new(source) })
    }

    pub(super) fn tools<'s>(&mut self, keyword: &str, parts: &mut Parts<'s>) -> Option<StatementKind<'s>> {
        let tools = self.texts(parts);
        Some(if keyword == "allow" { StatementKind::Allow(tools) } else { StatementKind::Deny(tools) })
    }
}
