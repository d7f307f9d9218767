//! Sockets on loopback, for tests that want one end of their own.

use std::net::SocketAddr;

use mainspring::net::{TcpListener, TcpStream};

/// A listener on loopback, and where it listens.
pub async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// One end in this runtime, and one of std's, which blocks.
pub async fn pair_with_std() -> (TcpStream, std::net::TcpStream) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let here = TcpStream::connect(listener.local_addr().unwrap()).await;
    (here.unwrap(), listener.accept().unwrap().0)
}
