//! `wavec plan`: show who does what, after what, and when it ends.

use super::history::{self, Past};
use super::loader::Input;
use super::{Global, loader, output};
use crate::check::Purpose;
use crate::compile::Compilation;
use crate::diagnostic::Severity;
use crate::diagnostic::render::{TextOptions, render_text};
use crate::error::{Error, Exit, Result};
use crate::plan::Plan;
use crate::report::Look;
use crate::report::plan::{View, dot, gantt, html, json, mermaid, svg, tree};
use crate::schedule::sample::{self, Samples};
use crate::schedule::{Forecast, Limits, Order, brief_order, estimate, estimate_by, levers, order_within};
use clap::ValueEnum;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Show who does what, after what, and when it ends
#[derive(clap::Args, Debug)]
#[command(after_help = "Nothing is run, and nothing is written.

Examples:
  wavec plan release.wave
  wavec plan release.wave --set env=prod --workers 3
  wavec plan release.wave --plan-time 2s
  wavec plan release.wave --format mermaid > release.mmd")]
pub struct Args {
    /// The plan, or `-` for standard input
    plan: PathBuf,
    /// The file that the text of standard input is of: messages name it, and what it `use`s is looked for beside it
    #[arg(long, value_name = "PATH")]
    stdin_path: Option<PathBuf>,
    /// How to show it
    #[arg(long, value_enum, default_value_t = Format::Tree)]
    format: Format,
    /// Set a param of the plan
    #[arg(long, value_name = "NAME=VALUE", value_parser = loader::assignment)]
    set: Vec<(String, String)>,
    /// At most so many tasks at once, in place of the plan's `workers`; several give a table
    #[arg(long, value_name = "N,…", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..))]
    workers: Vec<u32>,
    /// Forecast by the plan's own words, whatever earlier runs took
    #[arg(long)]
    no_history: bool,
    #[command(flatten)]
    search: Search,
}

/// How long to look for the best order.
#[derive(clap::Args, Debug, Clone, Copy, Default)]
pub(super) struct Search {
    /// Look so long for the best order of the tasks, at most; 0s goes by the critical path alone. By default a number of
    /// tries that takes some milliseconds, the same each time
    #[arg(long, value_name = "DURATION", value_parser = super::simulate::duration)]
    plan_time: Option<Duration>,
}

impl Search {
    /// The forecast in the order that is found in that time, and that order.
    pub fn forecast(self, plan: &Arc<Plan>, limits: Limits) -> (Forecast, Arc<Order>) {
        let begin = Instant::now();
        let order = match self.plan_time {
            Some(time) => order_within(plan, limits, &mut || begin.elapsed() < time),
            None => brief_order(plan, limits),
        };
        (estimate_by(plan, &limits, Arc::clone(&order)), order)
    }

    /// The same while something else is done: in a large plan both take a while.
    pub fn forecast_beside<T>(
        self,
        plan: &Arc<Plan>,
        limits: Limits,
        work: impl FnOnce() -> T,
    ) -> ((Forecast, Arc<Order>), T) {
        std::thread::scope(|scope| {
            let aside = std::thread::Builder::new().spawn_scoped(scope, || self.forecast(plan, limits));
            let done = work();
            let foretold = match aside.map(std::thread::ScopedJoinHandle::join) {
                Ok(Ok(foretold)) => foretold,
                Ok(Err(panic)) => std::panic::resume_unwind(panic),
                // No thread is to be had.
                Err(_) => self.forecast(plan, limits),
            };
            (foretold, done)
        })
    }
}

/// The most steps of all rounds together.
const MOST_DRAWS: usize = 400_000;

/// How to show a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A tree for people
    Tree,
    /// A Gantt chart of the forecast, at the terminal
    Gantt,
    /// A picture: the Gantt chart of the forecast, light and dark
    Svg,
    /// The picture on a page of its own, with a table of the tasks
    Html,
    /// One document; its schema is docs/schema/plan.json
    Json,
    /// A Mermaid flowchart of the order
    Mermaid,
    /// A Mermaid Gantt chart of the forecast
    MermaidGantt,
    /// A Graphviz graph of the order
    Dot,
}

/// Carries the command out.
pub fn run(args: Args, global: &Global) -> Result<Exit> {
    let is_stdin = args.plan == Path::new(loader::STDIN);
    let mut input = loader::read_plan(&args.plan)?;
    let mut place = args.plan;
    match args.stdin_path {
        Some(path) if is_stdin => {
            input.path.clone_from(&path);
            place = path;
        }
        Some(_) => {
            return Err(Error::new("read the plan", "`--stdin-path` names the text of standard input")
                .help("give `-` in place of the plan")
                .exit(Exit::Usage));
        }
        None => {}
    }
    let Some((written, exit)) = compiled(input, args.set, global)? else { return Ok(Exit::PlanErrors) };
    let Past { plan, corrections } = history::past(&written, &place, args.no_history)?;
    if args.workers.len() > 1 {
        let one = |workers: &u32| {
            let limits = Limits { workers: Some(*workers) };
            let (forecast, order) = args.search.forecast(&plan, limits);
            (*workers, forecast, sampled(&plan, &limits, order))
        };
        let forecasts: Vec<_> = args.workers.iter().map(one).collect();
        output::print(&tree::workers_table(&forecasts))?;
        return Ok(exit);
    }
    let limits = Limits { workers: args.workers.first().copied() };
    let (forecast, order) = args.search.forecast(&plan, limits);
    let is_asked =
        matches!(args.format, Format::Tree | Format::Gantt | Format::Svg | Format::Html | Format::Json);
    let samples = is_asked.then(|| sampled(&plan, &limits, order)).flatten();
    let levers =
        if is_asked { levers::levers(&plan, &limits, &forecast).unwrap_or_default() } else { Vec::new() };
    let own = if corrections.is_some() { estimate(&written, &limits).makespan } else { forecast.makespan };
    let view = View::new(&written, &forecast)
        .samples(samples.as_ref())
        .levers(&levers)
        .corrected(corrections.as_ref(), own);
    let stdout = std::io::stdout();
    output::print(&match args.format {
        Format::Tree => tree::render(&view, &look(global, &stdout)),
        Format::Gantt => gantt::render(&view, &look(global, &stdout)),
        Format::Svg => svg::render(&view),
        Format::Html => html::render(&view),
        Format::Json => json::render(&view, stdout.is_terminal()),
        Format::Mermaid => mermaid::flowchart(&view),
        Format::MermaidGantt => mermaid::gantt(&view),
        Format::Dot => dot::render(&view),
    })?;
    Ok(exit)
}

/// How sure the forecast is, where estimates leave room: as many rounds as take no time that one would notice.
fn sampled(plan: &Arc<Plan>, limits: &Limits, order: Arc<Order>) -> Option<Samples> {
    let rounds = (MOST_DRAWS / plan.steps.len().max(1)).min(1000);
    let rounds = 0..(rounds >= 50 && sample::has_ranges(plan)).then_some(rounds)? as u32;
    Some(sample::sample_by(plan, limits, order, 1, rounds))
}

/// A plan that was read, ready to be forecast, and how the command ends; says on standard error what is wrong with it. None
/// when it has errors, but for claims that the forecast refutes: then one wants to see the forecast all the more.
pub(super) fn compiled(
    input: Input,
    set: Vec<(String, String)>,
    global: &Global,
) -> Result<Option<(Arc<Plan>, Exit)>> {
    let mut compilation = loader::compile_input(input, Purpose::Plan, set)?;
    // Notes are for `check`: here they would stand between a person and the plan.
    let least = if global.quiet { Severity::Error } else { Severity::Warning };
    compilation.diagnostics.retain(|found| found.severity >= least);
    let Compilation { sources, plan, refuted, diagnostics, .. } = compilation;
    let stderr = std::io::stderr();
    let options =
        TextOptions { color: global.has_color(&stderr), width: output::columns(&stderr), links: true };
    if !diagnostics.is_empty() {
        output::say(&format!("{}\n", render_text(&sources, &diagnostics, options)))?;
    }
    let exit = if plan.is_some() { Exit::Success } else { Exit::PlanErrors };
    Ok(plan.or(refuted).map(|plan| (Arc::new(plan), exit)))
}

/// How text for people looks on a stream.
pub(super) fn look(global: &Global, stream: &impl IsTerminal) -> Look {
    Look { zone: Look::plain().zone, ..super::project::look(global, stream) }
}
