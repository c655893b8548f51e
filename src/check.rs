//! What names mean: the ordered passes from tree to resolved [`Model`].
//!
//! Finds all mistakes of names, shapes, values and order in one go; what needs the files, the time or the whole
//! order to be proved is for `prove`. Does no I/O: `use`d files and agent definitions come through a [`Loader`].

mod actions;
pub mod agents;
mod collect;
mod definitions;
mod gates;
mod graph;
mod half;
mod isolation;
mod load;
pub mod members;
mod messages;
pub mod model;
pub mod names;
pub mod order;
pub mod params;
mod redundant;
mod references;
mod texts;
mod together;
mod tree;
mod unused;
pub mod values;

use crate::diagnostic::levels::Levels;
use crate::diagnostic::{Code, Diagnostic, Severity, codes};
use crate::source::{SourceMap, Span};
use crate::syntax::{self, ast};
use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::thread::scope;

pub use load::{Loaded, load};
pub use model::Model;

/// Where the texts beside the plan come from: the disk, or a test's own.
pub trait Loader {
    /// The text of a file.
    fn read(&self, path: &Path) -> io::Result<String>;
    /// The text of a file that is no part of the plan, but that the plan speaks of.
    fn peek(&self, path: &Path) -> io::Result<String> {
        self.read(path)
    }
    /// Whether something is there.
    fn exists(&self, path: &Path) -> bool;
    /// The names of what a directory holds.
    fn list(&self, directory: &Path) -> io::Result<Vec<String>>;
    /// Whether what is there is a directory that can be listed; none when nothing is there.
    fn is_directory(&self, path: &Path) -> Option<bool> {
        match (self.list(path).is_ok(), self.exists(path)) {
            (true, _) => Some(true),
            (false, is_there) => is_there.then_some(false),
        }
    }
    /// Whether nobody wants any more what is being made: what comes of it then is half done and thrown away.
    fn is_stale(&self) -> bool {
        false
    }
}

/// Files in memory, by path. For tests, editors' unsaved files and plans from standard input.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    files: BTreeMap<PathBuf, String>,
}

impl Memory {
    /// Nothing.
    pub fn new() -> Memory {
        Memory::default()
    }

    /// Adds a file.
    pub fn with(mut self, path: impl AsRef<Path>, text: impl Into<String>) -> Memory {
        self.files.insert(normal(path.as_ref()), text.into());
        self
    }
}

impl Loader for Memory {
    fn read(&self, path: &Path) -> io::Result<String> {
        let found = self.files.get(&normal(path)).cloned();
        found.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such file"))
    }

    fn exists(&self, path: &Path) -> bool {
        let path = normal(path);
        self.files.keys().any(|file| file.starts_with(&path))
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        let directory = normal(directory);
        let inside = self.files.keys().filter_map(|file| file.strip_prefix(&directory).ok());
        let first = inside.filter_map(|rest| rest.components().next());
        let mut names: Vec<String> = first.map(|part| part.as_os_str().to_string_lossy().into()).collect();
        names.dedup();
        match names.is_empty() {
            true => Err(io::Error::new(io::ErrorKind::NotFound, "no such directory")),
            false => Ok(names),
        }
    }
}

/// A path without `.` and, where it can be told from the text alone, without `..`.
pub fn normal(path: &Path) -> PathBuf {
    let mut parts: Vec<Component> = Vec::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => match parts.last() {
                Some(Component::Normal(_)) => {
                    parts.pop();
                }
                Some(Component::RootDir) => {}
                _ => parts.push(part),
            },
            _ => parts.push(part),
        }
    }
    parts.iter().collect()
}

/// What a plan is compiled for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// To be told what is wrong with it.
    #[default]
    Check,
    /// To be shown.
    Plan,
    /// To be carried out.
    Run,
}

/// What the command line says about a compilation.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `--set NAME=VALUE`, in order; the last one of a name counts.
    pub set: Vec<(String, String)>,
    /// Whether every param must have a value.
    pub require_params: bool,
    /// What for.
    pub purpose: Purpose,
    /// How grave the project takes which code.
    pub levels: Levels,
    /// Whether nothing but errors is wanted: notes and warnings are not told, and the plan is not carried out.
    pub errors_only: bool,
    /// What gives the system back what is free, where a large plan has freed a lot and needs room of another shape. None: what
    /// is free is kept.
    pub give_back: Option<fn()>,
}

impl Options {
    /// Whether what can be a note or a warning at most need not be looked for.
    fn is_brief(&self) -> bool {
        self.errors_only && !self.levels.can_deny()
    }
}

/// What the passes read.
pub(crate) struct Input<'a> {
    sources: &'a SourceMap,
    trees: &'a [ast::File<'a>],
    loader: &'a dyn Loader,
    options: &'a Options,
    /// Whether some text could not be read as statements: what seems to be missing may be in there.
    has_junk: bool,
}

/// What the passes have found so far.
#[derive(Default)]
pub(crate) struct Findings {
    list: Vec<Diagnostic>,
    seen: HashSet<(&'static str, Span)>,
    /// Whether the order cannot be trusted: an edge is missing, or there is a cycle.
    is_order_unsure: bool,
    used: Used,
    searches: u32,
    /// Whether a library is missing.
    is_incomplete: bool,
}

/// What a library that could not be had might have declared.
const FROM_LIBRARIES: &[Code] = &[
    codes::UNKNOWN_AGENT,
    codes::UNKNOWN_RESOURCE,
    codes::UNKNOWN_SECRET,
    codes::UNKNOWN_CRITERION,
    codes::UNKNOWN_PARAM,
    codes::UNKNOWN_SET,
    codes::MISSING_AGENT,
    codes::MISSING_ACTION,
];

/// Which declarations something refers to, by index.
#[derive(Default)]
pub(crate) struct Used {
    params: HashSet<usize>,
    agents: HashSet<usize>,
    resources: HashSet<usize>,
    secrets: HashSet<usize>,
    criteria: HashSet<usize>,
}

impl Findings {
    /// Adds a finding; one a code and place, so that a `for` over 1,000 values tells its mistake once.
    fn add(&mut self, diagnostic: Diagnostic) {
        if self.is_incomplete && FROM_LIBRARIES.contains(&diagnostic.code) {
            return;
        }
        if self.seen.insert((diagnostic.code.name(), diagnostic.span())) {
            self.list.push(diagnostic);
        }
    }

    /// As [`Findings::add`], of a mistake that leaves an edge out.
    fn add_to_order(&mut self, diagnostic: Diagnostic) {
        self.is_order_unsure |= diagnostic.severity == Severity::Error;
        self.add(diagnostic);
    }

    /// Whether one more search through all names is worth its time: a file full of wrong names is
    /// told without suggestions from some point on.
    fn may_search(&mut self) -> bool {
        self.searches += 1;
        self.searches <= 200
    }
}

/// What `check` gives.
pub struct Checked<'a> {
    /// The resolved plan.
    pub model: Model<'a>,
    /// What was found.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether the plan can be made: it has a header, what comes before what is sure, and no mistake has cost it a
    /// part that something could be proved of.
    pub is_sure: bool,
}

/// Errors that change nothing of what is proved about the rest of the plan.
const HARMLESS: &[Code] = &[
    codes::BAD_POINTER,
    codes::BAD_REGEX,
    codes::DRIVER_WITHOUT_PROGRAM,
    codes::DUPLICATE_ID,
    codes::EMPTY_GATE,
    codes::MISSING_DRIVER,
    codes::MISSING_PARAM,
    codes::MIXED_ISOLATION,
    codes::RANGE_FOR_LIMIT,
    codes::RETRY_OF_NOTHING,
    codes::UNKNOWN_DRIVER,
    codes::UNKNOWN_SECRET,
    codes::UNKNOWN_SET,
    codes::UNUSED_PROGRAM,
];

type Pass = for<'a> fn(&mut Model<'a>, &Input<'a>, &mut Findings);

/// The first passes, each over the whole plan: what there is. A later one reads what the earlier ones have filled in.
const DECLARING: &[Pass] = &[half::names, collect::declarations, params::values, tree::items];

/// The passes that follow, likewise: what it means.
const RESOLVING: &[Pass] = &[
    agents::agents,
    references::references,
    actions::actions,
    gates::gates,
    order::order,
    redundant::redundant,
    unused::unused,
    isolation::isolation,
];

/// Resolves the trees of a plan (the first) and of the libraries that it uses, in the order of `sources`.
/// `is_incomplete`: a library could not be had, as [`load`] has said.
pub fn check<'a>(
    sources: &'a SourceMap,
    trees: &'a [ast::File<'a>],
    loader: &'a dyn Loader,
    options: &'a Options,
    is_incomplete: bool,
) -> Checked<'a> {
    // Of a small plan a thread would take longer than it saves.
    let is_large = sources.files().map(|(_, file)| file.text().len()).sum::<usize>() >= syntax::LARGE;
    check_on(sources, trees, loader, options, is_incomplete, is_large)
}

/// As [`check`], the values judged beside the names or after them; to test that it makes no difference.
#[doc(hidden)]
pub fn check_on<'a>(
    sources: &'a SourceMap,
    trees: &'a [ast::File<'a>],
    loader: &'a dyn Loader,
    options: &'a Options,
    is_incomplete: bool,
    is_threaded: bool,
) -> Checked<'a> {
    let has_junk = trees.iter().any(|tree| texts::has_junk(&tree.body));
    let input = Input { sources, trees, loader, options, has_junk };
    let mut model = Model::new(sources, trees);
    let mut findings = Findings { is_incomplete, ..Findings::default() };
    let mut make = |passes: &[Pass], findings: &mut Findings| {
        for pass in passes {
            if loader.is_stale() {
                break;
            }
            pass(&mut model, &input, findings);
        }
    };
    // The values need no name: of a large plan they are judged meanwhile.
    let judged = if !is_threaded {
        make(DECLARING, &mut findings);
        values::values(sources, trees)
    } else {
        scope(|threads| {
            let values = threads.spawn(|| values::values(sources, trees));
            make(DECLARING, &mut findings);
            values.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    };
    judged.list.into_iter().for_each(|found| findings.add(found));
    make(RESOLVING, &mut findings);
    let is_harmless = |found: &Diagnostic| found.severity < Severity::Error || HARMLESS.contains(&found.code);
    let is_sure =
        model.header.is_some() && !findings.is_order_unsure && findings.list.iter().all(is_harmless);
    Checked { model, diagnostics: together::together(findings.list), is_sure }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_made_normal_without_the_disk() {
        assert_eq!(normal(Path::new("./a/../b//c/.")), Path::new("b/c"));
        assert_eq!(normal(Path::new("../a/../../b")), Path::new("../../b"));
        assert_eq!(normal(Path::new("/../a")), Path::new("/a"));
    }

    #[test]
    fn files_in_memory_are_read_found_and_listed() {
        let memory = Memory::new().with("p/.claude/agents/coder.md", "x").with("p/a.wave", "y");
        assert!(memory.exists(Path::new("p/.claude")));
        assert_eq!(memory.list(Path::new("p")).unwrap(), [".claude", "a.wave"]);
        assert_eq!(memory.read(Path::new("p/q/../a.wave")).unwrap(), "y");
        assert!(memory.read(Path::new("p")).is_err());
    }
}
