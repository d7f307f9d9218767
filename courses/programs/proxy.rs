//! An echo server, and a proxy before it: bytes go through in both directions until both ends are
//! done.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

#[tokio::main]
async fn main() -> io::Result<()> {
    let echo = TcpListener::bind("127.0.0.1:0").await?;
    let upstream = echo.local_addr()?;
    tokio::spawn(serve_echo(echo));

    let proxy = TcpListener::bind("127.0.0.1:0").await?;
    let address = proxy.local_addr()?;
    let (report, mut reports) = mpsc::channel(16);
    let proxy = tokio::spawn(serve_proxy(proxy, upstream, report));

    // Twenty clients at once, none of which gets what belongs to another.
    let mut clients = JoinSet::new();
    for number in 1..=20 {
        clients.spawn(client(address, number));
    }
    for client in clients.join_all().await {
        client?;
    }
    let (mut up, mut down) = (0, 0);
    for _ in 1..=20 {
        let transferred = reports.recv().await.expect("a report for every client")?;
        up += transferred.0;
        down += transferred.1;
    }
    println!("20 clients: {up} bytes up, {down} bytes down");

    // Now nobody is behind the proxy: it hears of it, and its client of the end.
    proxy.abort();
    let proxy = TcpListener::bind("127.0.0.1:0").await?;
    let address = proxy.local_addr()?;
    let nobody = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
    let (report, mut reports) = mpsc::channel(1);
    tokio::spawn(serve_proxy(proxy, nobody, report));
    let mut socket = TcpStream::connect(address).await?;
    println!(
        "the client reads {} bytes",
        socket.read(&mut [0; 10]).await?
    );
    let error = reports
        .recv()
        .await
        .expect("a report")
        .expect_err("nobody is there");
    println!("the proxy says: {:?}", error.kind());
    Ok(())
}

async fn serve_echo(listener: TcpListener) -> io::Result<()> {
    loop {
        let (mut client, _) = listener.accept().await?;
        tokio::spawn(async move {
            let (mut from, mut to) = client.split();
            copy(&mut from, &mut to).await
        });
    }
}

/// Bytes from the client, bytes to it; or what went wrong.
type Report = io::Result<(u64, u64)>;

async fn serve_proxy(
    listener: TcpListener,
    upstream: SocketAddr,
    reports: mpsc::Sender<Report>,
) -> io::Result<()> {
    loop {
        let (client, _) = listener.accept().await?;
        let reports = reports.clone();
        tokio::spawn(async move { reports.send(forward(client, upstream).await).await });
    }
}

async fn forward(mut client: TcpStream, upstream: SocketAddr) -> Report {
    let mut server = TcpStream::connect(upstream).await?;
    // When one side has said all, the other side is told, and may still answer.
    copy_bidirectional(&mut client, &mut server).await
}

async fn client(proxy: SocketAddr, number: usize) -> io::Result<()> {
    let mut socket = TcpStream::connect(proxy).await?;
    let text = format!("client {number} speaks. ").repeat(1000 * number);
    let (mut from, mut to) = socket.split();
    let mut echo = String::new();
    // Both at once: a text of this size does not fit into the sockets on the way.
    tokio::try_join!(
        async {
            to.write_all(text.as_bytes()).await?;
            to.shutdown().await
        },
        from.read_to_string(&mut echo),
    )?;
    assert_eq!(echo, text);
    Ok(())
}
