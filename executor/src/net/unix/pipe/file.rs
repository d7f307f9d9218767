//! What is asked of a file that is to be the end of a pipe, and what is done with it.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::panic::Location;

use mainspring_reactor::Direction;
use mio::event;
use nix::fcntl::{FcntlArg, OFlag, fcntl};

use crate::engine::context;
use crate::engine::hold::Wire;
use crate::io::registered::Registered;

/// Which end of a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Reads,
    Writes,
}

/// Refuses what is no pipe.
pub(crate) fn check_is_pipe(file: &File) -> io::Result<()> {
    match file.metadata()?.file_type().is_fifo() {
        true => Ok(()),
        false => Err(refused("this file is no pipe")),
    }
}

/// Refuses what is no pipe, and what is not open for this side's work.
pub(crate) fn check(file: &File, side: Side) -> io::Result<()> {
    check_is_pipe(file)?;
    match (side, flags(file)? & OFlag::O_ACCMODE) {
        (_, OFlag::O_RDWR) => Ok(()),
        (Side::Reads, OFlag::O_RDONLY) | (Side::Writes, OFlag::O_WRONLY) => Ok(()),
        (Side::Reads, _) => Err(refused("this pipe is not open for reading")),
        (Side::Writes, _) => Err(refused("this pipe is not open for writing")),
    }
}

fn refused(told: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, told)
}

/// Sets it to not block, and registers it. A paused clock knows its other end by the numbers that
/// the system has for a pipe.
pub(crate) fn register<S: event::Source + From<OwnedFd>>(
    file: File,
    side: Side,
    place: &'static Location<'static>,
) -> io::Result<Registered<S>> {
    let engine = context::expect("a pipe");
    let metadata = file.metadata()?;
    fcntl(&file, FcntlArg::F_SETFL(flags(&file)? | OFlag::O_NONBLOCK))?;
    let socket = Registered::new(&engine, S::from(file.into()), place)?;
    // Nobody may have opened a FIFO for writing yet. To try would find its end; the system tells
    // when there is something, or when there was somebody and he is gone.
    let source = socket.source();
    if let Some(assumed) = source.ready(Direction::Read) {
        source.clear_ready(Direction::Read, assumed);
    }
    socket.set_wire(Wire::Pipe {
        device: metadata.dev(),
        inode: metadata.ino(),
        writes: side == Side::Writes,
    });
    Ok(socket)
}

fn flags(file: &File) -> io::Result<OFlag> {
    Ok(OFlag::from_bits_retain(fcntl(file, FcntlArg::F_GETFL)?))
}
