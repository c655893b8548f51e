//! Settings, narrowed from the plan inwards.

use super::Lower;
use crate::check::model::NodeId;
use crate::check::params;
use crate::plan::{Budget, EnvValue, Isolation, OnFailure, Retries, Settings};
use crate::syntax::ast::{self, Amount, Number, Quantity, StatementKind};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

/// What applies inside a node.
#[derive(Clone, Debug, Default)]
pub(super) struct Inside {
    /// The node's own.
    pub workers: Option<u32>,
    pub settings: Arc<Settings>,
}

impl Deref for Inside {
    type Target = Settings;

    fn deref(&self) -> &Settings {
        &self.settings
    }
}

impl DerefMut for Inside {
    fn deref_mut(&mut self) -> &mut Settings {
        Arc::make_mut(&mut self.settings)
    }
}

impl<'a> Lower<'_, 'a> {
    /// The settings inside a node, from those around it.
    pub(super) fn narrowed(&mut self, id: NodeId, outer: &Inside) -> Inside {
        let model = self.model;
        let node = model.node(id);
        let scope = node.scope;
        // What changes nothing shares what is around it.
        let mut settings = Inside { workers: None, settings: outer.settings.clone() };
        if settings.budget != Budget::default() {
            settings.budget = Budget::default();
        }
        for statement in &node.body().statements {
            match &statement.kind {
                StatementKind::Workers(number) => settings.workers = count(*number),
                StatementKind::Budget(amounts) => {
                    settings.budget = budget(amounts);
                    settings.budget.span = Some(statement.span);
                }
                StatementKind::Timeout(limit) => settings.timeout = Some(duration(*limit)),
                StatementKind::Retries { count: number, backoff, feedback } => {
                    settings.retries = Retries {
                        count: count(**number).unwrap_or(0),
                        backoff: backoff.as_deref().copied().map(duration).unwrap_or_default(),
                        feedback: feedback.is_some(),
                    };
                }
                StatementKind::Isolation(isolation) => {
                    settings.isolation = match isolation.value {
                        ast::Isolation::Shared => Isolation::Shared,
                        ast::Isolation::Worktree => Isolation::Worktree,
                        ast::Isolation::Copy => Isolation::Copy,
                    };
                }
                StatementKind::OnFailure(on_failure) => {
                    settings.on_failure = match on_failure.value {
                        ast::OnFailure::Stop => OnFailure::Stop,
                        ast::OnFailure::Cancel => OnFailure::Cancel,
                        ast::OnFailure::Continue => OnFailure::Continue,
                    };
                }
                StatementKind::Env { name, value } => {
                    if let Some(value) = self.env_value(id, value) {
                        let name = model.filled(scope, name.text).into_owned();
                        match settings.env.iter_mut().find(|(known, _)| *known == name) {
                            Some(known) => known.1 = value,
                            None => settings.env.push((name, value)),
                        }
                    }
                }
                StatementKind::Directory(text) => settings.directory = self.directory(scope, text),
                StatementKind::Shell(text) => settings.shell = words(&model.text(scope, text)).into(),
                StatementKind::When { param, is_equal, value } => {
                    let is_out = params::holds(model, id, param, *is_equal, value) == Some(false);
                    if is_out && settings.left_out.is_none() {
                        settings.left_out = Some(model.sources.text(statement.span).to_owned());
                    }
                }
                StatementKind::Tags(names) => {
                    for name in names {
                        let tag = model.filled(scope, name.text).into_owned();
                        if !settings.tags.contains(&tag) {
                            settings.tags.push(tag);
                        }
                    }
                }
                _ => {}
            }
        }
        if !Arc::ptr_eq(&settings.settings, &outer.settings) {
            settings.settings = self.known(settings.settings);
        }
        settings
    }

    /// Settings that are there already, or that are new: many tasks narrow theirs in the same way.
    fn known(&mut self, settings: Arc<Settings>) -> Arc<Settings> {
        if let Some(known) = self.known_settings.get(&settings) {
            return known.clone();
        }
        self.known_settings.insert(settings.clone());
        settings
    }

    /// The value of a variable: a text, or a declared secret's.
    pub(super) fn env_value(&mut self, id: NodeId, value: &ast::EnvValue<'a>) -> Option<EnvValue> {
        match value {
            ast::EnvValue::Text(text) => Some(EnvValue::Text(self.template(id, text))),
            ast::EnvValue::Secret(name) => {
                let name = self.model.filled_name(self.model.node(id).scope, name.text);
                let index = *self.model.secret_names.get(&*name)?;
                Some(EnvValue::Secret(self.secret(index)))
            }
        }
    }

    fn directory(&self, scope: crate::check::model::ScopeId, text: &ast::Text<'a>) -> String {
        let path = self.model.text(scope, text);
        let path = crate::check::normal(std::path::Path::new(&*path));
        path.to_string_lossy().into_owned()
    }
}

/// A duration of the tree.
pub(super) fn duration(duration: ast::Duration) -> Duration {
    Duration::from_millis(duration.milliseconds)
}

/// A count of the tree; none for what is no count.
pub(super) fn count(number: Number) -> Option<u32> {
    crate::check::values::count_of(number)
}

/// The limits of a `budget`.
pub(super) fn budget(amounts: &[Amount]) -> Budget {
    let mut budget = Budget::default();
    for amount in amounts {
        match amount.most {
            Quantity::Money(money) => budget.money = Some(money),
            Quantity::Tokens(tokens) => budget.tokens = Some(tokens),
        }
    }
    budget
}

/// The words of a shell as it is written: split at blanks, quotes kept together.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote: Option<char> = None;
    let mut is_word = false;
    for c in text.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => word.push(c),
            None if c == '\'' || c == '"' => {
                quote = Some(c);
                is_word = true;
            }
            None if c.is_whitespace() => {
                if is_word {
                    words.push(std::mem::take(&mut word));
                }
                is_word = false;
            }
            None => {
                word.push(c);
                is_word = true;
            }
        }
    }
    if is_word {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_falls_into_words() {
        assert_eq!(words("bash -euo pipefail -c"), ["bash", "-euo", "pipefail", "-c"]);
        assert_eq!(words(" '/opt/my shell' \"\" -c "), ["/opt/my shell", "", "-c"]);
    }
}
