//! A question's prompt: yes or no, then a reason, then Enter.
//!
//! Knows keys and questions, not where keys come from.

use crate::event::progress::{ApprovalProgress, Progress};
use crate::event::{Answer, ApprovalOwner};

/// A question's answer, as it is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    owner: ApprovalOwner,
    index: u32,
    answer: Option<Answer>,
    reason: String,
}

/// A key, as far as a prompt knows keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A character.
    Char(char),
    /// Enter.
    Enter,
    /// Backspace.
    Backspace,
    /// Escape.
    Escape,
}

impl Prompt {
    /// The prompt for the first open question, if there is one.
    pub fn first(progress: &Progress) -> Option<Prompt> {
        let approval = progress.open_approvals().next()?;
        Some(Prompt { owner: approval.owner, index: approval.index, answer: None, reason: String::new() })
    }

    /// Whether it asks that.
    pub fn is_for(&self, approval: &ApprovalProgress) -> bool {
        approval.owner == self.owner && approval.index == self.index && approval.is_open()
    }

    /// Whether its question is still open.
    pub fn is_open(&self, progress: &Progress) -> bool {
        progress.open_approvals().any(|approval| self.is_for(approval))
    }

    /// Whose question it is, and its place.
    pub fn question(&self) -> (ApprovalOwner, u32) {
        (self.owner, self.index)
    }

    /// What was chosen so far.
    pub fn answer(&self) -> Option<Answer> {
        self.answer
    }

    /// What was typed so far.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Takes a key in; the answer with its reason when it is complete.
    pub fn key(&mut self, key: Key) -> Option<(Answer, String)> {
        match (self.answer, key) {
            (None, Key::Char('y' | 'Y')) => self.answer = Some(Answer::Approved),
            (None, Key::Char('n' | 'N')) => self.answer = Some(Answer::Rejected),
            (None, _) => {}
            (Some(answer), Key::Enter) => return Some((answer, self.reason.trim().to_string())),
            (Some(_), Key::Escape) => {
                self.answer = None;
                self.reason.clear();
            }
            (Some(_), Key::Backspace) if self.reason.is_empty() => self.answer = None,
            (Some(_), Key::Backspace) => drop(self.reason.pop()),
            (Some(_), Key::Char(char)) if !char.is_control() => self.reason.push(char),
            (Some(_), Key::Char(_)) => {}
        }
        None
    }
}
