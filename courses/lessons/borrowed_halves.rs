//! `split` borrows the socket, so that its halves stay in one task. `into_split` is for two.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut socket = TcpStream::connect("127.0.0.1:7").await?;
    let (mut from, mut to) = socket.split();
    let writer = tokio::spawn(async move { to.write_all(b"hello").await });
    let mut echo = [0; 5];
    from.read_exact(&mut echo).await?;
    writer.await?
}
