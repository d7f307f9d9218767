//! The attributes of mainspring.
