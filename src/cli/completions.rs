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
    output::print(&script(args.shell))?;
    Ok(Exit::Success)
}

/// The scripts where shells look for them under the prefix.
pub fn installed() -> Vec<(String, String)> {
    [
        ("share/bash-completion/completions/wavec", Shell::Bash),
        ("share/zsh/site-functions/_wavec", Shell::Zsh),
        ("share/fish/vendor_completions.d/wavec.fish", Shell::Fish),
    ]
    .map(|(place, shell)| (place.to_owned(), script(shell)))
    .into()
}

fn script(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut super::command(), "wavec", &mut script);
    String::from_utf8(script).expect("BUG: a script is no text")
}
