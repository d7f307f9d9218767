//! Every recipe: its number, its name, the question it answers, its source and its Python twin.

use std::io::{self, Write};

use mainspring::process::{Function, function};

use crate::meter::{Meter, Summary};
use crate::pages::{Requests, URLS};
use crate::stage::{Setting, follow, play};
use crate::{
    basic, callback, default_executor, gather, iterator, process, process_proof, queue, semaphore,
    two_tasks, wait,
};

/// A recipe of the cookbook.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// Its place in the cookbook.
    pub number: u32,
    /// What it is called on the command line.
    pub name: &'static str,
    /// The question it answers.
    pub question: &'static str,
    /// More words by which it is found.
    pub keywords: &'static str,
    /// How it is written with mainspring.
    pub source: &'static str,
    /// How it is written in Python.
    pub twin: &'static str,
    /// Plays it on this thread's stage.
    perform: fn(&Order, &Meter) -> io::Result<()>,
}

/// How recipes are to be played.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Order {
    /// Play on the paused clock: waiting takes no time, pages come from memory
    #[arg(long)]
    pub paused: bool,
    /// Begin each line with the loop's time, as `[5.0s] `
    #[arg(long)]
    pub times: bool,
    /// How many at once: in `queue` and `process-proof` 2 if not given, in `semaphore` 3, in
    /// `process` and `default-executor` 4, and 2 with `--paused`
    #[arg(long, value_name = "N", value_parser = parse_parallel, allow_negative_numbers = true)]
    pub parallel: Option<usize>,
    /// A page to fetch in `queue` and `iterator`, in place of the article's; may be repeated
    #[arg(long = "url", value_name = "URL")]
    pub urls: Vec<String>,
    /// Fetch from the real hosts, over TLS where asked; otherwise a stand-in answers for them
    #[arg(long, conflicts_with = "paused")]
    pub online: bool,
    /// Draw the lengths of the jobs in `semaphore`
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub seed: Option<u64>,
}

/// More threads than a pool has by default.
const MOST_PARALLEL: usize = 512;

/// All recipes, in the order of the article.
pub const RECIPES: [Recipe; 11] = [
    Recipe {
        number: 1,
        name: "basic",
        question: "Basic: how do I write non-blocking processing?",
        keywords: "asyncio.run async await sleep coroutine sequential",
        source: include_str!("basic.rs"),
        twin: include_str!("../python/basic.py"),
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
        source: include_str!("two_tasks.rs"),
        twin: include_str!("../python/two-tasks.py"),
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
        source: include_str!("gather.rs"),
        twin: include_str!("../python/gather.py"),
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
        source: include_str!("wait.rs"),
        twin: include_str!("../python/wait.py"),
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
        source: include_str!("queue.rs"),
        twin: include_str!("../python/queue.py"),
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
        source: include_str!("semaphore.rs"),
        twin: include_str!("../python/semaphore.py"),
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
        source: include_str!("callback.rs"),
        twin: include_str!("../python/callback.py"),
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
        source: include_str!("iterator.rs"),
        twin: include_str!("../python/iterator.py"),
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
        source: include_str!("process.rs"),
        twin: include_str!("../python/process.py"),
        perform: |order, _| process::main(order.parallel.unwrap_or(4)),
    },
    Recipe {
        number: 10,
        name: "default-executor",
        question: "I want worker processes by default, without handing a pool around",
        keywords: "set_default_executor run_in_executor ProcessPoolExecutor ProcessPool Processes \
                   Threads closure default slot",
        source: include_str!("default_executor.rs"),
        twin: include_str!("../python/default-executor.py"),
        perform: |order, _| default_executor::main(order.parallel.unwrap_or(4)),
    },
    Recipe {
        number: 11,
        name: "process-proof",
        question: "How do I check that it is multi-process and non-blocking?",
        keywords: "proof measure pid pids report wall busy peak ticker late cpu cores compute \
                   threads gil speed inline",
        source: include_str!("process_proof.rs"),
        twin: include_str!("../python/process-proof.py"),
        perform: |order, _| process_proof::main(order.workers()),
    },
];

// ANCHOR: functions
/// What worker processes are asked for. A program that plays the recipes begins with
/// `serve(functions())`.
pub fn functions() -> [Function; 4] {
    [
        function(process::print_num),
        function(process_proof::compute),
        function(process_proof::pretend),
        function(follow),
    ]
}
// ANCHOR_END: functions

impl Recipe {
    /// The recipe of that name, or of that number.
    pub fn named(name: &str) -> Option<&'static Recipe> {
        let is_it = |recipe: &&Recipe| recipe.name == name || recipe.number.to_string() == name;
        RECIPES.iter().find(is_it)
    }

    /// The recipes that have most of these words in their name, question or keywords.
    pub fn find(words: &[String]) -> Vec<&'static Recipe> {
        let words = words.iter().flat_map(|word| word.split_whitespace());
        let words: Vec<String> = words.map(str::to_lowercase).collect();
        let score = |recipe: &Recipe| {
            let Recipe {
                name,
                question,
                keywords,
                ..
            } = recipe;
            let text = format!("{name} {question} {keywords}").to_lowercase();
            words.iter().filter(|word| text.contains(*word)).count()
        };
        let best = RECIPES.iter().map(score).max().unwrap_or(0);
        let is_best = |recipe: &&Recipe| best > 0 && score(recipe) == best;
        RECIPES.iter().filter(is_best).collect()
    }

    /// Plays it; its lines go to `sink`.
    ///
    /// # Errors
    ///
    /// The stand-in server for its pages could not be started; a worker process died, or there
    /// could be none.
    pub fn play(&self, order: &Order, sink: impl Write + 'static) -> io::Result<Summary> {
        let setting = Setting {
            paused: order.paused,
            times: order.times,
            lanes: order.workers(),
        };
        let mut played = Ok(());
        let summary = play(setting, sink, |meter| played = (self.perform)(order, meter));
        played.map(|()| summary)
    }
}

impl Order {
    fn workers(&self) -> usize {
        self.parallel.unwrap_or(2)
    }

    fn urls(&self) -> Vec<String> {
        match self.urls.is_empty() {
            true => URLS.map(str::to_owned).to_vec(),
            false => self.urls.clone(),
        }
    }

    fn requests(&self, meter: &Meter) -> io::Result<Requests> {
        match (self.paused, self.online) {
            (true, _) => Ok(Requests::from_memory(meter)),
            (false, true) => Ok(Requests::from_web(meter)),
            (false, false) => Requests::from_stand_in(meter),
        }
    }
}

fn parse_parallel(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(parallel @ 1..=MOST_PARALLEL) => Ok(parallel),
        Ok(0) => Err("with none at once nothing would ever run: ask for at least 1".to_owned()),
        _ => Err(format!("ask for a number from 1 to {MOST_PARALLEL}")),
    }
}
