//! What people say from other terminals: kept until the run takes it in.

use super::{Journal, RunId};
use crate::crash::{self, Place};
use crate::error::Result;
use crate::event::{Answer, ApprovalOwner, Entry, Event, Timestamp};
use rusqlite::params;

/// A person's answer to a question of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct PersonAnswer {
    /// Whose question.
    pub owner: ApprovalOwner,
    /// Its place among the owner's approvals.
    pub index: u32,
    /// What was said.
    pub answer: Answer,
    /// Who said it.
    pub by: String,
    /// Why, or empty.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

impl Journal {
    /// Keeps an answer for the run to take in: on disk when this returns.
    pub fn answer(&mut self, run: RunId, answer: &PersonAnswer) -> Result<()> {
        let owner = json(&answer.owner);
        let said = json(&answer.answer);
        crash::point(Place::Answering);
        self.connection
            .execute(
                "INSERT INTO answers (run, owner, place, answer, by, reason, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                params![run, owner, answer.index, said, answer.by, answer.reason, answer.at],
            )
            .map_err(self.told("record the answer in"))?;
        crash::point(Place::Answered);
        Ok(())
    }

    /// The answers that the run has not taken in, each with its number, in the order in which they were given. One that was marked
    /// as taken in by an entry that a death kept from the log is open.
    pub fn open_answers(&self, run: RunId) -> Result<Vec<(i64, PersonAnswer)>> {
        let last = self.last_seq(run)?;
        let read = || -> rusqlite::Result<Vec<(i64, PersonAnswer)>> {
            let mut statement = self.connection.prepare_cached(
                "SELECT owner, place, answer, by, reason, at, id FROM answers
                 WHERE run = ? AND (taken IS NULL OR taken > ?) ORDER BY id",
            )?;
            let rows = statement.query_map(params![run, last], |row| {
                let answer = PersonAnswer {
                    owner: parsed(0, &row.get::<_, String>(0)?)?,
                    index: row.get(1)?,
                    answer: parsed(2, &row.get::<_, String>(2)?)?,
                    by: row.get(3)?,
                    reason: row.get(4)?,
                    at: row.get(5)?,
                };
                Ok((row.get(6)?, answer))
            })?;
            rows.collect()
        };
        read().map_err(self.told("read the answers in"))
    }

    /// Marks what people said to the questions that these entries answer as taken in, before the entries are written: whoever was
    /// first is taken at his word, and what others said to the same question is answered with it.
    pub(super) fn take_answers(&self, run: RunId, entries: &[Entry]) -> Result<()> {
        let mut is_any = false;
        for entry in entries {
            let Event::ApprovalAnswered { owner, index, .. } = &entry.event else { continue };
            let take =
                "UPDATE answers SET taken = ? WHERE run = ? AND owner = ? AND place = ? AND taken IS NULL";
            let marked = self.connection.execute(take, params![entry.seq, run, json(owner), index]);
            is_any |= marked.map_err(self.told("mark the answer as taken in in"))? > 0;
        }
        if is_any {
            crash::point(Place::Taken);
        }
        Ok(())
    }

    /// Opens the answers again that were marked by entries after the last that there is: a death came between.
    pub(super) fn give_back_answers(&self, run: RunId, last: u64) -> Result<()> {
        let give = "UPDATE answers SET taken = NULL WHERE run = ? AND taken > ?";
        self.connection.execute(give, params![run, last]).map_err(self.told("open the answers again in"))?;
        Ok(())
    }
}

/// A value as the journal keeps it.
pub fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value)
        .expect("BUG: events and their parts have only string keys and finite numbers")
}

/// A value that the journal keeps.
pub fn parsed<T: serde::de::DeserializeOwned>(column: usize, text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
    })
}
