//! The loop a recipe runs on: mainspring's own, with the clock that was asked for.
//!
//! In a program of your own, write `mainspring::run` for [`run`] and
//! `mainspring::runtime::LocalRuntime` for [`EventLoop`].

use std::future::Future;
use std::rc::Rc;

use mainspring::asyncio::{ThreadPool, set_default_executor};
use mainspring::runtime::{Builder, LocalRuntime, OnStall, RunEnd};
use mainspring::task::{JoinHandle, spawn_local, yield_now};

use crate::stage::{Stage, tell_unread};

/// Runs a future to its end on a fresh loop. asyncio: `run`.
#[track_caller]
pub fn run<F: Future>(main: F) -> F::Output {
    EventLoop::new().block_on(main)
}

/// A loop. asyncio: `new_event_loop`.
#[derive(Debug)]
pub struct EventLoop {
    runtime: LocalRuntime,
    stage: Rc<Stage>,
}

impl EventLoop {
    /// A loop with the clock of this thread's stage.
    ///
    /// # Panics
    ///
    /// If the operating system refuses what a loop needs: raise the limit of open files.
    #[track_caller]
    #[expect(clippy::new_without_default, reason = "it may panic")]
    pub fn new() -> EventLoop {
        let stage = Stage::current();
        let mut builder = Builder::new_current_thread();
        builder.on_stall(OnStall::Exit).on_unhandled(tell_unread);
        match builder
            .start_paused(stage.setting.paused)
            .build_local(Default::default())
        {
            Ok(runtime) => EventLoop { runtime, stage },
            Err(error) => panic!(
                "the operating system refused a loop: {error}; raise the limit of open files"
            ),
        }
    }

    /// Turns the loop until the future is done.
    #[track_caller]
    pub fn block_on<F: Future>(&self, main: F) -> F::Output {
        let stage = &self.stage;
        let _inside = self.runtime.enter();
        let ticker = match stage.setting.paused {
            true => {
                set_default_executor(ThreadPool::simulated(stage.setting.lanes));
                None
            }
            false => Some(spawn_local(stage.meter.clone().tick())),
        };
        stage.loop_begins();
        let output = self.runtime.block_on(main);
        // What jobs said last may be on its way to the loop still.
        self.runtime.block_on(yield_now());
        stage.loop_ends();
        if let Some(ticker) = ticker {
            stage.meter.stop_ticking();
            ticker.abort();
        }
        output
    }

    /// Spawns a task, which runs whenever the loop turns.
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
    {
        self.runtime.spawn_local(future)
    }

    /// Turns the loop until no task is left, or until nothing can wake those that are left.
    #[track_caller]
    pub fn run_until_idle(&self) -> RunEnd {
        let _inside = self.runtime.enter();
        self.stage.loop_begins();
        let end = self.runtime.run_until_idle();
        self.stage.loop_ends();
        end
    }
}
