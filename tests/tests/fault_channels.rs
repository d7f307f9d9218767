//! F80 and F81 for channels and queues: whoever waits is aborted wherever it stands, and every item
//! arrives once, in its order, at somebody who is left.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use mainspring::sync::{Queue, broadcast, mpsc, oneshot, watch};
use mainspring::task::{JoinHandle, idle, spawn_local, yield_now};
use mainspring::time::{sleep, timeout};
use mainspring_tests::chopped::Die;
use mainspring_tests::storm::{paused, storm};
use mainspring_tests::watchdog::watch as watchdog;

const ROUNDS: u64 = 300;

type Log = Rc<RefCell<Vec<(usize, u32)>>>;

/// What each wrote before it was aborted, and nothing else: each sender's items in their order.
fn nothing_is_lost_or_doubled(sent: &Log, read: &Log, round: u64) {
    for sender in 0..6 {
        let of = |log: &Log| -> Vec<u32> {
            let log = log.borrow();
            let own = log.iter().filter(|(who, _)| *who == sender);
            own.map(|(_, item)| *item).collect()
        };
        assert_eq!(of(sent), of(read), "round {round}, sender {sender}");
    }
}

#[test]
fn f80_senders_that_are_aborted_lose_no_room_and_no_message() {
    let _watchdog = watchdog();
    for round in 1..=ROUNDS {
        let mut die = Die::new(round);
        paused().block_on(async {
            let (tell, mut told) = mpsc::channel(2);
            let (sent, read) = (Log::default(), Log::default());
            let sender = |number| {
                let (tell, sent) = (tell.clone(), sent.clone());
                spawn_local(async move {
                    for item in 0..4 {
                        tell.send((number, item)).await.unwrap();
                        sent.borrow_mut().push((number, item));
                        let permit = tell.reserve().await.unwrap();
                        yield_now().await;
                        drop(permit);
                    }
                })
            };
            let senders = (0..6).map(sender).collect();
            drop(tell);
            let reader = spawn_local({
                let read = read.clone();
                async move {
                    while let Some(message) = told.recv().await {
                        read.borrow_mut().push(message);
                        yield_now().await;
                    }
                    assert_eq!(told.capacity(), 2, "round {round}: room was lost");
                }
            });
            storm(&mut die, senders).await;
            reader.await.unwrap();
            nothing_is_lost_or_doubled(&sent, &read, round);
        });
    }
}

#[test]
fn f80_putters_and_getters_that_are_aborted_lose_no_item() {
    let _watchdog = watchdog();
    for round in 1..=ROUNDS {
        let mut die = Die::new(round);
        paused().block_on(async {
            let queue: Queue<_> = Queue::bounded(2);
            let (put, got) = (Log::default(), Log::default());
            let getter = || {
                let (queue, got) = (queue.clone(), got.clone());
                spawn_local(async move {
                    while let Ok(item) = queue.get().await {
                        got.borrow_mut().push(item);
                        queue.task_done().unwrap();
                        yield_now().await;
                    }
                })
            };
            let putter = |number| {
                let (queue, put) = (queue.clone(), put.clone());
                spawn_local(async move {
                    for item in 0..4 {
                        queue.put((number, item)).await.unwrap();
                        put.borrow_mut().push((number, item));
                    }
                })
            };
            let mut getters: Vec<JoinHandle<()>> = (0..2).map(|_| getter()).collect();
            let putters: Vec<JoinHandle<()>> = (0..6).map(putter).collect();
            for _ in 0..3 {
                for _ in 0..die.throw(5) {
                    yield_now().await;
                }
                getters.swap_remove(die.throw(2)).abort();
                getters.push(getter());
            }
            storm(&mut die, putters).await;
            queue.join().await;
            nothing_is_lost_or_doubled(&put, &got, round);
            getters.iter().for_each(JoinHandle::abort);
        });
    }
}

#[test]
fn f80_readers_of_a_broadcast_that_are_aborted_cost_the_others_nothing() {
    let _watchdog = watchdog();
    for round in 1..=ROUNDS {
        let mut die = Die::new(round);
        paused().block_on(async {
            let (tell, _) = broadcast::channel(16);
            let complete = Rc::new(RefCell::new(0));
            let reader = |_| {
                let (mut told, complete) = (tell.subscribe(), complete.clone());
                spawn_local(async move {
                    for item in 0..8 {
                        assert_eq!(told.recv().await, Ok(item));
                    }
                    *complete.borrow_mut() += 1;
                })
            };
            let readers: Vec<_> = (0..6).map(reader).collect();
            let teller = spawn_local(async move {
                for item in 0..8 {
                    // There is nobody left once all have been aborted.
                    let _ = tell.send(item);
                    yield_now().await;
                }
            });
            storm(&mut die, readers).await;
            teller.await.unwrap();
            // Three at most were aborted.
            assert!(*complete.borrow() >= 3, "round {round}");
        });
    }
}

#[test]
fn f80_whoever_is_left_sees_the_last_value_of_a_watch() {
    let _watchdog = watchdog();
    for round in 1..=ROUNDS {
        let mut die = Die::new(round);
        paused().block_on(async {
            let (tell, told) = watch::channel(0);
            let reader = |_| {
                let mut told = told.clone();
                spawn_local(async move {
                    while *told.wait_for(|_| true).await.unwrap() < 8 {
                        told.changed().await.unwrap();
                    }
                })
            };
            let readers: Vec<_> = (0..6).map(reader).collect();
            let teller = spawn_local(async move {
                for value in 1..=8 {
                    tell.send_replace(value);
                    yield_now().await;
                }
                tell
            });
            storm(&mut die, readers).await;
            assert_eq!(*teller.await.unwrap().borrow(), 8);
        });
    }
}

#[test]
fn f80_an_answer_whose_asker_is_aborted_comes_back() {
    let _watchdog = watchdog();
    for round in 1..=ROUNDS {
        let mut die = Die::new(round);
        paused().block_on(async {
            let (answer, question) = oneshot::channel::<u32>();
            let asker = spawn_local(question);
            for _ in 0..die.throw(3) {
                yield_now().await;
            }
            let is_aborted = die.throw(2) == 0 && asker.cancel();
            for _ in 0..die.throw(3) {
                yield_now().await;
            }
            let sent = answer.send(round as u32);
            match asker.await {
                Ok(heard) => assert_eq!((heard, sent), (Ok(round as u32), Ok(()))),
                // Sent before the abort was carried out, it went with the one who asked.
                Err(error) => assert!(is_aborted && error.is_cancelled()),
            }
        });
    }
}

#[test]
fn f81_a_message_that_comes_with_the_end_of_the_limit_is_read() {
    let _watchdog = watchdog();
    let limit = Duration::from_millis(10);
    paused().block_on(async {
        let (tell, mut told) = mpsc::channel(1);
        let queue: Queue<_> = Queue::unbounded();
        let putter = queue.clone();
        spawn_local(async move {
            sleep(limit).await;
            tell.send(1).await.unwrap();
            putter.put_nowait(2).unwrap();
        });
        idle().await;
        // The teller's time is up first, then the reader's; both in one turn.
        let message = timeout(limit, told.recv()).await;
        assert_eq!(message, Ok(Some(1)));
        assert_eq!(queue.get_nowait(), Ok(2));
    });
}
