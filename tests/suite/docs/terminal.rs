//! Pictures of a terminal: what a program wrote, as its cells came to stand, as an SVG.

use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// The columns of a terminal that a live view is drawn for.
const COLUMNS: u16 = 80;
/// The columns that are looked at: words may be wider than they should.
const MOST_COLUMNS: u16 = 120;
/// A cell's width and height.
const CELL: (f32, f32) = (8.4, 18.0);
const MARGIN: f32 = 16.0;
const BAR: f32 = 34.0;

/// The sixteen colours on a dark ground.
const PALETTE: [&str; 16] = [
    "#3b4252", "#f7768e", "#9ece6a", "#e0af68", "#7aa2f7", "#bb9af7", "#7dcfff", "#c0caf5", "#8089b3",
    "#ff8fa3", "#b5e48c", "#ffd38a", "#9ab8ff", "#cfb3ff", "#a4e0ff", "#ffffff",
];

fn terminal(rows: u16, columns: u16) -> vt100::Parser {
    let size = |cells: u16| std::num::NonZero::new(cells).expect("a terminal has cells");
    vt100::Parser::new(size(rows), size(columns), 0)
}

/// Draws what was written, below the command that wrote it. A screen has so many rows; otherwise it has as many as there are.
pub fn draw(command: &str, bytes: &[u8], rows: Option<u16>) -> String {
    let most = rows.unwrap_or(400);
    let columns = if rows.is_some() { COLUMNS } else { MOST_COLUMNS };
    let mut parser = terminal(most, columns);
    // A pipe has bare line feeds, a terminal has none.
    let text = String::from_utf8_lossy(bytes);
    let text = if rows.is_some() { text.into_owned() } else { text.replace('\n', "\r\n") };
    parser.process(text.as_bytes());
    let screen = parser.screen();
    let used = (0..most).rev().find(|row| !line(screen, *row).trim().is_empty()).map_or(1, |row| row + 1);
    let filled = (0..used).map(|row| line(screen, row).trim_end().chars().count() as u16).max().unwrap_or(0);
    let width = MARGIN * 2.0 + CELL.0 * f32::from(filled.max(COLUMNS));
    let height = BAR + MARGIN * 1.5 + CELL.1 * f32::from(used + 1);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\">\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"10\" fill=\"#1a1b26\"/>\n"
    );
    for (at, colour) in ["#f7768e", "#e0af68", "#9ece6a"].iter().enumerate() {
        let _ = writeln!(out, "<circle cx=\"{}\" cy=\"17\" r=\"5.5\" fill=\"{colour}\"/>", 20 + at * 18);
    }
    out.push_str(
        "<g font-family=\"ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace\" font-size=\"14\" fill=\"#c0caf5\" \
         xml:space=\"preserve\">\n",
    );
    cells(&mut out, 0, 0, "$ ", "fill=\"#9ece6a\"");
    cells(&mut out, 0, 2, command, "font-weight=\"bold\"");
    for row in 0..used {
        let mut column = 0;
        while column < columns {
            let style = style_at(screen, row, column);
            let start = column;
            let mut words = String::new();
            while column < columns && style_at(screen, row, column) == style {
                words.push_str(screen.cell(row, column).map_or(" ", |cell| match cell.contents() {
                    "" => " ",
                    contents => contents,
                }));
                column += 1;
            }
            // Spaces in a row are not drawn: viewers take them for one.
            let mut at = start;
            for part in words.split("  ") {
                let leading = part.chars().take_while(|c| *c == ' ').count() as u16;
                cells(&mut out, row + 1, at + leading, part.trim(), &style);
                at += part.chars().count() as u16 + 2;
            }
        }
    }
    out.push_str("</g>\n</svg>\n");
    out
}

/// Some cells of one look. Each run is as wide as its cells, whatever the font.
fn cells(out: &mut String, row: u16, column: u16, words: &str, style: &str) {
    if words.is_empty() {
        return;
    }
    let (x, y) = (MARGIN + CELL.0 * f32::from(column), BAR + MARGIN + CELL.1 * f32::from(row));
    let length = CELL.0 * words.chars().count() as f32;
    let words = words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let style = if style.is_empty() { String::new() } else { format!(" {style}") };
    let _ = writeln!(out, "<text x=\"{x:.1}\" y=\"{y:.1}\" textLength=\"{length:.1}\"{style}>{words}</text>");
}

fn line(screen: &vt100::Screen, row: u16) -> String {
    let cells = (0..MOST_COLUMNS).filter_map(|column| screen.cell(row, column));
    cells.map(|cell| if cell.contents().is_empty() { " " } else { cell.contents() }).collect()
}

fn style_at(screen: &vt100::Screen, row: u16, column: u16) -> String {
    let Some(cell) = screen.cell(row, column) else { return String::new() };
    let mut style = Vec::new();
    match cell.fgcolor() {
        vt100::Color::Default => {}
        vt100::Color::Idx(index) => {
            let index = usize::from(index) + if cell.bold() && index < 8 { 8 } else { 0 };
            style.push(format!("fill=\"{}\"", PALETTE.get(index).unwrap_or(&"#c0caf5")));
        }
        vt100::Color::Rgb(red, green, blue) => {
            style.push(format!("fill=\"#{red:02x}{green:02x}{blue:02x}\""))
        }
    }
    if cell.bold() {
        style.push("font-weight=\"bold\"".to_owned());
    }
    if cell.dim() {
        style.push("opacity=\"0.6\"".to_owned());
    }
    style.join(" ")
}

/// Runs a command on a terminal of its own, and gives what it had written up to the last frame that is wanted. Nothing where
/// no terminal can be had.
pub fn live_frame(folder: &Path, command: &str, is_wanted: impl Fn(&str) -> bool) -> Option<Vec<u8>> {
    let binary = Path::new(env!("CARGO_BIN_EXE_wavec")).parent().expect("a program stands in a folder");
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap_or_default());
    let output = Command::new("script")
        // In the foreground: what is in the background asks no one and draws nothing.
        .args([
            "-qec",
            &format!("stty cols {COLUMNS} rows 24; timeout --foreground 12 {command}"),
            "/dev/null",
        ])
        .current_dir(folder)
        .env("SHELL", "/bin/sh")
        .env("LC_ALL", "C.UTF-8")
        .env("PATH", path)
        .env("TERM", "xterm-256color")
        .env_remove("NO_COLOR")
        .env_remove("COLUMNS")
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let written = output.stdout;
    let begin = b"\x1b[?2026h";
    let starts: Vec<usize> =
        (0..written.len()).filter(|at| written[*at..].starts_with(begin)).chain([written.len()]).collect();
    let mut parser = terminal(24, COLUMNS);
    let mut wanted = None;
    let mut done = 0;
    for end in starts {
        parser.process(&written[done..end]);
        done = end;
        if is_wanted(&parser.screen().contents()) {
            wanted = Some(end);
        }
    }
    let end =
        wanted.unwrap_or_else(|| panic!("no frame is as wanted:\n{}", String::from_utf8_lossy(&written)));
    Some(written[..end].to_vec())
}
