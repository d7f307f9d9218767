//! Reading and writing, as traits: what sockets, pipes and bytes in memory have in common.
//!
//! | asyncio | tokio | here |
//! | --- | --- | --- |
//! | `StreamReader` | `AsyncRead`, `AsyncReadExt` | [`AsyncRead`], [`AsyncReadExt`] |
//! | – | `BufReader`, `AsyncBufReadExt` | [`BufReader`], [`AsyncBufReadExt`] |
//! | `StreamWriter` | `AsyncWrite`, `AsyncWriteExt` | [`AsyncWrite`], [`AsyncWriteExt`] |
//!
//! The futures of their methods are in [`futures`]. Errors are std's, passed on as they come.

mod read_buf;
mod traits;
mod forward;
mod memory;

mod waiting;
mod scratch;

mod take;
mod read;
mod write;

mod buf_reader;
mod until;
mod lines;
mod buf_read;

pub use std::io::{Error, ErrorKind, Result, SeekFrom};

pub use crate::io::buf_read::AsyncBufReadExt;
pub use crate::io::buf_reader::BufReader;
pub use crate::io::lines::Lines;
pub use crate::io::read::AsyncReadExt;
pub use crate::io::read_buf::ReadBuf;
pub use crate::io::take::Take;
pub use crate::io::traits::{AsyncBufRead, AsyncRead, AsyncWrite};
pub use crate::io::write::AsyncWriteExt;

/// The futures of the methods, by name.
pub mod futures {
    pub use crate::io::buf_read::{ReadLine, ReadUntil};
    pub use crate::io::lines::NextLine;
    pub use crate::io::read::{Read, ReadExact, ReadInto, ReadToEnd, ReadToString};
    pub use crate::io::write::{
        Flush, Shutdown, Write, WriteAll, WriteAllBuf, WriteBuf, WriteVectored,
    };
}
