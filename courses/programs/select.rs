//! `select!`: wait for several things at once, go on with the first, drop the others.

use std::future::pending;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

#[tokio::main]
async fn main() {
    the_first_one_wins().await;
    patterns_and_else().await;
    in_a_loop().await;
    on_with_the_same_future().await;
    the_loser_is_dropped().await;
}

async fn the_first_one_wins() {
    let (_slow, slow) = oneshot::channel::<&str>();
    let (fast_sender, fast) = oneshot::channel();
    tokio::spawn(async move { fast_sender.send("fast") });
    let winner = tokio::select! {
        value = slow => value,
        value = fast => value,
    };
    println!("{winner:?} wins");

    tokio::select! {
        () = sleep(Duration::from_millis(10)) => println!("it took too long"),
        () = pending() => unreachable!(),
    }
}

/// A branch whose pattern does not match is out; when all are out, it is `else`.
async fn patterns_and_else() {
    let (evens, mut even) = mpsc::channel(10);
    let (odds, mut odd) = mpsc::channel(10);
    for number in 1..=10 {
        let sender = if number % 2 == 0 { &evens } else { &odds };
        sender.send(number).await.expect("somebody listens");
    }
    drop((evens, odds));

    let mut sum = 0;
    loop {
        // Several are ready at once: chance decides, so that none is forgotten.
        tokio::select! {
            Some(number) = even.recv() => sum += number,
            Some(number) = odd.recv() => sum += number,
            else => break,
        }
    }
    println!("the sum is {sum}");
}

/// Work until told to stop, and then do what is left.
async fn in_a_loop() {
    let (jobs, mut inbox) = mpsc::channel(10);
    let (stop, mut stopped) = oneshot::channel::<()>();
    let worker = tokio::spawn(async move {
        let mut done = Vec::new();
        loop {
            tokio::select! {
                Some(job) = inbox.recv() => done.push(job),
                // By reference, so that it is still there in the next turn.
                _ = &mut stopped => break,
            }
        }
        // The stop may have overtaken the last jobs. From here on none is taken in…
        inbox.close();
        // …and `None` comes when none is left.
        while let Some(job) = inbox.recv().await {
            done.push(job);
        }
        done
    });
    for job in 1..=3 {
        jobs.send(job).await.expect("the worker listens");
    }
    stop.send(()).expect("the worker listens");
    println!("done: {:?}", worker.await.expect("no panic"));
}

/// A future that is not to begin anew in every turn lives outside of the loop.
async fn on_with_the_same_future() {
    let (ticks, mut clock) = mpsc::channel(1);
    tokio::spawn(async move {
        for tick in 1..=5 {
            ticks.send(tick).await.expect("somebody listens");
        }
    });

    let (sender, answered) = oneshot::channel();
    let mut sender = Some(sender);
    let question = async {
        println!("the question is put"); // once
        answered.await.expect("an answer comes")
    };
    // Polled by reference, a future has to stay where it is.
    tokio::pin!(question);
    let mut answer = None;
    loop {
        tokio::select! {
            // With its answer a future is done, and must not be polled any more: hence the `if`.
            found = &mut question, if answer.is_none() => answer = Some(found),
            tick = clock.recv() => match tick {
                Some(3) => sender.take().expect("only one 3").send("yes").expect("it is asked"),
                Some(_) => {}
                None => break,
            },
        }
    }
    println!("the answer is {answer:?}");
}

/// What a dropped future held is dropped with it: this is how tasks are cancelled in Rust.
async fn the_loser_is_dropped() {
    struct Telltale(&'static str);
    impl Drop for Telltale {
        fn drop(&mut self) {
            println!("{} is dropped", self.0);
        }
    }

    let loser = async {
        let _here = Telltale("the loser");
        pending::<()>().await;
    };
    tokio::select! {
        () = loser => unreachable!(),
        () = tokio::task::yield_now() => println!("the handler of the winner runs"),
    }
}
