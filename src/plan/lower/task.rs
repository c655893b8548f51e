//! One task: what is done, by whom, on which files.

use super::criteria::cost;
use super::settings::{count, duration};
use super::{Lower, Nothing};
use crate::check::Model;
use crate::check::model::{NodeId, NodeKind};
use crate::check::values::{inside, split_section};
use crate::plan::{
    Action, AgentId, Claim, ClaimKind, Claims, Details, Estimate, Output, OutputSource, ResourceId, Settings,
    Task, Template,
};
use crate::source::{Excerpt, FileId};
use crate::syntax::ast::{self, StatementKind};
use std::borrow::Cow;
use std::sync::Arc;

impl<'a> Lower<'_, 'a> {
    pub(super) fn task(&mut self, id: NodeId, settings: Arc<Settings>) -> Task {
        let model = self.model;
        let node = model.node(id);
        let NodeKind::Task(declared) = node.kind else { unreachable!("BUG: only tasks are made tasks") };
        let action = self.action(id, declared);
        let is_prompt = matches!(action, Action::Prompt(_) | Action::PromptFile(_));
        let agent = match is_prompt {
            true => model.agent_of(id).map(|index| self.agent(index)),
            false => None,
        };
        let details = match says_nothing(model, id) {
            true => self.none(is_prompt, settings),
            false => Arc::new(self.details(id, is_prompt, settings)),
        };
        Task {
            name: self.name(id),
            title: declared.title.as_ref().map_or_else(Excerpt::default, |title| self.excerpt(id, title)),
            group: self.group_around(id),
            action,
            agent,
            step: self.first[id.index()],
            span: node.header(),
            details,
        }
    }

    /// The details of a task that says nothing of itself.
    fn none(&mut self, is_prompt: bool, settings: Arc<Settings>) -> Arc<Details> {
        let key = (Arc::as_ptr(&settings), is_prompt);
        if let Some(known) = self.none.get(&key) {
            return known.details.clone();
        }
        let claims = Claims { is_known: !is_prompt, ..Claims::default() };
        let details = Arc::new(Details { claims, ..Details::none(settings) });
        let described = self.describe_details(&details);
        self.none.insert(key, Nothing { details: details.clone(), described });
        details
    }

    /// The qualified name of a node.
    fn name(&self, id: NodeId) -> Excerpt {
        let model = self.model;
        match model.node(id).namespace {
            // A name that stands alone is the one that is written.
            NodeId::PLAN => model.sources.file(FileId(0)).excerpt(&model.node(id).name),
            _ => model.qualified(id).into(),
        }
    }

    /// A text with the values of its params and variables.
    fn excerpt(&self, id: NodeId, text: &ast::Text<'a>) -> Excerpt {
        match self.model.text(self.model.node(id).scope, text) {
            Cow::Borrowed(plain) => self.model.sources.file(text.span().file).excerpt(plain),
            Cow::Owned(filled) => filled.into(),
        }
    }

    fn details(&mut self, id: NodeId, is_prompt: bool, settings: Arc<Settings>) -> Details {
        let model = self.model;
        let node = model.node(id);
        let mut details = Details {
            docs: model.docs(id).join("\n"),
            because: self.because(id),
            claims: self.claims(id, is_prompt),
            success: self.success(id, &settings),
            ..Details::none(settings)
        };
        for statement in &node.body().statements {
            match &statement.kind {
                StatementKind::Id(text) => details.id = model.text(node.scope, text).into_owned(),
                StatementKind::Uses(uses) => {
                    uses.iter().for_each(|used| self.uses(id, used, &mut details.uses));
                }
                StatementKind::Estimate(written) => details.estimate = Some(estimate(written)),
                StatementKind::Cost(amounts) => details.cost = cost(amounts),
                StatementKind::Priority(number) => details.priority = number.value as i32,
                StatementKind::MayChangeNothing => details.may_change_nothing = true,
                StatementKind::Output { name, source } => {
                    let name = model.filled(node.scope, name.text).into_owned();
                    let source = match &**source {
                        ast::OutputSource::Stdout(_) => OutputSource::Stdout,
                        ast::OutputSource::File(path) => OutputSource::File(self.template(id, path)),
                    };
                    details.outputs.push(Output { name, source });
                }
                _ => {}
            }
        }
        details
    }

    fn action(&self, id: NodeId, declared: &ast::Task<'a>) -> Action {
        for statement in &declared.body.statements {
            return match &statement.kind {
                StatementKind::Run(ast::Command::Shell(text)) => Action::Shell(self.template(id, text)),
                StatementKind::Run(ast::Command::Program(program)) => {
                    Action::Program(program.words.iter().map(|word| self.template(id, word)).collect())
                }
                StatementKind::Prompt { is_file: true, text } => Action::PromptFile(self.template(id, text)),
                StatementKind::Prompt { is_file: false, text } => Action::Prompt(self.template(id, text)),
                StatementKind::Wait(time) => Action::Wait(duration(*time)),
                StatementKind::Approve(approve) => {
                    Action::Approve(Box::new(self.approval(id, statement, approve)))
                }
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
        for statement in &self.model.node(id).body().statements {
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
                claims.claims.push(Claim { kind, glob, section, except: except.clone(), span: text.span() });
            }
        }
        claims
    }

    /// A pattern of paths with its values; a hole without a value stands for itself, braces and all.
    fn glob(&self, id: NodeId, text: &ast::Text<'a>) -> String {
        let template = self.template(id, text);
        let mut glob = String::new();
        for part in template.parts() {
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

/// Whether a task has no detail of its own: no comment, and in its body only what is done, when, and what is narrowed.
fn says_nothing(model: &Model<'_>, id: NodeId) -> bool {
    let is_no_detail = |statement: &ast::Statement<'_>| {
        matches!(
            statement.kind,
            StatementKind::Run(_)
                | StatementKind::Prompt { .. }
                | StatementKind::Wait(_)
                | StatementKind::Approve(_)
                | StatementKind::After { .. }
                | StatementKind::AgentRef(_)
                | StatementKind::Timeout(_)
                | StatementKind::Retries { .. }
                | StatementKind::Budget(_)
                | StatementKind::Isolation(_)
                | StatementKind::OnFailure(_)
                | StatementKind::Env { .. }
                | StatementKind::Directory(_)
                | StatementKind::Shell(_)
                | StatementKind::When { .. }
                | StatementKind::Tags(_)
        )
    };
    model.docs(id).is_empty() && model.node(id).body().statements.iter().all(is_no_detail)
}

fn estimate(written: &ast::Estimate) -> Estimate {
    Estimate {
        least: duration(written.least),
        likeliest: written.likeliest.map(duration),
        most: duration(written.most),
        span: written.span,
    }
}
