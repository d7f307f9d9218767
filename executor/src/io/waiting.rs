//! A stream that a future waits for: it is told when the future is given up.
//!
//! That is a destructor, so a future that lives on after its end keeps the stream borrowed. The
//! buffers it reads into or writes from have a lifetime of their own, and are free before.

use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::io::traits::{AsyncRead, AsyncWrite};
use crate::leaf;

/// A reader, borrowed by a future that reads.
#[derive(Debug)]
pub(crate) struct Reading<'a, R: AsyncRead + Unpin + ?Sized> {
    reader: &'a mut R,
    is_waiting: bool,
    place: &'static Location<'static>,
}

impl<'a, R: AsyncRead + Unpin + ?Sized> Reading<'a, R> {
    #[track_caller]
    pub(crate) fn new(reader: &'a mut R) -> Self {
        Reading {
            reader,
            is_waiting: false,
            place: Location::caller(),
        }
    }

    /// Does one step with the reader, and notes whether it waits now.
    pub(crate) fn poll<T>(
        &mut self,
        cx: &mut Context<'_>,
        step: impl FnOnce(Pin<&mut R>, &mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let polled = step(Pin::new(&mut *self.reader), cx);
        self.is_waiting = polled.is_pending();
        if self.is_waiting {
            leaf::waiting_for("bytes to read", self.place);
        }
        polled
    }
}

impl<R: AsyncRead + Unpin + ?Sized> Drop for Reading<'_, R> {
    fn drop(&mut self) {
        if self.is_waiting {
            Pin::new(&mut *self.reader).abandon_read();
        }
    }
}

/// A writer, borrowed by a future that writes.
#[derive(Debug)]
pub(crate) struct Writing<'a, W: AsyncWrite + Unpin + ?Sized> {
    writer: &'a mut W,
    is_waiting: bool,
    place: &'static Location<'static>,
}

impl<'a, W: AsyncWrite + Unpin + ?Sized> Writing<'a, W> {
    #[track_caller]
    pub(crate) fn new(writer: &'a mut W) -> Self {
        Writing {
            writer,
            is_waiting: false,
            place: Location::caller(),
        }
    }

    /// Does one step with the writer, and notes whether it waits now.
    pub(crate) fn poll<T>(
        &mut self,
        cx: &mut Context<'_>,
        step: impl FnOnce(Pin<&mut W>, &mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let polled = step(Pin::new(&mut *self.writer), cx);
        self.is_waiting = polled.is_pending();
        if self.is_waiting {
            leaf::waiting_for("room to write", self.place);
        }
        polled
    }
}

impl<W: AsyncWrite + Unpin + ?Sized> Drop for Writing<'_, W> {
    fn drop(&mut self) {
        if self.is_waiting {
            Pin::new(&mut *self.writer).abandon_write();
        }
    }
}
