//! `wavec simulate`: what may come of a plan when things go wrong.

use super::history::{self, Past};
use super::{Global, loader, output, plan, project};
use crate::error::{Error, Exit, Result};
use crate::plan::{Action, GroupId, Item, Plan, TaskId};
use crate::report::simulation::{Asked, Scenario, View, json, render};
use crate::schedule::calibrate::Corrections;
use crate::schedule::simulate::{Simulation, Troubles, is_work, simulate};
use crate::schedule::{Limits, estimate};
use clap::ValueEnum;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Play a plan many times: when it ends, how, and at what cost, if things go wrong
#[derive(clap::Args, Debug)]
#[command(after_help = "Nothing is run, and nothing is written. The same seed gives the same numbers.

Examples:
  wavec simulate release.wave --fail coder=10%
  wavec simulate release.wave --fail '*=2%' --fail ship.gate=20% --gate-delay 15m
  wavec simulate release.wave --quota-at claude=40m --workers 3,6,9
  wavec simulate release.wave --format json | jq '.scenarios[0].finish.p90'")]
pub struct Args {
    /// The plan, or `-` for standard input
    plan: PathBuf,
    /// How often it is played
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    runs: u32,
    /// Where chance begins: another seed gives other runs
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// How many attempts fail: of a task, of an agent's, of a wave's, of all (`*`); of a gate, how often it is a no-go
    #[arg(long, value_name = "NAME=SHARE", value_parser = failure)]
    fail: Vec<(String, f64)>,
    /// When the quota of a driver is spent, counted from the start; without a name, of every agent's
    #[arg(long, value_name = "[DRIVER=]TIME", value_parser = quota)]
    quota_at: Vec<(Option<String>, Duration)>,
    /// How long a person takes to answer: `15m`, or anything in `15m..2h`
    #[arg(long, value_name = "TIME", value_parser = times)]
    gate_delay: Option<(Duration, Duration)>,
    /// At most so many tasks at once, in place of the plan's `workers`; several give a table
    #[arg(long, value_name = "N,…", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..))]
    workers: Vec<u32>,
    /// Set a param of the plan
    #[arg(long, value_name = "NAME=VALUE", value_parser = loader::assignment)]
    set: Vec<(String, String)>,
    /// By the plan's own words, whatever earlier runs took
    #[arg(long)]
    no_history: bool,
    /// How to show it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// How to show a simulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Bars and numbers for people
    Text,
    /// One document; its schema is docs/schema/simulation.json
    Json,
}

/// Carries the command out.
pub fn run(args: Args, global: &Global) -> Result<Exit> {
    let Some((plan, exit)) = plan::compiled(loader::read_plan(&args.plan)?, args.set, global)? else {
        return Ok(Exit::PlanErrors);
    };
    let Past { plan, corrections } = history::past(&plan, &args.plan, args.no_history)?;
    let asked = Asked { fail: args.fail, quota: args.quota_at, answer: args.gate_delay };
    let troubles = troubles(&plan, &asked)?;
    let workers: Vec<Option<u32>> = match args.workers.as_slice() {
        [] => vec![None],
        several => several.iter().copied().map(Some).collect(),
    };
    let scenario = |workers: Option<u32>| {
        let limits = Limits { workers };
        Scenario {
            forecast: estimate(&plan, &limits),
            simulation: played(&plan, &limits, &troubles, args.seed, args.runs),
        }
    };
    let scenarios: Vec<Scenario> = workers.into_iter().map(scenario).collect();
    let runs = corrections.as_ref().map_or(0, Corrections::runs);
    let view =
        View { plan: &plan, seed: args.seed, asked: &asked, scenarios: &scenarios, corrected_by: runs };
    let stdout = std::io::stdout();
    output::print(&match args.format {
        Format::Text => render(&view, &project::look(global, &stdout)),
        Format::Json => json::render(&view, stdout.is_terminal()),
    })?;
    Ok(exit)
}

/// All the rounds, shared among the processors. Who plays which round makes no difference.
fn played(plan: &Arc<Plan>, limits: &Limits, troubles: &Troubles, seed: u64, runs: u32) -> Simulation {
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get() as u32).min(runs);
    let share = |thread: u32| {
        let cut = |thread: u32| (u64::from(runs) * u64::from(thread) / u64::from(threads)) as u32;
        simulate(plan, limits, troubles, seed, cut(thread)..cut(thread + 1))
    };
    std::thread::scope(|scope| {
        let players: Vec<_> = (0..threads).map(|thread| scope.spawn(move || share(thread))).collect();
        let mut whole = Simulation::default();
        for player in players {
            match player.join() {
                Ok(share) => whole.join(share),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        whole
    })
}

/// The troubles that were asked for, by what they befall. The nearest name counts: a task's before its agent's, an
/// agent's before a wave's, a wave's before `*`.
fn troubles(plan: &Plan, asked: &Asked) -> Result<Troubles> {
    let mut troubles = Troubles {
        failures: vec![0.0; plan.tasks.len()],
        no_goes: vec![0.0; plan.gates.len()],
        quotas: Vec::new(),
        answer: asked.answer,
    };
    // By task, how near the name is by which it fails.
    let mut nearness = vec![0; plan.tasks.len()];
    for (name, share) in &asked.fail {
        let mut fail = |near: u32, is_meant: &dyn Fn(TaskId) -> bool| {
            let mut is_any = false;
            for task in plan.task_ids().filter(|task| is_meant(*task)) {
                is_any = true;
                if nearness[task.index()] <= near {
                    nearness[task.index()] = near;
                    troubles.failures[task.index()] = *share;
                }
            }
            is_any
        };
        if name == "*" {
            fail(1, &|task| is_work(plan, task));
            continue;
        }
        let agent = |task: TaskId| plan.task(task).agent.map(|agent| &plan.agent(agent).name);
        if fail(3, &|task| agent(task) == Some(name)) {
            continue;
        }
        let item = project::find_item(plan, name).map_err(|error| {
            let known = plan.agents.iter().map(|agent| agent.name.as_str());
            match project::nearest(name, known) {
                Some(near) if error.help.starts_with("`wavec plan") => {
                    error.help(format!("did you mean the agent `{near}`?"))
                }
                _ => error,
            }
        })?;
        match item {
            Item::Task(task) if matches!(plan.task(task).action, Action::Wait(_)) => {
                let cause = format!("`{name}` only waits, so it cannot fail");
                return Err(Error::new("simulate the plan", cause).exit(Exit::Usage));
            }
            Item::Task(meant) => {
                fail(4, &|task| task == meant);
            }
            Item::Group(group) => {
                fail(2, &|task| is_work(plan, task) && is_in(plan, plan.task(task).group, group));
            }
            Item::Gate(gate) => troubles.no_goes[gate.index()] = *share,
        }
    }
    for (driver, time) in &asked.quota {
        for driver in drivers(plan, driver.as_deref())? {
            match troubles.quotas.iter_mut().find(|(known, _)| *known == driver) {
                Some((_, known)) => *known = *time,
                None => troubles.quotas.push((driver, *time)),
            }
        }
    }
    Ok(troubles)
}

/// Whether a group is another, or stands in it.
fn is_in(plan: &Plan, group: GroupId, other: GroupId) -> bool {
    let mut at = Some(group);
    while let Some(group) = at {
        if group == other {
            return true;
        }
        at = plan.group(group).parent;
    }
    false
}

/// The drivers of the plan's agents that a name means.
fn drivers(plan: &Plan, name: Option<&str>) -> Result<Vec<String>> {
    let mut drivers: Vec<String> = plan.agents.iter().map(|agent| agent.driver.clone()).collect();
    drivers.sort();
    drivers.dedup();
    let wrong = |cause: String| Error::new("simulate the plan", cause).exit(Exit::Usage);
    if drivers.is_empty() {
        return Err(wrong("no task of it is an agent's, so there is no quota to spend".into()));
    }
    match name {
        None => Ok(drivers),
        Some(name) if drivers.iter().any(|driver| driver == name) => Ok(vec![name.to_string()]),
        Some(name) => Err(wrong(format!("no agent of it has the driver `{name}`"))
            .help(format!("name one of its drivers: {}", drivers.join(", ")))),
    }
}

/// `NAME=10%`, for clap.
fn failure(text: &str) -> std::result::Result<(String, f64), String> {
    let example = "write NAME=SHARE, as in `coder=10%` or `coder=0.1`";
    let (name, share) = text.rsplit_once('=').ok_or(example)?;
    if name.trim().is_empty() {
        return Err(example.into());
    }
    let number = match share.trim().strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().map(|percent| percent / 100.0),
        None => share.trim().parse(),
    };
    match number {
        Ok(number) if (0.0..=1.0).contains(&number) => Ok((name.trim().to_string(), number)),
        Ok(number) if number > 1.0 && number <= 100.0 && !share.contains('%') => {
            Err(format!("a share is from 0% to 100%; for {share} in a hundred write `{share}%`"))
        }
        Ok(_) => Err("a share is from 0% to 100%".into()),
        Err(_) => Err(example.into()),
    }
}

/// `claude=40m` or `40m`, for clap.
fn quota(text: &str) -> std::result::Result<(Option<String>, Duration), String> {
    match text.rsplit_once('=') {
        Some((driver, time)) if !driver.trim().is_empty() => {
            Ok((Some(driver.trim().into()), duration(time)?))
        }
        Some(_) => Err("write DRIVER=TIME or TIME, as in `claude=40m`".into()),
        None => Ok((None, duration(text)?)),
    }
}

/// `15m` or `15m..2h`, for clap.
fn times(text: &str) -> std::result::Result<(Duration, Duration), String> {
    let (least, most) = match text.split_once("..") {
        Some((least, most)) => (duration(least)?, duration(most)?),
        None => (duration(text)?, duration(text)?),
    };
    if least > most {
        return Err("the range is upside down: write the shorter time first".into());
    }
    Ok((least, most))
}

/// A time as a plan writes it.
pub(super) fn duration(text: &str) -> std::result::Result<Duration, String> {
    crate::syntax::duration(text.trim())
        .map(Duration::from_millis)
        .ok_or_else(|| format!("`{}` is not a time; write it as in a plan: `40m`, `1h30m`", text.trim()))
}
