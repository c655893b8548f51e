//! A file as a whole: its statements, its comments, and those comments that belong to a statement.
//!
//! Knows no statement but by its place.

use super::{Body, Statement};
use crate::source::Span;

/// A whole file: the sequence of its statements.
#[derive(Clone, Debug, Default)]
pub struct File<'s> {
    /// The statements, the `plan` header among them.
    pub body: Body<'s>,
    /// Every comment of the file in order of place, doc comments and the shebang line included.
    pub comments: Vec<Comment>,
    /// The whole text.
    text: &'s str,
}

impl<'s> File<'s> {
    /// The file that `text` is.
    pub fn new(text: &'s str, body: Body<'s>, comments: Vec<Comment>) -> File<'s> {
        File { body, comments, text }
    }

    /// The `##` lines right above a statement, without `##` and one space. Few statements have any, and so they are found again
    /// when somebody asks.
    pub fn docs(&self, statement: &Statement<'_>) -> Vec<&'s str> {
        let start = statement.span.start;
        let above = self.comments.partition_point(|comment| comment.span.start < start);
        // A `;` between two statements says nothing.
        let is_idle = |c: char| c.is_whitespace() || c == ';';
        let mut below = start as usize;
        let mut docs = Vec::new();
        for comment in self.comments[..above].iter().rev() {
            // The comment may be far above: what is between is looked at from below.
            let end = comment.span.end as usize;
            let is_bare = self.text[..below].trim_end_matches(is_idle).len() <= end;
            let breaks = |between: &str| between.bytes().filter(|b| *b == b'\n').count();
            let is_right_above = is_bare && self.text.get(end..below).is_some_and(|it| breaks(it) == 1);
            if comment.kind != CommentKind::Doc || !comment.is_own_line || !is_right_above {
                break;
            }
            let doc = &self.text[comment.span.range()][2..];
            docs.push(doc.strip_prefix(' ').unwrap_or(doc));
            below = comment.span.start as usize;
        }
        docs.reverse();
        docs
    }
}

/// A comment: from `#` to the end of the line, without the line break.
#[derive(Clone, Copy, Debug)]
pub struct Comment {
    /// Where, `#` included.
    pub span: Span,
    /// What it is.
    pub kind: CommentKind,
    /// Whether nothing but white space stands before it on its line.
    pub is_own_line: bool,
}

/// The kinds of comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommentKind {
    /// `# …`
    Plain,
    /// `## …`, kept with the item that follows.
    Doc,
    /// `#!…` on the first line.
    Shebang,
}
