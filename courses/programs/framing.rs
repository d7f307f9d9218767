//! Framing: from a stream of bytes to messages, and back.
//!
//! TCP keeps the order of the bytes and nothing else: what one `write` sent may arrive in three
//! pieces, or together with what came before. So a reader collects bytes until a message is whole.
//! The frames here are netstrings: `5:hello,` is a frame of five bytes.

use std::io;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufWriter};
use tokio::net::{TcpListener, TcpStream};

#[tokio::main]
async fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let mut client = TcpStream::connect(listener.local_addr()?).await?;
    let (socket, _) = listener.accept().await?;
    let mut server = Connection::new(socket);

    // A frame in two pieces, and one more that comes with the second.
    client.write_all(b"5:he").await?;
    println!("{:?}", server.buffered().await?);
    client.write_all(b"llo,7:goodbye,").await?;
    println!("{:?}", server.read_frame().await?);
    println!("{:?}", server.read_frame().await?);

    // From frame to frame.
    let mut client = Connection::new(client);
    for word in ["one", "two", ""] {
        client.write_frame(word.as_bytes()).await?;
        println!("{:?}", server.read_frame().await?);
    }

    // An end between two frames is an end. An end within a frame is an error.
    client.stream.write_all(b"6:unfin").await?;
    client.stream.flush().await?;
    drop(client);
    println!("{}", server.read_frame().await.unwrap_err());
    Ok(())
}

struct Connection {
    // Collects small writes, so that not every one of them goes to the system.
    stream: BufWriter<TcpStream>,
    buffer: BytesMut,
}

impl Connection {
    fn new(socket: TcpStream) -> Self {
        Connection {
            stream: BufWriter::new(socket),
            buffer: BytesMut::with_capacity(1024),
        }
    }

    /// The next frame, or `None` at the end.
    async fn read_frame(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            if let Some(frame) = parse(&mut self.buffer)? {
                return Ok(Some(frame));
            }
            // Appends what there is, and makes room for it.
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return match self.buffer.is_empty() {
                    true => Ok(None),
                    false => Err(io::Error::other("the end, within a frame")),
                };
            }
        }
    }

    async fn write_frame(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream
            .write_all(bytes.len().to_string().as_bytes())
            .await?;
        self.stream.write_u8(b':').await?;
        self.stream.write_all(bytes).await?;
        self.stream.write_u8(b',').await?;
        // Without it the frame might stay in our own buffer.
        self.stream.flush().await
    }

    /// Reads once, and shows what is there and no whole frame yet.
    async fn buffered(&mut self) -> io::Result<&BytesMut> {
        self.stream.read_buf(&mut self.buffer).await?;
        assert!(parse(&mut self.buffer)?.is_none());
        Ok(&self.buffer)
    }
}

/// Takes a frame off the front, if one is there as a whole. If not, nothing is taken.
fn parse(buffer: &mut BytesMut) -> io::Result<Option<Bytes>> {
    let invalid = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what);
    let Some(colon) = buffer.iter().position(|&byte| byte == b':') else {
        return Ok(None);
    };
    let length = std::str::from_utf8(&buffer[..colon]).ok();
    let Some(length) = length.and_then(|length| length.parse::<usize>().ok()) else {
        return Err(invalid("a frame begins with its length"));
    };
    let comma = colon + 1 + length;
    match buffer.get(comma) {
        None => Ok(None),
        Some(b',') => {
            buffer.advance(colon + 1);
            // No copy: the frame and the buffer share their memory.
            let frame = buffer.split_to(length).freeze();
            buffer.advance(1);
            Ok(Some(frame))
        }
        Some(_) => Err(invalid("a frame ends with a comma")),
    }
}
