//! Spawning: a task for every client, so that none waits for another.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[tokio::main]
async fn main() -> io::Result<()> {
    // Port 0: the system chooses one that is free.
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = tokio::spawn(serve(listener));

    // Somebody connects and says nothing. A server that looked after one client at a time would now
    // be stuck with him.
    let silent = TcpStream::connect(address).await?;
    for name in ["Ada", "Grace"] {
        println!("{}", greeting(address, name).await?);
    }
    drop(silent);

    // What a task returns is for whoever awaits its handle.
    let answer = tokio::spawn(async { 6 * 7 });
    println!("the answer is {}", answer.await?);

    // A panic ends its own task and nothing else. The handle tells of it.
    let parsed = tokio::spawn(async { "seven".parse::<u32>().expect("a number") });
    let error = parsed.await.expect_err("seven is no number, to the parser");
    println!(
        "panicked: {}, cancelled: {}",
        error.is_panic(),
        error.is_cancelled()
    );

    // Dropping a handle lets its task go on; `abort` ends it at the `.await` where it waits.
    server.abort();
    let error = server
        .await
        .expect_err("the server never returns by itself");
    println!(
        "panicked: {}, cancelled: {}",
        error.is_panic(),
        error.is_cancelled()
    );
    Ok(())
}

async fn serve(listener: TcpListener) {
    while let Ok((client, _)) = listener.accept().await {
        // `move`d into its task, because the task may outlive this turn of the loop.
        tokio::spawn(async move {
            if let Err(error) = greet(client).await {
                eprintln!("a client is lost: {error}");
            }
        });
    }
}

async fn greet(mut client: TcpStream) -> io::Result<()> {
    let mut name = String::new();
    client.read_to_string(&mut name).await?;
    client.write_all(format!("hello, {name}").as_bytes()).await
}

async fn greeting(server: SocketAddr, name: &str) -> io::Result<String> {
    let mut socket = TcpStream::connect(server).await?;
    socket.write_all(name.as_bytes()).await?;
    // The server reads to the end: tell it that this was all.
    socket.shutdown().await?;
    let mut greeting = String::new();
    socket.read_to_string(&mut greeting).await?;
    Ok(greeting)
}
