//! Whether a task changed any of the files that it claims: a picture of them before and after.
//!
//! In shared isolation other tasks change other files meanwhile, so only the claimed ones are looked at. Knows nothing of
//! tasks but their claims.

use super::criteria::files;
use crate::glob::Paths;
use crate::plan::Claims;
use std::collections::BTreeMap;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Files up to this size are compared by what they hold, larger ones by size and time.
const HASHED: u64 = 4 << 20;

/// What the claimed files are like.
#[derive(Debug, PartialEq, Eq)]
pub struct Picture(BTreeMap<String, Look>);

/// What one file is like.
#[derive(Debug, PartialEq, Eq)]
enum Look {
    Small(blake3::Hash),
    Large {
        length: u64,
        seconds: i64,
        nanoseconds: i64,
    },
    /// A link, a directory, or what cannot be read.
    Other {
        inode: u64,
        seconds: i64,
        nanoseconds: i64,
    },
}

impl Picture {
    /// Takes a picture of the files under `directory` that the claims let a task write.
    pub fn take(directory: &Path, claims: &Claims) -> Picture {
        let mut looks = BTreeMap::new();
        for claim in claims.claims.iter().filter(|claim| claim.kind.is_write()) {
            let except: Vec<&str> = claim.except.iter().map(String::as_str).collect();
            // The checker has told of a pattern that does not parse.
            let Ok(paths) = Paths::parse(&claim.glob, &except) else { continue };
            for path in files::find(directory, &claim.glob).unwrap_or_default() {
                if paths.matches(&path) && !looks.contains_key(&path) {
                    let look = Look::at(&directory.join(&path));
                    looks.extend(look.map(|look| (path, look)));
                }
            }
        }
        Picture(looks)
    }
}

impl Look {
    fn at(path: &Path) -> Option<Look> {
        let data = std::fs::symlink_metadata(path).ok()?;
        let (seconds, nanoseconds) = (data.mtime(), data.mtime_nsec());
        if data.is_file() && data.len() <= HASHED {
            let mut bytes = Vec::new();
            if std::fs::File::open(path).and_then(|mut file| file.read_to_end(&mut bytes)).is_ok() {
                return Some(Look::Small(blake3::hash(&bytes)));
            }
        }
        Some(if data.is_file() {
            Look::Large { length: data.len(), seconds, nanoseconds }
        } else {
            Look::Other { inode: data.ino(), seconds, nanoseconds }
        })
    }
}
