//! Finds and ends processes that a job left behind, wherever they hid.
//!
//! A job's processes are known by three signs: the job's mark in their environment, the job's session or [tag], or a parent that
//! has one of these. Whatever loses all these is still adopted by wavec (it is a child subreaper) when its parent ends, and
//! found as a child that wavec never started. Reads `/proc`; knows nothing of plans.

use super::{sys, tag};
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, Weak};
use std::time::Duration;
use tokio::time::Instant;

/// The children that wavec started and has not reaped. It is the process's, as children are.
static STARTED: Mutex<Option<HashSet<u32>>> = Mutex::new(None);

/// How long a job's leftovers may take to end unasked, such as the `tee` of a process substitution.
const UNASKED: Duration = Duration::from_millis(200);

/// After so long something that SIGKILL does not end is given up: it hangs in the kernel.
const GIVE_UP: Duration = Duration::from_secs(30);

/// Shared by whoever starts a process, and held alone by a look at all processes: it must not take a child that is just being
/// started for a stray.
static STARTING: RwLock<()> = RwLock::new(());

/// Starts a child, and puts it into the table.
pub fn start<T>(spawn: impl FnOnce() -> std::io::Result<(u32, T)>) -> std::io::Result<(u32, T)> {
    let _starting = STARTING.read().unwrap_or_else(PoisonError::into_inner);
    let (pid, handle) = spawn()?;
    started().0.get_or_insert_default().insert(pid);
    Ok((pid, handle))
}

/// Holds the table of started children.
pub fn started() -> Started {
    Started(STARTED.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The table of started children, held.
pub struct Started(MutexGuard<'static, Option<HashSet<u32>>>);

impl Started {
    /// A child was reaped.
    pub fn remove(&mut self, pid: u32) {
        self.0.get_or_insert_default().remove(&pid);
    }

    fn contains(&self, pid: u32) -> bool {
        self.0.as_ref().is_some_and(|pids| pids.contains(&pid))
    }
}

/// Whose processes are looked for.
#[derive(Clone, Debug)]
pub enum Target {
    /// What a job left behind, whose first process is a zombie still.
    Job {
        /// Its mark.
        mark: String,
        /// Its first process, the leader of its session.
        leader: u32,
    },
    /// All with a mark that starts so.
    Marked {
        /// The beginning of the mark.
        prefix: String,
    },
    /// All that wavec adopted, but for what belongs to a job that runs or bears the mark of another run.
    Adopted {
        /// The beginning of the marks of the run.
        prefix: String,
    },
}

/// A process as `/proc` shows it.
#[derive(Clone, Debug)]
struct Process {
    pid: u32,
    parent: u32,
    group: u32,
    session: u32,
    /// The first process of the job whose tag it bears.
    leader: Option<u32>,
    is_zombie: bool,
    name: String,
    /// The marks that it carries, once they were asked for.
    marks: OnceLock<Vec<String>>,
}

impl Process {
    fn has_mark(&self, is_wanted: impl Fn(&str) -> bool) -> bool {
        self.marks.get_or_init(|| marks(self.pid)).iter().any(|mark| is_wanted(mark))
    }

    /// Whether it descends from a job's first process, by what it bears or where it stands.
    fn is_of(&self, leader: u32) -> bool {
        self.leader == Some(leader) || self.session == leader
    }

    /// Whether it comes from a job, rather than from what wavec does itself.
    fn is_jobs(&self) -> bool {
        self.leader.is_some() || self.session != sys::own_session()
    }
}

/// All processes at one moment, and those of them that wavec has adopted.
struct Everyone {
    processes: HashMap<u32, Process>,
    adopted: HashSet<u32>,
}

/// The last look at all processes, for as long as somebody goes through it, and when it began.
static LAST_LOOK: Mutex<Option<(std::time::Instant, Weak<Everyone>)>> = Mutex::new(None);

/// Ends what is found, asking first for as long as `grace`; at once when that is zero. Gives what had to be ended, in words.
pub async fn end(target: Target, grace: Duration) -> Vec<String> {
    let begin = Instant::now();
    let is_job = matches!(target, Target::Job { .. });
    let unasked = if is_job && !grace.is_zero() { UNASKED } else { Duration::ZERO };
    let mut asked: HashSet<u32> = HashSet::new();
    let mut killed: HashSet<u32> = HashSet::new();
    let mut ended = Vec::new();
    let mut pause = Duration::from_millis(2);
    let mut may_be_clean = is_job && !grace.is_zero();
    loop {
        // Cheap: whatever a job leaves behind hangs below an orphan that wavec has adopted. What forks while it is killed can
        // slip through that look, so then it is not relied on.
        if may_be_clean && !has_adopted() {
            break;
        }
        may_be_clean = false;
        // What is adopted is a child of wavec's first thread, and the list of those is empty or not at one moment.
        if matches!(target, Target::Adopted { .. }) && children().is_some_and(|children| children.is_empty())
        {
            break;
        }
        let looked_for = target.clone();
        let found = tokio::task::spawn_blocking(move || find(&looked_for)).await.unwrap_or_default();
        if found.is_empty() || begin.elapsed() > unasked + grace + GIVE_UP {
            break;
        }
        let is_asking = begin.elapsed() < unasked + grace;
        if !is_asking {
            kill_groups(&found);
        }
        for process in found {
            let is_new = !asked.contains(&process.pid) && !killed.contains(&process.pid);
            if is_asking && (begin.elapsed() < unasked || asked.contains(&process.pid)) {
                continue;
            }
            if is_new {
                ended.push(format!("`{}` (process {})", process.name, process.pid));
            }
            if is_asking {
                asked.insert(process.pid);
                signal(&target, process.pid, libc::SIGTERM);
                signal(&target, process.pid, libc::SIGCONT);
            } else {
                killed.insert(process.pid);
                signal(&target, process.pid, libc::SIGKILL);
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(50));
    }
    ended
}

/// What carries a mark that starts so, in words; nothing is ended.
pub fn marked(prefix: &str) -> Vec<String> {
    let found = find(&Target::Marked { prefix: prefix.to_owned() });
    found.iter().map(|process| format!("`{}` (process {})", process.name, process.pid)).collect()
}

/// Kills whole process groups at one stroke: what forks faster than it can be looked for dies only so. A group outside of
/// wavec's own session was made by a process of the target, and holds nothing but what descends from it.
fn kill_groups(found: &[Process]) {
    let own_session = sys::own_session();
    let mut groups: HashSet<u32> = HashSet::new();
    for process in found {
        if process.session != own_session && process.group > 1 && groups.insert(process.group) {
            // That the group still is the one that was seen.
            let is_same = read(process.pid).is_some_and(|now| now.group == process.group);
            if is_same {
                sys::kill_group(process.group);
            }
        }
    }
}

/// Sends a signal, once it is sure that the id still is who was meant.
fn signal(target: &Target, pid: u32, signal: i32) {
    let Ok(handle) = sys::open_process(pid) else { return };
    let is_same = match target {
        // A descendant may carry no sign itself; that it still hangs there was seen a moment ago.
        Target::Job { .. } | Target::Adopted { .. } => read(pid).is_some(),
        Target::Marked { prefix } => marks(pid).iter().any(|mark| mark.starts_with(prefix)),
    };
    if is_same {
        // It may have ended in between, which is what was wanted.
        let _ = sys::signal_process(handle.as_fd(), signal);
    }
}

/// A look at all processes that began no earlier than now. Where a hundred jobs end at once and each asks for one, those that
/// waited for a look to end share the next: else the time to cancel would grow with the square of what is cancelled.
fn everyone() -> Arc<Everyone> {
    let asked = std::time::Instant::now();
    let mut last = LAST_LOOK.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((begin, everyone)) = &*last
        && *begin >= asked
        && let Some(everyone) = everyone.upgrade()
    {
        return everyone;
    }
    let begin = std::time::Instant::now();
    let everyone = Arc::new(look());
    *last = Some((begin, Arc::downgrade(&everyone)));
    everyone
}

/// Reads all processes. Zombies that wavec adopted are reaped on the way.
fn look() -> Everyone {
    let own = std::process::id();
    let _starting = STARTING.write().unwrap_or_else(PoisonError::into_inner);
    let processes: HashMap<u32, Process> =
        numbers("/proc").filter_map(read).map(|process| (process.pid, process)).collect();
    let started = started();
    let is_adopted =
        |process: &&Process| process.parent == own && !started.contains(process.pid) && process.is_jobs();
    let adopted = processes
        .values()
        .filter(is_adopted)
        .filter(|process| !process.is_zombie || !matches!(sys::reap(process.pid), Ok(Some(_))))
        .map(|process| process.pid)
        .collect();
    drop(started);
    Everyone { processes, adopted }
}

/// What is there of the target, alive.
fn find(target: &Target) -> Vec<Process> {
    let own = std::process::id();
    let everyone = everyone();
    let Everyone { processes, adopted } = &*everyone;
    let is_root = |process: &Process| match target {
        Target::Job { mark, leader } => process.is_of(*leader) || process.has_mark(|word| word == mark),
        Target::Marked { prefix } => process.has_mark(|word| word.starts_with(prefix)),
        Target::Adopted { prefix } => {
            adopted.contains(&process.pid)
                && !started().contains(process.leader.unwrap_or(process.session))
                && (!process.has_mark(|_| true) || process.has_mark(|word| word.starts_with(prefix)))
        }
    };
    let leader = if let Target::Job { leader, .. } = target { Some(*leader) } else { None };
    let mut verdicts: HashMap<u32, bool> = HashMap::new();
    let mut found: Vec<Process> = Vec::new();
    for process in processes.values() {
        if belongs(process, processes, own, &is_root, &mut verdicts)
            && !process.is_zombie
            && Some(process.pid) != leader
        {
            found.push(process.clone());
        }
    }
    found.sort_by_key(|process| process.pid);
    found
}

/// Whether a process is a root or hangs below one.
fn belongs(
    process: &Process,
    processes: &HashMap<u32, Process>,
    own: u32,
    is_root: &impl Fn(&Process) -> bool,
    verdicts: &mut HashMap<u32, bool>,
) -> bool {
    let mut chain = Vec::new();
    let mut at = Some(process);
    let mut verdict = false;
    while let Some(process) = at {
        if process.pid == own || process.pid <= 1 {
            break;
        }
        if let Some(known) = verdicts.get(&process.pid) {
            verdict = *known;
            break;
        }
        chain.push(process.pid);
        if is_root(process) {
            verdict = true;
            break;
        }
        // The ids were not read at one moment: a loop is possible in theory.
        if chain.len() > processes.len() {
            break;
        }
        at = processes.get(&process.parent);
    }
    verdicts.extend(chain.into_iter().map(|pid| (pid, verdict)));
    verdict
}

/// Whether wavec has a child that it did not start and that comes from a job. The system gives orphans to the first
/// thread of the process that adopts them, so only that one's children need to be read.
fn has_adopted() -> bool {
    let Some(children) = children() else { return true };
    if children.is_empty() {
        return false;
    }
    let strays: Vec<u32> = {
        let started = started();
        let ids = children.split_ascii_whitespace().filter_map(|pid| pid.parse().ok());
        ids.filter(|pid| !started.contains(*pid)).collect()
    };
    strays.into_iter().filter_map(read).any(|process| process.is_jobs())
}

/// The children of the first thread, as the system lists them. It is asked after each job: the list stays open.
fn children() -> Option<String> {
    use std::os::unix::fs::FileExt;
    static LIST: OnceLock<Option<File>> = OnceLock::new();
    let own = std::process::id();
    let list = LIST.get_or_init(|| File::open(format!("/proc/self/task/{own}/children")).ok()).as_ref()?;
    let mut bytes = [0; 2048];
    let count = list.read_at(&mut bytes, 0).ok()?;
    if count == bytes.len() {
        return std::fs::read_to_string(format!("/proc/self/task/{own}/children")).ok();
    }
    String::from_utf8(bytes[..count].to_vec()).ok()
}

/// The marks that a process carries.
fn marks(pid: u32) -> Vec<String> {
    let Ok(environment) = std::fs::read(format!("/proc/{pid}/environ")) else { return Vec::new() };
    environment
        .split(|byte| *byte == 0)
        .filter_map(|entry| entry.strip_prefix(b"WAVEC_MARK="))
        .filter_map(|marks| std::str::from_utf8(marks).ok())
        .flat_map(|marks| marks.split(' ').map(str::to_owned))
        .collect()
}

/// What `/proc` says of a process of ours, or none when it is gone or another user's.
fn read(pid: u32) -> Option<Process> {
    use std::os::unix::fs::MetadataExt;
    let stat = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
    let stat = String::from_utf8_lossy(&stat);
    // The name stands in parentheses and may hold anything, parentheses too.
    let (head, tail) = stat.rsplit_once(')')?;
    let name = head.split_once('(')?.1.to_owned();
    let mut fields = tail.split_ascii_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    let session = fields.next()?.parse().ok()?;
    let user = sys::own_user();
    if user != 0 && std::fs::metadata(format!("/proc/{pid}")).ok()?.uid() != user {
        return None;
    }
    Some(Process {
        pid,
        parent,
        group,
        session,
        leader: sys::lock_limit(pid).and_then(tag::leader),
        is_zombie: matches!(state, "Z" | "X" | "x"),
        name,
        marks: OnceLock::new(),
    })
}

/// The entries of a directory that are numbers.
fn numbers(directory: &str) -> impl Iterator<Item = u32> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}
