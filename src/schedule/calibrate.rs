//! What earlier runs say about estimates: by task and by agent, how much longer or shorter things took than was expected.
//!
//! Knows numbers, not where they are kept. It corrects a forecast; what a plan says of itself stays as it is said.

use super::shape::milliseconds;
use crate::plan::{Action, Estimate, Plan, Task, TaskId};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Nothing is learned from fewer runs.
pub const FEWEST_RUNS: usize = 3;

/// A forecast is corrected by no less and no more, whatever was measured.
pub const CLAMP: (f64, f64) = (0.25, 4.0);

/// Of a task, and of an agent, so many of the newest samples count.
const MOST_OF_TASK: usize = 20;
const MOST_OF_AGENT: usize = 100;

/// What a task took in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The run's number.
    pub run: i64,
    /// The plan's name.
    pub plan: String,
    /// The task's name.
    pub task: String,
    /// Who did it, where an agent did.
    pub agent: Option<String>,
    /// What the plan's author expected, in milliseconds.
    pub expected: u64,
    /// What it took, in milliseconds.
    pub actual: u64,
}

/// How sure a factor is. The worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// Few runs, or far apart.
    Low,
    /// Five runs or more, the middle half within two and a half times.
    Fair,
    /// Ten runs or more, the middle half within one and a half times.
    High,
}

/// What was learned of a task or an agent.
#[derive(Clone, Debug, PartialEq)]
pub struct Factor {
    /// The middle of what was measured, actual over expected.
    pub median: f64,
    /// Between these lies the middle half of it.
    pub quartiles: (f64, f64),
    /// By this much a forecast is corrected: the median, within [`CLAMP`].
    pub factor: f64,
    /// The runs that it rests on.
    pub runs: BTreeSet<i64>,
    /// How many times a task was measured.
    pub samples: usize,
    /// How sure it is.
    pub confidence: Confidence,
}

/// What was learned of a task, of one plan.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskFactor {
    /// The plan's name.
    pub plan: String,
    /// The task's name.
    pub task: String,
    /// What its author expected, in milliseconds: the factor holds for this and for no other estimate.
    pub expected: u64,
    /// What was learned.
    pub factor: Factor,
}

/// What earlier runs say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Calibration {
    /// By plan and task, in order of name.
    pub tasks: Vec<TaskFactor>,
    /// By agent, in order of name.
    pub agents: Vec<(String, Factor)>,
    /// How many runs have measured anything.
    pub runs: usize,
    /// Plans and tasks of which there are too few runs to learn from, and how many there are.
    pub too_few_tasks: Vec<(String, String, usize)>,
    /// The same of agents.
    pub too_few_agents: Vec<(String, usize)>,
}

/// By what a task's forecast was corrected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// What the task itself took.
    Task,
    /// What tasks of its agent took.
    Agent,
}

/// How a plan's estimates were corrected.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Corrections {
    /// By [`TaskId`].
    pub tasks: Vec<Option<(Basis, Factor)>>,
}

impl Calibration {
    /// Learns from samples, those of the newest run first.
    pub fn learn(samples: &[Sample]) -> Calibration {
        let mut tasks: BTreeMap<(&str, &str), Vec<&Sample>> = BTreeMap::new();
        let mut agents: BTreeMap<&str, Vec<&Sample>> = BTreeMap::new();
        let mut runs = BTreeSet::new();
        for sample in samples.iter().filter(|sample| sample.expected > 0) {
            runs.insert(sample.run);
            let own = tasks.entry((&sample.plan, &sample.task)).or_default();
            // Another estimate is another expectation: what was measured against it says nothing of this one.
            let is_same = own.first().is_none_or(|newest| newest.expected == sample.expected);
            if is_same && own.len() < MOST_OF_TASK {
                own.push(sample);
            }
            if let Some(agent) = &sample.agent {
                let own = agents.entry(agent).or_default();
                if own.len() < MOST_OF_AGENT {
                    own.push(sample);
                }
            }
        }
        let mut calibration = Calibration { runs: runs.len(), ..Calibration::default() };
        for ((plan, task), samples) in tasks {
            match Factor::of(&samples) {
                Ok(factor) => calibration.tasks.push(TaskFactor {
                    plan: plan.into(),
                    task: task.into(),
                    expected: samples[0].expected,
                    factor,
                }),
                Err(runs) => calibration.too_few_tasks.push((plan.into(), task.into(), runs)),
            }
        }
        for (agent, samples) in agents {
            match Factor::of(&samples) {
                Ok(factor) => calibration.agents.push((agent.into(), factor)),
                Err(runs) => calibration.too_few_agents.push((agent.into(), runs)),
            }
        }
        calibration
    }

    /// The plan with its estimates corrected, and how. None where nothing was learned of any of its tasks.
    pub fn corrected(&self, plan: &Plan) -> Option<(Plan, Corrections)> {
        let find = |task: TaskId| self.find(plan, plan.task(task));
        let tasks: Vec<Option<(Basis, Factor)>> = plan.task_ids().map(find).collect();
        if tasks.iter().all(Option::is_none) {
            return None;
        }
        let mut plan = plan.clone();
        for (task, correction) in plan.tasks.iter_mut().zip(&tasks) {
            if let (Some(estimate), Some((_, factor))) = (task.estimate, correction) {
                task.estimate = Some(times(&estimate, factor.factor));
            }
        }
        Some((plan, Corrections { tasks }))
    }

    fn find(&self, plan: &Plan, task: &Task) -> Option<(Basis, Factor)> {
        let expected = milliseconds(task.estimate.as_ref()?.expected());
        let own = self.tasks.binary_search_by(|known| {
            (known.plan.as_str(), known.task.as_str()).cmp(&(plan.name.as_str(), task.name.as_str()))
        });
        if let Ok(place) = own
            && self.tasks[place].expected == expected
        {
            return Some((Basis::Task, self.tasks[place].factor.clone()));
        }
        let is_agents = matches!(task.action, Action::Prompt(_) | Action::PromptFile(_));
        let agent = &plan.agent(task.agent.filter(|_| is_agents)?).name;
        let place = self.agents.binary_search_by(|(name, _)| name.cmp(agent)).ok()?;
        Some((Basis::Agent, self.agents[place].1.clone()))
    }
}

impl Corrections {
    /// How many tasks were corrected by that.
    pub fn count(&self, basis: Basis) -> usize {
        self.tasks.iter().flatten().filter(|(own, _)| *own == basis).count()
    }

    /// How many runs they rest on.
    pub fn runs(&self) -> usize {
        let runs: BTreeSet<i64> =
            self.tasks.iter().flatten().flat_map(|(_, factor)| factor.runs.iter().copied()).collect();
        runs.len()
    }

    /// How sure they are: as sure as the middle one of them.
    pub fn confidence(&self) -> Confidence {
        let mut all: Vec<Confidence> =
            self.tasks.iter().flatten().map(|(_, factor)| factor.confidence).collect();
        all.sort_unstable();
        all.get(all.len().saturating_sub(1) / 2).copied().unwrap_or(Confidence::Low)
    }

    /// The smallest and the largest factor.
    pub fn range(&self) -> (f64, f64) {
        let factors = || self.tasks.iter().flatten().map(|(_, factor)| factor.factor);
        (factors().fold(f64::INFINITY, f64::min), factors().fold(0.0, f64::max))
    }

    /// By what a task's estimate was corrected.
    pub fn of(&self, task: TaskId) -> Option<&(Basis, Factor)> {
        self.tasks.get(task.index())?.as_ref()
    }
}

impl Factor {
    /// Of samples of [`FEWEST_RUNS`] or more; else of how many they are.
    fn of(samples: &[&Sample]) -> Result<Factor, usize> {
        let runs: BTreeSet<i64> = samples.iter().map(|sample| sample.run).collect();
        if runs.len() < FEWEST_RUNS {
            return Err(runs.len());
        }
        let mut ratios: Vec<f64> =
            samples.iter().map(|sample| sample.actual as f64 / sample.expected as f64).collect();
        ratios.sort_unstable_by(f64::total_cmp);
        // Between two samples, in proportion.
        let at = |share: f64| {
            let place = share * (ratios.len() - 1) as f64;
            let (below, above) = (ratios[place.floor() as usize], ratios[place.ceil() as usize]);
            below + (above - below) * place.fract()
        };
        let (median, quartiles) = (at(0.5), (at(0.25), at(0.75)));
        let spread = if quartiles.0 > 0.0 { quartiles.1 / quartiles.0 } else { f64::INFINITY };
        let confidence = match runs.len() {
            10.. if spread <= 1.5 => Confidence::High,
            5.. if spread <= 2.5 => Confidence::Fair,
            _ => Confidence::Low,
        };
        Ok(Factor {
            median,
            quartiles,
            factor: median.clamp(CLAMP.0, CLAMP.1),
            runs,
            samples: samples.len(),
            confidence,
        })
    }

    /// Whether more, or less, was measured than a forecast is corrected by.
    pub fn is_clamped(&self) -> bool {
        self.factor != self.median
    }
}

impl Confidence {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Confidence::Low => "low",
            Confidence::Fair => "fair",
            Confidence::High => "high",
        }
    }
}

impl Basis {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Basis::Task => "task",
            Basis::Agent => "agent",
        }
    }
}

/// An estimate so many times as long.
fn times(estimate: &Estimate, factor: f64) -> Estimate {
    let scaled = |time: Duration| Duration::from_millis((milliseconds(time) as f64 * factor).round() as u64);
    Estimate {
        least: scaled(estimate.least),
        likeliest: estimate.likeliest.map(scaled),
        most: scaled(estimate.most),
        span: estimate.span,
    }
}
