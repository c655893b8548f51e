//! The reading of shell text, symbol by symbol, with a stack of what is open.
//!
//! Three outcomes for a value: it is quoted for its place, or refused for its place, or refused because something before it
//! is read differently by different shells (`unsure`), so that its place is not known.

use super::opaque::HereDocument;
use super::words::Place;
use super::{Hazard, Piece, Refusal, quote};

/// A character of the text, or a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Symbol<'a> {
    Char(char),
    Value(&'a str),
}

/// What is open, innermost last; below all lies the text itself, a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Open {
    /// `(`
    Paren,
    /// `$(`
    Substitution,
    /// `'`
    Single,
    /// `$'`
    Ansi,
    /// `"`
    Double,
}

pub(super) struct Scanner<'a> {
    pub symbols: Vec<Symbol<'a>>,
    pub at: usize,
    pub value: usize,
    pub open: Vec<Open>,
    /// One for the text and one for each `(` and `$(` that is open.
    pub places: Vec<Place>,
    pub documents: Vec<HereDocument>,
    pub is_unsure: bool,
    pub out: String,
}

/// Fills the values in, or says which cannot be.
pub fn scan(pieces: &[Piece<'_>]) -> Result<String, Refusal> {
    let mut symbols = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => symbols.extend(text.chars().map(Symbol::Char)),
            Piece::Value(value) => symbols.push(Symbol::Value(value)),
        }
    }
    let mut scanner = Scanner {
        symbols,
        at: 0,
        value: 0,
        open: Vec::new(),
        places: vec![Place::default()],
        documents: Vec::new(),
        is_unsure: false,
        out: String::new(),
    };
    while let Some(symbol) = scanner.peek(0) {
        match scanner.open.last() {
            None | Some(Open::Paren | Open::Substitution) => scanner.command(symbol)?,
            Some(Open::Single) => scanner.single(symbol)?,
            Some(Open::Ansi) => scanner.ansi(symbol)?,
            Some(Open::Double) => scanner.double(symbol)?,
        }
    }
    scanner.end_test_word()?;
    Ok(scanner.out)
}

impl<'a> Scanner<'a> {
    pub fn peek(&self, ahead: usize) -> Option<Symbol<'a>> {
        self.symbols.get(self.at + ahead).copied()
    }

    pub fn peek_char(&self, ahead: usize) -> Option<char> {
        match self.peek(ahead) {
            Some(Symbol::Char(c)) => Some(c),
            _ => None,
        }
    }

    pub fn place(&mut self) -> &mut Place {
        self.places.last_mut().expect("BUG: the text itself is always open")
    }

    /// Takes the next characters as they are.
    pub fn take(&mut self, count: usize) {
        for _ in 0..count {
            if let Some(Symbol::Char(c)) = self.peek(0) {
                self.out.push(c);
                self.at += 1;
            }
        }
    }

    pub fn refuse<T>(&self, hazard: Hazard) -> Result<T, Refusal> {
        Err(Refusal { value: self.value, hazard })
    }

    /// Puts a value in, as `text`.
    pub fn put(&mut self, text: &str) -> Result<(), Refusal> {
        if self.is_unsure {
            return self.refuse(Hazard::Unsure);
        }
        if self.place().is_code || self.place().is_all_code {
            return self.refuse(Hazard::Code);
        }
        // `name[` begins a subscript, and so does `[` in a list of an array.
        if self.place().word.rfind('[') > self.place().word.rfind(']') {
            return self.refuse(Hazard::Subscript);
        }
        let value = self.value;
        if let Some(first) = &mut self.place().test {
            first.get_or_insert(value);
        }
        self.out.push_str(text);
        self.at += 1;
        self.value += 1;
        Ok(())
    }

    /// A part of a word that is not an unquoted character.
    pub fn quoted_part(&mut self) {
        let place = self.place();
        place.is_in_word = true;
        place.is_quoted = true;
    }

    pub fn command(&mut self, symbol: Symbol<'a>) -> Result<(), Refusal> {
        let c = match symbol {
            Symbol::Char(c) => c,
            Symbol::Value(value) => {
                self.put(&quote(value))?;
                self.quoted_part();
                return Ok(());
            }
        };
        self.is_unsure |= self.place().is_list && "(;&|<>".contains(c);
        match c {
            '\\' => self.backslash()?,
            '\'' => self.enter(Open::Single, 1),
            '"' => self.enter(Open::Double, 1),
            '`' => self.backticks()?,
            '$' => self.dollar()?,
            '#' if !self.place().is_in_word => self.comment()?,
            '(' => self.parenthesis()?,
            ')' => {
                self.end_word()?;
                self.take(1);
                if self.open.pop().is_some() {
                    self.places.pop();
                } else {
                    self.end_command()?;
                }
            }
            '<' if self.peek_char(1) == Some('<') => self.here_document()?,
            '<' | '>' => {
                self.end_word()?;
                self.place().is_redirected = true;
                self.take(1);
            }
            '\n' => {
                self.end_command()?;
                self.take(1);
                self.here_document_bodies()?;
            }
            ';' | '&' | '|' => {
                // In `>&` and `&>` no command ends; to go on as if one did could only hide a command word.
                let is_redirection = c == '&' && self.place().is_redirected && !self.place().is_in_word;
                if is_redirection {
                    self.end_word()?
                } else {
                    self.end_command()?
                }
                self.take(1);
            }
            ' ' | '\t' => {
                self.end_word()?;
                self.take(1);
            }
            _ => {
                self.place().is_in_word = true;
                self.place().word.push(c);
                self.take(1);
            }
        }
        Ok(())
    }

    pub fn enter(&mut self, open: Open, count: usize) {
        self.quoted_part();
        self.take(count);
        self.open.push(open);
    }

    pub fn backslash(&mut self) -> Result<(), Refusal> {
        match self.peek(1) {
            Some(Symbol::Value(_)) => return self.refuse(Hazard::Backslash),
            Some(Symbol::Char('\n')) => {
                // The line goes on as if nothing stood there; inside what several characters spell, shells differ.
                let before = self.at.checked_sub(1).and_then(|at| self.symbols.get(at).copied());
                let is_between = matches!(before, Some(Symbol::Char('<' | '(')));
                self.is_unsure |= is_between || !self.documents.is_empty();
            }
            _ => self.quoted_part(),
        }
        self.take(2);
        Ok(())
    }

    pub fn single(&mut self, symbol: Symbol<'a>) -> Result<(), Refusal> {
        match symbol {
            Symbol::Value(value) => self.put(&value.replace('\'', "'\\''"))?,
            Symbol::Char(c) => {
                self.line_in_quotes(c);
                self.take(1);
                if c == '\'' {
                    self.open.pop();
                }
            }
        }
        Ok(())
    }

    pub fn double(&mut self, symbol: Symbol<'a>) -> Result<(), Refusal> {
        match symbol {
            // Out of the double quotes and in again: no byte of a value can then pair with one of the quotes.
            Symbol::Value(value) => self.put(&format!("\"{}\"", quote(value)))?,
            Symbol::Char('\\') => {
                if let Some(Symbol::Value(_)) = self.peek(1) {
                    return self.refuse(Hazard::Backslash);
                }
                self.line_in_quotes(self.peek_char(1).unwrap_or(' '));
                self.take(2);
            }
            Symbol::Char('"') => {
                self.take(1);
                self.open.pop();
            }
            Symbol::Char('$') => self.dollar()?,
            Symbol::Char('`') => self.backticks()?,
            Symbol::Char(c) => {
                self.line_in_quotes(c);
                self.take(1);
            }
        }
        Ok(())
    }

    /// `$'…'`: bash reads escapes in it, and to dash it is a `$` and single quotes.
    pub fn ansi(&mut self, symbol: Symbol<'a>) -> Result<(), Refusal> {
        match symbol {
            Symbol::Value(value) => {
                let rest = self.symbols[self.at..].iter();
                let mut rest = rest.take_while(|symbol| **symbol != Symbol::Char('\''));
                if rest.any(|symbol| *symbol == Symbol::Char('\\')) {
                    return self.refuse(Hazard::AnsiQuotes);
                }
                // What follows has no escape, so plain quotes are the same for it.
                self.put(&format!("'{}'", quote(value)))?;
                self.open.pop();
                self.open.push(Open::Single);
            }
            Symbol::Char('\\') => {
                if let Some(Symbol::Value(_)) = self.peek(1) {
                    return self.refuse(Hazard::AnsiQuotes);
                }
                self.is_unsure |= self.peek_char(1) == Some('\'');
                self.line_in_quotes(self.peek_char(1).unwrap_or(' '));
                self.take(2);
            }
            Symbol::Char(c) => {
                self.line_in_quotes(c);
                self.take(1);
                if c == '\'' {
                    self.open.pop();
                }
            }
        }
        Ok(())
    }

    /// A line break inside quotes, while a here-document is to begin at the next line: shells differ.
    pub fn line_in_quotes(&mut self, c: char) {
        self.is_unsure |= c == '\n' && !self.documents.is_empty();
    }

    pub fn dollar(&mut self) -> Result<(), Refusal> {
        let is_command = self.open.last() != Some(&Open::Double);
        match self.peek(1) {
            Some(Symbol::Value(_)) if is_command => return self.refuse(Hazard::Dollar),
            Some(Symbol::Char('(')) if self.peek_char(2) == Some('(') => {
                self.quoted_part();
                self.take(3);
                self.arithmetic(false)?;
            }
            Some(Symbol::Char('(')) => {
                self.quoted_part();
                self.take(2);
                self.open.push(Open::Substitution);
                self.places.push(Place::default());
            }
            Some(Symbol::Char('{')) => {
                self.quoted_part();
                self.take(2);
                self.parameter()?;
            }
            Some(Symbol::Char('\'')) if is_command => self.enter(Open::Ansi, 2),
            Some(Symbol::Char('"')) if is_command => self.enter(Open::Double, 2),
            Some(Symbol::Char('[')) => {
                self.quoted_part();
                self.is_unsure = true;
                self.take(2);
            }
            Some(Symbol::Char('\\')) if self.peek_char(2) == Some('\n') => {
                self.quoted_part();
                self.is_unsure = true;
                self.take(1);
            }
            Some(Symbol::Char('$' | '#' | '!' | '?' | '*' | '@' | '-')) => {
                self.quoted_part();
                self.take(2);
            }
            _ => {
                self.quoted_part();
                self.take(1);
            }
        }
        Ok(())
    }

    pub fn comment(&mut self) -> Result<(), Refusal> {
        let is_inside = self.open.contains(&Open::Substitution);
        loop {
            match self.peek(0) {
                None | Some(Symbol::Char('\n')) => return Ok(()),
                Some(Symbol::Value(_)) => return self.refuse(Hazard::Comment),
                Some(Symbol::Char(c)) => {
                    // Old shells look for the end of `$(` in comments too.
                    self.is_unsure |= is_inside && matches!(c, '(' | ')' | '\'' | '"' | '`' | '\\');
                    self.take(1);
                }
            }
        }
    }

    pub fn parenthesis(&mut self) -> Result<(), Refusal> {
        let is_function_or_pattern = self.place().is_in_word;
        if self.peek_char(1) == Some('(') && !is_function_or_pattern {
            self.end_command()?;
            self.take(2);
            self.arithmetic(true)?;
            return Ok(());
        }
        let is_list = self.place().word.ends_with('=');
        self.end_word()?;
        self.take(1);
        self.open.push(Open::Paren);
        self.places.push(Place { is_list, ..Place::default() });
        Ok(())
    }
}
