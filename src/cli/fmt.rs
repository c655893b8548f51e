//! `wavec fmt`: lay plans out in the one canonical way.

use super::loader::{self, Input, STDIN};
use super::{Global, output};
use crate::diagnostic::render::{TextOptions, clean, render_text, summary};
use crate::diagnostic::{Diagnostic, Severity};
use crate::error::{Error, Exit, Result};
use crate::format;
use crate::source::{FileId, SourceFile, SourceMap};
use crate::syntax::{self, ast::File};
use std::path::{Path, PathBuf};

/// Lay plans out in the one canonical way
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Keeps comments, strings and the order of statements; changes no file that does not parse.

Examples:
  wavec fmt release.wave
  wavec fmt --check plans/
  wavec fmt - < draft.wave"
)]
pub struct Args {
    /// Plans, directories to look for plans in, or `-` for standard input; the current directory when left out
    files: Vec<PathBuf>,
    /// Change nothing; end with 1 if a plan is laid out otherwise
    #[arg(long)]
    check: bool,
    /// Change nothing; show what would change, and end with 1 if something would
    #[arg(long)]
    diff: bool,
    /// Read a plan from standard input and write it to standard output
    #[arg(long, conflicts_with = "files")]
    stdin: bool,
}

/// Carries the command out.
pub fn run(args: Args, global: &Global) -> Result<Exit> {
    let files = if args.stdin { vec![PathBuf::from(STDIN)] } else { args.files.clone() };
    let mut exit = Exit::Success;
    let mut changed = 0;
    let plans = loader::find_plans(&files)?;
    for path in &plans {
        // One of several that cannot be had or written does not keep the others from it.
        let failed = |error: Error| match plans.len() {
            1 => Err(error),
            _ => {
                super::report(&error, global);
                Ok(error.exit)
            }
        };
        let input = match loader::read_plan(path) {
            Ok(input) => input,
            Err(error) => {
                exit = failed(error)?;
                continue;
            }
        };
        let Some(text) = laid_out(&input, global)? else {
            exit = Exit::PlanErrors;
            continue;
        };
        let is_stdin = path == Path::new(STDIN);
        let is_changed = text != input.text;
        if args.diff {
            output::print(&diff(&input, &text, global.has_color(&std::io::stdout())))?;
        } else if is_stdin && !args.check {
            output::print(&text)?;
            continue;
        }
        if !is_changed {
            continue;
        }
        changed += 1;
        let shown = clean(&input.path.display().to_string());
        if args.check || args.diff {
            exit = if exit == Exit::Success { Exit::PlanErrors } else { exit };
            if args.check && !global.quiet {
                output::say(&format!("would format {shown}\n"))?;
            }
        } else {
            if let Err(error) = output::replace_file(path, &text) {
                exit = failed(error)?;
                changed -= 1;
                continue;
            }
            if !global.quiet {
                output::say(&format!("formatted {shown}\n"))?;
            }
        }
    }
    if global.verbose {
        output::say(&format!("{} of {} plans laid out otherwise\n", changed, plans.len()))?;
    }
    Ok(exit)
}

/// The canonical layout, or nothing after saying why the plan has none.
fn laid_out(input: &Input, global: &Global) -> Result<Option<String>> {
    let parsed = syntax::parse(FileId(0), &input.text);
    let errors: Vec<Diagnostic> =
        parsed.diagnostics.into_iter().filter(|diagnostic| diagnostic.severity == Severity::Error).collect();
    if !errors.is_empty() {
        let sources = SourceMap::of(SourceFile::new(&input.path, input.text.as_str()));
        let stderr = std::io::stderr();
        let options =
            TextOptions { color: global.has_color(&stderr), width: output::columns(&stderr), links: false };
        let shown = render_text(&sources, &errors, options);
        output::say(&format!("{shown}\nnot formatted: {}\n", summary(&sources, &errors)))?;
        return Ok(None);
    }
    let text = format::format(&input.text, &parsed.file);
    check_sameness(input, &parsed.file, &text)?;
    Ok(Some(text))
}

/// A formatter that changes what a plan means must not write: this is looked at every time.
fn check_sameness(input: &Input, before: &File, text: &str) -> Result<()> {
    let after = syntax::parse(FileId(0), text).file;
    let comments = |file: &File, text: &str| -> Vec<String> {
        file.comments.iter().map(|comment| text[comment.span.range()].trim_end().to_string()).collect()
    };
    let is_same = syntax::skeleton(before) == syntax::skeleton(&after)
        && comments(before, &input.text) == comments(&after, text);
    if is_same {
        return Ok(());
    }
    let cause = "the layout would change what it means, which is a fault of wavec";
    Err(Error::new("format the plan", cause)
        .at(&input.path)
        .help("report it, with the plan; the file is as it was"))
}

/// The change as a unified diff, of the form that `git apply` and `patch -p1` take.
pub fn diff(input: &Input, text: &str, has_color: bool) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let path = input.path.strip_prefix(&here).unwrap_or(&input.path);
    let path = path.strip_prefix("/").unwrap_or(path);
    let name = clean(&path.strip_prefix(".").unwrap_or(path).display().to_string());
    let change = similar::TextDiff::from_lines(input.text.as_str(), text);
    let plain = change.unified_diff().header(&format!("a/{name}"), &format!("b/{name}")).to_string();
    if !has_color {
        return plain;
    }
    let paint = |line: &str| {
        let style = match line.as_bytes().first() {
            Some(b'+') => "32",
            Some(b'-') => "31",
            Some(b'@') => "36",
            _ => return format!("{line}\n"),
        };
        format!("\x1b[{style}m{line}\x1b[0m\n")
    };
    plain.lines().map(paint).collect()
}
