//! What statements are made of: names, references, strings with their holes, commands, numbers, durations, amounts.
//!
//! Each with its place. Knows no statement.

use crate::source::{FileId, Span};
use std::borrow::Cow;

/// A value with its place.
#[derive(Clone, Copy, Debug)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it is written.
    pub span: Span,
}

/// A name as it is declared: `schema`, or inside `for` a pattern such as `endpoint-{{name}}`.
#[derive(Clone, Copy, Debug)]
pub struct Name<'s> {
    /// As written, `{{…}}` included.
    pub text: &'s str,
    /// Where it begins. The end goes without saying: a large plan has some hundred thousand names.
    file: FileId,
    start: u32,
}

impl<'s> Name<'s> {
    /// What is written at `span`.
    pub fn new(text: &'s str, span: Span) -> Name<'s> {
        debug_assert_eq!(text.len(), span.range().len());
        Name { text, file: span.file, start: span.start }
    }

    /// Where.
    pub fn span(&self) -> Span {
        let start = self.start as usize;
        Span::new(self.file, start, start + self.text.len())
    }

    /// Whether it has a hole to fill: `endpoint-{{name}}`.
    pub fn is_pattern(&self) -> bool {
        self.text.contains("{{")
    }
}

/// A name as it is referred to, joined with dots: `endpoints.review`, `endpoint-{{name}}`.
#[derive(Clone, Copy, Debug)]
pub struct Reference<'s> {
    /// As written, the dots included.
    pub text: &'s str,
    /// Where it begins. The end goes without saying: a large plan has some hundred thousand references.
    file: FileId,
    start: u32,
}

impl<'s> Reference<'s> {
    /// What is written at `span`.
    pub fn new(text: &'s str, span: Span) -> Reference<'s> {
        debug_assert_eq!(text.len(), span.range().len());
        Reference { text, file: span.file, start: span.start }
    }

    /// The whole.
    pub fn span(&self) -> Span {
        let start = self.start as usize;
        Span::new(self.file, start, start + self.text.len())
    }

    /// The parts between the dots.
    pub fn parts(&self) -> impl DoubleEndedIterator<Item = Name<'s>> + use<'s> {
        let (whole, span) = (self.text, self.span());
        whole.split('.').map(move |text| {
            let at = span.start as usize + (text.as_ptr() as usize - whole.as_ptr() as usize);
            Name { text, file: span.file, start: at as u32 }
        })
    }

    /// The names that it is, with commas and blanks between.
    fn listed(self) -> impl Iterator<Item = Reference<'s>> {
        self.text.split(',').map(move |piece| {
            let text = piece.trim_matches([' ', '\t']);
            let before = text.as_ptr() as usize - self.text.as_ptr() as usize;
            Reference { text, start: self.start + before as u32, ..self }
        })
    }

    /// Whether it is one name, without a dot and without a hole.
    pub fn is_plain(&self) -> bool {
        memchr::memchr2(b'.', b'{', self.text.as_bytes()).is_none()
    }

    /// The one name that it is, where there is no dot.
    pub fn single(&self) -> Option<Name<'s>> {
        (!self.text.contains('.')).then_some(Name { text: self.text, file: self.file, start: self.start })
    }
}

/// Several names as they are referred to.
#[derive(Clone)]
pub enum References<'s> {
    /// From the first to the last, with nothing but commas and blanks between. A large plan has a hundred thousand such lists: the
    /// names are found again when somebody asks.
    Written(Reference<'s>),
    /// One by one.
    Each(Box<[Reference<'s>]>),
}

impl<'s> References<'s> {
    /// The names, in order.
    pub fn iter(&self) -> impl Iterator<Item = Reference<'s>> {
        let (written, each) = match self {
            References::Written(written) => (Some(*written), &[][..]),
            References::Each(each) => (None, &each[..]),
        };
        written.into_iter().flat_map(Reference::listed).chain(each.iter().copied())
    }
}

impl std::fmt::Debug for References<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// A string, with its escapes resolved and its holes found.
#[derive(Clone, Debug)]
pub struct Text<'s> {
    value: TextValue<'s>,
    /// Where it begins.
    start: u32,
    file: u16,
    style: TextStyle,
}

/// How a string was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextStyle {
    /// `"…"`: escapes and holes.
    Basic,
    /// `'…'`: neither.
    Literal,
    /// `"""…"""`: escapes, holes, lines, dedented.
    BasicBlock,
    /// `'''…'''`: lines, dedented.
    LiteralBlock,
}

/// What a string says. A large plan has some hundred thousand of them, and so the end of most goes without saying.
#[derive(Clone, Debug)]
enum TextValue<'s> {
    /// One line that says what stands between its two quotes, in one of the first files: most do.
    Plain(&'s str),
    /// Any other.
    Parts(Box<TextParts<'s>>),
}

/// A string that does not say just what stands between its quotes.
#[derive(Clone, Debug)]
struct TextParts<'s> {
    span: Span,
    parts: Vec<TextPart<'s>>,
}

/// A piece of a string with holes.
#[derive(Clone, Debug)]
pub enum TextPart<'s> {
    /// Text, escapes resolved and dedented.
    Literal(Cow<'s, str>),
    /// `{{name}}` or `{{task.output}}`.
    Hole(Reference<'s>),
}

impl<'s> Text<'s> {
    /// What `text` says, which is a part of what is written at `span`.
    pub fn as_written(text: &'s str, span: Span, style: TextStyle) -> Text<'s> {
        let is_line = matches!(style, TextStyle::Basic | TextStyle::Literal);
        match u16::try_from(span.file.0) {
            Ok(file) if is_line && text.len() + 2 == span.range().len() => {
                Text { value: TextValue::Plain(text), start: span.start, file, style }
            }
            _ => Text::in_parts(vec![TextPart::Literal(Cow::Borrowed(text))], span, style),
        }
    }

    /// Text and holes in order, or one text with its escapes resolved and dedented.
    pub fn in_parts(parts: Vec<TextPart<'s>>, span: Span, style: TextStyle) -> Text<'s> {
        let value = TextValue::Parts(Box::new(TextParts { span, parts }));
        Text { value, start: span.start, file: 0, style }
    }

    /// Where, quotes included.
    pub fn span(&self) -> Span {
        match &self.value {
            TextValue::Plain(text) => {
                let start = self.start as usize;
                Span::new(FileId(self.file.into()), start, start + text.len() + 2)
            }
            TextValue::Parts(parts) => parts.span,
        }
    }

    /// Which quotes it was written with.
    pub fn style(&self) -> TextStyle {
        self.style
    }

    /// The text when it has no hole.
    pub fn plain(&self) -> Option<&str> {
        match (&self.value, self.parts()) {
            (TextValue::Plain(text), _) => Some(text),
            (TextValue::Parts(_), [TextPart::Literal(text)]) => Some(text),
            (TextValue::Parts(_), _) => None,
        }
    }

    /// The text where it stands in the file just as it is meant.
    pub fn standing(&self) -> Option<&'s str> {
        match (&self.value, self.parts()) {
            (TextValue::Plain(text), _) | (_, [TextPart::Literal(Cow::Borrowed(text))]) => Some(text),
            _ => None,
        }
    }

    /// Whether anything is to be filled in.
    pub fn has_holes(&self) -> bool {
        self.plain().is_none()
    }

    /// Its pieces; none of a line that stands as it is.
    pub fn parts(&self) -> &[TextPart<'s>] {
        match &self.value {
            TextValue::Plain(_) => &[],
            TextValue::Parts(parts) => &parts.parts,
        }
    }

    /// The references in its holes, in order.
    pub fn holes(&self) -> impl Iterator<Item = &Reference<'s>> {
        self.parts().iter().filter_map(|part| match part {
            TextPart::Hole(reference) => Some(reference),
            TextPart::Literal(_) => None,
        })
    }
}

/// A command, with or without a shell.
#[derive(Clone, Debug)]
pub enum Command<'s> {
    /// For the shell.
    Shell(Text<'s>),
    /// Program and arguments, no shell.
    Program(Box<Program<'s>>),
}

/// `["program", "argument"]`
#[derive(Clone, Debug)]
pub struct Program<'s> {
    /// The program and its arguments.
    pub words: Vec<Text<'s>>,
    /// The list.
    pub span: Span,
}

impl Command<'_> {
    /// Where it is written.
    pub fn span(&self) -> Span {
        match self {
            Command::Shell(text) => text.span(),
            Command::Program(program) => program.span,
        }
    }
}

/// A whole or fractional number, or a percentage, with its place.
#[derive(Clone, Copy, Debug)]
pub struct Number {
    /// The value; 5 % is 0.05.
    pub value: f64,
    /// Whether it was written without a fraction and without `%`.
    pub is_whole: bool,
    /// Where.
    pub span: Span,
}

/// A length of time, with its place.
#[derive(Clone, Copy, Debug)]
pub struct Duration {
    /// In milliseconds.
    pub milliseconds: u64,
    /// Where.
    pub span: Span,
}

/// Money or tokens, or a range of either, with its place.
#[derive(Clone, Copy, Debug)]
pub struct Amount {
    /// The least, or the one value; equal to `most` when no range was written.
    pub least: Quantity,
    /// The most.
    pub most: Quantity,
    /// Where.
    pub span: Span,
}

/// Money or tokens.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub enum Quantity {
    /// Millionths of a dollar: `$0.50` is 500,000.
    Money(u64),
    /// Tokens: `200k tokens` is 200,000.
    Tokens(u64),
}

/// `30m`, `20m..40m` or `20m..30m..1h`.
#[derive(Clone, Copy, Debug)]
pub struct Estimate {
    /// The least; all three are equal when one value was written.
    pub least: Duration,
    /// The likeliest, when three points were written.
    pub likeliest: Option<Duration>,
    /// The most.
    pub most: Duration,
    /// The whole.
    pub span: Span,
}

/// A value to compare a param with, or a param's default.
#[derive(Clone, Debug)]
pub enum Value<'s> {
    /// A string.
    Text(Text<'s>),
    /// A number or a percentage.
    Number(Number),
    /// `true` or `false`.
    Flag(Spanned<bool>),
    /// A duration.
    Duration(Duration),
}

impl Value<'_> {
    /// Where it is written.
    pub fn span(&self) -> Span {
        match self {
            Value::Text(text) => text.span(),
            Value::Number(number) => number.span,
            Value::Flag(flag) => flag.span,
            Value::Duration(duration) => duration.span,
        }
    }
}
