//! Waiting for a moment.
