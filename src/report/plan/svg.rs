//! The forecast as a picture for a slide: waves as bands, a bar a task, gates as diamonds, how many work at once below.
//!
//! A picture of its own that needs no script, no font and no network. It is laid out here and drawn in `draw`; what
//! there is to show, the chart says.

mod below;
mod draw;
mod lanes;
mod paint;
pub(super) mod text;
mod tips;

use super::View;
use super::chart::{self, Band, Chart, Figure, Mark, What};
use lanes::{Lanes, Scale};
use text::Type;

/// What of a picture is drawn, and how much.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// Whether title, numbers and notes are in the picture: a page has them beside it.
    pub has_head: bool,
    /// Whether marks say in attributes what they wait for, for a script.
    pub has_links: bool,
    /// The most lanes of all bands together.
    pub most_lanes: usize,
    /// The most bands.
    pub most_bands: usize,
}

impl Default for Frame {
    fn default() -> Frame {
        Frame { has_head: true, has_links: false, most_lanes: 110, most_bands: 36 }
    }
}

/// The picture.
pub fn render(view: &View) -> String {
    picture(view, Frame::default()).text
}

/// A picture, and what was left out of it.
pub(super) struct Picture {
    pub text: String,
    /// In pixels.
    pub height: f64,
    /// What it does not show, and what nobody knows.
    pub notes: Vec<String>,
}

/// The width of all pictures, in pixels.
pub(super) const WIDTH: f64 = 1200.0;
const MARGIN: f64 = 24.0;
/// Where the names of the bands end and the axis begins.
const LEFT: f64 = 218.0;
/// The widest that names may grow to the right of what ends last.
const MOST_PADDING: f64 = 190.0;
/// Above and below the lanes of a band.
const PAD: f64 = 6.0;

/// Everything with its place.
struct Layout<'a> {
    view: &'a View<'a>,
    frame: Frame,
    chart: &'a Chart,
    scale: Scale,
    /// The height of a lane, and how names are set.
    lane: f64,
    set: Type,
    figures: Vec<Figure>,
    rows: Vec<Row<'a>>,
    /// The top of the bands, and their bottom.
    top: f64,
    bottom: f64,
    /// Whether it is so long that its times stand above it, too.
    is_long: bool,
    notes: Vec<String>,
}

/// A band with its place.
struct Row<'a> {
    band: &'a Band,
    lanes: Lanes<'a>,
    top: f64,
    height: f64,
    title: Vec<String>,
}

impl Row<'_> {
    /// The middle of a lane.
    fn lane(&self, lane: usize, height: f64) -> f64 {
        let used = self.lanes.count as f64 * height + self.fold(height);
        self.top + (self.height - used) / 2.0 + (lane as f64 + 0.5) * height
    }

    /// What the area takes that stands for the hidden tasks.
    fn fold(&self, height: f64) -> f64 {
        if self.lanes.hidden.is_empty() { 0.0 } else { height * 2.0 }
    }
}

/// The picture in that frame.
pub(super) fn picture(view: &View, frame: Frame) -> Picture {
    let chart = Chart::of(view, frame.most_bands);
    let layout = Layout::of(view, frame, &chart);
    draw::draw(&layout)
}

impl<'a> Layout<'a> {
    fn of(view: &'a View<'a>, frame: Frame, chart: &'a Chart) -> Layout<'a> {
        // The sizes depend on how many lanes there are, which depends a little on the sizes.
        let mut all = usize::MAX;
        let mut found = None;
        for (most, lane, size) in [(16, 24.0, 12.0), (44, 20.0, 11.5), (frame.most_lanes, 17.0, 11.0)] {
            let set = Type::plain(size);
            let scale = scale(chart, set);
            let lanes = |band: &'a Band| lanes::lanes(&band.marks, scale, set, frame.most_lanes * 4, false);
            let lanes: Vec<Lanes> = chart.bands.iter().map(lanes).collect();
            all = lanes.iter().map(|lanes| lanes.count).sum();
            let is_enough = all <= most.min(frame.most_lanes);
            found = Some((lanes, lane, set, scale));
            if is_enough {
                break;
            }
        }
        let (mut lanes, lane, set, scale) = found.expect("BUG: three sizes are tried");
        if all > frame.most_lanes {
            let share = frame.most_lanes as f64 / all as f64;
            for (own, band) in lanes.iter_mut().zip(&chart.bands) {
                let most = ((own.count as f64 * share).floor() as usize).max(2);
                if own.count > most {
                    *own = lanes::lanes(&band.marks, scale, set, most, true);
                }
            }
        }
        let head = if frame.has_head { 118.0 } else { 8.0 };
        // A long chart has its times at the top, too.
        let is_long = lanes.iter().map(|lanes| lanes.count).sum::<usize>() > 26;
        let top = if is_long && chart.is_timed { head + 18.0 } else { head };
        let mut y = top;
        let mut rows = Vec::new();
        for (band, lanes) in chart.bands.iter().zip(lanes) {
            let mut row = Row { band, lanes, top: y, height: 0.0, title: Vec::new() };
            let content = row.lanes.count as f64 * lane + row.fold(lane) + 2.0 * PAD;
            let name = if band.name.is_empty() { 0.0 } else { 17.0 };
            let least = match (band.name.is_empty(), band.title.is_empty()) {
                (true, _) => 30.0,
                (false, true) => 32.0,
                (false, false) => 44.0,
            };
            row.height = content.max(least);
            let most = ((row.height - name - 12.0) / 14.0).floor().clamp(1.0, 4.0) as usize;
            row.title = Type::plain(11.5).lines(&band.title, LEFT - MARGIN - 20.0, most);
            y += row.height + 4.0;
            rows.push(row);
        }
        let mut notes = chart::notes(view);
        notes.extend(hidden(&rows, chart));
        let figures = chart::figures(view);
        Layout { view, frame, chart, scale, lane, set, figures, rows, top, bottom: y, is_long, notes }
    }
}

/// The line from times to places. At the right there is room for the names of gates that stand at the end.
fn scale(chart: &Chart, set: Type) -> Scale {
    let right = WIDTH - MARGIN - 6.0;
    let room = right - LEFT;
    let end = chart.end as f64;
    let is_gate = |mark: &&Mark| matches!(mark.what, What::Gate(_)) || mark.length() == 0;
    let marks = chart.bands.iter().flat_map(|band| &band.marks).filter(is_gate);
    let padding = marks.map(|mark| {
        let share = mark.start as f64 / end;
        let label = set.width(&mark.name) + lanes::GATE + 12.0;
        if share <= 0.0 { 0.0 } else { room - (room - label) / share }
    });
    let padding = padding.fold(10.0, f64::max).min(MOST_PADDING);
    Scale { left: LEFT, right, per_unit: (room - padding) / end }
}

/// What is not drawn one by one.
fn hidden(rows: &[Row], chart: &Chart) -> Option<String> {
    let hidden = || rows.iter().flat_map(|row| &row.lanes.hidden);
    let tasks = hidden().filter(|mark| matches!(mark.what, What::Task(_))).count();
    let gates = hidden().count() - tasks;
    let gates = match gates {
        0 => String::new(),
        1 => ", and 1 gate is left out".to_string(),
        many => format!(", and {many} gates are left out"),
    };
    (tasks > 0 || !gates.is_empty()).then(|| {
        format!(
            "{tasks} of {} tasks are not drawn one by one: the grey areas are how many of them work at once{gates}.",
            chart.tasks()
        )
    })
}
