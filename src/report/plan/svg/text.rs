//! Text in a picture: how wide it is, where it is cut, and how it is written so that it stays text.
//!
//! Widths are those of Helvetica and Arial, which the pictures ask for; what is not known counts as wide. It does not
//! know which font the viewer has in the end, so it leaves some room.

use crate::report::words::one_line;
use unicode_width::UnicodeWidthChar;

/// Widths of the characters from the space to `~`, in thousandths of the size.
const WIDTHS: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556,
    556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278,
    500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469,
    556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500,
    278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];

/// How a text is set.
#[derive(Clone, Copy)]
pub struct Type {
    /// In pixels.
    pub size: f64,
    /// Whether it is bold.
    pub is_bold: bool,
}

impl Type {
    /// Plain text of that size.
    pub fn plain(size: f64) -> Type {
        Type { size, is_bold: false }
    }

    /// Bold text of that size.
    pub fn bold(size: f64) -> Type {
        Type { size, is_bold: true }
    }

    fn char(self, char: char) -> f64 {
        let thousandths = match char {
            ' '..='~' => f64::from(WIDTHS[char as usize - ' ' as usize]),
            '…' => 1000.0,
            '·' | '–' => 556.0,
            char => match char.width() {
                Some(0) => 0.0,
                Some(1) => 680.0,
                _ if char >= '\u{1F000}' => 1350.0,
                _ => 1030.0,
            },
        };
        let bold = if self.is_bold { 1.07 } else { 1.0 };
        thousandths / 1000.0 * self.size * bold * 1.04
    }

    /// How wide a text is, roughly; rather too wide than too narrow.
    pub fn width(self, text: &str) -> f64 {
        text.chars().map(|char| self.char(char)).sum()
    }

    /// The text, cut with `…` where it does not fit. None where not even a few characters do.
    pub fn fit(self, text: &str, room: f64) -> Option<String> {
        if self.width(text) <= room {
            return Some(text.to_string());
        }
        let mut left = room - self.char('…');
        let mut kept = String::new();
        for char in text.chars() {
            left -= self.char(char);
            if left < 0.0 {
                break;
            }
            kept.push(char);
        }
        // What joins or follows a separator says nothing at an end.
        let kept =
            kept.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '\u{200d}' | '-' | '.' | ','));
        (kept.chars().count() >= 2).then(|| format!("{kept}…"))
    }

    /// The text in at most so many lines, broken at spaces; the last is cut where there is more.
    pub fn lines(self, text: &str, room: f64, most: usize) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        let mut words = text.split(' ').filter(|word| !word.is_empty()).peekable();
        while words.peek().is_some() && lines.len() < most {
            let mut line = String::new();
            let is_last = lines.len() + 1 == most;
            while let Some(word) = words.peek() {
                let longer = if line.is_empty() { (*word).to_string() } else { format!("{line} {word}") };
                if !is_last && !line.is_empty() && self.width(&longer) > room {
                    break;
                }
                line = longer;
                words.next();
            }
            lines.extend(self.fit(&line, room));
        }
        lines
    }
}

/// Text for between tags or quotes: what is markup becomes an entity, and what XML cannot hold becomes a space.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\n' => safe.push('\n'),
            '\u{fffe}' | '\u{ffff}' => safe.push(' '),
            char if char.is_control() => safe.push(' '),
            char => safe.push(char),
        }
    }
    safe
}

/// The same for a text on one line.
pub fn escape_line(text: &str) -> String {
    escape(&one_line(text, usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_text_fits_and_says_that_it_is_cut() {
        let plain = Type::plain(12.0);
        for text in [
            "wire-attribution",
            "计划计划计划计划",
            "مرحبا بالعالم كله",
            "a\u{301}e\u{301}i\u{301}o\u{301}u\u{301}x",
        ] {
            for room in [0.0, 10.0, 30.0, 45.0] {
                if let Some(cut) = plain.fit(text, room) {
                    assert!(plain.width(&cut) <= room, "{cut}");
                    assert!(cut == text || cut.ends_with('…'), "{cut}");
                }
            }
            assert_eq!(plain.fit(text, 1000.0).as_deref(), Some(text));
        }
    }

    #[test]
    fn lines_break_at_spaces() {
        let lines = Type::plain(10.0).lines("Wave 1: component wiring of all that is left", 90.0, 2);
        assert_eq!(lines, ["Wave 1:", "component wirin…"]);
    }

    #[test]
    fn nothing_is_markup() {
        assert_eq!(escape("</svg>&\"'\u{1}\u{ffff}"), "&lt;/svg&gt;&amp;&quot;&#39;  ");
    }
}
