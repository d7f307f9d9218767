//! The cookbook of mainspring: I want to … this is how.
//!
//! Each recipe is one file that answers one question, with a `main` that plays it and a Python twin
//! in `python/`. The modules are listed from the ground up; a reader who came for the recipes
//! begins at [`basic`].

#![forbid(unsafe_code)]

pub mod aside; // what is said beside
pub mod meter; // jobs and a ticker, counted
pub mod stage; // clock, sink and meter of a recipe
pub mod output; // `say!`
pub mod event_loop; // `run`
pub mod pools; // threads and processes, real or simulated

pub mod sleeping; // the job of most recipes
pub mod stand_in; // the web, on loopback
pub mod pages; // what the others fetch

pub mod basic; // one coroutine
pub mod two_tasks; // two tasks, one loop
pub mod gather; // results in the order asked
pub mod wait; // done and pending
pub mod queue; // workers
pub mod semaphore; // so many at once
pub mod callback; // called when done
pub mod iterator; // asked for one by one
pub mod process; // worker processes
pub mod default_executor; // one for functions, one for closures
pub mod process_proof; // inline, threads, processes

pub mod waiting; // so long and no longer
pub mod flow; // what goes from task to task

pub mod catalogue; // all of them
pub mod beside; // a recipe and its twin
