//! Building a runtime.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use mainspring_reactor::Reactor;

use crate::engine::hooks::ThreadName;
use crate::engine::shared::{OnStall, Settings, Shared};
use crate::engine::slow_step::{OnSlowStep, SLOW_STEP, SlowStep};
use crate::runtime::environment;
use crate::runtime::note;
use crate::task::unhandled::{self, Unhandled};

/// Builds a [`Runtime`](crate::runtime::Runtime) or a
/// [`LocalRuntime`](crate::runtime::LocalRuntime), step by step.
///
/// tokio: `runtime::Builder`.
///
/// ```
/// use mainspring::runtime::Builder;
///
/// let runtime = Builder::new_current_thread().enable_all().start_paused(true).build()?;
/// runtime.block_on(async {
///     mainspring::time::sleep(std::time::Duration::from_secs(3600)).await; // takes no time
/// });
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone, Debug)]
pub struct Builder {
    pub(crate) settings: Settings,
}

impl Builder {
    /// A runtime whose tasks run on the thread that blocks on it, and only meanwhile.
    pub fn new_current_thread() -> Builder {
        let settings = Settings::default();
        Builder { settings }
    }

    /// A runtime whose tasks run on a driver thread of their own (one, whatever is asked for),
    /// also between two calls of `block_on`.
    pub fn new_multi_thread() -> Builder {
        let mut builder = Builder::new_current_thread();
        builder.settings.has_driver = true;
        builder.settings.several_threads = true;
        builder
    }

    /// Everything is enabled always; this is here because tokio's programs call it.
    pub fn enable_all(&mut self) -> &mut Self {
        self
    }

    /// See [`enable_all`](Self::enable_all).
    pub fn enable_io(&mut self) -> &mut Self {
        self
    }

    /// See [`enable_all`](Self::enable_all).
    pub fn enable_time(&mut self) -> &mut Self {
        self
    }

    /// Accepted, and one thread is given.
    ///
    /// # Panics
    ///
    /// If zero threads are asked for.
    #[track_caller]
    pub fn worker_threads(&mut self, threads: usize) -> &mut Self {
        assert!(
            threads > 0,
            "a runtime needs at least one thread: `worker_threads(0)`"
        );
        self
    }

    /// Starts with the clock paused: it jumps to the next deadline when nothing else can happen.
    ///
    /// Every loop has a clock of its own. So such a runtime has no driver thread, whatever was
    /// asked for: its tasks run while a thread blocks on it. tokio's multi-thread runtime refuses.
    pub fn start_paused(&mut self, paused: bool) -> &mut Self {
        self.settings.start_paused = paused;
        self
    }

    /// Debug mode, on or off: whether the loop watches how long each step takes, which costs two
    /// looks at the machine's clock per step, and says so if several threads were asked for.
    ///
    /// Where nothing is said, the variable `MAINSPRING_DEBUG` of the environment decides: set to
    /// anything but `0`, it is on. asyncio: `debug=True`, `PYTHONASYNCIODEBUG`.
    pub fn debug(&mut self, is_on: bool) -> &mut Self {
        self.settings.debug = Some(is_on);
        self
    }

    /// What a step may take in [`debug`](Self::debug) mode before it is told: a poll of a task, a
    /// callback, a call from another thread. The default is 100 ms.
    ///
    /// It is told on standard error, ten lines in a second at most, or to
    /// [`on_slow_step`](Self::on_slow_step). asyncio: `loop.slow_callback_duration`.
    pub fn slow_step(&mut self, limit: Duration) -> &mut Self {
        self.settings.slow_step = Some(limit);
        self
    }

    /// Who is told of a step that took too long, in [`debug`](Self::debug) mode.
    ///
    /// It is told on the loop's thread, when the step has ended; if it panics, the loop goes on.
    ///
    /// ```
    /// use mainspring::runtime::Builder;
    /// use std::{thread, time::Duration};
    ///
    /// let (tell, told) = std::sync::mpsc::channel();
    /// let runtime = Builder::new_current_thread()
    ///     .debug(true)
    ///     .slow_step(Duration::from_millis(5))
    ///     .on_slow_step(move |step| tell.send(step.name.clone()).unwrap())
    ///     .build_local(Default::default())?;
    /// runtime.block_on(async {
    ///     let busy = async { thread::sleep(Duration::from_millis(10)) };
    ///     mainspring::task::spawn_named("busy", busy).await
    /// })?;
    /// assert_eq!(told.recv().unwrap().as_deref(), Some("busy"));
    /// # std::io::Result::Ok(())
    /// ```
    pub fn on_slow_step(&mut self, tell: impl Fn(&SlowStep) + Send + Sync + 'static) -> &mut Self {
        self.settings.on_slow_step = Some(OnSlowStep(Arc::new(tell)));
        self
    }

    /// Draws the order in which tasks run that are ready at the same moment.
    ///
    /// Without a seed, who became ready first runs first, and a program on the paused clock does
    /// the same on every run. With one, an order is drawn each time, the same for the same seed: a
    /// test that passes with many seeds does not live on an order that nobody promised. Lines keep
    /// theirs: who came first to a lock, a channel or a queue is served first. Callbacks
    /// ([`call_soon`](crate::runtime::call_soon)) are drawn with the tasks, and what
    /// [`select!`](crate::select) draws begins elsewhere.
    ///
    /// Where none is given, the variable `MAINSPRING_SEED` of the environment may hold one, decimal
    /// or, behind `0x`, hexadecimal. The sequence belongs to the version of mainspring.
    ///
    /// tokio: `rng_seed`, unstable, which concerns `select!` and stealing.
    ///
    /// ```
    /// use mainspring::runtime::Builder;
    /// use mainspring::{sync::mpsc, task::spawn_local};
    ///
    /// let order = |seed| {
    ///     let runtime = Builder::new_current_thread().seed(seed).build_local(Default::default()).unwrap();
    ///     runtime.block_on(async {
    ///         let (tell, mut told) = mpsc::unbounded_channel();
    ///         for number in 0..5 {
    ///             let tell = tell.clone();
    ///             spawn_local(async move { tell.send(number) });
    ///         }
    ///         drop(tell);
    ///         let mut order = Vec::new();
    ///         while let Some(number) = told.recv().await {
    ///             order.push(number);
    ///         }
    ///         order
    ///     })
    /// };
    /// assert_eq!(order(7), order(7));
    /// assert!((0..20).any(|seed| order(seed) != [0, 1, 2, 3, 4]));
    /// ```
    pub fn seed(&mut self, seed: u64) -> &mut Self {
        self.settings.seed = Some(seed);
        self
    }

    /// The name of the driver thread and of the pool's threads, each of which adds its number.
    ///
    /// # Panics
    ///
    /// If it contains a zero byte: the system takes no such name.
    #[track_caller]
    pub fn thread_name(&mut self, name: impl Into<String>) -> &mut Self {
        self.settings.thread_name = Some(ThreadName::given(name.into()));
        self
    }

    /// At most so many threads for `spawn_blocking`. The default is 512.
    ///
    /// # Panics
    ///
    /// If it is zero: no job would ever run.
    #[track_caller]
    pub fn max_blocking_threads(&mut self, threads: usize) -> &mut Self {
        assert!(
            threads > 0,
            "a pool of zero threads runs no job: `max_blocking_threads` must be at least 1"
        );
        self.settings.max_blocking_threads = threads;
        self
    }

    /// How long a thread of the pool waits for work before it retires. The default is 10 s.
    pub fn thread_keep_alive(&mut self, duration: Duration) -> &mut Self {
        self.settings.thread_keep_alive = duration;
        self
    }

    /// How long dropping the runtime waits for running jobs, all together, before it names them
    /// on standard error and leaves them behind. The default is 10 s.
    pub fn shutdown_timeout(&mut self, limit: Duration) -> &mut Self {
        self.settings.shutdown_limit = limit;
        self
    }

    /// What to do when nothing is left that can wake anybody. The default is
    /// [`OnStall::Report`]; `#[mainspring::main]` and [`run`](crate::run) take
    /// [`OnStall::Exit`], `#[mainspring::test]` takes [`OnStall::Panic`].
    pub fn on_stall(&mut self, on_stall: OnStall) -> &mut Self {
        self.settings.on_stall = on_stall;
        self
    }

    /// Who is told of a panic that nobody reads: of a task whose handle is gone, a job, a callback.
    /// The default is one line on standard error, ten in a second at most.
    ///
    /// It is told on the loop's thread, at the moment that becomes certain. A loop may have a
    /// handler of its own ([`set_exception_handler`](crate::runtime::set_exception_handler)). What
    /// becomes certain when the loop has ended is printed.
    ///
    /// ```
    /// use mainspring::runtime::Builder;
    ///
    /// let (tell, told) = std::sync::mpsc::channel();
    /// let runtime = Builder::new_current_thread()
    ///     .on_unhandled(move |unhandled| tell.send(unhandled.to_string()).unwrap())
    ///     .build_local(Default::default())?;
    /// runtime.spawn_local(async { panic!("nobody awaits me") });
    /// runtime.run_until_idle();
    /// assert!(told.recv().unwrap().contains("nobody awaits me"));
    /// # std::io::Result::Ok(())
    /// ```
    pub fn on_unhandled(&mut self, tell: impl Fn(&Unhandled) + Send + Sync + 'static) -> &mut Self {
        self.settings.on_unhandled = Some(unhandled::common(tell));
        self
    }

    /// Several threads were asked for, though not by hand: there is no driver thread either.
    pub(crate) fn several_threads(&mut self) -> &mut Self {
        self.settings.several_threads = true;
        self
    }

    /// One thread, whatever was asked for.
    pub(crate) fn without_driver(&mut self) -> &mut Self {
        self.settings.has_driver = false;
        self
    }

    /// The half that is shared, for whichever form is built.
    pub(crate) fn shared(&self) -> io::Result<Arc<Shared>> {
        let mut settings = self.settings.clone();
        // A clock that jumps by itself would not wait for what another one has yet to do.
        settings.has_driver &= !settings.start_paused;
        settings.seed = settings.seed.or_else(environment::seed);
        let is_debug = settings.debug.unwrap_or_else(environment::debug);
        settings.slow_step = is_debug.then(|| settings.slow_step.unwrap_or(SLOW_STEP));
        if is_debug && settings.several_threads {
            note::one_thread_is_given();
        }
        Shared::new(settings, Reactor::new()?)
    }
}
