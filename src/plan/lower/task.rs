//! One task: what is done, by whom, on which files.

use super::Lower;
use super::criteria::cost;
use super::settings::{Settings, count, duration};
use crate::check::model::{NodeId, NodeKind};
use crate::check::values::{inside, split_section};
use crate::plan::{
    Action, AgentId, Claim, ClaimKind, Claims, Cost, Estimate, Output, OutputSource, ResourceId, Task,
    Template,
};
use crate::syntax::ast::{self, StatementKind};

impl<'a> Lower<'_, 'a> {
    pub(super) fn task(&mut self, id: NodeId, settings: Settings) -> Task {
        let model = self.model;
        let node = model.node(id);
        let NodeKind::Task(declared) = node.kind else { unreachable!("BUG: only tasks are made tasks") };
        let action = self.action(id, declared);
        let is_prompt = matches!(action, Action::Prompt(_) | Action::PromptFile(_));
        let agent = match is_prompt {
            true => model.agent_of(id).map(|index| self.agent(index)),
            false => None,
        };
        let title = declared.title.as_ref().map(|title| model.text(node.scope, title).into_owned());
        let mut task = Task {
            name: model.qualified(id),
            title: title.unwrap_or_default(),
            docs: node.docs.join("\n"),
            because: self.because(id),
            id: String::new(),
            group: self.group_around(id),
            action,
            agent,
            claims: self.claims(id, is_prompt),
            uses: Vec::new(),
            estimate: None,
            cost: Cost::default(),
            timeout: settings.timeout,
            retries: settings.retries,
            budget: settings.budget,
            isolation: settings.isolation,
            on_failure: settings.on_failure,
            success: self.success(id, &settings),
            env: settings.env,
            directory: settings.directory,
            shell: settings.shell,
            left_out: settings.left_out,
            tags: settings.tags,
            priority: 0,
            outputs: Vec::new(),
            may_change_nothing: false,
            step: self.first[id.index()],
            definition: String::new(),
            span: node.header,
        };
        for statement in &node.body.statements {
            match &statement.kind {
                StatementKind::Id(text) => task.id = model.text(node.scope, text).into_owned(),
                StatementKind::Uses(uses) => uses.iter().for_each(|used| self.uses(id, used, &mut task.uses)),
                StatementKind::Estimate(written) => task.estimate = Some(estimate(written)),
                StatementKind::Cost(amounts) => task.cost = cost(amounts),
                StatementKind::Priority(number) => task.priority = number.value as i32,
                StatementKind::MayChangeNothing => task.may_change_nothing = true,
                StatementKind::Output { name, source } => {
                    let name = model.filled(node.scope, name.text).into_owned();
                    let source = match source {
                        ast::OutputSource::Stdout(_) => OutputSource::Stdout,
                        ast::OutputSource::File(path) => OutputSource::File(self.template(id, path)),
                    };
                    task.outputs.push(Output { name, source });
                }
                _ => {}
            }
        }
        task.definition = self.definition(&task);
        task
    }

    fn action(&self, id: NodeId, declared: &ast::Task<'a>) -> Action {
        for statement in &declared.body.statements {
            return match &statement.kind {
                StatementKind::Run(ast::Command::Shell(text)) => Action::Shell(self.template(id, text)),
                StatementKind::Run(ast::Command::Program(words, _)) => {
                    Action::Program(words.iter().map(|word| self.template(id, word)).collect())
                }
                StatementKind::Prompt { is_file: true, text } => Action::PromptFile(self.template(id, text)),
                StatementKind::Prompt { is_file: false, text } => Action::Prompt(self.template(id, text)),
                StatementKind::Wait(time) => Action::Wait(duration(*time)),
                StatementKind::Approve(approve) => Action::Approve(self.approval(id, statement, approve)),
                _ => continue,
            };
        }
        match &declared.title {
            Some(title) => Action::Prompt(self.template(id, title)),
            None => Action::Prompt(Template::literal("")),
        }
    }

    fn uses(&self, id: NodeId, used: &ast::Use<'a>, uses: &mut Vec<(ResourceId, u32)>) {
        let name = self.model.filled_name(self.model.node(id).scope, used.resource.text);
        let Some(resource) = self.resource(&name) else { return };
        let amount = used.amount.map_or(1, |amount| count(amount).unwrap_or(1).max(1));
        match uses.iter_mut().find(|(known, _)| *known == resource) {
            Some(known) => known.1 = known.1.saturating_add(amount),
            None => uses.push((resource, amount)),
        }
    }

    fn claims(&self, id: NodeId, is_prompt: bool) -> Claims {
        let mut claims = Claims { is_known: !is_prompt, ..Claims::default() };
        for statement in &self.model.node(id).body.statements {
            let StatementKind::Claim(written) = &statement.kind else { continue };
            let kind = match written.kind {
                ast::ClaimKind::Reads => ClaimKind::Reads,
                ast::ClaimKind::Writes => ClaimKind::Writes,
                ast::ClaimKind::Creates => ClaimKind::Creates,
                ast::ClaimKind::Appends => ClaimKind::Appends,
                ast::ClaimKind::Forbids => ClaimKind::Forbids,
            };
            claims.is_known |= kind.is_write();
            claims.is_said |= kind.is_write();
            let except: Vec<String> =
                written.except.iter().filter_map(|text| inside(&self.glob(id, text)).ok()).collect();
            for text in &written.paths {
                let path = self.glob(id, text);
                let (glob, section) = split_section(&path);
                let Ok(glob) = inside(glob) else { continue };
                let section = section.filter(|section| !section.is_empty()).map(str::to_owned);
                claims.claims.push(Claim { kind, glob, section, except: except.clone(), span: text.span });
            }
        }
        claims
    }

    /// A pattern of paths with its values; a hole without a value stands for itself, braces and all.
    fn glob(&self, id: NodeId, text: &ast::Text<'a>) -> String {
        let template = self.template(id, text);
        let mut glob = String::new();
        for part in &template.parts {
            match part {
                crate::plan::Part::Literal(literal) => glob.push_str(literal),
                crate::plan::Part::Value(value) if value.starts_with("{{") => {
                    glob.push_str(&value.replace('{', "\\{").replace('}', "\\}"));
                }
                crate::plan::Part::Value(value) => glob.push_str(value),
                crate::plan::Part::Output(..) => glob.push_str("**"),
            }
        }
        glob
    }

    /// The agent's part in a task's definition.
    pub(super) fn agent_text(&mut self, id: AgentId) -> String {
        if let Some(text) = self.agent_texts.get(&id) {
            return text.clone();
        }
        let text = self.describe_agent(id);
        self.agent_texts.insert(id, text.clone());
        text
    }
}

fn estimate(written: &ast::Estimate) -> Estimate {
    Estimate {
        least: duration(written.least),
        likeliest: written.likeliest.map(duration),
        most: duration(written.most),
        span: written.span,
    }
}
