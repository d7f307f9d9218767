//! A file's current job: one at a time, and the buffer travels with it.
//!
//! ```text
//!            begin(buffer)                  a thread: read, write or seek
//!     Idle ------------------> Busy ---------------------------------+
//!      ^                        |                                    |
//!      +---- what came of it ---+<------- the buffer, and "done" ----+
//! ```
//!
//! A *read* waits for its own job. If it is dropped, the job goes on, and the next read finds its
//! bytes in the buffer. A *write* does not wait for its own job, but for the one before: so a write
//! costs a copy, and an error comes with the write after, or with the flush. Whoever moves the
//! file's place beside a read, a writer or a seek, first takes back what was read ahead.
//!
//! # Source
//!
//! tokio's `fs::File` has the same two states. Changed here: a late error is kept as it was, with
//! the system's code, and nothing is copied or sent for an empty write.

use std::fs::File;
use std::future::Future;
use std::io::{self, IoSlice, Seek, SeekFrom, Write};
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::fs::buffer::Buffer;
use crate::fs::call::runtime;
use crate::io::ReadBuf;
use crate::leaf;
use crate::pool::blocking::spawn_on;
use crate::pool::job::Duty;
use crate::task::JoinHandle;

/// The half of a file that changes.
#[derive(Debug, Default)]
pub(crate) struct Transfer {
    step: Step,
    /// A write failed, and nobody has been told.
    late: Option<io::Error>,
    /// Where the last seek led.
    position: u64,
}

#[derive(Debug)]
enum Step {
    Idle(Buffer),
    Busy(JoinHandle<(Done, Buffer)>),
}

impl Default for Step {
    fn default() -> Self {
        Step::Idle(Buffer::default())
    }
}

/// What a job did.
#[derive(Debug)]
pub(crate) enum Done {
    Read(io::Result<()>),
    Write(io::Result<()>),
    Seek(io::Result<u64>),
    SetLength(io::Result<()>),
}

/// Which file, and on whose behalf.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    pub(crate) file: &'a Arc<File>,
    /// How much one job may read or write.
    pub(crate) most: usize,
    /// Where the file was opened.
    pub(crate) place: &'static Location<'static>,
}

impl Transfer {
    // ANCHOR: read
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        target: Target<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            match &mut self.step {
                Step::Idle(buffer) if !buffer.is_empty() || to.remaining() == 0 => {
                    ready!(leaf::proceed(cx));
                    leaf::spend();
                    buffer.give(to);
                    return Poll::Ready(Ok(()));
                }
                Step::Idle(_) => {
                    let most = target.most.min(to.remaining());
                    self.begin(target, Duty::Optional, move |file, buffer| {
                        Done::Read(buffer.read_from(file, most).map(drop))
                    });
                }
                Step::Busy(_) => match ready!(self.poll_done(cx))? {
                    // Also if it gave nothing: that is the end of the file.
                    Done::Read(read) => {
                        if let Step::Idle(buffer) = &mut self.step {
                            buffer.give(to);
                        }
                        return Poll::Ready(read);
                    }
                    done => self.keep(done),
                },
            }
        }
    }
    // ANCHOR_END: read

    // ANCHOR: write
    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        target: Target<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_flush(cx))?;
        if pieces.iter().all(|piece| piece.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        ready!(leaf::proceed(cx));
        leaf::spend();
        let back = self.take_back();
        let Step::Idle(buffer) = &mut self.step else {
            unreachable!("after a flush nothing is on its way");
        };
        let length = buffer.copy_from(pieces, target.most);
        // The caller takes it for written, also if the runtime ends before the job begins.
        self.begin(target, Duty::Mandatory, move |mut file, buffer| {
            let written = seek_all(file, back).and_then(|_| file.write_all(buffer.bytes()));
            buffer.clear();
            Done::Write(written)
        });
        Poll::Ready(Ok(length))
    }

    /// Waits until nothing is on its way, and tells of a write that failed.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Step::Busy(_) = self.step {
            let done = ready!(self.poll_done(cx))?;
            self.keep(done);
        }
        Poll::Ready(self.late.take().map_or(Ok(()), Err))
    }
    // ANCHOR_END: write

    /// Waits until nothing is on its way. A write that failed is told to the next who asks.
    pub(crate) async fn settle(&mut self) {
        let flushed = std::future::poll_fn(|cx| self.poll_flush(cx)).await;
        self.late = flushed.err();
    }

    pub(crate) fn start_seek(&mut self, target: Target<'_>, mut to: SeekFrom) -> io::Result<()> {
        if let Step::Busy(_) = self.step {
            return Err(io::Error::other(
                "the file is still at work: wait with `poll_complete` before `start_seek`",
            ));
        }
        let mut back = self.take_back();
        // Both at once, if their sum can be said.
        if let (Some(SeekFrom::Current(ahead)), SeekFrom::Current(offset)) = (back, &mut to)
            && let Some(sum) = offset.checked_add(ahead)
        {
            *offset = sum;
            back = None;
        }
        self.begin(target, Duty::Optional, move |file, _| {
            Done::Seek(seek_all(file, back.into_iter().chain([to])))
        });
        Ok(())
    }

    pub(crate) fn poll_complete(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        while let Step::Busy(_) = self.step {
            match ready!(self.poll_done(cx))? {
                Done::Seek(Err(error)) => return Poll::Ready(Err(error)),
                done => self.keep(done),
            }
        }
        Poll::Ready(Ok(self.position))
    }

    /// Makes the file so many bytes long, once nothing is on its way.
    pub(crate) async fn set_length(&mut self, target: Target<'_>, length: u64) -> io::Result<()> {
        self.settle().await;
        let back = self.take_back();
        self.begin(target, Duty::Optional, move |file, _| {
            Done::SetLength(seek_all(file, back).and_then(|_| file.set_len(length)))
        });
        match std::future::poll_fn(|cx| self.poll_done(cx)).await? {
            Done::SetLength(set) => set,
            done => {
                self.keep(done);
                Ok(())
            }
        }
    }

    /// Sends the buffer away with a job.
    fn begin(
        &mut self,
        target: Target<'_>,
        duty: Duty,
        work: impl FnOnce(&File, &mut Buffer) -> Done + Send + 'static,
    ) {
        let shared = runtime("reading, writing or seeking in a `File`");
        let mut buffer = match std::mem::take(&mut self.step) {
            Step::Idle(buffer) => buffer,
            Step::Busy(_) => Buffer::default(),
        };
        let file = target.file.clone();
        let job = move || {
            let done = work(&file, &mut buffer);
            (done, buffer)
        };
        self.step = Step::Busy(spawn_on(&shared, job, duty, target.place));
    }

    /// Waits for the job, which there is, and takes the buffer back.
    fn poll_done(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Done>> {
        let Step::Busy(job) = &mut self.step else {
            unreachable!("nobody waits for an idle file");
        };
        let answer = ready!(Pin::new(job).poll(cx));
        // Without an answer (the runtime has ended, or there was no thread) the buffer is gone, and
        // the file goes on with another.
        self.step = Step::default();
        let (done, buffer) = answer?;
        self.step = Step::Idle(buffer);
        Poll::Ready(Ok(done))
    }

    /// What a job did that somebody else had asked for.
    fn keep(&mut self, done: Done) {
        match done {
            Done::Write(Err(error)) => self.late = Some(error),
            Done::Seek(Ok(position)) => self.position = position,
            // Whoever dropped that future did not want to know.
            Done::Read(_) | Done::Write(Ok(())) | Done::Seek(Err(_)) | Done::SetLength(_) => {}
        }
    }

    /// Forgets what was read ahead, and says how the file's place gets back to where it ends for
    /// its reader.
    fn take_back(&mut self) -> Option<SeekFrom> {
        match &mut self.step {
            Step::Idle(buffer) if !buffer.is_empty() => {
                let ahead = i64::try_from(buffer.bytes().len()).unwrap_or(i64::MAX);
                buffer.clear();
                Some(SeekFrom::Current(-ahead))
            }
            _ => None,
        }
    }
}

/// Goes where these lead, one after the other, and says where that is; nowhere is the beginning.
fn seek_all(mut file: &File, to: impl IntoIterator<Item = SeekFrom>) -> io::Result<u64> {
    let mut position = 0;
    for to in to {
        position = file.seek(to)?;
    }
    Ok(position)
}
