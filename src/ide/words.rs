//! Times, amounts and names as hovers and hints say them.

use crate::plan::{Criterion, Plan, TaskId, Test};
use std::time::Duration;

pub(crate) use crate::prove::words::{count, duration, list, money, tokens};

/// A slot of time from the start of the plan: `0s–30m`.
pub fn slot(start: Duration, end: Duration) -> String {
    format!("{}–{}", duration(start), duration(end))
}

/// The names of tasks: `a`, `b` and 3 more.
pub fn tasks(plan: &Plan, tasks: &[TaskId], most: usize) -> String {
    list(tasks.iter().map(|task| plan.task(*task).name.as_str()), most)
}

/// How a criterion is tested, in words.
pub fn tested(plan: &Plan, criterion: &Criterion) -> String {
    match &criterion.test {
        Test::Runs { exits, prints, within, .. } => {
            let mut text = format!("its command ends with {exits}");
            if let Some(pattern) = prints {
                text.push_str(&format!(" and has printed `{pattern}`"));
            }
            if let Some(within) = within {
                text.push_str(&format!(" within {}", duration(*within)));
            }
            text
        }
        Test::Exists(_) => "some file matches".to_owned(),
        Test::Missing(_) => "no file matches".to_owned(),
        Test::Contains { .. } => "some line of some matching file matches the regular expression".to_owned(),
        Test::Lacks { .. } => "no line of any matching file matches the regular expression".to_owned(),
        Test::ValueAt { comparison, number, .. } => {
            format!("the number in the file is {} {number}", comparison.symbol())
        }
        Test::ValueOf { comparison, number, .. } => {
            format!("the number that the command prints is {} {number}", comparison.symbol())
        }
        Test::Judged { agent, .. } => {
            format!("agent `{}` answers pass, with a reason", plan.agent(*agent).name)
        }
        Test::Manual => "a person says so".to_owned(),
    }
}
