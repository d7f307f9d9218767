//! Waiting for a socket to be ready, and trying what one likes: the same for every socket.

/// The methods of a socket that has them all. What is ready for what has names of its own in
/// `poll_…_ready`.
macro_rules! readiness {
    ($socket:ty) => {
        impl $socket {
            /// Waits for any of what `interest` says, and tells which of it there is. A hint: what
            /// is tried upon it may still find nothing.
            ///
            /// tokio: the same. asyncio has a callback for each, `add_reader` and `add_writer`.
            ///
            /// # Errors
            ///
            /// If the runtime the socket was made in has ended.
            ///
            /// # Cancel safety
            ///
            /// **Strict**: nothing is read or written.
            #[track_caller]
            pub fn ready(
                &self,
                interest: crate::io::Interest,
            ) -> crate::io::readiness::WhatIsReady<'_> {
                self.socket.ready(interest)
            }

            /// Waits until there is something to read, or the end of it. A hint: what is tried
            /// upon it may still find nothing.
            ///
            /// # Errors
            ///
            /// If the runtime the socket was made in has ended.
            ///
            /// # Cancel safety
            ///
            /// **Strict**: nothing is read.
            #[track_caller]
            pub fn readable(&self) -> crate::io::readiness::Readiness<'_> {
                self.socket.readable()
            }

            /// Waits until there is room to write, or nobody to write to. A hint: what is tried
            /// upon it may still find none.
            ///
            /// # Errors
            ///
            /// If the runtime the socket was made in has ended.
            ///
            /// # Cancel safety
            ///
            /// **Strict**: nothing is written.
            #[track_caller]
            pub fn writable(&self) -> crate::io::readiness::Readiness<'_> {
                self.socket.writable()
            }

            /// Tries an operation of one's own on the socket, once, if `interest` was told. If the
            /// operation would have blocked, that readiness is used up.
            ///
            /// # Errors
            ///
            /// `WouldBlock` if nothing was told; otherwise what the operation answers.
            pub fn try_io<R>(
                &self,
                interest: crate::io::Interest,
                f: impl FnOnce() -> std::io::Result<R>,
            ) -> std::io::Result<R> {
                self.socket.try_told(interest, f)
            }

            /// Waits for `interest`, and tries an operation of one's own on the socket, until it
            /// does something else than block.
            ///
            /// # Errors
            ///
            /// What the operation answers; if the runtime the socket was made in has ended.
            ///
            /// # Cancel safety
            ///
            /// **Strict**, if the operation either does what it does or would have blocked.
            #[track_caller]
            pub fn async_io<R>(
                &self,
                interest: crate::io::Interest,
                f: impl FnMut() -> std::io::Result<R>,
            ) -> impl std::future::Future<Output = std::io::Result<R>> {
                self.socket.async_io(interest, f)
            }
        }
    };
}

pub(crate) use readiness;
