//! What the whole-runtime tests share.

pub mod by_hand;
pub mod source;
