//! The end of a worker process, as something to wait for.

use std::io;
use std::panic::Location;
use std::process::ExitStatus;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use mainspring_reactor::Direction;

use crate::engine::core::Engine;
use crate::engine::hold::Wire;
use crate::io::registered::Registered;
use crate::process::child::Child;
use crate::process::descriptor::Watched;
use crate::quietly::wake_all;
use crate::shim::{Mutex, lock};

/// Waits for the end of a process: its descriptor is readable from then on.
#[derive(Debug)]
pub(crate) struct Exit {
    watched: Registered<Watched<Arc<Child>>>,
    follower: Arc<Follower>,
    /// The reactor's way to the follower. (It keeps every waker until the event comes, and this
    /// event comes once, after many jobs: so it knows only this one.)
    waker: Waker,
}

/// Who is to hear of it now: the last who asked.
#[derive(Debug, Default)]
struct Follower(Mutex<Option<Waker>>);

impl Exit {
    /// # Errors
    ///
    /// What the system answers.
    pub(crate) fn new(
        engine: &Engine,
        child: Arc<Child>,
        place: &'static Location<'static>,
    ) -> io::Result<Self> {
        let watched = Registered::new(engine, Watched(child), place)?;
        // A job that it does is known to be out. Without one, its end lets nobody go on.
        watched.set_wire(Wire::Idle);
        let follower = Arc::new(Follower::default());
        Ok(Exit {
            watched,
            waker: follower.clone().into(),
            follower,
        })
    }

    /// How it ended: `None` if the system does not tell. One waits at a time: the last who asked.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<Option<ExitStatus>> {
        let new = cx.waker().clone();
        let old = lock(&self.follower.0).replace(new);
        drop(old);
        let mut cx = Context::from_waker(&self.waker);
        let ended = self.watched.poll_io(&mut cx, Direction::Read, |watched| {
            let status = watched.0.try_wait();
            status.ok_or_else(|| io::ErrorKind::WouldBlock.into())
        });
        // An error means that the loop has ended, and with it whoever would wait.
        ended.map(|ended| ended.unwrap_or(None))
    }
}

impl Wake for Follower {
    fn wake(self: Arc<Self>) {
        let follower = lock(&self.0).take();
        wake_all(follower);
    }
}
