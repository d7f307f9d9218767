//! What is to be written to a standard stream: all handles of the process stand in one line.
//!
//! Each write is a job on some thread, and two threads may come in any order. So a job does not
//! bring its own bytes: it has a number, and writes *what stands in the line up to that number*,
//! with std's lock on the stream held. Whichever job comes first does it for both.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) struct Line {
    // Never changes.
    stream: Stream,

    // Any thread, under its lock.
    state: Mutex<State>,
}

/// Which of the two.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stream {
    Output,
    Errors,
}

struct State {
    /// The number of the first piece, and the pieces from there on.
    first: u64,
    pieces: VecDeque<Vec<u8>>,
    /// Pieces that could not be written, until their writers ask.
    failed: Vec<(u64, io::Error)>,
}

impl Line {
    pub(crate) const fn new(stream: Stream) -> Self {
        Line {
            stream,
            state: Mutex::new(State {
                first: 0,
                pieces: VecDeque::new(),
                failed: Vec::new(),
            }),
        }
    }

    /// Lines a piece up, and says which number it has.
    pub(crate) fn put(&self, piece: Vec<u8>) -> u64 {
        let mut state = self.lock();
        state.pieces.push_back(piece);
        state.first + state.pieces.len() as u64 - 1
    }

    /// Writes what stands in the line up to this piece, and says how that one went.
    pub(crate) fn write_up_to(&self, number: u64) -> io::Result<()> {
        match self.stream {
            Stream::Output => self.write_all_to(&mut io::stdout().lock(), number),
            Stream::Errors => self.write_all_to(&mut io::stderr().lock(), number),
        }
    }

    /// Takes a piece back whose job never came. `false`: another job has written it, or tried to.
    pub(crate) fn withdraw(&self, number: u64) -> bool {
        let mut state = self.lock();
        let place = number.checked_sub(state.first);
        let place = place.and_then(|place| usize::try_from(place).ok());
        let piece = place.and_then(|place| state.pieces.get_mut(place));
        // Its place in the line stays, with nothing in it.
        piece.map(std::mem::take).is_some()
    }

    // ANCHOR: line
    fn write_all_to(&self, stream: &mut impl Write, number: u64) -> io::Result<()> {
        while let Some((at, piece)) = self.next_up_to(number) {
            // Std keeps what follows the last end of line: with the flush, nobody has to ask for
            // it by another job.
            let written = stream.write_all(&piece).and_then(|()| stream.flush());
            if let Err(error) = written {
                self.lock().failed.push((at, error));
            }
        }
        self.outcome_of(number)
    }
    // ANCHOR_END: line

    fn next_up_to(&self, number: u64) -> Option<(u64, Vec<u8>)> {
        let mut state = self.lock();
        let at = state.first;
        let piece = match at <= number {
            true => state.pieces.pop_front()?,
            false => return None,
        };
        state.first += 1;
        Some((at, piece))
    }

    /// How the writing of a piece went that has been tried.
    pub(crate) fn outcome_of(&self, number: u64) -> io::Result<()> {
        let mut state = self.lock();
        let place = state.failed.iter().position(|(at, _)| *at == number);
        place.map_or(Ok(()), |place| Err(state.failed.swap_remove(place).1))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
