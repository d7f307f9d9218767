//! I want to process in parallel (indefinite length): the work waits in a queue.

use std::cell::RefCell;
use std::rc::Rc;

use mainspring::asyncio::{Queue, Threads, gather, run_in_executor};
use mainspring::task::Outcome;

use crate::event_loop::run;
use crate::output::{complain, say};
use crate::pages::{Fetched, Requests};

// ANCHOR: queue
/// `parallel` workers share one queue; each lets a thread do what blocks.
pub async fn queue_execution(
    urls: &[String],
    requests_get: impl Fn(String) -> Fetched + Clone + Send + 'static,
    callback: impl Fn(&Outcome<Fetched>) + Clone + 'static,
    parallel: usize,
) {
    let queue: Queue<String> = urls.iter().cloned().collect();
    let fetch = async || {
        // `get` may give way to another worker between the question and the answer.
        while let Ok(url) = queue.get_nowait() {
            let future = run_in_executor(&Threads, requests_get.clone(), url);
            future.add_done_callback(callback.clone());
            // A host that fails is an `Err` in here: the callback tells, this worker goes on.
            let _fetched = future.await.unwrap();
        }
    };
    gather((0..parallel).map(|_| fetch())).await;
}

/// `if __name__ == "__main__"`
pub fn main(urls: &[String], requests: &Requests, parallel: usize) {
    let results = Rc::new(RefCell::new(Vec::new()));
    let store = results.clone();
    let store_result = move |fetched: &Outcome<Fetched>| match fetched.as_ref().unwrap() {
        Ok(page) => store.borrow_mut().push(page.clone()),
        Err(error) => complain(error),
    };
    run(queue_execution(
        urls,
        requests.getter(),
        store_result,
        parallel,
    ));
    for page in results.take() {
        say!("queue execution: {}", page.url);
    }
}
// ANCHOR_END: queue
