//! Streams: values that come one after the other, asked for one at a time.
//!
//! What a loop over a stream needs, and no more: the crates `futures` and `tokio-stream` have the
//! rest, and their `StreamExt` works on the streams of this crate.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::iter::Fuse;
use std::marker::PhantomData;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use pin_project_lite::pin_project;

use crate::future::adaptors::{Buffered, Enumerate, Filter, Fold, ForEach, Map, Take};
use crate::leaf;

/// What loops over a stream call.
///
/// asyncio: `async for`, and comprehensions with it.
pub trait StreamExt: Stream {
    /// Waits for the next value; `None` when the stream has ended.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: dropping the wait takes no value out of the stream.
    fn next(&mut self) -> Next<'_, Self>
    where
        Self: Unpin,
    {
        Next { stream: self }
    }

    /// Calls an async function with each value; its outputs are the new stream's values. One
    /// call at a time, and none before its output is asked for.
    ///
    /// ```
    /// # mainspring::run(async {
    /// use mainspring::future::{StreamExt, iter};
    ///
    /// let doubles: Vec<i32> = iter([1, 2]).then(async |n| n * 2).collect().await;
    /// assert_eq!(doubles, [2, 4]);
    /// # });
    /// ```
    fn then<F, Fut>(self, call: F) -> Then<Self, F, Fut>
    where
        F: FnMut(Self::Item) -> Fut,
        Fut: Future,
        Self: Sized,
    {
        Then {
            stream: self,
            call,
            running: None,
        }
    }

    /// Calls a function with each value; what it gives are the new stream's values. For an async
    /// function see [`then`](Self::then) and [`buffered`](Self::buffered).
    ///
    /// asyncio: `(f(x) async for x in stream)`.
    fn map<F, T>(self, call: F) -> Map<Self, F>
    where
        F: FnMut(Self::Item) -> T,
        Self: Sized,
    {
        Map { stream: self, call }
    }

    /// The values for which `wanted` says so. asyncio: `(x async for x in stream if wanted(x))`.
    fn filter<F>(self, wanted: F) -> Filter<Self, F>
    where
        F: FnMut(&Self::Item) -> bool,
        Self: Sized,
    {
        Filter {
            stream: self,
            wanted,
        }
    }

    /// The first `count` values. After the last of them nothing more is asked for.
    fn take(self, count: usize) -> Take<Self>
    where
        Self: Sized,
    {
        Take {
            stream: self,
            left: count,
        }
    }

    /// Each value with its number, from 0 on.
    fn enumerate(self) -> Enumerate<Self>
    where
        Self: Sized,
    {
        Enumerate {
            stream: self,
            count: 0,
        }
    }

    /// Of a stream of futures: their outputs in the order of the stream, with at most `limit` of
    /// them begun and not asked for. They run while the next output is waited for.
    ///
    /// futures: `buffered`. asyncio has none.
    ///
    /// # Panics
    ///
    /// If `limit` is 0.
    ///
    /// ```
    /// # let runtime = mainspring::runtime::Builder::new_current_thread().start_paused(true).build()?;
    /// # runtime.block_on(async {
    /// use mainspring::future::{StreamExt, iter};
    /// use mainspring::time::{Duration, Instant, sleep};
    ///
    /// let start = Instant::now();
    /// let fetch = async |page| {
    ///     sleep(Duration::from_secs(1)).await;
    ///     page
    /// };
    /// let pages: Vec<char> = iter(['a', 'b', 'c', 'd']).map(fetch).buffered(2).collect().await;
    /// assert_eq!(pages, ['a', 'b', 'c', 'd']);
    /// assert_eq!(start.elapsed().as_secs(), 2);
    /// # });
    /// # std::io::Result::Ok(())
    /// ```
    #[track_caller]
    fn buffered(self, limit: usize) -> Buffered<Self, Self::Item>
    where
        Self::Item: Future,
        Self: Sized,
    {
        assert!(
            limit > 0,
            "`buffered(0)` would never begin anything: give the number that may run at a time"
        );
        Buffered {
            stream: self,
            limit,
            begun: VecDeque::new(),
            is_ended: false,
        }
    }

    /// Makes one value of all: `call` gets what it gave last (`start`, at first) and the next value.
    ///
    /// # Cancel safety
    ///
    /// **Loses data**: what has come of the values so far goes with the wait.
    fn fold<T, F>(self, start: T, call: F) -> Fold<Self, T, F>
    where
        F: FnMut(T, Self::Item) -> T,
        Self: Sized,
    {
        Fold {
            stream: self,
            total: Some(start),
            call,
        }
    }

    /// Calls an async function with each value, one call at a time. A `while let` over
    /// [`next`](Self::next) does the same, and may break off. asyncio: `async for`.
    ///
    /// # Cancel safety
    ///
    /// **Loses data**: the value whose call runs goes with the wait, and so does the stream.
    fn for_each<F, Fut>(self, call: F) -> ForEach<Self, F, Fut>
    where
        F: FnMut(Self::Item) -> Fut,
        Fut: Future<Output = ()>,
        Self: Sized,
    {
        ForEach {
            stream: self,
            call,
            running: None,
        }
    }

    /// Waits for all values.
    ///
    /// # Cancel safety
    ///
    /// **Loses data**: the values that have come go with the wait.
    fn collect<C>(self) -> Collect<Self, C>
    where
        C: Default + Extend<Self::Item>,
        Self: Sized,
    {
        Collect {
            stream: self,
            values: C::default(),
        }
    }
}

impl<S: Stream + ?Sized> StreamExt for S {}

/// The future of [`StreamExt::next`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Next<'a, S: ?Sized> {
    stream: &'a mut S,
}

impl<S: Stream + Unpin + ?Sized> Future for Next<'_, S> {
    type Output = Option<S::Item>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        Pin::new(&mut *self.stream).poll_next(cx)
    }
}

pin_project! {
    /// The stream of [`StreamExt::then`].
    #[must_use = "streams do nothing unless polled"]
    pub struct Then<S, F, Fut> {
        #[pin]
        stream: S,
        call: F,
        #[pin]
        running: Option<Fut>,
    }
}

impl<S, F, Fut> Stream for Then<S, F, Fut>
where
    S: Stream,
    F: FnMut(S::Item) -> Fut,
    Fut: Future,
{
    type Item = Fut::Output;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Fut::Output>> {
        let mut this = self.project();
        loop {
            if let Some(running) = this.running.as_mut().as_pin_mut() {
                let output = ready!(running.poll(cx));
                this.running.set(None);
                return Poll::Ready(Some(output));
            }
            match ready!(this.stream.as_mut().poll_next(cx)) {
                Some(value) => this.running.set(Some((this.call)(value))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<S: fmt::Debug, F, Fut> fmt::Debug for Then<S, F, Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Then")
            .field("stream", &self.stream)
            .field("is_running", &self.running.is_some())
            .finish_non_exhaustive()
    }
}

pin_project! {
    /// The future of [`StreamExt::collect`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct Collect<S, C> {
        #[pin]
        stream: S,
        values: C,
    }
}

impl<S, C> Future for Collect<S, C>
where
    S: Stream,
    C: Default + Extend<S::Item>,
{
    type Output = C;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<C> {
        let mut this = self.project();
        while let Some(value) = ready!(this.stream.as_mut().poll_next(cx)) {
            this.values.extend([value]);
        }
        Poll::Ready(mem::take(this.values))
    }
}

/// A stream of an iterator's values, each of them ready when it is asked for.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::future::{StreamExt, iter};
///
/// let mut words = iter(["tick", "tock"]);
/// assert_eq!(words.next().await, Some("tick"));
/// # });
/// ```
pub fn iter<I: IntoIterator>(values: I) -> Iter<I::IntoIter> {
    Iter {
        values: values.into_iter().fuse(),
    }
}

/// The stream of [`iter`].
#[derive(Clone, Debug)]
#[must_use = "streams do nothing unless polled"]
pub struct Iter<I> {
    values: Fuse<I>,
}

impl<I> Unpin for Iter<I> {}

impl<I: Iterator> Stream for Iter<I> {
    type Item = I::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<I::Item>> {
        ready!(leaf::proceed(cx));
        leaf::spend();
        Poll::Ready(self.values.next())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.values.size_hint()
    }
}

/// A stream that has ended.
pub fn empty<T>() -> Empty<T> {
    Empty {
        values: PhantomData,
    }
}

/// The stream of [`empty`].
#[derive(Debug)]
#[must_use = "streams do nothing unless polled"]
pub struct Empty<T> {
    values: PhantomData<fn() -> T>,
}

impl<T> Stream for Empty<T> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<T>> {
        Poll::Ready(None)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(0))
    }
}

/// A stream of what an async function gives, called again for each value, until it gives `None`.
///
/// A wait for the next value that is dropped leaves the call where it is; the next wait goes on
/// with it. asyncio: an async generator.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::future::{StreamExt, from_fn};
///
/// let mut left = 3;
/// let countdown = from_fn(async || {
///     mainspring::task::yield_now().await;
///     left -= 1;
///     (left > 0).then_some(left)
/// });
/// assert_eq!(countdown.collect::<Vec<i32>>().await, [2, 1]);
/// # });
/// ```
pub fn from_fn<T, F>(call: F) -> impl Stream<Item = T> + Unpin
where
    F: AsyncFnMut() -> Option<T>,
{
    let start = async |mut call: F| {
        let value = call().await;
        (call, value)
    };
    FromFn {
        start,
        idle: Some(call),
        running: Box::pin(None),
    }
}

/// While a call runs, its future owns the function that it borrows from: this hands the function
/// in, and gets it back with the value.
struct FromFn<F, Start, Fut> {
    start: Start,
    idle: Option<F>,
    running: Pin<Box<Option<Fut>>>,
}

impl<F, Start, Fut> Unpin for FromFn<F, Start, Fut> {}

impl<T, F, Start, Fut> Stream for FromFn<F, Start, Fut>
where
    Start: FnMut(F) -> Fut,
    Fut: Future<Output = (F, Option<T>)>,
{
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let this = self.get_mut();
        if let Some(call) = this.idle.take() {
            this.running.set(Some((this.start)(call)));
        }
        let Some(running) = this.running.as_mut().as_pin_mut() else {
            return Poll::Ready(None);
        };
        let (call, value) = ready!(running.poll(cx));
        this.running.set(None);
        // After the end the function is gone, and the stream stays ended.
        this.idle = value.is_some().then_some(call);
        Poll::Ready(value)
    }
}
