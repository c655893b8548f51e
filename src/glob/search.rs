//! The search for a path that some patterns all match and others do not: a walk over the product of their automata.
//!
//! Breadth first, so the first path found is a shortest one. What must match is followed position by position, which
//! keeps the product of two patterns small; only what must not match is made deterministic.

use super::Pattern;
use super::automaton::{NameState, Node, Program, Set};
use super::parse::{Class, UP, fold};
use foldhash::fast::RandomState;
use std::collections::{HashMap, HashSet, VecDeque};

/// With exceptions the product may be large; past so many states no path is taken to be there.
const MOST_STATES: usize = 50_000;

/// What a witness is made of where a wildcard leaves the choice, best first.
const PLAIN: &str = "xyzabcdefghijklmnopqrstuvw0123456789_-XYZABCDEFGHIJKLMNOPQRSTUVW";

/// Whether some path is matched by all (one or two) of `all` and by none of `none`.
pub(super) fn is_met(all: &[&Pattern], none: &[&Pattern]) -> bool {
    // What one path shows, or one exception that is around everything, needs no search.
    if none.iter().any(|except| all.iter().any(|pattern| except.is_plainly_around(pattern))) {
        return false;
    }
    let is_shown = |path: &str| {
        all.iter().all(|pattern| pattern.matches(path)) && !none.iter().any(|except| except.matches(path))
    };
    if all.iter().filter_map(|pattern| pattern.sample()).any(|path| is_shown(&path)) {
        return true;
    }
    if let ([first, second], []) = (all, none)
        && !has_sets(first.program())
        && !has_sets(second.program())
    {
        return is_shared(first.program(), second.program());
    }
    let programs: Vec<&Program> = all.iter().map(|pattern| pattern.program()).collect();
    run(&programs, none, false).is_some()
}

fn has_sets(program: &Program) -> bool {
    program.nodes.iter().any(|node| matches!(node, Node::Class(_)))
}

/// Whether two programs without sets share a path: the same walk as [`run`], without a path to show for it, and so
/// with a bit for a state. A plan of thousands of wildcards asks this very often.
fn is_shared(first: &Program, second: &Program) -> bool {
    let width = second.nodes.len();
    let mut seen = vec![0u8; first.nodes.len() * width];
    let mut open: Vec<(u32, u32, NameState)> = Vec::new();
    for a in &first.starts {
        open.extend(second.starts.iter().map(|b| (*a, *b, NameState::Above)));
    }
    while let Some((a, b, name)) = open.pop() {
        let (bits, bit) = (&mut seen[a as usize * width + b as usize], 1 << name as u8);
        if *bits & bit != 0 {
            continue;
        }
        *bits |= bit;
        if name.is_end() && first.is_accept(a) && second.is_accept(b) {
            return true;
        }
        open.extend(first.skip(a).map(|next| (next, b, name)));
        open.extend(second.skip(b).map(|next| (a, next, name)));
        for (set_a, next_a) in first.ways(a).into_iter().flatten() {
            for (set_b, next_b) in second.ways(b).into_iter().flatten() {
                let c = match (set_a, set_b) {
                    (Set::One(c), set) | (set, Set::One(c)) => set.contains(c).then_some(c),
                    // Where both leave the choice, a letter goes on wherever a dot does.
                    _ => Some('x'),
                };
                open.extend(c.and_then(|c| name.then(c)).map(|name| (next_a, next_b, name)));
            }
        }
    }
    false
}

/// A shortest such path; of those, one where every `*` stands for something, when there is any.
pub(super) fn witness(all: &[&Pattern], none: &[&Pattern]) -> Option<String> {
    let exact: Vec<&Program> = all.iter().map(|pattern| pattern.program()).collect();
    run(&exact, none, false)?;
    let full: Vec<Program> = all.iter().map(|pattern| Program::new(&pattern.alternatives(), true)).collect();
    run(&full.iter().collect::<Vec<_>>(), none, true).or_else(|| run(&exact, none, true))
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct State {
    first: u32,
    second: u32,
    /// The interned positions of what must not match.
    none: u32,
    name: NameState,
}

struct Visit {
    state: State,
    before: u32,
    c: Option<char>,
}

fn run(all: &[&Program], none: &[&Pattern], wants_path: bool) -> Option<String> {
    let (first, second) = match all {
        [one] => (*one, *one),
        [one, two] => (*one, *two),
        _ => unreachable!("BUG: one or two patterns are searched"),
    };
    let is_single = all.len() == 1;
    let except = Program::union(none.iter().map(|pattern| pattern.program()));
    let mut sets =
        Sets { program: &except, ids: HashMap::default(), sets: Vec::new(), steps: HashMap::default() };
    let alphabet = alphabet([first, second], (!none.is_empty()).then_some(&except));
    let none_at_start = sets.intern(except.begin());

    let mut visits: Vec<Visit> = Vec::new();
    let mut seen: HashSet<State, RandomState> = HashSet::default();
    let mut queue: VecDeque<u32> = VecDeque::new();
    for a in &first.starts {
        for b in &second.starts {
            if is_single && a != b {
                continue;
            }
            // A path begins like what follows `../`: another `..` may come, or a name.
            let state = State { first: *a, second: *b, none: none_at_start, name: NameState::Above };
            visits.push(Visit { state, before: u32::MAX, c: None });
            queue.push_back(visits.len() as u32 - 1);
        }
    }
    while let Some(index) = queue.pop_front() {
        let state = visits[index as usize].state;
        if !seen.insert(state) {
            continue;
        }
        if !none.is_empty() && seen.len() > MOST_STATES {
            return None;
        }
        let (a, b) = (state.first, state.second);
        if first.is_accept(a) && second.is_accept(b) && state.name.is_end() && !sets.is_accepting(state.none)
        {
            return Some(if wants_path { path(&visits, index) } else { String::new() });
        }
        let mut push_free = |first: u32, second: u32| {
            let state = State { first, second, ..state };
            if !seen.contains(&state) {
                visits.push(Visit { state, before: index, c: None });
                queue.push_front(visits.len() as u32 - 1);
            }
        };
        if is_single {
            if let Some(next) = first.skip(a) {
                push_free(next, next);
            }
        } else {
            if let Some(next) = first.skip(a) {
                push_free(next, b);
            }
            if let Some(next) = second.skip(b) {
                push_free(a, next);
            }
        }
        for (set_a, next_a) in first.ways(a).into_iter().flatten() {
            for (set_b, next_b) in second.ways(b).into_iter().flatten() {
                if is_single && next_a != next_b {
                    continue;
                }
                for c in choices(set_a, set_b, &alphabet) {
                    let Some(name) = state.name.then(c) else { continue };
                    let next = State { first: next_a, second: next_b, none: sets.step(state.none, c), name };
                    if !seen.contains(&next) {
                        visits.push(Visit { state: next, before: index, c: Some(c) });
                        queue.push_back(visits.len() as u32 - 1);
                    }
                    // Only exceptions and dots tell one character of both sets from another.
                    if none.is_empty() && name == NameState::Name {
                        break;
                    }
                }
            }
        }
    }
    None
}

fn path(visits: &[Visit], mut index: u32) -> String {
    let mut characters = Vec::new();
    while index != u32::MAX {
        let visit = &visits[index as usize];
        characters.extend(visit.c);
        index = visit.before;
    }
    let mut path = String::new();
    for c in characters.into_iter().rev() {
        match c {
            UP => path.push_str(".."),
            c => path.push(c),
        }
    }
    path
}

/// The characters of both sets that are worth trying, the plainest first.
fn choices<'s>(a: Set<'s>, b: Set<'s>, alphabet: &'s [char]) -> Box<dyn Iterator<Item = char> + 's> {
    match (a, b) {
        (Set::One(c), set) | (set, Set::One(c)) => Box::new(set.contains(c).then_some(c).into_iter()),
        _ => Box::new(alphabet.iter().copied().filter(move |c| a.contains(*c) && b.contains(*c))),
    }
}

/// One character at least of every set that the patterns can tell from another, the plainest first.
fn alphabet(programs: [&Program; 2], except: Option<&Program>) -> Vec<char> {
    let mut edges: Vec<char> = vec!['\u{1}', '.', '0'];
    let after = |c: char| char::from_u32(c as u32 + 1).or(char::from_u32(0xE000));
    for program in programs.into_iter().chain(except) {
        for node in &program.nodes {
            match node {
                Node::Char(c) if except.is_some() => edges.extend(std::iter::once(*c).chain(after(*c))),
                Node::Class(class) => {
                    for (low, high) in &class.ranges {
                        edges.extend([*low, *high].into_iter().chain(after(*high)));
                        if class.is_folded {
                            edges.extend([fold(*low), fold(*high)].into_iter().chain(after(fold(*high))));
                        }
                    }
                }
                _ => {}
            }
        }
    }
    edges.sort_unstable();
    edges.dedup();
    // `x` alone does for patterns that name no characters.
    let mut alphabet: Vec<char> = if edges.len() > 3 { PLAIN.chars().collect() } else { vec!['x'] };
    alphabet.extend(edges.into_iter().filter(|c| *c != '/' && *c != UP));
    // Of the characters that nothing tells apart, the first does.
    let mut characters: Vec<char> = vec!['.'];
    let mut classes: Vec<&Class> = Vec::new();
    for program in programs.into_iter().chain(except) {
        for node in &program.nodes {
            match node {
                Node::Char(c) => characters.push(*c),
                Node::Class(class) if !classes.contains(&class) => classes.push(class),
                _ => {}
            }
        }
    }
    characters.sort_unstable();
    characters.dedup();
    let mut seen: HashSet<_, RandomState> = HashSet::default();
    alphabet.retain(|c| {
        let classes: Vec<bool> = classes.iter().map(|class| class.contains(*c)).collect();
        seen.insert((characters.binary_search(c).ok(), classes))
    });
    alphabet
}

/// The sets of positions of what must not match, by number.
struct Sets<'p> {
    program: &'p Program,
    ids: HashMap<Vec<u32>, u32, RandomState>,
    sets: Vec<(Vec<u32>, bool)>,
    steps: HashMap<(u32, char), u32, RandomState>,
}

impl Sets<'_> {
    fn intern(&mut self, set: Vec<u32>) -> u32 {
        if let Some(id) = self.ids.get(&set) {
            return *id;
        }
        let id = self.sets.len() as u32;
        let is_accepting = set.iter().any(|at| self.program.is_accept(*at));
        self.ids.insert(set.clone(), id);
        self.sets.push((set, is_accepting));
        id
    }

    fn is_accepting(&self, id: u32) -> bool {
        self.sets[id as usize].1
    }

    fn step(&mut self, id: u32, c: char) -> u32 {
        if self.sets[id as usize].0.is_empty() {
            return id;
        }
        if let Some(next) = self.steps.get(&(id, c)) {
            return *next;
        }
        let next = self.program.step(&self.sets[id as usize].0, c);
        let next = self.intern(next);
        self.steps.insert((id, c), next);
        next
    }
}
