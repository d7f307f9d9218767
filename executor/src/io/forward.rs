//! Who owns or borrows a stream is a stream: `&mut T`, `Box<T>` and `Pin<P>`.

use std::io::{self, IoSlice};
use std::ops::DerefMut;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::io::read_buf::ReadBuf;
use crate::io::traits::{AsyncBufRead, AsyncRead, AsyncWrite};

// The body of each trait, given how a pinned pointer becomes the pinned stream it points to.

macro_rules! forward_read {
    ($this:ident => $stream:expr) => {
        fn poll_read(
            self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            let $this = self;
            $stream.poll_read(cx, buf)
        }

        fn abandon_read(self: Pin<&mut Self>) {
            let $this = self;
            $stream.abandon_read();
        }
    };
}

macro_rules! forward_write {
    ($this:ident => $stream:expr) => {
        fn poll_write(
            self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buf: &[u8],
        ) -> Poll<io::Result<usize>> {
            let $this = self;
            $stream.poll_write(cx, buf)
        }

        fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            let $this = self;
            $stream.poll_flush(cx)
        }

        fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            let $this = self;
            $stream.poll_shutdown(cx)
        }

        fn poll_write_vectored(
            self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            bufs: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            let $this = self;
            $stream.poll_write_vectored(cx, bufs)
        }

        fn is_write_vectored(&self) -> bool {
            (**self).is_write_vectored()
        }

        fn abandon_write(self: Pin<&mut Self>) {
            let $this = self;
            $stream.abandon_write();
        }
    };
}

macro_rules! forward_buf_read {
    ($this:ident => $stream:expr) => {
        fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
            let $this = self;
            $stream.poll_fill_buf(cx)
        }

        fn consume(self: Pin<&mut Self>, amount: usize) {
            let $this = self;
            $stream.consume(amount);
        }
    };
}

impl<T: AsyncRead + ?Sized + Unpin> AsyncRead for &mut T {
    forward_read!(this => Pin::new(&mut **this.get_mut()));
}

impl<T: AsyncRead + ?Sized + Unpin> AsyncRead for Box<T> {
    forward_read!(this => Pin::new(&mut **this.get_mut()));
}

impl<P: DerefMut<Target: AsyncRead>> AsyncRead for Pin<P> {
    forward_read!(this => this.as_deref_mut());
}

impl<T: AsyncWrite + ?Sized + Unpin> AsyncWrite for &mut T {
    forward_write!(this => Pin::new(&mut **this.get_mut()));
}

impl<T: AsyncWrite + ?Sized + Unpin> AsyncWrite for Box<T> {
    forward_write!(this => Pin::new(&mut **this.get_mut()));
}

impl<P: DerefMut<Target: AsyncWrite>> AsyncWrite for Pin<P> {
    forward_write!(this => this.as_deref_mut());
}

impl<T: AsyncBufRead + ?Sized + Unpin> AsyncBufRead for &mut T {
    forward_buf_read!(this => Pin::new(&mut **this.get_mut()));
}

impl<T: AsyncBufRead + ?Sized + Unpin> AsyncBufRead for Box<T> {
    forward_buf_read!(this => Pin::new(&mut **this.get_mut()));
}

impl<P: DerefMut<Target: AsyncBufRead>> AsyncBufRead for Pin<P> {
    forward_buf_read!(this => this.as_deref_mut());
}
