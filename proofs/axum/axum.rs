//! axum serves and reqwest fetches: both from crates.io, in one program, on one thread.

use std::collections::HashSet;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::{self, ThreadId};

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Path};
use axum::routing::get;
use futures_util::stream;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), reqwest::Error> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (shut_down, until_shut_down) = oneshot::channel::<()>();
    let (next, left) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let app = app(next.clone(), left.clone());
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    let server = tokio::spawn(
        axum::serve(listener, service)
            .with_graceful_shutdown(async { until_shut_down.await.unwrap() })
            .into_future(),
    );

    let client = reqwest::Client::new();
    let url = |path: &str| format!("http://{address}{path}");
    let text = async |path: &str| client.get(url(path)).send().await?.text().await;

    // A parameter in the path, and what is not there.
    assert_eq!(text("/").await?, "Hello, World!");
    assert_eq!(text("/hello/Ada%20L").await?, "Hello, Ada L!");
    assert_eq!(client.get(url("/none")).send().await?.status(), 404);

    // Keep-alive: ten requests, one connection.
    let mut peers = HashSet::new();
    for _ in 0..10 {
        peers.insert(text("/peer").await?);
    }
    assert_eq!(peers.len(), 1, "one connection for all: {peers:?}");

    // A streaming body: the server makes the second piece when the first has been read.
    let mut response = client.get(url("/stream")).send().await?;
    for number in 0..3 {
        next.notify_one();
        let piece = response.chunk().await?.unwrap();
        assert_eq!(piece, format!("piece {number}\n"));
    }
    assert_eq!(response.chunk().await?, None);

    // Many at once, and all on this thread.
    let many = (0..50).map(|number| {
        let request = client.get(url(&format!("/thread/{number}")));
        tokio::spawn(async move { request.send().await?.text().await })
    });
    let here = thread::current().id();
    for (number, answer) in many.collect::<Vec<_>>().into_iter().enumerate() {
        assert_eq!(answer.await.unwrap()?, thread_line(number, here));
    }

    // Who leaves early is let go: the handler's future is dropped.
    let request = tokio::spawn(client.get(url("/leave")).send());
    next.notified().await;
    request.abort();
    left.notified().await;

    // Graceful shutdown: a request in flight is answered, and then nobody is there any more.
    let last = tokio::spawn(client.get(url("/last")).send());
    next.notified().await;
    shut_down.send(()).unwrap();
    tokio::task::yield_now().await;
    assert!(!server.is_finished(), "a request is still in flight");
    left.notify_one();
    assert_eq!(last.await.unwrap()?.text().await?, "the last one");
    server.await.unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err());

    let threads = std::fs::read_dir("/proc/self/task").unwrap().count();
    assert_eq!(threads, 1, "one thread for both");
    println!(
        "axum: a path, keep-alive, a streaming body, 50 at once, graceful shutdown: one thread"
    );
    Ok(())
}

fn app(next: Arc<Notify>, left: Arc<Notify>) -> Router {
    let (at_stream, at_leave, at_last) = (next.clone(), (next.clone(), left.clone()), (next, left));
    Router::new()
        .route("/", get(|| async { "Hello, World!" }))
        .route("/hello/{name}", get(hello))
        .route(
            "/peer",
            get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.to_string()),
        )
        .route(
            "/thread/{number}",
            get(async |Path(number)| thread_line(number, thread::current().id())),
        )
        .route("/stream", get(async || pieces(at_stream)))
        .route(
            "/leave",
            get(async || {
                let (next, left) = at_leave;
                let _leaving = Leaving(left);
                next.notify_one();
                std::future::pending::<()>().await;
            }),
        )
        .route(
            "/last",
            get(async || {
                let (next, left) = at_last;
                next.notify_one();
                left.notified().await;
                "the last one"
            }),
        )
}

async fn hello(Path(name): Path<String>) -> String {
    format!("Hello, {name}!")
}

fn thread_line(number: usize, id: ThreadId) -> String {
    format!("{number} on {id:?}")
}

/// Three pieces, each when it is asked for.
fn pieces(next: Arc<Notify>) -> Body {
    Body::from_stream(stream::unfold(0, move |number| {
        let next = next.clone();
        async move {
            if number == 3 {
                return None;
            }
            next.notified().await;
            Some((Ok::<_, Infallible>(format!("piece {number}\n")), number + 1))
        }
    }))
}

/// Tells when it is dropped.
struct Leaving(Arc<Notify>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}
