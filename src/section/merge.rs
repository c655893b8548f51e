//! One text's sections put into another: for changes that lie side by side, which a merge by lines cannot tell apart. Pure.
//!
//! What comes out is held against what went in: outside of the sections it is as ours, inside as theirs, or there is nothing.

use super::{Sections, compared, ending, heading, is_blank, is_markdown, outside};
use similar::{Algorithm, DiffOp};
use std::ops::Range;

/// New lines for a range of ours; an empty range is a place.
struct Edit<'t> {
    at: Range<usize>,
    lines: Vec<&'t [u8]>,
}

/// `ours` with these sections as `theirs` has them, where `theirs` differs from `base` in nothing else. None where ours has changed one
/// of them too, or where it cannot be told where a new one belongs.
pub fn merged(base: &[u8], ours: &[u8], theirs: &[u8], path: &str, names: &[&str]) -> Option<Vec<u8>> {
    if outside(base, theirs, path, names).is_some() {
        return None;
    }
    let [of_base, of_ours, of_theirs] = [base, ours, theirs].map(|text| Sections::of(text, path));
    let same = |a: &[&[u8]], b: &[&[u8]]| {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| compared(a, path) == compared(b, path))
    };
    let mut edits: Vec<Edit<'_>> = Vec::new();
    for name in names {
        let [in_base, in_ours, in_theirs] = [&of_base, &of_ours, &of_theirs].map(|it| it.find(name));
        let before = in_base.iter().flat_map(|range| of_base.lines[range.clone()].to_vec());
        let before: Vec<&[u8]> = before.collect();
        let is_as_before = |of: &Sections<'_>, ranges: &[Range<usize>]| {
            let lines: Vec<&[u8]> =
                ranges.iter().flat_map(|range| of.lines[range.clone()].to_vec()).collect();
            ranges.len() == in_base.len() && same(&lines, &before)
        };
        if is_as_before(&of_theirs, &in_theirs) {
            continue;
        }
        if !is_as_before(&of_ours, &in_ours) {
            return None;
        }
        if in_theirs.len() == in_ours.len() {
            let pairs = in_ours.into_iter().zip(in_theirs);
            edits.extend(pairs.map(|(at, new)| Edit { at, lines: of_theirs.lines[new].to_vec() }));
        } else if in_ours.is_empty() {
            for new in in_theirs {
                edits.push(insertion(&of_base, &of_ours, &of_theirs, names, new)?);
            }
        } else if in_theirs.is_empty() {
            edits.extend(in_ours.into_iter().map(|at| Edit { at, lines: Vec::new() }));
        } else {
            return None;
        }
    }
    // What is new at one place stays in the order in which it was named.
    edits.sort_by_key(|edit| (edit.at.start, edit.at.end));
    let result = applied(&of_ours, &edits, path)?;
    let of_result = Sections::of(&result, path);
    let is_as_theirs = |name: &str| {
        let lines = |of: &Sections<'_>| -> Vec<Vec<u8>> {
            let found = of.find(name).into_iter().flatten().map(|at| of.lines[at]);
            found.filter(|line| !is_blank(line)).map(|line| compared(line, path).to_vec()).collect()
        };
        lines(&of_result) == lines(&of_theirs)
    };
    let is_right =
        outside(ours, &result, path, names).is_none() && names.iter().all(|name| is_as_theirs(name));
    is_right.then_some(result)
}

/// Where a section that is new in theirs goes: behind the line that it follows there, and behind what ours has put there.
fn insertion<'t>(
    base: &Sections<'_>,
    ours: &Sections<'_>,
    theirs: &Sections<'t>,
    names: &[&str],
    new: Range<usize>,
) -> Option<Edit<'t>> {
    let mut begin = new.start;
    while begin > 0 && is_blank(theirs.lines[begin - 1]) {
        begin -= 1;
    }
    let lines = theirs.lines[begin..new.end].to_vec();
    // The lines outside of the sections are the same in both, one by one.
    let (base_kept, theirs_kept) = (base.outside_of(names), theirs.outside_of(names));
    let above = theirs_kept.iter().rposition(|at| *at < begin);
    let is_behind_own = begin > 0 && above.is_none_or(|above| theirs_kept[above] + 1 != begin);
    let is_new = |at: usize| {
        names
            .iter()
            .any(|name| base.find(name).is_empty() && theirs.find(name).iter().any(|it| it.contains(&at)))
    };
    if is_behind_own && !is_new(begin - 1) {
        return None;
    }
    let after = above.map_or(0, |above| base_kept[above] + 1);
    // The next line of the base that ours still has.
    let mut at = ours.lines.len();
    let mut from = 0;
    for change in similar::capture_diff_slices(Algorithm::Myers, &base.lines, &ours.lines) {
        if let DiffOp::Equal { old_index, new_index, len } = change {
            if old_index < after {
                from = new_index + len.min(after - old_index);
            }
            if old_index + len > after {
                at = new_index + after.saturating_sub(old_index);
                break;
            }
        }
    }
    // Behind a higher heading of ours, or behind what is indented less, it would be a part of something else.
    let others = || ours.lines[from.min(at)..at].iter().filter(|line| !is_blank(line));
    if is_markdown(theirs.path) {
        let level = |line: &&[u8]| heading(&String::from_utf8_lossy(line)).map(|(level, _)| level);
        let own = lines.iter().find_map(level)?;
        if others().filter_map(level).any(|other| other < own) {
            return None;
        }
    }
    let indent = |line: &&[u8]| line.len() - line.trim_ascii_start().len();
    let own = lines.iter().filter(|line| !is_blank(line)).map(indent).next()?;
    if others().map(indent).any(|other| other < own) {
        return None;
    }
    Some(Edit { at: at..at, lines })
}

/// A text with the edits made, which are in order.
fn applied(ours: &Sections<'_>, edits: &[Edit<'_>], path: &str) -> Option<Vec<u8>> {
    let has_commas = ending(path).starts_with("json");
    let mut lines: Vec<Vec<u8>> = Vec::new();
    let mut done = 0;
    for edit in edits {
        // Two sections that share lines.
        if edit.at.start < done {
            return None;
        }
        lines.extend(ours.lines[done..edit.at.start].iter().map(|line| line.to_vec()));
        done = edit.at.end;
        let mut new: Vec<Vec<u8>> = edit.lines.iter().map(|line| line.to_vec()).collect();
        if has_commas {
            commas(&mut lines, &mut new, &ours.lines[edit.at.clone()], &ours.lines[done..])?;
        }
        lines.extend(new);
    }
    lines.extend(ours.lines[done..].iter().map(|line| line.to_vec()));
    let mut text = lines.join(&b'\n');
    text.push(b'\n');
    Some(text)
}

/// Has the entries of a JSON text part by commas, where `new` takes the place of `old` between what is above and what is below.
fn commas(above: &mut [Vec<u8>], new: &mut [Vec<u8>], old: &[&[u8]], below: &[&[u8]]) -> Option<()> {
    let ends =
        |line: &[u8], signs: &[u8]| line.trim_ascii_end().last().is_some_and(|last| signs.contains(last));
    let set = |line: &mut Vec<u8>, has: bool| {
        let end = line.trim_ascii_end().len();
        match (ends(line, b","), has) {
            (false, true) => line.insert(end, b','),
            (true, false) => drop(line.remove(end - 1)),
            _ => {}
        }
    };
    let Some(last) = new.last_mut() else {
        // One that is gone leaves what is above it as the last.
        return old.last().is_some_and(|line| ends(line, b",")).then_some(());
    };
    let next = below.iter().find(|line| !is_blank(line))?;
    set(last, !next.trim_ascii_start().starts_with(b"}") && !next.trim_ascii_start().starts_with(b"]"));
    if let Some(line) = above.iter_mut().rfind(|line| !is_blank(line)).filter(|line| !ends(line, b"{[")) {
        set(line, true);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str, names: &[&str], base: &str, ours: &str, theirs: &str) -> Option<String> {
        let merged = merged(base.as_bytes(), ours.as_bytes(), theirs.as_bytes(), path, names);
        merged.map(|text| String::from_utf8(text).unwrap())
    }

    #[test]
    fn neighbours_are_put_side_by_side() {
        let toml = of("x.toml", &["b"], "a = 1\nb = 2\n", "a = 11\nb = 2\n", "a = 1\nb = 22\n");
        assert_eq!(toml.unwrap(), "a = 11\nb = 22\n");
        let (base, ours) =
            ("{\n  \"a\": 1,\n  \"b\": 2\n}\n", "{\n  \"a\": 11,\n  \"b\": 2,\n  \"x\": 0\n}\n");
        let theirs = "{\n  \"a\": 1,\n  \"b\": 22\n}\n";
        let json = of("x.json", &["b"], base, ours, theirs).unwrap();
        assert_eq!(json, "{\n  \"a\": 11,\n  \"b\": 22,\n  \"x\": 0\n}\n");
        let rust = "fn one() -> u8 { 1 }\nfn two() -> u8 { 2 }\n";
        let (ours, theirs) = (rust.replace("1 }", "11 }"), rust.replace("2 }", "22 }"));
        assert_eq!(of("x.rs", &["two"], rust, &ours, &theirs).unwrap(), ours.replace("2 }", "22 }"));
        // One takes its own away.
        assert_eq!(
            of("x.rs", &["two"], rust, &ours, "fn one() -> u8 { 1 }\n").unwrap(),
            "fn one() -> u8 { 11 }\n"
        );
    }

    #[test]
    fn what_both_add_at_one_place_follows_each_other() {
        let (ours, theirs) = ("# One\nx\n\n# Alpha\na\n", "# One\nx\n\n# Beta\nb\n");
        assert_eq!(
            of("x.md", &["Beta"], "# One\nx\n", ours, theirs).unwrap(),
            "# One\nx\n\n# Alpha\na\n\n# Beta\nb\n"
        );
        let (base, ours) = ("{\n  \"a\": 1\n}\n", "{\n  \"a\": 1,\n  \"x\": 0\n}\n");
        let json = of("x.json", &["y"], base, ours, "{\n  \"a\": 1,\n  \"y\": 2\n}\n").unwrap();
        assert_eq!(json, "{\n  \"a\": 1,\n  \"x\": 0,\n  \"y\": 2\n}\n");
        // A file that was not there.
        let (ours, theirs) = ("# wavec:section a\nA\n", "# wavec:section b\nB\n");
        assert_eq!(
            of("x.txt", &["b"], "", ours, theirs).unwrap(),
            "# wavec:section a\nA\n# wavec:section b\nB\n"
        );
    }

    #[test]
    fn what_cannot_be_told_is_left() {
        let toml = "a = 1\nb = 2\n";
        assert_eq!(of("x.toml", &["b"], toml, "a = 1\nb = 3\n", "a = 1\nb = 4\n"), None, "both changed it");
        assert_eq!(
            of("x.toml", &["b"], toml, "a = 3\nb = 2\n", "a = 4\nb = 4\n"),
            None,
            "beyond its section"
        );
        assert_eq!(of("x.toml", &["b"], toml, "a = 1\n", "a = 1\nb = 4\n"), None, "gone meanwhile");
        // Below a new heading it would be a part of that.
        let (ours, theirs) = ("# One\nx\n# Alpha\na\n", "# One\nx\n## Beta\nb\n");
        assert_eq!(of("x.md", &["Beta"], "# One\nx\n", ours, theirs), None);
        // A method behind a function would be in it.
        let base = "class A:\n    def f(self):\n        pass\n";
        let (ours, theirs) =
            (format!("{base}def g():\n    pass\n"), format!("{base}    def m(self):\n        pass\n"));
        assert_eq!(of("x.py", &["A.m"], base, &ours, &theirs), None);
    }
}
