//! What a runtime is to other threads: the half of it that may be sent and shared.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::io;
use std::num::NonZeroU64;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use mainspring_reactor::{Reactor, Registrar};

use crate::engine::hooks::{Hooks, ThreadName};
use crate::engine::meter::Meter;
use crate::engine::ready::Remote;
use crate::engine::slow_step::OnSlowStep;
use crate::shim::atomic::{AtomicBool, Ordering};
use crate::shim::{Mutex, lock};

/// How long a runtime that is dropped waits for everything on other threads.
///
/// Doubling it makes a program with a stuck job end that much later; halving it names jobs that
/// would have ended.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(crate) struct Shared {
    // Never changes.
    pub(crate) id: NonZeroU64,
    pub(crate) settings: Settings,

    // Any thread.
    /// The runtime was dropped. Written under the lock of `home`.
    is_ended: AtomicBool,
    /// The home loop has no thread. Written under the lock of `home`.
    has_seat: AtomicBool,

    // Any thread.
    pub(crate) meter: Meter,

    // Any thread, under its lock.
    home: Mutex<Home>,
    lodgers: Mutex<Lodgers>,
}

/// The *home* loop: the one that gets what other threads send to the runtime. It is the first
/// that was driven, or the driver thread's.
#[derive(Debug)]
struct Home {
    /// The way to it.
    remote: Arc<Remote>,
    /// What it will wait in, until a thread takes the seat.
    seat: Option<Reactor>,
    /// How other threads register sockets there, if they are to.
    registrar: Option<Arc<Registrar>>,
    /// How long the end may take.
    shutdown_limit: Duration,
}

/// Something of the rooms upstairs, of a type that they know.
#[derive(Clone)]
pub(crate) struct Opaque(pub(crate) Arc<dyn Any + Send + Sync + UnwindSafe + RefUnwindSafe>);

impl fmt::Debug for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}

/// What the builder was told.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) start_paused: bool,
    /// What the order of those who are ready is drawn from, if it is drawn.
    pub(crate) seed: Option<u64>,
    /// What a step may take, if that is watched.
    pub(crate) slow_step: Option<Duration>,
    /// Whether the builder was told to watch.
    pub(crate) debug: Option<bool>,
    pub(crate) on_slow_step: Option<OnSlowStep>,
    pub(crate) on_stall: OnStall,
    pub(crate) shutdown_limit: Duration,
    /// The runtime's own name.
    pub(crate) name: Option<Arc<str>>,
    /// `None`: what the thread does for the runtime.
    pub(crate) thread_name: Option<ThreadName>,
    pub(crate) thread_stack_size: Option<usize>,
    pub(crate) hooks: Hooks,
    pub(crate) max_blocking_threads: usize,
    pub(crate) thread_keep_alive: Duration,
    /// Tasks run on a thread of their own, also between two `block_on`s.
    pub(crate) has_driver: bool,
    /// Several threads were asked for.
    pub(crate) several_threads: bool,
    /// Who is told of panics that nobody reads, unless a loop has somebody of its own (the room of
    /// tasks knows of which type it is).
    pub(crate) on_unhandled: Option<Opaque>,
}

/// What a runtime does when nothing is left that can wake anybody, and that is certain: say who
/// waits on what, and then this.
///
/// Neither tokio nor asyncio notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnStall {
    /// Say so once, and wait; on the paused clock, where no time passes meanwhile, panic.
    Report,
    /// Panic: a test fails. A mere suspicion (another thread might still hold a waker) is
    /// reported after a while, and fails after 5 s.
    Panic,
    /// End the program with status 13, unless another thread is at work, which may be what the
    /// program is for.
    Exit,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            start_paused: false,
            seed: None,
            slow_step: None,
            debug: None,
            on_slow_step: None,
            on_stall: OnStall::Report,
            shutdown_limit: SHUTDOWN_LIMIT,
            name: None,
            thread_name: None,
            thread_stack_size: None,
            hooks: Hooks::default(),
            max_blocking_threads: 512,
            thread_keep_alive: Duration::from_secs(10),
            has_driver: false,
            several_threads: false,
            on_unhandled: None,
        }
    }
}

/// A number that no other runtime of this process bears.
pub(crate) fn next_id() -> NonZeroU64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    // It does not live to see its end.
    NonZeroU64::new(NEXT.fetch_add(1, Ordering::Relaxed)).unwrap_or(NonZeroU64::MIN)
}

/// The runtime has ended, or its loop with the thread that turned it: what was registered there
/// hears of no event any more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HasEnded;

impl fmt::Display for HasEnded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the runtime in which this socket was made has ended, or the thread whose loop it was \
             made on: keep both as long as the socket, or carry it over with `into_std` and \
             `from_std`",
        )
    }
}

impl Error for HasEnded {}

/// Something upstairs that lives as long as the runtime and must be ended with it: a pool.
pub(crate) trait Lodger: Any + Send + Sync {
    /// Refuses new work, answers what is queued "cancelled", and waits for what runs until
    /// `until`. Returns the names of what still runs then.
    fn close(&self, until: Instant) -> Vec<String>;
}

/// One lodger of each type.
#[derive(Default)]
struct Lodgers {
    by_type: HashMap<TypeId, Arc<dyn Lodger>>,
    closed: bool,
}

impl Shared {
    /// # Errors
    ///
    /// The operating system refused another way to the reactor.
    pub(crate) fn new(settings: Settings, mut reactor: Reactor) -> io::Result<Arc<Self>> {
        let shutdown_limit = settings.shutdown_limit;
        let registrar = match settings.has_driver {
            true => Some(Arc::new(reactor.registrar()?)),
            false => None,
        };
        Ok(Arc::new(Shared {
            id: next_id(),
            settings,
            meter: Meter::default(),
            is_ended: AtomicBool::new(false),
            has_seat: AtomicBool::new(true),
            home: Mutex::new(Home {
                remote: Remote::new(reactor.unparker()),
                seat: Some(reactor),
                registrar,
                shutdown_limit,
            }),
            lodgers: Mutex::new(Lodgers::default()),
        }))
    }

    /// The way to the home loop.
    pub(crate) fn home(&self) -> Arc<Remote> {
        lock(&self.home).remote.clone()
    }

    /// The home loop as the place for a socket that is made in another loop, if it turns always:
    /// whoever turns the other may have gone when somebody waits for the socket.
    pub(crate) fn home_for_sockets(
        &self,
        other: &Arc<Remote>,
    ) -> Option<(Arc<Remote>, Arc<Registrar>)> {
        if !self.settings.has_driver {
            return None;
        }
        let home = lock(&self.home);
        match Arc::ptr_eq(&home.remote, other) {
            true => None,
            false => Some((home.remote.clone(), home.registrar.clone()?)),
        }
    }

    /// Whether that is the way to the home loop of a runtime that lives.
    pub(crate) fn is_home(&self, remote: &Arc<Remote>) -> bool {
        let home = lock(&self.home);
        Arc::ptr_eq(&home.remote, remote) && !self.is_ended()
    }

    /// The first thread that asks becomes home to the loop.
    pub(crate) fn take_seat(&self) -> Option<(Reactor, Arc<Remote>)> {
        let mut home = lock(&self.home);
        self.has_seat.swap(false, Ordering::AcqRel);
        Some((home.seat.take()?, home.remote.clone()))
    }

    /// Whether the next thread that asks may become home.
    pub(crate) fn has_seat(&self) -> bool {
        self.has_seat.load(Ordering::Acquire)
    }

    /// The thread of this loop ends. If it was the home loop of a runtime that lives on, the
    /// next thread that asks becomes home. (A driver thread is not replaced.)
    pub(crate) fn vacate_seat(&self, remote: &Arc<Remote>) {
        if self.settings.has_driver || !self.is_home(remote) {
            return;
        }
        // Without a reactor, what is sent to the runtime is answered "cancelled".
        let Ok(reactor) = Reactor::new() else { return };
        let mut home = lock(&self.home);
        if !self.is_ended() {
            home.remote = Remote::new(reactor.unparker());
            home.seat = Some(reactor);
            self.has_seat.swap(true, Ordering::AcqRel);
        }
    }

    /// The runtime was dropped, and each of its loops may take so long to end. Returns the way to
    /// its home loop, which is to be ended.
    pub(crate) fn end(&self, limit: Duration) -> Arc<Remote> {
        let mut home = lock(&self.home);
        home.shutdown_limit = limit;
        self.is_ended.swap(true, Ordering::AcqRel);
        let seat = home.seat.take();
        let registrar = home.registrar.take();
        let remote = home.remote.clone();
        drop(home);
        drop((seat, registrar));
        remote
    }

    /// How long the end of a loop may take.
    pub(crate) fn shutdown_limit(&self) -> Duration {
        lock(&self.home).shutdown_limit
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.is_ended.load(Ordering::Acquire)
    }

    /// The lodger of this type; `make` is asked for one if there is none. `None` once the
    /// runtime has ended.
    pub(crate) fn lodger<L: Lodger>(&self, make: impl FnOnce() -> L) -> Option<Arc<L>> {
        let mut lodgers = lock(&self.lodgers);
        if lodgers.closed {
            return None;
        }
        let lodger: Arc<dyn Any + Send + Sync> = lodgers
            .by_type
            .entry(TypeId::of::<L>())
            .or_insert_with(|| Arc::new(make()))
            .clone();
        lodger.downcast().ok()
    }

    /// Puts a lodger in the place of the one of its type. The old one comes back.
    pub(crate) fn replace_lodger<L: Lodger>(&self, lodger: L) -> Option<Arc<dyn Lodger>> {
        lock(&self.lodgers)
            .by_type
            .insert(TypeId::of::<L>(), Arc::new(lodger))
    }

    /// Ends all lodgers, and waits for all of them until then. Returns the names of what still
    /// runs.
    pub(crate) fn close_lodgers(&self, until: Instant) -> Vec<String> {
        let lodgers = {
            let mut lodgers = lock(&self.lodgers);
            lodgers.closed = true;
            std::mem::take(&mut lodgers.by_type)
        };
        lodgers
            .into_values()
            .flat_map(|lodger| lodger.close(until))
            .collect()
    }
}

impl fmt::Debug for Lodgers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lodgers")
            .field("count", &self.by_type.len())
            .field("closed", &self.closed)
            .finish()
    }
}
