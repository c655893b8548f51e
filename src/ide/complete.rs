//! What may be typed next.
//!
//! From the text as it is and the names of the last analysis, so that it never waits for one.

mod items;
mod values;

pub(in crate::ide) use values::TESTS;

use super::context::{Context, ContextKind, context};
use super::index::Index;
use super::{Planned, hover};
use crate::check::Loader;
use crate::source::{FileId, Span};
use crate::syntax::vocabulary::Place;
use crate::syntax::{self, vocabulary};
use std::path::Path;

/// Something that may be typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// What is shown in the list.
    pub label: String,
    /// What it is.
    pub kind: CompletionKind,
    /// A few words behind it.
    pub detail: String,
    /// More about it, in Markdown; may be empty.
    pub docs: String,
    /// What is inserted in place of `replace`.
    pub insert: String,
    /// Whether `insert` has `$1`… and `$0`.
    pub is_snippet: bool,
    /// What goes.
    pub replace: Span,
    /// What is typed for it, where that is not its label; may be empty.
    pub filter: String,
    /// Its rank: the lower the higher in the list.
    pub rank: u8,
}

/// The kinds of completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompletionKind {
    /// A keyword that begins a statement.
    Keyword,
    /// A word of a statement.
    Word,
    /// A task.
    Task,
    /// A wave, a block, a gate.
    Group,
    /// An agent.
    Agent,
    /// A param or a variable.
    Value,
    /// A resource, a secret, a criterion, an output.
    Name,
    /// A file.
    File,
    /// A directory.
    Directory,
    /// A unit behind a number.
    Unit,
    /// A diagnostic code.
    Code,
}

/// What is known beside the text.
pub struct Known<'k> {
    /// Where the text was found.
    pub path: &'k Path,
    /// The names, as of the last analysis.
    pub index: &'k Index,
    /// The last plan without errors.
    pub planned: Option<&'k Planned>,
    /// The files around.
    pub loader: &'k dyn Loader,
}

/// The most that is offered.
const MOST: usize = 500;

/// What may be typed at `offset` of a text. Whether there is more than is given.
pub fn complete(text: &str, offset: usize, known: &Known<'_>) -> (Vec<Completion>, bool) {
    let file = syntax::parse_around(FileId(0), text, offset);
    let context = context(text, &file, offset);
    let typed = Span::new(FileId(0), context.typed.start, context.typed.end);
    let mut offer =
        Offer { text, offset, known, context: &context, replace: typed, found: Vec::new(), may_end: false };
    match context.kind {
        ContextKind::Comment => offer.comment(),
        _ if offer.hole() => {}
        ContextKind::Text(_) => offer.string(),
        ContextKind::Word => {
            if context.word.is_some() && !context.may_begin {
                offer.words();
                let is_whole = offer.found.is_empty() && !context.before.is_empty();
                if (is_whole && !offer.is_in_head() && !offer.is_open()) || offer.may_end {
                    offer.statements();
                }
            } else if context.may_begin {
                offer.statements();
            }
        }
    }
    let mut found = offer.found;
    let prefix = &text[context.typed.clone()];
    let is_long = found.len() > MOST;
    if is_long {
        // What begins as what is typed first; the editor asks again when more is typed.
        let wanted = prefix.rsplit('.').next().unwrap_or(prefix).to_lowercase();
        found.sort_by_key(|item| !item.label.to_lowercase().contains(&wanted));
        found.truncate(MOST);
    }
    (found, is_long)
}

struct Offer<'o> {
    text: &'o str,
    offset: usize,
    known: &'o Known<'o>,
    context: &'o Context<'o>,
    replace: Span,
    found: Vec<Completion>,
    /// Whether the statement that is being written is whole, and what may go on is no must.
    may_end: bool,
}

impl Offer<'_> {
    fn add(&mut self, kind: CompletionKind, label: &str, detail: impl Into<String>) -> &mut Completion {
        self.found.push(Completion {
            label: label.to_owned(),
            kind,
            detail: detail.into(),
            docs: String::new(),
            insert: label.to_owned(),
            is_snippet: false,
            replace: self.replace,
            filter: String::new(),
            rank: 1,
        });
        let last = self.found.len() - 1;
        &mut self.found[last]
    }

    /// The statements that may stand here: none twice that may stand there once, and no second action of a task.
    fn statements(&mut self) {
        const ACTIONS: &[&str] = &["run", "prompt", "wait", "approve"];
        let place = self.context.place;
        let present = &self.context.present;
        let line = self.text[..self.replace.start as usize].rfind('\n').map_or(0, |at| at + 1);
        let blank = self.text[line..].chars().take_while(|c| *c == ' ' || *c == '\t').count();
        let indent = " ".repeat(blank.min(self.replace.start as usize - line));
        let has_header = self.text.starts_with("plan ") || self.text.contains("\nplan ");
        let has_action = present.iter().any(|word| ACTIONS.contains(word));
        for word in vocabulary::WORDS.iter().filter(|word| word.may_stand_in(place)) {
            // In a body, `agent` names the one that works there.
            let is_once = word.is_once || word.keyword == "agent" && place != Place::File;
            let is_action = place == Place::Task && ACTIONS.contains(&word.keyword);
            if is_once && present.contains(&word.keyword)
                || is_action && has_action
                || word.keyword == "plan" && has_header
            {
                continue;
            }
            let replace = self.replace;
            let item = self.add(CompletionKind::Keyword, word.keyword, word.form);
            item.docs = hover::word(word);
            item.insert = match (word.keyword, place) {
                ("agent", place) if place != Place::File => "agent $1$0".to_owned(),
                _ => word.snippet.replace('\n', &format!("\n{indent}")),
            };
            item.is_snippet = true;
            item.replace = replace;
            item.rank = match word.keyword {
                "task" | "wave" | "plan" | "check" | "agent" | "run" | "prompt" => 1,
                _ => 2,
            };
        }
    }

    /// In a comment: the directive, and the codes that it takes.
    fn comment(&mut self) {
        let comment = &self.text[self.context.typed.clone()];
        let body = comment.trim_start_matches('#').trim_start();
        if let Some((_, inside)) = body.split_once("allow(")
            && body.starts_with("wavec:")
            && !inside.contains(')')
        {
            let typed = inside.rsplit(',').next().unwrap_or(inside).trim_start();
            self.replace = Span::new(FileId(0), self.offset - typed.len(), self.offset);
            for code in crate::diagnostic::codes::ALL {
                if crate::diagnostic::levels::is_negotiable_code(*code) {
                    self.add(CompletionKind::Code, code.name(), code.summary());
                }
            }
        } else if comment.len() - comment.trim_start_matches('#').len() == 1
            && "wavec: allow(".starts_with(body)
        {
            self.replace = Span::new(FileId(0), self.offset - body.len(), self.offset);
            let item = self.add(CompletionKind::Word, "wavec: allow(CODE) \"why\"", "let a diagnostic stand");
            item.insert = "wavec: allow($1) \"$2\"$0".to_owned();
            item.is_snippet = true;
        }
    }
}
