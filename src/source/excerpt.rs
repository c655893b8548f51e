//! A piece of a text that many share: a plan's names and titles stand in its file already, and are not copied.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

/// A text of its own, or a piece of one that others have too. Read as a `str`. Takes 16 bytes, and a large plan has some hundred
/// thousand of them.
#[derive(Clone, Default)]
pub struct Excerpt {
    /// The text that it is a piece of; none of what is empty.
    whole: Option<Arc<String>>,
    start: u32,
    end: u32,
}

impl Excerpt {
    /// `piece`, which is borrowed from `whole`; a copy where it is not, as a text with its holes filled.
    pub(super) fn of(whole: &Arc<String>, piece: &str) -> Excerpt {
        let start = (piece.as_ptr() as usize).wrapping_sub(whole.as_ptr() as usize);
        let found = start.checked_add(piece.len()).and_then(|end| Some((end, whole.get(start..end)?)));
        match found {
            Some((end, found)) if std::ptr::eq(found, piece) && !piece.is_empty() => {
                match (u32::try_from(start), u32::try_from(end)) {
                    (Ok(start), Ok(end)) => Excerpt { whole: Some(whole.clone()), start, end },
                    _ => Excerpt::from(piece),
                }
            }
            _ => Excerpt::from(piece),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.whole.as_ref().map_or("", |whole| &whole[self.start as usize..self.end as usize])
    }
}

impl From<String> for Excerpt {
    fn from(text: String) -> Excerpt {
        match text.is_empty() {
            true => Excerpt::default(),
            false => {
                let end = u32::try_from(text.len()).expect("BUG: a text of a plan is below 4 GiB");
                Excerpt { whole: Some(Arc::new(text)), start: 0, end }
            }
        }
    }
}

impl From<&str> for Excerpt {
    fn from(text: &str) -> Excerpt {
        Excerpt::from(text.to_owned())
    }
}

impl Deref for Excerpt {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for Excerpt {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Excerpt {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq for Excerpt {
    fn eq(&self, other: &Excerpt) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Excerpt {}

impl PartialEq<str> for Excerpt {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Excerpt {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialOrd for Excerpt {
    fn partial_cmp(&self, other: &Excerpt) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Excerpt {
    fn cmp(&self, other: &Excerpt) -> std::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for Excerpt {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Debug for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

impl serde::Serialize for Excerpt {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceFile;

    #[test]
    fn what_stands_in_the_text_is_shared_and_all_else_copied() {
        let file = SourceFile::new("x.wave", "task schema");
        let shared = file.excerpt(&file.text()[5..]);
        assert_eq!((&*shared, shared.as_ptr()), ("schema", file.text()[5..].as_ptr()));
        let elsewhere = "schema".to_owned();
        let copied = file.excerpt(&elsewhere);
        assert_ne!(copied.as_ptr(), shared.as_ptr());
        assert_eq!(copied, shared);
        assert_eq!(file.excerpt(""), Excerpt::default());
        assert!(size_of::<Excerpt>() <= 16);
    }

    #[test]
    fn it_outlives_the_file() {
        let file = SourceFile::new("x.wave", "task schema");
        let name = file.excerpt(&file.text()[..4]);
        drop(file);
        assert_eq!(name, "task");
    }
}
