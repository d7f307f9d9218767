//! Datagrams within this machine, which arrive whole and in order.

pub(crate) mod socket;
mod send;
mod receive;
