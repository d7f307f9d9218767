//! The cookbook of mainspring.
