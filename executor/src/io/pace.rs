//! Giving way between operations that are system calls, or may be.

use std::task::{Context, Poll};

use crate::engine::context;
use crate::leaf;

/// As [`leaf::proceed`]; and whoever must give way lets the loop look at the reactor and the clock
/// before the next poll. A poll full of system calls takes as long as a hundred others, and the
/// loop, which counts polls, would look too late.
#[inline]
pub(crate) fn proceed(cx: &mut Context<'_>) -> Poll<()> {
    let may = leaf::proceed(cx);
    if may.is_pending()
        && let Some(engine) = context::made()
    {
        engine.look_soon();
    }
    may
}
