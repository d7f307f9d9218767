//! I want to ask two servers, and take the first answer.

use mainspring::asyncio::{StreamExt, as_completed, sleep};

use crate::event_loop::run;
use crate::output::say;
use crate::sleeping::measured;

// ANCHOR: race
/// A server, when it answers (in seconds from now), and whether it knows the answer.
type Server = (&'static str, f64, bool);

/// Hangs up when it is dropped, whatever the reason.
struct Call(&'static str);

impl Drop for Call {
    fn drop(&mut self) {
        say!("{}: hangs up", self.0);
    }
}

async fn ask((name, seconds, knows): Server) -> Result<&'static str, &'static str> {
    let _call = Call(name);
    measured(sleep(seconds)).await;
    if knows { Ok(name) } else { Err(name) }
}

/// The first that is `Ok` wins.
pub async fn first_of<F>(calls: impl IntoIterator<Item = F>) -> Option<&'static str>
where
    F: Future<Output = Result<&'static str, &'static str>>,
{
    let mut answers = as_completed(calls);
    while let Some(answer) = answers.next().await {
        match answer {
            // `answers` goes out of scope, and with it the calls that still wait.
            Ok(winner) => return Some(winner),
            Err(name) => say!("{name}: does not know"),
        }
    }
    None
}

/// Asks all of them at once.
pub async fn first_answer(servers: [Server; 2]) -> Option<&'static str> {
    first_of(servers.map(ask)).await
}

/// Asks the second only if the first has not answered within 0.2 seconds.
pub async fn with_a_reserve([first, reserve]: [Server; 2]) -> Option<&'static str> {
    let ask_after = async |(pause, server): (f64, Server)| {
        sleep(pause).await;
        say!("{}: is asked", server.0);
        ask(server).await
    };
    first_of([(0.0, first), (0.2, reserve)].map(ask_after)).await
}

/// `if __name__ == "__main__"`
pub fn main() {
    run(async {
        let winner = first_answer([("east", 0.6, true), ("west", 0.3, true)]).await;
        say!("first: {}", winner.unwrap_or("nobody"));
        let winner = first_answer([("east", 0.6, true), ("west", 0.3, false)]).await;
        say!("first that knows: {}", winner.unwrap_or("nobody"));
        for seconds in [0.1, 0.7] {
            let winner = with_a_reserve([("east", seconds, true), ("west", 0.3, true)]).await;
            say!("with a reserve: {}", winner.unwrap_or("nobody"));
        }
    });
}
// ANCHOR_END: race
