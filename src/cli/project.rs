//! The project that the current directory is in: its journal, its runs by number, what is in them by name.

use super::{Global, output, stage};
use crate::error::{Error, Exit, Result};
use crate::event::Timestamp;
use crate::event::progress::Progress;
use crate::journal::{Journal, Run, RunId, root_of};
use crate::plan::{GateId, GroupId, Item, Plan, TaskId};
use crate::report::{Look, RunPlace, Verbosity};
use crate::schedule::Forecast;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;

/// A run, replayed.
pub struct Replayed {
    /// The journal that it is in.
    pub journal: Journal,
    /// The run.
    pub run: Run,
    /// Where it stands.
    pub progress: Progress,
    /// The process that carries it out now, if one does.
    pub is_live: bool,
}

/// The current directory.
pub fn here() -> Result<PathBuf> {
    std::env::current_dir().map_err(|cause| Error::new("find the current directory", cause))
}

/// The journal of the project that the current directory is in, to read.
pub fn open() -> Result<Journal> {
    let here = here()?;
    let root = root_of(&here);
    Journal::open_existing(&root)?.ok_or_else(|| {
        Error::new("find a run", "no plan was run here yet: there is no `.wavec/journal.db`")
            .at(stage::shown(&root))
            .help("run a plan with `wavec run FILE`, or change into the project whose runs you mean")
            .exit(Exit::Usage)
    })
}

/// The run that an argument means: its number, `@last`, or the latest where nothing is said.
pub fn find_run(journal: &Journal, argument: Option<&str>) -> Result<Run> {
    let wrong = |cause: String| Error::new("find the run", cause).exit(Exit::Usage);
    let latest =
        || -> Result<Run> {
            journal.runs(1)?.into_iter().next().ok_or_else(|| {
                wrong("no plan was run here yet".into()).help("run a plan with `wavec run FILE`")
            })
        };
    match argument {
        None | Some("@last" | "last") => latest(),
        Some(text) => {
            let id = text.parse::<i64>().map_err(|_| {
                wrong(format!("`{text}` is not the number of a run"))
                    .help("`wavec runs` lists them; `@last` is the latest")
            })?;
            match journal.run(id)? {
                Some(run) => Ok(run),
                None => {
                    let latest = latest()?.id;
                    Err(wrong(format!("there is no run {id}, the latest is {latest}"))
                        .help("`wavec runs` lists them"))
                }
            }
        }
    }
}

/// The run that an argument means, with its plan and where it stands.
pub fn replay(argument: Option<&str>) -> Result<Replayed> {
    let journal = open()?;
    let run = find_run(&journal, argument)?;
    let sources = journal.sources(run.id)?;
    let staged = stage::from_journal(sources, &run.params).ok_or_else(|| {
        Error::new(
            format!("read run {}", run.id),
            format!(
                "its plan does not compile with this wavec {} (it was run with {})",
                env!("CARGO_PKG_VERSION"),
                run.version
            ),
        )
        .help("use the wavec that it was run with; its logs are in `.wavec/runs`")
    })?;
    let is_live = journal.holder(run.id).is_some();
    let mut progress = progress(&journal, run.id, &staged.plan)?;
    progress.last_seq = journal.last_seq(run.id)?.max(progress.last_seq);
    Ok(Replayed { journal, run, progress, is_live })
}

/// Where a run stands, by its journal.
pub fn progress(journal: &Journal, run: RunId, plan: &Arc<Plan>) -> Result<Progress> {
    let mut progress = Progress::new(Arc::clone(plan));
    journal.each(run, |entry| progress.apply(&entry))?;
    Ok(progress)
}

/// The plan's item that a name means: its qualified name, or the end of one.
pub fn find_item(plan: &Plan, name: &str) -> Result<Item> {
    let all = || {
        let tasks = (0..).zip(&plan.tasks).map(|(id, task)| (task.name.as_str(), Item::Task(TaskId(id))));
        let gates = (0..).zip(&plan.gates).map(|(id, gate)| (gate.name.as_str(), Item::Gate(GateId(id))));
        let groups =
            (0..).zip(&plan.groups).map(|(id, group)| (group.name.as_str(), Item::Group(GroupId(id))));
        tasks.chain(gates).chain(groups)
    };
    if let Some((_, item)) = all().find(|(full, _)| *full == name) {
        return Ok(item);
    }
    let ending: Vec<(&str, Item)> = all().filter(|(full, _)| ends_with(full, name)).collect();
    let wrong = |cause: String| Error::new(format!("find `{name}` in the plan"), cause).exit(Exit::Usage);
    match ending.as_slice() {
        [(_, item)] => Ok(*item),
        [] => {
            let error = wrong("nothing has that name".into());
            Err(match nearest(name, all().map(|(full, _)| full)) {
                Some(near) => error.help(format!("did you mean `{near}`?")),
                None => error.help("`wavec plan FILE` shows all names"),
            })
        }
        several => {
            let names: Vec<&str> = several.iter().map(|(full, _)| *full).collect();
            Err(wrong("more than one thing has that name".into())
                .help(format!("say which: {}", crate::report::words::list(&names, 6))))
        }
    }
}

/// Whether a qualified name ends in another, at a dot.
pub fn ends_with(full: &str, end: &str) -> bool {
    full.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// The name that is most like it, if one is like it.
pub fn nearest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let distance = |other: &str| {
        let last = other.rsplit('.').next().unwrap_or(other);
        let whole = strsim::damerau_levenshtein(name, other);
        whole.min(strsim::damerau_levenshtein(name, last))
    };
    let most = name.chars().count() / 3 + 1;
    names
        .map(|other| (distance(other), other))
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, name)| name)
}

/// The time now.
pub fn now() -> Timestamp {
    jiff::Timestamp::now().as_millisecond()
}

/// Who is at the keyboard.
pub fn user() -> String {
    let uid = rustix::process::getuid().as_raw();
    let by_environment = || ["USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok());
    by_environment()
        .filter(|user| !user.is_empty())
        .or_else(|| user_of(uid, &std::fs::read_to_string("/etc/passwd").unwrap_or_default()))
        .unwrap_or_else(|| format!("user {uid}"))
}

/// The name of a user in the text of a `passwd` file.
fn user_of(uid: u32, passwd: &str) -> Option<String> {
    let mut users = passwd.lines().map(|line| line.split(':'));
    let uid = uid.to_string();
    users.find_map(|mut fields| {
        let name = fields.next()?;
        (fields.nth(1)? == uid).then(|| name.to_string())
    })
}

/// How a report on that stream looks.
pub fn look(global: &Global, stream: &impl IsTerminal) -> Look {
    Look {
        has_color: global.has_color(stream),
        has_unicode: has_unicode(),
        width: output::columns(stream),
        zone: jiff::tz::TimeZone::system(),
        verbosity: match (global.quiet, global.verbose) {
            (true, _) => Verbosity::Quiet,
            (_, true) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        },
    }
}

/// Whether the locale says that more than ASCII can be shown. One that says nothing can: nearly all do today.
fn has_unicode() -> bool {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG"));
    locale.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8")
            || locale.contains("utf8")
            || !locale.contains('.') && locale != "c" && locale != "posix"
    })
}

/// What a report says of a run beside its events.
pub fn place(journal: &Journal, run: i64, forecast: &Forecast) -> RunPlace {
    let is_known = forecast.missing.is_empty();
    RunPlace {
        run,
        logs: stage::shown(&journal.run_directory(run)),
        attempt_log: crate::run::attempt_log,
        check_log: crate::run::check_log,
        forecast: is_known.then(|| u64::try_from(forecast.makespan.as_millis()).unwrap_or(u64::MAX)),
    }
}
