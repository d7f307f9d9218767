//! `pipe` and `OpenOptions`: pipes without a name, and with one.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use mainspring_reactor::Direction;
use nix::fcntl::OFlag;

use crate::net::unix::pipe::file::{Side, check_is_pipe};
use crate::net::unix::pipe::receiver::Receiver;
use crate::net::unix::pipe::sender::Sender;

/// Both ends of a new pipe.
///
/// tokio: `net::unix::pipe::pipe`. asyncio: `loop.connect_read_pipe` and `connect_write_pipe` with
/// what `os.pipe` gives.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::io::{AsyncReadExt, AsyncWriteExt};
/// use mainspring::net::unix::pipe;
///
/// let (mut sender, mut receiver) = pipe::pipe()?;
/// sender.write_all(b"tick").await?;
/// drop(sender);
/// let mut text = String::new();
/// receiver.read_to_string(&mut text).await?;
/// assert_eq!(text, "tick");
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
///
/// # Errors
///
/// What the system answers.
///
/// # Panics
///
/// Outside of a runtime.
#[track_caller]
pub fn pipe() -> io::Result<(Sender, Receiver)> {
    let (receiver, sender) = io::pipe()?;
    let sender = Sender::from_owned_fd_unchecked(sender.into())?;
    sender.socket.assume(Direction::Write);
    Ok((sender, Receiver::from_owned_fd_unchecked(receiver.into())?))
}

/// How to open a FIFO: a pipe that has a name in the file system.
///
/// tokio: `net::unix::pipe::OpenOptions`.
///
/// ```no_run
/// # mainspring::run(async {
/// use mainspring::io::AsyncReadExt;
/// use mainspring::net::unix::pipe;
///
/// // Made by `mkfifo`. With `read_write` there is never an end: others write when they come.
/// let mut receiver = pipe::OpenOptions::new()
///     .read_write(true)
///     .open_receiver("/tmp/clock.fifo")?;
/// let mut buf = [0; 64];
/// let count = receiver.read(&mut buf).await?;
/// # assert!(count > 0);
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    read_write: bool,
    unchecked: bool,
}

impl OpenOptions {
    /// Nothing special: one direction, and it must be a FIFO.
    pub fn new() -> OpenOptions {
        OpenOptions::default()
    }

    /// Opens the FIFO in both directions, whichever end it becomes: then a sender needs no
    /// receiver to be there, and a receiver never reads the end, for it is a sender itself.
    #[cfg(target_os = "linux")]
    pub fn read_write(&mut self, value: bool) -> &mut Self {
        self.read_write = value;
        self
    }

    /// Does not look whether it is a FIFO.
    pub fn unchecked(&mut self, value: bool) -> &mut Self {
        self.unchecked = value;
        self
    }

    /// Opens the end that reads. Nobody has to write yet: it waits for the first who does, and
    /// reads the end when the last is gone.
    ///
    /// # Errors
    ///
    /// What the system answers; `InvalidInput` if it is no FIFO.
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn open_receiver<P: AsRef<Path>>(&self, path: P) -> io::Result<Receiver> {
        Receiver::from_file_unchecked(self.open(path.as_ref(), Side::Reads)?)
    }

    /// Opens the end that writes. Somebody must be reading.
    ///
    /// # Errors
    ///
    /// What the system answers: `ENXIO` if nobody reads; `InvalidInput` if it is no FIFO.
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn open_sender<P: AsRef<Path>>(&self, path: P) -> io::Result<Sender> {
        Sender::from_file_unchecked(self.open(path.as_ref(), Side::Writes)?)
    }

    fn open(&self, path: &Path, side: Side) -> io::Result<File> {
        let file = fs::OpenOptions::new()
            .read(self.read_write || side == Side::Reads)
            .write(self.read_write || side == Side::Writes)
            // It would wait for the other end.
            .custom_flags(OFlag::O_NONBLOCK.bits())
            .open(path)?;
        if !self.unchecked {
            check_is_pipe(&file)?;
        }
        Ok(file)
    }
}
