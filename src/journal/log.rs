//! The log of a run: its entries in a file that only grows, `.wavec/runs/<id>/@events`.
//!
//! Lines of JSON. The first names the file; entries follow in batches, each closed by a seal, without which none of it counts:
//!
//! ```text
//! {"wavec":"events","version":1,"run":3}
//! {"seq":1,"at":1763929000000,"event":"run_started","pid":42,"session":1,"workers":2}
//! {"seq":2,"at":1763929000003,"event":"group_started","group":0}
//! {"batch":147,"synced":0,"crc":"1b2c9f00"}
//! ```
//!
//! `batch` is how many bytes of lines the seal closes, `synced` how many bytes of the file were on disk for sure when it was written,
//! `crc` a CRC-32 of the lines and of the seal up to there. So a write that was torn by a power cut, which costs nothing that anybody was
//! told of, is told from damage to what was on disk. Knows lines and numbers, and nothing of what an event says.

mod read;
mod write;

pub use read::{End, Line, Log};
pub use write::Writer;

use super::RunId;
use std::io::Write;
use std::path::Path;

/// How a line that tells of an entry begins.
const ENTRY: &[u8] = br#"{"seq":"#;

/// How a seal begins.
const SEAL: &[u8] = br#"{"batch":"#;

/// The first line of a run's log, with its line break.
fn head(run: RunId) -> String {
    format!("{{\"wavec\":\"events\",\"version\":1,\"run\":{run}}}\n")
}

/// What closes a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seal {
    /// The bytes of the lines that it closes.
    bytes: u64,
    /// So much of the file was on disk when it was written.
    synced: u64,
    crc: u32,
}

impl Seal {
    /// Closes lines.
    fn close(lines: &mut Vec<u8>, synced: u64) {
        let bytes = lines.len();
        // Writing into memory cannot fail.
        let _ = write!(lines, "{{\"batch\":{bytes},\"synced\":{synced},\"crc\":\"");
        let crc = crc32fast::hash(lines);
        let _ = writeln!(lines, "{crc:08x}\"}}");
    }

    /// A line, without its line break, as a seal.
    fn read(line: &[u8]) -> Option<Seal> {
        let rest = std::str::from_utf8(line.strip_prefix(SEAL)?).ok()?;
        let (bytes, rest) = rest.split_once(",\"synced\":")?;
        let (synced, rest) = rest.split_once(",\"crc\":\"")?;
        let crc = u32::from_str_radix(rest.strip_suffix("\"}")?, 16).ok()?;
        Some(Seal { bytes: bytes.parse().ok()?, synced: synced.parse().ok()?, crc })
    }

    /// Where what it closes begins, if it stands at `at`; none before the beginning.
    fn begin(&self, at: usize) -> Option<usize> {
        at.checked_sub(usize::try_from(self.bytes).ok()?)
    }

    /// Whether it closes what stands before it: `text` ends with its line, which begins at `at`.
    fn holds(&self, text: &[u8], at: usize) -> bool {
        // Behind the checksum: eight digits, a quotation mark and a brace.
        let Some(signed) = text.len().checked_sub(10) else { return false };
        let Some(begin) = self.begin(at) else { return false };
        at < signed && crc32fast::hash(&text[begin..signed]) == self.crc
    }
}

/// Where a run's log is, in the run's folder. No task's folder has that name.
pub fn file_in(directory: &Path) -> std::path::PathBuf {
    directory.join("@events")
}
