// The server, in the words both runtimes share: this file is included once for each, which it knows
// as `rt`.

use rt::io::{AsyncReadExt, AsyncWriteExt};

/// Serves so many connections, each until its end.
pub(crate) fn serve(listener: std::net::TcpListener) {
    let mut builder = rt::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().build().expect("a runtime");
    runtime.block_on(async {
        listener.set_nonblocking(true).expect("a socket");
        let listener = rt::net::TcpListener::from_std(listener).expect("a listener");
        let mut tasks = Vec::new();
        for _ in 0..crate::CONNECTIONS {
            let (stream, _) = listener.accept().await.expect("a connection");
            stream.set_nodelay(true).expect("a socket");
            tasks.push(rt::spawn(echo(stream)));
        }
        for task in tasks {
            let ended = task.await.expect("a task that ends");
            ended.expect("a connection that ends well");
        }
    });
}

async fn echo(mut stream: rt::net::TcpStream) -> std::io::Result<()> {
    let mut buf = vec![0; crate::ROOM];
    loop {
        let count = stream.read(&mut buf).await?;
        if count == 0 {
            return Ok(());
        }
        stream.write_all(&buf[..count]).await?;
    }
}
