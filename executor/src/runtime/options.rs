//! What else a builder can be told, in tokio's words: names, threads, hooks; and what is accepted
//! because tokio's programs say it.

use crate::engine::hooks::{Hook, ThreadName};
use crate::runtime::builder::Builder;

impl Builder {
    /// The runtime's name: see [`Handle::name`](crate::runtime::Handle::name).
    ///
    /// # Panics
    ///
    /// If it is blank.
    #[track_caller]
    pub fn name(&mut self, name: impl Into<String>) -> &mut Self {
        let name = name.into();
        assert!(
            !name.trim().is_empty(),
            "a runtime's name must not be blank: leave `name` out"
        );
        self.settings.name = Some(name.into());
        self
    }

    /// Asks for the name of each thread that the runtime starts, before it does.
    pub fn thread_name_fn<F>(&mut self, name: F) -> &mut Self
    where
        F: Fn() -> String + Send + Sync + 'static,
    {
        self.settings.thread_name = Some(ThreadName::Made(Hook::new(name)));
        self
    }

    /// The stack of the driver thread and of the pool's threads, in bytes. The default is the
    /// standard library's (2 MiB).
    pub fn thread_stack_size(&mut self, bytes: usize) -> &mut Self {
        self.settings.thread_stack_size = Some(bytes);
        self
    }

    /// Called on every thread that the runtime starts (the driver thread, those of the pool), before
    /// anything else. If it panics, the thread does no work.
    ///
    /// ```
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    ///
    /// static STARTED: AtomicUsize = AtomicUsize::new(0);
    /// let runtime = mainspring::runtime::Builder::new_multi_thread()
    ///     .on_thread_start(|| {
    ///         STARTED.fetch_add(1, Ordering::Relaxed);
    ///     })
    ///     .build()?;
    /// runtime.block_on(runtime.spawn_blocking(|| ())).unwrap();
    /// assert_eq!(STARTED.load(Ordering::Relaxed), 2);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn on_thread_start<F>(&mut self, call: F) -> &mut Self
    where
        F: Fn() + Send + Sync + 'static,
    {
        self.settings.hooks.on_thread_start = Some(Hook::new(call));
        self
    }

    /// Called on each of these threads last. Its panic is of no consequence.
    pub fn on_thread_stop<F>(&mut self, call: F) -> &mut Self
    where
        F: Fn() + Send + Sync + 'static,
    {
        self.settings.hooks.on_thread_stop = Some(Hook::new(call));
        self
    }

    /// Called when a loop has nothing to run and is going to wait, on its thread. What it spawns or
    /// wakes is run before the loop waits. Its panic is of no consequence.
    pub fn on_thread_park<F>(&mut self, call: F) -> &mut Self
    where
        F: Fn() + Send + Sync + 'static,
    {
        self.settings.hooks.on_park = Some(Hook::new(call));
        self
    }

    /// Called when the loop goes on, once for each call of
    /// [`on_thread_park`](Self::on_thread_park).
    pub fn on_thread_unpark<F>(&mut self, call: F) -> &mut Self
    where
        F: Fn() + Send + Sync + 'static,
    {
        self.settings.hooks.on_unpark = Some(Hook::new(call));
        self
    }

    /// Accepted. How often a busy loop looks at sockets and timers is fixed: after 128 polls.
    ///
    /// # Panics
    ///
    /// If it is zero.
    #[track_caller]
    pub fn event_interval(&mut self, polls: u32) -> &mut Self {
        assert_some("event_interval", polls as usize);
        self
    }

    /// Accepted. There is one queue.
    ///
    /// # Panics
    ///
    /// If it is zero.
    #[track_caller]
    pub fn global_queue_interval(&mut self, polls: u32) -> &mut Self {
        assert_some("global_queue_interval", polls as usize);
        self
    }

    /// Accepted. A look at the sockets takes up to 1024 events.
    ///
    /// # Panics
    ///
    /// If it is zero.
    #[track_caller]
    pub fn max_io_events_per_tick(&mut self, events: usize) -> &mut Self {
        assert_some("max_io_events_per_tick", events);
        self
    }

    /// Accepted, like [`max_io_events_per_tick`](Self::max_io_events_per_tick).
    ///
    /// # Panics
    ///
    /// If it is zero.
    #[track_caller]
    pub fn max_io_events_per_busy_tick(&mut self, events: usize) -> &mut Self {
        assert_some("max_io_events_per_busy_tick", events);
        self
    }
}

#[track_caller]
fn assert_some(what: &str, count: usize) {
    assert!(count > 0, "`{what}` must be at least 1: leave it out");
}
