//! What nobody can see from outside: the reactor's table and the clock's list of wires.

use std::{env, fs, process};

use crate::engine::context;
use crate::net::unix::pipe;
use crate::net::{UdpSocket, UnixDatagram, UnixListener, UnixStream};

#[mainspring::test]
async fn f38_a_thousand_of_each_kind_leave_no_registration_behind() -> std::io::Result<()> {
    let engine = context::expect("a test");
    let before = engine.reactor.borrow().len();
    let path = env::temp_dir().join(format!("mainspring-f38-{}", process::id()));
    for round in 0..1_000 {
        let listener = UnixListener::bind(&path)?;
        // Files of the same name, one after the other, and both with a line.
        fs::remove_file(&path)?;
        let second = UnixListener::bind(&path)?;
        let client = UnixStream::connect(&path).await?;
        let in_line = UnixStream::connect(&path).await?;
        let (accepted, _) = second.accept().await?;
        match round % 2 {
            0 => drop((listener, second, client)),
            _ => drop((client.into_std(), second.into_std(), listener)),
        }
        drop((in_line, accepted));
        fs::remove_file(&path)?;

        drop((UnixStream::pair()?, UnixDatagram::pair()?));
        let (sender, receiver) = pipe::pipe()?;
        drop((sender.into_blocking_fd(), receiver));
        drop(UdpSocket::bind("127.0.0.1:0").await?);
    }
    assert_eq!(engine.reactor.borrow().len(), before);
    assert_eq!(engine.reactor.borrow().armed().count(), 0);
    assert!(engine.wires.is_empty());
    Ok(())
}
