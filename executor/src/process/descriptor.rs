//! What tells of a process's end, and of no other's: numbers of processes are used again.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::process;

use mio::event::Source;
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use rustix::io::Errno;
use rustix::process::{Pid, Signal};

/// What becomes readable when the process ends.
#[cfg(target_os = "linux")]
pub(crate) fn open(process: &process::Child) -> io::Result<OwnedFd> {
    use rustix::process::{PidfdFlags, pidfd_open};
    Ok(pidfd_open(Pid::from_child(process), PidfdFlags::NONBLOCK)?)
}

/// What becomes readable when the process ends.
///
/// macOS tells of that by its kqueue alone, with a filter that mio has no name for, and that safe
/// code cannot ask for itself. So a thread waits for the process (and leaves the zombie, and with
/// it the number, to `reap`), and then closes its end of a pair of sockets.
#[cfg(not(target_os = "linux"))]
pub(crate) fn open(process: &process::Child) -> io::Result<OwnedFd> {
    use rustix::io::retry_on_intr;
    use rustix::process::{WaitId, WaitIdOptions, waitid};
    use std::os::unix::net::UnixStream;
    let pid = Pid::from_child(process);
    let (ours, theirs) = UnixStream::pair()?;
    let wait = move || {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        // An error means that it has been waited for already.
        let _ = retry_on_intr(|| waitid(WaitId::Pid(pid), options));
        drop(theirs);
    };
    std::thread::Builder::new()
        .name("mainspring-child".to_owned())
        .spawn(wait)?;
    Ok(ours.into())
}

/// Sends a signal to the process of this descriptor and number, which must not have been waited
/// for.
#[cfg(target_os = "linux")]
pub(crate) fn send(descriptor: &OwnedFd, _pid: u32, signal: Signal) -> Result<(), Errno> {
    rustix::process::pidfd_send_signal(descriptor, signal)
}

/// Sends a signal to the process of this descriptor and number, which must not have been waited
/// for.
#[cfg(not(target_os = "linux"))]
pub(crate) fn send(_descriptor: &OwnedFd, pid: u32, signal: Signal) -> Result<(), Errno> {
    let pid = Pid::from_raw(pid.cast_signed());
    rustix::process::kill_process(pid.ok_or(Errno::SRCH)?, signal)
}

/// The owner of such a descriptor, as the reactor knows it.
#[derive(Debug)]
pub(crate) struct Watched<P>(pub(crate) P);

impl<P: AsFd> Source for Watched<P> {
    fn register(&mut self, to: &Registry, token: Token, interest: Interest) -> io::Result<()> {
        SourceFd(&self.0.as_fd().as_raw_fd()).register(to, token, interest)
    }

    fn reregister(&mut self, to: &Registry, token: Token, interest: Interest) -> io::Result<()> {
        SourceFd(&self.0.as_fd().as_raw_fd()).reregister(to, token, interest)
    }

    fn deregister(&mut self, from: &Registry) -> io::Result<()> {
        SourceFd(&self.0.as_fd().as_raw_fd()).deregister(from)
    }
}
