//! I want to stop in good order when I am asked to (graceful shutdown).

use std::cell::RefCell;
use std::rc::Rc;

use mainspring::asyncio::{Duration, Event, Task, create_task, sleep, wait};

use crate::event_loop::run;
use crate::output::say;
use crate::sleeping::measured;

// ANCHOR: shutdown
/// The requests that are being handled.
type Running = Rc<RefCell<Vec<Task<()>>>>;

/// How many seconds the requests take, which come one every 0.2 seconds.
const LENGTHS: [f64; 6] = [0.3, 0.3, 1.0, 3.0, 0.1, 0.1];

async fn handle(number: usize, seconds: f64) {
    measured(sleep(seconds)).await;
    say!("request {number}: answered");
}

/// Takes requests as they come, and has each handled by a task of its own.
async fn accept(running: Running) {
    for (number, seconds) in (1..).zip(LENGTHS) {
        sleep(0.2).await;
        say!("request {number}: accepted");
        let request = create_task(handle(number, seconds));
        let mut running = running.borrow_mut();
        running.retain(|request| !request.done());
        running.push(request);
    }
}

/// Serves until it is asked to stop, and then for `grace` at most.
pub async fn serve(stop: &Event, grace: Duration) {
    let running = Running::default();
    let accepting = create_task(accept(running.clone()));
    stop.wait().await;

    // First: nothing new. The task is dropped where it waits; with a listener goes its port.
    accepting.cancel();
    wait([accepting]).await;
    say!("stopping: nothing more is accepted");

    // Then: what has begun may end, in bounded time.
    let (_, pending) = wait(running.take()).timeout(grace).await;

    // Last: what has not ended is dropped.
    for request in &pending {
        request.cancel();
    }
    let (cut, _) = wait(pending).await;
    say!("stopped: {} cut short", cut.len());
}

/// `if __name__ == "__main__"`
pub fn main() {
    run(async {
        let stop = Rc::new(Event::new());
        let request = stop.clone();
        // Who asks may be anybody: a signal, a request of its own, a file that appears.
        create_task(async move {
            sleep(0.9).await;
            request.set();
        });
        serve(&stop, Duration::from_secs(1)).await;
    });
}
// ANCHOR_END: shutdown
