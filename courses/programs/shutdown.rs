//! Graceful shutdown: on Ctrl-C tell everybody, and wait until everybody has finished.
//!
//! To tell them: a `watch` channel, whose every receiver sees the last value. To wait for them: the
//! handles in a `JoinSet`. The program presses Ctrl-C itself.

use std::io;
use std::process::id;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio::signal;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

#[tokio::main]
async fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = tokio::spawn(serve(listener));

    let mut clients = Vec::new();
    for number in 1..=3 {
        let mut client = TcpStream::connect(address).await?;
        println!("client {number} hears {:?}", hear(&mut client).await?);
        clients.push(client);
    }

    // `kill` sends the signal that Ctrl-C sends in a terminal.
    let killed = Command::new("kill")
        .args(["-INT", &id().to_string()])
        .status();
    assert!(killed.await?.success());

    for (number, client) in (1..).zip(&mut clients) {
        println!("client {number} hears {:?}", hear(client).await?);
    }
    println!("{} clients were served to the end", server.await??);
    Ok(())
}

async fn hear(client: &mut TcpStream) -> io::Result<String> {
    let mut buffer = [0; 100];
    let n = client.read(&mut buffer).await?;
    Ok(String::from_utf8_lossy(&buffer[..n]).into_owned())
}

async fn serve(listener: TcpListener) -> io::Result<usize> {
    let (stop, stopping) = watch::channel(false);
    let mut clients = JoinSet::new();
    // From the first poll on, Ctrl-C does not end the process any more: it is for us to do so.
    let interrupted = signal::ctrl_c();
    tokio::pin!(interrupted);
    loop {
        tokio::select! {
            // Ctrl-C is listened to before anybody is welcome.
            biased;
            result = &mut interrupted => break result?,
            accepted = listener.accept() => {
                let (client, _) = accepted?;
                clients.spawn(attend(client, stopping.clone()));
            }
        }
    }

    // No new clients from here on.
    drop(listener);
    stop.send_replace(true);
    // Those who do not finish in time are cut off when the `JoinSet` is dropped.
    let mut served = 0;
    let all = async {
        while let Some(client) = clients.join_next().await {
            client??;
            served += 1;
        }
        io::Result::Ok(())
    };
    timeout(Duration::from_secs(10), all).await??;
    Ok(served)
}

async fn attend(mut client: TcpStream, mut stopping: watch::Receiver<bool>) -> io::Result<()> {
    client.write_all(b"welcome").await?;
    // Also if it was said before we asked: that is what `watch` is good for.
    let _ = stopping.wait_for(|&is_stopping| is_stopping).await;
    client.write_all(b"goodbye").await
}
