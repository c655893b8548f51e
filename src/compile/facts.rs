//! What the loader sees around the plan, as the prover asks for it: paths relative to the plan's directory.

use crate::check::Loader;
use crate::prove::{Facts, Kind};
use std::path::{Path, PathBuf};

/// The surroundings of the plan at `path`.
pub struct Around<'l> {
    pub path: &'l Path,
    pub loader: &'l dyn Loader,
}

impl Around<'_> {
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
        let path = self.beside(path);
        Some(match (self.loader.list(&path).is_ok(), self.loader.exists(&path)) {
            (true, _) => Kind::Directory,
            (false, true) => Kind::File,
            (false, false) => Kind::Nothing,
        })
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
