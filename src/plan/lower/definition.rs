//! The definition of a task: a hash of all in the plan's text that its result depends on.
//!
//! Names and texts only, no ids and no places: a plan that was moved about or grew elsewhere defines the same tasks.

use super::Lower;
use crate::plan::{
    Action, AgentId, Command, Criterion, Details, EnvValue, OutputSource, Part, SecretSource, Task, Template,
    Test,
};
use std::fmt::Write as _;
use std::sync::Arc;

impl Lower<'_, '_> {
    pub(super) fn definition(&mut self, task: &Task) -> blake3::Hash {
        let agent = task.agent.map(|agent| self.agent_text(agent));
        let mut out = std::mem::take(&mut self.definition_text);
        out.clear();
        let mut text = Text { lower: self, out };
        text.field("action", |text| text.action(&task.action));
        if let Some(agent) = agent {
            text.field("agent", |text| text.word(&agent));
        }
        let key = (Arc::as_ptr(&task.settings), !task.claims.is_known);
        match text.lower.none.get(&key) {
            Some(none) if Arc::ptr_eq(&none.details, &task.details) => text.out.push_str(&none.described),
            _ => text.details(task),
        }
        let Text { out, .. } = text;
        let hash = blake3::hash(out.as_bytes());
        self.definition_text = out;
        hash
    }

    /// What a task's details add to its definition.
    pub(super) fn describe_details(&self, details: &Details) -> String {
        let mut text = Text { lower: self, out: String::new() };
        text.details(details);
        text.out
    }

    pub(super) fn describe_agent(&self, id: AgentId) -> String {
        let agent = self.plan.agent(id);
        let mut text = Text { lower: self, out: String::new() };
        for word in [&agent.name, &agent.driver, &agent.model, &agent.instructions] {
            text.word(word);
        }
        if let Some(command) = &agent.command {
            text.field("run", |text| text.command(command));
        }
        text.field("allow", |text| agent.allow.iter().for_each(|tool| text.word(tool)));
        text.field("deny", |text| agent.deny.iter().for_each(|tool| text.word(tool)));
        text.env(&agent.env);
        text.out
    }
}

/// A description that is one text for one meaning: every word carries its length.
struct Text<'t, 'm, 'a> {
    lower: &'t Lower<'m, 'a>,
    out: String,
}

impl Text<'_, '_, '_> {
    fn details(&mut self, task: &Details) {
        let text = self;
        text.field("known", |text| text.word(if task.claims.is_known { "yes" } else { "no" }));
        for claim in &task.claims.claims {
            text.field("claim", |text| {
                text.word(claim.kind.word());
                text.word(&claim.glob);
                text.word(claim.section.as_deref().unwrap_or(""));
                claim.except.iter().for_each(|except| text.word(except));
            });
        }
        text.env(&task.env);
        text.field("directory", |text| text.word(&task.directory));
        text.field("shell", |text| task.shell.iter().for_each(|word| text.word(word)));
        text.field("isolation", |text| text.word(&format!("{:?}", task.isolation)));
        text.field("nothing", |text| text.word(if task.may_change_nothing { "yes" } else { "no" }));
        for output in &task.outputs {
            text.field("output", |text| {
                text.word(&output.name);
                match &output.source {
                    OutputSource::Stdout => text.word("stdout"),
                    OutputSource::File(path) => text.template(path),
                }
            });
        }
        for criterion in &task.success {
            text.field("success", |text| text.criterion(criterion));
        }
    }

    fn word(&mut self, word: &str) {
        match word.len() {
            // Most are short.
            length @ 0..=9 => self.out.push(char::from(b'0' + length as u8)),
            length => write!(self.out, "{length}").expect("BUG: a string takes what is written to it"),
        }
        self.out.push(':');
        self.out.push_str(word);
        self.out.push(';');
    }

    fn field(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        self.out.push_str(name);
        self.out.push('(');
        inside(self);
        self.out.push(')');
    }

    fn template(&mut self, template: &Template) {
        // A value and a literal of the same letters say the same thing, but a shell gets one of them quoted.
        self.field("text", |text| {
            for part in template.parts() {
                match part {
                    Part::Literal(literal) => text.word(literal),
                    Part::Value(value) => text.field("value", |text| text.word(value)),
                    Part::Output(task, index) => {
                        let (name, output) = text.output(*task, *index);
                        text.field("output", |text| {
                            text.word(&name);
                            text.word(&output);
                        });
                    }
                }
            }
        });
    }

    /// The names of a task and its output; the task may come later in the file.
    fn output(&self, task: crate::plan::TaskId, index: u32) -> (String, String) {
        let model = self.lower.model;
        let node = self.lower.nodes_of_tasks[task.index()];
        let output = model.outputs(node).nth(index as usize).map_or("", |name| name.text);
        (model.qualified(node), output.to_owned())
    }

    fn command(&mut self, command: &Command) {
        match command {
            Command::Shell(template) => self.field("shell", |text| text.template(template)),
            Command::Program(words) => {
                self.field("program", |text| words.iter().for_each(|word| text.template(word)));
            }
        }
    }

    fn action(&mut self, action: &Action) {
        match action {
            Action::Shell(template) => self.field("shell", |text| text.template(template)),
            Action::Program(words) => {
                self.field("program", |text| words.iter().for_each(|word| text.template(word)));
            }
            Action::Prompt(template) => self.field("prompt", |text| text.template(template)),
            Action::PromptFile(template) => self.field("file", |text| text.template(template)),
            Action::Wait(time) => self.field("wait", |text| text.word(&time.as_millis().to_string())),
            Action::Approve(approval) => self.field("approve", |text| {
                text.template(&approval.question);
                text.word(&approval.by);
            }),
        }
    }

    fn env(&mut self, env: &[(String, EnvValue)]) {
        for (name, value) in env {
            self.field("env", |text| {
                text.word(name);
                match value {
                    EnvValue::Text(template) => text.template(template),
                    EnvValue::Secret(id) => {
                        let secret = &text.lower.plan.secrets[id.index()];
                        match &secret.source {
                            SecretSource::Env(name) => text.field("secret-env", |text| text.word(name)),
                            SecretSource::File(path) => text.field("secret-file", |text| text.word(path)),
                        }
                    }
                }
            });
        }
    }

    fn criterion(&mut self, criterion: &Criterion) {
        self.field("shell", |text| criterion.shell.iter().for_each(|word| text.word(word)));
        match &criterion.test {
            Test::Runs { command, exits, prints, within } => {
                self.command(command);
                self.word(&exits.to_string());
                self.word(prints.as_deref().unwrap_or(""));
                self.word(&within.map_or_else(String::new, |within| within.as_millis().to_string()));
            }
            Test::Exists(glob) => self.field("exists", |text| text.template(glob)),
            Test::Missing(glob) => self.field("missing", |text| text.template(glob)),
            Test::Contains { pattern, glob } => self.field("contains", |text| {
                text.word(pattern);
                text.template(glob);
            }),
            Test::Lacks { pattern, glob } => self.field("lacks", |text| {
                text.word(pattern);
                text.template(glob);
            }),
            Test::ValueAt { file, pointer, comparison, number } => self.field("value", |text| {
                text.template(file);
                text.word(pointer);
                text.word(comparison.symbol());
                text.word(&number.to_string());
            }),
            Test::ValueOf { command, comparison, number } => self.field("value-of", |text| {
                text.command(command);
                text.word(comparison.symbol());
                text.word(&number.to_string());
            }),
            Test::Judged { agent, question } => {
                let described = self.lower.describe_agent(*agent);
                self.field("judged", |text| {
                    text.word(&described);
                    text.template(question);
                });
            }
            Test::Manual => {
                let title = criterion.title.clone();
                self.field("manual", |text| text.word(&title));
            }
        }
    }
}
