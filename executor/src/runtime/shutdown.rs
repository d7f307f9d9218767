//! The end of a runtime, in a fixed order: nothing new is accepted; tasks are dropped in the
//! order of spawning; queued jobs are answered "cancelled" and running ones waited for, all
//! within one limit; timers and reactor go last.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::engine::context;
use crate::engine::core::Engine;
use crate::engine::ready::{Letter, Remote};
use crate::engine::shared::Shared;
use crate::quietly::quietly;

/// The moment until which the end of a runtime waits for other threads, all of them together.
pub(crate) fn deadline(limit: Duration) -> Instant {
    // Thirty years are for ever, and can be expressed on every machine.
    let for_ever = Duration::from_secs(30 * 365 * 24 * 60 * 60);
    Instant::now() + limit.min(for_ever)
}

/// Ends the runtime, from any thread.
pub(crate) fn shut_down(shared: &Arc<Shared>, until: Instant) {
    let home = shared.end();
    match context::find(shared) {
        // It is dropped inside of its home loop, which ends when it comes home.
        Some(engine) if engine.is_turning.get() && Arc::ptr_eq(&engine.remote, &home) => {
            engine.stopping.set(true);
            engine.owes_pools.set(true);
            return;
        }
        // Inside of another loop of it, which ends in the same way.
        Some(engine) if engine.is_turning.get() => {}
        Some(_) => end_here(shared),
        None => {}
    }
    end_elsewhere(&home, until);
    close_pools(shared, until);
}

/// Drops this thread's loop of the runtime.
fn end_here(shared: &Arc<Shared>) {
    if let Some(engine) = context::take_engine(shared) {
        engine.close();
    }
}

/// The home loop lives on another thread: asks that thread to end it, and waits, bounded.
fn end_elsewhere(home: &Remote, until: Instant) {
    // Nobody turns it: its thread finds it shut, and drops its tasks, when it next asks for a
    // loop, or ends.
    if let Some(letters) = home.close_unattended() {
        for letter in letters {
            quietly(|| drop(letter));
        }
        return;
    }
    let (done, ended) = crossbeam_channel::bounded::<()>(1);
    let stop = move || {
        if let Some(engine) = context::current() {
            engine.stopping.set(true);
        }
        drop(done);
    };
    if home.send(Letter::Call(Box::new(stop))).is_ok() {
        // The sender is dropped when the letter was read, or returned unread.
        let _ = ended.recv_deadline(until);
    }
}

/// Ends the pools and names the jobs that would not end in time.
fn close_pools(shared: &Arc<Shared>, until: Instant) {
    let start = Instant::now();
    let stuck = shared.close_lodgers(until);
    if !stuck.is_empty() {
        eprintln!(
            "mainspring: the runtime ended after {:.1} s although {} job(s) still run: {}. A \
             running call cannot be stopped from outside; let it look at a flag, or wait longer \
             with `Builder::shutdown_timeout`.",
            start.elapsed().as_secs_f64(),
            stuck.len(),
            stuck.join(", ")
        );
    }
}

/// When it is dropped, the loop has come home: was its runtime dropped meanwhile, inside of it or
/// on another thread?
#[derive(Debug)]
pub(crate) struct ComesHome<'a>(pub(crate) &'a Engine);

impl Drop for ComesHome<'_> {
    fn drop(&mut self) {
        let engine = self.0;
        // It was not even allowed to go: its loop is turning further up.
        if engine.is_turning.get() || !engine.shared.is_ended() {
            return;
        }
        end_here(&engine.shared);
        // Whoever drops it on another thread sees to the pools: if that is a pool's job, only its
        // own thread knows not to wait for it.
        if engine.owes_pools.get() {
            close_pools(
                &engine.shared,
                deadline(engine.shared.settings.shutdown_limit),
            );
        }
    }
}
