//! What one writes who needs an echo server, and nothing else: a loop, a table, two system calls.

use std::io::{self, ErrorKind, Read, Write};
use std::net;
use std::ops::Range;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

const LISTENER: Token = Token(crate::CONNECTIONS);

/// Serves so many connections, each until its end.
pub(crate) fn serve(listener: net::TcpListener) {
    listener.set_nonblocking(true).expect("a socket");
    run(TcpListener::from_std(listener)).expect("connections that end well");
}

fn run(mut listener: TcpListener) -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(1024);
    let registry = poll.registry();
    registry.register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut connections: Vec<Option<Connection>> = Vec::new();
    let mut open = crate::CONNECTIONS;
    while open > 0 {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() == LISTENER {
                accept(&poll, &listener, &mut connections)?;
                continue;
            }
            let place = &mut connections[event.token().0];
            let Some(connection) = place else { continue };
            connection.is_hung_up |= event.is_read_closed() || event.is_error();
            if connection.echo()? {
                *place = None;
                open -= 1;
            }
        }
    }
    Ok(())
}

fn accept(
    poll: &Poll,
    listener: &TcpListener,
    connections: &mut Vec<Option<Connection>>,
) -> io::Result<()> {
    loop {
        match listener.accept() {
            Ok((mut stream, _)) => {
                stream.set_nodelay(true)?;
                let token = Token(connections.len());
                let both = Interest::READABLE | Interest::WRITABLE;
                poll.registry().register(&mut stream, token, both)?;
                connections.push(Some(Connection {
                    stream,
                    buf: vec![0; crate::ROOM].into(),
                    unwritten: 0..0,
                    is_hung_up: false,
                }));
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

struct Connection {
    stream: TcpStream,
    buf: Box<[u8]>,
    /// What has been read, and must be written before more is read.
    unwritten: Range<usize>,
    /// The other side writes no more.
    is_hung_up: bool,
}

impl Connection {
    /// Reads and writes until it would wait. Says whether that was the end.
    fn echo(&mut self) -> io::Result<bool> {
        let mut is_empty = false;
        loop {
            while !self.unwritten.is_empty() {
                match self.stream.write(&self.buf[self.unwritten.clone()]) {
                    Ok(count) => self.unwritten.start += count,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                    Err(error) => return Err(error),
                }
            }
            // A short read was the last: what comes later is an event of its own.
            if is_empty {
                return Ok(false);
            }
            match self.stream.read(&mut self.buf) {
                Ok(0) => return Ok(true),
                Ok(count) => {
                    self.unwritten = 0..count;
                    is_empty = count < self.buf.len() && !self.is_hung_up;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
    }
}
