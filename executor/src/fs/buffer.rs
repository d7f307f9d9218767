//! The bytes that travel with a job: what is to be written, or what was read and not yet taken.
//!
//! ```text
//!   |-- taken --|-- there --|-- initialised, without meaning --|
//!   0         start        end                         memory.len()
//! ```

use std::io::{self, IoSlice, Read};

use crate::io::ReadBuf;

#[derive(Debug, Default)]
pub(crate) struct Buffer {
    /// Never cut: memory that was filled with zeros once need not be again.
    memory: Vec<u8>,
    start: usize,
    end: usize,
}

impl Buffer {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.memory[self.start..self.end]
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Gives away as much as there is room for.
    pub(crate) fn give(&mut self, to: &mut ReadBuf<'_>) {
        let length = self.bytes().len().min(to.remaining());
        to.put_slice(&self.bytes()[..length]);
        self.start += length;
    }

    pub(crate) fn clear(&mut self) {
        self.start = 0;
        self.end = 0;
    }

    /// Takes what one read gives, at most `most`, in the place of what there was.
    pub(crate) fn read_from(&mut self, mut file: impl Read, most: usize) -> io::Result<usize> {
        self.clear();
        if self.memory.len() < most {
            // New zeros come from the system for nothing, and old bytes need not be kept.
            self.memory = vec![0; most];
        }
        loop {
            match file.read(&mut self.memory[..most]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
                Ok(length) => {
                    self.end = length;
                    return Ok(length);
                }
            }
        }
    }

    /// Takes a copy of these bytes, at most `most`, in the place of what there was. Says how many.
    pub(crate) fn copy_from(&mut self, pieces: &[IoSlice<'_>], most: usize) -> usize {
        self.clear();
        for piece in pieces {
            let length = piece.len().min(most - self.end);
            let end = self.end + length;
            if self.memory.len() < end {
                self.memory.truncate(self.end);
                self.memory.extend_from_slice(&piece[..length]);
            } else {
                self.memory[self.end..end].copy_from_slice(&piece[..length]);
            }
            self.end = end;
        }
        self.end
    }
}
