//! A laid-out picture as SVG.
//!
//! It decides no place but those of the small things around the bands: axis, strip, legend. All text goes through
//! `escape`.

use super::lanes::{GATE, Label, POINT, Placed, Side};
use super::paint::{self, Paint};
use super::text::{Type, escape, escape_line};
use super::{LEFT, Layout, MARGIN, Picture, Row, WIDTH};
use crate::plan::{StepId, StepKind};
use crate::report::plan::chart::{self, Mark, Weight, What, axis};
use crate::report::plan::{tree, words};
use crate::report::words::count;
use std::fmt::{self, Write as _};
use std::time::Duration;

/// Those that nearly every system has, of one width.
pub const FONTS: &str = "Helvetica Neue, Helvetica, Arial, Liberation Sans, Noto Sans, sans-serif";

/// A number of pixels, to a tenth.
pub(super) struct Px(pub f64);

impl fmt::Display for Px {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = (self.0 * 10.0).round();
        if tenths % 10.0 == 0.0 { write!(f, "{}", tenths / 10.0) } else { write!(f, "{:.1}", tenths / 10.0) }
    }
}

/// The whole picture.
pub fn draw(layout: &Layout) -> Picture {
    let mut pen = Pen { layout, text: String::new() };
    let mut y = layout.bottom;
    pen.bands();
    pen.ticks();
    pen.chain();
    for row in &layout.rows {
        pen.row(row);
    }
    if layout.chart.is_timed {
        y = pen.finish(y);
        y = pen.axis(y);
        y = pen.strip(y);
    }
    y = pen.legend(y + 14.0);
    if layout.frame.has_head {
        pen.head();
        y = pen.notes(y);
    }
    let height = (y + 12.0).ceil();
    let body = pen.text;
    let view = layout.view;
    let (title, says) = (chart::heading(view), description(layout));
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} \
         {height}\" role=\"img\" aria-labelledby=\"plan-title plan-desc\" font-family=\"{FONTS}\" \
         font-size=\"{}\">\n",
        Px(layout.set.size)
    );
    let _ = writeln!(text, "<title id=\"plan-title\">{}</title>", escape_line(&title));
    let _ = writeln!(text, "<desc id=\"plan-desc\">{}</desc>", escape(&says));
    let _ = writeln!(text, "<style>:root{{color-scheme:light dark}}{}</style>", paint::dark());
    let _ = writeln!(text, "<rect{} width=\"{WIDTH}\" height=\"{height}\"/>", paint::GROUND.attributes());
    text.push_str(&body);
    text.push_str("</svg>\n");
    Picture { text, height, notes: layout.notes.clone() }
}

/// The picture in words.
fn description(layout: &Layout) -> String {
    let view = layout.view;
    let mut text = tree::totals(view).join(". ");
    let names: Vec<&str> = view.forecast.critical.iter().filter_map(|step| view.name(*step)).collect();
    if layout.chart.is_timed && !names.is_empty() {
        let shown: Vec<&str> = names.iter().take(40).copied().collect();
        let more = if names.len() > 40 { ", …" } else { "" };
        let _ = write!(text, ". Critical path: {}{more}", shown.join(", "));
    }
    for band in layout.chart.bands.iter().filter(|band| !band.name.is_empty()) {
        let _ = write!(text, ". {}: {}", band.name, count(band.tasks(), "task"));
        if layout.chart.is_timed {
            let _ = write!(text, ", {} to {}", time(band.span.0), time(band.span.1));
        }
    }
    text.push('.');
    text
}

pub(super) fn time(milliseconds: u64) -> String {
    words::time(Duration::from_millis(milliseconds))
}

/// What has been drawn so far.
pub(super) struct Pen<'a> {
    pub layout: &'a Layout<'a>,
    pub text: String,
}

impl<'a> Pen<'a> {
    pub(super) fn rect(&mut self, paint: Paint, (x, y): (f64, f64), (width, height): (f64, f64), round: f64) {
        let round = if round > 0.0 { format!(" rx=\"{}\"", Px(round)) } else { String::new() };
        let _ = writeln!(
            self.text,
            "<rect{} x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"{round}/>",
            paint.attributes(),
            Px(x),
            Px(y),
            Px(width.max(0.0)),
            Px(height)
        );
    }

    pub(super) fn path(&mut self, paint: Paint, path: &str) {
        let _ = writeln!(self.text, "<path{} d=\"{path}\"/>", paint.attributes());
    }

    /// `anchor` is empty, ` text-anchor="middle"`, or the like.
    pub(super) fn write(&mut self, paint: Paint, set: Type, (x, y): (f64, f64), anchor: &str, text: &str) {
        let bold = if set.is_bold { " font-weight=\"bold\"" } else { "" };
        let size = match (set.size - self.layout.set.size).abs() < 0.01 {
            true => String::new(),
            false => format!(" font-size=\"{}\"", Px(set.size)),
        };
        let _ = writeln!(
            self.text,
            "<text{} x=\"{}\" y=\"{}\"{size}{bold}{anchor}>{}</text>",
            paint.attributes(),
            Px(x),
            Px(y),
            escape(text)
        );
    }

    /// Title and numbers.
    fn head(&mut self) {
        let title = chart::heading(self.layout.view);
        let set = Type::bold(22.0);
        let title = set.fit(&title, WIDTH - 2.0 * MARGIN).unwrap_or_default();
        self.write(paint::TEXT, set, (MARGIN, 42.0), "", &title);
        let figures: Vec<(String, String)> =
            self.layout.figures.iter().map(|figure| (figure.value.clone(), figure.label.clone())).collect();
        let (value_set, label_set) = (Type::bold(19.0), Type::plain(11.5));
        let width = |(value, label): &(String, String)| value_set.width(value).max(label_set.width(label));
        let all: f64 = figures.iter().map(width).sum();
        let gap = ((WIDTH - 2.0 * MARGIN - all) / figures.len().max(2) as f64).clamp(8.0, 34.0);
        let mut x = MARGIN;
        for figure in &figures {
            self.write(paint::TEXT, value_set, (x, 80.0), "", &figure.0);
            self.write(paint::MUTED, label_set, (x, 97.0), "", &figure.1);
            x += width(figure) + gap;
        }
    }

    /// The grounds of the bands, with the stretch of time that each takes, and what they are called.
    fn bands(&mut self) {
        let scale = self.layout.scale;
        for row in &self.layout.rows {
            self.rect(paint::BAND, (MARGIN - 8.0, row.top), (WIDTH - 2.0 * MARGIN + 16.0, row.height), 6.0);
            let (from, to) = (scale.at(row.band.span.0), scale.at(row.band.span.1));
            self.rect(paint::EXTENT, (from, row.top), (to - from, row.height), 0.0);
        }
        for row in &self.layout.rows {
            self.band_name(row);
        }
    }

    fn band_name(&mut self, row: &Row) {
        let room = LEFT - MARGIN - 14.0;
        let mut y = row.top + 19.0;
        let name = &row.band.name;
        if !name.is_empty() {
            let set = Type::bold(13.0);
            let span = match self.layout.chart.is_timed && row.band.span.1 > row.band.span.0 {
                true => format!("{}–{}", self.moment(row.band.span.0), self.moment(row.band.span.1)),
                false => String::new(),
            };
            let span_set = Type::plain(10.5);
            let left = room - span_set.width(&span) - 6.0;
            let (name_room, span) =
                if set.width(name) <= left || left > 110.0 { (left, span) } else { (room, String::new()) };
            let name = set.fit(name, name_room).unwrap_or_default();
            self.write(paint::TEXT, set, (MARGIN + 2.0, y), "", &name);
            if !span.is_empty() {
                self.write(paint::MUTED, span_set, (LEFT - 12.0, y), " text-anchor=\"end\"", &span);
            }
            y += 16.0;
        }
        for line in row.title.clone() {
            self.write(paint::MUTED, Type::plain(11.5), (MARGIN + 2.0, y), "", &line);
            y += 14.0;
        }
    }

    /// A moment since the start: `0:30`.
    pub(super) fn moment(&self, at: u64) -> String {
        words::moment(Duration::from_millis(at), self.layout.view.forecast.makespan.as_secs() < 600)
    }

    /// How many ticks there is room for.
    pub(super) fn tick_times(&self) -> Vec<u64> {
        let scale = self.layout.scale;
        let end = self.layout.chart.end;
        let widest = time(end).len().max(time(end / 3).len()).max(5);
        let room = (scale.at(end) - scale.left) / (widest as f64 * 6.2 + 18.0);
        axis::ticks(end, (room as usize).clamp(2, 12))
    }

    fn ticks(&mut self) {
        let scale = self.layout.scale;
        let (top, bottom) = (self.layout.top, self.layout.bottom - 4.0);
        if !self.layout.chart.is_timed {
            return;
        }
        let times = self.tick_times();
        let path: String =
            times.iter().map(|tick| format!("M{} {}V{}", Px(scale.at(*tick)), Px(top), Px(bottom))).collect();
        self.path(paint::GRID, &path);
        if self.layout.is_long {
            self.tick_labels(&times, top - 6.0);
        }
    }

    pub(super) fn tick_labels(&mut self, times: &[u64], y: f64) {
        for tick in times {
            let label = if *tick == 0 { "0".to_string() } else { time(*tick) };
            let at = self.layout.scale.at(*tick);
            self.write(paint::MUTED, Type::plain(11.0), (at, y), " text-anchor=\"middle\"", &label);
        }
    }

    /// The critical path from mark to mark: each starts where the one before it ends.
    fn chain(&mut self) {
        let mut last: Option<(f64, f64)> = None;
        let mut path = String::new();
        for step in &self.layout.view.forecast.critical {
            let Some((left, right, y)) = self.place(*step) else {
                last = None;
                continue;
            };
            if let Some((x, from)) = last
                && (y - from).abs() > 0.5
            {
                let _ = write!(path, "M{} {}L{} {}", Px(x), Px(from), Px(left), Px(y));
            }
            last = Some((right, y));
        }
        if self.layout.chart.is_timed && !path.is_empty() {
            self.path(paint::CHAIN, &path);
        }
    }

    /// Where the mark of a step is.
    fn place(&self, step: StepId) -> Option<(f64, f64, f64)> {
        let what = match self.layout.view.plan.step(step).kind {
            StepKind::Task(task) => What::Task(task),
            StepKind::Gate(gate) => What::Gate(gate),
            _ => return None,
        };
        self.layout.rows.iter().find_map(|row| {
            let placed = row.lanes.placed.iter().find(|placed| placed.mark.what == what)?;
            Some((placed.left, placed.right, row.lane(placed.lane, self.layout.lane)))
        })
    }

    fn row(&mut self, row: &Row) {
        let lane = self.layout.lane;
        if !row.lanes.hidden.is_empty() {
            self.fold(row);
        }
        // Barriers below the bars, diamonds above them.
        let gates = || row.lanes.placed.iter().filter(|placed| matches!(placed.mark.what, What::Gate(_)));
        let barriers: String = gates()
            .map(|gate| format!("M{} {}V{}", Px(gate.left), Px(row.top), Px(row.top + row.height)))
            .collect();
        if !barriers.is_empty() {
            self.path(paint::BARRIER, &barriers);
        }
        for placed in row.lanes.placed.iter().filter(|placed| matches!(placed.mark.what, What::Task(_))) {
            self.task(placed, row.lane(placed.lane, lane));
        }
        for placed in gates() {
            self.gate(placed, row.lane(placed.lane, lane));
        }
    }

    fn open(&mut self, mark: &Mark) {
        let attributes = self.links(mark);
        let _ = writeln!(self.text, "<g{attributes}><title>{}</title>", escape(&self.tip(mark)));
    }

    fn task(&mut self, placed: &Placed, y: f64) {
        let mark = placed.mark;
        self.open(mark);
        let height = self.layout.lane - 5.0;
        let top = y - height / 2.0;
        let (bar, on) = paints(mark.weight);
        if let Some(late) = mark.late {
            let late = self.layout.scale.at(late).max(placed.right);
            let (low, high) = (y - height * 0.28, y + height * 0.28);
            let path =
                format!("M{} {}H{}M{} {}V{}", Px(placed.right), Px(y), Px(late), Px(late), Px(low), Px(high));
            self.path(paint::WHISKER, &path);
        }
        if mark.length() == 0 {
            let paint = if mark.is_unknown { paint::UNKNOWN } else { bar };
            let _ = writeln!(
                self.text,
                "<circle{} cx=\"{}\" cy=\"{}\" r=\"{}\"/>",
                paint.attributes(),
                Px(placed.left),
                Px(y),
                Px(POINT)
            );
        } else {
            // Neighbours in a lane are told apart by a hair.
            let width = (placed.right - placed.left - 1.0).max(1.0);
            let round = if width > 8.0 { 3.0 } else { 0.0 };
            self.rect(bar, (placed.left + 0.5, top), (width, height), round);
        }
        if let Some(label) = &placed.label {
            let paint = if label.side == Side::In { on } else { paint::TEXT };
            self.label(label, y, paint);
        }
        self.text.push_str("</g>\n");
    }

    fn gate(&mut self, placed: &Placed, y: f64) {
        self.open(placed.mark);
        let path = diamond(placed.left, y);
        self.path(paint::GATE, &path);
        if let Some(label) = &placed.label {
            self.label(label, y, paint::TEXT);
        }
        self.text.push_str("</g>\n");
    }

    fn label(&mut self, label: &Label, y: f64, paint: Paint) {
        let anchor = if label.side == Side::Left { " text-anchor=\"end\"" } else { "" };
        let set = self.layout.set;
        let baseline = y + set.size * 0.36;
        if label.side != Side::In {
            // What runs through behind a name would strike it out.
            let width = set.width(&label.text);
            let left = if label.side == Side::Left { label.x - width } else { label.x };
            let _ = writeln!(
                self.text,
                "<rect{} fill-opacity=\"0.8\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>",
                paint::BAND.attributes(),
                Px(left - 1.0),
                Px(y - set.size * 0.55),
                Px(width + 1.0),
                Px(set.size * 1.1)
            );
        }
        self.write(paint, set, (label.x, baseline), anchor, &label.text);
    }

    /// How many of the hidden tasks work when, as an area below the lanes of their band.
    fn fold(&mut self, row: &Row) {
        let lane = self.layout.lane;
        let tasks: Vec<&Mark> =
            row.lanes.hidden.iter().filter(|mark| matches!(mark.what, What::Task(_))).copied().collect();
        let mut moves: Vec<(u64, i64)> =
            tasks.iter().flat_map(|mark| [(mark.start, 1), (mark.end, -1)]).collect();
        moves.sort_unstable();
        let mut timeline: Vec<(u64, u32)> = Vec::new();
        let mut now = 0i64;
        for (time, change) in moves {
            now += change;
            match timeline.last_mut() {
                Some((last, width)) if *last == time => *width = now as u32,
                _ => timeline.push((time, now as u32)),
            }
        }
        let most = timeline.iter().map(|(_, width)| *width).max().unwrap_or(0);
        let base = row.lane(row.lanes.count, lane) + lane * 1.5;
        let path = self.area(&timeline, base, (lane * 2.0 - 4.0) / f64::from(most.max(1)));
        self.path(paint::FOLD, &path);
        let is_all = tasks.len() == row.band.tasks();
        let mut text = count(tasks.len(), if is_all { "task" } else { "more task" });
        if most > 0 {
            let _ = write!(text, ", at most {most} at once");
        }
        let set = Type { is_bold: true, ..self.layout.set };
        let scale = self.layout.scale;
        let from = tasks.iter().map(|mark| mark.start).min().unwrap_or(0);
        let to = tasks.iter().map(|mark| mark.end).max().unwrap_or(from);
        // That the critical path goes through them is to be seen.
        let path: String = stretches(&tasks)
            .into_iter()
            .map(|(from, to)| format!("M{} {}H{}", Px(scale.at(from)), Px(base + 1.0), Px(scale.at(to))))
            .collect();
        if !path.is_empty() {
            self.path(paint::CHAIN, &path);
        }
        let (from, to, width) = (scale.at(from), scale.at(to), set.width(&text));
        let x = if width + 12.0 <= to - from {
            from + 6.0
        } else if to + 6.0 + width <= scale.right {
            to + 6.0
        } else {
            (from - 6.0 - width).max(scale.left + 4.0)
        };
        self.write(paint::TEXT, set, (x, base - lane * 0.6), "", &text);
    }

    /// Steps of a height over a base line, closed. More steps than pixels are thinned to the highest of each pixel.
    pub(super) fn area(&self, timeline: &[(u64, u32)], base: f64, per_task: f64) -> String {
        let mut columns: Vec<(f64, u32)> = Vec::new();
        for (time, width) in timeline {
            let x = self.layout.scale.at(*time);
            match columns.last_mut() {
                Some((last, highest)) if x - *last < 1.0 && timeline.len() > 1200 => {
                    *highest = (*highest).max(*width);
                }
                _ => columns.push((x, *width)),
            }
        }
        let mut path = String::new();
        for (index, (x, width)) in columns.iter().enumerate() {
            let y = base - f64::from(*width) * per_task;
            let _ = match index {
                0 => write!(path, "M{} {}V{}", Px(*x), Px(base), Px(y)),
                _ => write!(path, "H{}V{}", Px(*x), Px(y)),
            };
        }
        if let Some((x, _)) = columns.last() {
            let _ = write!(path, "H{}V{}Z", Px(*x), Px(base));
        }
        path
    }

    fn notes(&mut self, y: f64) -> f64 {
        let set = Type::plain(11.5);
        let mut y = y;
        for note in &self.layout.notes {
            for line in set.lines(note, WIDTH - 2.0 * MARGIN, 3) {
                y += 6.0;
                self.write(paint::MUTED, set, (MARGIN + 2.0, y + 4.0), "", &line);
                y += 10.0;
            }
        }
        y
    }
}

/// The stretches in which some of the tasks are on the critical path.
fn stretches(tasks: &[&Mark]) -> Vec<(u64, u64)> {
    let is_path = |mark: &&&Mark| mark.weight == Weight::Path && mark.length() > 0;
    let mut all: Vec<(u64, u64)> = tasks.iter().filter(is_path).map(|mark| (mark.start, mark.end)).collect();
    all.sort_unstable();
    let mut joined: Vec<(u64, u64)> = Vec::new();
    for (from, to) in all {
        match joined.last_mut() {
            Some((_, end)) if from <= *end => *end = to.max(*end),
            _ => joined.push((from, to)),
        }
    }
    joined
}

/// How a bar is painted, and what is written on it.
pub(super) fn paints(weight: Weight) -> (Paint, Paint) {
    match weight {
        Weight::Path => (paint::PATH, paint::PATH_TEXT),
        Weight::Tight => (paint::TIGHT, paint::TIGHT_TEXT),
        Weight::Loose => (paint::LOOSE, paint::LOOSE_TEXT),
        Weight::After => (paint::AFTER, paint::AFTER_TEXT),
    }
}

pub(super) fn diamond(x: f64, y: f64) -> String {
    format!("M{} {}l{GATE} {GATE}l-{GATE} {GATE}l-{GATE} -{GATE}z", Px(x), Px(y - GATE))
}
