//! `wavec check --watch`: look again whenever something that was looked at is saved, and show what is found now.
//!
//! Watches the directories of everything that a look asked for, there or not, so that editors that save by renaming, files
//! that appear or vanish, libraries, `wavec.toml` and `.gitignore` all count. Knows nothing of plans.

use super::{Args, Format, Round, look};
use crate::cli::keyboard::Keyboard;
use crate::cli::loader::{Asked, Found, STDIN, Stamp, look_for_plans, stamp};
use crate::cli::{Global, output, project, told, view};
use crate::diagnostic::render::clean;
use crate::error::{Error, Exit, Result};
use crate::report::screen::Screen;
use crate::report::{log, words};
use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::BTreeMap;
use std::io::{IsTerminal, Stderr, stderr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;
use tokio::time::sleep;
use unicode_width::UnicodeWidthStr;

/// A save is over when nothing happened for so long.
const QUIET: Duration = Duration::from_millis(40);
/// So often a save is given that time.
const MOST_WAITS: usize = 10;
/// How often files are looked at that the system tells nothing of, as on some network drives.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// Carries the command out, until it is interrupted.
pub fn run(args: &Args, global: &Global) -> Result<Exit> {
    if args.files.iter().any(|file| file == Path::new(STDIN)) {
        return Err(Error::new("watch standard input", "it is read once").exit(Exit::Usage));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Error::new("get ready to watch", error))?.block_on(watch(args, global))
}

async fn watch(args: &Args, global: &Global) -> Result<Exit> {
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    let mut resized = listen(SignalKind::window_change())?;
    let mut go_on = listen(SignalKind::from_raw(libc::SIGCONT))?;
    let mut ground = Ground::new();
    let mut shown = Shown::new(args, global);
    let mut cause: Option<PathBuf> = None;
    loop {
        let (asked, mut found) = (Asked::default(), Found::default());
        let round = look_for_plans(&args.files, &mut found)
            .and_then(|()| look(args, global, &found.plans, Some(&asked)))
            .map(|(round, _)| round)
            .unwrap_or_else(|error| Round {
                shown: String::new(),
                said: told(&error, global),
                exit: error.exit,
            });
        let known = Known { found, asked: asked.into_paths() };
        shown.show(round, cause.take().as_deref(), known.found.plans.len())?;
        let mut is_walked = true;
        let exit = loop {
            ground.follow(&known);
            cause = known.changed(&args.files, is_walked);
            if cause.is_some() {
                break None;
            }
            tokio::select! {
                biased;
                _ = interrupt.recv() => break Some(Exit::Interrupted),
                _ = terminate.recv() => break Some(Exit::Terminated),
                _ = resized.recv() => break None,
                _ = go_on.recv() => shown.again()?,
                () = ground.settled() => is_walked = true,
                () = sleep(ASK_AGAIN) => is_walked = ground.is_blind(),
            }
        };
        if let Some(exit) = exit {
            shown.end()?;
            return Ok(exit);
        }
    }
}

fn listen(kind: SignalKind) -> Result<Signal> {
    signal(kind).map_err(|error| Error::new("listen for signals", error))
}

/// What a look saw.
struct Known {
    found: Found,
    asked: BTreeMap<PathBuf, Stamp>,
}

impl Known {
    /// Something that is not as it was; directories are gone through only if asked for.
    fn changed(&self, files: &[PathBuf], is_walked: bool) -> Option<PathBuf> {
        let changed = self.asked.iter().find(|(path, before)| stamp(path) != **before);
        if let Some((path, _)) = changed {
            return Some(path.clone());
        }
        if !is_walked || self.found.directories.is_empty() {
            return None;
        }
        let mut found = Found::default();
        // What cannot be gone through shows no other plans.
        let _ = look_for_plans(files, &mut found);
        if found.plans == self.found.plans {
            return None;
        }
        let is_new = |path: &&PathBuf| !self.found.plans.contains(path);
        let is_gone = |path: &&PathBuf| !found.plans.contains(path);
        let other = found.plans.iter().find(is_new).or_else(|| self.found.plans.iter().find(is_gone));
        Some(other.cloned().unwrap_or_default())
    }

    /// The directories in which a change would be seen.
    fn directories(&self) -> BTreeMap<PathBuf, Stamp> {
        let mut directories = BTreeMap::new();
        let mut add = |path: &Path| {
            let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
            let there = path.ancestors().find(|path| path.as_os_str().is_empty() || path.is_dir());
            let there = there.filter(|path| !path.as_os_str().is_empty()).unwrap_or(Path::new("."));
            if !directories.contains_key(there) {
                // Only which directory it is counts, not when something in it changed.
                let stamp = stamp(there).map(|(_, _, inode)| (std::time::UNIX_EPOCH, 0, inode));
                directories.insert(there.to_path_buf(), stamp);
            }
        };
        for path in self.asked.keys() {
            add(path.parent().unwrap_or(path));
            if path.is_dir() {
                add(path);
            }
            // A link is seen to change where what it points to stands.
            if path.is_symlink()
                && let Ok(target) = std::fs::canonicalize(path)
            {
                add(target.parent().unwrap_or(&target));
            }
        }
        self.found.directories.iter().for_each(|directory| add(directory));
        directories
    }
}

/// The directories that the system tells of.
struct Ground {
    watcher: Option<RecommendedWatcher>,
    news: Arc<Notify>,
    watched: BTreeMap<PathBuf, Stamp>,
    is_incomplete: bool,
}

impl Ground {
    fn new() -> Ground {
        let news = Arc::new(Notify::new());
        let teller = Arc::clone(&news);
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // That something was read, by this process too, is no news.
            let is_read = |kind: EventKind| matches!(kind, EventKind::Access(access) if access != AccessKind::Close(AccessMode::Write));
            if !event.is_ok_and(|event| is_read(event.kind)) {
                teller.notify_one();
            }
        });
        Ground { watcher: watcher.ok(), news, watched: BTreeMap::new(), is_incomplete: false }
    }

    /// Whether the system does not tell of all of it: its watches are used up, or it has none.
    fn is_blind(&self) -> bool {
        self.watcher.is_none() || self.is_incomplete
    }

    /// Watches where something that is known would change, and nothing else.
    fn follow(&mut self, known: &Known) {
        let Some(watcher) = &mut self.watcher else { return };
        let wanted = known.directories();
        for (directory, stamp) in &self.watched {
            if wanted.get(directory) != Some(stamp) {
                // One that is gone is watched no more already.
                let _ = watcher.unwatch(directory);
            }
        }
        self.is_incomplete = false;
        let mut watched = BTreeMap::new();
        for (directory, stamp) in wanted {
            let is_watched = self.watched.get(&directory) == Some(&stamp)
                || watcher.watch(&directory, RecursiveMode::NonRecursive).is_ok();
            if is_watched {
                watched.insert(directory, stamp);
            } else {
                self.is_incomplete = true;
            }
        }
        self.watched = watched;
    }

    /// Waits for news, and until no more come.
    async fn settled(&self) {
        self.news.notified().await;
        for _ in 0..MOST_WAITS {
            if tokio::time::timeout(QUIET, self.news.notified()).await.is_err() {
                break;
            }
        }
    }
}

/// Where it is shown: drawn over and over at the bottom of a terminal, or one after another.
struct Shown {
    screen: Option<Screen<Stderr>>,
    keyboard: Option<Keyboard>,
    look: crate::report::Look,
    /// The lines for standard error as they were last shown, and the line below them.
    lines: Vec<String>,
    status: String,
    is_first: bool,
    /// What was shown last, for each stream.
    last: Option<(String, String)>,
}

impl Shown {
    fn new(args: &Args, global: &Global) -> Shown {
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let is_live = args.format == Format::Text && stderr().is_terminal() && !is_dumb;
        let keyboard = Keyboard::open().filter(|_| is_live);
        if let Some(keyboard) = &keyboard {
            keyboard.take();
        }
        Shown {
            screen: is_live.then(|| Screen::new(stderr())),
            keyboard,
            look: project::look(global, &stderr()),
            lines: Vec::new(),
            status: String::new(),
            is_first: true,
            last: None,
        }
    }

    fn show(&mut self, round: Round, cause: Option<&Path>, plans: usize) -> Result<()> {
        let is_same = self.last.as_ref() == Some(&(round.shown.clone(), round.said.clone()));
        if self.screen.is_none() && is_same {
            // Nothing is drawn over here: what was said still holds.
            return Ok(());
        }
        self.last = Some((round.shown.clone(), round.said.clone()));
        output::print(&round.shown)?;
        let time = words::clock(project::now(), &self.look.zone);
        let why = match cause {
            Some(path) => format!("after a change of {}", clean(&path.display().to_string())),
            None => format!("watching {}", super::counted(plans, "plan")),
        };
        if self.screen.is_none() {
            if !std::mem::take(&mut self.is_first) && !round.said.is_empty() {
                output::say(&format!("\n{time} {why}\n"))?;
            }
            return output::say(&round.said);
        }
        self.lines = round.said.lines().map(str::to_owned).collect();
        let dot = self.look.mark("·", "-");
        self.status =
            self.look.paint(crate::report::Tone::Dim, &format!("{time} {dot} {why} {dot} Ctrl-C ends it"));
        if let Some(screen) = &mut self.screen {
            screen.forget();
        }
        self.draw();
        Ok(())
    }

    /// Draws what fits: a terminal can only be drawn over where it has not scrolled.
    fn draw(&mut self) {
        let Some(screen) = &mut self.screen else { return };
        let size = view::terminal_size();
        let rows_of = |line: &str| log::without_escapes(line).width().max(1).div_ceil(size.columns.max(1));
        let room = size.rows.saturating_sub(2 + rows_of(&self.status)).max(1);
        let all: usize = self.lines.iter().map(|line| rows_of(line)).sum();
        let mut lines: Vec<String> = Vec::new();
        if all <= room {
            lines.clone_from(&self.lines);
        } else {
            let mut used = 1;
            for line in &self.lines {
                used += rows_of(line);
                if used > room {
                    break;
                }
                lines.push(line.clone());
            }
            let more = super::counted(self.lines.len() - lines.len(), "more line");
            // A colour that was cut off ends here.
            let end = if self.look.has_color { "\x1b[0m" } else { "" };
            lines.push(format!("{end}{} {more}", self.look.mark("…", "...")));
        }
        lines.push(String::new());
        lines.push(self.status.clone());
        // Nobody is left to tell when the terminal is gone.
        let _ = screen.draw(&[], &lines, size.columns);
    }

    /// Draws again, after others had the terminal.
    fn again(&mut self) -> Result<()> {
        if let Some(keyboard) = &self.keyboard {
            keyboard.take();
        }
        if let Some(screen) = &mut self.screen {
            screen.leave();
        }
        self.draw();
        Ok(())
    }

    /// Leaves the last findings on the terminal, whole.
    fn end(&mut self) -> Result<()> {
        if let Some(screen) = &mut self.screen {
            // Nobody is left to tell when the terminal is gone.
            let _ = screen.clear(&self.lines, view::terminal_size().columns);
        }
        Ok(())
    }
}
