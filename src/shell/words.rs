//! The words of a simple command, as far as they decide how the next are read: commands that take their arguments as
//! code, scripts of `sh -c`, tests that are arithmetic.
//!
//! Knows nothing of quoting.

use super::scan::{Open, Scanner};
use super::{Hazard, Refusal};

/// Where in a simple command the reading is; one a command that is open.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    /// The unquoted characters of the word so far.
    pub word: String,
    /// Whether a word has begun, quoted parts and values included.
    pub is_in_word: bool,
    /// Whether the word is more than unquoted characters.
    pub is_quoted: bool,
    /// The word that is the command, once it has been read; its last part where it is a path.
    pub command: Option<String>,
    /// Whether the next word belongs to a redirection.
    pub is_redirected: bool,
    /// Whether a shell is named in this command, so that `-c` brings a script.
    pub has_shell: bool,
    /// Whether the word now read would be taken as code.
    pub is_code: bool,
    /// Whether every further word of this command would.
    pub is_all_code: bool,
    /// In `name=( … )`: after a mistake in it, bash goes on with the next line, be that inside quotes.
    pub is_list: bool,
    /// In `[[ … ]]`: the first value in it.
    pub test: Option<Option<usize>>,
}

impl Scanner<'_> {
    /// The end of a word; what it was decides how the next are read.
    pub fn end_word(&mut self) -> Result<(), Refusal> {
        self.end_test_word()?;
        let is_inside = self.open.contains(&Open::Substitution);
        let place = self.place();
        if !place.is_in_word {
            return Ok(());
        }
        let word = std::mem::take(&mut place.word);
        let is_plain = !std::mem::take(&mut place.is_quoted);
        place.is_in_word = false;
        place.is_code = false;
        if std::mem::take(&mut place.is_redirected) {
            return Ok(());
        }
        let name = word.rsplit('/').next().unwrap_or_default();
        let is_option = |letters: &str| {
            word.starts_with('-') && !word.starts_with("--") && word.contains(|c| letters.contains(c))
        };
        if matches!(name, "sh" | "bash" | "dash" | "ash" | "ksh" | "mksh" | "zsh" | "su") {
            place.has_shell = true;
        } else if place.has_shell && is_option("c") {
            place.is_code = true;
        }
        match place.command.as_deref() {
            None if is_prefix(&word) => {}
            None => {
                let evaluates = ["eval", "trap", "let", "unset", "read", "mapfile", "readarray", "getopts"];
                place.is_all_code = is_plain && evaluates.contains(&name);
                if is_plain && word == "[[" {
                    place.test = Some(None);
                }
                place.command = Some(name.to_owned());
            }
            // The name of a variable, with a subscript to be evaluated.
            Some("[" | "test" | "printf") => place.is_code |= word == "-v",
            // A variable whose values are numbers or names, to be evaluated.
            Some("declare" | "typeset" | "local" | "export" | "readonly") => {
                place.is_all_code |= is_option("in");
            }
            Some(_) => {}
        }
        // In `$(…)` the `)` of a `case` is not the end; and an alias can change anything that follows.
        self.is_unsure |= is_plain && (word == "alias" || is_inside && (word == "case" || word == "=~"));
        Ok(())
    }

    /// In `[[ … ]]`: a comparison of numbers evaluates its sides.
    pub fn end_test_word(&mut self) -> Result<(), Refusal> {
        let place = self.place();
        let Some(value) = place.test else { return Ok(()) };
        let is_number =
            matches!(place.word.as_str(), "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge" | "-v" | "-R");
        if place.word == "]]" {
            place.test = None;
        } else if is_number {
            // Told of the value before it; one behind it is told when it comes.
            place.is_all_code = true;
            if let Some(value) = value {
                return Err(Refusal { value, hazard: Hazard::NumberTest });
            }
        }
        Ok(())
    }

    pub fn end_command(&mut self) -> Result<(), Refusal> {
        self.end_word()?;
        let place = self.place();
        // A test goes on over `&&` and line breaks.
        let test = place.test.take();
        *place = Place { test, is_list: place.is_list, ..Place::default() };
        Ok(())
    }
}

/// Whether the command is still to come behind this word: an assignment, a reserved word, a command that runs another.
fn is_prefix(word: &str) -> bool {
    let is_assignment = word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_[]+".contains(c))
    });
    is_assignment
        || matches!(
            word,
            "if" | "then"
                | "elif"
                | "else"
                | "while"
                | "until"
                | "do"
                | "!"
                | "{"
                | "time"
                | "command"
                | "builtin"
                | "exec"
                | "env"
                | "sudo"
                | "nohup"
                | "nice"
                | "coproc"
        )
}
