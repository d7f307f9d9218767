//! What the tests of the cookbook share: a sink to read from, programs and plays that cannot hang.

#![allow(dead_code, reason = "not every test file needs all of it")]

use std::io::{self, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use mainspring::process::serve;
use recipes::catalogue::{Order, Recipe, functions};
use recipes::meter::Summary;

/// Far more than anything here takes, also on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a program said, and how it ended.
pub(crate) struct Said {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs the `recipes` program.
pub(crate) fn recipes(arguments: &[&str]) -> Said {
    said(recipes_command().args(arguments))
}

pub(crate) fn recipes_command() -> Command {
    Command::new(env!("CARGO_BIN_EXE_recipes"))
}

/// Runs a program to its end, which must come.
pub(crate) fn said(command: &mut Command) -> Said {
    let command = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let stdout = child.stdout.take().expect("its output is piped");
    let stderr = child.stderr.take().expect("its errors are piped");
    let stdout = in_the_background(move || io::read_to_string(stdout));
    let stderr = in_the_background(move || io::read_to_string(stderr));
    let stdout = patiently(&mut child, &stdout);
    let stderr = patiently(&mut child, &stderr);
    let status = child.wait().expect("it was started");
    Said {
        status,
        stdout,
        stderr,
    }
}

fn patiently(child: &mut Child, answer: &mpsc::Receiver<io::Result<String>>) -> String {
    match answer.recv_timeout(PATIENCE) {
        Ok(text) => text.expect("it writes UTF-8"),
        Err(_) => {
            let _ = child.kill();
            panic!("the program did not end within {PATIENCE:?}");
        }
    }
}

fn in_the_background<R: Send + 'static>(
    work: impl FnOnce() -> R + Send + 'static,
) -> mpsc::Receiver<R> {
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || done.send(work()));
    is_done
}

/// Plays a recipe through the library: what it printed, and what it took.
///
/// Recipes with worker processes are for the paused clock here: a copy of a test program is not
/// the `recipes` program.
pub(crate) fn play(name: &str, order: Order) -> (String, Summary) {
    serve(functions());
    let recipe = Recipe::named(name).expect("there is such a recipe");
    let played = in_the_background(move || {
        let sink = Sink::default();
        let summary = recipe
            .play(&order, sink.clone())
            .expect("its pages are served");
        (sink.text(), summary)
    });
    match played.recv_timeout(PATIENCE) {
        Ok(played) => played,
        Err(RecvTimeoutError::Timeout) => panic!("{name} did not end within {PATIENCE:?}"),
        Err(RecvTimeoutError::Disconnected) => panic!("{name} panicked"),
    }
}

/// Keeps what is written into it.
#[derive(Clone, Default)]
pub(crate) struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    pub(crate) fn text(&self) -> String {
        let written = self.0.lock().expect("nobody panicked while writing");
        String::from_utf8(written.clone()).expect("recipes write UTF-8")
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .expect("nobody panicked while writing")
            .write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The transcript beside the recipe.
pub(crate) fn transcript(file: &str) -> String {
    let path = format!("{}/transcripts/{file}.txt", env!("CARGO_MANIFEST_DIR"));
    let mut text = String::new();
    let opened = std::fs::File::open(&path).and_then(|mut file| file.read_to_string(&mut text));
    opened.unwrap_or_else(|error| panic!("{path}: {error}"));
    text
}
