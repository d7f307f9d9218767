//! Which loop is this thread inside of: the one thread-local by which futures find theirs.

use std::cell::{Cell, RefCell};
use std::io;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::{Arc, MutexGuard};

use mainspring_reactor::Reactor;

use crate::engine::core::Engine;
use crate::engine::id::Id;
use crate::engine::ready::{Letter, ReadyQueue, Remote};
use crate::engine::shared::Shared;
use crate::quietly::quietly;

thread_local! {
    /// The runtimes that this thread has entered and not left yet; it is inside of the last.
    static ENTERED: RefCell<Vec<Entered>> = const { RefCell::new(Vec::new()) };

    /// How often this thread has entered a runtime.
    static ENTRIES: Cell<u64> = const { Cell::new(0) };

    /// The loops that live on this thread, one for each runtime that it has driven.
    static ENGINES: RefCell<Vec<Rc<Engine>>> = const { RefCell::new(Vec::new()) };
}

/// The runtime this thread is inside of, and its loop here, once somebody needed it.
#[derive(Clone, Debug)]
struct Entered {
    /// Which entry it is: the count of them.
    entry: u64,
    shared: Arc<Shared>,
    engine: Option<Rc<Engine>>,
    /// A pool's job runs here: nothing would ever turn a loop that it made by the way.
    job: Option<Id>,
}

/// The loop this thread is inside of.
///
/// A thread that entered a runtime without driving it gets its loop here, at the first call.
pub(crate) fn current() -> Option<Rc<Engine>> {
    let find = |entered: &RefCell<Vec<Entered>>| {
        let entered = entered.borrow();
        let last = entered.last()?;
        match &last.engine {
            Some(engine) => Some(Ok(engine.clone())),
            None if last.job.is_some() => None,
            None => Some(Err(last.shared.clone())),
        }
    };
    match ENTERED.try_with(find).ok()?? {
        Ok(engine) => Some(engine),
        Err(shared) => first_need(shared),
    }
}

/// The loop this thread is inside of, if it has been made: for those who would not make one just
/// to ask it something.
pub(crate) fn made() -> Option<Rc<Engine>> {
    let made = |entered: &RefCell<Vec<Entered>>| entered.borrow().last()?.engine.clone();
    ENTERED.try_with(made).ok()?
}

/// The loop whose turn this is: what is awaited now, that one can wait for. It need not be the last
/// that was entered, for a poll may hold the guard of a runtime that does not turn on this thread.
pub(crate) fn turning() -> Option<Rc<Engine>> {
    let turning = |entered: &RefCell<Vec<Entered>>| {
        let entered = entered.borrow();
        let mut engines = entered.iter().rev().filter_map(|it| it.engine.as_ref());
        engines.find(|engine| engine.is_turning.get()).cloned()
    };
    ENTERED.try_with(turning).ok()?
}

/// The loop behind `remote`, if it lives on this thread: mostly the one this thread is inside of.
pub(crate) fn here(remote: &Arc<Remote>) -> Option<Rc<Engine>> {
    if let Some(engine) = made().filter(|engine| Arc::ptr_eq(&engine.remote, remote)) {
        return Some(engine);
    }
    let find = |engines: &RefCell<Vec<Rc<Engine>>>| {
        let engines = engines.borrow();
        let mut engines = engines.iter();
        engines
            .find(|engine| Arc::ptr_eq(&engine.remote, remote))
            .cloned()
    };
    ENGINES.try_with(find).ok()?
}

/// Does something with the loop behind `remote`: now if it lives on this thread, by letter
/// otherwise. A loop that is gone needs it no more.
pub(crate) fn at_home(remote: &Arc<Remote>, call: impl FnOnce(&Rc<Engine>) + Send + 'static) {
    match here(remote) {
        Some(engine) => call(&engine),
        None => by_letter(remote, call),
    }
}

/// Does something with the loop behind `remote` when it reads its letters; not at all if it has
/// ended.
pub(crate) fn by_letter(remote: &Arc<Remote>, call: impl FnOnce(&Rc<Engine>) + Send + 'static) {
    let home = remote.clone();
    let letter = Letter::Call(Box::new(move || {
        if let Some(engine) = here(&home) {
            call(&engine);
        }
    }));
    if let Err(letter) = remote.send(letter) {
        quietly(|| drop(letter));
    }
}

/// The thread entered a runtime without driving it, and needs its loop now.
#[cold]
fn first_need(shared: Arc<Shared>) -> Option<Rc<Engine>> {
    let engine = engine_of(&shared).ok()?;
    let _ = ENTERED.try_with(|entered| {
        if let Some(last) = entered.borrow_mut().last_mut() {
            last.engine = Some(engine.clone());
        }
    });
    ReadyQueue::set_here(Some(engine.ready.clone()));
    Some(engine)
}

/// The loop this thread is inside of.
///
/// # Panics
///
/// Outside of a runtime, naming what was called and what to do.
#[track_caller]
pub(crate) fn expect(what: &str) -> Rc<Engine> {
    match current() {
        Some(engine) => engine,
        None => panic!("{}", outside(what)),
    }
}

/// What to tell somebody who called `what` outside of a runtime.
pub(crate) fn outside(what: &str) -> String {
    let thread = std::thread::current();
    let thread = match thread.name() {
        Some(name) => format!("thread `{name}`"),
        None => "a thread without a name".to_owned(),
    };
    if is_job() {
        return format!(
            "{what} was called in a pool's job ({thread}), where no loop turns: send the \
             future to the loop with `Handle::current().spawn`, or wait for it here with \
             `Handle::current().block_on`"
        );
    }
    if let Some(Err(error)) = current_shared().map(|shared| engine_of(&shared)) {
        return format!(
            "{what} found no loop in the runtime that was entered (thread `{thread}`): the operating \
             system refused this thread a reactor: {error}; raise the limit of open files"
        );
    }
    format!(
        "{what} was called outside a runtime ({thread}): call it inside `block_on`, \
         `#[main]` or a spawned task, or enter a runtime with `Handle::enter`"
    )
}

/// The task that this thread's loop polls just now.
pub(crate) fn polling() -> Option<Id> {
    let polling =
        |entered: &RefCell<Vec<Entered>>| entered.borrow().last()?.engine.as_ref()?.current.get();
    ENTERED.try_with(polling).ok()?
}

/// The job of a pool that runs on this thread just now, and that drives no loop.
pub(crate) fn job() -> Option<Id> {
    let job = |entered: &RefCell<Vec<Entered>>| {
        let entered = entered.borrow();
        entered.last().filter(|last| last.engine.is_none())?.job
    };
    ENTERED.try_with(job).ok()?
}

/// Whether a pool's job runs on this thread just now, and no loop of its own.
fn is_job() -> bool {
    job().is_some()
}

/// The way to the loop that waits for what is sent out from this thread: its own, if it has one;
/// else the runtime's home.
pub(crate) fn remote_here(shared: &Arc<Shared>) -> Arc<Remote> {
    // A loop that an earlier job left on this thread waits for nobody.
    let engine = if is_job() { None } else { find(shared) };
    match engine {
        Some(engine) => engine.remote.clone(),
        None => shared.home(),
    }
}

/// The runtime this thread is inside of.
pub(crate) fn current_shared() -> Option<Arc<Shared>> {
    ENTERED
        .try_with(|entered| Some(entered.borrow().last()?.shared.clone()))
        .ok()?
}

/// This thread is ending, and its thread-locals are gone.
pub(crate) fn is_thread_ending() -> bool {
    ENTERED.try_with(|_| ()).is_err()
}

/// The future of `block_on` is no task.
pub(crate) fn is_main(id: Id) -> bool {
    made().is_some_and(|engine| engine.main.get() == Some(id))
}

/// Until the guard is dropped, this is the current task: one that another polls in its place.
pub(crate) fn as_task(id: Id) -> AsTask {
    let outer = made().map(|engine| {
        let current = engine.current.replace(Some(id));
        (engine, current)
    });
    AsTask { outer }
}

/// While it lives, another task is polled within the poll of one.
pub(crate) struct AsTask {
    outer: Option<(Rc<Engine>, Option<Id>)>,
}

impl Drop for AsTask {
    fn drop(&mut self) {
        if let Some((engine, current)) = self.outer.take() {
            engine.current.set(current);
        }
    }
}

/// This runtime's loop on this thread. The first thread to ask becomes home to what other
/// threads send; every other thread gets a loop of its own beside it.
///
/// # Errors
///
/// The operating system refused another reactor.
pub(crate) fn engine_of(shared: &Arc<Shared>) -> io::Result<Rc<Engine>> {
    let found = find(shared).filter(|_| !shared.is_ended());
    // The home thread has ended: a loop that nothing lives on makes room for the home loop.
    let makes_room = |engine: &Rc<Engine>| shared.has_seat() && engine.is_deserted();
    match found {
        Some(engine) if makes_room(&engine) => drop(take_engine(shared)),
        Some(engine) => return Ok(engine),
        None => {}
    }
    end_forsaken();
    // Only one that turns just now outlives its runtime.
    if let Some(engine) = find(shared) {
        return Ok(engine);
    }
    let (reactor, remote) = match shared.take_seat() {
        Some(seat) => seat,
        None => {
            let reactor = Reactor::new()?;
            let remote = Remote::new(reactor.unparker());
            (reactor, remote)
        }
    };
    let engine = Rc::new(Engine::new(shared.clone(), remote, reactor));
    // A runtime that has ended takes no tasks on any loop.
    engine.closing.set(shared.is_ended());
    let _ = ENGINES.try_with(|engines| engines.borrow_mut().push(engine.clone()));
    Ok(engine)
}

/// Ends this thread's loops of runtimes that were dropped on other threads meanwhile: nobody else
/// can drop their tasks.
fn end_forsaken() {
    let is_forsaken =
        |engine: &mut Rc<Engine>| !engine.is_turning.get() && engine.shared.is_ended();
    let take = |engines: &RefCell<Vec<Rc<Engine>>>| {
        let mut engines = engines.borrow_mut();
        engines.extract_if(.., is_forsaken).collect::<Vec<_>>()
    };
    for engine in ENGINES.try_with(take).unwrap_or_default() {
        engine.close();
    }
}

/// This runtime's loop on this thread, if it has one.
pub(crate) fn find(shared: &Arc<Shared>) -> Option<Rc<Engine>> {
    let find = |engines: &RefCell<Vec<Rc<Engine>>>| {
        let engines = engines.borrow();
        let mut engines = engines.iter();
        engines
            .find(|engine| Arc::ptr_eq(&engine.shared, shared))
            .cloned()
    };
    ENGINES.try_with(find).ok()?
}

/// This thread gives up the runtime's loop, to be closed by the caller.
pub(crate) fn take_engine(shared: &Arc<Shared>) -> Option<Rc<Engine>> {
    let take = |engines: &RefCell<Vec<Rc<Engine>>>| {
        let mut engines = engines.borrow_mut();
        let place = engines
            .iter()
            .position(|engine| Arc::ptr_eq(&engine.shared, shared))?;
        Some(engines.remove(place))
    };
    ENGINES.try_with(take).ok()?
}

/// While it lives, this thread is inside of a runtime.
///
/// Several may be dropped in any order: the thread is inside of the runtime that it entered last
/// of those it has not left.
#[derive(Debug)]
pub(crate) struct Inside {
    entry: u64,
    /// Not `Send`, and `Sync` all the same, like a lock's guard and like tokio's.
    _confined: PhantomData<MutexGuard<'static, ()>>,
}

/// Enters a runtime; its loop here, if there is one already, is the current one.
pub(crate) fn enter(shared: &Arc<Shared>) -> Inside {
    enter_with(shared.clone(), find(shared), None)
}

/// Enters a runtime for a job of a pool: what asks for the runtime finds it, what needs a loop is
/// told that there is none.
pub(crate) fn enter_job(shared: &Arc<Shared>, job: Id) -> Inside {
    enter_with(shared.clone(), None, Some(job))
}

/// Enters a loop.
pub(crate) fn enter_engine(engine: &Rc<Engine>) -> Inside {
    enter_with(engine.shared.clone(), Some(engine.clone()), None)
}

fn enter_with(shared: Arc<Shared>, engine: Option<Rc<Engine>>, job: Option<Id>) -> Inside {
    let entry = ENTRIES.get() + 1;
    ENTRIES.set(entry);
    let queue = engine.as_ref().map(|engine| engine.ready.clone());
    let new = Entered {
        entry,
        shared,
        engine,
        job,
    };
    let _ = ENTERED.try_with(|entered| entered.borrow_mut().push(new));
    ReadyQueue::set_here(queue);
    Inside {
        entry,
        _confined: PhantomData,
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        let leave = |entered: &RefCell<Vec<Entered>>| {
            let mut entered = entered.borrow_mut();
            let place = entered.iter().rposition(|it| it.entry == self.entry)?;
            let left = entered.remove(place);
            let engine = entered.last().and_then(|last| last.engine.as_ref());
            Some((left, engine.map(|engine| engine.ready.clone())))
        };
        let Ok(Some((left, queue))) = ENTERED.try_with(leave) else {
            return;
        };
        let queue = ReadyQueue::set_here(queue);
        drop((left, queue));
    }
}

impl Engine {
    /// Ends the loop: no more letters, then every task is dropped, in the order of spawning.
    /// What their destructors spawn is dropped at once, and its handle says "cancelled".
    pub(crate) fn close(self: &Rc<Self>) {
        let _inside = enter_engine(self);
        self.drop_everything();
    }
}
