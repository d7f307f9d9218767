//! What the whole-runtime tests share; and the README, whose programs are run with the doctests.

#![forbid(unsafe_code)]

pub mod by_hand;
pub mod chopped;
pub mod folder;
pub mod in_time;
pub mod on_drop;
pub mod orders;
pub mod patient;
pub mod processes;
pub mod refusals;
pub mod script;
pub mod sockets;
pub mod source;
pub mod storm;
pub mod watchdog;

/// Nobody's item: rustdoc finds the README's programs here.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
