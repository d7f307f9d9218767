//! Making the value of a cell: the futures behind `OnceCell::get_or_init` and `get_or_try_init`.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::leaf;
use crate::sync::acquire::Acquire;
use crate::sync::once_cell::OnceCell;
use crate::sync::permit::SemaphorePermit;

impl<T> OnceCell<T> {
    /// The value; made by `init`, if there is none and nobody makes it already.
    ///
    /// Who asks while it is made waits, and its own `init` is not called if the value comes. An
    /// `init` that asks the same cell waits for itself, for ever.
    ///
    /// # Cancel safety
    ///
    /// **Loses its place**: a future that is dropped while it makes the value leaves the cell
    /// empty, and the next in line starts anew.
    #[track_caller]
    pub fn get_or_init<F, Fut>(&self, init: F) -> GetOrInit<'_, T, F, Fut>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = T>,
    {
        GetOrInit {
            making: Making::new(self, init),
        }
    }

    /// The value; made by `init`, which may fail, if there is none and nobody makes it already.
    ///
    /// # Errors
    ///
    /// What `init` returned. The cell stays empty, and the next in line calls its own `init`.
    ///
    /// # Cancel safety
    ///
    /// **Loses its place**, as [`get_or_init`](OnceCell::get_or_init).
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::OnceCell;
    ///
    /// # mainspring::run(async {
    /// let cell = OnceCell::new();
    /// let failed = cell.get_or_try_init(|| async { Err("not yet") }).await;
    /// assert_eq!(failed, Err("not yet"));
    ///
    /// let made = cell.get_or_try_init(|| async { Ok::<_, &str>(1) }).await;
    /// assert_eq!(made, Ok(&1));
    /// # });
    /// ```
    #[track_caller]
    pub fn get_or_try_init<E, F, Fut>(&self, init: F) -> GetOrTryInit<'_, T, F, Fut>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        GetOrTryInit {
            making: Making::new(self, init),
        }
    }
}

pin_project! {
    /// The value of a cell, made if need be. From [`OnceCell::get_or_init`].
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct GetOrInit<'a, T, F, Fut> {
        #[pin]
        making: Making<'a, T, F, Fut>,
    }
}

impl<'a, T, F, Fut> Future for GetOrInit<'a, T, F, Fut>
where
    F: FnOnce() -> Fut,
    Fut: Future<Output = T>,
{
    type Output = &'a T;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<&'a T> {
        let making = self.project().making;
        let Ok(value) = ready!(making.poll_value(Ok::<T, Infallible>, cx));
        Poll::Ready(value)
    }
}

pin_project! {
    /// The value of a cell, made if need be and possible. From [`OnceCell::get_or_try_init`].
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct GetOrTryInit<'a, T, F, Fut> {
        #[pin]
        making: Making<'a, T, F, Fut>,
    }
}

impl<'a, T, E, F, Fut> Future for GetOrTryInit<'a, T, F, Fut>
where
    F: FnOnce() -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    type Output = Result<&'a T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let making = self.project().making;
        making.poll_value(|made| made, cx)
    }
}

pin_project! {
    /// What both futures do: wait for the right to make the value, make it, and put it in.
    struct Making<'a, T, F, Fut> {
        cell: &'a OnceCell<T>,
        init: Option<F>,
        // Dropped before the right: nobody begins while this one ends.
        #[pin]
        made: Option<Fut>,
        waiting: Option<Acquire<'a>>,
        right: Option<SemaphorePermit<'a>>,
        place: &'static Location<'static>,
    }
}

impl<'a, T, F, Fut> Making<'a, T, F, Fut>
where
    F: FnOnce() -> Fut,
    Fut: Future,
{
    #[track_caller]
    fn new(cell: &'a OnceCell<T>, init: F) -> Self {
        Making {
            cell,
            waiting: None,
            right: None,
            init: Some(init),
            made: None,
            place: Location::caller(),
        }
    }

    fn poll_value<E>(
        self: Pin<&mut Self>,
        judge: impl FnOnce(Fut::Output) -> Result<T, E>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<&'a T, E>> {
        let mut this = self.project();
        if this.made.is_none() {
            if let Some(value) = this.cell.get() {
                ready!(leaf::proceed(cx));
                leaf::spend();
                return Poll::Ready(Ok(value));
            }
            let cell = *this.cell;
            let waiting = this.waiting.get_or_insert_with(|| cell.right().acquire());
            let Poll::Ready(acquired) = Pin::new(waiting).poll(cx) else {
                leaf::waiting_for("OnceCell::get_or_init", this.place);
                return Poll::Pending;
            };
            let Ok(right) = acquired else {
                // Closed: somebody has made the value.
                let value = this.cell.get();
                return Poll::Ready(Ok(value.expect("it is there before the right is closed")));
            };
            let init = this.init.take().expect("it was polled after it was ready");
            *this.right = Some(right);
            this.made.set(Some(init()));
        }
        let made = this.made.as_mut().as_pin_mut();
        let made = made.expect("it was set above, or is being polled");
        let output = ready!(made.poll(cx));
        this.made.set(None);
        let right = this.right.take().expect("the right lasts until the value");
        match judge(output) {
            Ok(value) => Poll::Ready(Ok(this.cell.fill(value, right))),
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}

impl<T, F, Fut> fmt::Debug for GetOrInit<'_, T, F, Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GetOrInit").finish_non_exhaustive()
    }
}

impl<T, F, Fut> fmt::Debug for GetOrTryInit<'_, T, F, Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GetOrTryInit").finish_non_exhaustive()
    }
}
