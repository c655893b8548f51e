//! What a simulation found, for a person at a terminal: how it ends, when, at what cost, and what went wrong first.
//!
//! Fits the width that it is given. It does not know how rounds are played.

mod bins;
pub mod json;

use super::plan::words as plan_words;
use super::words::{count, list, one_line, pad};
use super::{Look, Tone};
use crate::plan::{Plan, TaskId};
use crate::schedule::Forecast;
use crate::schedule::simulate::{Culprit, End, Round, Simulation, quantile};
use bins::Bin;
use std::fmt::Write as _;
use std::time::Duration;

/// A plan under some troubles.
pub struct View<'p> {
    /// The plan.
    pub plan: &'p Plan,
    /// The seed of the rounds.
    pub seed: u64,
    /// The troubles, as they were asked for.
    pub asked: &'p Asked,
    /// By number of workers; at least one.
    pub scenarios: &'p [Scenario],
    /// How many earlier runs the estimates were corrected by.
    pub corrected_by: usize,
}

/// The troubles in the words of the command line.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Names and shares of failed attempts, or of noes.
    pub fail: Vec<(String, f64)>,
    /// Drivers, none is every one, and when their quota is spent.
    pub quota: Vec<(Option<String>, Duration)>,
    /// How long people take, least and most.
    pub answer: Option<(Duration, Duration)>,
}

/// The same with one number of workers.
pub struct Scenario {
    /// Without troubles.
    pub forecast: Forecast,
    /// With them.
    pub simulation: Simulation,
}

impl View<'_> {
    /// Whether a name of the command line is a gate's.
    fn is_gate(&self, name: &str) -> bool {
        let is_end =
            |full: &str| full.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        let is_agent = self.plan.agents.iter().any(|agent| agent.name == name);
        !is_agent
            && !self.plan.tasks.iter().any(|task| is_end(&task.name))
            && self.plan.gates.iter().any(|gate| is_end(&gate.name))
    }
}

/// Everything for one number of workers; a table for several.
pub fn render(view: &View, look: &Look) -> String {
    let mut text = head(view, look);
    match view.scenarios {
        [one] => whole(view, one, look, &mut text),
        several => table(several, &mut text),
    }
    notes(view, look, &mut text);
    text
}

fn head(view: &View, look: &Look) -> String {
    let plan = view.plan;
    let title = one_line(&plan.title, look.width.saturating_sub(plan.name.len() + 2));
    let mut text = format!("{}  {title}", look.paint(Tone::Strong, &plan.name)).trim_end().to_string();
    text.push('\n');
    let rounds = view.scenarios.first().map_or(0, |scenario| scenario.simulation.rounds.len());
    let mut parts = vec![format!("{} runs", grouped(rounds)), format!("seed {}", view.seed)];
    if let [one] = view.scenarios {
        parts.push(match one.forecast.workers {
            Some(workers) => count(workers as usize, "worker"),
            None => "as many workers as it can use".to_string(),
        });
    }
    for (name, share) in &view.asked.fail {
        let name = if name == "*" { "every task" } else { name };
        let verb = if name == "every task" || !view.is_gate(name) { "fails" } else { "says no-go" };
        parts.push(format!("{name} {verb} {}", percent(*share).replace(".0%", "%")));
    }
    for (driver, time) in &view.asked.quota {
        let whose = driver.as_deref().unwrap_or("agents");
        parts.push(format!("quota of {whose} spent at {}", plan_words::time(*time)));
    }
    if let Some((least, most)) = view.asked.answer {
        let least_words = plan_words::time(least);
        parts.push(match least == most {
            true => format!("answers after {least_words}"),
            false => format!("answers after {least_words} to {}", plan_words::time(most)),
        });
    }
    if view.corrected_by > 0 {
        parts.push(format!("estimates corrected by {}", count(view.corrected_by, "run")));
    }
    for line in joined(&parts, look.width) {
        text += &format!("{}\n", look.paint(Tone::Dim, &line));
    }
    text.push('\n');
    text
}

fn whole(view: &View, scenario: &Scenario, look: &Look, text: &mut String) {
    let simulation = &scenario.simulation;
    let rounds = simulation.rounds.len().max(1);
    let bar_width = look.width.saturating_sub(34).clamp(8, 44);
    for end in End::ALL {
        let number = simulation.count(end);
        if number == 0 && end != End::Succeeded {
            continue;
        }
        let share = number as f64 / rounds as f64;
        let bar = pad(&bar(share, bar_width, look), bar_width);
        let line = format!(
            "{:<9}  {}  {:>6}  {:>9}",
            end.word(),
            look.paint(tone(end), &bar),
            percent(share),
            grouped(number)
        );
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text.push('\n');
    numbers(scenario, look, text);
    let histogram = bins::bins(simulation);
    if histogram.len() > 1 {
        let _ = writeln!(text);
        chart(&histogram, simulation, look, text);
    }
    let culprits = simulation.culprits();
    if !culprits.is_empty() {
        let _ = writeln!(text, "\nWhat kept it from succeeding");
        for (culprit, number) in culprits.iter().take(5) {
            let what = culprit_words(view.plan, *culprit, simulation);
            let share = percent(*number as f64 / rounds as f64);
            let _ = writeln!(text, "  {share:>6}  {}", one_line(&what, look.width.saturating_sub(10)));
        }
        if culprits.len() > 5 {
            let rest: usize = culprits[5..].iter().map(|(_, number)| number).sum();
            let share = percent(rest as f64 / rounds as f64);
            let _ = writeln!(text, "  {share:>6}  {} others", grouped(culprits.len() - 5));
        }
    }
}

/// When it ends and what it costs, in numbers.
fn numbers(scenario: &Scenario, look: &Look, text: &mut String) {
    let simulation = &scenario.simulation;
    let succeeded = simulation.count(End::Succeeded);
    let end = (succeeded > 0).then_some(End::Succeeded);
    let mut rows: Vec<(String, String)> = Vec::new();
    let quantiles = |of: &dyn Fn(&Round) -> u64, show: &dyn Fn(u64) -> String, end: Option<End>| {
        let sorted = simulation.sorted(end, of);
        match (sorted.first(), sorted.last()) {
            (Some(first), Some(last)) if first == last => show(*first),
            _ => {
                let at = |share| show(quantile(&sorted, share));
                format!("p10 {} · p50 {} · p90 {}", at(0.1), at(0.5), at(0.9))
            }
        }
    };
    let time = |value: u64| plan_words::time(rounded(value));
    let whose = match end {
        Some(_) if succeeded < simulation.rounds.len() => "finish, where it succeeds",
        Some(_) => "finish",
        None => "ends",
    };
    rows.push((whose.into(), quantiles(&|round| round.finish, &time, end)));
    let forecast = scenario.forecast.makespan + scenario.forecast.finally;
    rows.push(("forecast without trouble".into(), plan_words::time(forecast)));
    if scenario.forecast.cost.money.is_some() {
        let show = |value| plan_words::money((value, value));
        rows.push(("cost".into(), quantiles(&|round| round.money, &show, None)));
    }
    if scenario.forecast.cost.tokens.is_some() {
        let show = |value| plan_words::tokens((value, value)).trim_end_matches(" tokens").to_string();
        rows.push(("tokens".into(), quantiles(&|round| round.tokens, &show, None)));
    }
    let retries = simulation.mean_retries();
    if retries > 0.0 {
        let digits = if retries < 10.0 { 1 } else { 0 };
        rows.push(("tries again".into(), format!("{retries:.digits$} a run")));
    }
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, value) in rows {
        let line = format!("{name:<width$}  {value}");
        if unicode_width::UnicodeWidthStr::width(line.as_str()) <= look.width {
            let _ = writeln!(text, "{line}");
            continue;
        }
        let _ = writeln!(text, "{name}");
        for line in
            joined(&value.split(" · ").map(str::to_string).collect::<Vec<_>>(), look.width.saturating_sub(2))
        {
            let _ = writeln!(text, "  {line}");
        }
    }
}

/// The histogram: bars of those that succeed, and behind them of those that do not.
fn chart(bins: &[Bin], simulation: &Simulation, look: &Look, text: &mut String) {
    let rounds = simulation.rounds.len().max(1) as f64;
    let has_others = bins.iter().any(|bin| bin.others() > 0);
    let (full, half) = (look.mark("█", "#"), look.mark("░", "."));
    let legend = match (has_others, bins.iter().any(|bin| bin.succeeded > 0)) {
        (true, true) => format!("    {full} succeeded  {half} not"),
        (true, false) => format!("    {half} none of them succeeded"),
        _ => String::new(),
    };
    let has_seconds = bins.iter().any(|bin| bin.from % 60_000 != 0);
    let unit = if has_seconds { "h:mm:ss" } else { "h:mm" };
    let _ = writeln!(text, "When it ends, from ({unit}) on{legend}");
    let label = |bin: &Bin| plan_words::moment(Duration::from_millis(bin.from), has_seconds);
    let labels: Vec<String> = bins.iter().map(label).collect();
    let width = labels.iter().map(String::len).max().unwrap_or(0);
    let most = bins.iter().map(|bin| bin.succeeded + bin.others()).max().unwrap_or(1).max(1) as f64;
    let room = look.width.saturating_sub(width + 13).clamp(8, 60) as f64;
    for (bin, label) in bins.iter().zip(labels) {
        let all = bin.succeeded + bin.others();
        let columns = (all as f64 / most * room).round() as usize;
        let columns = if all > 0 { columns.max(1) } else { 0 };
        let good =
            if all > 0 { (bin.succeeded as f64 / all as f64 * columns as f64).round() as usize } else { 0 };
        let bar = format!(
            "{}{}",
            look.paint(Tone::Good, &full.repeat(good)),
            look.paint(Tone::Bad, &half.repeat(columns - good))
        );
        let share = if all > 0 { percent(all as f64 / rounds) } else { String::new() };
        let later = if bin.to.is_none() { "+" } else { " " };
        let fill = " ".repeat((room as usize).saturating_sub(columns));
        let _ = writeln!(text, "{}", format!("  {label:>width$}{later} {bar}{fill} {share:>6}").trim_end());
    }
}

fn table(scenarios: &[Scenario], text: &mut String) {
    let has_money = scenarios.iter().any(|scenario| scenario.forecast.cost.money.is_some());
    let money_head = if has_money { "        cost p90" } else { "" };
    let _ = writeln!(
        text,
        "{:>7}  {:>12}  {:>9}  {:>12}  {:>12}{money_head}",
        "workers", "forecast", "succeeded", "finish p50", "p90"
    );
    for scenario in scenarios {
        let simulation = &scenario.simulation;
        let end = (simulation.count(End::Succeeded) > 0).then_some(End::Succeeded);
        let finish = simulation.sorted(end, |round| round.finish);
        let time = |share| plan_words::time(rounded(quantile(&finish, share)));
        let workers = scenario.forecast.workers.map_or("–".to_string(), |workers| workers.to_string());
        let forecast = plan_words::time(scenario.forecast.makespan + scenario.forecast.finally);
        let succeeded =
            percent(simulation.count(End::Succeeded) as f64 / simulation.rounds.len().max(1) as f64);
        let money = match has_money {
            true => {
                let cost = quantile(&simulation.sorted(None, |round| round.money), 0.9);
                format!("{:>16}", plan_words::money((cost, cost)))
            }
            false => String::new(),
        };
        let _ = writeln!(
            text,
            "{workers:>7}  {forecast:>12}  {succeeded:>9}  {:>12}  {:>12}{money}",
            time(0.5),
            time(0.9)
        );
    }
    if scenarios
        .iter()
        .any(|scenario| scenario.simulation.count(End::Succeeded) < scenario.simulation.rounds.len())
    {
        let _ = writeln!(text, "\nThe finish is of the runs that succeed, where any does.");
    }
}

/// What is not in the numbers.
fn notes(view: &View, look: &Look, text: &mut String) {
    let Some(first) = view.scenarios.first() else { return };
    let names = |tasks: &[TaskId]| -> Vec<String> {
        tasks.iter().map(|task| view.plan.task(*task).name.to_string()).collect()
    };
    let mut notes = Vec::new();
    let missing = &first.forecast.missing;
    if !missing.is_empty() {
        let tasks = count(missing.len(), "task");
        let verb = if missing.len() == 1 { "has" } else { "have" };
        notes.push(format!(
            "{tasks} without an estimate {verb} counted as no time: {}",
            list(&names(missing), 3)
        ));
    }
    let costless = &first.forecast.cost.missing;
    if !costless.is_empty() && (first.forecast.cost.money.is_some() || first.forecast.cost.tokens.is_some()) {
        let tasks = count(costless.len(), "agents' task");
        notes.push(format!("not in the cost: {tasks} ({})", list(&names(costless), 3)));
    }
    let is_certain = view.scenarios.iter().all(|scenario| {
        let rounds = &scenario.simulation.rounds;
        rounds.iter().all(|round| rounds.first() == Some(round))
    });
    if is_certain {
        notes.push(
            "every run is the same: no estimate is a range, and nothing may fail (`--fail NAME=10%`)".into(),
        );
    }
    if !notes.is_empty() {
        text.push('\n');
    }
    for note in notes {
        text.push_str(&wrapped(&note, look.width));
    }
}

fn culprit_words(plan: &Plan, culprit: Culprit, simulation: &Simulation) -> String {
    match culprit {
        Culprit::Task(task) => {
            let is_it = |end: End| {
                simulation.rounds.iter().any(|round| round.end == end && round.culprit == Some(culprit))
            };
            let how = match (is_it(End::Failed), is_it(End::Parked)) {
                (true, true) => "failed or was parked",
                (false, true) => "was parked: its quota was spent",
                _ => "failed",
            };
            format!("{} {how}", plan.task(task).name)
        }
        Culprit::Gate(gate) => format!("the gate {} said no-go", plan.gate(gate).name),
    }
}

fn tone(end: End) -> Tone {
    match end {
        End::Succeeded => Tone::Good,
        End::Failed | End::NoGo => Tone::Bad,
        End::Parked => Tone::Attention,
    }
}

/// A bar to an eighth of a column; whatever is not nothing is seen.
fn bar(share: f64, width: usize, look: &Look) -> String {
    if !look.has_unicode {
        let columns = (share * width as f64).round() as usize;
        return "#".repeat(if share > 0.0 { columns.max(1) } else { 0 });
    }
    let eighths = (share * width as f64 * 8.0).round() as usize;
    let eighths = if share > 0.0 { eighths.max(1) } else { 0 };
    let parts = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    format!("{}{}", "█".repeat(eighths / 8), parts[eighths % 8])
}

/// `0%`, `<0.1%`, `4.1%`, `100%`: what is not nothing or all is not shown as it.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent {
        0.0 => "0%".to_string(),
        _ if percent < 0.05 => "<0.1%".to_string(),
        _ if percent >= 100.0 => "100%".to_string(),
        _ if percent > 99.95 => ">99.9%".to_string(),
        _ => format!("{percent:.1}%"),
    }
}

/// `12,345`.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// As exact as a guess is: to the minute above ten minutes.
fn rounded(milliseconds: u64) -> Duration {
    let unit = match milliseconds {
        0..10_000 => 1,
        10_000..600_000 => 1_000,
        _ => 60_000,
    };
    Duration::from_millis(milliseconds.saturating_add(unit / 2) / unit * unit)
}

/// Parts with dots between them, in lines of the width.
fn joined(parts: &[String], width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 3 + part.chars().count() <= width => {
                line.push_str(" · ");
                line.push_str(part);
            }
            _ => lines.push(part.clone()),
        }
    }
    lines
}

/// A sentence in lines of the width.
fn wrapped(sentence: &str, width: usize) -> String {
    let mut text = String::new();
    let mut column = 0;
    for word in sentence.split(' ') {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > width {
            text.push('\n');
            column = 0;
        } else if column > 0 {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += length;
    }
    text.push('\n');
    text
}
