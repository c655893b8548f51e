//! What people say from other terminals: kept until the run takes it in.

use super::{Journal, RunId};
use crate::crash::{self, Place};
use crate::error::Result;
use crate::event::{Answer, ApprovalOwner, Timestamp};
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
        self.set_full_sync(true)?;
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

    /// The answers that the run has not taken in, each with its number, in the order in which they were given.
    pub fn open_answers(&self, run: RunId) -> Result<Vec<(i64, PersonAnswer)>> {
        let read = || -> rusqlite::Result<Vec<(i64, PersonAnswer)>> {
            let mut statement = self.connection.prepare_cached(
                "SELECT owner, place, answer, by, reason, at, id FROM answers WHERE run = ? AND taken IS NULL ORDER BY id",
            )?;
            let rows = statement.query_map([run], |row| {
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
