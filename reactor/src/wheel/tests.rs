//! The wheel against a sorted list, and its old enemies by name.
