//! `wavec new`: write a commented first plan that runs as it stands.

use super::{Global, loader, output};
use crate::diagnostic::render::clean;
use crate::error::{Error, Exit, Result};
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

const TEMPLATE: &str = include_str!("new/template.wave");

/// Write a commented first plan that runs as it stands
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  wavec new release && wavec run release.wave")]
pub struct Args {
    /// The plan's name, or a path to write it to; `.wave` is added
    #[arg(default_value = "plan")]
    name: PathBuf,
}

/// Carries the command out.
pub fn run(args: Args, global: &Global) -> Result<Exit> {
    let path = if args.name.extension().is_some_and(|ending| ending == "wave") {
        args.name
    } else {
        with_ending(&args.name)
    };
    let name = plan_name(&path)?;
    let shown = path.display().to_string();
    let text = TEMPLATE.replace("NAME.wave", &shown).replace("NAME", &name);
    let wrong = |cause: String| Error::new("write the plan", cause).at(&path);
    let mut file =
        OpenOptions::new().write(true).create_new(true).open(&path).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => wrong("there is such a file already".to_string())
                .help("choose another name")
                .exit(Exit::Usage),
            ErrorKind::NotFound => {
                wrong("its directory does not exist".to_string()).help("make the directory first")
            }
            _ => wrong(loader::told(&error)),
        })?;
    file.write_all(text.as_bytes()).map_err(|error| wrong(loader::told(&error)))?;
    if !global.quiet {
        let shown = clean(&shown);
        output::say(&format!(
            "wrote {shown}\n  wavec plan {shown}   shows what happens when\n  wavec run {shown}    does it\n"
        ))?;
    }
    Ok(Exit::Success)
}

fn with_ending(path: &Path) -> PathBuf {
    let mut text = path.as_os_str().to_os_string();
    text.push(".wave");
    PathBuf::from(text)
}

/// The plan's name: the file's, which must be a name of the language.
fn plan_name(path: &Path) -> Result<String> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut chars = stem.chars();
    let starts_well = chars.next().is_some_and(|c| c == '_' || unicode_ident::is_xid_start(c));
    if starts_well && chars.all(|c| c == '-' || c == '_' || unicode_ident::is_xid_continue(c)) {
        return Ok(stem);
    }
    let cause = "a plan's name has letters, digits, `_` and `-`, and begins with a letter or `_`";
    Err(Error::new(format!("name a plan `{}`", clean(&stem)), cause)
        .help("choose another name")
        .exit(Exit::Usage))
}
