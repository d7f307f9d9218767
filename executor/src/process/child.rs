//! This program once more: started, killed, and waited for.

use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{self, Command, ExitStatus, Stdio};

use rustix::io::Errno;
use rustix::process::Signal;

use crate::process::descriptor;
use crate::process::worker::Summons;
use crate::shim::atomic::{AtomicBool, Ordering};
use crate::shim::{Mutex, lock};

/// Workers within workers, at most: a job that starts a pool, whose jobs start a pool, and so on.
///
/// A function that does so without end would otherwise fill the machine with processes.
pub(crate) const DEEPEST: u32 = 8;

/// A worker process. Whoever drops it last ends it, and leaves no zombie.
#[derive(Debug)]
pub(crate) struct Child {
    // Never changes.
    pub(crate) pid: u32,
    /// Tells of the process's end, and of no other's: numbers of processes are used again.
    descriptor: OwnedFd,

    // Any thread.
    /// Its end has been asked for, and may take a moment: no job should go there.
    is_struck: AtomicBool,

    // Any thread, under its lock.
    process: Mutex<Life>,
}

#[derive(Debug)]
enum Life {
    Running(process::Child),
    Ended(Option<ExitStatus>),
}

/// How this program is started again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Launch {
    pub(crate) arguments: Vec<OsString>,
    pub(crate) largest: usize,
}

impl Launch {
    // ANCHOR: launch
    /// Starts this program again, with one end of a pair of sockets as its standard input.
    /// Returns it with the other end.
    ///
    /// # Errors
    ///
    /// The operating system refused the process, or a descriptor for it.
    pub(crate) fn start(&self) -> io::Result<(Child, UnixStream)> {
        let (ours, theirs) = UnixStream::pair()?;
        let theirs = File::from(OwnedFd::from(theirs));
        let summons = Summons {
            inode: theirs.metadata()?.ino(),
            depth: Summons::depth() + 1,
            largest: self.largest,
            is_test: !self.arguments.is_empty(),
        };
        let (variable, told) = summons.variable();
        let mut command = Command::new(program());
        // As `ps` shows it: under the name it was called by.
        if let Some(name) = env::args_os().next() {
            command.arg0(name);
        }
        let process = command
            .args(&self.arguments)
            .env(variable, told)
            .stdin(Stdio::from(theirs))
            // What is typed at the terminal, Ctrl-C above all, is the parent's to answer.
            .process_group(0)
            .spawn()?;
        Ok((Child::new(process)?, ours))
    }
    // ANCHOR_END: launch
}

/// What to start: the file that runs just now, whatever has become of its name.
fn program() -> PathBuf {
    let itself = PathBuf::from("/proc/self/exe");
    match itself.exists() {
        true => itself,
        false => env::current_exe().unwrap_or(itself),
    }
}

impl Child {
    fn new(mut process: process::Child) -> io::Result<Self> {
        match descriptor::open(&process) {
            Ok(descriptor) => Ok(Child {
                pid: process.id(),
                descriptor,
                is_struck: AtomicBool::new(false),
                process: Mutex::new(Life::Running(process)),
            }),
            Err(error) => {
                let _ = process.kill();
                let _ = process.wait();
                Err(error)
            }
        }
    }

    /// Ends it at once. Nothing happens if it has ended.
    pub(crate) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    pub(crate) fn is_struck(&self) -> bool {
        self.is_struck.load(Ordering::Relaxed)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        self.is_struck.store(true, Ordering::Relaxed);
        // Under the lock it cannot be waited for meanwhile, and its number not be another's.
        let process = lock(&self.process);
        if let Life::Running(_) = &*process {
            // It may have ended by itself.
            let _: Result<(), Errno> = descriptor::send(&self.descriptor, self.pid, signal);
        }
    }

    /// Whether it has ended, and how; the zombie is gone then.
    pub(crate) fn try_wait(&self) -> Option<Option<ExitStatus>> {
        self.reap(process::Child::try_wait)
    }

    /// Kills it and blocks until it has ended: a moment, for nothing keeps a process from being
    /// killed.
    pub(crate) fn end(&self) {
        self.kill();
        self.reap(|process| process.wait().map(Some));
    }

    fn reap(
        &self,
        wait: impl FnOnce(&mut process::Child) -> io::Result<Option<ExitStatus>>,
    ) -> Option<Option<ExitStatus>> {
        let mut life = lock(&self.process);
        let Life::Running(process) = &mut *life else {
            let Life::Ended(status) = &*life else {
                return None;
            };
            return Some(*status);
        };
        let status = match wait(process) {
            Ok(None) => return None,
            Ok(status) => status,
            // Somebody else has waited for it: the system itself, if SIGCHLD is ignored.
            Err(_) => None,
        };
        *life = Life::Ended(status);
        Some(status)
    }
}

impl AsFd for Child {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.end();
    }
}
