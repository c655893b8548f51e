//! `wavec man`: print a manual page, or write them all.

use super::{Global, loader, output};
use crate::error::{Error, Exit, Result};
use std::path::PathBuf;

/// Print a manual page, or write them all to a directory
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  wavec man check | man -l -
  wavec man --dir ~/.local/share/man/man1")]
pub struct Args {
    /// The command that the page is of; wavec itself when left out
    command: Option<String>,
    /// Write all pages to this directory
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    dir: Option<PathBuf>,
}

/// Carries the command out.
pub fn run(args: Args, _global: &Global) -> Result<Exit> {
    let pages = pages();
    if let Some(directory) = &args.dir {
        std::fs::create_dir_all(directory)
            .map_err(|error| Error::new("make the directory", loader::told(&error)).at(directory))?;
        for (name, page) in &pages {
            let path = directory.join(name);
            std::fs::write(&path, page)
                .map_err(|error| Error::new("write the manual page", loader::told(&error)).at(&path))?;
        }
        return Ok(Exit::Success);
    }
    let wanted = match &args.command {
        Some(command) => format!("wavec-{command}.1"),
        None => "wavec.1".to_owned(),
    };
    match pages.iter().find(|(name, _)| *name == wanted) {
        Some((_, page)) => output::print(page)?,
        None => {
            return Err(Error::new("print the manual page", "there is no such command")
                .help("`wavec --help` lists the commands")
                .exit(Exit::Usage));
        }
    }
    Ok(Exit::Success)
}

/// Every manual page by its file's name, that of wavec first.
pub fn pages() -> Vec<(String, String)> {
    let mut root = super::command();
    root.build();
    let mut pages = vec![("wavec.1".to_owned(), page(root.clone(), "wavec"))];
    for command in root.get_subcommands().filter(|command| !command.is_hide_set()) {
        let name = format!("wavec-{}", command.get_name());
        // Under its whole name, as one types it with a dash for man.
        let shown =
            command.clone().display_name(name.clone()).bin_name(format!("wavec {}", command.get_name()));
        pages.push((format!("{name}.1"), page(shown, &name)));
    }
    pages
}

fn page(command: clap::Command, name: &str) -> String {
    let source = concat!("wavec ", env!("CARGO_PKG_VERSION"));
    let page = clap_mangen::Man::new(command).title(name).section("1").source(source).manual("wavec");
    let mut text = Vec::new();
    page.render(&mut text).expect("BUG: memory cannot be written to");
    let text = String::from_utf8(text).expect("BUG: a manual page is no text");
    // A reader of manual pages need not know UTF-8, but for this spelling of it.
    let spelled = |c: char| if c.is_ascii() { c.to_string() } else { format!("\\[u{:04X}]", u32::from(c)) };
    text.replace("\n.SH EXTRA\n", "\n.SH NOTES\n").chars().map(spelled).collect()
}
