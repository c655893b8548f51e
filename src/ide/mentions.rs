//! Which names and texts a statement mentions: one walk for the index, the tokens and the links.
//!
//! Knows the shape of statements, not what a name means, and does not go into bodies.

use crate::syntax::ast::{
    Assert, Command, EnvValue, Name, OnNoGo, OutputSource, Reference, Statement, StatementKind, Test,
    TestKind, Text, Value,
};

/// Something that a statement mentions.
#[derive(Clone, Copy, Debug)]
pub enum Mention<'t, 's> {
    /// The name that it declares.
    Declared(&'t Name<'s>),
    /// An item: after a task, overlapping a wave.
    Item(Reference<'s>),
    /// An agent.
    Agent(&'t Name<'s>),
    /// A resource.
    Resource(&'t Name<'s>),
    /// A secret.
    Secret(&'t Name<'s>),
    /// A shared criterion.
    Criterion(&'t Name<'s>),
    /// A param.
    Param(&'t Name<'s>),
    /// A word that names nothing in the plan: a tag, a driver, an environment variable.
    Word(&'t Name<'s>),
    /// A text.
    Text(&'t Text<'s>, Role),
}

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// What people read: titles, reasons, questions.
    Title,
    /// A command for a shell.
    Shell,
    /// A word of a command without a shell.
    Argument,
    /// What an agent is asked.
    Prompt,
    /// A path or a glob of a claim.
    Claim,
    /// A path or a glob that a criterion looks at.
    Glob,
    /// A file that is read.
    File,
    /// A library.
    Library,
    /// A regular expression.
    Pattern,
    /// Any other.
    Plain,
}

/// Shows what a statement mentions, in the order of the text where it has one.
pub fn mentions<'t, 's>(statement: &'t Statement<'s>, show: &mut dyn FnMut(Mention<'t, 's>)) {
    use Mention::{Agent, Declared, Item, Param, Resource, Secret, Word};
    use StatementKind as Kind;
    let title = |text: Option<&'t Text<'s>>, show: &mut dyn FnMut(Mention<'t, 's>)| {
        if let Some(text) = text {
            show(Mention::Text(text, Role::Title));
        }
    };
    match &statement.kind {
        Kind::Plan { name, title: text } => {
            show(Declared(name));
            title(text.as_deref(), show);
        }
        Kind::Use { path } => show(Mention::Text(path, Role::Library)),
        Kind::Param(param) => {
            show(Declared(&param.name));
            param.choices.iter().for_each(|text| show(Mention::Text(text, Role::Plain)));
            if let Some(default) = &param.default {
                value(default, show);
            }
            title(param.doc.as_ref(), show);
        }
        Kind::Agent { name, .. } => show(Declared(name)),
        Kind::Secret { name, value, .. } => {
            show(Declared(name));
            show(Mention::Text(value, Role::Plain));
        }
        Kind::Resource { name, .. } => show(Declared(name)),
        Kind::Criterion { name, title: text, test } => {
            show(Declared(name));
            title(text.as_deref(), show);
            if let Some(test) = test {
                self::test(test, show);
            }
        }
        Kind::Assert(assert) => {
            if let Assert::Before(first, second) | Assert::Alongside(first, second) = &**assert {
                show(Item(*first));
                show(Item(*second));
            }
        }
        Kind::Wave(wave) => {
            show(Declared(&wave.name));
            title(wave.title.as_ref(), show);
            wave.overlaps.iter().for_each(|name| show(Item(*name)));
        }
        Kind::Block(block) => {
            block.name.iter().for_each(|name| show(Declared(name)));
            title(block.title.as_ref(), show);
        }
        Kind::For { variable, values, .. } => {
            show(Declared(variable));
            values.iter().for_each(|text| show(Mention::Text(text, Role::Plain)));
        }
        Kind::Task(task) => {
            show(Declared(&task.name));
            title(task.title.as_deref(), show);
        }
        Kind::Gate(gate) => {
            gate.name.iter().for_each(|name| show(Declared(name)));
            title(gate.title.as_ref(), show);
        }
        Kind::AgentRef(name) => show(Agent(name)),
        Kind::Env { name, value } => {
            show(Word(name));
            match &**value {
                EnvValue::Text(text) => show(Mention::Text(text, Role::Plain)),
                EnvValue::Secret(name) => show(Secret(name)),
            }
        }
        Kind::Directory(text) | Kind::Instructions(text) => show(Mention::Text(text, Role::File)),
        Kind::Shell(text) | Kind::Id(text) | Kind::Model(text) => show(Mention::Text(text, Role::Plain)),
        Kind::When { param, value: compared, .. } => {
            show(Param(param));
            value(compared, show);
        }
        Kind::Tags(names) => names.iter().for_each(|name| show(Word(name))),
        Kind::Because(text) => show(Mention::Text(text, Role::Title)),
        Kind::After { names, .. } => names.iter().for_each(|name| show(Item(name))),
        Kind::Run(command) => self::command(command, show),
        Kind::Prompt { is_file, text } => {
            show(Mention::Text(text, if *is_file { Role::File } else { Role::Prompt }));
        }
        Kind::Approve(approve) => {
            show(Mention::Text(&approve.question, Role::Title));
            approve.by.iter().for_each(|text| show(Mention::Text(text, Role::Plain)));
        }
        Kind::Claim(claim) => {
            claim.paths.iter().chain(&claim.except).for_each(|text| show(Mention::Text(text, Role::Claim)));
        }
        Kind::Uses(uses) => uses.iter().for_each(|used| show(Resource(&used.resource))),
        Kind::Output { name, source } => {
            show(Declared(name));
            if let OutputSource::File(text) = &**source {
                show(Mention::Text(text, Role::File));
            }
        }
        Kind::Driver(name) => show(Word(name)),
        Kind::Allow(texts) | Kind::Deny(texts) => {
            texts.iter().for_each(|text| show(Mention::Text(text, Role::Plain)));
        }
        Kind::Check(check) => {
            title(check.title.as_ref(), show);
            if let Some(test) = &check.test {
                self::test(test, show);
            }
        }
        Kind::OnNoGo(choice) => {
            if let OnNoGo::SkipTo(name) = &choice.value {
                show(Item(*name));
            }
        }
        _ => {}
    }
}

fn value<'t, 's>(value: &'t Value<'s>, show: &mut dyn FnMut(Mention<'t, 's>)) {
    if let Value::Text(text) = value {
        show(Mention::Text(text, Role::Plain));
    }
}

fn command<'t, 's>(command: &'t Command<'s>, show: &mut dyn FnMut(Mention<'t, 's>)) {
    match command {
        Command::Shell(text) => show(Mention::Text(text, Role::Shell)),
        Command::Program(program) => {
            program.words.iter().for_each(|text| show(Mention::Text(text, Role::Argument)));
        }
    }
}

fn test<'t, 's>(test: &'t Test<'s>, show: &mut dyn FnMut(Mention<'t, 's>)) {
    match &test.kind {
        TestKind::Runs { command, prints, .. } => {
            self::command(command, show);
            prints.iter().for_each(|text| show(Mention::Text(text, Role::Pattern)));
        }
        TestKind::Exists(glob) | TestKind::Missing(glob) => show(Mention::Text(glob, Role::Glob)),
        TestKind::Contains { pattern, glob } | TestKind::Lacks { pattern, glob } => {
            show(Mention::Text(pattern, Role::Pattern));
            show(Mention::Text(glob, Role::Glob));
        }
        TestKind::ValueAt { file, pointer, .. } => {
            show(Mention::Text(file, Role::File));
            show(Mention::Text(pointer, Role::Plain));
        }
        TestKind::ValueOf { command, .. } => self::command(command, show),
        TestKind::Judged { agent, question } => {
            show(Mention::Agent(agent));
            show(Mention::Text(question, Role::Prompt));
        }
        TestKind::Named(name) => show(Mention::Criterion(name)),
        TestKind::Manual => {}
    }
}
