//! What `Queue` promises. Tests that bear an id (`queue_…`) come from asyncio's own suite.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures_core::Stream;
use mainspring::sync::queue::{Fifo, Heap, Lifo, Store};
use mainspring::sync::{
    LifoQueue, PriorityQueue, Queue, QueueShutDown, TooManyTaskDone, TryGetError, TryPutError,
};
use mainspring::task::{JoinHandle, idle, spawn, yield_now};
use mainspring::time::timeout;
use mainspring_tests::by_hand::Bell;

type Log<T> = Rc<RefCell<Vec<T>>>;

fn getter<T: 'static, S: Store<T> + 'static>(
    queue: &Queue<T, S>,
) -> JoinHandle<Result<T, QueueShutDown>> {
    let queue = queue.clone();
    spawn(async move { queue.get().await })
}

fn putter<T: 'static, S: Store<T> + 'static>(
    queue: &Queue<T, S>,
    item: T,
) -> JoinHandle<Result<(), QueueShutDown<T>>> {
    let queue = queue.clone();
    spawn(async move { queue.put(item).await })
}

#[mainspring::test(start_paused = true)]
async fn queue_show_state() {
    let queue: Queue<u32> = Queue::bounded(1);
    let parked = getter(&queue);
    idle().await;
    let shown = format!("{queue:?}");
    assert!(
        shown.contains("items: 0") && shown.contains("parked_getters: 1"),
        "{shown}"
    );

    queue.put(1).await.unwrap();
    parked.await.unwrap().unwrap();
    queue.put(2).await.unwrap();
    let _parked = putter(&queue, 3);
    idle().await;
    queue.shutdown(false);
    let shown = format!("{queue:?}");
    for part in [
        "items: 1",
        "limit: Some(1)",
        "parked_putters: 1",
        "unfinished: 2",
    ] {
        assert!(shown.contains(part), "{shown}");
    }
    assert!(shown.contains("shutdown: true"), "{shown}");
}

#[test]
fn queue_empty_flag() {
    let queue: Queue<u32> = Queue::unbounded();
    assert!(queue.empty());
    queue.put_nowait(1).unwrap();
    assert!(!queue.empty());
    queue.get_nowait().unwrap();
    assert!(queue.empty());
}

#[mainspring::test(start_paused = true)]
async fn queue_lifo_order() {
    let queue: LifoQueue<u32> = [1, 3, 2].into_iter().collect();
    for expected in [2, 3, 1] {
        assert_eq!(queue.get().await, Ok(expected));
    }
}

#[mainspring::test(start_paused = true)]
async fn queue_priority_order() {
    let queue: PriorityQueue<u32> = [1, 3, 2].into_iter().collect();
    for expected in [1, 2, 3] {
        assert_eq!(queue.get().await, Ok(expected));
    }
}

/// Compares by the first field only.
#[derive(Debug)]
struct Job(u32, &'static str);

impl PartialEq for Job {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl Eq for Job {}
impl PartialOrd for Job {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Job {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}

#[test]
fn queue_priority_ties_fifo() {
    let jobs = ["a", "b", "c", "d", "e"].map(|name| Job(1, name));
    let queue: PriorityQueue<Job> = jobs.into_iter().collect();
    queue.put_nowait(Job(0, "first")).unwrap();
    let names: Vec<_> = std::iter::from_fn(|| queue.get_nowait().ok())
        .map(|job| job.1)
        .collect();
    assert_eq!(names, ["first", "a", "b", "c", "d", "e"]);
}

#[mainspring::test(start_paused = true)]
async fn queue_maxsize_blocks_third_put() {
    let queue: Queue<u32> = Queue::bounded(2);
    let log: Log<u32> = Log::default();
    let putter = spawn({
        let (queue, log) = (queue.clone(), log.clone());
        async move {
            for item in 0..3 {
                queue.put(item).await.unwrap();
                log.borrow_mut().push(item);
            }
        }
    });
    idle().await;
    assert_eq!(*log.borrow(), [0, 1]);
    assert!(queue.full());

    assert_eq!(queue.get().await, Ok(0));
    yield_now().await;
    assert_eq!(*log.borrow(), [0, 1, 2]);
    yield_now().await;
    assert!(putter.is_finished());
    assert_eq!((queue.get().await, queue.get().await), (Ok(1), Ok(2)));
}

#[test]
fn queue_maxsize_readable() {
    assert_eq!(Queue::<u32>::bounded(2).maxsize(), Some(2));
    assert_eq!(Queue::<u32>::unbounded().maxsize(), None);
    assert_eq!(Queue::<u32>::default().maxsize(), None);
}

#[test]
#[should_panic(expected = "Queue::unbounded")]
fn a_queue_without_room_is_refused_with_the_remedy() {
    let _ = Queue::<u32>::bounded(0);
}

#[test]
fn queue_get_ready_item() {
    let queue: Queue<u32> = [1].into_iter().collect();
    let bell = Bell::new();
    assert_eq!(bell.poll(&mut queue.get()), Poll::Ready(Ok(1)));
    assert_eq!(bell.rings(), 0);
}

#[test]
fn queue_get_nowait_item() {
    let queue: Queue<u32> = [1].into_iter().collect();
    assert_eq!(queue.get_nowait(), Ok(1));
}

#[test]
fn queue_get_nowait_empty() {
    let queue: Queue<u32> = Queue::unbounded();
    assert_eq!(queue.get_nowait(), Err(TryGetError::Empty));
}

#[mainspring::test(start_paused = true)]
async fn queue_cancel_one_of_two_getters() {
    let queue: Queue<u32> = Queue::bounded(5);
    let (first, second) = (getter(&queue), getter(&queue));
    idle().await;
    first.abort();
    queue.put(0).await.unwrap();
    assert_eq!(second.await.unwrap(), Ok(0));
    assert!(first.await.unwrap_err().is_cancelled());
}

#[mainspring::test(start_paused = true)]
async fn queue_two_pending_putters_limit_1() {
    let queue: Queue<char> = Queue::bounded(1);
    let (a, b) = (putter(&queue, 'a'), putter(&queue, 'b'));
    assert_eq!(queue.get().await, Ok('a'));
    assert_eq!(queue.get().await, Ok('b'));
    a.await.unwrap().unwrap();
    b.await.unwrap().unwrap();
}

#[mainspring::test(start_paused = true)]
async fn queue_ping_pong_limit_1() {
    let queue: Queue<u32> = Queue::bounded(1);
    let producer = spawn({
        let queue = queue.clone();
        async move {
            for item in 0..5 {
                queue.put(item).await.unwrap();
            }
        }
    });
    let consumer = spawn(async move {
        let mut items = Vec::new();
        for _ in 0..5 {
            items.push(queue.get().await.unwrap());
        }
        items
    });
    producer.await.unwrap();
    assert_eq!(consumer.await.unwrap(), [0, 1, 2, 3, 4]);
}

#[mainspring::test(start_paused = true)]
async fn queue_timed_out_getter_leaves_no_trace() {
    let queue: Queue<u32> = Queue::unbounded();
    assert!(
        timeout(Duration::from_millis(100), queue.get())
            .await
            .is_err()
    );
    assert!(format!("{queue:?}").contains("parked_getters: 0"));
    queue.put_nowait(1).unwrap();
    assert_eq!(queue.get_nowait(), Ok(1));
}

#[test]
fn queue_put_nowait_full() {
    let queue: Queue<u32> = Queue::bounded(1);
    queue.put_nowait(1).unwrap();
    assert_eq!(queue.put_nowait(2), Err(TryPutError::Full(2)));
    assert_eq!(queue.put_nowait(2).unwrap_err().into_inner(), 2);
}

#[mainspring::test(start_paused = true)]
async fn queue_cancelled_getter_after_wake_keeps_item() {
    let queue: Queue<u32> = Queue::unbounded();
    let reader = getter(&queue);
    idle().await;
    queue.put_nowait(1).unwrap();
    queue.put_nowait(2).unwrap();
    reader.abort();
    assert!(reader.await.unwrap_err().is_cancelled());
    assert_eq!(queue.get().await, Ok(1));
    assert_eq!(queue.get().await, Ok(2));
}

#[mainspring::test(start_paused = true)]
async fn bpo_23812_an_item_called_for_an_aborted_getter_goes_to_the_next() {
    let queue: Queue<u32> = Queue::unbounded();
    let getters: Vec<_> = (0..3).map(|_| getter(&queue)).collect();
    idle().await;
    queue.put_nowait(7).unwrap();
    getters[0].abort();
    idle().await;
    assert!(getters[1].is_finished());
    assert!(!getters[2].is_finished());
}

#[mainspring::test(start_paused = true)]
async fn queue_cancelled_putter_after_wake() {
    let queue: Queue<u32> = Queue::bounded(1);
    queue.put(1).await.unwrap();
    let writer = putter(&queue, 2);
    idle().await;
    assert_eq!(queue.get_nowait(), Ok(1));
    writer.abort();
    assert!(writer.await.unwrap_err().is_cancelled());
    assert!(queue.empty());
    queue.put(2).await.unwrap();
    assert_eq!(queue.get().await, Ok(2));
}

#[mainspring::test(start_paused = true)]
async fn queue_put_then_get_hand_over() {
    let queue: Queue<char> = Queue::unbounded();
    let reader = getter(&queue);
    idle().await;
    queue.put('a').await.unwrap();
    assert_eq!(reader.await.unwrap(), Ok('a'));
}

#[mainspring::test(start_paused = true)]
async fn queue_cancel_third_putter() {
    let queue: Queue<char> = Queue::bounded(1);
    queue.put('a').await.unwrap();
    let b = putter(&queue, 'b');
    let x = putter(&queue, 'X');
    idle().await;
    x.abort();
    assert_eq!(queue.get().await, Ok('a'));
    assert_eq!(queue.get().await, Ok('b'));
    b.await.unwrap().unwrap();
    idle().await;
    assert!(queue.empty());
}

#[mainspring::test(start_paused = true)]
async fn queue_cancel_putter_already_dequeued() {
    let queue: Queue<char> = Queue::bounded(1);
    queue.put('a').await.unwrap();
    let b = putter(&queue, 'b');
    idle().await;
    queue.get_nowait().unwrap();
    b.abort();
    assert!(b.await.unwrap_err().is_cancelled());
}

#[test]
fn queue_task_done_too_often() {
    let queue: Queue<u32> = Queue::unbounded();
    assert_eq!(queue.task_done(), Err(TooManyTaskDone));
    queue.put_nowait(1).unwrap();
    queue.task_done().unwrap();
    assert_eq!(queue.task_done(), Err(TooManyTaskDone));
}

async fn hundred_items_two_workers<S: Store<u32> + 'static>() {
    let queue: Queue<u32, S> = (0..100).collect();
    assert_eq!(queue.unfinished(), 100);
    let sum = Rc::new(Cell::new(0));
    let workers: Vec<_> = (0..2)
        .map(|_| {
            let (queue, sum) = (queue.clone(), sum.clone());
            spawn(async move {
                loop {
                    let item = queue.get().await.unwrap();
                    yield_now().await;
                    sum.set(sum.get() + item);
                    queue.task_done().unwrap();
                }
            })
        })
        .collect();
    queue.join().await;
    assert_eq!(sum.get(), (0..100).sum());
    workers.iter().for_each(JoinHandle::abort);
}

#[mainspring::test(start_paused = true)]
async fn queue_join_after_100_items_two_workers() {
    hundred_items_two_workers::<Fifo<u32>>().await;
    hundred_items_two_workers::<Lifo<u32>>().await;
    hundred_items_two_workers::<Heap<u32>>().await;
}

async fn shut_down_empty<S: Store<u32> + 'static>(immediate: bool) {
    let queue: Queue<u32, S> = Queue::unbounded();
    let reader = getter(&queue);
    idle().await;
    queue.shutdown(immediate);

    assert_eq!(reader.await.unwrap(), Err(QueueShutDown(())));
    queue.join().await;
    assert!(queue.is_shut_down());
    assert_eq!(queue.put(1).await, Err(QueueShutDown(1)));
    assert_eq!(queue.get().await, Err(QueueShutDown(())));
    assert_eq!(queue.put_nowait(1), Err(TryPutError::ShutDown(1)));
    assert_eq!(queue.get_nowait(), Err(TryGetError::ShutDown));
    assert!(queue.checkout().await.is_err());
}

async fn shut_down_gently<S: Store<u32> + 'static>() {
    let queue: Queue<u32, S> = Queue::bounded(1);
    queue.put(1).await.unwrap();
    let writer = putter(&queue, 2);
    let joiner = spawn({
        let queue = queue.clone();
        async move { queue.join().await }
    });
    idle().await;
    queue.shutdown(false);

    assert_eq!(writer.await.unwrap(), Err(QueueShutDown(2)));
    assert_eq!(queue.get().await, Ok(1));
    idle().await;
    assert!(!joiner.is_finished());
    queue.task_done().unwrap();
    joiner.await.unwrap();
    assert_eq!(queue.get().await, Err(QueueShutDown(())));
    assert_eq!(queue.task_done(), Err(TooManyTaskDone));
}

async fn shut_down_at_once<S: Store<u32> + 'static>() {
    let queue: Queue<u32, S> = Queue::bounded(2);
    queue.put(1).await.unwrap();
    queue.put(2).await.unwrap();
    let writer = putter(&queue, 3);
    let joiner = spawn({
        let queue = queue.clone();
        async move { queue.join().await }
    });
    idle().await;
    assert!(queue.get_nowait().is_ok());
    idle().await; // the putter went in
    queue.shutdown(true);

    assert_eq!(writer.await.unwrap(), Ok(()));
    assert_eq!((queue.qsize(), queue.unfinished()), (0, 1));
    idle().await;
    assert!(!joiner.is_finished(), "one item is out and not reported");
    queue.task_done().unwrap();
    joiner.await.unwrap();
    assert_eq!(queue.get().await, Err(QueueShutDown(())));
}

#[mainspring::test(start_paused = true)]
async fn queue_shutdown_empty_wakes_getter() {
    shut_down_empty::<Fifo<u32>>(false).await;
    shut_down_empty::<Fifo<u32>>(true).await;
}

#[mainspring::test(start_paused = true)]
async fn queue_shutdown_nonempty_drains() {
    shut_down_gently::<Fifo<u32>>().await;
    shut_down_at_once::<Fifo<u32>>().await;
}

#[mainspring::test(start_paused = true)]
async fn queue_shutdown_all_orders() {
    shut_down_empty::<Lifo<u32>>(false).await;
    shut_down_empty::<Heap<u32>>(true).await;
    shut_down_gently::<Lifo<u32>>().await;
    shut_down_gently::<Heap<u32>>().await;
    shut_down_at_once::<Lifo<u32>>().await;
    shut_down_at_once::<Heap<u32>>().await;
}

#[mainspring::test(start_paused = true)]
async fn an_immediate_shutdown_releases_those_who_join_only_items_in_the_queue() {
    let queue: Queue<u32> = (0..3).collect();
    let joiner = spawn({
        let queue = queue.clone();
        async move { queue.join().await }
    });
    idle().await;
    queue.shutdown(true);
    joiner.await.unwrap();
}

#[test]
fn a_getter_that_was_called_before_an_immediate_shutdown_gets_the_error() {
    let queue: Queue<u32> = Queue::unbounded();
    let bell = Bell::new();
    let mut get = queue.get();
    assert!(bell.poll(&mut get).is_pending());
    queue.put_nowait(1).unwrap();
    queue.shutdown(true);
    assert_eq!(bell.poll(&mut get), Poll::Ready(Err(QueueShutDown(()))));
    assert_eq!(queue.unfinished(), 0);
}

#[test]
fn an_item_called_for_a_getter_that_gave_up_after_a_shutdown_is_still_had() {
    let queue: Queue<u32> = Queue::unbounded();
    let bell = Bell::new();
    let mut called = queue.get();
    let mut behind = queue.get();
    assert!(bell.poll(&mut called).is_pending());
    assert!(bell.poll(&mut behind).is_pending());
    queue.put_nowait(1).unwrap();
    queue.shutdown(false);
    // It hears of the shutdown before the other has run.
    assert!(bell.poll(&mut behind).is_pending());
    drop(called);
    assert_eq!(bell.poll(&mut behind), Poll::Ready(Ok(1)));
    assert_eq!(queue.get_nowait(), Err(TryGetError::ShutDown));
}

#[test]
fn a_getter_that_was_called_and_never_runs_keeps_nobody_waiting_after_a_shutdown() {
    let queue: Queue<u32> = Queue::unbounded();
    let bell = Bell::new();
    let mut called = queue.get();
    let mut behind = queue.get();
    assert!(bell.poll(&mut called).is_pending());
    assert!(bell.poll(&mut behind).is_pending());
    queue.put_nowait(1).unwrap();
    queue.shutdown(false);
    assert!(bell.poll(&mut behind).is_pending());
    assert_eq!(bell.poll(&mut behind), Poll::Ready(Ok(1)));
    assert_eq!(bell.poll(&mut called), Poll::Ready(Err(QueueShutDown(()))));
}

#[mainspring::test(start_paused = true)]
async fn queue_stream_ends_on_shutdown() {
    let queue: Queue<u32> = Queue::unbounded();
    let reader = spawn({
        let mut items = queue.stream();
        async move {
            let mut seen = Vec::new();
            while let Some(item) = poll_fn(|cx| Pin::new(&mut items).poll_next(cx)).await {
                seen.push(item);
            }
            seen
        }
    });
    idle().await;
    queue.put_nowait(1).unwrap();
    queue.put_nowait(2).unwrap();
    idle().await;
    queue.put_nowait(3).unwrap();
    queue.shutdown(false);
    assert_eq!(reader.await.unwrap(), [1, 2, 3]);
}

#[test]
fn queue_collect_from_iterator() {
    let queue: Queue<char> = "abc".chars().collect();
    assert_eq!((queue.qsize(), queue.unfinished()), (3, 3));
    let items: String = std::iter::from_fn(|| queue.get_nowait().ok()).collect();
    assert_eq!(items, "abc");
}

#[mainspring::test]
async fn queue_put_from_other_thread() {
    let queue: Queue<u32> = Queue::bounded(2);
    let thread = std::thread::spawn({
        let queue = queue.clone();
        move || {
            for item in 0..100 {
                queue.put_blocking(item).unwrap();
            }
            queue.shutdown(false);
            queue.put_blocking(100)
        }
    });
    let mut items = Vec::new();
    while let Ok(item) = queue.get().await {
        items.push(item);
    }
    assert_eq!(items, (0..100).collect::<Vec<_>>());
    assert_eq!(thread.join().unwrap(), Err(QueueShutDown(100)));
}

#[mainspring::test]
async fn a_thread_gets_what_a_task_puts() {
    let queue: Queue<u32> = Queue::bounded(1);
    let thread = std::thread::spawn({
        let queue = queue.clone();
        move || {
            let mut sum = 0;
            while let Ok(item) = queue.get_blocking() {
                sum += item;
                queue.task_done().unwrap();
            }
            sum
        }
    });
    for item in 1..=100 {
        queue.put(item).await.unwrap();
    }
    queue.join().await;
    queue.shutdown(false);
    assert_eq!(thread.join().unwrap(), 5050);
}

#[mainspring::test(start_paused = true)]
async fn queue_getters_fifo() {
    let queue: Queue<u32> = Queue::unbounded();
    let log: Log<(u32, u32)> = Log::default();
    for name in 0..3 {
        let (queue, log) = (queue.clone(), log.clone());
        spawn(async move {
            let item = queue.get().await.unwrap();
            log.borrow_mut().push((name, item));
        });
    }
    idle().await;
    (0..3).for_each(|item| queue.put_nowait(item).unwrap());
    idle().await;
    assert_eq!(*log.borrow(), [(0, 0), (1, 1), (2, 2)]);
}

#[mainspring::test(start_paused = true)]
async fn a_newcomer_does_not_take_the_item_of_a_getter_that_was_called() {
    let queue: Queue<u32> = Queue::unbounded();
    let called = getter(&queue);
    idle().await;
    queue.put_nowait(1).unwrap();
    assert_eq!(queue.get_nowait(), Err(TryGetError::Empty));
    let newcomer = getter(&queue);
    queue.put_nowait(2).unwrap();
    assert_eq!(called.await.unwrap(), Ok(1));
    assert_eq!(newcomer.await.unwrap(), Ok(2));
}

#[mainspring::test(start_paused = true)]
async fn a_ticket_reports_its_item_also_when_the_worker_panics_or_is_aborted() {
    let queue: Queue<u32> = (0..4).collect();
    let panics = spawn({
        let queue = queue.clone();
        async move {
            let ticket = queue.checkout().await.unwrap();
            assert_ne!(*ticket, 0, "planned");
        }
    });
    let aborted = spawn({
        let queue = queue.clone();
        async move {
            let _ticket = queue.checkout().await.unwrap();
            std::future::pending::<()>().await;
        }
    });
    idle().await;
    assert!(panics.await.unwrap_err().is_panic());
    assert_eq!(queue.unfinished(), 3);
    aborted.abort();
    idle().await;
    assert_eq!(queue.unfinished(), 2);

    let mut ticket = queue.checkout().await.unwrap();
    *ticket += 10;
    assert_eq!(ticket.into_inner(), 12);
    assert_eq!(queue.unfinished(), 1);
    drop(queue.checkout().await.unwrap());
    queue.join().await;
}

#[mainspring::test(start_paused = true)]
async fn who_joins_goes_on_though_new_items_came_before_he_ran() {
    let queue: Queue<u32> = [1].into_iter().collect();
    let joiner = spawn({
        let queue = queue.clone();
        async move { queue.join().await }
    });
    idle().await;
    queue.task_done().unwrap();
    queue.put_nowait(2).unwrap();
    joiner.await.unwrap();
}

#[mainspring::test(start_paused = true)]
async fn a_queue_that_always_has_an_item_does_not_hold_the_loop() {
    let queue: Queue<u32> = [0].into_iter().collect();
    let hog = spawn({
        let queue = queue.clone();
        async move {
            loop {
                let item = queue.get().await.unwrap();
                queue.put(item).await.unwrap();
            }
        }
    });
    for _ in 0..10 {
        yield_now().await;
    }
    hog.abort();
}

/// Says when it is dropped, and panics on request.
struct Bomb(Arc<std::sync::Mutex<Vec<u32>>>, u32, Option<Queue<Bomb>>);

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.lock().unwrap().push(self.1);
        if let Some(queue) = &self.2 {
            // Would hang if items were dropped under the lock.
            let _ = (queue.qsize(), queue.get_nowait().is_ok());
        }
        if self.1 == 2 {
            panic!("planned");
        }
    }
}

#[test]
fn tokio_7094_a_panicking_item_leaves_the_others_dropped_and_the_queue_whole() {
    let queue: Queue<Bomb> = Queue::unbounded();
    let dropped = Arc::default();
    for number in 0..5 {
        let bomb = Bomb(Arc::clone(&dropped), number, Some(queue.clone()));
        queue.put_nowait(bomb).ok().unwrap();
    }
    assert!(catch_unwind(AssertUnwindSafe(|| queue.shutdown(true))).is_err());
    assert_eq!(*dropped.lock().unwrap(), [0, 1, 2, 3, 4]);
    assert!(queue.is_shut_down() && queue.empty());
    assert_eq!(queue.unfinished(), 0);
}

#[test]
fn queues_are_send_and_sync_when_their_items_are_send() {
    fn both<T: Send + Sync>() {}
    both::<Queue<Cell<u32>>>();
    both::<LifoQueue<Cell<u32>>>();
    both::<PriorityQueue<u32>>();
    both::<mainspring::sync::queue::Get<'_, Cell<u32>>>();
    both::<mainspring::sync::queue::Items<Cell<u32>>>();
    fn send<T: Send>() {}
    send::<mainspring::sync::queue::Put<'_, Cell<u32>>>();
    send::<mainspring::sync::Ticket<Cell<u32>>>();
}
