//! What the whole-runtime tests share.

pub mod by_hand;
pub mod in_time;
pub mod on_drop;
pub mod script;
pub mod source;
pub mod watchdog;
