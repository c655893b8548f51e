//! What tasks really took, against what the plan's author expected of them.
//!
//! Read from the events of the latest runs. What is learned from it is not known here.

use super::{ItemKind, Journal, RunId};
use crate::error::Result;
use crate::event::{ApprovalOwner, AttemptEnd, CheckOwner, Event, Outcome};
use crate::plan::{Action, Plan};
use crate::schedule::calibrate::Sample;
use rusqlite::{Connection, params};
use std::collections::{BTreeMap, HashMap, HashSet};

/// So many runs are looked at, the latest.
const MOST_RUNS: u32 = 100;

/// A task in a revision of a run's plan.
type Place = (u32, u32);

/// What was expected of a task.
struct Expected {
    name: String,
    agent: Option<String>,
    milliseconds: u64,
}

/// Writes down what the plan's author expects of its tasks.
pub(super) fn write_estimates(
    transaction: &Connection,
    run: RunId,
    revision: u32,
    plan: &Plan,
) -> rusqlite::Result<()> {
    let mut write = transaction.prepare_cached(
        "INSERT INTO estimates (run, revision, task, agent, expected) VALUES (?, ?, ?, ?, ?)",
    )?;
    for task in plan.task_ids() {
        let id = task.0;
        let task = plan.task(task);
        let Some(estimate) = &task.estimate else { continue };
        let is_agents = matches!(task.action, Action::Prompt(_) | Action::PromptFile(_));
        let agent = task.agent.filter(|_| is_agents).map(|agent| &plan.agent(agent).name);
        let expected = i64::try_from(estimate.expected().as_millis()).unwrap_or(i64::MAX);
        write.execute(params![run, revision, id, agent, expected])?;
    }
    Ok(())
}

impl Journal {
    /// What tasks with an estimate took in the latest runs, the newest run first; in a run, each task once: the attempt
    /// that succeeded last, with the tests of its criteria and without the time that people took for theirs.
    pub fn samples(&self) -> Result<Vec<Sample>> {
        let told = || self.told("read what tasks took in");
        let runs = || -> rusqlite::Result<Vec<(RunId, String)>> {
            let mut runs =
                self.connection.prepare_cached("SELECT id, plan_name FROM runs ORDER BY id DESC LIMIT ?")?;
            let runs = runs.query_map([MOST_RUNS], |row| Ok((row.get(0)?, row.get(1)?)))?;
            runs.collect()
        };
        let mut samples = Vec::new();
        for (run, plan) in runs().map_err(told())? {
            let expected = self.expected(run).map_err(told())?;
            if !expected.is_empty() {
                let revisions = self.revision_begins(run).map_err(told())?;
                // One whose log is damaged teaches nothing; whoever looks at it is told.
                samples.extend(self.samples_of(run, &plan, &expected, &revisions).unwrap_or_default());
            }
        }
        Ok(samples)
    }

    fn samples_of(
        &self,
        run: RunId,
        plan: &str,
        expected: &HashMap<Place, Expected>,
        revisions: &[(u64, u32)],
    ) -> Result<Vec<Sample>> {
        // By task, the attempt that was done last: its number and time.
        let mut attempts: HashMap<Place, (u32, u64)> = HashMap::new();
        // Criteria that a person was asked for.
        let mut asked: HashSet<(u32, CheckOwner, u32)> = HashSet::new();
        let mut took: BTreeMap<Place, u64> = BTreeMap::new();
        const KINDS: [&str; 4] = ["attempt_ended", "task_ended", "check_ended", "approval_asked"];
        self.each_as_written(run, &KINDS, |entry| {
            let of = revisions.iter().rfind(|(first, _)| *first <= entry.seq);
            let revision = of.map_or(1, |(_, revision)| *revision);
            match entry.event {
                Event::AttemptEnded { task, attempt, end: AttemptEnd::Done, milliseconds, .. } => {
                    attempts.insert((revision, task.0), (attempt, milliseconds));
                }
                Event::AttemptEnded { task, .. } => {
                    attempts.remove(&(revision, task.0));
                }
                Event::ApprovalAsked { owner: ApprovalOwner::Check(owner), index, .. } => {
                    asked.insert((revision, owner, index));
                }
                Event::CheckEnded {
                    owner: owner @ CheckOwner::Task(task, attempt),
                    index,
                    milliseconds,
                    ..
                } => {
                    if let Some((last, time)) = attempts.get_mut(&(revision, task.0))
                        && *last == attempt
                        && !asked.contains(&(revision, owner, index))
                    {
                        *time = time.saturating_add(milliseconds);
                    }
                }
                Event::TaskEnded { task, outcome: Outcome::Succeeded, .. } => {
                    if let Some((_, time)) = attempts.get(&(revision, task.0)) {
                        took.insert((revision, task.0), *time);
                    }
                }
                _ => {}
            }
        })?;
        // The newest revision's word on a task counts.
        let mut samples: BTreeMap<&str, Sample> = BTreeMap::new();
        for (place, actual) in took {
            let Some(expected) = expected.get(&place).filter(|expected| expected.milliseconds > 0) else {
                continue;
            };
            let sample = Sample {
                run,
                plan: plan.to_string(),
                task: expected.name.clone(),
                agent: expected.agent.clone(),
                expected: expected.milliseconds,
                actual,
            };
            samples.insert(&expected.name, sample);
        }
        Ok(samples.into_values().collect())
    }

    /// What was expected of a run's tasks.
    fn expected(&self, run: RunId) -> rusqlite::Result<HashMap<Place, Expected>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT revision, task, agent, expected FROM estimates WHERE run = ? ORDER BY revision",
        )?;
        let mut rows = statement.query([run])?;
        let mut names: Option<(u32, HashMap<u32, String>)> = None;
        let mut expected = HashMap::new();
        while let Some(row) = rows.next()? {
            let (revision, task): Place = (row.get(0)?, row.get(1)?);
            if names.as_ref().is_none_or(|(of, _)| *of != revision) {
                let tasks =
                    self.items_of(run, revision)?.into_iter().filter(|item| item.kind == ItemKind::Task);
                names = Some((revision, tasks.map(|task| (task.id, task.name)).collect()));
            }
            let Some(name) = names.as_mut().and_then(|(_, names)| names.remove(&task)) else { continue };
            let told = Expected { name, agent: row.get(2)?, milliseconds: row.get(3)? };
            expected.insert((revision, task), told);
        }
        Ok(expected)
    }
}
