//! Takes secrets out of what is written: a filter for streams and one for whole texts.
//!
//! Knows only byte strings; which they are is the caller's. A secret of several lines is masked line by line too, for
//! programs print such things a line at a time; so is what JSON makes of one.

/// What stands in the place of a secret.
pub const MASK: &str = "***";

/// The shortest line of a secret of several lines that is masked by itself.
const SHORTEST_LINE: usize = 8;

/// A filter over a stream: what goes in comes out with the secrets masked, in whatever pieces it comes.
#[derive(Clone, Debug, Default)]
pub struct Masker {
    /// Longest first, so that a secret that holds another is masked whole.
    patterns: Vec<Vec<u8>>,
    /// The end of what came in, while it may be the beginning of a secret.
    held: Vec<u8>,
}

impl Masker {
    /// A filter for these secrets; empty ones are none.
    pub fn new<'s>(secrets: impl IntoIterator<Item = &'s str>) -> Masker {
        let mut patterns: Vec<Vec<u8>> = Vec::new();
        for secret in secrets {
            let lines = secret.lines().map(str::trim).filter(|line| line.len() >= SHORTEST_LINE);
            for text in lines.chain([secret]).filter(|text| !text.is_empty()) {
                patterns.push(text.into());
                patterns.push(in_json(text));
            }
        }
        patterns.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        patterns.dedup();
        Masker { patterns, held: Vec::new() }
    }

    /// Whether there is nothing to mask.
    pub fn is_idle(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Takes the next piece of the stream and gives what is certain of it, masked.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        if self.is_idle() {
            return bytes.to_vec();
        }
        self.held.extend_from_slice(bytes);
        self.take(false)
    }

    /// The end of the stream: gives what was held back.
    pub fn finish(&mut self) -> Vec<u8> {
        self.take(true)
    }

    fn take(&mut self, is_end: bool) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.held.len());
        let mut at = 0;
        while at < self.held.len() {
            let rest = &self.held[at..];
            // A longer secret that may still be coming goes before a shorter one that is there.
            let next = self
                .patterns
                .iter()
                .find(|pattern| rest.starts_with(pattern) || (!is_end && pattern.starts_with(rest)));
            match next {
                Some(pattern) if rest.len() >= pattern.len() => {
                    out.extend_from_slice(MASK.as_bytes());
                    at += pattern.len();
                }
                Some(_) => break,
                None => {
                    let is_first = |byte: &u8| self.patterns.iter().any(|pattern| pattern[0] == *byte);
                    let clear = rest[1..].iter().position(is_first).map_or(rest.len(), |next| next + 1);
                    out.extend_from_slice(&rest[..clear]);
                    at += clear;
                }
            }
        }
        self.held.drain(..at);
        out
    }
}

/// A text as it stands in JSON, which most agents print.
fn in_json(text: &str) -> Vec<u8> {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].into()
}

/// A whole text with the secrets masked.
pub fn mask(text: &str, secrets: &[String]) -> String {
    let mut masker = Masker::new(secrets.iter().map(String::as_str));
    if masker.is_idle() {
        return text.to_owned();
    }
    let mut bytes = masker.push(text.as_bytes());
    bytes.extend(masker.finish());
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_masked_however_it_is_cut() {
        let text = "a hunter2 b hunter22 c hunt er2 hunter";
        for cut in 0..=text.len() {
            let mut masker = Masker::new(["hunter2", "hunter22", ""]);
            let mut out = masker.push(&text.as_bytes()[..cut]);
            out.extend(masker.push(&text.as_bytes()[cut..]));
            out.extend(masker.finish());
            assert_eq!(String::from_utf8(out).unwrap(), "a *** b *** c hunt er2 hunter");
        }
    }

    #[test]
    fn each_line_of_a_key_is_masked() {
        let key = "-----BEGIN-----\nabcdefghijkl\n-----END-----\n".to_owned();
        assert_eq!(mask("line abcdefghijkl here", &[key]), "line *** here");
    }

    #[test]
    fn a_secret_is_masked_in_json_too() {
        let text = serde_json::json!({ "text": "it is pa\"ss\\1, and\nab\ncd" }).to_string();
        let secrets = ["pa\"ss\\1".to_owned(), "ab\ncd".to_owned()];
        assert_eq!(mask(&text, &secrets), r#"{"text":"it is ***, and\n***"}"#);
    }
}
