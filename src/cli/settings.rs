//! What a project and the command line say of codes: `wavec.toml`, `--allow`, `--warn`, `--deny`.
//!
//! ```toml
//! [levels]
//! hot-file = "allow"          # allow, note, warn or deny
//! unknown-claims = "deny"
//!
//! [git]
//! author = "Name <address>"   # of commits from worktrees
//!
//! [sandbox]
//! writes = ["~/.cache/tool"]  # where confined tasks may write too
//! ```

use super::loader;
use crate::diagnostic::codes::{ALL, Code};
use crate::diagnostic::levels::{Level, Levels, is_negotiable_code};
use crate::diagnostic::render::clean;
use crate::diagnostic::suggest;
use crate::error::{Error, Exit, Result};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The name of a project's settings.
pub const FILE: &str = "wavec.toml";

/// How grave to take which code; the last flag of a code counts, and flags before `wavec.toml`.
#[derive(clap::Args, Debug, Clone, Default)]
pub struct LevelArgs {
    /// Do not say this; may be given often
    #[arg(long, value_name = "CODE", help_heading = "Levels")]
    allow: Vec<String>,
    /// Take this as a warning; may be given often
    #[arg(long, value_name = "CODE", help_heading = "Levels")]
    warn: Vec<String>,
    /// Take this as an error; `warnings` stands for all of them
    #[arg(long, value_name = "CODE", help_heading = "Levels")]
    deny: Vec<String>,
}

#[derive(serde::Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Settings {
    #[serde(default)]
    levels: BTreeMap<String, String>,
    #[serde(default)]
    git: Git,
    #[serde(default)]
    sandbox: Sandbox,
}

/// What is said of commits.
#[derive(serde::Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Git {
    author: Option<String>,
}

impl Settings {
    fn read(path: &Path, text: &str) -> Result<Settings> {
        toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
            Error::new("read the project's settings", format!("line {line}: {}", error.message()))
                .at(path)
                .exit(Exit::Usage)
        })
    }
}

/// What is said of confined tasks.
#[derive(serde::Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Sandbox {
    #[serde(default)]
    writes: Vec<String>,
}

/// Where confined tasks may write beside their worktrees, by the nearest `wavec.toml`: from its folder, or from the home with `~/`.
pub fn writes(directory: &Path) -> Result<Vec<PathBuf>> {
    let Some((path, text)) = find(directory)? else { return Ok(Vec::new()) };
    let folder = path.parent().unwrap_or(directory).to_path_buf();
    let place = |place: &String| match place.strip_prefix("~/") {
        Some(rest) => std::env::home_dir().unwrap_or_default().join(rest),
        None => folder.join(place),
    };
    Ok(Settings::read(&path, &text)?.sandbox.writes.iter().map(place).collect())
}

/// Who is the author of commits, by the nearest `wavec.toml`.
pub fn author(directory: &Path) -> Result<Option<String>> {
    let Some((path, text)) = find(directory)? else { return Ok(None) };
    Ok(Settings::read(&path, &text)?.git.author)
}

/// The levels for a plan in `directory`: those of the nearest `wavec.toml` up to the project's root, then the flags'.
pub fn levels(directory: &Path, args: &LevelArgs) -> Result<Levels> {
    let mut levels = Levels::default();
    if let Some((path, text)) = find(directory)? {
        let settings = Settings::read(&path, &text)?;
        for (name, level) in &settings.levels {
            let wrong = |cause: String, help: String| {
                Error::new("read the project's settings", cause).at(&path).help(help).exit(Exit::Usage)
            };
            let level = Level::find(level).ok_or_else(|| {
                let help = "write `allow`, `note`, `warn` or `deny`".to_string();
                wrong(format!("`{level}` is no level, at `{name}`"), help)
            })?;
            let code = code(name).map_err(|help| wrong(format!("there is no code `{name}`"), help))?;
            set(&mut levels, code, level).map_err(|(cause, help)| wrong(cause, help))?;
        }
    }
    let groups = [(&args.allow, Level::Allow), (&args.warn, Level::Warn), (&args.deny, Level::Deny)];
    for (names, level) in groups {
        for name in names {
            let flag = match level {
                Level::Allow => "--allow",
                Level::Warn => "--warn",
                _ => "--deny",
            };
            if name == "warnings" && level == Level::Deny {
                levels.deny_warnings = true;
                continue;
            }
            let shown = clean(name);
            let wrong = |cause: String, help: String| {
                Error::new(format!("follow `{flag} {shown}`"), cause).help(help).exit(Exit::Usage)
            };
            let code = code(name).map_err(|help| wrong("there is no such code".to_string(), help))?;
            set(&mut levels, code, level).map_err(|(cause, help)| wrong(cause, help))?;
        }
    }
    Ok(levels)
}

fn set(levels: &mut Levels, code: Code, level: Level) -> std::result::Result<(), (String, String)> {
    if level != Level::Deny && !is_negotiable_code(code) {
        let cause = format!("`{}` cannot be allowed: a plan does not run until it is mended", code.name());
        return Err((cause, "mend the plan".to_string()));
    }
    levels.set(code, level);
    Ok(())
}

/// The code of that name, or what to do instead.
fn code(name: &str) -> std::result::Result<Code, String> {
    Code::find(name).ok_or_else(|| match nearest(name) {
        Some(near) => format!("did you mean `{near}`? `wavec explain` lists all codes"),
        None => "`wavec explain` lists all codes".to_string(),
    })
}

/// The code that is spelled most like `name`, if one is near.
pub fn nearest(name: &str) -> Option<&'static str> {
    suggest::nearest(name, ALL.iter().map(|code| code.name()))
}

/// The nearest settings above a directory, not past the project's root.
fn find(directory: &Path) -> Result<Option<(PathBuf, String)>> {
    for path in places(directory) {
        match std::fs::read_to_string(&path) {
            Ok(text) => return Ok(Some((path, text))),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => {
                return Err(Error::new("read the project's settings", loader::told(&error)).at(path));
            }
        }
    }
    Ok(None)
}

/// Where the settings of a directory may stand: in it and above it up to the project's root, the nearest first. Below the
/// current directory they are named from there.
pub fn places(directory: &Path) -> Vec<PathBuf> {
    let absolute = std::path::absolute(directory).unwrap_or_else(|_| directory.to_path_buf());
    let here = std::env::current_dir().unwrap_or_default();
    let mut places = Vec::new();
    for ancestor in absolute.ancestors() {
        let path = ancestor.join(FILE);
        places.push(path.strip_prefix(&here).map(Path::to_path_buf).unwrap_or(path));
        if ancestor.join(".git").exists() || ancestor.join(".wavec").exists() {
            break;
        }
    }
    places
}
