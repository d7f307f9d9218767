//! `ReadBuf`: a buffer that is being filled, and how far it is.
//!
//! ```text
//!   |<-- filled -->|<------- unfilled -------->|
//!   |<-- initialized ------------->|           |
//!   0                                   capacity
//! ```

use std::fmt;
use std::mem::MaybeUninit;

/// Zeros to fill uninitialised memory with.
///
/// As much as one read asks for as a rule. A longer buffer needs zeros of its own, and twice the
/// length makes every program that much longer.
static ZEROS: [u8; 8192] = [0; 8192];

/// A buffer that [`AsyncRead::poll_read`](crate::io::AsyncRead::poll_read) fills from the front.
///
/// tokio: `io::ReadBuf`. There is no unsafe code here, so two things differ: the memory that
/// [`uninit`](ReadBuf::uninit) takes is filled with zeros, and memory that nobody has initialised
/// cannot be handed out again (`inner_mut` and `BufMut` are missing, and see
/// [`unfilled_mut`](ReadBuf::unfilled_mut)).
///
/// ```
/// use mainspring::io::ReadBuf;
///
/// let mut memory = [0; 8];
/// let mut buf = ReadBuf::new(&mut memory);
/// buf.put_slice(b"tick");
/// assert_eq!(buf.filled(), b"tick");
/// assert_eq!(buf.remaining(), 4);
/// ```
pub struct ReadBuf<'a> {
    /// All of it has a value; `initialized` is what its users were promised.
    buf: &'a mut [u8],
    filled: usize,
    initialized: usize,
}

impl<'a> ReadBuf<'a> {
    /// A buffer over memory that has values.
    pub fn new(buf: &'a mut [u8]) -> Self {
        let initialized = buf.len();
        ReadBuf {
            buf,
            filled: 0,
            initialized,
        }
    }

    /// A buffer over memory that has none yet: it is filled with zeros, which costs about as
    /// much as copying it once.
    pub fn uninit(buf: &'a mut [MaybeUninit<u8>]) -> Self {
        let buf = match ZEROS.get(..buf.len()) {
            Some(zeros) => buf.write_copy_of_slice(zeros),
            None => {
                let zeros = vec![0; buf.len()];
                buf.write_copy_of_slice(&zeros)
            }
        };
        ReadBuf {
            buf,
            filled: 0,
            initialized: 0,
        }
    }

    /// How many bytes it holds when it is full.
    pub fn capacity(&self) -> usize {
        self.buf.len()
    }

    /// What has been filled.
    pub fn filled(&self) -> &[u8] {
        &self.buf[..self.filled]
    }

    /// What has been filled.
    pub fn filled_mut(&mut self) -> &mut [u8] {
        &mut self.buf[..self.filled]
    }

    /// What has been initialised: the filled part, and more.
    pub fn initialized(&self) -> &[u8] {
        &self.buf[..self.initialized]
    }

    /// What has been initialised: the filled part, and more.
    pub fn initialized_mut(&mut self) -> &mut [u8] {
        &mut self.buf[..self.initialized]
    }

    /// How many more bytes may be filled.
    pub fn remaining(&self) -> usize {
        self.capacity() - self.filled
    }

    /// What has not been filled. Write to its front, then [`advance`](ReadBuf::advance).
    pub fn initialize_unfilled(&mut self) -> &mut [u8] {
        self.initialize_unfilled_to(self.remaining())
    }

    /// The first `n` bytes of what has not been filled.
    ///
    /// # Panics
    ///
    /// If fewer remain.
    #[track_caller]
    pub fn initialize_unfilled_to(&mut self, n: usize) -> &mut [u8] {
        let remaining = self.remaining();
        assert!(
            n <= remaining,
            "{n} bytes were asked for, but the `ReadBuf` has room for {remaining}: compare with \
             `remaining` before"
        );
        let end = self.filled + n;
        self.initialized = self.initialized.max(end);
        &mut self.buf[self.filled..end]
    }

    /// A buffer over the first `n` bytes at most of what has not been filled. What is read into
    /// it counts here only after [`advance`](ReadBuf::advance).
    pub fn take(&mut self, n: usize) -> ReadBuf<'_> {
        let n = n.min(self.remaining());
        ReadBuf {
            initialized: (self.initialized - self.filled).min(n),
            buf: &mut self.buf[self.filled..self.filled + n],
            filled: 0,
        }
    }

    /// Nothing is filled any more. What was initialised stays so.
    pub fn clear(&mut self) {
        self.filled = 0;
    }

    /// Another `n` bytes have been filled.
    ///
    /// # Panics
    ///
    /// If they were not initialised.
    #[track_caller]
    pub fn advance(&mut self, n: usize) {
        let filled = self.filled.checked_add(n);
        self.set_filled(filled.expect("more bytes are filled than a number can say"));
    }

    /// The first `n` bytes are filled, and no more.
    ///
    /// # Panics
    ///
    /// If they were not initialised.
    #[track_caller]
    pub fn set_filled(&mut self, n: usize) {
        let initialized = self.initialized;
        assert!(
            n <= initialized,
            "{n} bytes cannot be filled, for only {initialized} are initialised: write to \
             `initialize_unfilled` first"
        );
        self.filled = n;
    }

    /// Another `n` bytes, after those that are filled, have been initialised.
    ///
    /// It is `unsafe` in tokio, and may be called as if it were here.
    ///
    /// # Panics
    ///
    /// If there is no room for them.
    #[track_caller]
    pub fn assume_init(&mut self, n: usize) {
        self.initialize_unfilled_to(n);
    }

    /// Would hand out what has not been filled, to somebody who may leave it uninitialised.
    ///
    /// It is there for crates that call it on paths that are never taken.
    ///
    /// # Panics
    ///
    /// Always: safe Rust cannot turn memory with values into `MaybeUninit`.
    #[track_caller]
    pub fn unfilled_mut(&mut self) -> &mut [MaybeUninit<u8>] {
        panic!(
            "`ReadBuf::unfilled_mut` needs unsafe code, of which mainspring has none: use \
             `initialize_unfilled`, which costs nothing here"
        )
    }

    /// Appends bytes.
    ///
    /// # Panics
    ///
    /// If fewer [remain](ReadBuf::remaining).
    #[track_caller]
    pub fn put_slice(&mut self, bytes: &[u8]) {
        self.initialize_unfilled_to(bytes.len())
            .copy_from_slice(bytes);
        self.filled += bytes.len();
    }
}

impl fmt::Debug for ReadBuf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadBuf")
            .field("filled", &self.filled)
            .field("initialized", &self.initialized)
            .field("capacity", &self.capacity())
            .finish()
    }
}
