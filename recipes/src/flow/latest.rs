//! I want only the newest value, not all of them.

use mainspring::asyncio::{create_task, sleep};
use mainspring::sync::watch::{Receiver, channel};

use crate::event_loop::run;
use crate::output::say;
use crate::sleeping::measured;

// ANCHOR: latest
/// Shows where the lift is. That takes a while, and the lift does not wait for it.
pub async fn display(mut floor: Receiver<u32>) {
    while floor.changed().await.is_ok() {
        let newest = *floor.borrow_and_update();
        say!("display: floor {newest}");
        measured(sleep(0.7)).await;
    }
    say!("display: off");
}

/// Waits at the fifth floor.
pub async fn passenger(mut floor: Receiver<u32>) {
    let seen = floor
        .wait_for(|floor| *floor >= 5)
        .await
        .map(|floor| *floor);
    match seen {
        Ok(floor) => say!("passenger: gets in at floor {floor}"),
        Err(_) => say!("passenger: takes the stairs"),
    }
}

/// The lift goes up seven floors.
pub async fn latest() {
    let (lift, floor) = channel(0);
    let passenger = create_task(passenger(floor.clone()));
    let display = create_task(display(floor));
    for floor in 1..=7 {
        measured(sleep(0.2)).await;
        lift.send(floor).unwrap();
    }
    drop(lift);
    passenger.await.unwrap();
    display.await.unwrap();
}

/// `if __name__ == "__main__"`
pub fn main() {
    run(latest());
}
// ANCHOR_END: latest
