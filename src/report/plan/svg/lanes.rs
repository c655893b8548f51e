//! Marks into lanes: which stand beside each other in one, and where the name of each is written.
//!
//! Knows pixels, and of a plan only the marks of a band. No two things in a lane overlap.

use super::text::Type;
use crate::report::plan::chart::{Mark, Weight, What};

/// The line from a time to a place.
#[derive(Clone, Copy)]
pub struct Scale {
    /// Where time begins.
    pub left: f64,
    /// Where nothing may be drawn any more.
    pub right: f64,
    /// Pixels a millisecond (or step).
    pub per_unit: f64,
}

impl Scale {
    /// The place of a time.
    pub fn at(&self, time: u64) -> f64 {
        self.left + time as f64 * self.per_unit
    }
}

/// A mark with its place.
pub struct Placed<'m> {
    /// Which.
    pub mark: &'m Mark,
    /// Its lane, from 0.
    pub lane: usize,
    /// Its left edge; a gate's and a point's is their middle.
    pub left: f64,
    /// Its right edge.
    pub right: f64,
    /// Its name, where there is room.
    pub label: Option<Label>,
}

/// A name beside or in a mark.
pub struct Label {
    /// As it is written.
    pub text: String,
    /// Where it begins; for one at the left, where it ends.
    pub x: f64,
    /// Where it stands.
    pub side: Side,
}

/// Where a name stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// In the bar.
    In,
    /// Behind it.
    Right,
    /// Before it.
    Left,
}

/// Marks in lanes.
pub struct Lanes<'m> {
    /// Those that are drawn, in the order of the band.
    pub placed: Vec<Placed<'m>>,
    /// Those that found no lane.
    pub hidden: Vec<&'m Mark>,
    /// How many lanes there are.
    pub count: usize,
}

/// Half of a gate's diamond, and what a point takes.
pub const GATE: f64 = 7.0;
/// Half of the mark of a task that takes no time.
pub const POINT: f64 = 4.0;
/// Between a mark and its name.
const GAP: f64 = 5.0;
/// The widest name beside a mark.
const MOST_LABEL: f64 = 230.0;
/// A bar of this width holds a cut name rather than having the whole one behind it.
const WIDE: f64 = 130.0;

/// Narrower ones are only drawn where there is room for all.
const LEAST: f64 = 6.0;
/// Where there is not, no lane has more than so many, on the whole: nobody reads a wall of names.
const MOST_IN_LANE: usize = 6;

/// Puts the marks of a band into lanes, at most so many. Where that is not enough (`is_cut`), the least important are
/// hidden.
pub fn lanes<'m>(marks: &'m [Mark], scale: Scale, set: Type, most: usize, is_cut: bool) -> Lanes<'m> {
    let mut taken: Vec<Lane> = Vec::new();
    let mut placed: Vec<(usize, Placed)> = Vec::new();
    let mut hidden = Vec::new();
    let mut tasks: Vec<(usize, &Mark)> =
        marks.iter().enumerate().filter(|(_, mark)| matches!(mark.what, What::Task(_))).collect();
    tasks.sort_by_key(|(_, mark)| (mark.start, mark.weight));
    if is_cut {
        tasks.sort_by_key(|(_, mark)| (mark.weight != Weight::Path, std::cmp::Reverse(mark.length())));
    }
    for (index, mark) in tasks {
        let (mut one, from, to) = task(mark, scale, set);
        // Where not all have room, those that one would hardly see have none.
        if is_cut && (one.right - one.left < LEAST || placed.len() >= most * MOST_IN_LANE) {
            hidden.push(mark);
            continue;
        }
        let lane = taken.iter().position(|lane| lane.is_free(from, to));
        let lane = match lane {
            Some(lane) => lane,
            None if taken.len() < most => {
                taken.push(Lane::default());
                taken.len() - 1
            }
            None => {
                hidden.push(mark);
                continue;
            }
        };
        taken[lane].take(from, to);
        one.lane = lane;
        placed.push((index, one));
    }
    for (index, mark) in marks.iter().enumerate().filter(|(_, mark)| matches!(mark.what, What::Gate(_))) {
        let (mut one, from, to) = gate(mark, scale, set);
        // In the middle of what it closes, where that is free; else below it.
        let middle = taken.len().saturating_sub(1) / 2;
        let mut by_distance: Vec<usize> = (0..taken.len()).collect();
        by_distance.sort_by_key(|lane| lane.abs_diff(middle));
        let lane = match by_distance.into_iter().find(|lane| taken[*lane].is_free(from, to)) {
            Some(lane) => lane,
            None if taken.len() <= most => {
                taken.push(Lane::default());
                taken.len() - 1
            }
            None => {
                hidden.push(mark);
                continue;
            }
        };
        taken[lane].take(from, to);
        one.lane = lane;
        placed.push((index, one));
    }
    placed.sort_by_key(|(index, _)| *index);
    Lanes { placed: placed.into_iter().map(|(_, one)| one).collect(), hidden, count: taken.len() }
}

/// A task with its name, and from where to where both reach.
fn task(mark: &Mark, scale: Scale, set: Type) -> (Placed<'_>, f64, f64) {
    let left = scale.at(mark.start);
    let is_point = mark.length() == 0;
    let right = if is_point { left } else { scale.at(mark.end).max(left + 2.0) };
    let late = mark.late.map_or(right, |late| scale.at(late).max(right));
    let (from, to) = if is_point { (left - POINT, left + POINT) } else { (left, late) };
    let full = set.width(&mark.name);
    let inner = right - left - 2.0 * GAP - 2.0;
    let label = if full <= inner || inner >= WIDE {
        set.fit(&mark.name, inner).map(|text| Label { text, x: left + GAP + 1.0, side: Side::In })
    } else {
        beside(mark, from, to + GAP, scale, set).or_else(|| {
            set.fit(&mark.name, inner).map(|text| Label { text, x: left + GAP + 1.0, side: Side::In })
        })
    };
    let (from, to) = reach(label.as_ref(), from, to, set);
    (Placed { mark, lane: 0, left, right, label }, from, to)
}

/// A gate with its question, and from where to where both reach. What ends where the gate stands is in its reach: it
/// may cover the end of a bar.
fn gate(mark: &Mark, scale: Scale, set: Type) -> (Placed<'_>, f64, f64) {
    let at = scale.at(mark.start);
    let label = beside(mark, at - GATE, at + GATE + GAP - 1.0, scale, set);
    let (from, to) = match label.as_ref().map(|label| label.side) {
        Some(Side::Left) => (at - GATE, at),
        _ => (at, at + GATE),
    };
    let (from, to) = reach(label.as_ref(), from, to, set);
    (Placed { mark, lane: 0, left: at, right: at, label }, from, to)
}

/// The name behind a mark, or before it where there is no room behind.
fn beside(mark: &Mark, from: f64, behind: f64, scale: Scale, set: Type) -> Option<Label> {
    let full = set.width(&mark.name).min(MOST_LABEL);
    let room = scale.right - behind;
    if room >= full {
        let text = set.fit(&mark.name, full)?;
        return Some(Label { text, x: behind, side: Side::Right });
    }
    let before = from - GAP - scale.left;
    if before >= full {
        let text = set.fit(&mark.name, full)?;
        return Some(Label { text, x: from - GAP, side: Side::Left });
    }
    let text = set.fit(&mark.name, room)?;
    Some(Label { text, x: behind, side: Side::Right })
}

fn reach(label: Option<&Label>, from: f64, to: f64, set: Type) -> (f64, f64) {
    match label {
        Some(label) if label.side == Side::Right => (from, label.x + set.width(&label.text) + GAP),
        Some(label) if label.side == Side::Left => (label.x - set.width(&label.text) - GAP, to),
        _ => (from, to),
    }
}

/// What of a lane is taken: stretches, in order, that do not overlap.
#[derive(Default)]
struct Lane(Vec<(f64, f64)>);

impl Lane {
    fn is_free(&self, from: f64, to: f64) -> bool {
        let next = self.0.partition_point(|(start, _)| *start < from);
        let is_before = next == 0 || self.0[next - 1].1 <= from + 0.01;
        is_before && self.0.get(next).is_none_or(|(start, _)| to <= *start + 0.01)
    }

    fn take(&mut self, from: f64, to: f64) {
        let next = self.0.partition_point(|(start, _)| *start < from);
        self.0.insert(next, (from, to));
    }
}
