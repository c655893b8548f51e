//! Texts with their holes, commands, criteria and agents.

use super::settings::{budget, count, duration};
use super::{Lower, comparison};
use crate::check::agents;
use crate::check::model::{AgentSource, NodeId};
use crate::check::names::Hole;
use crate::plan::{Agent, AgentId, Budget, Command, Cost, Criterion, Part, Settings, Template, Test};
use crate::source::Excerpt;
use crate::syntax::ast::{self, Amount, Quantity, StatementKind, TestKind};

impl<'a> Lower<'_, 'a> {
    /// A text with its values filled in, and its outputs left for the run.
    pub(super) fn template(&self, id: NodeId, text: &ast::Text<'a>) -> Template {
        if let Some(plain) = text.plain() {
            return Template::literal(self.model.sources.file(text.span().file).excerpt(plain));
        }
        let as_written =
            |reference: &ast::Reference<'a>| format!("{{{{{}}}}}", self.model.sources.text(reference.span()));
        let parts = text.parts().iter().map(|part| match part {
            ast::TextPart::Literal(literal) => Part::Literal(Excerpt::from(&**literal)),
            ast::TextPart::Hole(reference) => match self.model.hole(id, reference) {
                Hole::Value(value) => Part::Value(value.into()),
                Hole::Unset(_) => Part::Value(as_written(reference).into()),
                Hole::Output(task, output) => match self.task_id(task) {
                    Some(task) => Part::Output(task, output),
                    None => Part::Literal(as_written(reference).into()),
                },
                _ => Part::Literal(as_written(reference).into()),
            },
        });
        parts.collect()
    }

    /// A command of a criterion or an agent.
    pub(super) fn command(&self, id: NodeId, command: &ast::Command<'a>) -> Command {
        match command {
            ast::Command::Shell(text) => Command::Shell(self.template(id, text)),
            ast::Command::Program(program) => {
                Command::Program(program.words.iter().map(|word| self.template(id, word)).collect())
            }
        }
    }

    /// The `success` of a node.
    pub(super) fn success(&mut self, id: NodeId, settings: &Settings) -> Vec<Criterion> {
        let body = self.model.node(id).body();
        let mut criteria = Vec::new();
        for statement in &body.statements {
            if let StatementKind::Success(body) = &statement.kind {
                criteria.append(&mut self.checks(id, body, settings));
            }
        }
        criteria
    }

    /// The criteria of a body of checks.
    pub(super) fn checks(
        &mut self,
        id: NodeId,
        body: &'a ast::Body<'a>,
        settings: &Settings,
    ) -> Vec<Criterion> {
        let mut criteria = Vec::new();
        for statement in &body.statements {
            if let StatementKind::Check(check) = &statement.kind {
                criteria.push(self.criterion(id, statement, check, settings));
            }
        }
        criteria
    }

    /// One `check`; one that is cited is tested as it is declared, with the shell of the place that cites it.
    pub(super) fn criterion(
        &mut self,
        id: NodeId,
        statement: &ast::Statement<'a>,
        check: &ast::Check<'a>,
        settings: &Settings,
    ) -> Criterion {
        let model = self.model;
        let scope = model.node(id).scope;
        let mut title = check.title.as_ref().map(|title| model.text(scope, title).into_owned());
        let mut at = id;
        let mut test = check.test.as_ref();
        if let Some(ast::Test { kind: TestKind::Named(name), .. }) = test {
            let name = model.filled_name(scope, name.text);
            let declared = model.criterion_names.get(&*name).map(|index| &model.criteria[*index]);
            test = declared.and_then(|declared| declared.test);
            at = NodeId::PLAN;
            let shared = declared.and_then(|declared| declared.title);
            title = title.or_else(|| shared.map(|title| model.text(Default::default(), title).into_owned()));
            title = title.or(Some(name));
        }
        let words = || test.map(|test| flat(model.sources.text(test.span)));
        Criterion {
            title: title.or_else(words).unwrap_or_default(),
            test: test.map_or(Test::Manual, |test| self.test(at, &test.kind)),
            shell: settings.shell.clone(),
            span: statement.span,
        }
    }

    fn test(&mut self, id: NodeId, kind: &TestKind<'a>) -> Test {
        let scope = self.model.node(id).scope;
        let string = |text: &ast::Text<'a>| self.model.text(scope, text).into_owned();
        match kind {
            TestKind::Runs { command, exits, prints, within } => Test::Runs {
                command: self.command(id, command),
                exits: exits.and_then(count).unwrap_or(0) as i32,
                prints: prints.as_ref().map(string),
                within: within.map(duration),
            },
            TestKind::Exists(glob) => Test::Exists(self.template(id, glob)),
            TestKind::Missing(glob) => Test::Missing(self.template(id, glob)),
            TestKind::Contains { pattern, glob } => {
                Test::Contains { pattern: string(pattern), glob: self.template(id, glob) }
            }
            TestKind::Lacks { pattern, glob } => {
                Test::Lacks { pattern: string(pattern), glob: self.template(id, glob) }
            }
            TestKind::ValueAt { file, pointer, comparison: op, number } => Test::ValueAt {
                file: self.template(id, file),
                pointer: string(pointer),
                comparison: comparison(op.value),
                number: number.value,
            },
            TestKind::ValueOf { command, comparison: op, number } => Test::ValueOf {
                command: self.command(id, command),
                comparison: comparison(op.value),
                number: number.value,
            },
            TestKind::Judged { agent, question } => {
                let name = self.model.filled_name(scope, agent.text);
                match self.model.agent_names.get(&*name).copied() {
                    Some(index) => {
                        Test::Judged { agent: self.agent(index), question: self.template(id, question) }
                    }
                    None => Test::Manual,
                }
            }
            // A criterion has no criterion for a test; that has been told.
            TestKind::Manual | TestKind::Named(_) => Test::Manual,
        }
    }

    /// The agent with this index in the tree, made when it is first used.
    pub(super) fn agent(&mut self, index: usize) -> AgentId {
        if let Some(id) = self.agents.get(&index) {
            return *id;
        }
        let declared = &self.model.agents[index];
        let mut agent = Agent {
            name: declared.name.to_string(),
            driver: agents::driver(declared).to_owned(),
            command: None,
            model: String::new(),
            instructions: String::new(),
            allow: Vec::new(),
            deny: Vec::new(),
            instances: None,
            budget: Budget::default(),
            cost: Cost::default(),
            timeout: None,
            env: Vec::new(),
            definition_file: None,
            span: declared.span,
        };
        match &declared.source {
            AgentSource::Declared(body) => self.describe(&mut agent, body),
            AgentSource::File(file) => {
                agent.model = file.model.clone();
                agent.allow = file.tools.clone();
                agent.deny = file.denied.clone();
                agent.instructions = file.path.clone();
                agent.definition_file = Some(file.path.clone());
            }
        }
        let id = AgentId(self.plan.agents.len() as u32);
        self.plan.agents.push(agent);
        self.agents.insert(index, id);
        id
    }

    fn describe(&mut self, agent: &mut Agent, body: &ast::Body<'a>) {
        let model = self.model;
        let string = |text: &ast::Text<'a>| model.text(Default::default(), text).into_owned();
        for statement in &body.statements {
            match &statement.kind {
                StatementKind::Run(command) => agent.command = Some(self.command(NodeId::PLAN, command)),
                StatementKind::Model(text) => agent.model = string(text),
                StatementKind::Instructions(text) => agent.instructions = string(text),
                StatementKind::Allow(texts) => agent.allow.extend(texts.iter().map(string)),
                StatementKind::Deny(texts) => agent.deny.extend(texts.iter().map(string)),
                StatementKind::Instances(number) => agent.instances = count(*number),
                StatementKind::Budget(amounts) => {
                    agent.budget = budget(amounts);
                    agent.budget.span = Some(statement.span);
                }
                StatementKind::Cost(amounts) => agent.cost = cost(amounts),
                StatementKind::Timeout(limit) => agent.timeout = Some(duration(*limit)),
                StatementKind::Env { name, value } => {
                    if let Some(value) = self.env_value(NodeId::PLAN, value) {
                        let name = name.text.to_owned();
                        agent.env.retain(|(known, _)| *known != name);
                        agent.env.push((name, value));
                    }
                }
                _ => {}
            }
        }
    }
}

/// What a `cost` says.
pub(super) fn cost(amounts: &[Amount]) -> Cost {
    let mut cost = Cost::default();
    for amount in amounts {
        match (amount.least, amount.most) {
            (Quantity::Money(least), Quantity::Money(most)) => cost.money = Some((least, most)),
            (Quantity::Tokens(least), Quantity::Tokens(most)) => cost.tokens = Some((least, most)),
            _ => {}
        }
    }
    cost
}

/// A text on one line.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
