//! mainspring, called tokio.

pub use mainspring::*;
