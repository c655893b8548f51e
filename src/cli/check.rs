//! `wavec check`: find what is wrong with plans, before anything runs.

mod watch;

use super::loader::{self, Asked, Asking, Disk, Input};
use super::settings::{self, LevelArgs};
use super::{Global, fmt, output};
use crate::check::Purpose;
use crate::compile::{self, Compilation};
use crate::diagnostic::baseline::Baseline;
use crate::diagnostic::render::{
    Report, TextOptions, clean, counts_of, render_github, render_json, render_sarif, render_short,
    render_text,
};
use crate::diagnostic::{Diagnostic, Severity, fix};
use crate::error::{Error, Exit, Result};
use crate::memory;
use crate::source::SourceFile;
use clap::ValueEnum;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

/// Find what is wrong with plans, before anything runs
#[derive(clap::Args, Debug)]
#[command(after_help = "Ends with 0 when no plan has an error, with 1 when one has.
An item with `# wavec: allow(CODE) \"why\"` above it is not told of that code;
`[levels]` in wavec.toml sets levels for the project.

Examples:
  wavec check plans/*.wave
  wavec check --watch release.wave
  wavec check --fix --diff release.wave
  wavec check --deny warnings --format github .")]
pub struct Args {
    /// Plans, directories to look for plans in, or `-` for standard input; the current directory when left out
    files: Vec<PathBuf>,
    /// How to show what was found
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Set a param of the plan
    #[arg(long, value_name = "NAME=VALUE", value_parser = loader::assignment)]
    set: Vec<(String, String)>,
    /// Mend what can be mended safely, in place
    #[arg(long, help_heading = "Mending")]
    fix: bool,
    /// Show what `--fix` would change, and change nothing
    #[arg(long, help_heading = "Mending")]
    diff: bool,
    /// Check again whenever a plan, or a file that it names, is saved
    #[arg(long, conflicts_with_all = ["fix", "diff", "write_baseline"])]
    watch: bool,
    #[command(flatten)]
    levels: LevelArgs,
    /// Do not say what stands in this file
    #[arg(long, value_name = "FILE", help_heading = "Levels")]
    baseline: Option<PathBuf>,
    /// Write what is found now to the baseline
    #[arg(long, requires = "baseline", help_heading = "Levels")]
    write_baseline: bool,
}

/// How to show what was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people, on standard error
    Text,
    /// One document; its schema is docs/schema/diagnostics.json
    Json,
    /// SARIF 2.1.0, for code hosts
    Sarif,
    /// Annotations for GitHub Actions
    Github,
    /// A line each, for editors and grep
    Short,
}

/// Carries the command out.
pub fn run(args: Args, global: &Global) -> Result<Exit> {
    if args.watch {
        return watch::run(&args, global);
    }
    let plans = loader::find_plans(&args.files)?;
    let (Round { shown, said, exit }, compilations) = look(&args, global, &plans, None)?;
    output::print(&shown)?;
    output::say(&said)?;
    // The program ends here, and takes with it what to give back piece by piece would take a while.
    std::mem::forget(compilations);
    memory::keep_all();
    Ok(exit)
}

/// What one look at the plans came to.
struct Round {
    /// For standard output.
    shown: String,
    /// For standard error.
    said: String,
    exit: Exit,
}

/// Checks the plans, and mends them if that was asked for. Gives also what the plans have become, and in `asked` what was
/// looked at.
fn look(
    args: &Args,
    global: &Global,
    plans: &[PathBuf],
    asked: Option<&Asked>,
) -> Result<(Round, Vec<Compilation>)> {
    let mut disk = Disk::default();
    let mut round = Round { shown: String::new(), said: String::new(), exit: Exit::Success };
    let mut compilations: Vec<Compilation> = Vec::new();
    let mut changes: Vec<String> = Vec::new();
    for path in plans {
        asked.inspect(|asked| asked.ask(path));
        let mut checking = Checking { args, global, disk: &mut disk, asked };
        let checked = loader::read_plan(path).and_then(|input| check_one(&mut checking, input, &mut round));
        match checked {
            Ok((compilation, done)) => {
                compilations.push(compilation);
                changes.extend(done);
            }
            Err(error) if plans.len() > 1 => {
                round.said.push_str(&super::told(&error, global));
                round.exit = error.exit;
            }
            Err(error) => return Err(error),
        }
    }
    if !changes.is_empty() && !global.quiet {
        let verb = if args.diff { "would mend" } else { "mended" };
        round.said.push_str(&format!("{verb} {}:\n", counted(changes.len(), "mistake")));
        round.said.extend(changes.iter().map(|change| format!("  {change}\n")));
    }
    let changes = changes.len();
    drop_repeats(&mut compilations);
    if let Some(path) = &args.baseline {
        asked.inspect(|asked| asked.ask(path));
        let said = apply_baseline(path, args.write_baseline, &mut compilations)?;
        if !global.quiet {
            round.said.push_str(&said);
        }
    }
    if global.quiet {
        for compilation in &mut compilations {
            compilation.diagnostics.retain(|diagnostic| diagnostic.severity == Severity::Error);
        }
    }
    show(args, global, &compilations, changes, &mut round);
    let has_error = compilations
        .iter()
        .any(|compilation| compilation.diagnostics.iter().any(|found| found.severity == Severity::Error));
    if round.exit == Exit::Success && (has_error || (args.diff && changes > 0)) {
        round.exit = Exit::PlanErrors;
    }
    Ok((round, compilations))
}

/// What plans are checked with.
struct Checking<'a> {
    args: &'a Args,
    global: &'a Global,
    disk: &'a mut Disk,
    asked: Option<&'a Asked>,
}

/// So many times a plan is mended and looked at again.
const MOST_ROUNDS: usize = 200;

/// Checks one plan and mends it if that was asked for; says of each fix that was made what it did.
fn check_one(checking: &mut Checking, input: Input, round: &mut Round) -> Result<(Compilation, Vec<String>)> {
    let Checking { args, global, disk, asked } = checking;
    let directory = loader::directory_of(&input.path);
    if let Some(asked) = asked {
        settings::places(&directory).iter().for_each(|place| asked.ask(place));
    }
    let levels = settings::levels(&directory, &args.levels)?;
    let mut options = loader::options(Purpose::Check, args.set.clone(), levels);
    if !args.fix && !args.diff {
        // A baseline may hold notes.
        options.errors_only = global.quiet && args.baseline.is_none();
        options.give_back = Some(memory::give_back);
        let source = SourceFile::new(input.path, input.text);
        return Ok((compile::compile_file(source, &Asking { disk, asked: *asked }, &options), Vec::new()));
    }
    let compile = |text: &str, disk: &Disk| {
        compile::compile(&input.path, text, &Asking { disk, asked: *asked }, &options)
    };
    let mut compilation = compile(&input.text, disk);
    let is_stdin = input.path == Path::new(loader::STDIN_NAME);
    let mut text = input.text.clone();
    let mut before: BTreeMap<PathBuf, String> = BTreeMap::new();
    let mut done = Vec::new();
    // A fix may uncover another; each round makes at least one, so a plan needs few.
    for _ in 0..MOST_ROUNDS {
        let chosen = fix::choose(&compilation.diagnostics, |_| true);
        if chosen.is_empty() {
            break;
        }
        for index in &chosen {
            let found = &compilation.diagnostics[*index];
            let source = compilation.sources.file(found.span().file);
            let title = found.fix.as_ref().map(|fix| fix.title.as_str()).unwrap_or_default();
            let path = clean(&source.path().display().to_string());
            done.push(format!("{path}: {} ({})", clean(title), found.code.name()));
        }
        let fixes = chosen.iter().filter_map(|index| compilation.diagnostics[*index].fix.as_ref());
        let edited = fix::apply(&compilation.sources, fixes.flat_map(|fix| &fix.edits));
        for (id, new) in edited {
            let source = compilation.sources.file(id);
            before.entry(source.path().to_path_buf()).or_insert_with(|| source.text().to_string());
            if source.path() == input.path {
                text = new;
            } else {
                disk.edit(source.path(), new);
            }
        }
        compilation = compile(&text, disk);
    }
    let color = global.has_color(&std::io::stdout());
    for (path, old) in before {
        let new = if path == input.path { text.clone() } else { disk.edited(&path).unwrap_or_default() };
        if args.diff {
            round.shown.push_str(&fmt::diff(&Input { path, text: old }, &new, color));
        } else if path != input.path || !is_stdin {
            output::replace_file(&path, &new)?;
        }
    }
    if is_stdin && !args.diff {
        round.shown.push_str(&text);
    }
    Ok((compilation, done))
}

/// A library that several plans use is told of once.
fn drop_repeats(compilations: &mut [Compilation]) {
    let mut files: HashMap<PathBuf, usize> = HashMap::new();
    let mut seen = HashSet::new();
    for compilation in compilations {
        let number = |path: &Path| {
            let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
            let next = files.len();
            *files.entry(path).or_insert(next)
        };
        let numbers: Vec<usize> =
            compilation.sources.files().map(|(_, file)| file.path()).map(number).collect();
        compilation.diagnostics.retain(|diagnostic| {
            let span = diagnostic.span();
            let file = numbers[span.file.0 as usize];
            seen.insert((file, span.start, span.end, diagnostic.code, diagnostic.message.clone()))
        });
    }
}

/// Takes out what the baseline knows, or writes it anew; what is to be said of that.
fn apply_baseline(path: &Path, is_written: bool, found: &mut [Compilation]) -> Result<String> {
    if is_written {
        let mut baseline = Baseline { version: 1, entries: Vec::new() };
        for compilation in &mut *found {
            let list = std::mem::take(&mut compilation.diagnostics);
            baseline.entries.extend(Baseline::of(&compilation.sources, &list).entries);
        }
        let text = serde_json::to_string_pretty(&baseline).expect("BUG: a baseline is no JSON");
        std::fs::write(path, text + "\n")
            .map_err(|error| Error::new("write the baseline", loader::told(&error)).at(path))?;
        let count = counted(baseline.entries.len(), "diagnostic");
        return Ok(format!("wrote {count} to {}\n", clean(&path.display().to_string())));
    }
    let wrong = |cause: String| {
        Error::new("read the baseline", cause).at(path).help("write it anew with `--write-baseline`")
    };
    let text = std::fs::read_to_string(path).map_err(|error| wrong(loader::told(&error)))?;
    let mut baseline: Baseline = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    if baseline.version != 1 {
        return Err(wrong(format!("it is of version {}, and this wavec reads version 1", baseline.version)));
    }
    for compilation in found {
        let list = std::mem::take(&mut compilation.diagnostics);
        compilation.diagnostics = baseline.subtract(&compilation.sources, list);
    }
    if baseline.entries.is_empty() {
        return Ok(String::new());
    }
    let count = counted(baseline.entries.len(), "diagnostic");
    Ok(format!("{count} of the baseline found no more: `--write-baseline` takes them out\n"))
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn show(args: &Args, global: &Global, compilations: &[Compilation], changes: usize, round: &mut Round) {
    let reports: Vec<Report> = compilations
        .iter()
        .map(|compilation| Report { sources: &compilation.sources, diagnostics: &compilation.diagnostics })
        .collect();
    let shown = match args.format {
        Format::Text => return round.said.push_str(&text(&reports, global, changes > 0 && args.diff)),
        Format::Json => render_json(&reports),
        Format::Sarif => render_sarif(&reports),
        Format::Github => render_github(&reports),
        Format::Short => render_short(&reports),
    };
    round.shown.push_str(&shown);
}

/// For people. `is_mended`: what is shown is what would be left once the fixes are made.
fn text(reports: &[Report], global: &Global, is_mended: bool) -> String {
    let stderr = std::io::stderr();
    let options =
        TextOptions { color: global.has_color(&stderr), width: output::columns(&stderr), links: false };
    let mut out = String::new();
    let all: Vec<&Diagnostic> = reports.iter().flat_map(|report| report.diagnostics).collect();
    let mut wrong = Vec::new();
    for report in reports.iter().filter(|report| !report.diagnostics.is_empty()) {
        out.push_str(&format!("{}\n", render_text(report.sources, report.diagnostics, options)));
        wrong.extend(report.sources.files().next().map(|(_, file)| file.path().display().to_string()));
    }
    let plans = counted(reports.len(), "plan");
    let told = counts_of(all.iter().map(|found| found.severity));
    match wrong.as_slice() {
        [] if global.quiet || is_mended => return out,
        [_, ..] if is_mended => out.push_str(&format!("{told} would be left\n")),
        [] => out.push_str(&format!("{plans} checked, nothing found\n")),
        [one] => out.push_str(&format!("{told} in {}\n", clean(one))),
        several => out.push_str(&format!("{told} in {} of {plans}\n", several.len())),
    }
    let is_mendable = |found: &&&Diagnostic| found.fix.as_ref().is_some_and(|fix| fix.is_safe);
    let mendable = all.iter().filter(is_mendable).count();
    if mendable > 0 && !global.quiet && !is_mended {
        let them = if mendable == all.len() { "them".to_owned() } else { format!("{mendable} of them") };
        let what = if all.len() == 1 { "it".to_owned() } else { them };
        out.push_str(&format!("`wavec check --fix` mends {what}, `--diff` shows how\n"));
    }
    let mut codes: Vec<&str> = all.iter().map(|diagnostic| diagnostic.code.name()).collect();
    codes.sort_unstable();
    codes.dedup();
    match codes[..] {
        _ if global.quiet => {}
        [] => {}
        [code] => out.push_str(&format!("`wavec explain {code}` tells more\n")),
        [..] => out.push_str("`wavec explain CODE` tells more\n"),
    }
    out
}
