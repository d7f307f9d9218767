//! On the real clock: pages over real sockets, from the stand-in server and from nowhere.

mod support;

use std::collections::BTreeSet;
use std::io;
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use recipes::catalogue::Order;
use recipes::event_loop::run;
use recipes::meter::Meter;
use recipes::pages::Requests;
use recipes::stage::{self, Setting};
use support::{play, recipes, transcript};

#[test]
fn queue_fetches_every_page_once_two_at_a_time() {
    let (printed, summary) = play("queue", Order::default());
    // Which of two pages ends first is a matter of time; that all come is not.
    let expected = transcript("queue");
    assert_eq!(
        printed.lines().collect::<BTreeSet<_>>(),
        expected.lines().collect::<BTreeSet<_>>()
    );
    assert_eq!(printed.lines().count(), 3);
    assert_eq!(summary.peak, 2);
    assert!(summary.ticker_late.is_some(), "the real clock has a ticker");
}

#[test]
fn iterator_fetches_one_page_after_the_other() {
    let (printed, summary) = play("iterator", Order::default());
    assert_eq!(printed, transcript("iterator"));
    assert_eq!(summary.peak, 1);
    assert!(summary.wall >= summary.busy, "{summary}");
}

#[test]
fn times_are_the_loops_on_the_real_clock_too() {
    let said = recipes(&["run", "iterator", "--times"]);
    let mut last = 0.0;
    for (line, address) in said.stdout.lines().zip(transcript("iterator").lines()) {
        let (time, rest) = line.split_once("s] ").expect("a time and a line");
        assert_eq!(rest, address);
        let time: f64 = time
            .strip_prefix('[')
            .expect("a bracket")
            .parse()
            .expect("a number");
        assert!(time >= last && time > 0.2, "{line}");
        last = time;
    }
    assert!(said.stderr.contains("ticker"), "{}", said.stderr);
    assert!(said.status.success(), "{}", said.stderr);
}

#[test]
fn a_loop_that_is_blocked_shows_in_its_ticker() {
    let blocked = Duration::from_millis(50);
    let summary = stage::play(Setting::default(), io::sink(), |_| {
        run(async { thread::sleep(blocked) });
    });
    // The tick that was due first had to wait for the rest of it.
    let late = summary.ticker_late.expect("the real clock has a ticker");
    assert!(late >= blocked - Duration::from_millis(15), "{summary}");
}

#[test]
fn the_stand_in_answers_for_the_articles_hosts_over_any_scheme() {
    let requests = Requests::from_stand_in(&Meter::default()).expect("loopback has a port");
    let get = requests.getter();
    for (url, host) in [
        ("http://github.com", "github.com"),
        ("https://github.com/a/b?c#d", "github.com"),
        ("https://GitHub.com:8443/", "GitHub.com"),
    ] {
        let page = get(url.to_owned()).expect("it is served");
        let body = String::from_utf8(page.body).expect("it is text");
        assert_eq!(body, format!("This is {host}, or stands in for it.\n"));
        assert_eq!(page.status, 200);
    }
    assert_eq!(
        get("http://github.com".to_owned()).expect("served").url,
        "http://github.com/"
    );
}

#[test]
fn a_host_that_fails_is_named_and_the_other_pages_come() {
    // A port that was free a moment ago, and that nobody listens on.
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a port");
    let nowhere = format!("http://{}/", listener.local_addr().expect("it is bound"));
    drop(listener);
    let bad = [
        "nonsense",
        "ftp://github.com/",
        "http://",
        "http://no.such.host/",
        "http://github.com:99999/",
        &nowhere,
    ];
    for recipe in ["queue", "iterator"] {
        let mut arguments = vec!["run", recipe];
        for url in bad
            .iter()
            .chain(&["https://github.com/", "http://www.yahoo.com"])
        {
            arguments.extend(["--url", *url]);
        }
        let said = recipes(&arguments);
        let lines: Vec<&str> = said.stdout.lines().collect();
        let expected: Vec<String> = ["https://github.com/", "http://www.yahoo.com/"]
            .map(|url| {
                if recipe == "queue" {
                    format!("queue execution: {url}")
                } else {
                    url.into()
                }
            })
            .to_vec();
        assert_eq!(
            lines.iter().copied().collect::<BTreeSet<_>>(),
            expected.iter().map(String::as_str).collect::<BTreeSet<_>>(),
            "{}",
            said.stderr
        );
        for url in bad {
            let line = format!("recipes: no page from {url}: ");
            let told = said
                .stderr
                .lines()
                .filter(|told| told.starts_with(&line))
                .count();
            assert_eq!(told, 1, "{url}\n{}", said.stderr);
        }
        assert_eq!(said.status.code(), Some(1), "{}", said.stderr);
    }
}

#[test]
fn the_paused_clock_knows_only_pages_in_memory() {
    let arguments = [
        "run",
        "queue",
        "--paused",
        "--url",
        "http://localhost/",
        "--url",
        "https://github.com/",
    ];
    let said = recipes(&arguments);
    assert_eq!(said.stdout, "queue execution: https://github.com/\n");
    assert!(
        said.stderr
            .contains("no page from http://localhost/: in memory"),
        "{}",
        said.stderr
    );
    assert_eq!(said.status.code(), Some(1));
}
