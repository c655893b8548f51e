//! Which `}` closes which `{`, also where one is missing.
//!
//! A text whose braces pair up is taken as it is. Of any other, indentation tells which brace has no partner,
//! and, where that makes no sense either, a `wave` or `plan` at the very start of a line ends all bodies.

use super::{Event, Mark, MarkKind, Problem, Split};

/// Pairs the braces among `events` and writes marks and problems; `with_lines` gives the events again with
/// [`Event::Line`] among them.
pub(super) fn pair(
    split: &mut Split,
    events: Vec<Event>,
    with_lines: impl FnOnce() -> Vec<Event>,
    text: &str,
) {
    let plain = Pairing::by_count(&events, text);
    let (best, is_sure) = if plain.trouble == 0 {
        (plain, true)
    } else {
        let events = with_lines();
        let indented = Pairing::by_indentation(&events, text);
        if indented.trouble <= plain.trouble + 1 {
            (indented, true)
        } else {
            (Pairing::by_line(&events, text), false)
        }
    };
    split.is_sure = is_sure;
    split.marks = best.marks;
    split.problems.extend(best.problems);
}

/// One way to pair.
struct Pairing {
    open: Vec<Opened>,
    marks: Vec<Mark>,
    problems: Vec<Problem>,
    /// How many braces have no partner.
    trouble: usize,
}

struct Opened {
    at: u32,
    indent: u32,
}

impl Pairing {
    fn new(events: &[Event]) -> Pairing {
        Pairing {
            open: Vec::new(),
            marks: Vec::with_capacity(events.len()),
            problems: Vec::new(),
            trouble: 0,
        }
    }

    /// Each `}` closes the last `{`.
    fn by_count(events: &[Event], text: &str) -> Pairing {
        let mut pairing = Pairing::new(events);
        for event in events {
            pairing.simple(*event, 0);
        }
        pairing.end_all(text.len() as u32);
        pairing
    }

    /// As by count, but a `wave` or `plan` at the start of a line ends all bodies.
    fn by_line(events: &[Event], text: &str) -> Pairing {
        let mut pairing = Pairing::new(events);
        for event in events {
            if let Event::Line(at) = *event {
                let (before, line) = text.split_at(at as usize);
                let is_item = line.starts_with("wave") || line.starts_with("plan");
                if is_item && (before.is_empty() || before.ends_with('\n')) {
                    pairing.end_all(at);
                }
            } else {
                pairing.simple(*event, 0);
            }
        }
        pairing.end_all(text.len() as u32);
        pairing
    }

    /// A body ends where a line is indented no deeper than the one that opened it.
    fn by_indentation(events: &[Event], text: &str) -> Pairing {
        let mut pairing = Pairing::new(events);
        let bytes = text.as_bytes();
        // Events come in order, so a line's start is looked for only behind the last one.
        let blanks =
            |line: usize| bytes[line..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count() as u32;
        let (mut line, mut indent, mut looked) = (0, blanks(0), 0);
        for event in events {
            let at = event.at();
            if let Some(found) = memchr::memrchr(b'\n', &bytes[looked..at]) {
                line = looked + found + 1;
                indent = blanks(line);
            }
            looked = at;
            match *event {
                Event::Line(at) => pairing.end_deeper(indent, at, true),
                Event::Close(at) if line as u32 + indent == at => {
                    pairing.end_deeper(indent, at, false);
                    if pairing.open.last().is_some_and(|top| top.indent == indent) {
                        pairing.close(at);
                    } else {
                        pairing.stray(at);
                    }
                }
                other => pairing.simple(other, indent),
            }
        }
        pairing.end_all(text.len() as u32);
        pairing
    }

    fn simple(&mut self, event: Event, indent: u32) {
        match event {
            Event::Open(at) => {
                self.open.push(Opened { at, indent });
                self.marks.push(Mark { at, kind: MarkKind::Open });
            }
            Event::Close(at) if self.open.is_empty() => self.stray(at),
            Event::Close(at) => self.close(at),
            Event::Cut(at) => self.marks.push(Mark { at, kind: MarkKind::Cut }),
            Event::Line(_) => {}
        }
    }

    fn tell(&mut self, problem: Problem) {
        // More than anyone reads are only counted.
        if self.problems.len() <= crate::syntax::MOST_DIAGNOSTICS {
            self.problems.push(problem);
        }
    }

    fn close(&mut self, at: u32) {
        self.open.pop();
        self.marks.push(Mark { at, kind: MarkKind::Close });
    }

    fn stray(&mut self, at: u32) {
        self.marks.push(Mark { at, kind: MarkKind::Stray });
        self.trouble += 1;
        self.tell(Problem::StrayBrace { at: at as usize });
    }

    /// Ends the open bodies whose line is indented deeper than `indent` (or as deep, with `is_same`).
    fn end_deeper(&mut self, indent: u32, at: u32, is_same: bool) {
        let keep =
            self.open.iter().rposition(|top| top.indent < indent || (!is_same && top.indent == indent));
        self.end_from(keep.map_or(0, |last| last + 1), at);
    }

    fn end_all(&mut self, at: u32) {
        self.end_from(0, at);
    }

    /// Ends the open bodies from the `first` on, which have no `}`.
    fn end_from(&mut self, first: usize, at: u32) {
        let count = self.open.len() - first;
        if count == 0 {
            return;
        }
        // A few places are enough for a message, however many there are.
        let starts = self.open[first..].iter().rev().take(4).map(|top| top.at as usize).collect();
        self.trouble += count;
        self.tell(Problem::OpenBraces { starts, count });
        self.open.truncate(first);
        self.marks.extend(std::iter::repeat_n(Mark { at, kind: MarkKind::Missing }, count));
    }
}
