//! What flows from task to task.

use crate::catalogue::recipe::Recipe;
use crate::flow::back_pressure;

/// From one task to the next, to many, and to the loop from outside.
pub(crate) const RECIPES: [Recipe; 1] = [Recipe {
    number: 19,
    name: "back-pressure",
    question: "I want a fast producer to wait for its consumers (back-pressure)",
    keywords: "Queue maxsize bounded full put get producer consumer shutdown sentinel backlog \
                   memory backpressure",
    file: "recipes/src/flow/back_pressure.rs",
    source: include_str!("../flow/back_pressure.rs"),
    twin: include_str!("../../python/back-pressure.py"),
    perform: |_, _| {
        back_pressure::main();
        Ok(())
    },
}];
