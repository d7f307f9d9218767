//! asyncio's behaviour of sockets whose wait ends in nothing: no descriptor is left. One test for each
//! behaviour, named after it; in a program of their own, since they look at all its descriptors.
#![cfg(target_os = "linux")]

use std::io::{ErrorKind, Read};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use mainspring::io::AsyncReadExt;
use mainspring::net::{TcpListener, TcpStream};
use mainspring::runtime::LocalRuntime;
use mainspring::task::{idle, spawn_local};
use mainspring_tests::by_hand::poll_once;
use mainspring_tests::processes::descriptors;
use mainspring_tests::sockets::{listener, pair_with_std};
use mainspring_tests::watchdog::watch;

/// One test after the other.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is open, without the folder that tells it.
fn open() -> Vec<(u32, PathBuf)> {
    let mut all = descriptors().unwrap();
    all.retain(|(_, file)| !file.starts_with("/proc"));
    all
}

#[test]
fn cancel_prompt_io() {
    let (_alone, _watch) = (alone(), watch());
    let runtime = LocalRuntime::new().unwrap();
    runtime.block_on(async {
        let before = open();
        let (mut here, mut there) = pair_with_std().await;
        let reader = spawn_local(async move { here.read(&mut [0; 8]).await });
        idle().await;
        assert!(reader.cancel());
        assert!(reader.await.unwrap_err().is_cancelled());
        // The socket went with its task.
        assert_eq!(there.read(&mut [0; 8]).unwrap(), 0);
        drop(there);
        assert_eq!(open(), before);
    });
}

#[test]
fn net_failed_connect_closes_socket() {
    let (_alone, _watch) = (alone(), watch());
    let runtime = LocalRuntime::new().unwrap();
    runtime.block_on(async {
        let (closed, refusing) = listener().await;
        drop(closed);
        let before = open();
        let error = TcpStream::connect(refusing).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        assert_eq!(open(), before);

        // Given up while nobody answers, as a timeout does it: there is room for few, and nobody
        // accepts.
        let (deaf, address) = listener().await;
        rustix::net::listen(&deaf, 0).unwrap();
        let mut connected = Vec::new();
        loop {
            let before = open();
            let mut connect = Box::pin(TcpStream::connect(address));
            match poll_once(&mut connect) {
                Poll::Ready(stream) => connected.push(stream.unwrap()),
                Poll::Pending => {
                    assert_ne!(open(), before);
                    drop(connect);
                    assert_eq!(open(), before);
                    break;
                }
            }
        }
    });
}

#[test]
fn net_bind_error_closes() {
    let (_alone, _watch) = (alone(), watch());
    let runtime = LocalRuntime::new().unwrap();
    runtime.block_on(async {
        let (_listener, taken) = listener().await;
        let before = open();
        let error = TcpListener::bind(taken).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        assert_eq!(open(), before);
    });
}
