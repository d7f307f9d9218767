//! What `#[main]` and `#[test]` write into a program.

use std::future::Future;

use crate::engine::shared::OnStall;
use crate::runtime::builder::Builder;
use crate::runtime::local::run_with;

/// The settings that an attribute was given.
#[derive(Debug)]
pub struct Entry {
    builder: Builder,
}

impl Default for Entry {
    fn default() -> Self {
        Entry::new()
    }
}

impl Entry {
    /// The default settings: everything on the calling thread.
    pub fn new() -> Entry {
        let builder = Builder::new_current_thread();
        Entry { builder }
    }

    /// `start_paused = true`.
    pub fn start_paused(mut self, paused: bool) -> Entry {
        self.builder.start_paused(paused);
        self
    }

    /// The body of a `#[main]`: a stall that is certain ends the program with status 13, unless
    /// another thread is at work.
    #[track_caller]
    pub fn main<F: Future>(mut self, body: F) -> F::Output {
        run_with(&mut self.builder, OnStall::Exit, body)
    }

    /// The body of a `#[test]`: a stall fails the test.
    #[track_caller]
    pub fn test<F: Future>(mut self, body: F) -> F::Output {
        run_with(&mut self.builder, OnStall::Panic, body)
    }
}
