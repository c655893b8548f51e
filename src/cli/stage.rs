//! From a plan's file, or from what the journal keeps of it, to a plan that can be carried out.
//!
//! What was read on the way is kept, so that the journal can hold it and a resume finds the same.

use super::loader::Disk;
use super::settings::{self, LevelArgs};
use super::{Global, loader, output, project};
use crate::check::Loader;
use crate::compile::{Compilation, Purpose, compile};
use crate::diagnostic::Severity;
use crate::diagnostic::levels::Levels;
use crate::diagnostic::render::{TextOptions, counts, render_text};
use crate::error::{Error, Result};
use crate::journal::NewRun;
use crate::plan::Plan;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A plan that compiles, with all that it was compiled from.
pub struct Staged {
    /// The plan.
    pub plan: Arc<Plan>,
    /// Its file, absolute.
    pub path: PathBuf,
    /// Its directory, absolute.
    pub directory: PathBuf,
    /// The texts, by absolute path, the plan's own first.
    pub sources: Vec<(PathBuf, String)>,
    /// The params that were given.
    pub params: Vec<(String, String)>,
}

impl Staged {
    /// As the journal writes it down, now.
    pub fn as_new_run(&self) -> NewRun<'_> {
        NewRun {
            plan_path: &self.path,
            directory: &self.directory,
            params: &self.params,
            sources: &self.sources,
            plan: &self.plan,
            at: project::now(),
        }
    }
}

/// Reads and compiles a plan's file to run it. None when it has errors; they have been told then.
pub fn from_file(path: &Path, params: &[(String, String)], global: &Global) -> Result<Option<Staged>> {
    let input = loader::read_plan(path)?;
    let absolute = absolute(&input.path)?;
    let disk = Texts::new(&[]);
    let levels = settings::levels(&loader::directory_of(&input.path), &LevelArgs::default())?;
    let options = loader::options(Purpose::Run, params.to_vec(), levels);
    let compilation = compile(&input.path, &input.text, &disk, &options);
    tell(&compilation, global)?;
    Ok(staged(compilation, disk, absolute, input.text, params))
}

/// Compiles what the journal keeps of a plan. None where this wavec finds errors in it: it is of an older one.
pub fn from_journal(sources: Vec<(PathBuf, String)>, params: &[(String, String)]) -> Option<Staged> {
    let (path, text) = sources.first().cloned()?;
    let texts = Texts::new(&sources);
    let options = loader::options(Purpose::Run, params.to_vec(), Levels::default());
    let compilation = compile(&shown(&path), &text, &texts, &options);
    staged(compilation, texts, path, text, params)
}

fn staged(
    compilation: Compilation,
    texts: Texts,
    path: PathBuf,
    text: String,
    params: &[(String, String)],
) -> Option<Staged> {
    let plan = compilation.plan?;
    let mut sources = vec![(path.clone(), text)];
    let read = texts.read.into_inner();
    sources.extend(read.into_iter().filter(|(other, _)| *other != path));
    let directory = path.parent().unwrap_or(Path::new("/")).to_path_buf();
    Some(Staged { plan: Arc::new(plan), path, directory, sources, params: params.to_vec() })
}

/// Tells what the compiler has to say. Warnings do not keep a plan from running, and notes are for `check`.
fn tell(compilation: &Compilation, global: &Global) -> Result<()> {
    let least = match (global.quiet, global.verbose) {
        (true, _) => Severity::Error,
        (_, true) => Severity::Note,
        _ => Severity::Warning,
    };
    let told: Vec<_> =
        compilation.diagnostics.iter().filter(|diagnostic| diagnostic.severity >= least).cloned().collect();
    if told.is_empty() {
        return Ok(());
    }
    let stderr = io::stderr();
    let options =
        TextOptions { color: global.has_color(&stderr), width: output::columns(&stderr), links: true };
    let mut text = render_text(&compilation.sources, &told, options);
    text.push('\n');
    if compilation.has_errors() {
        text.push_str(&format!("{}: nothing was run\n", counts(&told)));
    }
    output::say(&text)
}

/// An absolute path, as the system sees it where the file is there.
pub fn absolute(path: &Path) -> Result<PathBuf> {
    let named = |cause: &io::Error| Error::new("find the plan", loader::told(cause)).at(path);
    let absolute = std::path::absolute(path).map_err(|cause| named(&cause))?;
    // The directory with its links followed: one plan has one lock. The file's own name stays.
    match (absolute.parent(), absolute.file_name()) {
        (Some(parent), Some(name)) => Ok(parent.canonicalize().map_err(|cause| named(&cause))?.join(name)),
        _ => Ok(absolute),
    }
}

/// The path as a person here would write it: relative where that is shorter.
pub fn shown(path: &Path) -> PathBuf {
    let here = std::env::current_dir().ok();
    here.and_then(|here| path.strip_prefix(here).ok().map(Path::to_path_buf))
        .filter(|path| !path.as_os_str().is_empty())
        .unwrap_or_else(|| path.to_path_buf())
}

/// Texts that are known already, then the disk. Remembers what it gave.
struct Texts {
    known: BTreeMap<PathBuf, String>,
    disk: Disk,
    read: RefCell<BTreeMap<PathBuf, String>>,
}

impl Texts {
    fn new(known: &[(PathBuf, String)]) -> Texts {
        Texts { known: known.iter().cloned().collect(), disk: Disk::default(), read: RefCell::default() }
    }
}

impl Loader for Texts {
    fn read(&self, path: &Path) -> io::Result<String> {
        let full = full(path)?;
        let text = match self.known.get(&full) {
            Some(text) => text.clone(),
            None => self.disk.read(path)?,
        };
        self.read.borrow_mut().insert(full, text.clone());
        Ok(text)
    }

    fn peek(&self, path: &Path) -> io::Result<String> {
        // What tasks have changed meanwhile says nothing of a plan that was found good.
        if !self.known.is_empty() {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.disk.read(path)
    }

    fn exists(&self, path: &Path) -> bool {
        full(path).is_ok_and(|full| self.known.contains_key(&full)) || self.disk.exists(path)
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        let full = full(directory)?;
        let known = self.known.keys().filter_map(|path| path.strip_prefix(&full).ok());
        let mut names: Vec<String> = known
            .filter_map(|rest| rest.components().next())
            .map(|part| part.as_os_str().to_string_lossy().into_owned())
            .collect();
        match self.disk.list(directory) {
            Ok(others) => names.extend(others),
            Err(error) if names.is_empty() => return Err(error),
            Err(_) => {}
        }
        names.sort();
        names.dedup();
        Ok(names)
    }
}

/// The absolute path, without `.` and `..`.
fn full(path: &Path) -> io::Result<PathBuf> {
    Ok(crate::check::normal(&std::path::absolute(path)?))
}
