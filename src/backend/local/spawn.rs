//! Starting a process: no fork of wavec's memory, and as few calls as there can be, for this is done for each task.
//!
//! What `posix_spawn` does, with what that does for every child done once: the stack that the child begins on is kept, the
//! handle comes with the process, and `/dev/null` is open already. Knows nothing of jobs.

#![expect(unsafe_code, reason = "clone is a C interface, and the child may call little else")]

use super::{sys, tag};
use std::cell::RefCell;
use std::ffi::{CStr, CString};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr;
use std::sync::OnceLock;

/// What a new process gets.
pub struct Spawn<'a> {
    /// The file to execute.
    pub program: &'a CStr,
    /// Its arguments, its own name first.
    pub arguments: &'a [CString],
    /// Its whole environment.
    pub environment: &'a [&'a CStr],
    /// Where it starts.
    pub directory: &'a CStr,
    /// Its standard output.
    pub stdout: BorrowedFd<'a>,
    /// Its standard error.
    pub stderr: BorrowedFd<'a>,
}

/// The stack that a child has until it executes its program, in bytes.
const STACK: usize = 64 << 10;

/// Below it, so that a child that needs more dies of it and writes nowhere else.
const GUARD: usize = 4 << 10;

/// The last of the signals.
const LAST: libc::c_int = 64;

/// Starts a process as the leader of a session of its own, [tagged](tag), with `/dev/null` as standard input and no signal
/// ignored or blocked; gives its id and a handle on it. It stays a zombie until it is reaped, so the id is its own until then.
/// Returns when it executes its program, or cannot.
pub fn spawn(spawn: &Spawn<'_>) -> io::Result<(u32, OwnedFd)> {
    thread_local! {
        static KEPT: RefCell<Option<Stack>> = const { RefCell::new(None) };
    }
    let stack = match KEPT.take() {
        Some(stack) => stack,
        None => Stack::new()?,
    };
    let spawned = spawn_on(&stack, spawn);
    KEPT.set(Some(stack));
    spawned
}

/// What the child reads, and where it says what went wrong.
struct Orders {
    program: *const libc::c_char,
    arguments: *const *const libc::c_char,
    environment: *const *const libc::c_char,
    directory: *const libc::c_char,
    streams: [libc::c_int; 3],
    taken: u64,
    tag_base: u64,
    most_locks: u64,
    error: libc::c_int,
}

fn spawn_on(stack: &Stack, spawn: &Spawn<'_>) -> io::Result<(u32, OwnedFd)> {
    let arguments = pointers(spawn.arguments.iter().map(CString::as_c_str));
    let environment = pointers(spawn.environment.iter().copied());
    let mut orders = Orders {
        program: spawn.program.as_ptr(),
        arguments: arguments.as_ptr(),
        environment: environment.as_ptr(),
        directory: spawn.directory.as_ptr(),
        streams: [nothing()?, spawn.stdout.as_raw_fd(), spawn.stderr.as_raw_fd()],
        taken: taken(),
        tag_base: tag::base(),
        most_locks: most_locks(),
        error: 0,
    };
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD | libc::SIGCHLD;
    let mut handle: libc::c_int = -1;
    // SAFETY: the child shares our memory and this thread stands still until it executes or exits, so all that `orders`
    // points to outlives its use, and nobody else uses the stack. Signals are blocked, so no handler of ours runs in the
    // child. `handle` is where CLONE_PIDFD puts the descriptor, which is ours alone.
    let (pid, handle) = unsafe {
        let mut all: libc::sigset_t = std::mem::zeroed();
        let mut before: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut before);
        let data = ptr::from_mut(&mut orders).cast();
        let pid = libc::clone(child, stack.top(), flags, data, ptr::from_mut(&mut handle));
        let failed = (pid < 0).then(io::Error::last_os_error);
        libc::pthread_sigmask(libc::SIG_SETMASK, &before, ptr::null_mut());
        if let Some(error) = failed {
            return Err(error);
        }
        (pid, OwnedFd::from_raw_fd(handle))
    };
    // SAFETY: a live value of our own, which the child has written to or not.
    let error = unsafe { ptr::read_volatile(&orders.error) };
    if error != 0 {
        // SAFETY: takes integers and a null pointer, which stands for no interest in how it ended.
        while unsafe { libc::waitpid(pid, ptr::null_mut(), 0) } < 0
            && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted
        {}
        return Err(io::Error::from_raw_os_error(error));
    }
    Ok((pid as u32, handle))
}

/// The child, on its own stack in our memory: nothing here may allocate, lock or panic.
extern "C" fn child(data: *mut libc::c_void) -> libc::c_int {
    // SAFETY: `data` is the `Orders` of the thread that waits for us; its pointers are to live C strings and arrays of such
    // that end in a null pointer. Only calls that are safe in a signal handler are made.
    unsafe {
        let orders = data.cast::<Orders>();
        start(&*orders);
        ptr::write_volatile(&raw mut (*orders).error, *libc::__errno_location());
        libc::_exit(127)
    }
}

/// Becomes the program. Returns when something went wrong, which `errno` says.
unsafe fn start(orders: &Orders) {
    // SAFETY: as in `child`.
    unsafe {
        for signal in (1..=LAST).filter(|signal| orders.taken & (1 << (signal - 1)) != 0) {
            reset(signal);
        }
        if libc::setsid() < 0 || libc::chdir(orders.directory) < 0 {
            return;
        }
        // Refused where the hard limit is lower: then the session has to do.
        let tag = orders.tag_base + libc::getpid() as u64;
        libc::setrlimit(libc::RLIMIT_LOCKS, &libc::rlimit { rlim_cur: tag, rlim_max: orders.most_locks });
        for (target, from) in (0..).zip(orders.streams) {
            // One that is there already only has to stay open.
            let code =
                if from == target { libc::fcntl(from, libc::F_SETFD, 0) } else { libc::dup2(from, target) };
            if code < 0 {
                return;
            }
        }
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut none);
        libc::pthread_sigmask(libc::SIG_SETMASK, &none, ptr::null_mut());
        libc::execve(orders.program, orders.arguments, orders.environment);
    }
}

/// What the system does with a signal, as it keeps that: the handler first. The library's own type has no room for
/// the two signals that it keeps for itself; those, too, may have come ignored.
type Disposition = [usize; 4];

/// Has a signal do what it does by default.
unsafe fn reset(signal: libc::c_int) {
    let default: Disposition = [libc::SIG_DFL; 4];
    // SAFETY: a live value that the call reads, and no place for the one before.
    unsafe { libc::syscall(libc::SYS_rt_sigaction, signal, &default, ptr::null_mut::<Disposition>(), 8) };
}

/// The strings as C wants them: pointers with a null at the end.
fn pointers<'s>(strings: impl ExactSizeIterator<Item = &'s CStr>) -> Vec<*const libc::c_char> {
    let mut pointers = Vec::with_capacity(strings.len() + 1);
    pointers.extend(strings.map(CStr::as_ptr));
    pointers.push(ptr::null());
    pointers
}

/// `/dev/null`, open to be read.
fn nothing() -> io::Result<libc::c_int> {
    static NOTHING: OnceLock<File> = OnceLock::new();
    if let Some(file) = NOTHING.get() {
        return Ok(file.as_raw_fd());
    }
    let file = File::open("/dev/null")?;
    Ok(NOTHING.get_or_init(|| file).as_raw_fd())
}

/// The hard limit on file locks, which stays as it is.
fn most_locks() -> u64 {
    static MOST: OnceLock<u64> = OnceLock::new();
    *MOST.get_or_init(sys::most_locks)
}

/// The signals that do something else in wavec than by default, a bit each: it was told to ignore them, or listens to them. It
/// begins to listen before it starts anything; one that it began to listen to later is only a default again once the program is
/// executed.
fn taken() -> u64 {
    static TAKEN: OnceLock<u64> = OnceLock::new();
    *TAKEN.get_or_init(|| {
        let is_taken = |signal: &libc::c_int| {
            // SAFETY: `now` is a live value that the call fills; nothing is changed.
            unsafe {
                let mut now: Disposition = [0; 4];
                let nothing = ptr::null::<Disposition>();
                libc::syscall(libc::SYS_rt_sigaction, *signal, nothing, &mut now, 8) == 0
                    && now[0] != libc::SIG_DFL
            }
        };
        (1..=LAST).filter(is_taken).fold(0, |bits, signal| bits | 1 << (signal - 1))
    })
}

/// Memory for a child to begin on.
struct Stack(*mut libc::c_void);

impl Stack {
    fn new() -> io::Result<Stack> {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_STACK;
        // SAFETY: makes new memory, and touches no other; the guard lies within it.
        unsafe {
            let base = libc::mmap(ptr::null_mut(), STACK + GUARD, protection, kind, -1, 0);
            if base == libc::MAP_FAILED {
                return Err(io::Error::last_os_error());
            }
            let stack = Stack(base);
            match libc::mprotect(base, GUARD, libc::PROT_NONE) {
                0 => Ok(stack),
                _ => Err(io::Error::last_os_error()),
            }
        }
    }

    /// Where it begins: stacks grow downwards.
    fn top(&self) -> *mut libc::c_void {
        self.0.wrapping_byte_add(STACK + GUARD)
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // SAFETY: this memory is ours, and whoever used it as a stack has gone.
        unsafe { libc::munmap(self.0, STACK + GUARD) };
    }
}
