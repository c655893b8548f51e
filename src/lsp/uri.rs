//! Paths as `file:` URIs and back.

use std::path::{Path, PathBuf};

/// The scheme of the pages that the server serves itself.
pub const PAGES: &str = "wavec";

/// The URI of a path.
pub fn of_path(path: &Path) -> String {
    let text = path.to_string_lossy();
    let mut uri = String::from("file://");
    if cfg!(windows) && !text.starts_with('/') {
        uri.push('/');
    }
    for byte in text.bytes() {
        match byte {
            b'\\' if cfg!(windows) => uri.push('/'),
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(byte as char)
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

/// The path of a URI. A document that is no file has a path that no file has.
pub fn to_path(uri: &str) -> PathBuf {
    let Some(rest) = uri.strip_prefix("file://") else {
        return PathBuf::from(uri);
    };
    let rest = match rest.find('/') {
        // A host other than this one is not reached.
        Some(slash) => &rest[slash..],
        None => rest,
    };
    let rest = rest.split(['?', '#']).next().unwrap_or(rest);
    let mut bytes = Vec::with_capacity(rest.len());
    let raw = rest.as_bytes();
    let mut at = 0;
    while at < raw.len() {
        let hex = (raw[at] == b'%').then(|| rest.get(at + 1..at + 3)).flatten();
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                at += 3;
            }
            None => {
                bytes.push(raw[at]);
                at += 1;
            }
        }
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let text = if cfg!(windows) { text.trim_start_matches('/').to_owned() } else { text };
    crate::check::normal(Path::new(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_goes_there_and_back() {
        for path in ["/a/b.wave", "/with space/ü/日本 🌊.wave", "/a%20b/#c?.wave"] {
            assert_eq!(to_path(&of_path(Path::new(path))), Path::new(path));
        }
        assert_eq!(to_path("untitled:Untitled-1"), Path::new("untitled:Untitled-1"));
    }
}
