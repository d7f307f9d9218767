//! I want tasks to share state: do I need a lock?

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use mainspring::asyncio::{create_task, gather, sleep};
use mainspring::sync::Mutex;

use crate::event_loop::run;
use crate::output::say;
use crate::sleeping::measured;

// ANCHOR: sharing
/// Who has how much.
pub type Accounts = BTreeMap<&'static str, u32>;

/// Wrong: whoever else looks while this waits sees the same amount, and one of them is forgotten.
pub async fn careless(accounts: Rc<RefCell<Accounts>>) {
    let seen = accounts.borrow()["Ann"];
    measured(sleep(0.2)).await;
    accounts.borrow_mut().insert("Ann", seen + 10);
}

/// Right without a lock: between two awaits nobody else runs, and no borrow lives across one.
pub async fn at_once(accounts: Rc<RefCell<Accounts>>) {
    measured(sleep(0.2)).await;
    *accounts.borrow_mut().get_mut("Ann").unwrap() += 10;
}

/// Right with a lock, which is for this: to look, to wait, and to act on what one has seen.
pub async fn locked(accounts: Rc<Mutex<Accounts>>) {
    let mut accounts = accounts.lock().await;
    let seen = accounts["Ann"];
    measured(sleep(0.2)).await;
    accounts.insert("Ann", seen + 10);
}

/// Each time, three tasks pay Ann 10.
pub async fn sharing() {
    let begin = || Accounts::from([("Ann", 0)]);

    let accounts = Rc::new(RefCell::new(begin()));
    gather((0..3).map(|_| create_task(careless(accounts.clone())))).await;
    say!("careless: Ann has {}", accounts.borrow()["Ann"]);

    let accounts = Rc::new(RefCell::new(begin()));
    gather((0..3).map(|_| create_task(at_once(accounts.clone())))).await;
    say!("at once: Ann has {}", accounts.borrow()["Ann"]);

    let accounts = Rc::new(Mutex::new(begin()));
    gather((0..3).map(|_| create_task(locked(accounts.clone())))).await;
    say!("locked: Ann has {}", accounts.lock().await["Ann"]);
}

/// `if __name__ == "__main__"`
pub fn main() {
    run(sharing());
}
// ANCHOR_END: sharing
