//! What a task changed, held against what it claims. Pure: texts come through a closure.
//!
//! A change counts where some claim to write covers it; what is forbidden never does. Where only a section of a file is
//! claimed, everything outside of that section has to be as it was.

use crate::error::Result;
use crate::glob::Paths;
use crate::plan::{Claim, ClaimKind, Claims};
use crate::section;

/// One path that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// From the repository's root.
    pub path: String,
    /// What it was; none where it is new.
    pub before: Option<Entry>,
    /// What it is; none where it is gone.
    pub after: Option<Entry>,
}

/// A file as git has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its kind: `100644`, `100755`, `120000` (a link), `160000` (another repository).
    pub mode: String,
    /// The id of what it holds.
    pub object: String,
}

/// The mode of a link.
pub const LINK: &str = "120000";

/// The mode of another repository.
pub const REPOSITORY: &str = "160000";

/// Reads what an object holds.
pub type Read<'r> = &'r dyn Fn(&str) -> Result<Vec<u8>>;

/// How many paths are named one by one.
const MOST: usize = 10;

/// A claim, ready to match.
struct Ready<'c> {
    claim: &'c Claim,
    paths: Paths,
}

/// What of the changes is not covered, each with its path, in the order of the changes.
///
/// `prefix` is the plan's directory from the repository's root, empty or with `/` at its end. Where nothing is said of writing
/// (`is_open`), all but what is forbidden is covered.
pub fn violations(
    changes: &[Change],
    claims: &Claims,
    prefix: &str,
    is_open: bool,
    read: Read<'_>,
) -> Result<Vec<String>> {
    let ready: Vec<Ready<'_>> = claims
        .claims
        .iter()
        .filter_map(|claim| {
            let except: Vec<&str> = claim.except.iter().map(String::as_str).collect();
            // The checker has told of a pattern that does not parse.
            Paths::parse(&claim.glob, &except).ok().map(|paths| Ready { claim, paths })
        })
        .collect();
    let mut violations = Vec::new();
    for change in changes {
        if let Some(violation) = violation(change, &ready, prefix, is_open, read)? {
            violations.push(violation);
        }
    }
    let more = violations.len().saturating_sub(MOST);
    if more > 1 {
        violations.truncate(MOST);
        violations.push(format!("and {more} more paths that it does not claim"));
    }
    Ok(violations)
}

/// The sections of a file that claims cover, where they cover nothing else of it; `path` is from the repository's root.
pub fn sections_of(path: &str, claims: &Claims, prefix: &str) -> Vec<String> {
    let Some(path) = path.strip_prefix(prefix) else { return Vec::new() };
    let covers = |claim: &&Claim| {
        let except: Vec<&str> = claim.except.iter().map(String::as_str).collect();
        claim.kind.is_write() && Paths::parse(&claim.glob, &except).is_ok_and(|paths| paths.matches(path))
    };
    let covering = claims.claims.iter().filter(covers);
    // One that covers the whole file leaves nothing to go by.
    covering.map(|claim| claim.section.clone()).collect::<Option<Vec<String>>>().unwrap_or_default()
}

fn violation(
    change: &Change,
    claims: &[Ready<'_>],
    prefix: &str,
    is_open: bool,
    read: Read<'_>,
) -> Result<Option<String>> {
    if let Some(problem) = unfit(change, read)? {
        return Ok(Some(problem));
    }
    let Some(path) = change.path.strip_prefix(prefix) else {
        let told = format!("changed `{}`, outside of the plan's directory", change.path);
        return Ok((!is_open).then_some(told));
    };
    let covering: Vec<&Ready<'_>> = claims.iter().filter(|ready| ready.paths.matches(path)).collect();
    let is_forbidden =
        |ready: &&Ready<'_>| ready.claim.kind == ClaimKind::Forbids && ready.claim.section.is_none();
    if covering.iter().any(is_forbidden) {
        return Ok(Some(format!("{} `{path}`, which it must not touch", verb(change))));
    }
    let forbidden: Vec<&str> = of_kind(&covering, |kind| kind == ClaimKind::Forbids).collect();
    if !forbidden.is_empty() {
        let (before, after) = texts(change, read)?;
        if let Some(name) = forbidden
            .iter()
            .find(|name| section::section(&before, path, name) != section::section(&after, path, name))
        {
            return Ok(Some(format!("changed `{path}#{name}`, which it must not touch")));
        }
    }
    if is_open {
        return Ok(None);
    }
    let whole = |kind: ClaimKind| {
        covering.iter().any(|ready| ready.claim.kind == kind && ready.claim.section.is_none())
    };
    if whole(ClaimKind::Writes) || (whole(ClaimKind::Creates) && change.before.is_none()) {
        return Ok(None);
    }
    if whole(ClaimKind::Appends) {
        let (before, after) = texts(change, read)?;
        let is_appended = change.after.is_some() && after.starts_with(&before);
        return Ok((!is_appended).then(|| format!("changed `{path}`, to which it may only append")));
    }
    if whole(ClaimKind::Creates) {
        return Ok(Some(format!("{} `{path}`, which it may only create", verb(change))));
    }
    let names: Vec<&str> = of_kind(&covering, ClaimKind::is_write).collect();
    if names.is_empty() {
        return Ok(Some(format!("{} `{path}`, which it does not claim to write", verb(change))));
    }
    let (before, after) = texts(change, read)?;
    Ok(section::outside(&before, &after, path, &names).map(|line| {
        let sections = names.iter().map(|name| format!("`{path}#{name}`")).collect::<Vec<_>>().join(", ");
        format!("changed `{path}` outside of {sections}: {line}")
    }))
}

fn of_kind<'c>(
    covering: &'c [&Ready<'_>],
    is_kind: impl Fn(ClaimKind) -> bool + 'c,
) -> impl Iterator<Item = &'c str> {
    covering
        .iter()
        .filter(move |ready| is_kind(ready.claim.kind))
        .filter_map(|ready| ready.claim.section.as_deref())
}

/// What can never be merged, whatever is claimed.
fn unfit(change: &Change, read: Read<'_>) -> Result<Option<String>> {
    let Some(after) = &change.after else { return Ok(None) };
    let path = &change.path;
    if path.contains(char::REPLACEMENT_CHARACTER) {
        return Ok(Some(format!("made or changed `{path}`, whose name is not UTF-8: no claim can name it")));
    }
    match after.mode.as_str() {
        REPOSITORY if change.before.as_ref().is_none_or(|before| before.mode != REPOSITORY) => {
            Ok(Some(format!("made `{path}` a git repository of its own: what is in it cannot be merged")))
        }
        LINK => {
            let target = String::from_utf8_lossy(&read(&after.object)?).into_owned();
            Ok(leaves(path, &target)
                .then(|| format!("made `{path}` a link out of the repository, to `{target}`")))
        }
        _ => Ok(None),
    }
}

/// Whether a link at `path` leads out of the repository.
pub fn leaves(path: &str, target: &str) -> bool {
    if target.starts_with('/') {
        return true;
    }
    let mut depth = path.matches('/').count() as i64;
    for part in target.split('/') {
        depth += match part {
            "" | "." => 0,
            ".." => -1,
            _ => 1,
        };
        if depth < 0 {
            return true;
        }
    }
    false
}

fn verb(change: &Change) -> &'static str {
    match (&change.before, &change.after) {
        (None, _) => "created",
        (_, None) => "deleted",
        _ => "changed",
    }
}

fn texts(change: &Change, read: Read<'_>) -> Result<(Vec<u8>, Vec<u8>)> {
    let text = |entry: &Option<Entry>| entry.as_ref().map_or(Ok(Vec::new()), |entry| read(&entry.object));
    Ok((text(&change.before)?, text(&change.after)?))
}

/// Reads what `git diff-tree --raw -z --no-renames` prints.
pub fn changes(raw: &[u8]) -> Vec<Change> {
    let mut fields = raw.split(|byte| *byte == 0);
    let mut changes = Vec::new();
    while let (Some(head), Some(path)) = (fields.next(), fields.next()) {
        let head = String::from_utf8_lossy(head);
        let words: Vec<&str> = head.trim_start_matches(':').split(' ').collect();
        let [before, after, old, new, ..] = words.as_slice() else { break };
        let entry = |mode: &str, object: &str| {
            let is_there = mode != "000000";
            is_there.then(|| Entry { mode: mode.into(), object: object.into() })
        };
        changes.push(Change {
            path: String::from_utf8_lossy(path).into_owned(),
            before: entry(before, old),
            after: entry(after, new),
        });
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{FileId, Span};

    fn claim(kind: ClaimKind, glob: &str, section: Option<&str>, except: &[&str]) -> Claim {
        Claim {
            kind,
            glob: glob.into(),
            section: section.map(str::to_owned),
            except: except.iter().map(|text| (*text).to_owned()).collect(),
            span: Span::new(FileId(0), 0, 0),
        }
    }

    /// In these tests the id of an object is its text.
    fn change(path: &str, before: Option<&str>, after: Option<&str>) -> Change {
        let entry = |text: &str| Entry { mode: "100644".into(), object: text.into() };
        Change { path: path.into(), before: before.map(entry), after: after.map(entry) }
    }

    fn judged(changes: &[Change], claims: &[Claim], is_open: bool) -> Vec<String> {
        let claims = Claims { is_known: true, claims: claims.to_vec(), ..Claims::default() };
        violations(changes, &claims, "plan/", is_open, &|object| Ok(object.as_bytes().to_vec())).unwrap()
    }

    #[test]
    fn only_what_is_claimed_may_change() {
        let claims = [
            claim(ClaimKind::Writes, "src/**", None, &["src/gen/**"]),
            claim(ClaimKind::Creates, "new.txt", None, &[]),
            claim(ClaimKind::Appends, "LOG", None, &[]),
            claim(ClaimKind::Forbids, "src/secret.rs", None, &[]),
            claim(ClaimKind::Reads, "docs/**", None, &[]),
        ];
        let ok = [
            change("plan/src/a.rs", Some("a"), Some("b")),
            change("plan/src/b.rs", None, Some("b")),
            change("plan/src/c.rs", Some("c"), None),
            change("plan/new.txt", None, Some("x")),
            change("plan/LOG", Some("one\n"), Some("one\ntwo\n")),
        ];
        assert_eq!(judged(&ok, &claims, false), [""; 0]);
        let bad = [
            change("plan/src/gen/a.rs", None, Some("b")),
            change("plan/src/secret.rs", Some("c"), Some("d")),
            change("plan/new.txt", Some("old"), Some("x")),
            change("plan/LOG", Some("one\n"), Some("two\n")),
            change("plan/docs/x.md", Some("one\n"), None),
            change("other/x", None, Some("x")),
        ];
        let found = judged(&bad, &claims, false);
        let expected = [
            "created `src/gen/a.rs`, which it does not claim to write",
            "changed `src/secret.rs`, which it must not touch",
            "changed `new.txt`, which it may only create",
            "changed `LOG`, to which it may only append",
            "deleted `docs/x.md`, which it does not claim to write",
            "changed `other/x`, outside of the plan's directory",
        ];
        assert_eq!(found, expected);
        // Where nothing is said of writing, only what is forbidden counts.
        assert_eq!(judged(&bad, &claims, true), expected[1..2]);
    }

    #[test]
    fn a_section_keeps_what_is_around_it() {
        let claims = [claim(ClaimKind::Writes, "doc.md", Some("two"), &[])];
        let before = "# one\na\n# two\nb\n# three\nc\n";
        let good = [change("plan/doc.md", Some(before), Some("# one\na\n# two\nB\nmore\n# three\nc\n"))];
        assert_eq!(judged(&good, &claims, false), [""; 0]);
        let bad = [change("plan/doc.md", Some(before), Some("# one\nA\n# two\nB\n# three\nc\n"))];
        assert_eq!(judged(&bad, &claims, false), ["changed `doc.md` outside of `doc.md#two`: line 2, `A`"]);
    }

    #[test]
    fn links_out_of_the_tree_are_found() {
        assert!(leaves("a", "/etc/passwd"));
        assert!(leaves("a/b", "../../x"));
        assert!(!leaves("a/b", "../x"));
        assert!(!leaves("a", "b/../c"));
        let link = Change {
            path: "plan/l".into(),
            before: None,
            after: Some(Entry { mode: LINK.into(), object: "../../x".into() }),
        };
        let claims = [claim(ClaimKind::Writes, "**", None, &[])];
        let found = judged(&[link], &claims, false);
        assert_eq!(found, ["made `plan/l` a link out of the repository, to `../../x`"]);
    }

    #[test]
    fn raw_differences_are_read() {
        let raw = b":100644 000000 aaa 000 D\0gone\0:000000 100755 000 bbb A\0a b\0";
        let found = changes(raw);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].path.as_str(), found[0].after.is_none()), ("gone", true));
        assert_eq!(
            (found[1].path.as_str(), found[1].after.as_ref().unwrap().mode.as_str()),
            ("a b", "100755")
        );
    }
}
