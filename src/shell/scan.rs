//! The reading of shell text, symbol by symbol, with a stack of what is open.
//!
//! Three outcomes for a value: it is quoted for its place, or refused for its place, or refused because something before it
//! is read differently by different shells (`unsure`), so that its place is not known.

use super::{Hazard, Piece, Refusal, quote};

/// A character of the text, or a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Symbol<'a> {
    Char(char),
    Value(&'a str),
}

/// What is open, innermost last; below all lies the text itself, a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
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

/// Where in a simple command the reading is; one a command that is open.
#[derive(Clone, Debug, Default)]
struct Place {
    /// The unquoted characters of the word so far.
    word: String,
    /// Whether a word has begun, quoted parts and values included.
    is_in_word: bool,
    /// Whether the word is more than unquoted characters.
    is_quoted: bool,
    /// The word that is the command, once it has been read; its last part where it is a path.
    command: Option<String>,
    /// Whether the next word belongs to a redirection.
    is_redirected: bool,
    /// Whether a shell is named in this command, so that `-c` brings a script.
    has_shell: bool,
    /// Whether the word now read would be taken as code.
    is_code: bool,
    /// Whether every further word of this command would.
    is_all_code: bool,
    /// In `name=( … )`: after a mistake in it, bash goes on with the next line, be that inside quotes.
    is_list: bool,
    /// In `[[ … ]]`: the first value in it.
    test: Option<Option<usize>>,
}

/// A here-document that begins at the next line.
struct HereDocument {
    end: String,
    is_quoted: bool,
    strips_tabs: bool,
}

struct Scanner<'a> {
    symbols: Vec<Symbol<'a>>,
    at: usize,
    value: usize,
    open: Vec<Open>,
    /// One for the text and one for each `(` and `$(` that is open.
    places: Vec<Place>,
    documents: Vec<HereDocument>,
    is_unsure: bool,
    out: String,
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
    fn peek(&self, ahead: usize) -> Option<Symbol<'a>> {
        self.symbols.get(self.at + ahead).copied()
    }

    fn peek_char(&self, ahead: usize) -> Option<char> {
        match self.peek(ahead) {
            Some(Symbol::Char(c)) => Some(c),
            _ => None,
        }
    }

    fn place(&mut self) -> &mut Place {
        self.places.last_mut().expect("BUG: the text itself is always open")
    }

    /// Takes the next characters as they are.
    fn take(&mut self, count: usize) {
        for _ in 0..count {
            if let Some(Symbol::Char(c)) = self.peek(0) {
                self.out.push(c);
                self.at += 1;
            }
        }
    }

    fn refuse<T>(&self, hazard: Hazard) -> Result<T, Refusal> {
        Err(Refusal { value: self.value, hazard })
    }

    /// Puts a value in, as `text`.
    fn put(&mut self, text: &str) -> Result<(), Refusal> {
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
    fn quoted_part(&mut self) {
        let place = self.place();
        place.is_in_word = true;
        place.is_quoted = true;
    }

    fn command(&mut self, symbol: Symbol<'a>) -> Result<(), Refusal> {
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

    fn enter(&mut self, open: Open, count: usize) {
        self.quoted_part();
        self.take(count);
        self.open.push(open);
    }

    fn backslash(&mut self) -> Result<(), Refusal> {
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

    fn single(&mut self, symbol: Symbol<'a>) -> Result<(), Refusal> {
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

    fn double(&mut self, symbol: Symbol<'a>) -> Result<(), Refusal> {
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
    fn ansi(&mut self, symbol: Symbol<'a>) -> Result<(), Refusal> {
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
    fn line_in_quotes(&mut self, c: char) {
        self.is_unsure |= c == '\n' && !self.documents.is_empty();
    }

    fn dollar(&mut self) -> Result<(), Refusal> {
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

    /// The rest of `${…}`, which is only sure while it is plain.
    fn parameter(&mut self) -> Result<(), Refusal> {
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
    fn arithmetic(&mut self, is_command: bool) -> Result<(), Refusal> {
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

    fn backticks(&mut self) -> Result<(), Refusal> {
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

    fn comment(&mut self) -> Result<(), Refusal> {
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

    fn parenthesis(&mut self) -> Result<(), Refusal> {
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

    fn here_document(&mut self) -> Result<(), Refusal> {
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
    fn here_document_bodies(&mut self) -> Result<(), Refusal> {
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

    /// The end of a word; what it was decides how the next are read.
    fn end_word(&mut self) -> Result<(), Refusal> {
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
    fn end_test_word(&mut self) -> Result<(), Refusal> {
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

    fn end_command(&mut self) -> Result<(), Refusal> {
        self.end_word()?;
        let place = self.place();
        // A test goes on over `&&` and line breaks.
        let test = place.test.take();
        *place = Place { test, is_list: place.is_list, ..Place::default() };
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
