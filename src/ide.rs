//! What an editor asks of a plan: what stands here, what may stand here, where is it named, when is it on.
//!
//! Plain data in, plain data out: text and byte offsets, spans and Markdown. Knows no protocol, reads no disk but through
//! the [`Loader`] that it is given, and runs nothing. Every answer is made from as much of a text as can be read.

pub mod actions;
mod carry;
pub mod complete;
mod context;
mod files;
pub mod hierarchy;
pub mod hints;
pub mod hover;
pub mod index;
pub mod layout;
pub mod links;
mod mentions;
pub mod navigate;
pub mod outline;
mod planned;
mod reference;
pub mod signature;
pub mod tokens;
mod words;

use crate::check::Loader;
use crate::compile::{self, Options};
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, SourceFile, SourceMap};
use crate::syntax::ast::{Body, File, Statement, StatementKind};
use crate::syntax::vocabulary::{self, Place};
use index::Index;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

pub use carry::carry;
pub use files::directory;
pub use planned::Planned;
pub use words::slot;

/// What is known of a plan or a library, and of all that it uses.
#[derive(Debug, Default)]
pub struct Analysis {
    /// The text and those of the libraries that it uses; it is the first.
    pub sources: SourceMap,
    /// Which name stands where.
    pub index: Arc<Index>,
    /// All that there is to say, in order of place.
    pub diagnostics: Vec<Diagnostic>,
    /// The plan and its forecast; none while there is an error that leaves its order open.
    pub planned: Option<Arc<Planned>>,
    /// Whether the file opens with `plan`: others are libraries.
    pub is_plan: bool,
}

/// Analyses the text that was found at `path`, with all proofs.
pub fn analyze(path: &Path, text: &str, loader: &dyn Loader, options: &Options) -> Analysis {
    analyze_to(SourceFile::new(path, text), loader, options, &mut |_, _| ControlFlow::Continue(()))
}

/// As [`analyze`], up to the proofs, which take the most time: names, shapes and values, and no plan.
pub fn analyze_names(path: &Path, text: &str, loader: &dyn Loader, options: &Options) -> Analysis {
    analyze_to(SourceFile::new(path, text), loader, options, &mut |stage, _| match stage {
        Stage::Found => ControlFlow::Continue(()),
        Stage::Indexed => ControlFlow::Break(()),
    })
}

/// As [`analyze`]; `first` is given what is known before the proofs, as soon as it is, in two stages.
pub fn analyze_in_stages(
    source: SourceFile,
    loader: &dyn Loader,
    options: &Options,
    mut first: impl FnMut(Stage, Analysis),
) -> Analysis {
    analyze_to(source, loader, options, &mut |stage, known| {
        if loader.is_stale() {
            return ControlFlow::Break(());
        }
        first(stage, known());
        ControlFlow::Continue(())
    })
}

/// How far an analysis has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// What is wrong with names, shapes and values is known; no index yet.
    Found,
    /// Which name stands where is known too.
    Indexed,
}

/// Is shown each stage, with a way to have what is known then, and says whether to go on.
type Look<'l> = &'l mut dyn FnMut(Stage, &dyn Fn() -> Analysis) -> ControlFlow<()>;

fn analyze_to(source: SourceFile, loader: &dyn Loader, options: &Options, look: Look<'_>) -> Analysis {
    let mut index = Arc::default();
    let mut is_plan = false;
    let compilation = compile::compile_seen(source, loader, options, |seen| {
        if loader.is_stale() {
            return ControlFlow::Break(());
        }
        is_plan = seen.model.header.is_some();
        let known = |index: &Arc<Index>| Analysis {
            sources: seen.sources.clone(),
            index: Arc::clone(index),
            diagnostics: seen.diagnostics(),
            planned: None,
            is_plan,
        };
        if look(Stage::Found, &|| known(&Arc::default())).is_break() {
            return ControlFlow::Break(());
        }
        index = Arc::new(index::index(seen, &|| loader.is_stale()));
        look(Stage::Indexed, &|| known(&index))
    });
    let compile::Compilation { sources, plan, refuted, disproved, diagnostics } = compilation;
    let plan = plan.or(refuted).or(disproved);
    let planned = plan.filter(|_| is_plan).map(|plan| Arc::new(Planned::new(Arc::new(plan))));
    Analysis { sources, index, diagnostics, planned, is_plan }
}

impl Analysis {
    /// The id of the file at a path, as the analysis names it.
    pub fn file(&self, path: &Path) -> Option<FileId> {
        self.sources.files().find(|(_, file)| file.path() == path).map(|(id, _)| id)
    }
}

/// The statements around a place, outermost first, and the body that it stands in.
struct Around<'t, 's> {
    statements: Vec<&'t Statement<'s>>,
    place: Place,
}

/// What a place stands in. A body's braces are part of its statement and not of the body.
fn around<'t, 's>(text: &str, file: &'t File<'s>, offset: usize) -> Around<'t, 's> {
    let mut found = Around { statements: Vec::new(), place: Place::File };
    let mut body: &Body<'s> = &file.body;
    'outer: loop {
        let behind = body.statements.partition_point(|statement| statement.span.start as usize <= offset);
        for statement in body.statements[..behind].iter().rev().take(4) {
            if !statement.span.touches(offset) || matches!(statement.kind, StatementKind::Junk) {
                continue;
            }
            found.statements.push(statement);
            let inner = statement.kind.body();
            if let (Some(inner), Some(place)) = (inner, vocabulary::place_of(&statement.kind))
                && is_inside(text, inner, offset)
            {
                found.place = place;
                body = inner;
                continue 'outer;
            }
            return found;
        }
        return found;
    }
}

/// Whether a place is between the braces. A body that was never closed goes on to its end.
fn is_inside(text: &str, body: &Body<'_>, offset: usize) -> bool {
    let (start, end) = (body.span.start as usize, body.span.end as usize);
    let is_open = end > start && (end == start + 1 || !text[..end].ends_with('}'));
    start < offset && (offset < end || is_open && offset == end)
}
