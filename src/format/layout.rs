//! Statements and comments to lines.
//!
//! Knows the tree's bodies and the tokens between; what a statement means it does not know.

use super::lines::Lines;
use super::tokens::{Token, TokenKind, is_spaced, tokenize};
use super::{INDENT, WIDTH};
use crate::syntax::ast::{Body, Comment, File, Statement, StatementKind};
use crate::syntax::vocabulary;
use unicode_width::UnicodeWidthStr;

/// The whole file.
pub fn lay_out(source: &str, file: &File) -> String {
    let line_end = match source.find('\n') {
        Some(at) if source[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    };
    let mut layout = Layout { source, comments: &file.comments, lines: Lines::default() };
    layout.body(&file.body.statements, 0, source.len(), 0);
    layout.lines.finish(line_end)
}

struct Layout<'a, 's> {
    source: &'s str,
    comments: &'a [Comment],
    lines: Lines,
}

/// What stands in a body: a statement, or a comment that is in none.
enum Element<'a, 's> {
    Statement(&'a Statement<'s>),
    Comment(Comment),
}

impl Element<'_, '_> {
    fn range(&self) -> (usize, usize) {
        let span = match self {
            Element::Statement(statement) => statement.span,
            Element::Comment(comment) => comment.span,
        };
        (span.start as usize, span.end as usize)
    }
}

impl<'a, 's> Layout<'a, 's> {
    /// Lays out what stands in `source[start..end]`, the inside of a body.
    fn body(&mut self, statements: &'a [Statement<'s>], start: usize, end: usize, indent: usize) {
        let elements = self.elements(statements, start, end);
        let mut before = start;
        let mut is_first = true;
        // Whether the statement before has a body of several lines; none before the first, and once a blank line
        // stands between it and the next.
        let mut was_tall: Option<bool> = None;
        for (index, element) in elements.iter().enumerate() {
            let (from, to) = element.range();
            let line_breaks = self.line_breaks(before, from);
            match element {
                Element::Comment(comment) if !comment.is_own_line && index > 0 && line_breaks == 0 => {
                    self.lines.trail(indent, self.comment_text(comment));
                }
                Element::Comment(comment) => {
                    if line_breaks > 1 && !is_first {
                        self.lines.blank();
                        was_tall = None;
                    } else if let Some(tall) = was_tall {
                        // The blank line that the next statement asks for goes before its comments.
                        if self.wants_blank(tall, &elements, index, indent) {
                            self.lines.blank();
                            was_tall = None;
                        }
                    }
                    self.lines.push(indent, self.comment_text(comment));
                }
                Element::Statement(statement) => {
                    let is_tall = self.is_tall(statement, indent);
                    let follows = index > 0 && matches!(elements[index - 1], Element::Statement(_));
                    let follows_trail = self.follows_statement(&elements, index);
                    let asks = (follows || follows_trail)
                        && was_tall.is_some_and(|was| asks_blank(was, is_tall, indent));
                    if asks || (!is_first && line_breaks > 1) {
                        self.lines.blank();
                    }
                    self.statement(statement, indent);
                    was_tall = Some(is_tall);
                }
            }
            is_first = false;
            before = to;
        }
        self.lines.no_blank();
    }

    /// Whether only trailing comments stand between the element and the statement before it.
    fn follows_statement(&self, elements: &[Element], index: usize) -> bool {
        elements[..index].iter().rev().find_map(|element| match element {
            Element::Statement(_) => Some(true),
            Element::Comment(comment) => comment.is_own_line.then_some(false),
        }) == Some(true)
    }

    /// Whether the comments that begin at `index` belong to a statement (no blank line between) that asks for a
    /// blank line before it.
    fn wants_blank(&self, was_tall: bool, elements: &[Element<'a, 's>], index: usize, indent: usize) -> bool {
        let mut before = elements[index].range().1;
        for element in &elements[index + 1..] {
            let (from, to) = element.range();
            if self.line_breaks(before, from) > 1 {
                return false;
            }
            if let Element::Statement(statement) = element {
                return asks_blank(was_tall, self.is_tall(statement, indent), indent);
            }
            before = to;
        }
        false
    }

    /// The statements of a body and the comments between them, in order of place.
    fn elements(&self, statements: &'a [Statement<'s>], start: usize, end: usize) -> Vec<Element<'a, 's>> {
        let mut elements: Vec<Element> = Vec::new();
        let mut at = start;
        for statement in statements {
            elements.extend(self.comments_in(at, statement.span.start as usize).map(Element::Comment));
            elements.push(Element::Statement(statement));
            at = statement.span.end as usize;
        }
        elements.extend(self.comments_in(at, end).map(Element::Comment));
        elements
    }

    fn comments_in(&self, start: usize, end: usize) -> impl Iterator<Item = Comment> + use<'a> {
        let first = self.comments.partition_point(|comment| (comment.span.start as usize) < start);
        self.comments[first..].iter().copied().take_while(move |comment| (comment.span.start as usize) < end)
    }

    fn comment_text(&self, comment: &Comment) -> &'s str {
        self.source[comment.span.range()].trim_end()
    }

    fn line_breaks(&self, from: usize, to: usize) -> usize {
        self.source.get(from..to).map_or(0, |gap| gap.matches('\n').count())
    }

    /// Whether the statement is laid out with its body over several lines.
    fn is_tall(&self, statement: &Statement<'s>, indent: usize) -> bool {
        self.written_body(statement).is_some() && self.fitting(statement, indent).is_none()
    }

    /// The statement's body, if it was written.
    fn written_body<'b>(&self, statement: &'b Statement<'s>) -> Option<&'b Body<'s>> {
        statement.body().filter(|body| !body.span.is_empty())
    }

    /// The statement on one line, if it has a line's shape and fits.
    fn fitting(&self, statement: &Statement<'s>, indent: usize) -> Option<String> {
        self.flat(statement).filter(|flat| indent + flat.width() <= WIDTH)
    }

    /// The statement on one line, unless a comment, a string or its author broke it.
    fn flat(&self, statement: &Statement<'s>) -> Option<String> {
        let span = statement.span;
        if self.comments_in(span.start as usize, span.end as usize).next().is_some() {
            return None;
        }
        let head = flat_tokens(&self.head(statement));
        if head.contains('\n') {
            return None;
        }
        let Some(body) = self.written_body(statement) else { return Some(head) };
        if self.source[body.span.range()].contains('\n') && !body.statements.is_empty() {
            return None;
        }
        let inner: Option<Vec<String>> =
            body.statements.iter().map(|statement| self.flat(statement)).collect();
        Some(match inner?.join("  ") {
            inner if inner.is_empty() => format!("{head} {{}}"),
            inner => format!("{head} {{ {inner} }}"),
        })
    }

    /// The tokens before the body, or of the whole statement.
    fn head(&self, statement: &Statement<'s>) -> Vec<Token<'s>> {
        let end = self.written_body(statement).map_or(statement.span.end, |body| body.span.start);
        let mut tokens = tokenize(self.source, statement.span.start as usize, end as usize);
        // A comma behind the last element says nothing.
        let is_idle = |index: usize| {
            tokens[index].kind == TokenKind::Comma
                && tokens[index + 1..]
                    .iter()
                    .find(|token| token.kind != TokenKind::Comment)
                    .is_none_or(|next| next.kind == TokenKind::Close)
        };
        let idle: Vec<usize> = (0..tokens.len()).filter(|index| is_idle(*index)).collect();
        for index in idle.into_iter().rev() {
            tokens.remove(index);
        }
        tokens
    }

    /// Lays out one statement.
    fn statement(&mut self, statement: &'a Statement<'s>, indent: usize) {
        if matches!(statement.kind, StatementKind::Junk) {
            self.lines.push(indent, self.source[statement.span.range()].trim_end());
            return;
        }
        if let Some(flat) = self.fitting(statement, indent) {
            self.lines.push(indent, flat);
            return;
        }
        let mut head = self.head(statement);
        let Some(body) = self.written_body(statement) else {
            self.long_head(statement, &head, indent);
            return;
        };
        // Comments between the head and its `{` go behind the `{`: they stay with the item.
        let words =
            head.iter().rposition(|token| token.kind != TokenKind::Comment).map_or(0, |last| last + 1);
        let comments = head.split_off(words);
        let opener = Token { kind: TokenKind::Word, text: "{", start: body.span.start as usize };
        let before = head.last().map_or(statement.span.start as usize, Token::end);
        head.push(opener);
        self.long_head(statement, &head, indent);
        let mut place = before;
        for comment in &comments {
            if self.line_breaks(place, comment.start) == 0 {
                self.lines.trail(indent + INDENT, comment.text);
            } else {
                self.lines.push(indent + INDENT, comment.text);
            }
            place = comment.end();
        }
        let inside = (body.span.start as usize + 1, body.span.end as usize - 1);
        let mut start = inside.0;
        // A comment behind the `{` stays behind it.
        let first_statement = body.statements.first().map_or(inside.1, |first| first.span.start as usize);
        if let Some(comment) = self.comments_in(start, first_statement).next()
            && self.line_breaks(start, comment.span.start as usize) == 0
        {
            self.lines.trail(indent + INDENT, self.comment_text(&comment));
            start = comment.span.end as usize;
        }
        self.body(&body.statements, start, inside.1, indent + INDENT);
        self.lines.push(indent, "}");
    }

    /// Lays out a head that has comments in it, a string over several lines, or may be too wide.
    fn long_head(&mut self, statement: &Statement<'s>, head: &[Token<'s>], indent: usize) {
        let has_comment = head.iter().any(|token| token.kind == TokenKind::Comment);
        let texts: Vec<Option<String>> = head.iter().map(|token| self.moved_block(token, indent)).collect();
        if !has_comment {
            let joined = join(head, &texts);
            let mut lines = joined.split('\n');
            let first = indent + lines.next().map_or(0, UnicodeWidthStr::width);
            if first <= WIDTH && lines.next_back().is_none_or(|last| last.width() <= WIDTH) {
                self.lines.push(indent, joined);
                return;
            }
        }
        self.broken_head(statement, head, &texts, indent);
    }

    /// Lays out a head over several lines: a break after every comma, and before the clauses of its statement.
    fn broken_head(
        &mut self,
        statement: &Statement<'s>,
        head: &[Token<'s>],
        texts: &[Option<String>],
        indent: usize,
    ) {
        let mut line = String::new();
        let mut line_indent = indent;
        let mut list_column: Option<usize> = None;
        let starts = list_starts(head);
        let mut previous: Option<&Token> = None;
        let mut before = statement.span.start as usize;
        for (index, token) in head.iter().enumerate() {
            if token.kind == TokenKind::Comment {
                // A comma that follows the comment belongs before it.
                let is_trailing = self.line_breaks(before, token.start) == 0;
                let pending = if line.is_empty() { None } else { Some(std::mem::take(&mut line)) };
                let was_empty = pending.is_none();
                if let Some(mut text) = pending {
                    let next = head[index + 1..].iter().position(|token| token.kind != TokenKind::Comment);
                    let next = next.map(|next| index + 1 + next);
                    if next.is_some_and(|next| head[next].kind == TokenKind::Comma && may_leave(head, next)) {
                        text.push(',');
                    }
                    self.lines.push(line_indent, text);
                }
                let inner = list_column.unwrap_or(indent + 2 * INDENT);
                if is_trailing && (!was_empty || index > 0) {
                    self.lines.trail(inner, token.text);
                } else {
                    self.lines.push(inner, token.text);
                }
                line_indent = inner;
                before = token.end();
                continue;
            }
            before = token.end();
            let follows_comment = index > 0 && head[index - 1].kind == TokenKind::Comment;
            if token.kind == TokenKind::Comma && follows_comment && may_leave(head, index) {
                previous = Some(token);
                continue;
            }
            if !line.is_empty() && begins_clause(statement, previous, token) {
                self.lines.push(line_indent, std::mem::take(&mut line));
                line_indent = indent + INDENT;
                list_column = None;
            } else if follows_comment && begins_clause(statement, previous, token) {
                line_indent = indent + INDENT;
                list_column = None;
            }
            if !line.is_empty() && previous.is_some_and(|previous| is_spaced(previous, token)) {
                line.push(' ');
            }
            if starts.contains(&index) {
                list_column = Some(line_indent + line.width()).filter(|column| *column <= WIDTH / 2);
            }
            line.push_str(texts[index].as_deref().unwrap_or(token.text));
            if token.kind == TokenKind::Comma {
                let has_comment = head.get(index + 1).is_some_and(|next| next.kind == TokenKind::Comment);
                if !has_comment && may_leave(head, index) {
                    self.lines.push(line_indent, std::mem::take(&mut line));
                    line_indent = list_column.unwrap_or(indent + 2 * INDENT);
                }
            }
            previous = Some(token);
        }
        if !line.is_empty() {
            self.lines.push(line_indent, line);
        }
    }

    /// A block string at its place under a statement at `indent`, where that leaves its value as it is:
    /// its first line is empty, its quotes close on a line of their own, and every line has their indentation.
    fn moved_block(&self, token: &Token<'s>, indent: usize) -> Option<String> {
        if token.kind != TokenKind::String || !token.text.contains('\n') {
            return None;
        }
        let quotes = &token.text[..3];
        let inner = token.text.strip_prefix(quotes)?.strip_suffix(quotes)?;
        let (first, rest) = inner.split_once('\n')?;
        if !first.trim_end_matches('\r').is_empty() {
            return None;
        }
        let (lines, old) = rest.rsplit_once('\n').map_or((None, rest), |(lines, last)| (Some(lines), last));
        if !old.chars().all(|c| c == ' ' || c == '\t') {
            return None;
        }
        let new = " ".repeat(indent + INDENT);
        let mut moved = format!("{quotes}{first}\n");
        for line in lines.into_iter().flat_map(|lines| lines.split('\n')) {
            let text = line.trim_end_matches('\r');
            if text.is_empty() {
                moved.push_str(line);
            } else {
                let kept = line.strip_prefix(old)?;
                if !kept.trim_end_matches('\r').is_empty() {
                    moved.push_str(&new);
                }
                moved.push_str(kept);
            }
            moved.push('\n');
        }
        moved.push_str(&new);
        moved.push_str(quotes);
        Some(moved)
    }
}

/// Whether a blank line goes between two neighbours that have none: among the items of a file where one has a body
/// of several lines, in a body where both have.
fn asks_blank(was_tall: bool, is_tall: bool, indent: usize) -> bool {
    if indent == 0 { was_tall || is_tall } else { was_tall && is_tall }
}

/// Whether the comma may stand on another line than what follows it: at the start of a line, a name that is a keyword (`task`,
/// `task.part`) would begin a statement.
fn may_leave(head: &[Token], comma: usize) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let begins_statement = |token: &Token| {
        let word = token.text.split(|c| !is_name(c)).next().unwrap_or_default();
        token.kind == TokenKind::Word && vocabulary::is_keyword(word)
    };
    !head.get(comma + 1).is_some_and(begins_statement)
}

fn flat_tokens(tokens: &[Token]) -> String {
    let texts: Vec<Option<String>> = vec![None; tokens.len()];
    join(tokens, &texts)
}

fn join(tokens: &[Token], texts: &[Option<String>]) -> String {
    let mut out = String::new();
    for (index, token) in tokens.iter().enumerate() {
        if index > 0 && is_spaced(&tokens[index - 1], token) {
            out.push(' ');
        }
        out.push_str(texts[index].as_deref().unwrap_or(token.text));
    }
    out
}

/// The tokens that begin a list of several elements.
fn list_starts(head: &[Token]) -> Vec<usize> {
    const BEFORE: [&str; 13] = [
        "reads", "writes", "creates", "appends", "forbids", "except", "of", "finished", "overlaps", "in",
        "allow", "deny", "tags",
    ];
    let mut starts = Vec::new();
    let mut start = 1;
    for (index, token) in head.iter().enumerate() {
        let opens = token.kind == TokenKind::Open || BEFORE.iter().any(|word| token.is_word(word));
        let follows_comma = index > 0 && head[index - 1].kind == TokenKind::Comma;
        if opens && !follows_comma {
            start = index + 1;
        }
        if token.kind == TokenKind::Comma && start < index && !starts.contains(&start) {
            starts.push(start);
        }
    }
    starts
}

/// Whether a line of a broken head begins with this token.
fn begins_clause(statement: &Statement, previous: Option<&Token>, token: &Token) -> bool {
    let Some(previous) = previous else { return false };
    if token.kind != TokenKind::Word {
        return false;
    }
    match statement.kind {
        StatementKind::Claim(_) => token.text == "except" && previous.kind == TokenKind::String,
        StatementKind::Check(_) | StatementKind::Criterion { .. } => {
            const TESTS: [&str; 8] =
                ["runs", "exists", "missing", "contains", "lacks", "value", "judged", "manual"];
            previous.kind == TokenKind::String && TESTS.contains(&token.text)
        }
        StatementKind::Approve(_) => {
            previous.kind == TokenKind::String && (token.text == "by" || token.text == "within")
        }
        StatementKind::Wave(_) => token.text == "overlaps" && previous.kind != TokenKind::Comma,
        _ => false,
    }
}
