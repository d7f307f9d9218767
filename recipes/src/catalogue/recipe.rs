//! A recipe: its number, its name, the question it answers, its source and its Python twin.

use std::io::{self, Write};

use crate::meter::{Meter, Summary};
use crate::pages::{Requests, URLS};
use crate::stage::{Setting, play};

/// A recipe of the cookbook.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// Its place in the cookbook.
    pub number: u32,
    /// What it is called on the command line.
    pub name: &'static str,
    /// The question it answers.
    pub question: &'static str,
    /// More words by which it is found.
    pub keywords: &'static str,
    /// Where it is written with mainspring.
    pub file: &'static str,
    /// What is written there.
    pub source: &'static str,
    /// How it is written in Python.
    pub twin: &'static str,
    /// Plays it on this thread's stage.
    pub(crate) perform: fn(&Order, &Meter) -> io::Result<()>,
}

/// How recipes are to be played.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Order {
    /// Play on the paused clock: waiting takes no time, pages come from memory
    #[arg(long)]
    pub paused: bool,
    /// Begin each line with the loop's time, as `[5.0s] `
    #[arg(long)]
    pub times: bool,
    /// How many at once: in `queue` and `process-proof` 2 if not given, in `semaphore` 3, in
    /// `process` and `default-executor` 4, and 2 with `--paused`
    #[arg(long, value_name = "N", value_parser = parse_parallel, allow_negative_numbers = true)]
    pub parallel: Option<usize>,
    /// A page to fetch in `queue` and `iterator`, in place of the article's; may be repeated
    #[arg(long = "url", value_name = "URL")]
    pub urls: Vec<String>,
    /// Fetch from the real hosts, over TLS where asked; otherwise a stand-in answers for them
    #[arg(long, conflicts_with = "paused")]
    pub online: bool,
    /// Draw the lengths of the jobs in `semaphore`
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub seed: Option<u64>,
    /// Whether the lines go to a terminal: then `progress` may draw.
    #[arg(skip)]
    pub on_terminal: bool,
}

/// More threads than a pool has by default.
const MOST_PARALLEL: usize = 512;

impl Recipe {
    /// Plays it; its lines go to `sink`.
    ///
    /// # Errors
    ///
    /// The stand-in server for its pages could not be started; a worker process died, or there
    /// could be none.
    pub fn play(&self, order: &Order, sink: impl Write + 'static) -> io::Result<Summary> {
        let setting = Setting {
            paused: order.paused,
            times: order.times,
            lanes: order.workers(),
        };
        let mut played = Ok(());
        let summary = play(setting, sink, |meter| played = (self.perform)(order, meter));
        played.map(|()| summary)
    }
}

impl Order {
    /// Whether somebody sees in real time what is drawn.
    pub(crate) fn is_watched(&self) -> bool {
        self.on_terminal && !self.paused && !self.times
    }

    pub(crate) fn workers(&self) -> usize {
        self.parallel.unwrap_or(2)
    }

    pub(crate) fn urls(&self) -> Vec<String> {
        match self.urls.is_empty() {
            true => URLS.map(str::to_owned).to_vec(),
            false => self.urls.clone(),
        }
    }

    pub(crate) fn requests(&self, meter: &Meter) -> io::Result<Requests> {
        match (self.paused, self.online) {
            (true, _) => Ok(Requests::from_memory(meter)),
            (false, true) => Ok(Requests::from_web(meter)),
            (false, false) => Requests::from_stand_in(meter),
        }
    }
}

fn parse_parallel(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(parallel @ 1..=MOST_PARALLEL) => Ok(parallel),
        Ok(0) => Err("with none at once nothing would ever run: ask for at least 1".to_owned()),
        _ => Err(format!("ask for a number from 1 to {MOST_PARALLEL}")),
    }
}
