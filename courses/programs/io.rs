//! I/O: reading and writing, by hand and with helpers.

use std::io;

use tokio::fs::{self, File};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[tokio::main]
async fn main() -> io::Result<()> {
    files().await?;
    memory().await?;

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        // Two clients: one for each way to write an echo.
        let (client, _) = listener.accept().await?;
        tokio::spawn(echo_by_hand(client));
        let (client, _) = listener.accept().await?;
        echo_by_copy(client).await
    });
    for text in ["by hand", "by copy"] {
        // Owned halves, so that writing can go to a task of its own. With a long text that is
        // necessary: if both sides only wrote, both would wait for the other to read.
        let (mut from, mut to) = TcpStream::connect(address).await?.into_split();
        let long = text.repeat(100_000);
        let sent = long.clone();
        let writer = tokio::spawn(async move {
            to.write_all(sent.as_bytes()).await?;
            to.shutdown().await
        });
        let mut echo = String::new();
        from.read_to_string(&mut echo).await?;
        writer.await??;
        println!("{text}: {} bytes, unchanged: {}", echo.len(), echo == long);
    }
    Ok(())
}

async fn echo_by_hand(mut client: TcpStream) -> io::Result<()> {
    // On the heap: what lives across an `.await` is part of the task, and would make it big.
    let mut buffer = vec![0; 4096];
    loop {
        match client.read(&mut buffer).await? {
            // The end. Who forgets this case writes a loop that never ends.
            0 => return Ok(()),
            // Some bytes, as many as there were: not always as many as the buffer holds.
            n => client.write_all(&buffer[..n]).await?,
        }
    }
}

async fn echo_by_copy(mut client: TcpStream) -> io::Result<u64> {
    // A reader and a writer at once need two halves of the one socket.
    let (mut from, mut to) = client.split();
    tokio::io::copy(&mut from, &mut to).await
}

async fn files() -> io::Result<()> {
    let path = std::env::temp_dir().join(format!("courses-io-{}.txt", std::process::id()));
    let mut file = File::create(&path).await?;
    file.write_all(b"the first line\nthe second line\n").await?;
    // A write may still be on its way to the system.
    file.flush().await?;

    let mut file = File::open(&path).await?;
    let mut start = [0; 9];
    file.read_exact(&mut start).await?;
    let mut rest = Vec::new();
    file.read_to_end(&mut rest).await?;
    fs::remove_file(&path).await?;
    println!(
        "{:?}, and {} bytes more",
        String::from_utf8_lossy(&start),
        rest.len()
    );
    Ok(())
}

/// Slices are readers, and a `Vec` is a writer: handy in tests.
async fn memory() -> io::Result<()> {
    let mut reader: &[u8] = b"\x00\x2aand so on";
    let mut writer = Vec::new();
    let number = reader.read_u16().await?;
    let copied = tokio::io::copy(&mut reader.take(3), &mut writer).await?;
    println!(
        "{number}, and {copied} bytes: {:?}",
        String::from_utf8_lossy(&writer)
    );
    Ok(())
}
