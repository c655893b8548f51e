//! Empty log files that stand ready: most short jobs print nothing, and making a folder and a file for each would cost as
//! much as their processes.
//!
//! Knows nothing of jobs.

use super::log;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The files, by the folder that they stand in. Dropped, it takes them away.
#[derive(Debug, Default)]
pub struct Spool {
    folders: Mutex<BTreeMap<PathBuf, Folder>>,
}

#[derive(Debug, Default)]
struct Folder {
    free: Vec<(File, PathBuf)>,
    count: u64,
}

/// The place of a file in a spool.
#[derive(Debug)]
pub struct Spooled {
    /// Where it stands.
    pub path: PathBuf,
    folder: PathBuf,
}

impl Spool {
    /// An empty file in that folder, open for appending.
    pub fn take(&self, directory: &Path) -> io::Result<(File, Spooled)> {
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        if !folders.contains_key(directory) {
            // What a wavec that died has left there was written by attempts that are lost.
            match std::fs::remove_dir_all(directory) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            std::fs::create_dir_all(directory)?;
        }
        let folder = folders.entry(directory.to_owned()).or_default();
        let (file, path) = match folder.free.pop() {
            Some(free) => free,
            None => {
                let path = directory.join(folder.count.to_string());
                folder.count += 1;
                (log::empty(&path)?, path)
            }
        };
        Ok((file, Spooled { path, folder: directory.to_owned() }))
    }

    /// Takes a file back that is still empty, and that nobody can write to any more.
    pub fn give_back(&self, file: File, spooled: Spooled) {
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        folders.entry(spooled.folder).or_default().free.push((file, spooled.path));
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        let folders = self.folders.get_mut().unwrap_or_else(PoisonError::into_inner);
        for (directory, folder) in folders {
            for (_, path) in &folder.free {
                // Whatever cannot be removed is empty, and is taken away by the next session.
                let _ = std::fs::remove_file(path);
            }
            let _ = std::fs::remove_dir(directory);
        }
    }
}
