//! The thread that shows a run: a live view, lines, or JSON. It never holds the run up.
//!
//! What is shown comes from the reports; here are only the streams, the clock and the keys.

use super::project;
use crate::event::progress::Progress;
use crate::event::{AttemptEnd, Decision, Entry, Event, Outcome, Verdict};
use crate::report::forecast::{Remaining, remaining};
use crate::report::live::{Key, Moment, Prompt, Size, frame};
use crate::report::screen::Screen;
use crate::report::{Look, RunPlace, Verbosity, json, lines, log, summary};
use crate::run::Request;
use std::io::{self, Stderr, Write, stderr, stdout};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// How long what happened may wait for more to be shown with.
const TOGETHER: Duration = Duration::from_millis(20);
/// The least time between two drawings.
const BETWEEN: Duration = Duration::from_millis(100);
/// A drawing of a large plan takes its time: so many times as long as it took, nothing is drawn again.
const REST_AFTER: u32 = 20;
/// How long a drawing stands when nothing happens: elapsed times and last lines move on.
const STANDS: Duration = Duration::from_millis(500);

/// How a run is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Live on a terminal, else lines
    Auto,
    /// A view that is drawn over and over, on standard error
    Live,
    /// A line an event, on standard output
    Lines,
    /// An event a line as JSON, on standard output (docs/schema/event.json)
    Json,
}

/// What the view is told.
pub enum ViewMessage {
    /// What happened.
    Entries(Vec<Entry>),
    /// A key was pressed.
    Key(Key),
    /// The terminal has changed its size.
    Redraw,
    /// The shell had the terminal meanwhile.
    Again,
    /// That was all.
    End,
}

/// Shows a run.
pub struct View {
    progress: Progress,
    place: RunPlace,
    look: Look,
    names: usize,
    format: Format,
    /// Where answers go, when the keyboard is read.
    requests: Option<mpsc::Sender<Request>>,
    prompt: Option<Prompt>,
    remaining: Option<(Instant, Remaining)>,
}

impl View {
    /// A view of a run that stands at `progress`.
    pub fn new(
        progress: Progress,
        place: RunPlace,
        look: Look,
        format: Format,
        requests: Option<mpsc::Sender<Request>>,
    ) -> View {
        let names = lines::name_width(&progress);
        View { progress, place, look, names, format, requests, prompt: None, remaining: None }
    }

    /// Shows the run until its end. When that has come, `is_ending` is set and this thread unparked.
    pub fn show(mut self, messages: &Receiver<ViewMessage>, is_ending: &AtomicBool) {
        match self.format {
            Format::Live => self.show_live(messages, is_ending),
            Format::Json => self.print(messages, is_ending, |view, entry, text| {
                text.push_str(&json::line(&view.progress, view.place.run, entry));
                text.push('\n');
            }),
            Format::Lines | Format::Auto => {
                self.print(messages, is_ending, |view, entry, text| {
                    for line in lines::lines(&view.progress, &view.place, &view.look, view.names, entry) {
                        text.push_str(&line);
                        text.push('\n');
                    }
                });
                let mut text = String::new();
                for line in self.summary() {
                    text.push_str(&line);
                    text.push('\n');
                }
                let _ = write(&text);
            }
        }
    }

    /// Prints each entry as `line` puts it. A reader that goes away does not end the run.
    fn print(
        &mut self,
        messages: &Receiver<ViewMessage>,
        is_ending: &AtomicBool,
        line: impl Fn(&View, &Entry, &mut String),
    ) {
        let mut is_open = true;
        let mut is_over = false;
        while !is_over && let Ok(first) = messages.recv() {
            rest(is_ending);
            let mut text = String::new();
            for message in std::iter::once(first).chain(messages.try_iter()) {
                match message {
                    ViewMessage::Entries(entries) => {
                        for entry in &entries {
                            self.progress.apply(entry);
                            line(self, entry, &mut text);
                        }
                    }
                    ViewMessage::Key(_) | ViewMessage::Redraw | ViewMessage::Again => {}
                    ViewMessage::End => is_over = true,
                }
            }
            if is_open && let Err(error) = write(&text) {
                is_open = false;
                if error.kind() != io::ErrorKind::BrokenPipe {
                    let _ = writeln!(stderr(), "wavec: nothing more is written to standard output: {error}");
                }
            }
        }
    }

    fn summary(&self) -> Vec<String> {
        if self.progress.run_end().is_none() {
            // The world failed; that error is told by whoever ends.
            return Vec::new();
        }
        let lines = summary::lines(&self.progress, &self.place, &self.look);
        if lines.is_empty() { lines } else { [vec![String::new()], lines].concat() }
    }

    fn show_live(&mut self, messages: &Receiver<ViewMessage>, is_ending: &AtomicBool) {
        let mut screen = Screen::new(stderr());
        let mut above = Vec::new();
        let mut drawn = Instant::now() - STANDS;
        let mut between = BETWEEN;
        let mut is_stale = true;
        let mut is_over = false;
        while !is_over {
            let stands = if is_stale { between } else { STANDS.max(between) };
            let Some(wait) = stands.checked_sub(drawn.elapsed()) else {
                let begin = Instant::now();
                self.draw(&mut screen, &std::mem::take(&mut above));
                drawn = Instant::now();
                between = BETWEEN.max((drawn - begin) * REST_AFTER);
                is_stale = false;
                continue;
            };
            match messages.recv_timeout(wait) {
                Ok(first) => {
                    rest(is_ending);
                    is_stale = true;
                    for message in std::iter::once(first).chain(messages.try_iter()) {
                        match message {
                            ViewMessage::Entries(entries) => self.keep(&entries, &mut above),
                            ViewMessage::Key(key) => self.key(key),
                            ViewMessage::Redraw => screen.forget(),
                            ViewMessage::Again => screen.leave(),
                            ViewMessage::End => is_over = true,
                        }
                    }
                }
                Err(RecvTimeoutError::Disconnected) => is_over = true,
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
        let columns = terminal_size().columns;
        above.extend(self.summary());
        // Nobody is left to tell when the terminal is gone.
        let _ = screen.clear(&above, columns);
    }

    /// What happened, and what of it stays above the live view.
    fn keep(&mut self, entries: &[Entry], above: &mut Vec<String>) {
        for entry in entries {
            self.progress.apply(entry);
            if self.is_kept(&entry.event) {
                above.extend(lines::lines(&self.progress, &self.place, &self.look, self.names, entry));
            }
        }
    }

    fn draw(&mut self, screen: &mut Screen<Stderr>, above: &[String]) {
        let size = terminal_size();
        self.look.width = size.columns;
        let now = project::now();
        if self.remaining.is_none_or(|(at, _)| at.elapsed() > Duration::from_secs(1)) {
            self.remaining = Some((Instant::now(), remaining(&self.progress, now)));
        }
        if self.requests.is_some()
            && self.prompt.as_ref().is_none_or(|prompt| !prompt.is_open(&self.progress))
        {
            self.prompt = Prompt::first(&self.progress);
        }
        let last_line = |path: &Path| log::tail(path, 1, size.columns).pop();
        let moment = Moment {
            now,
            size,
            prompt: self.prompt.as_ref(),
            last_line: &last_line,
            remaining: self.remaining.map(|(_, remaining)| remaining),
        };
        let lines = frame(&self.progress, &self.place, &self.look, &moment);
        let _ = screen.draw(above, &lines, size.columns);
    }

    /// A key: for the open question, if there is one.
    fn key(&mut self, key: Key) {
        let Some(prompt) = self.prompt.as_mut().filter(|prompt| prompt.is_open(&self.progress)) else {
            return;
        };
        let Some((answer, reason)) = prompt.key(key) else { return };
        let (owner, index) = prompt.question();
        self.prompt = None;
        if let Some(requests) = &self.requests {
            let by = project::user();
            // The dispatcher is gone only when the run has ended, and then no question is open.
            let _ = requests.blocking_send(Request::Answer { owner, index, answer, by, reason });
        }
    }

    /// Whether an event is printed for good above the live view: what went wrong, and what was decided. The rest is
    /// in the view, and in the summary.
    fn is_kept(&self, event: &Event) -> bool {
        if self.look.verbosity == Verbosity::Verbose {
            return true;
        }
        match event {
            Event::TaskEnded { outcome, .. } => *outcome == Outcome::Failed,
            Event::CheckEnded { verdict, .. } => *verdict != Verdict::Pass,
            Event::AttemptEnded { end, .. } => *end == AttemptEnd::Lost,
            Event::GateEnded { decision, .. } => !matches!(decision, Decision::Skipped | Decision::NotRun),
            Event::RetryScheduled { .. }
            | Event::MergeConflicted { .. }
            | Event::ApprovalAnswered { .. }
            | Event::Restarted { .. }
            | Event::CleanupStarted { .. }
            | Event::StopRequested { .. } => true,
            _ => false,
        }
    }
}

/// What comes in quick succession is shown at once.
fn rest(is_ending: &AtomicBool) {
    let begin = Instant::now();
    // A sender may have left a token that ends one rest early.
    while begin.elapsed() < TOGETHER && !is_ending.load(Ordering::Acquire) {
        std::thread::park_timeout(TOGETHER.saturating_sub(begin.elapsed()));
    }
}

fn write(text: &str) -> io::Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    let mut stdout = stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// The columns and rows of the terminal.
pub fn terminal_size() -> Size {
    let (columns, rows) = crossterm::terminal::size().unwrap_or((80, 24));
    // Some terminals say 0 when they do not know.
    let known = |size: u16, otherwise: usize| if size == 0 { otherwise } else { usize::from(size) };
    Size { columns: known(columns, 80), rows: known(rows, 24) }
}
