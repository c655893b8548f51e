//! The colours of a picture, by what they are for, light and dark.
//!
//! Light ones are attributes of what is drawn, so that programs that know no style sheets show them too; dark ones are
//! a style sheet that only a screen in dark mode heeds. Every text stands out from its ground by at least 4.5 to 1.

use std::fmt::Write as _;

/// A colour, light and dark; `none` for nothing.
#[derive(Clone, Copy)]
pub struct Paint {
    /// Its name in the style sheet.
    class: &'static str,
    light: (&'static str, &'static str),
    dark: (&'static str, &'static str),
    /// Other attributes.
    more: &'static str,
}

const fn fill(class: &'static str, light: &'static str, dark: &'static str) -> Paint {
    Paint { class, light: (light, ""), dark: (dark, ""), more: "" }
}

const fn line(class: &'static str, light: &'static str, dark: &'static str, more: &'static str) -> Paint {
    Paint { class, light: ("none", light), dark: ("none", dark), more }
}

const fn both(
    class: &'static str,
    light: (&'static str, &'static str),
    dark: (&'static str, &'static str),
    more: &'static str,
) -> Paint {
    Paint { class, light, dark, more }
}

pub const GROUND: Paint = fill("ground", "#ffffff", "#0f172a");
pub const TEXT: Paint = fill("text", "#0f172a", "#e8edf5");
pub const MUTED: Paint = fill("muted", "#475569", "#a9b6c9");
pub const BAND: Paint = fill("band", "#f4f6fa", "#162036");
pub const EXTENT: Paint = fill("extent", "#e6ebf3", "#202d47");
pub const GRID: Paint = line("grid", "#ccd5e2", "#31415e", "stroke-width=\"1\"");
pub const PATH: Paint = fill("path", "#c2410c", "#fb923c");
pub const PATH_TEXT: Paint = fill("on-path", "#ffffff", "#1f1005");
pub const TIGHT: Paint = both("tight", ("#ffedd5", "#ea580c"), ("#4a2410", "#fb923c"), "");
pub const TIGHT_TEXT: Paint = fill("on-tight", "#7c2d12", "#ffdcbd");
pub const LOOSE: Paint = both("loose", ("#dbeafe", "#3b82f6"), ("#1c3463", "#60a5fa"), "");
pub const LOOSE_TEXT: Paint = fill("on-loose", "#1e3a8a", "#dbeafe");
pub const AFTER: Paint = both("after", ("#e2e8f0", "#64748b"), ("#2c3a52", "#94a3b8"), "");
pub const AFTER_TEXT: Paint = fill("on-after", "#1e293b", "#e2e8f0");
pub const UNKNOWN: Paint = both(
    "unknown",
    ("#ffffff", "#475569"),
    ("#0f172a", "#a9b6c9"),
    "stroke-width=\"1.5\" stroke-dasharray=\"2.5 2\"",
);
pub const GATE: Paint = both("gate", ("#facc15", "#713f12"), ("#fde047", "#0f172a"), "stroke-width=\"1.5\"");
pub const BARRIER: Paint =
    line("barrier", "#a16207", "#facc15", "stroke-width=\"1\" stroke-dasharray=\"3 3\"");
pub const WHISKER: Paint = line("whisker", "#334155", "#cbd5e1", "stroke-width=\"1.5\"");
pub const CHAIN: Paint = line("chain", "#c2410c", "#fb923c", "stroke-width=\"2\"");
pub const FOLD: Paint = fill("fold", "#b6c2d4", "#43546f");
pub const WIDTH: Paint = both("width", ("#cbd5e1", "#475569"), ("#3a4b68", "#a9b6c9"), "stroke-width=\"1\"");
pub const LIMIT: Paint = line("limit", "#475569", "#a9b6c9", "stroke-width=\"1\" stroke-dasharray=\"5 3\"");

const ALL: &[Paint] = &[
    GROUND, TEXT, MUTED, BAND, EXTENT, GRID, PATH, PATH_TEXT, TIGHT, TIGHT_TEXT, LOOSE, LOOSE_TEXT, AFTER,
    AFTER_TEXT, UNKNOWN, GATE, BARRIER, WHISKER, CHAIN, FOLD, WIDTH, LIMIT,
];

impl Paint {
    /// Its attributes: ` class="path" fill="#c2410c"`.
    pub fn attributes(&self) -> String {
        let mut text = format!(" class=\"{}\" fill=\"{}\"", self.class, self.light.0);
        if !self.light.1.is_empty() {
            let _ = write!(text, " stroke=\"{}\"", self.light.1);
        }
        if !self.more.is_empty() {
            let _ = write!(text, " {}", self.more);
        }
        text
    }
}

/// The style sheet of the dark, for a screen that asks for it.
pub fn dark() -> String {
    let mut text = String::from("@media screen and (prefers-color-scheme:dark){");
    for paint in ALL {
        let _ = write!(text, ".{}{{", paint.class);
        if paint.dark.0 != "none" {
            let _ = write!(text, "fill:{}", paint.dark.0);
        }
        if !paint.dark.1.is_empty() {
            let separator = if paint.dark.0 == "none" { "" } else { ";" };
            let _ = write!(text, "{separator}stroke:{}", paint.dark.1);
        }
        text.push('}');
    }
    text.push('}');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The relative luminance of `#rrggbb`, by the web's rules for contrast.
    fn luminance(color: &str) -> f64 {
        let part = |at: usize| {
            let value = f64::from(u8::from_str_radix(&color[at..at + 2], 16).expect("a colour")) / 255.0;
            if value <= 0.03928 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
    }

    #[test]
    fn every_text_can_be_read_on_its_ground() {
        let pairs = [
            (TEXT, GROUND),
            (TEXT, BAND),
            (TEXT, EXTENT),
            (TEXT, FOLD),
            (MUTED, GROUND),
            (MUTED, BAND),
            (MUTED, EXTENT),
            (PATH_TEXT, PATH),
            (TIGHT_TEXT, TIGHT),
            (LOOSE_TEXT, LOOSE),
            (AFTER_TEXT, AFTER),
        ];
        for (text, ground) in pairs {
            for (one, other) in [(text.light.0, ground.light.0), (text.dark.0, ground.dark.0)] {
                let (a, b) = (luminance(one), luminance(other));
                let contrast = (a.max(b) + 0.05) / (a.min(b) + 0.05);
                assert!(contrast >= 4.5, "{} on {}: {contrast:.2}", text.class, ground.class);
            }
        }
    }
}
