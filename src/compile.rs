//! Source to `Compilation`: parse, check, lower, prove, composed once for the command line and the editor.
//!
//! Holds no rule of its own but which part may speak when another has found errors.

mod allowances;
mod facts;
mod messages;

use crate::check::{self, Loader, Model};
use crate::diagnostic::codes::{self, Group};
use crate::diagnostic::{self, Diagnostic, Severity};
use crate::plan::{self, Plan};
use crate::prove;
use crate::source::{FileId, SourceFile, SourceMap};
use crate::syntax::{self, ast};
use allowances::Allowances;
use std::ops::ControlFlow;
use std::path::Path;

pub use check::{Options, Purpose};

/// So long a text leaves more behind when its tree is gone than giving it back costs.
const LARGE: usize = 1 << 20;

/// What a plan's text has become.
#[derive(Debug)]
pub struct Compilation {
    /// The plan's text and those of the libraries that it uses.
    pub sources: SourceMap,
    /// The plan; none when there is an error.
    pub plan: Option<Plan>,
    /// The plan when its only errors are claims that its forecast refutes: to be looked at, not to be run.
    pub refuted: Option<Plan>,
    /// The plan when what is wrong was found by proving it: its order is sure, and an editor shows it beside what is wrong.
    pub disproved: Option<Plan>,
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
    compile_file(SourceFile::new(path, text), loader, options)
}

/// As [`compile`], of a text that need not be copied.
pub fn compile_file(source: SourceFile, loader: &dyn Loader, options: &Options) -> Compilation {
    compile_seen(source, loader, options, |_| ControlFlow::Continue(()))
}

/// What is known of a plan before anything is proved of it.
pub struct Seen<'c, 'a> {
    /// The texts.
    pub sources: &'c SourceMap,
    /// The tree of the plan, and those of the libraries that it uses, in the order of the sources.
    pub trees: &'c [ast::File<'a>],
    /// What the names mean. Also of a plan with mistakes: as much as could be resolved.
    pub model: &'c Model<'a>,
    /// What has been found, as it came.
    found: &'c [Diagnostic],
    options: &'c Options,
}

impl Seen<'_, '_> {
    /// What there is to say so far, in the order of place.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        report(allowances::all(self.sources, self.trees), self.found.to_vec(), self.options, true)
    }
}

/// What is to be told of what was found. `is_cut`: there are no proofs yet.
fn report(
    allowances: Allowances,
    found: Vec<Diagnostic>,
    options: &Options,
    is_cut: bool,
) -> Vec<Diagnostic> {
    let mut diagnostics = allowances::apply(allowances, found);
    if is_cut {
        // A proof might have used it.
        diagnostics.retain(|found| found.code != codes::UNUSED_ALLOWANCE);
    }
    let mut diagnostics = options.levels.apply(diagnostics);
    if options.errors_only {
        diagnostics.retain(|found| found.severity == Severity::Error);
    }
    diagnostic::sort(&mut diagnostics);
    diagnostics
}

/// As [`compile`]; `look` is shown what is known before the proofs, which take the most time, and may end it there.
pub fn compile_seen(
    source: SourceFile,
    loader: &dyn Loader,
    options: &Options,
    look: impl FnOnce(&Seen<'_, '_>) -> ControlFlow<()>,
) -> Compilation {
    let plan_file = source.clone();
    let (path, text) = (plan_file.path(), plan_file.text());
    let mut sources = SourceMap::of(source);
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
    let is_large = sources.files().map(|(_, file)| file.text().len()).sum::<usize>() >= LARGE;
    let is_text_sure = diagnostics.iter().all(|found| found.severity < Severity::Error);
    let checked = check::check(&sources, &trees, loader, options, loaded.is_incomplete);
    diagnostics.extend(checked.diagnostics);
    let seen = Seen { sources: &sources, trees: &trees, model: &checked.model, found: &diagnostics, options };
    let is_cut = look(&seen).is_break();
    // What is proved of half a plan would be told about mistakes that are none.
    let mut plan = (is_text_sure && checked.is_sure && !is_cut).then(|| match options.errors_only {
        true => plan::lower_unrun(checked.model, options.give_back),
        false => plan::lower(checked.model),
    });
    let allowances = allowances::all(&sources, &trees);
    // The proofs need the plan alone: of a large one the tree is larger than what they make, and in many small pieces.
    drop(trees);
    if let Some(give_back) = options.give_back.filter(|_| is_large) {
        give_back();
    }
    if let Some(plan) = &mut plan {
        diagnostics.extend(prove::prove(plan, &sources, &facts::Around::new(path, loader)));
    }
    let diagnostics = report(allowances, diagnostics, options, is_cut);
    let mut errors = diagnostics.iter().filter(|found| found.severity == Severity::Error).peekable();
    let has_errors = errors.peek().is_some();
    let has_other_errors = errors.any(|found| found.code.group() != Group::Claims);
    let (plan, refuted, disproved) = match (has_errors, has_other_errors) {
        (false, _) => (plan, None, None),
        (true, false) => (None, plan, None),
        (true, true) => (None, None, plan),
    };
    Compilation { sources, plan, refuted, disproved, diagnostics }
}
