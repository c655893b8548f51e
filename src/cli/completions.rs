//! `wavec completions`: print the completions for a shell.

use super::{Global, output};
use crate::error::{Exit, Result};
use clap_complete::Shell;

/// Print the completions for a shell
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  wavec completions bash > ~/.local/share/bash-completion/completions/wavec
  wavec completions zsh  > \"${fpath[1]}/_wavec\"
  wavec completions fish > ~/.config/fish/completions/wavec.fish")]
pub struct Args {
    /// The shell
    shell: Shell,
}

/// Carries the command out.
pub fn run(args: Args, _global: &Global) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::command(), "wavec", &mut script);
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Success)
}
