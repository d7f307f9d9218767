//! Waiting for so long and no longer: limits, races, repetitions, and an end.

pub mod timeout; // one step, and no longer
pub mod retry; // again, after a pause
pub mod race; // the first answer
pub mod deadline; // what is there by then
pub mod progress; // how far it is
pub mod periodic; // again and again
pub mod shutdown; // an end that waits
