//! Waiting for so long and no longer.

use indicatif::ProgressDrawTarget;

use crate::catalogue::recipe::Recipe;
use crate::waiting::{deadline, periodic, progress, race, retry, shutdown, timeout};

/// From one step to a whole program.
pub(crate) const RECIPES: [Recipe; 7] = [
    Recipe {
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
    },
    Recipe {
        number: 13,
        name: "retry",
        question: "I want to try again when it fails, with pauses that grow (exponential back-off)",
        keywords: "attempt attempts backoff fail error again timeout jitter tenacity",
        file: "recipes/src/waiting/retry.rs",
        source: include_str!("../waiting/retry.rs"),
        twin: include_str!("../../python/retry.py"),
        perform: |_, _| {
            retry::main();
            Ok(())
        },
    },
    Recipe {
        number: 14,
        name: "race",
        question: "I want to ask two servers, and take the first answer",
        keywords: "asyncio.wait FIRST_COMPLETED select as_completed fastest winner loser cancel \
                   hedge hedged happy eyeballs any",
        file: "recipes/src/waiting/race.rs",
        source: include_str!("../waiting/race.rs"),
        twin: include_str!("../../python/race.py"),
        perform: |_, _| {
            race::main();
            Ok(())
        },
    },
    Recipe {
        number: 15,
        name: "deadline",
        question: "I want to ask many at once, and take what is there by a deadline",
        keywords: "asyncio.wait timeout as_completed fan-out fanout partial results pending scatter",
        file: "recipes/src/waiting/deadline.rs",
        source: include_str!("../waiting/deadline.rs"),
        twin: include_str!("../../python/deadline.py"),
        perform: |_, _| {
            deadline::main();
            Ok(())
        },
    },
    Recipe {
        number: 16,
        name: "progress",
        question: "I want to see how far it is while many things finish",
        keywords: "asyncio.as_completed progress bar indicatif tqdm percent done finished files",
        file: "recipes/src/waiting/progress.rs",
        source: include_str!("../waiting/progress.rs"),
        twin: include_str!("../../python/progress.py"),
        perform: |order, _| {
            progress::main(order.is_watched().then(ProgressDrawTarget::stdout));
            Ok(())
        },
    },
    Recipe {
        number: 17,
        name: "periodic",
        question: "I want to do something periodically, also when one time takes too long",
        keywords: "interval every tick timer schedule repeat cron missed late drift burst skip delay",
        file: "recipes/src/waiting/periodic.rs",
        source: include_str!("../waiting/periodic.rs"),
        twin: include_str!("../../python/periodic.py"),
        perform: |_, _| {
            periodic::main();
            Ok(())
        },
    },
    Recipe {
        number: 18,
        name: "shutdown",
        question: "I want to stop in good order when I am asked to (graceful shutdown)",
        keywords: "stop signal SIGTERM SIGINT ctrl-c cancel drain grace server Event exit end",
        file: "recipes/src/waiting/shutdown.rs",
        source: include_str!("../waiting/shutdown.rs"),
        twin: include_str!("../../python/shutdown.py"),
        perform: |_, _| {
            shutdown::main();
            Ok(())
        },
    },
];
