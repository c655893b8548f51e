//! The command line: one file a command.
//!
//! Composes the other rooms; holds no rule of its own. Standard output is what was asked for; standard error is
//! what wavec says about it.

mod acp;
mod agents;
mod apply;
mod approve;
mod calibrate;
mod check;
mod clean;
mod completions;
mod explain;
mod fmt;
mod history;
mod keyboard;
mod loader;
mod lsp;
mod man;
mod new;
mod output;
mod plan;
mod project;
mod reject;
mod resume;
mod run;
mod runs;
mod session;
mod settings;
mod show;
mod simulate;
mod stage;
mod view;
mod why;

use crate::error::{Error, Exit};
use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use std::io::IsTerminal;

/// Plans that many workers carry out at once: checked, run in parallel, journalled, gated.
#[derive(Parser, Debug)]
#[command(name = "wavec", version, max_term_width = 100, disable_help_subcommand = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    global: Global,
}

/// Options of every command.
#[derive(clap::Args, Debug, Clone)]
pub struct Global {
    /// When to use colour: auto, always or never
    #[arg(long, value_enum, default_value_t = Color::Auto, global = true, value_name = "WHEN", help_heading = "Output")]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub color: Color,
    /// Say less: only what went wrong
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Output")]
    pub quiet: bool,
    /// Say more
    #[arg(short, long, global = true, help_heading = "Output")]
    pub verbose: bool,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Global {
    /// Whether to colour what goes to `stream`.
    pub fn has_color(&self, stream: &impl IsTerminal) -> bool {
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
                let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
                !no_color && !is_dumb && stream.is_terminal()
            }
        }
    }
}

#[derive(Subcommand, Debug)]
enum Command {
    Check(check::Args),
    Fmt(fmt::Args),
    Plan(plan::Args),
    Simulate(simulate::Args),
    Calibrate(calibrate::Args),
    Run(run::Args),
    Resume(resume::Args),
    Runs(runs::Args),
    Show(show::Args),
    Why(why::Args),
    Agents(agents::Args),
    #[command(name = "acp-client")]
    Acp(acp::Args),
    Apply(apply::Args),
    Clean(clean::Args),
    Approve(approve::Args),
    Reject(reject::Args),
    Explain(explain::Args),
    New(new::Args),
    Lsp(lsp::Args),
    Completions(completions::Args),
    Man(man::Args),
}

/// Reads the command line, does what it says, and gives the code to exit with.
pub fn main() -> Exit {
    crate::memory::keep(crate::memory::FOR_A_COMMAND);
    let cli = Cli::parse();
    let global = cli.global;
    let result = match cli.command {
        Command::Check(args) => check::run(args, &global),
        Command::Fmt(args) => fmt::run(args, &global),
        Command::Plan(args) => plan::run(args, &global),
        Command::Simulate(args) => simulate::run(args, &global),
        Command::Calibrate(args) => calibrate::run(args, &global),
        Command::Run(args) => run::run(args, &global),
        Command::Resume(args) => resume::run(args, &global),
        Command::Runs(args) => runs::run(args, &global),
        Command::Show(args) => show::run(args, &global),
        Command::Why(args) => why::run(args, &global),
        Command::Agents(args) => agents::run(args, &global),
        Command::Acp(args) => acp::run(args, &global),
        Command::Apply(args) => apply::run(args, &global),
        Command::Clean(args) => clean::run(args, &global),
        Command::Approve(args) => approve::run(args, &global),
        Command::Reject(args) => reject::run(args, &global),
        Command::Explain(args) => explain::run(args, &global),
        Command::New(args) => new::run(args, &global),
        Command::Lsp(args) => lsp::run(args, &global),
        Command::Completions(args) => completions::run(args, &global),
        Command::Man(args) => man::run(args, &global),
    };
    result.unwrap_or_else(|error| {
        report(&error, &global);
        error.exit
    })
}

/// The whole command line, for completions and manual pages.
pub fn command() -> clap::Command {
    Cli::command()
}

/// What is installed beside the program, by its place under the prefix (`share/man/man1/wavec.1`): manual pages and the
/// completions of shells.
pub fn installed() -> Vec<(String, String)> {
    let pages = man::pages().into_iter().map(|(name, page)| (format!("share/man/man1/{name}"), page));
    pages.chain(completions::installed()).collect()
}

/// Says on standard error what went wrong with the world.
fn report(error: &Error, global: &Global) {
    use std::io::Write;
    // Nobody is left to tell when standard error is closed.
    let _ = std::io::stderr().lock().write_all(told(error, global).as_bytes());
}

/// What went wrong with the world, in lines for standard error.
fn told(error: &Error, global: &Global) -> String {
    let (red, dim, reset) = if global.has_color(&std::io::stderr()) {
        ("\x1b[1;31m", "\x1b[36m", "\x1b[0m")
    } else {
        ("", "", "")
    };
    let mut text = format!("{red}error:{reset} {error}\n");
    if !error.help.is_empty() {
        text.push_str(&format!("{dim} help:{reset} {}\n", error.help));
    }
    text
}
