//! A chat server: whoever connects says a name, and then hears what the others say.
//!
//! Each client has a task, which waits for two things at once: a line from its client, and a
//! message for it. The clients below wait for what they should hear before they go on, so that the
//! conversation is the same every time.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

#[tokio::main]
async fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = tokio::spawn(serve(listener));

    let mut ada = Guest::enter(address, "ada").await?;
    ada.hears("welcome, ada; with you: nobody").await?;
    let mut grace = Guest::enter(address, "grace").await?;
    grace.hears("welcome, grace; with you: ada").await?;
    ada.hears("grace comes in").await?;

    ada.says("good evening").await?;
    grace.hears("ada: good evening").await?;

    // A name that is taken.
    let mut other = Guest::enter(address, "ada").await?;
    other.hears("there is an ada already").await?;
    other.hears_the_end().await?;

    let mut edsger = Guest::enter(address, "edsger").await?;
    edsger
        .hears("welcome, edsger; with you: ada, grace")
        .await?;
    ada.hears("edsger comes in").await?;
    grace.hears("edsger comes in").await?;
    edsger.says("is this goto free?").await?;
    ada.hears("edsger: is this goto free?").await?;
    grace.hears("edsger: is this goto free?").await?;

    drop(ada);
    grace.hears("ada leaves").await?;
    edsger.hears("ada leaves").await?;

    drop(edsger);
    grace.hears("edsger leaves").await?;
    // By itself the server would go on for ever. `abort` asks its task to end; when the handle has
    // been awaited, it has ended, and the listener is dropped.
    server.abort();
    server.await.expect_err("it was aborted");
    let error = TcpStream::connect(address)
        .await
        .expect_err("nobody listens");
    println!("and then: {:?}", error.kind());
    Ok(())
}

/// Who is here, and the way to each.
type Room = Arc<Mutex<BTreeMap<String, UnboundedSender<String>>>>;

async fn serve(listener: TcpListener) -> io::Result<()> {
    let room = Room::default();
    loop {
        let (client, _) = listener.accept().await?;
        tokio::spawn(attend(client, room.clone()));
    }
}

async fn attend(client: TcpStream, room: Room) -> io::Result<()> {
    let (from, mut to) = client.into_split();
    let mut lines = BufReader::new(from).lines();
    let Some(name) = lines.next_line().await? else {
        return Ok(()); // gone before there was a name
    };

    let (sender, mut messages) = unbounded_channel();
    let Some(others) = enter(&room, &name, sender) else {
        return to
            .write_all(format!("there is an {name} already\n").as_bytes())
            .await;
    };
    // From here on every way out leads past this guard, also an error and a cancellation.
    let seat = Seat { name, room };
    let name = &seat.name;
    to.write_all(format!("welcome, {name}; with you: {others}\n").as_bytes())
        .await?;
    tell_others(&seat, &format!("{name} comes in"));
    loop {
        tokio::select! {
            // `next_line` may be dropped half-way: what it has read of a line is kept in `lines`.
            line = lines.next_line() => match line? {
                Some(line) => tell_others(&seat, &format!("{name}: {line}")),
                None => return Ok(()),
            },
            Some(message) = messages.recv() => {
                to.write_all(format!("{message}\n").as_bytes()).await?;
            }
        }
    }
}

/// The names of the others, or `None` if the name is taken.
fn enter(room: &Room, name: &str, sender: UnboundedSender<String>) -> Option<String> {
    let mut room = room.lock().unwrap();
    if room.contains_key(name) {
        return None;
    }
    let others: Vec<_> = room.keys().map(String::as_str).collect();
    let others = match others.is_empty() {
        true => "nobody".to_owned(),
        false => others.join(", "),
    };
    room.insert(name.to_owned(), sender);
    Some(others)
}

struct Seat {
    name: String,
    room: Room,
}

impl Drop for Seat {
    fn drop(&mut self) {
        tell_others(self, &format!("{} leaves", self.name));
        self.room.lock().unwrap().remove(&self.name);
    }
}

/// A plain function: sending without a limit never waits, so the lock is held across no `.await`.
fn tell_others(seat: &Seat, message: &str) {
    for (name, sender) in seat.room.lock().unwrap().iter() {
        if *name != seat.name {
            // Whoever is just leaving does not listen any more.
            let _ = sender.send(message.to_owned());
        }
    }
}

struct Guest {
    name: &'static str,
    lines: Lines<BufReader<OwnedReadHalf>>,
    to: OwnedWriteHalf,
}

impl Guest {
    async fn enter(server: SocketAddr, name: &'static str) -> io::Result<Self> {
        let (from, mut to) = TcpStream::connect(server).await?.into_split();
        to.write_all(format!("{name}\n").as_bytes()).await?;
        let lines = BufReader::new(from).lines();
        Ok(Guest { name, lines, to })
    }

    async fn says(&mut self, text: &str) -> io::Result<()> {
        self.to.write_all(format!("{text}\n").as_bytes()).await
    }

    async fn hears(&mut self, expected: &str) -> io::Result<()> {
        let line = self.lines.next_line().await?.expect("the server speaks");
        println!("{:>6} hears: {line}", self.name);
        assert_eq!(line, expected);
        Ok(())
    }

    async fn hears_the_end(&mut self) -> io::Result<()> {
        assert_eq!(self.lines.next_line().await?, None);
        println!("{:>6} is shown out", self.name);
        Ok(())
    }
}
