//! Text from outside: plans from a path or from standard input.
//!
//! Says in full why a text could not be had. Knows nothing of what is in it.

use super::settings::{self, LevelArgs};
use crate::check::{Loader, Purpose};
use crate::compile::{self, Compilation, Options};
use crate::diagnostic::levels::Levels;
use crate::diagnostic::render::clean;
use crate::error::{Error, Exit, Result};
use crate::source::SourceFile;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The largest plan that is read.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// The path that stands for standard input.
pub const STDIN: &str = "-";
/// How a plan from standard input is named to people.
pub const STDIN_NAME: &str = "<stdin>";

/// A plan's text and the path to name it by.
pub struct Input {
    /// The path as it was given, `<stdin>` for standard input.
    pub path: PathBuf,
    /// The text.
    pub text: String,
}

/// Reads a plan from a path, or from standard input when the path is `-`.
pub fn read_plan(path: &Path) -> Result<Input> {
    if path == Path::new(STDIN) {
        let bytes = read_most(io::stdin().lock(), 0)
            .map_err(|error| Error::new("read the plan from standard input", told(&error)))?;
        return decode(bytes, Path::new(STDIN_NAME));
    }
    let wrong = |cause: &str| Error::new("read the plan", cause).at(path);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(wrong("there is no such file").help(missing_help(path)).exit(Exit::Usage));
        }
        Err(error) => return Err(refused(&error, path)),
    };
    let metadata = file.metadata().map_err(|error| refused(&error, path))?;
    if metadata.is_dir() {
        let help = match plans_in(path).first() {
            Some(plan) => format!("name a plan in it, such as `{}`", clean(&plan.display().to_string())),
            None => "name a plan file; there is none in it".to_string(),
        };
        return Err(wrong("it is a directory").help(help).exit(Exit::Usage));
    }
    if metadata.len() > MOST_BYTES {
        return Err(too_large(path));
    }
    let bytes = read_most(file, metadata.len()).map_err(|error| refused(&error, path))?;
    decode(bytes, path)
}

/// Everything up to one byte past the limit; of about so many bytes.
fn read_most(reader: impl Read, length: u64) -> io::Result<Vec<u8>> {
    // One more, so that the end is met without growing.
    let mut bytes = Vec::with_capacity(length.min(MOST_BYTES) as usize + 1);
    reader.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The text, or where it is no text.
fn decode(bytes: Vec<u8>, path: &Path) -> Result<Input> {
    if bytes.len() as u64 > MOST_BYTES {
        return Err(too_large(path));
    }
    let is_wide = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Input { path: path.to_path_buf(), text }),
        Err(_) if is_wide => Err(Error::new("read the plan", "it is UTF-16, and a plan is UTF-8")
            .at(path)
            .help("save the file as UTF-8")),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let bytes = error.as_bytes();
            let line = bytes[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
            let byte = bytes.get(at).copied().unwrap_or_default();
            Err(Error::new("read the plan", format!("byte {at} (0x{byte:02x}, on line {line}) is not UTF-8"))
                .at(path)
                .help("save the file as UTF-8"))
        }
    }
}

fn too_large(path: &Path) -> Error {
    let cause = format!("it is larger than {} MB, which no plan is", MOST_BYTES / 1024 / 1024);
    Error::new("read the plan", cause).at(path)
}

/// An error of the system while a plan was read.
pub fn refused(error: &io::Error, path: &Path) -> Error {
    let wrong = Error::new("read the plan", told(error)).at(path);
    match error.kind() {
        ErrorKind::PermissionDenied => wrong.help("give yourself the right to read it: `chmod u+r`"),
        ErrorKind::NotADirectory => wrong.exit(Exit::Usage),
        _ => wrong,
    }
}

/// The system's words without its number: `Permission denied (os error 13)` is `permission denied`.
pub fn told(error: &io::Error) -> String {
    if error.kind() == ErrorKind::NotFound {
        return "there is no such file".to_string();
    }
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// What to try when a file is not there: the same with `.wave`, or the nearest name beside it.
fn missing_help(path: &Path) -> String {
    let mut with_ending = path.as_os_str().to_os_string();
    with_ending.push(".wave");
    if Path::new(&with_ending).is_file() {
        return format!("did you mean `{}`?", clean(&Path::new(&with_ending).display().to_string()));
    }
    let directory = match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => return String::new(),
    };
    let wanted = path.file_name().unwrap_or_default().to_string_lossy();
    let near = plans_in(directory).into_iter().map(|plan| {
        let name = plan.file_name().unwrap_or_default().to_string_lossy().into_owned();
        (strsim::damerau_levenshtein(&wanted, &name), plan)
    });
    match near.min() {
        Some((distance, plan)) if distance <= 3 => {
            format!(
                "did you mean `{}`?",
                clean(&plan.strip_prefix("./").unwrap_or(&plan).display().to_string())
            )
        }
        _ => "`wavec new` writes a first plan".to_string(),
    }
}

/// The plans that stand in a directory, not below it, by name.
fn plans_in(directory: &Path) -> Vec<PathBuf> {
    let mut plans: Vec<PathBuf> = std::fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "wave") && path.is_file())
        .collect();
    plans.sort();
    plans
}

/// The plans that the arguments name, and where they were looked for.
#[derive(Default, PartialEq, Eq)]
pub struct Found {
    /// The plans, in order.
    pub plans: Vec<PathBuf>,
    /// Every directory that was gone through.
    pub directories: Vec<PathBuf>,
}

/// The plans that the arguments name: files as they are, and in directories every `*.wave` that git would not ignore.
/// Nothing named is the current directory.
pub fn find_plans(arguments: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut found = Found::default();
    look_for_plans(arguments, &mut found)?;
    Ok(found.plans)
}

/// Does so, and keeps what was found up to an error.
pub fn look_for_plans(arguments: &[PathBuf], found: &mut Found) -> Result<()> {
    let here = [PathBuf::from(".")];
    let arguments = if arguments.is_empty() { &here[..] } else { arguments };
    for argument in arguments {
        if argument == Path::new(STDIN) || !argument.is_dir() {
            found.plans.push(argument.clone());
            continue;
        }
        let before = found.plans.len();
        plans_under(argument, found)?;
        if found.plans.len() == before {
            return Err(Error::new(
                "find a plan",
                "there is no `*.wave` file in it that git would not ignore",
            )
            .at(argument)
            .help("name a plan file, or write one with `wavec new`")
            .exit(Exit::Usage));
        }
    }
    let mut seen = std::collections::HashSet::new();
    found.plans.retain(|plan| seen.insert(plan.clone()));
    Ok(())
}

/// Every `*.wave` below a directory that git would not ignore, by path.
fn plans_under(directory: &Path, found: &mut Found) -> Result<()> {
    let walk = ignore::WalkBuilder::new(directory).require_git(false).sort_by_file_path(Path::cmp).build();
    for entry in walk {
        let entry = entry.map_err(|error| Error::new("look for plans", error).at(directory))?;
        let is_plan = entry.path().extension().is_some_and(|ending| ending == "wave");
        match entry.file_type() {
            Some(kind) if kind.is_file() && is_plan => {
                found.plans.push(entry.path().strip_prefix("./").unwrap_or(entry.path()).to_path_buf());
            }
            Some(kind) if kind.is_dir() => found.directories.push(entry.into_path()),
            _ => {}
        }
    }
    Ok(())
}

/// What tells that a file has changed; nothing where there is none.
pub type Stamp = Option<(SystemTime, u64, u64)>;

/// The stamp of a file or directory as it is now.
pub fn stamp(path: &Path) -> Stamp {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len(), metadata.ino()))
}

/// The files that plans name, on disk; texts that were edited and not yet written come before those on disk.
#[derive(Default)]
pub struct Disk {
    edited: BTreeMap<PathBuf, String>,
}

impl Disk {
    /// Puts a text before the one on disk.
    pub fn edit(&mut self, path: &Path, text: String) {
        self.edited.insert(path.to_path_buf(), text);
    }

    /// The text that was put before the one on disk.
    pub fn edited(&self, path: &Path) -> Option<String> {
        self.edited.get(path).cloned()
    }
}

impl Loader for Disk {
    fn read(&self, path: &Path) -> io::Result<String> {
        if let Some(text) = self.edited.get(path) {
            return Ok(text.clone());
        }
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::Error::new(ErrorKind::IsADirectory, "it is a directory"));
        }
        let bytes = read_most(file, metadata.len())?;
        if bytes.len() as u64 > MOST_BYTES {
            return Err(io::Error::new(ErrorKind::FileTooLarge, "it is too large"));
        }
        String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            io::Error::new(ErrorKind::InvalidData, format!("byte {at} is not UTF-8"))
        })
    }

    fn exists(&self, path: &Path) -> bool {
        self.edited.contains_key(path) || path.exists()
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
        let entries = std::fs::read_dir(directory)?;
        let mut names: Vec<String> =
            entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        Ok(names)
    }

    fn is_directory(&self, path: &Path) -> Option<bool> {
        match std::fs::metadata(path) {
            Ok(metadata) => Some(metadata.is_dir() && std::fs::read_dir(path).is_ok()),
            Err(_) => self.edited.contains_key(path).then_some(false),
        }
    }
}

/// Everything that was asked for, there or not, as it was before it was looked at.
#[derive(Default)]
pub struct Asked(RefCell<BTreeMap<PathBuf, Stamp>>);

impl Asked {
    /// Remembers that a path is asked for.
    pub fn ask(&self, path: &Path) {
        let mut asked = self.0.borrow_mut();
        if !asked.contains_key(path) {
            asked.insert(path.to_path_buf(), stamp(path));
        }
    }

    /// The paths, each with its stamp.
    pub fn into_paths(self) -> BTreeMap<PathBuf, Stamp> {
        self.0.into_inner()
    }
}

/// Files on disk, and a memory of those that were asked for.
pub struct Asking<'a> {
    /// The files.
    pub disk: &'a Disk,
    /// The memory; none where nobody looks again.
    pub asked: Option<&'a Asked>,
}

impl Asking<'_> {
    fn ask(&self, path: &Path) {
        if let Some(asked) = self.asked {
            asked.ask(path);
        }
    }
}

impl Loader for Asking<'_> {
    fn read(&self, path: &Path) -> io::Result<String> {
        self.ask(path);
        self.disk.read(path)
    }

    fn exists(&self, path: &Path) -> bool {
        self.ask(path);
        self.disk.exists(path)
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        self.ask(directory);
        self.disk.list(directory)
    }

    fn is_directory(&self, path: &Path) -> Option<bool> {
        self.ask(path);
        self.disk.is_directory(path)
    }
}

/// The directory that a plan's paths are relative to; standard input counts as a file of the current one.
pub fn directory_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

/// `NAME=VALUE`, for clap.
pub fn assignment(text: &str) -> std::result::Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_string(), value.to_string())),
        _ => Err("write NAME=VALUE".to_string()),
    }
}

/// What to compile with.
pub fn options(purpose: Purpose, set: Vec<(String, String)>, levels: Levels) -> Options {
    Options { set, require_params: purpose != Purpose::Check, purpose, levels, ..Options::default() }
}

/// Compiles a plan that has been read, as the project's settings say.
pub fn compile_input(input: Input, purpose: Purpose, set: Vec<(String, String)>) -> Result<Compilation> {
    let levels = settings::levels(&directory_of(&input.path), &LevelArgs::default())?;
    let source = SourceFile::new(input.path, input.text);
    Ok(compile::compile_file(source, &Disk::default(), &options(purpose, set, levels)))
}
