//! What a stream does that only passes on to another: the bodies of the traits, for `&mut T`,
//! `Box<T>` and `Pin<P>` here, and for the buffers.
//!
//! Each is given how a pinned pointer becomes the pinned stream it passes on to.

use std::ops::DerefMut;
use std::pin::Pin;

use crate::io::traits::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite};

macro_rules! forward_read {
    ($this:ident => $stream:expr) => {
        fn poll_read(
            self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
            buf: &mut $crate::io::read_buf::ReadBuf<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            let $this = self;
            $stream.poll_read(cx, buf)
        }

        $crate::io::forward::forward_abandon_read!($this => $stream);
    };
}

/// For those whose reading is their own, and whose waiting is not.
macro_rules! forward_abandon_read {
    ($this:ident => $stream:expr) => {
        fn abandon_read(self: std::pin::Pin<&mut Self>) {
            let $this = self;
            $stream.abandon_read();
        }
    };
}

macro_rules! forward_buf_read {
    ($this:ident => $stream:expr) => {
        fn poll_fill_buf(
            self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<&[u8]>> {
            let $this = self;
            $stream.poll_fill_buf(cx)
        }

        fn consume(self: std::pin::Pin<&mut Self>, amount: usize) {
            let $this = self;
            $stream.consume(amount);
        }
    };
}

/// Is told, too, how a plain reference becomes one to the stream.
macro_rules! forward_write {
    ($this:ident => $stream:expr, $shared:expr) => {
        fn poll_write(
            self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
            buf: &[u8],
        ) -> std::task::Poll<std::io::Result<usize>> {
            let $this = self;
            $stream.poll_write(cx, buf)
        }

        fn poll_flush(
            self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            let $this = self;
            $stream.poll_flush(cx)
        }

        fn poll_shutdown(
            self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            let $this = self;
            $stream.poll_shutdown(cx)
        }

        fn poll_write_vectored(
            self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
            bufs: &[std::io::IoSlice<'_>],
        ) -> std::task::Poll<std::io::Result<usize>> {
            let $this = self;
            $stream.poll_write_vectored(cx, bufs)
        }

        fn is_write_vectored(&self) -> bool {
            let $this = self;
            $shared.is_write_vectored()
        }

        fn abandon_write(self: std::pin::Pin<&mut Self>) {
            let $this = self;
            $stream.abandon_write();
        }
    };
}

macro_rules! forward_seek {
    ($this:ident => $stream:expr) => {
        fn start_seek(
            self: std::pin::Pin<&mut Self>,
            position: std::io::SeekFrom,
        ) -> std::io::Result<()> {
            let $this = self;
            $stream.start_seek(position)
        }

        fn poll_complete(
            self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<u64>> {
            let $this = self;
            $stream.poll_complete(cx)
        }
    };
}

pub(crate) use {
    forward_abandon_read, forward_buf_read, forward_read, forward_seek, forward_write,
};

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
    forward_write!(this => Pin::new(&mut **this.get_mut()), (**this));
}

impl<T: AsyncWrite + ?Sized + Unpin> AsyncWrite for Box<T> {
    forward_write!(this => Pin::new(&mut **this.get_mut()), (**this));
}

impl<P: DerefMut<Target: AsyncWrite>> AsyncWrite for Pin<P> {
    forward_write!(this => this.as_deref_mut(), (**this));
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

impl<T: AsyncSeek + ?Sized + Unpin> AsyncSeek for &mut T {
    forward_seek!(this => Pin::new(&mut **this.get_mut()));
}

impl<T: AsyncSeek + ?Sized + Unpin> AsyncSeek for Box<T> {
    forward_seek!(this => Pin::new(&mut **this.get_mut()));
}

impl<P: DerefMut<Target: AsyncSeek>> AsyncSeek for Pin<P> {
    forward_seek!(this => this.as_deref_mut());
}
