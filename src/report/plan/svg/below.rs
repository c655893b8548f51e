//! What stands below the bands: when the plan ends, the axis, how many tasks work at once, and what the marks mean.
//!
//! Each part takes the place below which there is nothing yet, and gives its own end.

use super::draw::{Pen, Px, diamond, paints, time};
use super::lanes::POINT;
use super::paint::{self, Paint};
use super::text::Type;
use super::{LEFT, MARGIN, WIDTH};
use crate::report::plan::chart::{Mark, Weight, What, milliseconds};
use crate::report::plan::tree;
use crate::report::words::count;
use std::fmt::Write as _;

/// A sign in the legend.
enum Sign {
    Bar(Paint),
    Whisker,
    Gate,
    Unknown,
}

impl Pen<'_> {
    /// The range in which the whole plan ends.
    pub(super) fn finish(&mut self, y: f64) -> f64 {
        let Some(samples) = self.layout.view.samples else { return y };
        let scale = self.layout.scale;
        let at = |share| scale.at(milliseconds(samples.quantile(share)));
        let (low, middle, high) = (at(0.1), at(0.5), at(0.9));
        let line = y + 11.0;
        let set = Type::bold(12.0);
        self.write(paint::TEXT, set, (MARGIN + 2.0, line + 4.0), "", "finish");
        let path = format!(
            "M{l} {t}V{b}M{l} {y}H{h}M{h} {t}V{b}",
            l = Px(low),
            h = Px(high),
            y = Px(line),
            t = Px(line - 5.0),
            b = Px(line + 5.0)
        );
        self.path(paint::WHISKER, &path);
        let dot = format!(
            "<circle{} cx=\"{}\" cy=\"{}\" r=\"{}\"/>\n",
            paint::TEXT.attributes(),
            Px(middle),
            Px(line),
            Px(POINT)
        );
        self.text.push_str(&dot);
        let set = Type::plain(11.0);
        let name = |share| time(milliseconds(tree::rounded(samples.quantile(share))));
        let label = format!("p10 {} · p50 {} · p90 {}", name(0.1), name(0.5), name(0.9));
        let width = set.width(&label);
        let (x, anchor) = match low - 10.0 - width > scale.left {
            true => (low - 10.0, " text-anchor=\"end\""),
            false => (high + 10.0, ""),
        };
        self.write(paint::MUTED, set, (x, line + 4.0), anchor, &label);
        y + 22.0
    }

    pub(super) fn axis(&mut self, y: f64) -> f64 {
        let scale = self.layout.scale;
        let times = self.tick_times();
        let end = scale.at(self.layout.chart.end);
        let ticks: String =
            times.iter().map(|tick| format!("M{} {}v5", Px(scale.at(*tick)), Px(y))).collect();
        let path = format!("M{} {}H{}{ticks}", Px(scale.left), Px(y), Px(end));
        self.path(paint::WHISKER, &path);
        self.tick_labels(&times, y + 18.0);
        y + 26.0
    }

    /// How many tasks work at once.
    pub(super) fn strip(&mut self, y: f64) -> f64 {
        let forecast = self.layout.view.forecast;
        let scale = self.layout.scale;
        let height = 46.0;
        let base = y + 10.0 + height;
        // A limit far above what is used would press the strip flat.
        let limit = forecast.workers.filter(|workers| *workers <= forecast.width.saturating_mul(2));
        let most = limit.unwrap_or(0).max(forecast.width).max(1);
        let per_task = height / f64::from(most);
        let timeline: Vec<(u64, u32)> =
            forecast.timeline.iter().map(|(time, width)| (milliseconds(*time), *width)).collect();
        let path = self.area(&timeline, base, per_task);
        self.path(paint::WIDTH, &path);
        let end = scale.at(self.layout.chart.end);
        if let Some(workers) = limit {
            let path =
                format!("M{} {}H{}", Px(scale.left), Px(base - f64::from(workers) * per_task), Px(end));
            self.path(paint::LIMIT, &path);
        }
        self.write(paint::TEXT, Type::bold(12.0), (MARGIN + 2.0, y + 24.0), "", "tasks at once");
        let limit = match forecast.workers {
            Some(workers) => format!("at most {} of {}", forecast.width, count(workers as usize, "worker")),
            None => format!("at most {}", forecast.width),
        };
        self.write(paint::MUTED, Type::plain(11.5), (MARGIN + 2.0, y + 40.0), "", &limit);
        let set = Type::plain(10.5);
        let top = base - f64::from(forecast.width) * per_task;
        for (value, at) in [(forecast.width, top), (0, base)] {
            self.write(paint::MUTED, set, (LEFT - 8.0, at + 3.5), " text-anchor=\"end\"", &value.to_string());
        }
        base + 6.0
    }

    /// What the marks mean, those that are there.
    pub(super) fn legend(&mut self, y: f64) -> f64 {
        let lanes = || self.layout.rows.iter().map(|row| &row.lanes);
        let has = |is: &dyn Fn(&Mark) -> bool| {
            let is_path = |mark: &&&Mark| mark.weight == Weight::Path;
            let mut hidden = lanes().flat_map(|lanes| lanes.hidden.iter().filter(is_path));
            lanes().flat_map(|lanes| &lanes.placed).any(|placed| is(placed.mark))
                || hidden.any(|mark| is(mark))
        };
        let is_bar = |mark: &Mark| matches!(mark.what, What::Task(_)) && !mark.is_unknown;
        let mut entries: Vec<(Sign, &str)> = Vec::new();
        for (weight, label) in [
            (Weight::Path, "critical path"),
            (Weight::Tight, "no slack"),
            (Weight::Loose, "has slack"),
            (Weight::After, "finally"),
        ] {
            let label = if self.layout.chart.is_timed { label } else { "task" };
            let is_there = has(&|mark| is_bar(mark) && mark.weight == weight);
            // Where there is no time, no task has slack.
            if is_there && (self.layout.chart.is_timed || weight == Weight::Loose) {
                entries.push((Sign::Bar(paints(weight).0), label));
            }
        }
        if has(&|mark| mark.late.is_some()) {
            entries.push((Sign::Whisker, "done by then in 9 of 10 cases (p90)"));
        }
        if has(&|mark| matches!(mark.what, What::Gate(_))) {
            entries.push((Sign::Gate, "gate"));
        }
        if has(&|mark| mark.is_unknown) && self.layout.chart.is_timed {
            entries.push((Sign::Unknown, "no estimate: counts as no time"));
        }
        let set = Type::plain(11.5);
        let (mut x, mut y) = (MARGIN + 2.0, y);
        for (sign, label) in entries {
            let width = 26.0 + set.width(label) + 22.0;
            if x + width > WIDTH - MARGIN {
                (x, y) = (MARGIN + 2.0, y + 20.0);
            }
            self.sign(sign, x, y);
            self.write(paint::MUTED, set, (x + 26.0, y + 4.0), "", label);
            x += width;
        }
        y + 14.0
    }

    fn sign(&mut self, sign: Sign, x: f64, y: f64) {
        match sign {
            Sign::Bar(paint) => self.rect(paint, (x, y - 6.0), (20.0, 12.0), 3.0),
            Sign::Whisker => {
                let path = format!("M{} {}h18M{} {}v8", Px(x + 1.0), Px(y), Px(x + 19.0), Px(y - 4.0));
                self.path(paint::WHISKER, &path);
            }
            Sign::Gate => self.path(paint::GATE, &diamond(x + 10.0, y)),
            Sign::Unknown => {
                let attributes = paint::UNKNOWN.attributes();
                let _ = writeln!(
                    self.text,
                    "<circle{attributes} cx=\"{}\" cy=\"{}\" r=\"{}\"/>",
                    Px(x + 10.0),
                    Px(y),
                    Px(POINT)
                );
            }
        }
    }
}
