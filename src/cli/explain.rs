//! `wavec explain`: explain a diagnostic code, or list them all.

use super::{Global, output, settings};
use crate::diagnostic::codes::{ALL, Code, Group};
use crate::diagnostic::render;
use crate::error::{Error, Exit, Result};

/// Explain a diagnostic code, or list them all
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  wavec explain write-conflict")]
pub struct Args {
    /// The code, as it stands in the brackets of a message; all codes when left out
    code: Option<String>,
}

/// Carries the command out.
pub fn run(args: Args, global: &Global) -> Result<Exit> {
    let stdout = std::io::stdout();
    let page = Page { has_color: global.has_color(&stdout), width: output::columns(&stdout).min(100) };
    let text = match args.code {
        None => page.list(),
        Some(name) => {
            // People copy `error[unknown-word]` as a whole.
            let bare = name.trim().trim_end_matches(']');
            let bare = bare.rsplit('[').next().unwrap_or(bare).to_lowercase();
            page.show(Code::find(&bare).ok_or_else(|| unknown(&name, &bare))?)
        }
    };
    output::print(&text)?;
    Ok(Exit::Success)
}

fn unknown(name: &str, bare: &str) -> Error {
    let near = settings::nearest(bare);
    let help = match near {
        Some(near) => format!("did you mean `{near}`? `wavec explain` lists all codes"),
        None => "`wavec explain` lists all codes".to_string(),
    };
    Error::new(format!("explain `{}`", render::clean(name)), "there is no such code")
        .help(help)
        .exit(Exit::Usage)
}

/// How text is shown.
struct Page {
    has_color: bool,
    width: usize,
}

const BOLD: &str = "1";
const CODE: &str = "36";
const DIM: &str = "2";

impl Page {
    fn paint(&self, style: &str, text: &str) -> String {
        if self.has_color && !text.is_empty() {
            format!("\x1b[{style}m{text}\x1b[0m")
        } else {
            text.to_string()
        }
    }

    /// All codes by group, a line each.
    fn list(&self) -> String {
        let mut groups: Vec<Group> = ALL.iter().map(|code| code.group()).collect();
        groups.sort();
        groups.dedup();
        let widest = ALL.iter().map(|code| code.name().len()).max().unwrap_or(0);
        let mut out = String::new();
        for group in groups {
            out.push_str(&format!("{}\n", self.paint(BOLD, group.title())));
            for code in ALL.iter().filter(|code| code.group() == group) {
                let name = format!("{:widest$}", code.name());
                let severity = format!("{:7}", render::word(code.severity()));
                let indent = 2 + widest + 2 + 7 + 2;
                let summary = render::wrap(code.summary(), self.width.max(indent + 30), indent, indent);
                out.push_str(&format!(
                    "  {}  {}  {summary}\n",
                    self.paint(CODE, &name),
                    self.paint(DIM, &severity)
                ));
            }
            out.push('\n');
        }
        out.push_str(
            "`wavec explain CODE` shows what one means, with a plan that fails and the same plan mended.\n",
        );
        out
    }

    /// The page of a code: its Markdown, laid out for a terminal.
    fn show(&self, code: Code) -> String {
        let mut out = String::new();
        let mut paragraph: Vec<&str> = Vec::new();
        let mut is_code = false;
        for line in code.page().lines() {
            if line.starts_with("```") {
                self.flush(&mut paragraph, &mut out);
                is_code = !is_code;
            } else if is_code {
                out.push_str(self.paint(CODE, &format!("    {line}")).trim_end());
                out.push('\n');
            } else if let Some(title) = line.strip_prefix("# ") {
                let severity = render::word(code.severity());
                let group = code.group().title();
                out.push_str(&format!(
                    "{} {}\n",
                    self.paint(BOLD, title),
                    self.paint(DIM, &format!("({severity}, {group})"))
                ));
            } else if let Some(title) = line.strip_prefix("## ") {
                self.flush(&mut paragraph, &mut out);
                out.push_str(&format!("{}\n", self.paint(BOLD, title)));
            } else if line.trim().is_empty() {
                self.flush(&mut paragraph, &mut out);
                out.push('\n');
            } else if line.starts_with(['-', '*', '|']) {
                self.flush(&mut paragraph, &mut out);
                paragraph.push(line);
            } else {
                paragraph.push(line.trim());
            }
        }
        self.flush(&mut paragraph, &mut out);
        out
    }

    /// Ends a paragraph: wrapped, its `code` in colour.
    fn flush(&self, paragraph: &mut Vec<&str>, out: &mut String) {
        if paragraph.is_empty() {
            return;
        }
        let text = std::mem::take(paragraph).join(" ");
        let hang = if text.starts_with("- ") { 2 } else { 0 };
        let wrapped = render::wrap(&text, self.width, 0, hang);
        for (index, part) in wrapped.split('`').enumerate() {
            if index % 2 == 0 {
                out.push_str(part);
            } else if self.has_color {
                out.push_str(&self.paint(CODE, part));
            } else {
                out.push_str(&format!("`{part}`"));
            }
        }
        out.push('\n');
    }
}
