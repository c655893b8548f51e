//! Diagnostics for people: a header, the source with its labels, the way out.
//!
//! miette draws the source; the words around it are laid out here.

use super::super::{Diagnostic, Severity};
use super::excerpt::{Excerpt, TAB, excerpts, printable};
use super::word;
use crate::source::SourceMap;
use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode,
    SourceSpan, SpanContents,
};
use std::fmt;
use unicode_width::UnicodeWidthStr;

/// How diagnostics are shown to people.
#[derive(Clone, Copy, Debug)]
pub struct TextOptions {
    /// Whether to use colour.
    pub color: bool,
    /// How many columns there are.
    pub width: usize,
    /// Whether to say, after the last one, where the codes are explained.
    pub links: bool,
}

impl Default for TextOptions {
    /// 80 columns, no colour, no links: what tests compare with.
    fn default() -> TextOptions {
        TextOptions { color: false, width: 80, links: false }
    }
}

impl TextOptions {
    fn paint(self, style: &'static str, text: &str) -> String {
        if self.color { format!("\x1b[{style}m{text}\x1b[0m") } else { text.to_string() }
    }
}

const BOLD: &str = "1";
const CYAN: &str = "1;36";

fn severity_style(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "1;31",
        Severity::Warning => "1;33",
        Severity::Note => "1;36",
    }
}

/// All of them as text, a blank line between two. Ends in a line break, or is empty.
pub fn render_text(sources: &SourceMap, diagnostics: &[Diagnostic], options: TextOptions) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        if !out.is_empty() {
            out.push('\n');
        }
        render_one(sources, diagnostic, options, &mut out);
    }
    if options.links && !diagnostics.is_empty() {
        let mut codes: Vec<&str> = Vec::new();
        for diagnostic in diagnostics {
            if !codes.contains(&diagnostic.code.name()) {
                codes.push(diagnostic.code.name());
            }
        }
        let more = match codes[..] {
            [code] => format!("`wavec explain {code}` tells more"),
            [code, ..] => format!("`wavec explain CODE` tells more, such as `wavec explain {code}`"),
            [] => String::new(),
        };
        out.push_str(&format!("\n{more}\n"));
    }
    out
}

fn render_one(sources: &SourceMap, diagnostic: &Diagnostic, options: TextOptions, out: &mut String) {
    let width = options.width.max(40);
    let head = format!("{}[{}]", word(diagnostic.severity), diagnostic.code.name());
    let message = wrap(&clean(&diagnostic.message), width, head.width() + 2, 2);
    out.push_str(&options.paint(severity_style(diagnostic.severity), &head));
    out.push_str(&options.paint(BOLD, &format!(": {message}")));
    out.push('\n');

    // The gutter: line number, frame, a blank to either side.
    let shown = excerpts(sources, &diagnostic.labels, width.saturating_sub(10));
    let digits = |excerpt: &Excerpt| (excerpt.first_line + excerpt.line_count).to_string().len();
    let gutter = shown.iter().map(digits).max().unwrap_or(1);
    let count = shown.len();
    for (index, excerpt) in shown.iter().enumerate() {
        let drawn = draw(excerpt, diagnostic.severity, options, width);
        let indent = " ".repeat(gutter - digits(excerpt));
        let line_count = drawn.lines().count();
        for (at, line) in drawn.lines().enumerate() {
            // One frame around all excerpts: only the last one closes it, only the first one opens it.
            if at + 1 == line_count && index + 1 < count {
                break;
            }
            let line = if at == 0 && index > 0 { line.replacen('╭', "├", 1) } else { line.to_string() };
            out.push_str(&indent);
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }

    let indent = " ".repeat(gutter + 2);
    let facts = diagnostic.help.iter().map(|help| ("help", help));
    for (title, fact) in facts.chain(diagnostic.notes.iter().map(|note| ("note", note))) {
        let hang = gutter + 2 + title.len() + 2;
        let text = wrap(&clean(fact), width, hang, hang);
        out.push_str(&format!("{indent}{}: {text}\n", options.paint(CYAN, title)));
    }
}

/// The excerpt in its frame, as miette draws it.
fn draw(excerpt: &Excerpt, severity: Severity, options: TextOptions, width: usize) -> String {
    let mut theme = if options.color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let primary = match severity {
        Severity::Error => theme.styles.error,
        Severity::Warning => theme.styles.warning,
        Severity::Note => theme.styles.advice,
    };
    // miette gives out its styles in the order of place.
    let mut marks: Vec<_> = excerpt.marks.iter().collect();
    marks.sort_by_key(|mark| mark.range.start);
    let secondary = theme.styles.link;
    theme.styles.highlights =
        marks.iter().map(|mark| if mark.is_primary { primary } else { secondary }).collect();
    if theme.styles.highlights.is_empty() {
        theme.styles.highlights.push(primary);
    }
    let labels = marks
        .iter()
        .map(|mark| {
            let line_start = excerpt.text[..mark.range.start].rfind('\n').map_or(0, |at| at + 1);
            let column = excerpt.text[line_start..mark.range.start].width();
            let room = width.saturating_sub(column + 14).max(30);
            let text = (!mark.text.is_empty()).then(|| wrap(&clean(&mark.text), room, 0, 0));
            let span = SourceSpan::new(mark.range.start.into(), mark.range.len());
            if mark.is_primary {
                LabeledSpan::new_primary_with_span(text, span)
            } else {
                LabeledSpan::new_with_span(text, span)
            }
        })
        .collect();
    let mut drawn = String::new();
    GraphicalReportHandler::new_themed(theme)
        .with_width(width)
        .with_context_lines(1)
        .tab_width(TAB)
        .with_urls(false)
        .render_report(&mut drawn, &Drawing { excerpt, labels })
        .expect("BUG: an excerpt could not be drawn");
    // Its first line is for the message, which stands in the header.
    drawn.split_once('\n').map_or(String::new(), |(_, snippet)| snippet.to_string())
}

/// An excerpt as miette takes it.
#[derive(Debug)]
struct Drawing<'a> {
    excerpt: &'a Excerpt,
    labels: Vec<LabeledSpan>,
}

impl fmt::Debug for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)
    }
}

impl fmt::Display for Drawing<'_> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Drawing<'_> {}

impl miette::Diagnostic for Drawing<'_> {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self.excerpt)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        _after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        // Without context miette asks for the place to name in the frame; with it, for the lines to show.
        let contents = if before == 0 {
            let mark = self.marks.iter().find(|mark| mark.range.start == span.offset());
            let (line, column) = mark.map_or((self.first_line, 0), |mark| (mark.line, mark.column));
            MietteSpanContents::new_named(clean(&self.path), b"", *span, line, column, 1)
        } else {
            MietteSpanContents::new_named(
                clean(&self.path),
                self.text.as_bytes(),
                SourceSpan::new(0.into(), self.text.len()),
                self.first_line,
                0,
                self.line_count,
            )
        };
        Ok(Box::new(contents))
    }
}

/// The text without what would upset a terminal; its line breaks stay.
pub fn clean(text: &str) -> String {
    text.chars().filter_map(|c| if c == '\n' { Some(c) } else { printable(c) }).collect()
}

/// Breaks lines between words so that they fit in `width`; the first begins at column `first`, the others
/// are indented by `rest`. What stands in backticks stays together.
pub fn wrap(text: &str, width: usize, first: usize, rest: usize) -> String {
    let mut out = String::new();
    let mut column = first;
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            out.push('\n');
            out.push_str(&" ".repeat(rest));
            column = rest;
        }
        let inner = line.len() - line.trim_start().len();
        out.push_str(&line[..inner]);
        column += inner;
        let mut is_first = true;
        for word in words(line.trim_start()) {
            let word_width = word.width();
            if !is_first && column + 1 + word_width > width {
                out.push('\n');
                out.push_str(&" ".repeat(rest + inner));
                column = rest + inner;
            } else if !is_first {
                out.push(' ');
                column += 1;
            }
            out.push_str(word);
            column += word_width;
            is_first = false;
        }
    }
    out
}

/// The words of a line; a short text in backticks is one word.
fn words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = 0;
    let mut is_quoted = false;
    for (at, c) in line.char_indices() {
        match c {
            '`' => {
                let closes = line[at + 1..].find('`').is_some_and(|length| length <= 40);
                is_quoted = !is_quoted && closes;
            }
            ' ' if !is_quoted => {
                if at > start {
                    words.push(&line[start..at]);
                }
                start = at + 1;
            }
            _ => {}
        }
    }
    if start < line.len() {
        words.push(&line[start..]);
    }
    words
}
