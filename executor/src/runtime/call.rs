//! Calls that another thread sends to the loop, and may take back.

use std::fmt;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::Arc;

use crate::engine::ready::{Letter, Remote};
use crate::engine::waker::TaskWaker;
use crate::quietly::quietly;
use crate::runtime::handle::{Closed, Handle};
use crate::shim::{Mutex, lock};
use crate::task::{JoinError, unhandled};

impl Handle {
    /// Runs a call on the runtime's thread, on its next turn. Calls from one thread run in the order
    /// of sending. A panic goes to the exception handler, and the loop goes on.
    ///
    /// If the runtime ends first, the call is dropped.
    ///
    /// asyncio: `loop.call_soon_threadsafe`. tokio has none.
    ///
    /// # Errors
    ///
    /// The runtime has ended.
    ///
    /// ```
    /// # let runtime = mainspring::runtime::LocalRuntime::new()?;
    /// let handle = runtime.handle().clone();
    /// std::thread::spawn(move || {
    ///     let stops = handle.clone();
    ///     handle.call_soon_threadsafe(move || stops.stop()).unwrap();
    /// });
    /// runtime.run_forever();
    /// # std::io::Result::Ok(())
    /// ```
    #[track_caller]
    pub fn call_soon_threadsafe(
        &self,
        call: impl FnOnce() + Send + 'static,
    ) -> Result<CallbackHandleSend, Closed> {
        let home = self.shared().home();
        let sent = Arc::new(Mutex::new(Some(call)));
        let delivery = Delivery {
            call: sent.clone(),
            home: home.clone(),
            place: Location::caller(),
        };
        let letter = Letter::Call(Box::new(move || delivery.run()));
        match home.send(letter) {
            Ok(()) => Ok(CallbackHandleSend { call: sent }),
            Err(letter) => {
                quietly(|| drop(letter));
                Err(Closed)
            }
        }
    }
}

/// A call that was sent to the loop: takes it back, from any thread.
///
/// Dropping it lets the call be made. asyncio: `Handle`.
pub struct CallbackHandleSend {
    call: Arc<dyn Revocable>,
}

impl CallbackHandleSend {
    /// Takes the call back: it is dropped here, uncalled. `false` if it has been made, is being
    /// made just now, or was dropped with its runtime. Waits for nothing.
    ///
    /// asyncio: `Handle.cancel`.
    pub fn cancel(&self) -> bool {
        self.call.revoke()
    }
}

impl fmt::Debug for CallbackHandleSend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallbackHandleSend")
            .field("is_waiting", &self.call.is_waiting())
            .finish()
    }
}

trait Revocable: Send + Sync {
    fn revoke(&self) -> bool;
    fn is_waiting(&self) -> bool;
}

impl<F: Send> Revocable for Mutex<Option<F>> {
    fn revoke(&self) -> bool {
        let call = lock(self).take();
        let is_in_time = call.is_some();
        quietly(|| drop(call));
        is_in_time
    }

    fn is_waiting(&self) -> bool {
        lock(self).is_some()
    }
}

/// What the letter carries. Dropped unread, it drops the call, whoever keeps a handle.
struct Delivery<F: FnOnce() + Send> {
    call: Arc<Mutex<Option<F>>>,
    home: Arc<Remote>,
    place: &'static Location<'static>,
}

impl<F: FnOnce() + Send> Delivery<F> {
    fn run(self) {
        // Out of the lock first: it may take back itself.
        let Some(call) = lock(&self.call).take() else {
            return;
        };
        if let Err(payload) = catch_unwind(AssertUnwindSafe(call)) {
            let waker = TaskWaker::elsewhere(self.place, Some(self.home.clone()));
            unhandled::tell(&waker, JoinError::panicked(waker.id, payload));
        }
    }
}

impl<F: FnOnce() + Send> Drop for Delivery<F> {
    fn drop(&mut self) {
        self.call.revoke();
    }
}
