//! The end of a runtime, in a fixed order: nothing new is accepted; tasks are dropped in the
//! order of spawning; queued jobs are answered "cancelled" and running ones waited for, all
//! within one limit; timers and reactor go last.

use std::sync::Arc;
use std::time::Duration;

use crate::engine::context::{self, Engine, Turning};
use crate::engine::ready::Letter;
use crate::engine::shared::Shared;

/// Ends the runtime, from any thread.
pub(crate) fn shut_down(shared: &Arc<Shared>, limit: Duration) {
    match context::find(shared) {
        // One of its own tasks drops it: the loop ends when it comes home.
        Some(engine) if Turning::is_on() && engine.current.get().is_some() => {
            engine.abandoned.set(true);
            return;
        }
        Some(_) => end_here(shared),
        None => {}
    }
    if !shared.home.is_closed() {
        end_elsewhere(shared, limit);
    }
    close_pools(shared, limit);
}

/// Drops this thread's loop of the runtime.
pub(crate) fn end_here(shared: &Arc<Shared>) {
    if let Some(engine) = context::take_engine(shared) {
        engine.close();
    }
}

/// The loop lives on another thread: asks that thread to end it, and waits, bounded.
fn end_elsewhere(shared: &Arc<Shared>, limit: Duration) {
    if shared.take_seat().is_some() {
        // It was never driven: there is no loop, only letters.
        drop(shared.home.close());
        return;
    }
    let (done, ended) = crossbeam_channel::bounded::<()>(1);
    let close = move || {
        if let Some(engine) = context::current() {
            engine.abandoned.set(true);
            engine.is_ended_elsewhere.set(true);
            engine.stopping.set(true);
        }
        drop(done);
    };
    if shared.home.send(Letter::Call(Box::new(close))).is_ok() {
        // The sender is dropped when the letter was read, or returned unread.
        let _ = ended.recv_timeout(limit);
    }
}

/// Ends the pools and names the jobs that would not end in time.
fn close_pools(shared: &Arc<Shared>, limit: Duration) {
    let stuck = shared.close_lodgers(limit);
    if !stuck.is_empty() {
        eprintln!(
            "mainspring: the runtime ended after {limit:?} although {} job(s) still run: {}. A \
             running call cannot be stopped from outside; let it look at a flag, or wait longer \
             with `Builder::shutdown_timeout`.",
            stuck.len(),
            stuck.join(", ")
        );
    }
}

impl Engine {
    /// The loop has come home: was its runtime dropped meanwhile, by one of its tasks or from
    /// another thread?
    pub(crate) fn came_home(&self) {
        if self.abandoned.get() {
            let shared = self.shared.clone();
            end_here(&shared);
            // Not twice: if a pool's job drops the runtime, only its own thread knows not to
            // wait for that job.
            if !self.is_ended_elsewhere.get() {
                close_pools(&shared, shared.settings.shutdown_limit);
            }
        }
    }
}
