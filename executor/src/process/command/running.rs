//! A process that has not been waited for yet, and the wait.

use std::io;
use std::os::fd::OwnedFd;
use std::panic::Location;
use std::process::{Child, ExitStatus};
use std::sync::Arc;
use std::task::{Context, Poll};

use mainspring_reactor::Direction;
use rustix::io::Errno;
use rustix::process::Signal;

use crate::engine::context;
use crate::engine::core::Engine;
use crate::engine::hold::Wire;
use crate::engine::ready::Remote;
use crate::io::registered::Registered;
use crate::process::descriptor::{self, Watched};

/// A process that runs, or is a zombie.
#[derive(Debug)]
pub(crate) struct Running {
    process: Child,
    /// Tells of its end. `None`: it has ended already, and the system does not keep the dead
    /// (SIGCHLD is ignored).
    descriptor: Option<Arc<OwnedFd>>,
    /// Where somebody waits, or has waited.
    watch: Option<Watch>,
    is_killed: bool,
}

#[derive(Debug)]
struct Watch {
    home: Arc<Remote>,
    end: Registered<Watched<Arc<OwnedFd>>>,
}

impl Running {
    /// # Errors
    ///
    /// The system refuses a descriptor. The process has been killed then.
    pub(crate) fn new(mut process: Child) -> io::Result<Running> {
        let descriptor = match descriptor::open(&process) {
            Ok(descriptor) => Some(Arc::new(descriptor)),
            Err(error) if error.raw_os_error() == Some(Errno::SRCH.raw_os_error()) => None,
            Err(error) => {
                let _ = process.kill();
                let _ = process.wait();
                return Err(error);
            }
        };
        Ok(Running {
            process,
            descriptor,
            watch: None,
            is_killed: false,
        })
    }

    /// Waits for its end, in the loop that this thread is inside of, whichever it was before. One
    /// waits at a time; who gives up calls `release`.
    ///
    /// # Errors
    ///
    /// What the system answers: if SIGCHLD is ignored, nobody knows how it ended.
    pub(crate) fn poll_end(
        &mut self,
        cx: &mut Context<'_>,
        place: &'static Location<'static>,
    ) -> Poll<io::Result<ExitStatus>> {
        let Some(descriptor) = &self.descriptor else {
            return Poll::Ready(self.process.wait());
        };
        if let Some(engine) = context::current() {
            let is_here = |watch: &Watch| Arc::ptr_eq(&watch.home, &engine.remote);
            if !self.watch.as_ref().is_some_and(is_here) {
                // The old one first: a loop takes a file only once.
                self.watch = None;
                self.watch = Some(Watch::new(&engine, descriptor.clone(), place)?);
            }
        }
        let Some(watch) = &self.watch else {
            panic!("{}", context::outside("a wait for a process"));
        };
        let process = &mut self.process;
        watch.end.poll_io(cx, Direction::Read, |_| {
            let status = process.try_wait()?;
            status.ok_or_else(|| io::ErrorKind::WouldBlock.into())
        })
    }

    /// A wait is given up.
    pub(crate) fn release(&self) {
        if let Some(watch) = &self.watch {
            watch.end.release(Direction::Read);
        }
    }

    /// It may go on as long as it likes: nobody waits for its end who would go on then.
    pub(crate) fn set_idle(&self) {
        if let Some(watch) = &self.watch {
            watch.end.set_wire(Wire::Idle);
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// # Errors
    ///
    /// What the system answers.
    pub(crate) fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.process.try_wait()
    }

    /// # Errors
    ///
    /// What the system answers, if it has been waited for by somebody else.
    pub(crate) fn kill(&mut self) -> io::Result<()> {
        self.is_killed = true;
        match &self.descriptor {
            Some(descriptor) => Ok(descriptor::send(descriptor, self.id(), Signal::KILL)?),
            // Its number may be another's.
            None => Err(Errno::SRCH.into()),
        }
    }

    pub(crate) fn is_killed(&self) -> bool {
        self.is_killed
    }

    /// The process itself, for those who have no loop to wait in.
    pub(crate) fn into_process(self) -> Child {
        self.process
    }
}

impl Watch {
    fn new(
        engine: &Engine,
        descriptor: Arc<OwnedFd>,
        place: &'static Location<'static>,
    ) -> io::Result<Self> {
        let end = Registered::new(engine, Watched(descriptor), place)?;
        // A process that somebody waits for takes real time.
        end.set_wire(Wire::Stranger);
        Ok(Watch {
            home: engine.remote.clone(),
            end,
        })
    }
}
