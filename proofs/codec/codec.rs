//! A server of lines and its clients: tokio-util's `Framed` and `LinesCodec` over TCP.

use std::io;
use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::codec::{Framed, LinesCodec, LinesCodecError};

/// The longest line that the server takes, in bytes.
const LONGEST: usize = 64;

#[tokio::main]
async fn main() -> Result<(), LinesCodecError> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(serve(listener));

    let clients = (0..20).map(|client| tokio::spawn(talk(address, client)));
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap()?;
    }
    in_pieces(address).await?;
    too_long(address).await?;
    println!("codec: 20 clients at once, a line in pieces, a line too long");
    Ok(())
}

/// Answers each line with what it says in capitals.
async fn serve(listener: TcpListener) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(async move {
            let mut lines = Framed::new(stream, LinesCodec::new_with_max_length(LONGEST));
            while let Some(line) = lines.next().await {
                let answer = match line {
                    Ok(line) => line.to_uppercase(),
                    Err(LinesCodecError::MaxLineLengthExceeded) => {
                        // The stream ends once after an error, and goes on then.
                        assert!(lines.next().await.is_none());
                        "too long".to_owned()
                    }
                    Err(LinesCodecError::Io(_)) => return,
                };
                if lines.send(answer).await.is_err() {
                    return;
                }
            }
        });
    }
}

async fn talk(address: SocketAddr, client: u32) -> Result<(), LinesCodecError> {
    let mut lines = Framed::new(TcpStream::connect(address).await?, LinesCodec::new());
    for number in 0..50 {
        lines
            .send(format!("client {client}, line {number}"))
            .await?;
        let answer = lines.next().await.unwrap()?;
        assert_eq!(answer, format!("CLIENT {client}, LINE {number}"));
    }

    // Many lines in one write; the answers come in order.
    for number in 0..50 {
        lines.feed(format!("again {number}")).await?;
    }
    SinkExt::<String>::flush(&mut lines).await?;
    for number in 0..50 {
        assert_eq!(lines.next().await.unwrap()?, format!("AGAIN {number}"));
    }
    Ok(())
}

/// One line, byte by byte, and one without an end.
async fn in_pieces(address: SocketAddr) -> Result<(), LinesCodecError> {
    use tokio::io::AsyncWriteExt;

    let mut lines = Framed::new(TcpStream::connect(address).await?, LinesCodec::new());
    for byte in b"one\r\ntwo\nthree" {
        lines.get_mut().write_all(&[*byte]).await?;
        tokio::task::yield_now().await;
    }
    lines.get_mut().shutdown().await?;
    for answer in ["ONE", "TWO", "THREE"] {
        assert_eq!(lines.next().await.unwrap()?, answer);
    }
    assert!(lines.next().await.is_none(), "the server is done with us");
    Ok(())
}

/// A line that is too long costs nobody the connection.
async fn too_long(address: SocketAddr) -> Result<(), LinesCodecError> {
    let mut lines = Framed::new(TcpStream::connect(address).await?, LinesCodec::new());
    lines.send("x".repeat(LONGEST * 100)).await?;
    assert_eq!(lines.next().await.unwrap()?, "too long");
    lines.send("short").await?;
    assert_eq!(lines.next().await.unwrap()?, "SHORT");
    Ok(())
}
