//! `wavec agents`: which agent programs are here, and what a plan's agents come to.

use super::{Global, loader, output};
use crate::compile::{Purpose, compile};
use crate::diagnostic::levels::Levels;
use crate::driver::Driver;
use crate::error::{Exit, Result};
use crate::plan::{Agent, AgentId, Command as Program};
use crate::report::words;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long a program may take to say its version.
const PATIENCE: Duration = Duration::from_secs(30);

/// Show which agent programs are installed, and what a plan's agents resolve to
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  wavec agents
  wavec agents release.wave")]
pub struct Args {
    /// Plans whose agents to show
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Carries the command out. A plan's agent that cannot be called makes it end with 1.
pub fn run(args: Args, _global: &Global) -> Result<Exit> {
    let mut lines = Vec::new();
    let programs: Vec<(Driver, &str, &str)> = Driver::ALL
        .into_iter()
        .filter_map(|driver| driver.program().map(|(program, install)| (driver, program, install)))
        .collect();
    // All at once: some take seconds to say their version.
    let told: Vec<String> = std::thread::scope(|scope| {
        let asked: Vec<_> = programs
            .iter()
            .map(|(_, program, _)| {
                find(program).map(|path| (path.clone(), scope.spawn(move || version(&path))))
            })
            .collect();
        let told = asked.into_iter().zip(&programs).map(|(asked, (_, _, install))| match asked {
            Some((path, version)) => {
                let version = version.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                format!("{version}  {}", path.display())
            }
            None => format!("not installed: {install}"),
        });
        told.collect()
    });
    for ((driver, _, _), told) in programs.iter().zip(told) {
        lines.push(format!("{}  {told}", words::pad(driver.name(), 8)));
    }
    for driver in [Driver::Command, Driver::Acp] {
        lines.push(format!("{}  the program that the agent names in `run`", words::pad(driver.name(), 8)));
    }
    let mut exit = Exit::Success;
    for file in &args.files {
        let input = loader::read_plan(file)?;
        let options = loader::options(Purpose::Check, Vec::new(), Levels::default());
        let compilation = compile(&input.path, &input.text, &loader::Disk::default(), &options);
        lines.push(String::new());
        let Some(plan) = compilation.plan.filter(|_| !input.text.is_empty()) else {
            lines.push(format!("{}: has errors: `wavec check {0}` tells them", file.display()));
            exit = Exit::PlanErrors;
            continue;
        };
        lines.push(format!("{}:", file.display()));
        if plan.agents.is_empty() {
            lines.push("  no agents".into());
        }
        for (id, agent) in (0..).map(AgentId).zip(&plan.agents) {
            let (told, can) = resolved(agent, crate::run::called(&plan, id));
            lines.push(format!("  {}: {told}", agent.name));
            if !can {
                exit = Exit::PlanErrors;
            }
        }
    }
    output::print(&(lines.join("\n") + "\n"))?;
    Ok(exit)
}

/// What an agent comes to, in words, and whether it can be called here.
fn resolved(agent: &Agent, called: Option<String>) -> (String, bool) {
    let mut parts = vec![agent.driver.clone()];
    if !agent.model.is_empty() {
        parts.push(format!("model {}", agent.model));
    }
    if let Some(file) = &agent.definition_file {
        parts.push(format!("defined in {file}"));
    }
    if !agent.instructions.is_empty() {
        parts.push(format!("instructions {}", agent.instructions));
    }
    for (word, tools) in [("allow", &agent.allow), ("deny", &agent.deny)] {
        if !tools.is_empty() {
            parts.push(format!("{word} {}", tools.join(" ")));
        }
    }
    if let Some(program) = &agent.command {
        let text = |template: &crate::plan::Template| template.fill(|_, _| "{{…}}", str::to_owned);
        let program = match program {
            Program::Shell(template) => text(template),
            Program::Program(words) => words.iter().map(text).collect::<Vec<_>>().join(" "),
        };
        parts.push(format!("runs {}", words::one_line(&program, 80)));
    }
    let can = match Driver::of(agent) {
        Err(error) => {
            parts.push(format!("cannot be called: {}", error.cause));
            false
        }
        Ok(_) => match called {
            Some(program) if find(&program).is_none() => {
                parts.push(match Driver::install(&program) {
                    Some(install) => format!("not installed: {install}"),
                    None => format!("`{program}` is not installed"),
                });
                false
            }
            _ => true,
        },
    };
    (parts.join(", "), can)
}

/// Where a program is.
fn find(program: &str) -> Option<PathBuf> {
    crate::run::find_program(program, std::env::var_os("PATH").as_deref())
}

/// What a program says its version is, on one line.
fn version(program: &PathBuf) -> String {
    let spawned = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = spawned else { return "cannot be started".into() };
    let begin = Instant::now();
    while begin.elapsed() < PATIENCE {
        match child.try_wait() {
            Ok(Some(_)) => {
                let output = child.wait_with_output().map(|output| output.stdout).unwrap_or_default();
                let text = String::from_utf8_lossy(&output).into_owned();
                let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("says no version");
                return words::one_line(line, 60);
            }
            Ok(None) => std::thread::sleep(Duration::from_millis(20)),
            Err(_) => break,
        }
    }
    // One that asks for something, or hangs: it is ours to end.
    let _ = child.kill();
    let _ = child.wait();
    "did not say its version".into()
}
