//! What flows from task to task.

use crate::catalogue::recipe::Recipe;
use crate::flow::{
    back_pressure, cleanup, latest, pipeline, publish, question, rate_limit, sharing, threads,
};

/// From one task to the next, to many, and to the loop from outside.
pub(crate) const RECIPES: [Recipe; 9] = [
    Recipe {
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
    },
    Recipe {
        number: 20,
        name: "pipeline",
        question: "I want a pipeline: stages that work at the same time, and end one after the \
                   other",
        keywords: "mpsc channel stage stages stream chain close closed drop sender sentinel end",
        file: "recipes/src/flow/pipeline.rs",
        source: include_str!("../flow/pipeline.rs"),
        twin: include_str!("../../python/pipeline.py"),
        perform: |_, _| {
            pipeline::main();
            Ok(())
        },
    },
    Recipe {
        number: 21,
        name: "rate-limit",
        question: "I want at most so many requests per second, whatever the callers do (rate \
                   limit)",
        keywords: "throttle Interval tick Mutex Lock token bucket leaky quota api 429 ratelimit",
        file: "recipes/src/flow/rate_limit.rs",
        source: include_str!("../flow/rate_limit.rs"),
        twin: include_str!("../../python/rate-limit.py"),
        perform: |_, _| {
            rate_limit::main();
            Ok(())
        },
    },
    Recipe {
        number: 22,
        name: "sharing",
        question: "I want tasks to share state: do I need a lock?",
        keywords: "Mutex Lock Rc RefCell Arc shared race lost update critical section borrow \
                   BorrowMutError",
        file: "recipes/src/flow/sharing.rs",
        source: include_str!("../flow/sharing.rs"),
        twin: include_str!("../../python/sharing.py"),
        perform: |_, _| {
            sharing::main();
            Ok(())
        },
    },
    Recipe {
        number: 23,
        name: "threads",
        question: "I have threads beside the loop: how do they talk to it?",
        keywords: "thread run_coroutine_threadsafe call_soon_threadsafe Handle spawn \
                   blocking_send blocking_recv mpsc oneshot bridge sync callback",
        file: "recipes/src/flow/threads.rs",
        source: include_str!("../flow/threads.rs"),
        twin: include_str!("../../python/threads.py"),
        perform: |_, _| {
            threads::main();
            Ok(())
        },
    },
    Recipe {
        number: 24,
        name: "question",
        question: "I want to ask a task something and wait for its answer (an actor)",
        keywords: "mpsc oneshot create_future set_result InvalidStateError request response reply \
                   message owner command",
        file: "recipes/src/flow/question.rs",
        source: include_str!("../flow/question.rs"),
        twin: include_str!("../../python/question.py"),
        perform: |_, _| {
            question::main();
            Ok(())
        },
    },
    Recipe {
        number: 25,
        name: "publish",
        question: "I want to tell many tasks of what happens (publish and subscribe)",
        keywords: "broadcast channel pubsub subscribe subscriber topic fan-out fanout events \
                   lagged slow listener",
        file: "recipes/src/flow/publish.rs",
        source: include_str!("../flow/publish.rs"),
        twin: include_str!("../../python/publish.py"),
        perform: |_, _| {
            publish::main();
            Ok(())
        },
    },
    Recipe {
        number: 26,
        name: "cleanup",
        question: "I want what I started to end with me, and to clean up (structured concurrency)",
        keywords: "task_group TaskGroup nursery cancel cancelled finally guard drop defer error \
                   ExceptionGroup clean-up",
        file: "recipes/src/flow/cleanup.rs",
        source: include_str!("../flow/cleanup.rs"),
        twin: include_str!("../../python/cleanup.py"),
        perform: |_, _| {
            cleanup::main();
            Ok(())
        },
    },
    Recipe {
        number: 27,
        name: "latest",
        question: "I want only the newest value, not all of them",
        keywords: "watch Condition Event changed configuration reload state current skip stale \
                   conflate",
        file: "recipes/src/flow/latest.rs",
        source: include_str!("../flow/latest.rs"),
        twin: include_str!("../../python/latest.py"),
        perform: |_, _| {
            latest::main();
            Ok(())
        },
    },
];
