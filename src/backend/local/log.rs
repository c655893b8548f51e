//! The log of an attempt, which never fills the disk: past a limit its middle is given back while it is written.
//!
//! A job writes straight into the file, so nothing stands in its way; wavec looks at the length now and then. The file has
//! its own name as soon as there is something in it: one that stays empty is handed to the next job. Knows nothing of
//! processes.

use super::spool::{Spool, Spooled};
use super::sys;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The most that is kept of a log: the first half and the last half of it.
pub const LIMIT: u64 = 64 << 20;

/// Files are given back in whole blocks.
const BLOCK: u64 = 4096;

/// A log that a job writes.
#[derive(Debug)]
pub struct Log {
    file: File,
    path: PathBuf,
    /// Where it stands while there is nothing in it.
    spooled: Option<Spooled>,
    limit: u64,
    /// How far the middle was given back.
    punched_to: u64,
    /// How much was cut away for good, where the file system knows no holes.
    dropped: u64,
}

impl Log {
    /// Makes the file anew, its directory too; with a spool, when there is something in it. It can be read by its owner
    /// alone. One that `is_new` is known not to be there.
    pub fn create(path: &Path, is_new: bool, limit: u64, spool: Option<(&Spool, &Path)>) -> io::Result<Log> {
        // Removed and not cut short: an earlier job that escaped may still write to the old one.
        match if is_new { Ok(()) } else { std::fs::remove_file(path) } {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let (file, spooled) = match spool {
            Some((spool, directory)) => {
                let (file, spooled) = spool.take(directory)?;
                (file, Some(spooled))
            }
            None => {
                make_place(path)?;
                (empty(path)?, None)
            }
        };
        Ok(Log { file, path: path.to_owned(), spooled, limit, punched_to: 0, dropped: 0 })
    }

    /// Gives the file its own name, if it stands in the spool.
    pub fn name(&mut self) -> io::Result<()> {
        if let Some(spooled) = &self.spooled {
            make_place(&self.path)?;
            std::fs::rename(&spooled.path, &self.path)?;
            self.spooled = None;
        }
        Ok(())
    }

    /// Hands a file that has stayed empty back, if it is one; nobody may write to it any more.
    pub fn give_back(self, spool: &Spool) -> bool {
        let Some(spooled) = self.spooled else { return false };
        spool.give_back(self.file, spooled);
        true
    }

    /// The file, open for appending.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Adds to its end.
    pub fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    /// Gives the middle back when the log has grown past its limit. To be called now and then.
    pub fn keep_small(&mut self) -> io::Result<()> {
        let length = self.file.metadata()?.len();
        if length > 0 {
            self.name()?;
        }
        if length <= self.limit {
            return Ok(());
        }
        let half = self.limit / 2;
        let from = self.punched_to.max(half.next_multiple_of(BLOCK));
        let to = (length - half) / BLOCK * BLOCK;
        if to <= from {
            return Ok(());
        }
        match sys::punch_hole(&self.file, from, to - from) {
            Ok(()) => self.punched_to = to,
            // No holes on this file system: what came after the first half goes, and what follows is appended there.
            Err(_) => {
                self.dropped += length - half;
                self.file.set_len(half)?;
                self.append(b"\n[wavec: a part of the output was left out here]\n")?;
            }
        }
        Ok(())
    }

    /// The job is over: closes the gap. Gives how many bytes were left out.
    pub fn finish(&mut self) -> io::Result<u64> {
        self.keep_small()?;
        if self.punched_to == 0 {
            return Ok(self.dropped);
        }
        let length = self.file.metadata()?.len();
        let half = self.limit / 2;
        let file = OpenOptions::new().read(true).write(true).open(&self.path)?;
        let mut buffer = vec![0; 64 * 1024];
        // The tail begins with a whole line, where its first piece holds the end of one.
        let tail = length.saturating_sub(half).max(self.punched_to);
        let count = file.read_at(&mut buffer, tail)?;
        let line = buffer[..count].iter().position(|byte| *byte == b'\n').map_or(0, |at| at as u64 + 1);
        let mut from = tail + line;
        let left_out = from - half;
        let note = format!("\n[wavec: {left_out} bytes of output were left out here]\n");
        file.write_all_at(note.as_bytes(), half)?;
        // Moved forwards piece by piece: what is written lies before all that is still to be read.
        let mut to = half + note.len() as u64;
        loop {
            let count = file.read_at(&mut buffer, from)?;
            if count == 0 {
                break;
            }
            file.write_all_at(&buffer[..count], to)?;
            from += count as u64;
            to += count as u64;
        }
        file.set_len(to)?;
        self.punched_to = 0;
        self.dropped += left_out;
        Ok(self.dropped)
    }
}

/// A new file, open for appending.
pub fn empty(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create_new(true).mode(0o600).open(path)
}

fn make_place(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(directory) => std::fs::create_dir_all(directory),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_keeps_its_beginning_and_its_end() {
        let directory = std::env::temp_dir().join(format!("wavec-log-{}", std::process::id()));
        let path = directory.join("1.log");
        let mut log = Log::create(&path, false, 64 * 1024, None).unwrap();
        for number in 0..50_000 {
            log.append(format!("line {number}\n").as_bytes()).unwrap();
            if number % 1000 == 0 {
                log.keep_small().unwrap();
            }
        }
        let left_out = log.finish().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_dir_all(&directory).unwrap();
        assert!(text.len() < 70 * 1024, "{}", text.len());
        assert!(left_out > 400_000, "{left_out}");
        assert!(text.starts_with("line 0\nline 1\n"));
        assert!(text.ends_with("\nline 49998\nline 49999\n"));
        assert!(text.contains("bytes of output were left out here]\n"));
        assert!(!text.contains('\0'));
    }

    #[test]
    fn a_log_has_its_name_once_there_is_something_in_it() {
        let directory = std::env::temp_dir().join(format!("wavec-spool-{}", std::process::id()));
        let (spool, place) = (Spool::default(), directory.join("@spool"));
        let path = |name: &str| directory.join("task").join(name);
        let mut silent = Log::create(&path("1.log"), true, 1 << 20, Some((&spool, &place))).unwrap();
        silent.keep_small().unwrap();
        silent.give_back(&spool);
        let mut loud = Log::create(&path("2.log"), false, 1 << 20, Some((&spool, &place))).unwrap();
        assert_eq!(std::fs::read_dir(&place).unwrap().count(), 1, "the file is used again");
        loud.append(b"text").unwrap();
        assert!(!path("2.log").exists());
        loud.keep_small().unwrap();
        loud.append(b" and more").unwrap();
        assert_eq!(std::fs::read_to_string(path("2.log")).unwrap(), "text and more");
        assert!(!path("1.log").exists());
        drop(spool);
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
