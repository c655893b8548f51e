//! Text to alternatives: braces written out, parts split, `.` and `..` resolved.
//!
//! Knows nothing of automata.

use super::{Error, ErrorKind};

/// The name of a leading `..` inside this room: no path holds a NUL.
pub(super) const UP: char = '\0';

const MOST_ALTERNATIVES: usize = 1_000;
const MOST_CHARACTERS: usize = 100_000;

/// A pattern without braces: its parts in order.
#[derive(Clone, Debug)]
pub(super) struct Alternative {
    pub parts: Vec<Part>,
}

/// What stands between two `/`.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    /// `**`: any number of directories; at the end, everything below.
    AnyDepth,
    /// A name, or a pattern for one.
    Name(Vec<Atom>),
}

/// A piece of a name.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Atom {
    Char(char),
    AnyChar,
    Star,
    Class(Class),
}

/// `[…]`
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Class {
    pub is_negated: bool,
    pub ranges: Vec<(char, char)>,
    /// Whether it stands for the lower-case forms of what it holds.
    pub is_folded: bool,
}

impl Class {
    pub fn contains(&self, c: char) -> bool {
        if c == '/' || c == UP {
            return false;
        }
        self.holds(c) || (self.is_folded && c.to_uppercase().chain(c.to_lowercase()).any(|c| self.holds(c)))
    }

    fn holds(&self, c: char) -> bool {
        self.ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != self.is_negated
    }
}

#[derive(Clone, Debug)]
enum Token {
    Atom(Atom),
    Slash,
    Choice(Vec<Vec<Token>>),
}

pub(super) fn parse(text: &str) -> Result<Vec<Alternative>, Error> {
    let whole = |kind| Error { kind, range: 0..text.len() };
    if text.is_empty() {
        return Err(whole(ErrorKind::Empty));
    }
    if text.len() > MOST_CHARACTERS {
        return Err(whole(ErrorKind::TooLarge));
    }
    let mut reader = Reader { text, at: 0, depth: 0 };
    let tokens = reader.sequence()?;
    if !tokens.iter().any(|token| matches!(token, Token::Choice(_))) {
        return Ok(vec![Alternative { parts: parts(tokens).map_err(whole)? }]);
    }
    let mut alternatives = Vec::new();
    for tokens in write_out(&tokens).ok_or_else(|| whole(ErrorKind::TooLarge))? {
        alternatives.push(Alternative { parts: parts(tokens).map_err(whole)? });
    }
    alternatives.dedup_by(|a, b| a.parts == b.parts);
    Ok(alternatives)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.text[self.at..].chars().next()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn error<T>(&self, kind: ErrorKind, start: usize) -> Result<T, Error> {
        Err(Error { kind, range: start..self.at })
    }

    /// Up to the end, or inside braces up to their `,` or `}`, which stays.
    fn sequence(&mut self) -> Result<Vec<Token>, Error> {
        let mut tokens = Vec::new();
        while let Some(c) = self.peek() {
            let start = self.at;
            if self.depth > 0 && matches!(c, ',' | '}') {
                break;
            }
            self.next();
            tokens.push(match c {
                '/' => Token::Slash,
                '*' => Token::Atom(Atom::Star),
                '?' => Token::Atom(Atom::AnyChar),
                '[' => Token::Atom(Atom::Class(self.class(start)?)),
                '{' => self.choice(start)?,
                '}' => return self.error(ErrorKind::UnopenedBrace, start),
                '\\' => match self.next() {
                    Some('/') => Token::Slash,
                    Some(c) => Token::Atom(Atom::Char(c)),
                    None => return self.error(ErrorKind::TrailingEscape, start),
                },
                UP => return self.error(ErrorKind::Nul, start),
                c => Token::Atom(Atom::Char(c)),
            });
        }
        Ok(tokens)
    }

    fn choice(&mut self, start: usize) -> Result<Token, Error> {
        self.depth += 1;
        if self.depth > 50 {
            return self.error(ErrorKind::TooLarge, start);
        }
        let mut choices = vec![self.sequence()?];
        loop {
            match self.next() {
                Some(',') => choices.push(self.sequence()?),
                Some(_) => break,
                None => return Err(Error { kind: ErrorKind::UnclosedBrace, range: start..start + 1 }),
            }
        }
        self.depth -= 1;
        Ok(Token::Choice(choices))
    }

    fn class(&mut self, start: usize) -> Result<Class, Error> {
        let is_negated = matches!(self.peek(), Some('!' | '^'));
        if is_negated {
            self.next();
        }
        let mut ranges = Vec::new();
        let mut is_first = true;
        loop {
            let from = self.at;
            let low = match self.next() {
                Some(']') if !is_first => break,
                Some('\\') => self.next(),
                c => c,
            };
            is_first = false;
            let Some(low) = low else {
                return Err(Error { kind: ErrorKind::UnclosedClass, range: start..start + 1 });
            };
            let mut high = low;
            if self.peek() == Some('-') && !self.text[self.at + 1..].starts_with(']') {
                self.next();
                let end = if self.peek() == Some('\\') {
                    self.next().and_then(|_| self.next())
                } else {
                    self.next()
                };
                match end {
                    Some(c) => high = c,
                    None => return Err(Error { kind: ErrorKind::UnclosedClass, range: start..start + 1 }),
                }
            }
            if low == '/' || high == '/' {
                return self.error(ErrorKind::SlashInClass, from);
            }
            if low > high {
                return self.error(ErrorKind::BackwardRange, from);
            }
            ranges.push((low, high));
        }
        Ok(Class { is_negated, ranges, is_folded: false })
    }
}

/// Every way through the braces, as a shell writes them out. None when there are too many.
fn write_out(tokens: &[Token]) -> Option<Vec<Vec<Token>>> {
    let mut all: Vec<Vec<Token>> = vec![Vec::new()];
    for token in tokens {
        match token {
            Token::Choice(choices) => {
                let mut endings = Vec::new();
                for choice in choices {
                    endings.extend(write_out(choice)?);
                }
                if all.len() * endings.len() > MOST_ALTERNATIVES {
                    return None;
                }
                let join = |begin: &Vec<Token>| -> Vec<Vec<Token>> {
                    endings.iter().map(|end| begin.iter().chain(end).cloned().collect()).collect()
                };
                all = all.iter().flat_map(join).collect();
            }
            token => all.iter_mut().for_each(|tokens| tokens.push(token.clone())),
        }
    }
    (all.iter().map(Vec::len).sum::<usize>() <= MOST_CHARACTERS).then_some(all)
}

fn parts(tokens: Vec<Token>) -> Result<Vec<Part>, ErrorKind> {
    let mut names: Vec<Vec<Atom>> = vec![Vec::new()];
    for token in tokens {
        match token {
            Token::Slash => names.push(Vec::new()),
            Token::Atom(atom) => names.last_mut().expect("BUG: there is always a last part").push(atom),
            Token::Choice(_) => unreachable!("BUG: braces were written out"),
        }
    }
    if names.len() > 1 && names[0].is_empty() {
        return Err(ErrorKind::Absolute);
    }
    if names.len() == 1 && names[0].is_empty() {
        return Err(ErrorKind::Empty);
    }
    let is_directory =
        names.last().is_some_and(|name| name.is_empty() || is_dots(name, 1) || is_dots(name, 2));
    let mut parts: Vec<Part> = Vec::new();
    for mut name in names {
        if name.is_empty() || is_dots(&name, 1) {
            continue;
        }
        if is_dots(&name, 2) {
            match parts.last() {
                None => parts.push(up()),
                Some(last) if *last == up() => parts.push(up()),
                Some(Part::Name(atoms)) if atoms.iter().all(|atom| matches!(atom, Atom::Char(_))) => {
                    parts.pop();
                }
                Some(_) => return Err(ErrorKind::Parent),
            }
            continue;
        }
        if name.len() == 2 && name.iter().all(|atom| *atom == Atom::Star) {
            if parts.last() != Some(&Part::AnyDepth) {
                parts.push(Part::AnyDepth);
            }
            continue;
        }
        name.dedup_by(|a, b| *a == Atom::Star && *b == Atom::Star);
        parts.push(Part::Name(name));
    }
    if is_directory && parts.last() != Some(&Part::AnyDepth) {
        parts.push(Part::AnyDepth);
    }
    Ok(parts)
}

fn up() -> Part {
    Part::Name(vec![Atom::Char(UP)])
}

fn is_dots(name: &[Atom], count: usize) -> bool {
    name.len() == count && name.iter().all(|atom| *atom == Atom::Char('.'))
}

impl Part {
    /// The name, if it is the same in every match; none where the place itself is open.
    fn fixed(&self) -> Option<Option<String>> {
        let Part::Name(atoms) = self else { return None };
        if *self == up() {
            return Some(Some("..".to_owned()));
        }
        let letter = |atom: &Atom| match atom {
            Atom::Char(c) => Some(*c),
            _ => None,
        };
        Some(atoms.iter().map(letter).collect())
    }
}

impl Alternative {
    /// What every match begins with, what it ends with, and whether that is all.
    pub fn literal_ends(&self) -> (String, String, bool) {
        // None is a place where anything may stand.
        let mut flat: Vec<Option<char>> = Vec::new();
        for (index, part) in self.parts.iter().enumerate() {
            match part {
                // `a/**/b` ends with `b`, not `/b`: it may be that the `/` before `**` is the one before `b`.
                Part::AnyDepth => flat.push(None),
                Part::Name(atoms) => {
                    for atom in atoms {
                        match atom {
                            Atom::Char(UP) => flat.extend([Some('.'), Some('.')]),
                            Atom::Char(c) => flat.push(Some(*c)),
                            _ => flat.push(None),
                        }
                    }
                    if index + 1 < self.parts.len() {
                        flat.push(Some('/'));
                    }
                }
            }
        }
        let prefix = flat.iter().map_while(|c| *c).collect();
        let mut suffix: Vec<char> = flat.iter().rev().map_while(|c| *c).collect();
        suffix.reverse();
        (prefix, suffix.into_iter().collect(), flat.iter().all(Option::is_some))
    }

    /// A match, where no set leaves the choice.
    pub fn sample(&self) -> Option<String> {
        let mut path = String::new();
        for (index, part) in self.parts.iter().enumerate() {
            if index > 0 {
                path.push('/');
            }
            let Part::Name(atoms) = part else {
                path.push('x');
                continue;
            };
            for atom in atoms {
                match atom {
                    Atom::Char(UP) => path.push_str(".."),
                    Atom::Char(c) => path.push(*c),
                    Atom::AnyChar | Atom::Star => path.push('x'),
                    Atom::Class(_) => return None,
                }
            }
        }
        Some(path)
    }

    /// The first names of every match, so far as their places are fixed; none for one that may differ.
    pub fn names(&self, most: usize) -> Vec<Option<String>> {
        self.parts.iter().map_while(Part::fixed).take(most).collect()
    }

    /// The last names of every match, the last one first.
    pub fn names_from_end(&self, most: usize) -> Vec<Option<String>> {
        self.parts.iter().rev().map_while(Part::fixed).take(most).collect()
    }

    /// With every letter in lower case.
    pub fn folded(&self) -> Alternative {
        let fold = |atom: &Atom| match atom {
            Atom::Char(c) => Atom::Char(fold(*c)),
            Atom::Class(class) => Atom::Class(Class { is_folded: true, ..class.clone() }),
            atom => atom.clone(),
        };
        let parts = self.parts.iter().map(|part| match part {
            Part::AnyDepth => Part::AnyDepth,
            Part::Name(atoms) => Part::Name(atoms.iter().map(fold).collect()),
        });
        Alternative { parts: parts.collect() }
    }
}

/// The lower-case form where that is one character.
pub(super) fn fold(c: char) -> char {
    let mut lower = c.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}
