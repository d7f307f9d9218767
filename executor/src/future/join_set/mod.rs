//! `JoinSet`: tasks that are joined in the order in which they end; and the futures of its methods,
//! by name.

mod set;
mod join;

pub use crate::future::join_set::join::{
    JoinAll, JoinNext, JoinNextWithId, JoinOutcomes, ShutDown,
};
pub use crate::future::join_set::set::JoinSet;
