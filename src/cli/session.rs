//! One process at work on a run: the journal, the view, the keyboard, signals and answers, put around the dispatcher.
//!
//! Decides nothing about the run itself.

use super::keyboard::Keyboard;
use super::plan::Search;
use super::stage::Staged;
use super::view::{Format, View, ViewMessage};
use super::{Global, project};
use crate::backend::Graces;
use crate::backend::local::Local;
use crate::error::{Error, Exit, Result};
use crate::event::progress::Progress;
use crate::event::{ApprovalOwner, Entry, Event, RunOutcome};
use crate::journal::{Durability, Journal, PersonAnswer, RunId, RunLock, durability};
use crate::plan::Plan;
use crate::run::{Request, Setup, Sink};
use crate::schedule::{Forecast, Limits, Order};
use crate::workspace::Sandbox;
use std::cell::Cell;
use std::collections::HashSet;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc as thread_mpsc};
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};

/// How often the journal is asked for answers while a question is open.
const ASK_AGAIN: Duration = Duration::from_millis(150);

/// What both `run` and `resume` can be told.
#[derive(clap::Args, Debug, Clone)]
pub struct Options {
    /// At most so many tasks at once, in place of the plan's own `workers`
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub workers: Option<u32>,
    /// How to show the run: on a terminal a live view, else a line an event
    #[arg(long, value_enum, default_value_t = Format::Auto, value_name = "FORMAT")]
    pub format: Format,
    /// Wait for a person's answer without a terminal too, in place of ending as waiting
    #[arg(long)]
    pub wait: bool,
    /// Sync the journal before every step, not only before agents, gates and answers
    #[arg(long)]
    pub strict: bool,
    /// How long to look for an order.
    #[command(flatten)]
    pub search: Search,
    /// Bring what tasks merged in worktrees into the checkout when the run has succeeded
    #[arg(long)]
    pub apply: bool,
    /// The author of commits from worktrees, in place of `[git] author` in wavec.toml and git's own
    #[arg(long, value_name = "NAME <MAIL>")]
    pub author: Option<String>,
    /// Confine what agents write to their worktrees: off, best-effort (where the kernel can), require (all tasks, or do not run)
    #[arg(long, value_enum, default_value_t = Confine::BestEffort, value_name = "MODE", hide_possible_values = true, env = "WAVEC_SANDBOX", hide_env = true)]
    pub sandbox: Confine,
    /// Whether worktrees may start from a commit that lacks changes of the checkout.
    #[arg(skip)]
    pub allows_dirty: bool,
}

/// Whether what tasks write is confined.
#[derive(clap::ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confine {
    /// It is not.
    Off,
    /// What agents write is, where the kernel can.
    BestEffort,
    /// What all tasks with a place of their own write is, or nothing runs.
    Require,
}

impl Options {
    /// How much may be done at once.
    pub fn limits(&self) -> Limits {
        Limits { workers: self.workers }
    }

    /// What is wished of worktrees.
    fn trees(&self, directory: &Path) -> Result<crate::workspace::Options> {
        let author = match &self.author {
            Some(author) => Some(author.clone()),
            None => super::settings::author(directory)?,
        };
        let sandbox = match self.sandbox {
            Confine::Off => Sandbox::Off,
            Confine::BestEffort => Sandbox::BestEffort,
            Confine::Require => Sandbox::Require,
        };
        let writes = super::settings::writes(directory)?;
        Ok(crate::workspace::Options { author, allows_dirty: self.allows_dirty, sandbox, writes })
    }
}

/// A run to be carried out, locked and written down.
pub struct Session {
    /// The journal.
    pub journal: Journal,
    /// The run.
    pub run: RunId,
    /// Held for as long as the process is at work on the run.
    pub lock: RunLock,
    /// The plan.
    pub staged: Staged,
    /// How it is expected to go, and in what order.
    pub foretold: (Forecast, Arc<Order>),
    /// Where earlier sessions left the run.
    pub progress: Option<Progress>,
    /// How.
    pub options: Options,
}

/// What the dispatcher is told, for a run that may not have a number yet.
pub fn setup(
    staged: &Staged,
    run: RunId,
    state: PathBuf,
    progress: Option<Progress>,
    workers: Option<u32>,
    waits_for_people: bool,
    trees: crate::workspace::Options,
) -> Result<Setup> {
    let backend =
        Local::new(Graces::default()).map_err(|cause| Error::new("get ready to start processes", cause))?;
    Ok(Setup {
        run,
        session: progress.as_ref().map_or(1, |progress| progress.sessions.len() as u32 + 1),
        directory: staged.directory.clone(),
        state,
        progress,
        workers,
        waits_for_people,
        environment: std::env::vars_os().collect(),
        now: project::now(),
        hands: Local::hands(),
        backend: Arc::new(backend),
        trees,
    })
}

/// Carries the run out, or on.
pub fn carry_out(session: Session, global: &Global) -> Result<Exit> {
    let Session { journal, run, lock, staged, foretold: (forecast, order), progress, options } = session;
    let keyboard = Keyboard::open();
    let format = options.format.chosen(keyboard.is_some());
    let keyboard = keyboard.filter(|_| format == Format::Live);
    let place = project::place(&journal, run, &forecast);
    let look = match format {
        Format::Live => project::look(global, &std::io::stderr()),
        _ => project::look(global, &std::io::stdout()),
    };
    let state = std::path::absolute(journal.run_directory(run))
        .map_err(|cause| Error::new("find the run's folder", cause))?;
    let waits = options.wait || keyboard.is_some();
    let known = progress.clone().unwrap_or_else(|| Progress::new(Arc::clone(&staged.plan)));
    let trees = options.trees(&staged.directory)?;
    let is_open = options.sandbox == Confine::BestEffort && crate::run::is_confined(&staged.plan);
    if is_open && !global.quiet && !crate::run::can_confine() {
        super::output::say(
            "note: the kernel here cannot confine what agents write to their worktrees (no Landlock)\n",
        )?;
    }
    let setup = setup(&staged, run, state, progress, options.workers, waits, trees)?;

    // What people said while no process carried the run out: there before the questions are asked again.
    let answered = journal.open_answers(run)?;
    let (requests, inbox) = mpsc::channel::<Request>(64 + answered.len());
    let mut sent = HashSet::new();
    for (id, answer) in answered {
        sent.insert(id);
        let _ = requests.try_send(request_of(answer));
    }
    let (to_view, messages) = thread_mpsc::channel::<ViewMessage>();
    let keyboard = keyboard.map(|keyboard| keyboard.listen(to_view.clone()));
    let has_keyboard = keyboard.is_some();
    let view = View::new(known.clone(), place, look, format, has_keyboard.then(|| requests.clone()));
    let is_ending = Arc::new(AtomicBool::new(false));
    let view = std::thread::Builder::new()
        .name("wavec-view".into())
        .spawn({
            let is_ending = Arc::clone(&is_ending);
            move || view.show(&messages, &is_ending)
        })
        .map_err(|cause| Error::new("start the view", cause))?;

    let root = journal.root().to_path_buf();
    let before = match options.apply && crate::run::has_trees(&staged.plan) {
        true => super::apply::standing(&staged.plan, &staged.directory, &root)?,
        false => String::new(),
    };
    let (open, questions) = watch::channel(Vec::new());
    let is_strict = options.strict;
    let recorder =
        Recorder { journal, run, known, unsettled: Vec::new(), is_strict, view: to_view.clone(), open };
    let sink = Arc::new(Mutex::new(recorder));
    let directory = staged.directory.clone();
    let was_terminated = Cell::new(false);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        // One thread that is there does what cannot wait also when no further one can be had; without any, tokio panics.
        .thread_keep_alive(Duration::from_secs(24 * 3600))
        .build()
        .map_err(|cause| Error::new("start the dispatcher", cause))?;
    let ledger = Arc::clone(&sink);
    let outcome = runtime.block_on(async {
        // Now, while there is a thread to be had: see above.
        let _ = tokio::task::spawn_blocking(|| ()).await;
        let signals = Signals::new()?;
        let again = to_view.clone();
        tokio::select! {
            outcome = crate::run::run_in_order(Arc::clone(&staged.plan), setup, order, ledger, inbox) => outcome,
            never = signals.forward(&requests, &was_terminated, &again, keyboard.as_ref()) => never,
            never = forward_answers(&root, run, questions, &requests, sent) => never,
        }
    });
    drop(runtime);
    let has_succeeded = matches!(outcome, Ok(RunOutcome::Succeeded));
    let progress = {
        let mut recorder = sink.lock().unwrap_or_else(PoisonError::into_inner);
        recorder.settle();
        (options.apply && has_succeeded).then(|| recorder.known.clone())
    };
    // The journal, in which all is safe, is put away while the last word is said.
    let _ = to_view.send(ViewMessage::End);
    is_ending.store(true, Ordering::Release);
    view.thread().unpark();
    drop(sink);
    // A panic there has told itself; what the run came to stands in the journal.
    let _ = view.join();
    drop(keyboard);
    drop(lock);
    if let Some(progress) = progress {
        super::apply::after(&directory, &root, run, &progress, &before, global)?;
    }
    Ok(match outcome? {
        RunOutcome::Interrupted if was_terminated.get() => Exit::Terminated,
        outcome => crate::run::exit(outcome),
    })
}

/// Journal first, then the view.
struct Recorder {
    journal: Journal,
    run: RunId,
    known: Progress,
    /// What is in the journal, and neither known nor shown yet.
    unsettled: Vec<Entry>,
    is_strict: bool,
    view: thread_mpsc::Sender<ViewMessage>,
    open: watch::Sender<Vec<(ApprovalOwner, u32)>>,
}

impl Sink for Recorder {
    fn record(&mut self, events: Vec<Event>) -> Result<()> {
        let at = project::now();
        let last = self.unsettled.last().map_or(self.known.last_seq, |entry| entry.seq);
        let before = self.unsettled.len();
        self.unsettled.extend((last + 1..).zip(events).map(|(seq, event)| Entry { seq, at, event }));
        let entries = &self.unsettled[before..];
        let durability =
            if self.is_strict { Durability::Synced } else { durability(&self.known.plan, entries) };
        let written = self.journal.append(self.run, entries, durability);
        if written.is_err() {
            self.unsettled.truncate(before);
        }
        written
    }

    fn settle(&mut self) {
        if self.unsettled.is_empty() {
            return;
        }
        let entries = std::mem::take(&mut self.unsettled);
        for entry in &entries {
            self.known.apply(entry);
        }
        self.open.send_if_modified(|open| {
            let now: Vec<_> =
                self.known.open_approvals().map(|approval| (approval.owner, approval.index)).collect();
            let is_changed = now != *open;
            *open = now;
            is_changed
        });
        // A view that is gone is no reason to end the run.
        let _ = self.view.send(ViewMessage::Entries(entries));
    }
}

/// The signals that a run listens to.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
    go_on: Signal,
    /// Only caught: a file that may not grow is then an error of the write, and not the death of wavec.
    _file_size: Signal,
}

impl Signals {
    fn new() -> Result<Signals> {
        let listen = |kind| signal(kind).map_err(|cause| Error::new("listen to signals", cause));
        Ok(Signals {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hang_up: listen(SignalKind::hangup())?,
            go_on: listen(SignalKind::from_raw(libc::SIGCONT))?,
            _file_size: listen(SignalKind::from_raw(libc::SIGXFSZ))?,
        })
    }

    /// Hands them on for as long as the run goes on.
    async fn forward<T>(
        mut self,
        requests: &mpsc::Sender<Request>,
        was_terminated: &Cell<bool>,
        view: &thread_mpsc::Sender<ViewMessage>,
        keyboard: Option<&Keyboard>,
    ) -> T {
        let mut is_first = true;
        loop {
            let request = tokio::select! {
                _ = self.interrupt.recv() => Request::Interrupt,
                _ = self.terminate.recv() => Request::Terminate,
                // The terminal is gone, and with it whoever could answer.
                _ = self.hang_up.recv() => Request::Terminate,
                _ = self.go_on.recv() => {
                    if let Some(keyboard) = keyboard {
                        keyboard.take();
                    }
                    let _ = view.send(ViewMessage::Again);
                    continue;
                }
            };
            if is_first {
                was_terminated.set(request == Request::Terminate);
                is_first = false;
            }
            // Full: what is asked for has been asked for many times already.
            let _ = requests.try_send(request);
        }
    }
}

/// Hands on what people answer from other terminals, while a question is open.
async fn forward_answers<T>(
    root: &Path,
    run: RunId,
    mut questions: watch::Receiver<Vec<(ApprovalOwner, u32)>>,
    requests: &mpsc::Sender<Request>,
    mut sent: HashSet<i64>,
) -> T {
    let mut journal = None;
    loop {
        let is_gone = questions.wait_for(|open| !open.is_empty()).await.is_err();
        if is_gone {
            std::future::pending::<()>().await;
        }
        if journal.is_none() {
            journal = Journal::open_existing(root).ok().flatten();
        }
        // What cannot be read now is asked for again: the run itself tells what is wrong with the journal.
        let answers = journal.as_ref().and_then(|journal| journal.open_answers(run).ok()).unwrap_or_default();
        let open = questions.borrow().clone();
        for (id, answer) in answers {
            if open.contains(&(answer.owner, answer.index)) && sent.insert(id) {
                let _ = requests.send(request_of(answer)).await;
            }
        }
        tokio::time::sleep(ASK_AGAIN).await;
    }
}

fn request_of(answer: PersonAnswer) -> Request {
    let PersonAnswer { owner, index, answer, by, reason, .. } = answer;
    Request::Answer { owner, index, answer, by, reason }
}

/// Whether a plan can be carried out by this wavec, before anything is written down.
pub fn ready(plan: &Plan, staged: &Staged, options: &Options) -> Result<()> {
    let trees = options.trees(&staged.directory)?;
    let setup = setup(staged, 0, PathBuf::new(), None, options.workers, options.wait, trees)?;
    crate::run::ready(plan, &setup)
}

impl Format {
    /// What `auto` is here.
    fn chosen(self, has_keyboard: bool) -> Format {
        let is_terminal = std::io::stderr().is_terminal() && std::io::stdout().is_terminal();
        let is_dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb" || term.is_empty());
        match self {
            Format::Auto if is_terminal && has_keyboard && !is_dumb => Format::Live,
            Format::Auto => Format::Lines,
            format => format,
        }
    }
}
