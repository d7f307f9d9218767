//! Streams made of streams: what [`StreamExt`](crate::future::StreamExt) returns.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use pin_project_lite::pin_project;

use crate::leaf;

pin_project! {
    /// The stream of [`StreamExt::map`](crate::future::StreamExt::map).
    #[must_use = "streams do nothing unless polled"]
    pub struct Map<S, F> {
        #[pin]
        pub(crate) stream: S,
        pub(crate) call: F,
    }
}

impl<S: Stream, F: FnMut(S::Item) -> T, T> Stream for Map<S, F> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let this = self.project();
        let value = ready!(this.stream.poll_next(cx));
        Poll::Ready(value.map(this.call))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.stream.size_hint()
    }
}

impl<S: fmt::Debug, F> fmt::Debug for Map<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Map")
            .field("stream", &self.stream)
            .finish_non_exhaustive()
    }
}

pin_project! {
    /// The stream of [`StreamExt::filter`](crate::future::StreamExt::filter).
    #[must_use = "streams do nothing unless polled"]
    pub struct Filter<S, F> {
        #[pin]
        pub(crate) stream: S,
        pub(crate) wanted: F,
    }
}

impl<S: Stream, F: FnMut(&S::Item) -> bool> Stream for Filter<S, F> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let mut this = self.project();
        loop {
            // A stream of ours that is always ready gives way by itself; another may not.
            ready!(leaf::proceed(cx));
            match ready!(this.stream.as_mut().poll_next(cx)) {
                Some(value) if !(this.wanted)(&value) => leaf::spend(),
                next => return Poll::Ready(next),
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, self.stream.size_hint().1)
    }
}

impl<S: fmt::Debug, F> fmt::Debug for Filter<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filter")
            .field("stream", &self.stream)
            .finish_non_exhaustive()
    }
}

pin_project! {
    /// The stream of [`StreamExt::take`](crate::future::StreamExt::take).
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct Take<S> {
        #[pin]
        pub(crate) stream: S,
        pub(crate) left: usize,
    }
}

impl<S: Stream> Stream for Take<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        if *this.left == 0 {
            return Poll::Ready(None);
        }
        let next = ready!(this.stream.poll_next(cx));
        // After the end it stays ended.
        *this.left = next.as_ref().map_or(0, |_| *this.left - 1);
        Poll::Ready(next)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let (low, high) = self.stream.size_hint();
        let high = high.map_or(self.left, |high| high.min(self.left));
        (low.min(self.left), Some(high))
    }
}

pin_project! {
    /// The stream of [`StreamExt::enumerate`](crate::future::StreamExt::enumerate).
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct Enumerate<S> {
        #[pin]
        pub(crate) stream: S,
        pub(crate) count: usize,
    }
}

impl<S: Stream> Stream for Enumerate<S> {
    type Item = (usize, S::Item);

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        let Some(value) = ready!(this.stream.poll_next(cx)) else {
            return Poll::Ready(None);
        };
        *this.count += 1;
        Poll::Ready(Some((*this.count - 1, value)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.stream.size_hint()
    }
}

pin_project! {
    /// The stream of [`StreamExt::buffered`](crate::future::StreamExt::buffered).
    #[must_use = "streams do nothing unless polled"]
    pub struct Buffered<S, Fut: Future> {
        #[pin]
        pub(crate) stream: S,
        pub(crate) limit: usize,
        // In the order of the stream.
        pub(crate) begun: VecDeque<Begun<Fut>>,
        pub(crate) is_ended: bool,
    }
}

/// A future of the stream, or what has become of it.
pub(crate) enum Begun<Fut: Future> {
    Running(Pin<Box<Fut>>),
    Done(Fut::Output),
}

impl<S, Fut> Stream for Buffered<S, Fut>
where
    S: Stream<Item = Fut>,
    Fut: Future,
{
    type Item = Fut::Output;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Fut::Output>> {
        let mut this = self.project();
        while this.begun.len() < *this.limit && !*this.is_ended {
            match this.stream.as_mut().poll_next(cx) {
                Poll::Ready(Some(future)) => {
                    this.begun.push_back(Begun::Running(Box::pin(future)));
                }
                Poll::Ready(None) => *this.is_ended = true,
                Poll::Pending => break,
            }
        }
        // All with one waker: they are few.
        for begun in this.begun.iter_mut() {
            if let Begun::Running(future) = begun
                && let Poll::Ready(output) = future.as_mut().poll(cx)
            {
                *begun = Begun::Done(output);
            }
        }
        match this.begun.pop_front() {
            Some(Begun::Done(output)) => return Poll::Ready(Some(output)),
            Some(running) => this.begun.push_front(running),
            None if *this.is_ended => return Poll::Ready(None),
            None => {}
        }
        Poll::Pending
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let begun = self.begun.len();
        let (low, high) = self.stream.size_hint();
        let high = high.and_then(|high| high.checked_add(begun));
        (low.saturating_add(begun), high)
    }
}

impl<S: fmt::Debug, Fut: Future> fmt::Debug for Buffered<S, Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffered")
            .field("stream", &self.stream)
            .field("limit", &self.limit)
            .field("begun", &self.begun.len())
            .finish_non_exhaustive()
    }
}

pin_project! {
    /// The future of [`StreamExt::fold`](crate::future::StreamExt::fold).
    #[must_use = "futures do nothing unless awaited"]
    pub struct Fold<S, T, F> {
        #[pin]
        pub(crate) stream: S,
        pub(crate) total: Option<T>,
        pub(crate) call: F,
    }
}

impl<S: Stream, T, F: FnMut(T, S::Item) -> T> Future for Fold<S, T, F> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let mut this = self.project();
        loop {
            let next = ready!(this.stream.as_mut().poll_next(cx));
            let Some(total) = this.total.take() else {
                panic!("a `fold` was polled again after it gave its output");
            };
            match next {
                Some(value) => *this.total = Some((this.call)(total, value)),
                None => return Poll::Ready(total),
            }
        }
    }
}

impl<S: fmt::Debug, T: fmt::Debug, F> fmt::Debug for Fold<S, T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fold")
            .field("stream", &self.stream)
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}

pin_project! {
    /// The future of [`StreamExt::for_each`](crate::future::StreamExt::for_each).
    #[must_use = "futures do nothing unless awaited"]
    pub struct ForEach<S, F, Fut> {
        #[pin]
        pub(crate) stream: S,
        pub(crate) call: F,
        #[pin]
        pub(crate) running: Option<Fut>,
    }
}

impl<S, F, Fut> Future for ForEach<S, F, Fut>
where
    S: Stream,
    F: FnMut(S::Item) -> Fut,
    Fut: Future<Output = ()>,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        loop {
            if let Some(running) = this.running.as_mut().as_pin_mut() {
                ready!(running.poll(cx));
                this.running.set(None);
            }
            match ready!(this.stream.as_mut().poll_next(cx)) {
                Some(value) => this.running.set(Some((this.call)(value))),
                None => return Poll::Ready(()),
            }
        }
    }
}

impl<S: fmt::Debug, F, Fut> fmt::Debug for ForEach<S, F, Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForEach")
            .field("stream", &self.stream)
            .field("is_running", &self.running.is_some())
            .finish_non_exhaustive()
    }
}
