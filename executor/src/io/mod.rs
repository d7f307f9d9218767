//! Reading and writing, as traits: what sockets, pipes and bytes in memory have in common.
//!
//! | asyncio | tokio | here |
//! | --- | --- | --- |
//! | `StreamReader` | `AsyncRead`, `AsyncReadExt` | [`AsyncRead`], [`AsyncReadExt`] |
//! | – | `BufReader`, `AsyncBufReadExt` | [`BufReader`], [`AsyncBufReadExt`] |
//! | `StreamWriter` | `AsyncWrite`, `AsyncWriteExt` | [`AsyncWrite`], [`AsyncWriteExt`] |
//! | `StreamWriter.drain` | `BufWriter` and `flush` | [`BufWriter`] and [`flush`](AsyncWriteExt::flush) |
//! | – | `AsyncSeek`, `AsyncSeekExt` | [`AsyncSeek`], [`AsyncSeekExt`] |
//! | a loop of `read` and `write` | `copy`, `copy_bidirectional` | [`copy`], [`copy_bidirectional`] |
//! | `socket.socketpair` | `duplex` | [`duplex`] |
//!
//! The futures of their methods are in [`futures`]. Errors are std's, passed on as they come.

mod pace;
mod read_buf;
mod traits;
mod forward;
mod memory;
mod endless;

mod waiting;
mod again;
mod scratch;
mod find;
mod until;

mod take;
mod chain;
mod number;
mod read;
mod write;
mod seek;

mod buf_reader;
mod buf_writer;
mod buf_stream;

mod lines;
mod segments;
mod fill_buf;
mod buf_read;

mod transfer;
mod copy;
mod copy_buf;
mod copy_bidirectional;

mod halves;
mod join;
mod simplex;
mod duplex;
mod interest;
mod ready;
pub(crate) mod registered;
pub(crate) mod readiness;
mod async_fd;
mod async_fd_guard;

pub use std::io::{Error, ErrorKind, Result, SeekFrom};

pub use crate::fs::output::{Stderr, Stdout, stderr, stdout};
pub use crate::fs::stdin::{Stdin, stdin};
pub use crate::io::buf_read::AsyncBufReadExt;
pub use crate::io::buf_reader::BufReader;
pub use crate::io::buf_stream::BufStream;
pub use crate::io::buf_writer::BufWriter;
pub use crate::io::chain::Chain;
pub use crate::io::copy::copy;
pub use crate::io::copy_bidirectional::{copy_bidirectional, copy_bidirectional_with_sizes};
pub use crate::io::copy_buf::copy_buf;
pub use crate::io::duplex::{DuplexStream, duplex, simplex};
pub use crate::io::endless::{Empty, Repeat, Sink, empty, repeat, sink};
pub use crate::io::halves::{ReadHalf, WriteHalf, split};
pub use crate::io::interest::Interest;
pub use crate::io::join::{Join, join};
pub use crate::io::lines::Lines;
pub use crate::io::read::AsyncReadExt;
pub use crate::io::read_buf::ReadBuf;
pub use crate::io::ready::Ready;
pub use crate::io::seek::AsyncSeekExt;
pub use crate::io::segments::Split;
pub use crate::io::simplex::SimplexStream;
pub use crate::io::take::Take;
pub use crate::io::traits::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite};
pub use crate::io::write::AsyncWriteExt;

/// The futures of the functions and methods, by name.
pub mod futures {
    pub use crate::io::buf_read::{ReadLine, ReadUntil};
    pub use crate::io::copy::Copy;
    pub use crate::io::copy_bidirectional::CopyBidirectional;
    pub use crate::io::copy_buf::CopyBuf;
    pub use crate::io::fill_buf::FillBuf;
    pub use crate::io::lines::NextLine;
    pub use crate::io::number::{ReadNumber, WriteNumber};
    pub use crate::io::read::{Read, ReadExact, ReadInto, ReadToEnd, ReadToString};
    pub use crate::io::seek::Seek;
    pub use crate::io::segments::NextSegment;
    pub use crate::io::write::{
        Flush, Shutdown, Write, WriteAll, WriteAllBuf, WriteBuf, WriteVectored,
    };
}

/// What exists on Unix only: readiness of any file descriptor.
pub mod unix {
    pub use crate::io::async_fd::{AsyncFd, AsyncFdRegisterError, AsyncFdTryNewError};
    pub use crate::io::async_fd_guard::{AsyncFdReadyGuard, AsyncFdReadyMutGuard, TryIoError};
}
