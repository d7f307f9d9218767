//! A crew for each runtime that a pool is used in.

use std::panic::Location;
use std::sync::{Arc, Weak};
use std::time::Instant;

use crate::engine::shared::{Lodger, Shared};
use crate::process::crew::{Closing, Crew, Settings};
use crate::process::driver;
use crate::shim::{Mutex, lock};

pub(crate) struct Crews {
    // Never changes.
    pub(crate) settings: Settings,

    // Any thread, under its lock.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    crews: Vec<Arc<Crew>>,
    /// The pool has ended, or is about to.
    is_closed: bool,
}

impl Crews {
    pub(crate) fn new(settings: Settings) -> Self {
        Crews {
            settings,
            state: Mutex::new(State::default()),
        }
    }

    /// The crew of this runtime. `None`: the pool, or the runtime, has ended.
    pub(crate) fn of(&self, shared: &Arc<Shared>) -> Option<Arc<Crew>> {
        let home = shared.home();
        let mut state = lock(&self.state);
        if state.is_closed {
            return None;
        }
        let crews = &mut state.crews;
        if let Some(crew) = crews.iter().find(|crew| Arc::ptr_eq(&crew.home, &home)) {
            return Some(crew.clone());
        }
        let residents = shared.lodger(Residents::default)?;
        // What belonged to loops that are gone.
        crews.retain(|crew| !crew.shared.is_ended() && !Arc::ptr_eq(&crew.shared, shared));
        let crew = Crew::new(self.settings.clone(), shared.clone(), home);
        crews.push(crew.clone());
        let mut residents = lock(&residents.crews);
        residents.retain(|crew| crew.strong_count() > 0);
        residents.push(Arc::downgrade(&crew));
        Some(crew)
    }

    pub(crate) fn all(&self) -> Vec<Arc<Crew>> {
        lock(&self.state).crews.clone()
    }

    /// Nothing is accepted any more. Returns those who have to come to their end.
    #[track_caller]
    pub(crate) fn close(&self, closing: Closing, cancel_queued: bool) -> Vec<Arc<Crew>> {
        let crews = {
            let mut state = lock(&self.state);
            state.is_closed = true;
            state.crews.clone()
        };
        for crew in &crews {
            end(crew, closing, cancel_queued, Location::caller());
        }
        crews
    }
}

impl Drop for Crews {
    fn drop(&mut self) {
        self.close(Closing::Now, true);
    }
}

/// Closes a crew. If its loop turns, that sees to the rest; otherwise nobody does, and a worker that
/// is killed, or was idle, is waited for here.
pub(crate) fn end(
    crew: &Arc<Crew>,
    closing: Closing,
    cancel_queued: bool,
    place: &'static Location<'static>,
) {
    let idle = crew.close(closing, cancel_queued);
    if crew.home.is_attended() {
        return driver::dismiss(crew, idle, place);
    }
    for worker in idle {
        let seat = worker.seat;
        drop(worker);
        crew.forsake(seat);
    }
    if closing == Closing::Now {
        for child in crew.children() {
            child.end();
        }
    }
}

/// The crews of all pools in a runtime, which end with it.
#[derive(Default)]
struct Residents {
    crews: Mutex<Vec<Weak<Crew>>>,
}

impl Lodger for Residents {
    fn close(&self, _until: Instant) -> Vec<String> {
        let crews = std::mem::take(&mut *lock(&self.crews));
        for crew in crews.iter().filter_map(Weak::upgrade) {
            end(&crew, Closing::Now, true, Location::caller());
        }
        Vec::new()
    }
}
