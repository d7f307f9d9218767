//! I want to perform callback processing after asynchronous processing is completed.

use std::cell::RefCell;
use std::rc::Rc;

use mainspring::asyncio::{ensure_future, wait};
use mainspring::task::Outcome;

use crate::event_loop::run;
use crate::output::say;
use crate::sleeping::{SECONDS, sleeping};

// ANCHOR: callback
/// The callback is called on the loop, once for each task, when that task has ended.
pub async fn future_callback(callback: impl Fn(&Outcome<&'static str>) + Clone + 'static) {
    let futures = SECONDS.map(|(order, seconds)| {
        let future = ensure_future(sleeping(order, seconds, None));
        future.add_done_callback(callback.clone());
        future
    });
    wait(futures).await;
}

/// `if __name__ == "__main__"`
pub fn main() {
    let results = Rc::new(RefCell::new(Vec::new()));
    let store = results.clone();
    let store_result = move |order: &Outcome<&'static str>| {
        store.borrow_mut().push(*order.as_ref().unwrap());
    };
    run(future_callback(store_result));
    for result in results.take() {
        say!("future callback: {result}");
    }
}
// ANCHOR_END: callback
