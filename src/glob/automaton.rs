//! Alternatives to a program of positions, and running it over a path.
//!
//! Every position can still reach a match, so a live position means that some continuation matches.

use super::parse::{Alternative, Atom, Class, Part, UP};

/// An automaton without determinism: positions, each with at most two ways on.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub nodes: Vec<Node>,
    pub starts: Vec<u32>,
}

#[derive(Clone, Debug)]
pub(super) enum Node {
    /// This character, then the next node.
    Char(char),
    /// One character of a name, then the next node.
    Any,
    /// One of these, then the next node.
    Class(Class),
    /// Characters of a name, then the next node.
    Star,
    /// Before a directory of `**/`: into one, or past the pair.
    DirsStart,
    /// Inside a directory of `**/`; its `/` leads back.
    DirsInside,
    /// The end of an alternative.
    Accept,
}

/// What a way on accepts.
#[derive(Clone, Copy, Debug)]
pub(super) enum Set<'p> {
    One(char),
    /// Any character of a name.
    Any,
    Class(&'p Class),
}

impl Set<'_> {
    pub fn contains(self, c: char) -> bool {
        match self {
            Set::One(one) => one == c,
            Set::Any => c != '/' && c != UP,
            Set::Class(class) => class.contains(c),
        }
    }
}

impl Program {
    /// `is_full`: a `*` stands for at least one character. Such a program matches less, but what people would expect to see.
    pub fn new(alternatives: &[Alternative], is_full: bool) -> Program {
        let mut program = Program { nodes: Vec::new(), starts: Vec::new() };
        for alternative in alternatives {
            program.starts.push(program.nodes.len() as u32);
            let last = alternative.parts.len().saturating_sub(1);
            for (index, part) in alternative.parts.iter().enumerate() {
                match part {
                    Part::AnyDepth => {
                        program.nodes.extend([Node::DirsStart, Node::DirsInside]);
                        if index == last {
                            program.nodes.extend([Node::Any, Node::Star]);
                        }
                    }
                    Part::Name(atoms) => {
                        program.name(atoms, is_full);
                        if index != last {
                            program.nodes.push(Node::Char('/'));
                        }
                    }
                }
            }
            program.nodes.push(Node::Accept);
        }
        program
    }

    /// All of them in one.
    pub fn union<'p>(programs: impl IntoIterator<Item = &'p Program>) -> Program {
        let mut union = Program { nodes: Vec::new(), starts: Vec::new() };
        for program in programs {
            let offset = union.nodes.len() as u32;
            union.starts.extend(program.starts.iter().map(|start| start + offset));
            union.nodes.extend(program.nodes.iter().cloned());
        }
        union
    }

    fn name(&mut self, atoms: &[Atom], is_full: bool) {
        for atom in atoms {
            match atom {
                Atom::Char(c) => self.nodes.push(Node::Char(*c)),
                Atom::AnyChar => self.nodes.push(Node::Any),
                Atom::Class(class) => self.nodes.push(Node::Class(class.clone())),
                Atom::Star => {
                    if is_full {
                        self.nodes.push(Node::Any);
                    }
                    self.nodes.push(Node::Star);
                }
            }
        }
    }

    /// Where it may go on without a character.
    pub fn skip(&self, at: u32) -> Option<u32> {
        match self.nodes[at as usize] {
            Node::Star => Some(at + 1),
            Node::DirsStart => Some(at + 2),
            _ => None,
        }
    }

    /// The ways on with a character: what it may be, and where it leads.
    pub fn ways(&self, at: u32) -> [Option<(Set<'_>, u32)>; 2] {
        match &self.nodes[at as usize] {
            Node::Char(c) => [Some((Set::One(*c), at + 1)), None],
            Node::Any => [Some((Set::Any, at + 1)), None],
            Node::Class(class) => [Some((Set::Class(class), at + 1)), None],
            Node::Star => [Some((Set::Any, at)), None],
            Node::DirsStart => [Some((Set::Any, at + 1)), None],
            Node::DirsInside => [Some((Set::Any, at)), Some((Set::One('/'), at - 1))],
            Node::Accept => [None, None],
        }
    }

    pub fn is_accept(&self, at: u32) -> bool {
        matches!(self.nodes[at as usize], Node::Accept)
    }

    /// The positions before the first character.
    pub fn begin(&self) -> Vec<u32> {
        let mut positions = Vec::new();
        for start in &self.starts {
            self.add(*start, &mut positions);
        }
        positions.sort_unstable();
        positions.dedup();
        positions
    }

    /// The positions after `c`.
    pub fn step(&self, positions: &[u32], c: char) -> Vec<u32> {
        let mut next = Vec::with_capacity(positions.len() + 1);
        for position in positions {
            for (set, target) in self.ways(*position).into_iter().flatten() {
                if set.contains(c) {
                    self.add(target, &mut next);
                }
            }
        }
        next.sort_unstable();
        next.dedup();
        next
    }

    fn add(&self, mut at: u32, positions: &mut Vec<u32>) {
        positions.push(at);
        while let Some(next) = self.skip(at) {
            at = next;
            positions.push(at);
        }
    }

    pub fn matches(&self, path: &str) -> bool {
        self.run(path).is_some_and(|positions| positions.iter().any(|at| self.is_accept(*at)))
    }

    pub fn may_match_below(&self, dir: &str) -> bool {
        self.run(dir).is_some_and(|positions| !self.step(&positions, '/').is_empty())
    }

    /// The positions after the whole path; none when it is no path or nothing is left.
    fn run(&self, path: &str) -> Option<Vec<u32>> {
        let mut positions = self.begin();
        let mut name = NameState::Start;
        let mut rest = path;
        while let Some(below) = rest.strip_prefix("../").or((rest == "..").then_some("")) {
            positions = self.step(&positions, UP);
            if rest == ".." {
                return (!positions.is_empty()).then_some(positions);
            }
            positions = self.step(&positions, '/');
            rest = below;
        }
        for c in rest.chars() {
            name = name.then(c)?;
            positions = self.step(&positions, c);
            if positions.is_empty() {
                return None;
            }
        }
        name.is_end().then_some(positions)
    }
}

/// How far the name at hand has come: no part of a path is empty, `.` or `..`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum NameState {
    Start,
    Dot,
    Dots,
    Name,
    /// A leading `..`: only a `/` may follow, and only leading ones came before.
    Up,
    /// Behind a leading `../`.
    Above,
}

impl NameState {
    pub fn then(self, c: char) -> Option<NameState> {
        match (self, c) {
            (NameState::Name, '/') => Some(NameState::Start),
            (NameState::Up, '/') => Some(NameState::Above),
            (NameState::Up, _) | (_, '/') => None,
            (NameState::Start | NameState::Above, '.') => Some(NameState::Dot),
            (NameState::Dot, '.') => Some(NameState::Dots),
            (NameState::Above, UP) => Some(NameState::Up),
            (_, UP) => None,
            _ => Some(NameState::Name),
        }
    }

    pub fn is_end(self) -> bool {
        self == NameState::Name
    }
}
