//! The forecast as a chart for a person at a terminal: a line a task, its bar where it is on.
//!
//! Fits the width that it is given; colour only says what a character says too. It does not know pixels: the picture is
//! `svg`'s.

use super::View;
use super::chart::{self, Band, Chart, Mark, Weight, What, axis, milliseconds};
use super::{tree, words};
use crate::report::words::{count, cut, one_line, pad};
use crate::report::{Look, Tone};
use std::fmt::Write as _;
use std::time::Duration;
use unicode_width::UnicodeWidthStr;

/// The most lines of tasks, and the most bands.
const MOST_LINES: usize = 150;
const MOST_BANDS: usize = 40;

/// The whole chart.
pub fn render(view: &View, look: &Look) -> String {
    let chart = Chart::of(view, MOST_BANDS);
    let widest = chart.bands.iter().flat_map(|band| {
        let indent = if band.name.is_empty() { 0 } else { 2 };
        band.marks.iter().map(move |mark| mark.name.width() + indent + gate_width(mark))
    });
    // What a name needs, and no more than a good third.
    let names = widest.max().unwrap_or(0).max("finish p10–p90".len() + 2).min(look.width * 3 / 8).max(8);
    let cells = look.width.saturating_sub(names + 1).max(10);
    let mut gantt = Gantt { view, look, chart: &chart, names, cells, text: String::new() };
    gantt.head();
    gantt.axis();
    let shares = shares(&chart.bands, MOST_LINES);
    for (band, most) in chart.bands.iter().zip(shares) {
        gantt.band(band, most);
    }
    gantt.foot();
    gantt.text
}

fn gate_width(mark: &Mark) -> usize {
    if matches!(mark.what, What::Gate(_)) { 2 } else { 0 }
}

/// By band, how many of its marks have a line: all, or each its share.
fn shares(bands: &[Band], most: usize) -> Vec<usize> {
    let all: usize = bands.iter().map(|band| band.marks.len()).sum();
    let share = |band: &Band| match all <= most {
        true => band.marks.len(),
        false => (band.marks.len() * most / all).max(2),
    };
    bands.iter().map(share).collect()
}

struct Gantt<'a> {
    view: &'a View<'a>,
    look: &'a Look,
    chart: &'a Chart,
    /// Columns of the names, and of the bars behind a space.
    names: usize,
    cells: usize,
    text: String,
}

impl Gantt<'_> {
    fn line(&mut self, line: &str) {
        let _ = writeln!(self.text, "{}", line.trim_end());
    }

    fn row(&mut self, name: &str, tone: Option<Tone>, cells: &str) {
        let name = pad(&cut(name, self.names), self.names);
        let name = tone.map_or(name.clone(), |tone| self.look.paint(tone, &name));
        self.line(&format!("{name} {cells}"));
    }

    /// The cell of a moment. The last cell is for what stands at the end.
    fn at(&self, time: u64) -> usize {
        let share = time as f64 / self.chart.end as f64;
        ((share * (self.cells - 1) as f64).round() as usize).min(self.cells - 1)
    }

    fn head(&mut self) {
        let title = one_line(&chart::heading(self.view), self.look.width);
        self.line(&self.look.paint(Tone::Strong, &title));
        for sentence in tree::totals(self.view) {
            for line in tree::wrapped(&sentence, " · ", self.look.width) {
                self.line(&line);
            }
        }
        self.line("");
    }

    fn axis(&mut self) {
        if !self.chart.is_timed {
            return;
        }
        let label = |tick: u64| match tick {
            0 => "0".to_string(),
            tick => words::time(Duration::from_millis(tick)),
        };
        // The most ticks whose labels do not touch.
        let ticks = (1..=12).rev().map(|most| axis::ticks(self.chart.end, most)).find(|ticks| {
            let widest = ticks.iter().map(|tick| label(*tick).len()).max().unwrap_or(0);
            ticks.windows(2).all(|pair| self.at(pair[1]) - self.at(pair[0]) > widest + 1)
        });
        let mut labels = String::new();
        let mut line: Vec<&str> = vec![self.look.mark("─", "-"); self.cells];
        for tick in ticks.unwrap_or_default() {
            let (at, text) = (self.at(tick), label(tick));
            line[at] = self.look.mark("┬", "+");
            let begin = at.saturating_sub(text.len() / 2).min(self.cells.saturating_sub(text.len()));
            // At the right edge a label moves to the left; one that would touch its neighbour then is left out.
            if labels.is_empty() || begin > labels.width() {
                labels = pad(&labels, begin) + &text;
            }
        }
        let indent = " ".repeat(self.names);
        let dim = |text: &str| self.look.paint(Tone::Dim, text);
        let (labels, line) = (dim(&labels), dim(&line.concat()));
        self.line(&format!("{indent} {labels}"));
        self.line(&format!("{indent} {line}"));
    }

    fn band(&mut self, band: &Band, most: usize) {
        let is_named = !band.name.is_empty();
        if is_named {
            let has_seconds = self.view.forecast.makespan.as_secs() < 600;
            let moment = |at: u64| words::moment(Duration::from_millis(at), has_seconds);
            let span = match self.chart.is_timed && band.span.0 < band.span.1 {
                true => format!("{}–{}", moment(band.span.0), moment(band.span.1)),
                false => String::new(),
            };
            let room = self.look.width.saturating_sub(span.width() + 2);
            let name = cut(&band.name, room);
            let left = room.saturating_sub(name.width() + 2);
            let title = if left < 8 { String::new() } else { one_line(&band.title, left) };
            let used = name.width() + 2 + title.width();
            let gap = " ".repeat((self.look.width - span.width()).saturating_sub(used));
            let name = self.look.paint(Tone::Strong, &name);
            let span = self.look.paint(Tone::Dim, &span);
            self.line(&format!("{name}  {title}{gap}{span}"));
        }
        let mut shown: Vec<&Mark> = band.marks.iter().collect();
        let mut hidden: Vec<&Mark> = Vec::new();
        if shown.len() > most {
            // The longest of the critical path stay, then the longest of all.
            let mut order: Vec<usize> = (0..shown.len()).collect();
            order.sort_by_key(|index| {
                let mark = shown[*index];
                (mark.weight != Weight::Path, std::cmp::Reverse(mark.length()))
            });
            let mut is_shown = vec![false; shown.len()];
            order.iter().take(most).for_each(|index| is_shown[*index] = true);
            let mut marks = shown.iter().zip(&is_shown);
            hidden = marks.clone().filter(|(_, is)| !**is).map(|(mark, _)| *mark).collect();
            shown = marks.by_ref().filter(|(_, is)| **is).map(|(mark, _)| *mark).collect();
        }
        let indent = if is_named { "  " } else { "" };
        for mark in shown {
            self.mark(mark, indent);
        }
        if !hidden.is_empty() {
            let tasks = hidden.iter().filter(|mark| matches!(mark.what, What::Task(_))).count();
            let gates = hidden.len() - tasks;
            let mut name = format!("{indent}{} {}", self.look.mark("…", "..."), count(tasks, "more task"));
            if gates > 0 {
                let _ = write!(name, ", {}", count(gates, "gate"));
            }
            let cells = self.density(hidden.iter().map(|mark| (mark.start, mark.end)));
            self.row(&name, Some(Tone::Dim), &cells);
        }
    }

    fn mark(&mut self, mark: &Mark, indent: &str) {
        let is_gate = matches!(mark.what, What::Gate(_));
        let from = self.at(mark.start);
        let is_path = mark.weight == Weight::Path;
        let tone = if is_path { Some(Tone::Attention) } else { None };
        let painted = |text: &str| tone.map_or(text.to_string(), |tone| self.look.paint(tone, text));
        let mut cells = " ".repeat(from);
        if is_gate {
            cells.push_str(&painted(self.look.mark("◆", "*")));
        } else if mark.is_unknown && mark.length() == 0 {
            cells.push_str(&painted("?"));
        } else if mark.length() == 0 {
            cells.push_str(&painted(self.look.mark("│", "|")));
        } else {
            let to = self.at(mark.end).max(from + 1);
            cells.push_str(&painted(&self.block(mark.weight).repeat(to - from)));
            if let Some(late) = mark.late.map(|late| self.at(late)).filter(|late| *late > to) {
                let whisker = self.look.mark("─", ".").repeat(late - to - 1);
                let whisker = format!("{whisker}{}", self.look.mark("┤", "|"));
                cells.push_str(&self.look.paint(Tone::Dim, &whisker));
            }
        }
        let name = match is_gate {
            true => format!("{indent}{} {}", self.look.mark("◆", "*"), mark.name),
            false => format!("{indent}{}", mark.name),
        };
        self.row(&name, tone.filter(|_| !is_gate), &cells);
    }

    fn block(&self, weight: Weight) -> &'static str {
        match weight {
            Weight::Path => self.look.mark("█", "#"),
            Weight::Tight => self.look.mark("▓", "="),
            Weight::Loose => self.look.mark("░", "-"),
            Weight::After => self.look.mark("▒", "+"),
        }
    }

    /// How many are on at once, a character a cell.
    fn density(&self, spans: impl Iterator<Item = (u64, u64)>) -> String {
        let mut change = vec![0i64; self.cells + 1];
        for (start, end) in spans.filter(|(start, end)| start < end) {
            change[self.at(start)] += 1;
            change[self.at(end).max(self.at(start) + 1)] -= 1;
        }
        let mut now = 0;
        let widths: Vec<i64> = change
            .iter()
            .map(|change| {
                now += change;
                now
            })
            .collect();
        self.heights(&widths[..self.cells])
    }

    fn heights(&self, widths: &[i64]) -> String {
        const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
        let most = widths.iter().copied().max().unwrap_or(0).max(1);
        let cell = |width: &i64| match *width {
            ..=0 => ' ',
            width if self.look.has_unicode => BLOCKS[((width * 8 - 1) / most).clamp(0, 7) as usize],
            width @ 1..=9 => char::from(b'0' + width as u8),
            _ => '+',
        };
        widths.iter().map(cell).collect()
    }

    fn foot(&mut self) {
        if self.chart.is_timed {
            self.finish();
            self.strip();
        }
        self.line("");
        let marks = || self.chart.bands.iter().flat_map(|band| &band.marks);
        let is_bar = |mark: &Mark| matches!(mark.what, What::Task(_)) && mark.length() > 0;
        let mut signs = Vec::new();
        let words = [
            (Weight::Path, "critical path"),
            (Weight::Tight, "no slack"),
            (Weight::Loose, if self.chart.is_timed { "has slack" } else { "task" }),
            (Weight::After, "finally"),
        ];
        for (weight, word) in words {
            if marks().any(|mark| is_bar(mark) && mark.weight == weight) {
                signs.push(format!("{} {word}", self.block(weight)));
            }
        }
        if marks().any(|mark| matches!(mark.what, What::Gate(_))) {
            signs.push(format!("{} gate", self.look.mark("◆", "*")));
        }
        if marks().any(|mark| mark.late.is_some()) {
            signs.push(format!("{} p90", self.look.mark("─┤", "..|")));
        }
        if self.chart.is_timed && marks().any(|mark| mark.is_unknown) {
            signs.push("? no estimate".to_string());
        }
        for line in tree::wrapped(&signs.join(" · "), " · ", self.look.width) {
            self.line(&self.look.paint(Tone::Dim, &line));
        }
        for note in chart::shape_notes(self.view) {
            for line in tree::wrapped(&note, " ", self.look.width) {
                self.line(&self.look.paint(Tone::Dim, &line));
            }
        }
    }

    /// The range in which the whole plan ends.
    fn finish(&mut self) {
        let Some(samples) = self.view.samples else { return };
        let at = |share| self.at(milliseconds(samples.quantile(share)));
        let (low, middle, high) = (at(0.1), at(0.5), at(0.9));
        let mut cells: Vec<&str> = vec![" "; self.cells];
        cells[low..=high].fill(self.look.mark("─", "-"));
        cells[low] = self.look.mark("├", "|");
        cells[high] = self.look.mark("┤", "|");
        cells[middle] = self.look.mark("●", "o");
        self.row("finish p10–p90", None, &cells.concat());
    }

    /// How many tasks work at once.
    fn strip(&mut self) {
        let forecast = self.view.forecast;
        let mut widths = vec![0i64; self.cells];
        for (index, (time, width)) in forecast.timeline.iter().enumerate() {
            let until = forecast.timeline.get(index + 1).map_or(*time, |(next, _)| *next);
            let (from, to) = (self.at(milliseconds(*time)), self.at(milliseconds(until)));
            // The most of what is in a cell.
            for cell in &mut widths[from..to.max(from + 1).min(self.cells)] {
                *cell = (*cell).max(i64::from(*width));
            }
        }
        let cells = self.heights(&widths);
        self.row(&format!("at once, most {}", forecast.width), None, &cells);
    }
}
