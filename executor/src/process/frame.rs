//! Frames: how calls and answers stand in a stream of bytes.
//!
//! ```text
//!   0        4      5          13         21
//!   | length | kind | id       | number   | a serialised value ...
//!            |<------------ length bytes ------------------------>|
//! ```
//!
//! Numbers are little-endian. Nothing that comes in is trusted: a length is checked before a byte
//! of it is waited for, and memory grows with what has arrived, not with what was announced.

use std::fmt;

/// Bytes of a frame before its length counts.
const LENGTH: usize = 4;

/// Bytes of a frame before its value.
pub(crate) const HEAD: usize = LENGTH + 1 + 8 + 8;

/// What is read at once. Doubling it saves calls for large values and costs every worker that
/// much memory, on both sides.
const CHUNK: usize = 64 * 1024;

/// A buffer that grew beyond this is given back when it is empty.
const KEPT: usize = 16 * CHUNK;

/// The most that words (a panic's, an error's, the names of the functions) may be where values may
/// be less.
///
/// Doubling it would let a worker make its parent keep that much more.
pub(crate) const WORDS: usize = CHUNK;

/// The most that a value may be, because four bytes tell its length.
pub(crate) const LARGEST: usize = u32::MAX as usize - HEAD;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// The worker's first: its version (`id`) and the names of its functions.
    Hello = 1,
    /// Do this: which call (`id`), which function (`number`), and its argument.
    Call = 2,
    /// An answer: what the function returned. In all answers `number` is the time it took, in
    /// nanoseconds.
    Value = 3,
    /// An answer: the function panicked, with these words.
    Panicked = 4,
    /// An answer: the argument could not be read.
    BadArgument = 5,
    /// An answer: what the function returned could not be written.
    BadResult = 6,
    /// An answer: what the function returned is too large to be sent.
    TooLarge = 7,
}

impl Kind {
    fn from_byte(byte: u8) -> Option<Self> {
        use Kind::{BadArgument, BadResult, Call, Hello, Panicked, TooLarge, Value};
        let all = [
            Hello,
            Call,
            Value,
            Panicked,
            BadArgument,
            BadResult,
            TooLarge,
        ];
        all.into_iter().find(|kind| *kind as u8 == byte)
    }
}

/// A frame that has come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    pub(crate) kind: Kind,
    pub(crate) id: u64,
    pub(crate) number: u64,
    pub(crate) value: &'a [u8],
}

/// What came in is no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Garbage {
    /// It announces this many bytes, which is more than may come, or less than a head has.
    Length(usize),
    /// There is no such kind.
    Kind(u8),
}

impl fmt::Display for Garbage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Garbage::Length(length) => write!(f, "a frame that calls itself {length} bytes long"),
            Garbage::Kind(kind) => write!(f, "a frame of the unknown kind {kind}"),
        }
    }
}

/// The head of a frame; its value is appended by the caller, who then [`seal`]s it.
pub(crate) fn open(kind: Kind, id: u64, number: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(2 * HEAD);
    bytes.extend([0; LENGTH]);
    bytes.push(kind as u8);
    bytes.extend(id.to_le_bytes());
    bytes.extend(number.to_le_bytes());
    bytes
}

/// Writes the length into a frame that is complete.
pub(crate) fn seal(bytes: &mut [u8]) {
    let length = u32::try_from(bytes.len() - LENGTH).expect("a frame beyond `LARGEST`");
    bytes[..LENGTH].copy_from_slice(&length.to_le_bytes());
}

/// Bytes that have come in, and frames that can be taken out.
#[derive(Debug)]
pub(crate) struct Incoming {
    /// All initialised; what is to be read stands in `start..end`.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// The largest value that may come.
    largest: usize,
}

impl Incoming {
    pub(crate) fn new(largest: usize) -> Self {
        Incoming {
            buffer: Vec::new(),
            start: 0,
            end: 0,
            largest: largest.min(LARGEST),
        }
    }

    // ANCHOR: take
    /// Takes the next frame out, if it is there as a whole.
    ///
    /// # Errors
    ///
    /// What is there is no frame. Nothing that follows can be trusted then.
    pub(crate) fn take(&mut self) -> Result<Option<Frame<'_>>, Garbage> {
        let bytes = &self.buffer[self.start..self.end];
        let Some((length, rest)) = bytes.split_first_chunk::<LENGTH>() else {
            return Ok(None);
        };
        let length = u32::from_le_bytes(*length) as usize;
        let head = HEAD - LENGTH;
        if length < head || length > head + self.largest {
            return Err(Garbage::Length(length));
        }
        // Known as soon as it is there, so that nobody waits for the rest of it.
        let kind = match rest.first() {
            Some(&byte) => Kind::from_byte(byte).ok_or(Garbage::Kind(byte))?,
            None => return Ok(None),
        };
        if rest.len() < length {
            return Ok(None);
        }
        self.start += LENGTH + length;
        let (numbers, value) = rest[1..length].split_at(16);
        let number = |at: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&numbers[at..at + 8]);
            u64::from_le_bytes(bytes)
        };
        Ok(Some(Frame {
            kind,
            id: number(0),
            number: number(8),
            value,
        }))
    }
    // ANCHOR_END: take

    /// Whether a frame, or a part of one, is there.
    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Where the next bytes are to be read to; then say how many with [`filled`](Self::filled).
    pub(crate) fn room(&mut self) -> &mut [u8] {
        if self.is_empty() {
            (self.start, self.end) = (0, 0);
            if self.buffer.len() > KEPT {
                self.buffer = Vec::new();
            }
        }
        if self.buffer.len() - self.end < CHUNK && self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        if self.buffer.len() - self.end < CHUNK / 2 {
            // Twice what has come: growing costs no more than reading did.
            let length = (2 * self.end).max(CHUNK);
            self.buffer.resize(length, 0);
        }
        &mut self.buffer[self.end..]
    }

    pub(crate) fn filled(&mut self, count: usize) {
        self.end += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(kind: Kind, id: u64, number: u64, value: &[u8]) -> Vec<u8> {
        let mut bytes = open(kind, id, number);
        bytes.extend_from_slice(value);
        seal(&mut bytes);
        bytes
    }

    fn feed(incoming: &mut Incoming, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = incoming.room();
            let count = room.len().min(bytes.len());
            room[..count].copy_from_slice(&bytes[..count]);
            incoming.filled(count);
            bytes = &bytes[count..];
        }
    }

    #[test]
    fn a_frame_comes_out_as_it_went_in() {
        let mut incoming = Incoming::new(10);
        feed(&mut incoming, &sealed(Kind::Call, 7, 3, b"argument"));
        feed(&mut incoming, &sealed(Kind::Value, u64::MAX, 0, b""));
        let first = Frame {
            kind: Kind::Call,
            id: 7,
            number: 3,
            value: b"argument",
        };
        assert_eq!(incoming.take(), Ok(Some(first)));
        let second = Frame {
            kind: Kind::Value,
            id: u64::MAX,
            number: 0,
            value: b"",
        };
        assert_eq!(incoming.take(), Ok(Some(second)));
        assert_eq!(incoming.take(), Ok(None));
        assert!(incoming.is_empty());
    }

    #[test]
    fn frames_in_any_pieces_are_the_same_frames() {
        let values: Vec<Vec<u8>> = [0, 1, 100, CHUNK - HEAD, CHUNK - HEAD + 1, 3 * CHUNK]
            .map(|length| (0..length).map(|at| at as u8).collect())
            .to_vec();
        let all: Vec<u8> = (0..)
            .zip(&values)
            .flat_map(|(id, value)| sealed(Kind::Value, id, 1, value))
            .collect();
        for piece in [1, 2, 3, 20, 21, 22, 1000, CHUNK, all.len()] {
            let mut incoming = Incoming::new(3 * CHUNK);
            let mut seen = Vec::new();
            for bytes in all.chunks(piece) {
                feed(&mut incoming, bytes);
                while let Some(frame) = incoming.take().unwrap() {
                    assert_eq!(frame.id, seen.len() as u64);
                    seen.push(frame.value.to_vec());
                }
            }
            assert_eq!(seen, values, "in pieces of {piece}");
        }
    }

    #[test]
    fn f66_a_length_that_cannot_be_is_garbage_before_its_bytes_come() {
        for length in [0, 16, 17 + 101, u32::MAX] {
            let mut incoming = Incoming::new(100);
            feed(&mut incoming, &length.to_le_bytes());
            assert_eq!(incoming.take(), Err(Garbage::Length(length as usize)));
        }
    }

    #[test]
    fn f66_an_unknown_kind_is_garbage_before_the_rest_comes() {
        for kind in [0, 8, 255] {
            let mut incoming = Incoming::new(100);
            feed(&mut incoming, &50_u32.to_le_bytes());
            feed(&mut incoming, &[kind]);
            assert_eq!(incoming.take(), Err(Garbage::Kind(kind)));
        }
    }

    #[test]
    fn f66_memory_grows_with_what_came_and_not_with_what_was_announced() {
        let mut incoming = Incoming::new(LARGEST);
        let mut bytes = sealed(Kind::Value, 0, 0, b"");
        bytes[..LENGTH].copy_from_slice(&(u32::MAX - LENGTH as u32).to_le_bytes());
        feed(&mut incoming, &bytes);
        assert_eq!(incoming.take(), Ok(None));
        assert!(incoming.room().len() <= 2 * CHUNK);
    }

    #[test]
    fn a_large_frame_leaves_no_large_buffer() {
        let mut incoming = Incoming::new(LARGEST);
        feed(
            &mut incoming,
            &sealed(Kind::Value, 0, 0, &vec![1; 2 * KEPT]),
        );
        assert!(incoming.take().unwrap().is_some());
        let _ = incoming.room();
        assert!(incoming.buffer.len() <= KEPT);
    }

    /// A small generator of numbers below a limit.
    fn dice() -> impl FnMut(usize) -> usize {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        move |below| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as usize % below
        }
    }

    /// Frames, and the garbage that ended them.
    type Decoded = (Vec<(Kind, u64, Vec<u8>)>, Option<Garbage>);

    /// What is made of bytes that come in pieces.
    fn decoded(pieces: &[&[u8]]) -> Decoded {
        let mut incoming = Incoming::new(100);
        let mut frames = Vec::new();
        for piece in pieces {
            feed(&mut incoming, piece);
            loop {
                match incoming.take() {
                    Ok(Some(frame)) => frames.push((frame.kind, frame.id, frame.value.to_vec())),
                    Ok(None) => break,
                    Err(garbage) => return (frames, Some(garbage)),
                }
            }
        }
        (frames, None)
    }

    #[test]
    fn f66_flipped_and_cut_frames_are_the_same_in_pieces_and_as_a_whole() {
        let mut draw = dice();
        for _ in 0..2_000 {
            let mut bytes = Vec::new();
            for id in 0..draw(5) {
                let value = vec![draw(256) as u8; draw(100)];
                bytes.extend(sealed(Kind::Value, id as u64, 0, &value));
            }
            for _ in 0..draw(3) {
                if !bytes.is_empty() {
                    let at = draw(bytes.len());
                    bytes[at] ^= 1 << draw(8);
                }
            }
            bytes.truncate(bytes.len() - draw(bytes.len() + 1) / 4);
            let mut pieces = Vec::new();
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                let (piece, others) = rest.split_at(1 + draw(rest.len()));
                pieces.push(piece);
                rest = others;
            }
            assert_eq!(decoded(&pieces), decoded(&[&bytes]));
        }
    }

    /// Whatever comes is answered: a frame, garbage, or a wish for more.
    #[test]
    fn f66_noise_never_panics_and_is_soon_found_out() {
        let mut draw = dice();
        for _ in 0..2_000 {
            let mut noise = [0; 64].map(|_: u8| draw(256) as u8);
            // Small lengths, so that what follows is looked at, too.
            noise[1..LENGTH].fill(0);
            let mut incoming = Incoming::new(1000);
            feed(&mut incoming, &noise);
            while let Ok(Some(frame)) = incoming.take() {
                assert!(frame.value.len() <= 64 - HEAD);
            }
        }
    }
}
