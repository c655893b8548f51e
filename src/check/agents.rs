//! The pass over agents: which one each place names, declared or defined in a file, and how each is called.

use super::definitions::{HOMES, Wrong, definition};
use super::model::{Agent, AgentFile, AgentSource, Model, NodeId};
use super::{Findings, Input, Loader, messages, normal, texts};
use crate::diagnostic::suggest;
use crate::source::Span;
use crate::syntax::ast::{self, StatementKind, TestKind};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// The ways of calling an agent.
pub const DRIVERS: &[&str] = &["command", "claude", "codex", "opencode", "gemini", "qwen", "acp"];

/// The directories of agents that files define, beside a plan or above it, each with what its files' names end with.
pub fn homes() -> impl Iterator<Item = (&'static str, &'static str)> {
    HOMES.iter().map(|home| (home.directory, home.ending))
}

/// Whether a driver is called by a program that the agent names.
pub(super) fn takes_program(driver: &str) -> bool {
    matches!(driver, "command" | "acp")
}

/// Finds the agent of every `agent NAME` and `judged by`, and judges each declaration.
pub(super) fn agents<'a>(model: &mut Model<'a>, input: &Input<'a>, findings: &mut Findings) {
    for index in 0..model.agents.len() {
        if let AgentSource::Declared(body) = model.agents[index].source {
            declaration(&model.agents[index], body, input, findings);
            for statement in &body.statements {
                texts::of_statement(&statement.kind, false, &mut |text, _| {
                    texts::early(model, findings, super::model::ScopeId(0), text, "a setting of an agent");
                });
            }
        }
    }
    let mut search = Search {
        input,
        directories: None,
        missing: HashSet::new(),
        bad: HashSet::new(),
        told: HashSet::new(),
    };
    let criteria: Vec<_> = model.criteria.iter().filter_map(|criterion| criterion.test).collect();
    for test in criteria {
        search.judge(model, findings, NodeId::PLAN, test);
    }
    for id in model.node_ids() {
        let body = model.node(id).body();
        for statement in &body.statements {
            match &statement.kind {
                StatementKind::AgentRef(name) => {
                    let found = search.find(model, findings, id, name);
                    let own = &mut model.nodes[id.index()].agent;
                    *own = own.or(found.map(|index| index as u32));
                }
                StatementKind::Check(check) => search.check(model, findings, id, check),
                StatementKind::Success(inner) | StatementKind::Preflight(inner) => {
                    for statement in &inner.statements {
                        if let StatementKind::Check(check) = &statement.kind {
                            search.check(model, findings, id, check);
                        }
                    }
                }
                _ => {}
            }
        }
    }
}

fn declaration(agent: &Agent<'_>, body: &ast::Body<'_>, input: &Input<'_>, findings: &mut Findings) {
    let mut driver: Option<&ast::Name<'_>> = None;
    let mut program: Option<Span> = None;
    for statement in &body.statements {
        match &statement.kind {
            StatementKind::Driver(name) => driver = driver.or(Some(name)),
            StatementKind::Run(command) => match program {
                Some(first) => findings.add(messages::second_program(command.span(), first, &agent.name)),
                None => program = Some(command.span()),
            },
            _ => {}
        }
    }
    let Some(driver) = driver else {
        if !texts::has_junk(body) && !input.has_junk {
            findings.add(messages::missing_driver(agent.span, &agent.name, program.is_some()));
        }
        return;
    };
    if !DRIVERS.contains(&driver.text) {
        let near = suggest::nearest(driver.text, DRIVERS.iter().copied());
        findings.add(messages::unknown_driver(driver.span(), driver.text, near, DRIVERS));
    } else if takes_program(driver.text) && program.is_none() && !texts::has_junk(body) {
        findings.add(messages::driver_without_program(driver.span(), driver.text, &agent.name));
    } else if let (false, Some(program)) = (takes_program(driver.text), program) {
        findings.add(messages::unused_program(program, driver.span(), driver.text));
    }
}

/// The search for agents that no file declares.
struct Search<'i, 'a> {
    input: &'i Input<'a>,
    directories: Option<Vec<PathBuf>>,
    /// Names that were looked for and not found.
    missing: HashSet<String>,
    /// Names whose definition file cannot be used.
    bad: HashSet<String>,
    told: HashSet<Span>,
}

impl<'a> Search<'_, 'a> {
    fn check(
        &mut self,
        model: &mut Model<'a>,
        findings: &mut Findings,
        id: NodeId,
        check: &'a ast::Check<'a>,
    ) {
        if let Some(test) = &check.test {
            self.judge(model, findings, id, test);
        }
    }

    fn judge(&mut self, model: &mut Model<'a>, findings: &mut Findings, id: NodeId, test: &'a ast::Test<'a>) {
        if let TestKind::Judged { agent, .. } = &test.kind {
            self.find(model, findings, id, agent);
        }
    }

    /// The agent of that name, for a node; told where there is none.
    fn find(
        &mut self,
        model: &mut Model<'a>,
        findings: &mut Findings,
        id: NodeId,
        name: &'a ast::Name<'a>,
    ) -> Option<usize> {
        let scope = model.nodes.get(id.index()).map_or_else(Default::default, |node| node.scope);
        if name.is_pattern() {
            super::references::name_holes(model, findings, scope, name);
        }
        let wanted = model.filled(scope, name.text);
        if let Some(index) = model.agent_names.get(&wanted) {
            findings.used.agents.insert(*index);
            return Some(*index);
        }
        if wanted.contains("{{") {
            return None;
        }
        if !self.missing.contains(&*wanted) {
            match self.on_disk(&wanted) {
                Some(Ok(file)) => {
                    let index = model.agents.len();
                    model.agent_names.insert(wanted.clone(), index);
                    let source = AgentSource::File(file);
                    model.agents.push(Agent { name: wanted, span: name.span(), source });
                    findings.used.agents.insert(index);
                    return Some(index);
                }
                Some(Err((path, wrong))) => {
                    let Wrong { cause, help } = wrong;
                    findings.add(messages::bad_agent_file(name.span(), &wanted, &path, &cause, help));
                    self.bad.insert(wanted.clone().into_owned());
                }
                None => {}
            }
            self.missing.insert(wanted.clone().into_owned());
        }
        // What is wrong with its file has been said, and is the one mistake.
        let is_known = self.bad.contains(&*wanted) || model.is_half_read(&wanted);
        if self.told.insert(name.span()) && !is_known {
            let known: Vec<String> = model.agents.iter().map(|agent| agent.name.to_string()).collect();
            let found = self.names_on_disk();
            let near = suggest::nearest(
                &wanted,
                known.iter().chain(found.iter().map(|(name, _)| name)).map(String::as_str),
            );
            if let Some(index) = near.and_then(|near| model.agent_names.get(near)) {
                findings.used.agents.insert(*index);
            }
            let is_item = model.called(&wanted).first().map(|item| model.node(*item).kind.word());
            findings.add(messages::unknown_agent(name.span(), &wanted, near, &found, is_item));
        }
        None
    }

    /// The plan's directory and those above it, up to the root of the project.
    fn directories(&mut self) -> &[PathBuf] {
        let (sources, loader) = (self.input.sources, self.input.loader);
        self.directories.get_or_insert_with(|| {
            let plan = sources.file(crate::source::FileId(0)).path();
            let directory = normal(plan.parent().unwrap_or(Path::new("")));
            up_to_root(&directory, loader)
        })
    }

    fn on_disk(&mut self, name: &str) -> Option<Result<AgentFile, (PathBuf, Wrong)>> {
        let loader = self.input.loader;
        for directory in self.directories() {
            for home in HOMES {
                let path = directory.join(home.directory).join(format!("{name}{}", home.ending));
                if !loader.exists(&path) {
                    continue;
                }
                let read = loader.read(&path).map_err(|error| Wrong {
                    cause: error.to_string(),
                    help: "give yourself the right to read the file".to_owned(),
                });
                return Some(
                    read.and_then(|text| definition(home, &path, name, &text)).map_err(|wrong| (path, wrong)),
                );
            }
        }
        None
    }

    /// The agents that files define, and where.
    fn names_on_disk(&mut self) -> Vec<(String, &'static str)> {
        let loader = self.input.loader;
        let mut found = Vec::new();
        for directory in self.directories() {
            for home in HOMES {
                let names = loader.list(&directory.join(home.directory)).unwrap_or_default();
                let names = names.iter().filter_map(|name| name.strip_suffix(home.ending));
                found.extend(names.map(|name| (name.to_owned(), home.directory)));
            }
        }
        found.sort_unstable();
        found
    }
}

/// How far up a project's root is looked for.
const HIGHEST: usize = 40;

/// A directory and those above it, up to the nearest that has `.wavec` or `.git`; only itself where none has.
pub fn up_to_root(directory: &Path, loader: &dyn Loader) -> Vec<PathBuf> {
    let mut passed = Vec::new();
    let mut at = directory.to_path_buf();
    for _ in 0..HIGHEST {
        passed.push(at.clone());
        if loader.exists(&at.join(".git")) || loader.exists(&at.join(".wavec")) {
            return passed;
        }
        let above = normal(&at.join(".."));
        if above == at {
            break;
        }
        at = above;
    }
    vec![directory.to_path_buf()]
}

/// The driver that a declaration names; empty where it names none.
pub(super) fn driver_of<'t>(body: &'t ast::Body<'_>) -> (&'t str, Option<Span>) {
    let mut drivers = body.statements.iter().filter_map(|statement| match &statement.kind {
        StatementKind::Driver(name) => Some((name.text, Some(name.span()))),
        _ => None,
    });
    drivers.next().unwrap_or(("", None))
}

/// The driver of an agent; that of a definition file is the program in whose directory it stands.
pub fn driver<'m>(agent: &'m Agent<'_>) -> &'m str {
    match &agent.source {
        AgentSource::Declared(body) => driver_of(body).0,
        AgentSource::File(file) => file.driver,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Memory;

    #[test]
    fn the_root_of_the_project_ends_the_way_up() {
        let memory = Memory::new().with("/p/.git/HEAD", "").with("/p/a/b/plan.wave", "");
        let found = up_to_root(Path::new("/p/a/b"), &memory);
        assert_eq!(found, [Path::new("/p/a/b"), Path::new("/p/a"), Path::new("/p")]);
        assert_eq!(up_to_root(Path::new("/q/r"), &memory), [Path::new("/q/r")]);
    }
}
