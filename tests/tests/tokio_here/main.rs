//! Everything of tokio that is said to be here, used with tokio's own signatures: that it compiles
//! is what it shows. Made by the test `tokio_items`, from `tests/tokio_items.txt` and
//! `tests/tokio_notes.txt`; do not edit it.

#![forbid(unsafe_code)]
#![allow(warnings)]
#![allow(clippy::all)]

#[rustfmt::skip]
mod fs;
#[rustfmt::skip]
mod io;
#[rustfmt::skip]
mod net;
#[rustfmt::skip]
mod process;
#[rustfmt::skip]
mod root;
#[rustfmt::skip]
mod runtime;
#[rustfmt::skip]
mod signal;
#[rustfmt::skip]
mod sync;
#[rustfmt::skip]
mod task;
#[rustfmt::skip]
mod time;
