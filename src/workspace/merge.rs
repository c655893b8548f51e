//! Merging into the tip without any checkout, and what is done about a conflict.
//!
//! A merge gives a commit that nothing shows yet: half a merge is in no place. History stays a line: one commit a task.

use super::{Repository, Size, Snapshot, Tree, Workspace};
use crate::error::{Error, Result};
use crate::plan::Claims;
use crate::section;
use std::collections::BTreeSet;
use std::fs;

/// How many lines of a conflict are shown.
const MOST_LINES: usize = 60;

/// How a merge came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merged {
    /// The tip with the work in it.
    Clean {
        /// The commit.
        tip: String,
        /// How much it changes of the tip before.
        size: Size,
    },
    /// What others have merged meanwhile does not go with it.
    Conflict(Conflict),
}

/// Two changes of the same lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The tip that it does not go with.
    pub tip: String,
    /// The paths, from the repository's root.
    pub paths: Vec<String>,
    /// The lines of both sides, with marks; where there are none, what git says.
    pub text: String,
    /// What could be merged, as git's id of it; the conflicting files with marks.
    tree: String,
}

/// What merging two commits gives, before anything is made of it.
pub struct Trial {
    /// What is merged, as git's id of it; the conflicting files with marks.
    pub tree: String,
    /// The paths in conflict, from the root.
    pub paths: Vec<String>,
    /// What git says of them.
    told: Vec<String>,
}

impl Repository {
    /// Merges two commits without any checkout. No commit is made of it.
    pub fn merge_of(&self, ours: &str, theirs: &str) -> Result<Trial> {
        let words = ["merge-tree", "--write-tree", "--name-only", "-z", ours, theirs];
        let answer = self.git("merge in").args(words).answer()?;
        if answer.code > 1 || answer.code < 0 {
            return Err(Error::new("merge in", answer.complaint()).at(&self.root));
        }
        let fields: Vec<String> = answer
            .stdout
            .split(|byte| *byte == 0)
            .map(|field| String::from_utf8_lossy(field).into_owned())
            .collect();
        let tree = fields.first().map(|tree| tree.trim().to_owned()).unwrap_or_default();
        if answer.code == 0 {
            return Ok(Trial { tree, paths: Vec::new(), told: Vec::new() });
        }
        let paths: BTreeSet<String> =
            fields[1..].iter().take_while(|path| !path.is_empty()).cloned().collect();
        let told = fields.into_iter().filter(|field| field.starts_with("CONFLICT")).collect();
        Ok(Trial { tree, paths: paths.into_iter().collect(), told })
    }

    /// The lines of both sides of a conflict, with marks; where there are none, what git says. `name` says whose the second is.
    pub fn hunks_of(&self, trial: &Trial, name: &str) -> String {
        let mut text = String::new();
        for path in &trial.paths {
            let words = ["cat-file", "-p", &format!("{}:{path}", trial.tree)];
            let content = self.git("read an object of").args(words).bytes().unwrap_or_default();
            let hunks = hunks(&String::from_utf8_lossy(&content), name);
            if !hunks.is_empty() {
                text.push_str(&format!("{path}:\n{hunks}"));
            }
        }
        if text.is_empty() {
            text = trial.told.iter().map(|line| format!("{}\n", line.trim())).collect();
        }
        cut(&text)
    }
}

/// Whose work is merged.
#[derive(Clone, Debug)]
pub struct Whose {
    /// In words.
    pub name: String,
    /// The message of the commit on the tip.
    pub message: String,
    /// What it claims.
    pub claims: Claims,
}

impl Workspace {
    /// Merges a commit into the tip.
    pub fn merge(&self, tip: &str, base: &str, snapshot: &Snapshot, whose: &Whose) -> Result<Merged> {
        let Whose { name, message, claims } = whose;
        if base == tip {
            return Ok(Merged::Clean { tip: snapshot.commit.clone(), size: snapshot.size });
        }
        let mut trial = self.repository.merge_of(tip, &snapshot.commit)?;
        if !trial.paths.is_empty() {
            self.merge_sections(&mut trial, [base, tip, &snapshot.commit], claims)?;
        }
        if trial.paths.is_empty() {
            let merged = self.commit(&trial.tree, &[tip], message)?;
            let (size, _) = self.difference(tip, &merged)?;
            return Ok(Merged::Clean { tip: merged, size });
        }
        let text = self.repository.hunks_of(&trial, name);
        let text = text.replace(tip, "what is merged already").replace(&snapshot.commit, name);
        Ok(Merged::Conflict(Conflict { tip: tip.to_owned(), paths: trial.paths, text, tree: trial.tree }))
    }

    /// Merges by sections what lines were too coarse for: changes of different sections that lie side by side. `commits` are the
    /// base, the tip and the work.
    fn merge_sections(&self, trial: &mut Trial, commits: [&str; 3], claims: &Claims) -> Result<()> {
        const ACTION: &str = "merge sections in";
        let mut orders: Vec<u8> = Vec::new();
        let mut left = Vec::new();
        for path in std::mem::take(&mut trial.paths) {
            match self.merged_by_sections(&path, commits, claims)? {
                Some((mode, text)) => {
                    let object =
                        self.git(ACTION).args(["hash-object", "-w", "--stdin"]).input(text).text()?;
                    // First away: in a conflict it is there more than once.
                    orders.extend(format!("0 {}\t{path}\0", "0".repeat(object.len())).into_bytes());
                    orders.extend(format!("{mode} {object}\t{path}\0").into_bytes());
                }
                None => left.push(path),
            }
        }
        trial.paths = left;
        if orders.is_empty() {
            return Ok(());
        }
        let scratch = self.trees.join(".merge.scratch");
        let of_scratch = || self.git(ACTION).env("GIT_INDEX_FILE", &scratch);
        let _ = fs::remove_file(&scratch);
        of_scratch().args(["read-tree", &trial.tree]).run()?;
        of_scratch().args(["update-index", "-z", "--index-info"]).input(orders).run()?;
        trial.tree = of_scratch().args(["write-tree"]).text()?;
        let _ = fs::remove_file(&scratch);
        Ok(())
    }

    /// The mode and the text of a file that both sides changed, merged by the sections that are claimed.
    fn merged_by_sections(
        &self,
        path: &str,
        commits: [&str; 3],
        claims: &Claims,
    ) -> Result<Option<(String, Vec<u8>)>> {
        let names = super::claims::sections_of(path, claims, &self.prefix);
        if names.is_empty() {
            return Ok(None);
        }
        let mut files = Vec::new();
        for commit in commits {
            let listed = self.git("list a file of").args(["ls-tree", "-z", commit, "--", path]).bytes()?;
            let listed = String::from_utf8_lossy(&listed).into_owned();
            let words: Vec<&str> = listed.split([' ', '\t']).take(3).collect();
            files.push(match words.as_slice() {
                [mode, "blob", object] => Some(((*mode).to_owned(), self.object(object)?)),
                _ => None,
            });
        }
        let [base, Some((mode, ours)), Some((other, theirs))] = files.as_slice() else { return Ok(None) };
        let is_file =
            mode.starts_with("100") && mode == other && base.as_ref().is_none_or(|(it, _)| it == mode);
        if !is_file {
            return Ok(None);
        }
        let base = base.as_ref().map_or(&[][..], |(_, text)| text);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        Ok(section::merged(base, ours, theirs, path, &names).map(|text| (mode.clone(), text)))
    }

    /// Has a tree go on from the tip that its work conflicts with: what does not conflict stays done, the conflicting files are as the
    /// tip has them. Gives the tree with its new base. The work itself stays in its commit.
    pub fn rebase(&self, tree: &Tree, conflict: &Conflict) -> Result<Tree> {
        const ACTION: &str = "bring the worktree up to the tip";
        let index = self.index(tree);
        let scratch = self.trees.join(format!(".{}.scratch", tree.name));
        let of_scratch = || self.git(ACTION).env("GIT_INDEX_FILE", &scratch);
        let _ = fs::remove_file(&scratch);
        of_scratch().args(["read-tree", &conflict.tree]).run()?;
        let mut orders = Vec::new();
        for path in &conflict.paths {
            let words = ["ls-tree", "-z", &conflict.tip, "--", path];
            let listed = self.git(ACTION).args(words).bytes()?;
            // First away, with what stands at its place: a file may have become a folder.
            orders.extend(format!("0 {}\t{path}\0", "0".repeat(conflict.tip.len())).into_bytes());
            orders.extend(listed);
        }
        of_scratch().args(["update-index", "-z", "--index-info"]).input(orders).run()?;
        let wanted = of_scratch().args(["write-tree"]).text()?;
        let _ = fs::remove_file(&scratch);
        let own = || self.within(tree, ACTION);
        // What is in the tree now is known to this index, so that git sees what to take away.
        own().env("GIT_INDEX_FILE", &index).args(["add", "--all", "--", "."]).run()?;
        own().env("GIT_INDEX_FILE", &index).args(["read-tree", "--reset", "-u", &wanted]).run()?;
        own().args(["update-ref", "--no-deref", "HEAD", &conflict.tip]).run()?;
        let _ = fs::remove_file(self.own_of(tree).join("index.lock"));
        own().args(["reset", "--quiet"]).run()?;
        Ok(Tree { base: conflict.tip.clone(), ..tree.clone() })
    }
}

/// The parts of a text between the marks of a conflict, marks included.
fn hunks(content: &str, name: &str) -> String {
    let mut text = String::new();
    let mut is_inside = false;
    for line in content.lines() {
        is_inside |= line.starts_with("<<<<<<< ");
        if is_inside {
            let line = if line.starts_with(">>>>>>> ") { format!(">>>>>>> {name}") } else { line.to_owned() };
            text.push_str(&format!("{line}\n"));
        }
        is_inside &= !line.starts_with(">>>>>>> ");
    }
    text
}

fn cut(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let more = lines.len().saturating_sub(MOST_LINES);
    let shown = lines[..lines.len().min(MOST_LINES)].join("\n");
    if more > 0 { format!("{shown}\n… and {more} more lines") } else { shown }
}
