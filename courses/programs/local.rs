//! Tasks that stay on their thread: what must not be sent to another one may live in them.

use std::cell::RefCell;
use std::rc::Rc;

use tokio::task::{LocalSet, spawn_local, yield_now};

#[tokio::main]
async fn main() {
    let local = LocalSet::new();
    let diary = local
        .run_until(async {
            // Neither `Arc` nor `Mutex`: one thread, and no borrow across an `.await`.
            let diary = Rc::new(RefCell::new(Vec::new()));
            let tasks: Vec<_> = ["Ada", "Grace", "Edsger"]
                .map(|name| {
                    let diary = Rc::clone(&diary);
                    spawn_local(async move {
                        for page in 1..=2 {
                            diary.borrow_mut().push(format!("{name}, page {page}"));
                            yield_now().await;
                        }
                    })
                })
                .into();
            for task in tasks {
                task.await.expect("no panic");
            }
            diary.take()
        })
        .await;
    // They run in turn, in the order in which they were spawned.
    for line in diary {
        println!("{line}");
    }
}
