//! What the whole-runtime tests share.

pub mod by_hand;
pub mod script;
pub mod source;
