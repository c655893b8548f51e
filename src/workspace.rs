//! Worktrees and copies: a place of its own for each task, what it changed held against its claims, and the tip that good work is
//! merged into.
//!
//! All by the `git` program, and blocking: whoever waits for it does so aside. The tip is a commit that the journal knows; the branch
//! of wavec's own that shows it follows. No checkout of the user's is touched here, but in [`apply`]. Knows neither the
//! schedule nor attempts: a tree has a name, a place and the commit that it was forked from.

mod ahead;
pub mod apply;
pub mod claims;
mod git;
mod merge;
mod repository;
mod snapshot;

pub use git::{check_version, is_of_git};
pub use merge::{Conflict, Merged, Whose};
pub use repository::{Held, Repository};
pub use snapshot::{Size, Snapshot, Taken};

use crate::error::{Error, Exit, Result};
use git::Git;
use repository::Beside;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// Who commits where neither the user nor git's settings name anyone.
const NOBODY: (&str, &str) = ("wavec", "wavec@localhost");

/// What a run may be told about its worktrees.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The author of the commits, as `Name <address>`; none is whom git's settings name.
    pub author: Option<String>,
    /// Whether a run may begin from the last commit although the checkout holds more.
    pub allows_dirty: bool,
    /// Whether what tasks write is confined to their worktrees.
    pub sandbox: Sandbox,
    /// Where else they may write then.
    pub writes: Vec<PathBuf>,
}

/// Whether what tasks in worktrees and copies write is confined to these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sandbox {
    /// It is not.
    #[default]
    Off,
    /// What agents write is, where the system can.
    BestEffort,
    /// What all tasks write is, or the run does not begin.
    Require,
}

/// A repository, as a run works with it.
pub struct Workspace {
    repository: Repository,
    /// The plan's directory from its root; empty, or with `/` at its end.
    prefix: String,
    /// What all its worktrees share.
    common: PathBuf,
    /// Where the trees are.
    trees: PathBuf,
    /// Sets its trees apart from those of other projects that share the repository.
    tag: String,
    /// Begins the names of wavec's own refs of this run.
    refs: String,
    author: (String, String),
    /// Held over whatever changes the list of worktrees: git does not stand two of these at once.
    list: Mutex<()>,
    /// What copies hold and no commit does.
    beside: OnceLock<Beside>,
    ahead: ahead::Ahead,
}

/// A worktree of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    /// Its name, unique in the run.
    pub name: String,
    /// Its root.
    pub root: PathBuf,
    /// Where the plan's directory is in it.
    pub directory: PathBuf,
    /// The commit that it was forked from.
    pub base: String,
}

impl Workspace {
    /// The repository that a directory is in, or where `copies` says so, which is the project's `.wavec`, wavec's own of copies of that
    /// directory. `trees` is where the worktrees go.
    pub fn open(
        directory: &Path,
        copies: Option<&Path>,
        trees: &Path,
        run: i64,
        options: &Options,
    ) -> Result<Workspace> {
        check_version(directory)?;
        let (repository, prefix) = match copies {
            Some(state) => (Repository::of_copies(directory, state)?, String::new()),
            None => Repository::around(directory)?,
        };
        let tag = blake3::hash(trees.as_os_str().as_encoded_bytes()).to_hex()[..8].to_owned();
        Ok(Workspace {
            prefix,
            common: repository.common()?,
            repository,
            trees: trees.to_path_buf(),
            refs: format!("refs/wavec/{run}-{tag}"),
            tag,
            author: author(directory, options)?,
            list: Mutex::new(()),
            beside: OnceLock::new(),
            ahead: ahead::Ahead::default(),
        })
    }

    /// The repository.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The plan's directory from the repository's root; empty, or with `/` at its end.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    fn git(&self, action: &str) -> Git {
        self.repository.git(action)
    }

    fn listed(&self) -> MutexGuard<'_, ()> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The links in a commit that lead out of the repository, and the repositories in it, by path from the root.
    pub fn unusual(&self, commit: &str) -> Result<(Vec<String>, Vec<String>)> {
        let listed = self.git("list the files of").args(["ls-tree", "-r", "-z", commit]).bytes()?;
        let (mut links, mut repositories) = (Vec::new(), Vec::new());
        for entry in listed.split(|byte| *byte == 0) {
            let entry = String::from_utf8_lossy(entry);
            let Some((head, path)) = entry.split_once('\t') else { continue };
            match head.split(' ').collect::<Vec<_>>().as_slice() {
                [claims::LINK, _, object] => {
                    let target = String::from_utf8_lossy(&self.object(object)?).into_owned();
                    if claims::leaves(path, &target) {
                        links.push(path.to_owned());
                    }
                }
                [claims::REPOSITORY, ..] => repositories.push(path.to_owned()),
                _ => {}
            }
        }
        Ok((links, repositories))
    }

    /// What an object holds.
    pub fn object(&self, object: &str) -> Result<Vec<u8>> {
        self.git("read an object of").args(["cat-file", "-p", object]).bytes()
    }

    /// A name for wavec's branch that nothing has yet: the wanted one, or that with a number.
    pub fn free_branch(&self, wanted: &str) -> Result<String> {
        let words = ["for-each-ref", "--format=%(refname:short)", "refs/heads"];
        let taken = self.git("list the branches of").args(words).text()?;
        let taken: Vec<&str> = taken.lines().collect();
        let first = wanted.split('/').next().unwrap_or(wanted);
        if taken.contains(&first) {
            let cause = format!("a branch `{first}` is in the way of `{wanted}`");
            return Err(Error::new("begin wavec's branch in", cause)
                .at(&self.repository.root)
                .help(format!("rename it: `git branch -m {first} another-name`")));
        }
        let names =
            (1..).map(|number| if number == 1 { wanted.to_owned() } else { format!("{wanted}-{number}") });
        let mut free = names.filter(|name| !taken.contains(&name.as_str()));
        Ok(free.next().unwrap_or_else(|| wanted.to_owned()))
    }

    /// Whether there is a branch of that name.
    pub fn has_branch(&self, branch: &str) -> Result<bool> {
        let name = format!("refs/heads/{branch}");
        Ok(self.git("read wavec's branch in").args(["rev-parse", "--verify", "-q", &name]).answer()?.code
            == 0)
    }

    /// Has wavec's branch show a commit. `known`: the commits that it may stand on until then; it is left alone on any other.
    pub fn show(&self, branch: &str, commit: &str, known: &[String]) -> Result<()> {
        let name = format!("refs/heads/{branch}");
        let now = self.git("read wavec's branch in").args(["rev-parse", "--verify", "-q", &name]).answer()?;
        let now = String::from_utf8_lossy(&now.stdout).trim().to_owned();
        if now == commit {
            return Ok(());
        }
        if !now.is_empty() && !known.contains(&now) {
            let cause = format!("somebody else has moved the branch `{branch}` to {}", short(&now));
            return Err(Error::new("move wavec's branch in", cause).at(&self.repository.root).help(format!(
                "keep that under another name, then `git branch -f {branch} {}` and `wavec resume`",
                short(commit)
            )));
        }
        let old = if now.is_empty() { "0".repeat(commit.len()) } else { now };
        let words = ["update-ref", "-m", "wavec", &name, commit, &old];
        self.git("move wavec's branch in").args(words).run()
    }

    /// The tree of that name, which may not be there yet.
    pub fn tree(&self, name: &str, base: &str) -> Tree {
        let root = self.trees.join(name);
        let directory = if self.prefix.is_empty() { root.clone() } else { root.join(&self.prefix) };
        Tree { name: name.to_owned(), root, directory, base: base.to_owned() }
    }

    /// What git keeps of a tree for itself.
    pub fn own_of(&self, tree: &Tree) -> PathBuf {
        self.common.join("worktrees").join(format!("{}-{}", self.tag, tree.name))
    }

    /// A call that works on a tree. Whatever the task made of the tree's `.git`: without one, git would take the checkout around it.
    fn within(&self, tree: &Tree, action: &str) -> Git {
        Git::new(&tree.root, action).env("GIT_DIR", self.own_of(tree)).env("GIT_WORK_TREE", &tree.root)
    }

    /// wavec's own index of a tree: what it held when it was forked, whatever the task does to the tree's own.
    fn index(&self, tree: &Tree) -> PathBuf {
        self.trees.join(format!("{}.index", tree.name))
    }

    /// Whether a tree is there, and whole.
    pub fn is_forked(&self, tree: &Tree) -> bool {
        // The index comes last.
        tree.root.exists() && self.own_of(tree).exists() && self.index(tree).exists()
    }

    /// Makes a tree, with all that its base holds.
    pub fn fork(&self, tree: &Tree) -> Result<()> {
        const ACTION: &str = "make the worktree";
        let told = |cause: io::Error| Error::new(ACTION, cause).at(&tree.root);
        fs::create_dir_all(&self.trees).map_err(told)?;
        let _ = fs::remove_file(self.index(tree));
        if tree.root.exists() || self.own_of(tree).exists() {
            let _list = self.listed();
            self.forget(tree)?;
        }
        if !self.take_ahead(tree)? {
            self.add(tree, None)?;
        }
        let (own, kept) = (self.own_of(tree).join("index"), self.index(tree));
        let half = kept.with_extension("half");
        let _ = fs::remove_file(&half);
        // The same file, its time too: git takes what changed since for changed.
        if fs::hard_link(&own, &half).is_err() {
            fs::copy(&own, &half).map_err(told)?;
        }
        if self.repository.is_copied() {
            self.repository.add_beside(self.beside()?, &tree.root)?;
        }
        // An old plan's directory may hold nothing that git keeps.
        fs::create_dir_all(&tree.directory).map_err(told)?;
        // Last: a tree that has it is whole.
        fs::rename(&half, &kept).map_err(told)
    }

    /// Puts a tree on git's list and fills it. Whether it did: not when it was not wanted any more.
    fn add(&self, tree: &Tree, is_wanted: Option<&dyn Fn() -> bool>) -> Result<bool> {
        const ACTION: &str = "make the worktree";
        {
            let _list = self.listed();
            let words = ["worktree", "add", "--quiet", "--no-checkout", "--detach"];
            let git = self.git(ACTION).args(words).arg(&tree.root).args([&tree.base]);
            git.run().map_err(|error| error.at(&tree.root))?;
            // git names what it keeps by the folder alone, which other projects in the repository may have too.
            let link = tree.root.join(".git");
            let told = |cause: io::Error| Error::new(ACTION, cause).at(&link);
            let (made, own) = (fs::read_to_string(&link).map_err(told)?, self.own_of(tree));
            // As git's settings have it, that is relative.
            let made = tree.root.join(made.trim_start_matches("gitdir:").trim());
            fs::rename(made, &own).map_err(told)?;
            fs::write(&link, format!("gitdir: {}\n", own.display())).map_err(told)?;
        }
        // Outside of the lock: this is what takes time, and it touches nothing that is shared.
        let fill = self.within(tree, ACTION).args(["reset", "--quiet", "--hard", &tree.base]);
        match is_wanted {
            Some(is_wanted) => fill.run_while(is_wanted),
            None => fill.run().map(|()| true),
        }
    }

    /// What copies hold and no commit does, as it was when it was first asked for.
    fn beside(&self) -> Result<&Beside> {
        if let Some(beside) = self.beside.get() {
            return Ok(beside);
        }
        let beside = self.repository.beside()?;
        Ok(self.beside.get_or_init(|| beside))
    }

    /// Has an existing tree hold exactly a commit, but for what git ignores; makes it where it is not there.
    pub fn refresh(&self, tree: &Tree) -> Result<()> {
        if !self.is_forked(tree) {
            return self.fork(tree);
        }
        const ACTION: &str = "renew the worktree";
        self.within(tree, ACTION).args(["checkout", "--quiet", "--force", "--detach", &tree.base]).run()?;
        self.within(tree, ACTION).args(["clean", "--quiet", "-d", "--force"]).run()?;
        fs::create_dir_all(&tree.directory).map_err(|cause| Error::new(ACTION, cause).at(&tree.root))
    }

    /// Takes a tree away whose content is saved in `commit`. Whether it was: one that holds more stays.
    pub fn discard(&self, tree: &Tree, commit: &str) -> Result<bool> {
        if tree.root.exists() && !self.is_saved(tree, commit)? {
            return Ok(false);
        }
        // Out of the way first: half of a tree would look like work that deletes the rest.
        let aside = self.trees.join(format!(".{}.gone", tree.name));
        if tree.root.exists() {
            fs::rename(&tree.root, &aside)
                .map_err(|cause| Error::new("remove the worktree", cause).at(&tree.root))?;
        }
        {
            let _list = self.listed();
            self.forget(tree)?;
        }
        let _ = fs::remove_file(self.index(tree));
        remove_all(&aside)?;
        Ok(true)
    }

    /// Takes a tree away, whatever it holds: one that only wavec's own tests have written in.
    pub fn remove(&self, tree: &Tree) -> Result<()> {
        {
            let _list = self.listed();
            self.forget(tree)?;
        }
        let _ = fs::remove_file(self.index(tree));
        Ok(())
    }

    /// Takes a tree off git's list, with what is left of its folder.
    fn forget(&self, tree: &Tree) -> Result<()> {
        let own = self.own_of(tree);
        let words = ["worktree", "remove", "--force", "--force"];
        let answer = self.git("remove the worktree").args(words).arg(&tree.root).answer()?;
        if answer.code != 0 {
            // Half made, by a wavec that died, or without its `.git`: git does not know it as a worktree.
            remove_all(&own)?;
            remove_all(&tree.root)?;
        }
        Ok(())
    }

    /// The names of the trees that are there, in order.
    pub fn names(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(&self.trees) else { return Vec::new() };
        let mut names: Vec<String> = entries
            .flatten()
            .filter(|entry| entry.path().is_dir())
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| !name.starts_with('.'))
            .collect();
        names.sort();
        names
    }

    /// Takes away what a wavec that died was about to remove.
    pub fn sweep(&self) -> Result<()> {
        self.drop_ahead()?;
        let Ok(entries) = fs::read_dir(&self.trees) else { return Ok(()) };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let gone = name.strip_prefix('.').and_then(|name| name.strip_suffix(".gone"));
            if let Some(name) = gone {
                let _list = self.listed();
                self.forget(&self.tree(name, ""))?;
                remove_all(&entry.path())?;
            }
        }
        Ok(())
    }

    /// The commits of the run that wavec keeps under refs of its own, by the name of the tree that each is of.
    pub fn kept(&self) -> Result<Vec<(String, String)>> {
        let pattern = format!("{}/", self.refs);
        let words = ["for-each-ref", "--format=%(objectname) %(refname)", &pattern];
        let listed = self.git("list wavec's refs in").args(words).text()?;
        let lines = listed.lines().filter_map(|line| line.split_once(' '));
        Ok(lines.map(|(commit, name)| (name[pattern.len()..].to_owned(), commit.to_owned())).collect())
    }

    /// The name of the ref that keeps the commit of a tree of that name.
    pub fn ref_of(&self, tree: &str) -> String {
        format!("{}/{tree}", self.refs)
    }

    /// Forgets what was kept of these trees.
    pub fn forget_kept(&self, trees: &[String]) -> Result<()> {
        if trees.is_empty() {
            return Ok(());
        }
        let orders: String = trees.iter().map(|tree| format!("delete {}\n", self.ref_of(tree))).collect();
        self.git("remove wavec's refs in").args(["update-ref", "--stdin"]).input(orders).run()
    }
}

/// Removes a folder, however it stands with its permissions. One that is not there is no trouble.
fn remove_all(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            open_up(path);
            fs::remove_dir_all(path).map_err(|cause| Error::new("remove", cause).at(path))
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::new("remove", error).at(path)),
        _ => Ok(()),
    }
}

/// Lets the folders below be emptied, as build tools like to forbid.
fn open_up(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o700));
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_up(&entry.path());
        }
    }
}

/// Who commits: whom the run was told, else whom git's settings name, else nobody in particular.
fn author(directory: &Path, options: &Options) -> Result<(String, String)> {
    if let Some(author) = &options.author {
        let named = author.strip_suffix('>').and_then(|author| author.split_once('<'));
        let named = named.map(|(name, address)| (name.trim().to_owned(), address.trim().to_owned()));
        return named.filter(|(name, _)| !name.is_empty()).ok_or_else(|| {
            Error::new("find the author of commits", format!("`{author}` is no author"))
                .help("write it as `Name <address>`")
                .exit(Exit::Usage)
        });
    }
    let setting = |name: &str| -> Result<Option<String>> {
        let answer =
            Git::new(directory, "read git's settings in").args(["config", "--get", name]).answer()?;
        let text = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
        Ok(Some(text).filter(|text| answer.code == 0 && !text.is_empty()))
    };
    let (name, address) = NOBODY;
    Ok((
        setting("user.name")?.unwrap_or_else(|| name.to_owned()),
        setting("user.email")?.unwrap_or_else(|| address.to_owned()),
    ))
}

/// A commit's id, as people read it.
pub fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}
