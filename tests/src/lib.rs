//! What the whole-runtime tests share.
