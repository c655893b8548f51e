//! Which files make up a plan: `use`, followed from the plan through its libraries.
//!
//! Knows `use` only; what the files hold is for the passes.

use super::{Findings, Loader, messages, normal};
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, SourceFile, SourceMap, Span};
use crate::syntax::{self, ast};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// What following the `use`s has found.
#[derive(Debug, Default)]
pub struct Loaded {
    /// What was found.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether a library is missing: what seems to be declared nowhere may be declared there.
    pub is_incomplete: bool,
}

/// Follows the `use`s of the plan, whose text is file 0 and whose tree is given, and adds the libraries' files.
pub fn load(sources: &mut SourceMap, tree: &ast::File<'_>, loader: &dyn Loader) -> Loaded {
    let uses = uses_of(FileId(0), sources.file(FileId(0)).path(), tree);
    if uses.is_empty() {
        return Loaded::default();
    }
    let root = normal(sources.file(FileId(0)).path());
    let mut walk = Walk {
        sources,
        loader,
        known: HashMap::from([(root, FileId(0))]),
        chain: vec![(FileId(0), None)],
        findings: Findings::default(),
        is_incomplete: false,
    };
    walk.follow(uses);
    Loaded { diagnostics: walk.findings.list, is_incomplete: walk.is_incomplete }
}

/// One `use` statement: the text of its path, and the file that it means.
struct UseOf {
    path: Option<PathBuf>,
    span: Span,
}

struct Walk<'w> {
    sources: &'w mut SourceMap,
    loader: &'w dyn Loader,
    known: HashMap<PathBuf, FileId>,
    /// The files that are being read, each with the `use` in it that leads on.
    chain: Vec<(FileId, Option<Span>)>,
    findings: Findings,
    is_incomplete: bool,
}

/// How deep libraries may use libraries.
const DEEPEST: usize = 64;

impl Walk<'_> {
    fn follow(&mut self, uses: Vec<UseOf>) {
        for UseOf { path, span } in uses {
            let Some(path) = path else {
                self.findings.add(messages::use_with_hole(span));
                self.is_incomplete = true;
                continue;
            };
            if let Some(link) = self.chain.last_mut() {
                link.1 = Some(span);
            }
            if let Some(file) = self.known.get(&path) {
                if let Some(at) = self.chain.iter().position(|(link, _)| link == file) {
                    let chain: Vec<_> = self.chain[at..].to_vec();
                    self.findings.add(messages::use_cycle(self.sources, &chain));
                }
                continue;
            }
            if self.chain.len() > DEEPEST {
                self.findings.add(messages::use_too_deep(span, DEEPEST));
                continue;
            }
            match self.loader.read(&path) {
                Ok(text) => self.enter(path, text),
                Err(error) => {
                    self.is_incomplete = true;
                    let near = self.near(&path);
                    self.findings.add(messages::use_not_found(span, &path, &error, near.as_deref()));
                }
            }
        }
    }

    fn enter(&mut self, path: PathBuf, text: String) {
        let file = self.sources.add(SourceFile::new(&path, text.clone()));
        self.known.insert(path.clone(), file);
        let parsed = syntax::parse(file, &text);
        self.chain.push((file, None));
        self.follow(uses_of(file, &path, &parsed.file));
        self.chain.pop();
    }

    /// A file beside the one that is not there, with a name like it.
    fn near(&self, path: &Path) -> Option<String> {
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let names = self.loader.list(directory.unwrap_or(Path::new("."))).ok()?;
        let wanted = path.file_name()?.to_string_lossy();
        let known = names.iter().map(String::as_str).filter(|name| name.ends_with(".wave"));
        crate::diagnostic::suggest::nearest(&wanted, known).map(str::to_owned)
    }
}

fn uses_of(_file: FileId, path: &Path, tree: &ast::File<'_>) -> Vec<UseOf> {
    let directory = path.parent().unwrap_or(Path::new(""));
    let statements = tree.body.statements.iter();
    let uses = statements.filter_map(|statement| match &statement.kind {
        ast::StatementKind::Use { path } => Some(path),
        _ => None,
    });
    uses.map(|text| UseOf { path: text.plain().map(|path| normal(&directory.join(path))), span: text.span() })
        .collect()
}
