//! `Chain`: one stream, and another behind its end.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::io::read_buf::ReadBuf;
use crate::io::traits::{AsyncBufRead, AsyncRead};

pin_project! {
    /// Two streams as one, from [`AsyncReadExt::chain`](crate::io::AsyncReadExt::chain).
    ///
    /// tokio: `io::Chain`. asyncio: `StreamReader.feed_data`, for what was read too early.
    ///
    /// ```
    /// # mainspring::run(async {
    /// use mainspring::io::AsyncReadExt;
    ///
    /// // The first bytes told which protocol it is, and belong to it all the same.
    /// let (begun, rest): (&[u8], &[u8]) = (b"GET ", b"/index.html");
    /// let mut request = String::new();
    /// begun.chain(rest).read_to_string(&mut request).await?;
    /// assert_eq!(request, "GET /index.html");
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    #[derive(Debug)]
    pub struct Chain<T, U> {
        #[pin]
        first: T,
        #[pin]
        second: U,
        first_has_ended: bool,
    }
}

impl<T, U> Chain<T, U> {
    pub(crate) fn new(first: T, second: U) -> Self {
        Chain {
            first,
            second,
            first_has_ended: false,
        }
    }

    /// Both streams.
    pub fn get_ref(&self) -> (&T, &U) {
        (&self.first, &self.second)
    }

    /// Both streams. What is read from them directly is missing here.
    pub fn get_mut(&mut self) -> (&mut T, &mut U) {
        (&mut self.first, &mut self.second)
    }

    /// Both streams. What is read from them directly is missing here.
    pub fn get_pin_mut(self: Pin<&mut Self>) -> (Pin<&mut T>, Pin<&mut U>) {
        let this = self.project();
        (this.first, this.second)
    }

    /// Both streams.
    pub fn into_inner(self) -> (T, U) {
        (self.first, self.second)
    }
}

impl<T: AsyncRead, U: AsyncRead> AsyncRead for Chain<T, U> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.project();
        if !*this.first_has_ended {
            let before = buf.remaining();
            ready!(this.first.poll_read(cx, buf))?;
            // Nothing read into no room is no end.
            if buf.remaining() < before || before == 0 {
                return Poll::Ready(Ok(()));
            }
            *this.first_has_ended = true;
        }
        this.second.poll_read(cx, buf)
    }

    fn abandon_read(self: Pin<&mut Self>) {
        let this = self.project();
        match this.first_has_ended {
            false => this.first.abandon_read(),
            true => this.second.abandon_read(),
        }
    }
}

impl<T: AsyncBufRead, U: AsyncBufRead> AsyncBufRead for Chain<T, U> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.project();
        if !*this.first_has_ended {
            match ready!(this.first.poll_fill_buf(cx))? {
                [] => *this.first_has_ended = true,
                bytes => return Poll::Ready(Ok(bytes)),
            }
        }
        this.second.poll_fill_buf(cx)
    }

    fn consume(self: Pin<&mut Self>, amount: usize) {
        let this = self.project();
        match this.first_has_ended {
            false => this.first.consume(amount),
            true => this.second.consume(amount),
        }
    }
}
