//! The article's own recipes.

use crate::catalogue::recipe::Recipe;
use crate::{
    basic, callback, default_executor, gather, iterator, process, process_proof, queue, semaphore,
    two_tasks, wait,
};

/// In the order of the article.
pub(crate) const RECIPES: [Recipe; 11] = [
    Recipe {
        number: 1,
        name: "basic",
        question: "Basic: how do I write non-blocking processing?",
        keywords: "asyncio.run async await sleep coroutine sequential",
        file: "recipes/src/basic.rs",
        source: include_str!("../basic.rs"),
        twin: include_str!("../../python/basic.py"),
        perform: |_, _| {
            basic::main();
            Ok(())
        },
    },
    Recipe {
        number: 2,
        name: "two-tasks",
        question: "How do two tasks share one loop?",
        keywords: "asyncio.create_task ensure_future run_forever run_until_idle event spawn",
        file: "recipes/src/two_tasks.rs",
        source: include_str!("../two_tasks.rs"),
        twin: include_str!("../../python/two-tasks.py"),
        perform: |_, _| {
            two_tasks::main();
            Ok(())
        },
    },
    Recipe {
        number: 3,
        name: "gather",
        question: "I want to process in parallel (fixed length), and have the results in the \
                   order I asked",
        keywords: "asyncio.gather concurrent all together join_all",
        file: "recipes/src/gather.rs",
        source: include_str!("../gather.rs"),
        twin: include_str!("../../python/gather.py"),
        perform: |_, _| {
            gather::main();
            Ok(())
        },
    },
    Recipe {
        number: 4,
        name: "wait",
        question: "I want to process in parallel (fixed length), and know which is done and \
                   which is not",
        keywords: "asyncio.wait done pending concurrent completion first",
        file: "recipes/src/wait.rs",
        source: include_str!("../wait.rs"),
        twin: include_str!("../../python/wait.py"),
        perform: |_, _| {
            wait::main();
            Ok(())
        },
    },
    Recipe {
        number: 5,
        name: "queue",
        question: "I want to process in parallel (indefinite length): the work waits in a queue",
        keywords: "asyncio.Queue stream workers run_in_executor threads blocking requests urls \
                   pages fetch web http",
        file: "recipes/src/queue.rs",
        source: include_str!("../queue.rs"),
        twin: include_str!("../../python/queue.py"),
        perform: |order, meter| {
            queue::main(&order.urls(), &order.requests(meter)?, order.workers());
            Ok(())
        },
    },
    Recipe {
        number: 6,
        name: "semaphore",
        question: "I want to control the number of executions in parallel",
        keywords: "asyncio.Semaphore limit limited throttle concurrency at once scraping",
        file: "recipes/src/semaphore.rs",
        source: include_str!("../semaphore.rs"),
        twin: include_str!("../../python/semaphore.py"),
        perform: |order, _| {
            semaphore::main(order.parallel.unwrap_or(3), semaphore::lengths(order.seed));
            Ok(())
        },
    },
    Recipe {
        number: 7,
        name: "callback",
        question: "I want to perform callback processing after asynchronous processing is \
                   completed",
        keywords: "add_done_callback ensure_future done finished called hook",
        file: "recipes/src/callback.rs",
        source: include_str!("../callback.rs"),
        twin: include_str!("../../python/callback.py"),
        perform: |_, _| {
            callback::main();
            Ok(())
        },
    },
    Recipe {
        number: 8,
        name: "iterator",
        question: "I want to create an iterator that processes asynchronously",
        keywords: "async for iterate stream generator aiter anext StopAsyncIteration urls pages \
                   fetch web http",
        file: "recipes/src/iterator.rs",
        source: include_str!("../iterator.rs"),
        twin: include_str!("../../python/iterator.py"),
        perform: |order, meter| {
            iterator::main(&order.urls(), &order.requests(meter)?);
            Ok(())
        },
    },
    Recipe {
        number: 9,
        name: "process",
        question: "I want to perform non-blocking processing in multiple processes",
        keywords: "ProcessPoolExecutor run_in_executor ProcessPool multiprocessing worker workers \
                   cpu cores compute pickle print_num",
        file: "recipes/src/process.rs",
        source: include_str!("../process.rs"),
        twin: include_str!("../../python/process.py"),
        perform: |order, _| process::main(order.parallel.unwrap_or(4)),
    },
    Recipe {
        number: 10,
        name: "default-executor",
        question: "I want worker processes by default, without handing a pool around",
        keywords: "set_default_executor run_in_executor ProcessPoolExecutor ProcessPool Processes \
                   Threads closure default slot",
        file: "recipes/src/default_executor.rs",
        source: include_str!("../default_executor.rs"),
        twin: include_str!("../../python/default-executor.py"),
        perform: |order, _| default_executor::main(order.parallel.unwrap_or(4)),
    },
    Recipe {
        number: 11,
        name: "process-proof",
        question: "How do I check that it is multi-process and non-blocking?",
        keywords: "proof measure pid pids report wall busy peak ticker late cpu cores compute \
                   threads gil speed inline",
        file: "recipes/src/process_proof.rs",
        source: include_str!("../process_proof.rs"),
        twin: include_str!("../../python/process-proof.py"),
        perform: |order, _| process_proof::main(order.workers()),
    },
];
