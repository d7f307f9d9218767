//! Waiting for so long and no longer.

use crate::catalogue::recipe::Recipe;
use crate::waiting::timeout;

/// From one step to a whole program.
pub(crate) const RECIPES: [Recipe; 1] = [Recipe {
    number: 12,
    name: "timeout",
    question: "I want a time limit for one step",
    keywords: "asyncio.timeout wait_for shield TimeoutError cancel drop elapsed too long slow",
    file: "recipes/src/waiting/timeout.rs",
    source: include_str!("../waiting/timeout.rs"),
    twin: include_str!("../../python/timeout.py"),
    perform: |_, _| {
        timeout::main();
        Ok(())
    },
}];
