//! What the whole-runtime tests share.

pub mod source;
