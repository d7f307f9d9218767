//! The end of a runtime, in a fixed order: nothing new is accepted; tasks are dropped in the
//! order of spawning; the clean-ups that they deferred are run; queued jobs are answered
//! "cancelled" and running ones waited for, all within one limit; timers and reactor go last.

use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;

use crate::engine::context;
use crate::engine::core::Engine;
use crate::engine::ready::{Letter, Remote};
use crate::engine::shared::Shared;
use crate::engine::turn::Turned;
use crate::engine::turning::Turning;
use crate::quietly::quietly;
use crate::runtime::stall;

/// The moment until which the end of a runtime waits for other threads, all of them together.
fn deadline(limit: Duration) -> Instant {
    // Thirty years are for ever, and can be expressed on every machine.
    let for_ever = Duration::from_secs(30 * 365 * 24 * 60 * 60);
    Instant::now() + limit.min(for_ever)
}

/// Ends the runtime, from any thread. `driver` is closed when its driver thread, which is not this
/// one, has ended its loop.
pub(crate) fn shut_down(shared: &Arc<Shared>, limit: Duration, driver: Option<&Receiver<()>>) {
    let until = deadline(limit);
    let home = shared.end(limit);
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
    // The driver drops its tasks, and its clean-ups may use the pools.
    if let Some(driver) = driver {
        let _ = driver.recv_deadline(until);
    }
    close_pools(shared, until);
}

/// Drops this thread's loop of the runtime, after its clean-ups have had their chance.
fn end_here(shared: &Arc<Shared>) {
    if let Some(engine) = context::take_engine(shared) {
        run_clean_ups(&engine, shared.shutdown_limit());
        engine.close();
    }
}

/// Drops the loop's tasks, and turns it until what they and others deferred has ended: for so
/// long at most, by its clock and in real time, and until nothing can wake it.
fn run_clean_ups(engine: &Rc<Engine>, limit: Duration) {
    let _inside = context::enter_engine(engine);
    engine.drop_tasks();
    // Inside of another loop's task there is no chance: that loop stands still already.
    if engine.tasks.len() == 0 || Turning::is_on() {
        return;
    }
    let Some(_turning) = Turning::begin(engine) else {
        return;
    };
    let end = deadline(limit);
    engine.ends_at.set(Some(end));
    let last = engine.clock.now().saturating_add(limit);
    if engine.clock.is_paused() {
        // As far as it may jump.
        let stop = Waker::noop().clone();
        engine.wheel.borrow_mut().insert(last, stop);
    }
    loop {
        let _no_main = engine.run_ready(&mut || Poll::Pending);
        if engine.tasks.len() == 0 {
            return;
        }
        if Instant::now() >= end || engine.clock.now() >= last {
            break;
        }
        if engine.rest() == Turned::Stalled && stall::certain(engine).is_some() {
            break;
        }
    }
    let left = engine.waiting_tasks();
    let places: Vec<String> = left
        .iter()
        .map(|task| task.spawned_at.to_string())
        .collect();
    eprintln!(
        "mainspring: the runtime ended although {} deferred clean-up(s) had not, armed at {}; see \
         `task::defer`",
        left.len(),
        places.join(", ")
    );
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
            close_pools(&engine.shared, deadline(engine.shared.shutdown_limit()));
        }
    }
}
