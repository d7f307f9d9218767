//! Time in hand: the clock that stands still until it is told, or until nothing else can happen.

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use mainspring_reactor::Tick;

use crate::engine::context;
use crate::engine::core::Engine;
use crate::leaf;
use crate::task::{Idle, idle};

/// Stops the clock of this thread's loop. From now on it jumps from deadline to deadline, when
/// nothing else can happen before.
///
/// Does nothing if it stands still already. tokio: `time::pause`, which panics then.
///
/// # Panics
///
/// Outside of a runtime.
#[track_caller]
pub fn pause() {
    context::expect("`time::pause`").clock.pause();
}

/// Lets the clock run on from where it stands. Does nothing if it runs already.
///
/// tokio: `time::resume`, which panics then.
///
/// # Panics
///
/// Outside of a runtime.
#[track_caller]
pub fn resume() {
    context::expect("`time::resume`").clock.resume();
}

/// Moves the paused clock on by `duration`: goes from deadline to deadline up to and including
/// the last moment, and lets everybody run to rest at each.
///
/// Several at once take turns: everybody rests between two steps, whoever makes them.
///
/// tokio: `time::advance`, which jumps once and lets the timers race.
///
/// # Cancel safety
///
/// **Loses its place**: the clock stays where it has come to; ask for the rest.
///
/// # Panics
///
/// Outside of a runtime, and if the clock is not paused, or no longer.
///
/// ```
/// # let runtime = mainspring::runtime::Builder::new_current_thread().build()?;
/// # runtime.block_on(async {
/// use mainspring::time::{self, Duration, sleep};
/// time::pause();
/// let hour = mainspring::spawn(sleep(Duration::from_secs(3600)));
/// time::advance(Duration::from_secs(3599)).await;
/// assert!(!hour.is_finished());
/// time::advance(Duration::from_secs(1)).await;
/// assert!(hour.is_finished());
/// # });
/// # std::io::Result::Ok(())
/// ```
#[track_caller]
pub fn advance(duration: Duration) -> Advance {
    let engine = context::expect("`time::advance`");
    assert_paused(&engine);
    Advance {
        target: engine.clock.now().saturating_add(duration),
        is_there: false,
        rest: idle(),
        place: Location::caller(),
    }
}

#[track_caller]
fn assert_paused(engine: &Engine) {
    assert!(
        engine.clock.is_paused(),
        "`time::advance` moves a paused clock, and this one runs: call `time::pause()` first, or \
         start with `#[mainspring::test(start_paused = true)]`"
    );
}

/// The future of [`advance`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Advance {
    target: Tick,
    is_there: bool,
    /// Until everybody else waits.
    rest: Idle,
    place: &'static Location<'static>,
}

impl Future for Advance {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if Pin::new(&mut self.rest).poll(cx).is_pending() {
                leaf::waiting_for("the clock to be moved", self.place);
                return Poll::Pending;
            }
            if self.is_there {
                return Poll::Ready(());
            }
            self.rest = idle();
            let engine = context::expect("`time::advance`");
            assert_paused(&engine);
            let round = engine.idle_rounds.get();
            if engine.advanced_in.replace(round) == round {
                // Another `advance` has moved the clock since everybody rested.
                continue;
            }
            let next = engine.wheel.borrow_mut().next();
            let next = next.filter(|next| *next <= self.target);
            self.is_there = next.is_none();
            let to = next.unwrap_or(self.target);
            engine.clock.jump(to);
            engine.fire(to);
        }
    }
}
