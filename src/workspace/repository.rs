//! The repository that a run works with: the user's own, or, for a folder that is copied, one of wavec's that keeps the folder's content.
//!
//! A folder is copied by way of git: its state is committed into a repository under `.wavec`, without the folder knowing, and all else
//! is as with worktrees. That repository takes bytes as they are, whatever attributes and settings say. Knows neither runs nor tasks.

use super::git::{self, Git};
use super::remove_all;
use crate::error::{Error, Exit, Result};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// The branch of wavec's own repository that holds what the folder held.
const FOLDER: &str = "folder";

/// What wavec's own repository is set to, beside git's defaults.
const SETTINGS: [(&str, &str); 8] = [
    ("core.bare", "false"),
    ("core.autocrlf", "false"),
    ("core.excludesFile", "/dev/null"),
    ("core.attributesFile", "/dev/null"),
    ("core.compression", "1"),
    ("core.logAllRefUpdates", "false"),
    ("gc.auto", "0"),
    ("advice.detachedHead", "false"),
];

/// A repository and the folder whose content it keeps.
#[derive(Clone, Debug)]
pub struct Repository {
    /// The folder: the root of the user's checkout, or the folder that is copied.
    pub root: PathBuf,
    /// Where wavec's own repository is; none is the user's own.
    own: Option<PathBuf>,
}

impl Repository {
    /// The user's own that a directory is in, with the directory's place in it: empty, or with `/` at its end.
    pub fn around(directory: &Path) -> Result<(Repository, String)> {
        let words = ["rev-parse", "--is-inside-work-tree", "--show-prefix", "--show-toplevel"];
        let answer = Git::new(directory, "find the git repository of").args(words).answer()?;
        let text = String::from_utf8_lossy(&answer.stdout).into_owned();
        let lines: Vec<&str> = text.lines().collect();
        if let ("true", [_, prefix, root]) = (lines.first().copied().unwrap_or_default(), lines.as_slice()) {
            return Ok((Repository { root: PathBuf::from(root), own: None }, (*prefix).to_owned()));
        }
        let cause = match answer.stderr.contains("not a git repository") {
            true => "it is in no git repository".to_owned(),
            false if text.starts_with("false") => "it is inside of a bare repository".to_owned(),
            false => answer.complaint(),
        };
        Err(Error::new("find the git repository of", cause)
            .at(directory)
            .help(
                "make one with `git init` and commit, or write `isolation copy`, for which a folder is enough",
            )
            .exit(Exit::Usage))
    }

    /// wavec's own for a directory that is copied. `state` is the project's `.wavec`. Makes nothing.
    pub fn of_copies(directory: &Path, state: &Path) -> Result<Repository> {
        let root = directory.canonicalize().map_err(|cause| Error::new("copy", cause).at(directory))?;
        let name = blake3::hash(root.as_os_str().as_encoded_bytes()).to_hex();
        Ok(Repository { own: Some(state.join("copies").join(format!("{}.git", &name[..12]))), root })
    }

    /// Whether it is wavec's own, of a folder that is copied.
    pub fn is_copied(&self) -> bool {
        self.own.is_some()
    }

    /// Whether there is anything in it.
    pub fn is_there(&self) -> bool {
        self.own.as_ref().is_none_or(|own| own.exists())
    }

    /// A call that works on it and on its folder.
    pub fn git(&self, action: &str) -> Git {
        let git = Git::new(&self.root, action);
        match &self.own {
            Some(own) => git.env("GIT_DIR", own).env("GIT_WORK_TREE", &self.root),
            None => git,
        }
    }

    /// What all its worktrees share.
    pub fn common(&self) -> Result<PathBuf> {
        if let Some(own) = &self.own {
            return Ok(own.clone());
        }
        let common = self.git("find the git repository of").args(["rev-parse", "--git-common-dir"]).text()?;
        let common = self.root.join(common);
        common.canonicalize().map_err(|cause| Error::new("find", cause).at(&common))
    }

    /// The commit that its folder stands on; of a folder that is copied, its state now.
    pub fn head(&self) -> Result<String> {
        if let Some(own) = &self.own {
            return self.take(own);
        }
        self.tip()?.ok_or_else(|| {
            Error::new("fork worktrees of", "the repository has no commit yet")
                .at(&self.root)
                .help("commit what the tasks are to start from")
                .exit(Exit::Usage)
        })
    }

    /// The branch that its folder stands on; empty on none, and of a folder that is copied.
    pub fn branch(&self) -> Result<String> {
        if self.is_copied() {
            return Ok(String::new());
        }
        let words = ["symbolic-ref", "--short", "-q", "HEAD"];
        let answer = self.git("find the branch of").args(words).answer()?;
        Ok(String::from_utf8_lossy(&answer.stdout).trim().to_owned())
    }

    /// The commit that HEAD is on.
    fn tip(&self) -> Result<Option<String>> {
        let words = ["rev-parse", "--verify", "-q", "HEAD^{commit}"];
        let answer = self.git("find the last commit of").args(words).answer()?;
        let commit = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
        Ok(Some(commit).filter(|_| answer.code == 0))
    }

    /// Commits what the folder holds now, where that is not what the last commit holds.
    fn take(&self, own: &Path) -> Result<String> {
        const ACTION: &str = "take a copy of";
        make(own)?;
        // Two runs in one folder take one after the other.
        let path = own.join("wavec.lock");
        let told = |cause| Error::new(ACTION, cause).at(&path);
        let lock = File::create(&path).map_err(told)?;
        lock.lock().map_err(told)?;
        let _ = fs::remove_file(own.join("index.lock"));
        self.git(ACTION).args(["add", "--all", "--", "."]).run()?;
        let content = self.git(ACTION).args(["write-tree"]).text()?;
        let last = self.tip()?;
        if let Some(last) = &last
            && self.git(ACTION).args(["rev-parse", &format!("{last}^{{tree}}")]).text()? == content
        {
            return Ok(last.clone());
        }
        let parents: Vec<&str> = last.iter().flat_map(|last| ["-p", last]).collect();
        let commit = self
            .by(self.git(ACTION), super::NOBODY)
            .args(["commit-tree", &content, "-m", "As the folder was"])
            .args(parents)
            .text()?;
        self.git(ACTION).args(["update-ref", &format!("refs/heads/{FOLDER}"), &commit]).run()?;
        Ok(commit)
    }

    /// A call whose commits are by somebody.
    pub fn by(&self, mut git: Git, (name, address): (&str, &str)) -> Git {
        for who in ["AUTHOR", "COMMITTER"] {
            git = git.env(&format!("GIT_{who}_NAME"), name).env(&format!("GIT_{who}_EMAIL"), address);
        }
        git
    }

    /// The paths in the folder that no commit holds, from its root: changed ones, and new ones where those are asked for.
    pub fn uncommitted(&self, with_new: bool) -> Result<Vec<String>> {
        let new = if with_new { "--untracked-files=normal" } else { "--untracked-files=no" };
        let words = ["status", "--porcelain=v1", "-z", "--no-renames", "--ignore-submodules=dirty", new];
        let listed = self.git("ask what is changed in").args(words).bytes()?;
        let paths = listed.split(|byte| *byte == 0).filter(|entry| entry.len() > 3);
        Ok(paths.map(|entry| String::from_utf8_lossy(&entry[3..]).into_owned()).collect())
    }

    /// Who holds a commit for good.
    pub fn holds(&self, commit: &str) -> Result<Held> {
        let git = || self.git("compare commits of");
        if git().args(["merge-base", "--is-ancestor", commit, "HEAD"]).answer()?.code != 0 {
            return Ok(Held::Nowhere);
        }
        if git().args(["symbolic-ref", "-q", "HEAD"]).answer()?.code == 0 {
            return Ok(Held::Folder);
        }
        // On no branch: gone with the next switch to one, unless some branch or tag has it too.
        let words = ["for-each-ref", "--format=%(refname)", "--contains", commit];
        let places = ["refs/heads", "refs/remotes", "refs/tags"];
        let names = git().args(words).args(places).text()?;
        let is_others = |name: &str| !name.starts_with("refs/heads/wavec/");
        Ok(if names.lines().any(is_others) { Held::Folder } else { Held::Loosely })
    }

    /// Removes a branch that shows `tip`; one that shows anything else stays. Whether it was there and is gone.
    pub fn remove_branch(&self, branch: &str, tip: &str) -> Result<bool> {
        let name = format!("refs/heads/{branch}");
        let git = self.git("remove wavec's branch in");
        Ok(git.args(["update-ref", "-d", &name, tip]).answer()?.code == 0)
    }

    /// Takes wavec's own repository away once no run has anything in it. Whether it was there and is gone.
    pub fn dissolve(&self) -> Result<bool> {
        let Some(own) = self.own.as_ref().filter(|own| own.exists()) else { return Ok(false) };
        let words = ["for-each-ref", "--format=%(refname)"];
        let refs = self.git("list wavec's refs in").args(words).text()?;
        let has_trees = fs::read_dir(own.join("worktrees")).is_ok_and(|mut entries| entries.next().is_some());
        if has_trees || refs.lines().any(|name| name != format!("refs/heads/{FOLDER}")) {
            return Ok(false);
        }
        remove_all(own)?;
        if let Some(copies) = own.parent() {
            // Others may be in it.
            let _ = fs::remove_dir(copies);
        }
        Ok(true)
    }

    /// Why a folder cannot be copied: git keeps nothing of a repository within another.
    pub fn check_copied(&self) -> Result<()> {
        let walk = ignore::WalkBuilder::new(&self.root)
            .hidden(false)
            .parents(false)
            .git_global(false)
            .git_exclude(false)
            .ignore(false)
            .require_git(false)
            .filter_entry(|entry| entry.depth() == 0 || !is_own(entry.file_name()))
            .build();
        let mut inner = BTreeSet::new();
        for entry in walk {
            let entry = entry.map_err(|cause| Error::new("take a copy of", cause).at(&self.root))?;
            let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
            if entry.depth() > 0 && is_folder && entry.path().join(".git").exists() {
                inner.extend(entry.path().strip_prefix(&self.root).ok().map(Path::to_path_buf));
            }
        }
        let Some(first) = inner.first() else { return Ok(()) };
        let more = match inner.len() - 1 {
            0 => String::new(),
            more => format!(", and so {} {more} more", if more == 1 { "is" } else { "are" }),
        };
        Err(Error::new(
            "take a copy of",
            format!("`{}` in it is a git repository of its own{more}", first.display()),
        )
        .at(&self.root)
        .help("put the plan there and write `isolation worktree`, or name it in a `.gitignore` here: it is then copied, and what tasks change in it is not merged")
        .exit(Exit::Usage))
    }

    /// What is in the folder and in no commit, since git ignores it or since it is empty.
    pub fn beside(&self) -> Result<Beside> {
        let list = |more: &[&str]| -> Result<Vec<PathBuf>> {
            let words = ["ls-files", "--others", "--exclude-standard", "--directory", "-z"];
            let listed = self.git("list what is beside in").args(words).args(more).bytes()?;
            let paths = listed.split(|byte| *byte == 0).filter(|path| !path.is_empty());
            let is_own_path = |path: &Path| path.components().any(|part| is_own(part.as_os_str()));
            Ok(paths.map(git::path_of).filter(|path| !is_own_path(path)).collect())
        };
        let empty = list(&[])?.into_iter().filter(|path| self.root.join(path).is_dir()).collect();
        Ok(Beside { empty, ignored: list(&["--ignored"])? })
    }

    /// Puts that into a copy.
    pub fn add_beside(&self, beside: &Beside, copy: &Path) -> Result<()> {
        for path in &beside.empty {
            folders(&self.root.join(path), &copy.join(path));
        }
        for path in &beside.ignored {
            let told = |cause| Error::new("copy", cause).at(self.root.join(path));
            if let Some(parent) = copy.join(path).parent() {
                fs::create_dir_all(parent).map_err(told)?;
            }
            copied(&self.root.join(path), &copy.join(path)).map_err(told)?;
        }
        Ok(())
    }

    /// How one commit differs from another, line by line, as git shows it.
    pub fn difference(&self, from: &str, to: &str, is_colored: bool) -> Result<Vec<u8>> {
        let color = if is_colored { "--color=always" } else { "--color=never" };
        self.git("compare commits of").args(["diff", "--stat", "--patch", color, from, to, "--"]).bytes()
    }
}

/// Who holds a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// What the folder stands on, and so a branch or a tag.
    Folder,
    /// The folder alone, which stands on no branch.
    Loosely,
    /// Not the folder.
    Nowhere,
}

/// What a copy holds that no commit does.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// Folders in which there is no file.
    empty: Vec<PathBuf>,
    /// What git ignores: files, and whole folders.
    ignored: Vec<PathBuf>,
}

/// Whether that is what is never copied, wherever it is.
fn is_own(name: &std::ffi::OsStr) -> bool {
    name == ".git" || name == ".wavec"
}

/// Makes wavec's own repository where there is none.
fn make(own: &Path) -> Result<()> {
    const ACTION: &str = "make room for copies in";
    if own.join("HEAD").exists() {
        return Ok(());
    }
    let told = |cause| Error::new(ACTION, cause).at(own);
    let parent = own.parent().unwrap_or(own);
    fs::create_dir_all(parent).map_err(told)?;
    // Beside its place first: half of one would be in the way for good.
    let half = own.with_extension(format!("half-{}", std::process::id()));
    remove_all(&half)?;
    let words = ["init", "--quiet", "--bare", "--template=", "--initial-branch", FOLDER];
    Git::new(parent, ACTION).args(words).arg(&half).run()?;
    for (name, value) in SETTINGS {
        Git::new(&half, ACTION).env("GIT_DIR", &half).args(["config", name, value]).run()?;
    }
    let info = half.join("info");
    fs::create_dir_all(&info).map_err(told)?;
    fs::write(info.join("exclude"), ".wavec/\n").map_err(told)?;
    let attributes = "* -text -ident -filter !eol !working-tree-encoding !export-subst\n";
    fs::write(info.join("attributes"), attributes).map_err(told)?;
    match fs::rename(&half, own) {
        // Another run was faster.
        Err(_) if own.join("HEAD").exists() => remove_all(&half),
        result => result.map_err(told),
    }
}

/// Makes the same folders, but for files.
fn folders(from: &Path, to: &Path) {
    let _ = fs::create_dir_all(to);
    for entry in fs::read_dir(from).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) && !is_own(&entry.file_name()) {
            folders(&entry.path(), &to.join(entry.file_name()));
        }
    }
}

/// Copies a file, a link or a folder with all in it; the system shares the bytes where its file system can. What is neither is left out.
fn copied(from: &Path, to: &Path) -> std::io::Result<()> {
    let data = match fs::symlink_metadata(from) {
        // Gone meanwhile.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        data => data?,
    };
    if data.is_symlink() {
        return std::os::unix::fs::symlink(fs::read_link(from)?, to);
    }
    if data.is_file() {
        fs::copy(from, to)?;
        // What is built goes by the times of files.
        return File::options()
            .write(true)
            .open(to)
            .and_then(|file| file.set_modified(data.modified()?))
            .or(Ok(()));
    }
    if data.is_dir() {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            // A repository that is ignored comes along whole.
            if entry.file_name() != ".wavec" {
                copied(&entry.path(), &to.join(entry.file_name()))?;
            }
        }
        fs::set_permissions(to, data.permissions())?;
    }
    Ok(())
}
