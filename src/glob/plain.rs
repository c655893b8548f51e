//! Patterns of letters, `/` and `*` alone: everything there is to know of one is a place in its text, and it is matched
//! by its text.
//!
//! Knows nothing of automata, and says the same as they do.

use super::MOST_PLACES;
use std::str::Split;

/// Of a plain pattern: the length of its fixed beginning and where its fixed end begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plain {
    pub prefix: u32,
    pub suffix: u32,
    pub is_literal: bool,
}

impl Plain {
    /// What there is to know of a text of letters, `/` and `*`; none for any other.
    pub fn of(text: &str) -> Option<Plain> {
        let is_plain =
            |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/' | b'*');
        if text.len() > 1_000 || !text.as_bytes().iter().all(is_plain) {
            return None;
        }
        let mut before = "";
        for part in text.split('/') {
            if matches!(part, "" | "." | "..") || part == "**" && before == "**" {
                return None;
            }
            before = part;
        }
        let (Some(first), Some(last)) = (text.find('*'), text.rfind('*')) else {
            return Some(Plain { prefix: text.len() as u32, suffix: 0, is_literal: true });
        };
        // `a/**/b` ends with `b`, not `/b`: it may be that the `/` before `**` is the one before `b`.
        let directories = text[..=last].ends_with("/**") || text[..=last] == *"**";
        let is_any_depth = directories && text[last + 1..].starts_with('/');
        let suffix = last + 1 + usize::from(is_any_depth);
        Some(Plain { prefix: first as u32, suffix: suffix as u32, is_literal: false })
    }

    /// The name at a place, if every match has it there.
    pub fn name<'t>(&self, mut parts: impl Iterator<Item = &'t str>, place: usize) -> Option<&'t str> {
        if !self.is_literal && place >= MOST_PLACES {
            return None;
        }
        for _ in 0..place {
            parts.next().filter(|part| *part != "**")?;
        }
        parts.next().filter(|part| !part.contains('*'))
    }
}

/// Whether the plain pattern of that text matches the path.
pub(super) fn matches(text: &str, path: &str) -> bool {
    if path.contains('\0') || path.split('/').any(|name| matches!(name, "" | "." | "..")) {
        return false;
    }
    let (mut parts, mut names) = (text.split('/'), path.split('/'));
    // What is behind the last `**`, and the names from the first one that it has not taken. That it takes as few as
    // can be leaves the most for what is behind.
    let mut wide: Option<(Split<char>, Split<char>)> = None;
    loop {
        match parts.next() {
            Some("**") if parts.clone().next().is_none() => return names.next().is_some(),
            Some("**") => {
                wide = Some((parts.clone(), names.clone()));
                continue;
            }
            Some(part) if names.next().is_some_and(|name| is_named(part.as_bytes(), name.as_bytes())) => {
                continue;
            }
            None if names.next().is_none() => return true,
            _ => {}
        }
        let Some((behind, left)) = &mut wide else { return false };
        if left.next().is_none() {
            return false;
        }
        (parts, names) = (behind.clone(), left.clone());
    }
}

/// Whether a part of a pattern stands for the name. By bytes: the part has none of a longer character.
fn is_named(part: &[u8], name: &[u8]) -> bool {
    let (mut at, mut taken) = (0, 0);
    // What is behind the last `*`, and the bytes from the first one that it has not taken.
    let mut wide: Option<(usize, usize)> = None;
    while taken < name.len() || at < part.len() {
        match part.get(at) {
            Some(b'*') => {
                at += 1;
                wide = Some((at, taken));
            }
            Some(byte) if name.get(taken) == Some(byte) => {
                at += 1;
                taken += 1;
            }
            _ => match &mut wide {
                Some((behind, left)) if *left < name.len() => {
                    *left += 1;
                    (at, taken) = (*behind, *left);
                }
                _ => return false,
            },
        }
    }
    true
}

/// A path that the plain pattern of that text matches.
pub(super) fn sample(text: &str) -> String {
    let mut path = String::with_capacity(text.len());
    let mut before = None;
    for c in text.chars() {
        match c {
            '*' if before == Some('*') => {}
            '*' => path.push('x'),
            c => path.push(c),
        }
        before = Some(c);
    }
    path
}
