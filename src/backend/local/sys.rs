//! The few calls to the system that have no safe form: wait by pidfd, signal, adopt, punch a hole.
//!
//! Knows nothing of jobs. Every `unsafe` of wavec stands here and in `spawn`; each call is wrapped so that no caller can misuse it.

#![expect(unsafe_code, reason = "waitid and the like are C interfaces")]

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// A handle on a process that no later process with the same id can take over.
pub fn open_process(pid: u32) -> io::Result<OwnedFd> {
    // SAFETY: takes two integers; a descriptor that it gives is ours alone.
    unsafe {
        let fd = libc::syscall(libc::SYS_pidfd_open, pid as libc::pid_t, 0);
        if fd < 0 { Err(io::Error::last_os_error()) } else { Ok(OwnedFd::from_raw_fd(fd as i32)) }
    }
}

/// Waits for a handle to say that its process has ended.
pub fn watch(process: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: the descriptor is open and owned by the `AsyncFd`, which alone closes it.
    unsafe { Ok(AsyncFd::register_with_interest(process, Interest::READABLE)?) }
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// With this code.
    Exit(i32),
    /// By this signal.
    Signal(i32),
}

/// How a child of ours ended, or none while it runs. The child stays a zombie.
pub fn status(process: BorrowedFd<'_>) -> io::Result<Option<Status>> {
    wait(libc::P_PIDFD, process.as_raw_fd() as libc::id_t, libc::WNOWAIT)
}

/// Takes the zombie of a child of ours away, if it is one.
pub fn reap(pid: u32) -> io::Result<Option<Status>> {
    wait(libc::P_PID, pid, 0)
}

fn wait(kind: libc::idtype_t, id: libc::id_t, flags: libc::c_int) -> io::Result<Option<Status>> {
    // SAFETY: `info` is a live value that `waitid` fills; its fields are read only as `waitid` filled them.
    unsafe {
        let mut info: libc::siginfo_t = std::mem::zeroed();
        loop {
            if libc::waitid(kind, id, &mut info, libc::WEXITED | libc::WNOHANG | flags) == 0 {
                break;
            }
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
        if info.si_pid() == 0 {
            return Ok(None);
        }
        Ok(Some(match info.si_code {
            libc::CLD_EXITED => Status::Exit(info.si_status()),
            _ => Status::Signal(info.si_status()),
        }))
    }
}

/// Kills every process of a group at once, those that are just being forked too. One that has ended is none to kill.
pub fn kill_group(group: u32) {
    if let Some(group) = i32::try_from(group).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
}

/// Sends a signal to the process behind a handle.
pub fn signal_process(process: BorrowedFd<'_>, signal: i32) -> io::Result<()> {
    // SAFETY: takes integers and a null pointer, which stands for "as kill does".
    let code = unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            process.as_raw_fd(),
            signal,
            ptr::null::<libc::siginfo_t>(),
            0,
        )
    };
    if code == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Sends a signal to all of a process group, led by a child of ours that is not yet reaped. Signal 0 only asks whether
/// there is someone to send to.
pub fn signal_group(leader: u32, signal: i32) -> io::Result<()> {
    // SAFETY: takes two integers.
    let code = unsafe { libc::kill(-(leader as libc::pid_t), signal) };
    if code == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Makes this process the one that adopts the orphans of its descendants.
pub fn adopt_orphans() -> io::Result<()> {
    // SAFETY: takes integers.
    let code = unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) };
    if code == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// How many files this process may have open at once.
pub fn file_limit() -> u64 {
    limit_of(OWN, libc::RLIMIT_NOFILE).map_or(256, |limit| limit.rlim_cur)
}

/// How many processes and threads its user may have at once.
pub fn process_limit() -> u64 {
    limit_of(OWN, libc::RLIMIT_NPROC).map_or(u64::MAX, |limit| limit.rlim_cur)
}

/// The soft limit of a process on file locks, or none when it is gone or another user's.
pub fn lock_limit(pid: u32) -> Option<u64> {
    limit_of(pid, libc::RLIMIT_LOCKS).map(|limit| limit.rlim_cur)
}

/// The hard limit of this process on file locks.
pub fn most_locks() -> u64 {
    limit_of(OWN, libc::RLIMIT_LOCKS).map_or(libc::RLIM_INFINITY, |limit| limit.rlim_max)
}

/// Stands for this process.
const OWN: u32 = 0;

fn limit_of(pid: u32, resource: libc::__rlimit_resource_t) -> Option<libc::rlimit> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is a live value that the call fills; the null pointer stands for no new limit.
    let code = unsafe { libc::prlimit(pid as libc::pid_t, resource, ptr::null(), &mut limit) };
    (code == 0).then_some(limit)
}

/// The session of this process.
pub fn own_session() -> u32 {
    // SAFETY: takes an integer; cannot fail for the calling process.
    unsafe { libc::getsid(0) as u32 }
}

/// The user of this process.
pub fn own_user() -> u32 {
    // SAFETY: takes nothing and cannot fail.
    unsafe { libc::geteuid() }
}

/// Gives the disk space of a stretch of a file back; it reads as zeros from then on, and the file's length stays.
pub fn punch_hole(file: &File, from: u64, length: u64) -> io::Result<()> {
    let mode = libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE;
    // SAFETY: takes a descriptor that lives as long as `file`, and integers.
    let code = unsafe { libc::fallocate(file.as_raw_fd(), mode, from as libc::off_t, length as libc::off_t) };
    if code == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
