//! What the loader sees around the plan, as the prover asks for it: paths relative to the plan's directory.

use crate::check::Loader;
use crate::prove::{Facts, Kind};
use foldhash::fast::RandomState;
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The surroundings of the plan at `path`.
pub struct Around<'l> {
    path: &'l Path,
    loader: &'l dyn Loader,
    /// What is at the paths that were asked for: many a path is claimed by several tasks, and by several proofs asked for.
    kinds: RefCell<HashMap<String, Kind, RandomState>>,
}

impl<'l> Around<'l> {
    pub fn new(path: &'l Path, loader: &'l dyn Loader) -> Around<'l> {
        Around { path, loader, kinds: RefCell::default() }
    }

    fn beside(&self, path: &str) -> PathBuf {
        let directory = self.path.parent().unwrap_or(Path::new(""));
        match path {
            "" if directory.as_os_str().is_empty() => PathBuf::from("."),
            "" => directory.to_owned(),
            path => directory.join(path),
        }
    }
}

impl Facts for Around<'_> {
    fn kind(&self, path: &str) -> Option<Kind> {
        if let Some(kind) = self.kinds.borrow().get(path) {
            return Some(*kind);
        }
        let kind = match self.loader.is_directory(&self.beside(path)) {
            Some(true) => Kind::Directory,
            Some(false) => Kind::File,
            None => Kind::Nothing,
        };
        self.kinds.borrow_mut().insert(path.to_owned(), kind);
        Some(kind)
    }

    fn list(&self, directory: &str) -> Option<Vec<String>> {
        self.loader.list(&self.beside(directory)).ok()
    }

    fn text(&self, path: &str) -> Option<String> {
        self.loader.peek(&self.beside(path)).ok()
    }

    fn is_stale(&self) -> bool {
        self.loader.is_stale()
    }

    fn plan_file(&self) -> Option<String> {
        self.path.file_name().map(|name| name.to_string_lossy().into_owned())
    }
}
