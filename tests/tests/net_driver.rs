//! Sockets of a runtime with a driver thread: wherever they are made, tasks may wait for them.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::process::Stdio;
use std::thread;

use mainspring::io::unix::AsyncFd;
use mainspring::io::{AsyncReadExt, AsyncWriteExt, Interest};
use mainspring::net::{TcpListener, TcpStream, UdpSocket, UnixListener};
use mainspring::process::Command;
use mainspring::runtime::{Handle, Runtime, is_rt_shutdown_err};
use mainspring::task::yield_now;
use mainspring_tests::in_time::in_time;

/// Greets one client.
async fn greet(listener: TcpListener) {
    let (mut stream, _) = listener.accept().await.unwrap();
    stream.write_all(b"hello").await.unwrap();
}

/// A client that is no part of any runtime.
fn greeted(address: SocketAddr) -> String {
    let mut text = String::new();
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.read_to_string(&mut text).unwrap();
    text
}

/// Until everybody on the driver thread waits.
fn settle(runtime: &Runtime) {
    for _ in 0..3 {
        runtime.block_on(runtime.spawn(yield_now())).unwrap();
    }
}

#[test]
fn a_task_accepts_at_a_listener_that_was_bound_in_block_on() {
    in_time(|| {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let server = runtime.spawn(greet(listener));
        settle(&runtime);
        assert_eq!(greeted(address), "hello");
        runtime.block_on(server).unwrap();
    });
}

#[test]
fn a_task_accepts_at_a_listener_that_was_made_under_a_guard() {
    in_time(|| {
        let runtime = Runtime::new().unwrap();
        let std = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        std.set_nonblocking(true).unwrap();
        let address = std.local_addr().unwrap();
        let listener = {
            let _guard = runtime.enter();
            TcpListener::from_std(std).unwrap()
        };
        let server = runtime.spawn(greet(listener));
        settle(&runtime);
        assert_eq!(greeted(address), "hello");
        runtime.block_on(server).unwrap();
    });
}

#[test]
fn sockets_go_from_block_on_to_tasks_and_back_while_they_are_waited_for() {
    in_time(|| {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let server = runtime.spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut byte = [0];
            while stream.read_exact(&mut byte).await.is_ok() {
                stream.write_all(&byte).await.unwrap();
            }
        });
        let mut client = runtime.block_on(TcpStream::connect(address)).unwrap();
        for round in 0..50 {
            let echo = async move {
                let mut byte = [0];
                client.write_all(&[round]).await.unwrap();
                client.read_exact(&mut byte).await.unwrap();
                assert_eq!(byte, [round]);
                client
            };
            client = match round % 2 {
                0 => runtime.block_on(echo),
                _ => runtime.block_on(runtime.spawn(echo)).unwrap(),
            };
        }
        drop(client);
        runtime.block_on(server).unwrap();
    });
}

#[test]
fn other_kinds_of_sockets_too() {
    in_time(|| {
        let runtime = Runtime::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let (reader, mut writer) = std::io::pipe().unwrap();
        let (udp, unix, descriptor, mut child) = runtime.block_on(async {
            let command = &mut Command::new("cat");
            let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
            (
                UdpSocket::bind("127.0.0.1:0").await.unwrap(),
                UnixListener::bind(&path).unwrap(),
                AsyncFd::with_interest(reader, Interest::READABLE).unwrap(),
                child.unwrap(),
            )
        });
        let address = udp.local_addr().unwrap();
        let task = runtime.spawn(async move {
            let mut byte = [0];
            udp.recv(&mut byte).await.unwrap();
            unix.accept().await.unwrap();
            let guard = descriptor.readable().await.unwrap();
            drop(guard);
            let mut stdin = child.stdin.take().unwrap();
            stdin.write_all(b"x").await.unwrap();
            let mut stdout = child.stdout.take().unwrap();
            stdout.read_exact(&mut byte).await.unwrap();
            drop(stdin);
            assert!(child.wait().await.unwrap().success());
        });
        settle(&runtime);
        let std = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        std.send_to(b"x", address).unwrap();
        let _client = std::os::unix::net::UnixStream::connect(&path).unwrap();
        writer.write_all(b"x").unwrap();
        runtime.block_on(task).unwrap();
    });
}

#[test]
fn who_waits_in_block_on_hears_that_the_runtime_has_ended() {
    in_time(|| {
        let runtime = Runtime::new().unwrap();
        let handle: Handle = runtime.handle().clone();
        let (said, heard) = std::sync::mpsc::channel();
        let blocks = thread::spawn(move || {
            handle.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                said.send(()).unwrap();
                listener.accept().await.map(|_| ()).unwrap_err()
            })
        });
        heard.recv().unwrap();
        drop(runtime);
        assert!(is_rt_shutdown_err(&blocks.join().unwrap()));
    });
}

#[test]
fn sockets_that_come_and_go_on_many_threads_reach_their_own_tasks() {
    in_time(|| {
        let runtime = Runtime::new().unwrap();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"));
                        let address = listener.as_ref().unwrap().local_addr().unwrap();
                        let server = runtime.spawn(greet(listener.unwrap()));
                        let greeting = runtime.block_on(async {
                            let mut text = String::new();
                            let mut stream = TcpStream::connect(address).await.unwrap();
                            stream.read_to_string(&mut text).await.unwrap();
                            text
                        });
                        assert_eq!(greeting, "hello");
                        runtime.block_on(server).unwrap();
                    }
                });
            }
        });
    });
}
