//! The mechanism: one wake-up, top to bottom.
//!
//! ```text
//!   waker.rs   wake()  ->  ready.rs   queue or inbox  ->  turn.rs   pop
//!                                                            |
//!   (reactor)  due  <-  turn.rs   wait  <-  nothing ready    v
//!                                                         table.rs  take, poll, put back
//! ```

pub(crate) mod id;
pub(crate) mod ready;
pub(crate) mod waker;
pub(crate) mod table;
pub(crate) mod clock;
pub(crate) mod hold;
pub(crate) mod hooks;
pub(crate) mod meter;
pub(crate) mod chance;
pub(crate) mod slow_step;
pub(crate) mod shared;
pub(crate) mod core;
pub(crate) mod watch;
pub(crate) mod turning;
pub(crate) mod context;
pub(crate) mod turn;
