//! The stretches of shell text in which no value may stand: `${…}`, arithmetic, backticks, here-documents.
//!
//! Each is passed over to its end, which is only sure while what is in it is plain. Knows nothing of commands.

use super::scan::{Open, Scanner, Symbol};
use super::{Hazard, Refusal};

/// A here-document that begins at the next line.
pub(super) struct HereDocument {
    pub end: String,
    pub is_quoted: bool,
    pub strips_tabs: bool,
}

impl Scanner<'_> {
    /// The rest of `${…}`, which is only sure while it is plain.
    pub fn parameter(&mut self) -> Result<(), Refusal> {
        self.is_unsure |= matches!(self.peek_char(0), Some(' ' | '\t' | '\n' | '|' | '('));
        let mut depth = 1;
        while depth > 0 {
            match self.peek(0) {
                None => return Ok(()),
                Some(Symbol::Value(_)) => return self.refuse(Hazard::Parameter),
                Some(Symbol::Char(c)) => {
                    match c {
                        '}' => depth -= 1,
                        '$' if self.peek_char(1) == Some('{') => {
                            depth += 1;
                            self.take(1);
                        }
                        '\'' | '"' | '`' | '\\' | '{' | '(' | ')' | '<' | '>' | '\n' => self.is_unsure = true,
                        _ => {}
                    }
                    self.take(1);
                }
            }
        }
        Ok(())
    }

    /// The rest of `$((…))` or `((…))`, which is only sure while nothing in it could be of a command.
    pub fn arithmetic(&mut self, is_command: bool) -> Result<(), Refusal> {
        let mut depth = 0;
        loop {
            match self.peek(0) {
                None => return Ok(()),
                Some(Symbol::Value(_)) => return self.refuse(Hazard::Arithmetic),
                Some(Symbol::Char('(')) => depth += 1,
                Some(Symbol::Char(')')) if depth > 0 => depth -= 1,
                Some(Symbol::Char(')')) => {
                    // One alone: they were two subshells after all.
                    self.is_unsure |= self.peek_char(1) != Some(')');
                    self.take(2);
                    return Ok(());
                }
                Some(Symbol::Char('$')) if self.peek_char(1) == Some('{') => {
                    self.take(2);
                    self.parameter()?;
                    continue;
                }
                Some(Symbol::Char('<')) if is_command => {
                    self.is_unsure |= self.peek_char(1) == Some('<');
                }
                Some(Symbol::Char(';')) if is_command => {}
                Some(Symbol::Char('$')) => {
                    self.is_unsure |=
                        !self.peek_char(1).is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
                }
                Some(Symbol::Char(c)) => {
                    let is_plain = c.is_ascii_alphanumeric() || " \t\n_+-*/%<>=!&|^~?:,".contains(c);
                    self.is_unsure |= !is_plain;
                }
            }
            self.take(1);
        }
    }

    pub fn backticks(&mut self) -> Result<(), Refusal> {
        self.quoted_part();
        self.take(1);
        let (mut singles, mut doubles) = (0, 0);
        loop {
            match self.peek(0) {
                None => return Ok(()),
                Some(Symbol::Value(_)) => return self.refuse(Hazard::Backticks),
                Some(Symbol::Char('\\')) => {
                    if let Some(Symbol::Value(_)) = self.peek(1) {
                        return self.refuse(Hazard::Backticks);
                    }
                    self.take(2);
                }
                Some(Symbol::Char('`')) => {
                    self.take(1);
                    // A backtick inside quotes inside backticks ends them for some shells.
                    self.is_unsure |= singles % 2 == 1 || doubles % 2 == 1;
                    return Ok(());
                }
                Some(Symbol::Char(c)) => {
                    singles += u32::from(c == '\'');
                    doubles += u32::from(c == '"');
                    self.line_in_quotes(c);
                    self.take(1);
                }
            }
        }
    }

    pub fn here_document(&mut self) -> Result<(), Refusal> {
        self.end_word()?;
        if self.peek_char(2) == Some('<') {
            self.take(3);
            self.place().is_redirected = true;
            return Ok(());
        }
        self.is_unsure |= self.open.contains(&Open::Substitution);
        self.take(2);
        let strips_tabs = self.peek_char(0) == Some('-');
        self.take(usize::from(strips_tabs));
        while matches!(self.peek_char(0), Some(' ' | '\t')) {
            self.take(1);
        }
        let mark = self.peek_char(0).filter(|c| matches!(c, '\'' | '"' | '\\'));
        self.take(usize::from(mark.is_some()));
        let mut end = String::new();
        while let Some(c) =
            self.peek_char(0).filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
        {
            end.push(c);
            self.take(1);
        }
        if let Some(Symbol::Value(_)) = self.peek(0) {
            return self.refuse(Hazard::HereDocumentEnd);
        }
        if let Some(quote) = mark.filter(|mark| *mark != '\\') {
            self.is_unsure |= self.peek_char(0) != Some(quote);
            self.take(1);
            if let Some(Symbol::Value(_)) = self.peek(0) {
                return self.refuse(Hazard::HereDocumentEnd);
            }
        }
        let is_word_over =
            matches!(self.peek_char(0), None | Some(' ' | '\t' | '\n' | ';' | '&' | '|' | '<' | '>' | ')'));
        self.is_unsure |= end.is_empty() || !is_word_over;
        self.documents.push(HereDocument { end, is_quoted: mark.is_some(), strips_tabs });
        Ok(())
    }

    /// Passes over the bodies of the here-documents that begin here.
    pub fn here_document_bodies(&mut self) -> Result<(), Refusal> {
        for document in std::mem::take(&mut self.documents) {
            loop {
                let mut line = String::new();
                while let Some(symbol) = self.peek(0) {
                    match symbol {
                        Symbol::Value(_) => return self.refuse(Hazard::HereDocument),
                        Symbol::Char('\n') => break,
                        Symbol::Char(c) => line.push(c),
                    }
                    self.take(1);
                }
                self.is_unsure |= !document.is_quoted && may_reach_over(&line);
                let is_last = self.peek(0).is_none();
                self.take(1);
                let text = if document.strips_tabs { line.trim_start_matches('\t') } else { &line };
                if text == document.end || is_last {
                    break;
                }
            }
        }
        Ok(())
    }
}

/// Whether a line of a here-document that is expanded may swallow the lines behind it, its end among them.
fn may_reach_over(line: &str) -> bool {
    let count = |c: char| line.matches(c).count();
    let is_balanced = count('`').is_multiple_of(2) && count('(') == count(')') && count('{') == count('}');
    let is_expanded = line.contains('`') || line.contains("$(") || line.contains("${");
    let is_plain = !line.contains(['\'', '"', '\\', '#']) && !line.contains("case");
    line.ends_with('\\') || is_expanded && !(is_balanced && is_plain)
}
