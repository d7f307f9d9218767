//! What `#[main]` and `#[test]` write into a program.

use std::future::Future;
use std::sync::Arc;

use crate::engine::shared::OnStall;
use crate::runtime::builder::Builder;
use crate::runtime::local::run_with;
use crate::runtime::program::run_main;
use crate::shim::{Mutex, lock};
use crate::task::Unhandled;

/// The settings that an attribute was given.
#[derive(Debug)]
pub struct Entry {
    builder: Builder,
    fails_unhandled: bool,
    answers_ctrl_c: bool,
}

impl Default for Entry {
    fn default() -> Self {
        Entry::new()
    }
}

impl Entry {
    /// The default settings: everything on the calling thread.
    pub fn new() -> Entry {
        Entry {
            builder: Builder::new_current_thread(),
            fails_unhandled: true,
            answers_ctrl_c: true,
        }
    }

    /// `name = "…"`.
    pub fn name(mut self, name: &str) -> Entry {
        self.builder.name(name);
        self
    }

    /// `start_paused = true`.
    pub fn start_paused(mut self, paused: bool) -> Entry {
        self.builder.start_paused(paused);
        self
    }

    /// `flavor = "multi_thread"`, or a number of worker threads.
    pub fn several_threads(mut self) -> Entry {
        self.builder.several_threads();
        self
    }

    /// The body of a `#[main]`: a stall that is certain ends the program with status 13, unless
    /// another thread is at work. Ctrl-C ends it in good order, as [`run`](crate::run) says.
    #[track_caller]
    pub fn main<F: Future>(mut self, body: F) -> F::Output {
        match self.answers_ctrl_c {
            true => run_main(&mut self.builder, body),
            false => run_with(&mut self.builder, OnStall::Exit, body),
        }
    }

    /// A program of tokio's, where Ctrl-C does what the system does by default.
    pub fn leave_ctrl_c(mut self) -> Entry {
        self.answers_ctrl_c = false;
        self
    }

    /// `unhandled_panic = "ignore"`, or a program of tokio's, which lets such a test pass.
    pub fn ignore_unhandled(mut self) -> Entry {
        self.fails_unhandled = false;
        self
    }

    /// The body of a `#[test]`: a stall fails the test, and so does a panic that nobody reads,
    /// which is mostly an assertion in a task.
    #[track_caller]
    pub fn test<F: Future>(mut self, body: F) -> F::Output {
        let unread = Arc::<Mutex<Vec<String>>>::default();
        if self.fails_unhandled {
            let list = unread.clone();
            let note = move |unhandled: &Unhandled| lock(&list).push(unhandled.to_string());
            self.builder.on_unhandled(note);
        }
        let output = run_with(&mut self.builder, OnStall::Panic, body);
        let unread = std::mem::take(&mut *lock(&unread));
        assert!(
            unread.is_empty(),
            "nobody read that {}; await the handle, look at it with `peek`, or say \
             `unhandled_panic = \"ignore\"`",
            unread.join(", nor that ")
        );
        output
    }
}
