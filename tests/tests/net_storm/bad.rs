//! Clients of every bad kind.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rustix::net::sockopt::{set_socket_linger, set_socket_recv_buffer_size};

use crate::server::connect;

/// What some clients do until it is over, and on how many threads.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) threads: usize,
    pub(crate) act: fn(SocketAddr, &AtomicBool),
}

const fn kind(threads: usize, act: fn(SocketAddr, &AtomicBool)) -> Kind {
    Kind { threads, act }
}

pub(crate) const KINDS: [(&str, Kind); 11] = [
    ("nobody else", kind(0, |_, _| {})),
    ("slow readers", kind(2, slow_readers)),
    ("slow writers", kind(2, slow_writers)),
    ("small buffers", kind(2, small_buffers)),
    ("single bytes", kind(2, single_bytes)),
    ("resets in the middle", kind(2, resets)),
    ("resets at once", kind(2, resets_at_once)),
    ("silent ends", kind(2, silent_ends)),
    ("half closed", kind(2, half_closed)),
    ("stuffed and left", kind(1, stuffed)),
    ("a storm of clients", kind(5, storm)),
];

/// A moment, for those who are slow.
const PAUSE: Duration = Duration::from_millis(1);

/// Does it again until it is over.
fn until(is_over: &AtomicBool, mut act: impl FnMut()) {
    while !is_over.load(Ordering::Relaxed) {
        act();
    }
}

/// Ends a connection without a farewell; nor does its number have to rest.
fn reset(client: TcpStream) {
    set_socket_linger(&client, Some(Duration::ZERO)).unwrap();
}

/// So many who do not wait for the server.
fn impatient<const N: usize>(address: SocketAddr) -> [TcpStream; N] {
    [(); N].map(|()| {
        let client = connect(address);
        client.set_nonblocking(true).unwrap();
        client
    })
}

/// As many bytes as go at once; says how many.
fn push(mut client: &TcpStream, bytes: &[u8]) -> usize {
    match client.write(bytes) {
        Ok(count) => count,
        Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
        Err(error) => panic!("a client is lost: {error}"),
    }
}

/// They write all that goes, and read a byte now and then.
fn slow_readers(address: SocketAddr, is_over: &AtomicBool) {
    let clients: [_; 20] = impatient(address);
    until(is_over, || {
        for mut client in &clients {
            push(client, &[1; 16_384]);
            match client.read(&mut [0]) {
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
                read => assert_eq!(read.unwrap(), 1),
            }
        }
        thread::sleep(PAUSE);
    });
    clients.into_iter().for_each(reset);
}

/// They begin, and take their time: slow-loris.
fn slow_writers(address: SocketAddr, is_over: &AtomicBool) {
    let clients: [_; 100] = impatient(address);
    until(is_over, || {
        for client in &clients {
            push(client, b"G");
        }
        thread::sleep(10 * PAUSE);
    });
}

/// Sends a message, and hears it; the bytes count.
fn exchange(client: &mut TcpStream, length: usize, piece: usize) {
    let message: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
    let mut heard = vec![0; length];
    for (bytes, room) in message.chunks(piece).zip(heard.chunks_mut(piece)) {
        client.write_all(bytes).unwrap();
        client.read_exact(room).unwrap();
    }
    assert!(heard == message);
}

/// Each answer goes in many short writes.
fn small_buffers(address: SocketAddr, is_over: &AtomicBool) {
    until(is_over, || {
        let mut client = connect(address);
        set_socket_recv_buffer_size(&client, 1).unwrap();
        exchange(&mut client, 65_536, 16_384);
    });
}

/// Each byte goes by itself.
fn single_bytes(address: SocketAddr, is_over: &AtomicBool) {
    until(is_over, || exchange(&mut connect(address), 256, 1));
}

fn resets(address: SocketAddr, is_over: &AtomicBool) {
    until(is_over, || {
        let mut client = connect(address);
        client.write_all(&[2; 10_000]).unwrap();
        client.read_exact(&mut [0; 100]).unwrap();
        reset(client);
    });
}

fn resets_at_once(address: SocketAddr, is_over: &AtomicBool) {
    until(is_over, || reset(connect(address)));
}

/// They come, and go without a word.
fn silent_ends(address: SocketAddr, is_over: &AtomicBool) {
    until(is_over, || {
        drop(connect(address));
        // Each end of this kind keeps its number for a minute, and there are not so many.
        thread::sleep(PAUSE);
    });
}

/// They say all they have to say, and then hear all of it.
fn half_closed(address: SocketAddr, is_over: &AtomicBool) {
    until(is_over, || {
        let mut client = connect(address);
        let mut heard = Vec::new();
        client.write_all(&[3; 20_000]).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        client.read_to_end(&mut heard).unwrap();
        assert!(heard == [3; 20_000]);
        thread::sleep(PAUSE);
    });
}

/// They write until nothing goes any more, and reset.
fn stuffed(address: SocketAddr, is_over: &AtomicBool) {
    until(is_over, || {
        let clients: [_; 4] = impatient(address);
        for client in &clients {
            while push(client, &[4; 65_536]) > 0 {}
        }
        // Who could go on without a pause would only show that a machine can be kept busy.
        thread::sleep(10 * PAUSE);
        clients.into_iter().for_each(reset);
    });
}

/// As many new ones as can be, one after the other, each with a question.
fn storm(address: SocketAddr, is_over: &AtomicBool) {
    until(is_over, || {
        let mut client = connect(address);
        exchange(&mut client, 8, 8);
        reset(client);
    });
}
