//! Source to `Compilation`: parse, check, lower, prove, composed once for the command line and the editor.
//!
//! Holds no rule of its own but which part may speak when another has found errors.

mod allowances;
mod facts;
mod messages;

use crate::check::{self, Loader};
use crate::diagnostic::{self, Diagnostic, Severity};
use crate::plan::{self, Plan};
use crate::prove;
use crate::source::{FileId, SourceFile, SourceMap};
use crate::syntax;
use std::path::Path;

pub use check::{Options, Purpose};

/// What a plan's text has become.
#[derive(Debug)]
pub struct Compilation {
    /// The plan's text and those of the libraries that it uses.
    pub sources: SourceMap,
    /// The plan; none when there is an error.
    pub plan: Option<Plan>,
    /// All that there is to say about it, in the order of place.
    pub diagnostics: Vec<Diagnostic>,
}

impl Compilation {
    /// Whether something keeps the plan from being run.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|found| found.severity == Severity::Error)
    }
}

/// Compiles the plan `text`, which was found at `path`; what it refers to comes through `loader`.
pub fn compile(path: &Path, text: &str, loader: &dyn Loader, options: &Options) -> Compilation {
    let mut sources = SourceMap::of(SourceFile::new(path, text));
    let parsed = syntax::parse(FileId(0), text);
    let mut diagnostics = parsed.diagnostics;
    let loaded = check::load(&mut sources, &parsed.file, loader);
    diagnostics.extend(loaded.diagnostics);
    let mut trees = vec![parsed.file];
    for (id, file) in sources.files().skip(1) {
        let library = syntax::parse(id, file.text());
        diagnostics.extend(library.diagnostics);
        trees.push(library.file);
    }
    let is_text_sure = diagnostics.iter().all(|found| found.severity < Severity::Error);
    let checked = check::check(&sources, &trees, loader, options, loaded.is_incomplete);
    diagnostics.extend(checked.diagnostics);
    // What is proved of half a plan would be told about mistakes that are none.
    let mut plan = (is_text_sure && checked.is_sure).then(|| plan::lower(&checked.model));
    drop(checked.model);
    if let Some(plan) = &mut plan {
        diagnostics.extend(prove::prove(plan, &sources, &facts::Around { path, loader }));
    }
    let diagnostics = allowances::apply(&sources, &trees, diagnostics);
    drop(trees);
    let mut diagnostics = options.levels.apply(diagnostics);
    diagnostic::sort(&mut diagnostics);
    let has_errors = diagnostics.iter().any(|found| found.severity == Severity::Error);
    Compilation { sources, plan: plan.filter(|_| !has_errors), diagnostics }
}
