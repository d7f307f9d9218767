//! The reactor of mainspring.
