//! Bridging: async code inside of a program that is not async.
//!
//! Three ways: a runtime that is kept in a type with ordinary methods; a runtime whose tasks go on
//! while the program does something else; a thread that talks to tasks by a channel.

use std::io;
use std::net::SocketAddr;
use std::thread;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, oneshot};

fn main() -> io::Result<()> {
    // This one has a thread of its own, on which its tasks run, whether or not we block on it.
    let background = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let listener = background.block_on(TcpListener::bind("127.0.0.1:0"))?;
    let address = listener.local_addr()?;
    background.spawn(serve(listener));

    let mut client = Client::connect(address)?;
    println!("{}", client.shout("hello")?);
    println!("{}", client.shout("and again")?);

    // Results come over a channel as well as anything; `recv` of `std` blocks, and here it may.
    let (results, inbox) = std::sync::mpsc::channel();
    for number in 1..=3 {
        let results = results.clone();
        background.spawn(async move { results.send(number * number) });
    }
    drop(results);
    println!("the sum of the squares: {}", inbox.iter().sum::<u32>());

    // The other way round: a thread that computes, and a task that waits for it.
    let (jobs, mut inbox) = mpsc::channel::<(u64, oneshot::Sender<u64>)>(1);
    let worker = thread::spawn(move || {
        let mut done = 0;
        while let Some((number, answer)) = inbox.blocking_recv() {
            let _ = answer.send((1..=number).product());
            done += 1;
        }
        done
    });
    let factorials = background.block_on(async move {
        let mut factorials = Vec::new();
        for number in [5, 10, 20] {
            let (answer, answered) = oneshot::channel();
            jobs.send((number, answer))
                .await
                .expect("the thread listens");
            factorials.push(answered.await.expect("the thread answers"));
        }
        factorials
    });
    println!(
        "{factorials:?}, by a thread that did {} jobs",
        worker.join().unwrap()
    );
    Ok(())
}

/// An ordinary type with ordinary methods. Nobody sees that there is a runtime within.
struct Client {
    runtime: Runtime,
    socket: TcpStream,
}

impl Client {
    fn connect(server: SocketAddr) -> io::Result<Self> {
        // Runs on the thread that calls, and only while it calls.
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let socket = runtime.block_on(TcpStream::connect(server))?;
        Ok(Client { runtime, socket })
    }

    fn shout(&mut self, text: &str) -> io::Result<String> {
        self.runtime.block_on(async {
            self.socket.write_all(text.as_bytes()).await?;
            let mut answer = vec![0; text.len()];
            self.socket.read_exact(&mut answer).await?;
            Ok(String::from_utf8_lossy(&answer).into_owned())
        })
    }
}

async fn serve(listener: TcpListener) -> io::Result<()> {
    loop {
        let (mut client, _) = listener.accept().await?;
        tokio::spawn(async move {
            let mut buffer = [0; 100];
            loop {
                let n = client.read(&mut buffer).await?;
                if n == 0 {
                    return io::Result::Ok(());
                }
                buffer[..n].make_ascii_uppercase();
                client.write_all(&buffer[..n]).await?;
            }
        });
    }
}
