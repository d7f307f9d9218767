//! mainspring: a single-threaded async runtime, written to be read.
mod shim;
mod leaf;
